/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory and counts of sockets by protocol: /proc/net/sockstat, sockstat6, tcp_mem, udp_mem. */
#ifndef NETDIAG_PROTOCOLS_H
#define NETDIAG_PROTOCOLS_H

#include "collect.h"

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
	char name[17];	    /* "TCP", "UDP6", "FRAG" … as the kernel writes it */
};

extern const struct row_type protocol_row_type;
extern const struct collector protocols_collector;

#endif
