/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagSocketStateTable: TCP sockets by family and state. The rare states are dumped over
 * sock_diag; ESTABLISHED and most of TIME_WAIT are inferred from /proc/net/sockstat, sockstat6 and
 * snmp, because a dump of all sockets of a busy host is expensive. */
#include <config.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/kernel/sockstat.h"
#include "collectors/socket/owner.h"
#include "collectors/socket/tcp_states.h"

const struct row_type socket_state_row_type = {
	ROW_TYPE("socket_state", struct socket_state_row),
	.key = {ROW_NUMBER(struct socket_state_row, family),
		ROW_NUMBER(struct socket_state_row, state)},
};

/* 1 to 12. Not 13, BOUND_INACTIVE (since 6.8): sockets that are bound and do nothing, which older
 * kernels do not dump at all. */
#define STATES_ALL  ((SOCKDIAG_STATE(SOCKDIAG_NEW_SYN_RECV + 1) - 1) & ~SOCKDIAG_STATE(0))
#define STATES_RARE (STATES_ALL & ~SOCKDIAG_STATE(TCP_ESTABLISHED) & ~SOCKDIAG_STATE(TCP_TIME_WAIT))

/* TIME_WAIT is split by family while the smaller family has no more than this. A mini-socket costs
 * about 0.5 us in a dump, so that this doubles the cost of a refresh at the most. */
#define SPLIT_MAX 10000

/* Up to this many TIME_WAIT sockets are dumped in both families: that costs less than to walk the
 * kernel's table once for each family. */
#define SPLIT_BOTH_MAX 500

/* By how much the totals may differ because they are not taken at one moment: this many sockets
 * and a part of those in rare states. */
#define SLACK	   64
#define SLACK_PART 4

/* --- the pure part ---------------------------------------------------------------------------- */

void tcp_states_count(struct socket_counts *counts, const struct inet_socket *socket)
{
	unsigned state = socket->state == SOCKDIAG_NEW_SYN_RECV ? TCP_SYN_RECV : socket->state;

	counts->state[state]++;
	if (socket->full)
		counts->full++;
	if (socket->time_wait && state == TCP_FIN_WAIT2)
		counts->fin_wait2_mini++;
	if (state == TCP_CLOSE_WAIT && counts->close_waits)
		close_waits_add(counts->close_waits, socket);
}

static uint64_t states_minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static bool states_close_to(uint64_t a, uint64_t b, uint64_t slack)
{
	return states_minus(a, b) <= slack && states_minus(b, a) <= slack;
}

static void states_add_families(socket_table table)
{
	for (unsigned state = 1; state <= SOCKET_STATE_MAX; state++) {
		uint64_t v4 = table[SOCKET_IPV4 - 1][state], v6 = table[SOCKET_IPV6 - 1][state];

		table[SOCKET_ANY - 1][state] = v6 == ROW_ABSENT ? v4 : v4 + v6;
	}
}

void tcp_states_add_up(const struct socket_counts counts[SOCKET_DUMPS], bool ipv6,
		       socket_table table)
{
	for (unsigned state = 1; state <= SOCKET_STATE_MAX; state++) {
		table[SOCKET_IPV4 - 1][state] = counts[SOCKET_DUMP_IPV4].state[state];
		table[SOCKET_IPV6 - 1][state] = ipv6 ? counts[SOCKET_DUMP_IPV6].state[state]
						     : ROW_ABSENT;
	}
	states_add_families(table);
}

/* ESTABLISHED is what is left of the whole sockets. CurrEstab would be another way to it, but it
 * knows no families, and means two things (with CLOSE_WAIT or without): it is the check. False when
 * neither meaning fits, as after leaks of "inuse" (sockmap before 5.14). */
static bool states_infer_established(const struct socket_counts counts[SOCKET_DUMPS],
				     const struct socket_totals *totals, socket_table table)
{
	uint64_t sum = 0, full = 0, close_wait = 0;

	for (unsigned i = 0; i < SOCKET_DUMPS; i++) {
		uint64_t in_use = totals->in_use[i];

		if (in_use == ROW_ABSENT)
			continue;
		table[i + 1][TCP_ESTABLISHED] = states_minus(in_use, counts[i].full);
		sum += table[i + 1][TCP_ESTABLISHED];
		full += counts[i].full;
		close_wait += counts[i].state[TCP_CLOSE_WAIT];
	}
	if (totals->curr_estab == ROW_ABSENT)
		return true;
	full = SLACK + full / SLACK_PART;
	return states_close_to(sum, totals->curr_estab, full) ||
	       states_close_to(sum, states_minus(totals->curr_estab, close_wait), full);
}

static void states_infer_time_wait(const struct socket_counts counts[SOCKET_DUMPS],
				   uint64_t time_wait, enum socket_dump split, bool ipv6,
				   socket_table table)
{
	uint64_t any = states_minus(time_wait, counts[SOCKET_DUMP_IPV4].fin_wait2_mini +
						       counts[SOCKET_DUMP_IPV6].fin_wait2_mini);
	uint64_t part[SOCKET_DUMPS] = {ROW_ABSENT, ROW_ABSENT};

	if (!ipv6) {
		part[SOCKET_DUMP_IPV4] = any;
	} else if (split != SOCKET_DUMPS) {
		part[split] = counts[split].state[TCP_TIME_WAIT];
		part[!split] = states_minus(any, part[split]);
		any = part[split] + part[!split];
	} else if (!any) {
		part[SOCKET_DUMP_IPV4] = part[SOCKET_DUMP_IPV6] = 0;
	}
	table[SOCKET_ANY - 1][TCP_TIME_WAIT] = any;
	table[SOCKET_IPV4 - 1][TCP_TIME_WAIT] = part[SOCKET_DUMP_IPV4];
	table[SOCKET_IPV6 - 1][TCP_TIME_WAIT] = part[SOCKET_DUMP_IPV6];
}

bool tcp_states_infer(const struct socket_counts counts[SOCKET_DUMPS],
		      const struct socket_totals *totals, enum socket_dump split,
		      socket_table table)
{
	bool ipv6 = totals->in_use[SOCKET_DUMP_IPV6] != ROW_ABSENT;

	if (totals->in_use[SOCKET_DUMP_IPV4] == ROW_ABSENT || totals->time_wait == ROW_ABSENT)
		return false;
	tcp_states_add_up(counts, ipv6, table);
	if (!states_infer_established(counts, totals, table))
		return false;
	states_add_families(table);
	states_infer_time_wait(counts, totals->time_wait, split, ipv6, table);
	return true;
}

/* --- the collector ---------------------------------------------------------------------------- */

struct tcp_states_state {
	struct netlink nl;
	struct owners *owners;
	struct close_waits close_waits;
	enum socket_dump smaller; /* the family with fewer TIME_WAIT sockets … */
	uint64_t smaller_count;	  /* … and how many those were */
	bool started;
};

static int states_take(const struct inet_socket *socket, void *arg)
{
	struct socket_counts *counts = arg;

	tcp_states_count(&counts[socket->local.family == AF_INET6], socket);
	return 0;
}

static void states_restart(void *arg)
{
	struct socket_counts *counts = arg;

	for (unsigned i = 0; i < SOCKET_DUMPS; i++) {
		struct close_waits *waits = counts[i].close_waits;

		if (waits)
			close_waits_begin(waits, waits->now);
		counts[i] = (struct socket_counts){.close_waits = waits};
	}
}

static int states_dump(struct collect *c, uint8_t family, uint32_t states,
		       struct socket_counts counts[SOCKET_DUMPS])
{
	struct tcp_states_state *state = c->state;
	const struct sock_diag_query query = {
		.family = family,
		.protocol = IPPROTO_TCP,
		.states = states,
	};
	int err;

	states_restart(counts);
	err = sock_diag_dump(&state->nl, &query, states_take, states_restart, counts);
	if (err)
		return collect_fail(c, err, "cannot dump the TCP sockets over sock_diag. %s",
				    sock_diag_remedy(err));
	return 0;
}

/* The line of TCP in sockstat, or of TCP6 in sockstat6. 0 or -errno. */
static int states_read_sockstat(struct collect *c, bool ipv6, struct sockstat *numbers)
{
	return sockstat_read(&c->settings->roots, c->buf, ipv6 ? "net/sockstat6" : "net/sockstat",
			     ipv6 ? "TCP6" : "TCP", numbers);
}

/* 0, or -errno when a number is missing. */
static int states_read_totals(struct collect *c, bool ipv6, struct socket_totals *totals)
{
	struct sockstat tcp, tcp6 = {.in_use = ROW_ABSENT};
	int err = procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "net/snmp");

	if (!err)
		err = snmp_find(filebuf_span(c->buf), "Tcp", "CurrEstab", &totals->curr_estab);
	if (!err && ipv6)
		err = states_read_sockstat(c, true, &tcp6);
	if (!err)
		err = states_read_sockstat(c, false, &tcp);
	if (err)
		return err;
	totals->in_use[SOCKET_DUMP_IPV6] = tcp6.in_use;
	totals->in_use[SOCKET_DUMP_IPV4] = tcp.in_use;
	totals->time_wait = tcp.time_wait;
	if (tcp.in_use == ROW_ABSENT || tcp.time_wait == ROW_ABSENT)
		return -ENODATA;
	return ipv6 && tcp6.in_use == ROW_ABSENT ? -ENODATA : 0;
}

/* Whose TIME_WAIT sockets to dump: those of the family that had fewer, while those are few. */
static enum socket_dump states_choose_split(struct tcp_states_state *state, uint64_t time_wait,
					    bool ipv6)
{
	if (!state->started) {
		state->started = true;
		state->smaller = SOCKET_DUMP_IPV6;
	}
	if (!ipv6 || !time_wait)
		return SOCKET_DUMPS;
	if (time_wait > SPLIT_MAX && state->smaller_count > SPLIT_MAX)
		return SOCKET_DUMPS;
	return state->smaller;
}

static void states_learn_split(struct tcp_states_state *state, enum socket_dump split,
			       socket_table table)
{
	uint64_t dumped, other;

	if (split == SOCKET_DUMPS)
		return;
	dumped = table[split + 1][TCP_TIME_WAIT];
	other = table[!split + 1][TCP_TIME_WAIT];
	state->smaller = other < dumped ? !split : split;
	state->smaller_count = other < dumped ? other : dumped;
}

static int states_collect_full(struct collect *c, struct socket_counts counts[SOCKET_DUMPS],
			       bool ipv6, socket_table table)
{
	int err = states_dump(c, AF_UNSPEC, STATES_ALL, counts);

	collect_source(c, "sock_diag");
	if (!err)
		tcp_states_add_up(counts, ipv6, table);
	return err;
}

/* Dumps the rare states, and TIME_WAIT of the family that the split asks for. */
static int states_dump_cheap(struct collect *c, struct socket_counts counts[SOCKET_DUMPS],
			     enum socket_dump split, uint64_t time_wait)
{
	const uint32_t waiting = SOCKDIAG_STATE(TCP_TIME_WAIT);
	struct socket_counts one[SOCKET_DUMPS] = {{.full = 0}};
	bool both = split != SOCKET_DUMPS && time_wait <= SPLIT_BOTH_MAX;
	int err = 0;

	if (split != SOCKET_DUMPS && !both)
		err = states_dump(c, split == SOCKET_DUMP_IPV6 ? AF_INET6 : AF_INET, waiting, one);
	if (!err)
		err = states_dump(c, AF_UNSPEC, both ? STATES_RARE | waiting : STATES_RARE, counts);
	if (!err && split != SOCKET_DUMPS && !both)
		counts[split].state[TCP_TIME_WAIT] = one[split].state[TCP_TIME_WAIT];
	return err;
}

static int states_collect_cheap(struct collect *c, struct socket_counts counts[SOCKET_DUMPS],
				bool ipv6, socket_table table)
{
	struct tcp_states_state *state = c->state;
	struct socket_totals totals;
	enum socket_dump split;
	struct sockstat tcp;
	int missing = states_read_sockstat(c, false, &tcp), err;

	split = states_choose_split(state, tcp.time_wait, ipv6);
	if (!missing) {
		err = states_dump_cheap(c, counts, split, tcp.time_wait);
		if (err)
			return err;
		missing = states_read_totals(c, ipv6, &totals);
	}
	if (missing) {
		collect_note(c,
			     "/proc/net/sockstat, sockstat6 or snmp could not be read: %s; all "
			     "sockets are dumped instead",
			     strerror(-missing));
		return states_collect_full(c, counts, ipv6, table);
	}
	if (!tcp_states_infer(counts, &totals, split, table)) {
		collect_note(c, "inuse in /proc/net/sockstat and CurrEstab in /proc/net/snmp "
				"contradict each other; all sockets are dumped instead");
		return states_collect_full(c, counts, ipv6, table);
	}
	states_learn_split(state, split, table);
	collect_source(c, "sock_diag, /proc/net/%s", ipv6 ? "sockstat, sockstat6" : "sockstat");
	return 0;
}

static int states_rows(struct collect *c, socket_table table)
{
	const struct tcp_states_state *states = c->state;

	for (unsigned family = SOCKET_ANY; family <= SOCKET_IPV6; family++)
		for (unsigned state = 1; state <= SOCKET_STATE_MAX; state++) {
			struct socket_state_row *row = rows_add(&c->rows[SOCKETS_ROWS_STATE]);

			if (!row)
				return -ENOMEM;
			row->family = family;
			row->state = state;
			row->count = table[family - 1][state];
			if (family == SOCKET_ANY && state == TCP_CLOSE_WAIT)
				row->older = close_waits_older(&states->close_waits);
		}
	return 0;
}

/* Who keeps sockets in CLOSE_WAIT, and for how long; owners are looked for where some are old. */
static int close_wait_rows(struct collect *c)
{
	struct tcp_states_state *state = c->state;
	struct rows *rows = &c->rows[SOCKETS_ROWS_CLOSE_WAIT];
	int err = close_waits_rows(&state->close_waits, rows);
	bool wanted = false;

	if (err)
		return err;
	for (size_t i = 0; i < rows->count; i++) {
		const struct close_wait_row *row = rows_at(rows, i);

		if (!row->older || !row->inode)
			continue;
		owners_want(state->owners, (uint32_t)row->inode, true, c->now);
		wanted = true;
	}
	if (!wanted)
		return 0;
	owners_collect(state->owners, c, "ports with sockets in CLOSE_WAIT");
	for (size_t i = 0; i < rows->count; i++) {
		struct close_wait_row *row = rows_at(rows, i);

		owners_find(state->owners, (uint32_t)row->inode, &row->pid, row->command);
	}
	return 0;
}

static int states_collect(struct collect *c, struct socket_counts counts[SOCKET_DUMPS])
{
	struct tcp_states_state *state = c->state;
	struct sockstat tcp6;
	bool ipv6 = states_read_sockstat(c, true, &tcp6) != -ENOENT;
	socket_table table;
	int err;

	if (c->settings->socket_states_full)
		err = states_collect_full(c, counts, ipv6, table);
	else
		err = states_collect_cheap(c, counts, ipv6, table);
	if (err)
		return err;
	if (!ipv6)
		collect_note(c, "this kernel has no IPv6 (no /proc/net/sockstat6)");
	else if (table[SOCKET_IPV6 - 1][TCP_TIME_WAIT] == ROW_ABSENT)
		collect_note(c,
			     "there are more than %d TIME_WAIT sockets in each family, so they are "
			     "not split by family; `socketStates full` does so",
			     SPLIT_MAX);
	close_waits_end(&state->close_waits);
	if (state->close_waits.untracked)
		collect_note(c, "%zu more sockets in CLOSE_WAIT than the %d whose ages are known",
			     state->close_waits.untracked, CLOSE_WAIT_MAX);
	err = states_rows(c, table);
	return err ? err : close_wait_rows(c);
}

static int tcp_states_collect(struct collect *c)
{
	struct tcp_states_state *state = c->state;
	struct socket_counts counts[SOCKET_DUMPS] = {
		{.close_waits = &state->close_waits},
		{.close_waits = &state->close_waits},
	};

	if (!state->owners) {
		state->owners = owners_get();
		if (!state->owners)
			return -ENOMEM;
		close_waits_init(&state->close_waits);
	}
	close_waits_begin(&state->close_waits, c->now);
	return states_collect(c, counts);
}

static void tcp_states_close(void *arg)
{
	struct tcp_states_state *state = arg;

	netlink_close(&state->nl);
	if (!state->owners)
		return;
	close_waits_free(&state->close_waits);
	owners_put(state->owners);
}

const struct collector tcp_states_collector = {
	.name = "socketState",
	.interval_ms = 5000,
	.rows =
		{
			[SOCKETS_ROWS_STATE] = &socket_state_row_type,
			[SOCKETS_ROWS_CLOSE_WAIT] = &close_wait_row_type,
			NULL,
		},
	.live = "netlink",
	.state_size = sizeof(struct tcp_states_state),
	.collect = tcp_states_collect,
	.close = tcp_states_close,
};
