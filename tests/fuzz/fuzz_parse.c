/* SPDX-License-Identifier: BSD-2-Clause */
/* collectors/parse.c: spans, numbers, CPU lists. */
#include <config.h>

#include <stdbool.h>
#include <string.h>

#include "collectors/base/parse.h"
#include "tests/fuzz/fuzz.h"

#define CPUS_MAX 64

static void try_cpulist(struct span text)
{
	uint32_t ids[CPUS_MAX];
	int count;

	for (size_t max = 0; max <= CPUS_MAX; max += 16) {
		count = parse_cpulist(text, ids, max);
		fuzz_check(count <= (int)max);
		for (int i = 1; i < count; i++)
			fuzz_check(ids[i - 1] < ids[i]);
	}
}

/* What is a number in one form is the same number in the others. */
static void try_number(struct span word)
{
	uint64_t value = 0, hex = 0;
	int64_t with_sign = 0;
	char text[32];

	if (span_u64(word, &value))
		return;
	fuzz_check(!span_hex(word, &hex) || word.len > 16);
	if (!span_i64(word, &with_sign))
		fuzz_check((uint64_t)with_sign == value);
	if (span_copy(word, text, sizeof(text)))
		fuzz_check(strtoull(text, NULL, 10) == value);
}

static void try_spans(struct span rest)
{
	const char *end = rest.start + rest.len;
	struct span line, word;

	while (span_line(&rest, &line)) {
		fuzz_check(line.start + line.len <= end && rest.start + rest.len == end);
		fuzz_check(!line.len || !memchr(line.start, '\n', line.len));
		while (span_word(&line, &word)) {
			fuzz_check(word.len && word.start + word.len <= end);
			fuzz_check(!memchr(word.start, ' ', word.len));
			try_number(word);
		}
		fuzz_check(!line.len);
	}
	fuzz_check(!rest.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};

	try_cpulist(text);
	if (size)
		try_spans(text);
	return 0;
}
