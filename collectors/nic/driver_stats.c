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

/* A driver's names, trimmed one at a time. */
struct names {
	const char *strings;
	char name[NIC_STAT_NAME_SIZE];
};

static const char *name_at(void *arg, size_t i)
{
	struct names *names = arg;

	driver_stats_name(names->strings + i * ETHTOOL_STRING_SIZE, names->name);
	return names->name;
}

/* Which occurrence of its name the statistic number i is: 1 for the first. */
static unsigned occurrence(const struct driver_stats *stats, const char *strings, const char *name)
{
	unsigned n = 1;

	for (size_t i = 0; i < stats->shown_count; i++) {
		char other[NIC_STAT_NAME_SIZE];

		driver_stats_name(strings + stats->shown[i].index * (size_t)ETHTOOL_STRING_SIZE,
				  other);
		if (!strcmp(other, name))
			n++;
	}
	return n;
}

static void choose(struct driver_stats *stats, const char *driver, const char *strings,
		   const char *name, size_t i)
{
	struct nic_stat_choice *choice = &stats->shown[stats->shown_count];
	unsigned n = occurrence(stats, strings, name);

	choice->index = (uint32_t)i;
	choice->bits = nic_counter_bits(driver, name);
	if (n > 1)
		snprintf(choice->name, sizeof(choice->name), "%.*s#%u", ETHTOOL_STRING_SIZE, name,
			 n);
	else
		ROW_SET_TEXT(choice->name, name);
	stats->shown_count++;
}

int driver_stats_choose(struct driver_stats *stats, const char *driver, const char *strings,
			size_t total, const struct globs *patterns, size_t max)
{
	struct names names = {.strings = strings};

	memset(stats, 0, sizeof(*stats));
	stats->total = total;
	if (nic_discards_choose(&stats->discards, driver, name_at, &names, total))
		return -ENOMEM;
	stats->shown = calloc(total < max ? total + 1 : max + 1, sizeof(*stats->shown));
	if (!stats->shown) {
		driver_stats_free(stats);
		return -ENOMEM;
	}
	for (size_t i = 0; i < total && !stats->cut; i++) {
		const char *name = name_at(&names, i);

		if (!*name || !globs_match(patterns, name))
			continue;
		if (stats->shown_count == max)
			stats->cut = true;
		else
			choose(stats, driver, strings, name, i);
	}
	return 0;
}

void driver_stats_free(struct driver_stats *stats)
{
	nic_discards_free(&stats->discards);
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
