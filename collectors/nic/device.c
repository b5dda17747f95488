/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/nic/device.h"

/* How often the statistics are tried when their number changes under our hands. */
#define STATS_TRIES 3

#define SOURCE_STATS64 "rx_missed (stats64)"

static void device_init(struct nic_device *device, uint64_t ifindex)
{
	*device = (struct nic_device){
		.ifindex = ifindex,
		.speed_mbps = ROW_ABSENT,
		.duplex = ROW_ABSENT,
		.rps_enabled = ROW_ABSENT,
		.rings = {ifindex, ROW_ABSENT, ROW_ABSENT, ROW_ABSENT, ROW_ABSENT},
	};
}

void nic_devices_free(struct nic_devices *devices)
{
	for (size_t i = 0; i < devices->count; i++)
		driver_stats_free(&devices->list[i].stats);
	free(devices->list);
	memset(devices, 0, sizeof(*devices));
}

int nic_devices_match(struct nic_devices *devices, const struct rows *links)
{
	struct nic_device *list = calloc(links->count + 1, sizeof(*list));
	size_t old = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < links->count; i++) {
		const struct nic_link *link = rows_at(links, i);

		while (old < devices->count && devices->list[old].ifindex < link->row.ifindex)
			driver_stats_free(&devices->list[old++].stats);
		if (old < devices->count && devices->list[old].ifindex == link->row.ifindex)
			list[i] = devices->list[old++];
		else
			device_init(&list[i], link->row.ifindex);
	}
	while (old < devices->count)
		driver_stats_free(&devices->list[old++].stats);
	free(devices->list);
	devices->list = list;
	devices->count = links->count;
	return 0;
}

void nic_devices_forget(struct nic_devices *devices, uint64_t ifindex)
{
	for (size_t i = 0; i < devices->count; i++)
		if (devices->list[i].ifindex == ifindex) {
			driver_stats_free(&devices->list[i].stats);
			device_init(&devices->list[i], ifindex);
		}
}

void nic_devices_choose_again(struct nic_devices *devices)
{
	for (size_t i = 0; i < devices->count; i++) {
		driver_stats_free(&devices->list[i].stats);
		devices->list[i].chosen = false;
	}
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
static uint64_t read_rps(const char *ifname, struct collect *c)
{
	static const char prefix[] = "rx-";
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
		any = nic_rps_mask(c->buf->data, c->buf->len);
		if (any >= 0)
			enabled = any ? 1 : 2;
	}
	closedir(queues);
	return enabled;
}

/* Says that something of an interface could not be read; for what is only not supported there is
 * nothing to be said. Returns -ENODEV as it is, else 0. */
static int note(struct collect *c, const char *ifname, const char *what, int err)
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
			     "%s: %s is refused (%s): let netdiagd use the SIOCETHTOOL ioctl "
			     "(seccomp or security module of its service)",
			     ifname, what, strerror(-err));
		return 0;
	default:
		collect_note(c, "%s: %s fails (%s): see the driver's messages with dmesg", ifname,
			     what, strerror(-err));
		return 0;
	}
}

static int refresh_driver(struct nic_device *device, struct ethtool *ethtool, struct collect *c)
{
	int err = ethtool_driver(ethtool, device->ifname, device->driver, device->bus_info);

	device->known = true;
	return note(c, device->ifname, "ETHTOOL_GDRVINFO", err);
}

int nic_device_refresh(struct nic_device *device, struct ethtool *ethtool,
		       const struct nic_link *link, bool again, struct collect *c)
{
	int err = 0;

	if (strcmp(device->ifname, link->ifname) != 0 || !device->known ||
	    device->carrier != link->row.carrier ||
	    device->carrier_changes != link->row.carrier_changes ||
	    device->rx_queues != link->row.rx_queues)
		again = true;
	if (!again)
		return 0;
	memcpy(device->ifname, link->ifname, sizeof(device->ifname));
	device->carrier = link->row.carrier;
	device->carrier_changes = link->row.carrier_changes;
	device->rx_queues = link->row.rx_queues;
	if (!device->known)
		err = refresh_driver(device, ethtool, c);
	if (!err)
		err = note(c, device->ifname, "ETHTOOL_GLINKSETTINGS",
			   ethtool_link(ethtool, device->ifname, &device->speed_mbps,
					&device->duplex));
	if (!err && ethtool->no_netlink)
		err = note(c, device->ifname, "ETHTOOL_GRINGPARAM",
			   ethtool_rings(ethtool, device->ifname, &device->rings));
	device->rps_enabled = read_rps(device->ifname, c);
	return err;
}

/* Chooses among the driver's statistics again when their number changed. 0 or -errno. */
static int choose(struct nic_device *device, struct ethtool *ethtool, size_t total,
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
static int read_values(struct nic_device *device, struct ethtool *ethtool,
		       const struct collect_settings *settings, const uint64_t **values)
{
	int err = -EAGAIN;

	*values = NULL;
	for (int try = 0; try < STATS_TRIES && err == -EAGAIN; try++) {
		size_t total;

		err = ethtool_stats_count(ethtool, device->ifname, &total);
		if (!err)
			err = choose(device, ethtool, total, settings);
		if (!err && total && (device->stats.shown_count || device->stats.discards.count))
			err = ethtool_values(ethtool, device->ifname, total, values);
		if (err == -EAGAIN)
			device->chosen = false; /* the names may be others */
	}
	if (err)
		*values = NULL;
	return err;
}

/* The device's total of what it lost for lack of buffers. A driver of which it is known which
 * statistic that is, but which gives none at the moment (interface down), leaves it absent, so that
 * the meaning of the number does not change to and fro. */
static void set_discards(const struct nic_device *device, struct nic_row *row,
			 const uint64_t *values, int err)
{
	const struct nic_discards *discards = &device->stats.discards;
	bool refused = err == -EOPNOTSUPP;

	if (values && discards->count) {
		row->rx_discards = nic_discards_value(discards, values, device->stats.total);
		row->rx_discards_bits = discards->bits;
		ROW_SET_TEXT(row->rx_discards_source, discards->source);
		return;
	}
	if (nic_discards_known(device->driver) && !refused &&
	    (err || !device->stats.total || discards->count))
		return;
	if (row->rx_missed == ROW_ABSENT)
		return;
	row->rx_discards = row->rx_missed;
	row->rx_discards_bits = 64;
	ROW_SET_TEXT(row->rx_discards_source, SOURCE_STATS64);
}

int nic_device_stats(struct nic_device *device, struct ethtool *ethtool, struct nic_row *row,
		     struct rows *stats, struct collect *c)
{
	const uint64_t *values = NULL;
	int err = read_values(device, ethtool, c->settings, &values);

	if (err == -ENOMEM)
		return err;
	set_discards(device, row, values, err);
	err = note(c, device->ifname, "ETHTOOL_GSTATS", err);
	if (!err && values)
		err = driver_stats_rows(&device->stats, device->ifindex, values, stats);
	if (!err && device->stats.cut)
		collect_note(c,
			     "%s: %s has more statistics about loss than %u; narrow nicStatistics "
			     "or raise maxRows nic",
			     row->name, device->driver, c->settings->max_rows[MAX_ROWS_NIC_STAT]);
	return err;
}
