/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rtnetlink: links with their statistics, root qdiscs, and links that go away. Requests are built
 * and replies are read with libnl-3; the decoders are pure functions over one whole message.
 */
#ifndef NETDIAG_NIC_LINK_H
#define NETDIAG_NIC_LINK_H

#include "collectors/kernel/netlink.h"
#include "collectors/nic/nic.h"

/* A link as rtnetlink shows it. */
struct nic_link {
	struct nic_row row; /* first: rows of links are sorted and searched like rows of NICs */
	char ifname[NIC_NAME_SIZE]; /* as the kernel has it; row.name is fit to be shown */
};

extern const struct row_type nic_link_type;

/* Adds all links to links (of nic_link_type; cleared first) by RTM_GETLINK, sorted by ifindex.
 * bad: how many messages could not be read. 0 or -errno as netlink_dump(). */
int nic_links_read(struct netlink *route, struct rows *links, size_t *bad);

/* Puts the root qdiscs' statistics into the (sorted) links by RTM_GETQDISC. As above. */
int nic_qdiscs_read(struct netlink *route, struct rows *links, size_t *bad);

/*
 * Reads an RTM_NEWLINK into a link that is all absent. What the kernel does not tell stays absent:
 * its rtnl_link_stats64 may be shorter than ours (no rx_nohandler before 4.6).
 * 0; -ENOENT for a message of another kind; -EBADMSG when it has no usable ifindex or name, or an
 * attribute is too short (the link is then of no use).
 */
int nic_link_decode(const struct nlmsghdr *message, struct nic_link *link);

/* What a root qdisc counted (TCA_STATS2, struct gnet_stats_queue); absent where not told. */
struct nic_qdisc {
	uint64_t ifindex;
	uint64_t drops;	   /* packets, a u32 of the kernel's */
	uint64_t backlog;  /* bytes */
	uint64_t requeues; /* a u32 */
};

/* Reads an RTM_NEWQDISC. 0; -ENOENT for another message or a qdisc that is not a device's root;
 * -EBADMSG. */
int nic_qdisc_decode(const struct nlmsghdr *message, struct nic_qdisc *qdisc);

/* The ifindex that an RTM_DELLINK says is gone (also to another namespace). 0; -ENOENT for another
 * message, as a bridge sends for a port that leaves it; -EBADMSG. */
int nic_link_deleted(const struct nlmsghdr *message, uint64_t *ifindex);

#endif
