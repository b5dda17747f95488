/* SPDX-License-Identifier: BSD-2-Clause */
/* What receivers are told of many alarms at once: causes, storms, shelves. Alarms are made by hand,
 * and a receiver that only knows the events is compared with the rows after each decision. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "subagent/checks/decide.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define MINUTE (60 * SECOND)
#define EVENTS 512
#define KNOWN  8192

/* For inner loops: ck_assert() talks to its parent each time. */
#define PROMISE(condition)                              \
	do {                                            \
		if (!(condition))                       \
			ck_abort_msg("%s", #condition); \
	} while (0)

/* An alarm as receivers know it. */
struct known {
	uint64_t id;
	uint64_t severity;
	bool shelved;
};

struct world {
	struct alarm_set set;
	uint64_t now;
	struct known known[KNOWN];
	size_t count;
	uint64_t last_id;
	/* The last events, those since the last clear_events() first. */
	struct alarm_event event[EVENTS];
	struct alarm_row row[EVENTS];
	size_t events;
	size_t of_kind[ALARM_EVENT_UNSHELVED + 1];
};

static struct known *known_find(struct world *world, uint64_t id)
{
	for (size_t i = 0; i < world->count; i++)
		if (world->known[i].id == id)
			return &world->known[i];
	return NULL;
}

/* What a receiver makes of a notification. */
static void receive(const struct alarm_event *event, void *arg)
{
	struct world *world = arg;
	struct known *known = known_find(world, event->alarm->id);

	switch (event->kind) {
	case ALARM_EVENT_RAISED:
		PROMISE(!known);
		PROMISE(event->alarm->severity > ALARM_NONE);
		PROMISE(event->previous == ALARM_NONE);
		PROMISE(world->count < KNOWN);
		known = &world->known[world->count++];
		known->id = event->alarm->id;
		known->severity = event->alarm->severity;
		known->shelved = event->alarm->state == ALARM_SHELVED;
		PROMISE(!known->shelved);
		break;
	case ALARM_EVENT_CHANGED:
		PROMISE(known);
		PROMISE(event->previous == known->severity);
		known->severity = event->alarm->severity;
		break;
	case ALARM_EVENT_CLEARED:
		PROMISE(known);
		PROMISE(event->alarm->severity == ALARM_NONE);
		PROMISE(event->previous == known->severity);
		*known = world->known[--world->count];
		break;
	case ALARM_EVENT_SHELVED:
		PROMISE(known && !known->shelved);
		PROMISE(event->alarm->state == ALARM_SHELVED);
		known->shelved = true;
		break;
	case ALARM_EVENT_UNSHELVED:
		PROMISE(known && known->shelved);
		PROMISE(event->alarm->state != ALARM_SHELVED);
		known->shelved = false;
		break;
	case ALARM_EVENT_REPEATED:
		PROMISE(!"nothing is repeated here");
	}
	PROMISE(event->alarm->notify == 1);
	world->of_kind[event->kind]++;
	if (world->events < EVENTS) {
		world->event[world->events] = *event;
		world->row[world->events] = *event->alarm;
		world->event[world->events].alarm = &world->row[world->events];
	}
	world->events++;
}

static void clear_events(struct world *world)
{
	world->events = 0;
	memset(world->of_kind, 0, sizeof(world->of_kind));
}

/* What holds after each decision. */
static void check_rows(struct world *world)
{
	size_t told = 0, count = 0;

	for (const struct alarm *it = world->set.first; it; it = it->next, count++) {
		const struct alarm_row *row = &it->row;
		const struct known *known = known_find(world, row->id);
		const struct alarm *cause = world->set.first;

		PROMISE((row->notify == 1) == (known != NULL));
		told += known != NULL;
		if (known)
			PROMISE(known->severity == row->severity &&
				known->shelved == (row->state == ALARM_SHELVED));
		PROMISE(row->severity > ALARM_NONE);
		PROMISE(!it->ended);
		if (!it->next)
			PROMISE(world->set.last == it);
		if (!row->cause_id)
			continue;
		PROMISE(!known);
		while (cause && cause->row.id != row->cause_id)
			cause = cause->next;
		PROMISE(cause && cause != it);
		PROMISE(cause->row.notify == 1 || cause->storm || cause->shelved);
	}
	PROMISE(told == world->count);
	PROMISE(count == world->set.count);
}

static void decide(struct world *world)
{
	alarms_decide(&world->set, world->now, world->now + 7, receive, world);
	check_rows(world);
}

/* Time passes, and is decided on. */
static void pass(struct world *world, uint64_t ns)
{
	world->now += ns;
	decide(world);
}

static void world_init(struct world *world)
{
	memset(world, 0, sizeof(*world));
	world->now = 1000 * SECOND;
	world->set.last_id = 41;
}

static void world_done(struct world *world)
{
	alarm_set_free(&world->set);
}

/* A check's machine raised an alarm: as alarms.c does it. */
static struct alarm *raise(struct world *world, const char *check, const char *instance,
			   enum alarm_severity severity)
{
	struct alarm *alarm = alarm_set_add(&world->set, check_find(check), instance, world->now,
					    world->now + 7);

	ck_assert_ptr_nonnull(alarm);
	alarm->own = severity;
	alarm->row.severity = severity;
	alarm->row.value = 1000;
	snprintf(alarm->row.text.summary, sizeof(alarm->row.text.summary), "%s of %s", check,
		 instance);
	snprintf(alarm->row.text.advice, sizeof(alarm->row.text.advice), "advice of %s", check);
	snprintf(alarm->row.text.command, sizeof(alarm->row.text.command), "command of %s", check);
	return alarm;
}

static struct alarm *raise_listener(struct world *world, const char *check, unsigned port,
				    uint64_t uid)
{
	char name[CHECK_INSTANCE_SIZE];
	struct alarm *alarm;

	snprintf(name, sizeof(name), "0.0.0.0:%u", port);
	alarm = raise(world, check, name, ALARM_WARNING);
	alarm->owner = uid;
	return alarm;
}

static struct alarm *storm_of(struct world *world, const char *instance)
{
	for (struct alarm *it = world->set.first; it; it = it->next)
		if (it->storm && !strcmp(it->row.instance, instance))
			return it;
	return NULL;
}

/* --- single alarms ---------------------------------------------------------------------------- */

START_TEST(one_alarm)
{
	struct world world;
	struct alarm *alarm;

	world_init(&world);
	alarm = raise(&world, "softnet.dropped", "cpu1", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 1);
	ck_assert_int_eq(world.event[0].kind, ALARM_EVENT_RAISED);
	ck_assert(world.event[0].host_wide);
	ck_assert_uint_eq(world.row[0].id, 42);
	ck_assert_uint_eq(world.row[0].changed_at, world.now + 7);
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 1);
	alarm->own = ALARM_CRITICAL;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 2);
	ck_assert_int_eq(world.event[1].kind, ALARM_EVENT_CHANGED);
	ck_assert_int_eq(world.event[1].previous, ALARM_WARNING);
	ck_assert_uint_eq(world.row[1].severity, ALARM_CRITICAL);
	alarm->clearing = true;
	pass(&world, MINUTE);
	ck_assert_uint_eq(alarm->row.state, ALARM_CLEARING);
	ck_assert_uint_eq(world.events, 2);
	alarm->ended = true;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 3);
	ck_assert_int_eq(world.event[2].kind, ALARM_EVENT_CLEARED);
	ck_assert_ptr_null(world.set.first);
	/* One that ends before anything was decided is no word worth. */
	raise(&world, "softnet.dropped", "cpu1", ALARM_WARNING)->ended = true;
	decide(&world);
	ck_assert_uint_eq(world.events, 3);
	world_done(&world);
}
END_TEST

START_TEST(ids_go_round)
{
	struct world world;

	world_init(&world);
	world.set.last_id = INT32_MAX - 1;
	ck_assert_uint_eq(raise(&world, "softnet.dropped", "cpu1", ALARM_WARNING)->row.id,
			  INT32_MAX);
	ck_assert_uint_eq(raise(&world, "softnet.dropped", "cpu2", ALARM_WARNING)->row.id, 1);
	decide(&world);
	world_done(&world);
}
END_TEST

START_TEST(quiet_is_quiet)
{
	struct world world;
	struct alarm *alarm;

	world_init(&world);
	alarm = raise(&world, "tcp.time_wait", "-", ALARM_WARNING);
	alarm->mute = true;
	decide(&world);
	ck_assert_uint_eq(world.events, 0);
	/* Turned on while it is active; and off again. */
	alarm->mute = false;
	decide(&world);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_RAISED], 1);
	alarm->mute = true;
	decide(&world);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_CLEARED], 1);
	ck_assert_uint_eq(alarm->row.severity, ALARM_WARNING);
	alarm->ended = true;
	decide(&world);
	ck_assert_uint_eq(world.events, 2);
	/* A quiet cause speaks for nobody. */
	raise(&world, "listener.queue", "a", ALARM_WARNING)->mute = true;
	raise(&world, "listener.drops", "a", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 3);
	ck_assert_str_eq(world.row[2].check, "listener.drops");
	world_done(&world);
}
END_TEST

START_TEST(shelves)
{
	struct world world;
	struct alarm *alarm, *effect;

	world_init(&world);
	alarm = raise(&world, "listener.queue", "a", ALARM_WARNING);
	decide(&world);
	alarm->shelved = true;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 2);
	ck_assert_int_eq(world.event[1].kind, ALARM_EVENT_SHELVED);
	ck_assert_uint_eq(world.row[1].state, ALARM_SHELVED);
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 2);
	/* Effects of what is shelved are as silent. */
	effect = raise(&world, "listener.drops", "a", ALARM_WARNING);
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 2);
	ck_assert_uint_eq(effect->row.cause_id, alarm->row.id);
	alarm->shelved = false;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 3);
	ck_assert_int_eq(world.event[2].kind, ALARM_EVENT_UNSHELVED);
	/* Muted while it is shelved, and unmuted after: raised anew, and nothing else. */
	effect->ended = true;
	alarm->shelved = true;
	pass(&world, MINUTE);
	alarm->mute = true;
	pass(&world, MINUTE);
	clear_events(&world);
	alarm->mute = alarm->shelved = false;
	pass(&world, MINUTE);
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 1);
	ck_assert_int_eq(world.event[0].kind, ALARM_EVENT_RAISED);
	/* Ends on the shelf: that is told. */
	alarm->shelved = true;
	pass(&world, MINUTE);
	alarm->ended = true;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 3);
	ck_assert_int_eq(world.event[2].kind, ALARM_EVENT_CLEARED);
	world_done(&world);
}
END_TEST

/* What is raised while it is shelved is told when the shelf's time is over. */
START_TEST(raised_on_a_shelf)
{
	struct world world;
	struct alarm *alarm;

	world_init(&world);
	alarm = raise(&world, "conntrack.usage", "-", ALARM_CRITICAL);
	alarm->shelved = true;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 0);
	ck_assert_uint_eq(alarm->row.state, ALARM_SHELVED);
	alarm->shelved = false;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 1);
	ck_assert_int_eq(world.event[0].kind, ALARM_EVENT_RAISED);
	ck_assert_uint_eq(world.row[0].severity, ALARM_CRITICAL);
	world_done(&world);
}
END_TEST

/* --- causes ----------------------------------------------------------------------------------- */

START_TEST(the_cause_is_first)
{
	struct world world;
	struct alarm *cause, *drops, *overflows;

	world_init(&world);
	cause = raise(&world, "listener.queue", "0.0.0.0:80", ALARM_WARNING);
	decide(&world);
	world.now += 5 * SECOND;
	drops = raise(&world, "listener.drops", "0.0.0.0:80", ALARM_WARNING);
	overflows = raise(&world, "tcp.listen_overflows", "-", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 1);
	ck_assert_uint_eq(drops->row.cause_id, cause->row.id);
	ck_assert_uint_eq(overflows->row.cause_id, cause->row.id);
	ck_assert_uint_eq(drops->row.notify, 0);
	/* Its severity is that of the worst that it speaks for. */
	drops->own = ALARM_CRITICAL;
	pass(&world, 5 * SECOND);
	ck_assert_uint_eq(world.events, 2);
	ck_assert_int_eq(world.event[1].kind, ALARM_EVENT_CHANGED);
	ck_assert_uint_eq(world.row[1].id, cause->row.id);
	ck_assert_uint_eq(cause->row.severity, ALARM_CRITICAL);
	/* A member on its way to its end comes and goes: nothing is told of that. */
	for (unsigned i = 0; i < 100; i++) {
		drops->clearing = i % 2;
		pass(&world, 5 * SECOND);
	}
	ck_assert_uint_eq(world.events, 2);
	drops->own = ALARM_WARNING;
	pass(&world, 5 * SECOND);
	ck_assert_uint_eq(world.events, 3);
	ck_assert_uint_eq(cause->row.severity, ALARM_WARNING);
	/* All over: one clear. */
	overflows->ended = true;
	pass(&world, 5 * SECOND);
	drops->ended = true;
	pass(&world, 5 * SECOND);
	ck_assert_uint_eq(world.events, 3);
	cause->ended = true;
	pass(&world, 5 * SECOND);
	ck_assert_uint_eq(world.events, 4);
	ck_assert_uint_eq(world.count, 0);
	world_done(&world);
}
END_TEST

START_TEST(the_effect_is_first)
{
	struct world world;
	struct alarm *cause, *drops;

	world_init(&world);
	drops = raise(&world, "listener.drops", "0.0.0.0:80", ALARM_WARNING);
	decide(&world);
	world.now += 10 * SECOND;
	cause = raise(&world, "listener.queue", "0.0.0.0:80", ALARM_WARNING);
	decide(&world);
	/* No second raise; it takes over what the cause advises. */
	ck_assert_uint_eq(world.events, 1);
	ck_assert_uint_eq(cause->row.cause_id, drops->row.id);
	ck_assert_str_eq(drops->row.text.advice, "advice of listener.queue");
	ck_assert_str_eq(drops->row.text.command, "command of listener.queue");
	ck_assert_str_eq(drops->row.text.summary, "listener.drops of 0.0.0.0:80");
	/* Told again only when it is worse, and then too with the cause's advice, though a change
	 * makes its own text anew. */
	cause->own = drops->own = ALARM_CRITICAL;
	ROW_SET_TEXT(drops->row.text.advice, "advice of listener.drops");
	ROW_SET_TEXT(drops->row.text.command, "");
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 2);
	ck_assert_int_eq(world.event[1].kind, ALARM_EVENT_CHANGED);
	ck_assert_str_eq(world.row[1].check, "listener.drops");
	ck_assert_str_eq(world.row[1].text.advice, "advice of listener.queue");
	ck_assert_str_eq(world.row[1].text.command, "command of listener.queue");
	/* The speaker ends, the cause goes on: told. */
	drops->ended = true;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 4);
	ck_assert_int_eq(world.event[2].kind, ALARM_EVENT_CLEARED);
	ck_assert_int_eq(world.event[3].kind, ALARM_EVENT_RAISED);
	ck_assert_str_eq(world.row[3].check, "listener.queue");
	world_done(&world);
}
END_TEST

/* Raised in one pass in any order, a chain has one speaker: the one that nothing causes. */
START_TEST(together_in_any_order)
{
	static const char *const chain[] = {"listener.queue", "listener.drops",
					    "tcp.listen_overflows", "tcp.retransmits",
					    "tcp.retransmit_rate"};
	struct world world;

	for (unsigned first = 0; first < COUNT_OF(chain); first++)
		for (unsigned by = 1; by < COUNT_OF(chain); by++) {
			world_init(&world);
			for (unsigned i = 0; i < COUNT_OF(chain); i++) {
				const char *check = chain[(first + i * by) % COUNT_OF(chain)];

				raise(&world, check, check_find(check)->instance ? "a" : "-",
				      ALARM_WARNING);
			}
			decide(&world);
			ck_assert_uint_eq(world.events, 1);
			ck_assert_str_eq(world.row[0].check, "listener.queue");
			world_done(&world);
		}
}
END_TEST

START_TEST(another_instance_is_another_fault)
{
	struct world world;

	world_init(&world);
	raise(&world, "listener.queue", "0.0.0.0:80", ALARM_WARNING);
	raise(&world, "listener.drops", "0.0.0.0:443", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 2);
	world_done(&world);
}
END_TEST

START_TEST(two_stalled_listeners_are_two_faults)
{
	struct world world;
	struct alarm *overflows, *first, *second;

	world_init(&world);
	/* What is told first stands for one of them. */
	overflows = raise(&world, "tcp.listen_overflows", "-", ALARM_WARNING);
	decide(&world);
	world.now += 5 * SECOND;
	first = raise(&world, "listener.queue", "0.0.0.0:80", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 1);
	ck_assert_uint_eq(first->row.cause_id, overflows->row.id);
	world.now += 5 * SECOND;
	second = raise(&world, "listener.queue", "0.0.0.0:443", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 2);
	ck_assert_uint_eq(world.row[1].id, second->row.id);
	world_done(&world);
	/* Both at once, with one effect in common. */
	world_init(&world);
	raise(&world, "tcp.listen_overflows", "-", ALARM_WARNING);
	raise(&world, "listener.queue", "0.0.0.0:80", ALARM_WARNING);
	raise(&world, "listener.queue", "0.0.0.0:443", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 2);
	ck_assert_str_eq(world.row[0].check, "listener.queue");
	ck_assert_str_eq(world.row[1].check, "listener.queue");
	world_done(&world);
}
END_TEST

START_TEST(an_effect_outlives_its_cause)
{
	struct world world;
	struct alarm *cause, *effect, *clearing, *unknown;

	world_init(&world);
	cause = raise(&world, "listener.queue", "a", ALARM_CRITICAL);
	effect = raise(&world, "listener.drops", "a", ALARM_WARNING);
	clearing = raise(&world, "tcp.listen_overflows", "-", ALARM_WARNING);
	unknown = raise(&world, "tcp.retransmits", "-", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 1);
	cause->ended = clearing->clearing = unknown->unknown = true;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 3);
	ck_assert_int_eq(world.event[1].kind, ALARM_EVENT_CLEARED);
	ck_assert_int_eq(world.event[2].kind, ALARM_EVENT_RAISED);
	ck_assert_uint_eq(world.row[2].id, effect->row.id);
	/* What only waits for its clear, or cannot be judged, ends without a word. */
	clearing->ended = true;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 3);
	/* Or is there again. */
	unknown->unknown = false;
	effect->ended = true;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 5);
	ck_assert_uint_eq(world.row[4].id, unknown->row.id);
	world_done(&world);
}
END_TEST

/* What cannot be judged any more when its cause ends is not told, until it can be. */
START_TEST(an_effect_that_is_not_known)
{
	struct world world;
	struct alarm *cause, *effect;

	world_init(&world);
	cause = raise(&world, "listener.queue", "a", ALARM_CRITICAL);
	effect = raise(&world, "tcp.retransmits", "-", ALARM_WARNING);
	decide(&world);
	cause->ended = effect->unknown = true;
	pass(&world, MINUTE);
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 2);
	effect->unknown = false;
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.events, 3);
	ck_assert_int_eq(world.event[2].kind, ALARM_EVENT_RAISED);
	world_done(&world);
}
END_TEST

START_TEST(far_apart_are_two_faults)
{
	struct world world;

	world_init(&world);
	raise(&world, "listener.queue", "a", ALARM_WARNING);
	decide(&world);
	/* Two windows of the effect. */
	world.now += 120 * SECOND;
	raise(&world, "listener.drops", "a", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 1);
	world.now += SECOND;
	raise(&world, "tcp.listen_overflows", "-", ALARM_WARNING);
	decide(&world);
	/* One second ago drops were raised, which listener.queue speaks for. */
	ck_assert_uint_eq(world.events, 1);
	world.now += 120 * SECOND;
	raise(&world, "tcp.retransmits", "-", ALARM_WARNING);
	decide(&world);
	/* One more window from the overflows on, but three from all else. */
	ck_assert_uint_eq(world.events, 1);
	world.now += 121 * SECOND;
	raise(&world, "tcp.stalled", "-", ALARM_WARNING);
	decide(&world);
	ck_assert_uint_eq(world.events, 2);
	world_done(&world);
}
END_TEST

/* --- storms ----------------------------------------------------------------------------------- */

START_TEST(many_at_once)
{
	struct world world;
	struct alarm *storm, *all[500];

	world_init(&world);
	for (unsigned i = 0; i < COUNT_OF(all); i++)
		all[i] = raise_listener(&world, "listener.queue", 8000 + i, 1000);
	all[77]->own = ALARM_CRITICAL;
	decide(&world);
	ck_assert_uint_eq(world.events, 1);
	storm = storm_of(&world, "all uid 1000");
	ck_assert_ptr_nonnull(storm);
	ck_assert_uint_eq(world.row[0].id, storm->row.id);
	ck_assert_uint_eq(world.row[0].severity, ALARM_CRITICAL);
	ck_assert_uint_eq(world.row[0].count, 500);
	ck_assert_str_eq(world.row[0].check, "listener.queue");
	ck_assert_str_eq(world.row[0].text.summary,
			 "500 listeners in trouble, worst listener.queue of 0.0.0.0:8077");
	ck_assert(!world.event[0].host_wide);
	for (unsigned i = 0; i < COUNT_OF(all); i++)
		ck_assert_uint_eq(all[i]->row.cause_id, storm->row.id);
	/* Fewer and fewer: nothing is told, down to five. */
	for (unsigned i = 0; i < 494; i++) {
		all[i]->ended = true;
		pass(&world, SECOND / 10);
	}
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_RAISED], 1);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_CLEARED], 0);
	ck_assert_uint_eq(storm->row.count, 6);
	clear_events(&world);
	all[494]->ended = true;
	all[495]->clearing = true;
	pass(&world, MINUTE);
	/* The storm is over; four are told, one only waits for its clear. */
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_CLEARED], 1);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_RAISED], 4);
	ck_assert_uint_eq(world.events, 5);
	ck_assert_ptr_nonnull(strstr(world.row[0].text.summary, "over after "));
	ck_assert_ptr_nonnull(strstr(world.row[0].text.summary,
				     ", 500 listeners at worst, no more than 5 are left"));
	ck_assert_uint_eq(all[495]->row.notify, 0);
	ck_assert_ptr_null(storm_of(&world, "all uid 1000"));
	world_done(&world);
}
END_TEST

START_TEST(few_are_no_storm)
{
	struct world world;

	world_init(&world);
	for (unsigned i = 0; i < 10; i++)
		raise_listener(&world, "listener.queue", i, 1000);
	decide(&world);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_RAISED], 10);
	/* Nor are those of checks that cannot be thousands. */
	for (unsigned i = 0; i < 64; i++) {
		char name[16];

		snprintf(name, sizeof(name), "cpu%u", i);
		raise(&world, "softnet.dropped", name, ALARM_CRITICAL);
	}
	decide(&world);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_RAISED], 74);
	world_done(&world);
}
END_TEST

/* One now and then: twenty are told, then one for all that follow, whatever comes and goes. */
START_TEST(slowly_more_and_more)
{
	struct world world;
	struct alarm *storm, *all[60];

	world_init(&world);
	for (unsigned i = 0; i < COUNT_OF(all); i++) {
		all[i] = raise_listener(&world, "listener.queue", i, 1000);
		pass(&world, 15 * SECOND);
	}
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_RAISED], 21);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_CLEARED], 0);
	storm = storm_of(&world, "all uid 1000");
	ck_assert_ptr_nonnull(storm);
	ck_assert_uint_eq(storm->row.count, 60);
	/* Twenty-one, one of which comes and goes. */
	for (unsigned i = 21; i < COUNT_OF(all); i++)
		all[i]->ended = true;
	clear_events(&world);
	for (unsigned i = 0; i < 100; i++) {
		all[20]->ended = true;
		pass(&world, 15 * SECOND);
		all[20] = raise_listener(&world, "listener.queue", 20, 1000);
		pass(&world, 15 * SECOND);
	}
	ck_assert_uint_eq(world.events, 0);
	/* All over: one clear for each that was told. */
	for (unsigned i = 0; i <= 20; i++)
		all[i]->ended = true;
	pass(&world, 15 * SECOND);
	pass(&world, 15 * SECOND);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_CLEARED], 21);
	ck_assert_uint_eq(world.events, 21);
	ck_assert_ptr_null(world.set.first);
	world_done(&world);
}
END_TEST

START_TEST(one_users_junk_swallows_nobody)
{
	struct world world;
	struct alarm *service;

	world_init(&world);
	for (unsigned i = 0; i < 1100; i++)
		raise_listener(&world, "listener.queue", i, 1000);
	service = raise_listener(&world, "listener.queue", 40000, 33);
	for (unsigned i = 0; i < 600; i++)
		raise_listener(&world, "udp.socket_drops", i, 1000);
	decide(&world);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_RAISED], 3);
	ck_assert_uint_eq(service->row.notify, 1);
	/* Ten thousand users of one user namespace are one. */
	clear_events(&world);
	for (unsigned i = 0; i < 2000; i++)
		raise_listener(&world, "listener.drops", i, 100000 + i);
	decide(&world);
	ck_assert_uint_eq(world.events, 1);
	ck_assert_ptr_nonnull(storm_of(&world, "all"));
	/* More users than are told apart are bounded too. */
	clear_events(&world);
	for (unsigned i = 0; i < 2000; i++)
		raise_listener(&world, "netns.conntrack", i, 2000 + i % 200);
	decide(&world);
	pass(&world, MINUTE);
	ck_assert_uint_le(world.events, 64 * 10 + 1);
	world_done(&world);
}
END_TEST

/* However many users there are: the storms of those who were first go on. */
START_TEST(a_storm_among_many_owners)
{
	struct world world;
	struct alarm *first, *member[2][25], *storm[2];

	world_init(&world);
	first = raise_listener(&world, "listener.queue", 1, 5000);
	for (unsigned i = 0; i < 70; i++)
		raise_listener(&world, "listener.queue", 100 + i, 2000 + i);
	for (unsigned i = 0; i < COUNT_OF(member[0]); i++) {
		member[0][i] = raise_listener(&world, "listener.queue", 1000 + i, ROW_ABSENT);
		member[1][i] = raise_listener(&world, "listener.queue", 2000 + i, 5000);
	}
	decide(&world);
	storm[0] = storm_of(&world, "all");
	storm[1] = storm_of(&world, "all uid 5000");
	ck_assert_ptr_nonnull(storm[0]);
	ck_assert_ptr_nonnull(storm[1]);
	/* There are other owners enough before all that this one has left. */
	first->ended = true;
	pass(&world, SECOND);
	for (unsigned n = 0; n < 2; n++) {
		for (unsigned i = 0; i < 15; i++)
			member[n][i]->ended = true;
		member[n][20]->own = ALARM_CRITICAL;
	}
	pass(&world, 2 * MINUTE);
	for (unsigned n = 0; n < 2; n++) {
		ck_assert_ptr_eq(member[n][20]->speaker, storm[n]);
		ck_assert_uint_eq(storm[n]->row.severity, ALARM_CRITICAL);
		ck_assert_ptr_nonnull(strstr(storm[n]->row.text.summary, n ? ":2020" : ":1020"));
		for (unsigned i = 15; i < COUNT_OF(member[n]); i++)
			member[n][i]->ended = true;
	}
	pass(&world, MINUTE);
	ck_assert_ptr_null(storm_of(&world, "all uid 5000"));
	world_done(&world);
}
END_TEST

START_TEST(a_growing_storm)
{
	struct world world;
	struct alarm *storm;
	unsigned port = 0;

	world_init(&world);
	for (unsigned i = 0; i < 20; i++)
		raise_listener(&world, "listener.queue", ++port, 1000);
	decide(&world);
	ck_assert_uint_eq(world.events, 1);
	/* Doubled, but not a minute has passed. */
	for (unsigned i = 0; i < 20; i++)
		raise_listener(&world, "listener.queue", ++port, 1000);
	pass(&world, 59 * SECOND);
	ck_assert_uint_eq(world.events, 1);
	pass(&world, SECOND);
	ck_assert_uint_eq(world.events, 2);
	ck_assert_int_eq(world.event[1].kind, ALARM_EVENT_CHANGED);
	ck_assert_uint_eq(world.row[1].count, 40);
	/* Not doubled. */
	for (unsigned i = 0; i < 39; i++)
		raise_listener(&world, "listener.queue", ++port, 1000);
	pass(&world, 10 * MINUTE);
	ck_assert_uint_eq(world.events, 2);
	storm = storm_of(&world, "all uid 1000");
	ck_assert_uint_eq(storm->row.count, 79);
	/* The text is what was told, the count is what is so. */
	ck_assert_ptr_nonnull(strstr(storm->row.text.summary, "40 listeners"));
	/* Ten thousand in a minute: twice at most. */
	clear_events(&world);
	for (unsigned s = 0; s < 60; s++) {
		for (unsigned i = 0; i < 50; i++)
			raise_listener(&world, "listener.queue", ++port, 1000);
		pass(&world, SECOND);
	}
	ck_assert_uint_le(world.events, 2);
	/* Worse. */
	clear_events(&world);
	world.set.first->own = ALARM_CRITICAL;
	pass(&world, 60 * SECOND);
	ck_assert_uint_eq(world.events, 1);
	ck_assert_uint_eq(world.row[0].severity, ALARM_CRITICAL);
	world_done(&world);
}
END_TEST

START_TEST(a_storm_caused_by_a_storm)
{
	struct world world;
	struct alarm *queues, *drops;

	world_init(&world);
	for (unsigned i = 0; i < 300; i++) {
		raise_listener(&world, "listener.drops", i, 1000);
		raise_listener(&world, "listener.queue", i, 1000);
	}
	raise(&world, "tcp.listen_overflows", "-", ALARM_CRITICAL);
	decide(&world);
	ck_assert_uint_eq(world.events, 1);
	ck_assert_str_eq(world.row[0].check, "listener.queue");
	ck_assert_uint_eq(world.row[0].severity, ALARM_CRITICAL);
	queues = drops = NULL;
	for (struct alarm *it = world.set.first; it; it = it->next)
		if (it->storm && !strcmp(it->row.check, "listener.queue"))
			queues = it;
		else if (it->storm)
			drops = it;
	ck_assert_ptr_nonnull(queues);
	ck_assert_ptr_nonnull(drops);
	ck_assert_uint_eq(drops->row.cause_id, queues->row.id);
	/* The queues are well again, the drops go on. */
	for (struct alarm *it = world.set.first; it; it = it->next)
		it->ended = !it->storm && !strcmp(it->row.check, "listener.queue");
	pass(&world, MINUTE);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_CLEARED], 1);
	ck_assert_uint_eq(drops->row.notify, 1);
	world_done(&world);
}
END_TEST

/* A storm whose alarms are shelved, or of a check that is turned quiet, is over. */
START_TEST(a_storm_is_silenced)
{
	for (int quiet = 0; quiet < 2; quiet++) {
		struct world world;

		world_init(&world);
		for (unsigned i = 0; i < 100; i++)
			raise_listener(&world, "listener.queue", i, 1000);
		decide(&world);
		for (struct alarm *it = world.set.first; it; it = it->next)
			*(quiet ? &it->mute : &it->shelved) = !it->storm;
		pass(&world, MINUTE);
		ck_assert_uint_eq(world.events, 2);
		ck_assert_int_eq(world.event[1].kind, ALARM_EVENT_CLEARED);
		ck_assert_uint_eq(world.count, 0);
		ck_assert_uint_eq(world.set.count, 100);
		for (struct alarm *it = world.set.first; it; it = it->next)
			it->mute = it->shelved = false;
		pass(&world, MINUTE);
		ck_assert_uint_eq(world.events, 3);
		world_done(&world);
	}
}
END_TEST

/* --- long series ------------------------------------------------------------------------------
 */

START_TEST(ten_thousand_flips)
{
	struct world world;
	struct alarm *alarm[40] = {NULL};

	world_init(&world);
	for (unsigned i = 0; i < 10000; i++) {
		struct alarm **it = &alarm[i % COUNT_OF(alarm)];

		if (*it)
			(*it)->ended = true;
		*it = *it ? NULL : raise_listener(&world, "listener.queue", i % 40, 1000);
		pass(&world, SECOND / 1000);
	}
	ck_assert_uint_le(world.set.count, COUNT_OF(alarm) + 1);
	for (size_t i = 0; i < COUNT_OF(alarm); i++)
		if (alarm[i])
			alarm[i]->ended = true;
	pass(&world, MINUTE);
	pass(&world, MINUTE);
	ck_assert_ptr_null(world.set.first);
	ck_assert_uint_eq(world.count, 0);
	ck_assert_uint_eq(world.of_kind[ALARM_EVENT_RAISED], world.of_kind[ALARM_EVENT_CLEARED]);
	world_done(&world);
}
END_TEST

static uint64_t dice(uint64_t *seed, uint64_t below)
{
	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*seed >> 33) % below;
}

/* Anything that alarms can do, in any order: receive() and check_rows() hold. */
START_TEST(receivers_know_what_the_rows_show)
{
	static const char *const names[] = {
		"listener.queue",    "listener.queue",	     "listener.drops",	 "listener.drops",
		"tcp.retransmits",   "tcp.listen_overflows", "udp.socket_drops", "tcp.stalled",
		"udp.rcvbuf_errors", "tcp.retransmit_rate",  "softnet.dropped",	 "nic.drops"};
	static const uint64_t owners[] = {0, 33, 1000, 1001, 100007, 165536, ROW_ABSENT};
	static struct world world;
	uint64_t seed = (uint64_t)_i * 7919 + 3;
	unsigned busy = 1 + (unsigned)dice(&seed, 60);

	world_init(&world);
	for (unsigned step = 0; step < 6000; step++) {
		unsigned raises = dice(&seed, 200) ? (unsigned)dice(&seed, 2) : busy;

		for (unsigned i = 0; i < raises && world.set.count < 400; i++) {
			const char *check = names[dice(&seed, COUNT_OF(names))];
			uint64_t owner = owners[dice(&seed, COUNT_OF(owners))];
			char name[CHECK_INSTANCE_SIZE] = "-";
			struct alarm *it = world.set.first;

			if (check_find(check)->instance)
				snprintf(name, sizeof(name), "%u", (unsigned)dice(&seed, 300));
			while (it &&
			       (strcmp(it->row.check, check) || strcmp(it->row.instance, name)))
				it = it->next;
			if (it)
				continue;
			it = raise(&world, check, name,
				   dice(&seed, 3) ? ALARM_WARNING : ALARM_CRITICAL);
			it->owner = owner;
			it->mute = !dice(&seed, 30);
			it->shelved = !dice(&seed, 30);
		}
		for (struct alarm *it = world.set.first; it; it = it->next) {
			if (it->storm)
				continue;
			if (!dice(&seed, 40))
				it->own = dice(&seed, 2) ? ALARM_WARNING : ALARM_CRITICAL;
			if (!dice(&seed, 20))
				it->clearing = !it->clearing;
			if (!dice(&seed, 100))
				it->unknown = !it->unknown;
			if (!dice(&seed, 300))
				it->mute = !it->mute;
			if (!dice(&seed, 300))
				it->shelved = !it->shelved;
			it->ended = !dice(&seed, it->clearing ? 10 : 200);
		}
		pass(&world, dice(&seed, 20) ? dice(&seed, 5 * SECOND) : 2 * MINUTE);
		/* Decided is decided. */
		clear_events(&world);
		if (!dice(&seed, 10)) {
			decide(&world);
			PROMISE(world.of_kind[ALARM_EVENT_RAISED] +
					world.of_kind[ALARM_EVENT_CLEARED] <=
				1 + STORM_OVER);
		}
	}
	for (struct alarm *it = world.set.first; it; it = it->next)
		it->ended = !it->storm;
	pass(&world, MINUTE);
	pass(&world, MINUTE);
	PROMISE(!world.set.first);
	PROMISE(!world.count);
	world_done(&world);
}
END_TEST

int main(void)
{
	const TTest *const once[] = {
		one_alarm,
		ids_go_round,
		quiet_is_quiet,
		shelves,
		raised_on_a_shelf,
		the_cause_is_first,
		the_effect_is_first,
		together_in_any_order,
		another_instance_is_another_fault,
		two_stalled_listeners_are_two_faults,
		an_effect_outlives_its_cause,
		an_effect_that_is_not_known,
		far_apart_are_two_faults,
		many_at_once,
		few_are_no_storm,
		slowly_more_and_more,
		one_users_junk_swallows_nobody,
		a_storm_among_many_owners,
		a_growing_storm,
		a_storm_caused_by_a_storm,
		a_storm_is_silenced,
		ten_thousand_flips,
	};
	Suite *suite = suite_create("decide");
	TCase *tcase = tcase_create("decide");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < COUNT_OF(once); i++)
		tcase_add_test(tcase, once[i]);
	tcase_add_loop_test(tcase, receivers_know_what_the_rows_show, 0, 10);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
