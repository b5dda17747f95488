/* SPDX-License-Identifier: BSD-2-Clause */
/* The descriptors of all checks, what the configuration may say of them, and their texts. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "collectors/registry.h"
#include "subagent/checks/advices.h"
#include "subagent/checks/setting.h"
#include "tests/unit/made.h"

/* What our sentences use: snmptt lets through a little more. */
#define PROSE                                                  \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789 .,:/()%=+_@-'"
#define COMMAND                                                \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789 ._:@=-"

static bool reads(const struct check_members *members, const struct table *table)
{
	for (size_t i = 0; i < CHECK_MEMBERS_MAX && members->offset[i]; i++)
		if (members->offset[i] - 1 >= table->type->text)
			return false;
	return true;
}

START_TEST(every_check_reads_what_is_there)
{
	for (size_t i = 0; i < check_count(); i++) {
		const struct check *check = &checks[i];
		const struct check_limits *limits = &check->limits;
		const struct table *table = check_table(check);
		enum check_kind kind = limits->measure.kind;
		size_t watched;
		bool shown = false;

		ck_assert_msg(table != NULL, "%s", check->name);
		ck_assert_ptr_eq(check_find(check_name(i)), check);
		ck_assert(reads(&check->value, table) && reads(&check->less, table));
		ck_assert(reads(&check->capped, table) && reads(&check->base, table));
		ck_assert_int_eq(check->capped.offset[0] != 0, check->cap.type != NULL);
		watched = check->object		   ? check->object
			  : check->value.offset[0] ? check->value.offset[0]
						   : check->capped.offset[0];
		for (size_t c = 0; c < table->column_count; c++)
			shown |= table->columns[c].offset == watched - 1;
		ck_assert_msg(shown, "%s watches no column", check->name);
		ck_assert_int_eq(kind == CHECK_SHARE, check->base.offset[0] != 0);
		ck_assert(limits->clear_after > 0);
		ck_assert(limits->warning <= limits->critical);
		ck_assert(limits->clear < limits->warning || (!limits->clear && !limits->warning));
		ck_assert(kind == CHECK_LEVEL || limits->measure.window);
		if (kind == CHECK_LEVEL || kind == CHECK_LOWEST)
			ck_assert(limits->measure.scale);
		ck_assert_ptr_nonnull(check->describe);
		/* A table of many rows needs instances, or one of its rows chosen. */
		if (table->type->key[0].kind != ROW_KEY_NONE)
			ck_assert_msg(check->instance || check->applies || check->compare, "%s",
				      check->name);
		if (check->many || check->owner)
			ck_assert(check->instance && check->many);
		ck_assert_uint_lt(strlen(check->name), CHECK_NAME_SIZE);
		ck_assert_uint_lt(strlen(check->units), CHECK_UNITS_SIZE);
		ck_assert_uint_eq(strspn(check->units, PROSE), strlen(check->units));
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(check->name, checks[j].name);
	}
	ck_assert_ptr_null(check_find("tcp.listen_overflow"));
}
END_TEST

/* How many causes are above a check at most; a ring of causes would never be told. */
static unsigned depth_of(const struct check *check, unsigned below)
{
	unsigned depth = 0;

	ck_assert_msg(below < check_count(), "%s is among its own causes", check->name);
	for (size_t i = 0; i < CHECK_CAUSES_MAX && check->caused_by[i]; i++) {
		const struct check *cause = check_find(check->caused_by[i]);
		unsigned its;

		ck_assert_msg(cause != NULL, "%s: no check %s", check->name, check->caused_by[i]);
		its = 1 + depth_of(cause, below + 1);
		depth = its > depth ? its : depth;
	}
	return depth;
}

START_TEST(causes_have_an_end)
{
	for (size_t i = 0; i < check_count(); i++) {
		ck_assert_uint_le(depth_of(&checks[i], 0), 4);
		/* What makes it urgent is evaluated before it. */
		if (checks[i].urgent_by) {
			ck_assert_ptr_nonnull(check_find(checks[i].urgent_by));
			ck_assert(check_find(checks[i].urgent_by) < &checks[i]);
		}
	}
}
END_TEST

/* --- texts ------------------------------------------------------------------------------------
 */

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

static const struct rows *harmful_rows(const struct row_type *type, void *arg)
{
	struct rows(*rows)[COLLECT_ROWS_MAX] = arg;

	for (size_t i = 0; collectors[i]; i++)
		for (size_t r = 0; collectors[i]->rows[r]; r++)
			if (collectors[i]->rows[r] == type)
				return &rows[i][r];
	return NULL;
}

static bool number_setting(const char *name, char *value, size_t size, void *arg)
{
	(void)name;
	(void)arg;
	snprintf(value, size, "4096");
	return true;
}

static void assert_fit(const char *check, const char *text, const char *allowed, size_t size)
{
	ck_assert_msg(text[strspn(text, allowed)] == '\0', "%s: %s", check, text);
	ck_assert_uint_lt(strlen(text), size);
}

/* What is printed at most for any host: in the allow-list, and within its bounds. */
START_TEST(texts_are_fit_for_shells)
{
	static const uint64_t values[] = {0,	     1, 4096, INT32_MAX, UINT32_MAX, UINT64_MAX - 1,
					  ROW_ABSENT};
	static struct rows rows[COLLECTORS_MAX][COLLECT_ROWS_MAX];
	struct check_host host = {harmful_rows, number_setting, rows};

	for (size_t v = 0; v < COUNT_OF(values); v++) {
		for (size_t i = 0; collectors[i]; i++)
			for (size_t r = 0; collectors[i]->rows[r]; r++) {
				rows_init(&rows[i][r], collectors[i]->rows[r]);
				fill_with_harm(collectors[i]->rows[r], &rows[i][r], values[v]);
			}
		for (size_t i = 0; i < check_count(); i++) {
			const struct table *table = check_table(&checks[i]);
			char name[CHECK_INSTANCE_SIZE] = "$(reboot)";
			struct alarm_text text;
			struct rows own;
			struct advice advice = {.check = &checks[i],
						.instance = name,
						.limits = &checks[i].limits,
						.severity = ALARM_WARNING,
						.value = INT64_MAX - 1,
						.now = INT64_MAX - 1,
						.time_to_full = values[v],
						.host = &host};

			rows_init(&own, table->type);
			fill_with_harm(table->type, &own, values[v]);
			for (int with_row = 0; with_row < 2; with_row++) {
				advice.row = with_row && !checks[i].compare ? rows_at(&own, 0)
									    : NULL;
				if (advice.row && checks[i].instance)
					checks[i].instance(advice.row, name, sizeof(name));
				advice_raised(&advice, &text);
				assert_fit(checks[i].name, text.summary, PROSE, CHECK_SUMMARY_SIZE);
				assert_fit(checks[i].name, text.advice, PROSE, CHECK_ADVICE_SIZE);
				assert_fit(checks[i].name, text.command, COMMAND,
					   CHECK_COMMAND_SIZE);
				ck_assert_ptr_null(strstr(text.command, "reboot"));
				advice_ended(&advice, "its object was removed", UINT64_MAX / 2,
					     INT64_MAX, &text);
				assert_fit(checks[i].name, text.summary, PROSE, CHECK_SUMMARY_SIZE);
				ck_assert_str_eq(text.command, "");
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
START_TEST(every_check_has_something_to_say)
{
	for (size_t i = 0; i < check_count(); i++) {
		const struct table *table = check_table(&checks[i]);
		struct advice advice = {.check = &checks[i],
					.instance = "x",
					.limits = &checks[i].limits,
					.severity = ALARM_WARNING,
					.value = 12345,
					.now = CHECK_NO_VALUE,
					.time_to_full = ROW_ABSENT};
		struct alarm_text text;
		struct rows rows;

		rows_init(&rows, table->type);
		for (int with_row = 0; with_row < 2; with_row++) {
			advice_raised(&advice, &text);
			ck_assert_msg(text.summary[0] != '\0', "%s", checks[i].name);
			ck_assert_msg(strlen(text.summary) < CHECK_SUMMARY_SIZE - 1, "%s: %s",
				      checks[i].name, text.summary);
			ck_assert_msg(strlen(text.advice) < CHECK_ADVICE_SIZE - 1, "%s: %s",
				      checks[i].name, text.advice);
			advice.row = rows_add(&rows);
		}
		rows_clear(&rows);
	}
}
END_TEST

START_TEST(numbers_are_short)
{
	static const struct {
		int64_t value;
		const char *number, *amount;
	} cases[] = {{0, "0", "0"},
		     {1, "0.01", "0.01"},
		     {10, "0.1", "0.1"},
		     {100, "1", "1"},
		     {123, "1.23", "1.2"},
		     {850000, "8500", "8,500"},
		     {99960, "999.6", "1,000"}};
	static const struct {
		uint64_t seconds;
		const char *text;
	} durations[] = {{0, "0 s"},	  {59, "59 s"},	 {60, "1 min"},	 {90, "90 s"},
			 {840, "14 min"}, {3600, "1 h"}, {10800, "3 h"}, {172800, "2 days"}};
	char text[32];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		advice_number(cases[i].value, text);
		ck_assert_str_eq(text, cases[i].number);
		ck_assert_str_eq(advice_amount(cases[i].value, text), cases[i].amount);
	}
	advice_number(INT64_MAX, text);
	ck_assert_str_eq(text, "92233720368547758.07");
	ck_assert_str_eq(advice_count(UINT64_MAX, text), "18,446,744,073,709,551,615");
	for (size_t i = 0; i < COUNT_OF(durations); i++)
		ck_assert_str_eq(advice_duration(durations[i].seconds * MADE_SECOND, text),
				 durations[i].text);
}
END_TEST

/* --- advice that looks at the host --------------------------------------------------------------
 */

static const struct alarm_text *advice_of(struct made *made, const char *check, const void *row)
{
	static struct alarm_text text;
	struct advice advice = {.check = check_find(check),
				.instance = "x",
				.limits = &check_find(check)->limits,
				.severity = ALARM_WARNING,
				.value = 20000,
				.now = CHECK_NO_VALUE,
				.time_to_full = ROW_ABSENT,
				.row = row,
				.host = &made->source.host};

	advice_raised(&advice, &text);
	ck_assert_msg(strlen(text.advice) < sizeof(text.advice) - 1, "cut: %s", text.advice);
	return &text;
}

static void assert_says(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in '%s'", part, text);
}

START_TEST(a_backlog_is_raised_where_it_is_the_bound)
{
	struct made made;
	struct listener_row row;
	const struct alarm_text *text;

	made_init(&made);
	made_web_server(&made);
	row_reset(&listener_row_type, &row);
	ROW_SET_TEXT(row.endpoint, "0.0.0.0:80");
	ROW_SET_TEXT(row.command, "nginx");
	row.pid = 77;
	row.sockets = 1;
	row.queue_limit = 128;
	text = advice_of(&made, "listener.queue", &row);
	assert_says(text->summary, "nginx pid 77");
	assert_says(text->advice, "the backlog 128 of nginx pid 77 is below somaxconn 4096");
	ck_assert_str_eq(text->command, "");
	row.queue_limit = 4096;
	text = advice_of(&made, "listener.drops", &row);
	ck_assert_str_eq(text->command, "sysctl -w net.core.somaxconn=8192");
	/* Eight workers' backlogs together are no single one. */
	row.sockets = 8;
	row.queue_limit = UINT64_C(8) * 1024;
	text = advice_of(&made, "listener.queue", &row);
	assert_says(text->advice, "the backlog 1024");
	ck_assert_str_eq(text->command, "");
	made_done(&made);
}
END_TEST

START_TEST(buffers_are_raised_where_rmem_max_is_the_bound)
{
	struct made made;
	struct udp_socket_row row;
	const struct alarm_text *text;

	made_init(&made);
	made_web_server(&made);
	row_reset(&udp_socket_row_type, &row);
	ROW_SET_TEXT(row.endpoint, "0.0.0.0:514");
	row.rx_buffer_bytes = 106496;
	text = advice_of(&made, "udp.socket_drops", &row);
	assert_says(text->advice, "its buffer is 53,248 bytes");
	ck_assert_str_eq(text->command, "");
	row.rx_buffer_bytes = 425984;
	text = advice_of(&made, "udp.socket_drops", &row);
	ck_assert_str_eq(text->command, "sysctl -w net.core.rmem_max=425984");
	/* Four sockets' buffers together are no single one. */
	row.sockets = 4;
	text = advice_of(&made, "udp.socket_drops", &row);
	assert_says(text->advice, "its buffer is 53,248 bytes");
	ck_assert_str_eq(text->command, "");
	made_done(&made);
}
END_TEST

START_TEST(what_is_so_is_not_proposed)
{
	const struct alarm_text *text;
	struct softnet_row *cpu;
	struct made made;
	struct conntrack_row *row;

	made_init(&made);
	made_web_server(&made);
	ck_assert_str_eq(advice_of(&made, "tcp.syn_queue", NULL)->command, "");
	made_sysctl(&made, "net.ipv4.tcp_syncookies", "0");
	ck_assert_str_eq(advice_of(&made, "tcp.syn_queue", NULL)->command,
			 "sysctl -w net.ipv4.tcp_syncookies=1");
	ck_assert_str_eq(advice_of(&made, "softnet.dropped", NULL)->command,
			 "sysctl -w net.core.netdev_max_backlog=2000");
	/* lo alone is no device to spread the load of. */
	ck_assert_ptr_null(strstr(advice_of(&made, "softnet.dropped", NULL)->advice, "RPS"));
	/* Whether ksoftirqd waited decides what is to be done. */
	cpu = made_nth(&made, &softnet_collector, 0, 1);
	cpu->starved_ms = 0;
	cpu->recent_wait = 30;
	text = advice_of(&made, "softnet.dropped", cpu);
	assert_says(text->advice, "ksoftirqd did not wait: spread the load");
	ck_assert_str_eq(text->command, "sysctl -w net.core.netdev_max_backlog=2000");
	cpu->recent_wait = 880;
	text = advice_of(&made, "softnet.dropped", cpu);
	assert_says(text->advice, "ksoftirqd waited 880 ms/s: look for a real-time process");
	ck_assert_str_eq(text->command, "");
	assert_says(advice_of(&made, "softnet.starved", cpu)->advice,
		    "look for a real-time process");
	cpu->recent_steal = 500;
	text = advice_of(&made, "softnet.starved", cpu);
	assert_says(text->advice, "the hypervisor took 500 ms/s of this CPU");
	ck_assert_str_eq(text->command, "");
	made_sysctl(&made, "net.core.netdev_max_backlog", "300000");
	ck_assert_str_eq(advice_of(&made, "softnet.dropped", NULL)->command, "");
	/* The table is only made larger where it is nearly full. */
	row = made_nth(&made, &conntrack_collector, 0, 0);
	ck_assert_str_eq(advice_of(&made, "conntrack.drops", NULL)->command, "");
	row->usage = 9300;
	ck_assert_str_eq(advice_of(&made, "conntrack.drops", NULL)->command,
			 "sysctl -w net.netfilter.nf_conntrack_max=262144");
	/* A small table takes some memory too. */
	made_sysctl(&made, "net.netfilter.nf_conntrack_max", "400");
	assert_says(advice_of(&made, "conntrack.usage", row)->advice, "takes up to 1 MB");
	made_sysctl(&made, "net.netfilter.nf_conntrack_max", "2000000000");
	ck_assert_str_eq(advice_of(&made, "conntrack.usage", row)->command, "");
	made_done(&made);
}
END_TEST

START_TEST(a_ring_at_its_largest_is_not_made_larger)
{
	struct made made;
	struct nic_row *nic;

	made_init(&made);
	made_web_server(&made);
	nic = made_nth(&made, &nic_collector, 0, 1);
	nic->ring_rx_max = 4096;
	nic->ring_rx_current = 256;
	ck_assert_str_eq(advice_of(&made, "nic.rx_discards", nic)->command,
			 "ethtool -G eth0 rx 4096");
	nic->ring_rx_current = 4096;
	ck_assert_str_eq(advice_of(&made, "nic.rx_discards", nic)->command, "");
	assert_says(advice_of(&made, "nic.rx_discards", nic)->advice, "ethtool -L");
	/* A name that is none of an interface stands in no command. */
	nic->ring_rx_current = 256;
	ROW_SET_TEXT(nic->name, "a;b");
	ck_assert_str_eq(advice_of(&made, "nic.rx_discards", nic)->command, "");
	made_done(&made);
}
END_TEST

START_TEST(cables_are_those_of_hardware)
{
	struct made made;
	struct nic_row *nic;

	made_init(&made);
	made_web_server(&made);
	nic = made_nth(&made, &nic_collector, 0, 1);
	ck_assert_ptr_null(strstr(advice_of(&made, "nic.errors", nic)->advice, "cable"));
	ROW_SET_TEXT(nic->bus_info, "0000:00:03.0");
	ck_assert_ptr_null(strstr(advice_of(&made, "nic.errors", nic)->advice, "cable"));
	nic->rx_crc_errors = 7;
	assert_says(advice_of(&made, "nic.errors", nic)->advice, "cable");
	made_done(&made);
}
END_TEST

START_TEST(orphans_or_memory)
{
	struct made made;
	struct limit_row *row;

	made_init(&made);
	made_web_server(&made);
	assert_says(advice_of(&made, "tcp.abort_on_memory", NULL)->advice, "net.ipv4.tcp_mem");
	row = made_row(&made, &limits_collector, 0);
	ROW_SET_TEXT(row->name, "tcp-orphans");
	row->used = 40000;
	row->max = 65536;
	row->usage = 6103;
	assert_says(advice_of(&made, "tcp.abort_on_memory", NULL)->advice, "40,000 of 65,536");
	ck_assert_str_eq(advice_of(&made, "tcp.abort_on_memory", NULL)->command,
			 "sysctl -w net.ipv4.tcp_max_orphans=131072");
	made_done(&made);
}
END_TEST

/* --- settings ---------------------------------------------------------------------------------
 */

static struct check_setting setting_of(const char *check, const char *instance, unsigned set)
{
	struct check_setting setting = {.set = set, .on = true, .notify = true};

	ROW_SET_TEXT(setting.check, check);
	ROW_SET_TEXT(setting.instance, instance);
	setting.warning = 1000;
	setting.critical = 2000;
	setting.clear = 500;
	setting.window_ms = 60000;
	setting.hold_ms = 2000;
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
	list[2].hold_ms = 0;
	list[3].window_ms = 5000;
	list[4].notify = false;
	list[5].on = false;
	check_policy(check, "eth0", NULL, &settings, &policy);
	ck_assert_int_eq(policy.limits.warning, 1000);
	ck_assert_int_eq(policy.limits.critical, 22000);
	ck_assert_uint_eq(policy.limits.hold.evaluations, 7);
	ck_assert_uint_eq(policy.limits.measure.window, 5 * MADE_SECOND);
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

START_TEST(shelves_have_patterns)
{
	struct check_shelf shelves[] = {
		{"nic.errors", "eth*", 5},
		{"nic.errors", "eth0", 7},
		{"nic.drops", "", 9},
	};
	struct alarm_settings settings = {.shelves = shelves, .shelf_count = COUNT_OF(shelves)};
	struct check_policy policy;

	check_policy(check_find("nic.errors"), "eth0", NULL, &settings, &policy);
	ck_assert_uint_eq(policy.shelved_until, 7);
	check_policy(check_find("nic.errors"), "eth1", NULL, &settings, &policy);
	ck_assert_uint_eq(policy.shelved_until, 5);
	check_policy(check_find("nic.errors"), "lo", NULL, &settings, &policy);
	ck_assert_uint_eq(policy.shelved_until, 0);
	check_policy(check_find("nic.drops"), "lo", NULL, &settings, &policy);
	ck_assert_uint_eq(policy.shelved_until, 9);
}
END_TEST

UNIT_MAIN("checks", every_check_reads_what_is_there, causes_have_an_end, texts_are_fit_for_shells,
	  every_check_has_something_to_say, numbers_are_short,
	  a_backlog_is_raised_where_it_is_the_bound, buffers_are_raised_where_rmem_max_is_the_bound,
	  what_is_so_is_not_proposed, a_ring_at_its_largest_is_not_made_larger,
	  cables_are_those_of_hardware, orphans_or_memory, settings_that_conflict,
	  settings_are_parsed_by_one_table, the_most_specific_pattern_wins, shelves_have_patterns)
