/* SPDX-License-Identifier: BSD-2-Clause */
/* How full the kernel's neighbour tables (ARP, NDP) are, over rtnetlink. */
#ifndef NETDIAG_LIMIT_NEIGHBORS_H
#define NETDIAG_LIMIT_NEIGHBORS_H

#include "collectors/kernel/netlink.h"

enum neighbor_family {
	NEIGHBOR_IPV4,
	NEIGHBOR_IPV6,
	NEIGHBOR_FAMILIES,
};

/* Numbers are ROW_ABSENT when the kernel did not give them. */
struct neighbor_table {
	uint64_t entries; /* in all network namespaces */
	uint64_t exempt;  /* of them, in this namespace, those that garbage collection spares */
	uint64_t max;	  /* gc_thresh3 */
};

struct neighbor_tables {
	struct neighbor_table family[NEIGHBOR_FAMILIES];
};

/* Takes what an RTM_NEWNEIGHTBL message says about a whole table; messages about one device's part
 * say nothing here. 0 or -EBADMSG. */
int neighbors_decode_table(const struct nlmsghdr *message, struct neighbor_tables *tables);

/* Counts an RTM_NEWNEIGH message's entry among the exempt ones if it is: permanent (since 5.0),
 * learned or validated by a daemon (NTF_EXT_LEARNED, since 6.17 NTF_EXT_EXT_VALIDATED). exempt is
 * a number before. 0 or -EBADMSG. */
int neighbors_decode_entry(const struct nlmsghdr *message, struct neighbor_tables *tables);

/*
 * Asks the running kernel. nl is a NETLINK_ROUTE socket or closed, and then opened.
 * RTM_GETNEIGHTBL and RTM_GETNEIGH need no privilege, and answer in any namespace.
 * 0 or -errno, *tables is then all absent.
 */
int neighbors_ask(struct netlink *nl, struct neighbor_tables *tables);

/* What is to be held against max: entries that count against gc_thresh3, or ROW_ABSENT. Permanent
 * entries of other namespaces cannot be distinguished and are included. */
uint64_t neighbors_used(const struct neighbor_table *table, const char *kernel_release);

#endif
