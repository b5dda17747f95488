/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Statistics that drivers count under different names: cloud allowances, pause frames, stopped
 * queues, FEC. Pure functions.
 */
#ifndef NETDIAG_NIC_DRIVER_COUNTERS_H
#define NETDIAG_NIC_DRIVER_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "collectors/nic/nic.h"

/* Which of a driver's values are added to which member of its row. */
struct driver_counter {
	uint32_t index; /* into the driver's values */
	uint32_t to;	/* offset in struct nic_row */
};

struct driver_counters {
	struct driver_counter *list; /* owned */
	size_t count;
};

/* Chooses among count statistics of a driver, by their names. 0 or -ENOMEM;
 * driver_counters_free() releases it. */
int driver_counters_choose(struct driver_counters *counters,
			   const char (*names)[NIC_STAT_NAME_SIZE], size_t count);
void driver_counters_free(struct driver_counters *counters);

/* Sets the chosen members that are still absent. Those that the kernel reports under one name for
 * all drivers have been set before and stay. */
void driver_counters_show(const struct driver_counters *counters, const uint64_t *values,
			  struct nic_row *row);

#endif
