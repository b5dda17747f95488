/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the port of a network card tells over ethtool's netlink family: pause frames, FEC, why its
 * link is down, how often it went down, and the statistics that standards define.
 */
#ifndef NETDIAG_NIC_PORT_H
#define NETDIAG_NIC_PORT_H

#include <stdbool.h>

#include "collectors/base/glob.h"
#include "collectors/kernel/ethtool_netlink.h"
#include "collectors/nic/nic.h"

/* What is known of a port. Zeroed memory is a port that has not been asked. */
struct nic_port {
	bool known;	   /* it was asked */
	bool has_pause;	   /* the driver counts them, as far as is known */
	bool has_standard; /* likewise */
	int err;	   /* what went wrong since the last refresh: 0 or -errno */
	struct ethtool_fec fec;
	struct ethtool_link_state link;
	struct ethtool_standard standard; /* of this reading */
	char reason[64];		  /* why the link was last down */
};

/*
 * Reads a port and completes the row. refresh: also read what may be slow in firmware (FEC, the
 * link's state), and retry what the driver did not have at the last refresh. 0, or the first -errno
 * since then other than -EOPNOTSUPP; the row has what could be read.
 */
int nic_port_read(struct nic_port *port, struct ethtool_netlink *ethtool, bool refresh,
		  struct nic_row *row);

/* Writes an extended state and its substate in words, "cable issue, unsupported cable"; empty if
 * the state is absent. Pure. */
void nic_port_reason(const struct ethtool_link_state *link, char *text, size_t size);

/* Adds a row of nic_stat_row_type for each standard statistic that the port has and the patterns
 * match. 0 or -ENOMEM. Pure. */
int nic_port_rows(const struct nic_port *port, uint64_t ifindex, const struct globs *patterns,
		  struct rows *rows);

#endif
