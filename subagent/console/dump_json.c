/* SPDX-License-Identifier: BSD-2-Clause */
/* --dump=json: every table for scripts, from the rows that SNMP serves. See dump.h for the form. */
#include <config.h>

#include <inttypes.h>

#include "collectors/base/clock.h"
#include "subagent/console/dump.h"
#include "subagent/console/json.h"

/* Seconds with two decimals, the resolution of TimeTicks. */
static void dump_json_seconds(FILE *out, uint64_t ns)
{
	fprintf(out, "%" PRIu64 ".%02u", ns / SECOND_NS,
		(unsigned)(ns % SECOND_NS / (SECOND_NS / 100)));
}

/* A label; the number when it has none. */
static void dump_json_label(FILE *out, const struct column *column, uint64_t value)
{
	const char *label = column_label(column, value);

	if (!label)
		fprintf(out, "%" PRIu64, value);
	else
		json_string(out, label);
}

static void dump_json_cell(FILE *out, const struct column *column, const void *row)
{
	const void *member = (const char *)row + column->offset;
	char dotted[OBJECT_ID_TEXT_SIZE], time[TIME_TEXT_SIZE];

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
		dump_json_label(out, column, column_number(column, row));
		return;
	case COLUMN_TRUTH:
		fputs(column_label(column, column_number(column, row)), out);
		return;
	case COLUMN_TICKS:
		dump_json_seconds(out, column_number(column, row));
		return;
	case COLUMN_STAMP:
		dump_json_seconds(out, clock_since(column_number(column, row)));
		return;
	case COLUMN_TIME:
		time_text(column_number(column, row), time);
		json_string(out, time);
		return;
	case COLUMN_COUNTER64:
	case COLUMN_GAUGE32:
	case COLUMN_UNSIGNED32:
	case COLUMN_INTEGER32:
		fprintf(out, "%" PRIu64, column_number(column, row));
		return;
	}
}

static void dump_json_row(FILE *out, const struct table *table, const void *row)
{
	const char *before = "";

	putc('{', out);
	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if (!column_present(column, row))
			continue;
		fprintf(out, "%s\"%s\": ", before, column->name);
		dump_json_cell(out, column, row);
		before = ", ";
	}
	putc('}', out);
}

static void dump_json_table(FILE *out, const struct table *table, const struct rows *rows)
{
	size_t count = rows ? rows->count : 0;

	fprintf(out, "\"%s\": ", table->name);
	if (!table->entry) { /* scalars: the only row, or nothing */
		if (count)
			dump_json_row(out, table, rows_at(rows, 0));
		else
			fputs("{}", out);
		return;
	}
	putc('[', out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ",\n  " : "\n  ", out);
		dump_json_row(out, table, rows_at(rows, i));
	}
	putc(']', out);
}

void dump_json(FILE *out, const struct table *table, size_t count, table_rows_fn *rows, void *arg)
{
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ",\n " : "{", out);
		dump_json_table(out, &table[i], rows(&table[i], arg));
	}
	fputs("}\n", out);
}
