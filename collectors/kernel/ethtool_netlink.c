/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks network drivers over ethtool's generic netlink family (net/ethtool/ in the kernel) for what
 * the ioctl does not have.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/rows.h"
#include "collectors/kernel/ethtool_netlink.h"
#include "collectors/kernel/ethtool_numbers.h"

/* Since 6.4; older headers lack it. */
#define LINKSTATE_EXT_DOWN_CNT (ETHTOOL_A_LINKSTATE_EXT_SUBSTATE + 1)

#define REQUEST_SIZE 256

/* The statistics of each group that are about loss. */
static const struct {
	const char *name;
	uint16_t group;
	uint16_t id;
} standards[] = {
	{"eth-phy-SymbolErrorDuringCarrier", ETHTOOL_STATS_ETH_PHY,
	 ETHTOOL_A_STATS_ETH_PHY_5_SYM_ERR},
	{"eth-mac-FrameCheckSequenceErrors", ETHTOOL_STATS_ETH_MAC,
	 ETHTOOL_A_STATS_ETH_MAC_6_FCS_ERR},
	{"eth-mac-AlignmentErrors", ETHTOOL_STATS_ETH_MAC, ETHTOOL_A_STATS_ETH_MAC_7_ALIGN_ERR},
	{"eth-mac-LateCollisions", ETHTOOL_STATS_ETH_MAC, ETHTOOL_A_STATS_ETH_MAC_10_LATE_COL},
	{"eth-mac-FramesAbortedDueToXSColls", ETHTOOL_STATS_ETH_MAC,
	 ETHTOOL_A_STATS_ETH_MAC_11_XS_COL},
	{"eth-mac-FramesLostDueToIntMACXmitError", ETHTOOL_STATS_ETH_MAC,
	 ETHTOOL_A_STATS_ETH_MAC_12_TX_INT_ERR},
	{"eth-mac-CarrierSenseErrors", ETHTOOL_STATS_ETH_MAC, ETHTOOL_A_STATS_ETH_MAC_13_CS_ERR},
	{"eth-mac-FramesLostDueToIntMACRcvError", ETHTOOL_STATS_ETH_MAC,
	 ETHTOOL_A_STATS_ETH_MAC_15_RX_INT_ERR},
	{"eth-mac-FramesWithExcessiveDeferral", ETHTOOL_STATS_ETH_MAC,
	 ETHTOOL_A_STATS_ETH_MAC_20_XS_DEFER},
	{"eth-mac-InRangeLengthErrors", ETHTOOL_STATS_ETH_MAC,
	 ETHTOOL_A_STATS_ETH_MAC_23_IR_LEN_ERR},
	{"eth-mac-OutOfRangeLengthField", ETHTOOL_STATS_ETH_MAC,
	 ETHTOOL_A_STATS_ETH_MAC_24_OOR_LEN},
	{"eth-mac-FrameTooLongErrors", ETHTOOL_STATS_ETH_MAC,
	 ETHTOOL_A_STATS_ETH_MAC_25_TOO_LONG_ERR},
	{"eth-ctrl-MACControlFramesTransmitted", ETHTOOL_STATS_ETH_CTRL,
	 ETHTOOL_A_STATS_ETH_CTRL_3_TX},
	{"eth-ctrl-MACControlFramesReceived", ETHTOOL_STATS_ETH_CTRL,
	 ETHTOOL_A_STATS_ETH_CTRL_4_RX},
	{"eth-ctrl-UnsupportedOpcodesReceived", ETHTOOL_STATS_ETH_CTRL,
	 ETHTOOL_A_STATS_ETH_CTRL_5_RX_UNSUP},
	{"rmon-etherStatsUndersizePkts", ETHTOOL_STATS_RMON, ETHTOOL_A_STATS_RMON_UNDERSIZE},
	{"rmon-etherStatsOversizePkts", ETHTOOL_STATS_RMON, ETHTOOL_A_STATS_RMON_OVERSIZE},
	{"rmon-etherStatsFragments", ETHTOOL_STATS_RMON, ETHTOOL_A_STATS_RMON_FRAG},
	{"rmon-etherStatsJabbers", ETHTOOL_STATS_RMON, ETHTOOL_A_STATS_RMON_JABBER},
};

_Static_assert(COUNT_OF(standards) == ETHTOOL_STANDARD_COUNT,
	       "ETHTOOL_STANDARD_COUNT is another number");

/* The groups above, as bits. */
#define GROUPS                                                       \
	(1U << ETHTOOL_STATS_ETH_PHY | 1U << ETHTOOL_STATS_ETH_MAC | \
	 1U << ETHTOOL_STATS_ETH_CTRL | 1U << ETHTOOL_STATS_RMON)
#define GROUPS_SIZE 4

const char *ethtool_standard_name(size_t i)
{
	return standards[i].name;
}

int ethtool_netlink_open(struct ethtool_netlink *ethtool)
{
	if (netlink_is_open(&ethtool->nl) && ethtool->family.id)
		return 0;
	return genetlink_lookup(&ethtool->nl, ETHTOOL_GENL_NAME, &ethtool->family);
}

void ethtool_netlink_close(struct ethtool_netlink *ethtool)
{
	netlink_close(&ethtool->nl);
	ethtool->family.id = 0;
}

/* --- decoders --------------------------------------------------------------------------------- */

/* The number in an attribute, or absent. */
static uint64_t attribute_number(const struct nlattr *attribute)
{
	uint64_t number;

	return genetlink_number(attribute, &number) ? row_present(number) : ROW_ABSENT;
}

int ethtool_pause_decode(const struct nlmsghdr *message, uint16_t id, struct ethtool_pause *pause)
{
	const struct nlattr *attribute, *stat;

	*pause = (struct ethtool_pause){ROW_ABSENT, ROW_ABSENT};
	if (genetlink_command(message, id) != ETHTOOL_MSG_PAUSE_GET_REPLY)
		return -EBADMSG;
	mnl_attr_for_each(attribute, message, GENETLINK_HEADER) {
		if (mnl_attr_get_type(attribute) != ETHTOOL_A_PAUSE_STATS)
			continue;
		mnl_attr_for_each_nested(stat, attribute) {
			if (mnl_attr_get_type(stat) == ETHTOOL_A_PAUSE_STAT_RX_FRAMES)
				pause->rx = attribute_number(stat);
			else if (mnl_attr_get_type(stat) == ETHTOOL_A_PAUSE_STAT_TX_FRAMES)
				pause->tx = attribute_number(stat);
		}
	}
	return 0;
}

/* The first of an array of u64: the sum, which the counts of the lanes may follow. */
static uint64_t attribute_first(const struct nlattr *attribute)
{
	uint64_t sum;

	if (mnl_attr_get_payload_len(attribute) < sizeof(sum))
		return ROW_ABSENT;
	memcpy(&sum, mnl_attr_get_payload(attribute), sizeof(sum));
	return row_present(sum);
}

int ethtool_fec_decode(const struct nlmsghdr *message, uint16_t id, struct ethtool_fec *fec)
{
	const struct nlattr *attribute, *stat;

	*fec = (struct ethtool_fec){ROW_ABSENT, ROW_ABSENT};
	if (genetlink_command(message, id) != ETHTOOL_MSG_FEC_GET_REPLY)
		return -EBADMSG;
	mnl_attr_for_each(attribute, message, GENETLINK_HEADER) {
		if (mnl_attr_get_type(attribute) != ETHTOOL_A_FEC_STATS)
			continue;
		mnl_attr_for_each_nested(stat, attribute) {
			if (mnl_attr_get_type(stat) == ETHTOOL_A_FEC_STAT_CORRECTED)
				fec->corrected = attribute_first(stat);
			else if (mnl_attr_get_type(stat) == ETHTOOL_A_FEC_STAT_UNCORR)
				fec->uncorrectable = attribute_first(stat);
		}
	}
	return 0;
}

int ethtool_link_state_decode(const struct nlmsghdr *message, uint16_t id,
			      struct ethtool_link_state *link)
{
	const struct nlattr *attribute;

	*link = (struct ethtool_link_state){ROW_ABSENT, ROW_ABSENT, ROW_ABSENT};
	if (genetlink_command(message, id) != ETHTOOL_MSG_LINKSTATE_GET_REPLY)
		return -EBADMSG;
	mnl_attr_for_each(attribute, message, GENETLINK_HEADER) {
		switch (mnl_attr_get_type(attribute)) {
		case ETHTOOL_A_LINKSTATE_EXT_STATE:
			link->state = attribute_number(attribute);
			break;
		case ETHTOOL_A_LINKSTATE_EXT_SUBSTATE:
			link->substate = attribute_number(attribute);
			break;
		case LINKSTATE_EXT_DOWN_CNT:
			link->down_count = attribute_number(attribute);
			break;
		}
	}
	return 0;
}

static void standard_take(struct ethtool_standard *standard, uint64_t group,
			  const struct nlattr *stat)
{
	for (size_t i = 0; i < COUNT_OF(standards); i++)
		if (standards[i].group == group && standards[i].id == mnl_attr_get_type(stat))
			standard->value[i] = attribute_number(stat);
}

/* A group has its id first, then a nest for each statistic. */
static void standard_decode_group(struct ethtool_standard *standard, const struct nlattr *nest)
{
	const struct nlattr *attribute, *stat;
	uint64_t group = ROW_ABSENT;

	mnl_attr_for_each_nested(attribute, nest) {
		if (mnl_attr_get_type(attribute) == ETHTOOL_A_STATS_GRP_ID)
			group = attribute_number(attribute);
		if (mnl_attr_get_type(attribute) != ETHTOOL_A_STATS_GRP_STAT)
			continue;
		mnl_attr_for_each_nested(stat, attribute)
			standard_take(standard, group, stat);
	}
}

int ethtool_standard_decode(const struct nlmsghdr *message, uint16_t id,
			    struct ethtool_standard *standard)
{
	const struct nlattr *attribute;

	for (size_t i = 0; i < COUNT_OF(standard->value); i++)
		standard->value[i] = ROW_ABSENT;
	if (genetlink_command(message, id) != ETHTOOL_MSG_STATS_GET_REPLY)
		return -EBADMSG;
	mnl_attr_for_each(attribute, message, GENETLINK_HEADER)
		if (mnl_attr_get_type(attribute) == ETHTOOL_A_STATS_GRP)
			standard_decode_group(standard, attribute);
	return 0;
}

/* --- requests --------------------------------------------------------------------------------- */

/* A kind of request, and how its reply is decoded. */
struct ethtool_question {
	uint8_t command;
	uint16_t header; /* the attribute that names the interface */
	uint32_t flags;
	size_t size; /* of the result, which consists of uint64_t */
	int (*decode)(const struct nlmsghdr *message, uint16_t id, void *result);
};

struct ethtool_reply {
	const struct ethtool_question *question;
	uint16_t id;
	void *result;
};

static int ethtool_take(const struct nlmsghdr *message, void *arg)
{
	const struct ethtool_reply *reply = arg;

	return reply->question->decode(message, reply->id, reply->result);
}

/* Asks for all of GROUPS, as a compact bitset. */
static void ethtool_put_groups(struct nlmsghdr *request)
{
	struct nlattr *nest = mnl_attr_nest_start(request, ETHTOOL_A_STATS_GROUPS);

	mnl_attr_put(request, ETHTOOL_A_BITSET_NOMASK, 0, NULL);
	mnl_attr_put_u32(request, ETHTOOL_A_BITSET_SIZE, GROUPS_SIZE);
	mnl_attr_put_u32(request, ETHTOOL_A_BITSET_VALUE, GROUPS);
	mnl_attr_nest_end(request, nest);
}

static int ethtool_ask(struct ethtool_netlink *ethtool, uint32_t ifindex,
		       const struct ethtool_question *question, void *result)
{
	_Alignas(struct nlmsghdr) char buf[REQUEST_SIZE];
	struct ethtool_reply reply = {.question = question, .result = result};
	const struct netlink_dump dump = {.message = ethtool_take, .arg = &reply};
	struct nlmsghdr *request;
	struct nlattr *nest;
	int err;

	memset(result, 0xff, question->size); /* ROW_ABSENT */
	err = ethtool_netlink_open(ethtool);
	if (err)
		return err == -ENOENT ? -EOPNOTSUPP : err;
	reply.id = ethtool->family.id;
	request = genetlink_request(buf, &ethtool->family, question->command, 0);
	nest = mnl_attr_nest_start(request, question->header);
	mnl_attr_put_u32(request, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
	if (question->flags)
		mnl_attr_put_u32(request, ETHTOOL_A_HEADER_FLAGS, question->flags);
	mnl_attr_nest_end(request, nest);
	if (question->command == ETHTOOL_MSG_STATS_GET)
		ethtool_put_groups(request);
	err = netlink_dump(&ethtool->nl, request, &dump);
	/* A kernel that does not know ETHTOOL_FLAG_STATS answers EINVAL. */
	return err == -EINVAL && question->flags ? -EOPNOTSUPP : err;
}

static int ethtool_take_pause(const struct nlmsghdr *message, uint16_t id, void *result)
{
	return ethtool_pause_decode(message, id, result);
}

int ethtool_pause_read(struct ethtool_netlink *ethtool, uint32_t ifindex,
		       struct ethtool_pause *pause)
{
	static const struct ethtool_question question = {
		.command = ETHTOOL_MSG_PAUSE_GET,
		.header = ETHTOOL_A_PAUSE_HEADER,
		.flags = ETHTOOL_FLAG_STATS,
		.size = sizeof(*pause),
		.decode = ethtool_take_pause,
	};

	return ethtool_ask(ethtool, ifindex, &question, pause);
}

static int ethtool_take_fec(const struct nlmsghdr *message, uint16_t id, void *result)
{
	return ethtool_fec_decode(message, id, result);
}

int ethtool_fec_read(struct ethtool_netlink *ethtool, uint32_t ifindex, struct ethtool_fec *fec)
{
	static const struct ethtool_question question = {
		.command = ETHTOOL_MSG_FEC_GET,
		.header = ETHTOOL_A_FEC_HEADER,
		.flags = ETHTOOL_FLAG_STATS,
		.size = sizeof(*fec),
		.decode = ethtool_take_fec,
	};

	return ethtool_ask(ethtool, ifindex, &question, fec);
}

static int ethtool_take_link_state(const struct nlmsghdr *message, uint16_t id, void *result)
{
	return ethtool_link_state_decode(message, id, result);
}

int ethtool_link_state_read(struct ethtool_netlink *ethtool, uint32_t ifindex,
			    struct ethtool_link_state *link)
{
	struct ethtool_question question = {
		.command = ETHTOOL_MSG_LINKSTATE_GET,
		.header = ETHTOOL_A_LINKSTATE_HEADER,
		.flags = ETHTOOL_FLAG_STATS,
		.size = sizeof(*link),
		.decode = ethtool_take_link_state,
	};
	int err = ethtool_ask(ethtool, ifindex, &question, link);

	if (err != -EOPNOTSUPP)
		return err;
	question.flags = 0; /* before 6.4 */
	return ethtool_ask(ethtool, ifindex, &question, link);
}

static int ethtool_take_standard(const struct nlmsghdr *message, uint16_t id, void *result)
{
	return ethtool_standard_decode(message, id, result);
}

int ethtool_standard_read(struct ethtool_netlink *ethtool, uint32_t ifindex,
			  struct ethtool_standard *standard)
{
	static const struct ethtool_question question = {
		.command = ETHTOOL_MSG_STATS_GET,
		.header = ETHTOOL_A_STATS_HEADER,
		.size = sizeof(*standard),
		.decode = ethtool_take_standard,
	};

	return ethtool_ask(ethtool, ifindex, &question, standard);
}
