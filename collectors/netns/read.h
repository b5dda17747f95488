/* SPDX-License-Identifier: BSD-2-Clause */
/* Counters and socket counts of one network namespace, read through /proc/PID/net. */
#ifndef NETDIAG_NETNS_READ_H
#define NETDIAG_NETNS_READ_H

#include "collectors/base/parse.h"
#include "collectors/netns/netns.h"

/*
 * Reads snmp, netstat, snmp6, sockstat, sockstat6 and stat/nf_conntrack below PROCESS/net (a pid,
 * or "thread-self") into a fresh row: all counters, and the numbers of sockets and of conntrack
 * entries; close_wait only when there is no TCP socket at all. What is not there stays absent.
 * Returns 0, -ENOMEM, or -errno when not even snmp can be read.
 */
int netns_read(const struct roots *roots, struct filebuf *buf, const char *process,
	       struct netns_row *row);

/*
 * Finds the number of entries in the text of /proc/PID/net/stat/nf_conntrack: hexadecimal, in the
 * column that the first line calls "entries", the same on each line. 0 or -EBADMSG.
 */
int netns_conntrack_entries(struct span text, uint64_t *entries);

#endif
