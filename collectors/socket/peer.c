/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagPeerTable: the networks that this host's TCP connections are with, from sock_diag's
 * tcp_info (INET_DIAG_INFO). */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "collectors/socket/count.h"
#include "collectors/socket/peer.h"

const struct row_type peer_row_type = {
	ROW_TYPE_TEXT("peer", struct peer_row, remote),
	.key = {ROW_NUMBER(struct peer_row, rank)},
};

/* Listeners, for their ports, and the states in which data can be outstanding. */
#define PEER_STATES                                                       \
	(SOCKDIAG_STATE(TCP_LISTEN) | SOCKDIAG_STATE(TCP_ESTABLISHED) |   \
	 SOCKDIAG_STATE(TCP_FIN_WAIT1) | SOCKDIAG_STATE(TCP_CLOSE_WAIT) | \
	 SOCKDIAG_STATE(TCP_LAST_ACK) | SOCKDIAG_STATE(TCP_CLOSING))

struct peer_state {
	bool ready;
	struct netlink nl;
	struct peers peers;
};

/* The dump under way. */
struct peer_dump {
	struct peers *peers;
	bool restarted;
};

static int peer_take(const struct inet_socket *socket, void *arg)
{
	const struct peer_dump *dump = arg;

	return peers_add(dump->peers, socket);
}

static void peer_restart(void *arg)
{
	struct peer_dump *dump = arg;

	dump->restarted = true;
}

static int peer_look(struct collect *c)
{
	static const struct sock_diag_query query = {
		.family = AF_UNSPEC,
		.protocol = IPPROTO_TCP,
		.states = PEER_STATES,
		.path = true,
	};
	const struct collect_settings *settings = c->settings;
	struct peer_state *state = c->state;
	struct peer_dump dump = {.peers = &state->peers};
	int err;

	peers_begin(&state->peers, settings->peer_sockets_max, settings->peer_bits[0],
		    settings->peer_bits[1], c->now);
	err = sock_diag_dump(&state->nl, &query, peer_take, peer_restart, &dump);
	/* What was counted before the dump restarted cannot be undone. */
	if (!err && dump.restarted)
		err = -ESTALE;
	if (err)
		return collect_fail(c, err, "cannot dump TCP connections over sock_diag. %s",
				    sock_diag_remedy(err));
	err = peers_end(&state->peers, settings->max_rows[MAX_ROWS_PEER], &c->rows[0]);
	return err ? collect_fail(c, err, "peer") : 0;
}

static int peer_collect(struct collect *c)
{
	struct peer_state *state = c->state;
	uint64_t sockets;
	int err;

	if (!state->ready)
		peers_init(&state->peers);
	state->ready = true;
	collect_source(c, "sock_diag");
	err = socket_count(c, false, &sockets);
	if (!err && sockets > c->settings->peer_sockets_max)
		/* -EOPNOTSUPP also removes the old rows, which would become stale. */
		err = collect_fail(c, -EOPNOTSUPP,
				   "%" PRIu64
				   " TCP sockets exceed `peers sockets %u`: raise it to have this "
				   "table",
				   sockets, c->settings->peer_sockets_max);
	if (!err)
		err = peer_look(c);
	if (err)
		peers_forget(&state->peers);
	return err;
}

static void peer_close(void *arg)
{
	struct peer_state *state = arg;

	netlink_close(&state->nl);
	if (state->ready)
		peers_free(&state->peers);
}

const struct collector peer_collector = {
	.name = "peer",
	.interval_ms = 60000,
	.rows = {&peer_row_type, NULL},
	.live = "netlink",
	.state_size = sizeof(struct peer_state),
	.collect = peer_collect,
	.close = peer_close,
};
