/* SPDX-License-Identifier: BSD-2-Clause */
/* The parsers of /proc/PID/stat, /proc/PID/schedstat and /proc/stat on any text. */
#include <config.h>

#include <errno.h>

#include "collectors/cpu/softnet.h"
#include "collectors/cpu/starvation.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = {(const char *)data, size};
	uint64_t cpu, run, wait, slices;
	struct rows rows;
	int err;

	err = starvation_parse_pid_stat(text, &cpu);
	fuzz_check(!err || err == -ENOENT || err == -EBADMSG);
	err = starvation_parse_schedstat(text, &run, &wait, &slices);
	fuzz_check(!err || err == -EBADMSG);
	rows_init(&rows, &softnet_row_type);
	for (cpu = 0; cpu < 4; cpu++) {
		struct softnet_row *row = rows_add(&rows);

		fuzz_check(row);
		row->cpu = cpu;
	}
	err = starvation_parse_stat(text, &rows, 100);
	fuzz_check(!err || err == -EBADMSG);
	for (size_t i = 0; err && i < rows.count; i++)
		fuzz_check(((const struct softnet_row *)rows_at(&rows, i))->steal_ms == ROW_ABSENT);
	rows_clear(&rows);
	return 0;
}
