/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/cpu/softnet.h"
#include "tests/unit/unit.h"

#define SECOND	 UINT64_C(1000000000)
#define CPUS_BIG 512

/* A collector that reads one of the trees in tests/data/softnet. */
struct captured {
	char proc[PATH_MAX], sys[PATH_MAX];
	struct unit_collector unit;
};

static int collect_captured(struct captured *captured, const char *name)
{
	struct roots roots = {.path = {captured->proc, captured->sys}};
	char relative[128];

	snprintf(relative, sizeof(relative), "tests/data/softnet/%s/proc", name);
	unit_source(captured->proc, relative);
	snprintf(relative, sizeof(relative), "tests/data/softnet/%s/sys", name);
	unit_source(captured->sys, relative);
	unit_collector_init(&captured->unit, &softnet_collector, &roots);
	return unit_collect(&captured->unit, SECOND);
}

static const struct softnet_row *row_of(const struct unit_collector *unit, uint64_t cpu)
{
	struct softnet_row key = {.cpu = cpu};
	const struct softnet_row *row = rows_find(&unit->rows[0], &key);

	ck_assert_msg(row, "no row of CPU %" PRIu64, cpu);
	return row;
}

/* One line of softnet_stat with this many columns: 100 * processed + column in each known one. */
static void add_line(char **text, unsigned columns, uint32_t cpu, uint32_t processed)
{
	char *before = *text;
	char line[256];
	int used = snprintf(line, sizeof(line), "%08x", processed);

	for (unsigned i = 1; i < columns; i++)
		used += snprintf(line + used, sizeof(line) - (size_t)used, " %08x",
				 i == 12	  ? cpu
				 : i < 3 || i > 8 ? i
						  : 0);
	ck_assert_int_ge(asprintf(text, "%s%s\n", before ? before : "", line), 0);
	free(before);
}

START_TEST(kernels_have_their_columns)
{
	static const struct {
		const char *tree;
		bool rps, flow_limit, backlog, queues;
	} kernels[] = {
		{"linux-4.18-offline", true, true, false, false},
		{"linux-5.15-offline", true, true, true, false},
		{"linux-6.6", true, true, true, true},
		{"linux-6.18", true, true, true, true},
	};

	for (size_t i = 0; i < COUNT_OF(kernels); i++) {
		struct captured captured;
		const struct softnet_row *row;

		ck_assert_msg(!collect_captured(&captured, kernels[i].tree), "%s: %s",
			      kernels[i].tree, captured.unit.error);
		ck_assert_str_eq(captured.unit.error, "");
		ck_assert_uint_eq(row_of(&captured.unit, 0)->ksoftirqd_run_us, 32732198);
		ck_assert_uint_eq(row_of(&captured.unit, 0)->ksoftirqd_wait_us, 972065461);
		ck_assert_uint_eq(row_of(&captured.unit, 0)->softirq_ms, 462270);
		ck_assert_uint_eq(row_of(&captured.unit, 0)->steal_ms, 35930);
		row = row_of(&captured.unit, 0);
		ck_assert_uint_ne(row->processed, ROW_ABSENT);
		ck_assert_uint_ne(row->dropped, ROW_ABSENT);
		ck_assert_uint_ne(row->time_squeeze, ROW_ABSENT);
		ck_assert_uint_ne(row->net_rx_softirqs, ROW_ABSENT);
		ck_assert(kernels[i].rps == (row->received_rps != ROW_ABSENT));
		ck_assert(kernels[i].flow_limit == (row->flow_limit != ROW_ABSENT));
		ck_assert(kernels[i].backlog == (row->backlog_len != ROW_ABSENT));
		ck_assert(kernels[i].queues == (row->input_queue_len != ROW_ABSENT));
		ck_assert(kernels[i].queues == (row->process_queue_len != ROW_ABSENT));
		ck_assert_uint_eq(row->discontinuity, SECOND);
		unit_collector_done(&captured.unit);
	}
}
END_TEST

START_TEST(every_column_is_in_its_place)
{
	struct captured captured;
	const struct softnet_row *row;

	ck_assert_int_eq(collect_captured(&captured, "linux-6.6"), 0);
	ck_assert_uint_eq(captured.unit.rows[0].count, 2);
	row = row_of(&captured.unit, 0);
	ck_assert_uint_eq(row->processed, 0xfffffff0);
	ck_assert_uint_eq(row->dropped, 1);
	ck_assert_uint_eq(row->time_squeeze, 2);
	ck_assert_uint_eq(row->received_rps, 5);
	ck_assert_uint_eq(row->flow_limit, 50);
	ck_assert_uint_eq(row->backlog_len, 12);
	ck_assert_uint_eq(row->input_queue_len, 9);
	ck_assert_uint_eq(row->process_queue_len, 3);
	ck_assert_uint_eq(row->net_rx_softirqs, 11);
	ck_assert_uint_eq(row->net_tx_softirqs, 21);
	row = row_of(&captured.unit, 1);
	ck_assert_uint_eq(row->processed, 2000);
	ck_assert_uint_eq(row->net_rx_softirqs, 12);
	ck_assert_uint_eq(row->net_tx_softirqs, 22);
	ck_assert(strstr(captured.unit.source, "linux-6.6/proc/net/softnet_stat"));
	unit_collector_done(&captured.unit);
}
END_TEST

START_TEST(offline_cpus_do_not_shift_the_others)
{
	static const struct {
		const char *tree;
		struct {
			uint64_t cpu, processed;
		} row[4];
		size_t count;
	} kernels[] = {
		{"linux-4.18-offline", {{0, 1000}, {2, 2000}, {3, 3000}, {7, 4000}}, 4},
		{"linux-5.15-offline", {{0, 1000}, {2, 3000}, {3, 4000}}, 3},
	};

	for (size_t i = 0; i < COUNT_OF(kernels); i++) {
		struct captured captured;

		ck_assert_int_eq(collect_captured(&captured, kernels[i].tree), 0);
		ck_assert_uint_eq(captured.unit.rows[0].count, kernels[i].count);
		for (size_t r = 0; r < kernels[i].count; r++) {
			uint64_t cpu = kernels[i].row[r].cpu;
			const struct softnet_row *row = row_of(&captured.unit, cpu);

			ck_assert_uint_eq(row->processed, kernels[i].row[r].processed);
			ck_assert_uint_eq(row->net_rx_softirqs, 110 + cpu);
			ck_assert_uint_eq(row->net_tx_softirqs, 210 + cpu);
		}
		unit_collector_done(&captured.unit);
	}
}
END_TEST

/* A made tree and a collector that reads it. */
static struct tree tree;
static struct unit_collector unit;

static void begin(void)
{
	tree_init(&tree);
	tree_write(&tree, "proc/stat", "cpu  0\n");
	unit_collector_init(&unit, &softnet_collector, &tree.roots);
}

static void end(void)
{
	unit_collector_done(&unit);
	tree_done(&tree);
}

static void write_softirqs(uint32_t rx, uint32_t tx)
{
	tree_write(&tree, "proc/softirqs",
		   "    CPU0    CPU1\n  NET_TX:  %u  %u\n  NET_RX:  %u  %u\n   RCU:  1  2\n", tx,
		   tx + 1, rx, rx + 1);
}

static void write_stat(unsigned columns, const uint32_t *processed, size_t cpus)
{
	char *text = NULL;

	for (size_t i = 0; i < cpus; i++)
		add_line(&text, columns, (uint32_t)i, processed[i]);
	tree_write(&tree, "proc/net/softnet_stat", "%s", text);
	free(text);
}

START_TEST(many_cpus)
{
	char *text = NULL, *header = NULL, *rx = NULL;
	size_t header_len, rx_len;
	FILE *h = open_memstream(&header, &header_len), *r = open_memstream(&rx, &rx_len);

	begin();
	/* Every third CPU is offline. */
	for (uint32_t cpu = 0; cpu < CPUS_BIG; cpu++) {
		if (cpu % 3)
			add_line(&text, 15, cpu, 1000 + cpu);
		fprintf(h, " CPU%u", cpu);
		fprintf(r, " %u", 5000 + cpu);
	}
	fclose(h);
	fclose(r);
	tree_write(&tree, "proc/net/softnet_stat", "%s", text);
	tree_write(&tree, "proc/softirqs", "%s\nNET_TX:%s\nNET_RX:%s\n", header, rx, rx);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_str_eq(unit.error, "");
	ck_assert_uint_eq(unit.rows[0].count, CPUS_BIG - (CPUS_BIG + 2) / 3);
	for (uint64_t cpu = 0; cpu < CPUS_BIG; cpu++) {
		if (!(cpu % 3))
			continue;
		ck_assert_uint_eq(row_of(&unit, cpu)->processed, 1000 + cpu);
		ck_assert_uint_eq(row_of(&unit, cpu)->net_rx_softirqs, 5000 + cpu);
	}
	free(text);
	free(header);
	free(rx);
	end();
}
END_TEST

START_TEST(wraps_continue)
{
	begin();
	write_stat(15, (const uint32_t[]){UINT32_MAX - 5, 7}, 2);
	write_softirqs(UINT32_MAX - 2, 0);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	write_stat(15, (const uint32_t[]){10, 8}, 2);
	write_softirqs(3, 0);
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 0)->processed, UINT64_C(0x100000000) + 10);
	ck_assert_uint_eq(row_of(&unit, 1)->processed, 8);
	ck_assert_uint_eq(row_of(&unit, 0)->net_rx_softirqs, UINT64_C(0x100000000) + 3);
	ck_assert_uint_eq(row_of(&unit, 0)->discontinuity, SECOND);
	end();
}
END_TEST

/* A gauge is shown as it is, however it goes. */
START_TEST(gauges_go_down)
{
	begin();
	write_softirqs(1, 1);
	tree_write(&tree, "proc/net/softnet_stat",
		   "1 0 0 0 0 0 0 0 0 0 0 00000009 00000000 00000005 00000004\n");
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 0)->backlog_len, 9);
	tree_write(&tree, "proc/net/softnet_stat",
		   "1 0 0 0 0 0 0 0 0 0 0 00000002 00000000 00000002 00000000\n");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 0)->backlog_len, 2);
	ck_assert_uint_eq(row_of(&unit, 0)->input_queue_len, 2);
	ck_assert_uint_eq(row_of(&unit, 0)->process_queue_len, 0);
	ck_assert_uint_eq(row_of(&unit, 0)->discontinuity, SECOND);
	end();
}
END_TEST

START_TEST(a_cpu_goes_and_comes_back)
{
	begin();
	write_stat(15, (const uint32_t[]){100, 200}, 2);
	write_softirqs(1, 1);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	write_stat(15, (const uint32_t[]){110}, 1);
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 1);
	write_stat(15, (const uint32_t[]){120, 5}, 2);
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 1)->processed, 200);
	ck_assert_uint_eq(row_of(&unit, 1)->discontinuity, 3 * SECOND);
	ck_assert_uint_eq(row_of(&unit, 0)->processed, 120);
	ck_assert_uint_eq(row_of(&unit, 0)->discontinuity, SECOND);
	end();
}
END_TEST

/* An old kernel whose online file has another number of CPUs than there are lines. */
START_TEST(hotplug_race_is_stale)
{
	static const char *const online[] = {"0\n", "0-2\n", "0,2,4-6\n", ""};

	begin();
	write_stat(11, (const uint32_t[]){1, 2}, 2);
	write_softirqs(1, 1);
	for (size_t i = 0; i < COUNT_OF(online); i++) {
		tree_write(&tree, "sys/devices/system/cpu/online", "%s", online[i]);
		ck_assert_int_eq(unit_collect(&unit, SECOND), -ESTALE);
		ck_assert_ptr_nonnull(strstr(unit.error, tree.sys));
		ck_assert_ptr_nonnull(strstr(unit.error, "devices/system/cpu/online"));
	}
	tree_write(&tree, "sys/devices/system/cpu/online", "1,3\n");
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 1)->processed, 1);
	ck_assert_uint_eq(row_of(&unit, 3)->processed, 2);
	end();
}
END_TEST

START_TEST(old_kernel_without_online)
{
	begin();
	write_stat(11, (const uint32_t[]){1, 2}, 2);
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENOENT);
	ck_assert_ptr_nonnull(strstr(unit.error, tree.sys));
	ck_assert_ptr_nonnull(strstr(unit.error, "sysfs"));
	tree_write(&tree, "sys/devices/system/cpu/online", "some\n");
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(unit.error, "is not a list of CPUs"));
	end();
}
END_TEST

START_TEST(broken_stat_is_an_error)
{
	static const char *const broken[] = {
		"\n",
		"garbage\n",
		"0000000a 00000000 00000001\n",
		/* cut off within a line */
		"00000001 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n00000001 0 0 0",
		/* cut off within a number */
		"00000001 0 0 0 0 0 0 0 0 0 0 0 0 0 0",
		/* lines of different lengths */
		"1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n1 0 0 0 0 0 0 0 0 0 0 0 1\n",
		/* more than 32 bits */
		"100000000 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		"-1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		/* one CPU twice */
		"1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
	};

	begin();
	write_softirqs(1, 1);
	for (size_t i = 0; i < COUNT_OF(broken); i++) {
		tree_write(&tree, "proc/net/softnet_stat", "%s", broken[i]);
		ck_assert_msg(unit_collect(&unit, SECOND) == -EBADMSG, "case %zu", i);
		ck_assert_ptr_nonnull(strstr(unit.error, tree.proc));
		ck_assert_ptr_nonnull(strstr(unit.error, "net/softnet_stat"));
	}
	/* Masked by a container runtime. */
	tree_write(&tree, "proc/net/softnet_stat", "%s", "");
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENODATA);
	/* And then it is whole again. */
	write_stat(15, (const uint32_t[]){1}, 1);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	end();
}
END_TEST

START_TEST(unreadable_stat)
{
	begin();
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENOENT);
	ck_assert_ptr_nonnull(strstr(unit.error, tree.proc));
	ck_assert_ptr_nonnull(strstr(unit.error, "Check that procfs is mounted"));
	ck_assert_ptr_nonnull(strstr(unit.error, strerror(ENOENT)));
	tree_write(&tree, "proc/net/softnet_stat/is-a-directory", "x");
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EISDIR);
	end();
}
END_TEST

/* Without softirqs the rest is there, they are absent, and LastError says why. */
START_TEST(broken_softirqs)
{
	static const char *const broken[] = {
		"",
		"garbage\n",
		"CPU0 CPU1\nNET_TX: 1 2\n",
		"CPU0 CPU1\nNET_TX: 1 2\nNET_RX: 1\n",
		"CPU0 CPU1\nNET_TX: 1 2\nNET_RX: 1 2 3\n",
		"CPU0 CPU1\nNET_TX: 1 2\nNET_RX: 1 2",
		"CPU0 CPU1\nNET_TX: 1 2\nNET_RX: 1 4294967296\n",
		"CPU0 CPUx\nNET_TX: 1 2\nNET_RX: 1 2\n",
		"CPU0 NODE\nNET_TX: 1 2\nNET_RX: 1 2\n",
		"CPU0\nNET_TX: 1\n\nNET_RX: 1\n",
		"CPU0\nNET_TX: 1\nNET_TX: 2\n",
		"CPU0\nNET_TX: 1\nNET_RX: 1\nNET_TX: 2\n",
	};

	begin();
	write_stat(15, (const uint32_t[]){4, 5}, 2);
	for (size_t i = 0; i <= COUNT_OF(broken); i++) {
		if (i)
			tree_write(&tree, "proc/softirqs", "%s", broken[i - 1]);
		ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
		ck_assert_uint_eq(row_of(&unit, 1)->processed, 5);
		for (uint64_t cpu = 0; cpu < 2; cpu++) {
			ck_assert_uint_eq(row_of(&unit, cpu)->net_rx_softirqs, ROW_ABSENT);
			ck_assert_uint_eq(row_of(&unit, cpu)->net_tx_softirqs, ROW_ABSENT);
		}
		ck_assert_ptr_nonnull(strstr(unit.error, "softirq counts are absent"));
		ck_assert_ptr_nonnull(strstr(unit.error, tree.proc));
	}
	write_softirqs(30, 40);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 1)->net_rx_softirqs, 31);
	ck_assert_str_eq(unit.error, "");
	end();
}
END_TEST

/* A CPU that /proc/softirqs does not list has no counts; the others have. */
START_TEST(softirqs_of_fewer_cpus)
{
	begin();
	write_stat(15, (const uint32_t[]){1, 2, 3}, 3);
	write_softirqs(30, 40);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 1)->net_rx_softirqs, 31);
	ck_assert_uint_eq(row_of(&unit, 2)->net_rx_softirqs, ROW_ABSENT);
	ck_assert_uint_eq(row_of(&unit, 2)->net_tx_softirqs, ROW_ABSENT);
	end();
}
END_TEST

START_TEST(newer_kernels_may_have_more_columns)
{
	begin();
	write_softirqs(1, 1);
	tree_write(&tree, "proc/net/softnet_stat",
		   "00000001 2 3 0 0 0 0 0 0 4 5 6 00000001 7 8 123456789abcdef new\n");
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 1)->process_queue_len, 8);
	end();
}
END_TEST

/* The running kernel: as many rows as there are CPUs online. */
START_TEST(running_kernel)
{
	unit_collector_init(&unit, &softnet_collector, &roots_default);
	ck_assert_msg(!unit_collect(&unit, SECOND), "%s", unit.error);
	ck_assert_int_eq((int)unit.rows[0].count, (int)sysconf(_SC_NPROCESSORS_ONLN));
	ck_assert_str_eq(unit.source, "/proc/net/softnet_stat");
	unit_collector_done(&unit);
}
END_TEST

UNIT_MAIN("softnet", kernels_have_their_columns, every_column_is_in_its_place,
	  offline_cpus_do_not_shift_the_others, many_cpus, wraps_continue, gauges_go_down,
	  a_cpu_goes_and_comes_back, hotplug_race_is_stale, old_kernel_without_online,
	  broken_stat_is_an_error, unreadable_stat, broken_softirqs, softirqs_of_fewer_cpus,
	  newer_kernels_may_have_more_columns, running_kernel)
