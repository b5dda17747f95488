/* SPDX-License-Identifier: BSD-2-Clause */
/* What is made of a driver's names: the driver's own name (a string as theirs), a byte that bounds
 * how many are shown, and the names, with their numbers as values. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "collectors/nic/device.h"
#include "collectors/nic/driver_stats.h"
#include "tests/fuzz/fuzz.h"

static void check_rows(const struct driver_stats *stats, const uint64_t *values)
{
	struct rows rows;

	rows_init(&rows, &nic_stat_row_type);
	fuzz_check(!driver_stats_rows(stats, 1, values, &rows));
	fuzz_check(rows.count == stats->shown_count);
	for (size_t i = 0; i < rows.count; i++) {
		const struct nic_stat_row *row = rows_at(&rows, i);
		size_t len = strnlen(row->name, sizeof(row->name));

		fuzz_check(len && len < sizeof(row->name));
		fuzz_check(row->value == stats->shown[i].index && row->value < stats->total);
		fuzz_check(row->bits >= 1 && row->bits <= 64);
		for (size_t at = 0; at < len; at++)
			fuzz_check(row->name[at] >= ' ' && row->name[at] <= '~');
	}
	rows_clear(&rows);
}

static void check_discards(const struct driver_stats *stats, const uint64_t *values)
{
	const struct nic_discards *discards = &stats->discards;
	uint64_t sum = nic_discards_value(discards, values, stats->total);

	fuzz_check((discards->count == 0) == (sum == ROW_ABSENT));
	fuzz_check((discards->count == 0) == !discards->source[0]);
	fuzz_check(discards->count <= stats->total);
	fuzz_check(strnlen(discards->source, sizeof(discards->source)) < sizeof(discards->source));
}

static void check_counters(const struct driver_stats *stats, const uint64_t *values)
{
	struct nic_row row;

	fuzz_check(stats->counters.count <= stats->total);
	row_reset(&nic_row_type, &row);
	driver_counters_show(&stats->counters, values, &row);
	for (size_t i = 0; i < stats->counters.count; i++)
		fuzz_check(row_number(&row, stats->counters.list[i].to) != ROW_ABSENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *strings = (const char *)data + ETHTOOL_STRING_SIZE + 1;
	char driver[NIC_STAT_NAME_SIZE], *copy;
	struct globs patterns = {NULL, 0};
	struct driver_stats stats;
	uint64_t *values;
	size_t total, max;

	nic_rps_mask((const char *)data, size);
	if (size < ETHTOOL_STRING_SIZE + 1)
		return 0;
	driver_stats_name((const char *)data, driver);
	max = data[ETHTOOL_STRING_SIZE];
	total = (size - ETHTOOL_STRING_SIZE - 1) / ETHTOOL_STRING_SIZE;
	copy = malloc(total * ETHTOOL_STRING_SIZE + 1); /* so that a byte too many is noticed */
	values = calloc(total + 1, sizeof(*values));
	fuzz_check(copy && values && !globs_add(&patterns, "*[dr]*"));
	memcpy(copy, strings, total * ETHTOOL_STRING_SIZE);
	for (size_t i = 0; i < total; i++)
		values[i] = i;
	fuzz_check(!driver_stats_choose(&stats, driver, copy, total, &patterns, max));
	fuzz_check(stats.shown_count <= max && stats.total == total);
	check_rows(&stats, values);
	check_discards(&stats, values);
	check_counters(&stats, values);
	driver_stats_free(&stats);
	globs_free(&patterns);
	free(values);
	free(copy);
	return 0;
}
