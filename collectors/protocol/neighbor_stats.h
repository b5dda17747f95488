/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics of the kernel's neighbor tables, which all network namespaces share:
 * /proc/net/stat/arp_cache (IPv4) and ndisc_cache (IPv6), in the initial namespace only.
 */
#ifndef NETDIAG_PROTOCOL_NEIGHBOR_STATS_H
#define NETDIAG_PROTOCOL_NEIGHBOR_STATS_H

#include "collectors/base/parse.h"
#include "collectors/base/rows.h"

/* Why such a file may be missing. */
#define NEIGHBOR_STATS_INITIAL "only the initial network namespace has it"

/*
 * Adds a counter_row for each column but `entries` (a gauge), summed over the CPUs, in the group
 * "Arp" or "Ndisc". The kernel counts in unsigned long, and so do the sums: those of a 32-bit
 * kernel wrap. A malformed file is noted in *faults and gives no row. 0 or
 * -ENOMEM.
 */
int neighbor_stats_parse_arp(struct span text, struct rows *rows, struct faults *faults);
int neighbor_stats_parse_ndisc(struct span text, struct rows *rows, struct faults *faults);

#endif
