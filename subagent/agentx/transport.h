/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket to the AgentX master, as a transport of the agent library: unlike the library's own it
 * never blocks for longer than it says here, raises no SIGPIPE, is close-on-exec, and keeps why a
 * connection could not be made.
 */
#ifndef NETDIAG_AGENTX_TRANSPORT_H
#define NETDIAG_AGENTX_TRANSPORT_H

/* The word before the colon that makes the library use this transport: "netdiag:/var/agentx/master"
 */
#define TRANSPORT_DOMAIN "netdiag"

/* How long a TCP connection may take to be made (a unix socket's is made at once or not at all). */
#define TRANSPORT_CONNECT_MS 1000

/* How long a message may wait for a master that does not read before the connection is given up. */
#define TRANSPORT_SEND_MS 500

/* Makes the transport known to the library, which must be initialised again after snmp_shutdown().
 * 0 or -ENOMEM. */
int transport_register(void);

/* Why the last attempt to connect failed: a positive errno; 0 when it did not. */
int transport_error(void);

/* The descriptor of the open connection, or -1. */
int transport_fd(void);

/* Ends the open connection as if the master had closed it: the library learns of it at its next
 * read. */
void transport_break(void);

#endif
