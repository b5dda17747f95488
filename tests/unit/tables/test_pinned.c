/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/cpu/softnet.h"
#include "collectors/engine.h"
#include "collectors/nic/nic.h"
#include "collectors/registry.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tables/pinned.h"
#include "tests/unit/unit.h"

/* Each collection finds one CPU more than the one before. */
static uint64_t collections;

static int collect_softnet(struct collect *c)
{
	collections++;
	for (uint64_t i = collections; i > 0; i--) {
		struct softnet_row *row = rows_add(&c->rows[0]);

		ck_assert_ptr_nonnull(row);
		row->cpu = i;
	}
	return 0;
}

static int collect_nic(struct collect *c)
{
	return collect_fail(c, -EIO, "nothing");
}

static const struct collector softnet = {
	.name = "softnet",
	.interval_ms = 1000,
	.rows = {&softnet_row_type, NULL},
	.collect = collect_softnet,
};
static const struct collector nic = {
	.name = "nic",
	.interval_ms = 1000,
	.rows = {&nic_row_type, &nic_stat_row_type, NULL},
	.collect = collect_nic,
};
static const struct collector *const two[] = {&softnet, &nic, NULL};

static struct collect_settings *settings;
static struct engine *engine;
static struct pinned *view;

static void setup(void)
{
	collections = 0;
	ck_assert(settings = settings_new(collectors));
	engine = engine_new(two, settings);
	ck_assert_ptr_nonnull(engine);
	view = pinned_new(engine);
	ck_assert_ptr_nonnull(view);
	ck_assert_ptr_eq(pinned_engine(view), engine);
}

static void teardown(void)
{
	pinned_free(view);
	engine_free(engine);
	settings_put(settings);
}

static const struct rows *rows_of(const char *table)
{
	return pinned_rows(table_find(table), view);
}

START_TEST(a_turn_sees_one_generation)
{
	const struct rows *rows;

	setup();
	ck_assert_ptr_null(rows_of("netdiagSoftnetTable"));
	engine_collect_once(engine);
	ck_assert_ptr_null(rows_of("netdiagSoftnetTable")); /* until the next turn */
	pinned_turn(view);
	rows = rows_of("netdiagSoftnetTable");
	ck_assert_ptr_nonnull(rows);
	ck_assert_uint_eq(rows->count, 1);
	ck_assert_uint_eq(pinned_snapshot(view, 0)->generation, 1);
	/* Newer snapshots neither show nor take the pinned one away. */
	engine_collect_once(engine);
	engine_collect_once(engine);
	ck_assert_ptr_eq(rows_of("netdiagSoftnetTable"), rows);
	ck_assert_uint_eq(rows->count, 1);
	pinned_turn(view);
	rows = rows_of("netdiagSoftnetTable");
	ck_assert_uint_eq(rows->count, 3);
	ck_assert_uint_eq(row_number(rows_at(rows, 0), offsetof(struct softnet_row, cpu)), 1);
	teardown();
}
END_TEST

START_TEST(nothing_collected_is_no_rows)
{
	setup();
	engine_collect_once(engine);
	pinned_turn(view);
	ck_assert_ptr_null(rows_of("netdiagNicTable")); /* failed */
	ck_assert_ptr_null(rows_of("netdiagNicStatTable"));
	ck_assert_ptr_null(pinned_snapshot(view, 1));
	ck_assert_ptr_null(rows_of("netdiagIrqTable"));	  /* no such collector in this engine */
	ck_assert_ptr_null(rows_of("netdiagCheckTable")); /* nothing fills it here */
	teardown();
}
END_TEST

struct own {
	unsigned filled;
	int err;
};

static int fill(struct rows *rows, void *arg)
{
	static const char *const names[] = {"bb", "c", "a"};
	struct own *own = arg;

	ck_assert_uint_eq(rows->count, 0);
	own->filled++;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct agent_collector_row *row = rows_add(rows);

		ck_assert_ptr_nonnull(row);
		ROW_SET_TEXT(row->name, names[i]);
	}
	return own->err;
}

START_TEST(own_rows_are_made_once_a_turn)
{
	struct own own = {0};
	const struct rows *rows;
	const struct agent_collector_row *row;

	setup();
	pinned_own(view, &agent_collector_row_type, fill, &own);
	pinned_turn(view);
	ck_assert_uint_eq(own.filled, 0); /* not before somebody asks */
	rows = rows_of("netdiagCollectorTable");
	ck_assert_ptr_eq(rows_of("netdiagCollectorTable"), rows);
	ck_assert_uint_eq(own.filled, 1);
	ck_assert_uint_eq(rows->count, 3);
	row = rows_at(rows, 0);
	ck_assert_str_eq(row->name, "a");
	row = rows_at(rows, 2);
	ck_assert_str_eq(row->name, "bb"); /* the longest comes last */
	pinned_turn(view);
	rows = rows_of("netdiagCollectorTable");
	ck_assert_uint_eq(own.filled, 2);
	ck_assert_uint_eq(rows->count, 3);
	pinned_turn(view);
	own.err = -ENOMEM;
	ck_assert_uint_eq(rows_of("netdiagCollectorTable")->count, 0);
	teardown();
}
END_TEST

START_TEST(the_agents_own)
{
	const struct rows *rows;
	const struct agent_row *agent;
	const struct agent_collector_row *row;

	setup();
	engine_collect_once(engine);
	pinned_turn(view);
	agent = rows_at(rows_of("netdiagAgent"), 0);
	ck_assert_uint_lt(agent->uptime, UINT64_C(60000000000));
	ck_assert_str_eq(agent->version, agent_version());
	ck_assert_str_eq(agent->boot_id, agent_boot_id());
	ck_assert_uint_eq(strlen(agent->boot_id), 16);
	ck_assert_uint_eq(strspn(agent->boot_id, "0123456789abcdef"), 16);
	agent_start();
	ck_assert_str_eq(agent->boot_id, agent_boot_id()); /* for as long as the process lives */
	rows = rows_of("netdiagCollectorTable");
	ck_assert_uint_eq(rows->count, 2);
	row = rows_at(rows, 0);
	ck_assert_str_eq(row->name, "nic");
	ck_assert_uint_eq(row->status, COLLECT_ERROR);
	ck_assert_uint_eq(row->errors, 1);
	ck_assert_uint_eq(row->age_ms, ROW_ABSENT);
	ck_assert_str_eq(row->last_error, "nothing: Input/output error");
	row = rows_at(rows, 1);
	ck_assert_str_eq(row->name, "softnet");
	ck_assert_uint_eq(row->status, COLLECT_OK);
	ck_assert_uint_eq(row->refreshes, 1);
	ck_assert_uint_eq(row->rows, 1);
	ck_assert_uint_ne(row->age_ms, ROW_ABSENT);
	teardown();
}
END_TEST

UNIT_MAIN("view", a_turn_sees_one_generation, nothing_collected_is_no_rows,
	  own_rows_are_made_once_a_turn, the_agents_own)
