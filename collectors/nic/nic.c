/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The NIC collector: one row per interface, and the statistics of its driver. Links and qdiscs come
 * from rtnetlink, the rest from ethtool's ioctls and netlink family and sysfs by device.c.
 */
#include <config.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "collectors/base/accum.h"
#include "collectors/base/array.h"
#include "collectors/base/hash.h"
#include "collectors/kernel/ethtool.h"
#include "collectors/nic/bond.h"
#include "collectors/nic/device.h"
#include "collectors/nic/link.h"
#include "collectors/nic/nic.h"
#include "collectors/nic/qstats.h"

const struct row_type nic_row_type = {
	ROW_TYPE_TEXT("nic", struct nic_row, name),
	.key = {ROW_NUMBER(struct nic_row, ifindex)},
};

const struct row_type nic_stat_row_type = {
	ROW_TYPE_TEXT("nic_stat", struct nic_stat_row, name),
	.key = {ROW_NUMBER(struct nic_stat_row, ifindex), ROW_TEXT(struct nic_stat_row, name)},
};

#define COUNTER(member) offsetof(struct nic_row, member)

static const struct accum_field nic_fields[] = {
	{COUNTER(rx_packets), 64},
	{COUNTER(rx_errors), 64},
	{COUNTER(rx_dropped), 64},
	{COUNTER(rx_missed), 64},
	{COUNTER(rx_fifo_errors), 64},
	{COUNTER(rx_crc_errors), 64},
	{COUNTER(rx_frame_errors), 64},
	{COUNTER(rx_over_errors), 64},
	{COUNTER(rx_nohandler), 64},
	{COUNTER(tx_packets), 64},
	{COUNTER(tx_errors), 64},
	{COUNTER(tx_dropped), 64},
	{COUNTER(tx_fifo_errors), 64},
	{COUNTER(tx_carrier_errors), 64},
	{COUNTER(carrier_changes), 32},
	{COUNTER(qdisc_drops), 32},
	{COUNTER(qdisc_requeues), 32},
	{COUNTER(rx_discards), 0},
	{COUNTER(rx_length_errors), 64},
	{COUNTER(limit_in_bandwidth), 64},
	{COUNTER(limit_out_bandwidth), 64},
	{COUNTER(limit_packets), 64},
	{COUNTER(limit_conntrack), 64},
	{COUNTER(limit_link_local), 64},
	{COUNTER(pause_rx), 64},
	{COUNTER(pause_tx), 64},
	{COUNTER(tx_queue_stops), 64},
	{COUNTER(link_down_count), 32},
	{COUNTER(fec_corrected), 64},
	{COUNTER(fec_uncorrectable), 64},
	{COUNTER(bond_link_failures), 32},
};

static const struct accum_field nic_stat_fields[] = {
	{.offset = offsetof(struct nic_stat_row, value), .bits = 0},
};

static const struct accum_type nic_accum = {
	.row = &nic_row_type,
	.fields = nic_fields,
	.field_count = COUNT_OF(nic_fields),
	.stamp = offsetof(struct nic_row, discontinuity),
	.row_bits = offsetof(struct nic_row, rx_discards_bits),
};

static const struct accum_type nic_stat_accum = {
	.row = &nic_stat_row_type,
	.fields = nic_stat_fields,
	.field_count = COUNT_OF(nic_stat_fields),
	.stamp = offsetof(struct nic_stat_row, discontinuity),
	.row_bits = offsetof(struct nic_stat_row, bits),
};

/* How often the links are read when some go away meanwhile. */
#define LINK_TRIES 3

/* RpsEnabled costs a file per queue, some 10 us each: so many are read at every collection, those
 * of further interfaces when their turn comes (device.c). */
#define RPS_FILES 32

struct nic_state {
	struct netlink route;
	struct netlink events; /* links that go away */
	struct ethtool ethtool;
	struct ethtool_netlink ethtool_netlink;
	struct nic_qstats qstats;
	struct accum *nics;
	struct accum *stats;
	struct rows links;	      /* of nic_link_type, all there are */
	struct hash devices;	      /* of struct nic_device, by ifindex */
	struct globs chosen_patterns; /* what the devices' statistics were chosen by */
	uint32_t chosen_max;
	unsigned deleted; /* links, while events are drained */
	uint64_t turn;
};

static void nic_close(void *arg)
{
	struct nic_state *state = arg;

	netlink_close(&state->route);
	netlink_close(&state->events);
	ethtool_close(&state->ethtool);
	ethtool_netlink_close(&state->ethtool_netlink);
	nic_qstats_close(&state->qstats);
	accum_free(state->nics);
	accum_free(state->stats);
	rows_clear(&state->links);
	for (size_t i = 0; i < state->devices.count; i++)
		nic_device_forget(hash_at(&state->devices, i));
	hash_clear(&state->devices);
	globs_free(&state->chosen_patterns);
}

/* Subscribes to the announcements of links that go away. Without them an interface that is deleted
 * and made again between two collections is known only by nic_link_same(). */
static void nic_open_events(struct nic_state *state, struct collect *c)
{
	int err = netlink_open(&state->events, NETLINK_ROUTE);

	if (!err)
		err = netlink_subscribe(&state->events, RTNLGRP_LINK, RTM_DELLINK);
	if (!err)
		return;
	netlink_close(&state->events);
	collect_note(c,
		     "rtnetlink does not announce links (%s): an interface that is made again "
		     "under the same ifindex may go unnoticed",
		     strerror(-err));
}

static int nic_open(struct nic_state *state, struct collect *c)
{
	int err;

	if (!state->links.type) {
		rows_init(&state->links, &nic_link_type);
		nic_qstats_init(&state->qstats);
		hash_init(&state->devices, sizeof(struct nic_device), sizeof(uint64_t));
		state->nics = accum_new(&nic_accum);
		state->stats = accum_new(&nic_stat_accum);
	}
	if (!state->nics || !state->stats)
		return collect_fail(c, -ENOMEM, "nic");
	if (!netlink_is_open(&state->events))
		nic_open_events(state, c);
	err = netlink_open(&state->route, NETLINK_ROUTE);
	if (err)
		return collect_fail(c, err,
				    "cannot open a NETLINK_ROUTE socket. Allow AF_NETLINK in the "
				    "service's RestrictAddressFamilies");
	err = ethtool_open(&state->ethtool);
	return err ? collect_fail(c, err, "cannot open a socket for the ethtool ioctls") : 0;
}

/* An interface is gone: what comes under its ifindex is another one. */
static void nic_forget(struct nic_state *state, uint64_t ifindex)
{
	struct nic_device *device = hash_find(&state->devices, &ifindex);

	accum_forget(state->nics, ifindex);
	accum_forget(state->stats, ifindex);
	nic_qstats_forget(&state->qstats, ifindex);
	if (device)
		nic_device_forget(device);
}

static int nic_take_deleted(const struct nlmsghdr *message, void *arg)
{
	struct nic_state *state = arg;
	uint64_t ifindex;

	if (!nic_link_deleted(message, &ifindex)) {
		nic_forget(state, ifindex);
		state->deleted++;
	}
	return 0;
}

/* How many links went away since the last call. Where announcements were lost (-ENOBUFS),
 * nic_link_same() has to do. */
static unsigned nic_drain_events(struct nic_state *state)
{
	int err;

	state->deleted = 0;
	if (!netlink_is_open(&state->events))
		return 0;
	err = netlink_drain(&state->events, nic_take_deleted, state);
	if (err && err != -ENOBUFS)
		netlink_close(&state->events);
	return state->deleted;
}

/* Forgets the links of the last collection that are gone or have become others. */
static void nic_compare_links(struct nic_state *state, const struct rows *links)
{
	for (size_t i = 0; i < state->links.count; i++) {
		const struct nic_link *before = rows_at(&state->links, i);
		const struct nic_link *now = rows_find(links, before);

		if (!now || !nic_link_same(before, now))
			nic_forget(state, before->row.ifindex);
	}
}

static bool nic_keep_device(const void *item, void *links)
{
	struct nic_link key;

	key.row.ifindex = ((const struct nic_device *)item)->ifindex;
	return rows_find(links, &key) != NULL;
}

/* Reads the links, again if some went away meanwhile: what is announced later is then about one
 * of these, and is left for the next collection. */
static int nic_read_links(struct nic_state *state, struct collect *c)
{
	struct rows links;
	size_t bad = 0;
	int err;

	rows_init(&links, &nic_link_type);
	nic_drain_events(state);
	for (int try = 1;; try++) {
		err = nic_links_read(&state->route, &links, &bad);
		if (err || try == LINK_TRIES || !nic_drain_events(state))
			break;
	}
	if (err) {
		rows_clear(&links);
		if (err == -ESTALE)
			return collect_fail(c, err,
					    "interfaces come and go faster than they can be "
					    "listed. The next collection tries again");
		return collect_fail(c, err, "RTM_GETLINK");
	}
	nic_compare_links(state, &links);
	rows_clear(&state->links);
	state->links = links;
	hash_keep(&state->devices, nic_keep_device, &state->links);
	if (bad)
		collect_note(c, "%zu of this kernel's links cannot be read; update netdiag", bad);
	return 0;
}

/* The names of the bonds and bridges that interfaces belong to. */
static void nic_name_masters(struct rows *links)
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

/* Nothing else depends on the qdiscs: without them their cells are absent. */
static void nic_read_qdiscs(struct nic_state *state, struct collect *c)
{
	size_t bad;
	int err = nic_qdiscs_read(&state->route, &state->links, &bad);

	if (err && err != -ESTALE)
		collect_note(c, "RTM_GETQDISC failed (%s): qdisc statistics are absent",
			     strerror(-err));
	else if (bad)
		collect_note(c, "%zu of this kernel's qdiscs cannot be read; update netdiag", bad);
}

/* Has the statistics chosen again when the settings that they were chosen by have changed. */
static int nic_match_settings(struct nic_state *state, const struct collect_settings *settings)
{
	const struct globs *wanted = &settings->nic_statistics;
	bool same = wanted->count == state->chosen_patterns.count &&
		    state->chosen_max == settings->max_rows[MAX_ROWS_NIC_STAT];

	for (size_t i = 0; same && i < wanted->count; i++)
		same = !strcmp(wanted->list[i], state->chosen_patterns.list[i]);
	if (same)
		return 0;
	for (size_t i = 0; i < state->devices.count; i++)
		((struct nic_device *)hash_at(&state->devices, i))->chosen = false;
	state->chosen_max = settings->max_rows[MAX_ROWS_NIC_STAT];
	globs_free(&state->chosen_patterns);
	return globs_copy(&state->chosen_patterns, wanted);
}

static int nic_add_interfaces(struct nic_state *state, struct collect *c)
{
	struct nic_reading reading = {&state->ethtool, &state->ethtool_netlink, c, state->turn++,
				      RPS_FILES};
	bool rps = false;
	int err = 0;

	for (size_t i = 0; i < state->links.count && !err; i++) {
		const struct nic_link *link = rows_at(&state->links, i);
		struct nic_device *device;
		struct nic_row *row;

		if (!settings_interface(c->settings, link->ifname))
			continue;
		device = hash_add(&state->devices, &link->row.ifindex);
		row = rows_add(&c->rows[0]);
		if (!device || !row)
			return -ENOMEM;
		err = nic_device_read(device, &reading, link, row, &c->rows[1]);
		nic_qstats_apply(&state->qstats, row);
		if (row->rps_enabled != ROW_ABSENT)
			rps = true;
	}
	if (!err && c->rows[0].count && !rps)
		collect_note(
			c,
			"RpsEnabled is absent because there is no rps_cpus below %s/class/net: "
			"mount sysfs in this network namespace, unless the kernel lacks CONFIG_RPS",
			c->settings->roots.path[ROOT_SYS]);
	return err;
}

static int nic_collect(struct collect *c)
{
	struct nic_state *state = c->state;
	int err = nic_open(state, c);

	if (!err)
		err = nic_read_links(state, c);
	if (err)
		return err;
	collect_source(c, "rtnetlink, ethtool ioctls and netlink");
	nic_name_masters(&state->links);
	nic_read_qdiscs(state, c);
	nic_qstats_read(&state->qstats);
	err = nic_match_settings(state, c->settings);
	if (!err)
		err = nic_add_interfaces(state, c);
	nic_bonds_compare(&c->rows[0]);
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
	.live = "netlink and ioctls",
	.state_size = sizeof(struct nic_state),
	.collect = nic_collect,
	.close = nic_close,
};
