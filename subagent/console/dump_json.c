/* SPDX-License-Identifier: BSD-2-Clause */
/* --dump=json: see dump.h for what it looks like. */
#include <config.h>

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "collectors/base/clock.h"
#include "subagent/console/dump.h"
#include "subagent/console/json.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* Seconds with two decimals: what a TimeTicks can tell. */
static void print_seconds(FILE *out, uint64_t ns)
{
	fprintf(out, "%" PRIu64 ".%02u", ns / NS_PER_SECOND,
		(unsigned)(ns % NS_PER_SECOND / (NS_PER_SECOND / 100)));
}

/* "2024-02-29T12:00:00.5Z": as exact as NetdiagDateAndTime. */
static void print_date(FILE *out, uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	char text[sizeof("-2147483648-02-29T12:00:00")];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm)) {
		fputs("null", out);
		return;
	}
	fprintf(out, "\"%s.%uZ\"", text, (unsigned)(ns % NS_PER_SECOND / (NS_PER_SECOND / 10)));
}

/* A label; true and false for NetdiagTruthValue; the number when it has none. */
static void print_label(FILE *out, const struct column *column, uint64_t value)
{
	const char *label = column_label(column, value);

	if (!label)
		fprintf(out, "%" PRIu64, value);
	else if (!strcmp(label, "true") || !strcmp(label, "false"))
		fputs(label, out);
	else
		json_string(out, label);
}

static void print_cell(FILE *out, const struct column *column, const void *row)
{
	const void *member = (const char *)row + column->offset;
	char dotted[OBJECT_ID_TEXT_SIZE];

	switch (column->type) {
	case COLUMN_TEXT:
	case COLUMN_TEXT_SPARSE:
		json_string(out, member);
		return;
	case COLUMN_OID:
		object_id_text(member, dotted);
		json_string(out, dotted);
		return;
	case COLUMN_ENUM:
		print_label(out, column, row_number(row, column->offset));
		return;
	case COLUMN_TICKS:
		print_seconds(out, row_number(row, column->offset));
		return;
	case COLUMN_STAMP:
		print_seconds(out, clock_since(row_number(row, column->offset)));
		return;
	case COLUMN_DATE:
		print_date(out, row_number(row, column->offset));
		return;
	case COLUMN_COUNTER64:
	case COLUMN_GAUGE32:
	case COLUMN_UNSIGNED32:
	case COLUMN_INTEGER32:
		fprintf(out, "%" PRIu64, row_number(row, column->offset));
		return;
	}
}

static void print_row(FILE *out, const struct table *table, const void *row)
{
	const char *before = "";
	size_t i;

	putc('{', out);
	for (i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if (!column_present(column, row))
			continue;
		fprintf(out, "%s\"%s\": ", before, column->name);
		print_cell(out, column, row);
		before = ", ";
	}
	putc('}', out);
}

static void print_table(FILE *out, const struct table *table, const struct rows *rows)
{
	size_t count = rows ? rows->count : 0;
	size_t i;

	fprintf(out, "\"%s\": ", table->name);
	if (!table->entry) { /* scalars: the only row, or nothing */
		if (count)
			print_row(out, table, rows_at(rows, 0));
		else
			fputs("{}", out);
		return;
	}
	putc('[', out);
	for (i = 0; i < count; i++) {
		fputs(i ? ",\n  " : "\n  ", out);
		print_row(out, table, rows_at(rows, i));
	}
	putc(']', out);
}

void dump_json(FILE *out, table_rows_fn *rows, void *arg)
{
	size_t i;

	for (i = 0; i < table_count; i++) {
		fputs(i ? ",\n " : "{", out);
		print_table(out, &tables[i], rows(&tables[i], arg));
	}
	fputs("}\n", out);
}
