/* SPDX-License-Identifier: BSD-2-Clause */
/* buffers: the ranking, the bound on the number of sockets, real sockets of this process. */
#include <config.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/socket/fullest_buffers.h"
#include "tests/unit/loopback.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

static struct inet_socket with_memory(uint64_t cookie, struct socket_memory memory)
{
	return (struct inet_socket){.cookie = cookie, .has_memory = true, .memory = memory};
}

START_TEST(test_ranking)
{
	struct buffer_entry entries[3 + 1];
	struct buffer_ranking ranking = {.entries = entries, .max = 3};
	const struct inet_socket sockets[] = {
		with_memory(1, (struct socket_memory){.rx_queue = 10, .rx_buffer = 100}),
		with_memory(2, (struct socket_memory){.tx_queue = 30, .tx_buffer = 100}),
		with_memory(3, (struct socket_memory){.rx_buffer = 100, .tx_buffer = 100}),
		with_memory(4, (struct socket_memory){.rx_queue = 300, .rx_buffer = 1000}),
		with_memory(5, (struct socket_memory){.rx_queue = 200, .rx_buffer = 100}),
		with_memory(6, (struct socket_memory){.rx_queue = 30, .rx_buffer = 100}),
	};

	for (size_t i = 0; i < COUNT_OF(sockets); i++)
		buffer_ranking_add(&ranking, &sockets[i], IPPROTO_TCP);
	ck_assert_uint_eq(ranking.count, 3);
	ck_assert_uint_eq(entries[0].socket.cookie, 5); /* 200 % */
	ck_assert_uint_eq(buffer_rx_usage(&entries[0]), 20000);
	ck_assert_uint_eq(entries[1].socket.cookie, 4); /* 30 %, most bytes */
	ck_assert_uint_eq(entries[2].socket.cookie, 2); /* 30 %, older than 6 */
	ck_assert_uint_eq(buffer_tx_usage(&entries[2]), 3000);
}
END_TEST

/* UDP's send buffer is what is handed to the device; TCP's is what is queued. */
START_TEST(test_protocols)
{
	struct buffer_entry entries[2 + 1];
	struct buffer_ranking ranking = {.entries = entries, .max = 2};
	struct inet_socket socket = with_memory(
		1, (struct socket_memory){.tx_alloc = 50, .tx_queue = 20, .tx_buffer = 100});

	buffer_ranking_add(&ranking, &socket, IPPROTO_TCP);
	buffer_ranking_add(&ranking, &socket, IPPROTO_UDP);
	ck_assert_uint_eq(entries[0].protocol, IPPROTO_UDP);
	ck_assert_uint_eq(buffer_tx_usage(&entries[0]), 5000);
	ck_assert_uint_eq(buffer_tx_usage(&entries[1]), 2000);
	socket.has_memory = false;
	ranking = (struct buffer_ranking){.entries = entries, .max = 2};
	buffer_ranking_add(&ranking, &socket, IPPROTO_TCP);
	ck_assert_uint_eq(ranking.count, 0);
}
END_TEST

/* Whatever the order, the same ones come out: 1,000 sockets, 20 places. */
START_TEST(test_order_is_no_matter)
{
	struct buffer_entry entries[20 + 1];

	for (unsigned step = 1; step < 1000; step += 2) {
		struct buffer_ranking ranking = {.entries = entries, .max = 20};

		if (step % 5 == 0)
			continue;
		for (unsigned i = 0; i < 1000; i++) {
			uint32_t n = i * step % 1000;
			struct inet_socket socket = with_memory(
				n, (struct socket_memory){.rx_queue = n, .rx_buffer = 1000});

			buffer_ranking_add(&ranking, &socket, IPPROTO_UDP);
		}
		ck_assert_uint_eq(ranking.count, 20);
		for (unsigned i = 0; i < 20; i++)
			ck_assert_uint_eq(entries[i].socket.cookie, 999 - i);
	}
}
END_TEST

START_TEST(test_no_places)
{
	struct buffer_entry entry;
	struct buffer_ranking ranking = {.entries = &entry};
	struct inet_socket socket = with_memory(
		1, (struct socket_memory){.rx_queue = 10, .rx_buffer = 100});

	buffer_ranking_add(&ranking, &socket, IPPROTO_TCP);
	ck_assert_uint_eq(ranking.count, 0);
}
END_TEST

/* At the bound it is refreshed, past it the rows go and the message names bound and directive. */
START_TEST(test_bound)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &fullest_buffers_collector, &tree.roots);
	unit.settings->buffer_sockets_max = 50;
	tree_write(&tree, "proc/net/sockstat", "TCP: inuse 20 tw 900\nUDP: inuse 10 mem 0\n");
	tree_write(&tree, "proc/net/sockstat6", "TCP6: inuse 15\nUDP6: inuse 6\n");
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(unit.error, "51 TCP and UDP sockets"));
	ck_assert_ptr_nonnull(strstr(unit.error, "`bufferSockets 50`"));
	tree_remove(&tree, "proc/net/sockstat6");
	if (loopback_diag(IPPROTO_UDP))
		ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	tree_remove(&tree, "proc/net/sockstat");
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), -ENOENT);
	ck_assert_ptr_nonnull(strstr(unit.error, "/proc/net/sockstat"));
	tree_write(&tree, "proc/net/sockstat", "TCP: inuse many\n");
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), -EBADMSG);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

static const struct buffer_row *row_of(const struct unit_collector *unit, const char *local)
{
	for (size_t i = 0; i < unit->rows[0].count; i++) {
		const struct buffer_row *row = rows_at(&unit->rows[0], i);

		if (!strcmp(row->local, local))
			return row;
	}
	return NULL;
}

/* A UDP socket that nobody reads. */
START_TEST(test_live)
{
	uint16_t port = 0;
	int fd = loopback_udp(&port, 4096), client = loopback_connect(SOCK_DGRAM, port);
	const struct buffer_row *row;
	struct unit_collector unit;
	char data[600] = "";

	for (unsigned i = 0; i < 100; i++)
		send(client, data, sizeof(data), 0);
	unit_collector_init(&unit, &fullest_buffers_collector, &roots_default);
	unit.settings->buffer_sockets_max = UINT32_MAX;
	unit.settings->max_rows[MAX_ROWS_BUFFER] = 1000;
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	for (size_t i = 0; i < unit.rows[0].count; i++)
		ck_assert_uint_eq(((struct buffer_row *)rows_at(&unit.rows[0], i))->rank, i + 1);
	row = row_of(&unit, loopback_text(port));
	ck_assert_ptr_nonnull(row);
	ck_assert_str_eq(row->protocol, "udp");
	ck_assert_str_eq(row->remote, "0.0.0.0:*");
	ck_assert_uint_eq(row->state, TCP_CLOSE);
	ck_assert_uint_gt(row->rx_queue_bytes, 600);
	ck_assert_uint_eq(row->rx_usage, row->rx_queue_bytes * 10000 / row->rx_buffer_bytes);
	ck_assert_uint_eq(row->tx_usage, 0);
	ck_assert_uint_gt(row->drops, 10);
	ck_assert_uint_eq(row->stuck_seconds, 0);
	ck_assert_int_eq(unit_collect(&unit, 91 * SECOND), 0);
	row = row_of(&unit, loopback_text(port));
	ck_assert_uint_eq(row->stuck_seconds, 90);
	/* It is said to have been left out when there is no place for it. */
	ck_assert(!unit.left_out);
	unit.settings->max_rows[MAX_ROWS_BUFFER] = 0;
	ck_assert_int_eq(unit_collect(&unit, 92 * SECOND), 0);
	ck_assert(unit.left_out);
	unit.settings->max_rows[MAX_ROWS_BUFFER] = 1000;
	ck_assert_int_eq(unit_collect(&unit, 93 * SECOND), 0);
	row = row_of(&unit, loopback_text(port));
	/* With many processes the search for owners takes more than one refresh. */
	for (uint64_t turn = 1; row->pid == ROW_ABSENT && turn < 100; turn++) {
		ck_assert_int_eq(unit_collect(&unit, 93 * SECOND + turn * SECOND / 1000), 0);
		row = row_of(&unit, loopback_text(port));
		ck_assert_ptr_nonnull(row);
	}
	ck_assert_uint_eq(row->pid, (uint64_t)getpid());
	close(fd);
	close(client);
	unit_collector_done(&unit);
}
END_TEST

/* A look at three sockets of one endpoint and one of another, of 1,000 bytes each. */
static void look(struct buffer_stuck *stuck, uint64_t now, const uint32_t queue[4],
		 struct rows *rows)
{
	struct buffer_entry entries[4 + 1];
	struct buffer_ranking ranking = {.entries = entries, .max = 4};

	buffer_stuck_begin(stuck, now);
	for (unsigned i = 0; i < 4; i++) {
		struct inet_socket socket = with_memory(
			1 + i, (struct socket_memory){.rx_queue = queue[i], .rx_buffer = 1000});

		socket.receive_queue = queue[i];
		socket.local.port = i < 3 ? 80 : 81;
		buffer_ranking_add(&ranking, &socket, IPPROTO_TCP);
		buffer_stuck_add(stuck, &socket);
	}
	buffer_stuck_end(stuck);
	rows_clear(rows);
	for (size_t i = 0; i < ranking.count; i++) {
		struct buffer_row *row = rows_add(rows);

		row->rank = ranking.entries[i].socket.cookie; /* to tell them apart */
	}
	ck_assert_int_eq(buffer_stuck_rows(stuck, &ranking, rows), 0);
}

static uint64_t stuck_seconds(struct rows *rows, uint64_t cookie)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct buffer_row *row = rows_at(rows, i);

		if (row->rank == cookie)
			return row->stuck_seconds;
	}
	return 12345;
}

/* One row an endpoint says for how long: that of the socket which is stuck for longest. A queue
 * that is read, however full it is, is not stuck. */
START_TEST(test_stuck)
{
	struct buffer_stuck stuck;
	struct rows rows;

	buffer_stuck_init(&stuck);
	rows_init(&rows, &buffer_row_type);
	look(&stuck, 10 * SECOND, (uint32_t[]){990, 100, 795, 1000}, &rows);
	ck_assert_uint_eq(stuck.count, 2);
	ck_assert_uint_eq(stuck_seconds(&rows, 1), 0);
	ck_assert_uint_eq(stuck_seconds(&rows, 2), ROW_ABSENT);
	ck_assert_uint_eq(stuck_seconds(&rows, 4), 0);
	/* The first is read, the third fills up. */
	look(&stuck, 40 * SECOND, (uint32_t[]){980, 100, 800, 1000}, &rows);
	ck_assert_uint_eq(stuck_seconds(&rows, 1), 0);
	ck_assert_uint_eq(stuck_seconds(&rows, 3), ROW_ABSENT);
	ck_assert_uint_eq(stuck_seconds(&rows, 4), 30);
	look(&stuck, 70 * SECOND, (uint32_t[]){970, 100, 900, 1000}, &rows);
	ck_assert_uint_eq(stuck_seconds(&rows, 1), ROW_ABSENT);
	ck_assert_uint_eq(stuck_seconds(&rows, 3), 30);
	ck_assert_uint_eq(stuck_seconds(&rows, 4), 60);
	/* Both are read at last. */
	look(&stuck, 100 * SECOND, (uint32_t[]){970, 100, 10, 799}, &rows);
	ck_assert_uint_eq(stuck.count, 1);
	ck_assert_uint_eq(stuck_seconds(&rows, 1), 30);
	ck_assert_uint_eq(stuck_seconds(&rows, 4), 0);
	ck_assert_uint_eq(stuck.sockets.count, 1);
	buffer_stuck_free(&stuck);
	rows_clear(&rows);
}
END_TEST

int main(void)
{
	const TTest *const all[] = {test_ranking,   test_protocols, test_order_is_no_matter,
				    test_no_places, test_stuck,	    test_bound,
				    test_live};

	return unit_main("buffers", all, COUNT_OF(all) - !loopback_diag(IPPROTO_UDP));
}
