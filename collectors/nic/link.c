/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads links with their statistics and root qdiscs from rtnetlink: RTM_GETLINK and RTM_GETQDISC
 * dumps, and RTM_DELLINK announcements.
 */
#include <config.h>

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/if.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/base/array.h"
#include "collectors/base/text.h"
#include "collectors/nic/link.h"

const struct row_type nic_link_type = {
	ROW_TYPE_TEXT("link", struct nic_link, row.name),
	.key = {ROW_NUMBER(struct nic_link, row.ifindex)},
};

_Static_assert(NIC_NAME_SIZE == IFNAMSIZ, "interface names have another size");

/* RFC 2863's number of each IF_OPER_…. */
static const enum nic_oper_status oper_statuses[] = {
	[IF_OPER_UNKNOWN] = NIC_OPER_UNKNOWN, [IF_OPER_NOTPRESENT] = NIC_OPER_NOT_PRESENT,
	[IF_OPER_DOWN] = NIC_OPER_DOWN,	      [IF_OPER_LOWERLAYERDOWN] = NIC_OPER_LOWER_LAYER_DOWN,
	[IF_OPER_TESTING] = NIC_OPER_TESTING, [IF_OPER_DORMANT] = NIC_OPER_DORMANT,
	[IF_OPER_UP] = NIC_OPER_UP,
};

static const struct nla_policy link_policy[IFLA_MAX + 1] = {
	[IFLA_IFNAME] = {.type = NLA_STRING, .minlen = 2, .maxlen = IFNAMSIZ},
	[IFLA_MTU] = {.type = NLA_U32},
	[IFLA_TXQLEN] = {.type = NLA_U32},
	[IFLA_OPERSTATE] = {.type = NLA_U8},
	[IFLA_CARRIER] = {.type = NLA_U8},
	[IFLA_CARRIER_CHANGES] = {.type = NLA_U32},
	[IFLA_CARRIER_DOWN_COUNT] = {.type = NLA_U32},
	[IFLA_NUM_RX_QUEUES] = {.type = NLA_U32},
	[IFLA_NUM_TX_QUEUES] = {.type = NLA_U32},
	[IFLA_MASTER] = {.type = NLA_U32},
	[IFLA_STATS64] = {.type = NLA_UNSPEC}, /* older kernels send less of it */
	[IFLA_LINKINFO] = {.type = NLA_NESTED},
};

static const struct nla_policy info_policy[IFLA_INFO_MAX + 1] = {
	[IFLA_INFO_KIND] = {.type = NLA_STRING},
	[IFLA_INFO_SLAVE_KIND] = {.type = NLA_STRING},
	[IFLA_INFO_SLAVE_DATA] = {.type = NLA_NESTED},
};

static const struct nla_policy bond_policy[IFLA_BOND_SLAVE_MAX + 1] = {
	[IFLA_BOND_SLAVE_STATE] = {.type = NLA_U8},
	[IFLA_BOND_SLAVE_MII_STATUS] = {.type = NLA_U8},
	[IFLA_BOND_SLAVE_LINK_FAILURE_COUNT] = {.type = NLA_U32},
	[IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE] = {.type = NLA_U8},
};

static const struct nla_policy qdisc_policy[TCA_MAX + 1] = {
	[TCA_KIND] = {.type = NLA_STRING},
	[TCA_STATS2] = {.type = NLA_NESTED},
};

static const struct nla_policy stats_policy[TCA_STATS_MAX + 1] = {
	[TCA_STATS_QUEUE] = {.minlen = sizeof(struct gnet_stats_queue)},
};

/* u32 attributes and the members of the row they become. */
static const struct {
	int attribute;
	size_t offset;
} link_numbers[] = {
	{IFLA_MTU, offsetof(struct nic_row, mtu)},
	{IFLA_TXQLEN, offsetof(struct nic_row, tx_queue_len)},
	{IFLA_CARRIER_CHANGES, offsetof(struct nic_row, carrier_changes)},
	{IFLA_CARRIER_DOWN_COUNT, offsetof(struct nic_row, link_down_count)},
	{IFLA_NUM_RX_QUEUES, offsetof(struct nic_row, rx_queues)},
	{IFLA_NUM_TX_QUEUES, offsetof(struct nic_row, tx_queues)},
	{IFLA_MASTER, offsetof(struct nic_row, master_ifindex)},
};

#define FROM(member) offsetof(struct rtnl_link_stats64, member)
#define TO(member)   offsetof(struct nic_row, member)

static const struct {
	size_t from; /* in struct rtnl_link_stats64 */
	size_t to;   /* in struct nic_row */
} link_statistics[] = {
	{FROM(rx_packets), TO(rx_packets)},
	{FROM(rx_errors), TO(rx_errors)},
	{FROM(rx_dropped), TO(rx_dropped)},
	{FROM(rx_missed_errors), TO(rx_missed)},
	{FROM(rx_fifo_errors), TO(rx_fifo_errors)},
	{FROM(rx_length_errors), TO(rx_length_errors)},
	{FROM(rx_crc_errors), TO(rx_crc_errors)},
	{FROM(rx_frame_errors), TO(rx_frame_errors)},
	{FROM(rx_over_errors), TO(rx_over_errors)},
	{FROM(rx_nohandler), TO(rx_nohandler)},
	{FROM(tx_packets), TO(tx_packets)},
	{FROM(tx_errors), TO(tx_errors)},
	{FROM(tx_dropped), TO(tx_dropped)},
	{FROM(tx_fifo_errors), TO(tx_fifo_errors)},
	{FROM(tx_carrier_errors), TO(tx_carrier_errors)},
};

static void link_statistics_decode(const struct nlattr *stats, struct nic_row *row)
{
	size_t len = (size_t)nla_len(stats);
	const unsigned char *data = nla_data(stats);

	for (size_t i = 0; i < COUNT_OF(link_statistics); i++) {
		uint64_t value;

		if (link_statistics[i].from + sizeof(value) > len)
			continue;
		memcpy(&value, data + link_statistics[i].from, sizeof(value));
		*row_member(row, link_statistics[i].to) = row_present(value);
	}
}

static uint64_t link_bond_number(const struct nlattr *attribute, const uint64_t *numbers,
				 size_t count)
{
	uint8_t value = attribute ? nla_get_u8(attribute) : UINT8_MAX;

	return value < count ? numbers[value] : ROW_ABSENT;
}

/* IEEE 802.1AX: the states of a port, of which the later ones include the earlier. */
static uint64_t link_lacp_state(uint8_t state)
{
	if (state & (LACP_STATE_DEFAULTED | LACP_STATE_EXPIRED))
		return NIC_LACP_NO_PARTNER;
	if (!(state & LACP_STATE_SYNCHRONIZATION))
		return NIC_LACP_OUT_OF_SYNC;
	if (state & LACP_STATE_DISTRIBUTING)
		return NIC_LACP_DISTRIBUTING;
	return state & LACP_STATE_COLLECTING ? NIC_LACP_COLLECTING : NIC_LACP_IN_SYNC;
}

static void link_bond_decode(struct nlattr *data, struct nic_row *row)
{
	static const uint64_t states[] = {
		[BOND_STATE_ACTIVE] = NIC_BOND_ACTIVE,
		[BOND_STATE_BACKUP] = NIC_BOND_BACKUP,
	};
	static const uint64_t mii[] = {
		[BOND_LINK_UP] = NIC_BOND_UP,
		[BOND_LINK_FAIL] = NIC_BOND_GOING_DOWN,
		[BOND_LINK_DOWN] = NIC_BOND_DOWN,
		[BOND_LINK_BACK] = NIC_BOND_GOING_UP,
	};
	struct nlattr *tb[IFLA_BOND_SLAVE_MAX + 1];

	if (nla_parse_nested(tb, IFLA_BOND_SLAVE_MAX, data, bond_policy))
		return;
	row->bond_state = link_bond_number(tb[IFLA_BOND_SLAVE_STATE], states, COUNT_OF(states));
	row->bond_mii_status = link_bond_number(tb[IFLA_BOND_SLAVE_MII_STATUS], mii, COUNT_OF(mii));
	if (tb[IFLA_BOND_SLAVE_LINK_FAILURE_COUNT])
		row->bond_link_failures = nla_get_u32(tb[IFLA_BOND_SLAVE_LINK_FAILURE_COUNT]);
	/* Only with 802.3ad. */
	if (tb[IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE])
		row->bond_lacp_state = link_lacp_state(
			nla_get_u8(tb[IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE]));
}

static void link_info_decode(struct nlattr *linkinfo, struct nic_link *link)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1];

	if (nla_parse_nested(tb, IFLA_INFO_MAX, linkinfo, info_policy))
		return;
	if (tb[IFLA_INFO_KIND])
		nla_strlcpy(link->kind, tb[IFLA_INFO_KIND], sizeof(link->kind));
	if (tb[IFLA_INFO_SLAVE_KIND] && tb[IFLA_INFO_SLAVE_DATA] &&
	    !nla_strcmp(tb[IFLA_INFO_SLAVE_KIND], "bond"))
		link_bond_decode(tb[IFLA_INFO_SLAVE_DATA], &link->row);
}

bool nic_link_same(const struct nic_link *before, const struct nic_link *now)
{
	return !strcmp(before->kind, now->kind) &&
	       (before->row.carrier_changes == ROW_ABSENT ||
		now->row.carrier_changes >= before->row.carrier_changes);
}

int nic_link_decode(const struct nlmsghdr *message, struct nic_link *link)
{
	struct nlmsghdr *m = (struct nlmsghdr *)message; /* libnl does not change it */
	struct nlattr *tb[IFLA_MAX + 1];
	struct nic_row *row = &link->row;
	struct ifinfomsg info;

	if (message->nlmsg_type != RTM_NEWLINK)
		return -ENOENT;
	if (nlmsg_parse(m, sizeof(info), tb, IFLA_MAX, link_policy) < 0)
		return -EBADMSG;
	memcpy(&info, nlmsg_data(m), sizeof(info));
	if (info.ifi_family != AF_UNSPEC)
		return -ENOENT;
	if (info.ifi_index <= 0 || !tb[IFLA_IFNAME])
		return -EBADMSG;
	nla_strlcpy(link->ifname, tb[IFLA_IFNAME], sizeof(link->ifname));
	if (!link->ifname[0])
		return -EBADMSG;
	row->ifindex = (uint64_t)info.ifi_index;
	ROW_SET_TEXT(row->name, link->ifname);
	for (size_t i = 0; i < COUNT_OF(link_numbers); i++)
		if (tb[link_numbers[i].attribute])
			*row_member(row, link_numbers[i].offset) = nla_get_u32(
				tb[link_numbers[i].attribute]);
	if (tb[IFLA_OPERSTATE] && nla_get_u8(tb[IFLA_OPERSTATE]) < COUNT_OF(oper_statuses))
		row->oper_status = oper_statuses[nla_get_u8(tb[IFLA_OPERSTATE])];
	/* The carrier of an interface that is down is unknown: sysfs answers EINVAL. */
	if (tb[IFLA_CARRIER] && (info.ifi_flags & IFF_UP))
		row->carrier = nla_get_u8(tb[IFLA_CARRIER]) != 0;
	if (tb[IFLA_STATS64])
		link_statistics_decode(tb[IFLA_STATS64], row);
	if (tb[IFLA_LINKINFO])
		link_info_decode(tb[IFLA_LINKINFO], link);
	return 0;
}

int nic_link_deleted(const struct nlmsghdr *message, uint64_t *ifindex)
{
	struct ifinfomsg info;

	if (message->nlmsg_type != RTM_DELLINK)
		return -ENOENT;
	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(info)))
		return -EBADMSG;
	memcpy(&info, NLMSG_DATA(message), sizeof(info));
	if (info.ifi_family != AF_UNSPEC)
		return -ENOENT;
	if (info.ifi_index <= 0)
		return -EBADMSG;
	*ifindex = (uint64_t)info.ifi_index;
	return 0;
}

int nic_qdisc_decode(const struct nlmsghdr *message, struct nic_qdisc *qdisc)
{
	struct nlmsghdr *m = (struct nlmsghdr *)message;
	struct nlattr *tb[TCA_MAX + 1], *stats[TCA_STATS_MAX + 1];
	struct gnet_stats_queue queue;
	struct tcmsg info;

	*qdisc = (struct nic_qdisc){ROW_ABSENT, ROW_ABSENT, ROW_ABSENT, ROW_ABSENT, ""};
	if (message->nlmsg_type != RTM_NEWQDISC)
		return -ENOENT;
	if (nlmsg_parse(m, sizeof(info), tb, TCA_MAX, qdisc_policy) < 0)
		return -EBADMSG;
	memcpy(&info, nlmsg_data(m), sizeof(info));
	if (info.tcm_parent != TC_H_ROOT)
		return -ENOENT;
	if (info.tcm_ifindex <= 0)
		return -EBADMSG;
	qdisc->ifindex = (uint64_t)info.tcm_ifindex;
	if (tb[TCA_KIND])
		nla_strlcpy(qdisc->kind, tb[TCA_KIND], sizeof(qdisc->kind));
	if (!tb[TCA_STATS2] || (tb[TCA_KIND] && !nla_strcmp(tb[TCA_KIND], "noqueue")))
		return 0;
	if (nla_parse_nested(stats, TCA_STATS_MAX, tb[TCA_STATS2], stats_policy) < 0)
		return -EBADMSG;
	if (!stats[TCA_STATS_QUEUE])
		return 0;
	memcpy(&queue, nla_data(stats[TCA_STATS_QUEUE]), sizeof(queue));
	qdisc->drops = queue.drops;
	qdisc->backlog = queue.backlog;
	qdisc->requeues = queue.requeues;
	return 0;
}

struct links_reading {
	struct rows *links;
	size_t *bad;
};

static int link_take(const struct nlmsghdr *message, void *arg)
{
	struct links_reading *reading = arg;
	struct nic_link *link = rows_add(reading->links);
	int err;

	if (!link)
		return -ENOMEM;
	err = nic_link_decode(message, link);
	if (err)
		rows_drop_last(reading->links);
	if (err == -EBADMSG)
		++*reading->bad;
	return 0;
}

static int qdisc_take(const struct nlmsghdr *message, void *arg)
{
	struct links_reading *reading = arg;
	struct nic_link key, *link;
	struct nic_qdisc qdisc;
	int err = nic_qdisc_decode(message, &qdisc);

	if (err == -EBADMSG)
		++*reading->bad;
	if (err)
		return 0;
	key.row.ifindex = qdisc.ifindex;
	link = rows_find(reading->links, &key);
	if (!link)
		return 0;
	link->row.qdisc_drops = qdisc.drops;
	link->row.qdisc_backlog = qdisc.backlog;
	link->row.qdisc_requeues = qdisc.requeues;
	text_ascii(link->row.qdisc_kind, sizeof(link->row.qdisc_kind), qdisc.kind);
	return 0;
}

static void links_restart(void *arg)
{
	struct links_reading *reading = arg;

	reading->links->count = 0;
	*reading->bad = 0;
}

/* Sends a dump request that consists of the family's header only. */
static int link_dump(struct netlink *route, int type, void *header, size_t size,
		     const struct netlink_dump *with)
{
	struct nl_msg *message = nlmsg_alloc_simple(type, NLM_F_DUMP);
	int err = -ENOMEM;

	if (message && !nlmsg_append(message, header, size, NLMSG_ALIGNTO))
		err = netlink_dump(route, nlmsg_hdr(message), with);
	nlmsg_free(message);
	return err;
}

int nic_links_read(struct netlink *route, struct rows *links, size_t *bad)
{
	struct links_reading reading = {links, bad};
	struct ifinfomsg all = {.ifi_family = AF_UNSPEC};
	int err;

	links_restart(&reading);
	err = link_dump(route, RTM_GETLINK, &all, sizeof(all),
			&(struct netlink_dump){
				.message = link_take, .restart = links_restart, .arg = &reading});
	rows_sort(links);
	return err;
}

int nic_qdiscs_read(struct netlink *route, struct rows *links, size_t *bad)
{
	struct links_reading reading = {links, bad};
	struct tcmsg all = {.tcm_family = AF_UNSPEC};

	*bad = 0;
	return link_dump(route, RTM_GETQDISC, &all, sizeof(all),
			 &(struct netlink_dump){.message = qdisc_take, .arg = &reading});
}
