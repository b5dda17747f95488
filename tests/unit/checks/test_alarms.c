/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine as a whole over made hosts: what operators know, and what must never happen. */
#include <config.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "collectors/registry.h"
#include "subagent/checks/alarm_memory.h"
#include "tests/unit/made.h"

#define HOUR (60 * MADE_MINUTE)

static void no_alarm(struct made *made)
{
	if (made->events)
		ck_abort_msg("%s %s: %s", made->event[0].alarm.check, made->event[0].alarm.instance,
			     made->event[0].alarm.text.summary);
}

/* That the nth event is this one. */
static void assert_event(const struct made *made, size_t n, enum alarm_event_kind kind,
			 const char *check, const char *instance)
{
	ck_assert_uint_lt(n, made->events);
	ck_assert_str_eq(made->event[n].alarm.check, check);
	ck_assert_str_eq(made->event[n].alarm.instance, instance);
	ck_assert_int_eq(made->event[n].kind, kind);
}

static void assert_says(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in '%s'", part, text);
}

static struct nic_row *eth0(struct made *made)
{
	return made_nth(made, &nic_collector, 0, 1);
}

static struct conntrack_row *conntrack(struct made *made)
{
	return made_nth(made, &conntrack_collector, 0, 0);
}

static struct tcp_row *tcp(struct made *made)
{
	return made_nth(made, &counters_collector, 1, 0);
}

static struct listener_row *listener(struct made *made)
{
	return made_nth(made, &listener_collector, 0, 0);
}

static struct socket_state_row *state_row(struct made *made, uint64_t state)
{
	struct socket_state_row *row = made_nth(made, &tcp_states_collector, SOCKETS_ROWS_STATE, 0);

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
	ck_assert_uint_eq(made_alarms(&made), 0);
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_OK);
	ck_assert_int_eq(made_check(&made, "softnet.dropped", "cpu3")->state, CHECK_OK);
	ck_assert_str_eq(made_check(&made, "softnet.dropped", "cpu3")->text.advice, "");
	ck_assert_uint_eq(made_totals(&made).unknown, 0);
	ck_assert(alarms_complete(made.alarms));
	made_done(&made);
}
END_TEST

START_TEST(a_connection_leak)
{
	struct made made;
	const struct alarm_row *alarm;
	struct close_wait_row *row;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	/* Many that come and go are no leak. */
	state_row(&made, TCP_CLOSE_WAIT)->count = 8500;
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	no_alarm(&made);
	state_row(&made, TCP_CLOSE_WAIT)->older = 8500;
	row = made_row(&made, &tcp_states_collector, SOCKETS_ROWS_CLOSE_WAIT);
	row->port = 22;
	row->count = row->older = 12;
	row = made_row(&made, &tcp_states_collector, SOCKETS_ROWS_CLOSE_WAIT);
	row->port = 8080;
	row->count = row->older = 8488;
	row->pid = 4711;
	row->oldest = 3 * HOUR;
	ROW_SET_TEXT(row->command, "java");
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 1);
	alarm = made_alarm(&made, "tcp.close_wait", "-");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_int_eq(alarm->severity, ALARM_CRITICAL);
	ck_assert_int_eq(alarm->value, 850000);
	assert_says(alarm->text.summary, "8,500 connections in CLOSE_WAIT");
	assert_says(alarm->text.summary, "java pid 4711");
	assert_says(alarm->text.summary, "port 8080");
	ck_assert_str_eq(alarm->text.command, "");
	/* The application was mended: over after five minutes, and told so. */
	state_row(&made, TCP_CLOSE_WAIT)->older = 0;
	made_clear(&made, &tcp_states_collector, SOCKETS_ROWS_CLOSE_WAIT);
	made_run(&made, 6 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 2);
	assert_event(&made, 1, ALARM_EVENT_CLEARED, "tcp.close_wait", "-");
	ck_assert_int_eq(made.event[1].previous, ALARM_CRITICAL);
	ck_assert_int_eq(made.event[1].alarm.severity, ALARM_NONE);
	ck_assert_int_eq(made.event[1].alarm.value, 0);
	ck_assert_int_eq(made.event[1].alarm.peak, 850000);
	assert_says(made.event[1].alarm.text.summary, "tcp.close_wait: over after");
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
	const struct alarm_row *alarm;

	made_init(&made);
	made_web_server(&made);
	eth0(&made)->ring_rx_current = 256;
	eth0(&made)->ring_rx_max = 4096;
	/* Not after ten minutes of uptime: at once. */
	made_run(&made, 75 * MADE_SECOND, made_traffic, NULL);
	made_run(&made, 15 * MADE_SECOND, overflow_ring, NULL);
	ck_assert_uint_eq(made.events, 1);
	alarm = made_alarm(&made, "nic.rx_discards", "eth0");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_int_eq(alarm->severity, ALARM_WARNING);
	ck_assert_str_eq(alarm->text.command, "ethtool -G eth0 rx 4096");
	assert_says(alarm->text.advice, "256 of at most 4096");
	ck_assert_ptr_null(made_alarm(&made, "nic.rx_discards", "lo"));
	made_done(&made);
}
END_TEST

static void discard_thousands(struct made *made, void *arg)
{
	made_traffic(made, arg);
	eth0(made)->rx_discards += 5000;
}

/* 10,000 in ten seconds: told with the first rows that show it, and worse with the next. */
START_TEST(a_ring_that_discards_thousands)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 75 * MADE_SECOND, made_traffic, NULL);
	made_run(&made, 5 * MADE_SECOND, discard_thousands, NULL);
	ck_assert_uint_eq(made.events, 1);
	assert_event(&made, 0, ALARM_EVENT_RAISED, "nic.rx_discards", "eth0");
	made_run(&made, 5 * MADE_SECOND, discard_thousands, NULL);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 2);
	assert_event(&made, 1, ALARM_EVENT_CHANGED, "nic.rx_discards", "eth0");
	ck_assert_int_eq(made.event[1].alarm.severity, ALARM_CRITICAL);
	made_done(&made);
}
END_TEST

static void fill_conntrack(struct made *made, void *arg)
{
	struct conntrack_row *row = conntrack(made);

	made_traffic(made, arg);
	row->entries = 121897;
	row->usage = 9300;
	row->drops += 20;
}

/* The drops are told first, and have no second raise for their cause follow. */
START_TEST(a_connection_table_nearly_full)
{
	struct made made;
	const struct alarm_row *usage, *drops;
	struct alarm_totals totals;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, MADE_MINUTE / 6, fill_conntrack, NULL);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_ptr_null(made_alarm(&made, "conntrack.usage", "-"));
	ck_assert(alarms_dirty(made.alarms));
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	/* What is not told is to be saved too. */
	ck_assert(alarms_dirty(made.alarms));
	usage = made_alarm(&made, "conntrack.usage", "-");
	drops = made_alarm(&made, "conntrack.drops", "-");
	ck_assert_ptr_nonnull(usage);
	ck_assert_ptr_nonnull(drops);
	ck_assert_int_eq(usage->severity, ALARM_CRITICAL);
	ck_assert_int_eq(usage->value, 9300);
	ck_assert_int_eq(usage->limit, 9000);
	ck_assert_str_eq(usage->text.summary, "connection table 93 % full, 121,897 of 131,072");
	ck_assert_str_eq(usage->text.command, "sysctl -w net.netfilter.nf_conntrack_max=262144");
	ck_assert_uint_eq(made.events, 1);
	assert_event(&made, 0, ALARM_EVENT_RAISED, "conntrack.drops", "-");
	ck_assert_int_eq(made.event[0].alarm.severity, ALARM_CRITICAL);
	ck_assert_uint_eq(usage->cause_id, drops->id);
	ck_assert_str_eq(drops->text.command, usage->text.command);
	totals = made_totals(&made);
	ck_assert_uint_eq(totals.critical, 1);
	ck_assert_uint_eq(totals.warning, 0);
	ck_assert_int_eq(alarms_worst(&totals), ALARM_CRITICAL);
	ck_assert_ptr_eq(totals.worst, drops);
	made_done(&made);
}
END_TEST

static void clash(struct made *made, void *arg)
{
	made_traffic(made, arg);
	conntrack(made)->drops += 389;
	conntrack(made)->insert_failed += 389;
}

/* Insertions that fail are in the kernel's drops too: the table is not full. */
START_TEST(nat_ports_are_used_up)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, clash, NULL);
	ck_assert_uint_eq(made.events, 1);
	assert_event(&made, 0, ALARM_EVENT_RAISED, "conntrack.insert_failed", "-");
	ck_assert_ptr_null(strstr(made.event[0].alarm.text.command, "nf_conntrack_max"));
	made_done(&made);
}
END_TEST

/* --- losses of listeners ------------------------------------------------------------------------
 */

static void probe(struct made *made, void *arg)
{
	made_traffic(made, arg);
	listener(made)->drops += 5;
	tcp(made)->embryonic_rsts += 5;
	tcp(made)->attempt_fails += 5;
}

/* Half-open health checks: counted at the listener, and no connection lost. */
START_TEST(health_checks_are_no_drops)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, HOUR, probe, NULL);
	no_alarm(&made);
	ck_assert_uint_eq(made_alarms(&made), 0);
	made_done(&made);
}
END_TEST

static void lose_connections(struct made *made, void *arg)
{
	made_traffic(made, arg);
	listener(made)->drops += 73;
	listener(made)->queue_length = 512;
	listener(made)->queue_usage = 10000;
	tcp(made)->listen_drops += 73;
	tcp(made)->listen_overflows += 73;
}

/* One stalled listener: one raise within a collection, one clear. */
START_TEST(one_stalled_listener)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 75 * MADE_SECOND, made_traffic, NULL);
	made_run(&made, 5 * MADE_SECOND, lose_connections, NULL);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_int_eq(made.event[0].kind, ALARM_EVENT_RAISED);
	assert_says(made.event[0].alarm.text.summary, "14.6 connections/s lost now");
	made_run(&made, 10 * MADE_MINUTE, lose_connections, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "listener.queue", "0.0.0.0:443"));
	ck_assert_ptr_nonnull(made_alarm(&made, "listener.drops", "0.0.0.0:443"));
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.listen_overflows", "-"));
	made_run(&made, 20 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made_alarms(&made), 0);
	for (size_t i = 1; i < made.events; i++)
		ck_assert_uint_eq(made.event[i].alarm.id, made.event[0].alarm.id);
	ck_assert_int_eq(made.event[made.events - 1].kind, ALARM_EVENT_CLEARED);
	made_done(&made);
}
END_TEST

/* A listener that came into being since the last look lost connections already. */
START_TEST(a_new_listener_is_not_blind)
{
	struct made made;
	struct listener_row *row;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	row = made_row(&made, &listener_collector, 0);
	row->port = 8080;
	row->sockets = 1;
	row->uid = 0;
	row->drops = 73;
	row->queue_length = row->queue_usage = 0;
	row->discontinuity = made.now + 3 * MADE_SECOND;
	ROW_SET_TEXT(row->endpoint, "0.0.0.0:8080");
	tcp(&made)->listen_drops += 73;
	made_run(&made, 5 * MADE_SECOND, NULL, NULL);
	ck_assert_uint_eq(made.events, 1);
	assert_event(&made, 0, ALARM_EVENT_RAISED, "listener.drops", "0.0.0.0:8080");
	ck_assert_int_eq(made.event[0].alarm.severity, ALARM_CRITICAL);
	made_done(&made);
}
END_TEST

/* Nor is one that took the place of another. */
START_TEST(a_listener_made_anew_is_not_blind)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	listener(&made)->drops = 73;
	listener(&made)->discontinuity = made.now + 3 * MADE_SECOND;
	tcp(&made)->listen_drops += 73;
	made_run(&made, 5 * MADE_SECOND, NULL, NULL);
	ck_assert_uint_eq(made.events, 1);
	assert_event(&made, 0, ALARM_EVENT_RAISED, "listener.drops", "0.0.0.0:443");
	made_done(&made);
}
END_TEST

static void crash(struct made *made, void *arg)
{
	bool up = made->now / MADE_SECOND % 20 < 10;

	made_traffic(made, arg);
	listener(made)->sockets = up;
	if (!up)
		return;
	listener(made)->drops += 73;
	tcp(made)->listen_drops += 73;
}

START_TEST(a_crash_looping_listener)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 15 * MADE_MINUTE, crash, NULL);
	ck_assert_uint_ge(made.events, 1);
	ck_assert_uint_le(made.events, 4);
	made_done(&made);
}
END_TEST

/* --- the way to the peers -----------------------------------------------------------------------
 */

static void lose_segments(struct made *made, void *arg)
{
	made_traffic(made, arg);
	tcp(made)->retrans_segs += 38000;
}

/* What TCP sends when nothing arrives any more: less and less. */
static void outage(struct made *made, void *arg)
{
	(void)arg;
	if (made->now / MADE_SECOND % 100 < 5) {
		tcp(made)->retrans_segs += 3;
		tcp(made)->out_segs += 1;
	}
}

START_TEST(a_total_outage_is_not_well)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 3 * MADE_MINUTE, lose_segments, NULL);
	assert_event(&made, 0, ALARM_EVENT_RAISED, "tcp.retransmits", "-");
	made.events = 0;
	made_run(&made, HOUR, outage, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.retransmits", "-"));
	for (size_t i = 0; i < made.events; i++)
		ck_assert_int_ne(made.event[i].kind, ALARM_EVENT_CLEARED);
	/* Well again: over by its value. */
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made_alarms(&made), 0);
	made_done(&made);
}
END_TEST

START_TEST(no_more_traffic)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 3 * MADE_MINUTE, lose_segments, NULL);
	made.events = 0;
	made_run(&made, 4 * MADE_MINUTE, NULL, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.retransmits", "-"));
	made_run(&made, 2 * MADE_MINUTE, NULL, NULL);
	ck_assert_ptr_null(made_alarm(&made, "tcp.retransmits", "-"));
	assert_says(made.event[made.events - 1].alarm.text.summary, "no more traffic");
	ck_assert_int_eq(made_check(&made, "tcp.retransmits", "-")->state, CHECK_OK);
	made_done(&made);
}
END_TEST

/* --- what must never happen ---------------------------------------------------------------------
 */

START_TEST(missing_data_clear_nothing)
{
	struct made made;
	uint64_t since, id;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	id = made_alarm(&made, "conntrack.usage", "-")->id;
	made.events = 0;
	conntrack(&made)->usage = 100;
	made_status(&made, &conntrack_collector, COLLECT_ERROR);
	made_run(&made, 5 * MADE_SECOND, NULL, NULL);
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_UNKNOWN);
	made_run(&made, HOUR, NULL, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "conntrack.usage", "-"));
	ck_assert_ptr_nonnull(made_alarm(&made, "conntrack.drops", "-"));
	ck_assert_ptr_nonnull(made_alarm(&made, "agent.collector", "conntrack"));
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_UNKNOWN);
	ck_assert_uint_eq(made_check(&made, "conntrack.usage", "-")->value, ROW_ABSENT);
	ck_assert_uint_gt(made_totals(&made).unknown, 0);
	since = made_check(&made, "conntrack.usage", "-")->since;
	made_run(&made, MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(made_check(&made, "conntrack.usage", "-")->since, since);
	/* Back, and still bad: the same alarm. */
	conntrack(&made)->usage = 9300;
	made_status(&made, &conntrack_collector, COLLECT_OK);
	made_run(&made, 4 * MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(made_alarm(&made, "conntrack.usage", "-")->id, id);
	ck_assert_uint_eq(made_check(&made, "conntrack.usage", "-")->raises, 1);
	made_done(&made);
}
END_TEST

/* A module that is unloaded and loaded again. One that stays away has nothing to say any more. */
START_TEST(a_file_that_vanishes_ends_nothing)
{
	struct made made;
	uint64_t id;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	id = made_alarm(&made, "conntrack.usage", "-")->id;
	made.events = 0;
	made_status(&made, &conntrack_collector, COLLECT_UNSUPPORTED);
	made_run(&made, 14 * MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(made.events, 0);
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_UNKNOWN);
	made_status(&made, &conntrack_collector, COLLECT_OK);
	made_run(&made, 15 * MADE_SECOND, fill_conntrack, NULL);
	ck_assert_uint_eq(made_alarm(&made, "conntrack.usage", "-")->id, id);
	ck_assert_uint_eq(made.events, 0);
	made_status(&made, &conntrack_collector, COLLECT_UNSUPPORTED);
	made_run(&made, 16 * MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_int_eq(made.event[0].kind, ALARM_EVENT_CLEARED);
	assert_says(made.event[0].alarm.text.summary, "its source is gone");
	ck_assert_uint_eq(made_alarms(&made), 0);
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

/* Rows of what is gone stay for a quarter of an hour, for pollers; the alarm ends after a minute.
 */
START_TEST(what_is_gone)
{
	struct made made;
	struct nic_row saved;
	uint64_t id;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 2 * MADE_MINUTE, overflow_ring, NULL);
	ck_assert_uint_eq(made.events, 1);
	id = made_alarm(&made, "nic.rx_discards", "eth0")->id;
	/* For half a minute: the same alarm. */
	saved = *eth0(&made);
	made_clear(&made, &nic_collector, 0);
	made_run(&made, 30 * MADE_SECOND, NULL, NULL);
	ck_assert_int_eq(made_check(&made, "nic.rx_discards", "eth0")->state, CHECK_GONE);
	ck_assert_uint_eq(made.events, 1);
	*(struct nic_row *)made_row(&made, &nic_collector, 0) = saved;
	made_run(&made, 5 * MADE_SECOND, NULL, NULL);
	ck_assert_int_eq(made_check(&made, "nic.rx_discards", "eth0")->state, CHECK_WARNING);
	ck_assert_uint_eq(made_alarm(&made, "nic.rx_discards", "eth0")->id, id);
	/* For good. */
	made_clear(&made, &nic_collector, 0);
	made_run(&made, 70 * MADE_SECOND, NULL, NULL);
	ck_assert_uint_eq(made.events, 2);
	assert_event(&made, 1, ALARM_EVENT_CLEARED, "nic.rx_discards", "eth0");
	assert_says(made.event[1].alarm.text.summary, "its object was removed");
	made_run(&made, 13 * MADE_MINUTE, NULL, NULL);
	ck_assert_int_eq(made_check(&made, "nic.rx_discards", "eth0")->state, CHECK_GONE);
	ck_assert_uint_eq(made_check(&made, "nic.rx_discards", "eth0")->value, ROW_ABSENT);
	ck_assert_uint_eq(made_totals(&made).unknown, 0);
	made_run(&made, 2 * MADE_MINUTE, NULL, NULL);
	ck_assert_ptr_null(made_check(&made, "nic.rx_discards", "eth0"));
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

/* Rows that were published after the time of this turn was taken. */
START_TEST(rows_from_the_near_future)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	for (unsigned i = 0; i < 10; i++) {
		fill_conntrack(&made, NULL);
		made.now += 5 * MADE_SECOND;
		made_turn(&made);
		alarms_evaluate(made.alarms, &made.source, made.now - MADE_SECOND / 100, made.wall);
		ck_assert_uint_lt(made_alarm(&made, "conntrack.drops", "-")->age, MADE_MINUTE);
	}
	ck_assert_uint_lt(made_alarm(&made, "conntrack.usage", "-")->age, MADE_MINUTE);
	ck_assert_uint_eq(made.events, 1);
	made_done(&made);
}
END_TEST

/* --- restarts ------------------------------------------------------------------------------------
 */

static void all_kinds(struct made *made, void *arg)
{
	lose_connections(made, arg);
	lose_segments(made, arg);
	fill_conntrack(made, arg);
	eth0(made)->rx_discards += 40;
}

START_TEST(alarms_outlive_the_process)
{
	static struct alarm_row before[16];
	struct made made;
	struct rows rows;
	size_t count;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 15 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, all_kinds, NULL);
	count = made_alarms(&made);
	ck_assert_uint_ge(count, 6);
	rows_init(&rows, &alarm_row_type);
	ck_assert_int_eq(alarms_fill_active(&rows, made.alarms), 0);
	memcpy(before, rows_at(&rows, 0), count * sizeof(before[0]));
	rows_clear(&rows);
	made.events = 0;
	ck_assert(made_restart(&made, NULL));
	made_run(&made, 2 * MADE_MINUTE, all_kinds, NULL);
	no_alarm(&made);
	ck_assert_uint_eq(made_alarms(&made), count);
	rows_init(&rows, &alarm_row_type);
	ck_assert_int_eq(alarms_fill_active(&rows, made.alarms), 0);
	for (size_t i = 0; i < count; i++) {
		const struct alarm_row *row = rows_at(&rows, i);

		ck_assert_uint_eq(row->id, before[i].id);
		ck_assert_uint_eq(row->raised_at, before[i].raised_at);
		ck_assert_uint_eq(row->severity, before[i].severity);
		ck_assert_uint_eq(row->cause_id, before[i].cause_id);
		ck_assert_uint_eq(row->notify, before[i].notify);
		ck_assert_str_eq(row->check, before[i].check);
		ck_assert_str_eq(row->instance, before[i].instance);
		ck_assert_str_eq(row->text.summary, before[i].text.summary);
		ck_assert_str_eq(row->text.command, before[i].text.command);
	}
	rows_clear(&rows);
	/* Each ends by its value, as it would have. */
	conntrack(&made)->usage = 600;
	listener(&made)->queue_usage = 0;
	made_run(&made, 25 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made_alarms(&made), 0);
	for (size_t i = 0; i < made.events; i++)
		ck_assert_int_eq(made.event[i].kind == ALARM_EVENT_RAISED, false);
	/* New ids go on from the old ones. */
	made_run(&made, MADE_MINUTE, fill_conntrack, NULL);
	ck_assert_uint_gt(made_alarm(&made, "conntrack.usage", "-")->id, before[count - 1].id);
	made_done(&made);
}
END_TEST

static void stay_full(struct made *made, void *arg)
{
	made_traffic(made, arg);
	conntrack(made)->usage = 9300;
}

/* Who spoke for another alarm before the restart still does: when it ends, the other is told. */
START_TEST(speakers_outlive_the_process)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 15 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	ck_assert_uint_eq(made.events, 1);
	ck_assert(made_restart(&made, NULL));
	made_run(&made, 10 * MADE_MINUTE, stay_full, NULL);
	ck_assert_uint_eq(made.events, 3);
	assert_event(&made, 1, ALARM_EVENT_CLEARED, "conntrack.drops", "-");
	assert_event(&made, 2, ALARM_EVENT_RAISED, "conntrack.usage", "-");
	made_done(&made);
}
END_TEST

/* What is gone after the restart, and what was turned off meanwhile, ends and is told. */
START_TEST(what_ended_during_a_restart)
{
	struct made made;
	struct check_setting *setting;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 15 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, MADE_MINUTE, overflow_ring, NULL);
	state_row(&made, TCP_CLOSE_WAIT)->older = 8500;
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 2);
	made.events = 0;
	made_clear(&made, &nic_collector, 0);
	setting = made_setting(&made, "tcp.close_wait", "");
	setting->set = CHECK_SET_ON;
	ck_assert(made_restart(&made, NULL));
	made_run(&made, 2 * MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(made_alarms(&made), 0);
	ck_assert_uint_eq(made.events, 2);
	assert_event(&made, 0, ALARM_EVENT_CLEARED, "tcp.close_wait", "-");
	assert_event(&made, 1, ALARM_EVENT_CLEARED, "nic.rx_discards", "eth0");
	made_done(&made);
}
END_TEST

static void break_it(char *text)
{
	char *at = strstr(text, " severity=");

	ck_assert_ptr_nonnull(at);
	at[strlen(" severity=")] = '7';
}

static void unknown_words(char *text)
{
	char *at = strstr(text, " peak=");

	ck_assert_ptr_nonnull(at);
	memcpy(at, " cafe=", 6);
}

static void twice(char *text)
{
	char *second = strstr(text, "\nwindow ");

	/* The second line says the same as the first one. */
	ck_assert_ptr_nonnull(second);
	memcpy(second + 1, "alarm \n", 7);
}

/* What is wrong is forgotten as a whole; what another version has to say is passed over. */
START_TEST(saved_alarms_that_are_wrong)
{
	void (*const edits[])(char *text) = {break_it, twice, unknown_words};

	for (size_t i = 0; i < COUNT_OF(edits); i++) {
		struct made made;
		bool right = edits[i] == unknown_words;

		made_init(&made);
		made_web_server(&made);
		made_run(&made, 15 * MADE_MINUTE, made_traffic, NULL);
		made_run(&made, 5 * MADE_MINUTE, all_kinds, NULL);
		ck_assert(made_restart(&made, edits[i]) == right);
		ck_assert_uint_eq(made_alarms(&made) > 0, right);
		/* Never in the way. */
		made_run(&made, 5 * MADE_MINUTE, all_kinds, NULL);
		ck_assert_ptr_nonnull(made_alarm(&made, "conntrack.usage", "-"));
		made_done(&made);
	}
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
	/* The speaker is turned off: ended, with the reason, and its cause is told. */
	setting = made_setting(&made, "conntrack.drops", "");
	setting->set = CHECK_SET_ON;
	setting->on = false;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	ck_assert_uint_eq(made.events, 2);
	assert_event(&made, 0, ALARM_EVENT_CLEARED, "conntrack.drops", "-");
	assert_says(made.event[0].alarm.text.summary, "the check was turned off");
	assert_event(&made, 1, ALARM_EVENT_RAISED, "conntrack.usage", "-");
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	ck_assert_ptr_null(made_check(&made, "conntrack.drops", "-"));
	/* And on again: another alarm. */
	setting->on = true;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	made_run(&made, 2 * MADE_MINUTE, fill_conntrack, NULL);
	ck_assert_uint_gt(made_alarm(&made, "conntrack.drops", "-")->id, id);
	made_done(&made);
}
END_TEST

/* Quiet is quiet: it does not count either. */
START_TEST(notifications_can_be_turned_off_and_on)
{
	struct made made;
	struct check_setting *setting;

	made_init(&made);
	made_web_server(&made);
	setting = made_setting(&made, "conntrack.*", "");
	ROW_SET_TEXT(setting->check, "conntrack.usage");
	setting->set = CHECK_SET_NOTIFY;
	setting = made_setting(&made, "conntrack.drops", "");
	setting->set = CHECK_SET_NOTIFY;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "conntrack.usage", "-"));
	no_alarm(&made);
	ck_assert_uint_eq(made_totals(&made).critical, 0);
	ck_assert_uint_eq(made_check(&made, "conntrack.usage", "-")->notify, 0);
	ck_assert_int_eq(made_check(&made, "conntrack.usage", "-")->state, CHECK_CRITICAL);
	setting->notify = true;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	ck_assert_uint_eq(made.events, 1);
	assert_event(&made, 0, ALARM_EVENT_RAISED, "conntrack.drops", "-");
	ck_assert_uint_eq(made_totals(&made).critical, 1);
	setting->notify = false;
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	ck_assert_uint_eq(made.events, 2);
	assert_event(&made, 1, ALARM_EVENT_CLEARED, "conntrack.drops", "-");
	ck_assert_ptr_nonnull(made_alarm(&made, "conntrack.drops", "-"));
	made_done(&made);
}
END_TEST

START_TEST(alarms_on_a_shelf)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	state_row(&made, TCP_CLOSE_WAIT)->older = 50;
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 1);
	made_shelf(&made, "tcp.close_wait", "", made.wall + 10 * MADE_MINUTE);
	alarms_configure(made.alarms, &made.settings, made.now, made.wall);
	assert_event(&made, 1, ALARM_EVENT_SHELVED, "tcp.close_wait", "-");
	ck_assert_uint_eq(made.event[1].alarm.state, ALARM_SHELVED);
	ck_assert_int_eq(made_check(&made, "tcp.close_wait", "-")->state, CHECK_SHELVED);
	ck_assert_uint_eq(made_totals(&made).shelved, 1);
	ck_assert_uint_eq(made_totals(&made).warning, 0);
	made_run(&made, 9 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 2);
	/* Its time is over by itself. */
	made_run(&made, 2 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 3);
	assert_event(&made, 2, ALARM_EVENT_UNSHELVED, "tcp.close_wait", "-");
	ck_assert_uint_eq(made_totals(&made).warning, 1);
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

/* --- single checks ------------------------------------------------------------------------------
 */

static void fail_attempts(struct made *made, void *arg)
{
	made_traffic(made, NULL);
	tcp(made)->attempt_fails += *(uint64_t *)arg * 5;
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

/* Clients of a service that is restarted every three minutes are refused for a second each time. */
START_TEST(attempts_that_fail_during_a_restart)
{
	uint64_t refused = 100;
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	for (unsigned i = 0; i < 10; i++) {
		made_run(&made, 5 * MADE_SECOND, fail_attempts, &refused);
		made_run(&made, 3 * MADE_MINUTE, made_traffic, NULL);
	}
	no_alarm(&made);
	made_run(&made, 2 * MADE_MINUTE, fail_attempts, &refused);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.attempt_fails", "-"));
	made_done(&made);
}
END_TEST

/* 1 to 100 a second within nine minutes: the past does not swallow the fault. */
START_TEST(attempts_that_fail_more_and_more)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, HOUR, made_traffic, NULL);
	for (uint64_t rate = 1; rate < 100; rate++)
		made_run(&made, 5 * MADE_SECOND, fail_attempts, &rate);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.attempt_fails", "-"));
	made_done(&made);
}
END_TEST

static void load_one_cpu(struct made *made, void *arg)
{
	struct softnet_row *cpu = made_nth(made, &softnet_collector, 0, 0);

	made_traffic(made, arg);
	cpu->net_rx_softirqs += 2000000;
}

START_TEST(one_cpu_does_all_the_work)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_int_eq(made_check(&made, "softnet.imbalance", "-")->state, CHECK_OK);
	/* 8 10 12 14: the busiest is 12 parts beyond the mean, of 132 that one CPU could be. */
	ck_assert_uint_eq(made_check(&made, "softnet.imbalance", "-")->value, 909);
	made_run(&made, 10 * MADE_MINUTE, load_one_cpu, NULL);
	ck_assert_int_eq(made_check(&made, "softnet.imbalance", "-")->state, CHECK_CRITICAL);
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
	row = made_nth(&made, &protocol_memory_collector, 0, 0);
	row->mem_pages = 130000;
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.memory", "-"));
	made_done(&made);
}
END_TEST

/* As in a container: the pages are the host's, its limits are not to be seen. */
START_TEST(without_limits_nothing_is_well)
{
	struct alarm_totals totals;
	struct made made;
	struct protocol_row *row;

	made_init(&made);
	made_web_server(&made);
	row = made_nth(&made, &protocol_memory_collector, 0, 0);
	row->mem_pressure = row->mem_high = ROW_ABSENT;
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_int_eq(made_check(&made, "tcp.memory", "-")->state, CHECK_UNKNOWN);
	alarms_total(made.alarms, &totals);
	ck_assert_uint_eq(totals.unknown, 1);
	made_done(&made);
}
END_TEST

/* A source that the host does not have is nothing to worry about; one that is hidden is. */
START_TEST(hidden_sources_are_counted)
{
	struct alarm_totals totals;
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	made_status(&made, &conntrack_collector, COLLECT_UNSUPPORTED);
	made_run(&made, 20 * MADE_MINUTE, made_traffic, NULL);
	alarms_total(made.alarms, &totals);
	ck_assert_uint_eq(totals.unknown, 0);
	made_hide(&made, &conntrack_collector);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	alarms_total(made.alarms, &totals);
	ck_assert_uint_eq(totals.unknown, 3); /* usage, insert_failed, drops */
	ck_assert_uint_eq(made.events, 0);
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
	assert_event(&made, 0, ALARM_EVENT_RAISED, "agent.collector", "conntrack");
	assert_says(made.event[0].alarm.text.advice, "CAP_NET_ADMIN");
	made_done(&made);
}
END_TEST

static void fill_slowly(struct made *made, void *arg)
{
	made_traffic(made, arg);
	conntrack(made)->usage += 25;
}

/* From 50 % on, by 0.25 % in five seconds: full within a quarter of an hour. */
START_TEST(soon_full)
{
	struct made made;
	const struct check_row *row;

	made_init(&made);
	made_web_server(&made);
	conntrack(&made)->usage = 4000;
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 345 * MADE_SECOND, fill_slowly, NULL);
	ck_assert_uint_eq(made.events, 1);
	assert_event(&made, 0, ALARM_EVENT_RAISED, "conntrack.usage", "-");
	ck_assert_int_eq(made.event[0].alarm.severity, ALARM_WARNING);
	ck_assert_uint_lt(made.event[0].alarm.value, 7000);
	assert_says(made.event[0].alarm.text.summary, "full in");
	row = made_check(&made, "conntrack.usage", "-");
	ck_assert_uint_lt(row->time_to_full, 1200);
	made_done(&made);
}
END_TEST

/* --- tables ------------------------------------------------------------------------------------
 */

static void add_listener(struct made *made, unsigned n, uint64_t usage, uint64_t drops)
{
	struct listener_row *row = made_row(made, &listener_collector, 0);

	row->port = n;
	row->sockets = 1;
	row->uid = 1000;
	row->queue_length = 0;
	row->queue_usage = usage;
	row->drops = drops;
	row->queue_limit = 128;
	row->discontinuity = 1;
	snprintf(row->endpoint, sizeof(row->endpoint), "10.%u.%u.1:80", n / 200, n % 200);
}

static size_t count_rows(struct made *made, const char *check)
{
	struct rows rows;
	size_t count = 0;

	rows_init(&rows, &check_row_type);
	ck_assert_int_eq(alarms_fill_checks(&rows, made->alarms), 0);
	for (size_t i = 0; i < rows.count; i++)
		count += !strcmp(((const struct check_row *)rows_at(&rows, i))->check, check);
	rows_clear(&rows);
	return count;
}

START_TEST(thousands_of_listeners_are_no_thousands_of_rows)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	for (unsigned n = 0; n < 36000; n++)
		add_listener(&made, n, n == 4711 ? 5000 : 0, n == 4712 ? 3 : 0);
	made_run(&made, MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(count_rows(&made, "listener.queue"), 1);
	ck_assert_uint_eq(count_rows(&made, "listener.drops"), 0);
	no_alarm(&made);
	made_done(&made);
}
END_TEST

/* One user's junk: one alarm, and rows for all other checks. Those with an alarm keep theirs. */
START_TEST(junk_takes_no_rows)
{
	struct made made;
	struct listener_row *service;

	made_init(&made);
	made_web_server(&made);
	for (unsigned n = 0; n < 5000; n++)
		add_listener(&made, n, 5000, 0);
	made_run(&made, MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(count_rows(&made, "listener.queue"), ALARMS_ROWS_PER_CHECK);
	ck_assert_ptr_nonnull(made_check(&made, "conntrack.usage", "-"));
	service = listener(&made);
	while (strcmp(service->endpoint, "0.0.0.0:443"))
		service++;
	service->queue_usage = 8000;
	made_run(&made, MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(made.events, 1);
	assert_event(&made, 0, ALARM_EVENT_RAISED, "listener.queue", "0.0.0.0:443");
	ck_assert_ptr_nonnull(made_check(&made, "listener.queue", "0.0.0.0:443"));
	/* All of them in trouble: one more notification. */
	for (unsigned n = 0; n < 5001; n++)
		listener(&made)[n].queue_usage = 8000;
	made_run(&made, MADE_MINUTE, NULL, NULL);
	ck_assert_uint_eq(made.events, 2);
	assert_event(&made, 1, ALARM_EVENT_RAISED, "listener.queue", "all uid 1000");
	ck_assert_uint_eq(made.event[1].alarm.count, 5000);
	ck_assert_uint_eq(count_rows(&made, "listener.queue"), ALARMS_ROWS_PER_CHECK);
	ck_assert_uint_eq(made_totals(&made).warning, 2);
	made_done(&made);
}
END_TEST

static void add_full_listener(struct made *made, unsigned port, uint64_t uid)
{
	struct listener_row *row = made_row(made, &listener_collector, 0);

	row->port = port;
	row->uid = uid;
	row->sockets = 1;
	row->drops = 0;
	row->queue_length = row->queue_limit = 128;
	row->queue_usage = 9900;
	row->discontinuity = 1;
	snprintf(row->endpoint, sizeof(row->endpoint), "10.0.0.1:%u", port);
}

static void open_others(struct made *made, void *arg)
{
	unsigned *port = arg;

	made_clear(made, &listener_collector, 0);
	for (unsigned i = 0; i < 100; i++)
		add_full_listener(made, ++*port, 1000);
}

static void count_gone(const struct instance *instance, void *arg)
{
	*(size_t *)arg += instance->gone != 0;
}

/* Who opens other sockets all the time does not fill the memory. */
START_TEST(what_is_gone_is_bounded)
{
	unsigned port = 1000;
	struct made made;
	size_t gone = 0;

	made_init(&made);
	made_run(&made, 6 * MADE_MINUTE, open_others, &port);
	alarms_each_instance(made.alarms, count_gone, &gone);
	/* With an alarm for a minute, and of those that had one as many as have rows. */
	ck_assert_uint_le(gone, 100 * 13 + ALARMS_ROWS_PER_CHECK);
	ck_assert_uint_ge(gone, ALARMS_ROWS_PER_CHECK);
	made_done(&made);
}
END_TEST

/* A user's junk takes neither the host's rows nor that of a service's alarm. */
START_TEST(junk_has_no_rows_before_others)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	add_full_listener(&made, 80, 33);
	made_run(&made, MADE_MINUTE, NULL, NULL);
	for (unsigned port = 10001; port <= 15000; port++)
		add_full_listener(&made, port, 1000);
	made_run(&made, 2 * MADE_MINUTE, NULL, NULL);
	ck_assert_ptr_nonnull(made_check(&made, "listener.queue", "10.0.0.1:80"));
	ck_assert_ptr_nonnull(made_check(&made, "conntrack.usage", "-"));
	ck_assert_uint_eq(made_alarm(&made, "listener.queue", "10.0.0.1:80")->notify, 1);
	ck_assert_uint_eq(made_alarm(&made, "listener.queue", "10.0.0.1:10001")->notify, 0);
	ck_assert_uint_eq(made_alarm(&made, "listener.queue", "all uid 1000")->count, 5000);
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
	row->queue_length = 200;
	row->queue_limit = 128;
	row->queue_usage = 10000;
	row->drops = 7;
	ROW_SET_TEXT(row->endpoint, "10.0.0.1:80");
	made_run(&made, 2 * MADE_MINUTE, NULL, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "listener.queue", "10.0.0.1:80"));
	row->sockets = 0;
	row->queue_length = row->queue_limit = row->queue_usage = ROW_ABSENT;
	made_run(&made, 70 * MADE_SECOND, NULL, NULL);
	ck_assert_ptr_null(made_alarm(&made, "listener.queue", "10.0.0.1:80"));
	ck_assert_int_eq(made_check(&made, "listener.queue", "10.0.0.1:80")->state, CHECK_GONE);
	assert_says(made.event[made.events - 1].alarm.text.summary, "its object was removed");
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
	for (unsigned i = 0; i < 3; i++) {
		state_row(&made, TCP_CLOSE_WAIT)->older = 50;
		state_row(&made, TCP_TIME_WAIT)->count = 9999; /* quiet, and remembered */
		made_run(&made, MADE_MINUTE, made_traffic, NULL);
		state_row(&made, TCP_CLOSE_WAIT)->older = 0;
		state_row(&made, TCP_TIME_WAIT)->count = 0;
		made_run(&made, HOUR, made_traffic, NULL);
	}
	ck_assert_uint_eq(made_alarms(&made), 0);
	rows_init(&rows, &alarm_history_row_type);
	ck_assert_int_eq(alarms_fill_history(&rows, made.alarms), 0);
	ck_assert_uint_eq(rows.count, 3);
	ck_assert_int_eq(((struct alarm_history_row *)rows_at(&rows, 2))->event,
			 ALARM_EVENT_CLEARED);
	for (size_t i = 0; i < rows.count; i++) {
		const struct alarm_history_row *row = rows_at(&rows, i);

		ck_assert_uint_eq(row->sequence, 10 + i);
		ck_assert_uint_eq(row->severity, ALARM_WARNING);
	}
	rows_clear(&rows);
	made_done(&made);
}
END_TEST

START_TEST(active_alarms_are_rows)
{
	struct made made;
	struct rows rows;
	const struct table *table = table_find("netdiagConntrack");
	const struct alarm_row *row;
	char text[OBJECT_ID_TEXT_SIZE], want[OBJECT_ID_TEXT_SIZE];

	made_init(&made);
	made_web_server(&made);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 5 * MADE_MINUTE, fill_conntrack, NULL);
	rows_init(&rows, &alarm_row_type);
	ck_assert_int_eq(alarms_fill_active(&rows, made.alarms), 0);
	ck_assert_uint_eq(rows.count, 2);
	row = rows_at(&rows, 0);
	ck_assert_str_eq(row->check, "conntrack.drops");
	ck_assert_uint_eq(row->id, MADE_FIRST_ID);
	row = rows_at(&rows, 1);
	ck_assert_str_eq(row->check, "conntrack.usage");
	ck_assert_str_eq(row->instance, "-");
	ck_assert_uint_eq(row->value, 9300);
	ck_assert_uint_gt(row->raised_at, UINT64_C(1700000000) * MADE_SECOND);
	snprintf(want, sizeof(want), "%s.1.%u.%u.0", NETDIAG_BASE_OID, table->arc,
		 table_column(table, "netdiagConntrackUsage")->arc);
	object_id_text(&row->object_id, text);
	ck_assert_str_eq(text, want);
	object_id_text(&made_check(&made, "conntrack.usage", "-")->object_id, text);
	ck_assert_str_eq(text, want);
	rows_clear(&rows);
	made_done(&made);
}
END_TEST

UNIT_MAIN("alarms", a_healthy_web_server_raises_nothing, a_connection_leak, a_ring_overflow,
	  a_ring_that_discards_thousands, a_connection_table_nearly_full, nat_ports_are_used_up,
	  health_checks_are_no_drops, one_stalled_listener, a_new_listener_is_not_blind,
	  a_listener_made_anew_is_not_blind, a_crash_looping_listener, a_total_outage_is_not_well,
	  no_more_traffic, missing_data_clear_nothing, a_file_that_vanishes_ends_nothing,
	  old_data_are_no_data, what_is_gone, a_discontinuity_is_no_rate,
	  wall_clock_steps_change_nothing, rows_from_the_near_future, alarms_outlive_the_process,
	  speakers_outlive_the_process, what_ended_during_a_restart, saved_alarms_that_are_wrong,
	  alarms_survive_a_reload, notifications_can_be_turned_off_and_on, alarms_on_a_shelf,
	  instances_have_their_own_limits, attempts_that_always_fail_are_usual,
	  attempts_that_fail_during_a_restart, attempts_that_fail_more_and_more,
	  one_cpu_does_all_the_work, tcp_memory_has_the_kernels_limits,
	  without_limits_nothing_is_well, hidden_sources_are_counted, collectors_that_fail_are_told,
	  soon_full, thousands_of_listeners_are_no_thousands_of_rows, junk_takes_no_rows,
	  junk_has_no_rows_before_others, what_is_gone_is_bounded, a_closed_listener_has_no_queue,
	  the_history_is_bounded_and_in_order, active_alarms_are_rows)
