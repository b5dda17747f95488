/* SPDX-License-Identifier: BSD-2-Clause */
/* Protocol counters: /proc/net/netstat, /proc/net/snmp, /proc/net/snmp6. */
#ifndef NETDIAG_COUNTERS_H
#define NETDIAG_COUNTERS_H

#include "collect.h"

#define COUNTER_GROUP_SIZE 33
#define COUNTER_NAME_SIZE  65

/* Every counter, by the kernel's own names. */
struct counter_row {
	uint64_t value;
	char group[COUNTER_GROUP_SIZE]; /* "TcpExt", "Ip", "Udp6" … */
	char name[COUNTER_NAME_SIZE];	/* "ListenOverflows" */
};

/* The ones people alert on; absent where the kernel lacks one. */
struct tcp_row {
	uint64_t listen_overflows;
	uint64_t listen_drops;
	uint64_t req_q_full_drop;
	uint64_t req_q_full_do_cookies;
	uint64_t syncookies_sent;
	uint64_t syncookies_failed;
	uint64_t backlog_drop;
	uint64_t rcv_q_drop;
	uint64_t zero_window_drop;
	uint64_t prune_called;
	uint64_t rcv_pruned;
	uint64_t ofo_pruned;
	uint64_t ofo_queue;
	uint64_t abort_on_memory;
	uint64_t abort_on_timeout;
	uint64_t memory_pressures;
	uint64_t time_wait_overflow;
	uint64_t timeouts;
	uint64_t syn_retrans;
	uint64_t lost_retransmit;
	uint64_t retrans_segs;
	uint64_t out_segs;
	uint64_t in_errs;
	uint64_t out_rsts;
	uint64_t attempt_fails;
	uint64_t estab_resets;
	uint64_t active_opens;
	uint64_t passive_opens;
	uint64_t curr_estab; /* a gauge */
};

struct udp_counters {
	uint64_t in_datagrams;
	uint64_t no_ports;
	uint64_t in_errors;
	uint64_t rcvbuf_errors;
	uint64_t sndbuf_errors;
	uint64_t in_csum_errors;
	uint64_t mem_errors;
};

struct udp_row {
	struct udp_counters udp;  /* IPv4 */
	struct udp_counters udp6; /* IPv6 */
};

extern const struct row_type counter_row_type;
extern const struct row_type tcp_row_type;
extern const struct row_type udp_row_type;
extern const struct collector counters_collector;

#endif
