/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory and counts of sockets by protocol: /proc/net/sockstat, sockstat6, tcp_mem, udp_mem.
 *
 * Counts of sockets are those of netdiagd's network namespace; orphans, allocated and the memory of
 * TCP and UDP are the whole host's, with both families in the line without a 6.
 */
#ifndef NETDIAG_PROTOCOL_MEMORY_H
#define NETDIAG_PROTOCOL_MEMORY_H

#include "collectors/base/parse.h"
#include "collectors/collector.h"

struct protocol_row {
	uint64_t in_use;
	uint64_t orphans;
	uint64_t time_wait;
	uint64_t allocated;
	uint64_t mem_pages;
	uint64_t mem_low; /* pages; these three from tcp_mem, udp_mem */
	uint64_t mem_pressure;
	uint64_t mem_high;
	uint64_t mem_usage; /* 0.01 percent of mem_high */
	uint64_t mem_bytes; /* of those that the kernel counts in bytes: FRAG, FRAG6 */
	char name[17];	    /* "TCP", "UDP6", "FRAG" … as the kernel writes it */
};

extern const struct row_type protocol_row_type;
extern const struct collector protocol_memory_collector;

/*
 * Parses sockstat or sockstat6 ("TCP: inuse 5 orphan 0 …"): adds a protocol_row a line, without the
 * limits. A line that is none is passed over and noted in *faults. "sockets: used" becomes in_use.
 * 0 or -ENOMEM.
 */
int protocol_memory_parse(struct span text, struct rows *rows, struct faults *faults);

/* Parses tcp_mem or udp_mem (low, pressure, high; pages). 0 or -EBADMSG. */
int protocol_memory_parse_mem(struct span text, struct protocol_row *row);

/* The row of this name ("TCP") among rows that need not be sorted, or NULL. */
struct protocol_row *protocol_memory_find(const struct rows *rows, const char *name);

#endif
