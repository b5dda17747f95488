/* SPDX-License-Identifier: BSD-2-Clause */
/* Which network namespace it is that was found under a name or an inode. */
#ifndef NETDIAG_NETNS_IDENTITY_H
#define NETDIAG_NETNS_IDENTITY_H

#include "collectors/netns/scan.h"

/* The time at which a process started, in ticks since boot, from the text of /proc/PID/stat.
 * ROW_ABSENT when it is not there. */
uint64_t netns_parse_start(struct span text);

/*
 * Opens the file of a namespace, by its name or that of one of its processes, makes sure that it
 * still is the same one, and sets its identity when that is not known yet. The descriptor keeps the
 * namespace alive: close it soon. Returns the descriptor or -errno; -ENOENT when the namespace is
 * gone.
 */
int netns_open(struct netns *netns, const struct roots *roots);

/* Sets the identity of a namespace where it is not known yet and something shows it. */
void netns_identify(struct netns *netns, const struct roots *roots, struct filebuf *buf);

#endif
