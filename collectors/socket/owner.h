/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which process has a socket: by its inode, from the links in /proc/PID/fd.
 *
 * All of /proc is read only when there is a socket whose owner is not known yet, in pieces of
 * bounded time, and so seldom that it takes 1 % of a CPU at the most. What was found is verified by
 * reading that one link again, every few seconds.
 */
#ifndef NETDIAG_SOCKET_OWNER_H
#define NETDIAG_SOCKET_OWNER_H

#include <dirent.h>

#include "collectors/base/hash.h"
#include "collectors/collector.h"
#include "collectors/kernel/procfs.h"
#include "collectors/kernel/sock_diag.h"

/* owners_init() makes it empty. One thread's. */
struct owners {
	struct hash cache;   /* of struct owner_entry, by inode */
	uint64_t next_scan;  /* monotonic ns; not before */
	uint64_t scan_spent; /* ns that the scan under way took so far */
	uint64_t scan_start; /* monotonic ns */
	uint32_t *pids;	     /* of the scan under way, ascending; NULL: none is */
	size_t pid_count;
	size_t pid_next; /* index of the one whose descriptors are read */
	DIR *fds;	 /* its directory, when it is not done yet */
	size_t wanted;	 /* how many it still seeks */
	size_t scan_denied;
	size_t denied;	    /* processes whose descriptors the last whole scan could not read */
	uint64_t budget_ns; /* how long one update may verify, and how long it may scan */
	uint64_t first_budget_ns; /* how long the very first update may scan */
	uint32_t named_pid;	  /* the process whose name was read last in this update; 0: none */
	char named[COMMAND_SIZE];
	struct filebuf buf;
};

void owners_init(struct owners *owners);
void owners_free(struct owners *owners);

/* This inode's owner is of interest now. 0 or -ENOMEM. Those that nobody wanted for a minute are
 * forgotten. */
int owners_want(struct owners *owners, uint32_t inode, uint64_t now);

/* Verifies what is known, and looks for what is not. Takes some tens of milliseconds at most, the
 * first time half a second; a scan that takes longer goes on at the next call. */
void owners_update(struct owners *owners, const struct roots *roots, uint64_t now);

/* The owner of an inode as far as it is known. False: it is not. Where several processes have the
 * socket it is the one with the lowest pid, but pid 1 (socket activation) only when it is alone. */
bool owners_find(const struct owners *owners, uint32_t inode, uint64_t *pid,
		 char command[COMMAND_SIZE]);

/* How many of the inodes wanted at this time have no known owner. */
size_t owners_missing(const struct owners *owners, uint64_t now);

/* owners_update() within a collection; notes which owners are missing for want of privileges, and
 * the remedy. what: "listeners". */
void owners_collect(struct owners *owners, struct collect *c, const char *what);

#endif
