/* SPDX-License-Identifier: BSD-2-Clause */
/* udpSocket: real UDP sockets of this process on the loopback interface. */
#include <config.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/socket/udp_socket.h"
#include "tests/unit/loopback.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

static const struct udp_socket_row *row_of(const struct unit_collector *unit, uint16_t port)
{
	struct udp_socket_row key = {.sockets = 0};

	ROW_SET_TEXT(key.endpoint, loopback_text(port));
	return rows_find(&unit->rows[0], &key);
}

static void flood(uint16_t port, unsigned count)
{
	int fd = loopback_connect(SOCK_DGRAM, port);
	char data[512] = "";

	for (unsigned i = 0; i < count; i++)
		ck_assert_int_eq(send(fd, data, sizeof(data), 0), sizeof(data));
	close(fd);
}

/* What one socket drops is its endpoint's, outlasts it, and goes on with the next one there. */
START_TEST(test_flood)
{
	uint16_t port = 0;
	int fd = loopback_udp(&port, 4096);
	const struct udp_socket_row *row;
	struct unit_collector unit;
	uint64_t drops;

	unit_collector_init(&unit, &udp_socket_collector, &roots_default);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->sockets, 1);
	ck_assert_uint_eq(row->drops, 0);
	ck_assert_uint_eq(row->rx_queue_bytes, 0);
	ck_assert_uint_eq(row->uid, getuid());
	ck_assert_uint_ge(row->rx_buffer_bytes, 4096);
	flood(port, 200);
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_uint_gt(row->drops, 100);
	ck_assert_uint_gt(row->rx_queue_bytes, 512);
	/* With many processes the search for owners takes more than one refresh. */
	for (uint64_t turn = 1; row->pid == ROW_ABSENT && turn < 100; turn++) {
		ck_assert_int_eq(unit_collect(&unit, 2 * SECOND + turn * SECOND / 1000), 0);
		row = row_of(&unit, port);
		ck_assert_ptr_nonnull(row);
	}
	ck_assert_uint_eq(row->pid, (uint64_t)getpid());
	drops = row->drops;
	close(fd);
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->drops, drops);
	ck_assert_uint_eq(row->sockets, 0);
	ck_assert_uint_eq(row->rx_queue_bytes, ROW_ABSENT);
	ck_assert_uint_eq(row->pid, ROW_ABSENT);
	fd = loopback_udp(&port, 4096);
	flood(port, 200);
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), 0);
	row = row_of(&unit, port);
	ck_assert_uint_gt(row->drops, drops + 100);
	ck_assert_uint_eq(row->discontinuity, SECOND);
	close(fd);
	unit_collector_done(&unit);
}
END_TEST

/* Of many, the one with drops has a row, and a client's socket does not push it out. */
START_TEST(test_bound)
{
	uint16_t ports[20] = {0};
	int fds[20], clients[20];
	struct unit_collector unit;

	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = loopback_udp(&ports[i], 4096);
		clients[i] = loopback_connect(SOCK_DGRAM, ports[i]);
	}
	flood(ports[7], 100);
	unit_collector_init(&unit, &udp_socket_collector, &roots_default);
	unit.settings->max_rows[MAX_ROWS_UDP_SOCKET] = 3;
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 3);
	ck_assert_ptr_nonnull(row_of(&unit, ports[7]));
	unit.settings->max_rows[MAX_ROWS_UDP_SOCKET] = 0;
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 0);
	ck_assert_ptr_nonnull(strstr(unit.error, "raise `maxRows udpSocket 0`"));
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		close(fds[i]);
		close(clients[i]);
	}
	unit_collector_done(&unit);
}
END_TEST

/* An alarm of before a restart is about an endpoint that had no row yet: it gets one. */
START_TEST(test_pinned)
{
	uint16_t lossy = 0, pinned = 0;
	int a = loopback_udp(&lossy, 4096), b = loopback_udp(&pinned, 4096);
	struct unit_collector unit;
	char name[ENDPOINT_SIZE];
	const char *names[] = {name};

	flood(lossy, 100);
	ROW_SET_TEXT(name, loopback_text(pinned));
	unit_collector_init(&unit, &udp_socket_collector, &roots_default);
	unit.settings->max_rows[MAX_ROWS_UDP_SOCKET] = 1;
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_ptr_null(row_of(&unit, pinned));
	ck_assert(unit.left_out);
	ck_assert_int_eq(endpoint_pins_set(&udp_socket_pins, names, 1), 0);
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_ptr_nonnull(row_of(&unit, pinned));
	ck_assert(unit.left_out);
	ck_assert_int_eq(endpoint_pins_set(&udp_socket_pins, NULL, 0), 0);
	unit.settings->max_rows[MAX_ROWS_UDP_SOCKET] = 1000;
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ck_assert(!unit.left_out);
	close(a);
	close(b);
	unit_collector_done(&unit);
}
END_TEST

START_TEST(test_unused)
{
	void *state = calloc(1, udp_socket_collector.state_size);

	udp_socket_collector.close(state);
	free(state);
}
END_TEST

int main(void)
{
	const TTest *const live[] = {test_flood, test_bound, test_pinned, test_unused};
	const TTest *const anywhere[] = {test_unused};

	if (loopback_diag(IPPROTO_UDP))
		return unit_main("udpsocket", live, COUNT_OF(live));
	return unit_main("udpsocket", anywhere, COUNT_OF(anywhere));
}
