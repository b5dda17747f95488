/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/base/rows.h"
#include "collectors/kernel/ethtool.h"

_Static_assert(ETHTOOL_STRING_SIZE == ETH_GSTRING_LEN, "names of statistics have another size");

/* A driver with more statistics than this does not exist. */
#define STATS_MAX ((size_t)1 << 18)

int ethtool_open(struct ethtool *ethtool)
{
	ethtool->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ethtool->fd < 0) /* a kernel without IPv4 */
		ethtool->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	return ethtool->fd < 0 ? -errno : 0;
}

void ethtool_close(struct ethtool *ethtool)
{
	if (ethtool->fd >= 0)
		close(ethtool->fd);
	ethtool->fd = -1;
	netlink_close(&ethtool->generic);
	free(ethtool->buf);
	ethtool->buf = NULL;
	ethtool->size = 0;
}

/* --- generic netlink --- */

static const struct nla_policy family_policy[CTRL_ATTR_MAX + 1] = {
	[CTRL_ATTR_FAMILY_ID] = {.type = NLA_U16},
};

static const struct nla_policy rings_policy[ETHTOOL_A_RINGS_MAX + 1] = {
	[ETHTOOL_A_RINGS_HEADER] = {.type = NLA_NESTED},
	[ETHTOOL_A_RINGS_RX_MAX] = {.type = NLA_U32},
	[ETHTOOL_A_RINGS_TX_MAX] = {.type = NLA_U32},
	[ETHTOOL_A_RINGS_RX] = {.type = NLA_U32},
	[ETHTOOL_A_RINGS_TX] = {.type = NLA_U32},
};

static const struct nla_policy header_policy[ETHTOOL_A_HEADER_MAX + 1] = {
	[ETHTOOL_A_HEADER_DEV_INDEX] = {.type = NLA_U32},
};

static uint64_t number(const struct nlattr *attribute)
{
	return attribute ? nla_get_u32(attribute) : ROW_ABSENT;
}

int ethtool_rings_decode(const struct nlmsghdr *message, struct nic_rings *rings)
{
	struct nlmsghdr *m = (struct nlmsghdr *)message; /* libnl does not change it */
	struct nlattr *tb[ETHTOOL_A_RINGS_MAX + 1], *header[ETHTOOL_A_HEADER_MAX + 1];
	struct genlmsghdr info;
	int at = NLMSG_LENGTH(sizeof(info));

	*rings = (struct nic_rings){ROW_ABSENT, ROW_ABSENT, ROW_ABSENT, ROW_ABSENT, ROW_ABSENT};
	if (message->nlmsg_len < (unsigned)at)
		return -EBADMSG;
	memcpy(&info, NLMSG_DATA(message), sizeof(info));
	if (info.cmd != ETHTOOL_MSG_RINGS_GET_REPLY)
		return -ENOENT;
	if (nlmsg_parse(m, GENL_HDRLEN, tb, ETHTOOL_A_RINGS_MAX, rings_policy) < 0 ||
	    !tb[ETHTOOL_A_RINGS_HEADER] ||
	    nla_parse_nested(header, ETHTOOL_A_HEADER_MAX, tb[ETHTOOL_A_RINGS_HEADER],
			     header_policy) < 0 ||
	    !header[ETHTOOL_A_HEADER_DEV_INDEX])
		return -EBADMSG;
	rings->ifindex = number(header[ETHTOOL_A_HEADER_DEV_INDEX]);
	rings->rx = number(tb[ETHTOOL_A_RINGS_RX]);
	rings->rx_max = number(tb[ETHTOOL_A_RINGS_RX_MAX]);
	rings->tx = number(tb[ETHTOOL_A_RINGS_TX]);
	rings->tx_max = number(tb[ETHTOOL_A_RINGS_TX_MAX]);
	return 0;
}

static int take_family(const struct nlmsghdr *message, void *arg)
{
	struct nlattr *tb[CTRL_ATTR_MAX + 1];
	uint16_t *family = arg;

	if (nlmsg_parse((struct nlmsghdr *)message, GENL_HDRLEN, tb, CTRL_ATTR_MAX, family_policy) <
		    0 ||
	    !tb[CTRL_ATTR_FAMILY_ID])
		return -EBADMSG;
	*family = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	return 0;
}

/* Asks for the number of ethtool's family. 0 or -errno; -ENOENT before 5.6. */
static int find_family(struct ethtool *ethtool)
{
	struct netlink_dump answer = {.message = take_family, .arg = &ethtool->family};
	struct nl_msg *message = nlmsg_alloc();
	int err = -ENOMEM;

	if (message && genlmsg_put(message, 0, 0, GENL_ID_CTRL, 0, 0, CTRL_CMD_GETFAMILY, 1) &&
	    !nla_put_string(message, CTRL_ATTR_FAMILY_NAME, ETHTOOL_GENL_NAME))
		err = netlink_dump(&ethtool->generic, nlmsg_hdr(message), &answer);
	nlmsg_free(message);
	if (!err && !ethtool->family)
		err = -ENOENT;
	return err;
}

struct rings_reading {
	nic_rings_fn *take;
	void *arg;
	size_t *bad;
};

static int take_rings(const struct nlmsghdr *message, void *arg)
{
	const struct rings_reading *reading = arg;
	struct nic_rings rings;
	int err = ethtool_rings_decode(message, &rings);

	if (!err)
		reading->take(&rings, reading->arg);
	else if (err == -EBADMSG)
		++*reading->bad;
	return 0;
}

/* The header has to be there, and libnl drops a nest that is empty: hence the flags. */
static int dump_rings(struct ethtool *ethtool, struct rings_reading *reading)
{
	struct netlink_dump answer = {.message = take_rings, .arg = reading};
	struct nl_msg *message = nlmsg_alloc();
	struct nlattr *header;
	int err = -ENOMEM;

	if (message &&
	    genlmsg_put(message, 0, 0, ethtool->family, 0, NLM_F_DUMP, ETHTOOL_MSG_RINGS_GET,
			ETHTOOL_GENL_VERSION) &&
	    (header = nla_nest_start(message, NLA_F_NESTED | ETHTOOL_A_RINGS_HEADER)) &&
	    !nla_put_u32(message, ETHTOOL_A_HEADER_FLAGS, ETHTOOL_FLAG_COMPACT_BITSETS)) {
		nla_nest_end(message, header);
		err = netlink_dump(&ethtool->generic, nlmsg_hdr(message), &answer);
	}
	nlmsg_free(message);
	return err;
}

int ethtool_all_rings(struct ethtool *ethtool, nic_rings_fn *take, void *arg, size_t *bad)
{
	struct rings_reading reading = {take, arg, bad};
	int err = 0;

	*bad = 0;
	if (ethtool->no_netlink)
		return -EOPNOTSUPP;
	if (ethtool->generic.fd < 0)
		err = netlink_open(&ethtool->generic, NETLINK_GENERIC);
	if (!err && !ethtool->family)
		err = find_family(ethtool);
	if (!err)
		err = dump_rings(ethtool, &reading);
	switch (err) {
	case -ENOENT: /* no such family */
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT: /* no generic netlink at all */
		ethtool->no_netlink = true;
		netlink_close(&ethtool->generic);
		return -EOPNOTSUPP;
	default:
		return err;
	}
}

/* --- ioctls --- */

/* Runs the command that data begins with. 0 or -errno. */
static int run(const struct ethtool *ethtool, const char *ifname, void *data)
{
	struct ifreq request = {.ifr_data = data};
	size_t len = strnlen(ifname, sizeof(request.ifr_name) - 1);

	memcpy(request.ifr_name, ifname, len);
	return ioctl(ethtool->fd, SIOCETHTOOL, &request) ? -errno : 0;
}

/* Room for count elements behind a header. The kernel writes as many as the driver has at that
 * moment, whatever was asked for, so there is slack behind. NULL when memory is short. */
static void *room(struct ethtool *ethtool, size_t header, size_t count, size_t element)
{
	size_t slack = count + 1024, size = header + (count + slack) * element;

	if (size > ethtool->size) {
		unsigned char *buf = realloc(ethtool->buf, size);

		if (!buf)
			return NULL;
		memset(buf, 0, size);
		ethtool->buf = buf;
		ethtool->size = size;
	}
	memset(ethtool->buf, 0, header);
	return ethtool->buf;
}

int ethtool_rings(struct ethtool *ethtool, const char *ifname, struct nic_rings *rings)
{
	struct ethtool_ringparam rp = {.cmd = ETHTOOL_GRINGPARAM};
	int err = run(ethtool, ifname, &rp);

	rings->rx = rings->rx_max = rings->tx = rings->tx_max = ROW_ABSENT;
	if (err)
		return err;
	if (rp.rx_max_pending) {
		rings->rx = rp.rx_pending;
		rings->rx_max = rp.rx_max_pending;
	}
	if (rp.tx_max_pending) {
		rings->tx = rp.tx_pending;
		rings->tx_max = rp.tx_max_pending;
	}
	return 0;
}

/* Copies a text of the kernel's that need not be terminated. Virtual devices have "N/A". */
static void copy_info(char *text, size_t size, const char *from, size_t from_size)
{
	text_copy_n(text, size, from, from_size);
	if (!strcmp(text, "N/A"))
		text_copy(text, size, "");
}

int ethtool_driver(struct ethtool *ethtool, const char *ifname, char driver[NIC_DRIVER_SIZE],
		   char bus_info[NIC_BUS_INFO_SIZE])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	int err = run(ethtool, ifname, &info);

	copy_info(driver, NIC_DRIVER_SIZE, info.driver, sizeof(info.driver));
	copy_info(bus_info, NIC_BUS_INFO_SIZE, info.bus_info, sizeof(info.bus_info));
	return err;
}

int ethtool_link(struct ethtool *ethtool, const char *ifname, uint64_t *speed_mbps,
		 uint64_t *duplex)
{
	struct ethtool_link_settings *link;

	*speed_mbps = *duplex = ROW_ABSENT;
	/* The kernel answers a wrong number of words with the right one, negated. */
	for (int try = 0; try < 2; try++) {
		int err;

		link = room(ethtool, sizeof(*link), 3 * ethtool->link_mode_words, sizeof(__u32));
		if (!link)
			return -ENOMEM;
		link->cmd = ETHTOOL_GLINKSETTINGS;
		link->link_mode_masks_nwords = (__s8)ethtool->link_mode_words;
		err = run(ethtool, ifname, link);
		if (err)
			return err;
		if (link->link_mode_masks_nwords >= 0)
			break;
		ethtool->link_mode_words = (unsigned)-link->link_mode_masks_nwords;
	}
	if (link->link_mode_masks_nwords <= 0)
		return -EPROTO;
	if (link->speed && link->speed != (__u32)SPEED_UNKNOWN)
		*speed_mbps = link->speed;
	if (link->duplex == DUPLEX_HALF)
		*duplex = NIC_DUPLEX_HALF;
	else if (link->duplex == DUPLEX_FULL)
		*duplex = NIC_DUPLEX_FULL;
	return 0;
}

int ethtool_stats_count(struct ethtool *ethtool, const char *ifname, size_t *count)
{
	struct ethtool_sset_info *info = room(ethtool, sizeof(*info), 1, sizeof(info->data[0]));
	int err;

	*count = 0;
	if (!info)
		return -ENOMEM;
	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = UINT64_C(1) << ETH_SS_STATS;
	info->data[0] = 0;
	err = run(ethtool, ifname, info);
	if (err)
		return err == -EOPNOTSUPP ? 0 : err;
	if (info->sset_mask)
		*count = info->data[0];
	return *count > STATS_MAX ? -E2BIG : 0;
}

int ethtool_strings(struct ethtool *ethtool, const char *ifname, size_t count, const char **strings)
{
	struct ethtool_gstrings *all = room(ethtool, sizeof(*all), count, ETH_GSTRING_LEN);
	int err;

	if (!all)
		return -ENOMEM;
	all->cmd = ETHTOOL_GSTRINGS;
	all->string_set = ETH_SS_STATS;
	all->len = (__u32)count;
	err = run(ethtool, ifname, all);
	*strings = (const char *)all->data;
	return !err && all->len != count ? -EAGAIN : err;
}

int ethtool_values(struct ethtool *ethtool, const char *ifname, size_t count,
		   const uint64_t **values)
{
	struct ethtool_stats *all = room(ethtool, sizeof(*all), count, sizeof(all->data[0]));
	int err;

	if (!all)
		return -ENOMEM;
	all->cmd = ETHTOOL_GSTATS;
	all->n_stats = (__u32)count;
	err = run(ethtool, ifname, all);
	*values = (const uint64_t *)all->data;
	return !err && all->n_stats != count ? -EAGAIN : err;
}
