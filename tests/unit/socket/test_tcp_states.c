/* SPDX-License-Identifier: BSD-2-Clause */
/* sockets: the arithmetic of the cheap way, and what it does when the sources fail it. */
#include <config.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/kernel/sockstat.h"
#include "collectors/socket/tcp_states.h"
#include "tests/unit/loopback.h"
#include "tests/unit/replies.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

#define V4  (SOCKET_IPV4 - 1)
#define V6  (SOCKET_IPV6 - 1)
#define ANY (SOCKET_ANY - 1)

static const char sockstat_text[] = "sockets: used 290\n"
				    "TCP: inuse 27 orphan 0 tw 272 alloc 247 mem 3\n"
				    "UDP: inuse 5 mem 0\n";

static int find(const char *text, const char *protocol, struct sockstat *numbers)
{
	return sockstat_find((struct span){text, strlen(text)}, protocol, numbers);
}

START_TEST(test_sockstat)
{
	struct sockstat numbers;

	ck_assert_int_eq(find(sockstat_text, "TCP", &numbers), 0);
	ck_assert_uint_eq(numbers.in_use, 27);
	ck_assert_uint_eq(numbers.time_wait, 272);
	ck_assert_int_eq(find(sockstat_text, "sockets", &numbers), 0);
	ck_assert_uint_eq(numbers.in_use, 290);
	ck_assert_uint_eq(numbers.time_wait, ROW_ABSENT);
	ck_assert_int_eq(find(sockstat_text, "UDP", &numbers), 0);
	ck_assert_uint_eq(numbers.in_use, 5);
	ck_assert_int_eq(find(sockstat_text, "TCP6", &numbers), -ENODATA);
	ck_assert_uint_eq(numbers.in_use, ROW_ABSENT);
	ck_assert_int_eq(find("", "TCP", &numbers), -ENODATA);
	ck_assert_int_eq(find("TCP: inuse", "TCP", &numbers), -EBADMSG);
	ck_assert_int_eq(find("TCP: tw 1 inuse -3\n", "TCP", &numbers), -EBADMSG);
	ck_assert_uint_eq(numbers.time_wait, ROW_ABSENT);
	ck_assert_int_eq(find("TCP: new 7 inuse 4\n", "TCP", &numbers), 0);
	ck_assert_uint_eq(numbers.in_use, 4);
}
END_TEST

START_TEST(test_snmp)
{
	static const char text[] = "Ip: Forwarding DefaultTTL\nIp: 2 64\n"
				   "Tcp: RtoAlgorithm MaxConn CurrEstab InSegs\nTcp: 1 -1 77 9\n";
	uint64_t value;

	ck_assert_int_eq(
		snmp_find((struct span){text, sizeof(text) - 1}, "Tcp", "CurrEstab", &value), 0);
	ck_assert_uint_eq(value, 77);
	ck_assert_int_eq(snmp_find((struct span){text, sizeof(text) - 1}, "Tcp", "MaxConn", &value),
			 -EINVAL);
	ck_assert_int_eq(
		snmp_find((struct span){text, sizeof(text) - 1}, "Udp", "InErrors", &value),
		-ENOENT);
	ck_assert_int_eq(snmp_find((struct span){"Tcp: A B\nTcp: 1\n", 16}, "Tcp", "B", &value),
			 -EINVAL);
	ck_assert_int_eq(snmp_find((struct span){"Tcp: A B\nUdp: 1 2\n", 18}, "Tcp", "B", &value),
			 -EINVAL);
	ck_assert_int_eq(snmp_find((struct span){"Tcp: A B", 8}, "Tcp", "B", &value), -ENOENT);
}
END_TEST

static int count(const struct inet_socket *socket, void *arg)
{
	tcp_states_count(arg, socket);
	return 0;
}

/* Counts as the cheap way does: rare states, and perhaps TIME_WAIT. */
static int count_rare(const struct inet_socket *socket, void *arg)
{
	if (socket->state != TCP_ESTABLISHED && socket->state != TCP_TIME_WAIT)
		tcp_states_count(arg, socket);
	return 0;
}

static int count_rare_and_time_wait(const struct inet_socket *socket, void *arg)
{
	if (socket->state != TCP_ESTABLISHED)
		tcp_states_count(arg, socket);
	return 0;
}

/* What the kernel's procfs said when the captures were made (see ss beside them in
 * test_sock_diag.c): 3 + 7 whole IPv4 sockets, 2 + 5 IPv6 ones, a mini-socket in FIN_WAIT2, one in
 * TIME_WAIT, CurrEstab with the CLOSE_WAIT. */
static const struct socket_totals captured_totals = {
	.in_use = {10, 7},
	.time_wait = 2,
	.curr_estab = 9,
};

static void captured_full(socket_table table)
{
	struct socket_counts counts[SOCKET_DUMPS] = {{.full = 0}};

	replay_dump("tests/data/netlink/tcp4-states.bin", count, &counts[SOCKET_DUMP_IPV4]);
	replay_dump("tests/data/netlink/tcp6-states.bin", count, &counts[SOCKET_DUMP_IPV6]);
	ck_assert_uint_eq(counts[SOCKET_DUMP_IPV4].full, captured_totals.in_use[SOCKET_DUMP_IPV4]);
	ck_assert_uint_eq(counts[SOCKET_DUMP_IPV6].full, captured_totals.in_use[SOCKET_DUMP_IPV6]);
	tcp_states_add_up(counts, true, table);
}

START_TEST(test_full)
{
	socket_table table;

	captured_full(table);
	ck_assert_uint_eq(table[V4][TCP_ESTABLISHED], 4);
	ck_assert_uint_eq(table[V6][TCP_ESTABLISHED], 4);
	ck_assert_uint_eq(table[ANY][TCP_ESTABLISHED], 8);
	ck_assert_uint_eq(table[V4][TCP_LISTEN], 3);
	ck_assert_uint_eq(table[ANY][TCP_LISTEN], 5);
	ck_assert_uint_eq(table[ANY][TCP_SYN_SENT], 3);
	ck_assert_uint_eq(table[V6][TCP_CLOSE_WAIT], 1);
	ck_assert_uint_eq(table[V6][TCP_FIN_WAIT2], 1);
	ck_assert_uint_eq(table[V6][TCP_TIME_WAIT], 1);
	ck_assert_uint_eq(table[ANY][TCP_LAST_ACK], 0);
}
END_TEST

/* Whichever family's TIME_WAIT is dumped, all numbers are those of the full dump. */
START_TEST(test_cheap_is_full)
{
	for (unsigned split = SOCKET_DUMP_IPV4; split < SOCKET_DUMPS; split++) {
		struct socket_counts counts[SOCKET_DUMPS] = {{.full = 0}};
		socket_table full, cheap;

		captured_full(full);
		replay_dump("tests/data/netlink/tcp4-states.bin",
			    split == SOCKET_DUMP_IPV4 ? count_rare_and_time_wait : count_rare,
			    &counts[SOCKET_DUMP_IPV4]);
		replay_dump("tests/data/netlink/tcp6-states.bin",
			    split == SOCKET_DUMP_IPV6 ? count_rare_and_time_wait : count_rare,
			    &counts[SOCKET_DUMP_IPV6]);
		ck_assert(tcp_states_infer(counts, &captured_totals, split, cheap));
		for (unsigned family = 0; family < SOCKET_FAMILIES; family++)
			for (unsigned state = 1; state <= SOCKET_STATE_MAX; state++)
				ck_assert_uint_eq(cheap[family][state], full[family][state]);
	}
}
END_TEST

/* Without a split the sum is known, its parts are not, unless it is 0. */
START_TEST(test_no_split)
{
	struct socket_counts counts[SOCKET_DUMPS] = {{.full = 0}};
	struct socket_totals totals = {.in_use = {5, 3}, .time_wait = 30000, .curr_estab = 8};
	socket_table table;

	counts[SOCKET_DUMP_IPV4].fin_wait2_mini = 1000;
	ck_assert(tcp_states_infer(counts, &totals, SOCKET_DUMPS, table));
	ck_assert_uint_eq(table[ANY][TCP_TIME_WAIT], 29000);
	ck_assert_uint_eq(table[V4][TCP_TIME_WAIT], ROW_ABSENT);
	ck_assert_uint_eq(table[V6][TCP_TIME_WAIT], ROW_ABSENT);
	ck_assert_uint_eq(table[V6][TCP_ESTABLISHED], 3);
	totals.time_wait = 1000;
	ck_assert(tcp_states_infer(counts, &totals, SOCKET_DUMPS, table));
	ck_assert_uint_eq(table[V4][TCP_TIME_WAIT], 0);
	ck_assert_uint_eq(table[V6][TCP_TIME_WAIT], 0);
}
END_TEST

/* No IPv6: its numbers are absent, and all TIME_WAIT sockets are IPv4. */
START_TEST(test_no_ipv6)
{
	struct socket_counts counts[SOCKET_DUMPS] = {{.full = 2}};
	struct socket_totals totals = {.in_use = {5, ROW_ABSENT}, .time_wait = 9, .curr_estab = 3};
	socket_table table;

	counts[SOCKET_DUMP_IPV4].state[TCP_LISTEN] = 2;
	ck_assert(tcp_states_infer(counts, &totals, SOCKET_DUMPS, table));
	ck_assert_uint_eq(table[V4][TCP_ESTABLISHED], 3);
	ck_assert_uint_eq(table[ANY][TCP_ESTABLISHED], 3);
	ck_assert_uint_eq(table[V4][TCP_TIME_WAIT], 9);
	for (unsigned state = 1; state <= SOCKET_STATE_MAX; state++)
		ck_assert_uint_eq(table[V6][state], ROW_ABSENT);
}
END_TEST

/* Readings taken moments apart: never negative, and the sum is that of its parts. */
START_TEST(test_races)
{
	struct socket_counts counts[SOCKET_DUMPS] = {{.full = 9}, {.full = 4}};
	struct socket_totals totals = {.in_use = {8, 6}, .time_wait = 3, .curr_estab = 2};
	socket_table table;

	counts[SOCKET_DUMP_IPV6].state[TCP_TIME_WAIT] = 5;
	counts[SOCKET_DUMP_IPV4].fin_wait2_mini = 1;
	ck_assert(tcp_states_infer(counts, &totals, SOCKET_DUMP_IPV6, table));
	ck_assert_uint_eq(table[V4][TCP_ESTABLISHED], 0);
	ck_assert_uint_eq(table[ANY][TCP_ESTABLISHED], 2);
	ck_assert_uint_eq(table[V4][TCP_TIME_WAIT], 0);
	ck_assert_uint_eq(table[V6][TCP_TIME_WAIT], 5);
	ck_assert_uint_eq(table[ANY][TCP_TIME_WAIT], 5);
}
END_TEST

/* CurrEstab may have CLOSE_WAIT in it or not (kernels before 6.10); anything else is a
 * contradiction. */
START_TEST(test_contradiction)
{
	struct socket_counts counts[SOCKET_DUMPS] = {{.full = 5000}};
	struct socket_totals totals = {.in_use = {15000, 0}, .time_wait = 0};
	socket_table table;

	counts[SOCKET_DUMP_IPV4].state[TCP_CLOSE_WAIT] = 5000;
	totals.curr_estab = 15000;
	ck_assert(tcp_states_infer(counts, &totals, SOCKET_DUMPS, table));
	ck_assert_uint_eq(table[ANY][TCP_ESTABLISHED], 10000);
	totals.curr_estab = 10000;
	ck_assert(tcp_states_infer(counts, &totals, SOCKET_DUMPS, table));
	ck_assert_uint_eq(table[ANY][TCP_ESTABLISHED], 10000);
	totals.curr_estab = 7500;
	ck_assert(!tcp_states_infer(counts, &totals, SOCKET_DUMPS, table));
	totals.curr_estab = ROW_ABSENT;
	ck_assert(tcp_states_infer(counts, &totals, SOCKET_DUMPS, table));
	totals.time_wait = ROW_ABSENT;
	ck_assert(!tcp_states_infer(counts, &totals, SOCKET_DUMPS, table));
}
END_TEST

/* Those in CLOSE_WAIT are handed on; half-open ones are shown as SYN_RECV. */
START_TEST(test_count)
{
	struct close_waits waits;
	struct socket_counts counts = {.close_waits = &waits};
	struct inet_socket socket = {.cookie = 7, .state = TCP_CLOSE_WAIT, .full = true};

	close_waits_init(&waits);
	close_waits_begin(&waits, 1);
	tcp_states_count(&counts, &socket);
	socket.state = SOCKDIAG_NEW_SYN_RECV;
	socket.full = false;
	tcp_states_count(&counts, &socket);
	ck_assert_uint_eq(waits.sockets.count, 1);
	ck_assert_uint_eq(counts.state[TCP_CLOSE_WAIT], 1);
	ck_assert_uint_eq(counts.state[TCP_SYN_RECV], 1);
	ck_assert_uint_eq(counts.full, 1);
	close_waits_free(&waits);
}
END_TEST

/* A connection that its peer closed and this process keeps is old after five minutes, whose it is
 * is told then. */
START_TEST(test_collector_knows_ages)
{
	static const struct socket_state_row key = {.family = SOCKET_ANY, .state = TCP_CLOSE_WAIT};
	const struct socket_state_row *any;
	const struct close_wait_row *row;
	struct unit_collector unit;
	uint16_t port = 0;
	uint64_t others, now;
	int listener = loopback_tcp(&port, 5), client, fd;

	unit_collector_init(&unit, &tcp_states_collector, &roots_default);
	ck_assert_int_eq(unit_collect(&unit, 1), 0);
	client = loopback_connect(SOCK_STREAM, port);
	fd = accept(listener, NULL, NULL);
	close(client);
	for (now = SECOND; now <= 281 * SECOND; now += 40 * SECOND)
		ck_assert_int_eq(unit_collect(&unit, now), 0);
	row = rows_find(&unit.rows[SOCKETS_ROWS_CLOSE_WAIT],
			&(struct close_wait_row){.port = port});
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->count, 1);
	ck_assert_uint_eq(row->older, 0);
	ck_assert_uint_eq(row->pid, ROW_ABSENT);
	ck_assert_int_eq(unit_collect(&unit, 302 * SECOND), 0);
	any = rows_find(&unit.rows[SOCKETS_ROWS_STATE], &key);
	ck_assert_uint_ge(any->older, 1);
	others = any->older - 1;
	for (uint64_t turn = 1; turn < 100; turn++) {
		ck_assert_int_eq(unit_collect(&unit, 302 * SECOND + turn * SECOND / 1000), 0);
		row = rows_find(&unit.rows[SOCKETS_ROWS_CLOSE_WAIT],
				&(struct close_wait_row){.port = port});
		ck_assert_ptr_nonnull(row);
		if (row->pid != ROW_ABSENT)
			break;
	}
	ck_assert_uint_eq(row->older, 1);
	ck_assert_uint_eq(row->pid, (uint64_t)getpid());
	ck_assert_str_ne(row->command, "");
	ck_assert_str_eq(row->peer, "127.0.0.1");
	ck_assert_uint_eq(row->peers, 1);
	close(fd);
	ck_assert_int_eq(unit_collect(&unit, 310 * SECOND), 0);
	any = rows_find(&unit.rows[SOCKETS_ROWS_STATE], &key);
	ck_assert_uint_eq(any->older, others);
	close(listener);
	unit_collector_done(&unit);
}
END_TEST

/* With a /proc that has no sockstat the full dump answers, and says why. 33 rows, always. */
START_TEST(test_collector_falls_back)
{
	struct unit_collector unit;
	struct tree tree;
	int err;

	tree_init(&tree);
	unit_collector_init(&unit, &tcp_states_collector, &tree.roots);
	tree_write(&tree, "proc/net/sockstat6", "TCP6: inuse 0\n");
	err = unit_collect(&unit, 1);
	if (err == -ENOENT || err == -EPROTONOSUPPORT) {
		ck_assert_uint_eq(unit.rows[SOCKETS_ROWS_STATE].count, 0);
	} else {
		ck_assert_int_eq(err, 0);
		ck_assert_str_eq(unit.source, "sock_diag");
		ck_assert_ptr_nonnull(strstr(unit.error, "all sockets are dumped instead"));
		ck_assert_uint_eq(unit.rows[SOCKETS_ROWS_STATE].count,
				  SOCKET_FAMILIES * SOCKET_STATE_MAX);
	}
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* Numbers of procfs that are another world's. */
START_TEST(test_collector_distrusts)
{
	struct unit_collector unit;
	struct tree tree;
	int err;

	tree_init(&tree);
	unit_collector_init(&unit, &tcp_states_collector, &tree.roots);
	tree_write(&tree, "proc/net/sockstat", "TCP: inuse 900000 orphan 0 tw 0 alloc 0 mem 0\n");
	tree_write(&tree, "proc/net/snmp", "Tcp: CurrEstab\nTcp: 3\n");
	err = unit_collect(&unit, 1);
	if (err != -ENOENT && err != -EPROTONOSUPPORT) {
		struct socket_state_row key = {.family = SOCKET_IPV6, .state = TCP_LISTEN};
		const struct socket_state_row *row;

		ck_assert_int_eq(err, 0);
		ck_assert_str_eq(unit.source, "sock_diag");
		ck_assert_ptr_nonnull(strstr(unit.error, "contradict"));
		row = rows_find(&unit.rows[SOCKETS_ROWS_STATE], &key);
		ck_assert_ptr_nonnull(row);
		ck_assert_uint_eq(row->count, ROW_ABSENT); /* no sockstat6: no IPv6 */
	}
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

int main(void)
{
	const TTest *const all[] = {test_sockstat,
				    test_snmp,
				    test_full,
				    test_cheap_is_full,
				    test_no_split,
				    test_no_ipv6,
				    test_races,
				    test_contradiction,
				    test_count,
				    test_collector_falls_back,
				    test_collector_distrusts,
				    test_collector_knows_ages};

	return unit_main("sockets", all, COUNT_OF(all) - !loopback_diag(IPPROTO_TCP));
}
