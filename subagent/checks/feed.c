/* SPDX-License-Identifier: BSD-2-Clause */
/* Shows the checks the collectors' pinned snapshots, and the agent's own rows, by table. */
#include <config.h>

#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/engine.h"
#include "collectors/limit/sysctls.h"
#include "subagent/checks/alarms.h"

/* How often the agent's own rows are looked at. */
#define AGENT_EVERY_NS SECOND_NS

static bool feed_of(const struct table *table, struct alarm_feed *feed, void *arg)
{
	struct pinned *pinned = arg;
	const struct snapshot *snapshot;
	struct collector_state state;
	size_t i;

	if (!table->collector) {
		feed->status = COLLECT_OK;
		feed->on = true;
		feed->left_out = feed->hidden = false;
		feed->interval = AGENT_EVERY_NS;
		feed->time = clock_monotonic();
		feed->generation = feed->time / AGENT_EVERY_NS + 1;
		return true;
	}
	i = pinned_collector(pinned, table);
	if (i == PINNED_NO_COLLECTOR)
		return false;
	engine_state(pinned_engine(pinned), i, &state);
	snapshot = pinned_snapshot(pinned, i);
	feed->status = state.status;
	feed->on = state.on;
	feed->left_out = snapshot && snapshot->left_out;
	feed->hidden = state.hidden;
	feed->interval = state.interval_ms * MILLISECOND_NS;
	feed->generation = snapshot ? snapshot->generation : 0;
	feed->time = snapshot ? snapshot->time : 0;
	return true;
}

/* Rows of any kind that a collector fills, also of those that no table shows. */
static const struct rows *rows_of(const struct row_type *type, void *arg)
{
	struct pinned *pinned = arg;

	for (size_t i = 0; i < engine_count(pinned_engine(pinned)); i++) {
		const struct snapshot *snapshot = pinned_snapshot(pinned, i);

		for (size_t kind = 0; snapshot && kind < snapshot->rows_count; kind++)
			if (snapshot->rows[kind].type == type)
				return &snapshot->rows[kind];
	}
	for (size_t i = 0; i < table_count; i++)
		if (!tables[i].collector && tables[i].type == type)
			return pinned_rows(&tables[i], pinned);
	return NULL;
}

static bool setting_of(const char *name, char *value, size_t size, void *arg)
{
	const struct roots *roots = engine_roots(pinned_engine(arg));
	struct filebuf buf = {0};
	char path[SYSCTL_NAME_SIZE];
	bool found = !sysctl_path(name, path, sizeof(path)) &&
		     !procfs_read(roots, ROOT_PROC, &buf, "sys/%s", path);

	for (char *at = buf.data; found && *at; at++)
		if (*at == '\t' || *at == '\n')
			*at = ' ';
	if (found)
		text_copy(value, size, buf.data);
	filebuf_free(&buf);
	return found;
}

struct alarm_source alarms_pinned_source(struct pinned *pinned)
{
	return (struct alarm_source){
		.feed = feed_of,
		.host = {.rows = rows_of, .setting = setting_of, .arg = pinned},
		.arg = pinned,
	};
}
