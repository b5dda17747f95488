/* SPDX-License-Identifier: BSD-2-Clause */
/* /proc/net/softnet_stat: either no such file, or a row a line, with what it must have. */
#include <config.h>

#include "collectors/cpu/softnet.h"
#include "tests/fuzz/fuzz.h"

static size_t lines_of(const uint8_t *data, size_t size)
{
	size_t lines = 0;

	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	const struct span online = {"0,2-3,7-9\n", 10};
	struct rows rows;
	int err;

	rows_init(&rows, &softnet_row_type);
	err = softnet_parse_stat(text, &rows);
	fuzz_check(err <= 0);
	if (!err) {
		fuzz_check(rows.count == lines_of(data, size));
		for (size_t i = 0; i < rows.count; i++) {
			const struct softnet_row *row = rows_at(&rows, i);

			fuzz_check(row->processed <= UINT32_MAX && row->dropped <= UINT32_MAX);
			fuzz_check(row->net_rx_softirqs == ROW_ABSENT);
		}
		err = softnet_map_online(&rows, online);
		fuzz_check(!err == (rows.count == 6));
		if (!err)
			fuzz_check(!rows_sort(&rows));
	}
	rows_clear(&rows);
	return 0;
}
