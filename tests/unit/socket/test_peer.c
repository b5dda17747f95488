/* SPDX-License-Identifier: BSD-2-Clause */
/* peer: what is counted between two looks, how it is grouped and ranked, the bound. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/socket/peer.h"
#include "tests/unit/loopback.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)

static struct inet_socket connection(uint64_t cookie, const char *remote, uint16_t remote_port,
				     uint16_t local_port, uint32_t retransmits, uint32_t segments)
{
	struct inet_socket socket = {
		.cookie = cookie,
		.state = TCP_ESTABLISHED,
		.full = true,
		.has_path = true,
		.path = {.rtt = 1000 + (uint32_t)cookie,
			 .rtt_var = 10,
			 .retransmits = retransmits,
			 .data_segments = segments,
			 .has_data_segments = true},
	};
	uint8_t family = strchr(remote, ':') ? AF_INET6 : AF_INET;

	socket.local.family = socket.remote.family = family;
	ck_assert_int_eq(inet_pton(family, remote, socket.remote.address), 1);
	socket.remote.port = remote_port;
	socket.local.port = local_port;
	return socket;
}

static void add(struct peers *peers, struct inet_socket socket)
{
	ck_assert_int_eq(peers_add(peers, &socket), 0);
}

static void listener(struct peers *peers, uint16_t port)
{
	add(peers, (struct inet_socket){.state = TCP_LISTEN, .local = {.port = port}});
}

static void begin(struct peers *peers, unsigned minute)
{
	peers_begin(peers, 100, 24, 56, minute * MINUTE);
	listener(peers, 443);
}

static const struct peer_row *end(struct peers *peers, size_t max, size_t count, struct rows *rows)
{
	rows_clear(rows);
	ck_assert_int_eq(peers_end(peers, max, rows), 0);
	ck_assert_uint_eq(rows->count, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(((const struct peer_row *)rows_at(rows, i))->rank, i + 1);
	return count ? rows_at(rows, 0) : NULL;
}

/* The first look knows no increase; in the second an old and a new connection count what they did
 * since, and one that is gone nothing. */
START_TEST(test_since_the_look_before)
{
	const struct peer_row *row;
	struct peers peers;
	struct rows rows;

	peers_init(&peers);
	rows_init(&rows, &peer_row_type);
	begin(&peers, 1);
	add(&peers, connection(1, "203.0.113.7", 40000, 443, 1000, 5000));
	add(&peers, connection(2, "203.0.113.9", 40001, 443, 500, 5000));
	row = end(&peers, 20, 1, &rows);
	ck_assert_str_eq(row->remote, "203.0.113.0/24");
	ck_assert_uint_eq(row->local_port, 443);
	ck_assert_uint_eq(row->remote_port, 0);
	ck_assert_uint_eq(row->connections, 2);
	ck_assert_uint_eq(row->retransmits, ROW_ABSENT);
	ck_assert_uint_eq(row->lost_share, ROW_ABSENT);
	ck_assert_uint_eq(row->prefix_retransmits, ROW_ABSENT);
	ck_assert_uint_eq(row->rtt_median, 1001);
	ck_assert_uint_eq(row->rtt_var, 10);

	begin(&peers, 2);
	add(&peers, connection(1, "203.0.113.7", 40000, 443, 1020, 5300));
	add(&peers, connection(3, "203.0.113.8", 40002, 443, 10, 100));
	row = end(&peers, 20, 1, &rows);
	ck_assert_uint_eq(row->connections, 2);
	ck_assert_uint_eq(row->retransmits, 30);
	ck_assert_uint_eq(row->retransmit_share, 10000);
	ck_assert_uint_eq(row->lost_share, 750);
	ck_assert_uint_eq(row->all_retransmits, 30);
	ck_assert_uint_eq(row->interval, MINUTE);
	ck_assert_uint_eq(row->taken, 2 * MINUTE);

	/* A connection that nobody has any more is forgotten; the kernel's counts wrap. */
	begin(&peers, 3);
	ck_assert_uint_eq(peers.connections.count, 2);
	add(&peers, connection(3, "203.0.113.8", 40002, 443, 10, 100));
	end(&peers, 20, 1, &rows);
	ck_assert_uint_eq(peers.connections.count, 1);
	begin(&peers, 4);
	add(&peers, connection(3, "203.0.113.8", 40002, 443, 4, 90));
	row = end(&peers, 20, 1, &rows);
	ck_assert_uint_eq(row->retransmits, UINT32_MAX - 5);
	peers_forget(&peers);
	begin(&peers, 5);
	add(&peers, connection(3, "203.0.113.8", 40002, 443, 40, 900));
	row = end(&peers, 20, 1, &rows);
	ck_assert_uint_eq(row->retransmits, ROW_ABSENT);
	rows_clear(&rows);
	peers_free(&peers);
}
END_TEST

/* By network and service, IPv4 on IPv6 sockets as IPv4; most retransmits first. */
START_TEST(test_groups_and_ranks)
{
	static const struct {
		const char *remote;
		uint64_t local_port, remote_port, connections, retransmits, share;
	} want[] = {
		{"2001:db8:0:100::/56", 443, 0, 1, 60, 6000},
		{"198.51.100.0/24", 443, 0, 2, 30, 3000},
		{"198.51.100.0/24", 0, 5432, 1, 10, 1000},
		{"192.0.2.0/24", 0, 53, 2, 0, 0},
		{"192.0.2.0/24", 443, 0, 1, 0, 0},
	};
	const struct peer_row *row;
	struct peers peers;
	struct rows rows;

	peers_init(&peers);
	rows_init(&rows, &peer_row_type);
	for (unsigned minute = 1; minute <= 2; minute++) {
		uint32_t more = minute == 2;

		begin(&peers, minute);
		add(&peers, connection(1, "198.51.100.1", 9, 443, 10 * more, 100 * more));
		add(&peers, connection(2, "::ffff:198.51.100.250", 9, 443, 20 * more, 100 * more));
		add(&peers, connection(3, "198.51.100.3", 5432, 50000, 10 * more, 10000 * more));
		add(&peers, connection(4, "2001:db8:0:1ff::1", 9, 443, 60 * more, 50 * more));
		add(&peers, connection(5, "192.0.2.1", 53, 50001, 0, 100 * more));
		add(&peers, connection(6, "192.0.2.255", 53, 50002, 0, 100 * more));
		add(&peers, connection(7, "192.0.2.254", 8, 443, 0, 0));
		if (minute == 2)
			add(&peers, connection(7, "192.0.2.254", 8, 443, 0, 0)); /* listed twice */
		row = end(&peers, 20, COUNT_OF(want), &rows);
	}
	for (size_t i = 0; i < COUNT_OF(want); i++, row++) {
		ck_assert_str_eq(row->remote, want[i].remote);
		ck_assert_uint_eq(row->local_port, want[i].local_port);
		ck_assert_uint_eq(row->remote_port, want[i].remote_port);
		ck_assert_uint_eq(row->connections, want[i].connections);
		ck_assert_uint_eq(row->retransmits, want[i].retransmits);
		ck_assert_uint_eq(row->retransmit_share, want[i].share);
		ck_assert_uint_eq(row->prefixes, 3);
		/* 40 of 10,200 segments are below 1 percent. */
		ck_assert_uint_eq(row->prefixes_hit, 1);
	}
	row = rows_at(&rows, 0);
	ck_assert_uint_eq(row[0].lost_share, 10000); /* a SYN is no data */
	ck_assert_uint_eq(row[1].lost_share, 1500);
	ck_assert_uint_eq(row[1].prefix_retransmits, 40);
	ck_assert_uint_eq(row[3].lost_share, 0);
	ck_assert_uint_eq(row[4].lost_share, ROW_ABSENT);
	rows_clear(&rows);
	peers_free(&peers);
}
END_TEST

/* Other lengths of prefixes, also those that cut a byte in two. */
START_TEST(test_prefixes)
{
	static const struct {
		unsigned v4, v6;
		const char *want[2];
	} cases[] = {
		{0, 0, {"0.0.0.0/0", "::/0"}},
		{20, 57, {"203.0.112.0/20", "2001:db8:0:180::/57"}},
		{32, 128, {"203.0.113.7/32", "2001:db8:0:1ff::1/128"}},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct peer_row *row;
		struct peers peers;
		struct rows rows;

		peers_init(&peers);
		rows_init(&rows, &peer_row_type);
		peers_begin(&peers, 10, cases[i].v4, cases[i].v6, SECOND);
		add(&peers, connection(1, "203.0.113.7", 1, 2, 0, 0));
		add(&peers, connection(2, "203.0.113.7", 1, 2, 0, 0));
		add(&peers, connection(3, "2001:db8:0:1ff::1", 1, 2, 0, 0));
		row = end(&peers, 10, 2, &rows);
		ck_assert_str_eq(row[0].remote, cases[i].want[0]);
		ck_assert_str_eq(row[1].remote, cases[i].want[1]);
		rows_clear(&rows);
		peers_free(&peers);
	}
}
END_TEST

/* The median is one of the connections', of those that have measured. */
START_TEST(test_medians)
{
	static const uint32_t rtt[] = {900, 0, 100, 0, 300, 200, 100000};
	const struct peer_row *row;
	struct peers peers;
	struct rows rows;

	peers_init(&peers);
	rows_init(&rows, &peer_row_type);
	begin(&peers, 1);
	for (size_t i = 0; i < COUNT_OF(rtt); i++) {
		struct inet_socket socket = connection(i, "192.0.2.1", 1, 443, 0, 0);

		socket.path.rtt = rtt[i];
		socket.path.rtt_var = 2 * rtt[i];
		add(&peers, socket);
	}
	add(&peers, connection(99, "192.0.3.1", 1, 443, 0, 0));
	row = end(&peers, 1, 1, &rows);
	ck_assert_uint_eq(row->rtt_median, 300);
	ck_assert_uint_eq(row->rtt_var, 600);
	rows_clear(&rows);
	peers_free(&peers);
}
END_TEST

/* Kernels whose tcp_info lacks the data segments, or all of it; a mini-socket is no connection. */
START_TEST(test_short_tcp_info)
{
	const struct peer_row *row = NULL;
	struct inet_socket old;
	struct peers peers;
	struct rows rows;

	peers_init(&peers);
	rows_init(&rows, &peer_row_type);
	for (unsigned minute = 1; minute <= 2; minute++) {
		begin(&peers, minute);
		old = connection(1, "192.0.2.1", 1, 443, 10 * minute, 0);
		old.path.has_data_segments = false;
		add(&peers, old);
		old = connection(2, "198.51.100.1", 1, 443, 0, 0);
		old.has_path = false;
		add(&peers, old);
		old.cookie = 3;
		old.full = false;
		add(&peers, old);
		row = end(&peers, 20, 2, &rows);
	}
	ck_assert_uint_eq(row[0].retransmits, 10);
	ck_assert_uint_eq(row[0].lost_share, ROW_ABSENT);
	ck_assert_uint_eq(row[0].prefixes_hit, 1);
	ck_assert_uint_eq(row[1].connections, 1);
	ck_assert_uint_eq(row[1].retransmits, ROW_ABSENT);
	ck_assert_uint_eq(row[1].rtt_median, ROW_ABSENT);
	rows_clear(&rows);
	peers_free(&peers);
}
END_TEST

/* However many connections come and go, only so many are remembered. */
START_TEST(test_memory_is_bounded)
{
	struct peers peers;
	struct rows rows;

	peers_init(&peers);
	rows_init(&rows, &peer_row_type);
	for (unsigned minute = 1; minute <= 3; minute++) {
		peers_begin(&peers, 10, 24, 56, minute * MINUTE);
		for (uint64_t i = 0; i < 100; i++)
			add(&peers, connection(minute * 1000 + i, "192.0.2.1", 1, 2, 0, 0));
		ck_assert_uint_le(peers.connections.count, 20);
		end(&peers, 10, 1, &rows);
	}
	rows_clear(&rows);
	peers_free(&peers);
}
END_TEST

START_TEST(test_bound)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &peer_collector, &tree.roots);
	unit.settings->peer_sockets_max = 30;
	tree_write(&tree, "proc/net/sockstat", "TCP: inuse 20 tw 900\nUDP: inuse 10 mem 0\n");
	tree_write(&tree, "proc/net/sockstat6", "TCP6: inuse 15\nUDP6: inuse 6\n");
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(unit.error, "35 TCP sockets"));
	ck_assert_ptr_nonnull(strstr(unit.error, "`peers sockets 30`"));
	tree_remove(&tree, "proc/net/sockstat6");
	if (loopback_diag(IPPROTO_TCP)) {
		ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
		ck_assert_str_eq(unit.source, "sock_diag");
		ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	}
	tree_remove(&tree, "proc/net/sockstat");
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), -ENOENT);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

UNIT_MAIN("peer", test_since_the_look_before, test_groups_and_ranks, test_prefixes, test_medians,
	  test_short_tcp_info, test_memory_is_bounded, test_bound)
