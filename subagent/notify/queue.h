/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which notification is sent next. Pure: sends nothing, and the clock is an argument.
 *
 * Of each alarm the queue knows what the receivers were told last and what is so now. Whatever
 * happens in between, while the master is away or the rate is exceeded, is left out and counted, so
 * that the queue is bounded by the number of alarms and the receivers always end up with the state
 * as it is. A sequence number is given when a notification is first sent, so that a receiver sees
 * no gaps; one that was not acknowledged is sent again with the same number.
 *
 * Order: critical ones of the host, critical ones of an instance, warnings of the host, those of an
 * instance, clears; repeats last. A quarter of the rate is kept for what concerns the host, and
 * repeats get another quarter at most.
 */
#ifndef NETDIAG_NOTIFY_QUEUE_H
#define NETDIAG_NOTIFY_QUEUE_H

#include <stdbool.h>

#include "subagent/checks/alarm.h"
#include "subagent/checks/alarm_settings.h"

/* Alarms that the queue knows of. When it is full, the least important one that receivers were not
 * told of gives way. */
#define NOTIFY_KEYS_MAX 1024

/* Of these, instances of checks that can have thousands: what users do to their sockets leaves room
 * for the host. */
#define NOTIFY_INSTANCES_MAX (NOTIFY_KEYS_MAX / 4 * 3)

/* Sent and not yet acknowledged: few, so that the master's socket never fills up. */
#define NOTIFY_IN_FLIGHT 4

/* Between two notifications about the same alarm. */
#define NOTIFY_KEY_INTERVAL_NS UINT64_C(5000000000)

/* Before one that was refused, or not acknowledged in time, is sent again; doubled each time. */
#define NOTIFY_AGAIN_NS	    UINT64_C(5000000000)
#define NOTIFY_AGAIN_MAX_NS UINT64_C(80000000000)

/* The first repeat of an alarm comes so soon, for receivers that were away when it was raised. */
#define NOTIFY_FIRST_REPEAT_NS UINT64_C(300000000000)

/* What is said of one alarm. */
struct notice {
	uint64_t sequence;
	enum alarm_event_kind kind;
	enum alarm_severity previous; /* the one that receivers were told last */
	bool host_wide;
	struct alarm_row alarm;
};

struct notify_queue;

/* seed: of the jitter, another one on each host. NULL when memory is short. */
struct notify_queue *notify_queue_new(const struct alarm_settings *settings, uint64_t seed);
void notify_queue_free(struct notify_queue *queue);

/* Takes other settings: rate, jitter, repeats. */
void notify_queue_configure(struct notify_queue *queue, const struct alarm_settings *settings);

/* Something happened to an alarm. now: monotonic ns. */
void notify_queue_event(struct notify_queue *queue, const struct alarm_event *event, uint64_t now);

/* The session is gone: what was not acknowledged may be lost. */
void notify_queue_lost(struct notify_queue *queue);

/* A new session, after netdiagAlarmSync: every active alarm is told again. */
void notify_queue_resync(struct notify_queue *queue);

/* Whether alarms were left out for lack of room, and there is room again: those that are active
 * and unknown here are to be given to notify_queue_event(). True once. */
bool notify_queue_has_room(struct notify_queue *queue);

/* Whether the queue knows an alarm. */
bool notify_queue_knows(const struct notify_queue *queue, uint64_t id);

/*
 * The notification to be sent now, with its sequence number, or NULL. It is in flight then, until
 * one of the next two is called with its number.
 */
const struct notice *notify_queue_next(struct notify_queue *queue, uint64_t now);

/* The master has it. */
void notify_queue_acknowledged(struct notify_queue *queue, uint64_t sequence, uint64_t now);

/* It could not be sent, was refused, or not acknowledged in time: sent again, later. */
void notify_queue_failed(struct notify_queue *queue, uint64_t sequence, uint64_t now);

/* How long (ns) until notify_queue_next() may have something, UINT64_MAX when nothing is left. */
uint64_t notify_queue_wait(const struct notify_queue *queue, uint64_t now);

/* Notifications of news that wait to be sent or acknowledged; and since when (monotonic ns) the
 * oldest of them does, 0 when there is none. */
uint64_t notify_queue_pending(const struct notify_queue *queue);
uint64_t notify_queue_waiting_since(const struct notify_queue *queue);

/* How many were left out because something newer was told of the alarm. */
uint64_t notify_queue_suppressed(const struct notify_queue *queue);

/* The last sequence number given; and where to go on from, after a restart. */
uint64_t notify_queue_last_sequence(const struct notify_queue *queue);
void notify_queue_set_sequence(struct notify_queue *queue, uint64_t sequence);

/*
 * What the state file keeps: calls fn for each alarm that receivers know, or wait to know the end
 * of. told: the severity that they were told last. notify_queue_restore() takes such an alarm back.
 */
typedef void notify_queue_each_fn(const struct notice *notice, enum alarm_severity told, void *arg);
void notify_queue_each(const struct notify_queue *queue, notify_queue_each_fn *fn, void *arg);
int notify_queue_restore(struct notify_queue *queue, const struct notice *notice,
			 enum alarm_severity told);

/* Forgets all alarms. */
void notify_queue_clear(struct notify_queue *queue);

#endif
