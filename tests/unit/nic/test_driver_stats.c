/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/nic/device.h"
#include "collectors/nic/driver_stats.h"
#include "collectors/registry.h"
#include "tests/unit/unit.h"

#define NAMES_MAX 96

/* A driver's names as ETHTOOL_GSTRINGS gives them. */
struct strings {
	char bytes[NAMES_MAX * ETHTOOL_STRING_SIZE];
	size_t count;
};

static void strings_add(struct strings *strings, const char *name)
{
	size_t len = strlen(name);

	ck_assert_uint_lt(strings->count, NAMES_MAX);
	ck_assert_uint_le(len, ETHTOOL_STRING_SIZE);
	memcpy(strings->bytes + strings->count++ * ETHTOOL_STRING_SIZE, name, len);
}

static void strings_init(struct strings *strings, const char *const *names)
{
	memset(strings, 0, sizeof(*strings));
	for (; *names; names++)
		strings_add(strings, *names);
}

static void choose(struct driver_stats *stats, const char *driver, const struct strings *strings,
		   const char *pattern, size_t max)
{
	struct globs patterns = {NULL, 0};

	if (pattern)
		ck_assert_int_eq(globs_add(&patterns, pattern), 0);
	ck_assert_int_eq(
		driver_stats_choose(stats, driver, strings->bytes, strings->count, &patterns, max),
		0);
	globs_free(&patterns);
}

/* What drivers name their statistics (the ones around those of interest), each with the values'
 * numbers 1, 2, 4, 8 … so that the sum tells which were added. */
static const struct {
	const char *driver;
	const char *names[12];
	uint64_t sum; /* ROW_ABSENT: none */
	unsigned bits;
	const char *source;
} drivers[] = {
	{"ixgbe",
	 {"rx_packets", "rx_missed_errors", "rx_no_buffer_count", "rx_no_dma_resources",
	  "rx_fcoe_dropped", "tx_queue_0_packets"},
	 2 + 8,
	 64,
	 "rx_missed_errors + rx_no_dma_resources"},
	{"i40e",
	 {"rx_dropped", "veb.rx_discards", "rx_missed_errors", "port.rx_dropped",
	  "port.rx_discards", "port.tx_dropped_link_down"},
	 16,
	 64,
	 "port.rx_discards"},
	{"ice",
	 {"rx_dropped", "rx_dropped.nic", "rx_undersize.nic", "tx_dropped_link_down.nic"},
	 2,
	 64,
	 "rx_dropped.nic"},
	{"iavf",
	 {"rx_bytes", "rx_discards", "rx_unknown_protocol", "rx-0.packets"},
	 2,
	 64,
	 "rx_discards"},
	{"igb",
	 {"rx_packets", "rx_no_buffer_count", "rx_missed_errors", "rx_queue_0_drops",
	  "rx_queue_1_drops"},
	 4,
	 64,
	 "rx_missed_errors"},
	{"igc",
	 {"rx_no_buffer_count", "rx_missed_errors", "rx_queue_0_drops"},
	 2,
	 64,
	 "rx_missed_errors"},
	{"e1000e",
	 {"rx_no_buffer_count", "rx_missed_errors", "tx_aborted_errors"},
	 2,
	 64,
	 "rx_missed_errors"},
	{"mlx5_core",
	 {"rx_packets", "rx_out_of_buffer", "rx_prio0_discards", "rx_discards_phy",
	  "rx0_buff_alloc_err", "ch0_events"},
	 2 + 8,
	 32,
	 "rx_out_of_buffer + rx_discards_phy"},
	{"mlx5_core", {"rx_packets", "rx_out_of_buffer"}, 2, 32, "rx_out_of_buffer"},
	{"mlx4_en", {"rx_errors", "rx_dropped", "rx0_dropped", "rx1_dropped"}, 2, 64, "rx_dropped"},
	{"bnxt_en",
	 {"[0]: rx_ucast_packets", "[0]: rx_discards", "[1]: rx_discards", "rx_total_ring_discards",
	  "rx_stat_discard"},
	 8,
	 64,
	 "rx_total_ring_discards"},
	{"bnxt_en",
	 {"[0]: rx_discards", "[0]: rx_drops", "[1]: rx_discards", "[10]: rx_discards",
	  "rx_total_discard_pkts"},
	 1 + 4 + 8,
	 64,
	 "sum of [N]: rx_discards"},
	{"bnx2x",
	 {"[0]: rx_discards", "rx_discards", "rx_brb_discard", "rx_brb_truncate"},
	 4,
	 64,
	 "rx_brb_discard"},
	{"bnx2", {"rx_fw_discards", "rx_discards", "rx_ftq_discards"}, 2, 32, "rx_discards"},
	{"tg3", {"rx_octets", "rxbds_empty", "rx_discards", "rx_errors"}, 4, 64, "rx_discards"},
	{"r8169", {"tx_packets", "rx_errors", "rx_missed", "align_errors"}, 4, 16, "rx_missed"},
	{"qede",
	 {"0: rcv_pkts", "no_buff_discards", "mftag_filter_discards"},
	 2,
	 64,
	 "no_buff_discards"},
	{"be2net",
	 {"rx_crc_errors", "rx_drops_no_pbuf", "rx_drops_no_txpb", "rxq0: rx_bytes"},
	 2,
	 32,
	 "rx_drops_no_pbuf"},
	{"enic", {"rx_drop", "rx_no_bufs", "rx_errors"}, 2, 64, "rx_no_bufs"},
	{"cxgb4",
	 {"rx_bg0_frames_dropped  ", "rx_bg1_frames_dropped  ", "rx_bg2_frames_dropped  ",
	  "rx_bg3_frames_dropped  ", "rx_bg0_frames_trunc    "},
	 15,
	 64,
	 "sum of rx_bgN_frames_dropped"},
	{"sfc",
	 {"port_rx_bad", "port_rx_nodesc_drops", "rx_nodesc_trunc"},
	 2,
	 64,
	 "port_rx_nodesc_drops"},
	{"gve",
	 {"rx_dropped", "rx_queue_drop_cnt[0]", "rx_no_buffers_posted[0]",
	  "rx_drops_packet_over_mru[0]", "rx_queue_drop_cnt[1]", "rx_no_buffers_posted[1]"},
	 2 + 4 + 16 + 32,
	 64,
	 "sum of rx_no_buffers_posted[N] + rx_queue_drop_cnt[N]"},
	{"vmxnet3",
	 {"Tx Queue#", "  pkts tx discard", "Rx Queue#", "  pkts rx OOB", "  drv dropped rx total",
	  "     err", "Rx Queue#", "  pkts rx OOB", "  rx buf alloc fail"},
	 8 + 128,
	 64,
	 "sum of pkts rx OOB"},
	{"vmxnet3", {"Rx Queue#", "  pkts rx OOB", "  pkts rx err"}, 2, 64, "pkts rx OOB"},
	{"hv_netvsc",
	 {"tx_scattered", "rx_comp_busy", "rx_no_memory", "vf_rx_packets"},
	 4,
	 64,
	 "rx_no_memory"},
	{"virtio_net", {"rx_drops", "rx_xdp_drops", "rx0_drops", "rx1_drops"}, 1, 64, "rx_drops"},
	{"virtio_net",
	 {"rx_queue_0_packets", "rx_queue_0_drops", "rx_queue_0_xdp_drops", "rx_queue_1_drops"},
	 2 + 8,
	 64,
	 "sum of rx_queue_N_drops"},
	{"veth",
	 {"peer_ifindex", "rx_queue_0_xdp_drops", "rx_queue_0_drops", "rx_queue_1_drops",
	  "rx_queue_12_drops"},
	 4 + 8 + 16,
	 64,
	 "sum of rx_queue_N_drops"},
	/* none of the names that are known: nothing, whatever else there is */
	{"ixgbe", {"rx_discards", "rx_dropped"}, ROW_ABSENT, 64, ""},
	{"veth",
	 {"peer_ifindex", "rx_queue_drops", "rx_queue_0_drops2", "rx_queue_x_drops"},
	 ROW_ABSENT,
	 64,
	 ""},
	{"veth", {NULL}, ROW_ABSENT, 64, ""},
	{"tun", {"rx_discards", "rx_drops"}, ROW_ABSENT, 64, ""},
	{"ena", {"queue_0_rx_empty_rx_ring", "rx_drops"}, ROW_ABSENT, 64, ""},
};

START_TEST(discards_by_driver)
{
	uint64_t values[NAMES_MAX];

	for (size_t i = 0; i < NAMES_MAX; i++)
		values[i] = UINT64_C(1) << (i % 64);
	for (size_t i = 0; i < COUNT_OF(drivers); i++) {
		struct strings strings;
		struct driver_stats stats;
		uint64_t sum;

		strings_init(&strings, drivers[i].names);
		choose(&stats, drivers[i].driver, &strings, NULL, 100);
		sum = nic_discards_value(&stats.discards, values, strings.count);
		ck_assert_msg(sum == drivers[i].sum, "%s (case %zu): %#llx", drivers[i].driver, i,
			      (unsigned long long)sum);
		ck_assert_str_eq(stats.discards.source, drivers[i].source);
		ck_assert_uint_eq(stats.discards.bits, drivers[i].bits);
		ck_assert_uint_eq(stats.shown_count, 0);
		driver_stats_free(&stats);
	}
}
END_TEST

/* The head and the statistics of a file of tests/data/nic, which is what ethtool -i and ethtool -S
 * print. */
struct device {
	char driver[32];
	struct strings strings;
	uint64_t values[NAMES_MAX];
};

static void read_device(struct device *device, const char *file)
{
	char path[PATH_MAX], line[256], relative[64];
	FILE *from;

	memset(device, 0, sizeof(*device));
	snprintf(relative, sizeof(relative), "tests/data/nic/%s", file);
	unit_source(path, relative);
	ck_assert_ptr_nonnull(from = fopen(path, "r"));
	while (fgets(line, sizeof(line), from)) {
		char *colon = strrchr(line, ':');

		ck_assert_ptr_nonnull(colon);
		*colon = '\0';
		if (!strcmp(line, "driver")) {
			ck_assert_int_eq(sscanf(colon + 1, "%31s", device->driver), 1);
		} else if (*line == ' ') {
			device->values[device->strings.count] = strtoull(colon + 1, NULL, 10);
			strings_add(&device->strings, line + strspn(line, " "));
		}
	}
	fclose(from);
}

/* What the row of a device says of its discards when the kernel dropped 5 packets and the device
 * missed 7. */
static void show_device(const struct device *device, struct nic_row *row)
{
	struct driver_stats stats;

	choose(&stats, device->driver, &device->strings, NULL, 0);
	row_reset(&nic_row_type, row);
	row->rx_dropped = 5;
	row->rx_missed = 7;
	nic_discards_show(&stats.discards, device->driver, device->values, stats.total, 0, row);
	driver_stats_free(&stats);
}

/* Frames that wait in the FIFO, and events of an empty ring, are no packets that were lost. */
START_TEST(what_is_no_loss)
{
	struct device device;
	struct nic_row row;

	read_device(&device, "igb");
	show_device(&device, &row);
	ck_assert_uint_eq(row.rx_discards, 1151);
	ck_assert_str_eq(row.rx_discards_source, "rx_missed_errors");
	ROW_SET_TEXT(device.driver, "igc");
	show_device(&device, &row);
	ck_assert_uint_eq(row.rx_discards, 1151);
	read_device(&device, "e1000e");
	show_device(&device, &row);
	ck_assert_uint_eq(row.rx_discards, 23);
	ck_assert_str_eq(row.rx_discards_source, "rx_missed_errors");
	read_device(&device, "ena");
	show_device(&device, &row);
	ck_assert_uint_eq(row.rx_discards, 5);
	ck_assert_uint_eq(row.rx_discards_bits, 64);
	ck_assert_str_eq(row.rx_discards_source, "rx_dropped (stats64)");
	strings_add(&device.strings, "rx_drops");
	show_device(&device, &row);
	ck_assert_str_eq(row.rx_discards_source, "rx_dropped (stats64)");
}
END_TEST

/* Which meaning the number has when the driver does not tell its statistics. */
START_TEST(without_the_drivers_statistics)
{
	static const struct {
		const char *driver;
		int err;
		uint64_t discards;
	} cases[] = {
		{"tun", 0, 7},		 {"", -EOPNOTSUPP, 7},		{"veth", -EOPNOTSUPP, 7},
		{"veth", 0, ROW_ABSENT}, {"veth", -ENODEV, ROW_ABSENT}, {"ena", -EOPNOTSUPP, 5},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct nic_discards none = {.count = 0};
		struct nic_row row;

		row_reset(&nic_row_type, &row);
		row.rx_dropped = 5;
		row.rx_missed = 7;
		nic_discards_show(&none, cases[i].driver, NULL, 0, cases[i].err, &row);
		ck_assert_msg(row.rx_discards == cases[i].discards, "%s", cases[i].driver);
		ck_assert_int_eq(row.rx_discards_source[0] == '\0',
				 cases[i].discards == ROW_ABSENT);
	}
}
END_TEST

/* What a device's statistics are in the columns of all devices. */
static void count_device(const struct device *device, struct nic_row *row)
{
	struct driver_stats stats;

	choose(&stats, device->driver, &device->strings, NULL, 0);
	driver_counters_show(&stats.counters, device->values, row);
	driver_stats_free(&stats);
}

START_TEST(counters_of_devices)
{
	struct device device;
	struct nic_row row;

	read_device(&device, "ena");
	row_reset(&nic_row_type, &row);
	count_device(&device, &row);
	ck_assert_uint_eq(row.limit_in_bandwidth, 10);
	ck_assert_uint_eq(row.limit_out_bandwidth, 200);
	ck_assert_uint_eq(row.limit_packets, 3000);
	ck_assert_uint_eq(row.limit_conntrack, 40000);
	ck_assert_uint_eq(row.limit_link_local, 500000);
	ck_assert_uint_eq(row.tx_queue_stops, 1 + 2);
	ck_assert_uint_eq(row.pause_rx, ROW_ABSENT);
	ck_assert_uint_eq(row.fec_corrected, ROW_ABSENT);
	read_device(&device, "igb");
	row_reset(&nic_row_type, &row);
	row.pause_tx = 1; /* known from the kernel already */
	count_device(&device, &row);
	ck_assert_uint_eq(row.pause_rx, 12 + 34);
	ck_assert_uint_eq(row.pause_tx, 1);
	ck_assert_uint_eq(row.tx_queue_stops, 2 + 3);
	ck_assert_uint_eq(row.limit_packets, ROW_ABSENT);
	read_device(&device, "e1000e");
	row_reset(&nic_row_type, &row);
	count_device(&device, &row);
	ck_assert_uint_eq(row.tx_queue_stops, 8);
	ck_assert_uint_eq(row.pause_rx, 0);
}
END_TEST

/* The first entry that the driver has is taken, the others are part of it. */
START_TEST(counters_once)
{
	static const char *const names[] = {"rx_flow_control_xon",   "rx_pause_ctrl_phy",
					    "rx_flow_control_xoff",  "rx_fec_corrected_blocks",
					    "queue_1_tx_queue_stop", "queue_x_tx_queue_stop",
					    "tx_restart_queue",	     NULL};
	struct device device = {.values = {1, 2, 4, 8, 16, 32, 64}};
	struct nic_row row;

	strings_init(&device.strings, names);
	row_reset(&nic_row_type, &row);
	count_device(&device, &row);
	ck_assert_uint_eq(row.pause_rx, 2);
	ck_assert_uint_eq(row.fec_corrected, 8);
	ck_assert_uint_eq(row.fec_uncorrectable, ROW_ABSENT);
	ck_assert_uint_eq(row.tx_queue_stops, 16);
	device.values[1] = UINT64_MAX;
	row_reset(&nic_row_type, &row);
	count_device(&device, &row);
	ck_assert_uint_eq(row.pause_rx, UINT64_MAX - 1);
}
END_TEST

/* An index beyond what was read is not read. */
START_TEST(fewer_values)
{
	const char *const names[] = {"rx_a", "rx_queue_0_drops", NULL};
	const uint64_t values[] = {1, 2};
	struct strings strings;
	struct driver_stats stats;

	strings_init(&strings, names);
	choose(&stats, "veth", &strings, NULL, 1);
	ck_assert_uint_eq(nic_discards_value(&stats.discards, values, 2), 2);
	ck_assert_uint_eq(nic_discards_value(&stats.discards, values, 1), ROW_ABSENT);
	driver_stats_free(&stats);
}
END_TEST

/* The value that means absent is one that a driver can count. */
START_TEST(largest_value)
{
	const char *const names[] = {"rx_queue_0_drops", NULL};
	const uint64_t values[] = {UINT64_MAX};
	struct strings strings;
	struct driver_stats stats;
	struct rows rows;

	rows_init(&rows, &nic_stat_row_type);
	strings_init(&strings, names);
	choose(&stats, "veth", &strings, "*drop*", 1);
	ck_assert_uint_eq(nic_discards_value(&stats.discards, values, 1), UINT64_MAX - 1);
	ck_assert_int_eq(driver_stats_rows(&stats, 1, values, &rows), 0);
	ck_assert_uint_eq(((struct nic_stat_row *)rows_at(&rows, 0))->value, UINT64_MAX - 1);
	rows_clear(&rows);
	driver_stats_free(&stats);
}
END_TEST

START_TEST(names_are_trimmed)
{
	static const struct {
		char string[ETHTOOL_STRING_SIZE];
		const char *name;
	} cases[] = {
		{"rx_packets", "rx_packets"},
		{"  pkts rx OOB", "pkts rx OOB"},
		{"rx_bg0_frames_dropped  ", "rx_bg0_frames_dropped"},
		{"\t x \t", "x"},
		{"    ", ""},
		{"", ""},
		{"a\nb\x7f\xc3\xa4", "a?b???"},
		/* not terminated */
		{{'1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '1', '2', '3', '4', '5', '6',
		  '7', '8', '9', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '1', '2'},
		 "12345678901234567890123456789012"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char name[NIC_STAT_NAME_SIZE];

		driver_stats_name(cases[i].string, name);
		ck_assert_str_eq(name, cases[i].name);
	}
}
END_TEST

/* vmxnet3 with two queues each way: names repeat and are indented. */
START_TEST(repeated_names)
{
	const char *const names[] = {"Tx Queue#",     "  pkts tx discard", "  ring full",
				     "Tx Queue#",     "  pkts tx discard", "  ring full",
				     "Rx Queue#",     "  pkts rx OOB",	   "     err",
				     "Rx Queue#",     "  pkts rx OOB",	   "     err",
				     "  pkts rx OOB", "tx timeout count",  NULL};
	const char *const shown[] = {"pkts rx OOB", "pkts rx OOB#2", "pkts rx OOB#3"};
	const uint64_t values[NAMES_MAX] = {[7] = 70, [10] = 100, [12] = 120};
	struct strings strings;
	struct driver_stats stats;
	struct rows rows;

	strings_init(&strings, names);
	rows_init(&rows, &nic_stat_row_type);
	choose(&stats, "vmxnet3", &strings, "*OOB*", 100);
	ck_assert_int_eq(driver_stats_rows(&stats, 9, values, &rows), 0);
	ck_assert_uint_eq(rows.count, 3);
	ck_assert_uint_eq(rows_sort(&rows), 0);
	for (size_t i = 0; i < rows.count; i++) {
		const struct nic_stat_row *row = rows_at(&rows, i);

		ck_assert_uint_eq(row->ifindex, 9);
		ck_assert_str_eq(row->name, shown[i]);
	}
	ck_assert_uint_eq(((struct nic_stat_row *)rows_at(&rows, 0))->value, 70);
	ck_assert_uint_eq(((struct nic_stat_row *)rows_at(&rows, 1))->value, 100);
	ck_assert_uint_eq(((struct nic_stat_row *)rows_at(&rows, 2))->value, 120);
	rows_clear(&rows);
	driver_stats_free(&stats);
}
END_TEST

START_TEST(bounded)
{
	struct strings strings = {.count = 0};
	struct driver_stats stats;

	for (unsigned i = 0; i < 10; i++) {
		char name[ETHTOOL_STRING_SIZE];

		snprintf(name, sizeof(name), "rx%u_drops", i);
		strings_add(&strings, name);
	}
	choose(&stats, "any", &strings, "*drop*", 10);
	ck_assert_uint_eq(stats.shown_count, 10);
	ck_assert(!stats.cut);
	driver_stats_free(&stats);
	choose(&stats, "any", &strings, "*drop*", 9);
	ck_assert_uint_eq(stats.shown_count, 9);
	ck_assert(stats.cut);
	ck_assert_str_eq(stats.shown[8].name, "rx8_drops");
	driver_stats_free(&stats);
	choose(&stats, "any", &strings, "*drop*", 0);
	ck_assert_uint_eq(stats.shown_count, 0);
	ck_assert(stats.cut);
	driver_stats_free(&stats);
}
END_TEST

/* The statistics' default pattern takes those about loss from real lists, not traffic. */
START_TEST(default_patterns)
{
	static const char *const names[] = {"rx_packets",
					    "tx_bytes",
					    "rx_missed_errors",
					    "rx_no_buffer_count",
					    "rx_queue_drops",
					    "tx_kicks",
					    "alloc_rx_buff_failed",
					    "rx_no_dma_resources",
					    "tx_timeout",
					    "pkts rx OOB",
					    "pkts rx err",
					    "rx_out_of_buffer",
					    "queue_0_rx_empty_rx_ring",
					    "lro_flushed",
					    "bw_in_allowance_exceeded",
					    "conntrack_allowance_available",
					    "rx_pause_ctrl_phy",
					    "rx_pfc_frames_0",
					    "queue_0_tx_queue_stop",
					    "",
					    NULL};
	static const char *const shown[] = {"rx_missed_errors",
					    "rx_no_buffer_count",
					    "rx_queue_drops",
					    "alloc_rx_buff_failed",
					    "rx_no_dma_resources",
					    "tx_timeout",
					    "pkts rx OOB",
					    "pkts rx err",
					    "rx_out_of_buffer",
					    "queue_0_rx_empty_rx_ring",
					    "bw_in_allowance_exceeded",
					    "rx_pause_ctrl_phy",
					    "rx_pfc_frames_0",
					    "queue_0_tx_queue_stop"};
	struct collect_settings *settings;
	struct strings strings;
	struct driver_stats stats;

	ck_assert(settings = settings_new(collectors));
	strings_init(&strings, names);
	ck_assert_int_eq(driver_stats_choose(&stats, "any", strings.bytes, strings.count,
					     &settings->nic_statistics, 100),
			 0);
	ck_assert_uint_eq(stats.shown_count, COUNT_OF(shown));
	for (size_t i = 0; i < COUNT_OF(shown); i++)
		ck_assert_str_eq(stats.shown[i].name, shown[i]);
	driver_stats_free(&stats);
	settings_put(settings);
}
END_TEST

START_TEST(rps_masks)
{
	static const struct {
		const char *text;
		int any;
	} cases[] = {
		{"00000000\n", 0},	    {"0", 0},	      {"", 0},
		{"00000000,00000000\n", 0}, {"f\n", 1},	      {"00000001,00000000\n", 1},
		{"00000000,80000000\n", 1}, {"x\n", -EINVAL}, {"0-3\n", -EINVAL},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		ck_assert_int_eq(nic_rps_mask(cases[i].text, strlen(cases[i].text)), cases[i].any);
}
END_TEST

UNIT_MAIN("nic_stats", discards_by_driver, what_is_no_loss, without_the_drivers_statistics,
	  counters_of_devices, counters_once, fewer_values, names_are_trimmed, largest_value,
	  repeated_names, bounded, default_patterns, rps_masks)
