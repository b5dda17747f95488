/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening TCP sockets: sock_diag, and the owners from /proc/PID/fd. */
#ifndef NETDIAG_LISTENER_H
#define NETDIAG_LISTENER_H

#include "collect.h"
#include "sockdiag.h"

struct listener_row {
	uint64_t port;
	uint64_t sockets; /* SO_REUSEPORT members */
	uint64_t queue_length;
	uint64_t queue_limit;
	uint64_t queue_usage; /* 0.01 percent of the fullest member; may pass 100 % */
	uint64_t queue_peak;  /* of any member since the daemon's start */
	uint64_t drops;
	uint64_t syn_received; /* half-open connections to the local port */
	uint64_t pid;
	uint64_t discontinuity; /* monotonic ns */
	char endpoint[ENDPOINT_SIZE];
	char address[ADDRESS_SIZE];
	char command[COMMAND_SIZE];
};

extern const struct row_type listener_row_type;
extern const struct collector listener_collector;

#endif
