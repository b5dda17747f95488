/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The counters collector: every protocol counter of the kernel by its own name, and those of TCP,
 * UDP and IP by column, from /proc/net/netstat, snmp, snmp6, xfrm_stat and the neighbor tables'
 * statistics.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collectors/base/accum.h"
#include "collectors/base/array.h"
#include "collectors/protocol/counters.h"
#include "collectors/protocol/neighbor_stats.h"
#include "collectors/protocol/proc_files.h"

const struct row_type counter_row_type = {
	ROW_TYPE_TEXT("counter", struct counter_row, group),
	.key = {ROW_TEXT(struct counter_row, group), ROW_TEXT(struct counter_row, name)},
};

const struct row_type tcp_row_type = {ROW_TYPE("tcp", struct tcp_row)};

const struct row_type udp_row_type = {ROW_TYPE("udp", struct udp_row)};

const struct row_type ip_row_type = {ROW_TYPE_TEXT("ip", struct ip_row, xfrm_last)};

/* A kernel counter and its member of the row. */
struct field {
	const char *group;
	const char *name;
	size_t offset;
};

#define TCP(member) offsetof(struct tcp_row, member)
static const struct field tcp_fields[] = {
	{"TcpExt", "ListenOverflows", TCP(listen_overflows)},
	{"TcpExt", "ListenDrops", TCP(listen_drops)},
	{"TcpExt", "TCPReqQFullDrop", TCP(req_q_full_drop)},
	{"TcpExt", "TCPReqQFullDoCookies", TCP(req_q_full_do_cookies)},
	{"TcpExt", "SyncookiesSent", TCP(syncookies_sent)},
	{"TcpExt", "SyncookiesFailed", TCP(syncookies_failed)},
	{"TcpExt", "TCPBacklogDrop", TCP(backlog_drop)},
	{"TcpExt", "TCPRcvQDrop", TCP(rcv_q_drop)},
	{"TcpExt", "TCPZeroWindowDrop", TCP(zero_window_drop)},
	{"TcpExt", "TCPOFODrop", TCP(ofo_drop)},
	{"TcpExt", "PFMemallocDrop", TCP(pf_memalloc_drop)},
	{"TcpExt", "TCPMinTTLDrop", TCP(min_ttl_drop)},
	{"TcpExt", "PruneCalled", TCP(prune_called)},
	{"TcpExt", "RcvPruned", TCP(rcv_pruned)},
	{"TcpExt", "OfoPruned", TCP(ofo_pruned)},
	{"TcpExt", "TCPOFOQueue", TCP(ofo_queue)},
	{"TcpExt", "TCPAbortOnMemory", TCP(abort_on_memory)},
	{"TcpExt", "TCPAbortOnTimeout", TCP(abort_on_timeout)},
	{"TcpExt", "TCPMemoryPressures", TCP(memory_pressures)},
	{"TcpExt", "TCPTimeWaitOverflow", TCP(time_wait_overflow)},
	{"TcpExt", "TCPTimeouts", TCP(timeouts)},
	{"TcpExt", "TCPSynRetrans", TCP(syn_retrans)},
	{"TcpExt", "TCPLostRetransmit", TCP(lost_retransmit)},
	{"Tcp", "RetransSegs", TCP(retrans_segs)},
	{"Tcp", "OutSegs", TCP(out_segs)},
	{"Tcp", "InErrs", TCP(in_errs)},
	{"Tcp", "InCsumErrors", TCP(in_csum_errors)},
	{"TcpExt", "TCPSYNChallenge", TCP(syn_challenge)},
	{"Tcp", "OutRsts", TCP(out_rsts)},
	{"Tcp", "AttemptFails", TCP(attempt_fails)},
	{"TcpExt", "EmbryonicRsts", TCP(embryonic_rsts)},
	{"Tcp", "EstabResets", TCP(estab_resets)},
	{"Tcp", "ActiveOpens", TCP(active_opens)},
	{"Tcp", "PassiveOpens", TCP(passive_opens)},
	{"Tcp", "CurrEstab", TCP(curr_estab)},
};
static const struct field curr_estab = {"Tcp", "CurrEstab", TCP(curr_estab)};

#define UDP(member) offsetof(struct udp_row, member)
static const struct field udp_fields[] = {
	{"Udp", "InDatagrams", UDP(udp.in_datagrams)},
	{"Udp", "NoPorts", UDP(udp.no_ports)},
	{"Udp", "InErrors", UDP(udp.in_errors)},
	{"Udp", "RcvbufErrors", UDP(udp.rcvbuf_errors)},
	{"Udp", "SndbufErrors", UDP(udp.sndbuf_errors)},
	{"Udp", "InCsumErrors", UDP(udp.in_csum_errors)},
	{"Udp", "MemErrors", UDP(udp.mem_errors)},
	{"Udp6", "InDatagrams", UDP(udp6.in_datagrams)},
	{"Udp6", "NoPorts", UDP(udp6.no_ports)},
	{"Udp6", "InErrors", UDP(udp6.in_errors)},
	{"Udp6", "RcvbufErrors", UDP(udp6.rcvbuf_errors)},
	{"Udp6", "SndbufErrors", UDP(udp6.sndbuf_errors)},
	{"Udp6", "InCsumErrors", UDP(udp6.in_csum_errors)},
	{"Udp6", "MemErrors", UDP(udp6.mem_errors)},
};

/* Those of IPv4 and IPv6 are added up. */
#define IP(member) offsetof(struct ip_row, member)
static const struct field ip_fields[] = {
	{"Ip", "InHdrErrors", IP(in_hdr_errors)},
	{"Ip6", "InHdrErrors", IP(in_hdr_errors)},
	{"Ip", "InAddrErrors", IP(in_addr_errors)},
	{"Ip6", "InAddrErrors", IP(in_addr_errors)},
	{"TcpExt", "IPReversePathFilter", IP(reverse_path)},
	{"IpExt", "InNoRoutes", IP(in_no_routes)},
	{"Ip6", "InNoRoutes", IP(in_no_routes)},
	{"Ip", "OutNoRoutes", IP(out_no_routes)},
	{"Ip6", "OutNoRoutes", IP(out_no_routes)},
	{"Ip", "OutNoRoutes", IP(out_no_routes4)},
	{"Ip", "ReasmFails", IP(reasm_fails)},
	{"Ip6", "ReasmFails", IP(reasm_fails)},
	{"Ip", "FragFails", IP(frag_fails)},
	{"Ip6", "FragFails", IP(frag_fails)},
	{"IpExt", "InCsumErrors", IP(ip_csum_errors)},
	{"Icmp", "InCsumErrors", IP(icmp_csum_errors)},
	{"Icmp6", "InCsumErrors", IP(icmp_csum_errors)},
	{"Ip", "InUnknownProtos", IP(in_unknown_protos)},
	{"Ip6", "InUnknownProtos", IP(in_unknown_protos)},
	{"IpExt", "InTruncatedPkts", IP(in_truncated_pkts)},
	{"Ip6", "InTruncatedPkts", IP(in_truncated_pkts)},
	{"Ip6", "InTooBigErrors", IP(in_too_big_errors)},
	{"Ip", "InDiscards", IP(in_discards)},
	{"Ip6", "InDiscards", IP(in_discards)},
	{"Ip", "OutDiscards", IP(out_discards)},
	{"Ip6", "OutDiscards", IP(out_discards)},
	{"Icmp", "OutTimeExcds", IP(out_time_excds)},
	{"Icmp6", "OutTimeExcds", IP(out_time_excds)},
	{"Arp", "unresolved_discards", IP(neighbor_discards)},
	{"Ndisc", "unresolved_discards", IP(neighbor_discards)},
	{"Arp", "table_fulls", IP(neighbor_table_fulls)},
	{"Ndisc", "table_fulls", IP(neighbor_table_fulls)},
};

/* Gauges among the counters. The -1 of MaxConn (no limit) never becomes a row. */
static const struct {
	const char *group;
	const char *name;
} gauges[] = {
	{"Ip", "Forwarding"}, {"Ip", "DefaultTTL"},	   {"Tcp", "RtoAlgorithm"},
	{"Tcp", "RtoMin"},    {"Tcp", "RtoMax"},	   {"Tcp", "MaxConn"},
	{"Tcp", "CurrEstab"}, {"MPTcpExt", "MPCurrEstab"},
};

bool counters_is_gauge(const struct counter_row *row)
{
	for (size_t i = 0; i < COUNT_OF(gauges); i++)
		if (!strcmp(row->name, gauges[i].name) && !strcmp(row->group, gauges[i].group))
			return true;
	return false;
}

static void counters_add_to(uint64_t *member, uint64_t value)
{
	*member = row_present(*member == ROW_ABSENT ? value : *member + value);
}

/* A field's counter, or NULL. */
static const struct counter_row *counters_find(const struct rows *rows, const struct field *field)
{
	struct counter_row key;

	ROW_SET_TEXT(key.group, field->group);
	ROW_SET_TEXT(key.name, field->name);
	return rows_find(rows, &key);
}

static void counters_fill_members(const struct rows *rows, const struct field *fields, size_t count,
				  void *row)
{
	for (size_t i = 0; i < count; i++) {
		const struct counter_row *found = counters_find(rows, &fields[i]);

		if (found)
			counters_add_to(row_member(row, fields[i].offset), found->value);
	}
}

void counters_fill_tcp(const struct rows *rows, struct tcp_row *tcp)
{
	counters_fill_members(rows, tcp_fields, COUNT_OF(tcp_fields), tcp);
}

void counters_fill_udp(const struct rows *rows, struct udp_row *udp)
{
	counters_fill_members(rows, udp_fields, COUNT_OF(udp_fields), udp);
}

/* Packets that a policy blocks are not errors, and each OutStateDirError is also counted as an
 * OutPolError. What does not begin with Out (AcquireError, FwdHdrError) is counted on receipt. */
static bool counters_is_xfrm_error(const struct counter_row *row)
{
	return !strcmp(row->group, COUNTERS_XFRM_GROUP) && !strstr(row->name, "PolBlock") &&
	       strcmp(row->name, "OutStateDirError");
}

static void counters_fill_xfrm(const struct rows *rows, struct ip_row *ip)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct counter_row *row = rows_at(rows, i);
		bool out = !strncmp(row->name, "Out", 3);

		if (!counters_is_xfrm_error(row))
			continue;
		counters_add_to(out ? &ip->xfrm_out_errors : &ip->xfrm_in_errors, row->value);
	}
}

static bool counters_is_ipv6(const char *group)
{
	return strchr(group, '6') || !strcmp(group, "Ndisc");
}

void counters_fill_ip(const struct rows *rows, bool no_ipv6, struct ip_row *ip)
{
	counters_fill_members(rows, ip_fields, COUNT_OF(ip_fields), ip);
	for (size_t i = 0; i < COUNT_OF(ip_fields); i++)
		if (!(no_ipv6 && counters_is_ipv6(ip_fields[i].group)) &&
		    !counters_find(rows, &ip_fields[i]))
			*row_member(ip, ip_fields[i].offset) = ROW_ABSENT;
	counters_fill_xfrm(rows, ip);
}

/* Counters of a 32-bit kernel are `unsigned long` and wrap at 2^32, except those of bytes and
 * packets in IpExt and Ip6, which have 64 bits everywhere. All are continued as if they had 32
 * bits, because a 64-bit one never decreases. A counter that looks reset (another tree under the
 * proc root) keeps its total: the table has no discontinuity column. */
static const struct accum_field value_field = {offsetof(struct counter_row, value), 32};

static const struct accum_type counter_accum = {
	.row = &counter_row_type,
	.fields = &value_field,
	.field_count = 1,
	.stamp = ACCUM_NO_STAMP,
};

struct counters_state {
	struct accum *accum;
	struct rows_order order;	   /* of c->rows[0] */
	struct rows xfrm;		   /* IPsec's errors, as of the previous collection */
	char xfrm_last[COUNTER_NAME_SIZE]; /* see struct ip_row */
};

/* Finds the IPsec error that rose most, and keeps all of them for the next time. 0 or -ENOMEM. */
static int counters_follow_xfrm(struct counters_state *state, const struct rows *rows)
{
	struct rows next;
	uint64_t most = 0;

	rows_init(&next, &counter_row_type);
	for (size_t i = 0; i < rows->count; i++) {
		const struct counter_row *row = rows_at(rows, i), *before;
		struct counter_row *copy;

		if (!counters_is_xfrm_error(row))
			continue;
		copy = rows_add(&next);
		if (!copy) {
			rows_clear(&next);
			return -ENOMEM;
		}
		*copy = *row;
		before = state->xfrm.count ? rows_find(&state->xfrm, row) : NULL;
		if (before && row->value > before->value && row->value - before->value > most) {
			most = row->value - before->value;
			snprintf(state->xfrm_last, sizeof(state->xfrm_last),
				 COUNTERS_XFRM_GROUP "%.*s",
				 (int)(sizeof(state->xfrm_last) - sizeof(COUNTERS_XFRM_GROUP)),
				 row->name);
		}
	}
	rows_clear(&state->xfrm);
	state->xfrm = next;
	return 0;
}

static void counters_drop_gauges(struct rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct counter_row *row = rows_at(rows, i);

		if (counters_is_gauge(row))
			continue;
		if (kept != i)
			*(struct counter_row *)rows_at(rows, kept) = *row;
		kept++;
	}
	rows->count = kept;
}

/* In the order in which they are read: RetransSegs of snmp before TCPSynRetrans of netstat, which
 * is a part of it, so that the part is never the older. */
enum { FILE_SNMP, FILE_NETSTAT, FILE_SNMP6, FILE_XFRM, FILE_ARP, FILE_NDISC };

static const struct proc_file files[] = {
	[FILE_SNMP] = {"net/snmp", counters_parse_pairs, NULL},
	[FILE_NETSTAT] = {"net/netstat", counters_parse_pairs, NULL},
	[FILE_SNMP6] = {"net/snmp6", counters_parse_snmp6, PROC_FILE_NO_IPV6},
	[FILE_XFRM] = {"net/xfrm_stat", counters_parse_xfrm,
		       "this kernel has no IPsec statistics (CONFIG_XFRM_STATISTICS)"},
	[FILE_ARP] = {"net/stat/arp_cache", neighbor_stats_parse_arp, NEIGHBOR_STATS_INITIAL},
	[FILE_NDISC] = {"net/stat/ndisc_cache", neighbor_stats_parse_ndisc,
			NEIGHBOR_STATS_INITIAL " with IPv6"},
};

static int counters_collect(struct collect *c)
{
	struct counters_state *state = c->state;
	struct rows *rows = &c->rows[0];
	struct tcp_row *tcp = rows_add(&c->rows[1]);
	struct udp_row *udp = rows_add(&c->rows[2]);
	struct ip_row *ip = rows_add(&c->rows[3]);
	uint32_t missing;
	int err = proc_files_collect(c, files, COUNT_OF(files), &missing);

	if (err)
		return err;
	if (!state->accum)
		state->accum = accum_new(&counter_accum);
	if (!tcp || !udp || !ip || !state->accum)
		return collect_fail(c, -ENOMEM, "protocol counters");
	rows_sort_like(rows, &state->order);
	/* A gauge is in no other table, and has no total. */
	counters_fill_members(rows, &curr_estab, 1, tcp);
	counters_drop_gauges(rows);
	err = accum_apply(state->accum, rows, c->now);
	if (!err)
		err = counters_follow_xfrm(state, rows);
	if (err)
		return collect_fail(c, err, "protocol counters");
	counters_fill_tcp(rows, tcp);
	counters_fill_udp(rows, udp);
	counters_fill_ip(rows, missing & UINT32_C(1) << FILE_SNMP6, ip);
	ROW_SET_TEXT(ip->xfrm_last, state->xfrm_last);
	return 0;
}

static void counters_close(void *arg)
{
	struct counters_state *state = arg;

	accum_free(state->accum);
	rows_order_clear(&state->order);
	rows_clear(&state->xfrm);
}

const struct collector counters_collector = {
	.name = "counters",
	.interval_ms = 1000,
	.rows = {&counter_row_type, &tcp_row_type, &udp_row_type, &ip_row_type, NULL},
	.state_size = sizeof(struct counters_state),
	.collect = counters_collect,
	.close = counters_close,
};
