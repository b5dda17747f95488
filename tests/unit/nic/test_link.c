/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/if.h>
#include <linux/if_bonding.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/nic/link.h"
#include "tests/unit/unit.h"

/* A netlink message that is being made. */
struct made {
	union {
		struct nlmsghdr message;
		unsigned char bytes[4096];
	};
};

static void made_init(struct made *made, uint16_t type, const void *header, size_t size)
{
	memset(made, 0, sizeof(*made));
	made->message.nlmsg_type = type;
	made->message.nlmsg_seq = 1;
	made->message.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	memcpy(NLMSG_DATA(&made->message), header, size);
}

/* Appends an attribute whose header says `said` bytes of payload although there are size. */
static struct nlattr *made_lie(struct made *made, uint16_t type, const void *data, size_t size,
			       size_t said)
{
	size_t at = NLMSG_ALIGN(made->message.nlmsg_len);
	struct nlattr *attribute = (struct nlattr *)(made->bytes + at);

	ck_assert_uint_le(at + NLA_HDRLEN + size, sizeof(made->bytes));
	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + said);
	if (size)
		memcpy(made->bytes + at + NLA_HDRLEN, data, size);
	made->message.nlmsg_len = (uint32_t)(at + NLA_HDRLEN + size);
	return attribute;
}

static struct nlattr *made_add(struct made *made, uint16_t type, const void *data, size_t size)
{
	return made_lie(made, type, data, size, size);
}

static void made_u32(struct made *made, uint16_t type, uint32_t value)
{
	made_add(made, type, &value, sizeof(value));
}

static void made_u8(struct made *made, uint16_t type, uint8_t value)
{
	made_add(made, type, &value, sizeof(value));
}

static void made_text(struct made *made, uint16_t type, const char *text)
{
	made_add(made, type, text, strlen(text) + 1);
}

static struct nlattr *made_nest(struct made *made, uint16_t type)
{
	return made_add(made, type | NLA_F_NESTED, NULL, 0);
}

static void made_nest_end(struct made *made, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)(made->bytes + made->message.nlmsg_len - (unsigned char *)nest);
}

static void made_link(struct made *made, int ifindex, const char *name)
{
	const struct ifinfomsg info = {
		.ifi_family = AF_UNSPEC, .ifi_index = ifindex, .ifi_flags = IFF_UP};

	made_init(made, RTM_NEWLINK, &info, sizeof(info));
	if (name)
		made_text(made, IFLA_IFNAME, name);
}

static int decode_link(const struct made *made, struct nic_link *link)
{
	row_reset(&nic_link_type, link);
	return nic_link_decode(&made->message, link);
}

/* What an absent row's numbers are, up to the name. */
static void assert_only_ifindex(const struct nic_link *link)
{
	for (size_t at = sizeof(uint64_t); at < nic_link_type.text; at += sizeof(uint64_t))
		ck_assert_msg(row_number(link, at) == ROW_ABSENT, "the number at %zu", at);
}

struct capture {
	struct filebuf buf;
	struct rows links;
	size_t bad;
};

static int take_link(const struct nlmsghdr *message, void *arg)
{
	struct capture *capture = arg;
	struct nic_link *link = rows_add(&capture->links);

	ck_assert_ptr_nonnull(link);
	if (nic_link_decode(message, link)) {
		rows_drop_last(&capture->links);
		capture->bad++;
	}
	return 0;
}

static int take_qdisc(const struct nlmsghdr *message, void *arg)
{
	struct capture *capture = arg;
	struct nic_qdisc qdisc;
	struct nic_link key, *link;

	if (nic_qdisc_decode(message, &qdisc))
		return 0;
	key.row.ifindex = qdisc.ifindex;
	link = rows_find(&capture->links, &key);
	ck_assert_ptr_nonnull(link);
	link->row.qdisc_drops = qdisc.drops;
	link->row.qdisc_backlog = qdisc.backlog;
	link->row.qdisc_requeues = qdisc.requeues;
	ROW_SET_TEXT(link->row.qdisc_kind, qdisc.kind);
	return 0;
}

/* Decodes a file of tests/data/netlink, which ends with a DONE. */
static void decode_file(struct capture *capture, const char *file, netlink_message_fn *take)
{
	const struct netlink_dump dump = {.message = take, .arg = capture};
	struct netlink_progress progress = {.seq = 1};
	char path[PATH_MAX];
	struct roots roots;

	unit_source(path, "tests/data/netlink");
	roots.path[ROOT_PROC] = roots.path[ROOT_SYS] = path;
	ck_assert_int_eq(procfs_read(&roots, ROOT_PROC, &capture->buf, "%s", file), 0);
	ck_assert_int_eq(netlink_parse(capture->buf.data, capture->buf.len, &dump, &progress), 0);
	ck_assert(progress.done);
	ck_assert_int_eq(progress.err, 0);
}

static void capture_init(struct capture *capture)
{
	memset(capture, 0, sizeof(*capture));
	rows_init(&capture->links, &nic_link_type);
}

static void capture_done(struct capture *capture)
{
	rows_clear(&capture->links);
	filebuf_free(&capture->buf);
}

static const struct nic_row *find(const struct capture *capture, const char *name)
{
	for (size_t i = 0; i < capture->links.count; i++) {
		const struct nic_link *link = rows_at(&capture->links, i);

		if (!strcmp(link->ifname, name))
			return &link->row;
	}
	ck_abort_msg("%s is not there", name);
	return NULL;
}

/* lo, tap1-tap0 (in br0), br0, down1-down0 (never up); as `ip -s link` and `tc -s qdisc` showed
 * them in the same namespace. */
START_TEST(captured_veth)
{
	struct capture capture;
	const struct nic_row *row;

	capture_init(&capture);
	decode_file(&capture, "veth/links", take_link);
	rows_sort(&capture.links);
	decode_file(&capture, "veth/qdiscs", take_qdisc);
	ck_assert_uint_eq(capture.links.count, 6);
	ck_assert_uint_eq(capture.bad, 0);

	row = find(&capture, "tap1");
	ck_assert_uint_eq(row->ifindex, 2);
	ck_assert_str_eq(row->name, "tap1");
	ck_assert_uint_eq(row->mtu, 1400);
	ck_assert_uint_eq(row->tx_queue_len, 77);
	ck_assert_uint_eq(row->rx_queues, 2);
	ck_assert_uint_eq(row->tx_queues, 2);
	ck_assert_uint_eq(row->oper_status, NIC_OPER_UP);
	ck_assert_uint_eq(row->carrier, 1);
	ck_assert_uint_eq(row->carrier_changes, 2);
	ck_assert_uint_eq(row->rx_packets, 2);
	ck_assert_uint_eq(row->tx_packets, 4);
	ck_assert_uint_eq(row->rx_nohandler, 0);
	ck_assert_uint_eq(row->master_ifindex, ROW_ABSENT);
	ck_assert_uint_eq(row->qdisc_drops, 36);
	ck_assert_str_eq(row->qdisc_kind, "tbf");
	ck_assert_uint_eq(row->qdisc_backlog, 542);
	ck_assert_uint_eq(row->qdisc_requeues, 0);

	row = find(&capture, "tap0");
	ck_assert_uint_eq(row->master_ifindex, 4);
	ck_assert_uint_eq(row->rx_packets, 4);

	row = find(&capture, "br0");
	ck_assert_uint_eq(row->oper_status, NIC_OPER_DOWN);
	ck_assert_uint_eq(row->carrier, 1); /* `ip` said LOWER_UP */
	ck_assert_uint_eq(row->rx_packets, 1);

	row = find(&capture, "down0");
	ck_assert_uint_eq(row->oper_status, NIC_OPER_DOWN);
	ck_assert_uint_eq(row->carrier, ROW_ABSENT);
	ck_assert_uint_eq(row->qdisc_drops, ROW_ABSENT);

	row = find(&capture, "lo");
	ck_assert_uint_eq(row->oper_status, NIC_OPER_UNKNOWN);
	capture_done(&capture);
}
END_TEST

/* A virtual machine's eth0. */
START_TEST(captured_virtio)
{
	struct capture capture;
	const struct nic_row *row;

	capture_init(&capture);
	decode_file(&capture, "virtio/links", take_link);
	rows_sort(&capture.links);
	decode_file(&capture, "virtio/qdiscs", take_qdisc);
	row = find(&capture, "eth0");
	ck_assert_uint_eq(row->mtu, 1400);
	ck_assert_uint_gt(row->rx_packets, 0);
	ck_assert_uint_eq(row->qdisc_drops, 0);
	capture_done(&capture);
}
END_TEST

/* Every length that a captured dump can be cut to: no crash, and no link but whole ones. */
START_TEST(cut_captures)
{
	struct capture capture;
	size_t len;

	capture_init(&capture);
	decode_file(&capture, "veth/links", take_link);
	len = capture.buf.len;
	for (size_t cut = 0; cut < len; cut += 3) {
		const struct netlink_dump dump = {.message = take_link, .arg = &capture};
		struct netlink_progress progress = {.seq = 1};
		char *part = malloc(cut + 1);

		ck_assert_ptr_nonnull(part);
		memcpy(part, capture.buf.data, cut);
		capture.links.count = 0;
		netlink_parse(part, cut, &dump, &progress);
		ck_assert(!progress.done);
		ck_assert_uint_le(capture.links.count, 6);
		ck_assert_uint_eq(capture.bad, 0);
		free(part);
	}
	capture_done(&capture);
}
END_TEST

START_TEST(nothing_is_not_zero)
{
	struct made made;
	struct nic_link link;

	made_link(&made, 7, "eth7");
	ck_assert_int_eq(decode_link(&made, &link), 0);
	ck_assert_uint_eq(link.row.ifindex, 7);
	ck_assert_str_eq(link.ifname, "eth7");
	assert_only_ifindex(&link);
}
END_TEST

START_TEST(statistics_of_older_kernels)
{
	struct rtnl_link_stats64 stats;
	struct made made;
	struct nic_link link;

	memset(&stats, 0x11, sizeof(stats));
	/* before 4.6 */
	made_link(&made, 1, "a");
	made_add(&made, IFLA_STATS64, &stats, offsetof(struct rtnl_link_stats64, rx_nohandler));
	ck_assert_int_eq(decode_link(&made, &link), 0);
	ck_assert_uint_eq(link.row.rx_missed, UINT64_C(0x1111111111111111));
	ck_assert_uint_eq(link.row.tx_carrier_errors, UINT64_C(0x1111111111111111));
	ck_assert_uint_eq(link.row.rx_nohandler, ROW_ABSENT);

	/* one that ends within a number */
	made_link(&made, 1, "a");
	made_add(&made, IFLA_STATS64, &stats, offsetof(struct rtnl_link_stats64, tx_packets) + 7);
	ck_assert_int_eq(decode_link(&made, &link), 0);
	ck_assert_uint_eq(link.row.rx_packets, UINT64_C(0x1111111111111111));
	ck_assert_uint_eq(link.row.tx_packets, ROW_ABSENT);

	made_link(&made, 1, "a");
	made_add(&made, IFLA_STATS64, NULL, 0);
	ck_assert_int_eq(decode_link(&made, &link), 0);
	assert_only_ifindex(&link);
}
END_TEST

/* A kernel of tomorrow's with more of everything. */
START_TEST(statistics_of_newer_kernels)
{
	unsigned char stats[sizeof(struct rtnl_link_stats64) + 64];
	uint64_t mtu = 9000;
	struct made made;
	struct nic_link link;

	memset(stats, 0, sizeof(stats));
	stats[0] = 5;
	made_link(&made, 1, "a");
	made_add(&made, IFLA_STATS64, stats, sizeof(stats));
	made_add(&made, IFLA_MAX + 20, &mtu, sizeof(mtu));
	ck_assert_int_eq(decode_link(&made, &link), 0);
	ck_assert_uint_eq(link.row.rx_nohandler, 0);
	ck_assert_uint_ne(link.row.rx_packets, 0);
}
END_TEST

/* A counter that stands at the value that means absent is there all the same. */
START_TEST(largest_statistics)
{
	struct rtnl_link_stats64 stats;
	struct made made;
	struct nic_link link;

	memset(&stats, 0xff, sizeof(stats));
	made_link(&made, 1, "a");
	made_add(&made, IFLA_STATS64, &stats, sizeof(stats));
	ck_assert_int_eq(decode_link(&made, &link), 0);
	ck_assert_uint_eq(link.row.rx_packets, UINT64_MAX - 1);
	ck_assert_uint_eq(link.row.tx_carrier_errors, UINT64_MAX - 1);
}
END_TEST

/* Under one ifindex, without an announcement: what cannot be the same interface. */
START_TEST(same_interface)
{
	struct made made;
	struct nic_link before, now;
	struct nlattr *nest;

	made_link(&made, 1, "a");
	made_u32(&made, IFLA_CARRIER_CHANGES, 4);
	nest = made_nest(&made, IFLA_LINKINFO);
	made_text(&made, IFLA_INFO_KIND, "veth");
	made_nest_end(&made, nest);
	ck_assert_int_eq(decode_link(&made, &before), 0);
	ck_assert_str_eq(before.kind, "veth");
	now = before;
	ck_assert(nic_link_same(&before, &now));
	now.row.carrier_changes = 5;
	ROW_SET_TEXT(now.ifname, "renamed");
	ck_assert(nic_link_same(&before, &now));
	now.row.carrier_changes = 3;
	ck_assert(!nic_link_same(&before, &now));
	now = before;
	ROW_SET_TEXT(now.kind, "bridge");
	ck_assert(!nic_link_same(&before, &now));
	/* before 3.15 the kernel does not count them */
	now = before;
	now.row.carrier_changes = before.row.carrier_changes = ROW_ABSENT;
	ck_assert(nic_link_same(&before, &now));
	/* hardware has no kind, and a nest of another form none that is known */
	made_link(&made, 1, "a");
	made_u8(&made, IFLA_LINKINFO | NLA_F_NESTED, 1);
	ck_assert_int_eq(decode_link(&made, &now), 0);
	ck_assert_str_eq(now.kind, "");
}
END_TEST

START_TEST(broken_links)
{
	const struct ifinfomsg none = {.ifi_index = 0}, bridge = {.ifi_family = AF_BRIDGE};
	struct made made;
	struct nic_link link;
	uint16_t two = 2;

	made_link(&made, 3, NULL);
	ck_assert_int_eq(decode_link(&made, &link), -EBADMSG); /* no name */
	made_link(&made, 3, "");
	ck_assert_int_eq(decode_link(&made, &link), -EBADMSG);
	made_link(&made, 3, NULL);
	made_add(&made, IFLA_IFNAME, "\0\0", 3);
	ck_assert_int_eq(decode_link(&made, &link), -EBADMSG);
	made_link(&made, 3, NULL);
	made_add(&made, IFLA_IFNAME, "abc", 3); /* not terminated */
	ck_assert_int_eq(decode_link(&made, &link), -EBADMSG);
	made_link(&made, 3, "longer-than-IFNAMSIZ");
	ck_assert_int_eq(decode_link(&made, &link), -EBADMSG);
	made_link(&made, 3, "a");
	made_add(&made, IFLA_MTU, &two, sizeof(two)); /* too short */
	ck_assert_int_eq(decode_link(&made, &link), -EBADMSG);
	made_link(&made, -1, "a");
	ck_assert_int_eq(decode_link(&made, &link), -EBADMSG);
	made_init(&made, RTM_NEWLINK, &none, sizeof(none));
	made_text(&made, IFLA_IFNAME, "a");
	ck_assert_int_eq(decode_link(&made, &link), -EBADMSG);
	made_init(&made, RTM_NEWLINK, &none, sizeof(none) - 1);
	ck_assert_int_eq(decode_link(&made, &link), -EBADMSG);
	made_init(&made, RTM_NEWLINK, &bridge, sizeof(bridge));
	ck_assert_int_eq(decode_link(&made, &link), -ENOENT);
	made_init(&made, RTM_NEWADDR, &none, sizeof(none));
	ck_assert_int_eq(decode_link(&made, &link), -ENOENT);
}
END_TEST

/* An attribute that says that it is longer than the message, or shorter than its own header: it and
 * what follows is not there. */
START_TEST(truncated_attributes)
{
	uint32_t value = 1500;
	struct made made;
	struct nic_link link;

	made_link(&made, 3, "a");
	made_lie(&made, IFLA_MTU, &value, sizeof(value), 400);
	ck_assert_int_eq(decode_link(&made, &link), 0);
	assert_only_ifindex(&link);

	made_link(&made, 3, "a");
	made_lie(&made, IFLA_MTU, &value, sizeof(value), 0)->nla_len = 2;
	ck_assert_int_eq(decode_link(&made, &link), 0);
	assert_only_ifindex(&link);
}
END_TEST

START_TEST(odd_states)
{
	struct made made;
	struct nic_link link;

	made_link(&made, 3, "a\nb");
	made_u8(&made, IFLA_OPERSTATE, 200);
	made_u8(&made, IFLA_CARRIER, 0);
	ck_assert_int_eq(decode_link(&made, &link), 0);
	ck_assert_uint_eq(link.row.oper_status, ROW_ABSENT);
	ck_assert_uint_eq(link.row.carrier, 0);
	ck_assert_str_eq(link.row.name, "a?b"); /* fit to be shown */
	ck_assert_str_eq(link.ifname, "a\nb");	/* fit for ioctls */
}
END_TEST

START_TEST(every_operational_state)
{
	static const struct {
		uint8_t theirs;
		enum nic_oper_status ours;
	} states[] = {
		{IF_OPER_UNKNOWN, NIC_OPER_UNKNOWN},
		{IF_OPER_NOTPRESENT, NIC_OPER_NOT_PRESENT},
		{IF_OPER_DOWN, NIC_OPER_DOWN},
		{IF_OPER_LOWERLAYERDOWN, NIC_OPER_LOWER_LAYER_DOWN},
		{IF_OPER_TESTING, NIC_OPER_TESTING},
		{IF_OPER_DORMANT, NIC_OPER_DORMANT},
		{IF_OPER_UP, NIC_OPER_UP},
	};

	for (size_t i = 0; i < COUNT_OF(states); i++) {
		struct made made;
		struct nic_link link;

		made_link(&made, 3, "a");
		made_u8(&made, IFLA_OPERSTATE, states[i].theirs);
		ck_assert_int_eq(decode_link(&made, &link), 0);
		ck_assert_uint_eq(link.row.oper_status, states[i].ours);
	}
}
END_TEST

START_TEST(deleted_links)
{
	struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_index = 42};
	struct made made;
	uint64_t ifindex = 0;

	made_init(&made, RTM_DELLINK, &info, sizeof(info));
	ck_assert_int_eq(nic_link_deleted(&made.message, &ifindex), 0);
	ck_assert_uint_eq(ifindex, 42);
	/* a port leaves its bridge: it still exists */
	info.ifi_family = AF_BRIDGE;
	made_init(&made, RTM_DELLINK, &info, sizeof(info));
	ck_assert_int_eq(nic_link_deleted(&made.message, &ifindex), -ENOENT);
	info.ifi_family = AF_UNSPEC;
	made_init(&made, RTM_NEWLINK, &info, sizeof(info));
	ck_assert_int_eq(nic_link_deleted(&made.message, &ifindex), -ENOENT);
	made_init(&made, RTM_DELLINK, &info, sizeof(info) - 4);
	ck_assert_int_eq(nic_link_deleted(&made.message, &ifindex), -EBADMSG);
	info.ifi_index = 0;
	made_init(&made, RTM_DELLINK, &info, sizeof(info));
	ck_assert_int_eq(nic_link_deleted(&made.message, &ifindex), -EBADMSG);
}
END_TEST

static void made_qdisc(struct made *made, const char *kind, uint32_t parent, size_t queue_size)
{
	const struct tcmsg info = {.tcm_ifindex = 5, .tcm_parent = parent};
	const struct gnet_stats_queue queue = {
		.backlog = 3000, .drops = UINT32_MAX, .requeues = 4, .qlen = 2};
	struct nlattr *nest;

	made_init(made, RTM_NEWQDISC, &info, sizeof(info));
	made_text(made, TCA_KIND, kind);
	nest = made_nest(made, TCA_STATS2);
	made_add(made, TCA_STATS_QUEUE, &queue, queue_size);
	made_nest_end(made, nest);
}

START_TEST(qdiscs)
{
	const struct tcmsg none = {.tcm_ifindex = 0, .tcm_parent = TC_H_ROOT};
	const struct tcmsg bare = {.tcm_ifindex = 9, .tcm_parent = TC_H_ROOT};
	struct made made;
	struct nic_qdisc qdisc;

	made_qdisc(&made, "pfifo", TC_H_ROOT, sizeof(struct gnet_stats_queue));
	ck_assert_int_eq(nic_qdisc_decode(&made.message, &qdisc), 0);
	ck_assert_uint_eq(qdisc.ifindex, 5);
	ck_assert_uint_eq(qdisc.drops, UINT32_MAX);
	ck_assert_uint_eq(qdisc.backlog, 3000);
	ck_assert_uint_eq(qdisc.requeues, 4);
	ck_assert_str_eq(qdisc.kind, "pfifo");
	made_qdisc(&made, "pfifo", TC_H_INGRESS, sizeof(struct gnet_stats_queue));
	ck_assert_int_eq(nic_qdisc_decode(&made.message, &qdisc), -ENOENT);
	made_qdisc(&made, "pfifo", 0x80010001, sizeof(struct gnet_stats_queue)); /* below mq */
	ck_assert_int_eq(nic_qdisc_decode(&made.message, &qdisc), -ENOENT);
	made_qdisc(&made, "pfifo", TC_H_ROOT, sizeof(struct gnet_stats_queue) - 4);
	ck_assert_int_eq(nic_qdisc_decode(&made.message, &qdisc), -EBADMSG);
	/* counts nothing, though the kernel sends zeros */
	made_qdisc(&made, "noqueue", TC_H_ROOT, sizeof(struct gnet_stats_queue));
	ck_assert_int_eq(nic_qdisc_decode(&made.message, &qdisc), 0);
	ck_assert_uint_eq(qdisc.ifindex, 5);
	ck_assert_uint_eq(qdisc.drops, ROW_ABSENT);
	ck_assert_uint_eq(qdisc.backlog, ROW_ABSENT);
	ck_assert_uint_eq(qdisc.requeues, ROW_ABSENT);
	ck_assert_str_eq(qdisc.kind, "noqueue");
	made_init(&made, RTM_NEWQDISC, &bare, sizeof(bare));
	ck_assert_int_eq(nic_qdisc_decode(&made.message, &qdisc), 0);
	ck_assert_uint_eq(qdisc.ifindex, 9);
	ck_assert_uint_eq(qdisc.drops, ROW_ABSENT);
	ck_assert_uint_eq(qdisc.backlog, ROW_ABSENT);
	made_init(&made, RTM_NEWQDISC, &none, sizeof(none));
	ck_assert_int_eq(nic_qdisc_decode(&made.message, &qdisc), -EBADMSG);
	made_init(&made, RTM_NEWQDISC, &bare, sizeof(bare) - 1);
	ck_assert_int_eq(nic_qdisc_decode(&made.message, &qdisc), -EBADMSG);
	made_init(&made, RTM_NEWTCLASS, &bare, sizeof(bare));
	ck_assert_int_eq(nic_qdisc_decode(&made.message, &qdisc), -ENOENT);
}
END_TEST

/* A port of a bond, as net/bonding sends it, with some of what may be left out or odd. */
static void decode_bond(struct nic_link *link, const char *kind, int state, int mii, int lacp)
{
	struct nlattr *info, *data;
	struct made made;

	made_link(&made, 3, "eth1");
	info = made_nest(&made, IFLA_LINKINFO);
	made_text(&made, IFLA_INFO_SLAVE_KIND, kind);
	data = made_nest(&made, IFLA_INFO_SLAVE_DATA);
	if (state >= 0)
		made_u8(&made, IFLA_BOND_SLAVE_STATE, (uint8_t)state);
	if (mii >= 0)
		made_u8(&made, IFLA_BOND_SLAVE_MII_STATUS, (uint8_t)mii);
	made_u32(&made, IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, 17);
	made_add(&made, IFLA_BOND_SLAVE_PERM_HWADDR, "\2\0\0\0\0\1", 6);
	made_add(&made, IFLA_BOND_SLAVE_QUEUE_ID, "\0", 2);
	if (lacp >= 0)
		made_u8(&made, IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE, (uint8_t)lacp);
	made_nest_end(&made, data);
	made_nest_end(&made, info);
	ck_assert_int_eq(decode_link(&made, link), 0);
}

START_TEST(ports_of_bonds)
{
	static const struct {
		int lacp;
		uint64_t state;
	} cases[] = {
		{0x3d, NIC_LACP_DISTRIBUTING}, {0x3f, NIC_LACP_DISTRIBUTING},
		{0x1d, NIC_LACP_COLLECTING},   {0x0d, NIC_LACP_IN_SYNC},
		{0x05, NIC_LACP_OUT_OF_SYNC},  {0x45, NIC_LACP_NO_PARTNER},
		{0xbd, NIC_LACP_NO_PARTNER},   {-1, ROW_ABSENT},
	};
	struct nic_link link;

	decode_bond(&link, "bond", BOND_STATE_BACKUP, BOND_LINK_FAIL, -1);
	ck_assert_uint_eq(link.row.bond_state, NIC_BOND_BACKUP);
	ck_assert_uint_eq(link.row.bond_mii_status, NIC_BOND_GOING_DOWN);
	ck_assert_uint_eq(link.row.bond_lacp_state, ROW_ABSENT);
	ck_assert_uint_eq(link.row.bond_link_failures, 17);
	ck_assert_str_eq(link.kind, ""); /* hardware all the same */
	decode_bond(&link, "bond", BOND_STATE_ACTIVE, BOND_LINK_UP, 0x3d);
	ck_assert_uint_eq(link.row.bond_state, NIC_BOND_ACTIVE);
	ck_assert_uint_eq(link.row.bond_mii_status, NIC_BOND_UP);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		decode_bond(&link, "bond", -1, -1, cases[i].lacp);
		ck_assert_uint_eq(link.row.bond_lacp_state, cases[i].state);
		ck_assert_uint_eq(link.row.bond_state, ROW_ABSENT);
		ck_assert_uint_eq(link.row.bond_mii_status, ROW_ABSENT);
	}
	decode_bond(&link, "bond", 2, BOND_LINK_BACK + 1, -1);
	ck_assert_uint_eq(link.row.bond_state, ROW_ABSENT);
	ck_assert_uint_eq(link.row.bond_mii_status, ROW_ABSENT);
	/* A bridge's attributes have the same numbers and another meaning. */
	decode_bond(&link, "bridge", 1, 1, 0x3d);
	ck_assert_uint_eq(link.row.bond_state, ROW_ABSENT);
	ck_assert_uint_eq(link.row.bond_link_failures, ROW_ABSENT);
}
END_TEST

START_TEST(losses_of_the_carrier)
{
	struct rtnl_link_stats64 stats;
	struct nic_link link;
	struct made made;

	memset(&stats, 0, sizeof(stats));
	stats.rx_length_errors = 8;
	made_link(&made, 1, "a");
	made_u32(&made, IFLA_CARRIER_UP_COUNT, 9);
	made_u32(&made, IFLA_CARRIER_DOWN_COUNT, 7);
	made_add(&made, IFLA_STATS64, &stats, sizeof(stats));
	ck_assert_int_eq(decode_link(&made, &link), 0);
	ck_assert_uint_eq(link.row.link_down_count, 7);
	ck_assert_uint_eq(link.row.rx_length_errors, 8);
}
END_TEST

UNIT_MAIN("nic_link", captured_veth, captured_virtio, cut_captures, nothing_is_not_zero,
	  statistics_of_older_kernels, statistics_of_newer_kernels, broken_links,
	  truncated_attributes, odd_states, every_operational_state, largest_statistics,
	  same_interface, deleted_links, qdiscs, ports_of_bonds, losses_of_the_carrier)
