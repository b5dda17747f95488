/* SPDX-License-Identifier: BSD-2-Clause */
/* Who loses most: a few candidates and what they lost lately. Pure. */
#ifndef NETDIAG_LOSS_WORST_H
#define NETDIAG_LOSS_WORST_H

#include "subagent/loss/place.h"
#include "subagent/tables/table.h"

#define WORST_CANDIDATES 4

struct worst_candidate {
	char name[LOSS_NAME_SIZE];
	uint64_t weight; /* packets, halved every 30 s */
	struct object_id *object_id;
};

/* Zeroed memory is empty. */
struct worst {
	struct worst_candidate candidate[WORST_CANDIDATES];
	uint64_t halved; /* monotonic ns: when the weights were last halved */
};

void worst_clear(struct worst *worst);

/* Halves the weights for every 30 s that have passed; now: monotonic ns. */
void worst_age(struct worst *worst, uint64_t now);

/* Adds packets to a candidate. The name is sanitised. object_id: the object that counts them. */
void worst_add(struct worst *worst, const char *name, uint64_t packets,
	       const struct object_id *object_id);

/* The candidate with most weight, or NULL if none has any. Valid until the next call. */
const struct worst_candidate *worst_find(const struct worst *worst);

#endif
