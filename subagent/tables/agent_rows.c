/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of netdiagAgent and netdiagCollectorTable: the daemon's version, age and boot id, and
 * the state of each collector as the engine keeps it. daemon.c adds the numbers of alarms and
 * notifications.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/utsname.h>

#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/kernel/procfs.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tables/table.h"

const struct row_type agent_row_type = {ROW_TYPE_TEXT("agent", struct agent_row, version)};

const struct row_type agent_collector_row_type = {
	ROW_TYPE_TEXT("collector", struct agent_collector_row, name),
	.key = {ROW_TEXT(struct agent_collector_row, name)},
};

static uint64_t started_at;
static char boot_id[AGENT_BOOT_ID_SIZE];
static char viewpoint[VIEWPOINT_TEXT_SIZE];
static agent_fill_fn *fill_others;
static void *fill_others_arg;

static uint64_t in_units(uint64_t ns, uint64_t unit)
{
	return ns == ROW_ABSENT ? ROW_ABSENT : ns / unit;
}

int agent_rows_fill_collectors(struct rows *rows, void *engine)
{
	struct collector_state state;

	for (size_t i = 0; i < engine_count(engine); i++) {
		struct agent_collector_row *row = rows_add(rows);

		if (!row)
			return -ENOMEM;
		engine_state(engine, i, &state);
		row->status = state.status;
		row->interval_ms = state.interval_ms;
		row->age_ms = in_units(state.age_ns, MILLISECOND_NS);
		row->duration_us = in_units(state.duration_ns, MICROSECOND_NS);
		row->refreshes = state.refreshes;
		row->errors = state.errors;
		row->rows = state.rows;
		ROW_SET_TEXT(row->name, state.name);
		ROW_SET_TEXT(row->source, state.source);
		ROW_SET_TEXT(row->last_error, state.error);
	}
	return 0;
}

/* Collectors without current data. */
static uint64_t count_stale(struct engine *engine)
{
	struct collector_state state;
	uint64_t stale = 0;

	for (size_t i = 0; engine && i < engine_count(engine); i++) {
		engine_state(engine, i, &state);
		stale += state.status == COLLECT_STALE || state.status == COLLECT_DENIED ||
			 state.status == COLLECT_ERROR;
	}
	return stale;
}

static void bound_count(uint64_t *count)
{
	if (*count > AGENT_COUNT_MAX)
		*count = AGENT_COUNT_MAX;
}

void agent_row_now(struct agent_row *row)
{
	struct utsname name;

	row_reset(&agent_row_type, row);
	row->uptime = clock_since(started_at);
	row->active_alarms = row->critical_alarms = row->warning_alarms = row->shelved_alarms = 0;
	row->unknown_checks = row->stale_collectors = 0;
	row->worst_severity = ALARM_NONE;
	row->traps_sent = row->traps_suppressed = row->traps_pending = 0;
	row->last_change = started_at;
	row->last_sequence = row->held_back = row->held_back_ns = 0;
	row->loss_rate = 0;
	ROW_SET_TEXT(row->worst_place, "-");
	row->master_reconnects = 0;
	ROW_SET_TEXT(row->version, agent_version());
	ROW_SET_TEXT(row->boot_id, boot_id);
	if (!uname(&name))
		text_percent(row->host_name, sizeof(row->host_name), name.nodename);
	if (fill_others)
		fill_others(row, fill_others_arg);
	bound_count(&row->critical_alarms);
	bound_count(&row->warning_alarms);
	bound_count(&row->shelved_alarms);
	bound_count(&row->unknown_checks);
}

int agent_rows_fill(struct rows *rows, void *engine)
{
	struct agent_row *row = rows_add(rows);

	if (!row)
		return -ENOMEM;
	agent_row_now(row);
	/* It stays as it is while the process lives. */
	if (engine && !viewpoint[0])
		viewpoint_text(engine_roots(engine), viewpoint);
	ROW_SET_TEXT(row->viewpoint, viewpoint);
	row->stale_collectors = count_stale(engine);
	return 0;
}

void agent_on_fill(agent_fill_fn *fill, void *arg)
{
	fill_others = fill;
	fill_others_arg = arg;
}

/* The live /proc: a captured tree would give the same id at every start. */
static void make_boot_id(void)
{
	struct filebuf uuid = {0};
	size_t used = 0;

	if (!procfs_read(&roots_default, ROOT_PROC, &uuid, "sys/kernel/random/uuid"))
		for (const char *at = uuid.data; *at && used + 1 < sizeof(boot_id); at++)
			if (isxdigit((unsigned char)*at))
				boot_id[used++] = *at;
	if (used + 1 < sizeof(boot_id))
		snprintf(boot_id, sizeof(boot_id), "%016" PRIx64, clock_wall());
	filebuf_free(&uuid);
}

void agent_keep_boot_id(const char *id)
{
	text_ascii(boot_id, sizeof(boot_id), id);
}

uint64_t agent_start(void)
{
	if (!boot_id[0]) {
		started_at = clock_monotonic();
		make_boot_id();
	}
	return started_at;
}

const char *agent_boot_id(void)
{
	return boot_id;
}

const char *agent_version(void)
{
#ifdef NETDIAG_BASE_OID_EXPERIMENTAL
	return PACKAGE_VERSION " (experimental base OID)";
#else
	return PACKAGE_VERSION;
#endif
}
