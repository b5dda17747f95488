/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagNfqueueTable: packets that netfilter queues to a program (an intrusion detection system, a
 * proxy) and drops because it is too slow, from /proc/net/netfilter/nfnetlink_queue, which only
 * root may read.
 */
#include <config.h>

#include <errno.h>
#include <linux/netlink.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/socket/nfqueue.h"
#include "collectors/socket/owner.h"
#include "collectors/socket/socket_drops.h"

const struct row_type nfqueue_row_type = {
	ROW_TYPE_TEXT("nfqueue", struct nfqueue_row, command),
	.key = {ROW_NUMBER(struct nfqueue_row, queue)},
};

#define CLOSED_KEEP_NS (3600 * SECOND_NS)

static const char queue_path[] = "net/netfilter/nfnetlink_queue";
static const char netlink_path[] = "net/netlink";

/* net/netfilter/nfnetlink_queue.c, seq_show(): the words of a line. */
#define OFFSET(m) offsetof(struct nfqueue_row, m)
#define PASS_OVER SIZE_MAX
static const size_t queue_words[] = {
	OFFSET(queue),	 OFFSET(portid),       OFFSET(length),	PASS_OVER, /* copy mode */
	PASS_OVER,							   /* copy range */
	OFFSET(dropped), OFFSET(user_dropped), OFFSET(packets),
};

/* Counters of 32 bits, which begin at 0 whenever a program binds to the queue. */
static const size_t queue_counters[] = {OFFSET(packets), OFFSET(dropped), OFFSET(user_dropped)};

struct nfqueue {
	uint64_t number;
	uint64_t since; /* monotonic ns: when it became known */
	uint64_t seen;	/* monotonic ns: when it was last served */
	uint64_t portid;
	uint32_t raw[COUNT_OF(queue_counters)];
	uint64_t sum[COUNT_OF(queue_counters)];
};

static bool nfqueue_parse_line(struct span line, struct nfqueue_row *row)
{
	for (size_t i = 0; i < COUNT_OF(queue_words); i++) {
		struct span word;
		uint64_t value;

		if (!span_word(&line, &word) || span_u64(word, &value) || value > UINT32_MAX)
			return false;
		if (queue_words[i] != PASS_OVER)
			*row_member(row, queue_words[i]) = value;
	}
	return true;
}

int nfqueue_parse(struct span text, struct rows *rows)
{
	struct span line;

	if (span_drop_tail(&text))
		return -EBADMSG;
	while (span_line(&text, &line)) {
		struct nfqueue_row *row = rows_add(rows);

		if (!row)
			return -ENOMEM;
		if (!nfqueue_parse_line(line, row))
			return -EBADMSG;
	}
	return 0;
}

void nfqueues_init(struct nfqueues *queues)
{
	hash_init(&queues->table, sizeof(struct nfqueue), sizeof(uint64_t));
}

void nfqueues_free(struct nfqueues *queues)
{
	hash_clear(&queues->table);
}

/* Whether the same program still serves a queue. A counter that jumps by more than half its range
 * has not wrapped but restarted. */
static bool nfqueue_goes_on(const struct nfqueue *queue, const struct nfqueue_row *row)
{
	if (queue->portid != row->portid)
		return false;
	for (size_t i = 0; i < COUNT_OF(queue_counters); i++)
		if ((uint32_t)row_number(row, queue_counters[i]) - queue->raw[i] > UINT32_MAX / 2)
			return false;
	return true;
}

static void nfqueue_sum(struct nfqueue *queue, struct nfqueue_row *row, uint64_t now)
{
	bool goes_on = nfqueue_goes_on(queue, row);

	for (size_t i = 0; i < COUNT_OF(queue_counters); i++) {
		uint32_t raw = (uint32_t)row_number(row, queue_counters[i]);

		queue->sum[i] += raw - (goes_on ? queue->raw[i] : 0);
		queue->raw[i] = raw;
		*row_member(row, queue_counters[i]) = queue->sum[i];
	}
	queue->portid = row->portid;
	queue->seen = now;
	row->discontinuity = queue->since;
}

static bool nfqueue_is_worth_keeping(const void *item, void *now)
{
	const struct nfqueue *queue = item;
	uint64_t age = *(const uint64_t *)now - queue->seen;

	/* The file is not atomic: a missing queue may only have been skipped in this reading. */
	return !age || (age <= CLOSED_KEEP_NS && (queue->sum[1] || queue->sum[2]));
}

/* The rows of queues that were not in the file. */
static int nfqueues_add_closed(const struct nfqueues *queues, struct rows *rows, uint64_t now)
{
	for (size_t i = 0; i < queues->table.count; i++) {
		const struct nfqueue *queue = hash_at(&queues->table, i);
		struct nfqueue_row *row;

		if (queue->seen == now)
			continue;
		row = rows_add(rows);
		if (!row)
			return -ENOMEM;
		row->queue = queue->number;
		row->discontinuity = queue->since;
		for (size_t n = 0; n < COUNT_OF(queue_counters); n++)
			*row_member(row, queue_counters[n]) = queue->sum[n];
	}
	return 0;
}

int nfqueues_sum(struct nfqueues *queues, struct rows *rows, uint64_t now, size_t *left_out)
{
	*left_out = 0;
	for (size_t i = 0; i < rows->count; i++) {
		struct nfqueue_row *row = rows_at(rows, i);
		struct nfqueue *queue = hash_find(&queues->table, &row->queue);

		if (!queue && queues->table.count >= NFQUEUES_MAX) {
			for (size_t n = 0; n < COUNT_OF(queue_counters); n++)
				*row_member(row, queue_counters[n]) = ROW_ABSENT;
			++*left_out;
			continue;
		}
		if (!queue) {
			queue = hash_add(&queues->table, &row->queue);
			if (!queue)
				return -ENOMEM;
			queue->since = now;
			queue->portid = row->portid;
		}
		nfqueue_sum(queue, row, now);
	}
	hash_keep(&queues->table, nfqueue_is_worth_keeping, &now);
	return nfqueues_add_closed(queues, rows, now);
}

struct nfqueue_state {
	struct nfqueues queues;
	struct owners *owners;
};

/* Finds the programs' sockets. Until the pids are known, row->pid holds the socket's inode. */
static int nfqueue_match(const struct inet_socket *socket, void *arg)
{
	struct rows *rows = arg;
	uint32_t portid;

	if (socket->local.port != NETLINK_NETFILTER)
		return 0;
	portid = socket_drop_portid(&socket->local);
	for (size_t i = 0; i < rows->count; i++) {
		struct nfqueue_row *row = rows_at(rows, i);

		if (row->portid == portid)
			row->pid = socket->inode;
	}
	return 0;
}

/* Finds the programs' pids and names. They are absent if that fails. */
static void nfqueue_find_owners(struct collect *c)
{
	struct nfqueue_state *state = c->state;
	struct rows *rows = &c->rows[0];

	if (!rows->count || procfs_read(&c->settings->roots, ROOT_PROC, c->buf, netlink_path) ||
	    socket_drop_parse(SOCKET_DROP_NETLINK, filebuf_span(c->buf), nfqueue_match, rows))
		return;
	for (size_t i = 0; i < rows->count; i++) {
		const struct nfqueue_row *row = rows_at(rows, i);

		if (row->pid != ROW_ABSENT)
			owners_want(state->owners, (uint32_t)row->pid, true, c->now);
	}
	owners_collect(state->owners, c, "queues");
	for (size_t i = 0; i < rows->count; i++) {
		struct nfqueue_row *row = rows_at(rows, i);
		uint32_t inode = (uint32_t)row->pid;

		row->pid = ROW_ABSENT;
		owners_find(state->owners, inode, &row->pid, row->command);
	}
}

static int nfqueue_read(struct collect *c)
{
	const struct roots *roots = &c->settings->roots;
	const char *proc = roots->path[ROOT_PROC];
	int err = procfs_read(roots, ROOT_PROC, c->buf, queue_path);

	if (err == -ENOENT)
		return collect_fail(c, err,
				    "no %s/%s. It comes with the first rule that queues packets "
				    "(module nfnetlink_queue)",
				    proc, queue_path);
	if (err == -EACCES || err == -EPERM)
		return collect_fail_unprivileged(
			c,
			"only root may read %s/%s. CAP_DAC_READ_SEARCH allows it, see the systemd "
			"drop-in nfqueue.conf",
			proc, queue_path);
	if (err)
		return collect_fail(c, err, "cannot read %s/%s", proc, queue_path);
	err = nfqueue_parse(filebuf_span(c->buf), &c->rows[0]);
	if (err)
		return collect_fail(c, err,
				    "%s/%s has an unknown format or is truncated. Compare it with "
				    "another host's and report it",
				    proc, queue_path);
	return 0;
}

static int nfqueue_collect(struct collect *c)
{
	struct nfqueue_state *state = c->state;
	size_t left_out = 0;
	int err;

	if (!state->owners) {
		state->owners = owners_get();
		if (!state->owners)
			return -ENOMEM;
		nfqueues_init(&state->queues);
	}
	collect_source(c, "%s/%s", c->settings->roots.path[ROOT_PROC], queue_path);
	err = nfqueue_read(c);
	if (!err)
		err = nfqueues_sum(&state->queues, &c->rows[0], c->now, &left_out);
	if (err)
		return err;
	if (left_out)
		collect_note(c, "%zu queues have no counts: more than %d queues", left_out,
			     NFQUEUES_MAX);
	nfqueue_find_owners(c);
	return 0;
}

static void nfqueue_close(void *own)
{
	struct nfqueue_state *state = own;

	if (!state->owners)
		return;
	nfqueues_free(&state->queues);
	owners_put(state->owners);
}

const struct collector nfqueue_collector = {
	.name = "nfqueue",
	.interval_ms = 5000,
	.rows = {&nfqueue_row_type, NULL},
	.state_size = sizeof(struct nfqueue_state),
	.collect = nfqueue_collect,
	.close = nfqueue_close,
};
