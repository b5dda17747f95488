/* SPDX-License-Identifier: BSD-2-Clause */
/* Sums of the sockets of each local endpoint, and the choice of those that get a row. The sockets
 * come from the listener and udpSocket collectors' dumps. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/base/clock.h"
#include "collectors/socket/endpoints.h"

/* A dump is no snapshot and can miss a socket. Were it forgotten at once, all its drops would be
 * counted again when it is back. */
#define MEMBER_KEEP_NS (60 * SECOND_NS)
#define CLOSED_KEEP_NS (3600 * SECOND_NS)

/* How fast drops fade from the rank: those of a minute ago count for less than half. */
#define RECENT_NS (60 * SECOND_NS)

#define USAGE_FULL 10000 /* 0.01 percent */

/* A socket that has dropped. */
struct member {
	uint64_t cookie;
	uint64_t seen;
	uint32_t drops;
	uint32_t unused;
};

void endpoints_init(struct endpoints *endpoints, bool listeners)
{
	*endpoints = (struct endpoints){.listeners = listeners};
	hash_init(&endpoints->table, sizeof(struct endpoint), sizeof(struct endpoint_key));
	hash_init(&endpoints->members, sizeof(struct member), sizeof(uint64_t));
}

void endpoints_free(struct endpoints *endpoints)
{
	hash_clear(&endpoints->table);
	hash_clear(&endpoints->members);
}

static size_t *endpoints_passed_over(struct endpoints *endpoints, uint8_t family)
{
	return &endpoints->untracked[family == AF_INET6];
}

void endpoints_begin(struct endpoints *endpoints, uint8_t family)
{
	for (size_t i = 0; i < endpoints->table.count; i++) {
		struct endpoint *endpoint = hash_at(&endpoints->table, i);

		if (family != AF_UNSPEC && endpoint->key.family != family)
			continue;
		endpoint->sockets = 0;
		endpoint->inode = 0;
		endpoint->queue = 0;
		endpoint->limit = 0;
		endpoint->usage = 0;
	}
	if (family == AF_UNSPEC)
		memset(endpoints->untracked, 0, sizeof(endpoints->untracked));
	else
		*endpoints_passed_over(endpoints, family) = 0;
}

/* The drops of a socket that are not in its endpoint's sum yet. -1: cannot be remembered, and must
 * not be counted then. */
static int64_t endpoints_new_drops(struct endpoints *endpoints, const struct inet_socket *socket,
				   uint64_t now)
{
	struct member *member = hash_find(&endpoints->members, &socket->cookie);
	uint32_t step;

	if (!member) {
		if (!socket->drops)
			return 0;
		if (endpoints->members.count >= ENDPOINTS_MEMBERS_MAX)
			return -1;
		member = hash_add(&endpoints->members, &socket->cookie);
		if (!member)
			return -1;
	}
	step = socket->drops - member->drops;
	/* Half the range between two dumps is no wrap: the socket began anew. */
	if (socket->drops < member->drops && step > UINT32_MAX / 2)
		step = socket->drops;
	member->drops = socket->drops;
	member->seen = now;
	return step;
}

/* What a socket dropped goes to its endpoint. */
static void endpoints_add_drops(struct endpoints *endpoints, struct endpoint *endpoint,
				const struct inet_socket *socket, uint64_t now)
{
	int64_t step;

	if (!socket->has_drops)
		endpoint->drops = ROW_ABSENT;
	if (endpoint->drops == ROW_ABSENT)
		return;
	step = endpoints_new_drops(endpoints, socket, now);
	if (step < 0) {
		++*endpoints_passed_over(endpoints, socket->local.family);
		return;
	}
	endpoint->drops += (uint64_t)step;
	endpoint->recent += (double)step;
}

/* A listener's queue is full when it is longer than its limit (sk_acceptq_is_full()). */
static uint64_t endpoint_usage(uint64_t queue, uint64_t room)
{
	return queue < room ? queue * USAGE_FULL / room : queue ? USAGE_FULL : 0;
}

int endpoints_add(struct endpoints *endpoints, const struct inet_socket *socket, uint64_t queue,
		  uint64_t limit, uint64_t now)
{
	struct endpoint *endpoint = hash_find(&endpoints->table, &socket->local);
	size_t max = queue || socket->drops ? ENDPOINTS_MAX : ENDPOINTS_IDLE_MAX;
	uint64_t usage = endpoint_usage(queue, limit + endpoints->listeners);

	if (!endpoint) {
		if (endpoints->table.count >= max) {
			++*endpoints_passed_over(endpoints, socket->local.family);
			return 0;
		}
		endpoint = hash_add(&endpoints->table, &socket->local);
		if (!endpoint)
			return -ENOMEM;
		endpoint->since = now;
	}
	endpoint->sockets++;
	endpoint->queue += queue;
	endpoint->limit += limit;
	endpoint->seen = now;
	if (usage > endpoint->usage)
		endpoint->usage = usage;
	if (queue > endpoint->peak)
		endpoint->peak = queue;
	if (socket->inode && (!endpoint->inode || socket->inode < endpoint->inode)) {
		endpoint->inode = socket->inode;
		endpoint->uid = socket->uid;
	}
	endpoints_add_drops(endpoints, endpoint, socket, now);
	return 0;
}

static bool endpoints_keep_member(const void *item, void *now)
{
	const struct member *member = item;

	return *(const uint64_t *)now - member->seen <= MEMBER_KEEP_NS;
}

static bool endpoint_has_dropped(const struct endpoint *endpoint)
{
	return endpoint->drops && endpoint->drops != ROW_ABSENT;
}

struct age {
	uint64_t now;
	bool peaks;
};

static bool endpoint_worth_keeping(const struct endpoint *endpoint, const struct age *age)
{
	if (endpoint->sockets)
		return true;
	return age->now - endpoint->seen <= CLOSED_KEEP_NS &&
	       (endpoint_has_dropped(endpoint) || (age->peaks && endpoint->peak));
}

static bool endpoints_keep(const void *item, void *age)
{
	const struct endpoint *endpoint = item;

	return !endpoint->forgotten && endpoint_worth_keeping(endpoint, age);
}

/* Closed last comes first, then most drops. */
static int compare_closed(const void *a, const void *b)
{
	const struct endpoint *x = *(struct endpoint *const *)a;
	const struct endpoint *y = *(struct endpoint *const *)b;

	if (x->seen != y->seen)
		return x->seen > y->seen ? -1 : 1;
	if (x->drops != y->drops)
		return x->drops > y->drops ? -1 : 1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

/* Marks those past ENDPOINTS_CLOSED_MAX. Without the memory to choose it is done next time. */
static void endpoints_forget_oldest(struct endpoints *endpoints, const struct age *age)
{
	struct endpoint **closed;
	size_t count = 0;

	for (size_t i = 0; i < endpoints->table.count; i++) {
		const struct endpoint *endpoint = hash_at(&endpoints->table, i);

		count += !endpoint->sockets && endpoint_worth_keeping(endpoint, age);
	}
	closed = count > ENDPOINTS_CLOSED_MAX ? calloc(count, sizeof(struct endpoint *)) : NULL;
	if (!closed)
		return;
	count = 0;
	for (size_t i = 0; i < endpoints->table.count; i++) {
		struct endpoint *endpoint = hash_at(&endpoints->table, i);

		if (!endpoint->sockets && endpoint_worth_keeping(endpoint, age))
			closed[count++] = endpoint;
	}
	qsort(closed, count, sizeof(struct endpoint *), compare_closed);
	for (size_t i = ENDPOINTS_CLOSED_MAX; i < count; i++)
		closed[i]->forgotten = true;
	free(closed);
}

/* Lets the recent drops age by the time since the last round. */
static void endpoints_age_recent(struct endpoints *endpoints, uint64_t now)
{
	double elapsed = endpoints->ended ? (double)(now - endpoints->ended) : 0;
	double left = (double)RECENT_NS / ((double)RECENT_NS + elapsed);

	for (size_t i = 0; i < endpoints->table.count; i++) {
		struct endpoint *endpoint = hash_at(&endpoints->table, i);

		endpoint->recent *= left;
	}
	endpoints->ended = now;
}

void endpoints_end(struct endpoints *endpoints, uint64_t now)
{
	struct age age = {.now = now, .peaks = endpoints->listeners};

	endpoints_age_recent(endpoints, now);
	endpoints_forget_oldest(endpoints, &age);
	hash_keep(&endpoints->table, endpoints_keep, &age);
	hash_keep(&endpoints->members, endpoints_keep_member, &now);
}

size_t endpoints_untracked(const struct endpoints *endpoints)
{
	return endpoints->untracked[0] + endpoints->untracked[1];
}

/* <0 when the larger number is a's. */
static int compare_descending(uint64_t a, uint64_t b)
{
	return a > b ? -1 : a < b;
}

/* The order in which endpoints get rows. */
static int compare_rank(const void *a, const void *b)
{
	const struct endpoint *x = *(struct endpoint *const *)a;
	const struct endpoint *y = *(struct endpoint *const *)b;
	int order = compare_descending(x->pinned, y->pinned);

	if (!order)
		order = compare_descending(x->sockets != 0, y->sockets != 0);
	if (!order)
		order = compare_descending((uint64_t)x->recent, (uint64_t)y->recent);
	if (!order)
		order = compare_descending(endpoint_has_dropped(x) ? x->drops : 0,
					   endpoint_has_dropped(y) ? y->drops : 0);
	if (!order)
		order = compare_descending(x->queue, y->queue);
	if (!order)
		order = compare_descending(x->shown, y->shown);
	return order ? order : memcmp(&x->key, &y->key, sizeof(x->key));
}

struct share {
	uint32_t uid;
	uint32_t unused;
	size_t count;
};

/* Whether a user has more than half of the places already. Counts this one. */
static bool endpoint_beyond_share(struct hash *shares, const struct endpoint *endpoint, size_t max)
{
	struct share *share;

	if (endpoint->pinned || !endpoint->uid)
		return false;
	share = hash_add(shares, &endpoint->uid);
	return share && share->count++ >= (max + 1) / 2;
}

/* Of a ranked list, moves those that are beyond their user's share behind the others; both parts
 * keep their order. Without the memory for it the ranking stays. */
static void endpoints_rank_by_share(struct endpoint **list, size_t count, size_t max)
{
	struct endpoint **beyond = reallocarray(NULL, count, sizeof(struct endpoint *));
	size_t kept = 0, moved = 0;
	struct hash shares;

	if (!beyond)
		return;
	hash_init(&shares, sizeof(struct share), sizeof(uint32_t));
	for (size_t i = 0; i < count; i++) {
		if (endpoint_beyond_share(&shares, list[i], max))
			beyond[moved++] = list[i];
		else
			list[kept++] = list[i];
	}
	memcpy(list + kept, beyond, moved * sizeof(struct endpoint *));
	hash_clear(&shares);
	free(beyond);
}

long endpoints_choose(struct endpoints *endpoints, size_t max, struct endpoint_pins *pins,
		      struct endpoint ***list, size_t *left_out)
{
	struct endpoint **all;
	size_t count = 0;

	*list = NULL;
	*left_out = 0;
	if (!endpoints->table.count)
		return 0;
	all = calloc(endpoints->table.count, sizeof(struct endpoint *));
	if (!all)
		return -ENOMEM;
	for (size_t i = 0; i < endpoints->table.count; i++) {
		struct endpoint *endpoint = hash_at(&endpoints->table, i);

		if (endpoint->sockets || endpoint_has_dropped(endpoint))
			all[count++] = endpoint;
	}
	if (count > max) {
		for (size_t i = 0; i < count; i++)
			all[i]->pinned = pins && all[i]->name &&
					 endpoint_pins_has(pins, all[i]->name);
		qsort(all, count, sizeof(struct endpoint *), compare_rank);
		endpoints_rank_by_share(all, count, max);
		*left_out = count - max;
	}
	for (size_t i = 0; i < count; i++)
		all[i]->shown = i < max;
	*list = all;
	return (long)(count - *left_out);
}
