/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which process has a socket: by its inode, from the links in /proc/PID/fd.
 *
 * One cache serves all collectors, so that /proc is scanned once for all of them. What is known is
 * verified by reading that one link again. What is not known is looked for first among new
 * processes and those that have sockets already, which is cheap, and only when that fails, and the
 * socket lasts or is in trouble, among all. Scans run in pieces of bounded time; all of them
 * together stay within a small part of a CPU.
 */
#ifndef NETDIAG_SOCKET_OWNER_H
#define NETDIAG_SOCKET_OWNER_H

#include "collectors/collector.h"
#include "collectors/kernel/procfs.h"
#include "collectors/kernel/sock_diag.h"

/* A queue that is fuller than this (0.01 percent) makes its socket urgent. */
#define OWNERS_URGENT_USAGE 5000

/* A cache. Any thread. */
struct owners;

/* NULL when memory is short. */
struct owners *owners_new(void);
void owners_free(struct owners *owners);

/* The process's one cache: owners_put() it. NULL when memory is short. */
struct owners *owners_get(void);
void owners_put(struct owners *owners);

/* How long one update may verify and how long it may scan (ns); those of the first seconds may take
 * longer. */
void owners_set_budget(struct owners *owners, uint64_t each, uint64_t first);

/* This inode's owner is of interest in the update at this time (monotonic ns). urgent: also look
 * for it among all processes at once if need be. 0 or -ENOMEM. */
int owners_want(struct owners *owners, uint32_t inode, bool urgent, uint64_t now);

/* Verifies what is known, and looks for what is not, of the inodes wanted at this time. Takes some
 * tens of milliseconds at most, in the first seconds half a second; a scan that takes longer goes
 * on at the next call, whoever makes it. */
void owners_update(struct owners *owners, const struct roots *roots, uint64_t now);

/* The owner of an inode as far as it is known. False: it is not, and nothing is written. Where
 * several processes have the socket it is the one that was looked at first, mostly the one with the
 * lowest pid, but pid 1 (socket activation) only when it is alone. */
bool owners_find(struct owners *owners, uint32_t inode, uint64_t *pid, char command[COMMAND_SIZE]);

/* How many of the inodes wanted at this time have no known owner. */
size_t owners_missing(struct owners *owners, uint64_t now);

/* What the cache has done and holds. */
struct owners_stats {
	size_t entries;
	size_t quick_scans; /* begun, of new processes and known owners */
	size_t full_scans;  /* begun, of all */
	size_t denied;	    /* processes whose descriptors the last full scan could not read */
	bool scanning;
};

void owners_stats(struct owners *owners, struct owners_stats *stats);

/* owners_update() within a collection; notes which owners are missing for want of privileges, and
 * the remedy. what: "listeners". */
void owners_collect(struct owners *owners, struct collect *c, const char *what);

#endif
