/* SPDX-License-Identifier: BSD-2-Clause */
/* Captured and made inet_diag replies for the tests of the socket collectors. */
#ifndef NETDIAG_REPLIES_H
#define NETDIAG_REPLIES_H

#include <linux/inet_diag.h>

#include "collectors/kernel/procfs.h"
#include "collectors/kernel/sock_diag.h"

/* Reads a file of the source tree; ends the test when it cannot. */
void replay_load(struct filebuf *file, const char *relative);

/* Hands each socket of a captured dump (seq 1, DONE at the end) to each(). What netlink_parse() or
 * each() said. */
int replay_dump(const char *relative, sock_diag_socket_fn *each, void *arg);

/* One message, made anew by each reply_socket(). */
struct reply {
	void *buf;
};

void reply_init(struct reply *reply);
void reply_done(struct reply *reply);

/* A whole socket (it has INET_DIAG_SHUTDOWN) with `memory_count` numbers of INET_DIAG_SKMEMINFO (0:
 * none). Valid until the next call. */
const struct nlmsghdr *reply_socket(struct reply *reply, const struct inet_diag_msg *msg,
				    const uint32_t *memory, size_t memory_count);

#endif
