/* SPDX-License-Identifier: BSD-2-Clause */
/* The three formats of --dump. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collectors/base/clock.h"
#include "collectors/cpu/softnet.h"
#include "collectors/limit/limits.h"
#include "collectors/nic/nic.h"
#include "collectors/protocol/counters.h"
#include "collectors/socket/listener.h"
#include "subagent/checks/alarm.h"
#include "subagent/console/dump.h"
#include "subagent/console/json.h"
#include "subagent/tables/agent_rows.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

/* The rows of one table; all others have none. */
struct shown_rows {
	const char *table;
	struct rows rows;
};

static const struct rows *only_rows(const struct table *table, void *arg)
{
	struct shown_rows *shown = arg;

	return strcmp(table->name, shown->table) ? NULL : &shown->rows;
}

static void shown_init(struct shown_rows *shown, const char *table, const struct row_type *type)
{
	shown->table = table;
	rows_init(&shown->rows, type);
}

static void *shown_add(struct shown_rows *shown)
{
	void *row = rows_add(&shown->rows);

	ck_assert_ptr_nonnull(row);
	return row;
}

/* What is printed; the caller frees it. */
static char *printed(enum dump_format format, struct shown_rows *shown)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(dump_print(out, format, NULL, only_rows, shown), 0);
	fclose(out);
	return text;
}

/* That what is printed of the rows, which are cleared, has this in it. */
static void expect(enum dump_format format, struct shown_rows *shown, const char *part)
{
	char *text = printed(format, shown);

	ck_assert_msg(strstr(text, part) != NULL, "no\n%s\nin\n%s", part, text);
	free(text);
	rows_clear(&shown->rows);
}

static char *json_of(const char *text)
{
	char *json;
	size_t len;
	FILE *out = open_memstream(&json, &len);

	ck_assert_ptr_nonnull(out);
	json_string(out, text);
	fclose(out);
	return json;
}

START_TEST(format_words)
{
	enum dump_format format = DUMP_SCHEMA;

	ck_assert_int_eq(dump_format_parse("text", &format), 0);
	ck_assert_int_eq(format, DUMP_TEXT);
	ck_assert_int_eq(dump_format_parse("json", &format), 0);
	ck_assert_int_eq(format, DUMP_JSON);
	ck_assert_int_eq(dump_format_parse("schema", &format), 0);
	ck_assert_int_eq(format, DUMP_SCHEMA);
	ck_assert_int_eq(dump_format_parse("js", &format), -EINVAL);
	ck_assert_int_eq(dump_format_parse("", &format), -EINVAL);
	ck_assert_int_eq(format, DUMP_SCHEMA);
}
END_TEST

START_TEST(json_strings)
{
	static const struct {
		const char *text, *json;
	} cases[] = {
		{"", "\"\""},
		{"eth0", "\"eth0\""},
		{"a \"b\" \\ /", "\"a \\\"b\\\" \\\\ /\""},
		{"\n\t\x01\x1b[31m\x7f", "\"\\u000a\\u0009\\u0001\\u001b[31m\\u007f\""},
		{"\xc3\xa4\xe2\x82\xac", "\"\xc3\xa4\xe2\x82\xac\""},
		{"a\xe2\x80\xae"
		 "b\xf3\xa0\x80\x81",
		 "\"a\\u202eb\\udb40\\udc01\""},
		{"\xff-\xc3", "\"\\ufffd-\\ufffd\""},
		{"$(x);'`", "\"$(x);'`\""},
	};
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		char *json = json_of(cases[i].text);

		ck_assert_str_eq(json, cases[i].json);
		free(json);
	}
}
END_TEST

START_TEST(json_table)
{
	struct shown_rows shown;
	struct softnet_row *row;

	shown_init(&shown, "netdiagSoftnetTable", &softnet_row_type);
	row = shown_add(&shown);
	row->cpu = 0;
	row->processed = UINT64_MAX - 1; /* the largest that a row can hold */
	row->dropped = 0;
	row = shown_add(&shown);
	row->cpu = 7;
	row->backlog_len = UINT64_C(5000000000);
	expect(DUMP_JSON, &shown,
	       "\"netdiagSoftnetTable\": [\n"
	       "  {\"netdiagSoftnetCpu\": 0, "
	       "\"netdiagSoftnetProcessed\": 18446744073709551614, "
	       "\"netdiagSoftnetDropped\": 0},\n"
	       "  {\"netdiagSoftnetCpu\": 7, \"netdiagSoftnetBacklogLen\": 4294967295}],\n"
	       " \"netdiagNicTable\": [],\n");
}
END_TEST

START_TEST(json_scalars)
{
	struct shown_rows shown;
	struct agent_row *row;

	shown_init(&shown, "netdiagAgent", &agent_row_type);
	row = shown_add(&shown);
	row->uptime = 61 * SECOND + SECOND / 2;
	row->worst_severity = ALARM_CRITICAL;
	strcpy(row->version, "1.0");
	expect(DUMP_JSON, &shown,
	       "{\"netdiagAgent\": {\"netdiagAgentBootId\": \"\", "
	       "\"netdiagAgentWorstPlace\": \"\", \"netdiagAgentSummary\": \"\", "
	       "\"netdiagAgentConfigHash\": \"\", "
	       "\"netdiagAgentUptime\": 61.50, \"netdiagAgentVersion\": \"1.0\", "
	       "\"netdiagAgentWorstSeverity\": \"critical\", \"netdiagAgentViewpoint\": \"\"},\n");

	shown_init(&shown, "none", &agent_row_type);
	expect(DUMP_JSON, &shown, " \"netdiagTcp\": {},\n");
}
END_TEST

START_TEST(json_kinds)
{
	struct shown_rows shown;
	struct nic_row *nic;
	struct alarm_row *alarm;

	shown_init(&shown, "netdiagNicTable", &nic_row_type);
	nic = shown_add(&shown);
	nic->ifindex = 2;
	nic->oper_status = 99; /* has no label */
	nic->carrier = 0;
	nic->discontinuity = clock_monotonic() - 12 * SECOND - SECOND / 4;
	strcpy(nic->name, "a\x1b\xff");
	expect(DUMP_JSON, &shown,
	       "{\"netdiagNicIfIndex\": 2, \"netdiagNicName\": \"a\\u001b\\ufffd\", "
	       "\"netdiagNicOperStatus\": 99, \"netdiagNicCarrier\": false, "
	       "\"netdiagNicDiscontinuityTime\": 12.");

	shown_init(&shown, "netdiagAlarmTable", &alarm_row_type);
	alarm = shown_add(&shown);
	alarm->id = 1;
	alarm->value = 9305;
	alarm->raised_at = UINT64_C(1709208000) * SECOND + 6 * SECOND / 10;
	expect(DUMP_JSON, &shown,
	       "\"netdiagAlarmValue\": 9305, \"netdiagAlarmUnits\": \"\", "
	       "\"netdiagAlarmRaisedAt\": \"2024-02-29T12:00:00Z\"");
}
END_TEST

/* Numbers are to the right of their place, and what is absent leaves its place empty. */
START_TEST(text_rows)
{
	struct shown_rows shown;
	struct softnet_row *row;

	shown_init(&shown, "netdiagSoftnetTable", &softnet_row_type);
	row = shown_add(&shown);
	row->cpu = 0;
	row->processed = 123456789;
	row->dropped = 0;
	row->backlog_len = UINT64_C(5000000000);
	row = shown_add(&shown);
	row->cpu = 11;
	row->processed = 5;
	row->backlog_len = 7;
	expect(DUMP_TEXT, &shown,
	       "netdiagSoftnetTable: 2 rows\n"
	       "  Cpu  0  Processed 123456789  Dropped 0  BacklogLen 4294967295\n"
	       "  Cpu 11  Processed         5             BacklogLen          7\n");

	shown_init(&shown, "netdiagSoftnetTable", &softnet_row_type);
	row = shown_add(&shown);
	row->cpu = 3; /* and nothing else */
	expect(DUMP_TEXT, &shown, "netdiagSoftnetTable: 1 row\n  Cpu 3\n\n");
}
END_TEST

/* Text stands to the left, a long one below its row, and an empty one nowhere. */
START_TEST(text_notes)
{
	struct shown_rows shown;
	struct agent_collector_row *row;

	shown_init(&shown, "netdiagCollectorTable", &agent_collector_row_type);
	row = shown_add(&shown);
	strcpy(row->name, "nic");
	row->status = COLLECT_OK;
	row->interval_ms = 5000;
	row->age_ms = 1250;
	row->duration_us = 350;
	row = shown_add(&shown);
	strcpy(row->name, "conntrack");
	row->status = COLLECT_DENIED;
	row->age_ms = 125000;
	row->duration_us = 2430;
	strcpy(row->last_error,
	       "ctnetlink statistics: Operation not permitted; give CAP_NET_ADMIN");
	expect(DUMP_TEXT, &shown,
	       "netdiagCollectorTable: 2 rows\n"
	       "  Name nic        Status ok      Interval 5 s  Age     1.2 s  Duration 350 us\n"
	       "  Name conntrack  Status denied                Age 2 min 5 s  Duration 2.4 ms\n"
	       "      LastError: ctnetlink statistics: Operation not permitted; give "
	       "CAP_NET_ADMIN\n");
}
END_TEST

START_TEST(text_scalars)
{
	struct shown_rows shown;
	struct tcp_row *row;

	shown_init(&shown, "netdiagTcp", &tcp_row_type);
	row = shown_add(&shown);
	row->listen_overflows = 3;
	row->req_q_full_do_cookies = 0;
	expect(DUMP_TEXT, &shown,
	       "\nnetdiagTcp\n"
	       "  ListenOverflows 3  ReqQFullDoCookies 0\n"
	       "\nnetdiagUdp: nothing (see netdiagCollectorTable)\n");
}
END_TEST

/* Fields that a line does not hold go on, at the same places for all rows; a line without any is
 * left out. */
START_TEST(text_long_rows)
{
	struct shown_rows shown;
	struct nic_row *nic;
	char *text, *line;

	shown_init(&shown, "netdiagNicTable", &nic_row_type);
	nic = shown_add(&shown);
	memset(nic, 0, nic_row_type.text);
	nic->ifindex = 2;
	nic->rx_packets = UINT64_MAX - 1;
	nic->discontinuity = clock_monotonic() - 12 * SECOND - SECOND / 4;
	strcpy(nic->name, "eth0");
	nic = shown_add(&shown);
	nic->ifindex = 300;
	strcpy(nic->name, "lo");
	nic->mtu = 65536;

	text = printed(DUMP_TEXT, &shown);
	rows_clear(&shown.rows);
	ck_assert_ptr_nonnull(strstr(text, "netdiagNicTable: 2 rows\n  IfIndex   2  Name eth0  "));
	ck_assert_ptr_nonnull(strstr(text, " 18446744073709551614"));
	ck_assert_ptr_nonnull(strstr(text, " 12 s ago"));
	ck_assert_ptr_nonnull(strstr(text, "\n  IfIndex 300  Name lo  "));
	ck_assert_ptr_null(strstr(text, "Driver"));
	line = strstr(text, "  IfIndex 300");
	ck_assert_ptr_nonnull(strstr(line, "Mtu 65536\n\n")); /* its only line */
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		ck_assert_uint_le(strlen(line), 120);
	free(text);
}
END_TEST

START_TEST(text_units)
{
	struct shown_rows shown;
	struct limit_row *limit;
	struct check_row *check;

	shown_init(&shown, "netdiagLimitTable", &limit_row_type);
	limit = shown_add(&shown);
	strcpy(limit->name, "conntrack");
	limit->used = 60975;
	limit->max = 65536;
	limit->usage = 9305;
	expect(DUMP_TEXT, &shown, "  Name conntrack  Used 60975  Max 65536  Usage 93.05 %\n");

	shown_init(&shown, "netdiagCheckTable", &check_row_type);
	check = shown_add(&shown);
	strcpy(check->check, "conntrack.usage");
	strcpy(check->instance, "-");
	check->state = CHECK_WARNING;
	check->value = 9305;
	check->warning = 7000;
	check->since = clock_monotonic() - 5 * SECOND / 4;
	expect(DUMP_TEXT, &shown,
	       "  Name conntrack.usage  Instance -  State warning  Value 93.05  Warning 70.00  "
	       "Since 1 s ago\n");
}
END_TEST

START_TEST(text_times)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} cases[] = {
		{0, "Uptime 0 s\n"},	      {59, "Uptime 59 s\n"},
		{60, "Uptime 1 min 0 s\n"},   {3599, "Uptime 59 min 59 s\n"},
		{3660, "Uptime 1 h 1 min\n"}, {2 * 86400 + 3 * 3600 + 59, "Uptime 2 d 3 h\n"},
	};
	struct shown_rows shown;
	struct agent_row *agent;
	struct alarm_row *alarm;
	size_t i;

	for (i = 0; i < COUNT_OF(cases); i++) {
		shown_init(&shown, "netdiagAgent", &agent_row_type);
		agent = shown_add(&shown);
		agent->uptime = cases[i].seconds * SECOND + SECOND / 2;
		expect(DUMP_TEXT, &shown, cases[i].text);
	}

	setenv("TZ", "CET-1", 1); /* does not matter */
	tzset();
	shown_init(&shown, "netdiagAlarmTable", &alarm_row_type);
	alarm = shown_add(&shown);
	alarm->raised_at = UINT64_C(1709208000) * SECOND;
	expect(DUMP_TEXT, &shown, "RaisedAt 2024-02-29T12:00:00Z\n");
}
END_TEST

/* Nothing that a terminal would obey gets through. */
START_TEST(text_escapes)
{
	struct shown_rows shown;
	struct listener_row *row;

	shown_init(&shown, "netdiagListenerTable", &listener_row_type);
	row = shown_add(&shown);
	row->queue_usage = 15001;
	strcpy(row->endpoint, "[::]:80");
	strcpy(row->command, "a\x1b[2J\xff");
	row = shown_add(&shown);
	strcpy(row->endpoint, "[::]:81");
	strcpy(row->command, "\xc3\xa4\xc2\x9b"
			     "b"); /* a letter, and C1's CSI */
	expect(DUMP_TEXT, &shown,
	       "  Endpoint [::]:80  QueueUsage 150.01 %  Command a\\x1b[2J\\xff\n"
	       "  Endpoint [::]:81                       Command \xc3\xa4\\xc2\\x9bb\n");
}
END_TEST

/* Every byte as \xNN, in the longest text there is: cut nowhere, past no buffer. */
START_TEST(text_longest)
{
	char expected[4 * (COLLECT_ERROR_SIZE - 1) + 1] = "";
	struct shown_rows shown;
	struct agent_collector_row *row;
	size_t i;

	shown_init(&shown, "netdiagCollectorTable", &agent_collector_row_type);
	row = shown_add(&shown);
	memset(row->last_error, '\xfe', COLLECT_ERROR_SIZE - 1);
	for (i = 0; i < COLLECT_ERROR_SIZE - 1; i++)
		strcpy(expected + 4 * i, "\\xfe");
	expect(DUMP_TEXT, &shown, expected);
}
END_TEST

/* With each byte as \xNN the longest text of any table fits into a cell. */
START_TEST(text_sizes)
{
	size_t t, i;

	for (t = 0; t < table_count; t++) {
		for (i = 0; i < tables[t].column_count; i++) {
			if (tables[t].columns[i].type != COLUMN_OID)
				ck_assert_uint_le(4 * tables[t].columns[i].size,
						  OBJECT_ID_TEXT_SIZE);
		}
	}
}
END_TEST

START_TEST(object_ids)
{
	static const char *const want[] = {
		[DUMP_TEXT] = "1.3.6.1.4294967295\n",
		[DUMP_JSON] = "\"netdiagCheckObjectId\": \"1.3.6.1.4294967295\"",
	};
	struct shown_rows shown;

	for (size_t format = 0; format < COUNT_OF(want); format++) {
		struct check_row *row;

		shown_init(&shown, "netdiagCheckTable", &check_row_type);
		row = shown_add(&shown);
		row->object_id = (struct object_id){5, {1, 3, 6, 1, UINT32_MAX}};
		expect((enum dump_format)format, &shown, want[format]);
	}
}
END_TEST

START_TEST(one_table)
{
	const struct table *tcp = dump_find("netdiagTcp");
	struct shown_rows shown;
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(tcp);
	ck_assert_ptr_eq(dump_find("tcp"), tcp);
	ck_assert_str_eq(dump_find("nic")->name, "netdiagNicTable");
	ck_assert_str_eq(dump_find("NicTable")->name, "netdiagNicTable");
	ck_assert_str_eq(dump_find("netdiagnicstattable")->name, "netdiagNicStatTable");
	ck_assert_ptr_null(dump_find("netdiag"));
	ck_assert_ptr_null(dump_find("Table"));
	ck_assert_ptr_null(dump_find("ni"));
	ck_assert_ptr_null(dump_find(""));
	shown_init(&shown, "none", &tcp_row_type);
	ck_assert_int_eq(dump_print(out, DUMP_JSON, tcp, only_rows, &shown), 0);
	ck_assert_int_eq(dump_print(out, DUMP_TEXT, tcp, only_rows, &shown), 0);
	fclose(out);
	ck_assert_str_eq(text, "{\"netdiagTcp\": {}}\n"
			       "netdiagTcp: nothing (see netdiagCollectorTable)\n");
	free(text);
}
END_TEST

START_TEST(output_fails)
{
	FILE *full = fopen("/dev/full", "w");
	struct shown_rows shown;

	ck_assert_ptr_nonnull(full);
	shown_init(&shown, "none", &tcp_row_type);
	ck_assert_int_eq(dump_print(full, DUMP_SCHEMA, NULL, NULL, NULL), -EIO);
	ck_assert_int_eq(dump_print(full, DUMP_JSON, NULL, only_rows, &shown), -EIO);
	fclose(full);
}
END_TEST

UNIT_MAIN("dump", format_words, json_strings, json_table, json_scalars, json_kinds, text_rows,
	  text_notes, text_scalars, text_long_rows, text_units, text_times, text_escapes,
	  text_longest, text_sizes, object_ids, one_table, output_fails)
