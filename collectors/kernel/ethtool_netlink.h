/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ethtool's generic netlink family (since 5.6), for what the ioctl does not have: pause frames,
 * FEC, why a link is down, and the statistics that standards define. One interface at a time, by
 * its ifindex: a dump ends at the first device that fails. No capability is needed for any of it.
 */
#ifndef NETDIAG_KERNEL_ETHTOOL_NETLINK_H
#define NETDIAG_KERNEL_ETHTOOL_NETLINK_H

#include "collectors/kernel/genetlink.h"

/* Zeroed memory is closed. */
struct ethtool_netlink {
	struct netlink nl;
	struct genetlink_family family;
};

/* Opens the socket in this network namespace, unless it is open. 0; -ENOENT when this kernel does
 * not have the family; or -errno. */
int ethtool_netlink_open(struct ethtool_netlink *ethtool);
void ethtool_netlink_close(struct ethtool_netlink *ethtool);

/* Frames by which the other side of the link, and this one, asked for a pause (IEEE 802.3 annex
 * 31B). Absent where the driver does not count them. */
struct ethtool_pause {
	uint64_t rx;
	uint64_t tx;
};

/* Blocks, of all lanes together. Absent where the driver does not count them. */
struct ethtool_fec {
	uint64_t corrected;
	uint64_t uncorrectable;
};

/* enum ethtool_link_ext_state, the substate that belongs to it, and how often the link went down as
 * the PHY or the driver counts it (since 6.4). Each is absent if the driver does not tell. */
struct ethtool_link_state {
	uint64_t state;
	uint64_t substate;
	uint64_t down_count;
};

/* Those statistics of the groups eth-phy, eth-mac, eth-ctrl and rmon that are about loss. */
#define ETHTOOL_STANDARD_COUNT 19

struct ethtool_standard {
	uint64_t value[ETHTOOL_STANDARD_COUNT]; /* absent where the driver does not count it */
};

/* The name of a standard statistic as ethtool(8) shows it, "eth-mac-FrameCheckSequenceErrors". */
const char *ethtool_standard_name(size_t i);

/*
 * Each asks for one interface. 0; -EOPNOTSUPP when its driver or this kernel has none of it;
 * -ENODEV when the interface is gone; -EBADMSG; or -errno as netlink_dump() returns it, after which
 * the family may have to be opened again. On failure all members are absent.
 */
int ethtool_pause_read(struct ethtool_netlink *ethtool, uint32_t ifindex,
		       struct ethtool_pause *pause);
int ethtool_fec_read(struct ethtool_netlink *ethtool, uint32_t ifindex, struct ethtool_fec *fec);
int ethtool_link_state_read(struct ethtool_netlink *ethtool, uint32_t ifindex,
			    struct ethtool_link_state *link);
int ethtool_standard_read(struct ethtool_netlink *ethtool, uint32_t ifindex,
			  struct ethtool_standard *standard);

/* Decode a reply. id: the family's. Attributes that are not there are absent. 0 or -EBADMSG. Pure.
 */
int ethtool_pause_decode(const struct nlmsghdr *message, uint16_t id, struct ethtool_pause *pause);
int ethtool_fec_decode(const struct nlmsghdr *message, uint16_t id, struct ethtool_fec *fec);
int ethtool_link_state_decode(const struct nlmsghdr *message, uint16_t id,
			      struct ethtool_link_state *link);
int ethtool_standard_decode(const struct nlmsghdr *message, uint16_t id,
			    struct ethtool_standard *standard);

#endif
