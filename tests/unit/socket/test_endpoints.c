/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoints: sums that never go down, bounds, choice, 10,000 listeners. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/socket/endpoints.h"
#include "tests/unit/replies.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

/* A listener on 127.0.0.1. */
static struct inet_socket listener(uint16_t port, uint64_t cookie, uint32_t drops)
{
	struct inet_socket socket = {
		.local = {.address = {127, 0, 0, 1}, .port = port, .family = AF_INET},
		.cookie = cookie,
		.inode = (uint32_t)cookie + 1000,
		.send_queue = 10,
		.drops = drops,
		.state = TCP_LISTEN,
		.full = true,
		.has_drops = true,
	};

	return socket;
}

/* One round: a dump with these sockets. */
static void round_of(struct endpoints *endpoints, uint64_t now, const struct inet_socket *sockets,
		     size_t count)
{
	endpoints_begin(endpoints, AF_INET);
	endpoints_begin(endpoints, AF_INET6);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(endpoints_add(endpoints, &sockets[i], sockets[i].receive_queue,
					       sockets[i].send_queue, now),
				 0);
	endpoints_end(endpoints, now);
}

static struct endpoint *find(struct endpoints *endpoints, uint16_t port)
{
	struct inet_socket socket = listener(port, 0, 0);

	return hash_find(&endpoints->table, &socket.local);
}

/* Members of one endpoint add up; usage and peak are the fullest one's. */
START_TEST(test_members)
{
	struct inet_socket sockets[] = {listener(80, 1, 5), listener(80, 2, 7), listener(81, 3, 0)};
	struct endpoints endpoints;
	const struct endpoint *endpoint;

	endpoints_init(&endpoints, true);
	sockets[0].receive_queue = 3;
	sockets[1].receive_queue = 11;
	round_of(&endpoints, SECOND, sockets, 3);
	ck_assert_uint_eq(endpoints.table.count, 2);
	endpoint = find(&endpoints, 80);
	ck_assert_uint_eq(endpoint->sockets, 2);
	ck_assert_uint_eq(endpoint->queue, 14);
	ck_assert_uint_eq(endpoint->limit, 20);
	ck_assert_uint_eq(endpoint->usage, 10000); /* full: 11 of a limit of 10 */
	ck_assert_uint_eq(endpoint->peak, 11);
	ck_assert_uint_eq(endpoint->drops, 12);
	ck_assert_uint_eq(endpoint->inode, 1001);
	sockets[1].receive_queue = 0;
	round_of(&endpoints, 2 * SECOND, sockets, 3);
	endpoint = find(&endpoints, 80);
	ck_assert_uint_eq(endpoint->usage, 2727);
	ck_assert_uint_eq(endpoint->peak, 11);
	ck_assert_uint_eq(endpoint->drops, 12);
	endpoints_free(&endpoints);
}
END_TEST

/* A member closes, all close, another socket takes the endpoint: the sum goes on. */
START_TEST(test_drops_go_on)
{
	struct inet_socket sockets[] = {listener(80, 1, 5), listener(80, 2, 7)};
	struct inet_socket anew = listener(80, 3, 0);
	struct endpoints endpoints;
	uint64_t since;

	endpoints_init(&endpoints, true);
	round_of(&endpoints, SECOND, sockets, 2);
	since = find(&endpoints, 80)->since;
	sockets[0].drops = 9;
	round_of(&endpoints, 2 * SECOND, sockets, 1);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, 16);
	round_of(&endpoints, 3 * SECOND, NULL, 0);
	ck_assert_uint_eq(find(&endpoints, 80)->sockets, 0);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, 16);
	round_of(&endpoints, 4 * SECOND, &anew, 1);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, 16);
	anew.drops = 4;
	round_of(&endpoints, 5 * SECOND, &anew, 1);
	round_of(&endpoints, 6 * SECOND, &anew, 1);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, 20);
	ck_assert_uint_eq(find(&endpoints, 80)->since, since);
	endpoints_free(&endpoints);
}
END_TEST

/* A dump that missed a socket, or began anew, or told it twice, counts nothing twice. */
START_TEST(test_drops_once)
{
	struct inet_socket sockets[] = {listener(80, 1, 5), listener(80, 1, 5)};
	struct endpoints endpoints;

	endpoints_init(&endpoints, true);
	round_of(&endpoints, SECOND, sockets, 2);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, 5);
	round_of(&endpoints, 2 * SECOND, NULL, 0);
	round_of(&endpoints, 3 * SECOND, sockets, 1);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, 5);
	endpoints_begin(&endpoints, AF_INET);
	endpoints_add(&endpoints, &sockets[0], 1, 10, 4 * SECOND);
	endpoints_begin(&endpoints, AF_INET);
	endpoints_add(&endpoints, &sockets[0], 1, 10, 4 * SECOND);
	endpoints_end(&endpoints, 4 * SECOND);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, 5);
	ck_assert_uint_eq(find(&endpoints, 80)->sockets, 1);
	ck_assert_uint_eq(find(&endpoints, 80)->queue, 1);
	endpoints_free(&endpoints);
}
END_TEST

/* The other family's endpoints are left alone by a dump that begins. */
START_TEST(test_families)
{
	struct inet_socket socket = listener(80, 1, 0);
	struct endpoints endpoints;

	endpoints_init(&endpoints, true);
	round_of(&endpoints, SECOND, &socket, 1);
	endpoints_begin(&endpoints, AF_INET6);
	ck_assert_uint_eq(find(&endpoints, 80)->sockets, 1);
	endpoints_begin(&endpoints, AF_INET);
	ck_assert_uint_eq(find(&endpoints, 80)->sockets, 0);
	endpoints_free(&endpoints);
}
END_TEST

START_TEST(test_wrap)
{
	struct inet_socket socket = listener(80, 1, UINT32_MAX - 1);
	struct endpoints endpoints;

	endpoints_init(&endpoints, true);
	round_of(&endpoints, SECOND, &socket, 1);
	socket.drops = 0; /* wraps just to 0 */
	round_of(&endpoints, 2 * SECOND, &socket, 1);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, (uint64_t)UINT32_MAX + 1);
	socket.drops = 3;
	round_of(&endpoints, 3 * SECOND, &socket, 1);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, (uint64_t)UINT32_MAX + 4);
	socket.drops = 2; /* no wrap: it began anew */
	round_of(&endpoints, 4 * SECOND, &socket, 1);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, (uint64_t)UINT32_MAX + 6);
	endpoints_free(&endpoints);
}
END_TEST

START_TEST(test_old_kernel)
{
	struct inet_socket socket = listener(80, 1, 0);
	struct endpoints endpoints;

	endpoints_init(&endpoints, true);
	socket.has_drops = false;
	round_of(&endpoints, SECOND, &socket, 1);
	ck_assert_uint_eq(find(&endpoints, 80)->drops, ROW_ABSENT);
	round_of(&endpoints, 2 * SECOND, NULL, 0);
	ck_assert_ptr_null(find(&endpoints, 80));
	endpoints_free(&endpoints);
}
END_TEST

/* Closed: what never dropped goes at once, a peak is kept where wanted, all go after an hour. */
START_TEST(test_forgets)
{
	struct inet_socket sockets[] = {listener(80, 1, 5), listener(81, 2, 0), listener(82, 3, 0)};
	struct endpoints with_peaks, without;

	sockets[1].receive_queue = 2;
	endpoints_init(&with_peaks, true);
	endpoints_init(&without, false);
	round_of(&with_peaks, SECOND, sockets, 3);
	round_of(&without, SECOND, sockets, 3);
	round_of(&with_peaks, 2 * SECOND, NULL, 0);
	round_of(&without, 2 * SECOND, NULL, 0);
	ck_assert_ptr_nonnull(find(&with_peaks, 80));
	ck_assert_ptr_nonnull(find(&with_peaks, 81));
	ck_assert_ptr_null(find(&with_peaks, 82));
	ck_assert_ptr_nonnull(find(&without, 80));
	ck_assert_ptr_null(find(&without, 81));
	ck_assert_uint_eq(with_peaks.members.count, 1);
	round_of(&with_peaks, 100 * SECOND, NULL, 0);
	ck_assert_uint_eq(with_peaks.members.count, 0);
	ck_assert_uint_eq(find(&with_peaks, 80)->drops, 5);
	round_of(&with_peaks, 3700 * SECOND, NULL, 0);
	ck_assert_uint_eq(with_peaks.table.count, 0);
	endpoints_free(&with_peaks);
	endpoints_free(&without);
}
END_TEST

/* Thousands of closed endpoints: those closed last stay, of those closed together the ones with
 * most drops. */
START_TEST(test_closed_bound)
{
	struct inet_socket sockets[3000];
	struct endpoints endpoints;

	endpoints_init(&endpoints, true);
	for (unsigned i = 0; i < COUNT_OF(sockets); i++)
		sockets[i] = listener((uint16_t)(1 + i), 1 + i, 1 + i);
	round_of(&endpoints, SECOND, sockets, 10);
	round_of(&endpoints, 2 * SECOND, sockets + 10, COUNT_OF(sockets) - 11);
	round_of(&endpoints, 3 * SECOND, sockets + COUNT_OF(sockets) - 1, 1);
	ck_assert_uint_eq(endpoints.table.count, ENDPOINTS_CLOSED_MAX + 1);
	ck_assert_ptr_null(find(&endpoints, 1));
	ck_assert_ptr_null(find(&endpoints, 1000));
	ck_assert_ptr_nonnull(find(&endpoints, 2999));
	ck_assert_ptr_nonnull(find(&endpoints, 2999 - ENDPOINTS_CLOSED_MAX + 1));
	ck_assert_ptr_null(find(&endpoints, 2999 - ENDPOINTS_CLOSED_MAX));
	endpoints_free(&endpoints);
}
END_TEST

/* More endpoints than are tracked: idle ones leave room for busy ones, and those are bounded too.
 */
START_TEST(test_open_bound)
{
	struct inet_socket socket = listener(80, 0, 0);
	struct endpoints endpoints;

	endpoints_init(&endpoints, false);
	for (uint32_t i = 0; i < ENDPOINTS_MAX; i++) {
		memcpy(socket.local.address, &i, sizeof(i));
		socket.cookie = i;
		ck_assert_int_eq(endpoints_add(&endpoints, &socket, 0, 10, SECOND), 0);
	}
	ck_assert_uint_eq(endpoints.table.count, ENDPOINTS_IDLE_MAX);
	ck_assert_uint_eq(endpoints_untracked(&endpoints), ENDPOINTS_MAX - ENDPOINTS_IDLE_MAX);
	endpoints_begin(&endpoints, AF_UNSPEC);
	for (uint32_t i = 0; i < ENDPOINTS_MAX; i++) {
		uint32_t address = ENDPOINTS_MAX + i;

		memcpy(socket.local.address, &address, sizeof(address));
		ck_assert_int_eq(endpoints_add(&endpoints, &socket, i % 2, 10, SECOND), 0);
	}
	ck_assert_uint_eq(endpoints.table.count, ENDPOINTS_MAX);
	ck_assert_uint_eq(endpoints_untracked(&endpoints),
			  ENDPOINTS_MAX - (ENDPOINTS_MAX - ENDPOINTS_IDLE_MAX));
	endpoints_free(&endpoints);
}
END_TEST

START_TEST(test_choice)
{
	struct inet_socket sockets[] = {listener(80, 1, 5), listener(81, 2, 0), listener(82, 3, 0),
					listener(83, 4, 9), listener(84, 5, 0)};
	struct endpoints endpoints;
	struct endpoint **list;
	size_t left_out;

	endpoints_init(&endpoints, true);
	ck_assert_int_eq(endpoints_choose(&endpoints, 3, NULL, &list, &left_out), 0);
	ck_assert_ptr_null(list);
	sockets[2].receive_queue = 1;
	round_of(&endpoints, SECOND, sockets, 5);
	ck_assert_int_eq(endpoints_choose(&endpoints, 4, NULL, &list, &left_out), 4);
	ck_assert_uint_eq(left_out, 1);
	ck_assert_uint_eq(list[0]->key.port, 83);
	ck_assert_uint_eq(list[1]->key.port, 80);
	ck_assert_uint_eq(list[2]->key.port, 82);
	ck_assert_uint_eq(list[3]->key.port, 81);
	free(list);
	/* 81 stays, though a key before its own came. */
	sockets[4] = listener(79, 6, 0);
	round_of(&endpoints, 2 * SECOND, sockets, 5);
	ck_assert_int_eq(endpoints_choose(&endpoints, 4, NULL, &list, &left_out), 4);
	ck_assert_uint_eq(list[3]->key.port, 81);
	free(list);
	/* Closed with drops: still there. Closed with a peak only: not. */
	round_of(&endpoints, 3 * SECOND, NULL, 0);
	ck_assert_int_eq(endpoints_choose(&endpoints, 10, NULL, &list, &left_out), 2);
	ck_assert_uint_eq(left_out, 0);
	free(list);
	ck_assert_ptr_nonnull(find(&endpoints, 82));
	endpoints_free(&endpoints);
}
END_TEST

/* The ports of the endpoints that get a row, as a set of ports from 0 to 9999. */
static long chosen(struct endpoints *endpoints, size_t max, struct endpoint_pins *pins,
		   bool ports[10000])
{
	struct endpoint **list;
	size_t left_out;
	long count = endpoints_choose(endpoints, max, pins, &list, &left_out);

	memset(ports, 0, 10000 * sizeof(*ports));
	for (long i = 0; i < count; i++)
		ports[list[i]->key.port] = true;
	free(list);
	return count;
}

/* A service that loses datagrams keeps its row, though hundreds of sockets that lost many more
 * were opened and closed; and one that lost much long ago makes room for it. */
START_TEST(test_junk_closed)
{
	struct inet_socket sockets[602];
	struct endpoints endpoints;
	bool ports[10000];

	endpoints_init(&endpoints, false);
	sockets[0] = listener(53, 1, 10);
	sockets[1] = listener(54, 2, 0);
	for (unsigned i = 2; i < COUNT_OF(sockets); i++)
		sockets[i] = listener((uint16_t)(1000 + i), 10 + i, 700);
	round_of(&endpoints, SECOND, sockets, COUNT_OF(sockets));
	round_of(&endpoints, 2 * SECOND, sockets, 2);
	ck_assert_int_eq(chosen(&endpoints, 512, NULL, ports), 512);
	ck_assert(ports[53] && ports[54]);
	/* All open again: now the recent losses decide. */
	for (uint64_t now = 3; now < 1000; now += 5) {
		sockets[0].drops += 2;
		round_of(&endpoints, now * SECOND, sockets, COUNT_OF(sockets));
	}
	ck_assert_int_eq(chosen(&endpoints, 1, NULL, ports), 1);
	ck_assert(ports[53]);
	endpoints_free(&endpoints);
}
END_TEST

/* Open sockets of one user that lose more than all others take no more than half of the rows. */
START_TEST(test_share)
{
	struct inet_socket sockets[100];
	struct endpoints endpoints;
	bool ports[10000];

	endpoints_init(&endpoints, false);
	for (unsigned i = 0; i < COUNT_OF(sockets); i++) {
		sockets[i] = listener((uint16_t)(1000 + i), 1 + i, i < 80 ? 1000 : 1);
		sockets[i].uid = i < 80 ? 1000 : i < 90 ? 33 : 0;
	}
	round_of(&endpoints, SECOND, sockets, COUNT_OF(sockets));
	ck_assert_int_eq(chosen(&endpoints, 40, NULL, ports), 40);
	for (unsigned i = 80; i < COUNT_OF(sockets); i++)
		ck_assert(ports[1000 + i]);
	/* What the others do not need is not kept free. */
	ck_assert_int_eq(chosen(&endpoints, 90, NULL, ports), 90);
	endpoints_free(&endpoints);
}
END_TEST

/* An endpoint that an alarm is about keeps its row, also when it is closed. */
START_TEST(test_pinned)
{
	static const char *const names[] = {"127.0.0.1:1099", "127.0.0.1:1098"};
	static const char *const other[] = {"[::1]:53"};
	struct endpoint_pins pins = ENDPOINT_PINS_NONE;
	struct inet_socket sockets[100];
	struct endpoints endpoints;
	bool ports[10000];

	endpoints_init(&endpoints, false);
	for (unsigned i = 0; i < COUNT_OF(sockets); i++)
		sockets[i] = listener((uint16_t)(1000 + i), 1 + i, 1000 - i);
	round_of(&endpoints, SECOND, sockets, COUNT_OF(sockets));
	ck_assert_int_eq(endpoint_pins_set(&pins, names, 2), 0);
	ck_assert_int_eq(chosen(&endpoints, 10, &pins, ports), 10);
	ck_assert(!ports[1099]); /* it never had a row */
	find(&endpoints, 1099)->name = endpoint_pin(names[0]);
	find(&endpoints, 1098)->name = endpoint_pin(names[1]);
	round_of(&endpoints, 2 * SECOND, sockets, COUNT_OF(sockets) - 1);
	ck_assert_int_eq(chosen(&endpoints, 10, &pins, ports), 10);
	ck_assert(ports[1098] && ports[1099]);
	ck_assert_int_eq(endpoint_pins_set(&pins, other, 1), 0);
	ck_assert(endpoint_pins_has(&pins, endpoint_pin(other[0])));
	ck_assert(!endpoint_pins_has(&pins, endpoint_pin(names[0])));
	ck_assert_int_eq(chosen(&endpoints, 10, &pins, ports), 10);
	ck_assert(!ports[1098] && !ports[1099]);
	ck_assert_int_eq(endpoint_pins_set(&pins, NULL, 0), 0);
	ck_assert(!endpoint_pins_has(&pins, endpoint_pin(other[0])));
	endpoints_free(&endpoints);
}
END_TEST

/* 10,000 listeners as messages, through the decoder, for ten rounds in which one drops. */
START_TEST(test_ten_thousand)
{
	static const uint32_t zero[9];
	struct endpoints endpoints;
	struct endpoint **list;
	struct reply reply;
	size_t left_out;
	long count;

	endpoints_init(&endpoints, true);
	reply_init(&reply);
	for (uint32_t round = 1; round <= 10; round++) {
		endpoints_begin(&endpoints, AF_INET6);
		for (uint32_t i = 0; i < 10000; i++) {
			struct inet_diag_msg msg = {
				.idiag_family = AF_INET6,
				.idiag_state = TCP_LISTEN,
				.idiag_wqueue = 128,
				.idiag_inode = i + 1,
				.id = {.idiag_sport = htons((uint16_t)(1024 + i)),
				       .idiag_cookie = {i, 1}},
			};
			uint32_t memory[9];
			struct inet_socket socket;

			memcpy(memory, zero, sizeof(memory));
			memory[8] = i == 4321 ? round * 100 : 0;
			ck_assert_int_eq(
				sock_diag_decode(reply_socket(&reply, &msg, memory, 9), &socket),
				0);
			ck_assert_int_eq(endpoints_add(&endpoints, &socket, 0, 128, round * SECOND),
					 0);
		}
		endpoints_end(&endpoints, round * SECOND);
	}
	ck_assert_uint_eq(endpoints.members.count, 1);
	count = endpoints_choose(&endpoints, 5000, NULL, &list, &left_out);
	ck_assert_int_eq(count, 5000);
	ck_assert_uint_eq(left_out, 5000);
	ck_assert_uint_eq(list[0]->key.port, 1024 + 4321);
	ck_assert_uint_eq(list[0]->drops, 1000);
	free(list);
	reply_done(&reply);
	endpoints_free(&endpoints);
}
END_TEST

UNIT_MAIN("endpoints", test_members, test_drops_go_on, test_drops_once, test_families, test_wrap,
	  test_old_kernel, test_forgets, test_closed_bound, test_open_bound, test_choice,
	  test_junk_closed, test_share, test_pinned, test_ten_thousand)
