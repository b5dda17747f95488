/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "collectors/socket/endpoints.h"
#include "collectors/socket/owner.h"
#include "collectors/socket/udp_socket.h"

const struct row_type udp_socket_row_type = {
	.name = "udp_socket",
	.size = sizeof(struct udp_socket_row),
	.text = offsetof(struct udp_socket_row, endpoint),
	.key = {ROW_TEXT(struct udp_socket_row, endpoint)},
};

struct udpsocket_state {
	struct netlink nl;
	bool started;
	struct endpoints endpoints;
	struct owners owners;
	uint64_t now;
};

struct dump {
	struct udpsocket_state *state;
	uint8_t family;
};

static int take_socket(const struct inet_socket *socket, void *arg)
{
	const struct dump *dump = arg;
	uint64_t queue = socket->has_memory ? socket->memory.rx_queue : socket->receive_queue;

	return endpoints_add(&dump->state->endpoints, socket, queue, socket->memory.rx_buffer,
			     dump->state->now);
}

static void restart_sockets(void *arg)
{
	const struct dump *dump = arg;

	endpoints_begin(&dump->state->endpoints, dump->family);
}

static int dump_sockets(struct collect *c)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct udpsocket_state *state = c->state;

	for (size_t i = 0; i < sizeof(families); i++) {
		struct dump dump = {.state = state, .family = families[i]};
		struct sock_diag_query query = {
			.family = families[i],
			.protocol = IPPROTO_UDP,
			/* Connected, and not: the only states of UDP. */
			.states = SOCKDIAG_STATE(TCP_ESTABLISHED) | SOCKDIAG_STATE(TCP_CLOSE),
			.memory = true,
		};
		int err;

		restart_sockets(&dump);
		err = sock_diag_dump(&state->nl, &query, take_socket, restart_sockets, &dump);
		if (err)
			return collect_fail(c, err, "dump of UDP sockets over sock_diag (%s)",
					    sock_diag_remedy(err));
	}
	endpoints_end(&state->endpoints, c->now);
	return 0;
}

static void fill_row(const struct endpoint *endpoint, struct udp_socket_row *row)
{
	char interface[IF_NAMESIZE] = "";

	if (endpoint->key.interface)
		sock_diag_interface(endpoint->key.interface, interface);
	endpoint_format(&endpoint->key, interface, row->endpoint);
	row->sockets = endpoint->sockets;
	row->drops = endpoint->drops;
	row->discontinuity = endpoint->since;
	ROW_SET_TEXT(row->command, endpoint->command);
	if (!endpoint->sockets)
		return;
	row->rx_queue_bytes = endpoint->queue;
	row->rx_buffer_bytes = endpoint->limit;
}

static int fill_rows(struct collect *c, struct endpoint **list, size_t count)
{
	const struct udpsocket_state *state = c->state;

	for (size_t i = 0; i < count; i++) {
		struct udp_socket_row *row = rows_add(&c->rows[0]);
		uint64_t pid;

		if (!row)
			return -ENOMEM;
		if (owners_find(&state->owners, list[i]->inode, &pid, list[i]->command))
			row->pid = pid;
		fill_row(list[i], row);
	}
	return 0;
}

/* The table is bounded by intention: that it leaves idle endpoints out needs no note. */
static int show_endpoints(struct collect *c)
{
	struct udpsocket_state *state = c->state;
	struct endpoint **list;
	size_t left_out;
	long count = endpoints_choose(&state->endpoints, c->settings->max_rows[MAX_ROWS_UDP_SOCKET],
				      &list, &left_out);
	int err;

	if (count < 0)
		return (int)count;
	if (left_out && (list[count]->drops || list[count]->queue))
		collect_note(c,
			     "%zu endpoints have no row, some of them with drops or a queue: raise "
			     "`maxRows udpSocket %u`",
			     left_out, c->settings->max_rows[MAX_ROWS_UDP_SOCKET]);
	for (long i = 0; i < count; i++)
		owners_want(&state->owners, list[i]->inode, c->now);
	owners_collect(&state->owners, c, "UDP sockets");
	err = fill_rows(c, list, (size_t)count);
	free(list);
	return err;
}

static int udpsocket_collect(struct collect *c)
{
	struct udpsocket_state *state = c->state;
	int err;

	if (!state->started) {
		endpoints_init(&state->endpoints, false);
		owners_init(&state->owners);
		state->started = true;
	}
	state->now = c->now;
	collect_source(c, "sock_diag, /proc/PID/fd");
	err = dump_sockets(c);
	if (err)
		return err;
	if (endpoints_untracked(&state->endpoints))
		collect_note(c, "%zu of the UDP sockets are not looked at: more than %d endpoints",
			     endpoints_untracked(&state->endpoints), ENDPOINTS_MAX);
	return show_endpoints(c);
}

static void udpsocket_close(void *arg)
{
	struct udpsocket_state *state = arg;

	sock_diag_close(&state->nl);
	endpoints_free(&state->endpoints);
	owners_free(&state->owners);
}

const struct collector udp_socket_collector = {
	.name = "udpSocket",
	.interval_ms = 5000,
	.rows = {&udp_socket_row_type, NULL},
	.state_size = sizeof(struct udpsocket_state),
	.collect = udpsocket_collect,
	.close = udpsocket_close,
};
