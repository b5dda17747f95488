/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives each network namespace the name under which it has its row. */
#ifndef NETDIAG_NETNS_NAMES_H
#define NETDIAG_NETNS_NAMES_H

#include "collectors/netns/scan.h"

/*
 * Sets name and command of each namespace of a list: the name of its file, else that of the
 * container of one of its processes, else the first process and its pid. The second of the same
 * name gets "#2" appended. 0, -ENOMEM, or -ECANCELED when the process is ending.
 */
int netns_names_give(struct netns_list *list, const struct collect *c);

/* The names that have been given, by hash_init() with these sizes. */
struct netns_given {
	char name[NETNS_NAME_SIZE]; /* the rest filled with NULs */
	uint32_t next;		    /* number to try for the next one of that name */
};

/* Makes a name out of `base` that has not been given yet, and remembers it. Name and base have
 * NETNS_NAME_SIZE bytes; the rest of base is filled with NULs. 0 or -ENOMEM. */
int netns_names_add(struct hash *given, const char *base, char *name);

/*
 * How much of a cgroup's path can be believed: up to and including the first directory that others
 * than root may write to, for below that one everybody can choose names. 0 when the owners cannot
 * be read. hierarchy is the second field of a line of /proc/PID/cgroup.
 */
size_t netns_names_believed(const struct roots *roots, struct span hierarchy, struct span path);

#endif
