/* SPDX-License-Identifier: BSD-2-Clause */
/* The counters of several kernels, whole, broken and missing files, and wraps. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collectors/protocol/counters.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

/* The value of a counter, or ROW_ABSENT. The rows must be sorted. */
static uint64_t value_of(const struct rows *rows, const char *group, const char *name)
{
	struct counter_row key, *row;

	ROW_SET_TEXT(key.group, group);
	ROW_SET_TEXT(key.name, name);
	row = rows_find(rows, &key);
	return row ? row->value : ROW_ABSENT;
}

/* Parses a text of pairs; the rows are to be cleared. */
static struct rows parse_pairs(const char *text, struct faults *faults)
{
	struct rows rows;

	memset(faults, 0, sizeof(*faults));
	rows_init(&rows, &counter_row_type);
	ck_assert_int_eq(counters_parse_pairs(span_of(text), &rows, faults), 0);
	rows_sort(&rows);
	return rows;
}

START_TEST(pairs)
{
	struct faults faults;
	struct rows rows = parse_pairs("Ip: Forwarding InReceives\nIp: 1 18446744073709551615\n"
				       "Tcp: MaxConn OutSegs\nTcp: -1 7\n",
				       &faults);

	ck_assert_uint_eq(faults.count, 0);
	ck_assert_uint_eq(rows.count, 3);
	ck_assert_uint_eq(value_of(&rows, "Ip", "Forwarding"), 1);
	ck_assert_uint_eq(value_of(&rows, "Ip", "InReceives"), UINT64_MAX);
	ck_assert_uint_eq(value_of(&rows, "Tcp", "OutSegs"), 7);
	ck_assert_uint_eq(value_of(&rows, "Tcp", "MaxConn"), ROW_ABSENT);
	rows_clear(&rows);
}
END_TEST

/* The kernel writes at most 16 types of ICMP messages a line, then the prefix again. */
START_TEST(repeated_prefix)
{
	struct faults faults;
	struct rows rows = parse_pairs("IcmpMsg: InType0 InType3\nIcmpMsg: 1 2\n"
				       "IcmpMsg: OutType3 OutType8\nIcmpMsg: 3 4\n"
				       "MPTcpExt: MPTCPRetrans\nMPTcpExt: 5\n",
				       &faults);

	ck_assert_uint_eq(faults.count, 0);
	ck_assert_uint_eq(rows.count, 5);
	ck_assert_uint_eq(value_of(&rows, "IcmpMsg", "InType3"), 2);
	ck_assert_uint_eq(value_of(&rows, "IcmpMsg", "OutType8"), 4);
	ck_assert_uint_eq(value_of(&rows, "MPTcpExt", "MPTCPRetrans"), 5);
	rows_clear(&rows);
}
END_TEST

/* Pairs that do not match: their values are absent, never another counter's; the good pair after
 * them is there. */
START_TEST(broken_pairs)
{
	static const char *const broken[] = {
		"Tcp: InSegs OutSegs RetransSegs\nTcp: 1 2\n",	      /* a value too few */
		"Tcp: InSegs OutSegs\nTcp: 1 2 3\n",		      /* one too many */
		"Tcp: InSegs OutSegs\nUdp: 1 2\n",		      /* another group's */
		"Tcp: InSegs OutSegs\n",			      /* no values */
		"Tcp: 1 2\n",					      /* no names */
		"Tcp: 1 2\nTcp: 1 2\n",				      /* still none */
		"Tcp: InSegs OutSegs\nTcp: 1 2x\n",		      /* no number */
		"Tcp: InSegs OutSegs\nTcp: 1 18446744073709551616\n", /* out of range */
		"Tcp: InSegs OutSegs\nTcp: 1 --2\n",
		"Tcp: InSegs OutSegs\nTcp: OutSegs InSegs\n",
		"Tcp: InSegs \x01OutSegs\nTcp: 1 2\n",
		"Tcp InSegs OutSegs\nTcp 1 2\n",
		"no group\n\n: 1\n:\n",
		("AGroupNameThatIsLongerThanAnyOfTheKernels: A\n"
		 "AGroupNameThatIsLongerThanAnyOfTheKernels: 1\n"),
	};
	static const char good[] = "Ip: InReceives\nIp: 9\n";
	char text[512];

	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		struct faults faults;
		struct rows rows;

		snprintf(text, sizeof(text), "%s%s", broken[i], good);
		rows = parse_pairs(text, &faults);
		ck_assert_msg(faults.count > 0, "no fault in: %s", broken[i]);
		ck_assert_msg(faults.first[0], "no text for: %s", broken[i]);
		ck_assert_msg(rows.count == 1, "%zu rows of: %s", rows.count, broken[i]);
		ck_assert_uint_eq(value_of(&rows, "Ip", "InReceives"), 9);
		rows_clear(&rows);
	}
}
END_TEST

/* A file cut anywhere gives only pairs that are whole, with the values they have. */
START_TEST(cut_anywhere)
{
	static const char whole[] = "Ip: InReceives OutRequests\nIp: 944 492\n"
				    "Tcp: InSegs OutSegs\nTcp: 917 467\n";

	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		struct faults faults = {0};
		struct rows rows;

		rows_init(&rows, &counter_row_type);
		ck_assert_int_eq(counters_parse_pairs((struct span){whole, len}, &rows, &faults),
				 0);
		rows_sort(&rows);
		ck_assert_uint_eq(rows.count, len < 39 ? 0 : 2);
		ck_assert_uint_eq(faults.count > 0, len != 0 && len != 39);
		if (rows.count)
			ck_assert_uint_eq(value_of(&rows, "Ip", "OutRequests"), 492);
		rows_clear(&rows);
	}
}
END_TEST

START_TEST(snmp6)
{
	struct faults faults = {0};
	struct rows rows;

	rows_init(&rows, &counter_row_type);
	ck_assert_int_eq(counters_parse_snmp6(span_of("Ip6InReceives                   \t1\n"
						      "Icmp6InType135                  \t2\n"
						      "Udp6RcvbufErrors\t3\n"
						      "UdpLite6MemErrors\t4\n"),
					      &rows, &faults),
			 0);
	rows_sort(&rows);
	ck_assert_uint_eq(faults.count, 0);
	ck_assert_uint_eq(rows.count, 4);
	ck_assert_uint_eq(value_of(&rows, "Ip6", "InReceives"), 1);
	ck_assert_uint_eq(value_of(&rows, "Icmp6", "InType135"), 2);
	ck_assert_uint_eq(value_of(&rows, "Udp6", "RcvbufErrors"), 3);
	ck_assert_uint_eq(value_of(&rows, "UdpLite6", "MemErrors"), 4);
	rows_clear(&rows);
}
END_TEST

START_TEST(snmp6_broken)
{
	static const char *const broken[] = {
		"Ip6InReceives\n",
		"Ip6InReceives 1 2\n",
		"Ip6InReceives x\n",
		"Ip6 1\n",
		"IpInReceives 1\n",
		"6 1\n",
		"\n",
		"Ip6InReceives 12",
		"Ip6InReceives -\n",
		"Ip6\x80x 1\n",
	};

	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		struct faults faults = {0};
		struct rows rows;

		rows_init(&rows, &counter_row_type);
		ck_assert_int_eq(counters_parse_snmp6(span_of(broken[i]), &rows, &faults), 0);
		ck_assert_msg(rows.count == 0 && faults.count == 1, "taken: %s", broken[i]);
	}
}
END_TEST

/* Gauges and constants are no counters, but CurrEstab is a scalar of its own. */
START_TEST(gauges)
{
	static const struct counter_row gauge = {.group = "Tcp", .name = "CurrEstab"},
					constant = {.group = "Ip", .name = "DefaultTTL"},
					counter = {.group = "Tcp", .name = "OutSegs"},
					elsewhere = {.group = "TcpExt", .name = "CurrEstab"};

	ck_assert(counters_is_gauge(&gauge));
	ck_assert(counters_is_gauge(&constant));
	ck_assert(!counters_is_gauge(&counter));
	ck_assert(!counters_is_gauge(&elsewhere));
}
END_TEST

START_TEST(xfrm)
{
	static const char text[] = "XfrmInError             \t1\nXfrmInNoStates\t20\n"
				   "XfrmInPolBlock\t300\nXfrmOutNoStates\t4000\n"
				   "XfrmOutPolBlock\t50000\nXfrmFwdHdrError\t600000\n"
				   "XfrmAcquireError\t7000000\nXfrmOutStateDirError\t80000000\n"
				   "XfrmOutPolError\t900000000\n";
	static const char *const broken[] = {
		"InNoStates 1\n",     "Xfrm 1\n", "XfrmInNoStates\n",
		"XfrmInNoStates -\n", "Xfr",	  "XfrmInError 1 2\n",
		"XfrmInError 12",
	};
	struct faults faults = {0};
	struct ip_row ip;
	struct rows rows;

	rows_init(&rows, &counter_row_type);
	ck_assert_int_eq(counters_parse_xfrm(span_of(text), &rows, &faults), 0);
	rows_sort(&rows);
	ck_assert_uint_eq(faults.count, 0);
	ck_assert_uint_eq(rows.count, 9);
	ck_assert_uint_eq(value_of(&rows, "Xfrm", "InNoStates"), 20);
	row_reset(&ip_row_type, &ip);
	counters_fill_ip(&rows, true, &ip);
	ck_assert_uint_eq(ip.xfrm_in_errors, 7600021);
	ck_assert_uint_eq(ip.xfrm_out_errors, 900004000);
	ck_assert_uint_eq(ip.in_hdr_errors, ROW_ABSENT);
	ck_assert_uint_eq(ip.neighbor_discards, ROW_ABSENT);
	rows_clear(&rows);
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		faults = (struct faults){0};
		ck_assert_int_eq(counters_parse_xfrm(span_of(broken[i]), &rows, &faults), 0);
		ck_assert_msg(rows.count == 0 && faults.count == 1, "taken: %s", broken[i]);
	}
	row_reset(&ip_row_type, &ip);
	counters_fill_ip(&rows, true, &ip);
	ck_assert_uint_eq(ip.xfrm_in_errors, ROW_ABSENT);
	ck_assert_uint_eq(ip.xfrm_out_errors, ROW_ABSENT);
	rows_clear(&rows);
}
END_TEST

/* Both families together. A sum that lacks a part is absent, unless there is no IPv6. */
START_TEST(ip_sums)
{
	struct faults faults;
	struct rows rows = parse_pairs("Ip: InHdrErrors OutNoRoutes InDiscards\nIp: 3 5 7\n"
				       "Ip6: InHdrErrors OutNoRoutes ReasmFails InTooBigErrors\n"
				       "Ip6: 10 20 40 80\n",
				       &faults);

	for (int no_ipv6 = 0; no_ipv6 < 2; no_ipv6++) {
		struct ip_row ip;

		row_reset(&ip_row_type, &ip);
		counters_fill_ip(&rows, no_ipv6, &ip);
		ck_assert_uint_eq(ip.in_hdr_errors, 13);
		ck_assert_uint_eq(ip.out_no_routes, 25);
		ck_assert_uint_eq(ip.out_no_routes4, 5);
		ck_assert_uint_eq(ip.in_too_big_errors, 80);
		ck_assert_uint_eq(ip.in_discards, no_ipv6 ? 7 : ROW_ABSENT);
		ck_assert_uint_eq(ip.reasm_fails, ROW_ABSENT);
		ck_assert_uint_eq(ip.reverse_path, ROW_ABSENT);
		ck_assert_uint_eq(ip.xfrm_out_errors, ROW_ABSENT);
	}
	rows_clear(&rows);
}
END_TEST

/* Every number of a group of scalars is set by exactly one of its fields. */
START_TEST(all_scalars)
{
	char text[8192];
	struct faults faults = {0};
	struct tcp_row tcp;
	struct udp_row udp;
	char path[PATH_MAX];
	struct roots roots = roots_default;
	struct filebuf buf = {0};
	struct rows rows;

	unit_source(path, "tests/data/counters/6.18/proc");
	roots.path[ROOT_PROC] = path;
	rows_init(&rows, &counter_row_type);
	ck_assert_int_eq(procfs_read(&roots, ROOT_PROC, &buf, "net/netstat"), 0);
	counters_parse_pairs((struct span){buf.data, buf.len}, &rows, &faults);
	ck_assert_int_eq(procfs_read(&roots, ROOT_PROC, &buf, "net/snmp"), 0);
	counters_parse_pairs((struct span){buf.data, buf.len}, &rows, &faults);
	ck_assert_int_eq(procfs_read(&roots, ROOT_PROC, &buf, "net/snmp6"), 0);
	counters_parse_snmp6((struct span){buf.data, buf.len}, &rows, &faults);
	filebuf_free(&buf);
	ck_assert_uint_eq(faults.count, 0);
	/* A different value for each, so that none can stand in for another. */
	for (size_t i = 0; i < rows.count; i++)
		((struct counter_row *)rows_at(&rows, i))->value = i;
	rows_sort(&rows);
	row_reset(&tcp_row_type, &tcp);
	row_reset(&udp_row_type, &udp);
	counters_fill_tcp(&rows, &tcp);
	counters_fill_udp(&rows, &udp);
	memset(text, 0, sizeof(text));
	for (size_t i = 0; i < sizeof(tcp); i += sizeof(uint64_t)) {
		ck_assert_msg(row_number(&tcp, i) < rows.count, "tcp member %zu is not set", i / 8);
		ck_assert_msg(!text[row_number(&tcp, i)]++, "tcp member %zu is another's", i / 8);
	}
	for (size_t i = 0; i < sizeof(udp); i += sizeof(uint64_t)) {
		ck_assert_msg(row_number(&udp, i) < rows.count, "udp member %zu is not set", i / 8);
		ck_assert_msg(!text[row_number(&udp, i)]++, "udp member %zu is another's", i / 8);
	}
	ck_assert_uint_eq(tcp.listen_drops, value_of(&rows, "TcpExt", "ListenDrops"));
	ck_assert_uint_eq(tcp.ofo_queue, value_of(&rows, "TcpExt", "TCPOFOQueue"));
	ck_assert_uint_eq(udp.udp6.mem_errors, value_of(&rows, "Udp6", "MemErrors"));
	rows_clear(&rows);
}
END_TEST

/* What each kernel's files hold and lack. */
static const struct kernel {
	const char *name;
	size_t counters;
	bool zero_window_drop; /* TcpExt TCPZeroWindowDrop, since 4.18 */
	bool mem_errors;       /* Udp MemErrors, since 5.11 */
	bool mptcp;	       /* since 5.6 */
	bool out_transmits;    /* since 6.7 */
} kernels[] = {
	{"4.18", 344, true, false, false, false}, {"5.10", 381, true, false, true, false},
	{"6.1", 420, true, true, true, false},	  {"6.7", 431, true, true, true, true},
	{"6.18", 470, true, true, true, true},
};

static void check_kernel(const struct kernel *kernel, const struct unit_collector *unit)
{
	const struct rows *rows = &unit->rows[0];
	const struct tcp_row *tcp = rows_at(&unit->rows[1], 0);
	const struct udp_row *udp = rows_at(&unit->rows[2], 0);
	const struct ip_row *ip = rows_at(&unit->rows[3], 0);

	ck_assert_msg(rows->count == kernel->counters, "%s: %zu counters", kernel->name,
		      rows->count);
	ck_assert_uint_eq(unit->rows[1].count, 1);
	ck_assert_uint_eq(unit->rows[2].count, 1);
	ck_assert_uint_eq(unit->rows[3].count, 1);
	ck_assert_uint_eq(ip->neighbor_discards, 0x2a + 9 + 1);
	ck_assert_uint_eq(ip->neighbor_table_fulls, 1);
	ck_assert_uint_eq(ip->xfrm_in_errors, 33);
	ck_assert_uint_eq(ip->xfrm_out_errors, 18);
	ck_assert_uint_eq(ip->in_no_routes, value_of(rows, "IpExt", "InNoRoutes") +
						    value_of(rows, "Ip6", "InNoRoutes"));
	for (size_t at = 0; at < ip_row_type.text; at += sizeof(uint64_t))
		ck_assert_msg(row_number(ip, at) != ROW_ABSENT, "ip member %zu is absent", at / 8);
	ck_assert_uint_eq(tcp->listen_overflows, 412);
	ck_assert_uint_eq(tcp->listen_drops, 431);
	ck_assert_uint_eq(tcp->retrans_segs, 9381);
	ck_assert_uint_eq(tcp->out_segs, 48211930);
	ck_assert_uint_eq(tcp->curr_estab, 57);
	ck_assert_uint_eq(udp->udp.rcvbuf_errors, 77);
	ck_assert_uint_eq(udp->udp.in_errors, 79);
	ck_assert_uint_eq(udp->udp6.in_datagrams, value_of(rows, "Udp6", "InDatagrams"));
	ck_assert_int_eq(tcp->zero_window_drop != ROW_ABSENT, kernel->zero_window_drop);
	ck_assert_int_eq(udp->udp.mem_errors != ROW_ABSENT, kernel->mem_errors);
	ck_assert_int_eq(udp->udp6.mem_errors != ROW_ABSENT, kernel->mem_errors);
	ck_assert_int_eq(value_of(rows, "MPTcpExt", "MPTCPRetrans") != ROW_ABSENT, kernel->mptcp);
	ck_assert_int_eq(value_of(rows, "Ip", "OutTransmits") != ROW_ABSENT, kernel->out_transmits);
	for (size_t i = 0; i < rows->count; i++)
		ck_assert(!counters_is_gauge(rows_at(rows, i)));
}

START_TEST(kernel_files)
{
	for (size_t i = 0; i < COUNT_OF(kernels); i++) {
		char relative[64], path[PATH_MAX];
		struct roots roots = roots_default;
		struct unit_collector unit;

		snprintf(relative, sizeof(relative), "tests/data/counters/%s/proc",
			 kernels[i].name);
		unit_source(path, relative);
		roots.path[ROOT_PROC] = path;
		unit_collector_init(&unit, &counters_collector, &roots);
		ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
		ck_assert_str_eq(unit.error, "");
		check_kernel(&kernels[i], &unit);
		unit_collector_done(&unit);
	}
}
END_TEST

static const char netstat_text[] = "TcpExt: ListenDrops TCPTimeouts\nTcpExt: %u 2\n";
static const char snmp_text[] = "Tcp: CurrEstab OutSegs\nTcp: 4 5\nUdp: InErrors\nUdp: 6\n"
				"Ip: InHdrErrors\nIp: 8\n";
static const char snmp6_text[] = "Udp6InErrors\t7\n";

static void write_files(const struct tree *tree)
{
	tree_write(tree, "proc/net/netstat", netstat_text, 1);
	tree_write(tree, "proc/net/snmp", snmp_text);
	tree_write(tree, "proc/net/snmp6", snmp6_text);
}

START_TEST(no_ipv6)
{
	struct unit_collector unit;
	const struct udp_row *udp;
	const struct ip_row *ip;
	struct tree tree;

	tree_init(&tree);
	write_files(&tree);
	tree_remove(&tree, "proc/net/snmp6");
	unit_collector_init(&unit, &counters_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_ptr_nonnull(strstr(unit.error, "IPv6"));
	ck_assert_ptr_nonnull(strstr(unit.source, "net/snmp"));
	ck_assert_ptr_null(strstr(unit.source, "net/snmp6"));
	udp = rows_at(&unit.rows[2], 0);
	ip = rows_at(&unit.rows[3], 0);
	ck_assert_uint_eq(ip->in_hdr_errors, 8);
	ck_assert_uint_eq(udp->udp.in_errors, 6);
	for (size_t i = offsetof(struct udp_row, udp6); i < sizeof(*udp); i += sizeof(uint64_t))
		ck_assert_uint_eq(row_number(udp, i), ROW_ABSENT);
	/* One that is broken is another matter: IPv6's part is not known. */
	tree_write(&tree, "proc/net/snmp6", "garbage\n");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ip = rows_at(&unit.rows[3], 0);
	ck_assert_uint_eq(ip->in_hdr_errors, ROW_ABSENT);
	tree_write(&tree, "proc/net/snmp6", "Ip6InHdrErrors 100\n");
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ip = rows_at(&unit.rows[3], 0);
	ck_assert_uint_eq(ip->in_hdr_errors, 108);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* What one file has is shown when another is missing or broken, and the note says which. */
START_TEST(some_files)
{
	struct unit_collector unit;
	const struct tcp_row *tcp;
	struct tree tree;

	tree_init(&tree);
	write_files(&tree);
	tree_remove(&tree, "proc/net/netstat");
	unit_collector_init(&unit, &counters_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	tcp = rows_at(&unit.rows[1], 0);
	ck_assert_uint_eq(tcp->out_segs, 5);
	ck_assert_uint_eq(tcp->listen_drops, ROW_ABSENT);
	ck_assert_ptr_nonnull(strstr(unit.error, "net/netstat"));

	tree_write(&tree, "proc/net/netstat",
		   "TcpExt: ListenDrops TCPTimeouts\nTcpExt: 1\n"
		   "IpExt: InOctets\nIpExt: 3\n");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	tcp = rows_at(&unit.rows[1], 0);
	ck_assert_uint_eq(tcp->listen_drops, ROW_ABSENT);
	ck_assert_uint_eq(value_of(&unit.rows[0], "IpExt", "InOctets"), 3);
	ck_assert_ptr_nonnull(strstr(unit.error, "TcpExt"));
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

START_TEST(no_files)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &counters_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENOENT);
	ck_assert_ptr_nonnull(strstr(unit.error, "No such file"));
	ck_assert_str_eq(unit.source, "");

	tree_write(&tree, "proc/net/netstat",
		   "garbage\n\x7f"
		   "ELF\n");
	tree_write(&tree, "proc/net/snmp", "%s", "");
	tree_write(&tree, "proc/net/snmp6", "1 2 3");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), -EBADMSG);
	ck_assert(unit.error[0]);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

static uint64_t collect_drops(struct unit_collector *unit, const struct tree *tree, uint64_t raw,
			      uint64_t now)
{
	const struct tcp_row *tcp;

	tree_write(tree, "proc/net/netstat", "TcpExt: ListenDrops\nTcpExt: %" PRIu64 "\n", raw);
	ck_assert_int_eq(unit_collect(unit, now), 0);
	tcp = rows_at(&unit->rows[1], 0);
	ck_assert_uint_eq(tcp->listen_drops, value_of(&unit->rows[0], "TcpExt", "ListenDrops"));
	return tcp->listen_drops;
}

/* Counters of 32-bit kernels pass 2^32, those of 64-bit ones are as they are, and nothing falls. */
START_TEST(wrap)
{
	const uint64_t full = UINT64_C(1) << 32;
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &counters_collector, &tree.roots);
	ck_assert_uint_eq(collect_drops(&unit, &tree, full - 10, SECOND), full - 10);
	ck_assert_uint_eq(collect_drops(&unit, &tree, 5, 2 * SECOND), full + 5);
	ck_assert_uint_eq(collect_drops(&unit, &tree, 6, 3 * SECOND), full + 6);
	unit_collector_done(&unit);

	unit_collector_init(&unit, &counters_collector, &tree.roots);
	ck_assert_uint_eq(collect_drops(&unit, &tree, full - 10, SECOND), full - 10);
	ck_assert_uint_eq(collect_drops(&unit, &tree, full * 8 + 3, 2 * SECOND), full * 8 + 3);
	ck_assert_uint_eq(collect_drops(&unit, &tree, full * 8 - 3, 3 * SECOND), full * 8 + 3);
	ck_assert_uint_eq(collect_drops(&unit, &tree, full * 8 - 1, 4 * SECOND), full * 8 + 5);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

static const char *collect_xfrm(struct unit_collector *unit, const struct tree *tree,
				unsigned states, unsigned block, unsigned out, uint64_t now)
{
	tree_write(tree, "proc/net/xfrm_stat",
		   "XfrmInNoStates\t%u\nXfrmInPolBlock\t%u\nXfrmOutError\t%u\n", states, block,
		   out);
	ck_assert_int_eq(unit_collect(unit, now), 0);
	return ((const struct ip_row *)rows_at(&unit->rows[3], 0))->xfrm_last;
}

/* Which of IPsec's errors rose last, not which is the largest; what is blocked on purpose is none.
 */
START_TEST(xfrm_last)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	write_files(&tree);
	unit_collector_init(&unit, &counters_collector, &tree.roots);
	ck_assert_str_eq(collect_xfrm(&unit, &tree, 1000, 2000, 3, SECOND), "");
	ck_assert_str_eq(collect_xfrm(&unit, &tree, 1000, 2500, 3, 2 * SECOND), "");
	ck_assert_str_eq(collect_xfrm(&unit, &tree, 1001, 2500, 5, 3 * SECOND), "XfrmOutError");
	ck_assert_str_eq(collect_xfrm(&unit, &tree, 1001, 2500, 5, 4 * SECOND), "XfrmOutError");
	ck_assert_str_eq(collect_xfrm(&unit, &tree, 1002, 9999, 5, 5 * SECOND), "XfrmInNoStates");
	tree_remove(&tree, "proc/net/xfrm_stat");
	ck_assert_int_eq(unit_collect(&unit, 6 * SECOND), 0);
	ck_assert_str_eq(collect_xfrm(&unit, &tree, 1900, 9999, 5, 7 * SECOND), "XfrmInNoStates");
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* CurrEstab goes up and down. */
START_TEST(gauge_falls)
{
	static const unsigned values[] = {50, 3, 70, 0};
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &counters_collector, &tree.roots);
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		const struct tcp_row *tcp;

		tree_write(&tree, "proc/net/snmp", "Tcp: CurrEstab InSegs\nTcp: %u 1\n", values[i]);
		ck_assert_int_eq(unit_collect(&unit, (i + 1) * SECOND), 0);
		tcp = rows_at(&unit.rows[1], 0);
		ck_assert_uint_eq(tcp->curr_estab, values[i]);
		ck_assert_uint_eq(unit.rows[0].count, 1);
	}
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

UNIT_MAIN("counters", pairs, repeated_prefix, broken_pairs, cut_anywhere, snmp6, snmp6_broken,
	  gauges, xfrm, xfrm_last, ip_sums, all_scalars, kernel_files, no_ipv6, some_files,
	  no_files, wrap, gauge_falls)
