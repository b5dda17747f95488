/* SPDX-License-Identifier: BSD-2-Clause */
/* Netfilter's queues to programs, and the packets that they lose. */
#ifndef NETDIAG_SOCKET_NFQUEUE_H
#define NETDIAG_SOCKET_NFQUEUE_H

#include "collectors/base/hash.h"
#include "collectors/base/parse.h"
#include "collectors/collector.h"
#include "collectors/kernel/sock_diag.h"

struct nfqueue_row {
	uint64_t queue;	       /* number, as in the rule "queue num N" */
	uint64_t portid;       /* of the netlink socket that serves it; absent when nobody does */
	uint64_t length;       /* packets that wait for a verdict; absent likewise */
	uint64_t packets;      /* sent to the program, including user_dropped */
	uint64_t dropped;      /* because the queue was full (queue_maxlen) */
	uint64_t user_dropped; /* because the program's socket was full */
	uint64_t pid;
	uint64_t discontinuity; /* monotonic ns: when the queue became known */
	char command[COMMAND_SIZE];
};

extern const struct row_type nfqueue_row_type;
extern const struct collector nfqueue_collector;

/*
 * Adds a row per line of /proc/net/netfilter/nfnetlink_queue, with the kernel's own counts.
 * 0; -ENOMEM; -EBADMSG if it is not such a file or is truncated.
 */
int nfqueue_parse(struct span text, struct rows *rows);

/* The sums of each queue over the programs that served it. */
struct nfqueues {
	struct hash table;
};

/* How many queues are remembered. */
#define NFQUEUES_MAX 1024

void nfqueues_init(struct nfqueues *queues);
void nfqueues_free(struct nfqueues *queues);

/*
 * Replaces the kernel's counts in the rows of nfqueue_parse() by sums, and adds rows for queues
 * that lost packets and were served within the last hour. now: monotonic ns. *left_out: how many
 * queues are beyond NFQUEUES_MAX. Pure. 0 or -ENOMEM.
 */
int nfqueues_sum(struct nfqueues *queues, struct rows *rows, uint64_t now, size_t *left_out);

#endif
