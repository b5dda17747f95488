/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoders of collectors/neighbors.c on what netlink_parse() lets through. */
#include <config.h>

#include <string.h>

#include "collectors/base/rows.h"
#include "collectors/limit/neighbors.h"
#include "tests/fuzz/fuzz.h"

static int take(const struct nlmsghdr *message, void *arg)
{
	struct neighbor_tables *tables = arg;
	uint64_t before = tables->family[NEIGHBOR_IPV4].exempt +
			  tables->family[NEIGHBOR_IPV6].exempt;

	neighbors_decode_table(message, tables);
	neighbors_decode_entry(message, tables);
	fuzz_check(tables->family[NEIGHBOR_IPV4].exempt + tables->family[NEIGHBOR_IPV6].exempt <=
		   before + 1);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct neighbor_tables tables;
	const struct netlink_dump dump = {.message = take, .arg = &tables};
	struct netlink_progress progress = {.seq = 1};

	memset(&tables, 0xff, sizeof(tables));
	for (size_t i = 0; i < NEIGHBOR_FAMILIES; i++)
		tables.family[i].exempt = 0;
	netlink_parse(data, size, &dump, &progress);
	for (size_t i = 0; i < NEIGHBOR_FAMILIES; i++) {
		const struct neighbor_table *table = &tables.family[i];
		uint64_t used = neighbors_used(table, "6.1.0");

		fuzz_check(table->max == ROW_ABSENT || table->max <= UINT32_MAX);
		fuzz_check(used == ROW_ABSENT || used <= table->entries);
	}
	return 0;
}
