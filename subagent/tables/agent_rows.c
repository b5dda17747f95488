/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "collectors/base/clock.h"
#include "collectors/engine.h"
#include "subagent/tables/agent_rows.h"

const struct row_type agent_row_type = {
	.name = "agent",
	.size = sizeof(struct agent_row),
	.text = offsetof(struct agent_row, version),
};

const struct row_type agent_collector_row_type = {
	.name = "collector",
	.size = sizeof(struct agent_collector_row),
	.text = offsetof(struct agent_collector_row, name),
	.key = {ROW_TEXT(struct agent_collector_row, name)},
};

static uint64_t in_units(uint64_t ns, uint64_t unit)
{
	return ns == ROW_ABSENT ? ROW_ABSENT : ns / unit;
}

int agent_collector_rows(struct engine *engine, struct rows *rows)
{
	struct collector_state state;

	rows->count = 0;
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
	rows_sort(rows);
	return 0;
}

static uint64_t started_at;
static agent_fill_fn *fill_others;
static void *fill_others_arg;

static int fill_agent(struct rows *rows, void *arg)
{
	struct agent_row *row = rows_add(rows);

	(void)arg;
	if (!row)
		return -ENOMEM;
	row->uptime = clock_monotonic() - started_at;
	row->active_alarms = 0;
	row->worst_severity = ALARM_NONE;
	row->traps_sent = 0;
	row->traps_suppressed = 0;
	row->traps_pending = 0;
	row->master_reconnects = 0;
	if (fill_others)
		fill_others(row, fill_others_arg);
	ROW_SET_TEXT(row->version, agent_version());
	ROW_SET_TEXT(row->boot_id, agent_boot_id());
	return 0;
}

static int fill_collectors(struct rows *rows, void *engine)
{
	return agent_collector_rows(engine, rows);
}

void agent_on_fill(agent_fill_fn *fill, void *arg)
{
	fill_others = fill;
	fill_others_arg = arg;
}

void agent_show(struct pinned *view, uint64_t started)
{
	started_at = started;
	pinned_own(view, &agent_row_type, fill_agent, NULL);
	pinned_own(view, &agent_collector_row_type, fill_collectors, pinned_engine(view));
}

const char *agent_boot_id(void)
{
	static char text[AGENT_BOOT_ID_SIZE];
	unsigned char b[16];

	if (text[0])
		return text;
	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b)) {
		uint64_t now = clock_monotonic();

		/* Never seen on Linux; the time of the start tells starts apart as well. */
		memset(b, 0, sizeof(b));
		memcpy(b, &now, sizeof(now));
	}
	/* RFC 4122, 4.4: version 4, the variant of that RFC. */
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(text, sizeof(text),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
	return text;
}

const char *agent_version(void)
{
#ifdef NETDIAG_BASE_OID_EXPERIMENTAL
	return PACKAGE_VERSION " (experimental base OID)";
#else
	return PACKAGE_VERSION;
#endif
}
