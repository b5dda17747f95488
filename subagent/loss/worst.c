/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Keeps the few candidates that lost most lately, in bounded memory: a new one replaces the one
 * with the least weight. The ledger adds the worst rows of each snapshot.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "subagent/loss/worst.h"

#define HALVE_NS (30 * SECOND_NS)

static void worst_forget(struct worst_candidate *candidate)
{
	free(candidate->object_id);
	*candidate = (struct worst_candidate){.weight = 0};
}

void worst_clear(struct worst *worst)
{
	for (size_t i = 0; i < WORST_CANDIDATES; i++)
		worst_forget(&worst->candidate[i]);
}

void worst_age(struct worst *worst, uint64_t now)
{
	uint64_t halves = (now - worst->halved) / HALVE_NS;

	if (!halves)
		return;
	worst->halved += halves * HALVE_NS;
	for (size_t i = 0; i < WORST_CANDIDATES; i++) {
		struct worst_candidate *candidate = &worst->candidate[i];

		candidate->weight = halves < 64 ? candidate->weight >> halves : 0;
		if (!candidate->weight)
			worst_forget(candidate);
	}
}

/* The candidate with this name, else the one with the least weight, emptied. */
static struct worst_candidate *worst_place(struct worst *worst, const char *name)
{
	struct worst_candidate *least = &worst->candidate[0];

	for (size_t i = 0; i < WORST_CANDIDATES; i++) {
		struct worst_candidate *candidate = &worst->candidate[i];

		if (candidate->weight && !strcmp(candidate->name, name))
			return candidate;
		if (candidate->weight < least->weight)
			least = candidate;
	}
	worst_forget(least);
	return least;
}

void worst_add(struct worst *worst, const char *name, uint64_t packets,
	       const struct object_id *object_id)
{
	char clean[LOSS_NAME_SIZE];
	struct worst_candidate *candidate;

	if (!packets)
		return;
	text_copy(clean, sizeof(clean), name);
	text_sanitise(clean);
	candidate = worst_place(worst, clean);
	candidate->weight += packets;
	memcpy(candidate->name, clean, sizeof(clean));
	if (candidate->object_id)
		return;
	candidate->object_id = malloc(object_id_size(object_id));
	if (candidate->object_id)
		memcpy(candidate->object_id, object_id, object_id_size(object_id));
}

const struct worst_candidate *worst_find(const struct worst *worst)
{
	const struct worst_candidate *found = &worst->candidate[0];

	for (size_t i = 1; i < WORST_CANDIDATES; i++)
		if (worst->candidate[i].weight > found->weight)
			found = &worst->candidate[i];
	return found->weight ? found : NULL;
}
