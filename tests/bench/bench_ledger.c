/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cost of one feed of the loss ledger when all interfaces, listeners and CPUs have new numbers, and
 * some of them losses.
 *
 * usage: bench_ledger ROWS FEEDS
 * prints: the fastest and the mean feed in microseconds, of so many interfaces and as many
 * listeners
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/cpu/softnet.h"
#include "collectors/nic/nic.h"
#include "collectors/socket/listener.h"
#include "subagent/loss/ledger.h"

static struct bench_feed {
	const char *collector;
	const struct row_type *type;
	struct snapshot *snapshot;
} feeds[] = {
	{"nic", &nic_row_type, NULL},
	{"listener", &listener_row_type, NULL},
	{"softnet", &softnet_row_type, NULL},
};

static const struct snapshot *bench_snapshot(const char *collector, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < sizeof(feeds) / sizeof(feeds[0]); i++)
		if (!strcmp(feeds[i].collector, collector))
			return feeds[i].snapshot;
	return NULL;
}

/* All counters of row n are at `count`. */
static void bench_fill(void *row, const struct row_type *type, unsigned n, uint64_t count)
{
	for (size_t at = 0; at < type->text; at += sizeof(uint64_t))
		*row_member(row, at) = count;
	if (type == &nic_row_type) {
		struct nic_row *nic = row;

		nic->ifindex = n;
		nic->discontinuity = 1;
		snprintf(nic->name, sizeof(nic->name), "eth%u", n);
	} else if (type == &listener_row_type) {
		struct listener_row *listener = row;

		listener->discontinuity = 1;
		snprintf(listener->endpoint, sizeof(listener->endpoint), "0.0.0.0:%u", n);
	} else {
		((struct softnet_row *)row)->cpu = n;
		((struct softnet_row *)row)->discontinuity = 1;
	}
}

static bool bench_publish(struct bench_feed *feed, unsigned rows, uint64_t turn, uint64_t now)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return false;
	snapshot->refs = 1;
	snapshot->generation = turn;
	snapshot->time = snapshot->end = now;
	snapshot->rows_count = 1;
	rows_init(&snapshot->rows[0], feed->type);
	for (unsigned n = 1; n <= rows; n++) {
		void *row = rows_add(&snapshot->rows[0]);

		if (row)
			bench_fill(row, feed->type, n, n % 10 ? 0 : turn * n);
	}
	rows_sort(&snapshot->rows[0]);
	snapshot_put(feed->snapshot);
	feed->snapshot = snapshot;
	return true;
}

int main(int argc, char **argv)
{
	unsigned rows = argc > 2 ? (unsigned)atoi(argv[1]) : 0;
	uint64_t times = argc > 2 ? (uint64_t)atoi(argv[2]) : 0, fastest = UINT64_MAX, sum = 0;
	uint64_t now = clock_monotonic();
	struct ledger *ledger = ledger_new();

	if (!rows || !times || !ledger) {
		fprintf(stderr, "usage: bench_ledger ROWS FEEDS\n");
		return 64;
	}
	for (uint64_t turn = 0; turn <= times; turn++, now += SECOND_NS) {
		uint64_t began, took;

		for (size_t i = 0; i < sizeof(feeds) / sizeof(feeds[0]); i++)
			if (!bench_publish(&feeds[i], rows, turn, now))
				return 71;
		began = clock_monotonic();
		ledger_feed(ledger, bench_snapshot, NULL, now, 0);
		took = clock_since(began);
		if (turn) {
			fastest = took < fastest ? took : fastest;
			sum += took;
		}
	}
	printf("%.1f %.1f\n", (double)fastest / 1e3, (double)sum / (double)times / 1e3);
	for (size_t i = 0; i < sizeof(feeds) / sizeof(feeds[0]); i++)
		snapshot_put(feeds[i].snapshot);
	ledger_free(ledger);
	return 0;
}
