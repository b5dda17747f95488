/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loss ledger, netdiagLossTable: how many packets this host lost at each place, since netdiagd
 * started, and who lost most of them. A packet is counted at one place only.
 *
 * It is fed with the collectors' snapshots and adds up the increases of each counter between two of
 * them. A row that vanishes, or whose discontinuity stamp moves, takes nothing away. Main thread
 * only.
 */
#ifndef NETDIAG_LOSS_LEDGER_H
#define NETDIAG_LOSS_LEDGER_H

#include "collectors/engine.h"
#include "subagent/loss/loss_row.h"
#include "subagent/tables/pinned.h"
#include "subagent/tables/table.h"

struct ledger;

/* NULL when memory is short. */
struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger);

/* The current snapshot of a collector, or NULL when it has none. The caller keeps it alive until
 * ledger_feed() returns. */
typedef const struct snapshot *ledger_snapshot_fn(const char *collector, void *arg);

/* Takes in the snapshots that are new since the last feed. now: monotonic ns; wall: ns since 1970.
 */
void ledger_feed(struct ledger *ledger, ledger_snapshot_fn *snapshot, void *arg, uint64_t now,
		 uint64_t wall);

/* The same with the pinned snapshots. */
void ledger_feed_pinned(struct ledger *ledger, const struct pinned *pinned, uint64_t now,
			uint64_t wall);

/* Fills empty rows with one for each place, as of the last feed. A pinned_fill_fn. 0 or -ENOMEM. */
int ledger_fill_rows(struct rows *rows, void *ledger);

/* netdiagAgentLossRate, hundredths of packets/s, and netdiagAgentWorstPlace, the label of the place
 * of class loss with the highest rate, "-" when there is none. */
uint64_t ledger_rate(const struct ledger *ledger);
const char *ledger_worst_place(const struct ledger *ledger);

#endif
