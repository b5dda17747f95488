/* SPDX-License-Identifier: BSD-2-Clause */
/* What is sent, when, and what is left out; with a receiver that keeps its own view. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "subagent/notify/queue.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define ALARMS 40

/* One that sees notifications as an operator's trap receiver does. */
struct receiver {
	uint64_t severity[ALARMS]; /* by key */
	uint64_t last_sequence;
	uint64_t received;
	uint64_t duplicates;
};

static struct notice notice_of(unsigned key, enum alarm_severity severity)
{
	static uint64_t last[ALARMS + NOTIFY_KEYS_MAX + 100];
	struct notice notice = {.id = severity == ALARM_NONE ? NOTIFICATION_CLEARED
							     : NOTIFICATION_RAISED};

	if (severity != ALARM_NONE)
		last[key] = severity;
	notice.severity = last[key];
	ROW_SET_TEXT(notice.check, "tcp.memory");
	snprintf(notice.instance, sizeof(notice.instance), "%u", key);
	return notice;
}

static void receive(struct receiver *receiver, const struct notice *notice)
{
	unsigned key = 0;

	ck_assert_int_eq(sscanf(notice->instance, "%u", &key), 1);
	receiver->received++;
	if (notice->sequence <= receiver->last_sequence) {
		receiver->duplicates++;
		return;
	}
	/* No gaps. */
	ck_assert_uint_eq(notice->sequence, receiver->last_sequence + 1);
	receiver->last_sequence = notice->sequence;
	receiver->severity[key] = notice->id == NOTIFICATION_RAISED ? notice->severity : ALARM_NONE;
}

START_TEST(one_alarm)
{
	struct notify_queue *queue = notify_queue_new(30);
	struct notice notice = notice_of(1, ALARM_WARNING);
	const struct notice *next;

	ck_assert_ptr_null(notify_queue_next(queue, SECOND));
	ck_assert_uint_eq(notify_queue_wait(queue, SECOND), UINT64_MAX);
	notify_queue_event(queue, &notice);
	ck_assert_uint_eq(notify_queue_wait(queue, SECOND), 0);
	next = notify_queue_next(queue, SECOND);
	ck_assert_ptr_nonnull(next);
	ck_assert_uint_eq(next->sequence, 1);
	ck_assert_uint_eq(notify_queue_pending(queue), 1);
	ck_assert_ptr_null(notify_queue_next(queue, SECOND));
	notify_queue_acknowledged(queue, 1);
	ck_assert_uint_eq(notify_queue_pending(queue), 0);
	/* The end, not before the interval is over. */
	notice = notice_of(1, ALARM_NONE);
	notify_queue_event(queue, &notice);
	ck_assert_ptr_null(notify_queue_next(queue, 2 * SECOND));
	ck_assert_uint_eq(notify_queue_wait(queue, 2 * SECOND), 4 * SECOND);
	next = notify_queue_next(queue, 6 * SECOND);
	ck_assert_ptr_nonnull(next);
	ck_assert_int_eq(next->id, NOTIFICATION_CLEARED);
	ck_assert_uint_eq(next->sequence, 2);
	notify_queue_acknowledged(queue, 2);
	ck_assert(!notify_queue_knows(queue, "tcp.memory", "1"));
	ck_assert_uint_eq(notify_queue_suppressed(queue), 0);
	notify_queue_free(queue);
}
END_TEST

START_TEST(there_and_back_is_not_told)
{
	struct notify_queue *queue = notify_queue_new(30);
	struct notice raised = notice_of(1, ALARM_WARNING), cleared = notice_of(1, ALARM_NONE);

	notify_queue_event(queue, &raised);
	notify_queue_event(queue, &cleared);
	ck_assert_ptr_null(notify_queue_next(queue, SECOND));
	ck_assert_uint_eq(notify_queue_suppressed(queue), 2);
	ck_assert_uint_eq(notify_queue_pending(queue), 0);
	ck_assert(!notify_queue_knows(queue, "tcp.memory", "1"));
	/* While the raise is on its way, its end is not forgotten. */
	notify_queue_event(queue, &raised);
	ck_assert_ptr_nonnull(notify_queue_next(queue, SECOND));
	notify_queue_event(queue, &cleared);
	notify_queue_acknowledged(queue, 1);
	ck_assert_int_eq(notify_queue_next(queue, 10 * SECOND)->id, NOTIFICATION_CLEARED);
	notify_queue_free(queue);
}
END_TEST

START_TEST(few_are_in_flight)
{
	struct notify_queue *queue = notify_queue_new(6000);

	for (unsigned i = 0; i < ALARMS; i++) {
		struct notice notice = notice_of(i, ALARM_CRITICAL);

		notify_queue_event(queue, &notice);
	}
	for (unsigned i = 0; i < NOTIFY_IN_FLIGHT; i++)
		ck_assert_ptr_nonnull(notify_queue_next(queue, SECOND));
	ck_assert_ptr_null(notify_queue_next(queue, SECOND));
	ck_assert_uint_eq(notify_queue_wait(queue, SECOND), UINT64_MAX);
	notify_queue_acknowledged(queue, 2);
	/* In the order in which they came. */
	ck_assert_str_eq(notify_queue_next(queue, SECOND)->instance, "4");
	ck_assert_uint_eq(notify_queue_pending(queue), ALARMS - 1);
	notify_queue_free(queue);
}
END_TEST

START_TEST(what_was_not_acknowledged_is_sent_again)
{
	struct notify_queue *queue = notify_queue_new(30);
	struct notice notice = notice_of(1, ALARM_WARNING);

	notify_queue_event(queue, &notice);
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
	notify_queue_acknowledged(queue, 1);
	ck_assert_uint_eq(notify_queue_next(queue, 19 * SECOND)->sequence, 2);
	notify_queue_acknowledged(queue, 2);
	ck_assert_ptr_null(notify_queue_next(queue, 100 * SECOND));
	notify_queue_free(queue);
}
END_TEST

/* After a sync the receiver has forgotten: there and back again is told all the same. */
START_TEST(what_a_sync_announces_is_told)
{
	struct notify_queue *queue = notify_queue_new(30);
	struct notice raised = notice_of(1, ALARM_WARNING), cleared = notice_of(1, ALARM_NONE);

	notify_queue_event(queue, &raised);
	notify_queue_next(queue, SECOND);
	notify_queue_acknowledged(queue, 1);
	notify_queue_lost(queue);
	notify_queue_resync(queue);
	notify_queue_event(queue, &cleared);
	notify_queue_event(queue, &raised);
	ck_assert_int_eq(notify_queue_next(queue, 2 * SECOND)->id, NOTIFICATION_RAISED);
	notify_queue_acknowledged(queue, 2);
	ck_assert_ptr_null(notify_queue_next(queue, 60 * SECOND));
	notify_queue_free(queue);
}
END_TEST

/* 10,000 changes in 10 s: few notifications, a count of the others, the right end. */
START_TEST(a_storm)
{
	struct notify_queue *queue = notify_queue_new(30);
	struct receiver receiver = {.last_sequence = 0};
	uint64_t now = SECOND, events = 0, severity[ALARMS];

	for (unsigned i = 0; i < 10000; i++, now += SECOND / 1000) {
		unsigned key = i % ALARMS;
		struct notice notice;
		const struct notice *next;

		severity[key] = i / ALARMS % 2 ? ALARM_NONE : ALARM_CRITICAL;
		if (key % 3 == 0 && i >= 9960)
			severity[key] = ALARM_WARNING;
		notice = notice_of(key, severity[key]);
		notify_queue_event(queue, &notice);
		events++;
		while ((next = notify_queue_next(queue, now))) {
			receive(&receiver, next);
			notify_queue_acknowledged(queue, next->sequence);
		}
	}
	ck_assert_uint_le(receiver.received, 30 + 10 * 30 / 60 + 1);
	ck_assert_uint_eq(events, receiver.received + notify_queue_suppressed(queue) +
					  notify_queue_pending(queue));
	while (notify_queue_pending(queue)) {
		const struct notice *next = notify_queue_next(queue, now);

		if (next) {
			receive(&receiver, next);
			notify_queue_acknowledged(queue, next->sequence);
			continue;
		}
		ck_assert_uint_ne(notify_queue_wait(queue, now), UINT64_MAX);
		ck_assert_uint_gt(notify_queue_wait(queue, now), 0);
		now += notify_queue_wait(queue, now);
	}
	for (unsigned key = 0; key < ALARMS; key++)
		ck_assert_uint_eq(receiver.severity[key] ? receiver.severity[key] : ALARM_NONE,
				  severity[key]);
	ck_assert_uint_eq(events, receiver.received + notify_queue_suppressed(queue));
	notify_queue_free(queue);
}
END_TEST

/* A master that comes and goes while alarms do, and drops what it has on its way. */
START_TEST(chaos)
{
	struct notify_queue *queue = notify_queue_new(6000);
	struct receiver receiver = {.last_sequence = 0};
	uint64_t now = SECOND, severity[ALARMS] = {0}, seed = (uint64_t)_i + 1;
	bool up = false;

	for (unsigned step = 0; step < 30000 || notify_queue_pending(queue) || !up; step++) {
		const struct notice *next;
		unsigned dice;

		seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		dice = (unsigned)(seed >> 33) % 1000;
		now += SECOND / 50;
		if (step < 30000 && dice < 300) {
			unsigned key = (unsigned)(seed >> 20) % ALARMS;
			struct notice notice;

			severity[key] = ALARM_NONE + (seed >> 50) % 3;
			notice = notice_of(key, severity[key]);
			notify_queue_event(queue, &notice);
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
				notify_queue_acknowledged(queue, next->sequence);
			else
				notify_queue_failed(queue, next->sequence, now);
		} else {
			notify_queue_failed(queue, next->sequence, now);
			/* A stream loses nothing but its end. */
			notify_queue_lost(queue);
			up = false;
		}
	}
	for (unsigned key = 0; key < ALARMS; key++)
		ck_assert_uint_eq(receiver.severity[key] ? receiver.severity[key] : ALARM_NONE,
				  severity[key] ? severity[key] : ALARM_NONE);
	ck_assert_uint_gt(receiver.duplicates, 0);
	ck_assert_uint_eq(receiver.last_sequence, notify_queue_last_sequence(queue));
	notify_queue_free(queue);
}
END_TEST

START_TEST(more_alarms_than_room)
{
	struct notify_queue *queue = notify_queue_new(6000);
	struct notice notice;

	for (unsigned i = 0; i < NOTIFY_KEYS_MAX + 50; i++) {
		notice = notice_of(i, ALARM_WARNING);
		notify_queue_event(queue, &notice);
	}
	ck_assert_uint_eq(notify_queue_pending(queue), NOTIFY_KEYS_MAX);
	ck_assert_uint_eq(notify_queue_suppressed(queue), 50);
	ck_assert(!notify_queue_has_room(queue));
	notice = notice_of(7, ALARM_NONE);
	notify_queue_event(queue, &notice);
	ck_assert(notify_queue_has_room(queue));
	ck_assert(!notify_queue_has_room(queue));
	notify_queue_free(queue);
}
END_TEST

int main(void)
{
	const TTest *const once[] = {one_alarm,
				     there_and_back_is_not_told,
				     few_are_in_flight,
				     what_was_not_acknowledged_is_sent_again,
				     a_storm,
				     what_a_sync_announces_is_told,
				     more_alarms_than_room};
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
