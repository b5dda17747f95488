/* SPDX-License-Identifier: BSD-2-Clause */
/* endpoints: whatever sockets come, go and drop, an endpoint's sum never goes down while it is
 * known, and the choice is no larger than asked for. */
#include <config.h>

#include <string.h>
#include <sys/socket.h>

#include "collectors/socket/endpoints.h"
#include "tests/fuzz/fuzz.h"

#define SECOND UINT64_C(1000000000)
#define PORTS  16

/* One step of the input: a socket of the dump under way, or its end. */
struct step {
	uint8_t what; /* port (low half), what happens (high half) */
	uint8_t cookie;
	uint8_t queue;
	uint8_t drops[4];
};

enum what {
	WHAT_END = 15,	   /* the dump is complete */
	WHAT_RESTART = 14, /* it begins anew */
	WHAT_LATER = 13,   /* complete, and a long time passes */
};

struct seen {
	uint64_t drops[PORTS];
	uint64_t since[PORTS];
};

static void check_sums(struct endpoints *endpoints, struct seen *seen)
{
	struct endpoint **list;
	size_t left_out;
	long count = endpoints_choose(endpoints, PORTS / 2, NULL, &list, &left_out);

	fuzz_check(count >= 0 && count <= PORTS / 2);
	fuzz_check(endpoints->table.count <= PORTS);
	for (size_t i = 0; i < endpoints->table.count; i++) {
		const struct endpoint *endpoint = hash_at(&endpoints->table, i);
		uint16_t port = endpoint->key.port;

		if (seen->since[port] == endpoint->since)
			fuzz_check(endpoint->drops >= seen->drops[port]);
		seen->drops[port] = endpoint->drops;
		seen->since[port] = endpoint->since;
	}
	free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {{0}, {0}};
	struct endpoints endpoints;
	uint64_t now = SECOND;

	endpoints_init(&endpoints, size % 2);
	for (; size >= sizeof(struct step); size -= sizeof(struct step)) {
		struct inet_socket socket = {.has_drops = true};
		struct step step;

		memcpy(&step, data, sizeof(step));
		data += sizeof(step);
		switch (step.what >> 4) {
		case WHAT_LATER:
			now += 1000 * SECOND;
			/* fall through */
		case WHAT_END:
			endpoints_end(&endpoints, now);
			check_sums(&endpoints, &seen);
			now += SECOND;
			/* fall through */
		case WHAT_RESTART:
			endpoints_begin(&endpoints, AF_INET);
			break;
		default:
			socket.local.family = AF_INET;
			socket.local.port = step.what % PORTS;
			socket.cookie = step.cookie;
			memcpy(&socket.drops, step.drops, sizeof(socket.drops));
			fuzz_check(!endpoints_add(&endpoints, &socket, step.queue, 8, now));
			break;
		}
	}
	endpoints_free(&endpoints);
	return 0;
}
