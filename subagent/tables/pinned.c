/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "subagent/tables/pinned.h"

#define NO_COLLECTOR SIZE_MAX

/* Where a table's rows come from. */
struct source {
	size_t collector; /* index in the engine, or NO_COLLECTOR */
	view_fill_fn *fill;
	void *arg;
	struct rows own;
	bool filled; /* own holds rows */
};

struct view {
	struct engine *engine;
	const struct snapshot *pinned[COLLECTORS_MAX];
	struct source source[]; /* one for each of tables[] */
};

struct view *view_new(struct engine *engine)
{
	struct view *view = calloc(1, sizeof(*view) + table_count * sizeof(view->source[0]));

	if (!view)
		return NULL;
	view->engine = engine;
	for (size_t i = 0; i < table_count; i++) {
		int found = tables[i].collector ? engine_find(engine, tables[i].collector) : -1;

		view->source[i].collector = found < 0 ? NO_COLLECTOR : (size_t)found;
		rows_init(&view->source[i].own, tables[i].type);
	}
	return view;
}

static void unpin(struct view *view)
{
	for (size_t i = 0; i < engine_count(view->engine); i++) {
		snapshot_put(view->pinned[i]);
		view->pinned[i] = NULL;
	}
}

void view_free(struct view *view)
{
	if (!view)
		return;
	unpin(view);
	for (size_t i = 0; i < table_count; i++)
		rows_clear(&view->source[i].own);
	free(view);
}

void view_turn(struct view *view)
{
	unpin(view);
	for (size_t i = 0; i < engine_count(view->engine); i++)
		view->pinned[i] = engine_snapshot(view->engine, i);
	view_refill(view);
}

void view_refill(struct view *view)
{
	for (size_t i = 0; i < table_count; i++)
		view->source[i].filled = false;
}

void view_own(struct view *view, const struct row_type *type, view_fill_fn *fill, void *arg)
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

const struct rows *view_rows(const struct table *table, void *arg)
{
	struct view *view = arg;
	struct source *source = &view->source[table - tables];
	const struct snapshot *snapshot;

	if (!table->collector)
		return own_rows(source);
	if (source->collector == NO_COLLECTOR)
		return NULL;
	snapshot = view->pinned[source->collector];
	return snapshot && table->rows < snapshot->rows_count ? &snapshot->rows[table->rows] : NULL;
}

const struct snapshot *view_snapshot(const struct view *view, size_t collector)
{
	return view->pinned[collector];
}

struct engine *view_engine(const struct view *view)
{
	return view->engine;
}
