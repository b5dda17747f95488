/* SPDX-License-Identifier: BSD-2-Clause */
/* Chooses the next notification from what the alarms have become and what receivers were told. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "subagent/notify/bucket.h"
#include "subagent/notify/queue.h"

/* The part of the credit that is kept for the host, and the part that repeats may use. */
#define SHARE 4

/* The lower, the sooner it is sent. */
enum importance {
	IMPORTANT_HOST_CRITICAL,
	IMPORTANT_CRITICAL,
	IMPORTANT_HOST_WARNING,
	IMPORTANT_WARNING,
	IMPORTANT_CLEAR,
	IMPORTANT_REPEAT,
};

/* What is known of one alarm. */
struct entry {
	struct entry *next;
	enum alarm_severity told; /* ALARM_NONE: nothing, or that it is over */
	bool told_shelved;
	bool flying;	      /* something about it is in flight */
	bool due;	      /* the notice is to be sent */
	bool again;	      /* even when receivers were told the same before */
	uint64_t order;	      /* of those that are equally important, the lowest is first */
	uint64_t since;	      /* monotonic ns: due since then */
	uint64_t after;	      /* monotonic ns: not to be sent before */
	uint64_t heard;	      /* monotonic ns: when receivers heard of it last; 0: never */
	bool first;	      /* that was its raise */
	struct notice notice; /* as it is now */
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
	size_t instances; /* of these: what does not concern the host */
	struct flight flight[NOTIFY_IN_FLIGHT];
	struct bucket bucket;
	struct bucket repeats;
	uint64_t jitter_ns;
	uint64_t repeat_ns[ALARM_CRITICAL + 1]; /* by severity; 0: never */
	uint64_t seed;
	uint64_t order;
	uint64_t last_sequence;
	uint64_t suppressed;
	bool left_out;
};

/* The credit that a notification needs: what is kept for the host stays. */
static uint64_t credit_needed(const struct notify_queue *queue, const struct entry *entry)
{
	uint64_t kept = queue->bucket.rate >= SHARE ? queue->bucket.most / SHARE : 0;

	return BUCKET_ONE + (entry->notice.host_wide ? 0 : kept);
}

/* --- alarms ----------------------------------------------------------------------------------- */

void notify_queue_configure(struct notify_queue *queue, const struct alarm_settings *settings)
{
	uint64_t rate = settings->rate_per_minute ? settings->rate_per_minute : 1;

	bucket_set(&queue->bucket, rate);
	bucket_set(&queue->repeats, rate > SHARE ? rate / SHARE : 1);
	queue->jitter_ns = settings->jitter_ms * MILLISECOND_NS;
	queue->repeat_ns[ALARM_WARNING] = settings->repeat_warning_ms * MILLISECOND_NS;
	queue->repeat_ns[ALARM_CRITICAL] = settings->repeat_critical_ms * MILLISECOND_NS;
}

struct notify_queue *notify_queue_new(const struct alarm_settings *settings, uint64_t seed)
{
	struct notify_queue *queue = calloc(1, sizeof(*queue));

	if (!queue)
		return NULL;
	queue->seed = seed;
	notify_queue_configure(queue, settings);
	return queue;
}

void notify_queue_clear(struct notify_queue *queue)
{
	while (queue->first) {
		struct entry *entry = queue->first;

		queue->first = entry->next;
		free(entry);
	}
	queue->count = queue->instances = 0;
	memset(queue->flight, 0, sizeof(queue->flight));
}

void notify_queue_free(struct notify_queue *queue)
{
	if (!queue)
		return;
	notify_queue_clear(queue);
	free(queue);
}

static struct entry *entry_find(const struct notify_queue *queue, uint64_t id)
{
	struct entry *entry = queue->first;

	while (entry && entry->notice.alarm.id != id)
		entry = entry->next;
	return entry;
}

bool notify_queue_knows(const struct notify_queue *queue, uint64_t id)
{
	return entry_find(queue, id) != NULL;
}

static bool is_shelved(const struct notice *notice)
{
	return notice->alarm.state == ALARM_SHELVED;
}

static bool is_active(const struct notice *notice)
{
	return notice->alarm.severity > ALARM_NONE;
}

static enum importance importance_of(const struct notice *notice)
{
	if (!is_active(notice) || is_shelved(notice))
		return IMPORTANT_CLEAR;
	if (notice->alarm.severity == ALARM_WARNING)
		return notice->host_wide ? IMPORTANT_HOST_WARNING : IMPORTANT_WARNING;
	return notice->host_wide ? IMPORTANT_HOST_CRITICAL : IMPORTANT_CRITICAL;
}

static void entry_free(struct notify_queue *queue, struct entry *entry)
{
	struct entry **at = &queue->first;

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	queue->count--;
	queue->instances -= !entry->notice.host_wide;
	free(entry);
}

/* An entry of which there is nothing more to be told goes. */
static void entry_release(struct notify_queue *queue, struct entry *entry)
{
	if (!entry->flying && !entry->due && entry->told == ALARM_NONE &&
	    !is_active(&entry->notice))
		entry_free(queue, entry);
}

static bool is_full(const struct notify_queue *queue, bool host_wide)
{
	return queue->count >= NOTIFY_KEYS_MAX ||
	       (!host_wide && queue->instances >= NOTIFY_INSTANCES_MAX);
}

/* Makes room by dropping what matters less and nobody was told of. */
static bool make_room(struct notify_queue *queue, const struct notice *notice)
{
	struct entry *least = NULL;

	for (struct entry *it = queue->first; it; it = it->next) {
		if (it->told != ALARM_NONE || it->flying)
			continue;
		if (!least || importance_of(&it->notice) > importance_of(&least->notice) ||
		    (importance_of(&it->notice) == importance_of(&least->notice) &&
		     it->order > least->order))
			least = it;
	}
	if (!least || importance_of(&least->notice) <= importance_of(notice))
		return false;
	entry_free(queue, least);
	queue->suppressed++;
	queue->left_out = true;
	return true;
}

static struct entry *entry_add(struct notify_queue *queue, const struct notice *notice)
{
	struct entry *entry;

	if (is_full(queue, notice->host_wide) && !make_room(queue, notice))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return NULL;
	entry->told = ALARM_NONE;
	entry->notice.host_wide = notice->host_wide;
	entry->next = queue->first;
	queue->first = entry;
	queue->count++;
	queue->instances += !notice->host_wide;
	return entry;
}

static const struct flight *flight_of(const struct notify_queue *queue, const struct entry *entry)
{
	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++)
		if (queue->flight[i].entry == entry)
			return &queue->flight[i];
	return NULL;
}

static enum alarm_severity severity_in(const struct notice *notice)
{
	return (enum alarm_severity)notice->alarm.severity;
}

/* What receivers know once all in flight has arrived is what is so now. */
static bool is_known(const struct notify_queue *queue, const struct entry *entry)
{
	const struct notice *flying = entry->flying ? &flight_of(queue, entry)->notice : NULL;
	enum alarm_severity told = flying ? severity_in(flying) : entry->told;
	bool shelved = flying ? is_shelved(flying) : entry->told_shelved;

	return severity_in(&entry->notice) == told &&
	       (told == ALARM_NONE || is_shelved(&entry->notice) == shelved);
}

static void entry_due(struct notify_queue *queue, struct entry *entry, uint64_t now)
{
	if (!entry->due) {
		entry->order = ++queue->order;
		entry->since = now;
	}
	entry->due = true;
}

/* Warnings of many hosts with the same fault are spread a little. */
static uint64_t jitter(const struct notify_queue *queue, const struct notice *notice)
{
	uint64_t mixed = (queue->seed ^ notice->alarm.id) * UINT64_C(0x9e3779b97f4a7c15);

	if (!queue->jitter_ns || severity_in(notice) != ALARM_WARNING)
		return 0;
	return (mixed >> 16) % queue->jitter_ns;
}

void notify_queue_event(struct notify_queue *queue, const struct alarm_event *event, uint64_t now)
{
	const struct notice notice = {
		.kind = event->kind,
		.host_wide = event->host_wide,
		.alarm = *event->alarm,
	};
	struct entry *entry = entry_find(queue, notice.alarm.id);

	if (!entry && is_active(&notice)) {
		entry = entry_add(queue, &notice);
		if (entry)
			entry->after = now + jitter(queue, &notice);
	} else if (entry && entry->told == ALARM_NONE && !entry->flying &&
		   severity_in(&notice) == ALARM_CRITICAL) {
		entry->after = now;
	}
	if (!entry) {
		/* No room; or the end of what was never told for lack of it. */
		queue->suppressed++;
		queue->left_out = true;
		return;
	}
	if (entry->due)
		queue->suppressed++;
	entry->notice = notice;
	/* The end of what nobody was told of is not told either. */
	if (!is_active(&notice))
		entry->again = false;
	else if (event->kind == ALARM_EVENT_CHANGED)
		entry->again = true;
	if (is_known(queue, entry) && !entry->again) {
		/* The receiver knows: there and back again. */
		queue->suppressed++;
		entry->due = false;
		entry_release(queue, entry);
		return;
	}
	entry_due(queue, entry, now);
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
		if (!is_active(&entry->notice))
			continue;
		entry->again = true;
		entry->after = 0;
		entry_due(queue, entry, entry->since);
	}
}

bool notify_queue_has_room(struct notify_queue *queue)
{
	bool room = queue->left_out && !is_full(queue, false);

	if (room)
		queue->left_out = false;
	return room;
}

/* --- what is next ------------------------------------------------------------------------------
 */

static bool is_due(const struct entry *entry, uint64_t now)
{
	return entry->due && !entry->flying && now >= entry->after;
}

/* When (monotonic ns) an alarm that receivers have heard of is told again; 0: never. */
static uint64_t repeat_at(const struct notify_queue *queue, const struct entry *entry)
{
	uint64_t period = queue->repeat_ns[entry->told];

	if (entry->told == ALARM_NONE || entry->told_shelved || !entry->heard || !period)
		return 0;
	if (entry->first && period > NOTIFY_FIRST_REPEAT_NS)
		period = NOTIFY_FIRST_REPEAT_NS;
	return entry->heard + period;
}

static bool is_to_be_repeated(const struct notify_queue *queue, const struct entry *entry,
			      uint64_t now)
{
	uint64_t at = repeat_at(queue, entry);

	return !entry->due && !entry->flying && at && now >= at;
}

/* The most important one for which there is credit. */
static struct entry *entry_next(const struct notify_queue *queue, uint64_t now)
{
	uint64_t credit = bucket_credit(&queue->bucket, now);
	bool repeats = bucket_credit(&queue->repeats, now) >= BUCKET_ONE;
	enum importance best = IMPORTANT_REPEAT + 1, its;
	struct entry *found = NULL;

	for (struct entry *entry = queue->first; entry; entry = entry->next) {
		if (is_due(entry, now))
			its = importance_of(&entry->notice);
		else if (repeats && is_to_be_repeated(queue, entry, now))
			its = IMPORTANT_REPEAT;
		else
			continue;
		if (credit < credit_needed(queue, entry) || its > best ||
		    (its == best && found && entry->order > found->order))
			continue;
		best = its;
		found = entry;
	}
	return found;
}

/* What a notification about an entry has to say, given what was told before. */
static enum alarm_event_kind kind_of(const struct entry *entry)
{
	const struct notice *notice = &entry->notice;

	if (!is_active(notice))
		return ALARM_EVENT_CLEARED;
	if (is_shelved(notice) && (entry->told == ALARM_NONE || !entry->told_shelved))
		return ALARM_EVENT_SHELVED;
	if (entry->told == ALARM_NONE)
		return ALARM_EVENT_RAISED;
	if (!is_shelved(notice) && entry->told_shelved)
		return ALARM_EVENT_UNSHELVED;
	if (severity_in(notice) != entry->told || notice->kind == ALARM_EVENT_CHANGED)
		return ALARM_EVENT_CHANGED;
	return ALARM_EVENT_REPEATED;
}

static const struct notice *take_off(struct notify_queue *queue, struct flight *place,
				     struct entry *entry, uint64_t now)
{
	bool repeated = !entry->due;

	bucket_take(&queue->bucket, now);
	if (repeated)
		bucket_take(&queue->repeats, now);
	place->entry = entry;
	place->waiting = true;
	place->delay = NOTIFY_AGAIN_NS;
	place->notice = entry->notice;
	place->notice.kind = repeated ? ALARM_EVENT_REPEATED : kind_of(entry);
	place->notice.previous = entry->told;
	place->notice.sequence = ++queue->last_sequence;
	entry->notice.kind = ALARM_EVENT_REPEATED;
	entry->due = entry->again = false;
	entry->flying = true;
	entry->after = now + NOTIFY_KEY_INTERVAL_NS;
	return &place->notice;
}

const struct notice *notify_queue_next(struct notify_queue *queue, uint64_t now)
{
	struct flight *place = NULL, *again = NULL;
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
	entry = place ? entry_next(queue, now) : NULL;
	return entry ? take_off(queue, place, entry, now) : NULL;
}

static struct flight *waiting_for(struct notify_queue *queue, uint64_t sequence)
{
	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++)
		if (queue->flight[i].entry && queue->flight[i].waiting &&
		    queue->flight[i].notice.sequence == sequence)
			return &queue->flight[i];
	return NULL;
}

void notify_queue_acknowledged(struct notify_queue *queue, uint64_t sequence, uint64_t now)
{
	struct flight *flight = waiting_for(queue, sequence);
	struct entry *entry;

	if (!flight)
		return;
	entry = flight->entry;
	entry->told = severity_in(&flight->notice);
	entry->told_shelved = is_shelved(&flight->notice);
	entry->flying = false;
	if (!entry->due)
		entry->since = 0;
	flight->entry = NULL;
	entry->heard = now;
	entry->first = flight->notice.kind == ALARM_EVENT_RAISED;
	entry_release(queue, entry);
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

static uint64_t later(uint64_t at, uint64_t now)
{
	return at > now ? at - now : 0;
}

/* How long until an entry may be sent. */
static uint64_t entry_wait(const struct notify_queue *queue, const struct entry *entry,
			   uint64_t now)
{
	uint64_t tokens = bucket_wait(&queue->bucket, credit_needed(queue, entry), now), its;
	uint64_t again = repeat_at(queue, entry);

	if (entry->flying || (!entry->due && !again))
		return UINT64_MAX;
	if (entry->due) {
		its = later(entry->after, now);
	} else {
		uint64_t repeats = bucket_wait(&queue->repeats, BUCKET_ONE, now);

		its = later(again, now);
		its = repeats > its ? repeats : its;
	}
	return tokens > its ? tokens : its;
}

uint64_t notify_queue_wait(const struct notify_queue *queue, uint64_t now)
{
	uint64_t wait = UINT64_MAX;
	bool place = false;

	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++) {
		const struct flight *flight = &queue->flight[i];

		if (!flight->entry)
			place = true;
		else if (!flight->waiting && later(flight->not_before, now) < wait)
			wait = later(flight->not_before, now);
	}
	for (const struct entry *entry = queue->first; place && entry; entry = entry->next) {
		uint64_t its = entry_wait(queue, entry, now);

		wait = its < wait ? its : wait;
	}
	return wait;
}

/* --- what others ask ---------------------------------------------------------------------------
 */

uint64_t notify_queue_pending(const struct notify_queue *queue)
{
	uint64_t pending = 0;

	for (size_t i = 0; i < NOTIFY_IN_FLIGHT; i++)
		pending += queue->flight[i].entry != NULL;
	for (const struct entry *entry = queue->first; entry; entry = entry->next)
		pending += entry->due;
	return pending;
}

uint64_t notify_queue_waiting_since(const struct notify_queue *queue)
{
	uint64_t since = 0;

	for (const struct entry *entry = queue->first; entry; entry = entry->next)
		if ((entry->due || entry->flying) && entry->since &&
		    (!since || entry->since < since))
			since = entry->since;
	return since;
}

uint64_t notify_queue_suppressed(const struct notify_queue *queue)
{
	return queue->suppressed;
}

uint64_t notify_queue_last_sequence(const struct notify_queue *queue)
{
	return queue->last_sequence;
}

void notify_queue_set_sequence(struct notify_queue *queue, uint64_t sequence)
{
	queue->last_sequence = sequence;
}

void notify_queue_each(const struct notify_queue *queue, notify_queue_each_fn *fn, void *arg)
{
	for (const struct entry *entry = queue->first; entry; entry = entry->next) {
		enum alarm_severity told = entry->told;

		/* Its raise is under way: its end has to be told. */
		if (told == ALARM_NONE && !is_active(&entry->notice) && entry->flying)
			told = severity_in(&flight_of(queue, entry)->notice);
		fn(&entry->notice, told, arg);
	}
}

int notify_queue_restore(struct notify_queue *queue, const struct notice *notice,
			 enum alarm_severity told)
{
	struct entry *entry = entry_add(queue, notice);

	if (!entry)
		return -1;
	entry->notice = *notice;
	entry->told = told;
	entry->told_shelved = is_shelved(notice);
	if (!is_known(queue, entry))
		entry_due(queue, entry, 0);
	return 0;
}
