/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses of the AgentX master, as agentXSocket and --agentx give them. Only numeric ones: a name
 * server that does not answer would stop the main thread.
 */
#ifndef NETDIAG_AGENTX_ADDRESS_H
#define NETDIAG_AGENTX_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Ready for connect(2). */
struct address {
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

/* Parses "/PATH", "unix:/PATH", "tcp:ADDRESS:PORT" and "tcp6:[ADDRESS]:PORT". ADDRESS may be
 * "localhost". The port may be left out (705), the address as well (loopback). Returns NULL, or
 * what is wrong and how to write it. */
const char *address_parse(struct address *address, const char *text);

#endif
