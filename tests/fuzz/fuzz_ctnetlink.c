/* SPDX-License-Identifier: BSD-2-Clause */
/* conntrack_decode_cpu() and conntrack_decode_global() on what netlink_parse() lets through. */
#include <config.h>

#include "collectors/kernel/netlink.h"
#include "collectors/protocol/conntrack.h"
#include "tests/fuzz/fuzz.h"

static int take(const struct nlmsghdr *message, void *arg)
{
	struct conntrack_cpu_row cpu;
	struct conntrack_row row;

	(void)arg;
	row_reset(&conntrack_cpu_row_type, &cpu);
	row_reset(&conntrack_row_type, &row);
	if (!conntrack_decode_cpu(message, &cpu)) {
		fuzz_check(cpu.cpu <= UINT16_MAX);
		fuzz_check(cpu.drop == ROW_ABSENT || cpu.drop <= UINT32_MAX);
		fuzz_check(cpu.discontinuity == ROW_ABSENT);
	}
	if (!conntrack_decode_global(message, &row)) {
		fuzz_check(row.entries <= UINT32_MAX);
		fuzz_check(row.max == ROW_ABSENT || (row.max > 0 && row.max <= UINT32_MAX));
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct netlink_dump dump = {.message = take};
	struct netlink_progress progress = {.seq = 1};

	netlink_parse(data, size, &dump, &progress);
	return 0;
}
