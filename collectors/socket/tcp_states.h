/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP sockets by family and state. */
#ifndef NETDIAG_SOCKET_TCP_STATES_H
#define NETDIAG_SOCKET_TCP_STATES_H

#include "collectors/collector.h"
#include "collectors/kernel/sock_diag.h"
#include "collectors/socket/close_wait.h"

enum socket_family {
	SOCKET_ANY = 1,
	SOCKET_IPV4,
	SOCKET_IPV6,
};

#define SOCKET_FAMILIES 3

/* The kernel's TCP states that are shown, by its numbering (include/net/tcp_states.h). */
#define SOCKET_STATE_MAX 11 /* closing */

struct socket_state_row {
	uint64_t family;
	uint64_t state; /* idiag_state */
	uint64_t count; /* dumped one by one, or inferred from sockstat's totals */
	uint64_t older; /* of CLOSE_WAIT in any family: for more than five minutes (close_wait.c);
			   no column, but the value of tcp.close_wait */
};

/* Which of the collector's kinds of rows is which. */
enum sockets_rows {
	SOCKETS_ROWS_STATE,
	SOCKETS_ROWS_CLOSE_WAIT,
};

extern const struct row_type socket_state_row_type;
extern const struct collector tcp_states_collector;

/* --- the pure part -------------------------------------------------------------------------- */

/* The sockets of one family in a dump. */
struct socket_counts {
	uint64_t state[SOCKET_STATE_MAX + 1]; /* mini-sockets in FIN_WAIT2 included */
	uint64_t full;			      /* whole sockets in any state */
	uint64_t fin_wait2_mini;
	struct close_waits *close_waits; /* also takes those in CLOSE_WAIT; may be NULL */
};

/* The families of a dump: indexes of struct socket_counts[SOCKET_DUMPS]. */
enum socket_dump {
	SOCKET_DUMP_IPV4,
	SOCKET_DUMP_IPV6,
	SOCKET_DUMPS,
};

/* Counts one socket. */
void tcp_states_count(struct socket_counts *counts, const struct inet_socket *socket);

/* What procfs says, each ROW_ABSENT when it does not. */
struct socket_totals {
	uint64_t in_use[SOCKET_DUMPS]; /* sockstat "TCP: inuse", sockstat6 "TCP6: inuse": whole
					  sockets, listeners included, TIME_WAIT not. IPv4 on a
					  dual-stack socket is in TCP6. Absent: no IPv6. */
	uint64_t time_wait;	       /* sockstat "TCP: tw": mini-sockets of both families */
	uint64_t curr_estab; /* snmp "Tcp: CurrEstab": ESTABLISHED, and CLOSE_WAIT since 6.10 */
};

/* Number by family (SOCKET_ANY - 1 …) and state; ROW_ABSENT: not known. */
typedef uint64_t socket_table[SOCKET_FAMILIES][SOCKET_STATE_MAX + 1];

/*
 * Infers what the cheap way does not dump, from dumps without ESTABLISHED and with the TIME_WAIT
 * sockets of only one family (of `split`; SOCKET_DUMPS: of none), and adds up the families.
 * False when the totals are missing or contradict each other: only a full dump helps then.
 */
bool tcp_states_infer(const struct socket_counts counts[SOCKET_DUMPS],
		      const struct socket_totals *totals, enum socket_dump split,
		      socket_table table);

/* The same after full dumps. ipv6: whether there is any; else its numbers are absent. */
void tcp_states_add_up(const struct socket_counts counts[SOCKET_DUMPS], bool ipv6,
		       socket_table table);

#endif
