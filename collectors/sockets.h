/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP sockets by family and state: sock_diag and sockstat. */
#ifndef NETDIAG_SOCKETS_H
#define NETDIAG_SOCKETS_H

#include "collect.h"

enum socket_family {
	SOCKET_ANY = 1,
	SOCKET_IPV4,
	SOCKET_IPV6,
};

/* The kernel's TCP states that are shown, by its numbering (include/net/tcp_states.h). */
#define SOCKET_STATE_MAX 11 /* closing */

struct socket_state_row {
	uint64_t family;
	uint64_t state;
	uint64_t count;
};

extern const struct row_type socket_state_row_type;
extern const struct collector sockets_collector;

#endif
