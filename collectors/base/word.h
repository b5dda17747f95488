/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that a word of the configuration can have: switches, numbers, times, rates. */
#ifndef NETDIAG_BASE_WORD_H
#define NETDIAG_BASE_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORD_WHY_SIZE 2048 /* the list of all checks fits */

enum word_kind {
	WORD_SWITCH,	 /* bool: on, yes, true; off, no, false */
	WORD_NUMBER,	 /* uint32_t: a whole number */
	WORD_DURATION,	 /* uint32_t, ms: 500ms, 10s, 5m, 1h */
	WORD_HUNDREDTHS, /* int32_t, hundredths: 0.1, 70, 12.25 */
	WORD_RATE,	 /* uint32_t, per minute: 5/s, 30/m, 100/h */
};

struct word_type {
	enum word_kind kind;
	uint32_t low; /* bounds of what is stored; unused by WORD_SWITCH */
	uint32_t high;
	bool has_off; /* `off` is allowed too and stores this: */
	uint32_t off;
};

/* clang-format off */
#define WORD_RANGE(kind_, low_, high_) {.kind = (kind_), .low = (low_), .high = (high_)}
#define WORD_RANGE_OR_OFF(kind_, low_, high_, off_) \
	{.kind = (kind_), .low = (low_), .high = (high_), .has_off = true, .off = (off_)}
/* clang-format on */

/* A member of a struct that a word can set. */
struct word_member {
	const char *name;
	struct word_type type;
	size_t offset;
};

/* Parses a word into a member of the type that its kind says. False with the reason in why; the
 * member is unchanged then. */
bool word_parse(const struct word_type *type, const char *word, void *member,
		char why[WORD_WHY_SIZE]);

/* What is accepted: "a whole number from 1 to 1000". */
void word_describe(const struct word_type *type, char *text, size_t size);

#endif
