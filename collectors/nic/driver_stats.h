/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of a driver's own statistics (ethtool -S) are shown, under which names. Chosen once per
 * interface and set of names; each refresh only picks the values. Pure functions.
 */
#ifndef NETDIAG_NIC_DRIVER_STATS_H
#define NETDIAG_NIC_DRIVER_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/base/glob.h"
#include "collectors/kernel/ethtool.h"
#include "collectors/nic/discards.h"
#include "collectors/nic/driver_counters.h"
#include "collectors/nic/nic.h"

struct nic_stat_choice {
	uint32_t index; /* into the driver's values */
	uint32_t bits;	/* width of the counter */
	char name[NIC_STAT_NAME_SIZE];
};

struct driver_stats {
	size_t total;		       /* how many statistics the driver has */
	struct nic_stat_choice *shown; /* owned */
	size_t shown_count;
	bool cut; /* more of them match than may be shown */
	struct nic_discards discards;
	struct driver_counters counters;
};

/*
 * Copies a driver's name for a statistic: blanks around it (vmxnet3 indents, cxgb4 pads) are left
 * out, whatever is no printable ASCII becomes '?'.
 */
void driver_stats_name(const char string[ETHTOOL_STRING_SIZE], char name[NIC_STAT_NAME_SIZE]);

/*
 * Chooses from the names (total * ETHTOOL_STRING_SIZE bytes) those that match the patterns, max at
 * most. A name that repeats gets #2, #3 … in the driver's order, so it stays with its queue.
 * 0 or -ENOMEM; driver_stats_free() releases the choice.
 */
int driver_stats_choose(struct driver_stats *stats, const char *driver, const char *strings,
			size_t total, const struct globs *patterns, size_t max);
void driver_stats_free(struct driver_stats *stats);

/* Adds a row (of nic_stat_row_type) for each that is shown, with the raw values. 0 or -ENOMEM. */
int driver_stats_rows(const struct driver_stats *stats, uint64_t ifindex, const uint64_t *values,
		      struct rows *rows);

#endif
