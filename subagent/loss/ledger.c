/* SPDX-License-Identifier: BSD-2-Clause */
/* The accounts of the loss ledger: by how much the counters that places.c names rose between
 * snapshots of the collectors, less what is counted twice. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/base/minute.h"
#include "subagent/loss/ledger.h"
#include "subagent/loss/worst.h"

#define FEEDS_MAX   COLLECTORS_MAX
#define LOSERS	    3
#define SOURCES_MAX 8
#define NO_PLACE    "-"

/* Whom a place names as the worst: WORST_BLAMED, from LOSS_BLAME, goes before WORST_OWN, from the
 * sources that count. */
enum worst_kind {
	WORST_BLAMED,
	WORST_OWN,
	WORST_KINDS,
};

/* A collector whose snapshots feed at least one place. */
struct ledger_feed {
	const char *collector;
	const struct snapshot *before; /* of the previous feed; owns a reference */
	const struct snapshot *now;    /* of this feed; borrowed, NULL between feeds */
};

/* The rows that lost most between two snapshots, in descending order; unused ones have 0 packets.
 */
struct ledger_loser {
	uint64_t packets;
	const void *row;
	const struct loss_member *member;
};

struct ledger_top {
	struct ledger_loser loser[LOSERS];
};

/*
 * Takes packets that LOSS_LESS counts too out of those that LOSS_REST counts, though the two are
 * read at different times: an increase of LOSS_REST waits until LOSS_LESS has been read later than
 * it. What LOSS_LESS counted in excess is credited to the next increase.
 */
struct ledger_rest {
	uint64_t added;	    /* by LOSS_REST since it was last settled */
	uint64_t waiting;   /* the part of it that waits for newer numbers of LOSS_LESS */
	uint64_t until;	    /* monotonic ns: when `waiting` was read; 0: nothing waits */
	uint64_t less;	    /* by LOSS_LESS since it was last settled */
	uint64_t credit;    /* counted by LOSS_LESS before that, but not yet by LOSS_REST */
	bool fresh;	    /* `added` has an increase that is not yet in `waiting` */
	struct worst worst; /* who lost most of `added` */
};

struct ledger_place {
	const struct loss_place *desc;
	struct ledger_feed *feed[SOURCES_MAX]; /* one for each of its sources */
	bool present[SOURCES_MAX];	       /* whether the source can tell */
	struct ledger_rest rest;
	struct worst worst[WORST_KINDS];
	uint64_t packets;
	uint64_t lost_at;   /* monotonic ns of the last increase; 0: never */
	uint64_t last_seen; /* the same in ns since 1970 */
	uint64_t since;	    /* monotonic ns: since when all its sources are counted; 0: none is */
	struct minute minute;
	char name[LOSS_NAME_SIZE];
	struct object_id object_id;
};

struct ledger {
	struct ledger_feed feed[FEEDS_MAX];
	size_t feeds;
	struct ledger_place place[LOSS_PLACES];
	uint64_t now; /* monotonic ns of the last feed */
};

static const struct table *ledger_table(const struct row_type *type)
{
	for (size_t i = 0; i < table_count; i++)
		if (tables[i].type == type)
			return &tables[i];
	return NULL;
}

/* The object that serves a member of a row; row NULL: the column. */
static void ledger_object_id(const struct loss_source *source, const struct loss_member *member,
			     const void *row, struct object_id *id)
{
	const struct table *table = ledger_table(source->type);

	id->len = 0;
	if (table)
		table_object_id(table, member->offset - 1, row, id);
}

static struct ledger_feed *ledger_find_feed(struct ledger *ledger, const char *collector)
{
	for (size_t i = 0; i < ledger->feeds; i++)
		if (!strcmp(ledger->feed[i].collector, collector))
			return &ledger->feed[i];
	ledger->feed[ledger->feeds].collector = collector;
	return &ledger->feed[ledger->feeds++];
}

struct ledger *ledger_new(void)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));

	for (size_t i = 0; ledger && i < LOSS_PLACES; i++) {
		struct ledger_place *place = &ledger->place[i];
		const struct loss_source *source = loss_places[i + 1].sources;

		place->desc = &loss_places[i + 1];
		for (size_t n = 0; n < place->desc->count; n++)
			place->feed[n] = ledger_find_feed(ledger, source[n].collector);
		if (place->desc->count)
			ledger_object_id(source, source->members, NULL, &place->object_id);
	}
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	for (size_t i = 0; i < ledger->feeds; i++)
		snapshot_put(ledger->feed[i].before);
	for (size_t i = 0; i < LOSS_PLACES; i++) {
		worst_clear(&ledger->place[i].rest.worst);
		for (size_t kind = 0; kind < WORST_KINDS; kind++)
			worst_clear(&ledger->place[i].worst[kind]);
	}
	free(ledger);
}

static const struct rows *feed_rows(const struct snapshot *snapshot, const struct row_type *type)
{
	for (size_t i = 0; i < snapshot->rows_count; i++)
		if (snapshot->rows[i].type == type)
			return &snapshot->rows[i];
	return NULL;
}

static void top_take(struct ledger_top *top, uint64_t packets, const void *row,
		     const struct loss_member *member)
{
	size_t at = LOSERS;

	while (at && packets > top->loser[at - 1].packets)
		at--;
	if (at == LOSERS)
		return;
	memmove(&top->loser[at + 1], &top->loser[at], (LOSERS - 1 - at) * sizeof(top->loser[0]));
	top->loser[at] = (struct ledger_loser){packets, row, member};
}

/* By how much a row's counters rose since `before`, or since 0 if that is NULL. */
static uint64_t row_increase(const struct loss_source *source, const void *before, const void *row,
			     struct ledger_top *top)
{
	const struct loss_member *most = source->members;
	uint64_t sum = 0, highest = 0;

	if (source->increase)
		sum = source->increase(before, row);
	for (const struct loss_member *it = most; it->offset && !source->increase; it++) {
		uint64_t lost = loss_increase(before, row, it->offset - 1);

		sum += lost;
		if (lost > highest) {
			highest = lost;
			most = it;
		}
	}
	top_take(top, source->name ? sum : highest, row, most);
	return sum;
}

/* By how much a source rose between two snapshots; *top gets the rows or members that rose most. */
static uint64_t source_increase(const struct loss_source *source, const struct snapshot *before,
				const struct snapshot *now, struct ledger_top *top)
{
	const struct rows *old = feed_rows(before, source->type);
	const struct rows *rows = feed_rows(now, source->type);
	uint64_t sum = 0;
	size_t o = 0;

	for (size_t i = 0; old && rows && i < rows->count; i++) {
		const void *row = rows_at(rows, i), *then = NULL;
		int order = 1;

		if (source->applies && !source->applies(row))
			continue;
		while (o < old->count &&
		       (order = row_compare(source->type, rows_at(old, o), row)) < 0)
			o++;
		if (o < old->count && !order)
			then = rows_at(old, o);
		if (then ? source->stamp && row_number(then, source->stamp - 1) !=
						    row_number(row, source->stamp - 1)
			 : !source->born_zero || before->left_out)
			continue;
		sum += row_increase(source, then, row, top);
	}
	return sum;
}

/* Whether a source can tell: some row has one of its members, or there are no rows because there
 * is no such object. */
static bool source_can_tell(const struct loss_source *source, const struct snapshot *now)
{
	const struct rows *rows = feed_rows(now, source->type);
	bool any = false;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const void *row = rows_at(rows, i);

		if (source->applies && !source->applies(row))
			continue;
		any = true;
		for (const struct loss_member *it = source->members; it->offset; it++)
			if (row_number(row, it->offset - 1) != ROW_ABSENT)
				return true;
	}
	return rows && !any && !source->optional;
}

static void loser_name(const struct loss_source *source, const struct ledger_loser *loser,
		       char name[LOSS_NAME_SIZE])
{
	if (source->name)
		source->name(loser->row, name, LOSS_NAME_SIZE);
	else
		text_copy(name, LOSS_NAME_SIZE, loser->member->name);
}

static void top_blame(const struct ledger_top *top, const struct loss_source *source,
		      struct worst *worst)
{
	const struct ledger_loser *loser = top->loser;

	for (; loser < top->loser + LOSERS && loser->packets; loser++) {
		char name[LOSS_NAME_SIZE];
		struct object_id id;

		loser_name(source, loser, name);
		ledger_object_id(source, loser->member, loser->row, &id);
		worst_add(worst, name, loser->packets, &id);
	}
}

static void place_add(struct ledger_place *place, const struct loss_source *source,
		      uint64_t packets, const struct ledger_top *top, uint64_t *lost)
{
	switch (source->role) {
	case LOSS_ADD:
		*lost += packets;
		top_blame(top, source, &place->worst[WORST_OWN]);
		break;
	case LOSS_REST:
		place->rest.added += packets;
		place->rest.fresh = true;
		top_blame(top, source, &place->rest.worst);
		break;
	case LOSS_LESS:
		place->rest.less += packets;
		break;
	case LOSS_BLAME:
		top_blame(top, source, &place->worst[WORST_BLAMED]);
		break;
	}
}

/* When the newest numbers of LOSS_REST were read. */
static uint64_t rest_read_at(const struct ledger_place *place)
{
	uint64_t at = 0;

	for (size_t i = 0; i < place->desc->count; i++)
		if (place->desc->sources[i].role == LOSS_REST && place->feed[i]->now &&
		    place->feed[i]->now->end > at)
			at = place->feed[i]->now->end;
	return at;
}

/* Whether all numbers of LOSS_LESS are at least as new as what waits. Those of the same snapshot
 * are: places.c names only counters that their collector reads in this order. */
static bool rest_is_complete(const struct ledger_place *place)
{
	const struct ledger_feed *own = NULL;

	for (size_t i = 0; i < place->desc->count; i++)
		if (place->desc->sources[i].role == LOSS_REST)
			own = place->feed[i];
	for (size_t i = 0; i < place->desc->count; i++) {
		const struct ledger_feed *feed = place->feed[i];

		if (place->desc->sources[i].role == LOSS_LESS && feed != own && feed->now &&
		    feed->now->time < place->rest.until)
			return false;
	}
	return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Settles the account of LOSS_REST. Returns the packets that no other place counts. */
static uint64_t place_settle(struct ledger_place *place)
{
	struct ledger_rest *rest = &place->rest;
	const struct worst_candidate *found;
	uint64_t covered, lost;

	if (rest->fresh && !rest->waiting) {
		rest->fresh = false;
		rest->until = rest_read_at(place);
		rest->waiting = rest->added;
	}
	if (!rest->until || !rest_is_complete(place))
		return 0;
	covered = least(rest->waiting, rest->credit + rest->less);
	lost = rest->waiting - covered;
	rest->credit = least(rest->credit + rest->less - covered, rest->less);
	rest->less = 0;
	rest->added -= rest->waiting;
	rest->until = rest->waiting = 0;
	found = worst_find(&rest->worst);
	if (found && found->object_id)
		worst_add(&place->worst[WORST_OWN], found->name, lost, found->object_id);
	worst_clear(&rest->worst);
	return lost;
}

/* Names the worst. Called only while packets are being lost, so that the name stays afterwards. */
static void place_show_worst(struct ledger_place *place)
{
	const struct worst_candidate *found = worst_find(&place->worst[WORST_BLAMED]);

	if (!found)
		found = worst_find(&place->worst[WORST_OWN]);
	if (!found)
		return;
	memcpy(place->name, found->name, sizeof(place->name));
	if (found->object_id && found->object_id->len)
		memcpy(&place->object_id, found->object_id, object_id_size(found->object_id));
}

/* Takes in a new snapshot of a source, or that there is none any longer. */
static void place_look(struct ledger_place *place, size_t i, uint64_t now, uint64_t *lost)
{
	const struct loss_source *source = &place->desc->sources[i];
	const struct ledger_feed *feed = place->feed[i];
	bool counts = source->role == LOSS_ADD || source->role == LOSS_REST;
	struct ledger_top top = {{{.packets = 0}}};
	bool was = place->present[i];

	place->present[i] = counts && feed->now && source_can_tell(source, feed->now);
	if (place->present[i] && !was)
		place->since = now;
	if (feed->now && feed->before) {
		uint64_t packets = source_increase(source, feed->before, feed->now, &top);

		place_add(place, source, packets, &top, lost);
	}
}

static void place_feed(struct ledger_place *place, uint64_t now, uint64_t wall)
{
	uint64_t lost = 0;

	for (size_t kind = 0; kind < WORST_KINDS; kind++)
		worst_age(&place->worst[kind], now);
	for (size_t i = 0; i < place->desc->count; i++)
		if (place->feed[i]->now != place->feed[i]->before)
			place_look(place, i, now, &lost);
	lost += place_settle(place);
	if (lost) {
		place->packets += lost;
		minute_add(&place->minute, now, lost);
		place->lost_at = now;
		place->last_seen = wall;
	}
	if (place->lost_at && now - place->lost_at < MINUTE_NS)
		place_show_worst(place);
}

void ledger_feed(struct ledger *ledger, ledger_snapshot_fn *snapshot, void *arg, uint64_t now,
		 uint64_t wall)
{
	ledger->now = now;
	for (size_t i = 0; i < ledger->feeds; i++)
		ledger->feed[i].now = snapshot(ledger->feed[i].collector, arg);
	for (size_t i = 0; i < LOSS_PLACES; i++)
		place_feed(&ledger->place[i], now, wall);
	for (size_t i = 0; i < ledger->feeds; i++) {
		struct ledger_feed *feed = &ledger->feed[i];

		if (feed->now != feed->before) {
			snapshot_put(feed->before);
			feed->before = feed->now ? snapshot_get(feed->now) : NULL;
		}
		feed->now = NULL;
	}
}

static const struct snapshot *pinned_of(const char *collector, void *arg)
{
	const struct pinned *pinned = arg;
	int i = engine_find(pinned_engine(pinned), collector);

	return i < 0 ? NULL : pinned_snapshot(pinned, (size_t)i);
}

void ledger_feed_pinned(struct ledger *ledger, const struct pinned *pinned, uint64_t now,
			uint64_t wall)
{
	ledger_feed(ledger, pinned_of, (void *)pinned, now, wall);
}

static bool place_is_known(const struct ledger_place *place)
{
	for (size_t i = 0; i < place->desc->count; i++)
		if (place->present[i])
			return true;
	return false;
}

int ledger_fill_rows(struct rows *rows, void *arg)
{
	const struct ledger *ledger = arg;

	for (size_t i = 0; i < LOSS_PLACES; i++) {
		const struct ledger_place *place = &ledger->place[i];
		struct loss_row *row = rows_add(rows);

		if (!row)
			return -ENOMEM;
		row->place = i + 1;
		row->direction = place->desc->direction;
		row->class = place->desc->class;
		if (place_is_known(place)) {
			row->packets = row_present(place->packets);
			row->rate_minute = minute_rate(&place->minute, ledger->now);
			row->discontinuity = place->since;
		}
		if (place->last_seen)
			row->last_seen = place->last_seen;
		ROW_SET_TEXT(row->label, place->desc->label);
		ROW_SET_TEXT(row->worst, place->name);
		memcpy(&row->object_id, &place->object_id, object_id_size(&place->object_id));
	}
	return 0;
}

uint64_t ledger_rate(const struct ledger *ledger)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < LOSS_PLACES; i++)
		if (ledger->place[i].desc->class == LOSS_CLASS_LOSS)
			sum += minute_rate(&ledger->place[i].minute, ledger->now);
	return sum;
}

const char *ledger_worst_place(const struct ledger *ledger)
{
	const char *label = NO_PLACE;
	uint64_t highest = 0;

	for (size_t i = 0; i < LOSS_PLACES; i++) {
		const struct ledger_place *place = &ledger->place[i];
		uint64_t rate = minute_rate(&place->minute, ledger->now);

		if (place->desc->class != LOSS_CLASS_LOSS || rate <= highest)
			continue;
		highest = rate;
		label = place->desc->label;
	}
	return label;
}
