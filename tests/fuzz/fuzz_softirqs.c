/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/softirqs: either no such file and no row has a count, or both counts of a CPU are there or
 * neither. */
#include <config.h>

#include "collectors/cpu/softnet.h"
#include "tests/fuzz/fuzz.h"

#define CPUS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct rows rows;
	int err;

	rows_init(&rows, &softnet_row_type);
	for (uint64_t cpu = 0; cpu < CPUS; cpu++) {
		struct softnet_row *row = rows_add(&rows);

		fuzz_check(row);
		row->cpu = cpu;
	}
	err = softnet_parse_softirqs(text, &rows);
	for (size_t i = 0; i < rows.count; i++) {
		const struct softnet_row *row = rows_at(&rows, i);

		fuzz_check(row->cpu == i);
		fuzz_check((row->net_rx_softirqs == ROW_ABSENT) ==
			   (row->net_tx_softirqs == ROW_ABSENT));
		if (err)
			fuzz_check(row->net_rx_softirqs == ROW_ABSENT);
		else if (row->net_rx_softirqs != ROW_ABSENT)
			fuzz_check(row->net_rx_softirqs <= UINT32_MAX);
	}
	rows_clear(&rows);
	return 0;
}
