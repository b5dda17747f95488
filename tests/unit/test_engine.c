/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine, with collectors that do what the test says. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/cpu/softnet.h"
#include "collectors/engine.h"
#include "collectors/registry.h"
#include "tests/unit/unit.h"

#define MILLISECOND UINT64_C(1000000)
#define WAIT_MS	    60000

struct number_row {
	uint64_t number;
	uint64_t value;
};

static const struct row_type number_row_type = {
	.name = "number",
	.size = sizeof(struct number_row),
	.text = sizeof(struct number_row),
	.key = {ROW_NUMBER(struct number_row, number)},
};

/* What scripted_collect() is to return next, and how many rows to give. */
static struct {
	pthread_mutex_t lock;
	int err;
	unsigned rows;
	unsigned calls;
	unsigned closed;
	const char *note;
} script = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void script_set(int err, unsigned rows, const char *note)
{
	pthread_mutex_lock(&script.lock);
	script.err = err;
	script.rows = rows;
	script.note = note;
	pthread_mutex_unlock(&script.lock);
}

static unsigned script_calls(void)
{
	unsigned calls;

	pthread_mutex_lock(&script.lock);
	calls = script.calls;
	pthread_mutex_unlock(&script.lock);
	return calls;
}

static unsigned script_closed(void)
{
	unsigned closed;

	pthread_mutex_lock(&script.lock);
	closed = script.closed;
	pthread_mutex_unlock(&script.lock);
	return closed;
}

struct scripted_state {
	uint64_t calls; /* since it was turned on */
};

/* Rows in descending order, the value being the number of the call. */
static int scripted_collect(struct collect *c)
{
	struct scripted_state *state = c->state;
	unsigned count;
	int err;

	pthread_mutex_lock(&script.lock);
	script.calls++;
	err = script.err;
	count = script.rows;
	collect_source(c, "script %u", script.calls);
	if (script.note)
		collect_note(c, "%s", script.note);
	pthread_mutex_unlock(&script.lock);
	state->calls++;
	for (unsigned i = count; i > 0; i--) {
		struct number_row *row = rows_add(&c->rows[0]);

		row->number = i;
		row->value = state->calls;
	}
	return err && !c->error[0] ? collect_fail(c, err, "the script says so") : err;
}

static void scripted_close(void *state)
{
	(void)state;
	pthread_mutex_lock(&script.lock);
	script.closed++;
	pthread_mutex_unlock(&script.lock);
}

static const struct collector scripted = {
	.name = "scripted",
	.interval_ms = 50,
	.rows = {&number_row_type, NULL},
	.state_size = sizeof(struct scripted_state),
	.collect = scripted_collect,
	.close = scripted_close,
};

/* One that says nothing about its failure. */
static int silent_collect(struct collect *c)
{
	(void)c;
	return -EIO;
}

static const struct collector silent = {
	.name = "silent",
	.interval_ms = 50,
	.rows = {&number_row_type, NULL},
	.collect = silent_collect,
};

/* As many calls before the first collection as the first row then counts in. */
#define PREPARED_CALLS 100

static void scripted_prepare(void *arg, const struct collect_settings *with)
{
	struct scripted_state *state = arg;

	ck_assert_ptr_nonnull(with);
	state->calls += PREPARED_CALLS;
}

/* One that needs the running kernel, and one that goes on until it is told to stop. */
static const struct collector live = {
	.name = "live",
	.interval_ms = 50,
	.rows = {&number_row_type, NULL},
	.live = "netlink",
	.prepare = scripted_prepare,
	.collect = scripted_collect,
	.state_size = sizeof(struct scripted_state),
};

static int endless_collect(struct collect *c)
{
	while (!collect_stopping(c))
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	return -ECANCELED;
}

static const struct collector endless = {
	.name = "endless",
	.interval_ms = 50,
	.rows = {&number_row_type, NULL},
	.collect = endless_collect,
};

/* softnet reads its files, so a FIFO without a writer holds it as long as the test wants. */
static const struct collector *const list[] = {&scripted, &softnet_collector, &silent, NULL};

enum { SCRIPTED, SOFTNET, SILENT, LIST_COUNT };

static struct tree tree;
static struct collect_settings *settings[2];
static struct engine *engine;

static void begin(void)
{
	tree_init(&tree);
	tree_write(&tree, "proc/net/softnet_stat", "1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	tree_write(&tree, "proc/softirqs", "CPU0\nNET_TX: 1\nNET_RX: 2\n");
	for (size_t i = 0; i < COUNT_OF(settings); i++) {
		ck_assert(settings[i] = settings_new(collectors));
		settings[i]->roots = tree.roots;
		for (size_t s = 0; s < LIST_COUNT; s++) {
			settings[i]->collector[s].on = true;
			settings[i]->collector[s].interval_ms = 50;
		}
	}
	engine = engine_new(list, settings[0]);
	ck_assert_ptr_nonnull(engine);
	ck_assert_uint_eq(engine_count(engine), LIST_COUNT);
	script_set(0, 3, NULL);
}

static void end(void)
{
	ck_assert(engine_stop(engine, WAIT_MS));
	engine_free(engine);
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		settings_put(settings[i]);
	tree_done(&tree);
}

/* One is the test's own. */
static unsigned references(size_t i)
{
	return __atomic_load_n(&settings[i]->refs, __ATOMIC_RELAXED);
}

static struct collector_state state_of(size_t i)
{
	struct collector_state state;

	engine_state(engine, i, &state);
	return state;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 5 * 1000000}, NULL);
}

/* Waits until a condition holds; the test fails when it does not in time. */
#define EVENTUALLY(condition)                                                               \
	do {                                                                                \
		uint64_t until_ = clock_monotonic() + WAIT_MS * MILLISECOND;                \
		while (!(condition)) {                                                      \
			ck_assert_msg(clock_monotonic() < until_, "never: %s", #condition); \
			nap();                                                              \
		}                                                                           \
	} while (0)

/* The value in the first row of the scripted collector, 0 when there is no snapshot. */
static uint64_t shown_value(void)
{
	const struct snapshot *snapshot = engine_snapshot(engine, SCRIPTED);
	uint64_t value = 0;

	if (snapshot && snapshot->rows[0].count)
		value = ((const struct number_row *)rows_at(&snapshot->rows[0], 0))->value;
	snapshot_put(snapshot);
	return value;
}

START_TEST(pending_at_first)
{
	begin();
	for (size_t i = 0; i < LIST_COUNT; i++) {
		struct collector_state state = state_of(i);

		ck_assert_int_eq(state.status, COLLECT_PENDING);
		ck_assert_uint_eq(state.age_ns, ROW_ABSENT);
		ck_assert_uint_eq(state.duration_ns, ROW_ABSENT);
		ck_assert_uint_eq(state.refreshes, 0);
		ck_assert_ptr_null(engine_snapshot(engine, i));
	}
	ck_assert_int_eq(engine_find(engine, "softnet"), SOFTNET);
	ck_assert_int_eq(engine_find(engine, "soft"), -1);
	end();
}
END_TEST

START_TEST(once_without_threads)
{
	const struct snapshot *snapshot;
	struct collector_state state;

	begin();
	engine_collect_once(engine);
	state = state_of(SCRIPTED);
	ck_assert_int_eq(state.status, COLLECT_OK);
	ck_assert_str_eq(state.name, "scripted");
	ck_assert_str_eq(state.source, "script 1");
	ck_assert_str_eq(state.error, "");
	ck_assert_uint_eq(state.rows, 3);
	ck_assert_uint_eq(state.refreshes, 1);
	ck_assert_uint_eq(state.errors, 0);
	ck_assert_uint_ne(state.duration_ns, ROW_ABSENT);
	ck_assert_uint_ne(state.age_ns, ROW_ABSENT);
	snapshot = engine_snapshot(engine, SCRIPTED);
	ck_assert_uint_eq(snapshot->generation, 1);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(
			((const struct number_row *)rows_at(&snapshot->rows[0], i))->number, i + 1);
	/* A snapshot stays as it is, whatever comes after. */
	script_set(0, 5, NULL);
	engine_collect_once(engine);
	ck_assert_uint_eq(snapshot->rows[0].count, 3);
	ck_assert_uint_eq(state_of(SCRIPTED).rows, 5);
	ck_assert_uint_eq(shown_value(), 2);
	snapshot_put(snapshot);
	snapshot_put(NULL);
	end();
}
END_TEST

START_TEST(failures_have_their_status)
{
	static const struct {
		int err;
		enum collect_status status;
		bool keeps;
	} cases[] = {
		{-EPERM, COLLECT_DENIED, true},
		{-EACCES, COLLECT_DENIED, true},
		{-ENOENT, COLLECT_UNSUPPORTED, false},
		{-EOPNOTSUPP, COLLECT_UNSUPPORTED, false},
		{-EPROTONOSUPPORT, COLLECT_UNSUPPORTED, false},
		{-EAFNOSUPPORT, COLLECT_UNSUPPORTED, false},
		{-ESTALE, COLLECT_STALE, true},
		{-EIO, COLLECT_ERROR, true},
		{-ENOMEM, COLLECT_ERROR, true},
		{-EBADMSG, COLLECT_ERROR, true},
		{-ETIMEDOUT, COLLECT_ERROR, true},
	};

	begin();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct collector_state before, state;
		uint64_t value;

		script_set(0, 3, NULL);
		engine_collect_once(engine);
		before = state_of(SCRIPTED);
		value = shown_value();
		ck_assert_int_eq(before.status, COLLECT_OK);
		ck_assert_str_eq(before.error, "");
		script_set(cases[i].err, 1, NULL);
		engine_collect_once(engine);
		state = state_of(SCRIPTED);
		ck_assert_int_eq(state.status, cases[i].status);
		ck_assert_ptr_nonnull(strstr(state.error, "the script says so: "));
		ck_assert_ptr_nonnull(strstr(state.error, strerror(-cases[i].err)));
		ck_assert_uint_eq(state.refreshes, before.refreshes);
		ck_assert_uint_eq(state.errors, before.errors + 1);
		ck_assert_uint_eq(state.rows, cases[i].keeps ? 3 : 0);
		ck_assert_uint_eq(shown_value(), cases[i].keeps ? value : 0);
		ck_assert((state.age_ns == ROW_ABSENT) == !cases[i].keeps);
	}
	/* One that tells nothing still has a reason. */
	ck_assert_int_eq(state_of(SILENT).status, COLLECT_ERROR);
	ck_assert_ptr_nonnull(strstr(state_of(SILENT).error, "silent: "));
	ck_assert_ptr_nonnull(strstr(state_of(SILENT).error, strerror(EIO)));
	end();
}
END_TEST

START_TEST(notes_stand_under_ok)
{
	begin();
	script_set(0, 3, "half of it is missing");
	engine_collect_once(engine);
	ck_assert_int_eq(state_of(SCRIPTED).status, COLLECT_OK);
	ck_assert_str_eq(state_of(SCRIPTED).error, "half of it is missing");
	script_set(0, 3, NULL);
	engine_collect_once(engine);
	ck_assert_str_eq(state_of(SCRIPTED).error, "");
	end();
}
END_TEST

START_TEST(reason_before_remedy)
{
	struct collect c = {.settings = NULL};

	collect_fail(&c, -EACCES, "cannot read %s. Check its mode. Or be root", "/x");
	ck_assert_str_eq(c.error, "cannot read /x: Permission denied. Check its mode. Or be root");
}
END_TEST

/* What is missing by default alarms only where the configuration asks for it. */
START_TEST(missing_privilege)
{
	struct collect c = {.asked = false};

	ck_assert_int_eq(collect_fail_unprivileged(&c, "needs %s", "CAP_X"), -EOPNOTSUPP);
	c.asked = true;
	ck_assert_int_eq(collect_fail_unprivileged(&c, "needs %s", "CAP_X"), -EPERM);
	ck_assert_str_eq(c.error, "needs CAP_X");
}
END_TEST

/* Reasons are cut to their size, never past it. */
START_TEST(long_reasons)
{
	char text[2 * COLLECT_ERROR_SIZE];
	struct collect c = {.settings = settings[0]};

	memset(text, 'x', sizeof(text));
	for (size_t len = COLLECT_ERROR_SIZE - 40; len < sizeof(text); len++) {
		text[len] = '\0';
		ck_assert_int_eq(collect_fail(&c, -EIO, "%s", text), -EIO);
		ck_assert_uint_lt(strlen(c.error), sizeof(c.error));
		collect_source(&c, "%s", text);
		ck_assert_uint_eq(strlen(c.source), sizeof(c.source) - 1);
		text[len] = 'x';
	}
	memset(&c, 0, sizeof(c));
	text[sizeof(text) - 1] = '\0';
	collect_note(&c, "%s", text);
	ck_assert_uint_eq(strlen(c.error), sizeof(c.error) - 1);
	collect_note(&c, "second");
	ck_assert_uint_eq(strlen(c.error), sizeof(c.error) - 1);
	ck_assert_ptr_null(strstr(c.error, "second"));
}
END_TEST

/* All that is missing is told, each once, as far as there is room. */
START_TEST(several_notes)
{
	char text[COLLECT_ERROR_SIZE];
	struct collect c = {.settings = settings[0]};

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 20] = '\0';
	collect_note(&c, "first");
	collect_note(&c, "second %d", 2);
	collect_note(&c, "first");
	ck_assert_str_eq(c.error, "first; second 2");
	collect_note(&c, "%s", text);
	ck_assert_str_eq(c.error, "first; second 2 (and more)");
	collect_note(&c, "third");
	ck_assert_str_eq(c.error, "first; second 2 (and more)");
	for (size_t len = 1; len < sizeof(text); len++) {
		memset(&c, 0, sizeof(c));
		memset(text, 'x', sizeof(text));
		text[len] = '\0';
		collect_note(&c, "%s", text);
		collect_note(&c, "yyyy");
		collect_note(&c, "zzzz");
		ck_assert_uint_lt(strlen(c.error), sizeof(c.error));
		ck_assert_int_eq(strncmp(c.error, text, len), 0);
	}
}
END_TEST

START_TEST(refreshes_at_its_interval)
{
	struct pollfd ready;
	uint64_t before, took;

	begin();
	before = clock_monotonic();
	ck_assert_int_eq(engine_start(engine), 0);
	ready = (struct pollfd){.fd = engine_fd(engine), .events = POLLIN};
	ck_assert_int_eq(poll(&ready, 1, WAIT_MS), 1);
	engine_event(engine);
	EVENTUALLY(script_calls() >= 10);
	took = clock_monotonic() - before;
	/* The first comes at once, the second at a multiple of 50 ms, eight more 50 ms apart. */
	ck_assert_uint_ge(took, 8 * 50 * MILLISECOND);
	EVENTUALLY(shown_value() >= 10);
	ck_assert_int_eq(state_of(SCRIPTED).status, COLLECT_OK);
	ck_assert_uint_ge(state_of(SOFTNET).refreshes, 1);
	end();
	ck_assert_uint_eq(script_closed(), 1);
}
END_TEST

START_TEST(intervals_can_change)
{
	unsigned calls;

	begin();
	settings[0]->collector[SCRIPTED].interval_ms = 3600 * 1000;
	ck_assert_int_eq(engine_start(engine), 0);
	EVENTUALLY(shown_value() == 1);
	calls = script_calls();
	/* Other settings are seen at once, not in an hour. */
	engine_configure(engine, settings[1]);
	EVENTUALLY(script_calls() >= calls + 3);
	ck_assert_uint_eq(state_of(SCRIPTED).interval_ms, 50);
	EVENTUALLY(references(0) == 1);
	end();
}
END_TEST

START_TEST(off_and_on_again)
{
	struct collector_state state;
	unsigned calls;

	begin();
	ck_assert_int_eq(engine_start(engine), 0);
	EVENTUALLY(shown_value() >= 3);
	settings[1]->collector[SCRIPTED].on = false;
	engine_configure(engine, settings[1]);
	state = state_of(SCRIPTED);
	ck_assert_int_eq(state.status, COLLECT_UNSUPPORTED);
	ck_assert(!state.on);
	ck_assert_uint_eq(state.rows, 0);
	ck_assert_ptr_nonnull(strstr(state.error, "collector scripted off"));
	EVENTUALLY(script_closed() == 1);
	calls = script_calls();
	/* The others go on, this one does not. */
	for (uint64_t more = state_of(SOFTNET).refreshes + 5; state_of(SOFTNET).refreshes < more;)
		nap();
	ck_assert_uint_eq(script_calls(), calls);
	ck_assert_ptr_null(engine_snapshot(engine, SCRIPTED));
	/* On again: from the beginning. */
	engine_configure(engine, settings[0]);
	EVENTUALLY(shown_value() == 1 || shown_value() == 2);
	EVENTUALLY(state_of(SCRIPTED).status == COLLECT_OK);
	end();
	ck_assert_uint_eq(script_closed(), 2);
}
END_TEST

START_TEST(off_from_the_start)
{
	begin();
	settings[0]->collector[SCRIPTED].on = false;
	engine_collect_once(engine);
	ck_assert_uint_eq(script_calls(), 0);
	ck_assert_int_eq(engine_start(engine), 0);
	EVENTUALLY(state_of(SOFTNET).refreshes >= 3);
	ck_assert_uint_eq(script_calls(), 0);
	ck_assert_int_eq(state_of(SCRIPTED).status, COLLECT_UNSUPPORTED);
	end();
}
END_TEST

/* Lets go what is held by the FIFO. */
static void release(void)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/net/softnet_stat", tree.proc);
	/* ENXIO: nobody reads it yet, or any more. */
	EVENTUALLY((fd = open(path, O_WRONLY | O_NONBLOCK)) >= 0);
	tree_remove(&tree, "proc/net/softnet_stat");
	tree_write(&tree, "proc/net/softnet_stat", "1 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	close(fd);
}

START_TEST(a_stall_is_shown_and_delays_nobody)
{
	struct collector_state state;
	const struct snapshot *snapshot;
	uint64_t before, longest = 0;

	begin();
	ck_assert_int_eq(engine_start(engine), 0);
	EVENTUALLY(state_of(SOFTNET).status == COLLECT_OK);
	tree_fifo(&tree, "proc/net/softnet_stat");
	EVENTUALLY(state_of(SOFTNET).status == COLLECT_STALE);
	state = state_of(SOFTNET);
	ck_assert_ptr_nonnull(strstr(state.error, "under way"));
	ck_assert_uint_eq(state.rows, 1);
	ck_assert_uint_ge(state.age_ns, 1000 * MILLISECOND);
	/* The old rows are still there, no question takes long, and the others go on. */
	before = shown_value();
	while (shown_value() < before + 5) {
		uint64_t asked = clock_monotonic(), took;

		snapshot = engine_snapshot(engine, SOFTNET);
		ck_assert_ptr_nonnull(snapshot);
		ck_assert_uint_eq(snapshot->rows[0].count, 1);
		snapshot_put(snapshot);
		state_of(SOFTNET);
		took = clock_monotonic() - asked;
		longest = took > longest ? took : longest;
		nap();
	}
	ck_assert_uint_lt(longest, 500 * MILLISECOND);
	ck_assert_int_eq(state_of(SCRIPTED).status, COLLECT_OK);
	ck_assert(engine_progresses(engine));
	release();
	EVENTUALLY(state_of(SOFTNET).status == COLLECT_OK);
	end();
}
END_TEST

/* A stall from the beginning stays pending, but says why. */
START_TEST(a_stall_at_the_start)
{
	begin();
	tree_fifo(&tree, "proc/net/softnet_stat");
	ck_assert_int_eq(engine_start(engine), 0);
	EVENTUALLY(strstr(state_of(SOFTNET).error, "under way"));
	ck_assert_int_eq(state_of(SOFTNET).status, COLLECT_PENDING);
	release();
	EVENTUALLY(state_of(SOFTNET).status == COLLECT_OK);
	end();
}
END_TEST

/* One that works is enough; when none does, or all are off, is told apart. */
START_TEST(an_engine_that_is_stuck)
{
	begin();
	tree_fifo(&tree, "proc/net/softnet_stat");
	ck_assert(engine_progresses(engine));
	ck_assert_int_eq(engine_start(engine), 0);
	EVENTUALLY(strstr(state_of(SOFTNET).error, "under way"));
	ck_assert(engine_progresses(engine));
	for (size_t i = 0; i < LIST_COUNT; i++)
		settings[1]->collector[i].on = i == SOFTNET;
	engine_configure(engine, settings[1]);
	ck_assert(!engine_progresses(engine));
	release();
	EVENTUALLY(state_of(SOFTNET).status == COLLECT_OK);
	ck_assert(engine_progresses(engine));
	end();
	begin();
	for (size_t i = 0; i < LIST_COUNT; i++)
		settings[0]->collector[i].on = false;
	ck_assert_int_eq(engine_start(engine), 0);
	ck_assert(engine_progresses(engine));
	end();
}
END_TEST

/* A stuck collection has a reference to the settings that it reads. */
START_TEST(settings_stay_while_stuck)
{
	begin();
	tree_fifo(&tree, "proc/net/softnet_stat");
	ck_assert_int_eq(engine_start(engine), 0);
	EVENTUALLY(strstr(state_of(SOFTNET).error, "under way"));
	engine_configure(engine, settings[1]);
	EVENTUALLY(references(0) == 2);
	release();
	EVENTUALLY(references(0) == 1);
	end();
}
END_TEST

/* What was turned off while it was under way does not come back by that. */
START_TEST(off_while_stuck)
{
	begin();
	ck_assert_int_eq(engine_start(engine), 0);
	EVENTUALLY(state_of(SOFTNET).status == COLLECT_OK);
	tree_fifo(&tree, "proc/net/softnet_stat");
	EVENTUALLY(state_of(SOFTNET).status == COLLECT_STALE);
	settings[1]->collector[SOFTNET].on = false;
	engine_configure(engine, settings[1]);
	ck_assert_int_eq(state_of(SOFTNET).status, COLLECT_UNSUPPORTED);
	ck_assert_ptr_null(engine_snapshot(engine, SOFTNET));
	release();
	EVENTUALLY(references(0) == 1);
	ck_assert_ptr_null(engine_snapshot(engine, SOFTNET));
	ck_assert_int_eq(state_of(SOFTNET).status, COLLECT_UNSUPPORTED);
	end();
}
END_TEST

START_TEST(stop_does_not_wait_for_the_stuck)
{
	uint64_t before, took;

	begin();
	tree_fifo(&tree, "proc/net/softnet_stat");
	ck_assert_int_eq(engine_start(engine), 0);
	EVENTUALLY(strstr(state_of(SOFTNET).error, "under way"));
	before = clock_monotonic();
	ck_assert(!engine_stop(engine, 300));
	took = clock_monotonic() - before;
	ck_assert_uint_ge(took, 300 * MILLISECOND);
	ck_assert_uint_lt(took, 20000 * MILLISECOND);
	release();
	end();
}
END_TEST

/* Readers, settings and collections at once: what TSan and ASan are to look at. */
START_TEST(all_at_once)
{
	uint64_t last = 0;

	begin();
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		for (size_t s = 0; s < LIST_COUNT; s++)
			settings[i]->collector[s].interval_ms = 1;
	settings[1]->collector[SILENT].on = false;
	ck_assert_int_eq(engine_start(engine), 0);
	for (int round = 0; round < 300; round++) {
		for (size_t s = 0; s < LIST_COUNT; s++) {
			const struct snapshot *snapshot = engine_snapshot(engine, s);

			if (s == SCRIPTED && snapshot) {
				ck_assert_uint_ge(snapshot->generation, last);
				last = snapshot->generation;
			}
			state_of(s);
			snapshot_put(snapshot);
		}
		if (round % 10 == 0)
			engine_configure(engine, settings[round / 10 % 2]);
		script_set(round % 3 ? 0 : -ENOENT, (unsigned)round % 50, NULL);
		engine_event(engine);
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	ck_assert_uint_gt(last, 0);
	end();
}
END_TEST

/* Two hosts are never mixed: with any other root the running kernel is not asked. */
START_TEST(other_roots_exclude_the_running_kernel)
{
	static const struct collector *const lives[] = {&live, NULL};
	const struct roots roots[] = {
		{{"/captured/proc", "/captured/sys"}},
		{{"/captured/proc", "/sys"}},
		{{"/proc", "/captured/sys"}},
		roots_default,
	};

	script_set(0, 3, NULL);
	for (size_t i = 0; i < COUNT_OF(roots); i++) {
		bool refused = i < COUNT_OF(roots) - 1;
		unsigned calls = script_calls();

		ck_assert(settings[0] = settings_new(lives));
		settings[0]->roots = roots[i];
		engine = engine_new(lives, settings[0]);
		ck_assert_ptr_nonnull(engine);
		engine_collect_once(engine);
		ck_assert_uint_eq(script_calls(), calls + !refused);
		ck_assert_int_eq(state_of(0).status, refused ? COLLECT_UNSUPPORTED : COLLECT_OK);
		ck_assert_str_eq(
			state_of(0).error,
			refused ? "reads the running kernel over netlink, which --proc-root "
				  "and --sys-root exclude"
				: "");
		engine_free(engine);
		settings_put(settings[0]);
	}
}
END_TEST

START_TEST(long_collections_end_when_told)
{
	static const struct collector *const endlesses[] = {&endless, NULL};

	ck_assert(settings[0] = settings_new(endlesses));
	engine = engine_new(endlesses, settings[0]);
	ck_assert_ptr_nonnull(engine);
	ck_assert_int_eq(engine_start(engine), 0);
	nap();
	ck_assert(engine_stop(engine, WAIT_MS));
	engine_free(engine);
	settings_put(settings[0]);
}
END_TEST

/* Only a collector that is on, and whose kernel it is, is prepared; before its first collection. */
START_TEST(prepared_before_the_first_collection)
{
	static const struct collector *const lives[] = {&live, NULL};
	static const struct {
		bool on, excluded;
		uint64_t value;
	} cases[] = {{true, false, PREPARED_CALLS + 1}, {false, false, 1}, {true, true, 1}};

	script_set(0, 1, NULL);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		ck_assert(settings[0] = settings_new(lives));
		settings[0]->collector[0].on = cases[i].on;
		if (cases[i].excluded)
			settings[0]->roots.path[ROOT_PROC] = "/captured/proc";
		engine = engine_new(lives, settings[0]);
		ck_assert_ptr_nonnull(engine);
		engine_prepare(engine);
		settings[0]->collector[0].on = true;
		settings[0]->roots = roots_default;
		engine_collect_once(engine);
		ck_assert_uint_eq(shown_value(), cases[i].value);
		engine_free(engine);
		settings_put(settings[0]);
	}
}
END_TEST

UNIT_MAIN("collect", pending_at_first, once_without_threads, failures_have_their_status,
	  notes_stand_under_ok, reason_before_remedy, missing_privilege, long_reasons,
	  several_notes, refreshes_at_its_interval, intervals_can_change, off_and_on_again,
	  off_from_the_start, a_stall_is_shown_and_delays_nobody, a_stall_at_the_start,
	  an_engine_that_is_stuck, settings_stay_while_stuck, off_while_stuck,
	  stop_does_not_wait_for_the_stuck, all_at_once, other_roots_exclude_the_running_kernel,
	  prepared_before_the_first_collection, long_collections_end_when_told)
