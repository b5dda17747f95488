/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses /proc/interrupts: a header that names the CPUs, then a line per interrupt. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/kernel/proc_interrupts.h"

static const char cpu_word[] = "CPU";

#define CPU_WORD_LEN (sizeof(cpu_word) - 1)

int interrupts_header(struct span *rest, uint32_t *cpus, size_t max)
{
	struct span line, word;
	size_t count = 0;

	if (!span_line(rest, &line))
		return -EINVAL;
	while (span_word(&line, &word)) {
		uint64_t id;

		if (word.len <= CPU_WORD_LEN || memcmp(word.start, cpu_word, CPU_WORD_LEN))
			return -EINVAL;
		word.start += CPU_WORD_LEN;
		word.len -= CPU_WORD_LEN;
		if (span_u64(word, &id) || id >= INTERRUPTS_CPU_MAX ||
		    (count && id <= cpus[count - 1]))
			return -EINVAL;
		if (count == max)
			return -E2BIG;
		cpus[count++] = (uint32_t)id;
	}
	return count ? (int)count : -EINVAL;
}

bool interrupts_next(struct span *rest, uint64_t *irq, struct span *content)
{
	struct span word;

	while (span_line(rest, content)) {
		if (!rest->len && content->start + content->len == rest->start)
			return false;
		if (!span_word(content, &word) || word.start[word.len - 1] != ':')
			continue;
		word.len--;
		if (!span_u64(word, irq) && *irq <= UINT32_MAX)
			return true;
	}
	return false;
}

/*
 * The handlers' names are the last of a line, set off by two blanks. What stands before (the
 * chip's name, its own number, level or edge) varies with the architecture and the kernel, but
 * without a handler the line ends in the padding of the word before.
 */
static struct span names_of(struct span line)
{
	const char *end = line.start + line.len, *at = end;

	if (!line.len || end[-1] == ' ')
		return (struct span){end, 0};
	while (at > line.start && !(at - line.start >= 2 && at[-1] == ' ' && at[-2] == ' '))
		at--;
	if (at == line.start)
		return (struct span){end, 0};
	return (struct span){at, (size_t)(end - at)};
}

int interrupts_counts(struct span content, size_t columns, uint32_t *counts, struct span *names)
{
	struct span word, chip;
	uint64_t number;

	for (size_t i = 0; i < columns; i++) {
		if (!span_word(&content, &word) || span_u64(word, &number) || number > UINT32_MAX)
			return -EINVAL;
		counts[i] = (uint32_t)number;
	}
	*names = content;
	if (span_word(&content, &chip) && !span_u64(chip, &number))
		return -EINVAL;
	*names = names_of(content);
	return 0;
}

bool interrupts_name(struct span *names, struct span *name)
{
	while (names->len && (names->start[0] == ' ' || names->start[0] == ',')) {
		names->start++;
		names->len--;
	}
	*name = (struct span){names->start, 0};
	while (name->len < names->len &&
	       !(names->start[name->len] == ',' &&
		 (name->len + 1 == names->len || names->start[name->len + 1] == ' ')))
		name->len++;
	names->start += name->len;
	names->len -= name->len;
	return name->len > 0;
}
