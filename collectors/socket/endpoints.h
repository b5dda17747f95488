/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sockets added up by local endpoint, with what has to outlast them: the sum of their drops.
 *
 * The kernel counts drops per socket, in 32 bits, and forgets them when the socket closes. Here
 * each socket that ever dropped is remembered by its cookie, so that an endpoint's sum goes on when
 * a SO_REUSEPORT member or all of them close, and when another socket takes the endpoint. What a
 * socket drops between the last dump and its close cannot be known.
 *
 * Pure: works on decoded sockets and a clock that is given.
 */
#ifndef NETDIAG_SOCKET_ENDPOINTS_H
#define NETDIAG_SOCKET_ENDPOINTS_H

#include "collectors/base/hash.h"
#include "collectors/base/rows.h"
#include "collectors/kernel/sock_diag.h"
#include "collectors/socket/endpoint_pins.h"

struct endpoint {
	struct endpoint_key key;
	uint32_t sockets; /* open now; 0: closed, only the sums are left */
	uint32_t inode;	  /* the lowest of its sockets'; 0: none */
	uint32_t uid;	  /* that socket's owner; of a closed endpoint the last one */
	bool shown;	  /* had a row the last time */
	bool pinned;	  /* an active alarm is about it */
	bool forgotten;	  /* is about to go */
	uint64_t queue;	  /* sum over its sockets: connections or bytes */
	uint64_t limit;	  /* likewise */
	uint64_t usage;	  /* 0.01 percent, of the fullest socket; at most 10000 */
	uint64_t peak;	  /* highest queue of any one socket since it is known */
	uint64_t drops;	  /* since the daemon's start, and before it by sockets that were open then;
			     ROW_ABSENT: this kernel does not count them */
	double recent;	  /* drops of the last minutes, older ones counting less */
	uint64_t since;	  /* monotonic ns: when it became known */
	uint64_t seen;	  /* monotonic ns: when it was last open */
	uint64_t name;	  /* endpoint_pin() of its row's name; 0: not known, it had no row yet */
	char command[COMMAND_SIZE]; /* of the last known owner */
};

/* Zeroed memory is not enough: endpoints_init(). */
struct endpoints {
	struct hash table;   /* of struct endpoint */
	struct hash members; /* sockets with drops, by cookie */
	bool listeners;	     /* their queues hold one more than the limit, and the peaks of closed
				ones are remembered */
	uint64_t ended;	     /* monotonic ns of the last endpoints_end() */
	size_t untracked[2]; /* sockets that were passed over for the bounds: IPv4, IPv6 */
};

/* Bounds. Past the second, endpoints whose sockets neither drop nor queue are passed over, so that
 * idle ones cannot keep those out that matter; past the first, all. */
#define ENDPOINTS_MAX	      131072
#define ENDPOINTS_IDLE_MAX    (ENDPOINTS_MAX / 4 * 3)
#define ENDPOINTS_MEMBERS_MAX 262144
#define ENDPOINTS_CLOSED_MAX  1024

void endpoints_init(struct endpoints *endpoints, bool listeners);
void endpoints_free(struct endpoints *endpoints);

/* A dump of a family (AF_UNSPEC: of both) begins, or begins anew: what its endpoints are now is
 * forgotten, not their sums. */
void endpoints_begin(struct endpoints *endpoints, uint8_t family);

/*
 * Adds a socket with this queue and its limit. Drops are counted once however often it is added.
 * 0 or -ENOMEM.
 */
int endpoints_add(struct endpoints *endpoints, const struct inet_socket *socket, uint64_t queue,
		  uint64_t limit, uint64_t now);

/* All dumps are complete: forgets sockets gone for a while, and endpoints that are closed and have
 * nothing to remember, or are too many, or closed for an hour. */
void endpoints_end(struct endpoints *endpoints, uint64_t now);

/* How many sockets of the last dumps were passed over for the bounds. */
size_t endpoints_untracked(const struct endpoints *endpoints);

/*
 * Chooses at most max endpoints that are open or have dropped: those that an alarm is about, then
 * open ones, then those with most drops in the last minutes, in their lifetime, the fullest queues,
 * those that were shown before. While others have to be left out, one user's (root's apart) get no
 * more than half of the places. pins may be NULL.
 * Marks them as shown. Returns their number and sets *list (free() it; NULL when there are none; in
 * that order when some had to be left out); *left_out is how many there are besides, behind them
 * in the list. -ENOMEM.
 */
long endpoints_choose(struct endpoints *endpoints, size_t max, struct endpoint_pins *pins,
		      struct endpoint ***list, size_t *left_out);

#endif
