/* SPDX-License-Identifier: BSD-2-Clause */
/* Which network namespaces there are: named ones and those that processes live in. */
#ifndef NETDIAG_NETNS_SCAN_H
#define NETDIAG_NETNS_SCAN_H

#include "collectors/base/hash.h"
#include "collectors/collector.h"
#include "collectors/netns/container_name.h"

/* Processes remembered for each namespace: if one ends meanwhile, another one is read through. */
#define NETNS_PIDS 4

/* How two namespaces of the same name are told apart, by the two topmost bits of an identity. */
enum netns_identity {
	NETNS_IDENTITY_ID,    /* the kernel's id of the namespace, never used again (since 6.18) */
	NETNS_IDENTITY_CTIME, /* when the inode of a mounted file was made */
	NETNS_IDENTITY_START, /* when the oldest of its first processes started */
};
#define NETNS_IDENTITY_SHIFT 62

/*
 * One network namespace. It is known by the inode of its file (/proc/PID/ns/net, /run/netns/NAME).
 * That file of another user's process is not readable; then the inode of /proc/PID/net/snmp, which
 * everybody may read and of which each namespace has its own, distinguishes the namespaces.
 */
struct netns {
	uint64_t key;		  /* of netns_list.found */
	uint64_t inode;		  /* ROW_ABSENT: not known */
	uint64_t proc_inode;	  /* of /proc/PID/net/snmp; ROW_ABSENT: not known (yet) */
	uint64_t identity;	  /* enum netns_identity and a number, or ROW_ABSENT */
	uint64_t rank;		  /* those of the lowest ranks stay when there are too many */
	const char *directory;	  /* of the file that names it; NULL: no file does */
	char *file;		  /* in that directory; owned */
	uint32_t pid[NETNS_PIDS]; /* the lowest, ascending */
	size_t pids;
	char name[NETNS_NAME_SIZE]; /* unique, printable */
	char command[17];	    /* of pid[0] */
};

/* All of them but netdiagd's own, by inode: those whose inode is not known come last. */
struct netns_list {
	struct netns **netns; /* point into found */
	size_t count;
	struct hash found;
	bool procfs;	    /* the proc root is a procfs, not a captured tree */
	bool left_out;	    /* there were more than maxRows allows */
	bool hidden;	    /* some process did not show where it lives */
	bool remembered;    /* only processes that are new were looked for */
	const char *denied; /* a directory of names that may not be read; NULL: none */
	struct netns own;
};

/*
 * Which namespace each process was in when it was last looked at, kept between scans: listing /proc
 * and reading the link of every process each time would be most of a scan's cost. Zero-initialised
 * is empty.
 */
struct netns_processes {
	struct hash seen;
	uint64_t scans;	   /* of all processes */
	long newest;	   /* telldir() of /proc: before the process with the highest pid */
	int64_t saved;	   /* ns that scans of all processes may take */
	uint64_t saved_at; /* monotonic ns: when that was reckoned; 0: never */
};

/* Forgets all of them, so that the next scan reads every process. */
void netns_processes_forget(struct netns_processes *processes);

/*
 * Finds and names them, at most as many as the settings allow. When there are more, named ones and
 * those of root's processes come first, then the others' in turn, one of each user after the other.
 * Names are looked for only under the running kernel's own /proc. Scans of all processes take at
 * most 0.025 % of a processor; those in between look only for processes with higher pids than were
 * seen before, which misses those that start after the pids have wrapped. A process that enters
 * another namespace late in its life is noticed after a few scans of all. Returns 0, -ENOMEM,
 * -ECANCELED when the process is ending, or the error of reading /proc.
 */
int netns_scan(struct netns_list *list, struct netns_processes *processes, struct collect *c);
void netns_list_free(struct netns_list *list);

/* Whether a process still lives in the namespace: its number may be another's by now. */
bool netns_holds(const struct netns *netns, const struct roots *roots, uint32_t pid);

/* Parses the target of /proc/PID/ns/net, "net:[4026531840]". 0 or -EINVAL. */
int netns_parse_link(struct span text, uint64_t *inode);

/* The inode of PROCESS/net/snmp, process being a pid, "self" or "thread-self". ROW_ABSENT when it
 * is not there or the root holds no procfs. */
uint64_t netns_proc_inode(const struct roots *roots, const char *process);

#endif
