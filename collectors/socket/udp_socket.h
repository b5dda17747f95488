/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP sockets by local endpoint. */
#ifndef NETDIAG_SOCKET_UDP_SOCKET_H
#define NETDIAG_SOCKET_UDP_SOCKET_H

#include "collectors/collector.h"
#include "collectors/kernel/sock_diag.h"
#include "collectors/socket/endpoint_pins.h"

struct udp_socket_row {
	uint64_t port;
	uint64_t sockets;
	uint64_t rx_queue_bytes;  /* SK_MEMINFO_RMEM_ALLOC */
	uint64_t rx_buffer_bytes; /* SK_MEMINFO_RCVBUF */
	uint64_t drops;		  /* SK_MEMINFO_DROPS of all sockets that there ever were */
	uint64_t pid;
	uint64_t uid;		/* of the socket's owner; no column shows it */
	uint64_t discontinuity; /* monotonic ns */
	char endpoint[ENDPOINT_SIZE];
	char address[ADDRESS_SIZE];
	char command[COMMAND_SIZE];
};

/* Rows that stay because of an active alarm. */
extern struct endpoint_pins udp_socket_pins;

extern const struct row_type udp_socket_row_type;
extern const struct collector udp_socket_collector;

#endif
