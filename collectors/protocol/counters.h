/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Protocol counters: /proc/net/netstat, snmp, snmp6 and xfrm_stat, all of the network namespace
 * that netdiagd runs in, and the statistics of the neighbor tables, which all namespaces share and
 * only the initial one shows. Everything is found by name: kernels insert fields in the middle of a
 * line, and IcmpMsg's change while the kernel runs.
 */
#ifndef NETDIAG_PROTOCOL_COUNTERS_H
#define NETDIAG_PROTOCOL_COUNTERS_H

#include "collectors/base/parse.h"
#include "collectors/collector.h"

#define COUNTER_GROUP_SIZE 33
#define COUNTER_NAME_SIZE  65

/* The group of the counters of /proc/net/xfrm_stat. */
#define COUNTERS_XFRM_GROUP "Xfrm"

/* Every counter, by the kernel's own names. */
struct counter_row {
	uint64_t value;
	char group[COUNTER_GROUP_SIZE]; /* "TcpExt", "Ip", "Udp6", "Xfrm", "Arp" … */
	char name[COUNTER_NAME_SIZE];	/* "ListenOverflows" */
};

/*
 * The ones people alert on; absent where the kernel lacks one.
 *
 * Of those that count on receipt (net/ipv4/tcp_input.c, tcp_ipv4.c, net/core/filter.c),
 * backlog_drop, rcv_q_drop, zero_window_drop, ofo_drop, pf_memalloc_drop and min_ttl_drop stand for
 * one lost buffer (a segment, or several that GRO has merged) each, and none of them is in another
 * of them. Each rcv_pruned is also one rcv_q_drop or ofo_drop, on kernels that have these.
 * prune_called and ofo_pruned are events: the first loses nothing by itself, the second any number
 * of segments that had come out of order. pf_memalloc_drop is counted for sockets of all protocols,
 * min_ttl_drop where an application asked for it (IP_MINTTL). in_errs contains in_csum_errors.
 */
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
	uint64_t ofo_drop;
	uint64_t pf_memalloc_drop;
	uint64_t min_ttl_drop;
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
	uint64_t in_csum_errors;
	uint64_t syn_challenge; /* SYNs of living connections, which in_errs may contain; no column
				 */
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

/*
 * What IP and what stands beside it lost, IPv4 and IPv6 together; absent where neither has it.
 *
 * A packet is in one of in_hdr_errors, in_addr_errors, reverse_path, in_no_routes,
 * in_unknown_protos, in_truncated_pkts and in_discards only. ip_csum_errors (IPv4 alone has such a
 * checksum) is part of in_hdr_errors, and in_too_big_errors (IPv6, while forwarding) of frag_fails.
 * icmp_csum_errors is counted after IP has delivered the packet. reasm_fails counts datagrams that
 * were given up, not their fragments. in_discards also has what arrives for IPv6 where it is
 * turned off.
 *
 * IPv6's part of out_no_routes is not of lost packets alone: each name that a resolver sorts and
 * each ICMPv6 error that has no way back counts there. xfrm_in_errors of UDP are UDP's InErrors,
 * too. The neighbor tables count for all network namespaces together; packets that wait when an
 * address is given up are not in neighbor_discards, which is of full queues.
 */
struct ip_row {
	uint64_t in_hdr_errors;
	uint64_t in_addr_errors;
	uint64_t reverse_path;
	uint64_t in_no_routes;
	uint64_t out_no_routes;
	uint64_t out_no_routes4; /* of IPv4 alone; no column */
	uint64_t reasm_fails;
	uint64_t frag_fails;
	uint64_t ip_csum_errors;
	uint64_t icmp_csum_errors;
	uint64_t in_unknown_protos;
	uint64_t in_truncated_pkts;
	uint64_t in_too_big_errors;
	uint64_t in_discards;
	uint64_t out_discards;
	uint64_t out_time_excds; /* ICMP errors sent for a TTL that ran out; no column */
	uint64_t neighbor_discards;
	uint64_t neighbor_table_fulls;
	uint64_t xfrm_in_errors; /* sums of xfrm_stat, without what policies block */
	uint64_t xfrm_out_errors;
	/* The counter of xfrm_stat that rose most when one last did, "XfrmInNoStates"; or empty. */
	char xfrm_last[COUNTER_NAME_SIZE];
};

extern const struct row_type counter_row_type;
extern const struct row_type tcp_row_type;
extern const struct row_type udp_row_type;
extern const struct row_type ip_row_type;
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

/* Likewise for xfrm_stat: a name and a value a line, the group being "Xfrm". */
int counters_parse_xfrm(struct span text, struct rows *rows, struct faults *faults);

/* Adds a counter_row. 0, -ENOMEM, or -EINVAL for what cannot be a group or a name. */
int counters_add(struct rows *rows, struct span group, struct span name, uint64_t value);

/* Whether the kernel's field is a gauge or a constant: CurrEstab, RtoMin … */
bool counters_is_gauge(const struct counter_row *row);

/* Sets those members of a fresh tcp_row or udp_row that are among the rows (sorted). */
void counters_fill_tcp(const struct rows *rows, struct tcp_row *tcp);
void counters_fill_udp(const struct rows *rows, struct udp_row *udp);

/* Likewise of an ip_row, but for xfrm_last. A sum of which a part is not among the rows stays
 * absent, or it would jump when that part is there again; no_ipv6: IPv6's are not expected. */
void counters_fill_ip(const struct rows *rows, bool no_ipv6, struct ip_row *ip);

#endif
