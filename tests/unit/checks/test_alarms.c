/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine as a whole over made hosts: what operators know, and what must never happen. */
#include <config.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/registry.h"
#include "tests/unit/made.h"

#define HOUR (60 * MADE_MINUTE)

static void no_alarm(struct made *made)
{
	if (made->events)
		ck_abort_msg("%s %s: %s", made->event[0].check, made->event[0].instance,
			     made->event[0].alarm.summary);
}

static struct nic_row *eth0(struct made *made)
{
	for (size_t i = 0; collectors[i]; i++)
		if (collectors[i] == &nic_collector)
			return rows_at(&made->rows[i][0], 1);
	return NULL;
}

static void *first_row(struct made *made, const struct collector *collector, size_t kind)
{
	for (size_t i = 0; collectors[i]; i++)
		if (collectors[i] == collector)
			return rows_at(&made->rows[i][kind], 0);
	return NULL;
}

static struct socket_state_row *state_row(struct made *made, uint64_t state)
{
	struct socket_state_row *row = first_row(made, &tcp_states_collector, SOCKETS_ROWS_STATE);

	while (row->family != SOCKET_ANY || row->state != state)
		row++;
	return row;
}

/* --- the four situations that operators know ----------------------------------------------------
 */

START_TEST(a_healthy_web_server_raises_nothing)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 3 * HOUR, made_traffic, NULL);
	no_alarm(&made);
	ck_assert_uint_eq(alarms_active(made.alarms), 0);
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_OK);
	ck_assert_int_eq(made_check(&made, "softnet.dropped", "cpu3")->state, CHECK_OK);
	ck_assert_str_eq(made_check(&made, "softnet.dropped", "cpu3")->advice, "");
	made_done(&made);
}
END_TEST

START_TEST(a_connection_leak)
{
	struct made made;
	const struct alarm *alarm;
	struct close_wait_row *row;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	state_row(&made, TCP_CLOSE_WAIT)->count = 8500;
	row = made_row(&made, &tcp_states_collector, SOCKETS_ROWS_CLOSE_WAIT);
	row->port = 22;
	row->count = 12;
	row = made_row(&made, &tcp_states_collector, SOCKETS_ROWS_CLOSE_WAIT);
	row->port = 8080;
	row->count = 8488;
	made_run(&made, 4 * MADE_MINUTE, made_traffic, NULL);
	no_alarm(&made);
	made_run(&made, 2 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 1);
	alarm = made_alarm(&made, "tcp.close_wait", "-");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_int_eq(alarm->severity, ALARM_CRITICAL);
	ck_assert_int_eq(alarm->value, 850000);
	ck_assert_ptr_nonnull(strstr(alarm->summary, "8500 sockets in CLOSE_WAIT"));
	ck_assert_ptr_nonnull(strstr(alarm->summary, "local port 8080"));
	ck_assert_ptr_nonnull(strstr(alarm->advice, "local port 8080"));
	ck_assert_ptr_nonnull(strstr(alarm->advice, "sport = :8080"));
	/* The application was mended: over after five minutes, and told so. */
	state_row(&made, TCP_CLOSE_WAIT)->count = 0;
	made_clear(&made, &tcp_states_collector, SOCKETS_ROWS_CLOSE_WAIT);
	made_run(&made, 12 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 2);
	ck_assert_int_eq(made.event[1].event, ALARM_CLEARED);
	ck_assert_int_eq(made.event[1].alarm.severity, ALARM_CRITICAL);
	ck_assert_int_eq(made.event[1].alarm.value, 0);
	ck_assert_ptr_nonnull(strstr(made.event[1].alarm.summary, "back to normal"));
	made_done(&made);
}
END_TEST

static void overflow_ring(struct made *made, void *arg)
{
	made_traffic(made, arg);
	eth0(made)->rx_discards += 40;
}

START_TEST(a_ring_overflow)
{
	struct made made;
	const struct alarm *alarm;

	made_init(&made);
	made_web_server(&made);
	eth0(&made)->ring_rx_current = 256;
	eth0(&made)->ring_rx_max = 4096;
	made_run(&made, 15 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 10 * MADE_MINUTE, overflow_ring, NULL);
	ck_assert_uint_eq(made.events, 1);
	alarm = made_alarm(&made, "nic.rx_discards", "eth0");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_int_eq(alarm->severity, ALARM_WARNING);
	ck_assert_str_eq(alarm->advice, "ethtool -G eth0 rx 4096, now 256");
	ck_assert_ptr_null(made_alarm(&made, "nic.rx_discards", "lo"));
	made_done(&made);
}
END_TEST

START_TEST(a_ring_at_its_largest_is_not_made_larger)
{
	struct made made;
	const struct alarm *alarm;

	made_init(&made);
	made_web_server(&made);
	eth0(&made)->ring_rx_current = 4096;
	eth0(&made)->ring_rx_max = 4096;
	made_run(&made, 15 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 10 * MADE_MINUTE, overflow_ring, NULL);
	alarm = made_alarm(&made, "nic.rx_discards", "eth0");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_ptr_null(strstr(alarm->advice, "ethtool -G"));
	ck_assert_ptr_nonnull(strstr(alarm->advice, "ethtool -L eth0"));
	made_done(&made);
}
END_TEST

static void fill_conntrack(struct made *made, void *arg)
{
	struct conntrack_row *row = first_row(made, &conntrack_collector, 0);

	made_traffic(made, arg);
	row->entries = 121897;
	row->usage = 9300;
	row->drops += 20;
}

START_TEST(a_connection_table_nearly_full)
{
	struct made made;
	const struct alarm *alarm;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	alarm = made_alarm(&made, "conntrack.usage", "-");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_int_eq(alarm->severity, ALARM_CRITICAL);
	ck_assert_int_eq(alarm->value, 9300);
	ck_assert_int_eq(alarm->limit, 9000);
	ck_assert_str_eq(alarm->summary, "connection table 93 % full, limit 90");
	ck_assert_str_eq(alarm->advice,
			 "sysctl -w net.netfilter.nf_conntrack_max=262144, now 131072");
	alarm = made_alarm(&made, "conntrack.drops", "-");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_int_eq(alarm->severity, ALARM_CRITICAL);
	ck_assert_ptr_nonnull(strstr(alarm->advice, "nf_conntrack_max=262144"));
	ck_assert_uint_eq(alarms_active(made.alarms), 2);
	ck_assert_int_eq(alarms_worst(made.alarms), ALARM_CRITICAL);
	made_done(&made);
}
END_TEST

/* --- what must never happen ---------------------------------------------------------------------
 */

START_TEST(missing_data_clear_nothing)
{
	struct made made;
	uint64_t since;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	ck_assert_uint_eq(alarms_active(made.alarms), 2);
	made.events = 0;
	((struct conntrack_row *)first_row(&made, &conntrack_collector, 0))->usage = 100;
	made_status(&made, &conntrack_collector, COLLECT_ERROR);
	made_run(&made, 5 * MADE_SECOND, NULL, NULL);
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_UNKNOWN);
	made_run(&made, HOUR, NULL, NULL);
	ck_assert_uint_eq(alarms_active(made.alarms), 3);
	ck_assert_ptr_nonnull(made_alarm(&made, "agent.collector", "conntrack"));
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_UNKNOWN);
	ck_assert_uint_eq(made_check(&made, "conntrack.usage", "-")->value, ROW_ABSENT);
	since = made_check(&made, "conntrack.usage", "-")->since;
	made_run(&made, MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(made_check(&made, "conntrack.usage", "-")->since, since);
	/* Back, and still bad: the same alarm. */
	((struct conntrack_row *)first_row(&made, &conntrack_collector, 0))->usage = 9300;
	made_status(&made, &conntrack_collector, COLLECT_OK);
	made_run(&made, 10 * MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(made_check(&made, "conntrack.usage", "-")->raises, 1);
	made_done(&made);
}
END_TEST

/* A collector that hangs tells nothing at all: its rows just get old. */
START_TEST(old_data_are_no_data)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_OK);
	made.now += 17 * MADE_SECOND;
	alarms_evaluate(made.alarms, &made.source, made.now, made.wall);
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_UNKNOWN);
	made_turn(&made);
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_OK);
	made_done(&made);
}
END_TEST

START_TEST(what_is_gone_clears)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	eth0(&made)->ring_rx_current = 256;
	eth0(&made)->ring_rx_max = 4096;
	made_run(&made, 15 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 10 * MADE_MINUTE, overflow_ring, NULL);
	ck_assert_uint_eq(made.events, 1);
	made_clear(&made, &nic_collector, 0);
	made_run(&made, 5 * MADE_SECOND, NULL, NULL);
	ck_assert_uint_eq(made.events, 2);
	ck_assert_int_eq(made.event[1].event, ALARM_CLEARED);
	ck_assert_ptr_nonnull(strstr(made.event[1].alarm.summary, "object removed"));
	ck_assert_str_eq(made.event[1].instance, "eth0");
	ck_assert_ptr_null(made_check(&made, "nic.rx_discards", "eth0"));
	/* The same when the collector has nothing to say any more. */
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	made_status(&made, &conntrack_collector, COLLECT_UNSUPPORTED);
	made_turn(&made);
	ck_assert_ptr_null(made_alarm(&made, "conntrack.usage", "-"));
	ck_assert_ptr_null(made_check(&made, "conntrack.usage", "-"));
	made_done(&made);
}
END_TEST

/* A new device under an old name: its counters begin anew, and that is no rate. */
START_TEST(a_discontinuity_is_no_rate)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 15 * MADE_MINUTE, made_traffic, NULL);
	eth0(&made)->rx_errors = 1000000;
	eth0(&made)->rx_discards = 1000000;
	eth0(&made)->discontinuity = made.now;
	made_run(&made, 30 * MADE_MINUTE, made_traffic, NULL);
	no_alarm(&made);
	made_done(&made);
}
END_TEST

START_TEST(wall_clock_steps_change_nothing)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made.wall += 24 * HOUR;
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made.wall -= 48 * HOUR;
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	no_alarm(&made);
	ck_assert_int_eq(made_check(&made, "tcp.retransmits", "-")->state, CHECK_OK);
	made_done(&made);
}
END_TEST

/* --- settings ------------------------------------------------------------------------------------
 */

START_TEST(alarms_survive_a_reload)
{
	struct made made;
	struct check_setting *setting;
	uint64_t id;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	id = made_alarm(&made, "conntrack.usage", "-")->id;
	made.events = 0;
	setting = made_setting(&made, "tcp.time_wait", "");
	setting->set = CHECK_SET_WARNING;
	setting->warning = 600000;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	no_alarm(&made);
	ck_assert_uint_eq(made_alarm(&made, "conntrack.usage", "-")->id, id);
	ck_assert_uint_eq(made_check(&made, "tcp.time_wait", "-")->warning, 600000);
	/* Turned off: ended, with the reason. */
	setting = made_setting(&made, "conntrack.usage", "");
	setting->set = CHECK_SET_ON;
	setting->on = false;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_int_eq(made.event[0].event, ALARM_CLEARED);
	ck_assert_ptr_nonnull(strstr(made.event[0].alarm.summary, "check turned off"));
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	ck_assert_ptr_null(made_check(&made, "conntrack.usage", "-"));
	ck_assert_ptr_nonnull(made_alarm(&made, "conntrack.drops", "-"));
	/* And on again. */
	setting->on = true;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	made_run(&made, MADE_MINUTE, fill_conntrack, NULL);
	ck_assert_uint_gt(made_alarm(&made, "conntrack.usage", "-")->id, id);
	made_done(&made);
}
END_TEST

START_TEST(notifications_can_be_turned_off_and_on)
{
	struct made made;
	struct check_setting *setting;

	made_init(&made);
	made_web_server(&made);
	setting = made_setting(&made, "conntrack.usage", "");
	setting->set = CHECK_SET_NOTIFY;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "conntrack.usage", "-"));
	ck_assert_uint_ge(made.events, 1);
	for (size_t i = 0; i < made.events; i++)
		ck_assert_str_eq(made.event[i].check, "conntrack.drops");
	made.events = 0;
	setting->notify = true;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_int_eq(made.event[0].event, ALARM_RAISED);
	setting->notify = false;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	ck_assert_uint_eq(made.events, 2);
	ck_assert_int_eq(made.event[1].event, ALARM_CLEARED);
	ck_assert_ptr_nonnull(made_alarm(&made, "conntrack.usage", "-"));
	made_done(&made);
}
END_TEST

START_TEST(instances_have_their_own_limits)
{
	struct made made;
	struct check_setting *setting;

	made_init(&made);
	made_web_server(&made);
	setting = made_setting(&made, "nic.rx_discards", "eth0");
	setting->set = CHECK_SET_WARNING;
	setting->warning = 1000000;
	setting = made_setting(&made, "nic.rx_discards", "");
	setting->set = CHECK_SET_WARNING | CHECK_SET_CRITICAL;
	setting->warning = 77700;
	setting->critical = 2000000;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	made_run(&made, 15 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 10 * MADE_MINUTE, overflow_ring, NULL);
	no_alarm(&made);
	ck_assert_uint_eq(made_check(&made, "nic.rx_discards", "eth0")->warning, 1000000);
	ck_assert_uint_eq(made_check(&made, "nic.rx_discards", "eth0")->critical, 2000000);
	ck_assert_uint_eq(made_check(&made, "nic.rx_discards", "lo")->warning, 77700);
	made_done(&made);
}
END_TEST

/* --- single checks
 * -------------------------------------------------------------------------------- */

static void fail_attempts(struct made *made, void *arg)
{
	struct tcp_row *tcp = first_row(made, &counters_collector, 1);

	made_traffic(made, NULL);
	tcp->attempt_fails += *(uint64_t *)arg * 5;
}

START_TEST(attempts_that_always_fail_are_usual)
{
	uint64_t usual = 20, more = 300;
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 2 * HOUR, fail_attempts, &usual);
	no_alarm(&made);
	made_run(&made, 5 * MADE_MINUTE, fail_attempts, &more);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.attempt_fails", "-"));
	made_done(&made);
}
END_TEST

static void load_one_cpu(struct made *made, void *arg)
{
	struct softnet_row *cpu = first_row(made, &softnet_collector, 0);

	made_traffic(made, arg);
	/* Three CPUs more at 8000 to 14000 in five seconds; with four the ratio is below 4. */
	cpu->net_rx_softirqs += 2000000;
}

START_TEST(one_cpu_does_all_the_work)
{
	struct made made;
	struct check_setting *setting;

	made_init(&made);
	made_web_server(&made);
	setting = made_setting(&made, "softnet.imbalance", "");
	setting->set = CHECK_SET_WARNING;
	setting->warning = 350;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_int_eq(made_check(&made, "softnet.imbalance", "-")->state, CHECK_OK);
	/* 8 10 12 14: the busiest does 14/11 of the mean. */
	ck_assert_uint_eq(made_check(&made, "softnet.imbalance", "-")->value, 127);
	made_run(&made, 10 * MADE_MINUTE, load_one_cpu, NULL);
	ck_assert_int_eq(made_check(&made, "softnet.imbalance", "-")->state, CHECK_WARNING);
	/* Notifications of this one are off by default. */
	no_alarm(&made);
	made_done(&made);
}
END_TEST

START_TEST(tcp_memory_has_the_kernels_limits)
{
	struct made made;
	struct protocol_row *row;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made_check(&made, "tcp.memory", "-")->warning, 12500000);
	ck_assert_uint_eq(made_check(&made, "tcp.memory", "-")->critical, 16875000);
	ck_assert_uint_eq(made_check(&made, "tcp.memory", "-")->clear, 10000000);
	row = first_row(&made, &protocol_memory_collector, 0);
	row->mem_pages = 130000;
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.memory", "-"));
	made_done(&made);
}
END_TEST

START_TEST(collectors_that_fail_are_told)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	made_status(&made, &conntrack_collector, COLLECT_DENIED);
	made_run(&made, 10 * MADE_SECOND, made_traffic, NULL);
	no_alarm(&made);
	made_run(&made, 30 * MADE_SECOND, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_str_eq(made.event[0].check, "agent.collector");
	ck_assert_str_eq(made.event[0].instance, "conntrack");
	ck_assert_ptr_nonnull(strstr(made.event[0].alarm.advice, "CAP_NET_ADMIN"));
	made_done(&made);
}
END_TEST

/* --- tables
 * ---------------------------------------------------------------------------------------- */

START_TEST(thousands_of_listeners_are_no_thousands_of_rows)
{
	struct made made;
	struct rows rows;
	size_t listeners = 0;

	made_init(&made);
	made_web_server(&made);
	for (unsigned i = 0; i < 10000; i++) {
		struct listener_row *row = made_row(&made, &listener_collector, 0);

		row->port = i;
		row->queue_length = row->queue_usage = row->drops = 0;
		row->queue_limit = 128;
		row->discontinuity = 1;
		snprintf(row->endpoint, sizeof(row->endpoint), "10.0.0.1:%u", i + 1);
		if (i == 4711)
			row->queue_usage = 5000;
		if (i == 4712)
			row->drops = 3; /* before our time */
	}
	made_run(&made, 2 * MADE_MINUTE, NULL, NULL);
	rows_init(&rows, &check_row_type);
	ck_assert_int_eq(alarms_fill_checks(&rows, made.alarms), 0);
	for (size_t i = 0; i < rows.count; i++) {
		const struct check_row *row = rows_at(&rows, i);

		listeners += !strncmp(row->check, "listener.", 9);
	}
	ck_assert_uint_eq(listeners, 1);
	ck_assert_ptr_nonnull(made_check(&made, "listener.queue", "10.0.0.1:4712"));
	rows_clear(&rows);
	made_done(&made);
}
END_TEST

/* A closed listener's row goes on for its drops, but there is no queue any more. */
START_TEST(a_closed_listener_has_no_queue)
{
	struct made made;
	struct listener_row *row;

	made_init(&made);
	row = made_row(&made, &listener_collector, 0);
	row->sockets = 1;
	row->queue_length = 2;
	row->queue_limit = 1;
	row->queue_usage = 20000;
	row->drops = 7;
	ROW_SET_TEXT(row->endpoint, "10.0.0.1:80");
	made_run(&made, 2 * MADE_MINUTE, NULL, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "listener.queue", "10.0.0.1:80"));
	row->sockets = 0;
	row->queue_length = row->queue_limit = row->queue_usage = ROW_ABSENT;
	made_run(&made, 5 * MADE_SECOND, NULL, NULL);
	ck_assert_ptr_null(made_alarm(&made, "listener.queue", "10.0.0.1:80"));
	ck_assert_ptr_null(made_check(&made, "listener.queue", "10.0.0.1:80"));
	ck_assert_ptr_nonnull(strstr(made.event[1].alarm.summary, "object removed"));
	made_done(&made);
}
END_TEST

START_TEST(the_history_is_bounded_and_in_order)
{
	struct made made;
	struct rows rows;

	made_init(&made);
	made.settings.history = 3;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	made_web_server(&made);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	made_status(&made, &conntrack_collector, COLLECT_UNSUPPORTED);
	made_turn(&made);
	rows_init(&rows, &alarm_history_row_type);
	ck_assert_int_eq(alarms_fill_history(&rows, made.alarms), 0);
	ck_assert_uint_eq(rows.count, 3);
	ck_assert_int_eq(((struct alarm_history_row *)rows_at(&rows, 2))->event, ALARM_CLEARED);
	for (size_t i = 1; i < rows.count; i++)
		ck_assert_uint_eq(((struct alarm_history_row *)rows_at(&rows, i))->sequence,
				  ((struct alarm_history_row *)rows_at(&rows, i - 1))->sequence +
					  1);
	rows.count = 0;
	ck_assert_int_eq(alarms_fill_active(&rows, made.alarms), 0);
	ck_assert_uint_eq(rows.count, 0);
	rows_clear(&rows);
	made_done(&made);
}
END_TEST

START_TEST(active_alarms_are_rows)
{
	struct made made;
	struct rows rows;
	const struct alarm_row *row;
	char text[OBJECT_ID_TEXT_SIZE];

	made_init(&made);
	made_web_server(&made);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	rows_init(&rows, &alarm_row_type);
	ck_assert_int_eq(alarms_fill_active(&rows, made.alarms), 0);
	ck_assert_uint_eq(rows.count, 2);
	row = rows_at(&rows, 0);
	ck_assert_str_eq(row->check, "conntrack.usage");
	ck_assert_str_eq(row->instance, "-");
	ck_assert_uint_eq(row->value, 9300);
	ck_assert_uint_gt(row->raised_at, UINT64_C(1700000000) * MADE_SECOND);
	object_id_text(&made_check(&made, "conntrack.usage", "-")->object_id, text);
	ck_assert_str_eq(text, NETDIAG_BASE_OID ".1.10.4.0");
	object_id_text(&made_check(&made, "nic.rx_discards", "eth0")->object_id, text);
	ck_assert_str_eq(text, NETDIAG_BASE_OID ".1.4.1.38.2");
	rows_clear(&rows);
	made_done(&made);
}
END_TEST

UNIT_MAIN("alarms", a_healthy_web_server_raises_nothing, a_connection_leak, a_ring_overflow,
	  a_ring_at_its_largest_is_not_made_larger, a_connection_table_nearly_full,
	  missing_data_clear_nothing, old_data_are_no_data, what_is_gone_clears,
	  a_discontinuity_is_no_rate, wall_clock_steps_change_nothing, alarms_survive_a_reload,
	  notifications_can_be_turned_off_and_on, instances_have_their_own_limits,
	  attempts_that_always_fail_are_usual, one_cpu_does_all_the_work,
	  tcp_memory_has_the_kernels_limits, collectors_that_fail_are_told,
	  thousands_of_listeners_are_no_thousands_of_rows, a_closed_listener_has_no_queue,
	  the_history_is_bounded_and_in_order, active_alarms_are_rows)
