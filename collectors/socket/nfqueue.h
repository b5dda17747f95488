/* SPDX-License-Identifier: BSD-2-Clause */
/* Netfilter's queues to programs: what these were too slow for. */
#ifndef NETDIAG_SOCKET_NFQUEUE_H
#define NETDIAG_SOCKET_NFQUEUE_H

#include "collectors/base/hash.h"
#include "collectors/base/parse.h"
#include "collectors/collector.h"
#include "collectors/kernel/sock_diag.h"

struct nfqueue_row {
	uint64_t queue;	       /* its number, of the rule "queue num N" */
	uint64_t portid;       /* of the netlink socket that serves it; absent when nobody does */
	uint64_t length;       /* packets that wait for a verdict; absent likewise */
	uint64_t packets;      /* that were given to the program, the user_dropped included */
	uint64_t dropped;      /* the queue was full (queue_maxlen), nobody was given them */
	uint64_t user_dropped; /* the program's socket was full */
	uint64_t pid;
	uint64_t discontinuity; /* monotonic ns: when the queue became known */
	char command[COMMAND_SIZE];
};

extern const struct row_type nfqueue_row_type;
extern const struct collector nfqueue_collector;

/*
 * Adds a row per line of /proc/net/netfilter/nfnetlink_queue, with the kernel's own counts.
 * 0; -ENOMEM; -EBADMSG when it is not such a file or is cut off.
 */
int nfqueue_parse(struct span text, struct rows *rows);

/* The sums of queues over the programs that served them, each of which began at 0. */
struct nfqueues {
	struct hash table;
};

/* At most so many queues are remembered. */
#define NFQUEUES_MAX 1024

void nfqueues_init(struct nfqueues *queues);
void nfqueues_free(struct nfqueues *queues);

/*
 * Replaces what nfqueue_parse() read, at this time (monotonic ns), by the sums, and adds rows for
 * queues that nobody serves any more but that lost packets within the last hour. *left_out: how
 * many were passed over for the bound. Pure. 0 or -ENOMEM.
 */
int nfqueues_sum(struct nfqueues *queues, struct rows *rows, uint64_t now, size_t *left_out);

#endif
