/* SPDX-License-Identifier: BSD-2-Clause */
/* What each check has to say, for the descriptors in list.c; and what those texts are made with. */
#ifndef NETDIAG_CHECKS_ADVICES_H
#define NETDIAG_CHECKS_ADVICES_H

#include "subagent/checks/advice.h"

typedef void advice_fn(const struct advice *advice, struct alarm_text *text);

/* Of CPUs, interfaces, connection tracking, limits and the agent. advice_host.c */
advice_fn describe_softnet_starved, describe_softnet_dropped, describe_softnet_squeezed,
	describe_softnet_imbalance, describe_rx_discards, describe_nic_errors, describe_nic_drops,
	describe_conntrack_usage, describe_conntrack_drops, describe_insert_failed, describe_limit,
	describe_netns_conntrack, describe_held_back, describe_collector;

/* Of IP, checksums, neighbor tables, IPsec, and of TCP what is like them. advice_ip.c */
advice_fn describe_header_errors, describe_ip_checksums, describe_udp_checksums,
	describe_icmp_checksums, describe_tcp_errors, describe_reverse_path, describe_no_route,
	describe_reassembly, describe_neighbor_discards, describe_xfrm, describe_pruned,
	describe_time_wait_overflow;

/* Of links, and the limits that are set to them. advice_nic.c */
advice_fn describe_nic_limited, describe_nic_paused, describe_link_flapping, describe_link_degraded;

/* Of the kernel's drop reasons. advice_drops.c */
advice_fn describe_drop;

/* Of sockets and protocols. advice_socket.c */
advice_fn describe_listen_overflows, describe_listener_drops, describe_listener_queue,
	describe_syn_queue, describe_retransmits, describe_retransmit_rate, describe_stalled,
	describe_time_wait, describe_close_wait, describe_attempt_fails, describe_tcp_memory,
	describe_abort_on_memory, describe_rcvq_drops, describe_stuck, describe_udp_rcvbuf,
	describe_udp_socket, describe_netns_overflows;

/* When the look at the peers that the advice about retransmits cites was taken. */
uint64_t peers_evidence(const struct advice *advice);

/* Set and append one of the texts of struct alarm_text; what does not fit is cut. Text from outside
 * has been through advice_name(). */
#define advice_say(member, ...)	 advice_print((member), sizeof(member), false, __VA_ARGS__)
#define advice_also(member, ...) advice_print((member), sizeof(member), true, __VA_ARGS__)
void advice_print(char *text, size_t size, bool append, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A name from outside, percent-encoded. */
#define ADVICE_NAME_SIZE 97
const char *advice_name(const char *from, char text[ADVICE_NAME_SIZE]);

/* "nginx pid 812", or "" when the owner is not known. */
#define ADVICE_OWNER_SIZE 80
const char *advice_owner(const char *command, uint64_t pid, char text[ADVICE_OWNER_SIZE]);

/* "243,800" */
const char *advice_count(uint64_t number, char text[32]);

/* "14.5", "120": hundredths with no more digits than mean something. */
const char *advice_amount(int64_t hundredths, char text[32]);

/* "14 min", "90 s", "3 h" */
const char *advice_duration(uint64_t ns, char text[24]);

/* Appends "14.5 packets/s lost", and the mean of the window where the present is far above it:
 * "14.5 packets/s lost now, 1.3/s over 60 s". what: "packets". */
void advice_rate(const struct advice *advice, const char *what, const char *verb,
		 struct alarm_text *text);

/* The instance and a colon, "eth0: ", percent-encoded; nothing for a check that has only one. */
void advice_where(const struct advice *advice, struct alarm_text *text);

/* Appends to the advice, as evidence, for which reasons the kernel dropped most packets in the last
 * minute; nothing where it does not say. */
void advice_drops(const struct advice *advice, struct alarm_text *text);

/* The rows of a type, or NULL. */
const struct rows *advice_rows(const struct advice *advice, const struct row_type *type);

/* A setting as it is now, read when the text is made: its first number or that at place `word`, or
 * ROW_ABSENT. */
uint64_t advice_sysctl(const struct advice *advice, const char *name, unsigned word);

/* The command "sysctl -w NAME=2N". False, and no command: the setting is not known, is no plain
 * number, or too large to be doubled. */
bool advice_double(const struct advice *advice, const char *name, struct alarm_text *text);

/* Whether a name of an interface may stand in a command. */
bool advice_is_device(const char *name);

#endif
