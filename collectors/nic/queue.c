/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagQueueTable: the queues of network interfaces. Their counters, NAPI instances and
 * interrupts come from the generic netlink family "netdev".
 */
#include <config.h>

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "collectors/base/accum.h"
#include "collectors/base/array.h"
#include "collectors/base/hash.h"
#include "collectors/nic/queue.h"

const struct row_type queue_row_type = {
	ROW_TYPE_TEXT("queue", struct queue_row, ifname),
	.key = {ROW_NUMBER(struct queue_row, ifindex), ROW_NUMBER(struct queue_row, type),
		ROW_NUMBER(struct queue_row, id)},
};

/* The beginning of a row is its key in a hash table. */
#define QUEUE_KEY_SIZE offsetof(struct queue_row, packets)

#define COUNTER(member) offsetof(struct queue_row, member)

static const struct accum_field queue_fields[] = {
	{COUNTER(packets), 64},	     {COUNTER(bytes), 64},	    {COUNTER(drops), 64},
	{COUNTER(rate_limited), 64}, {COUNTER(alloc_failures), 64}, {COUNTER(stops), 64},
	{COUNTER(wakes), 64},
};

/* Whether two rows belong to the same interface, whose index may have been reused. */
static bool queue_same(const void *before, const void *now)
{
	const struct queue_row *a = before, *b = now;

	return !strcmp(a->ifname, b->ifname);
}

static const struct accum_type queue_accum = {
	.row = &queue_row_type,
	.fields = queue_fields,
	.field_count = COUNT_OF(queue_fields),
	.stamp = offsetof(struct queue_row, discontinuity),
	.same = queue_same,
};

struct queue_state {
	struct netdev_genl genl;
	struct accum *accum;
};

/* An interface that has queues worth a row. */
struct queue_interface {
	uint64_t ifindex;
	bool hidden; /* by the configuration, or already gone */
	char ifname[NIC_NAME_SIZE];
};

/* A NAPI instance whose interrupt is known. */
struct queue_napi {
	uint64_t id;
	uint64_t irq;
};

/* One look at all queues. */
struct queue_reading {
	struct collect *c;
	struct hash interfaces; /* of struct queue_interface */
	struct hash napis;	/* of struct queue_napi */
	struct hash queues;	/* of struct queue_row */
	size_t left_out;
};

/* --- the pure part -------------------------------------------------------------------------- */

/* The sum of numbers of which one may be absent. */
static uint64_t queue_sum(uint64_t a, uint64_t b)
{
	if (a == ROW_ABSENT)
		return b;
	return b == ROW_ABSENT ? a : row_present(a + b);
}

void queue_set_counters(struct queue_row *row, const struct netdev_stats *stats)
{
	uint64_t total, part;

	if (row->type == QUEUE_RX) {
		row->packets = stats->rx_packets;
		row->bytes = stats->rx_bytes;
		row->alloc_failures = stats->rx_alloc_fail;
		row->rate_limited = stats->rx_hw_drop_ratelimits;
		total = stats->rx_hw_drops;
		part = stats->rx_hw_drop_overruns;
	} else {
		row->packets = stats->tx_packets;
		row->bytes = stats->tx_bytes;
		row->stops = stats->tx_stop;
		row->wakes = stats->tx_wake;
		row->rate_limited = stats->tx_hw_drop_ratelimits;
		total = stats->tx_hw_drops;
		part = stats->tx_hw_drop_errors;
	}
	row->drops = total != ROW_ABSENT ? total : queue_sum(part, row->rate_limited);
}

/* --- the collector -------------------------------------------------------------------------- */

/* The interface with this index, whose name is asked for once. NULL when memory is short. */
static struct queue_interface *queue_find_interface(struct queue_reading *reading, uint64_t ifindex)
{
	struct queue_interface *interface = hash_find(&reading->interfaces, &ifindex);
	char ifname[IF_NAMESIZE];

	if (interface)
		return interface;
	interface = hash_add(&reading->interfaces, &ifindex);
	if (!interface)
		return NULL;
	interface->hidden = !if_indextoname((unsigned)ifindex, ifname) ||
			    !settings_interface(reading->c->settings, ifname);
	if (!interface->hidden)
		ROW_SET_TEXT(interface->ifname, ifname);
	return interface;
}

/* Finds or adds the row of a queue. *row is NULL if it gets none. 0 or -ENOMEM. */
static int queue_find_row(struct queue_reading *reading, uint64_t ifindex, uint64_t type,
			  uint64_t id, struct queue_row **row)
{
	const struct queue_row key = {.ifindex = ifindex, .type = type + QUEUE_RX, .id = id};
	const struct queue_interface *interface = queue_find_interface(reading, ifindex);

	*row = NULL;
	if (!interface)
		return -ENOMEM;
	if (interface->hidden)
		return 0;
	*row = hash_find(&reading->queues, &key);
	if (*row)
		return 0;
	if (reading->queues.count >= reading->c->settings->max_rows[MAX_ROWS_QUEUE]) {
		reading->left_out++;
		return 0;
	}
	*row = hash_add(&reading->queues, &key);
	if (!*row)
		return -ENOMEM;
	row_reset(&queue_row_type, *row);
	memcpy(*row, &key, QUEUE_KEY_SIZE);
	ROW_SET_TEXT((*row)->ifname, interface->ifname);
	return 0;
}

static int queue_take_stats(const struct netdev_stats *stats, void *arg)
{
	struct queue_row *row;
	int err = queue_find_row(arg, stats->ifindex, stats->type, stats->id, &row);

	if (row)
		queue_set_counters(row, stats);
	return err;
}

/* NAPI instances without an interrupt are those of virtual devices, of which there can be
 * thousands. */
static int queue_take_napi(const struct netdev_napi *napi, void *arg)
{
	struct queue_reading *reading = arg;
	struct queue_napi *known;

	if (napi->irq == ROW_ABSENT)
		return 0;
	known = hash_add(&reading->napis, &napi->id);
	if (!known || !queue_find_interface(reading, napi->ifindex))
		return -ENOMEM;
	known->irq = napi->irq;
	return 0;
}

static int queue_take_queue(const struct netdev_queue *queue, void *arg)
{
	struct queue_reading *reading = arg;
	const struct queue_napi *napi;
	struct queue_row *row;
	int err;

	if (queue->napi_id == ROW_ABSENT)
		return 0;
	err = queue_find_row(reading, queue->ifindex, queue->type, queue->id, &row);
	if (err || !row)
		return err;
	row->napi_id = queue->napi_id;
	napi = hash_find(&reading->napis, &queue->napi_id);
	if (napi)
		row->irq = napi->irq;
	return 0;
}

/* Reads which NAPI instance serves which queue. Only interfaces that have counters or interrupts
 * are asked, as a host can have thousands of virtual ones. 0 or -errno. */
static int queue_read_napis(struct queue_reading *reading)
{
	struct queue_state *state = reading->c->state;
	int err = 0;

	for (size_t i = 0; !err && i < reading->interfaces.count; i++) {
		const struct queue_interface *interface = hash_at(&reading->interfaces, i);

		if (interface->hidden)
			continue;
		err = netdev_dump_queues(&state->genl, (uint32_t)interface->ifindex,
					 queue_take_queue, reading);
		if (err == -ENODEV)
			err = 0; /* it went away meanwhile */
	}
	return err;
}

static int queue_fail(struct collect *c, int err)
{
	switch (err) {
	case -ENOENT:
	case -EOPNOTSUPP:
		return collect_fail(c, -EOPNOTSUPP,
				    "the kernel does not report queues over the generic netlink "
				    "family netdev. Linux 6.10 or newer does");
	case -EPERM:
	case -EACCES:
	case -EPROTONOSUPPORT:
	case -EAFNOSUPPORT:
		return collect_fail(c, err,
				    "generic netlink cannot be used. Allow AF_NETLINK in the "
				    "service's RestrictAddressFamilies");
	default:
		return collect_fail(c, err, "the generic netlink family netdev cannot be read");
	}
}

/* Reads everything into the hash tables. 0, or what collect_fail() returned. */
static int queue_read(struct queue_reading *reading)
{
	struct collect *c = reading->c;
	struct queue_state *state = c->state;
	int err = netdev_dump_napis(&state->genl, queue_take_napi, reading);

	if (err)
		return queue_fail(c, err);
	err = netdev_dump_stats(&state->genl, true, queue_take_stats, reading);
	if (err == -EOPNOTSUPP)
		collect_note(c, "this kernel reports the queues' interrupts but not their "
				"counters. Linux 6.10 or newer does");
	else if (err)
		return queue_fail(c, err);
	err = queue_read_napis(reading);
	return err ? queue_fail(c, err) : 0;
}

/* Fills the collector's rows, and notes what is missing. 0, or what collect_fail() returned. */
static int queue_show(struct queue_reading *reading)
{
	struct collect *c = reading->c;
	struct queue_state *state = c->state;
	int err;

	for (size_t i = 0; i < reading->queues.count; i++) {
		void *row = rows_add(&c->rows[0]);

		if (!row)
			return collect_fail(c, -ENOMEM, "queue");
		memcpy(row, hash_at(&reading->queues, i), sizeof(struct queue_row));
	}
	rows_sort(&c->rows[0]);
	err = accum_apply(state->accum, &c->rows[0], c->now);
	if (err)
		return collect_fail(c, err, "queue");
	c->left_out = reading->left_out;
	if (reading->left_out)
		collect_note(c, "%zu queues have no row: raise `maxRows queue %u`",
			     reading->left_out, c->settings->max_rows[MAX_ROWS_QUEUE]);
	if (!c->rows[0].count)
		return collect_fail(c, -EOPNOTSUPP,
				    "no driver of an interface that is up reports its queues; "
				    "those of veth, bridges and lo never do");
	return 0;
}

static int queue_collect(struct collect *c)
{
	struct queue_state *state = c->state;
	struct queue_reading reading = {.c = c};
	int err;

	if (!state->accum)
		state->accum = accum_new(&queue_accum);
	if (!state->accum)
		return collect_fail(c, -ENOMEM, "queue");
	collect_source(c, "generic netlink, netdev");
	hash_init(&reading.interfaces, sizeof(struct queue_interface), sizeof(uint64_t));
	hash_init(&reading.napis, sizeof(struct queue_napi), sizeof(uint64_t));
	hash_init(&reading.queues, sizeof(struct queue_row), QUEUE_KEY_SIZE);
	err = queue_read(&reading);
	if (!err)
		err = queue_show(&reading);
	hash_clear(&reading.interfaces);
	hash_clear(&reading.napis);
	hash_clear(&reading.queues);
	return err;
}

static void queue_close(void *arg)
{
	struct queue_state *state = arg;

	netdev_genl_close(&state->genl);
	accum_free(state->accum);
}

const struct collector queue_collector = {
	.name = "queue",
	.interval_ms = 5000,
	.rows = {&queue_row_type, NULL},
	.live = "netlink",
	.state_size = sizeof(struct queue_state),
	.collect = queue_collect,
	.close = queue_close,
};
