/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows: the form in which every collector hands over what it found.
 *
 * A row is a plain struct. Its numbers come first and are all uint64_t, its text members (char
 * arrays, NUL-terminated) come last. A fresh row has every number ROW_ABSENT and every text empty,
 * so a collector sets what it knows and what it does not know stays absent by itself.
 */
#ifndef NETDIAG_BASE_ROWS_H
#define NETDIAG_BASE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "collectors/base/text.h"

/* The value of a number that this kernel, device or permission does not give. Never shown as 0. */
#define ROW_ABSENT UINT64_MAX

/* What to store for a number that is known and of 64 bits: the one that would read as absent is
 * shown one lower. */
static inline uint64_t row_present(uint64_t value)
{
	return value == ROW_ABSENT ? ROW_ABSENT - 1 : value;
}

#define ROW_KEYS_MAX 3

enum row_key_kind {
	ROW_KEY_NONE,
	ROW_KEY_NUMBER, /* a uint64_t, at most 2^32 - 1 */
	ROW_KEY_TEXT, /* a char array; shorter sorts first, as SNMP's length-prefixed index does */
};

struct row_key {
	enum row_key_kind kind;
	size_t offset;
};

/* What a row consists of. Constant; one per row struct, defined by the collector that fills it. */
struct row_type {
	const char *name; /* for messages: "softnet" */
	size_t size;	  /* sizeof the struct */
	size_t text; /* offset of the first text member; sizeof the struct when there is none */
	struct row_key key[ROW_KEYS_MAX]; /* what identifies a row; none: there is one row */
};

/* How the initialiser of a row type begins: rows without texts, and those with a first one. */
#define ROW_TYPE(name_, type) .name = (name_), .size = sizeof(type), .text = sizeof(type)
#define ROW_TYPE_TEXT(name_, type, member) \
	.name = (name_), .size = sizeof(type), .text = offsetof(type, member)
/* clang-format off */
#define ROW_NUMBER(type, member) {ROW_KEY_NUMBER, offsetof(type, member)}
#define ROW_TEXT(type, member) {ROW_KEY_TEXT, offsetof(type, member)}
/* clang-format on */

/* A growing array of rows of one type. Owns its memory; zero-initialise with rows_init(). */
struct rows {
	const struct row_type *type;
	size_t count;
	size_t capacity;
	unsigned char *data;
};

void rows_init(struct rows *rows, const struct row_type *type);

/* Frees the rows; the array can be used again. */
void rows_clear(struct rows *rows);

/* A new row at the end, all absent. NULL when memory is short. Valid until the next rows_add(). */
void *rows_add(struct rows *rows);

/* Takes the newest row back. */
void rows_drop_last(struct rows *rows);

/* Sets a row to all absent, all text empty. */
void row_reset(const struct row_type *type, void *row);

/* Sorts by key in SNMP order. Of rows with an equal key the first added stays (any of them when
 * memory is short: sorting itself never fails). Returns how many were thrown away. Pointers to
 * rows are no longer valid after. */
size_t rows_sort(struct rows *rows);

/* Where in an array each of its rows was before it was sorted. Zero-initialised is empty. */
struct rows_order {
	uint32_t *from;
	size_t count;
};

/* As rows_sort(), for many rows that are always added in the same order: while the order of the
 * last time holds, nothing is sorted. */
size_t rows_sort_like(struct rows *rows, struct rows_order *last);
void rows_order_clear(struct rows_order *order);

/* <0, 0, >0 like memcmp, by the key members only. */
int row_compare(const struct row_type *type, const void *a, const void *b);

/* Row number i, which must be below count. */
static inline void *rows_at(const struct rows *rows, size_t i)
{
	return rows->data + i * rows->type->size;
}

/* The row whose key equals that of *key (a row struct with at least its key set) or NULL.
 * The rows must be sorted. */
void *rows_find(const struct rows *rows, const void *key);

/* The number at an offset of a row, to be set. */
static inline uint64_t *row_member(void *row, size_t offset)
{
	return (uint64_t *)((unsigned char *)row + offset);
}

/* The same, to be read. */
static inline uint64_t row_number(const void *row, size_t offset)
{
	return *(const uint64_t *)((const unsigned char *)row + offset);
}

/* Copies text into a row's char array. */
#define ROW_SET_TEXT(member, text) text_copy((member), sizeof(member), (text))

/* How much of max is used, in 0.01 percent, rounded down; ROW_ABSENT when either is absent or max
 * is 0. */
uint64_t row_usage(uint64_t used, uint64_t max);

#endif
