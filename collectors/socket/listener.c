/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagListenerTable: whose accept queue overflows, from sock_diag and /proc/PID/fd. endpoints.c
 * adds the sockets of an endpoint up. */
#include <config.h>

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/base/clock.h"
#include "collectors/socket/endpoint_collector.h"
#include "collectors/socket/listener.h"

const struct row_type listener_row_type = {
	ROW_TYPE_TEXT("listener", struct listener_row, endpoint),
	.key = {ROW_TEXT(struct listener_row, endpoint)},
};

struct endpoint_pins listener_pins = ENDPOINT_PINS_NONE;

/* Half-open connections are found by a walk over the kernel's whole table of connections. It is
 * not repeated before this many times the time that it took (1 % of a CPU), and while there are
 * none, not before HALF_OPEN_IDLE_NS. */
#define HALF_OPEN_GAP_TIMES 100
#define HALF_OPEN_IDLE_NS   (5 * SECOND_NS)

#define PORTS 65536

struct listener_state {
	struct endpoint_state common; /* first */
	uint64_t half_open_next;      /* monotonic ns */
	uint32_t *half_open;	      /* by port, PORTS of them; NULL: not known */
};

struct half_open {
	uint32_t *by_port;
	size_t count;
};

static int half_open_take(const struct inet_socket *socket, void *arg)
{
	struct half_open *half_open = arg;

	half_open->by_port[socket->local.port]++;
	half_open->count++;
	return 0;
}

static void half_open_restart(void *arg)
{
	struct half_open *half_open = arg;

	memset(half_open->by_port, 0, PORTS * sizeof(*half_open->by_port));
	half_open->count = 0;
}

/* Counts half-open connections by local port when it is time again. Without a result the numbers
 * are absent. */
static void half_open_dump(struct collect *c)
{
	static const struct sock_diag_query query = {
		.family = AF_UNSPEC,
		.protocol = IPPROTO_TCP,
		.states = SOCKDIAG_STATE(TCP_SYN_RECV) | SOCKDIAG_STATE(SOCKDIAG_NEW_SYN_RECV),
	};
	struct listener_state *state = c->state;
	/* From calloc(), only the pages of ports in use become memory. */
	struct half_open half_open = {.by_port = calloc(PORTS, sizeof(*half_open.by_port))};
	uint64_t start = clock_monotonic(), gap;
	int err = -ENOMEM;

	free(state->half_open);
	state->half_open = NULL;
	if (half_open.by_port)
		err = sock_diag_dump(&state->common.nl, &query, half_open_take, half_open_restart,
				     &half_open);
	gap = (clock_monotonic() - start) * HALF_OPEN_GAP_TIMES;
	if (!half_open.count && gap < HALF_OPEN_IDLE_NS)
		gap = HALF_OPEN_IDLE_NS;
	state->half_open_next = c->now + gap;
	if (!err) {
		state->half_open = half_open.by_port;
		return;
	}
	free(half_open.by_port);
	collect_note(c, "cannot count half-open connections: %s. %s", strerror(-err),
		     sock_diag_remedy(err));
}

static uint64_t listener_queue(const struct inet_socket *socket)
{
	return socket->receive_queue;
}

static uint64_t listener_limit(const struct inet_socket *socket)
{
	return socket->send_queue;
}

static void listener_fill(const struct collect *c, const struct endpoint *endpoint,
			  const char *interface, uint64_t pid, void *listener_row)
{
	const struct listener_state *state = c->state;
	struct listener_row *row = listener_row;

	address_format(&endpoint->key, interface, row->address);
	row->port = endpoint->key.port;
	row->sockets = endpoint->sockets;
	row->drops = endpoint->drops;
	row->queue_peak = endpoint->peak;
	row->pid = pid;
	row->uid = endpoint->uid;
	row->discontinuity = endpoint->since;
	ROW_SET_TEXT(row->command, endpoint->command);
	if (!endpoint->sockets)
		return;
	row->queue_length = endpoint->queue;
	row->queue_limit = endpoint->limit;
	row->queue_usage = endpoint->usage;
	if (state->half_open)
		row->syn_received = state->half_open[endpoint->key.port];
}

static const struct endpoint_source listener_source = {
	.sockets = "listeners",
	.directive = "listener",
	.max_rows = MAX_ROWS_LISTENER,
	.protocol = IPPROTO_TCP,
	.states = SOCKDIAG_STATE(TCP_LISTEN),
	.listeners = true,
	.note_idle = true,
	.pins = &listener_pins,
	.queue = listener_queue,
	.limit = listener_limit,
	.fill = listener_fill,
	.name = offsetof(struct listener_row, endpoint),
};

static int listener_collect(struct collect *c)
{
	const struct listener_state *state = c->state;
	int err = endpoint_collector_dump(c, &listener_source);

	if (err)
		return err;
	if (c->now >= state->half_open_next)
		half_open_dump(c);
	return endpoint_collector_show(c, &listener_source);
}

static void listener_close(void *arg)
{
	struct listener_state *state = arg;

	endpoint_collector_close(&state->common);
	free(state->half_open);
}

const struct collector listener_collector = {
	.name = "listener",
	.interval_ms = 1000,
	.rows = {&listener_row_type, NULL},
	.live = "netlink",
	.state_size = sizeof(struct listener_state),
	.collect = listener_collect,
	.close = listener_close,
};
