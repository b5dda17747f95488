/* SPDX-License-Identifier: BSD-2-Clause */
/* The descriptors of all checks, what the configuration may say of them, and their texts. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "collectors/registry.h"
#include "subagent/checks/setting.h"
#include "tests/unit/made.h"

#define PASSED                                                 \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789 ._:@%+-/[],="

START_TEST(every_check_reads_what_is_there)
{
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *check = &checks[i];
		const struct table *table = check_table(check);
		bool shown = false;

		ck_assert_msg(table != NULL, "%s", check->name);
		ck_assert_ptr_eq(check_find(check_name(i)), check);
		for (size_t m = 0; m < check->value.count; m++)
			ck_assert_uint_lt(check->value.offset[m], table->type->text);
		for (size_t m = 0; m < check->base.count; m++)
			ck_assert_uint_lt(check->base.offset[m], table->type->text);
		for (size_t c = 0; c < table->column_count; c++)
			shown |= table->columns[c].offset == check->value.offset[0];
		ck_assert_msg(shown, "%s watches no column", check->name);
		ck_assert_int_eq(check->limits.kind == CHECK_SHARE, check->base.count > 0);
		ck_assert(check->limits.hold >= 1);
		ck_assert(check->limits.clear_after > 0);
		ck_assert(check->limits.warning <= check->limits.critical);
		ck_assert(check->limits.clear < check->limits.warning ||
			  (!check->limits.clear && !check->limits.warning));
		ck_assert(check->limits.kind == CHECK_LEVEL || check->limits.window);
		if (check->limits.kind == CHECK_LEVEL || check->limits.kind == CHECK_LOWEST)
			ck_assert(check->limits.scale);
		/* A table of many rows needs instances, or one of its rows chosen. */
		if (table->type->key[0].kind != ROW_KEY_NONE)
			ck_assert_msg(check->instance || check->applies || check->compare, "%s",
				      check->name);
		ck_assert_uint_lt(strlen(check->name), CHECK_NAME_SIZE);
		ck_assert_uint_lt(strlen(check->units), CHECK_UNITS_SIZE);
		ck_assert_uint_eq(strspn(check->units, PASSED), strlen(check->units));
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(check->name, checks[j].name);
	}
	ck_assert_ptr_null(check_find("tcp.listen_overflow"));
}
END_TEST

/* Rows full of large numbers and of names that somebody chose to do harm. */
static void fill_with_harm(const struct row_type *type, struct rows *rows, uint64_t value)
{
	static const char harm[] = "a;reboot $(x) `y` \"'|&<>\\\n\t\xc3\xa9*?{}!#~";
	unsigned char *row = rows_add(rows);

	ck_assert_ptr_nonnull(row);
	for (size_t at = 0; at + sizeof(value) <= type->text; at += sizeof(value))
		memcpy(row + at, &value, sizeof(value));
	for (size_t at = type->text; at + 1 < type->size; at++)
		row[at] = (unsigned char)harm[at % (sizeof(harm) - 1)];
	row[type->size - 1] = '\0';
}

static const struct rows *harmful_rows(const char *collector, size_t kind, void *arg)
{
	struct rows(*rows)[COLLECT_ROWS_MAX] = arg;

	for (size_t i = 0; collectors[i]; i++)
		if (!strcmp(collectors[i]->name, collector))
			return &rows[i][kind];
	return NULL;
}

/* What is printed at most for any host: in the allow-list, and within its bounds. */
START_TEST(texts_are_fit_for_shells)
{
	static const uint64_t values[] = {0,	     1, 4096, INT32_MAX, UINT32_MAX, UINT64_MAX - 1,
					  ROW_ABSENT};
	static struct rows rows[COLLECTORS_MAX][COLLECT_ROWS_MAX];

	for (size_t v = 0; v < COUNT_OF(values); v++) {
		for (size_t i = 0; collectors[i]; i++)
			for (size_t r = 0; collectors[i]->rows[r]; r++) {
				rows_init(&rows[i][r], collectors[i]->rows[r]);
				fill_with_harm(collectors[i]->rows[r], &rows[i][r], values[v]);
			}
		for (size_t i = 0; i < check_count(); i++) {
			const struct table *table = check_table(&checks[i]);
			char summary[CHECK_SUMMARY_SIZE], text[CHECK_ADVICE_SIZE];
			char name[CHECK_INSTANCE_SIZE] = "$(reboot)";
			struct rows own;
			struct advice advice = {.check = &checks[i],
						.instance = name,
						.rows = harmful_rows,
						.rows_arg = rows};

			rows_init(&own, table->type);
			fill_with_harm(table->type, &own, values[v]);
			for (int with_row = 0; with_row < 2; with_row++) {
				advice.row = with_row && !checks[i].compare ? rows_at(&own, 0)
									    : NULL;
				if (advice.row && checks[i].instance)
					checks[i].instance(advice.row, name, sizeof(name));
				advice_text(&advice, text);
				ck_assert_uint_eq(strspn(text, PASSED), strlen(text));
				ck_assert_uint_lt(strlen(text), sizeof(text));
				advice_summary(&advice, &checks[i].limits, INT64_MAX - 1,
					       ALARM_WARNING, summary);
				advice_prefix("notifications turned off", summary);
				ck_assert_uint_eq(strspn(summary, PASSED), strlen(summary));
				ck_assert_uint_lt(strlen(summary), sizeof(summary));
			}
			rows_clear(&own);
		}
		for (size_t i = 0; collectors[i]; i++)
			for (size_t r = 0; collectors[i]->rows[r]; r++)
				rows_clear(&rows[i][r]);
	}
}
END_TEST

/* Every check says something, with and without what it would like to know, and is not cut. */
START_TEST(every_check_has_advice)
{
	for (size_t i = 0; i < check_count(); i++) {
		const struct table *table = check_table(&checks[i]);
		char text[CHECK_ADVICE_SIZE];
		struct advice advice = {.check = &checks[i], .instance = "x"};
		struct rows rows;

		rows_init(&rows, table->type);
		advice.row = rows_add(&rows);
		advice_text(&advice, text);
		ck_assert_msg(text[0] != '\0', "%s", checks[i].name);
		ck_assert_msg(strlen(text) < sizeof(text) - 1, "%s: %s", checks[i].name, text);
		rows_clear(&rows);
	}
}
END_TEST

START_TEST(numbers_are_short)
{
	static const struct {
		int64_t value;
		const char *text;
	} cases[] = {{0, "0"},	    {1, "0.01"},      {10, "0.1"},   {100, "1"},
		     {123, "1.23"}, {850000, "8500"}, {-150, "-1.5"}};
	char text[24];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		advice_number(cases[i].value, text);
		ck_assert_str_eq(text, cases[i].text);
	}
	advice_number(INT64_MAX, text);
	ck_assert_str_eq(text, "92233720368547758.07");
}
END_TEST

/* --- advice that looks at the host
 * ----------------------------------------------------------------- */

static const char *advice_of(struct made *made, const char *check, const void *row)
{
	static char text[CHECK_ADVICE_SIZE];
	struct advice advice = {.check = check_find(check),
				.instance = "x",
				.row = row,
				.rows = made->source.rows,
				.rows_arg = made};

	advice_text(&advice, text);
	ck_assert_msg(strlen(text) < sizeof(text) - 1, "cut: %s", text);
	return text;
}

static void assert_says(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in '%s'", part, text);
}

static void assert_silent(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "'%s' is in '%s'", part, text);
}

START_TEST(a_backlog_is_raised_where_it_is_the_bound)
{
	struct made made;
	struct listener_row row;
	const char *text;

	made_init(&made);
	made_web_server(&made);
	row_reset(&listener_row_type, &row);
	ROW_SET_TEXT(row.endpoint, "0.0.0.0:80");
	ROW_SET_TEXT(row.command, "nginx");
	row.pid = 77;
	row.queue_limit = 128;
	text = advice_of(&made, "listener.queue", &row);
	assert_says(text, "backlog of 0.0.0.0:80, nginx[77], now 128");
	assert_says(text, "somaxconn allows 4096");
	assert_silent(text, "sysctl -w");
	row.queue_limit = 4096;
	text = advice_of(&made, "listener.drops", &row);
	assert_says(text, "sysctl -w net.core.somaxconn=8192, now 4096");
	/* Eight workers' backlogs together are no single one. */
	row.sockets = 8;
	row.queue_limit = UINT64_C(8) * 1024;
	text = advice_of(&made, "listener.queue", &row);
	assert_says(text, "now 1024: somaxconn allows 4096");
	assert_silent(text, "sysctl -w");
	/* Overflows name the listener that drops most. */
	made_sysctl(&made, "net.core.somaxconn", "511");
	text = advice_of(&made, "tcp.listen_overflows", NULL);
	assert_silent(text, "0.0.0.0:443");
	((struct listener_row *)rows_at(made.source.rows("listener", 0, &made), 0))->drops = 5;
	text = advice_of(&made, "tcp.listen_overflows", NULL);
	assert_says(text, "0.0.0.0:443, nginx[812]");
	assert_says(text, "somaxconn=1022");
	made_done(&made);
}
END_TEST

START_TEST(buffers_are_raised_where_rmem_max_is_the_bound)
{
	struct made made;
	struct udp_socket_row row;
	const char *text;

	made_init(&made);
	made_web_server(&made);
	row_reset(&udp_socket_row_type, &row);
	ROW_SET_TEXT(row.endpoint, "0.0.0.0:514");
	row.rx_buffer_bytes = 106496;
	text = advice_of(&made, "udp.socket_drops", &row);
	assert_says(text, "SO_RCVBUF, now 53248: net.core.rmem_max allows 212992");
	assert_silent(text, "sysctl -w");
	row.rx_buffer_bytes = 425984;
	text = advice_of(&made, "udp.socket_drops", &row);
	assert_says(text, "sysctl -w net.core.rmem_max=425984, now 212992");
	/* Four sockets' buffers together are no single one. */
	row.sockets = 4;
	text = advice_of(&made, "udp.socket_drops", &row);
	assert_says(text, "SO_RCVBUF, now 53248: net.core.rmem_max allows 212992");
	made_done(&made);
}
END_TEST

/* A command that works: through a process, else by the name, unless a shell would not take it as
 * one word. */
START_TEST(a_namespace_can_be_entered)
{
	struct made made;
	struct netns_row row;
	const char *text;

	made_init(&made);
	row_reset(&netns_row_type, &row);
	ROW_SET_TEXT(row.name, "shop-1.blue_2");
	text = advice_of(&made, "netns.listen_overflows", &row);
	assert_says(text, ": ip netns exec shop-1.blue_2 ss -ltn");
	ROW_SET_TEXT(row.name, "a b;$(x)");
	text = advice_of(&made, "netns.listen_overflows", &row);
	assert_says(text, ": in it ss -ltn");
	assert_silent(text, "exec");
	row.pid = 4711;
	text = advice_of(&made, "netns.listen_overflows", &row);
	assert_says(text, ": nsenter -n -t 4711 ss -ltn");
	made_done(&made);
}
END_TEST

START_TEST(what_is_so_is_not_proposed)
{
	struct made made;
	const char *text;

	made_init(&made);
	made_web_server(&made);
	assert_silent(advice_of(&made, "tcp.syn_queue", NULL), "sysctl -w");
	made_sysctl(&made, "net.ipv4.tcp_syncookies", "0");
	assert_says(advice_of(&made, "tcp.syn_queue", NULL), "sysctl -w net.ipv4.tcp_syncookies=1");
	assert_says(advice_of(&made, "tcp.time_wait", NULL), "ip_local_port_range 1024 65535");
	made_sysctl(&made, "net.ipv4.ip_local_port_range", "1024 65535");
	assert_silent(advice_of(&made, "tcp.time_wait", NULL), "ip_local_port_range");
	made_sysctl(&made, "net.ipv4.ip_local_port_range", "1000 65000");
	assert_says(advice_of(&made, "tcp.time_wait", NULL), "ip_local_port_range 1000 65535");
	text = advice_of(&made, "softnet.dropped", NULL);
	assert_says(text, "sysctl -w net.core.netdev_max_backlog=2000, now 1000");
	assert_says(text, "RPS by");
	for (size_t i = 0; i < 2; i++)
		((struct nic_row *)rows_at(made.source.rows("nic", 0, &made), i))->rps_enabled = 1;
	made_sysctl(&made, "net.core.netdev_max_backlog", "300000");
	text = advice_of(&made, "softnet.dropped", NULL);
	assert_silent(text, "sysctl -w");
	assert_says(text, "RPS is on already");
	((struct conntrack_row *)rows_at(made.source.rows("conntrack", 0, &made), 0))->max =
		2000000000;
	assert_silent(advice_of(&made, "conntrack.usage", NULL), "sysctl -w");
	made_done(&made);
}
END_TEST

START_TEST(many_entries_need_buckets_too)
{
	struct made made;
	struct conntrack_row *row;

	made_init(&made);
	made_web_server(&made);
	row = rows_at(made.source.rows("conntrack", 0, &made), 0);
	assert_silent(advice_of(&made, "conntrack.usage", row), "buckets");
	row->buckets = 16384;
	assert_says(advice_of(&made, "conntrack.usage", row),
		    "nf_conntrack_buckets=65536, now 16384");
	made_done(&made);
}
END_TEST

START_TEST(orphans_or_memory)
{
	struct made made;
	struct limit_row *row;

	made_init(&made);
	made_web_server(&made);
	assert_says(advice_of(&made, "tcp.abort_on_memory", NULL), "net.ipv4.tcp_mem");
	row = made_row(&made, &limits_collector, 0);
	ROW_SET_TEXT(row->name, "tcp-orphans");
	row->used = 40000;
	row->max = 65536;
	row->usage = 6103;
	assert_says(advice_of(&made, "tcp.abort_on_memory", NULL),
		    "40000 of 65536: sysctl -w net.ipv4.tcp_max_orphans=131072");
	made_done(&made);
}
END_TEST

/* --- settings
 * ---------------------------------------------------------------------------------------- */

static struct check_setting setting_of(const char *check, const char *instance, unsigned set)
{
	struct check_setting setting = {.set = set, .on = true, .notify = true};

	ROW_SET_TEXT(setting.check, check);
	ROW_SET_TEXT(setting.instance, instance);
	setting.warning = 1000;
	setting.critical = 2000;
	setting.clear = 500;
	setting.window_ms = 60000;
	setting.hold = 2;
	setting.clear_after_ms = 300000;
	return setting;
}

#define ALL_SET                                                                    \
	(CHECK_SET_ON | CHECK_SET_WARNING | CHECK_SET_CRITICAL | CHECK_SET_CLEAR | \
	 CHECK_SET_WINDOW | CHECK_SET_HOLD | CHECK_SET_CLEAR_AFTER | CHECK_SET_NOTIFY)

static const char *conflict_of(const struct check_setting *setting)
{
	return check_setting_conflict(check_find(setting->check), setting);
}

START_TEST(settings_that_conflict)
{
	struct check_setting s = setting_of("nic.errors", "eth*", ALL_SET);

	ck_assert_ptr_null(conflict_of(&s));
#define WRONG(change, part)                                    \
	do {                                                   \
		s = setting_of("nic.errors", "eth*", ALL_SET); \
		change;                                        \
		ck_assert_ptr_nonnull(conflict_of(&s));        \
		assert_says(conflict_of(&s), part);            \
	} while (0)
	WRONG(s.critical = 999, "below warning");
	WRONG(s.clear = 1000, "below warning");
	WRONG((s.set &= ~CHECK_SET_WARNING, s.clear = 2000), "below critical");
	WRONG(ROW_SET_TEXT(s.check, "conntrack.usage"), "no window");
	WRONG(ROW_SET_TEXT(s.check, "tcp.retransmits"), "no instances");
	WRONG(ROW_SET_TEXT(s.check, "agent.collector"), "no critical");
	/* What one may say. */
	s = setting_of("tcp.retransmits", "-", ALL_SET);
	ck_assert_ptr_null(conflict_of(&s));
	s = setting_of("nic.errors", "", ALL_SET);
	s.warning = s.critical = CHECK_LIMIT_OFF;
	ck_assert_ptr_null(conflict_of(&s));
	s = setting_of("nic.errors", "", CHECK_SET_WARNING | CHECK_SET_CLEAR);
	s.warning = s.clear = 0;
	ck_assert_ptr_null(conflict_of(&s));
}
END_TEST

/* Both ends of every range are what the configuration's words say, too. */
START_TEST(settings_are_parsed_by_one_table)
{
	static const struct {
		const char *name, *accepted, *refused;
	} cases[] = {
		{"warning", "off", "-1"},	{"critical", "21474835", "21474836"},
		{"clear", "0.01", "off"},	{"window", "24h", "25h"},
		{"hold", "1000", "1001"},	{"clearAfter", "168h", "169h"},
		{"notify", "off", "sometimes"},
	};
	char why[WORD_WHY_SIZE];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct check_setting_type *type = &check_setting_types[i];
		struct check_setting s = {.set = 0};

		ck_assert_str_eq(type->member.name, cases[i].name);
		ck_assert(check_setting_parse(&s, type, cases[i].accepted, why));
		ck_assert_uint_eq(s.set, type->flag);
		ck_assert(!check_setting_parse(&s, type, cases[i].refused, why));
	}
	ck_assert_ptr_null(check_setting_types[COUNT_OF(cases)].member.name);
}
END_TEST

START_TEST(the_most_specific_pattern_wins)
{
	struct check_setting list[] = {
		setting_of("nic.errors", "eth0", CHECK_SET_WARNING),
		setting_of("nic.errors", "eth*", CHECK_SET_WARNING | CHECK_SET_CRITICAL),
		setting_of("nic.errors", "*", CHECK_SET_WARNING | CHECK_SET_HOLD),
		setting_of("nic.errors", "", CHECK_SET_WARNING | CHECK_SET_WINDOW),
		setting_of("nic.errors", "eth*", CHECK_SET_CRITICAL | CHECK_SET_NOTIFY),
		setting_of("nic.drops", "", CHECK_SET_ON),
	};
	struct alarm_settings settings = {.checks = list, .check_count = COUNT_OF(list)};
	const struct check *check = check_find("nic.errors");
	struct check_policy policy;

	for (size_t i = 0; i < COUNT_OF(list); i++)
		list[i].warning = (int32_t)(i + 1) * 1000;
	list[1].critical = 11000;
	list[4].critical = 22000;
	list[2].hold = 7;
	list[3].window_ms = 5000;
	list[4].notify = false;
	list[5].on = false;
	check_policy(check, "eth0", NULL, &settings, &policy);
	ck_assert_int_eq(policy.limits.warning, 1000);
	ck_assert_int_eq(policy.limits.critical, 22000);
	ck_assert_uint_eq(policy.limits.hold, 7);
	ck_assert_uint_eq(policy.limits.window, 5 * MADE_SECOND);
	ck_assert(!policy.notify);
	ck_assert(policy.on);
	check_policy(check, "eth1", NULL, &settings, &policy);
	ck_assert_int_eq(policy.limits.warning, 2000);
	check_policy(check, "bond0", NULL, &settings, &policy);
	ck_assert_int_eq(policy.limits.warning, 3000);
	ck_assert_int_eq(policy.limits.critical, 10000);
	ck_assert(policy.notify);
	check_policy(check_find("nic.drops"), "eth0", NULL, &settings, &policy);
	ck_assert(!policy.on);
	check_policy(check, "eth0", NULL, NULL, &policy);
	ck_assert_int_eq(policy.limits.warning, check->limits.warning);
}
END_TEST

UNIT_MAIN("checks", every_check_reads_what_is_there, texts_are_fit_for_shells,
	  every_check_has_advice, numbers_are_short, a_backlog_is_raised_where_it_is_the_bound,
	  buffers_are_raised_where_rmem_max_is_the_bound, a_namespace_can_be_entered,
	  what_is_so_is_not_proposed, many_entries_need_buckets_too, orphans_or_memory,
	  settings_that_conflict, settings_are_parsed_by_one_table, the_most_specific_pattern_wins)
