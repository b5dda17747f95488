/* SPDX-License-Identifier: BSD-2-Clause */
/* How long TCP sockets have been in CLOSE_WAIT, and on which local ports: from the cookies in the
 * socketState collector's dumps. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/socket/close_wait.h"

const struct row_type close_wait_row_type = {
	.name = "close_wait",
	.size = sizeof(struct close_wait_row),
	.text = offsetof(struct close_wait_row, command),
	.key = {ROW_NUMBER(struct close_wait_row, port)},
};

/* A dump is no snapshot and can miss a socket. Were it forgotten at once, its age would begin anew
 * when it is back. */
#define MISSED_NS UINT64_C(20000000000)

struct waiting {
	uint64_t cookie;
	uint64_t since;
	uint64_t seen;
	struct endpoint_key remote;
	uint32_t inode;
	uint16_t port;
};

/* A local port, while its sockets are added up. */
struct port {
	uint32_t number;
	uint32_t inode;
	uint32_t votes;
	uint64_t count;
	uint64_t older;
	uint64_t oldest;
	uint64_t inode_since;
	struct endpoint_key peer; /* who has the majority, if anyone has */
	uint64_t peers;
};

void close_waits_init(struct close_waits *waits)
{
	*waits = (struct close_waits){.began = 0};
	hash_init(&waits->sockets, sizeof(struct waiting), sizeof(uint64_t));
}

void close_waits_free(struct close_waits *waits)
{
	hash_clear(&waits->sockets);
}

void close_waits_begin(struct close_waits *waits, uint64_t now)
{
	if (!waits->began)
		waits->began = now;
	waits->now = now;
	waits->untracked = 0;
}

void close_waits_add(struct close_waits *waits, const struct inet_socket *socket)
{
	struct waiting *waiting = hash_find(&waits->sockets, &socket->cookie);

	if (!waiting && waits->sockets.count < CLOSE_WAIT_MAX)
		waiting = hash_add(&waits->sockets, &socket->cookie);
	if (!waiting) {
		waits->untracked++;
		return;
	}
	if (!waiting->since)
		waiting->since = waits->now;
	waiting->seen = waits->now;
	waiting->remote = socket->remote;
	waiting->remote.port = 0;
	waiting->inode = socket->inode;
	waiting->port = socket->local.port;
}

static bool keep_waiting(const void *item, void *now)
{
	return *(const uint64_t *)now - ((const struct waiting *)item)->seen <= MISSED_NS;
}

void close_waits_end(struct close_waits *waits)
{
	hash_keep(&waits->sockets, keep_waiting, &waits->now);
}

static bool is_there(const struct close_waits *waits, const struct waiting *waiting)
{
	return waiting->seen == waits->now;
}

static bool is_old(const struct close_waits *waits, const struct waiting *waiting)
{
	return waits->now - waiting->since > CLOSE_WAIT_OLD_NS;
}

uint64_t close_waits_older(const struct close_waits *waits)
{
	bool early = waits->now - waits->began <= CLOSE_WAIT_OLD_NS;
	uint64_t older = 0;

	for (size_t i = 0; i < waits->sockets.count; i++) {
		const struct waiting *waiting = hash_at(&waits->sockets, i);

		if (!is_there(waits, waiting))
			continue;
		if (early && waiting->since == waits->began)
			return ROW_ABSENT;
		older += is_old(waits, waiting);
	}
	return older;
}

/* Adds a socket to its port. The peer is found by a majority vote (Boyer and Moore): each socket
 * votes for its peer or against another one's. */
static void add_to_port(const struct close_waits *waits, const struct waiting *waiting,
			struct port *port)
{
	bool same = !memcmp(&port->peer, &waiting->remote, sizeof(port->peer));

	port->count++;
	port->older += is_old(waits, waiting);
	if (waits->now - waiting->since > port->oldest)
		port->oldest = waits->now - waiting->since;
	if (waiting->inode && (!port->inode || waiting->since < port->inode_since)) {
		port->inode = waiting->inode;
		port->inode_since = waiting->since;
	}
	if (!port->votes)
		port->peer = waiting->remote;
	if (!port->votes || same)
		port->votes++;
	else
		port->votes--;
}

static bool is_worse(const struct port *port, const struct port *than)
{
	if (port->older != than->older)
		return port->older > than->older;
	return port->count > than->count;
}

/* Puts a port where it belongs among the worst ones, worst first. */
static void rank_port(struct port *top[CLOSE_WAIT_PORTS], struct port *port)
{
	unsigned at = CLOSE_WAIT_PORTS;

	while (at && (!top[at - 1] || is_worse(port, top[at - 1])))
		at--;
	if (at == CLOSE_WAIT_PORTS)
		return;
	memmove(&top[at + 1], &top[at], (CLOSE_WAIT_PORTS - at - 1) * sizeof(struct port *));
	top[at] = port;
}

/* Who won a vote need not have the majority. */
static void count_peers(const struct close_waits *waits, const struct hash *ports)
{
	for (size_t i = 0; i < waits->sockets.count; i++) {
		const struct waiting *waiting = hash_at(&waits->sockets, i);
		uint32_t number = waiting->port;
		struct port *port = hash_find(ports, &number);

		if (port && is_there(waits, waiting))
			port->peers += !memcmp(&port->peer, &waiting->remote, sizeof(port->peer));
	}
}

static int add_row(struct rows *rows, const struct port *port)
{
	struct close_wait_row *row = rows_add(rows);

	if (!row)
		return -ENOMEM;
	row->port = port->number;
	row->count = port->count;
	row->older = port->older;
	row->oldest = port->oldest;
	row->inode = port->inode;
	if (port->peers * 2 >= port->count) {
		row->peers = port->peers;
		address_format(&port->peer, "", row->peer);
	}
	return 0;
}

int close_waits_rows(const struct close_waits *waits, struct rows *rows)
{
	struct port *top[CLOSE_WAIT_PORTS] = {NULL};
	struct hash ports;
	int err = 0;

	hash_init(&ports, sizeof(struct port), sizeof(uint32_t));
	for (size_t i = 0; !err && i < waits->sockets.count; i++) {
		const struct waiting *waiting = hash_at(&waits->sockets, i);
		uint32_t number = waiting->port;
		struct port *port;

		if (!is_there(waits, waiting))
			continue;
		port = hash_add(&ports, &number);
		if (port)
			add_to_port(waits, waiting, port);
		else
			err = -ENOMEM;
	}
	count_peers(waits, &ports);
	for (size_t i = 0; i < ports.count; i++)
		rank_port(top, hash_at(&ports, i));
	for (unsigned i = 0; !err && i < CLOSE_WAIT_PORTS && top[i]; i++)
		err = add_row(rows, top[i]);
	hash_clear(&ports);
	return err;
}
