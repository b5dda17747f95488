/* SPDX-License-Identifier: BSD-2-Clause */
/* The lines of /proc/net/sockstat and sockstat6, and single numbers of snmp. */
#ifndef NETDIAG_KERNEL_SOCKSTAT_H
#define NETDIAG_KERNEL_SOCKSTAT_H

#include <stdint.h>

#include "collectors/kernel/procfs.h"

/* The numbers of a line, each ROW_ABSENT when the line does not have it. net/ipv4/proc.c:
 * sockstat_seq_show(), net/ipv6/proc.c: sockstat6_seq_show(). */
struct sockstat {
	uint64_t in_use; /* "inuse", or "used" of all sockets */
	uint64_t orphans;
	uint64_t time_wait;
	uint64_t allocated;
	uint64_t mem_pages;
	uint64_t mem_bytes; /* of FRAG and FRAG6 */
};

/* Parses "TCP: inuse 5 orphan 0 tw 2": the protocol, without its colon, and the numbers. Words that
 * are not known are passed over. Pure. False when the line is malformed. */
bool sockstat_parse(struct span line, struct span *protocol, struct sockstat *numbers);

/* Finds the line of a protocol. Pure. 0; -ENODATA when there is none, -EBADMSG when it is
 * malformed, with all numbers absent. */
int sockstat_find(struct span text, const char *protocol, struct sockstat *numbers);

/* The same in a file below the proc root: "net/sockstat". 0 or -errno, with all numbers absent;
 * -ENOENT when there is no such file, as sockstat6 without IPv6. */
int sockstat_read(const struct roots *roots, struct filebuf *buf, const char *path,
		  const char *protocol, struct sockstat *numbers);

/*
 * Finds a value in the text of /proc/net/snmp, where a line of names is followed by a line of
 * values and both begin with the protocol ("Tcp"). Pure. 0, -ENOENT, -EINVAL.
 */
int snmp_find(struct span text, const char *protocol, const char *name, uint64_t *value);

#endif
