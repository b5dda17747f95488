/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what rtnetlink does not have about one interface: by ethtool's ioctls, which address it by
 * name, over ethtool's netlink family, and from /sys/class/net.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

#include "collectors/base/clock.h"
#include "collectors/nic/device.h"

/* How often the statistics are tried when their number changes meanwhile. */
#define STATS_TRIES 3

/* How often an interface is read that is renamed meanwhile. */
#define NAME_TRIES 2

/* Expensive cells that rarely change are re-read every so many collections, staggered by ifindex:
 * once a minute with the default interval. */
#define REFRESH_TURNS 12

/* How long an allowance counts as exceeded: the window of the check nic.limited. */
#define LIMIT_RISING_NS (60 * SECOND_NS)

void nic_device_forget(struct nic_device *device)
{
	driver_stats_free(&device->stats);
	*device = (struct nic_device){.ifindex = device->ifindex};
}

int nic_rps_mask(const char *text, size_t len)
{
	int any = 0;

	for (size_t i = 0; i < len && text[i] != '\n'; i++) {
		if (text[i] != ',' && !isxdigit((unsigned char)text[i]))
			return -EINVAL;
		if (text[i] != ',' && text[i] != '0')
			any = 1;
	}
	return any;
}

/* Receive packet steering: /sys/class/net/IF/queues/rx-N/rps_cpus, with CONFIG_RPS. Absent where
 * sysfs does not have the interface (it follows the mount, not the namespace). */
static uint64_t device_rps(const char *ifname, struct nic_reading *reading)
{
	static const char prefix[] = "rx-";
	struct collect *c = reading->c;
	const struct roots *roots = &c->settings->roots;
	uint64_t enabled = ROW_ABSENT;
	const struct dirent *entry;
	DIR *queues = procfs_opendir(roots, ROOT_SYS, "class/net/%s/queues", ifname);

	if (!queues)
		return ROW_ABSENT;
	while (enabled != 1 && (entry = readdir(queues))) {
		int any;

		if (strncmp(entry->d_name, prefix, sizeof(prefix) - 1) != 0 ||
		    procfs_read(roots, ROOT_SYS, c->buf, "class/net/%s/queues/%s/rps_cpus", ifname,
				entry->d_name))
			continue;
		if (reading->rps_files)
			reading->rps_files--;
		any = nic_rps_mask(c->buf->data, c->buf->len);
		if (any >= 0)
			enabled = (uint64_t)any;
	}
	closedir(queues);
	return enabled;
}

/* Notes that something of an interface could not be read, unless the driver just lacks it. Returns
 * -ENODEV as it is, else 0. */
static int device_note(struct collect *c, const char *ifname, const char *what, int err)
{
	switch (err) {
	case 0:
	case -EOPNOTSUPP:
	case -EAGAIN:
		return 0;
	case -ENODEV:
		return err;
	case -EPERM:
	case -EACCES:
		collect_note(c,
			     "%s: %s was refused (%s): allow netdiagd the SIOCETHTOOL ioctl "
			     "(seccomp or a security module forbids it)",
			     ifname, what, strerror(-err));
		return 0;
	default:
		collect_note(c, "%s: %s failed (%s): see the driver's messages in dmesg", ifname,
			     what, strerror(-err));
		return 0;
	}
}

/* Chooses among the driver's statistics, unless that is done and their number is the same. 0 or
 * -errno. */
static int device_choose(struct nic_device *device, struct ethtool *ethtool, size_t total,
			 const struct collect_settings *settings)
{
	const char *strings = NULL;
	int err = 0;

	if (device->chosen && device->stats.total == total)
		return 0;
	driver_stats_free(&device->stats);
	device->chosen = false;
	if (total)
		err = ethtool_strings(ethtool, device->ifname, total, &strings);
	if (!err)
		err = driver_stats_choose(&device->stats, device->driver, strings, total,
					  &settings->nic_statistics,
					  settings->max_rows[MAX_ROWS_NIC_STAT]);
	device->chosen = !err;
	return err;
}

/* Reads the values that belong to the choice. 0 (values is NULL when the driver has no statistics)
 * or -errno. */
static int device_values(struct nic_device *device, struct ethtool *ethtool,
			 const struct collect_settings *settings, const uint64_t **values)
{
	int err = -EAGAIN;

	*values = NULL;
	for (int try = 0; try < STATS_TRIES && err == -EAGAIN; try++) {
		size_t total;

		err = ethtool_stats_count(ethtool, device->ifname, &total);
		if (!err)
			err = device_choose(device, ethtool, total, settings);
		if (!err && total &&
		    (device->stats.shown_count || device->stats.discards.count ||
		     device->stats.counters.count))
			err = ethtool_values(ethtool, device->ifname, total, values);
		if (err == -EAGAIN)
			device->chosen = false; /* the names may have changed, too */
	}
	if (err)
		*values = NULL;
	return err;
}

/* Finds out which of the cloud's allowances have been exceeded lately. */
static void device_limits(struct nic_device *device, uint64_t now, struct nic_row *row)
{
	const uint64_t limits[NIC_LIMIT_COUNT] = {
		[NIC_LIMIT_IN_BANDWIDTH] = row->limit_in_bandwidth,
		[NIC_LIMIT_OUT_BANDWIDTH] = row->limit_out_bandwidth,
		[NIC_LIMIT_PACKETS] = row->limit_packets,
		[NIC_LIMIT_CONNTRACK] = row->limit_conntrack,
		[NIC_LIMIT_LINK_LOCAL] = row->limit_link_local,
	};

	row->limits_rising = 0;
	for (size_t i = 0; i < NIC_LIMIT_COUNT; i++) {
		if (limits[i] == ROW_ABSENT)
			continue;
		if (device->limits_known && limits[i] > device->limit[i])
			device->limit_rose[i] = now;
		device->limit[i] = limits[i];
		if (device->limit_rose[i] && now - device->limit_rose[i] <= LIMIT_RISING_NS)
			row->limits_rising |= 1U << i;
	}
	device->limits_known = true;
}

static int device_stats(struct nic_device *device, struct nic_reading *reading, struct nic_row *row,
			struct rows *stats)
{
	struct collect *c = reading->c;
	const uint64_t *values = NULL;
	int err = device_values(device, reading->ethtool, c->settings, &values);

	if (err == -ENOMEM)
		return err;
	nic_discards_show(&device->stats.discards, device->driver, values, device->stats.total, err,
			  row);
	if (values) {
		driver_counters_show(&device->stats.counters, values, row);
		device_limits(device, c->now, row);
	}
	err = device_note(c, device->ifname, "ETHTOOL_GSTATS", err);
	if (!err && values)
		err = driver_stats_rows(&device->stats, device->ifindex, values, stats);
	if (!err && device->stats.cut)
		collect_note(c,
			     "%s: %s has more than %u statistics about loss: narrow nicStatistics "
			     "or raise `maxRows nic`",
			     row->name, device->driver, c->settings->max_rows[MAX_ROWS_NIC_STAT]);
	return err;
}

/* Reads what only hardware has. Virtual devices, of which a host can have thousands, are not asked.
 */
static int device_port(struct nic_device *device, struct nic_reading *reading, bool refresh,
		       struct nic_row *row, struct rows *stats)
{
	struct collect *c = reading->c;
	int err = nic_port_read(&device->port, reading->ethtool_netlink, refresh, row);

	if (err == -EPERM || err == -EACCES)
		collect_note(
			c,
			"%s: ethtool's netlink family was refused (%s): allow netdiagd generic "
			"netlink (a security module forbids it)",
			device->ifname, strerror(-err));
	else if (err != -ENODEV) /* which a suspended device answers, too */
		device_note(c, device->ifname, "ethtool's netlink family", err);
	return nic_port_rows(&device->port, device->ifindex, &c->settings->nic_statistics, stats);
}

/* Reads everything by the name in device. refresh: also what rarely changes. 0; -ENODEV when no
 * interface has that name; -ENOMEM. */
static int device_read(struct nic_device *device, struct nic_reading *reading,
		       const struct nic_link *link, bool refresh, struct nic_row *row,
		       struct rows *stats)
{
	struct ethtool *ethtool = reading->ethtool;
	struct collect *c = reading->c;
	const char *ifname = device->ifname;
	struct nic_link_settings settings;
	struct nic_rings rings;
	int err = 0;

	if (refresh) {
		device->chosen = false;
		err = device_note(
			c, ifname, "ETHTOOL_GDRVINFO",
			ethtool_driver(ethtool, ifname, device->driver, device->bus_info));
	}
	if (refresh || reading->rps_files)
		device->rps_enabled = device_rps(ifname, reading);
	row->rps_enabled = device->rps_enabled;
	ROW_SET_TEXT(row->driver, device->driver);
	ROW_SET_TEXT(row->bus_info, device->bus_info);
	row->hardware = !link->kind[0] && device->bus_info[0];
	if (!err)
		err = device_note(c, ifname, "ETHTOOL_GLINKSETTINGS",
				  ethtool_link(ethtool, ifname, &settings));
	if (!err)
		err = device_note(c, ifname, "ETHTOOL_GRINGPARAM",
				  ethtool_rings(ethtool, ifname, &rings));
	if (err)
		return err;
	row->speed_mbps = settings.speed_mbps;
	row->fastest_mbps = settings.fastest_mbps;
	row->duplex = settings.duplex;
	row->ring_rx_current = rings.rx;
	row->ring_rx_max = rings.rx_max;
	row->ring_tx_current = rings.tx;
	row->ring_tx_max = rings.tx_max;
	if (row->hardware)
		err = device_port(device, reading, refresh, row, stats);
	return err ? err : device_stats(device, reading, row, stats);
}

/* Whether the name in device is still this interface's. */
static bool device_has_name(const struct nic_device *device, const struct ethtool *ethtool)
{
	struct ifreq request = {.ifr_ifindex = 0};

	memcpy(request.ifr_name, device->ifname, sizeof(device->ifname));
	return !ioctl(ethtool->fd, SIOCGIFINDEX, &request) &&
	       (uint64_t)request.ifr_ifindex == device->ifindex;
}

int nic_device_read(struct nic_device *device, struct nic_reading *reading,
		    const struct nic_link *link, struct nic_row *row, struct rows *stats)
{
	const size_t count = stats->count;
	char ifname[IF_NAMESIZE];
	bool refresh = strcmp(device->ifname, link->ifname) != 0 ||
		       device->carrier_changes != link->row.carrier_changes ||
		       (reading->turn + device->ifindex) % REFRESH_TURNS == 0;

	memcpy(ifname, link->ifname, sizeof(ifname));
	*row = link->row;
	for (int try = 0; try < NAME_TRIES; try++) {
		int err;

		memcpy(device->ifname, ifname, sizeof(ifname));
		device->carrier_changes = link->row.carrier_changes;
		err = device_read(device, reading, link, refresh, row, stats);
		if (err == -ENOMEM || (!err && device_has_name(device, reading->ethtool)))
			return err;
		/* All of it may be about another interface, which has the name now. */
		nic_device_forget(device);
		while (stats->count > count)
			rows_drop_last(stats);
		*row = link->row;
		if (!if_indextoname((unsigned)device->ifindex, ifname))
			break;
		ROW_SET_TEXT(row->name, ifname);
		refresh = true;
	}
	return 0;
}
