/* SPDX-License-Identifier: BSD-2-Clause */
/* --dump=text: for a person at a console. */
#include <config.h>

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "collectors/base/text.h"
#include "collectors/collector.h"
#include "subagent/checks/alarm.h"
#include "collectors/base/clock.h"
#include "subagent/console/dump.h"
#include "subagent/tables/agent_rows.h"

#define LINE_WIDTH  120
#define NOTE_WIDTH  40 /* texts longer than this stand below their row */
#define GAP	    2  /* blanks between columns */
#define GRID_BLOCKS 2  /* what is wider than so many lines is shown as records */

#define NS_PER_US     UINT64_C(1000)
#define NS_PER_MS     UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)
#define MINUTE	      UINT64_C(60) /* seconds */
#define HOUR	      (60 * MINUTE)
#define DAY	      (24 * HOUR)

/* The longest cell is an object id: the longest text is shorter, even with each byte as \xNN. */
#define CELL_SIZE OBJECT_ID_TEXT_SIZE

/* How a column of a table is shown. */
struct shown {
	bool used;    /* any row has something to show */
	bool note;    /* below the row */
	size_t cell;  /* width of the widest cell */
	size_t width; /* the same, or that of the heading if that is wider */
};

/* What a table is shown with; `columns` has an element for each column. */
struct layout {
	const struct table *table;
	const struct rows *rows;
	size_t prefix; /* how many characters all its columns' names begin with */
	struct shown *columns;
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
	if (ns >= MINUTE * NS_PER_SECOND || ns % NS_PER_SECOND == 0)
		format_whole_seconds(cell, ns / NS_PER_SECOND);
	else if (ns >= NS_PER_SECOND)
		snprintf(cell, CELL_SIZE, "%" PRIu64 ".%" PRIu64 " s", ns / NS_PER_SECOND,
			 ns % NS_PER_SECOND / (NS_PER_SECOND / 10));
	else if (ns >= NS_PER_MS && ns % NS_PER_MS == 0)
		snprintf(cell, CELL_SIZE, "%" PRIu64 " ms", ns / NS_PER_MS);
	else if (ns >= NS_PER_MS)
		snprintf(cell, CELL_SIZE, "%" PRIu64 ".%" PRIu64 " ms", ns / NS_PER_MS,
			 ns % NS_PER_MS / (NS_PER_MS / 10));
	else
		snprintf(cell, CELL_SIZE, "%" PRIu64 " us", ns / NS_PER_US);
}

static void format_since(char *cell, uint64_t stamp)
{
	format_whole_seconds(cell, clock_since(stamp) / NS_PER_SECOND);
	strcat(cell, " ago");
}

/* Local time, since it is read beside the host's logs. */
static void format_date(char *cell, uint64_t ns)
{
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || !strftime(cell, CELL_SIZE, "%Y-%m-%d %H:%M:%S %z", &tm))
		snprintf(cell, CELL_SIZE, "?");
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
	case READ_MILLISECONDS:
		format_duration(cell, value * NS_PER_MS);
		return;
	case READ_MICROSECONDS:
		format_duration(cell, value * NS_PER_US);
		return;
	case READ_PLAIN:
		snprintf(cell, CELL_SIZE, "%" PRIu64, value);
		return;
	}
}

/* Fills cell (CELL_SIZE) with what a person reads; "-" for an absent value. */
static void format_cell(char *cell, const struct column *column, const void *row)
{
	uint64_t value;

	if (!column_present(column, row)) {
		strcpy(cell, "-");
		return;
	}
	if (column->type == COLUMN_OID) {
		object_id_text((const void *)((const char *)row + column->offset), cell);
		return;
	}
	if (column->type == COLUMN_TEXT || column->type == COLUMN_TEXT_SPARSE) {
		text_console(cell, CELL_SIZE, (const char *)row + column->offset);
		return;
	}
	value = row_number(row, column->offset);
	if (column->type == COLUMN_STAMP)
		format_since(cell, value);
	else if (column->type == COLUMN_DATE)
		format_date(cell, value);
	else if (column->type == COLUMN_TICKS)
		format_whole_seconds(cell, value / NS_PER_SECOND);
	else if (column->type == COLUMN_ENUM && column_label(column, value))
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

static void print_blanks(FILE *out, size_t count)
{
	fprintf(out, "%*s", (int)count, "");
}

static bool is_text(const struct column *column)
{
	return column->type == COLUMN_TEXT || column->type == COLUMN_TEXT_SPARSE ||
	       column->type == COLUMN_OID || column->type == COLUMN_ENUM;
}

/* --- layout --------------------------------------------------------------- */

/* The part that all columns' names share, ending before a capital letter: "netdiagSoftnet". */
static size_t common_prefix(const struct table *table)
{
	const char *first = table->columns[0].name;
	size_t length = strlen(first);
	size_t i;

	for (i = 1; i < table->column_count; i++) {
		size_t same = 0;

		while (same < length && first[same] == table->columns[i].name[same])
			same++;
		length = same;
	}
	if (length == strlen(first)) /* one column only, or a name that begins another */
		length--;
	while (length && !isupper((unsigned char)first[length]))
		length--;
	return length;
}

static const char *heading(const struct layout *layout, size_t i)
{
	return layout->table->columns[i].name + layout->prefix;
}

/* Finds out what is used, how wide it is, and which texts are too long for a place in a line. */
static void measure(struct layout *layout)
{
	char cell[CELL_SIZE];
	size_t i, r;

	for (i = 0; i < layout->table->column_count; i++) {
		const struct column *column = &layout->table->columns[i];
		struct shown *shown = &layout->columns[i];

		memset(shown, 0, sizeof(*shown));
		for (r = 0; r < layout->rows->count; r++) {
			const void *row = rows_at(layout->rows, r);
			size_t width;

			format_cell(cell, column, row);
			width = cell_width(cell);
			if (width && column_present(column, row))
				shown->used = true;
			if (width > shown->cell)
				shown->cell = width;
		}
		shown->width = strlen(heading(layout, i));
		if (shown->width < shown->cell)
			shown->width = shown->cell;
		shown->note = is_text(column) && !column->index && shown->cell > NOTE_WIDTH;
	}
}

/* Whether a column has a place in the lines themselves. */
static bool in_line(const struct layout *layout, size_t i)
{
	return layout->columns[i].used && !layout->columns[i].note;
}

static void print_notes(FILE *out, const struct layout *layout, const void *row)
{
	char cell[CELL_SIZE];
	size_t i;

	for (i = 0; i < layout->table->column_count; i++) {
		if (!layout->columns[i].note)
			continue;
		format_cell(cell, &layout->table->columns[i], row);
		if (*cell && strcmp(cell, "-") != 0)
			fprintf(out, "      %s: %s\n", heading(layout, i), cell);
	}
}

/* --- a table as a grid ---------------------------------------------------- */

/* Columns from..to (the latter not included) and, before them, the index once more. */
struct block {
	size_t from;
	size_t to;
};

static bool in_block(const struct layout *layout, const struct block *block, size_t i)
{
	if (!in_line(layout, i))
		return false;
	return layout->table->columns[i].index || (i >= block->from && i < block->to);
}

/* Goes to the block that begins where the one before ends: as many columns as a line holds, one at
 * least. False when there are none left. */
static bool next_block(const struct layout *layout, struct block *block)
{
	const struct column *columns = layout->table->columns;
	size_t count = layout->table->column_count;
	size_t width = 0, places = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (in_line(layout, i) && columns[i].index)
			width += GAP + layout->columns[i].width;
	}
	block->from = block->to;
	for (; block->to < count; block->to++) {
		i = block->to;
		if (!in_line(layout, i) || columns[i].index)
			continue;
		width += GAP + layout->columns[i].width;
		if (width > LINE_WIDTH && places)
			break;
		places++;
	}
	return places > 0;
}

static size_t count_blocks(const struct layout *layout)
{
	struct block block = {0, 0};
	size_t blocks = 0;

	while (next_block(layout, &block))
		blocks++;
	return blocks;
}

/* Text to the left, numbers to the right; no blanks at the end of the line. */
static void print_grid_line(FILE *out, const struct layout *layout, const struct block *block,
			    const void *row)
{
	char cell[CELL_SIZE];
	size_t pending = 0;
	size_t i;

	for (i = 0; i < layout->table->column_count; i++) {
		const struct column *column = &layout->table->columns[i];
		size_t blanks;

		if (!in_block(layout, block, i))
			continue;
		if (row)
			format_cell(cell, column, row);
		else
			snprintf(cell, sizeof(cell), "%s", heading(layout, i));
		blanks = layout->columns[i].width - cell_width(cell);
		pending += GAP + (is_text(column) ? 0 : blanks);
		if (*cell) {
			print_blanks(out, pending);
			fputs(cell, out);
			pending = 0;
		}
		pending += is_text(column) ? blanks : 0;
	}
	putc('\n', out);
}

/* The notes stand below the rows of the last block. */
static void print_grid(FILE *out, const struct layout *layout)
{
	struct block block = {0, 0}, rest;
	bool more;
	size_t i;

	next_block(layout, &block); /* there may be nothing but the index */
	do {
		rest = block;
		more = next_block(layout, &rest);
		print_grid_line(out, layout, &block, NULL);
		for (i = 0; i < layout->rows->count; i++) {
			print_grid_line(out, layout, &block, rows_at(layout->rows, i));
			if (!more)
				print_notes(out, layout, rows_at(layout->rows, i));
		}
		block = rest;
	} while (more);
}

/* --- a wide table as records ---------------------------------------------- */

/* The widest heading and value of what stands in pairs. */
static void measure_pairs(const struct layout *layout, size_t *head, size_t *value)
{
	size_t i;

	*head = *value = 1;
	for (i = 0; i < layout->table->column_count; i++) {
		if (!in_line(layout, i) || layout->table->columns[i].index)
			continue;
		if (strlen(heading(layout, i)) > *head)
			*head = strlen(heading(layout, i));
		if (layout->columns[i].cell > *value)
			*value = layout->columns[i].cell;
	}
}

static void print_record_index(FILE *out, const struct layout *layout, const void *row)
{
	char cell[CELL_SIZE];
	size_t i;

	for (i = 0; i < layout->table->column_count; i++) {
		if (!layout->table->columns[i].index)
			continue;
		format_cell(cell, &layout->table->columns[i], row);
		print_blanks(out, GAP);
		fprintf(out, "%s %s", heading(layout, i), cell);
	}
	putc('\n', out);
}

/* Pairs of heading and value, several in a line; absent values are left out. */
static void print_record(FILE *out, const struct layout *layout, const void *row)
{
	char cell[CELL_SIZE];
	size_t head, value, per_line, place = 0, pending = 0;
	size_t i;

	measure_pairs(layout, &head, &value);
	per_line = (LINE_WIDTH - GAP) / (GAP + head + 1 + value);
	if (!per_line)
		per_line = 1;
	print_record_index(out, layout, row);
	for (i = 0; i < layout->table->column_count; i++) {
		const struct column *column = &layout->table->columns[i];

		if (column->index || !in_line(layout, i) || !column_present(column, row))
			continue;
		format_cell(cell, column, row);
		if (!*cell)
			continue;
		if (place == per_line) {
			putc('\n', out);
			place = pending = 0;
		}
		print_blanks(out, pending + (place ? GAP : 2 * GAP));
		fprintf(out, "%-*s %s", (int)head, heading(layout, i), cell);
		pending = value - cell_width(cell);
		place++;
	}
	if (place)
		putc('\n', out);
	print_notes(out, layout, row);
}

/* --- scalars -------------------------------------------------------------- */

static void print_scalars(FILE *out, const struct table *table, const void *row)
{
	char cell[CELL_SIZE];
	size_t width = 0;
	size_t i;

	for (i = 0; i < table->column_count; i++) {
		if (column_present(&table->columns[i], row) &&
		    strlen(table->columns[i].name) > width)
			width = strlen(table->columns[i].name);
	}
	for (i = 0; i < table->column_count; i++) {
		if (!column_present(&table->columns[i], row))
			continue;
		format_cell(cell, &table->columns[i], row);
		print_blanks(out, GAP);
		fprintf(out, "%-*s = %s\n", (int)width, table->columns[i].name, cell);
	}
}

static void print_table(FILE *out, const struct table *table, const struct rows *rows)
{
	struct shown columns[table->column_count];
	struct layout layout = {table, rows, common_prefix(table), columns};
	size_t i;

	measure(&layout);
	if (count_blocks(&layout) <= GRID_BLOCKS) {
		print_grid(out, &layout);
		return;
	}
	for (i = 0; i < rows->count; i++)
		print_record(out, &layout, rows_at(rows, i));
}

void dump_text(FILE *out, table_rows_fn *rows, void *arg)
{
	size_t i;

	for (i = 0; i < table_count; i++) {
		const struct table *table = &tables[i];
		const struct rows *current = rows(table, arg);
		size_t count = current ? current->count : 0;

		fprintf(out, "%s%s", i ? "\n" : "", table->name);
		if (!count) {
			fprintf(out, ": nothing%s\n",
				table->collector ? " (see netdiagCollectorTable)" : "");
			continue;
		}
		if (table->entry)
			fprintf(out, ": %zu row%s", count, count == 1 ? "" : "s");
		putc('\n', out);
		if (table->entry)
			print_table(out, table, current);
		else
			print_scalars(out, table, rows_at(current, 0));
	}
}
