/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoders of ethtool's netlink replies on made ones, as the kernel's net/ethtool/ lays them
 * out, and the requests on the running kernel. */
#include <config.h>

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "collectors/base/rows.h"
#include "collectors/kernel/ethtool_netlink.h"
#include "collectors/kernel/ethtool_numbers.h"
#include "tests/unit/unit.h"

#define FAMILY 21

static const struct genetlink_family family = {.id = FAMILY, .version = ETHTOOL_GENL_VERSION};

static _Alignas(struct nlmsghdr) char buf[4096];

/* Begins a reply about interface 2. */
static struct nlmsghdr *reply_begin(uint8_t command, uint16_t header)
{
	struct nlmsghdr *reply = genetlink_request(buf, &family, command, 0);
	struct nlattr *nest = mnl_attr_nest_start(reply, header);

	mnl_attr_put_u32(reply, ETHTOOL_A_HEADER_DEV_INDEX, 2);
	mnl_attr_put_strz(reply, ETHTOOL_A_HEADER_DEV_NAME, "eth0");
	mnl_attr_nest_end(reply, nest);
	return reply;
}

START_TEST(pause_frames)
{
	struct nlmsghdr *reply = reply_begin(ETHTOOL_MSG_PAUSE_GET_REPLY, ETHTOOL_A_PAUSE_HEADER);
	struct ethtool_pause frames;
	struct nlattr *nest;

	mnl_attr_put_u8(reply, ETHTOOL_A_PAUSE_RX, 1);
	ck_assert_int_eq(ethtool_pause_decode(reply, FAMILY, &frames), 0);
	ck_assert_uint_eq(frames.rx, ROW_ABSENT);
	ck_assert_uint_eq(frames.tx, ROW_ABSENT);
	nest = mnl_attr_nest_start(reply, ETHTOOL_A_PAUSE_STATS);
	mnl_attr_put(reply, ETHTOOL_A_PAUSE_STAT_PAD, 0, NULL);
	mnl_attr_put_u64(reply, ETHTOOL_A_PAUSE_STAT_TX_FRAMES, 5);
	mnl_attr_nest_end(reply, nest);
	ck_assert_int_eq(ethtool_pause_decode(reply, FAMILY, &frames), 0);
	ck_assert_uint_eq(frames.rx, ROW_ABSENT);
	ck_assert_uint_eq(frames.tx, 5);
	mnl_attr_put_u64(reply, ETHTOOL_A_PAUSE_STAT_RX_FRAMES, UINT64_MAX);
	mnl_attr_nest_end(reply, nest);
	ck_assert_int_eq(ethtool_pause_decode(reply, FAMILY, &frames), 0);
	ck_assert_uint_eq(frames.rx, UINT64_MAX - 1);
	/* of another family, or another reply */
	ck_assert_int_eq(ethtool_pause_decode(reply, FAMILY + 1, &frames), -EBADMSG);
	ck_assert_uint_eq(frames.tx, ROW_ABSENT);
	reply = reply_begin(ETHTOOL_MSG_PAUSE_NTF, ETHTOOL_A_PAUSE_HEADER);
	ck_assert_int_eq(ethtool_pause_decode(reply, FAMILY, &frames), -EBADMSG);
}
END_TEST

/* The first number of each array is of all lanes together. */
START_TEST(fec)
{
	const uint64_t corrected[] = {1000, 300, 300, 200, 200}, uncorrectable[] = {7};
	struct nlmsghdr *reply = reply_begin(ETHTOOL_MSG_FEC_GET_REPLY, ETHTOOL_A_FEC_HEADER);
	struct ethtool_fec blocks;
	struct nlattr *nest;

	mnl_attr_put_u8(reply, ETHTOOL_A_FEC_AUTO, 1);
	nest = mnl_attr_nest_start(reply, ETHTOOL_A_FEC_STATS);
	mnl_attr_put(reply, ETHTOOL_A_FEC_STAT_CORRECTED, sizeof(corrected), corrected);
	mnl_attr_put_u32(reply, ETHTOOL_A_FEC_STAT_UNCORR, 3); /* cut */
	mnl_attr_nest_end(reply, nest);
	ck_assert_int_eq(ethtool_fec_decode(reply, FAMILY, &blocks), 0);
	ck_assert_uint_eq(blocks.corrected, 1000);
	ck_assert_uint_eq(blocks.uncorrectable, ROW_ABSENT);
	mnl_attr_put(reply, ETHTOOL_A_FEC_STAT_UNCORR, sizeof(uncorrectable), uncorrectable);
	mnl_attr_nest_end(reply, nest);
	ck_assert_int_eq(ethtool_fec_decode(reply, FAMILY, &blocks), 0);
	ck_assert_uint_eq(blocks.uncorrectable, 7);
	ck_assert_int_eq(ethtool_fec_decode(reply, FAMILY - 1, &blocks), -EBADMSG);
	ck_assert_uint_eq(blocks.corrected, ROW_ABSENT);
}
END_TEST

START_TEST(link_state)
{
	struct nlmsghdr *reply = reply_begin(ETHTOOL_MSG_LINKSTATE_GET_REPLY,
					     ETHTOOL_A_LINKSTATE_HEADER);
	struct ethtool_link_state link;

	mnl_attr_put_u8(reply, ETHTOOL_A_LINKSTATE_LINK, 0);
	ck_assert_int_eq(ethtool_link_state_decode(reply, FAMILY, &link), 0);
	ck_assert_uint_eq(link.state, ROW_ABSENT);
	ck_assert_uint_eq(link.down_count, ROW_ABSENT);
	mnl_attr_put_u8(reply, ETHTOOL_A_LINKSTATE_EXT_STATE, ETHTOOL_LINK_EXT_STATE_CABLE_ISSUE);
	mnl_attr_put_u8(reply, ETHTOOL_A_LINKSTATE_EXT_SUBSTATE,
			ETHTOOL_LINK_EXT_SUBSTATE_CI_UNSUPPORTED_CABLE);
	/* ETHTOOL_A_LINKSTATE_EXT_DOWN_CNT of 6.4 */
	mnl_attr_put_u32(reply, 7, 12);
	ck_assert_int_eq(ethtool_link_state_decode(reply, FAMILY, &link), 0);
	ck_assert_uint_eq(link.state, ETHTOOL_LINK_EXT_STATE_CABLE_ISSUE);
	ck_assert_uint_eq(link.substate, ETHTOOL_LINK_EXT_SUBSTATE_CI_UNSUPPORTED_CABLE);
	ck_assert_uint_eq(link.down_count, 12);
}
END_TEST

static void put_group(struct nlmsghdr *reply, uint32_t group, const uint16_t *ids, size_t count)
{
	struct nlattr *nest = mnl_attr_nest_start(reply, ETHTOOL_A_STATS_GRP);

	mnl_attr_put_u32(reply, ETHTOOL_A_STATS_GRP_ID, group);
	mnl_attr_put_u32(reply, ETHTOOL_A_STATS_GRP_SS_ID, ETH_SS_STATS_ETH_PHY + group);
	for (size_t i = 0; i < count; i++) {
		struct nlattr *stat = mnl_attr_nest_start(reply, ETHTOOL_A_STATS_GRP_STAT);

		mnl_attr_put_u64(reply, ids[i], 100 * group + ids[i]);
		mnl_attr_nest_end(reply, stat);
	}
	mnl_attr_nest_end(reply, nest);
}

static uint64_t standard_of(const struct ethtool_standard *standard, const char *name)
{
	for (size_t i = 0; i < ETHTOOL_STANDARD_COUNT; i++)
		if (!strcmp(ethtool_standard_name(i), name))
			return standard->value[i];
	ck_abort_msg("%s is no standard statistic", name);
	return 0;
}

START_TEST(standard_groups)
{
	const uint16_t phy[] = {ETHTOOL_A_STATS_ETH_PHY_5_SYM_ERR};
	const uint16_t mac[] = {ETHTOOL_A_STATS_ETH_MAC_5_RX_PKT, ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR,
				ETHTOOL_A_STATS_ETH_MAC_25_TOO_LONG_ERR};
	const uint16_t rmon[] = {ETHTOOL_A_STATS_RMON_JABBER, 77};
	struct nlmsghdr *reply = reply_begin(ETHTOOL_MSG_STATS_GET_REPLY, ETHTOOL_A_STATS_HEADER);
	struct ethtool_standard standard;
	size_t present = 0;

	put_group(reply, ETHTOOL_STATS_ETH_PHY, phy, COUNT_OF(phy));
	put_group(reply, ETHTOOL_STATS_ETH_MAC, mac, COUNT_OF(mac));
	put_group(reply, ETHTOOL_STATS_RMON, rmon, COUNT_OF(rmon));
	put_group(reply, 99, mac, COUNT_OF(mac)); /* of a later kernel */
	ck_assert_int_eq(ethtool_standard_decode(reply, FAMILY, &standard), 0);
	ck_assert_uint_eq(standard_of(&standard, "eth-phy-SymbolErrorDuringCarrier"), 0);
	ck_assert_uint_eq(standard_of(&standard, "eth-mac-FrameCheckSequenceErrors"),
			  100 + ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR);
	ck_assert_uint_eq(standard_of(&standard, "eth-mac-FrameTooLongErrors"),
			  100 + ETHTOOL_A_STATS_ETH_MAC_25_TOO_LONG_ERR);
	ck_assert_uint_eq(standard_of(&standard, "rmon-etherStatsJabbers"),
			  300 + ETHTOOL_A_STATS_RMON_JABBER);
	for (size_t i = 0; i < ETHTOOL_STANDARD_COUNT; i++)
		present += standard.value[i] != ROW_ABSENT;
	ck_assert_uint_eq(present, 4);
	/* A group that does not say which one it is belongs to none. */
	reply = reply_begin(ETHTOOL_MSG_STATS_GET_REPLY, ETHTOOL_A_STATS_HEADER);
	mnl_attr_nest_end(reply, mnl_attr_nest_start(reply, ETHTOOL_A_STATS_GRP));
	ck_assert_int_eq(ethtool_standard_decode(reply, FAMILY, &standard), 0);
	ck_assert_uint_eq(standard_of(&standard, "rmon-etherStatsJabbers"), ROW_ABSENT);
}
END_TEST

/* Loopback has none of it; its link's state can be asked for. */
START_TEST(live)
{
	const uint32_t loopback = if_nametoindex("lo");
	struct ethtool_netlink ethtool = {.family = {0}};
	struct ethtool_standard standard;
	struct ethtool_link_state link;
	struct ethtool_pause frames;
	struct ethtool_fec blocks;
	int err = ethtool_netlink_open(&ethtool);

	if (err) { /* before 5.6, or not allowed here */
		ck_assert_int_eq(ethtool_pause_read(&ethtool, loopback, &frames),
				 err == -ENOENT ? -EOPNOTSUPP : err);
		ck_assert_uint_eq(frames.rx, ROW_ABSENT);
		ethtool_netlink_close(&ethtool);
		return;
	}
	ck_assert_int_eq(ethtool_pause_read(&ethtool, loopback, &frames), -EOPNOTSUPP);
	ck_assert_uint_eq(frames.rx, ROW_ABSENT);
	ck_assert_int_eq(ethtool_fec_read(&ethtool, loopback, &blocks), -EOPNOTSUPP);
	ck_assert_uint_eq(blocks.corrected, ROW_ABSENT);
	ck_assert_int_eq(ethtool_link_state_read(&ethtool, loopback, &link), 0);
	ck_assert_uint_eq(link.state, ROW_ABSENT);
	err = ethtool_standard_read(&ethtool, loopback, &standard);
	ck_assert_msg(!err || err == -EOPNOTSUPP, "%s", strerror(-err)); /* since 5.13 */
	ck_assert_uint_eq(standard.value[0], ROW_ABSENT);
	ck_assert_int_eq(ethtool_link_state_read(&ethtool, 0x7ffffff0, &link), -ENODEV);
	ck_assert_int_eq(ethtool_netlink_open(&ethtool), 0);
	ethtool_netlink_close(&ethtool);
}
END_TEST

UNIT_MAIN("ethtool_netlink", pause_frames, fec, link_state, standard_groups, live)
