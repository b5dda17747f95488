/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chooses which of a driver's own statistics (ETHTOOL_GSTRINGS) are shown, and makes rows of their
 * values (ETHTOOL_GSTATS). Pure functions.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/nic/driver_stats.h"

void driver_stats_name(const char string[ETHTOOL_STRING_SIZE], char name[NIC_STAT_NAME_SIZE])
{
	size_t start = 0, end = strnlen(string, ETHTOOL_STRING_SIZE);

	while (start < end && (string[start] == ' ' || string[start] == '\t'))
		start++;
	while (end > start && (string[end - 1] == ' ' || string[end - 1] == '\t'))
		end--;
	text_copy_n(name, NIC_STAT_NAME_SIZE, string + start, end - start);
	text_ascii(name, NIC_STAT_NAME_SIZE, name);
}

/* Shows statistic number i under its name; the second and later ones of a name get a number. */
static void stats_show(struct driver_stats *stats, const char *driver,
		       const char (*names)[NIC_STAT_NAME_SIZE], size_t i)
{
	struct nic_stat_choice *choice = &stats->shown[stats->shown_count];
	unsigned n = 1;

	for (size_t shown = 0; shown < stats->shown_count; shown++)
		n += !strcmp(names[stats->shown[shown].index], names[i]);
	choice->index = (uint32_t)i;
	choice->bits = nic_counter_bits(driver, names[i]);
	if (n > 1)
		snprintf(choice->name, sizeof(choice->name), "%.*s#%u", ETHTOOL_STRING_SIZE,
			 names[i], n);
	else
		ROW_SET_TEXT(choice->name, names[i]);
	stats->shown_count++;
}

int driver_stats_choose(struct driver_stats *stats, const char *driver, const char *strings,
			size_t total, const struct globs *patterns, size_t max)
{
	char(*names)[NIC_STAT_NAME_SIZE] = calloc(total + 1, sizeof(*names));
	int err = -ENOMEM;

	*stats = (struct driver_stats){.total = total};
	stats->shown = calloc((total < max ? total : max) + 1, sizeof(*stats->shown));
	for (size_t i = 0; names && i < total; i++)
		driver_stats_name(strings + i * ETHTOOL_STRING_SIZE, names[i]);
	if (names && stats->shown)
		err = nic_discards_choose(&stats->discards, driver, names, total);
	if (!err)
		err = driver_counters_choose(&stats->counters, names, total);
	for (size_t i = 0; !err && i < total && !stats->cut; i++) {
		if (!*names[i] || !globs_match(patterns, names[i]))
			continue;
		if (stats->shown_count == max)
			stats->cut = true;
		else
			stats_show(stats, driver, names, i);
	}
	free(names);
	if (err)
		driver_stats_free(stats);
	return err;
}

void driver_stats_free(struct driver_stats *stats)
{
	nic_discards_free(&stats->discards);
	driver_counters_free(&stats->counters);
	free(stats->shown);
	memset(stats, 0, sizeof(*stats));
}

int driver_stats_rows(const struct driver_stats *stats, uint64_t ifindex, const uint64_t *values,
		      struct rows *rows)
{
	for (size_t i = 0; i < stats->shown_count; i++) {
		struct nic_stat_row *row = rows_add(rows);

		if (!row)
			return -ENOMEM;
		row->ifindex = ifindex;
		row->value = row_present(values[stats->shown[i].index]);
		row->bits = stats->shown[i].bits;
		ROW_SET_TEXT(row->name, stats->shown[i].name);
	}
	return 0;
}
