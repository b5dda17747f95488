/* SPDX-License-Identifier: BSD-2-Clause */
/* The peers of this host's TCP connections by network prefix, and what is lost on the way to them.
 */
#ifndef NETDIAG_SOCKET_PEER_H
#define NETDIAG_SOCKET_PEER_H

#include "collectors/base/hash.h"
#include "collectors/collector.h"
#include "collectors/kernel/sock_diag.h"

#define PEER_REMOTE_SIZE 50 /* "2001:db8:0:100::/56" */

struct peer_row {
	uint64_t rank;	      /* 1: most retransmits */
	uint64_t local_port;  /* of the listener that accepted the connections; 0: outgoing */
	uint64_t remote_port; /* of the peers' service, if outgoing; 0: accepted */
	uint64_t connections;
	uint64_t retransmits;	   /* segments, since the previous collection */
	uint64_t retransmit_share; /* of all connections' retransmits, 0.01 percent */
	uint64_t lost_share; /* of these connections' data segments since then, 0.01 percent */
	uint64_t rtt_median; /* us */
	uint64_t rtt_var;    /* us: the median of the connections' mean deviations */
	/* For the advice of checks; no columns. */
	uint64_t prefix_retransmits; /* of all rows of the prefix, shown or not */
	uint64_t all_retransmits;
	uint64_t prefixes;     /* that there are connections with */
	uint64_t prefixes_hit; /* of them: those with 1 percent loss or more */
	uint64_t interval;     /* ns since the previous collection */
	uint64_t taken;	       /* monotonic ns */
	char remote[PEER_REMOTE_SIZE];
};

extern const struct row_type peer_row_type;
extern const struct collector peer_collector;

/* --- the pure part -------------------------------------------------------------------------- */

#define PEER_PORTS 65536

/* What is kept between collections (looks), and what the current look has found. */
struct peers {
	struct hash connections; /* by cookie */
	struct hash groups;	 /* by prefix and ports, of this look */
	struct hash prefixes;	 /* of this look */
	size_t max;		 /* how many connections a look takes in */
	size_t listed;		 /* how many the current one has taken in */
	unsigned v4_bits, v6_bits;
	uint32_t look;	 /* number of the current one */
	uint64_t before; /* monotonic ns of the last complete look; 0: there is none */
	uint64_t now;
	uint64_t retransmits; /* of all connections, in the look that ended */
	uint64_t hit;	      /* prefixes with 1 percent loss or more */
	uint8_t listening[PEER_PORTS / 8];
};

void peers_init(struct peers *peers);
void peers_free(struct peers *peers);

/* Forgets the previous looks: the next one is the first, and has no retransmits. */
void peers_forget(struct peers *peers);

/* Begins a look. max bounds the memory: further connections are passed over. v4_bits, v6_bits:
 * lengths of the prefixes. now: monotonic ns. */
void peers_begin(struct peers *peers, size_t max, unsigned v4_bits, unsigned v6_bits, uint64_t now);

/* Takes in a listener or a connection; listeners come first. 0 or -ENOMEM. */
int peers_add(struct peers *peers, const struct inet_socket *socket);

/* Ends a look: adds the `max` rows with most retransmits. 0 or -ENOMEM. */
int peers_end(struct peers *peers, size_t max, struct rows *rows);

#endif
