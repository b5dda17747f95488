/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "subagent/notify/queue.h"

/* Credit is kept in ns times the rate per minute: this much is one notification. */
#define MINUTE_NS UINT64_C(60000000000)

/* What is known of one alarm. */
struct entry {
	struct entry *next;
	enum alarm_severity told; /* ALARM_NONE: nothing, or that it is over */
	bool flying;		  /* something about it is in flight */
	bool due;		  /* the notice is to be sent */
	bool again;		  /* even when the receiver was told the same before */
	uint64_t order;		  /* of those that are due, the lowest is first */
	uint64_t sent;		  /* monotonic ns; 0: never */
	struct notice notice;	  /* as it is now */
};

struct flight {
	struct entry *entry; /* NULL: a free place */
	bool waiting;	     /* for its acknowledgement; false: to be sent again */
	uint64_t not_before;
	uint64_t delay; /* of the next attempt after this one */
	struct notice notice;
};

struct notify_queue {
	struct entry *first;
	size_t count;
	struct flight flight[NOTIFY_IN_FLIGHT];
	uint64_t rate;
	uint64_t credit;
	uint64_t credit_at; /* monotonic ns; 0: never used yet */
	uint64_t order;
	uint64_t last_sequence;
	uint64_t suppressed;
	bool left_out;
};

struct notify_queue *notify_queue_new(uint32_t rate_per_minute)
{
	struct notify_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	notify_queue_set_rate(queue, rate_per_minute);
	queue->credit = queue->rate * MINUTE_NS;
	return queue;
}

void notify_queue_free(struct notify_queue *queue)
{
	if (!queue)
		return;
	while (queue->first) {
		struct entry *entry = queue->first;

		queue->first = entry->next;
		free(entry);
	}
	free(queue);
}

void notify_queue_set_rate(struct notify_queue *queue, uint32_t rate_per_minute)
{
	queue->rate = rate_per_minute;
	if (queue->credit > queue->rate * MINUTE_NS)
		queue->credit = queue->rate * MINUTE_NS;
}

static struct entry *find(const struct notify_queue *queue, const char *check, const char *instance)
{
	struct entry *entry = queue->first;

	while (entry &&
	       (strcmp(entry->notice.check, check) || strcmp(entry->notice.instance, instance)))
		entry = entry->next;
	return entry;
}

bool notify_queue_knows(const struct notify_queue *queue, const char *check, const char *instance)
{
	return find(queue, check, instance) != NULL;
}

static struct flight *flight_of(struct notify_queue *queue, const struct entry *entry)
{
	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++)
		if (queue->flight[i].entry == entry)
			return &queue->flight[i];
	return NULL;
}

static enum alarm_severity severity_in(const struct notice *notice)
{
	return notice->id == NOTIFICATION_RAISED ? (enum alarm_severity)notice->severity
						 : ALARM_NONE;
}

/* What the receiver knows once all in flight has arrived. */
static enum alarm_severity told(struct notify_queue *queue, const struct entry *entry)
{
	return entry->flying ? severity_in(&flight_of(queue, entry)->notice) : entry->told;
}

/* An entry of which there is nothing more to be told goes. */
static void release(struct notify_queue *queue, struct entry *entry)
{
	struct entry **at = &queue->first;

	if (entry->flying || entry->due || entry->told != ALARM_NONE ||
	    severity_in(&entry->notice) != ALARM_NONE)
		return;
	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	free(entry);
	queue->count--;
}

static struct entry *add(struct notify_queue *queue)
{
	struct entry *entry = queue->count < NOTIFY_KEYS_MAX ? calloc(1, sizeof(*entry)) : NULL;

	if (!entry)
		return NULL;
	entry->told = ALARM_NONE;
	entry->next = queue->first;
	queue->first = entry;
	queue->count++;
	return entry;
}

void notify_queue_event(struct notify_queue *queue, const struct notice *notice)
{
	struct entry *entry = find(queue, notice->check, notice->instance);

	if (!entry && severity_in(notice) != ALARM_NONE)
		entry = add(queue);
	if (!entry) {
		/* No room; or the end of what was never told for lack of it. */
		queue->suppressed++;
		queue->left_out = true;
		return;
	}
	if (entry->due)
		queue->suppressed++;
	entry->notice = *notice;
	if (severity_in(notice) == told(queue, entry) && !entry->again) {
		/* The receiver knows: there and back again. */
		queue->suppressed++;
		entry->due = false;
		release(queue, entry);
		return;
	}
	if (!entry->due)
		entry->order = ++queue->order;
	entry->due = true;
}

void notify_queue_lost(struct notify_queue *queue)
{
	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++) {
		queue->flight[i].waiting = false;
		queue->flight[i].not_before = 0;
		queue->flight[i].delay = NOTIFY_AGAIN_NS;
	}
}

void notify_queue_resync(struct notify_queue *queue)
{
	for (struct entry *entry = queue->first; entry; entry = entry->next) {
		if (severity_in(&entry->notice) == ALARM_NONE)
			continue;
		entry->again = true;
		entry->sent = 0;
		if (!entry->due)
			entry->order = ++queue->order;
		entry->due = true;
	}
}

bool notify_queue_has_room(struct notify_queue *queue)
{
	bool room = queue->left_out && queue->count < NOTIFY_KEYS_MAX;

	if (room)
		queue->left_out = false;
	return room;
}

static uint64_t credit_now(const struct notify_queue *queue, uint64_t now)
{
	uint64_t full = queue->rate * MINUTE_NS, passed = now - queue->credit_at, credit;

	if (!queue->credit_at || passed >= MINUTE_NS)
		return queue->credit_at ? full : queue->credit;
	credit = queue->credit + passed * queue->rate;
	return credit < full ? credit : full;
}

static bool is_due(const struct entry *entry, uint64_t now)
{
	return entry->due && !entry->flying &&
	       (!entry->sent || now - entry->sent >= NOTIFY_KEY_INTERVAL_NS);
}

static struct entry *first_due(const struct notify_queue *queue, uint64_t now)
{
	struct entry *found = NULL;

	for (struct entry *entry = queue->first; entry; entry = entry->next)
		if (is_due(entry, now) && (!found || entry->order < found->order))
			found = entry;
	return found;
}

const struct notice *notify_queue_next(struct notify_queue *queue, uint64_t now)
{
	struct flight *place = NULL, *again = NULL;
	uint64_t credit = credit_now(queue, now);
	struct entry *entry;

	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++) {
		struct flight *flight = &queue->flight[i];

		if (!flight->entry)
			place = flight;
		else if (!flight->waiting && now >= flight->not_before &&
			 (!again || flight->notice.sequence < again->notice.sequence))
			again = flight;
	}
	if (again) {
		again->waiting = true;
		return &again->notice;
	}
	if (!place || credit < MINUTE_NS)
		return NULL;
	entry = first_due(queue, now);
	if (!entry)
		return NULL;
	queue->credit = credit - MINUTE_NS;
	queue->credit_at = now;
	entry->due = entry->again = false;
	entry->flying = true;
	entry->sent = now;
	place->entry = entry;
	place->waiting = true;
	place->delay = NOTIFY_AGAIN_NS;
	place->notice = entry->notice;
	place->notice.sequence = ++queue->last_sequence;
	return &place->notice;
}

static struct flight *waiting_for(struct notify_queue *queue, uint64_t sequence)
{
	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++)
		if (queue->flight[i].entry && queue->flight[i].waiting &&
		    queue->flight[i].notice.sequence == sequence)
			return &queue->flight[i];
	return NULL;
}

void notify_queue_acknowledged(struct notify_queue *queue, uint64_t sequence)
{
	struct flight *flight = waiting_for(queue, sequence);
	struct entry *entry;

	if (!flight)
		return;
	entry = flight->entry;
	entry->told = severity_in(&flight->notice);
	entry->flying = false;
	flight->entry = NULL;
	release(queue, entry);
}

void notify_queue_failed(struct notify_queue *queue, uint64_t sequence, uint64_t now)
{
	struct flight *flight = waiting_for(queue, sequence);

	if (!flight)
		return;
	flight->waiting = false;
	flight->not_before = now + flight->delay;
	if (flight->delay < NOTIFY_AGAIN_MAX_NS)
		flight->delay *= 2;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t notify_queue_wait(const struct notify_queue *queue, uint64_t now)
{
	uint64_t wait = UINT64_MAX, credit = credit_now(queue, now), tokens;
	bool place = false;

	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++) {
		const struct flight *flight = &queue->flight[i];

		if (!flight->entry)
			place = true;
		else if (!flight->waiting)
			wait = least(wait, flight->not_before > now ? flight->not_before - now : 0);
	}
	if (!place || !queue->rate)
		return wait;
	tokens = credit < MINUTE_NS ? (MINUTE_NS - credit) / queue->rate + 1 : 0;
	for (const struct entry *entry = queue->first; entry; entry = entry->next) {
		uint64_t passed = now - entry->sent, its = tokens;

		if (!entry->due || entry->flying)
			continue;
		if (entry->sent && passed < NOTIFY_KEY_INTERVAL_NS &&
		    NOTIFY_KEY_INTERVAL_NS - passed > its)
			its = NOTIFY_KEY_INTERVAL_NS - passed;
		wait = least(wait, its);
	}
	return wait;
}

uint64_t notify_queue_last_sequence(const struct notify_queue *queue)
{
	return queue->last_sequence;
}

uint64_t notify_queue_suppressed(const struct notify_queue *queue)
{
	return queue->suppressed;
}

uint64_t notify_queue_pending(const struct notify_queue *queue)
{
	uint64_t pending = 0;

	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++)
		pending += queue->flight[i].entry != NULL;
	for (const struct entry *entry = queue->first; entry; entry = entry->next)
		pending += entry->due;
	return pending;
}
