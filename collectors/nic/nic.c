/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "collectors/base/accum.h"
#include "collectors/kernel/ethtool.h"
#include "collectors/nic/device.h"
#include "collectors/nic/link.h"
#include "collectors/nic/nic.h"

const struct row_type nic_row_type = {
	.name = "nic",
	.size = sizeof(struct nic_row),
	.text = offsetof(struct nic_row, name),
	.key = {ROW_NUMBER(struct nic_row, ifindex)},
};

const struct row_type nic_stat_row_type = {
	.name = "nic_stat",
	.size = sizeof(struct nic_stat_row),
	.text = offsetof(struct nic_stat_row, name),
	.key = {ROW_NUMBER(struct nic_stat_row, ifindex), ROW_TEXT(struct nic_stat_row, name)},
};

#define COUNTER(member, width)                                              \
	{                                                                   \
		.offset = offsetof(struct nic_row, member), .bits = (width) \
	}

static const struct accum_field nic_fields[] = {
	COUNTER(rx_packets, 64),      COUNTER(rx_errors, 64),	      COUNTER(rx_dropped, 64),
	COUNTER(rx_missed, 64),	      COUNTER(rx_fifo_errors, 64),    COUNTER(rx_crc_errors, 64),
	COUNTER(rx_frame_errors, 64), COUNTER(rx_over_errors, 64),    COUNTER(rx_nohandler, 64),
	COUNTER(tx_packets, 64),      COUNTER(tx_errors, 64),	      COUNTER(tx_dropped, 64),
	COUNTER(tx_fifo_errors, 64),  COUNTER(tx_carrier_errors, 64), COUNTER(carrier_changes, 32),
	COUNTER(qdisc_drops, 32),     COUNTER(qdisc_requeues, 32),    COUNTER(rx_discards, 0),
};

static const struct accum_field nic_stat_fields[] = {
	{.offset = offsetof(struct nic_stat_row, value), .bits = 0},
};

static const struct accum_type nic_accum = {
	.row = &nic_row_type,
	.fields = nic_fields,
	.field_count = sizeof(nic_fields) / sizeof(*nic_fields),
	.stamp = offsetof(struct nic_row, discontinuity),
	.row_bits = offsetof(struct nic_row, rx_discards_bits),
};

static const struct accum_type nic_stat_accum = {
	.row = &nic_stat_row_type,
	.fields = nic_stat_fields,
	.field_count = sizeof(nic_stat_fields) / sizeof(*nic_stat_fields),
	.stamp = offsetof(struct nic_stat_row, discontinuity),
	.row_bits = offsetof(struct nic_stat_row, bits),
};

/* What changes seldom and is dear is read again at every so manieth collection, a part of the
 * interfaces each time. */
#define SELDOM 12

/* How often the links are read when some go away meanwhile. */
#define LINK_TRIES 3

struct nic_state {
	bool ready;
	struct netlink route;
	struct netlink events; /* links that go away */
	struct ethtool ethtool;
	struct accum *nics;
	struct accum *stats;
	struct rows links; /* of nic_link_type, all of them */
	struct nic_devices devices;
	struct globs chosen_patterns; /* what the devices' statistics were chosen by */
	uint32_t chosen_max;
	unsigned deleted; /* links, while events are drained */
	bool rings_cut;	  /* the dump of rings ended before its end */
	uint64_t turn;
};

static void nic_close(void *arg)
{
	struct nic_state *state = arg;

	if (!state->ready)
		return;
	netlink_close(&state->route);
	netlink_close(&state->events);
	ethtool_close(&state->ethtool);
	accum_free(state->nics);
	accum_free(state->stats);
	rows_clear(&state->links);
	nic_devices_free(&state->devices);
	globs_free(&state->chosen_patterns);
}

/* Announcements of links that go away. Without them an interface that is made anew under the same
 * ifindex is only noticed by a counter that goes back. */
static void open_events(struct nic_state *state, struct collect *c)
{
	int err = netlink_open(&state->events, NETLINK_ROUTE);

	if (!err)
		err = netlink_subscribe(&state->events, RTNLGRP_LINK, RTM_DELLINK);
	if (!err)
		return;
	netlink_close(&state->events);
	collect_note(c,
		     "rtnetlink does not announce links (%s): interfaces that are made anew under "
		     "the same ifindex may pass unnoticed",
		     strerror(-err));
}

static int open_state(struct nic_state *state, struct collect *c)
{
	int err = 0;

	if (!state->ready) {
		state->route = (struct netlink)NETLINK_CLOSED;
		state->events = (struct netlink)NETLINK_CLOSED;
		state->ethtool = (struct ethtool)ETHTOOL_CLOSED;
		rows_init(&state->links, &nic_link_type);
		state->nics = accum_new(&nic_accum);
		state->stats = accum_new(&nic_stat_accum);
		state->ready = true;
	}
	if (!state->nics || !state->stats)
		return collect_fail(c, -ENOMEM, "nic");
	if (state->events.fd < 0)
		open_events(state, c);
	if (state->route.fd < 0)
		err = netlink_open(&state->route, NETLINK_ROUTE);
	if (err)
		return collect_fail(c, err,
				    "cannot open a NETLINK_ROUTE socket; allow AF_NETLINK in the "
				    "service's RestrictAddressFamilies");
	if (state->ethtool.fd < 0)
		err = ethtool_open(&state->ethtool);
	return err ? collect_fail(c, err, "cannot open a socket for the ethtool ioctls") : 0;
}

static int take_deleted(const struct nlmsghdr *message, void *arg)
{
	struct nic_state *state = arg;
	uint64_t ifindex;

	if (nic_link_deleted(message, &ifindex))
		return 0;
	accum_forget(state->nics, ifindex);
	accum_forget(state->stats, ifindex);
	nic_devices_forget(&state->devices, ifindex);
	state->deleted++;
	return 0;
}

/* How many links went away since the last call. Lost announcements (-ENOBUFS) cannot be helped: a
 * counter that goes back shows the discontinuity then. */
static unsigned drain_events(struct nic_state *state)
{
	int err;

	state->deleted = 0;
	if (state->events.fd < 0)
		return 0;
	err = netlink_drain(&state->events, take_deleted, state);
	if (err && err != -ENOBUFS)
		netlink_close(&state->events);
	return state->deleted;
}

/* Reads the links so that it is known of each which went away before and which after. */
static int read_links(struct nic_state *state, struct collect *c)
{
	size_t bad = 0;
	int err = 0;

	drain_events(state);
	for (int try = 0; try < LINK_TRIES && !err; try++) {
		err = nic_links_read(&state->route, &state->links, &bad);
		if (try == LINK_TRIES - 1 || !drain_events(state))
			break;
	}
	if (err == -ESTALE)
		return collect_fail(c, err,
				    "interfaces come and go faster than they can be listed; "
				    "the next collection tries again");
	if (err)
		return collect_fail(c, err, "RTM_GETLINK");
	if (bad)
		collect_note(c, "%zu links of this kernel's could not be read; update netdiag",
			     bad);
	return 0;
}

/* The names of the bonds and bridges that interfaces belong to. */
static void name_masters(struct rows *links)
{
	for (size_t i = 0; i < links->count; i++) {
		struct nic_link *link = rows_at(links, i), key;
		const struct nic_link *master;

		if (link->row.master_ifindex == ROW_ABSENT)
			continue;
		key.row.ifindex = link->row.master_ifindex;
		master = rows_find(links, &key);
		if (master)
			ROW_SET_TEXT(link->row.master_name, master->row.name);
	}
}

static void set_rings(struct nic_row *row, const struct nic_rings *rings)
{
	row->ring_rx_current = rings->rx;
	row->ring_rx_max = rings->rx_max;
	row->ring_tx_current = rings->tx;
	row->ring_tx_max = rings->tx_max;
}

static void take_rings(const struct nic_rings *rings, void *arg)
{
	struct nic_link key, *link;

	key.row.ifindex = rings->ifindex;
	link = rows_find(arg, &key);
	if (link)
		set_rings(&link->row, rings);
}

/* What comes in one dump for all links. Nothing of it is indispensable. */
static void read_dumps(struct nic_state *state, struct collect *c)
{
	size_t bad;
	int err = nic_qdiscs_read(&state->route, &state->links, &bad);

	if (err && err != -ESTALE)
		collect_note(c, "RTM_GETQDISC fails (%s): qdisc statistics are absent",
			     strerror(-err));
	else if (bad)
		collect_note(c, "%zu qdiscs of this kernel's could not be read; update netdiag",
			     bad);
	err = ethtool_all_rings(&state->ethtool, take_rings, &state->links, &bad);
	state->rings_cut = err && err != -EOPNOTSUPP;
	if (bad)
		collect_note(c, "%zu ring sizes of this kernel's could not be read; update netdiag",
			     bad);
}

/* One device that refuses to answer, because it is suspended or being reset, can end the dump for
 * all after it: they are asked one by one then. */
static void complete_rings(struct nic_state *state, const struct nic_device *device,
			   struct nic_row *row)
{
	struct nic_rings rings = device->rings;

	if (state->rings_cut && row->ring_rx_max == ROW_ABSENT && row->ring_tx_max == ROW_ABSENT)
		ethtool_rings(&state->ethtool, device->ifname, &rings);
	else if (!state->ethtool.no_netlink)
		return;
	set_rings(row, &rings);
}

/* The choice of statistics was made by the settings of that time. */
static int match_settings(struct nic_state *state, const struct collect_settings *settings)
{
	const struct globs *wanted = &settings->nic_statistics;
	bool same = wanted->count == state->chosen_patterns.count &&
		    state->chosen_max == settings->max_rows[MAX_ROWS_NIC_STAT];

	for (size_t i = 0; same && i < wanted->count; i++)
		same = !strcmp(wanted->list[i], state->chosen_patterns.list[i]);
	if (same)
		return 0;
	nic_devices_choose_again(&state->devices);
	state->chosen_max = settings->max_rows[MAX_ROWS_NIC_STAT];
	globs_free(&state->chosen_patterns);
	return globs_copy(&state->chosen_patterns, wanted);
}

/* Adds the rows of one interface. 0 or -ENOMEM. One that went away meanwhile is shown for the last
 * time, as rtnetlink had it. */
static int add_interface(struct nic_state *state, const struct nic_link *link,
			 struct nic_device *device, struct collect *c)
{
	bool again = (state->turn + link->row.ifindex) % SELDOM == 0;
	struct nic_row *row = rows_add(&c->rows[0]);
	int err;

	if (!row)
		return -ENOMEM;
	*row = link->row;
	err = nic_device_refresh(device, &state->ethtool, link, again, c);
	if (!err)
		err = nic_device_stats(device, &state->ethtool, row, &c->rows[1], c);
	if (err == -ENODEV)
		nic_devices_forget(&state->devices, device->ifindex);
	else if (err)
		return err;
	row->speed_mbps = device->speed_mbps;
	row->duplex = device->duplex;
	row->rps_enabled = device->rps_enabled;
	complete_rings(state, device, row);
	ROW_SET_TEXT(row->driver, device->driver);
	ROW_SET_TEXT(row->bus_info, device->bus_info);
	return 0;
}

static int add_interfaces(struct nic_state *state, struct collect *c)
{
	bool rps = false;
	int err = 0;

	for (size_t i = 0; i < state->links.count && !err; i++) {
		const struct nic_link *link = rows_at(&state->links, i);

		if (!settings_interface(c->settings, link->ifname))
			continue;
		err = add_interface(state, link, &state->devices.list[i], c);
		if (state->devices.list[i].rps_enabled != ROW_ABSENT)
			rps = true;
	}
	if (!err && c->rows[0].count && !rps)
		collect_note(c,
			     "RpsEnabled is absent, no rps_cpus below %s/class/net: mount sysfs "
			     "there in this network namespace, or the kernel lacks CONFIG_RPS",
			     c->settings->roots.path[ROOT_SYS]);
	return err;
}

static int nic_collect(struct collect *c)
{
	struct nic_state *state = c->state;
	int err = open_state(state, c);

	if (!err)
		err = read_links(state, c);
	if (err)
		return err;
	name_masters(&state->links);
	read_dumps(state, c);
	collect_source(c, "rtnetlink, %s",
		       state->ethtool.no_netlink ? "ethtool ioctls" : "ethtool netlink and ioctls");
	err = nic_devices_match(&state->devices, &state->links);
	if (!err)
		err = match_settings(state, c->settings);
	if (!err)
		err = add_interfaces(state, c);
	state->turn++;
	rows_sort(&c->rows[0]);
	rows_sort(&c->rows[1]);
	if (!err)
		err = accum_apply(state->nics, &c->rows[0], c->now);
	if (!err)
		err = accum_apply(state->stats, &c->rows[1], c->now);
	return err ? collect_fail(c, err, "nic") : 0;
}

const struct collector nic_collector = {
	.name = "nic",
	.interval_ms = 5000,
	.rows = {&nic_row_type, &nic_stat_row_type, NULL},
	.state_size = sizeof(struct nic_state),
	.collect = nic_collect,
	.close = nic_close,
};
