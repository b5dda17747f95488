/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagUdpSocketTable: which UDP socket loses datagrams, from sock_diag and /proc/PID/fd.
 * endpoints.c adds the sockets of an endpoint up. */
#include <config.h>

#include <netinet/tcp.h>

#include "collectors/socket/endpoint_collector.h"
#include "collectors/socket/udp_socket.h"

const struct row_type udp_socket_row_type = {
	ROW_TYPE_TEXT("udp_socket", struct udp_socket_row, endpoint),
	.key = {ROW_TEXT(struct udp_socket_row, endpoint)},
};

struct endpoint_pins udp_socket_pins = ENDPOINT_PINS_NONE;

static uint64_t udp_queue(const struct inet_socket *socket)
{
	return socket->has_memory ? socket->memory.rx_queue : socket->receive_queue;
}

static uint64_t udp_limit(const struct inet_socket *socket)
{
	return socket->memory.rx_buffer;
}

static void udp_fill(const struct collect *c, const struct endpoint *endpoint,
		     const char *interface, uint64_t pid, void *udp_row)
{
	struct udp_socket_row *row = udp_row;

	(void)c;
	address_format(&endpoint->key, interface, row->address);
	row->port = endpoint->key.port;
	row->sockets = endpoint->sockets;
	row->drops = endpoint->drops;
	row->pid = pid;
	row->uid = endpoint->uid;
	row->discontinuity = endpoint->since;
	ROW_SET_TEXT(row->command, endpoint->command);
	if (!endpoint->sockets)
		return;
	row->rx_queue_bytes = endpoint->queue;
	row->rx_buffer_bytes = endpoint->limit;
}

/* The table is bounded on purpose: idle endpoints that have no row need no note. */
static const struct endpoint_source udp_source = {
	.sockets = "UDP sockets",
	.directive = "udpSocket",
	.max_rows = MAX_ROWS_UDP_SOCKET,
	.protocol = IPPROTO_UDP,
	/* Connected or not: UDP has no other states. */
	.states = SOCKDIAG_STATE(TCP_ESTABLISHED) | SOCKDIAG_STATE(TCP_CLOSE),
	.pins = &udp_socket_pins,
	.queue = udp_queue,
	.limit = udp_limit,
	.fill = udp_fill,
	.name = offsetof(struct udp_socket_row, endpoint),
};

static int udp_socket_collect(struct collect *c)
{
	int err = endpoint_collector_dump(c, &udp_source);

	return err ? err : endpoint_collector_show(c, &udp_source);
}

const struct collector udp_socket_collector = {
	.name = "udpSocket",
	.interval_ms = 5000,
	.rows = {&udp_socket_row_type, NULL},
	.live = "netlink",
	.state_size = sizeof(struct endpoint_state),
	.collect = udp_socket_collect,
	.close = endpoint_collector_close,
};
