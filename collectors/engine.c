/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs the collectors, each in a thread of its own, and publishes what they found as snapshots. */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/engine.h"
#include "collectors/kernel/viewpoint.h"

/* A collector's rows are stale when they are older than this many intervals. */
#define STALE_INTERVALS 3

/* Collectors publish in bursts, because their intervals are aligned: the main thread is woken this
 * long after the first of them, once for all. */
#define EVENT_DELAY_NS (10 * MILLISECOND_NS)

/* Collectors use little stack; sanitizers multiply it. */
#define STACK_SIZE ((size_t)1 << 20)

/* One collector at work. Everything but `state` and `buf`, which are its thread's, is under the
 * engine's lock. */
struct slot {
	struct engine *engine;
	size_t index;
	const struct collector *desc;
	pthread_t thread;
	bool running; /* the thread exists; the main thread's */
	bool ended;   /* and has left its loop */
	void *state;
	struct filebuf buf;
	struct snapshot *snapshot;
	uint64_t busy_since; /* monotonic ns; 0: idle */
	uint64_t due;	     /* monotonic ns: when the next collection begins, while idle */
	enum collect_status status;
	bool hidden; /* see -ENODATA in collector.h */
	char source[COLLECT_SOURCE_SIZE];
	char error[COLLECT_ERROR_SIZE];
	uint64_t generation;
	uint64_t duration;
	uint64_t refreshes;
	uint64_t errors;
};

struct engine {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* settings changed, or stop, or a thread ended */
	const struct collect_settings *settings;
	unsigned configured; /* counts engine_configure() */
	bool stop;
	bool event;   /* event_fd is armed, or has expired and was not read yet */
	int event_fd; /* a timerfd */
	size_t count;
	struct slot slot[COLLECTORS_MAX];
};

void collect_source(struct collect *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->source, sizeof(c->source), format, args);
	va_end(args);
}

int collect_fail(struct collect *c, int err, const char *format, ...)
{
	char text[COLLECT_ERROR_SIZE], reason[64];
	const char *remedy;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	remedy = strstr(text, ". ");
	if (!remedy)
		remedy = text + strlen(text);
	snprintf(c->error, sizeof(c->error), "%.*s: %s%s", (int)(remedy - text), text,
		 strerror_r(-err, reason, sizeof(reason)), remedy);
	return err;
}

int collect_fail_unprivileged(struct collect *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->error, sizeof(c->error), format, args);
	va_end(args);
	return c->asked ? -EPERM : -EOPNOTSUPP;
}

void collect_note(struct collect *c, const char *format, ...)
{
	static const char between[] = "; ", more[] = " (and more)";
	size_t used = strlen(c->error), size = sizeof(c->error);
	char text[COLLECT_ERROR_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!used)
		memcpy(c->error, text, sizeof(text));
	else if (strstr(c->error, text) || strstr(c->error, more))
		return;
	else if (used + strlen(between) + strlen(text) + strlen(more) < size)
		stpcpy(stpcpy(c->error + used, between), text);
	else if (used + strlen(more) < size)
		stpcpy(c->error + used, more);
}

static enum collect_status status_of(int err)
{
	switch (err) {
	case 0:
		return COLLECT_OK;
	case -EPERM:
	case -EACCES:
		return COLLECT_DENIED;
	case -ENOENT:
	case -ENODATA:
	case -EOPNOTSUPP:
	case -EPROTONOSUPPORT:
	case -EAFNOSUPPORT:
		return COLLECT_UNSUPPORTED;
	case -ESTALE:
		return COLLECT_STALE;
	default:
		return COLLECT_ERROR;
	}
}

static struct snapshot *snapshot_new(const struct collector *desc)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->refs = 1;
	for (; desc->rows[snapshot->rows_count]; snapshot->rows_count++)
		rows_init(&snapshot->rows[snapshot->rows_count], desc->rows[snapshot->rows_count]);
	return snapshot;
}

const struct snapshot *snapshot_get(const struct snapshot *snapshot)
{
	struct snapshot *own = (struct snapshot *)snapshot;

	__atomic_add_fetch(&own->refs, 1, __ATOMIC_RELAXED);
	return snapshot;
}

void snapshot_put(const struct snapshot *snapshot)
{
	struct snapshot *own = (struct snapshot *)snapshot;

	if (!own || __atomic_sub_fetch(&own->refs, 1, __ATOMIC_ACQ_REL))
		return;
	for (size_t i = 0; i < own->rows_count; i++)
		rows_clear(&own->rows[i]);
	free(own);
}

struct engine *engine_new(const struct collector *const *list,
			  const struct collect_settings *settings)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	pthread_condattr_t attr;

	if (!engine)
		return NULL;
	engine->event_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (engine->event_fd < 0) {
		free(engine);
		return NULL;
	}
	pthread_mutex_init(&engine->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&engine->wake, &attr);
	pthread_condattr_destroy(&attr);
	engine->settings = settings_get(settings);
	for (; list[engine->count] && engine->count < COLLECTORS_MAX; engine->count++) {
		struct slot *slot = &engine->slot[engine->count];

		slot->engine = engine;
		slot->index = engine->count;
		slot->desc = list[engine->count];
		slot->status = COLLECT_PENDING;
		slot->duration = ROW_ABSENT;
	}
	return engine;
}

/* Releases what a collector holds between collections. */
static void slot_close(struct slot *slot)
{
	if (slot->state && slot->desc->close)
		slot->desc->close(slot->state);
	free(slot->state);
	slot->state = NULL;
	filebuf_free(&slot->buf);
}

/* With the lock held: the outcome of a collection becomes what is shown. Takes the snapshot. */
static void slot_publish(struct slot *slot, struct snapshot *snapshot, const struct collect *c,
			 int err)
{
	struct snapshot *old = NULL;

	slot->status = status_of(err);
	slot->hidden = err == -ENODATA;
	memcpy(slot->source, c->source, sizeof(slot->source));
	memcpy(slot->error, c->error, sizeof(slot->error));
	if (!err) {
		slot->refreshes++;
		snapshot->generation = ++slot->generation;
		old = slot->snapshot;
		slot->snapshot = snapshot;
		snapshot = NULL;
	} else {
		slot->errors++;
		if (slot->status == COLLECT_UNSUPPORTED) {
			old = slot->snapshot;
			slot->snapshot = NULL;
		}
	}
	snapshot_put(old);
	snapshot_put(snapshot);
}

/* Whether a collector reads a kernel that the roots exclude. */
static bool slot_excluded(const struct slot *slot, const struct collect_settings *settings)
{
	return slot->desc->live && !roots_live(&settings->roots);
}

/* Allocates the collector's state, unless that is done. False when memory is short. */
static bool slot_open(struct slot *slot)
{
	if (!slot->state && slot->desc->state_size)
		slot->state = calloc(1, slot->desc->state_size);
	return slot->state || !slot->desc->state_size;
}

void engine_prepare(struct engine *engine)
{
	for (size_t i = 0; i < engine->count; i++) {
		struct slot *slot = &engine->slot[i];

		if (slot->desc->prepare && engine->settings->collector[i].on &&
		    !slot_excluded(slot, engine->settings) && slot_open(slot))
			slot->desc->prepare(slot->state, engine->settings);
	}
}

/* Makes sure that there are a state and a snapshot, and collects into it. 0 or -errno. */
static int slot_fill(struct slot *slot, struct snapshot *snapshot, struct collect *c)
{
	int err;

	if (!slot_open(slot) || !snapshot)
		return collect_fail(c, -ENOMEM, "%s", slot->desc->name);
	c->state = slot->state;
	c->rows = snapshot->rows;
	c->buf = &slot->buf;
	snapshot->time = c->now;
	if (slot_excluded(slot, c->settings)) {
		snprintf(c->error, sizeof(c->error),
			 "reads the running kernel over %s, which --proc-root and --sys-root "
			 "exclude",
			 slot->desc->live);
		return -EOPNOTSUPP;
	}
	err = slot->desc->collect(c);
	snapshot->left_out = c->left_out;
	if (err && !c->error[0])
		collect_fail(c, err, "%s", slot->desc->name);
	if (err == -ENOENT && viewpoint_is_partial(&c->settings->roots)) {
		err = -ENODATA;
		snprintf(c->error, sizeof(c->error),
			 "%s shows processes only: mount it without subset=pid "
			 "(ProcSubset=all in the unit)",
			 c->settings->roots.path[ROOT_PROC]);
	}
	for (size_t i = 0; i < snapshot->rows_count; i++)
		rows_sort(&snapshot->rows[i]);
	snapshot->end = clock_monotonic();
	return err;
}

/* One collection. Called with the lock held, which is released meanwhile. */
static void slot_collect(struct slot *slot)
{
	struct engine *engine = slot->engine;
	struct snapshot *snapshot;
	struct collect c = {
		.settings = settings_get(engine->settings),
		.asked = engine->settings->collector[slot->index].asked,
		.now = clock_monotonic(),
		.stop = &engine->stop,
	};
	uint64_t duration;
	int err;

	slot->busy_since = c.now;
	pthread_mutex_unlock(&engine->lock);
	snapshot = snapshot_new(slot->desc);
	err = slot_fill(slot, snapshot, &c);
	duration = clock_monotonic() - c.now;
	pthread_mutex_lock(&engine->lock);
	settings_put(c.settings);
	slot->busy_since = 0;
	slot->duration = duration;
	if (engine->settings->collector[slot->index].on)
		slot_publish(slot, snapshot, &c, err);
	else
		snapshot_put(snapshot);
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / SECOND_NS),
		.tv_nsec = (long)(ns % SECOND_NS),
	};
}

/* With the lock held: the main thread is to look at what is new. */
static void engine_notify(struct engine *engine)
{
	const struct itimerspec once = {.it_value = timespec_of(EVENT_DELAY_NS)};

	if (!engine->event)
		engine->event = !timerfd_settime(engine->event_fd, 0, &once, NULL);
}

/* With the lock held: waits until `due` (0: for ever), a change of the settings, or stop. */
static void slot_wait(struct slot *slot, uint64_t due)
{
	struct engine *engine = slot->engine;
	unsigned configured = engine->configured;
	struct timespec until = timespec_of(due);
	int err = 0;

	while (!engine->stop && engine->configured == configured && err != ETIMEDOUT)
		err = due ? pthread_cond_timedwait(&engine->wake, &engine->lock, &until)
			  : pthread_cond_wait(&engine->wake, &engine->lock);
}

static void *slot_thread(void *arg)
{
	struct slot *slot = arg;
	struct engine *engine = slot->engine;

	pthread_mutex_lock(&engine->lock);
	while (!engine->stop) {
		unsigned configured = engine->configured;
		uint64_t interval, now;

		if (!engine->settings->collector[slot->index].on) {
			slot_close(slot);
			slot->due = 0;
			slot_wait(slot, 0);
			continue;
		}
		slot_collect(slot);
		engine_notify(engine);
		if (configured != engine->configured)
			continue;
		/* At multiples of the interval: one wake-up of the processor serves them all. */
		interval = engine->settings->collector[slot->index].interval_ms * MILLISECOND_NS;
		now = clock_monotonic();
		slot->due = now - now % interval + interval;
		slot_wait(slot, slot->due);
	}
	slot_close(slot);
	slot->ended = true;
	pthread_cond_broadcast(&engine->wake);
	pthread_mutex_unlock(&engine->lock);
	return NULL;
}

int engine_start(struct engine *engine)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int err = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (size_t i = 0; i < engine->count && !err; i++) {
		struct slot *slot = &engine->slot[i];
		char name[16];

		err = -pthread_create(&slot->thread, &attr, slot_thread, slot);
		if (err)
			break;
		slot->running = true;
		snprintf(name, sizeof(name), "nd-%s", slot->desc->name);
		pthread_setname_np(slot->thread, name);
	}
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

void engine_configure(struct engine *engine, const struct collect_settings *settings)
{
	pthread_mutex_lock(&engine->lock);
	settings_put(engine->settings);
	engine->settings = settings_get(settings);
	engine->configured++;
	for (size_t i = 0; i < engine->count; i++) {
		struct slot *slot = &engine->slot[i];

		if (settings->collector[i].on)
			continue;
		snapshot_put(slot->snapshot);
		slot->snapshot = NULL;
		slot->status = COLLECT_PENDING;
		slot->source[0] = slot->error[0] = '\0';
	}
	pthread_cond_broadcast(&engine->wake);
	engine_notify(engine);
	pthread_mutex_unlock(&engine->lock);
}

/* With the lock held. */
static bool engine_all_ended(const struct engine *engine)
{
	for (size_t i = 0; i < engine->count; i++)
		if (engine->slot[i].running && !engine->slot[i].ended)
			return false;
	return true;
}

/* pthread_timedjoin_np() would do it on the wall clock, which can be set meanwhile. */
bool engine_stop(struct engine *engine, unsigned timeout_ms)
{
	struct timespec until = timespec_of(clock_monotonic() + timeout_ms * MILLISECOND_NS);
	int err = 0;
	bool all;

	pthread_mutex_lock(&engine->lock);
	__atomic_store_n(&engine->stop, true, __ATOMIC_RELAXED); /* read without the lock too */
	pthread_cond_broadcast(&engine->wake);
	while (!engine_all_ended(engine) && err != ETIMEDOUT)
		err = pthread_cond_timedwait(&engine->wake, &engine->lock, &until);
	all = engine_all_ended(engine);
	/* Those that have ended need the lock no more. */
	for (size_t i = 0; i < engine->count; i++) {
		struct slot *slot = &engine->slot[i];

		if (!slot->running || !slot->ended)
			continue;
		pthread_join(slot->thread, NULL);
		slot->running = false;
	}
	pthread_mutex_unlock(&engine->lock);
	return all;
}

void engine_free(struct engine *engine)
{
	if (!engine)
		return;
	for (size_t i = 0; i < engine->count; i++) {
		slot_close(&engine->slot[i]);
		snapshot_put(engine->slot[i].snapshot);
	}
	settings_put(engine->settings);
	close(engine->event_fd);
	pthread_cond_destroy(&engine->wake);
	pthread_mutex_destroy(&engine->lock);
	free(engine);
}

void engine_collect_once(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	for (size_t i = 0; i < engine->count; i++)
		if (engine->settings->collector[i].on)
			slot_collect(&engine->slot[i]);
	pthread_mutex_unlock(&engine->lock);
}

size_t engine_count(const struct engine *engine)
{
	return engine->count;
}

const struct roots *engine_roots(const struct engine *engine)
{
	return &engine->settings->roots;
}

int engine_fd(const struct engine *engine)
{
	return engine->event_fd;
}

bool engine_event(struct engine *engine)
{
	uint64_t expirations;
	bool event;

	pthread_mutex_lock(&engine->lock);
	event = read(engine->event_fd, &expirations, sizeof(expirations)) > 0;
	if (event)
		engine->event = false;
	pthread_mutex_unlock(&engine->lock);
	return event;
}

const struct snapshot *engine_snapshot(struct engine *engine, size_t i)
{
	struct snapshot *snapshot;

	pthread_mutex_lock(&engine->lock);
	snapshot = engine->slot[i].snapshot;
	if (snapshot)
		snapshot_get(snapshot);
	pthread_mutex_unlock(&engine->lock);
	return snapshot;
}

/* With the lock held: how long a collection may take, or be overdue, before the collector stalls.
 */
static uint64_t slot_stall_limit(const struct slot *slot)
{
	const struct collect_settings *settings = slot->engine->settings;

	return settings->collector[slot->index].interval_ms * MILLISECOND_NS * STALE_INTERVALS +
	       SECOND_NS;
}

bool engine_progresses(struct engine *engine)
{
	uint64_t now = clock_monotonic();
	bool any = false, progress = false;

	pthread_mutex_lock(&engine->lock);
	for (size_t i = 0; i < engine->count; i++) {
		const struct slot *slot = &engine->slot[i];
		uint64_t since = slot->busy_since ? slot->busy_since : slot->due;

		if (!engine->settings->collector[i].on)
			continue;
		any = true;
		/* A thread that has not begun yet has neither time. */
		progress = progress || !since || now < since + slot_stall_limit(slot);
	}
	pthread_mutex_unlock(&engine->lock);
	return progress || !any;
}

/* With the lock held: a collector whose rows are old stalls, whatever its last outcome. */
static void slot_note_stall(const struct slot *slot, uint64_t now, struct collector_state *state)
{
	if (!slot->busy_since || now - slot->busy_since < slot_stall_limit(slot))
		return;
	if (state->status != COLLECT_PENDING)
		state->status = COLLECT_STALE;
	snprintf(state->error, sizeof(state->error),
		 "%s: a collection has been under way for %u s: there is very much to read, "
		 "or the kernel or a file system is stuck. Restart netdiagd if it lasts",
		 slot->desc->name, (unsigned)((now - slot->busy_since) / SECOND_NS));
}

void engine_state(struct engine *engine, size_t i, struct collector_state *state)
{
	const struct slot *slot = &engine->slot[i];
	uint64_t now;

	memset(state, 0, sizeof(*state));
	pthread_mutex_lock(&engine->lock);
	now = clock_monotonic();
	state->name = slot->desc->name;
	state->on = engine->settings->collector[i].on;
	state->interval_ms = engine->settings->collector[i].interval_ms;
	state->status = slot->status;
	state->hidden = slot->hidden;
	state->duration_ns = slot->duration;
	state->refreshes = slot->refreshes;
	state->errors = slot->errors;
	state->age_ns = slot->snapshot ? now - slot->snapshot->time : ROW_ABSENT;
	for (size_t r = 0; slot->snapshot && r < slot->snapshot->rows_count; r++)
		state->rows += slot->snapshot->rows[r].count;
	memcpy(state->source, slot->source, sizeof(state->source));
	memcpy(state->error, slot->error, sizeof(state->error));
	if (!state->on) {
		state->status = COLLECT_UNSUPPORTED;
		state->hidden = false;
		state->source[0] = '\0';
		snprintf(state->error, sizeof(state->error),
			 "turned off in the configuration (collector %s off)", slot->desc->name);
	} else {
		slot_note_stall(slot, now, state);
	}
	pthread_mutex_unlock(&engine->lock);
}

int engine_find(const struct engine *engine, const char *name)
{
	for (size_t i = 0; i < engine->count; i++)
		if (!strcmp(engine->slot[i].desc->name, name))
			return (int)i;
	return -1;
}
