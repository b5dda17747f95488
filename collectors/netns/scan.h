/* SPDX-License-Identifier: BSD-2-Clause */
/* Which network namespaces there are: named ones and those that processes live in. */
#ifndef NETDIAG_NETNS_SCAN_H
#define NETDIAG_NETNS_SCAN_H

#include <limits.h>

#include "collectors/netns/container_name.h"
#include "collectors/settings.h"

/* Processes remembered for each: if one ends meanwhile, another one is read through. */
#define NETNS_PIDS 4

/*
 * One network namespace. It is known by the inode of its file (/proc/PID/ns/net, /run/netns/NAME).
 * Of another user's process that file is not readable; then the inode of /proc/PID/net/snmp, which
 * is readable by all and of which each namespace has its own, tells the namespaces apart.
 */
struct netns {
	uint64_t inode;		  /* ROW_ABSENT: not known */
	uint64_t proc_inode;	  /* of /proc/PID/net/snmp; ROW_ABSENT: not known (yet) */
	const char *directory;	  /* of the file that names it; NULL: no file does */
	char file[NAME_MAX + 1];  /* in that directory */
	uint32_t pid[NETNS_PIDS]; /* the lowest, ascending */
	size_t pids;
	char name[NETNS_NAME_SIZE]; /* unique, printable */
	char command[17];	    /* of pid[0] */
};

/* All of them but netdiagd's own, by inode: those without one come last. */
struct netns_list {
	struct netns **netns; /* owned, and each */
	size_t count;
	size_t max;
	bool left_out;	    /* there were more than max */
	bool hidden;	    /* of some process it could not be told where it lives */
	const char *denied; /* a directory of names that may not be read; NULL: none */
	struct netns own;
};

/*
 * Finds and names them, at most as many as the settings allow: then those made first stay. Names
 * are looked for only under the running kernel's own /proc. Reads a few files for each namespace
 * and a link for each process (about 1.5 µs). 0, -ENOMEM, or why /proc cannot be read.
 */
int netns_scan(struct netns_list *list, const struct collect_settings *settings,
	       struct filebuf *buf);
void netns_list_free(struct netns_list *list);

/* Whether a process still lives in the namespace: its number may be another's by now. */
bool netns_holds(const struct netns *netns, const struct roots *roots, uint32_t pid);

/* Parses the target of /proc/PID/ns/net, "net:[4026531840]". 0 or -EINVAL. */
int netns_parse_link(struct span text, uint64_t *inode);

/* The inode of PROCESS/net/snmp, process being a pid, "self" or "thread-self". ROW_ABSENT when it
 * is not there or the root holds no procfs. */
uint64_t netns_proc_inode(const struct roots *roots, const char *process);

/*
 * Opens the file of a namespace, by its name or that of one of its processes, and makes sure that
 * it still is the same one. The descriptor keeps the namespace alive: close it soon. A descriptor
 * or -errno; -ENOENT when it is gone.
 */
int netns_open(const struct netns *netns, const struct roots *roots);

#endif
