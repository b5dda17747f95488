/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protocol counters: /proc/net/netstat, /proc/net/snmp, /proc/net/snmp6, all of the network
 * namespace that netdiagd runs in. Everything is found by name: kernels insert fields in the
 * middle of a line, and IcmpMsg's change while the kernel runs.
 */
#ifndef NETDIAG_PROTOCOL_COUNTERS_H
#define NETDIAG_PROTOCOL_COUNTERS_H

#include "collectors/base/parse.h"
#include "collectors/collector.h"

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
	uint64_t embryonic_rsts; /* those of the attempts of others; no column */
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

/*
 * Parses netstat or snmp: pairs of a line with names and a line with values, each with its group in
 * front ("TcpExt: …"). Adds a counter_row for each value, gauges and constants included, but none
 * for a value below 0 (the kernel's word for "no limit"). A pair that does not match or contains
 * anything but numbers is passed over as a whole and noted in *faults.
 * 0 or -ENOMEM.
 */
int counters_parse_pairs(struct span text, struct rows *rows, struct faults *faults);

/* Likewise for snmp6: a name and a value a line, the group being the name up to its "6". */
int counters_parse_snmp6(struct span text, struct rows *rows, struct faults *faults);

/* Whether the kernel's field is a gauge or a constant: CurrEstab, RtoMin … */
bool counters_is_gauge(const struct counter_row *row);

/* Sets those members of a fresh tcp_row or udp_row that are among the rows (sorted). */
void counters_fill_tcp(const struct rows *rows, struct tcp_row *tcp);
void counters_fill_udp(const struct rows *rows, struct udp_row *udp);

#endif
