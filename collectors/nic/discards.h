/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which of a driver's statistics count packets that were lost for lack of ring or buffer. Every
 * driver has its own name for them; here they become one number. Pure functions.
 */
#ifndef NETDIAG_NIC_DISCARDS_H
#define NETDIAG_NIC_DISCARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/nic/nic.h"

#define NIC_DISCARDS_SOURCE_SIZE 64

/* A driver's statistics that add up to its discards. */
struct nic_discards {
	uint32_t *index; /* owned; into the driver's values */
	size_t count;	 /* 0: the driver has none of the known ones */
	unsigned bits;	 /* width of the narrowest of them, with whose wrap the sum goes back */
	char source[NIC_DISCARDS_SOURCE_SIZE]; /* "sum of rx_queue_N_drops" */
};

/* Chooses among count statistics of a driver, by their names. 0 or -ENOMEM; nic_discards_free()
 * releases it. */
int nic_discards_choose(struct nic_discards *discards, const char *driver,
			const char (*names)[NIC_STAT_NAME_SIZE], size_t count);
void nic_discards_free(struct nic_discards *discards);

/* The sum over a reading of count values, or ROW_ABSENT when there is nothing to add up. */
uint64_t nic_discards_value(const struct nic_discards *discards, const uint64_t *values,
			    size_t count);

/*
 * Sets the row's discards and where they are from, after the driver (ETHTOOL_GDRVINFO's name) was
 * asked for its count values (NULL: there are none); err: what it answered. A driver that does not
 * have a statistic of its own for them has what rtnetlink counts. Where it has one that cannot be
 * read at the moment (interface down), they stay absent, so that the number does not alternate
 * between two meanings.
 */
void nic_discards_show(const struct nic_discards *discards, const char *driver,
		       const uint64_t *values, size_t count, int err, struct nic_row *row);

/* Whether a statistic's name is the pattern with a number in place of its '#'. */
bool nic_name_matches(const char *pattern, const char *name);

/* The width of a driver's counter in bits: below 64 for those that are known to wrap. */
unsigned nic_counter_bits(const char *driver, const char *name);

#endif
