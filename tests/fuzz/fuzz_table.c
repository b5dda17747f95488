/* SPDX-License-Identifier: BSD-2-Clause */
/* subagent/table.c: GET and GETNEXT of any OID, over rows with keys of all kinds. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <string.h>

#include "collectors/cpu/softnet.h"
#include "collectors/nic/nic.h"
#include "collectors/protocol/counters.h"
#include "subagent/tables/table.h"
#include "tests/fuzz/fuzz.h"

static struct rows softnet, nic_stat, tcp;

static void make_rows(void)
{
	static const char *const names[] = {"", "a", "b", "ab", "\xff"};

	rows_init(&softnet, &softnet_row_type);
	rows_init(&nic_stat, &nic_stat_row_type);
	rows_init(&tcp, &tcp_row_type);
	((struct tcp_row *)rows_add(&tcp))->out_segs = 1;
	for (uint64_t i = 0; i < 5; i++) {
		struct softnet_row *cpu = rows_add(&softnet);
		struct nic_stat_row *stat = rows_add(&nic_stat);

		cpu->cpu = i == 4 ? UINT32_MAX : i;
		cpu->processed = i;
		cpu->dropped = i % 2 ? ROW_ABSENT : i;
		stat->ifindex = i / 2;
		stat->value = i;
		ROW_SET_TEXT(stat->name, names[i]);
	}
	rows_sort(&softnet);
	rows_sort(&nic_stat);
}

static const struct rows *rows_of(const struct table *table, void *arg)
{
	(void)arg;
	if (table->type == &softnet_row_type)
		return &softnet;
	if (table->type == &nic_stat_row_type)
		return &nic_stat;
	return table->type == &tcp_row_type ? &tcp : NULL;
}

/* What is found has the OID that was asked for; what follows comes after it, and is there. */
static void try_name(const oid *name, size_t len)
{
	oid found[MAX_OID_LEN];
	struct cell cell, again;
	size_t found_len;

	if (table_get(name, len, rows_of, NULL, &cell) == TABLE_FOUND) {
		found_len = table_oid(cell.table, cell.column, cell.row, found);
		fuzz_check(!snmp_oid_compare(name, len, found, found_len));
	}
	if (!table_next(name, len, rows_of, NULL, &cell))
		return;
	found_len = table_oid(cell.table, cell.column, cell.row, found);
	fuzz_check(snmp_oid_compare(name, len, found, found_len) < 0);
	fuzz_check(table_get(found, found_len, rows_of, NULL, &again) == TABLE_FOUND);
	fuzz_check(again.row == cell.row && again.column == cell.column);
}

/* The input: arcs of four octets, below base.1 and from the root. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	oid name[2 * MAX_OID_LEN];
	size_t len = base_oid_len, count = size / sizeof(uint32_t);

	if (!softnet.type)
		make_rows();
	memcpy(name, base_oid, base_oid_len * sizeof(oid));
	name[len++] = ARC_OBJECTS;
	for (size_t i = 0; i < count && i < MAX_OID_LEN; i++) {
		uint32_t arc;

		memcpy(&arc, data + i * sizeof(arc), sizeof(arc));
		name[len++] = arc;
	}
	try_name(name, len);
	try_name(name + base_oid_len + 1, len - base_oid_len - 1);
	return 0;
}
