/* SPDX-License-Identifier: BSD-2-Clause */
/* Growing arrays of rows: adding, sorting and searching them in the order of an SNMP index. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/rows.h"

void rows_init(struct rows *rows, const struct row_type *type)
{
	memset(rows, 0, sizeof(*rows));
	rows->type = type;
}

void rows_clear(struct rows *rows)
{
	free(rows->data);
	rows->data = NULL;
	rows->count = 0;
	rows->capacity = 0;
}

void row_reset(const struct row_type *type, void *row)
{
	unsigned char *bytes = row;

	memset(bytes, 0xff, type->text);
	memset(bytes + type->text, 0, type->size - type->text);
}

void *rows_add(struct rows *rows)
{
	void *row;

	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity ? rows->capacity * 2 : 8;
		unsigned char *data = reallocarray(rows->data, capacity, rows->type->size);

		if (!data)
			return NULL;
		rows->data = data;
		rows->capacity = capacity;
	}
	row = rows_at(rows, rows->count++);
	row_reset(rows->type, row);
	return row;
}

void rows_drop_last(struct rows *rows)
{
	if (rows->count)
		rows->count--;
}

static int compare_number(const void *a, const void *b, size_t offset)
{
	uint64_t x = row_number(a, offset), y = row_number(b, offset);

	return x < y ? -1 : x > y;
}

static int row_compare_text(const char *a, const char *b)
{
	size_t x = strlen(a), y = strlen(b);

	if (x != y)
		return x < y ? -1 : 1;
	return memcmp(a, b, x);
}

int row_compare(const struct row_type *type, const void *a, const void *b)
{
	for (size_t i = 0; i < ROW_KEYS_MAX && type->key[i].kind != ROW_KEY_NONE; i++) {
		size_t offset = type->key[i].offset;
		int order = type->key[i].kind == ROW_KEY_NUMBER
				    ? compare_number(a, b, offset)
				    : row_compare_text((const char *)a + offset,
						       (const char *)b + offset);

		if (order)
			return order;
	}
	return 0;
}

/* Of two rows of one array; equal ones in the order in which they were added. */
static int compare_pointers(const void *a, const void *b, void *type)
{
	const unsigned char *x = *(unsigned char *const *)a, *y = *(unsigned char *const *)b;
	int order = row_compare(type, x, y);

	if (order)
		return order;
	return x < y ? -1 : x > y;
}

static int compare_rows(const void *a, const void *b, void *type)
{
	return row_compare(type, a, b);
}

static int is_sorted(const struct rows *rows)
{
	for (size_t i = 1; i < rows->count; i++)
		if (row_compare(rows->type, rows_at(rows, i - 1), rows_at(rows, i)) >= 0)
			return 0;
	return 1;
}

static bool is_ascending(const struct row_type *type, unsigned char *const *order, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (row_compare(type, order[i - 1], order[i]) >= 0)
			return false;
	return true;
}

/* Puts pointers to the rows in order: in that of the last time if that still holds (true), else by
 * sorting them. */
static bool order_pointers(const struct rows *rows, unsigned char **order, struct rows_order *last)
{
	const struct row_type *type = rows->type;
	bool known = last && last->count == rows->count;

	for (size_t i = 0; i < rows->count; i++)
		order[i] = rows_at(rows, known ? last->from[i] : i);
	if (known && is_ascending(type, order, rows->count))
		return true;
	qsort_r(order, rows->count, sizeof(*order), compare_pointers, (void *)type);
	if (!last)
		return false;
	rows_order_clear(last);
	last->from = reallocarray(NULL, rows->count, sizeof(*last->from));
	if (last->from)
		last->count = rows->count;
	for (size_t i = 0; i < last->count; i++)
		last->from[i] = (uint32_t)((size_t)(order[i] - rows->data) / type->size);
	return false;
}

/* Sorts pointers, not rows: rows are wide, and qsort() need not keep the order of equals. Whether
 * there are no equal rows for sure, or -ENOMEM: nothing happened. */
static int sort_stably(struct rows *rows, struct rows_order *last)
{
	size_t size = rows->type->size;
	unsigned char **order = reallocarray(NULL, rows->count, sizeof(*order));
	unsigned char *data = reallocarray(NULL, rows->count, size);
	bool unique;

	if (!order || !data) {
		free(order);
		free(data);
		return -ENOMEM;
	}
	unique = order_pointers(rows, order, last);
	for (size_t i = 0; i < rows->count; i++)
		memcpy(data + i * size, order[i], size);
	free(order);
	free(rows->data);
	rows->data = data;
	rows->capacity = rows->count;
	return unique;
}

size_t rows_sort_like(struct rows *rows, struct rows_order *last)
{
	size_t kept = 1, size = rows->type->size, before = rows->count;
	int unique;

	if (is_sorted(rows))
		return 0;
	unique = sort_stably(rows, last);
	if (unique > 0)
		return 0;
	if (unique < 0)
		qsort_r(rows->data, before, size, compare_rows, (void *)rows->type);
	for (size_t i = 1; i < before; i++) {
		if (!row_compare(rows->type, rows_at(rows, kept - 1), rows_at(rows, i)))
			continue;
		if (kept != i)
			memcpy(rows_at(rows, kept), rows_at(rows, i), size);
		kept++;
	}
	rows->count = kept;
	return before - kept;
}

size_t rows_sort(struct rows *rows)
{
	return rows_sort_like(rows, NULL);
}

void rows_order_clear(struct rows_order *order)
{
	free(order->from);
	*order = (struct rows_order){.from = NULL};
}

void *rows_find(const struct rows *rows, const void *key)
{
	size_t at = LOWER_BOUND(rows->count, i, row_compare(rows->type, rows_at(rows, i), key) < 0);

	if (at == rows->count || row_compare(rows->type, rows_at(rows, at), key))
		return NULL;
	return rows_at(rows, at);
}

uint64_t row_usage(uint64_t used, uint64_t max)
{
	const unsigned scale = 10000;

	if (used == ROW_ABSENT || max == ROW_ABSENT || !max)
		return ROW_ABSENT;
	/* Both divisions are exact to the unit as long as a product fits; else precision is no
	 * concern. */
	return used <= UINT64_MAX / scale ? used * scale / max : used / max * scale;
}
