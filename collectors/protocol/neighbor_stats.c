/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses the statistics of the ARP and NDISC tables: a line of names, then a line of hexadecimal
 * numbers for each possible CPU (net/core/neighbour.c).
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/protocol/counters.h"
#include "collectors/protocol/neighbor_stats.h"

/* Current kernels have 13. */
#define COLUMNS_MAX 32

/* The columns of a file and their sums. */
struct neighbor_columns {
	size_t count;
	struct span names[COLUMNS_MAX];
	unsigned long sums[COLUMNS_MAX];
};

static bool neighbor_stats_parse_header(struct span line, struct neighbor_columns *columns)
{
	while (columns->count < COLUMNS_MAX && span_word(&line, &columns->names[columns->count]))
		columns->count++;
	return columns->count && !line.len;
}

/* Adds the numbers of a CPU. False if there are more or fewer than columns, or one is malformed. */
static bool neighbor_stats_add_cpu(struct span line, struct neighbor_columns *columns)
{
	struct span word;
	uint64_t number;

	for (size_t i = 0; i < columns->count; i++) {
		if (!span_word(&line, &word) || span_hex(word, &number))
			return false;
		columns->sums[i] += (unsigned long)number;
	}
	return !span_word(&line, &word);
}

static int neighbor_stats_parse(struct span text, const char *group, struct rows *rows,
				struct faults *faults)
{
	bool tail = span_drop_tail(&text);
	struct neighbor_columns columns = {.count = 0};
	size_t before = rows->count, number = 1;
	struct span line;
	int err = 0;

	if (tail || !span_line(&text, &line) || !neighbor_stats_parse_header(line, &columns))
		err = -EINVAL;
	while (!err && span_line(&text, &line)) {
		number++;
		if (!neighbor_stats_add_cpu(line, &columns))
			err = -EINVAL;
	}
	if (number == 1)
		err = -EINVAL;
	for (size_t i = 0; !err && i < columns.count; i++)
		if (!span_equal(columns.names[i], "entries"))
			err = counters_add(rows, (struct span){group, strlen(group)},
					   columns.names[i], columns.sums[i]);
	while (err && rows->count > before)
		rows_drop_last(rows);
	if (err == -EINVAL)
		faults_add(faults, "line %zu is malformed", number);
	return err == -ENOMEM ? err : 0;
}

int neighbor_stats_parse_arp(struct span text, struct rows *rows, struct faults *faults)
{
	return neighbor_stats_parse(text, "Arp", rows, faults);
}

int neighbor_stats_parse_ndisc(struct span text, struct rows *rows, struct faults *faults)
{
	return neighbor_stats_parse(text, "Ndisc", rows, faults);
}
