/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP sockets in CLOSE_WAIT: which process keeps them, on which local port, and for how long. A
 * connection that waits there for minutes is one that its process forgot to close.
 *
 * The kernel does not say when a socket entered its state: it is known by its cookie from the dump
 * that first had it.
 */
#ifndef NETDIAG_SOCKET_CLOSE_WAIT_H
#define NETDIAG_SOCKET_CLOSE_WAIT_H

#include "collectors/base/hash.h"
#include "collectors/base/rows.h"
#include "collectors/kernel/sock_diag.h"

/* In CLOSE_WAIT for longer than this is old. */
#define CLOSE_WAIT_OLD_NS UINT64_C(300000000000)

/* So many are known; those beyond are not counted by port or age. */
#define CLOSE_WAIT_MAX 65536

/* The local ports with most old ones: for advice, no table shows them. */
#define CLOSE_WAIT_PORTS 10

struct close_wait_row {
	uint64_t port;
	uint64_t count;
	uint64_t older;	 /* for more than five minutes */
	uint64_t oldest; /* ns in CLOSE_WAIT */
	uint64_t inode;	 /* of the oldest that has a file; 0: none has */
	uint64_t peers;	 /* how many of them have the peer that most have; absent: none has half */
	uint64_t pid;
	char command[COMMAND_SIZE];
	char peer[ADDRESS_SIZE];
};

extern const struct row_type close_wait_row_type;

struct close_waits {
	struct hash sockets; /* by cookie */
	uint64_t began;	     /* monotonic ns: of the first look; 0: none yet */
	uint64_t now;	     /* of the look under way */
	size_t untracked;    /* passed over in it for the bound */
};

void close_waits_init(struct close_waits *waits);
void close_waits_free(struct close_waits *waits);

/* A look begins, or its dump begins anew. now: monotonic ns. */
void close_waits_begin(struct close_waits *waits, uint64_t now);

/* Takes a socket that is in CLOSE_WAIT. */
void close_waits_add(struct close_waits *waits, const struct inet_socket *socket);

/* The look is complete: forgets those that are gone. */
void close_waits_end(struct close_waits *waits);

/* How many are old; a lower bound when some are untracked. ROW_ABSENT: it cannot be known yet, as
 * some were there at the first look and may be older than that. */
uint64_t close_waits_older(const struct close_waits *waits);

/* Adds rows of the ports with most old sockets, then most sockets, in that order; the owners are
 * left absent. 0 or -ENOMEM. */
int close_waits_rows(const struct close_waits *waits, struct rows *rows);

#endif
