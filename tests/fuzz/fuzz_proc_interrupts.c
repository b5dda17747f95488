/* SPDX-License-Identifier: BSD-2-Clause */
/* collectors/kernel/proc_interrupts.c: /proc/interrupts. */
#include <config.h>

#include <string.h>

#include "collectors/kernel/proc_interrupts.h"
#include "tests/fuzz/fuzz.h"

#define CPUS_MAX 64

static void try_names(struct span names)
{
	struct span name;

	while (interrupts_name(&names, &name))
		fuzz_check(name.len && name.start[0] != ' ');
	fuzz_check(!names.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size}, content, names;
	const char *end = rest.start + size;
	uint32_t cpus[CPUS_MAX], counts[CPUS_MAX];
	uint64_t irq;
	int columns = interrupts_header(&rest, cpus, CPUS_MAX);

	fuzz_check(columns <= CPUS_MAX);
	for (int i = 1; i < columns; i++)
		fuzz_check(cpus[i - 1] < cpus[i] && cpus[i] < INTERRUPTS_CPU_MAX);
	if (columns < 0)
		columns = 1;
	while (interrupts_next(&rest, &irq, &content)) {
		fuzz_check(irq <= UINT32_MAX && content.start + content.len < end);
		if (interrupts_counts(content, (size_t)columns, counts, &names))
			continue;
		fuzz_check(names.start >= content.start &&
			   names.start + names.len <= content.start + content.len);
		try_names(names);
	}
	return 0;
}
