/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows served during one turn of the main loop: one generation of each collector's snapshot, and
 * the agent's own rows (agent, collectors, checks, alarms), each filled at most once a turn.
 * Main thread only.
 */
#ifndef NETDIAG_TABLES_PINNED_H
#define NETDIAG_TABLES_PINNED_H

#include "collectors/engine.h"
#include "subagent/tables/table.h"

struct pinned;

/* Serves the collectors of an engine, which must outlive it, and netdiagAgent and
 * netdiagCollectorTable. NULL when memory is short. */
struct pinned *pinned_new(struct engine *engine);
void pinned_free(struct pinned *view);

/* Pins the newest snapshots and forgets the agent's own rows. Call it between turns of the main
 * loop, never between the variables of one request: rows handed out before become invalid. */
void pinned_turn(struct pinned *view);

/* Forgets the agent's own rows only, after what they are filled from has changed. */
void pinned_refill(struct pinned *view);

/* Fills rows (empty, of the type given to pinned_own) with the agent's own. 0 or -errno. */
typedef int pinned_fill_fn(struct rows *rows, void *arg);

/* Sets the function that fills the tables of this row type, which no collector fills. */
void pinned_own(struct pinned *view, const struct row_type *type, pinned_fill_fn *fill, void *arg);

/* The current rows of a table, sorted, or NULL. A table_rows_fn whose argument is the view. */
const struct rows *pinned_rows(const struct table *table, void *view);

/* The snapshot that the view holds of a collector (by its index in the engine), or NULL. */
const struct snapshot *pinned_snapshot(const struct pinned *view, size_t collector);

/* Which collector of the engine fills a table; PINNED_NO_COLLECTOR: none of it. */
#define PINNED_NO_COLLECTOR SIZE_MAX
size_t pinned_collector(const struct pinned *view, const struct table *table);

/* The engine behind it. */
struct engine *pinned_engine(const struct pinned *view);

#endif
