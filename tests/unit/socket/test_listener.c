/* SPDX-License-Identifier: BSD-2-Clause */
/* listener: real listeners of this process on the loopback interface. */
#include <config.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/socket/listener.h"
#include "tests/unit/loopback.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define EXTRA  6 /* connections more than the queue holds */

static const struct listener_row *row_of(const struct unit_collector *unit, uint16_t port)
{
	struct listener_row key = {.port = port};

	ROW_SET_TEXT(key.endpoint, loopback_text(port));
	return rows_find(&unit->rows[0], &key);
}

/* Overflows a queue of `backlog`; the clients' sockets go to fds. */
static void overflow(uint16_t port, int backlog, int *fds)
{
	for (int i = 0; i < backlog + 1 + EXTRA; i++)
		fds[i] = loopback_connect(SOCK_STREAM, port);
}

static void close_all(const int *fds, int count)
{
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

/* Full, over its limit, with its drops and its owner; the quiet one beside it has none. The drops
 * outlast the listener, and another one on the same port goes on with them. */
START_TEST(test_overflow)
{
	uint16_t port = 0, quiet = 0;
	int fd = loopback_tcp(&port, 1), other = loopback_tcp(&quiet, 5), clients[2 + EXTRA];
	const struct listener_row *row;
	struct unit_collector unit;
	uint64_t drops;

	unit_collector_init(&unit, &listener_collector, &roots_default);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->sockets, 1);
	ck_assert_uint_eq(row->queue_length, 0);
	ck_assert_uint_eq(row->queue_limit, 1);
	ck_assert_uint_eq(row->drops, 0);
	ck_assert_uint_eq(row->port, port);
	ck_assert_str_eq(row->address, "127.0.0.1");
	ck_assert_uint_eq(row->uid, getuid());
	ck_assert_uint_eq(row->discontinuity, SECOND);
	overflow(port, 1, clients);
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_uint_eq(row->queue_length, 2);
	ck_assert_uint_eq(row->queue_usage, 10000);
	ck_assert_uint_eq(row->queue_peak, 2);
	ck_assert_uint_ge(row->drops, EXTRA);
	/* With many processes the search for owners takes more than one refresh. */
	for (uint64_t turn = 1; row->pid == ROW_ABSENT && turn < 100; turn++) {
		ck_assert_int_eq(unit_collect(&unit, 2 * SECOND + turn * SECOND / 1000), 0);
		row = row_of(&unit, port);
		ck_assert_ptr_nonnull(row);
	}
	ck_assert_uint_eq(row->pid, (uint64_t)getpid());
	ck_assert_str_ne(row->command, "");
	ck_assert_uint_eq(row_of(&unit, quiet)->drops, 0);
	drops = row->drops;
	close(fd);
	close_all(clients, COUNT_OF(clients));
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->sockets, 0);
	ck_assert_uint_ge(row->drops, drops);
	ck_assert_uint_eq(row->queue_length, ROW_ABSENT);
	ck_assert_uint_eq(row->queue_peak, 2);
	ck_assert_uint_eq(row->pid, ROW_ABSENT);
	ck_assert_str_ne(row->command, "");
	close(other);
	fd = loopback_tcp(&port, 3);
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_uint_eq(row->sockets, 1);
	ck_assert_uint_ge(row->drops, drops);
	ck_assert_uint_eq(row->queue_limit, 3);
	ck_assert_uint_eq(row->discontinuity, SECOND);
	ck_assert_ptr_null(row_of(&unit, quiet));
	close(fd);
	unit_collector_done(&unit);
}
END_TEST

/* A queue that overflowed and was emptied between polls is still seen in the peak. */
START_TEST(test_members_and_peak)
{
	uint16_t port = 0;
	int a = loopback_tcp(&port, 4), b = loopback_tcp(&port, 9), clients[3];
	const struct listener_row *row;
	struct unit_collector unit;

	unit_collector_init(&unit, &listener_collector, &roots_default);
	for (size_t i = 0; i < COUNT_OF(clients); i++)
		clients[i] = loopback_connect(SOCK_STREAM, port);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_uint_eq(row->sockets, 2);
	ck_assert_uint_eq(row->queue_limit, 13);
	ck_assert_uint_eq(row->queue_length, 3);
	ck_assert_uint_ge(row->queue_peak, 2);
	close(a);
	close(b);
	b = loopback_tcp(&port, 9);
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_uint_eq(row->sockets, 1);
	ck_assert_uint_eq(row->queue_length, 0);
	ck_assert_uint_ge(row->queue_peak, 2);
	close(b);
	close_all(clients, COUNT_OF(clients));
	unit_collector_done(&unit);
}
END_TEST

START_TEST(test_bound)
{
	uint16_t ports[5] = {0};
	struct unit_collector unit;
	int fds[5];

	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = loopback_tcp(&ports[i], 1);
	unit_collector_init(&unit, &listener_collector, &roots_default);
	unit.settings->max_rows[MAX_ROWS_LISTENER] = 2;
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 2);
	ck_assert_ptr_nonnull(strstr(unit.error, "raise `maxRows listener 2`"));
	close_all(fds, COUNT_OF(fds));
	unit_collector_done(&unit);
}
END_TEST

/* Closing what was never used. */
START_TEST(test_unused)
{
	void *state = calloc(1, listener_collector.state_size);

	listener_collector.close(state);
	free(state);
}
END_TEST

int main(void)
{
	const TTest *const live[] = {test_overflow, test_members_and_peak, test_bound, test_unused};
	const TTest *const anywhere[] = {test_unused};

	if (loopback_diag(IPPROTO_TCP))
		return unit_main("listener", live, COUNT_OF(live));
	return unit_main("listener", anywhere, COUNT_OF(anywhere));
}
