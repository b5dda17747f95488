/* SPDX-License-Identifier: BSD-2-Clause */
/* What each check has to say; used by the descriptors in checks.c only. advice.h tells how. */
#ifndef NETDIAG_CHECKS_ADVICES_H
#define NETDIAG_CHECKS_ADVICES_H

#include "collectors/collector.h"
#include "subagent/checks/advice.h"

/* Summary details. */
advice_fn detail_listener, detail_close_wait, detail_udp_socket, detail_netns;

/* Of the host: CPUs, interfaces, connection tracking, the agent. advice_host.c */
advice_fn advise_softnet_dropped, advise_softnet_squeezed, advise_softnet_imbalance,
	advise_rx_discards, advise_nic_errors, advise_nic_drops, advise_conntrack,
	advise_insert_failed, advise_limit, advise_collector;

/* Of sockets. advice_socket.c */
advice_fn advise_listen_overflows, advise_listener, advise_syn_queue, advise_retransmits,
	advise_time_wait, advise_close_wait, advise_attempt_fails, advise_tcp_memory,
	advise_abort_on_memory, advise_rcvq_drops, advise_udp_rcvbuf, advise_udp_socket,
	advise_netns_overflows;

/* A setting's words as netdiagSysctlTable has them, or NULL; and a number of them, or ROW_ABSENT.
 */
const char *advice_sysctl(const struct advice *advice, const char *name);
uint64_t advice_sysctl_number(const struct advice *advice, const char *name, unsigned word);

/* The rows of a collector's first kind, or NULL. */
const struct rows *advice_rows(const struct advice *advice, const struct collector *collector);

/* "sysctl -w NAME=2N, now N" for a setting of one number; false: it is not known, or too large to
 * be doubled. */
bool advice_double(const struct advice *advice, const char *name, char *text, size_t size);

#endif
