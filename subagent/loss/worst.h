/* SPDX-License-Identifier: BSD-2-Clause */
/* Who loses most: a few candidates and what they lost lately. Pure. */
#ifndef NETDIAG_LOSS_WORST_H
#define NETDIAG_LOSS_WORST_H

#include "subagent/loss/place.h"
#include "subagent/tables/table.h"

#define WORST_CANDIDATES 4

struct worst_candidate {
	char name[LOSS_NAME_SIZE];
	uint64_t weight; /* packets; those of the minute before count half as much, and so on */
	struct object_id *object_id;
};

/* Zeroed memory is empty. */
struct worst {
	struct worst_candidate candidate[WORST_CANDIDATES];
	uint64_t halved; /* monotonic ns: when the weights were last halved */
};

void worst_clear(struct worst *worst);

/* Lets what was lost earlier count less; now: monotonic ns. */
void worst_age(struct worst *worst, uint64_t now);

/* Somebody lost packets. The name is sanitised. The object is where it is counted. */
void worst_add(struct worst *worst, const char *name, uint64_t packets,
	       const struct object_id *object_id);

/* Who lost most, or NULL when nobody has lost any lately. Valid until the next call. */
const struct worst_candidate *worst_find(const struct worst *worst);

#endif
