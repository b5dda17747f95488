/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which notification is to be sent next. Pure: sends nothing, and the clock is an argument.
 *
 * Per alarm (check and instance) the queue knows what the receiver was told last and what is so
 * now. Whatever happens in between, while the master is away or the rate is exceeded, is left out
 * and counted, so that the queue is bounded by the number of alarms and the receiver always ends up
 * with the state as it is. A sequence number is given when a notification is first sent, so
 * that a receiver sees no gaps; one that was not acknowledged is sent again with the same number.
 */
#ifndef NETDIAG_NOTIFY_QUEUE_H
#define NETDIAG_NOTIFY_QUEUE_H

#include <stdbool.h>

#include "subagent/checks/alarm.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tables/notifications.h"

/* Alarms that the queue knows of. Those beyond are told when others have ended. */
#define NOTIFY_KEYS_MAX 1024

/* Sent and not yet acknowledged: few, so that the master's socket never fills up. */
#define NOTIFY_IN_FLIGHT 4

/* Between two notifications about the same alarm. */
#define NOTIFY_KEY_INTERVAL_NS UINT64_C(5000000000)

/* Before one that was refused, or not acknowledged in time, is sent again; doubled each time. */
#define NOTIFY_AGAIN_NS	    UINT64_C(5000000000)
#define NOTIFY_AGAIN_MAX_NS UINT64_C(80000000000)

/* The values of all objects of netdiagNotifyObjects. */
struct notice {
	enum notification_id id;
	uint64_t sequence;
	uint64_t severity;
	uint64_t value;
	uint64_t limit;
	uint64_t raised_at; /* ns since 1970 */
	uint64_t last_sequence;
	uint64_t active_alarms;
	uint64_t worst_severity;
	uint64_t uptime; /* ns */
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE];
	char units[CHECK_UNITS_SIZE];
	struct object_id object_id;
	char summary[CHECK_SUMMARY_SIZE];
	char advice[CHECK_ADVICE_SIZE];
	char boot_id[AGENT_BOOT_ID_SIZE];
};

struct notify_queue;

/* NULL when memory is short. */
struct notify_queue *notify_queue_new(uint32_t rate_per_minute);
void notify_queue_free(struct notify_queue *queue);
void notify_queue_set_rate(struct notify_queue *queue, uint32_t rate_per_minute);

/* An alarm is as the notice says: raised (or its severity changed), or cleared. */
void notify_queue_event(struct notify_queue *queue, const struct notice *notice);

/* The session is gone: what was not acknowledged may be lost. */
void notify_queue_lost(struct notify_queue *queue);

/* A new session, after netdiagAlarmSync: every active alarm is to be told again. */
void notify_queue_resync(struct notify_queue *queue);

/* Whether alarms were left out for lack of room, and there is room again: those that are active
 * and unknown here are to be given to notify_queue_event(). Says so once. */
bool notify_queue_has_room(struct notify_queue *queue);

/* Whether the queue knows an alarm. */
bool notify_queue_knows(const struct notify_queue *queue, const char *check, const char *instance);

/*
 * The notification to be sent now, with its sequence number, or NULL. It is in flight then, until
 * one of the next two is called with its number.
 */
const struct notice *notify_queue_next(struct notify_queue *queue, uint64_t now);

/* The master has it. */
void notify_queue_acknowledged(struct notify_queue *queue, uint64_t sequence);

/* It could not be sent, was refused, or not acknowledged in time: sent again, later. */
void notify_queue_failed(struct notify_queue *queue, uint64_t sequence, uint64_t now);

/* How long (ns) until notify_queue_next() may have something, UINT64_MAX when nothing is left. */
uint64_t notify_queue_wait(const struct notify_queue *queue, uint64_t now);

uint64_t notify_queue_last_sequence(const struct notify_queue *queue);
uint64_t notify_queue_suppressed(const struct notify_queue *queue);
/* Not yet acknowledged. */
uint64_t notify_queue_pending(const struct notify_queue *queue);

#endif
