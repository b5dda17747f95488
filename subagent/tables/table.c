/* SPDX-License-Identifier: BSD-2-Clause */
/* The search behind GET and GETNEXT: a binary search for the table, the column and the row, over
 * the descriptors of map.c and sorted rows. Pure. */
#include <config.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "subagent/tables/table.h"

const oid base_oid[] = {NETDIAG_BASE_OID_ARCS};
const size_t base_oid_len = COUNT_OF(base_oid);

/* The arc of a table's entry (SMIv2: always 1), and of a scalar's only instance. */
#define ARC_ENTRY  1
#define ARC_SCALAR 0

/* The rest of an OID that is yet to be looked at. */
struct arcs {
	const oid *at;
	size_t left;
};

/* Where a walk stands: the next candidate. */
struct position {
	size_t table;
	size_t column;
	size_t row;
};

const struct table *table_find(const char *name)
{
	for (size_t i = 0; i < table_count; i++)
		if (!strcmp(tables[i].name, name))
			return &tables[i];
	return NULL;
}

const struct column *table_column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->column_count; i++)
		if (!strcmp(table->columns[i].name, name))
			return &table->columns[i];
	return NULL;
}

void object_id_text(const struct object_id *id, char text[OBJECT_ID_TEXT_SIZE])
{
	text[0] = '\0';
	for (uint32_t i = 0; i < id->len; i++)
		text += sprintf(text, i ? ".%" PRIu32 : "%" PRIu32, id->arcs[i]);
}

void time_text(uint64_t ns, char text[TIME_TEXT_SIZE])
{
	time_t seconds = (time_t)(ns / SECOND_NS);
	struct tm tm;

	/* 2^64 ns end in 2554: the year always has four digits. */
	if (!gmtime_r(&seconds, &tm) || !strftime(text, TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		text[0] = '\0';
}

uint64_t column_number(const struct column *column, const void *row)
{
	uint64_t number = row_number(row, column->offset), most = UINT64_MAX;

	if (column->type == COLUMN_TRUTH)
		return number ? TRUTH_TRUE : TRUTH_FALSE;
	if (column->type == COLUMN_GAUGE32 || column->type == COLUMN_UNSIGNED32)
		most = UINT32_MAX;
	else if (column->type == COLUMN_INTEGER32 || column->type == COLUMN_ENUM)
		most = INT32_MAX;
	return number < most ? number : most;
}

const char *column_label(const struct column *column, uint64_t value)
{
	for (const struct enum_value *known = column->values; known->label; known++)
		if ((uint64_t)known->value == value)
			return known->label;
	return NULL;
}

bool column_present(const struct column *column, const void *row)
{
	switch (column->type) {
	case COLUMN_TEXT:
		return true;
	case COLUMN_TEXT_SPARSE:
		return ((const char *)row)[column->offset] != '\0';
	case COLUMN_OID:
		return ((const struct object_id *)((const char *)row + column->offset))->len > 0;
	default:
		return row_number(row, column->offset) != ROW_ABSENT;
	}
}

static const struct row_key *key_at(const struct row_type *type, size_t i)
{
	return i < ROW_KEYS_MAX && type->key[i].kind != ROW_KEY_NONE ? &type->key[i] : NULL;
}

size_t table_index(const struct table *table, const void *row, oid *index)
{
	const struct row_key *key;
	size_t len = 0;

	if (!table->entry) {
		index[0] = ARC_SCALAR;
		return 1;
	}
	for (size_t i = 0; (key = key_at(table->type, i)); i++) {
		const char *text = (const char *)row + key->offset;

		if (key->kind == ROW_KEY_NUMBER) {
			index[len++] = (oid)row_number(row, key->offset);
			continue;
		}
		index[len++] = strlen(text);
		for (; *text; text++)
			index[len++] = (unsigned char)*text;
	}
	return len;
}

void table_object_id(const struct table *table, size_t offset, const void *row,
		     struct object_id *id)
{
	oid name[MAX_OID_LEN];

	id->len = 0;
	for (size_t i = 0; i < table->column_count && !id->len; i++)
		if (table->columns[i].offset == offset)
			id->len = (uint32_t)table_oid(table, &table->columns[i], row, name);
	for (uint32_t i = 0; i < id->len; i++)
		id->arcs[i] = (uint32_t)name[i];
}

size_t table_oid(const struct table *table, const struct column *column, const void *row, oid *name)
{
	size_t len = base_oid_len;

	memcpy(name, base_oid, sizeof(base_oid));
	name[len++] = ARC_OBJECTS;
	name[len++] = table->arc;
	if (table->entry)
		name[len++] = ARC_ENTRY;
	name[len++] = column->arc;
	return row || !table->entry ? len + table_index(table, row, name + len) : len;
}

/* Takes one arc and compares it with a value. An OID that has ended comes first. */
static int compare_arc(struct arcs *asked, uint64_t value)
{
	oid arc;

	if (!asked->left)
		return -1;
	arc = *asked->at++;
	asked->left--;
	return arc < value ? -1 : arc > value;
}

static int compare_text(struct arcs *asked, const char *text)
{
	int order = compare_arc(asked, strlen(text));

	for (; !order && *text; text++)
		order = compare_arc(asked, (unsigned char)*text);
	return order;
}

/* Compares an asked index, however malformed, with a row's: <0, 0, >0 as OIDs are ordered. */
static int compare_index(const struct table *table, struct arcs asked, const void *row)
{
	const struct row_key *key;
	int order = 0;

	if (!table->entry)
		order = compare_arc(&asked, ARC_SCALAR);
	for (size_t i = 0; !order && (key = key_at(table->type, i)); i++)
		order = key->kind == ROW_KEY_NUMBER
				? compare_arc(&asked, row_number(row, key->offset))
				: compare_text(&asked, (const char *)row + key->offset);
	return order ? order : asked.left > 0;
}

/* The first row whose index is not below the asked one, and whether it is that index. */
static size_t find_row(const struct table *table, const struct rows *rows, struct arcs asked,
		       bool *exact)
{
	size_t row = LOWER_BOUND(rows->count, i, compare_index(table, asked, rows_at(rows, i)) > 0);

	*exact = row < rows->count && !compare_index(table, asked, rows_at(rows, row));
	return row;
}

/* The first table whose arc is not below the asked one; table_count when there is none. */
static size_t find_table(oid arc)
{
	return LOWER_BOUND(table_count, i, tables[i].arc < arc);
}

/* Likewise for columns; index columns count, as their arcs are in order too. */
static size_t find_column(const struct table *table, oid arc)
{
	return LOWER_BOUND(table->column_count, i, table->columns[i].arc < arc);
}

/* Takes base_oid.ARC_OBJECTS off. <0: the OID comes before all tables (or is that prefix or part
 * of it), 0: below it, >0: after it. */
static int table_enter(struct arcs *asked)
{
	int order = 0;

	for (size_t i = 0; !order && i < base_oid_len; i++)
		order = compare_arc(asked, base_oid[i]);
	if (!order)
		order = compare_arc(asked, ARC_OBJECTS);
	return order;
}

enum table_miss table_get(const oid *name, size_t len, table_rows_fn *rows_of, void *arg,
			  struct cell *cell)
{
	struct arcs asked = {name, len};
	const struct table *table;
	const struct column *column;
	const struct rows *rows;
	size_t i, row;
	bool exact;

	if (table_enter(&asked) || !asked.left)
		return TABLE_NO_OBJECT;
	i = find_table(*asked.at);
	if (i == table_count || compare_arc(&asked, tables[i].arc))
		return TABLE_NO_OBJECT;
	table = &tables[i];
	if ((table->entry && compare_arc(&asked, ARC_ENTRY)) || !asked.left)
		return TABLE_NO_OBJECT;
	i = find_column(table, *asked.at);
	if (i == table->column_count || compare_arc(&asked, table->columns[i].arc))
		return TABLE_NO_OBJECT;
	column = &table->columns[i];
	if (column->index)
		return TABLE_NO_OBJECT;
	rows = rows_of(table, arg);
	if (!rows)
		return TABLE_NO_INSTANCE;
	row = find_row(table, rows, asked, &exact);
	if (!exact || !column_present(column, rows_at(rows, row)))
		return TABLE_NO_INSTANCE;
	*cell = (struct cell){table, column, rows_at(rows, row)};
	return TABLE_FOUND;
}

/* Where the search for what follows an OID begins. False: nothing can follow. */
static bool seek(struct arcs asked, table_rows_fn *rows_of, void *arg, struct position *at)
{
	const struct table *table;
	const struct rows *rows;
	bool exact;
	int order = table_enter(&asked);

	*at = (struct position){0};
	if (order > 0)
		return false;
	if (order < 0 || !asked.left)
		return true;
	at->table = find_table(*asked.at);
	if (at->table == table_count || compare_arc(&asked, tables[at->table].arc))
		return at->table < table_count;
	table = &tables[at->table];
	order = table->entry ? compare_arc(&asked, ARC_ENTRY) : 0;
	if (order > 0) {
		at->table++;
		return at->table < table_count;
	}
	if (order < 0 || !asked.left)
		return true;
	at->column = find_column(table, *asked.at);
	if (at->column == table->column_count ||
	    compare_arc(&asked, table->columns[at->column].arc) || !asked.left)
		return true;
	rows = rows_of(table, arg);
	if (rows) {
		at->row = find_row(table, rows, asked, &exact);
		at->row += exact;
	}
	return true;
}

/* The first cell that is there at or after a position in one table. */
static bool scan(const struct table *table, const struct rows *rows, size_t column, size_t row,
		 struct cell *cell)
{
	for (; column < table->column_count; column++, row = 0) {
		if (table->columns[column].index)
			continue;
		for (; row < rows->count; row++) {
			if (!column_present(&table->columns[column], rows_at(rows, row)))
				continue;
			*cell = (struct cell){table, &table->columns[column], rows_at(rows, row)};
			return true;
		}
	}
	return false;
}

bool table_next(const oid *name, size_t len, table_rows_fn *rows_of, void *arg, struct cell *cell)
{
	struct position at;

	if (!seek((struct arcs){name, len}, rows_of, arg, &at))
		return false;
	for (; at.table < table_count; at = (struct position){.table = at.table + 1}) {
		const struct rows *rows = rows_of(&tables[at.table], arg);

		if (rows && scan(&tables[at.table], rows, at.column, at.row, cell))
			return true;
	}
	return false;
}
