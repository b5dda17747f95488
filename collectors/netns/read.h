/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc tells about one network namespace. */
#ifndef NETDIAG_NETNS_READ_H
#define NETDIAG_NETNS_READ_H

#include "collectors/base/parse.h"
#include "collectors/netns/netns.h"

/* Memory for reading, used again for each namespace. */
struct netns_reader {
	const struct roots *roots;
	struct filebuf *buf; /* borrowed */
	struct rows counters;
	struct rows protocols;
};

void netns_reader_init(struct netns_reader *reader, const struct roots *roots, struct filebuf *buf);
void netns_reader_free(struct netns_reader *reader);

/* TCP sockets by family, listeners included, those in TIME_WAIT not. */
struct netns_sockets {
	uint64_t tcp;  /* sockstat "TCP: inuse"; ROW_ABSENT: not known */
	uint64_t tcp6; /* sockstat6 "TCP6: inuse"; ROW_ABSENT: no IPv6 */
};

/*
 * Reads snmp, netstat, snmp6, sockstat, sockstat6 and stat/nf_conntrack below PROCESS/net (a pid,
 * or "thread-self") into a row: everything that is counted, the number of sockets and of conntrack
 * entries. What is not there stays absent. 0, -ENOMEM, or -errno when not even snmp can be read.
 */
int netns_read(struct netns_reader *reader, const char *process, struct netns_row *row,
	       struct netns_sockets *sockets);

/*
 * The number of entries in the text of /proc/PID/net/stat/nf_conntrack (hexadecimal, in the column
 * that the first line calls so; the same on each line, as it is not per CPU). 0 or -EBADMSG.
 */
int netns_conntrack_entries(struct span text, uint64_t *entries);

#endif
