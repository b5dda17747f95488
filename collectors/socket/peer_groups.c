/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Groups connections by the peers' network, and ranks the groups by the segments that were
 * retransmitted since the previous look. Uses the tcp_info (include/uapi/linux/tcp.h) that
 * sock_diag.c decodes.
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/socket/peer.h"

#define WHOLE 10000 /* 0.01 percent */

/* A prefix is hit if at least one in this many of its data segments was retransmitted. */
#define HIT_ONE_IN 100

/* A connection, as of the last look that listed it. */
struct peer_connection {
	uint64_t cookie;
	uint32_t look;
	uint32_t group; /* index, of that look */
	uint32_t retransmits;
	uint32_t data_segments;
	uint32_t rtt; /* us; 0: not measured yet */
	uint32_t rtt_var;
};

/* Network byte order; IPv4 in the first 4 bytes. */
struct peer_prefix_key {
	uint8_t address[16];
	uint32_t family;
};

struct peer_prefix {
	struct peer_prefix_key key;
	uint32_t known; /* data_segments is */
	uint64_t retransmits;
	uint64_t data_segments;
};

struct peer_group_key {
	struct peer_prefix_key prefix;
	uint16_t local_port;
	uint16_t remote_port;
};

struct peer_group {
	struct peer_group_key key;
	uint32_t prefix; /* index */
	uint32_t rank;	 /* 0: it gets no row */
	uint64_t connections;
	uint64_t informed; /* of them: those with a tcp_info */
	uint64_t counted;  /* of them: those whose data segments are counted */
	uint64_t retransmits;
	uint64_t data_segments;
};

void peers_init(struct peers *peers)
{
	memset(peers, 0, sizeof(*peers));
	hash_init(&peers->connections, sizeof(struct peer_connection), sizeof(uint64_t));
	hash_init(&peers->groups, sizeof(struct peer_group), sizeof(struct peer_group_key));
	hash_init(&peers->prefixes, sizeof(struct peer_prefix), sizeof(struct peer_prefix_key));
}

void peers_free(struct peers *peers)
{
	hash_clear(&peers->connections);
	hash_clear(&peers->groups);
	hash_clear(&peers->prefixes);
}

void peers_forget(struct peers *peers)
{
	peers_free(peers);
	peers->before = 0;
}

void peers_begin(struct peers *peers, size_t max, unsigned v4_bits, unsigned v6_bits, uint64_t now)
{
	hash_clear(&peers->groups);
	hash_clear(&peers->prefixes);
	memset(peers->listening, 0, sizeof(peers->listening));
	peers->max = max;
	peers->listed = 0;
	peers->v4_bits = v4_bits;
	peers->v6_bits = v6_bits;
	peers->look++;
	peers->now = now;
}

/* The network of an address. IPv4-mapped addresses count as IPv4. */
static void peer_prefix_of(const struct peers *peers, const struct endpoint_key *remote,
			   struct peer_prefix_key *prefix)
{
	static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	unsigned bits = peers->v6_bits;

	memset(prefix, 0, sizeof(*prefix));
	prefix->family = remote->family;
	if (remote->family == AF_INET6 && !memcmp(remote->address, mapped, sizeof(mapped))) {
		prefix->family = AF_INET;
		memcpy(prefix->address, remote->address + sizeof(mapped), 4);
	} else {
		memcpy(prefix->address, remote->address, sizeof(prefix->address));
	}
	if (prefix->family == AF_INET)
		bits = peers->v4_bits;
	for (unsigned i = 0; i < sizeof(prefix->address); i++, bits -= bits < 8 ? bits : 8)
		if (bits < 8)
			prefix->address[i] &= (uint8_t)(0xff00 >> bits);
}

static bool peer_is_listening(const struct peers *peers, uint16_t port)
{
	return peers->listening[port / 8] & (1u << port % 8);
}

/* Finds or adds the group of a connection. NULL when memory is short. */
static struct peer_group *peer_find_group(struct peers *peers, const struct inet_socket *socket)
{
	struct peer_prefix *prefix;
	struct peer_group_key key;
	struct peer_group *group;

	memset(&key, 0, sizeof(key));
	peer_prefix_of(peers, &socket->remote, &key.prefix);
	if (peer_is_listening(peers, socket->local.port))
		key.local_port = socket->local.port;
	else
		key.remote_port = socket->remote.port;
	prefix = hash_add(&peers->prefixes, &key.prefix);
	group = prefix ? hash_add(&peers->groups, &key) : NULL;
	if (group)
		group->prefix = (uint32_t)(prefix - (struct peer_prefix *)peers->prefixes.items);
	return group;
}

/* Adds the increases of a connection since the previous look; a new one began at 0. */
static void peer_count(struct peers *peers, struct peer_group *group,
		       const struct peer_connection *before, const struct inet_socket *socket)
{
	struct peer_prefix *prefix = hash_at(&peers->prefixes, group->prefix);
	uint32_t retransmits = socket->path.retransmits - before->retransmits;
	uint32_t segments = socket->path.data_segments - before->data_segments;

	group->informed++;
	group->retransmits += retransmits;
	prefix->retransmits += retransmits;
	if (!socket->path.has_data_segments)
		return;
	group->counted++;
	group->data_segments += segments;
	prefix->data_segments += segments;
	prefix->known = 1;
}

int peers_add(struct peers *peers, const struct inet_socket *socket)
{
	struct peer_connection *connection;
	struct peer_group *group;

	if (socket->state == TCP_LISTEN) {
		peers->listening[socket->local.port / 8] |= (uint8_t)(1u << socket->local.port % 8);
		return 0;
	}
	if (!socket->full || peers->listed >= peers->max)
		return 0;
	connection = hash_add(&peers->connections, &socket->cookie);
	group = connection ? peer_find_group(peers, socket) : NULL;
	if (!group)
		return -ENOMEM;
	if (connection->look == peers->look)
		return 0; /* listed twice */
	peers->listed++;
	group->connections++;
	connection->look = peers->look;
	connection->group = (uint32_t)(group - (struct peer_group *)peers->groups.items);
	if (!socket->has_path)
		return 0;
	if (peers->before)
		peer_count(peers, group, connection, socket);
	connection->retransmits = socket->path.retransmits;
	connection->data_segments = socket->path.data_segments;
	connection->rtt = socket->path.rtt;
	connection->rtt_var = socket->path.rtt_var;
	return 0;
}

/* --- the ranking ---------------------------------------------------------------------------- */

static int peer_compare_groups(const void *a, const void *b)
{
	const struct peer_group *x = *(const struct peer_group *const *)a;
	const struct peer_group *y = *(const struct peer_group *const *)b;

	if (x->retransmits != y->retransmits)
		return x->retransmits < y->retransmits ? 1 : -1;
	if (x->connections != y->connections)
		return x->connections < y->connections ? 1 : -1;
	return memcmp(&x->key, &y->key, sizeof(x->key));
}

static int peer_compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void peer_format(const struct peers *peers, const struct peer_prefix_key *prefix,
			char text[PEER_REMOTE_SIZE])
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop((int)prefix->family, prefix->address, address, sizeof(address));
	snprintf(text, PEER_REMOTE_SIZE, "%s/%u", address,
		 prefix->family == AF_INET ? peers->v4_bits : peers->v6_bits);
}

/* Counts the prefixes that are hit, and all retransmits. */
static void peer_count_hits(struct peers *peers)
{
	peers->hit = peers->retransmits = 0;
	for (size_t i = 0; i < peers->prefixes.count; i++) {
		const struct peer_prefix *prefix = hash_at(&peers->prefixes, i);

		peers->retransmits += prefix->retransmits;
		if (prefix->retransmits &&
		    (!prefix->known || prefix->retransmits * HIT_ONE_IN >= prefix->data_segments))
			peers->hit++;
	}
}

static void peer_fill_row(const struct peers *peers, const struct peer_group *group,
			  struct peer_row *row)
{
	const struct peer_prefix *prefix = hash_at(&peers->prefixes, group->prefix);

	row->rank = group->rank;
	row->local_port = group->key.local_port;
	row->remote_port = group->key.remote_port;
	row->connections = group->connections;
	row->prefixes = peers->prefixes.count;
	row->taken = peers->now;
	peer_format(peers, &group->key.prefix, row->remote);
	if (!peers->before || !group->informed)
		return;
	row->prefixes_hit = peers->hit;
	row->all_retransmits = peers->retransmits;
	row->interval = peers->now - peers->before;
	row->retransmits = group->retransmits;
	row->retransmit_share = row_usage(group->retransmits, row->all_retransmits);
	row->prefix_retransmits = prefix->retransmits;
	if (group->counted != group->informed || !group->data_segments)
		return;
	row->lost_share = row_usage(group->retransmits, group->data_segments);
	if (row->lost_share > WHOLE)
		row->lost_share = WHOLE; /* a SYN that was sent again carried no data */
}

/* Sets a number of each row to the median of its connections'. samples: room for all of them. */
static void peer_set_medians(const struct peers *peers, struct rows *rows, uint64_t *samples,
			     size_t connection_member, size_t row_member_offset)
{
	size_t count = 0;

	for (size_t i = 0; i < peers->connections.count; i++) {
		const struct peer_connection *connection = hash_at(&peers->connections, i);
		const struct peer_group *group = hash_at(&peers->groups, connection->group);
		uint32_t number;

		memcpy(&number, (const char *)connection + connection_member, sizeof(number));
		if (group->rank && connection->rtt)
			samples[count++] = (uint64_t)group->rank << 32 | number;
	}
	qsort(samples, count, sizeof(*samples), peer_compare_numbers);
	for (size_t from = 0, to; from < count; from = to) {
		uint64_t rank = samples[from] >> 32;

		for (to = from; to < count && samples[to] >> 32 == rank;)
			to++;
		*row_member(rows_at(rows, rank - 1),
			    row_member_offset) = (uint32_t)samples[from + (to - from - 1) / 2];
	}
}

static bool peer_was_listed(const void *item, void *look)
{
	return ((const struct peer_connection *)item)->look == *(const uint32_t *)look;
}

/* Ranks the groups, and makes a row of each of the first `max`. 0 or -ENOMEM. */
static int peer_rank(struct peers *peers, size_t max, struct rows *rows)
{
	struct peer_group **order = calloc(peers->groups.count + 1, sizeof(*order));
	int err = order ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < peers->groups.count; i++)
		order[i] = hash_at(&peers->groups, i);
	if (!err)
		qsort(order, peers->groups.count, sizeof(struct peer_group *), peer_compare_groups);
	for (size_t i = 0; !err && i < peers->groups.count && i < max; i++) {
		struct peer_row *row = rows_add(rows);

		order[i]->rank = (uint32_t)i + 1;
		if (row)
			peer_fill_row(peers, order[i], row);
		else
			err = -ENOMEM;
	}
	free(order);
	return err;
}

int peers_end(struct peers *peers, size_t max, struct rows *rows)
{
	uint64_t *samples;
	int err;

	peer_count_hits(peers);
	hash_keep(&peers->connections, peer_was_listed, &peers->look);
	err = peer_rank(peers, max, rows);
	samples = calloc(peers->connections.count + 1, sizeof(*samples));
	if (!samples)
		err = -ENOMEM;
	if (!err) {
		peer_set_medians(peers, rows, samples, offsetof(struct peer_connection, rtt),
				 offsetof(struct peer_row, rtt_median));
		peer_set_medians(peers, rows, samples, offsetof(struct peer_connection, rtt_var),
				 offsetof(struct peer_row, rtt_var));
	}
	free(samples);
	hash_clear(&peers->groups);
	hash_clear(&peers->prefixes);
	if (!err)
		peers->before = peers->now;
	return err;
}
