/* SPDX-License-Identifier: BSD-2-Clause */
/* close_wait: ages, ports, peers and bounds, with made sockets and a made clock. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/socket/close_wait.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)

static struct close_waits waits;
static struct rows rows;

static void start(void)
{
	close_waits_init(&waits);
	rows_init(&rows, &close_wait_row_type);
}

static void end(void)
{
	close_waits_free(&waits);
	rows_clear(&rows);
}

/* Sockets with cookies from `first` on, each on this local port and with this last octet. */
static void add(uint64_t first, uint64_t count, uint16_t port, uint8_t peer)
{
	for (uint64_t i = 0; i < count; i++) {
		struct inet_socket socket = {
			.cookie = first + i,
			.inode = (uint32_t)(first + i),
			.local = {.port = port, .family = AF_INET},
			.remote = {.address = {192, 0, 2, peer},
				   .port = (uint16_t)(first + i),
				   .family = AF_INET},
		};

		close_waits_add(&waits, &socket);
	}
}

static const struct close_wait_row *row_of(uint64_t port)
{
	const struct close_wait_row key = {.port = port};

	rows_clear(&rows);
	ck_assert_int_eq(close_waits_rows(&waits, &rows), 0);
	rows_sort(&rows);
	return rows_find(&rows, &key);
}

/* A leak of 40, and on another port 125 at each look that are others every time. */
START_TEST(a_population_is_no_leak)
{
	const struct close_wait_row *row;
	uint64_t cookie = 1000;

	start();
	close_waits_begin(&waits, SECOND);
	close_waits_end(&waits);
	ck_assert_uint_eq(close_waits_older(&waits), 0);
	for (uint64_t now = 6 * SECOND; now <= 10 * MINUTE; now += 5 * SECOND) {
		close_waits_begin(&waits, now);
		add(1, 40, 8080, 1);
		add(cookie, 125, 80, (uint8_t)(now / SECOND));
		cookie += 125;
		close_waits_end(&waits);
		ck_assert_uint_eq(close_waits_older(&waits),
				  now - 6 * SECOND > CLOSE_WAIT_OLD_NS ? 40 : 0);
	}
	row = row_of(8080);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->count, 40);
	ck_assert_uint_eq(row->older, 40);
	ck_assert_uint_eq(row->oldest, 590 * SECOND);
	ck_assert_uint_eq(row->inode, 1);
	ck_assert_uint_eq(row->pid, ROW_ABSENT);
	row = row_of(80);
	ck_assert_uint_eq(row->count, 125);
	ck_assert_uint_eq(row->older, 0);
	ck_assert_uint_eq(row->oldest, 0);
	/* What is gone is forgotten. */
	ck_assert_uint_lt(waits.sockets.count, 40 + 6 * 125);
	end();
}
END_TEST

/* What was there at the first look may be older than the daemon: not known for five minutes. A
 * dump that misses a socket does not make it younger. */
START_TEST(ages_count_from_the_first_look)
{
	start();
	close_waits_begin(&waits, MINUTE);
	add(1, 20, 8080, 1);
	close_waits_end(&waits);
	ck_assert_uint_eq(close_waits_older(&waits), ROW_ABSENT);
	for (uint64_t now = MINUTE; now <= 6 * MINUTE; now += 5 * SECOND) {
		close_waits_begin(&waits, now);
		/* Interrupted, and begun anew. */
		add(1, 10, 8080, 1);
		close_waits_begin(&waits, now);
		add(1, now == 4 * MINUTE ? 19 : 20, 8080, 1);
		close_waits_end(&waits);
		ck_assert_uint_eq(close_waits_older(&waits), ROW_ABSENT);
	}
	close_waits_begin(&waits, 6 * MINUTE + 5 * SECOND);
	add(1, 20, 8080, 1);
	close_waits_end(&waits);
	ck_assert_uint_eq(close_waits_older(&waits), 20);
	/* Closed at last. */
	close_waits_begin(&waits, 6 * MINUTE + 10 * SECOND);
	close_waits_end(&waits);
	ck_assert_uint_eq(close_waits_older(&waits), 0);
	ck_assert_ptr_null(row_of(8080));
	end();
}
END_TEST

/* Once those of the first look are gone, all ages are known. */
START_TEST(known_when_the_first_ones_are_gone)
{
	start();
	close_waits_begin(&waits, MINUTE);
	add(1, 3, 80, 1);
	close_waits_end(&waits);
	ck_assert_uint_eq(close_waits_older(&waits), ROW_ABSENT);
	close_waits_begin(&waits, MINUTE + 5 * SECOND);
	add(10, 3, 80, 1);
	close_waits_end(&waits);
	ck_assert_uint_eq(close_waits_older(&waits), 0);
	end();
}
END_TEST

/* The ten worst of many ports, by age before number; the peer that most have, if there is one. */
START_TEST(ports_and_peers)
{
	const struct close_wait_row *row;

	start();
	close_waits_begin(&waits, SECOND);
	close_waits_end(&waits);
	for (uint64_t now = 6 * SECOND; now <= 6 * MINUTE; now += 10 * SECOND) {
		close_waits_begin(&waits, now);
		add(1, 30, 8080, 7);
		add(100, 10, 8080, 8);
		for (uint8_t i = 0; i < 20; i++)
			add(200 + i, 1, 9090, i);
		if (now > 5 * MINUTE)
			for (uint16_t i = 0; i < 30; i++)
				add(1000u + 100u * i, 50u + i, (uint16_t)(100 + i), 9);
		close_waits_end(&waits);
	}
	row = row_of(8080);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(rows.count, CLOSE_WAIT_PORTS);
	ck_assert_uint_eq(row->older, 40);
	ck_assert_str_eq(row->peer, "192.0.2.7");
	ck_assert_uint_eq(row->peers, 30);
	row = row_of(9090);
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->older, 20);
	ck_assert_str_eq(row->peer, "");
	ck_assert_uint_eq(row->peers, ROW_ABSENT);
	ck_assert_ptr_nonnull(row_of(129)); /* most of the young ones */
	ck_assert_ptr_null(row_of(100));
	end();
}
END_TEST

/* Beyond the bound it is a lower bound. */
START_TEST(more_than_can_be_known)
{
	start();
	close_waits_begin(&waits, SECOND);
	close_waits_end(&waits);
	for (uint64_t now = MINUTE; now <= 7 * MINUTE; now += 2 * MINUTE) {
		close_waits_begin(&waits, now);
		add(1, CLOSE_WAIT_MAX + 3, 8080, 7);
		close_waits_end(&waits);
	}
	ck_assert_uint_eq(waits.untracked, 3);
	ck_assert_uint_eq(close_waits_older(&waits), CLOSE_WAIT_MAX);
	end();
}
END_TEST

UNIT_MAIN("close_wait", a_population_is_no_leak, ages_count_from_the_first_look,
	  known_when_the_first_ones_are_gone, ports_and_peers, more_than_can_be_known)
