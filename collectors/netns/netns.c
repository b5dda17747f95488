/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The netns collector: a row for each network namespace but netdiagd's own, from /proc/PID/net of
 * its processes and, where setns() is permitted, from a thread that enters it.
 */
#include <config.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collectors/base/accum.h"
#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/kernel/netns_enter.h"
#include "collectors/kernel/sock_diag.h"
#include "collectors/kernel/viewpoint.h"
#include "collectors/netns/identity.h"
#include "collectors/netns/netns.h"
#include "collectors/netns/read.h"
#include "collectors/netns/scan.h"

/* No more namespaces are entered after this time in one collection: a dump of sockets walks the
 * whole host's hash table for each of them. */
#define VISITS_NS (3 * SECOND_NS)

const struct row_type netns_row_type = {
	ROW_TYPE_TEXT("netns", struct netns_row, name),
	.key = {ROW_TEXT(struct netns_row, name)},
};

/* The kernel's counters are unsigned long. */
#define FIELD(member) offsetof(struct netns_row, member), 8 * sizeof(unsigned long)

static const struct accum_field counted[] = {
	{FIELD(listen_overflows)}, {FIELD(listen_drops)},      {FIELD(retrans_segs)},
	{FIELD(attempt_fails)},	   {FIELD(udp_rcvbuf_errors)},
};

/* Whether a name still stands for the same namespace. Where only the processes identify it, a
 * namespace that loses the oldest of them passes for another one: a stamp that moves in vain costs
 * a manager one interval, one that wrongly stays makes a rate wrong. */
static bool netns_is_same(const void *before, const void *now)
{
	const struct netns_row *x = before, *y = now;

	if (x->identity >> NETNS_IDENTITY_SHIFT == y->identity >> NETNS_IDENTITY_SHIFT &&
	    x->identity != y->identity)
		return false;
	return x->inode == y->inode || x->inode == ROW_ABSENT || y->inode == ROW_ABSENT;
}

static const struct accum_type netns_accum = {
	.row = &netns_row_type,
	.fields = counted,
	.field_count = COUNT_OF(counted),
	.stamp = offsetof(struct netns_row, discontinuity),
	.same = netns_is_same,
};

struct netns_state {
	struct accum *accum;
	struct netns_processes processes;
};

/* One collection. */
struct walk {
	struct collect *c;
	struct netns_state *state;
	const struct roots *roots;
	struct netns_list list;
	uint64_t conntrack_max; /* of the host: it bounds each namespace */
	size_t visits;
	size_t denied;	  /* namespaces that would have needed a visit */
	bool forbidden;	  /* setns() is not permitted at all: it is not tried again */
	bool out_of_time; /* for more visits */
};

/* Why a namespace is entered. */
struct visit {
	struct walk *walk;
	struct netns *netns;
	struct netns_row *row;
	bool read; /* the row has been read already, through a process */
	int err;
};

static int netns_count_socket(const struct inet_socket *socket, void *arg)
{
	uint64_t *count = arg;

	(void)socket;
	++*count;
	return 0;
}

static void netns_count_again(void *arg)
{
	uint64_t *count = arg;

	*count = 0;
}

static int netns_count_sockets(struct netlink *nl, unsigned state, uint64_t *count)
{
	const struct sock_diag_query query = {
		.family = AF_UNSPEC,
		.protocol = IPPROTO_TCP,
		.states = SOCKDIAG_STATE(state),
	};

	*count = 0;
	return sock_diag_dump(nl, &query, netns_count_socket, netns_count_again, count);
}

/* Runs in the namespace. The table of connections need not be walked when all sockets in use are
 * listeners, which have a small table of their own. */
static void netns_count_close_wait(struct netns_row *row)
{
	struct netlink nl = {.fd = 0};
	uint64_t listening, waiting = 0;
	int err;

	if (row->tcp_in_use == ROW_ABSENT)
		return;
	err = netns_count_sockets(&nl, TCP_LISTEN, &listening);
	if (!err && listening < row->tcp_in_use)
		err = netns_count_sockets(&nl, TCP_CLOSE_WAIT, &waiting);
	if (!err)
		row->close_wait = waiting;
	netlink_close(&nl);
}

/* Runs in the namespace: reads what only a thread that lives there can see. */
static void netns_visit_inside(void *arg)
{
	static const char self[] = "thread-self";
	struct visit *visit = arg;
	struct walk *walk = visit->walk;
	struct netns_row *row = visit->row;

	if (visit->netns->proc_inode == ROW_ABSENT)
		visit->netns->proc_inode = netns_proc_inode(walk->roots, self);
	if (!visit->read)
		visit->err = netns_read(walk->roots, walk->c->buf, self, row);
	if (visit->err)
		return;
	/* Where the kernel was built without conntrack's statistics in /proc/net. */
	if (row->conntrack_entries == ROW_ABSENT &&
	    procfs_read_u64(walk->roots, ROOT_PROC, &row->conntrack_entries,
			    "sys/net/netfilter/nf_conntrack_count"))
		row->conntrack_entries = ROW_ABSENT;
	if (row->close_wait == ROW_ABSENT)
		netns_count_close_wait(row);
}

static bool netns_may_visit(struct walk *walk)
{
	const struct collect_settings *settings = walk->c->settings;

	if (!settings->netns_enter || !roots_live(&settings->roots))
		return false;
	if (walk->forbidden) {
		walk->denied++;
		return false;
	}
	if (clock_monotonic() - walk->c->now > VISITS_NS)
		walk->out_of_time = true;
	return !walk->out_of_time;
}

/* 0; -ENOENT when the namespace is gone; otherwise what it takes to enter is missing. */
static int netns_visit(struct visit *visit)
{
	struct walk *walk = visit->walk;
	int fd, err;

	if (!netns_may_visit(walk))
		return -EPERM;
	fd = netns_open(visit->netns, walk->roots);
	err = fd;
	if (fd >= 0) {
		visit->row->identity = visit->netns->identity;
		err = netns_enter_run(fd, netns_visit_inside, visit);
		walk->forbidden = err == -EPERM && !walk->visits;
		close(fd);
	}
	if (!err) {
		walk->visits++;
		return visit->err;
	}
	if (err == -EPERM || err == -EACCES)
		walk->denied++;
	return err;
}

/* Reads through a process that lives in it, before and after. 0, -ENOMEM or -ENOENT. */
static int netns_read_process(struct walk *walk, const struct netns *netns, struct netns_row *row)
{
	const struct netns_row fresh = *row;

	for (size_t i = 0; i < netns->pids; i++) {
		char process[16];
		int err;

		snprintf(process, sizeof(process), "%u", netns->pid[i]);
		err = netns_read(walk->roots, walk->c->buf, process, row);
		if (err == -ENOMEM)
			return err;
		if (!err && netns_holds(netns, walk->roots, netns->pid[i]))
			return 0;
		*row = fresh;
		/* It has ended, or what is remembered of the processes is not true any more. */
		netns_processes_forget(&walk->state->processes);
	}
	return -ENOENT;
}

/* Whether a visit can tell more than its processes' files did. */
static bool netns_lacks_something(const struct walk *walk, const struct netns_row *row)
{
	return row->close_wait == ROW_ABSENT ||
	       (row->conntrack_entries == ROW_ABSENT && walk->conntrack_max != ROW_ABSENT);
}

/* Whether the processes of some namespaces do not show which one it is. */
static bool netns_has_unidentified(const struct netns_list *list)
{
	return list->count && list->netns[list->count - 1]->inode == ROW_ABSENT;
}

/* Fills the numbers of a row. 0, -ENOMEM, or -ENOENT when there is to be no row: the namespace is
 * gone, or it has only a name to show and may have another row by its processes. */
static int netns_fill_row(struct walk *walk, struct netns *netns, struct netns_row *row)
{
	struct visit visit = {.walk = walk, .netns = netns, .row = row};
	int err = netns_read_process(walk, netns, row);

	if (err == -ENOMEM)
		return err;
	visit.read = !err;
	if (!visit.read || netns_lacks_something(walk, row)) {
		err = netns_visit(&visit);
		if (err == -ENOMEM)
			return err;
	}
	if (!visit.read && err &&
	    (err == -ENOENT || !netns->directory || netns_has_unidentified(&walk->list)))
		return -ENOENT;
	row->conntrack_usage = row_usage(row->conntrack_entries, walk->conntrack_max);
	return 0;
}

static void netns_describe(const struct netns *netns, struct netns_row *row)
{
	row->inode = netns->inode;
	row->identity = netns->identity;
	row->source = netns->directory ? NETNS_NAMED : NETNS_PROCESS;
	if (netns->pids) {
		row->pid = netns->pid[0];
		ROW_SET_TEXT(row->command, netns->command);
	}
	ROW_SET_TEXT(row->name, netns->name);
}

/* Completes a row, of those that are not sorted yet, by the process of a namespace that turned out
 * to be the same. */
static void netns_add_process(struct rows *rows, const char *name, const struct netns *netns)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct netns_row *row = rows_at(rows, i);

		if (strcmp(row->name, name) || row->pid != ROW_ABSENT)
			continue;
		row->pid = netns->pid[0];
		ROW_SET_TEXT(row->command, netns->command);
	}
}

/*
 * With CAP_SYS_ADMIN but without CAP_SYS_PTRACE a namespace is found twice: by its name and by its
 * processes. That they live there is known only after the namespace was entered by its name. Those
 * found by processes come later in the list.
 */
static bool netns_is_known_already(struct walk *walk, size_t i)
{
	const struct netns *netns = walk->list.netns[i];

	if (netns->inode != ROW_ABSENT)
		return false;
	for (size_t j = 0; j < i; j++) {
		if (walk->list.netns[j]->proc_inode != netns->proc_inode)
			continue;
		netns_add_process(&walk->c->rows[0], walk->list.netns[j]->name, netns);
		return true;
	}
	return false;
}

static int netns_fill_rows(struct walk *walk)
{
	struct rows *rows = &walk->c->rows[0];

	for (size_t i = 0; i < walk->list.count; i++) {
		struct netns *netns = walk->list.netns[i];
		struct netns_row *row;
		int err;

		if (collect_stopping(walk->c))
			return -ECANCELED;
		if (netns_is_known_already(walk, i))
			continue;
		row = rows_add(rows);
		if (!row)
			return -ENOMEM;
		netns_describe(netns, row);
		err = netns_fill_row(walk, netns, row);
		if (err == -ENOMEM)
			return err;
		if (err)
			rows_drop_last(rows);
	}
	return 0;
}

/* Says what is missing. */
static void netns_note_missing(const struct walk *walk)
{
	struct collect *c = walk->c;

	if (walk->list.left_out)
		collect_note(c,
			     "more namespaces than maxRows netns %u: named ones and root's come "
			     "first, the other users' in turn",
			     c->settings->max_rows[MAX_ROWS_NETNS]);
	if (walk->denied)
		collect_note(c,
			     "%zu namespaces may not be entered: CLOSE_WAIT is absent, and so is "
			     "what has no process. Give netdiagd CAP_SYS_ADMIN and "
			     "CAP_SYS_PTRACE, or say `netnsEnter off`",
			     walk->denied);
	if (walk->out_of_time)
		collect_note(c,
			     "entering all namespaces takes longer than %u s: some rows are "
			     "incomplete. `netnsEnter off` does without",
			     (unsigned)(VISITS_NS / SECOND_NS));
	if (walk->list.denied)
		collect_note(c, "netdiagd may not read %s: give it CAP_DAC_READ_SEARCH",
			     walk->list.denied);
	if (walk->list.hidden)
		collect_note(c, "namespaces of processes are hidden: give CAP_SYS_PTRACE");
}

/* Finds the namespaces and fills their rows. When what is remembered of the processes turns out to
 * be wrong (one has ended), all is done once more with a scan that reads every process. 0 or
 * -errno. */
static int find_and_fill(struct walk *walk)
{
	struct collect *c = walk->c;
	struct netns_processes *processes = &walk->state->processes;
	const struct walk fresh = *walk;
	bool again = false;
	int err;

	do {
		*walk = fresh;
		c->rows[0].count = 0;
		err = netns_scan(&walk->list, processes, c);
		if (err)
			return collect_fail(c, err, "cannot search /proc for processes");
		err = netns_fill_rows(walk);
		again = !err && !again && walk->list.procfs && !processes->seen.count;
		if (err || again)
			netns_list_free(&walk->list);
	} while (again);
	return err;
}

/* Whether there are no rows because other containers' processes are not to be seen from here. */
static bool netns_is_blind(const struct collect *c)
{
	struct viewpoint viewpoint;

	if (c->rows[0].count)
		return false;
	viewpoint_read(&c->settings->roots, &viewpoint);
	return viewpoint.processes == VIEWPOINT_OWN;
}

static int netns_collect(struct collect *c)
{
	struct netns_state *state = c->state;
	struct walk walk = {.c = c, .state = state, .roots = &c->settings->roots};
	int err;

	collect_source(c, "/proc/PID/net");
	if (procfs_read_u64(walk.roots, ROOT_PROC, &walk.conntrack_max,
			    "sys/net/netfilter/nf_conntrack_max"))
		walk.conntrack_max = ROW_ABSENT;
	if (!state->accum)
		state->accum = accum_new(&netns_accum);
	err = state->accum ? find_and_fill(&walk) : -ENOMEM;
	c->left_out = walk.list.left_out;
	if (walk.visits)
		collect_source(c, "/proc/PID/net, setns");
	if (!err) {
		rows_sort(&c->rows[0]);
		err = accum_apply(state->accum, &c->rows[0], c->now);
	}
	if (!err)
		netns_note_missing(&walk);
	netns_list_free(&walk.list);
	if (!err && netns_is_blind(c))
		return collect_fail(c, -ENODATA,
				    "no network namespace but netdiagd's own is seen from its PID "
				    "namespace. Run it in the host's (hostPID, --pid=host)");
	return err && !c->error[0] ? collect_fail(c, err, "netns") : err;
}

static void netns_close(void *arg)
{
	struct netns_state *state = arg;

	accum_free(state->accum);
	netns_processes_forget(&state->processes);
}

const struct collector netns_collector = {
	.name = "netns",
	.interval_ms = 30000,
	.rows = {&netns_row_type, NULL},
	.state_size = sizeof(struct netns_state),
	.collect = netns_collect,
	.close = netns_close,
};
