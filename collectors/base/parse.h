/* SPDX-License-Identifier: BSD-2-Clause */
/* Small pure parsers over (buffer, length), shared by the procfs collectors. */
#ifndef NETDIAG_BASE_PARSE_H
#define NETDIAG_BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/base/text.h"

/* A part of somebody else's buffer; not NUL-terminated. An empty one may have start NULL. */
struct span {
	const char *start;
	size_t len;
};

/* Takes the next line, without its newline, off the front of *rest. False at the end. */
bool span_line(struct span *rest, struct span *line);

/* Cuts off a last line that has no newline: the kernel's files end with one, so that line is not
 * whole. Returns whether there was such a line. */
bool span_drop_tail(struct span *text);

/* Takes the next word (separated by blanks and tabs) off the front of *rest. False when none. */
bool span_word(struct span *rest, struct span *word);

bool span_equal(struct span span, const char *text);

/* text_copy() of a span. */
static inline bool span_copy(struct span span, char *text, size_t size)
{
	return text_copy_n(text, size, span.start, span.len);
}

/* The whole span as an unsigned number. 0, or -EINVAL (empty, a sign, trailing characters) or
 * -ERANGE. */
int span_u64(struct span span, uint64_t *value);
int span_hex(struct span span, uint64_t *value);

/* As span_u64, but takes a sign. */
int span_i64(struct span span, int64_t *value);

/*
 * Parses the kernel's CPU list format ("0-3,5,7-8\n") into ids, ascending, at most max.
 * Returns how many there are, or -EINVAL, or -E2BIG when there are more than max.
 */
int parse_cpulist(struct span text, uint32_t *ids, size_t max);

/* What a parser had to pass over. All zero: nothing. */
struct faults {
	size_t count;
	char first[96]; /* says what the first one was; printable */
};

/* Notes a fault. The text of the first one stays. */
void faults_add(struct faults *faults, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
