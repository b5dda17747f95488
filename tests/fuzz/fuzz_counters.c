/* SPDX-License-Identifier: BSD-2-Clause */
/* collectors/protocol/counters.c: netstat, snmp, snmp6 and xfrm_stat. */
#include <config.h>

#include <string.h>

#include "collectors/protocol/counters.h"
#include "tests/fuzz/fuzz.h"

typedef int parser(struct span text, struct rows *rows, struct faults *faults);

static void check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	fuzz_check(len > 0 && len < size);
	for (size_t i = 0; i < len; i++)
		fuzz_check(text[i] > ' ' && text[i] <= '~');
}

/* A number that is shown is one that is written in the file. */
static void check_row(struct span text, const struct counter_row *row)
{
	char number[24];

	check_text(row->group, sizeof(row->group));
	check_text(row->name, sizeof(row->name));
	fuzz_check(memmem(text.start, text.len, row->group, strlen(row->group)));
	fuzz_check(memmem(text.start, text.len, row->name, strlen(row->name)));
	snprintf(number, sizeof(number), "%llu", (unsigned long long)row->value);
	fuzz_check(memmem(text.start, text.len, number, strlen(number)));
}

static void try_parser(parser *parse, struct span text)
{
	struct faults faults = {0};
	struct tcp_row tcp;
	struct udp_row udp;
	struct ip_row ip;
	struct rows rows;

	rows_init(&rows, &counter_row_type);
	fuzz_check(!parse(text, &rows, &faults));
	fuzz_check(!faults.count == !faults.first[0]);
	for (size_t i = 0; i < rows.count; i++)
		check_row(text, rows_at(&rows, i));
	rows_sort(&rows);
	row_reset(&tcp_row_type, &tcp);
	row_reset(&udp_row_type, &udp);
	row_reset(&ip_row_type, &ip);
	counters_fill_tcp(&rows, &tcp);
	counters_fill_udp(&rows, &udp);
	counters_fill_ip(&rows, rows.count & 1, &ip);
	rows_clear(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};

	try_parser(counters_parse_pairs, text);
	try_parser(counters_parse_snmp6, text);
	try_parser(counters_parse_xfrm, text);
	return 0;
}
