/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/base/clock.h"
#include "collectors/socket/endpoints.h"
#include "collectors/socket/listener.h"
#include "collectors/socket/owner.h"

const struct row_type listener_row_type = {
	.name = "listener",
	.size = sizeof(struct listener_row),
	.text = offsetof(struct listener_row, endpoint),
	.key = {ROW_TEXT(struct listener_row, endpoint)},
};

/* Half-open connections are found by a walk over the kernel's whole table of connections. It is
 * not repeated before this many times the time that it took: 1 % of a CPU. */
#define HALF_OPEN_GAP_TIMES 100

#define PORTS 65536

struct listener_state {
	struct netlink nl;
	bool started;
	struct endpoints endpoints;
	struct owners owners;
	uint64_t half_open_next; /* monotonic ns */
	uint32_t *half_open;	 /* PORTS of them */
	uint64_t now;
};

static const uint8_t families[] = {AF_INET, AF_INET6};
#define FAMILIES (sizeof(families) / sizeof(*families))

/* --- dumps ------------------------------------------------------------------------------------ */

struct dump {
	struct listener_state *state;
	uint8_t family;
};

static int take_listener(const struct inet_socket *socket, void *arg)
{
	const struct dump *dump = arg;

	if (socket->state != TCP_LISTEN)
		return 0;
	return endpoints_add(&dump->state->endpoints, socket, socket->receive_queue,
			     socket->send_queue, dump->state->now);
}

static void restart_listeners(void *arg)
{
	const struct dump *dump = arg;

	endpoints_begin(&dump->state->endpoints, dump->family);
}

static int dump_listeners(struct collect *c)
{
	struct listener_state *state = c->state;

	for (size_t i = 0; i < FAMILIES; i++) {
		struct dump dump = {.state = state, .family = families[i]};
		struct sock_diag_query query = {
			.family = families[i],
			.protocol = IPPROTO_TCP,
			.states = SOCKDIAG_STATE(TCP_LISTEN),
			.memory = true,
		};
		int err;

		restart_listeners(&dump);
		err = sock_diag_dump(&state->nl, &query, take_listener, restart_listeners, &dump);
		if (err)
			return collect_fail(c, err, "dump of listeners over sock_diag (%s)",
					    sock_diag_remedy(err));
	}
	endpoints_end(&state->endpoints, c->now);
	return 0;
}

static int take_half_open(const struct inet_socket *socket, void *arg)
{
	((uint32_t *)arg)[socket->local.port]++;
	return 0;
}

/* Counts half-open connections by local port, both families, when it is time again. An interrupted
 * dump of one family would have to begin with the other again: it counts as failed. Without a
 * result the numbers are absent. */
static void dump_half_open(struct collect *c)
{
	struct listener_state *state = c->state;
	uint64_t start = clock_monotonic();
	int err = 0;

	if (c->now < state->half_open_next)
		return;
	free(state->half_open);
	/* From calloc(), only the pages of ports in use become memory. */
	state->half_open = calloc(PORTS, sizeof(*state->half_open));
	for (size_t i = 0; state->half_open && !err && i < FAMILIES; i++) {
		struct sock_diag_query query = {
			.family = families[i],
			.protocol = IPPROTO_TCP,
			.states = SOCKDIAG_STATE(TCP_SYN_RECV) |
				  SOCKDIAG_STATE(SOCKDIAG_NEW_SYN_RECV),
		};

		err = sock_diag_dump(&state->nl, &query, take_half_open, NULL, state->half_open);
	}
	state->half_open_next = c->now + (clock_monotonic() - start) * HALF_OPEN_GAP_TIMES;
	if (err) {
		free(state->half_open);
		state->half_open = NULL;
		errno = -err;
		collect_note(c, "half-open connections cannot be counted: %m (%s)",
			     sock_diag_remedy(err));
	}
}

/* --- rows ------------------------------------------------------------------------------------- */

static void fill_row(const struct listener_state *state, const struct endpoint *endpoint,
		     struct listener_row *row)
{
	char interface[IF_NAMESIZE] = "";

	if (endpoint->key.interface)
		sock_diag_interface(endpoint->key.interface, interface);
	endpoint_format(&endpoint->key, interface, row->endpoint);
	address_format(&endpoint->key, interface, row->address);
	row->port = endpoint->key.port;
	row->sockets = endpoint->sockets;
	row->drops = endpoint->drops;
	row->queue_peak = endpoint->peak;
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

static int fill_rows(struct collect *c, struct endpoint **list, size_t count)
{
	struct listener_state *state = c->state;

	for (size_t i = 0; i < count; i++) {
		struct listener_row *row = rows_add(&c->rows[0]);
		uint64_t pid;

		if (!row)
			return -ENOMEM;
		if (owners_find(&state->owners, list[i]->inode, &pid, list[i]->command))
			row->pid = pid;
		fill_row(state, list[i], row);
	}
	return 0;
}

static int show_endpoints(struct collect *c)
{
	struct listener_state *state = c->state;
	uint32_t max = c->settings->max_rows[MAX_ROWS_LISTENER];
	struct endpoint **list;
	size_t left_out;
	long count = endpoints_choose(&state->endpoints, max, &list, &left_out);
	int err;

	if (count < 0)
		return (int)count;
	if (left_out)
		collect_note(c, "%zu listeners have no row: raise `maxRows listener %u`", left_out,
			     max);
	for (long i = 0; i < count; i++)
		owners_want(&state->owners, list[i]->inode, c->now);
	owners_collect(&state->owners, c, "listeners");
	err = fill_rows(c, list, (size_t)count);
	free(list);
	return err;
}

static int listener_collect(struct collect *c)
{
	struct listener_state *state = c->state;
	int err;

	if (!state->started) {
		endpoints_init(&state->endpoints, true);
		owners_init(&state->owners);
		state->started = true;
	}
	state->now = c->now;
	collect_source(c, "sock_diag, /proc/PID/fd");
	err = dump_listeners(c);
	if (err)
		return err;
	if (endpoints_untracked(&state->endpoints))
		collect_note(c, "%zu of the listeners are not looked at: more than %d endpoints",
			     endpoints_untracked(&state->endpoints), ENDPOINTS_MAX);
	dump_half_open(c);
	return show_endpoints(c);
}

static void listener_close(void *arg)
{
	struct listener_state *state = arg;

	sock_diag_close(&state->nl);
	endpoints_free(&state->endpoints);
	owners_free(&state->owners);
	free(state->half_open);
}

const struct collector listener_collector = {
	.name = "listener",
	.interval_ms = 1000,
	.rows = {&listener_row_type, NULL},
	.state_size = sizeof(struct listener_state),
	.collect = listener_collect,
	.close = listener_close,
};
