/* SPDX-License-Identifier: BSD-2-Clause */
/* The collectors' snapshots as the alarms read them. */
#include <config.h>

#include "collectors/base/clock.h"
#include "collectors/engine.h"
#include "subagent/checks/alarms.h"
#include "subagent/tables/agent_rows.h"

/* How often the collectors themselves are looked at. */
#define COLLECTORS_EVERY_NS SECOND_NS

static bool feed_of(const char *collector, struct alarm_feed *feed, void *arg)
{
	struct pinned *view = arg;
	struct engine *engine = pinned_engine(view);
	const struct snapshot *snapshot;
	struct collector_state state;
	int i;

	if (!collector) {
		feed->status = COLLECT_OK;
		feed->interval = COLLECTORS_EVERY_NS;
		feed->time = clock_monotonic();
		feed->generation = feed->time / COLLECTORS_EVERY_NS + 1;
		return true;
	}
	i = engine_find(engine, collector);
	if (i < 0)
		return false;
	engine_state(engine, (size_t)i, &state);
	snapshot = pinned_snapshot(view, (size_t)i);
	feed->status = state.status;
	feed->interval = state.interval_ms * MILLISECOND_NS;
	feed->generation = snapshot ? snapshot->generation : 0;
	feed->time = snapshot ? snapshot->time : 0;
	return true;
}

static const struct rows *rows_of(const char *collector, size_t kind, void *arg)
{
	struct pinned *view = arg;
	const struct snapshot *snapshot;
	int i;

	if (!collector) {
		for (size_t t = 0; t < table_count; t++)
			if (tables[t].type == &agent_collector_row_type)
				return pinned_rows(&tables[t], view);
		return NULL;
	}
	i = engine_find(pinned_engine(view), collector);
	snapshot = i < 0 ? NULL : pinned_snapshot(view, (size_t)i);
	return snapshot && kind < snapshot->rows_count ? &snapshot->rows[kind] : NULL;
}

struct alarm_source alarms_pinned_source(struct pinned *view)
{
	return (struct alarm_source){.feed = feed_of, .rows = rows_of, .arg = view};
}
