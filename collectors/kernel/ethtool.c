/* SPDX-License-Identifier: BSD-2-Clause */
/* Asks network drivers for their settings and statistics, with the ethtool ioctl. */
#include <config.h>

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/rows.h"
#include "collectors/kernel/ethtool.h"

_Static_assert(ETHTOOL_STRING_SIZE == ETH_GSTRING_LEN, "names of statistics have another size");

/* A driver with more statistics than this does not exist. */
#define STATS_MAX ((size_t)1 << 18)

int ethtool_open(struct ethtool *ethtool)
{
	if (ethtool->open)
		return 0;
	ethtool->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ethtool->fd < 0) /* a kernel without IPv4 */
		ethtool->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	ethtool->open = ethtool->fd >= 0;
	return ethtool->open ? 0 : -errno;
}

void ethtool_close(struct ethtool *ethtool)
{
	if (ethtool->open)
		close(ethtool->fd);
	free(ethtool->buf);
	memset(ethtool, 0, sizeof(*ethtool));
}

/* Runs the command that data begins with. 0 or -errno. */
static int ethtool_run(const struct ethtool *ethtool, const char *ifname, void *data)
{
	struct ifreq request = {.ifr_data = data};
	size_t len = strnlen(ifname, sizeof(request.ifr_name) - 1);

	memcpy(request.ifr_name, ifname, len);
	return ioctl(ethtool->fd, SIOCETHTOOL, &request) ? -errno : 0;
}

/* Room for count elements behind a header. The kernel writes as many as the driver has at that
 * moment, whatever was asked for, so there is slack behind. NULL when memory is short. */
static void *ethtool_room(struct ethtool *ethtool, size_t header, size_t count, size_t element)
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
	int err = ethtool_run(ethtool, ifname, &rp);

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
static void ethtool_copy_info(char *text, size_t size, const char *from, size_t from_size)
{
	text_copy_n(text, size, from, from_size);
	if (!strcmp(text, "N/A"))
		text_copy(text, size, "");
}

int ethtool_driver(struct ethtool *ethtool, const char *ifname, char driver[NIC_DRIVER_SIZE],
		   char bus_info[NIC_BUS_INFO_SIZE])
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	int err = ethtool_run(ethtool, ifname, &info);

	ethtool_copy_info(driver, NIC_DRIVER_SIZE, info.driver, sizeof(info.driver));
	ethtool_copy_info(bus_info, NIC_BUS_INFO_SIZE, info.bus_info, sizeof(info.bus_info));
	return err;
}

/* enum ethtool_link_mode_bit_indices: runs of bits with the same speed, in Mbit/s. */
static const struct {
	unsigned first;
	unsigned last;
	uint32_t speed;
} link_modes[] = {
	{0, 1, 10},	  {2, 3, 100},	    {4, 5, 1000},     {12, 12, 10000},	{15, 15, 2500},
	{17, 17, 1000},	  {18, 20, 10000},  {21, 22, 20000},  {23, 26, 40000},	{27, 30, 56000},
	{31, 33, 25000},  {34, 35, 50000},  {36, 39, 100000}, {40, 40, 50000},	{41, 41, 1000},
	{42, 46, 10000},  {47, 47, 2500},   {48, 48, 5000},   {52, 56, 50000},	{57, 61, 100000},
	{62, 66, 200000}, {67, 67, 100},    {68, 68, 1000},   {69, 73, 400000}, {75, 79, 100000},
	{80, 84, 200000}, {85, 89, 400000}, {90, 91, 100},    {92, 92, 10},	{93, 98, 800000},
};

uint64_t ethtool_fastest_mode(const uint32_t *supported, size_t words)
{
	uint64_t fastest = ROW_ABSENT;

	for (size_t i = 0; i < COUNT_OF(link_modes); i++)
		for (unsigned bit = link_modes[i].first;
		     bit <= link_modes[i].last && bit / 32 < words; bit++)
			if (supported[bit / 32] & 1U << bit % 32 &&
			    (fastest == ROW_ABSENT || link_modes[i].speed > fastest))
				fastest = link_modes[i].speed;
	return fastest;
}

int ethtool_link(struct ethtool *ethtool, const char *ifname, struct nic_link_settings *settings)
{
	struct ethtool_link_settings *link;

	*settings = (struct nic_link_settings){ROW_ABSENT, ROW_ABSENT, ROW_ABSENT};
	/* The kernel answers a wrong number of words with the right one, negated. */
	for (int try = 0; try < 2; try++) {
		int err;

		link = ethtool_room(ethtool, sizeof(*link), 3 * ethtool->link_mode_words,
				    sizeof(__u32));
		if (!link)
			return -ENOMEM;
		link->cmd = ETHTOOL_GLINKSETTINGS;
		link->link_mode_masks_nwords = (__s8)ethtool->link_mode_words;
		err = ethtool_run(ethtool, ifname, link);
		if (err)
			return err;
		if (link->link_mode_masks_nwords >= 0)
			break;
		ethtool->link_mode_words = (unsigned)-link->link_mode_masks_nwords;
	}
	if (link->link_mode_masks_nwords <= 0)
		return -EPROTO;
	if (link->speed && link->speed != (__u32)SPEED_UNKNOWN)
		settings->speed_mbps = link->speed;
	settings->fastest_mbps = ethtool_fastest_mode(link->link_mode_masks,
						      (size_t)link->link_mode_masks_nwords);
	settings->duplex = link->duplex == DUPLEX_HALF	 ? NIC_DUPLEX_HALF
			   : link->duplex == DUPLEX_FULL ? NIC_DUPLEX_FULL
							 : NIC_DUPLEX_UNKNOWN;
	return 0;
}

int ethtool_stats_count(struct ethtool *ethtool, const char *ifname, size_t *count)
{
	struct ethtool_sset_info *info = ethtool_room(ethtool, sizeof(*info), 1,
						      sizeof(info->data[0]));
	int err;

	*count = 0;
	if (!info)
		return -ENOMEM;
	info->cmd = ETHTOOL_GSSET_INFO;
	info->sset_mask = UINT64_C(1) << ETH_SS_STATS;
	info->data[0] = 0;
	err = ethtool_run(ethtool, ifname, info);
	if (err)
		return err == -EOPNOTSUPP ? 0 : err;
	if (info->sset_mask)
		*count = info->data[0];
	return *count > STATS_MAX ? -E2BIG : 0;
}

int ethtool_strings(struct ethtool *ethtool, const char *ifname, size_t count, const char **strings)
{
	struct ethtool_gstrings *all = ethtool_room(ethtool, sizeof(*all), count, ETH_GSTRING_LEN);
	int err;

	if (!all)
		return -ENOMEM;
	all->cmd = ETHTOOL_GSTRINGS;
	all->string_set = ETH_SS_STATS;
	all->len = (__u32)count;
	err = ethtool_run(ethtool, ifname, all);
	*strings = (const char *)all->data;
	return !err && all->len != count ? -EAGAIN : err;
}

int ethtool_values(struct ethtool *ethtool, const char *ifname, size_t count,
		   const uint64_t **values)
{
	struct ethtool_stats *all = ethtool_room(ethtool, sizeof(*all), count,
						 sizeof(all->data[0]));
	int err;

	if (!all)
		return -ENOMEM;
	all->cmd = ETHTOOL_GSTATS;
	all->n_stats = (__u32)count;
	err = ethtool_run(ethtool, ifname, all);
	*values = (const uint64_t *)all->data;
	return !err && all->n_stats != count ? -EAGAIN : err;
}
