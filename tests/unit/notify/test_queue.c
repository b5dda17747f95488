/* SPDX-License-Identifier: BSD-2-Clause */
/* What is sent, when, and what is left out; with a receiver that keeps its own view. */
#include <config.h>

#include "collectors/base/rows.h"
#include "subagent/notify/queue.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define ALARMS 40

/* Nothing waits but for its turn, and nothing is repeated. */
static struct alarm_settings settings = {.rate_per_minute = 6000};

/* One that sees notifications as an operator's trap receiver does. */
struct receiver {
	uint64_t severity[ALARMS]; /* by id */
	uint64_t last_sequence;
	uint64_t received;
	uint64_t duplicates;
};

static struct alarm_row row_of(uint64_t id, enum alarm_severity severity)
{
	struct alarm_row row;

	row_reset(&alarm_row_type, &row);
	row.id = id;
	row.severity = severity;
	row.state = ALARM_ACTIVE;
	row.notify = 1;
	row.count = 1;
	ROW_SET_TEXT(row.check, "tcp.memory");
	return row;
}

static void happens(struct notify_queue *queue, enum alarm_event_kind kind, uint64_t id,
		    enum alarm_severity severity, bool host_wide, uint64_t now)
{
	struct alarm_row row = row_of(id, severity);
	struct alarm_event event = {.kind = kind, .host_wide = host_wide, .alarm = &row};

	if (kind == ALARM_EVENT_SHELVED)
		row.state = ALARM_SHELVED;
	notify_queue_event(queue, &event, now);
}

static void raised(struct notify_queue *queue, uint64_t id, enum alarm_severity severity,
		   uint64_t now)
{
	happens(queue, ALARM_EVENT_RAISED, id, severity, true, now);
}

static void cleared(struct notify_queue *queue, uint64_t id, uint64_t now)
{
	happens(queue, ALARM_EVENT_CLEARED, id, ALARM_NONE, true, now);
}

static void receive(struct receiver *receiver, const struct notice *notice)
{
	ck_assert_uint_lt(notice->alarm.id, ALARMS);
	receiver->received++;
	if (notice->sequence <= receiver->last_sequence) {
		receiver->duplicates++;
		return;
	}
	/* No gaps. */
	ck_assert_uint_eq(notice->sequence, receiver->last_sequence + 1);
	receiver->last_sequence = notice->sequence;
	ck_assert_int_eq(notice->kind == ALARM_EVENT_CLEARED, notice->alarm.severity == ALARM_NONE);
	receiver->severity[notice->alarm.id] = notice->alarm.severity;
}

/* Sends the next one and has it acknowledged. Returns its alarm's id; 0: there is none. */
static uint64_t send_next(struct notify_queue *queue, uint64_t now, enum alarm_event_kind *kind)
{
	const struct notice *next = notify_queue_next(queue, now);
	uint64_t id = next ? next->alarm.id : 0;

	if (!next)
		return 0;
	if (kind)
		*kind = next->kind;
	notify_queue_acknowledged(queue, next->sequence, now);
	return id;
}

/* Sends whatever may be sent now. How many that were. */
static unsigned send_all(struct notify_queue *queue, uint64_t now)
{
	unsigned sent = 0;

	while (send_next(queue, now, NULL))
		sent++;
	return sent;
}

START_TEST(one_alarm)
{
	struct notify_queue *queue = notify_queue_new(&settings, 1);
	const struct notice *next;

	ck_assert_ptr_null(notify_queue_next(queue, SECOND));
	ck_assert_uint_eq(notify_queue_wait(queue, SECOND), UINT64_MAX);
	raised(queue, 1, ALARM_WARNING, SECOND);
	ck_assert_uint_eq(notify_queue_wait(queue, SECOND), 0);
	ck_assert_uint_eq(notify_queue_waiting_since(queue), SECOND);
	next = notify_queue_next(queue, 2 * SECOND);
	ck_assert_ptr_nonnull(next);
	ck_assert_uint_eq(next->sequence, 1);
	ck_assert_int_eq(next->kind, ALARM_EVENT_RAISED);
	ck_assert_int_eq(next->previous, ALARM_NONE);
	ck_assert_uint_eq(notify_queue_pending(queue), 1);
	/* Until somebody has it, it waits. */
	ck_assert_uint_eq(notify_queue_waiting_since(queue), SECOND);
	ck_assert_ptr_null(notify_queue_next(queue, 2 * SECOND));
	notify_queue_acknowledged(queue, 1, 2 * SECOND);
	ck_assert_uint_eq(notify_queue_pending(queue), 0);
	ck_assert_uint_eq(notify_queue_waiting_since(queue), 0);
	/* The end, not before the interval is over. */
	cleared(queue, 1, 3 * SECOND);
	ck_assert_ptr_null(notify_queue_next(queue, 3 * SECOND));
	ck_assert_uint_eq(notify_queue_wait(queue, 3 * SECOND), 4 * SECOND);
	next = notify_queue_next(queue, 7 * SECOND);
	ck_assert_ptr_nonnull(next);
	ck_assert_int_eq(next->kind, ALARM_EVENT_CLEARED);
	ck_assert_int_eq(next->previous, ALARM_WARNING);
	ck_assert_uint_eq(next->sequence, 2);
	notify_queue_acknowledged(queue, 2, 8 * SECOND);
	ck_assert(!notify_queue_knows(queue, 1));
	ck_assert_uint_eq(notify_queue_suppressed(queue), 0);
	notify_queue_free(queue);
}
END_TEST

START_TEST(there_and_back_is_not_told)
{
	struct notify_queue *queue = notify_queue_new(&settings, 1);

	raised(queue, 1, ALARM_WARNING, SECOND);
	cleared(queue, 1, SECOND);
	ck_assert_ptr_null(notify_queue_next(queue, SECOND));
	ck_assert_uint_eq(notify_queue_suppressed(queue), 2);
	ck_assert_uint_eq(notify_queue_pending(queue), 0);
	ck_assert(!notify_queue_knows(queue, 1));
	/* Nor the end of one that changed before anybody knew it. */
	raised(queue, 2, ALARM_WARNING, SECOND);
	happens(queue, ALARM_EVENT_CHANGED, 2, ALARM_CRITICAL, true, SECOND);
	cleared(queue, 2, SECOND);
	ck_assert_ptr_null(notify_queue_next(queue, SECOND));
	ck_assert(!notify_queue_knows(queue, 2));
	/* While the raise is on its way, its end is not forgotten. */
	raised(queue, 3, ALARM_WARNING, SECOND);
	ck_assert_ptr_nonnull(notify_queue_next(queue, SECOND));
	cleared(queue, 3, SECOND);
	notify_queue_acknowledged(queue, 1, SECOND);
	ck_assert_int_eq(notify_queue_next(queue, 10 * SECOND)->kind, ALARM_EVENT_CLEARED);
	notify_queue_free(queue);
}
END_TEST

/* What happened meanwhile is one notification, of what is so now. */
START_TEST(changes_are_coalesced)
{
	struct notify_queue *queue = notify_queue_new(&settings, 1);
	const struct notice *next;

	raised(queue, 1, ALARM_WARNING, SECOND);
	happens(queue, ALARM_EVENT_CHANGED, 1, ALARM_CRITICAL, true, SECOND);
	next = notify_queue_next(queue, SECOND);
	ck_assert_int_eq(next->kind, ALARM_EVENT_RAISED);
	ck_assert_uint_eq(next->alarm.severity, ALARM_CRITICAL);
	notify_queue_acknowledged(queue, next->sequence, SECOND);
	happens(queue, ALARM_EVENT_CHANGED, 1, ALARM_WARNING, true, 2 * SECOND);
	happens(queue, ALARM_EVENT_CHANGED, 1, ALARM_CRITICAL, true, 3 * SECOND);
	happens(queue, ALARM_EVENT_CHANGED, 1, ALARM_WARNING, true, 4 * SECOND);
	next = notify_queue_next(queue, 10 * SECOND);
	ck_assert_int_eq(next->kind, ALARM_EVENT_CHANGED);
	ck_assert_int_eq(next->previous, ALARM_CRITICAL);
	notify_queue_acknowledged(queue, next->sequence, 10 * SECOND);
	/* A storm that grew: the same severity, told all the same. */
	happens(queue, ALARM_EVENT_CHANGED, 1, ALARM_WARNING, true, 11 * SECOND);
	next = notify_queue_next(queue, 20 * SECOND);
	ck_assert_int_eq(next->kind, ALARM_EVENT_CHANGED);
	ck_assert_int_eq(next->previous, ALARM_WARNING);
	notify_queue_acknowledged(queue, next->sequence, 20 * SECOND);
	ck_assert_uint_eq(notify_queue_last_sequence(queue), 3);
	notify_queue_free(queue);
}
END_TEST

START_TEST(shelves_are_told)
{
	struct notify_queue *queue = notify_queue_new(&settings, 1);
	enum alarm_event_kind kind;

	raised(queue, 1, ALARM_CRITICAL, SECOND);
	ck_assert_uint_eq(send_next(queue, SECOND, NULL), 1);
	happens(queue, ALARM_EVENT_SHELVED, 1, ALARM_CRITICAL, true, MINUTE);
	ck_assert_uint_eq(send_next(queue, MINUTE, &kind), 1);
	ck_assert_int_eq(kind, ALARM_EVENT_SHELVED);
	happens(queue, ALARM_EVENT_UNSHELVED, 1, ALARM_CRITICAL, true, 2 * MINUTE);
	ck_assert_uint_eq(send_next(queue, 2 * MINUTE, &kind), 1);
	ck_assert_int_eq(kind, ALARM_EVENT_UNSHELVED);
	/* For a moment only: not told. */
	happens(queue, ALARM_EVENT_SHELVED, 1, ALARM_CRITICAL, true, 3 * MINUTE);
	happens(queue, ALARM_EVENT_UNSHELVED, 1, ALARM_CRITICAL, true, 3 * MINUTE);
	ck_assert_uint_eq(send_next(queue, 4 * MINUTE, &kind), 0);
	notify_queue_free(queue);
}
END_TEST

/* --- order ------------------------------------------------------------------------------------ */

START_TEST(what_matters_is_first)
{
	static const enum alarm_event_kind kinds[] = {ALARM_EVENT_RAISED,  ALARM_EVENT_RAISED,
						      ALARM_EVENT_RAISED,  ALARM_EVENT_RAISED,
						      ALARM_EVENT_CLEARED, ALARM_EVENT_REPEATED};
	static const uint64_t order[] = {6, 5, 4, 3, 2, 1};
	struct alarm_settings repeating = settings;
	struct notify_queue *queue;
	uint64_t now = SECOND;

	repeating.repeat_warning_ms = 1000;
	queue = notify_queue_new(&repeating, 1);
	raised(queue, 1, ALARM_WARNING, now);
	raised(queue, 2, ALARM_CRITICAL, now);
	ck_assert_uint_eq(send_all(queue, now), 2);
	/* Meanwhile 1 is to be told again; the worst came last. */
	now += MINUTE;
	cleared(queue, 2, now);
	happens(queue, ALARM_EVENT_RAISED, 3, ALARM_WARNING, false, now);
	happens(queue, ALARM_EVENT_RAISED, 4, ALARM_WARNING, true, now);
	happens(queue, ALARM_EVENT_RAISED, 5, ALARM_CRITICAL, false, now);
	happens(queue, ALARM_EVENT_RAISED, 6, ALARM_CRITICAL, true, now);
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		enum alarm_event_kind kind;

		ck_assert_uint_eq(send_next(queue, now, &kind), order[i]);
		ck_assert_int_eq(kind, kinds[i]);
	}
	notify_queue_free(queue);
}
END_TEST

/* However many instances are in trouble, the host's fault is told at once. */
START_TEST(a_quarter_is_kept_for_the_host)
{
	struct alarm_settings slow = {.rate_per_minute = 40};
	struct notify_queue *queue = notify_queue_new(&slow, 1);
	uint64_t now = SECOND;

	for (uint64_t id = 1; id <= 100; id++)
		happens(queue, ALARM_EVENT_RAISED, id, ALARM_CRITICAL, false, now);
	ck_assert_uint_eq(send_all(queue, now), 30);
	for (uint64_t id = 200; id < 210; id++)
		happens(queue, ALARM_EVENT_RAISED, id, ALARM_WARNING, true, now);
	for (uint64_t id = 200; id < 210; id++)
		ck_assert_uint_eq(send_next(queue, now, NULL), id);
	happens(queue, ALARM_EVENT_RAISED, 210, ALARM_WARNING, true, now);
	ck_assert_uint_eq(send_next(queue, now, NULL), 0);
	/* The rate is that of all together. */
	ck_assert_uint_eq(send_all(queue, now + MINUTE), 31);
	notify_queue_free(queue);
}
END_TEST

START_TEST(few_are_in_flight)
{
	struct notify_queue *queue = notify_queue_new(&settings, 1);

	for (uint64_t id = 1; id <= ALARMS; id++)
		raised(queue, id, ALARM_CRITICAL, SECOND);
	for (unsigned i = 0; i < NOTIFY_IN_FLIGHT; i++)
		ck_assert_ptr_nonnull(notify_queue_next(queue, SECOND));
	ck_assert_ptr_null(notify_queue_next(queue, SECOND));
	ck_assert_uint_eq(notify_queue_wait(queue, SECOND), UINT64_MAX);
	notify_queue_acknowledged(queue, 2, SECOND);
	/* Those that are equal in the order in which they came. */
	ck_assert_uint_eq(notify_queue_next(queue, SECOND)->alarm.id, 5);
	ck_assert_uint_eq(notify_queue_pending(queue), ALARMS - 1);
	notify_queue_free(queue);
}
END_TEST

/* Of many hosts with the same fault each sends its warnings at another moment; criticals at once.
 */
START_TEST(warnings_are_spread)
{
	struct alarm_settings spread = settings;
	uint64_t early = 0, late = 0;

	spread.jitter_ms = 2000;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct notify_queue *queue = notify_queue_new(&spread, seed * 7919);
		uint64_t wait;

		raised(queue, 1, ALARM_WARNING, SECOND);
		wait = notify_queue_wait(queue, SECOND);
		ck_assert_uint_lt(wait, 2 * SECOND);
		early += wait < SECOND;
		late += wait >= SECOND;
		raised(queue, 2, ALARM_CRITICAL, SECOND);
		ck_assert_uint_eq(send_next(queue, SECOND, NULL), 2);
		/* One that gets worse waits no longer. */
		happens(queue, ALARM_EVENT_CHANGED, 1, ALARM_CRITICAL, true, SECOND);
		ck_assert_uint_eq(send_next(queue, SECOND, NULL), 1);
		notify_queue_free(queue);
	}
	ck_assert_uint_gt(early, 60);
	ck_assert_uint_gt(late, 60);
}
END_TEST

/* --- repeats ---------------------------------------------------------------------------------- */

START_TEST(alarms_are_told_again)
{
	struct alarm_settings repeating = settings;
	struct notify_queue *queue;
	enum alarm_event_kind kind;
	uint64_t now = SECOND;

	repeating.repeat_warning_ms = 24 * 3600 * 1000;
	repeating.repeat_critical_ms = 3600 * 1000;
	queue = notify_queue_new(&repeating, 1);
	raised(queue, 1, ALARM_WARNING, now);
	raised(queue, 2, ALARM_CRITICAL, now);
	ck_assert_uint_eq(send_all(queue, now), 2);
	/* The first time soon, for receivers that were away. */
	ck_assert_uint_eq(send_next(queue, now + 5 * MINUTE - 1, NULL), 0);
	ck_assert_uint_eq(notify_queue_wait(queue, now + 5 * MINUTE - 1), 1);
	now += 5 * MINUTE;
	ck_assert_uint_ne(send_next(queue, now, &kind), 0);
	ck_assert_int_eq(kind, ALARM_EVENT_REPEATED);
	ck_assert_uint_ne(send_next(queue, now, &kind), 0);
	ck_assert_uint_eq(notify_queue_pending(queue), 0);
	/* Then at the period of the severity. */
	ck_assert_uint_eq(send_next(queue, now + 60 * MINUTE - 1, NULL), 0);
	ck_assert_uint_eq(send_next(queue, now + 60 * MINUTE, NULL), 2);
	ck_assert_uint_eq(send_next(queue, now + 60 * MINUTE, NULL), 0);
	ck_assert_uint_eq(send_all(queue, now + 24 * 60 * MINUTE), 2);
	/* What is shelved is not, nor what is over. */
	now += 25 * 60 * MINUTE;
	happens(queue, ALARM_EVENT_SHELVED, 1, ALARM_WARNING, true, now);
	cleared(queue, 2, now);
	ck_assert_uint_eq(send_all(queue, now), 2);
	ck_assert_uint_eq(notify_queue_wait(queue, now), UINT64_MAX);
	notify_queue_free(queue);
	/* Off. */
	queue = notify_queue_new(&settings, 1);
	raised(queue, 1, ALARM_CRITICAL, now);
	ck_assert_uint_eq(send_all(queue, now), 1);
	ck_assert_uint_eq(notify_queue_wait(queue, now), UINT64_MAX);
	notify_queue_free(queue);
}
END_TEST

START_TEST(repeats_follow_the_settings)
{
	struct alarm_settings repeating = settings;
	struct notify_queue *queue;
	uint64_t now = SECOND;

	repeating.repeat_critical_ms = 3600 * 1000;
	queue = notify_queue_new(&repeating, 1);
	raised(queue, 1, ALARM_CRITICAL, now);
	ck_assert_uint_eq(send_all(queue, now), 1);
	/* Turned off after the alarm was told. */
	notify_queue_configure(queue, &settings);
	ck_assert_uint_eq(notify_queue_wait(queue, now), UINT64_MAX);
	ck_assert_uint_eq(send_all(queue, now + 60 * MINUTE), 0);
	/* A shorter period holds for those that were told already. */
	repeating.repeat_critical_ms = 10 * 1000;
	notify_queue_configure(queue, &repeating);
	ck_assert_uint_eq(notify_queue_wait(queue, now), 10 * SECOND);
	ck_assert_uint_eq(send_next(queue, now + 10 * SECOND - 1, NULL), 0);
	ck_assert_uint_eq(send_next(queue, now + 10 * SECOND, NULL), 1);
	notify_queue_free(queue);
}
END_TEST

START_TEST(repeats_take_a_quarter_at_most)
{
	struct alarm_settings repeating = {.rate_per_minute = 40, .repeat_critical_ms = 1000};
	struct notify_queue *queue = notify_queue_new(&repeating, 1);
	uint64_t now = SECOND;
	unsigned sent = 0;

	for (uint64_t id = 1; id <= 200; id++) {
		raised(queue, id, ALARM_CRITICAL, now);
		now += 2 * SECOND;
		/* Repeats never stand in its way. */
		ck_assert_uint_eq(send_next(queue, now, NULL), id);
	}
	for (unsigned s = 0; s < 600; s++)
		sent += send_all(queue, now += SECOND);
	ck_assert_uint_ge(sent, 99);
	ck_assert_uint_le(sent, 111);
	notify_queue_free(queue);
}
END_TEST

/* --- masters that come and go ------------------------------------------------------------------
 */

START_TEST(what_was_not_acknowledged_is_sent_again)
{
	struct notify_queue *queue = notify_queue_new(&settings, 1);

	raised(queue, 1, ALARM_WARNING, SECOND);
	notify_queue_next(queue, SECOND);
	notify_queue_failed(queue, 1, 2 * SECOND);
	ck_assert_ptr_null(notify_queue_next(queue, 6 * SECOND));
	ck_assert_uint_eq(notify_queue_wait(queue, 6 * SECOND), SECOND);
	ck_assert_uint_eq(notify_queue_next(queue, 7 * SECOND)->sequence, 1);
	notify_queue_failed(queue, 1, 8 * SECOND);
	ck_assert_ptr_null(notify_queue_next(queue, 17 * SECOND));
	ck_assert_uint_eq(notify_queue_next(queue, 18 * SECOND)->sequence, 1);
	/* A new session: the same number again, then the alarm as it is now. */
	notify_queue_lost(queue);
	notify_queue_failed(queue, 1, 19 * SECOND);
	notify_queue_resync(queue);
	ck_assert_uint_eq(notify_queue_next(queue, 19 * SECOND)->sequence, 1);
	notify_queue_acknowledged(queue, 1, 19 * SECOND);
	ck_assert_uint_eq(notify_queue_next(queue, 19 * SECOND)->sequence, 2);
	notify_queue_acknowledged(queue, 2, 19 * SECOND);
	ck_assert_ptr_null(notify_queue_next(queue, 100 * SECOND));
	notify_queue_free(queue);
}
END_TEST

/* After a reconnect the worst are told first, at the rate. */
START_TEST(after_a_sync_the_worst_are_first)
{
	struct alarm_settings slow = {.rate_per_minute = 60};
	struct notify_queue *queue = notify_queue_new(&slow, 1);
	uint64_t now = SECOND, last = UINT64_MAX;
	unsigned sent = 0;

	for (uint64_t id = 1; id <= 30; id++) {
		happens(queue, ALARM_EVENT_RAISED, id, id % 3 ? ALARM_WARNING : ALARM_CRITICAL,
			id % 2, now);
		send_all(queue, now);
		now += 10 * SECOND;
	}
	notify_queue_lost(queue);
	notify_queue_resync(queue);
	now += 10 * MINUTE;
	for (; sent < 30; sent++) {
		const struct notice *next = notify_queue_next(queue, now);
		uint64_t order;

		ck_assert_ptr_nonnull(next);
		ck_assert_int_eq(next->kind, ALARM_EVENT_REPEATED);
		order = next->alarm.severity * 2 +
			(next->alarm.severity == ALARM_CRITICAL && next->host_wide);
		ck_assert_uint_le(order, last);
		last = order;
		notify_queue_acknowledged(queue, next->sequence, now);
	}
	ck_assert_uint_eq(notify_queue_last_sequence(queue), 60);
	notify_queue_free(queue);
}
END_TEST

/* An alarm that ends while the master is away: its end is told. */
START_TEST(ends_are_told_after_a_sync)
{
	struct notify_queue *queue = notify_queue_new(&settings, 1);
	enum alarm_event_kind kind;

	raised(queue, 1, ALARM_WARNING, SECOND);
	ck_assert_uint_eq(send_next(queue, SECOND, NULL), 1);
	notify_queue_lost(queue);
	notify_queue_resync(queue);
	cleared(queue, 1, 2 * SECOND);
	ck_assert_uint_eq(send_next(queue, 10 * SECOND, &kind), 1);
	ck_assert_int_eq(kind, ALARM_EVENT_CLEARED);
	ck_assert(!notify_queue_knows(queue, 1));
	notify_queue_free(queue);
}
END_TEST

/* 10,000 changes in 10 s: few notifications, a count of the others, the right end. */
START_TEST(a_storm)
{
	struct alarm_settings slow = {.rate_per_minute = 30};
	struct notify_queue *queue = notify_queue_new(&slow, 1);
	struct receiver receiver = {.last_sequence = 0};
	uint64_t now = SECOND, events = 0, severity[ALARMS] = {0};

	for (unsigned i = 0; i < 10000; i++, now += SECOND / 1000) {
		uint64_t id = 1 + i % (ALARMS - 1);
		const struct notice *next;

		if (severity[id] == ALARM_WARNING || !severity[id])
			severity[id] = ALARM_CRITICAL;
		else
			severity[id] = ALARM_WARNING;
		happens(queue, severity[id] ? ALARM_EVENT_CHANGED : ALARM_EVENT_RAISED, id,
			(enum alarm_severity)severity[id], true, now);
		events++;
		while ((next = notify_queue_next(queue, now))) {
			receive(&receiver, next);
			notify_queue_acknowledged(queue, next->sequence, now);
		}
	}
	ck_assert_uint_le(receiver.received, 30 + 10 * 30 / 60 + 1);
	ck_assert_uint_eq(events, receiver.received + notify_queue_suppressed(queue) +
					  notify_queue_pending(queue));
	while (notify_queue_pending(queue)) {
		const struct notice *next = notify_queue_next(queue, now);

		if (next) {
			receive(&receiver, next);
			notify_queue_acknowledged(queue, next->sequence, now);
			continue;
		}
		ck_assert_uint_ne(notify_queue_wait(queue, now), UINT64_MAX);
		ck_assert_uint_gt(notify_queue_wait(queue, now), 0);
		now += notify_queue_wait(queue, now);
	}
	for (unsigned id = 1; id < ALARMS; id++)
		ck_assert_uint_eq(receiver.severity[id], severity[id]);
	ck_assert_uint_eq(events, receiver.received + notify_queue_suppressed(queue));
	notify_queue_free(queue);
}
END_TEST

/* A master that comes and goes while alarms do, and drops what it has on its way. */
START_TEST(chaos)
{
	struct alarm_settings lively = settings;
	struct notify_queue *queue;
	struct receiver receiver = {.last_sequence = 0};
	uint64_t now = SECOND, severity[ALARMS] = {0}, seed = (uint64_t)_i + 1;
	bool up = false;

	lively.jitter_ms = 300;
	lively.repeat_warning_ms = lively.repeat_critical_ms = _i % 2 ? 3000 : 0;
	queue = notify_queue_new(&lively, seed);
	for (unsigned step = 0; step < 30000 || notify_queue_pending(queue) || !up; step++) {
		const struct notice *next;
		unsigned dice;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		dice = (unsigned)(seed >> 33) % 1000;
		now += SECOND / 50;
		if (step < 30000 && dice < 300) {
			uint64_t id = 1 + (seed >> 20) % (ALARMS - 1);
			uint64_t before = severity[id] ? severity[id] : ALARM_NONE;
			enum alarm_severity after = ALARM_NONE + (seed >> 50) % 3;

			severity[id] = after;
			if (after != before)
				happens(queue,
					after == ALARM_NONE    ? ALARM_EVENT_CLEARED
					: before == ALARM_NONE ? ALARM_EVENT_RAISED
							       : ALARM_EVENT_CHANGED,
					id, after, id % 2, now);
		}
		if (dice > 980 || step == 30000) {
			up = !up || step >= 30000;
			notify_queue_lost(queue);
			if (up)
				notify_queue_resync(queue);
		}
		if (!up)
			continue;
		next = notify_queue_next(queue, now);
		if (!next)
			continue;
		/* Arrived and acknowledged; arrived, but the answer was lost; lost. */
		if (dice % 10 < 9 || step >= 30000) {
			receive(&receiver, next);
			if (dice % 10 < 8 || step >= 30000)
				notify_queue_acknowledged(queue, next->sequence, now);
			else
				notify_queue_failed(queue, next->sequence, now);
		} else {
			notify_queue_failed(queue, next->sequence, now);
			/* A stream loses nothing but its end. */
			notify_queue_lost(queue);
			up = false;
		}
	}
	for (unsigned id = 1; id < ALARMS; id++)
		ck_assert_uint_eq(receiver.severity[id] ? receiver.severity[id] : ALARM_NONE,
				  severity[id] ? severity[id] : ALARM_NONE);
	ck_assert_uint_gt(receiver.duplicates, 0);
	ck_assert_uint_eq(receiver.last_sequence, notify_queue_last_sequence(queue));
	notify_queue_free(queue);
}
END_TEST

/* --- bounds ----------------------------------------------------------------------------------- */

START_TEST(more_alarms_than_room)
{
	struct notify_queue *queue = notify_queue_new(&settings, 1);

	for (uint64_t id = 1; id <= NOTIFY_INSTANCES_MAX + 50; id++)
		happens(queue, ALARM_EVENT_RAISED, id, ALARM_WARNING, false, SECOND);
	ck_assert_uint_eq(notify_queue_pending(queue), NOTIFY_INSTANCES_MAX);
	ck_assert_uint_eq(notify_queue_suppressed(queue), 50);
	ck_assert(!notify_queue_has_room(queue));
	/* What matters more takes the place of what nobody was told of, the last first. */
	happens(queue, ALARM_EVENT_RAISED, 5000, ALARM_CRITICAL, false, SECOND);
	ck_assert(notify_queue_knows(queue, 5000));
	ck_assert(!notify_queue_knows(queue, NOTIFY_INSTANCES_MAX));
	ck_assert(notify_queue_knows(queue, NOTIFY_INSTANCES_MAX - 1));
	ck_assert_uint_eq(send_next(queue, SECOND, NULL), 5000);
	/* The end of one makes room. */
	happens(queue, ALARM_EVENT_CLEARED, 7, ALARM_NONE, false, SECOND);
	ck_assert(notify_queue_has_room(queue));
	ck_assert(!notify_queue_has_room(queue));
	notify_queue_free(queue);
}
END_TEST

/* What receivers were told of keeps its place: its end has to be told. The host has its own. */
START_TEST(what_was_told_is_not_evicted)
{
	struct alarm_settings fast = {.rate_per_minute = 1000000};
	struct notify_queue *queue = notify_queue_new(&fast, 1);

	for (uint64_t id = 1; id <= NOTIFY_INSTANCES_MAX; id++)
		happens(queue, ALARM_EVENT_RAISED, id, ALARM_WARNING, false, SECOND);
	ck_assert_uint_eq(send_all(queue, SECOND), NOTIFY_INSTANCES_MAX);
	happens(queue, ALARM_EVENT_RAISED, 5000, ALARM_CRITICAL, false, SECOND);
	ck_assert(!notify_queue_knows(queue, 5000));
	happens(queue, ALARM_EVENT_RAISED, 5001, ALARM_WARNING, true, SECOND);
	ck_assert_uint_eq(send_next(queue, SECOND, NULL), 5001);
	happens(queue, ALARM_EVENT_CLEARED, 9, ALARM_NONE, false, SECOND);
	ck_assert(!notify_queue_has_room(queue));
	ck_assert_uint_eq(send_next(queue, 10 * SECOND, NULL), 9);
	ck_assert(notify_queue_has_room(queue));
	notify_queue_free(queue);
}
END_TEST

/* --- restarts --------------------------------------------------------------------------------- */

struct saved {
	struct notice notice[8];
	enum alarm_severity told[8];
	size_t count;
};

static void save(const struct notice *notice, enum alarm_severity told, void *arg)
{
	struct saved *saved = arg;

	ck_assert_uint_lt(saved->count, COUNT_OF(saved->notice));
	saved->notice[saved->count] = *notice;
	saved->told[saved->count++] = told;
}

START_TEST(a_restart)
{
	struct notify_queue *queue = notify_queue_new(&settings, 1);
	struct saved saved = {.count = 0};
	enum alarm_event_kind kind;

	raised(queue, 1, ALARM_WARNING, SECOND);
	raised(queue, 2, ALARM_CRITICAL, SECOND);
	raised(queue, 3, ALARM_WARNING, SECOND);
	ck_assert_uint_eq(send_all(queue, SECOND), 3);
	cleared(queue, 2, 2 * SECOND);
	happens(queue, ALARM_EVENT_CHANGED, 3, ALARM_CRITICAL, true, 2 * SECOND);
	raised(queue, 4, ALARM_WARNING, 2 * SECOND);
	/* On its way, and over meanwhile. */
	raised(queue, 5, ALARM_CRITICAL, 2 * SECOND);
	ck_assert_uint_eq(notify_queue_next(queue, 2 * SECOND)->alarm.id, 5);
	cleared(queue, 5, 3 * SECOND);
	notify_queue_each(queue, save, &saved);
	ck_assert_uint_eq(saved.count, 5);
	notify_queue_free(queue);

	queue = notify_queue_new(&settings, 1);
	for (size_t i = 0; i < saved.count; i++)
		ck_assert_int_eq(notify_queue_restore(queue, &saved.notice[i], saved.told[i]), 0);
	notify_queue_set_sequence(queue, 4);
	ck_assert_uint_eq(send_next(queue, 9 * SECOND, &kind), 3);
	ck_assert_int_eq(kind, ALARM_EVENT_CHANGED);
	ck_assert_uint_eq(notify_queue_last_sequence(queue), 5);
	ck_assert_uint_eq(send_next(queue, 9 * SECOND, &kind), 4);
	ck_assert_int_eq(kind, ALARM_EVENT_RAISED);
	for (int i = 0; i < 2; i++) {
		uint64_t id = send_next(queue, 9 * SECOND, &kind);

		ck_assert(id == 2 || id == 5);
		ck_assert_int_eq(kind, ALARM_EVENT_CLEARED);
	}
	/* 1 is known already. */
	ck_assert_uint_eq(send_next(queue, 9 * SECOND, &kind), 0);
	ck_assert(notify_queue_knows(queue, 1));
	ck_assert(!notify_queue_knows(queue, 2));
	ck_assert(!notify_queue_knows(queue, 5));
	notify_queue_free(queue);
}
END_TEST

int main(void)
{
	const TTest *const once[] = {
		one_alarm,
		there_and_back_is_not_told,
		changes_are_coalesced,
		shelves_are_told,
		what_matters_is_first,
		a_quarter_is_kept_for_the_host,
		few_are_in_flight,
		warnings_are_spread,
		alarms_are_told_again,
		repeats_follow_the_settings,
		repeats_take_a_quarter_at_most,
		what_was_not_acknowledged_is_sent_again,
		after_a_sync_the_worst_are_first,
		ends_are_told_after_a_sync,
		a_storm,
		more_alarms_than_room,
		what_was_told_is_not_evicted,
		a_restart,
	};
	Suite *suite = suite_create("notify_queue");
	TCase *tcase = tcase_create("notify_queue");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	for (size_t i = 0; i < COUNT_OF(once); i++)
		tcase_add_test(tcase, once[i]);
	tcase_add_loop_test(tcase, chaos, 0, 20);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
