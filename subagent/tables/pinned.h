/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one request sees: one generation of each collector's snapshot, and the agent's own rows
 * (agent, collectors, checks, alarms), each made at most once a turn of the main loop.
 * Used by the main thread only.
 */
#ifndef NETDIAG_TABLES_PINNED_H
#define NETDIAG_TABLES_PINNED_H

#include "collectors/collector.h"
#include "subagent/tables/table.h"

struct view;

/* NULL when memory is short. The engine must outlive it. */
struct view *view_new(struct engine *engine);
void view_free(struct view *view);

/* Pins the newest snapshots and forgets the own rows. Between turns of the main loop, and never
 * between the variables of one request. Rows handed out before are gone then. */
void view_turn(struct view *view);

/* Forgets the own rows only: what they are made of has changed. */
void view_refill(struct view *view);

/* Fills rows (empty, of the type given to view_own) with the agent's own. 0 or -errno. */
typedef int view_fill_fn(struct rows *rows, void *arg);

/* Says who makes the rows of a table that no collector fills. */
void view_own(struct view *view, const struct row_type *type, view_fill_fn *fill, void *arg);

/* The current rows of a table, sorted, or NULL. A table_rows_fn: arg is the view. */
const struct rows *view_rows(const struct table *table, void *view);

/* The snapshot that the view holds of a collector (by its index in the engine), or NULL. */
const struct snapshot *view_snapshot(const struct view *view, size_t collector);

/* The engine behind it. */
struct engine *view_engine(const struct view *view);

#endif
