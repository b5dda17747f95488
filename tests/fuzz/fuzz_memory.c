/* SPDX-License-Identifier: BSD-2-Clause */
/* collectors/protocol/memory.c: sockstat, sockstat6, tcp_mem. */
#include <config.h>

#include <string.h>

#include "collectors/protocol/memory.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct faults faults = {0};
	struct protocol_row row;
	struct rows rows;

	rows_init(&rows, &protocol_row_type);
	fuzz_check(!protocol_memory_parse(text, &rows, &faults));
	fuzz_check(!faults.count == !faults.first[0]);
	for (size_t i = 0; i < rows.count; i++) {
		const struct protocol_row *found = rows_at(&rows, i);
		size_t len = strnlen(found->name, sizeof(found->name));

		fuzz_check(len > 0 && len < sizeof(found->name));
		fuzz_check(protocol_memory_find(&rows, found->name));
	}
	rows_clear(&rows);
	row_reset(&protocol_row_type, &row);
	fuzz_check(!protocol_memory_parse_mem(text, &row) == (row.mem_high != ROW_ABSENT) ||
		   row.mem_high == ROW_ABSENT);
	return 0;
}
