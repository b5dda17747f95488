/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows of netdiagAgent and netdiagCollectorTable: the daemon's version, age and boot id, and
 * the state of each collector as the engine keeps it.
 */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "collectors/base/clock.h"
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

int agent_rows_fill(struct rows *rows, void *engine)
{
	struct agent_row *row = rows_add(rows);

	(void)engine;
	if (!row)
		return -ENOMEM;
	row->uptime = clock_since(started_at);
	row->active_alarms = 0;
	row->worst_severity = ALARM_NONE;
	row->traps_sent = 0;
	row->traps_suppressed = 0;
	row->traps_pending = 0;
	row->master_reconnects = 0;
	if (fill_others)
		fill_others(row, fill_others_arg);
	ROW_SET_TEXT(row->version, agent_version());
	ROW_SET_TEXT(row->boot_id, boot_id);
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

	if (!procfs_read(&roots_default, ROOT_PROC, &uuid, "sys/kernel/random/uuid"))
		snprintf(boot_id, sizeof(boot_id), "%.*s", (int)strcspn(uuid.data, "\n"),
			 uuid.data);
	if (!boot_id[0])
		snprintf(boot_id, sizeof(boot_id), "%016" PRIx64, clock_wall());
	filebuf_free(&uuid);
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
