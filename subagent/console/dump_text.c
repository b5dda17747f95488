/* SPDX-License-Identifier: BSD-2-Clause */
/* --dump=text: every table for a person at a console. Each row is a paragraph of "Heading value"
 * fields at fixed places, so that rows line up; a value that is absent leaves its place empty. */
#include <config.h>

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "subagent/console/dump.h"

#define LINE_WIDTH  120
#define NOTE_WIDTH  40 /* longer texts stand below their row */
#define INDENT	    2
#define NOTE_INDENT 6

#define MINUTE UINT64_C(60) /* seconds */
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* The longest cell is an object id: the longest text is shorter, even with each byte as \xNN. */
#define CELL_SIZE OBJECT_ID_TEXT_SIZE

/* How a column of a table is shown. */
struct field {
	const char *heading;
	bool used;    /* some row has something to show */
	bool note;    /* below the row */
	size_t width; /* of the widest cell */
};

/* --- cells ---------------------------------------------------------------- */

static void format_whole_seconds(char *cell, uint64_t seconds)
{
	if (seconds < MINUTE)
		snprintf(cell, CELL_SIZE, "%" PRIu64 " s", seconds);
	else if (seconds < HOUR)
		snprintf(cell, CELL_SIZE, "%" PRIu64 " min %" PRIu64 " s", seconds / MINUTE,
			 seconds % MINUTE);
	else if (seconds < DAY)
		snprintf(cell, CELL_SIZE, "%" PRIu64 " h %" PRIu64 " min", seconds / HOUR,
			 seconds % HOUR / MINUTE);
	else
		snprintf(cell, CELL_SIZE, "%" PRIu64 " d %" PRIu64 " h", seconds / DAY,
			 seconds % DAY / HOUR);
}

/* A time that was measured, with a decimal where it has one. */
static void format_duration(char *cell, uint64_t ns)
{
	if (ns >= MINUTE * SECOND_NS || ns % SECOND_NS == 0)
		format_whole_seconds(cell, ns / SECOND_NS);
	else if (ns >= SECOND_NS)
		snprintf(cell, CELL_SIZE, "%" PRIu64 ".%" PRIu64 " s", ns / SECOND_NS,
			 ns % SECOND_NS / (SECOND_NS / 10));
	else if (ns >= MILLISECOND_NS && ns % MILLISECOND_NS == 0)
		snprintf(cell, CELL_SIZE, "%" PRIu64 " ms", ns / MILLISECOND_NS);
	else if (ns >= MILLISECOND_NS)
		snprintf(cell, CELL_SIZE, "%" PRIu64 ".%" PRIu64 " ms", ns / MILLISECOND_NS,
			 ns % MILLISECOND_NS / (MILLISECOND_NS / 10));
	else
		snprintf(cell, CELL_SIZE, "%" PRIu64 " us", ns / MICROSECOND_NS);
}

static void format_since(char *cell, uint64_t stamp)
{
	format_whole_seconds(cell, clock_since(stamp) / SECOND_NS);
	strcat(cell, " ago");
}

static void format_number(char *cell, const struct column *column, uint64_t value)
{
	switch (column->reading) {
	case READ_PERCENT:
		snprintf(cell, CELL_SIZE, "%" PRIu64 ".%02u %%", value / 100,
			 (unsigned)(value % 100));
		return;
	case READ_HUNDREDTHS:
		snprintf(cell, CELL_SIZE, "%" PRIu64 ".%02u", value / 100, (unsigned)(value % 100));
		return;
	case READ_RATE:
		snprintf(cell, CELL_SIZE, "%" PRIu64 ".%02u/s", value / 100,
			 (unsigned)(value % 100));
		return;
	case READ_MILLISECONDS:
		format_duration(cell, value * MILLISECOND_NS);
		return;
	case READ_MICROSECONDS:
		format_duration(cell, value * MICROSECOND_NS);
		return;
	case READ_PLAIN:
		snprintf(cell, CELL_SIZE, "%" PRIu64, value);
		return;
	}
}

/* Fills cell (CELL_SIZE) with what a person reads; nothing for an absent value. */
static void format_cell(char *cell, const struct column *column, const void *row)
{
	uint64_t value;

	cell[0] = '\0';
	if (!column_present(column, row))
		return;
	if (column->type == COLUMN_OID) {
		object_id_text((const void *)((const char *)row + column->offset), cell);
		return;
	}
	if (column->type == COLUMN_TEXT || column->type == COLUMN_TEXT_SPARSE) {
		text_console(cell, CELL_SIZE, (const char *)row + column->offset);
		return;
	}
	value = column_number(column, row);
	if (column->type == COLUMN_STAMP)
		format_since(cell, value);
	else if (column->type == COLUMN_TIME)
		time_text(value, cell);
	else if (column->type == COLUMN_TICKS)
		format_whole_seconds(cell, value / SECOND_NS);
	else if (column->values && column_label(column, value))
		snprintf(cell, CELL_SIZE, "%s", column_label(column, value));
	else
		format_number(cell, column, value);
}

/* Places on the screen: bytes that continue a UTF-8 sequence take none. */
static size_t cell_width(const char *cell)
{
	size_t width = 0;

	for (; *cell; cell++)
		width += ((unsigned char)*cell & 0xc0) != 0x80;
	return width;
}

static bool is_text(const struct column *column)
{
	return column->type == COLUMN_TEXT || column->type == COLUMN_TEXT_SPARSE ||
	       column->type == COLUMN_OID || column->values;
}

/* --- layout --------------------------------------------------------------- */

/* The part that all columns' names share, ending before a capital letter: "netdiagSoftnet". */
static size_t common_prefix(const struct table *table)
{
	const char *first = table->columns[0].name;
	size_t length = strlen(first) - 1;

	for (size_t i = 1; i < table->column_count; i++) {
		size_t same = 0;

		while (same < length && first[same] == table->columns[i].name[same])
			same++;
		length = same;
	}
	while (length && !isupper((unsigned char)first[length]))
		length--;
	return length;
}

/* A column that repeats the index for tools that cannot read one; a person can. */
static bool repeats_index(const struct table *table, const struct column *column)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (table->columns[i].index && table->columns[i].offset == column->offset)
			return !column->index;
	return false;
}

/* Finds out which columns are used, how wide they are, and which are too wide for a line. */
static void dump_text_measure(const struct table *table, const struct rows *rows,
			      struct field *fields)
{
	size_t prefix = common_prefix(table);
	char cell[CELL_SIZE];

	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];
		struct field *field = &fields[i];

		*field = (struct field){.heading = column->name + prefix};
		if (repeats_index(table, column))
			continue;
		for (size_t r = 0; r < rows->count; r++) {
			size_t width;

			format_cell(cell, column, rows_at(rows, r));
			width = cell_width(cell);
			if (width > field->width)
				field->width = width;
		}
		field->used = field->width > 0;
		field->note = is_text(column) && !column->index && field->width > NOTE_WIDTH;
	}
}

static void dump_text_row(FILE *out, const struct table *table, const struct field *fields,
			  const void *row)
{
	size_t place = INDENT; /* where the next field begins */
	size_t printed = 0;    /* how many places of the line are filled */
	char cell[CELL_SIZE];

	for (size_t i = 0; i < table->column_count; i++) {
		size_t heading = strlen(fields[i].heading), blanks;

		if (!fields[i].used || fields[i].note)
			continue;
		if (place > 2 * INDENT && place + heading + 1 + fields[i].width > LINE_WIDTH) {
			if (printed)
				putc('\n', out);
			place = 2 * INDENT;
			printed = 0;
		}
		format_cell(cell, &table->columns[i], row);
		blanks = is_text(&table->columns[i]) ? 0 : fields[i].width - cell_width(cell);
		if (*cell) {
			fprintf(out, "%*s%s %*s%s", (int)(place - printed), "", fields[i].heading,
				(int)blanks, "", cell);
			printed = place + heading + 1 + blanks + cell_width(cell);
		}
		place += heading + 1 + fields[i].width + INDENT;
	}
	if (printed)
		putc('\n', out);
	for (size_t i = 0; i < table->column_count; i++) {
		format_cell(cell, &table->columns[i], row);
		if (fields[i].note && *cell)
			fprintf(out, "%*s%s: %s\n", NOTE_INDENT, "", fields[i].heading, cell);
	}
}

static void dump_text_table(FILE *out, const struct table *table, const struct rows *rows)
{
	struct field fields[table->column_count];

	dump_text_measure(table, rows, fields);
	for (size_t i = 0; i < rows->count; i++)
		dump_text_row(out, table, fields, rows_at(rows, i));
}

void dump_text(FILE *out, const struct table *table, size_t count, table_rows_fn *rows, void *arg)
{
	for (const struct table *first = table, *end = table + count; table < end; table++) {
		const struct rows *current = rows(table, arg);
		size_t found = current ? current->count : 0;

		fprintf(out, "%s%s", table > first ? "\n" : "", table->name);
		if (!found) {
			fprintf(out, ": nothing%s\n",
				table->collector ? " (see netdiagCollectorTable)" : "");
			continue;
		}
		if (table->entry)
			fprintf(out, ": %zu row%s", found, found == 1 ? "" : "s");
		putc('\n', out);
		dump_text_table(out, table, current);
	}
}
