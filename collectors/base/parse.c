/* SPDX-License-Identifier: BSD-2-Clause */
/* Takes the text of procfs and sysfs files apart: lines, words, numbers, CPU lists. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "collectors/base/parse.h"
#include "collectors/base/text.h"

bool span_line(struct span *rest, struct span *line)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->start, '\n', rest->len);
	line->start = rest->start;
	line->len = end ? (size_t)(end - rest->start) : rest->len;
	rest->start += line->len + (end ? 1 : 0);
	rest->len -= line->len + (end ? 1 : 0);
	return true;
}

bool span_drop_tail(struct span *text)
{
	size_t before = text->len;

	while (text->len && text->start[text->len - 1] != '\n')
		text->len--;
	return text->len < before;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool span_word(struct span *rest, struct span *word)
{
	size_t from = 0, to;

	while (from < rest->len && is_blank(rest->start[from]))
		from++;
	for (to = from; to < rest->len && !is_blank(rest->start[to]); to++)
		;
	word->start = rest->start + from;
	word->len = to - from;
	rest->start += to;
	rest->len -= to;
	return word->len > 0;
}

bool span_equal(struct span span, const char *text)
{
	return strlen(text) == span.len && (!span.len || !memcmp(span.start, text, span.len));
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static int span_number(struct span span, unsigned base, uint64_t *value)
{
	uint64_t sum = 0;

	if (!span.len)
		return -EINVAL;
	for (size_t i = 0; i < span.len; i++) {
		unsigned digit = (unsigned)digit_of(span.start[i]);

		if (digit >= base)
			return -EINVAL;
		if (__builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, digit, &sum))
			return -ERANGE;
	}
	*value = sum;
	return 0;
}

int span_u64(struct span span, uint64_t *value)
{
	return span_number(span, 10, value);
}

int span_hex(struct span span, uint64_t *value)
{
	return span_number(span, 16, value);
}

int span_i64(struct span span, int64_t *value)
{
	bool negative = span.len && span.start[0] == '-';
	uint64_t magnitude = 0;
	int err;

	if (negative) {
		span.start++;
		span.len--;
	}
	err = span_u64(span, &magnitude);
	if (err)
		return err;
	if (magnitude > INT64_MAX)
		return -ERANGE;
	*value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return 0;
}

/* Takes a number off the front. 0 or -errno. */
static int take_number(struct span *text, uint64_t *value)
{
	struct span digits = {text->start, 0};

	while (digits.len < text->len && digit_of(text->start[digits.len]) < 10)
		digits.len++;
	text->start += digits.len;
	text->len -= digits.len;
	return span_u64(digits, value);
}

static bool take_char(struct span *text, char c)
{
	if (!text->len || text->start[0] != c)
		return false;
	text->start++;
	text->len--;
	return true;
}

int parse_cpulist(struct span text, uint32_t *ids, size_t max)
{
	uint64_t next = 0;
	size_t count = 0;

	while (text.len && (is_blank(text.start[text.len - 1]) || text.start[text.len - 1] == '\n'))
		text.len--;
	while (text.len) {
		uint64_t first, last;

		if (take_number(&text, &first))
			return -EINVAL;
		last = first;
		if (take_char(&text, '-') && take_number(&text, &last))
			return -EINVAL;
		if (first < next || last < first || last > UINT32_MAX - 1)
			return -EINVAL;
		if (last - first >= max - count)
			return -E2BIG;
		for (next = first; next <= last; next++)
			ids[count++] = (uint32_t)next;
		if (text.len && !(take_char(&text, ',') && text.len))
			return -EINVAL;
	}
	return (int)count;
}

void faults_add(struct faults *faults, const char *format, ...)
{
	va_list args;

	if (faults->count++)
		return;
	va_start(args, format);
	vsnprintf(faults->first, sizeof(faults->first), format, args);
	va_end(args);
	text_ascii(faults->first, sizeof(faults->first), faults->first);
}
