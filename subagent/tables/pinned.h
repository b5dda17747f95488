/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one request sees: one generation of each collector's snapshot, and the agent's own rows
 * (agent, collectors, checks, alarms), each made at most once a turn of the main loop.
 * Used by the main thread only.
 */
#ifndef NETDIAG_TABLES_PINNED_H
#define NETDIAG_TABLES_PINNED_H

#include "collectors/engine.h"
#include "subagent/tables/table.h"

struct pinned;

/* NULL when memory is short. The engine must outlive it. */
struct pinned *pinned_new(struct engine *engine);
void pinned_free(struct pinned *view);

/* Pins the newest snapshots and forgets the own rows. Between turns of the main loop, and never
 * between the variables of one request. Rows handed out before are gone then. */
void pinned_turn(struct pinned *view);

/* Forgets the own rows only: what they are made of has changed. */
void pinned_refill(struct pinned *view);

/* Fills rows (empty, of the type given to pinned_own) with the agent's own. 0 or -errno. */
typedef int pinned_fill_fn(struct rows *rows, void *arg);

/* Says who makes the rows of a table that no collector fills. */
void pinned_own(struct pinned *view, const struct row_type *type, pinned_fill_fn *fill, void *arg);

/* The current rows of a table, sorted, or NULL. A table_rows_fn: arg is the view. */
const struct rows *pinned_rows(const struct table *table, void *view);

/* The snapshot that the view holds of a collector (by its index in the engine), or NULL. */
const struct snapshot *pinned_snapshot(const struct pinned *view, size_t collector);

/* The engine behind it. */
struct engine *pinned_engine(const struct pinned *view);

#endif
