/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtnetlink: links with their statistics, root qdiscs, and links that go away. Requests are built
 * and replies are read with libnl-3; the decoders are pure functions over one whole message.
 */
#ifndef NETDIAG_NIC_LINK_H
#define NETDIAG_NIC_LINK_H

#include "collectors/kernel/netlink.h"
#include "collectors/nic/nic.h"

#define NIC_KIND_SIZE 16

/* A link as rtnetlink shows it. */
struct nic_link {
	struct nic_row row; /* first: rows of links are sorted and searched like rows of NICs */
	char ifname[NIC_NAME_SIZE]; /* as the kernel has it; row.name is fit to be shown */
	char kind[NIC_KIND_SIZE];   /* "veth", "bridge" …; empty for hardware */
};

extern const struct row_type nic_link_type;

/* Adds all links to links (of nic_link_type; cleared first) by RTM_GETLINK, sorted by ifindex.
 * bad: how many messages could not be read. 0 or -errno as netlink_dump(). */
int nic_links_read(struct netlink *route, struct rows *links, size_t *bad);

/* Puts the root qdiscs' statistics into the (sorted) links by RTM_GETQDISC. bad and the result are
 * as above. */
int nic_qdiscs_read(struct netlink *route, struct rows *links, size_t *bad);

/* Whether two readings of one ifindex can be of the same interface, going by what no interface
 * changes in its life: its kind, and that carrier changes are only added. */
bool nic_link_same(const struct nic_link *before, const struct nic_link *now);

/*
 * Reads an RTM_NEWLINK into a link that is all absent. What the kernel leaves out stays absent:
 * its rtnl_link_stats64 may be shorter than ours (no rx_nohandler before 4.6).
 * 0; -ENOENT for a message of another kind; -EBADMSG when it has no usable ifindex or name, or an
 * attribute is too short (do not use the link then).
 */
int nic_link_decode(const struct nlmsghdr *message, struct nic_link *link);

/* What a root qdisc counted (TCA_STATS2, struct gnet_stats_queue). Absent where the kernel leaves
 * it out, and for noqueue, which counts nothing. */
struct nic_qdisc {
	uint64_t ifindex;
	uint64_t drops;	   /* packets; a u32 in the kernel */
	uint64_t backlog;  /* bytes */
	uint64_t requeues; /* a u32 in the kernel */
	char kind[16];
};

/* Reads an RTM_NEWQDISC. 0; -ENOENT for another message or a qdisc that is not a device's root;
 * -EBADMSG. */
int nic_qdisc_decode(const struct nlmsghdr *message, struct nic_qdisc *qdisc);

/* The ifindex of an interface that is gone, also to another namespace, by RTM_DELLINK. 0; -ENOENT
 * for another message, such as a bridge's for a port that leaves it; -EBADMSG. */
int nic_link_deleted(const struct nlmsghdr *message, uint64_t *ifindex);

#endif
