/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rows that are served during one turn of the main loop. Collectors' rows come from their
 * engine's snapshots, the agent's own from functions that fill them when they are first asked for.
 */
#include <config.h>

#include <stdlib.h>

#include "subagent/tables/agent_rows.h"
#include "subagent/tables/pinned.h"

/* Where a table's rows come from. */
struct source {
	size_t collector; /* index in the engine, or PINNED_NO_COLLECTOR */
	pinned_fill_fn *fill;
	void *arg;
	struct rows own;
	bool filled; /* own holds rows */
};

struct pinned {
	struct engine *engine;
	const struct snapshot *pinned[COLLECTORS_MAX];
	struct source source[]; /* one for each of tables[] */
};

struct pinned *pinned_new(struct engine *engine)
{
	struct pinned *view = calloc(1, sizeof(*view) + table_count * sizeof(view->source[0]));

	if (!view)
		return NULL;
	view->engine = engine;
	for (size_t i = 0; i < table_count; i++) {
		int found = tables[i].collector ? engine_find(engine, tables[i].collector) : -1;

		view->source[i].collector = found < 0 ? PINNED_NO_COLLECTOR : (size_t)found;
		rows_init(&view->source[i].own, tables[i].type);
	}
	agent_start();
	pinned_own(view, &agent_row_type, agent_rows_fill, engine);
	pinned_own(view, &agent_collector_row_type, agent_rows_fill_collectors, engine);
	return view;
}

static void unpin(struct pinned *view)
{
	for (size_t i = 0; i < engine_count(view->engine); i++) {
		snapshot_put(view->pinned[i]);
		view->pinned[i] = NULL;
	}
}

void pinned_free(struct pinned *view)
{
	if (!view)
		return;
	unpin(view);
	for (size_t i = 0; i < table_count; i++)
		rows_clear(&view->source[i].own);
	free(view);
}

void pinned_turn(struct pinned *view)
{
	unpin(view);
	for (size_t i = 0; i < engine_count(view->engine); i++)
		view->pinned[i] = engine_snapshot(view->engine, i);
	pinned_refill(view);
}

void pinned_refill(struct pinned *view)
{
	for (size_t i = 0; i < table_count; i++)
		view->source[i].filled = false;
}

void pinned_own(struct pinned *view, const struct row_type *type, pinned_fill_fn *fill, void *arg)
{
	for (size_t i = 0; i < table_count; i++) {
		struct source *source = &view->source[i];

		if (tables[i].type != type)
			continue;
		source->fill = fill;
		source->arg = arg;
		source->filled = false;
	}
}

/* The agent's own rows: made when they are asked for, and kept until they are forgotten. The memory
 * is used again. */
static const struct rows *own_rows(struct source *source)
{
	if (!source->fill)
		return NULL;
	if (!source->filled) {
		source->own.count = 0;
		if (source->fill(&source->own, source->arg))
			source->own.count = 0;
		rows_sort(&source->own);
		source->filled = true;
	}
	return &source->own;
}

const struct rows *pinned_rows(const struct table *table, void *arg)
{
	struct pinned *view = arg;
	struct source *source = &view->source[table - tables];
	const struct snapshot *snapshot;

	if (!table->collector)
		return own_rows(source);
	if (source->collector == PINNED_NO_COLLECTOR)
		return NULL;
	snapshot = view->pinned[source->collector];
	return snapshot && table->rows < snapshot->rows_count ? &snapshot->rows[table->rows] : NULL;
}

const struct snapshot *pinned_snapshot(const struct pinned *view, size_t collector)
{
	return view->pinned[collector];
}

size_t pinned_collector(const struct pinned *view, const struct table *table)
{
	return view->source[table - tables].collector;
}

struct engine *pinned_engine(const struct pinned *view)
{
	return view->engine;
}
