/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening TCP sockets by local endpoint. */
#ifndef NETDIAG_SOCKET_LISTENER_H
#define NETDIAG_SOCKET_LISTENER_H

#include "collectors/collector.h"
#include "collectors/kernel/sock_diag.h"
#include "collectors/socket/endpoint_pins.h"

struct listener_row {
	uint64_t port;
	uint64_t sockets;      /* SO_REUSEPORT members; 0: closed, its sums are left */
	uint64_t queue_length; /* idiag_rqueue, sum over the members; absent when closed, as the
				  next two */
	uint64_t queue_limit;  /* idiag_wqueue, likewise */
	uint64_t queue_usage;  /* 0.01 percent, of the fullest member: length of limit + 1 */
	uint64_t queue_peak;   /* of any one member, since it is known */
	uint64_t drops;	       /* SK_MEMINFO_DROPS of all members that there ever were */
	uint64_t syn_received; /* sockets in SYN_RECV with the local port, whatever the address */
	uint64_t pid;
	uint64_t uid;		/* of the socket's owner; no column shows it */
	uint64_t discontinuity; /* monotonic ns */
	char endpoint[ENDPOINT_SIZE];
	char address[ADDRESS_SIZE];
	char command[COMMAND_SIZE];
};

/* Rows that stay because of an active alarm. */
extern struct endpoint_pins listener_pins;

extern const struct row_type listener_row_type;
extern const struct collector listener_collector;

#endif
