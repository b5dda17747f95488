/* SPDX-License-Identifier: BSD-2-Clause */
/* Raw, ping and netlink sockets, and what they dropped. */
#ifndef NETDIAG_SOCKET_SOCKET_DROPS_H
#define NETDIAG_SOCKET_SOCKET_DROPS_H

#include "collectors/collector.h"
#include "collectors/kernel/sock_diag.h"

struct socket_drop_row {
	uint64_t sockets;	 /* 0: closed, the row keeps its drops */
	uint64_t rx_queue_bytes; /* absent when closed, like inode */
	uint64_t inode;		 /* of the socket; no column */
	uint64_t drops;		 /* sk_drops of all sockets that there ever were; of one that is new
				    since the last look they count from 0 */
	uint64_t pid;
	uint64_t uid;		      /* absent for netlink sockets: no file tells it */
	uint64_t discontinuity;	      /* monotonic ns */
	char endpoint[ENDPOINT_SIZE]; /* "raw 0.0.0.0 proto 1", "netlink route portid 812" */
	char command[COMMAND_SIZE];
};

extern const struct row_type socket_drop_row_type;
extern const struct collector socket_drop_collector;

/* The files that it reads, of its own network namespace. */
enum socket_drop_file {
	SOCKET_DROP_RAW,     /* net/raw */
	SOCKET_DROP_RAW6,    /* net/raw6 */
	SOCKET_DROP_PING,    /* net/icmp */
	SOCKET_DROP_PING6,   /* net/icmp6 */
	SOCKET_DROP_NETLINK, /* net/netlink */
	SOCKET_DROP_FILES,
};

/*
 * Parses one of these files and calls each() for its sockets, except the kernel's own netlink
 * sockets, which never queue anything. Of struct inet_socket it sets local, cookie (a number for
 * this very socket), uid, inode, receive_queue (bytes) and drops; local.port is the protocol of a
 * raw or netlink socket, or the identifier of a ping socket. Pure. 0; -EBADMSG if it is not such a
 * file or is truncated; or the first result of each() other than 0.
 */
int socket_drop_parse(enum socket_drop_file file, struct span text, sock_diag_socket_fn *each,
		      void *arg);

/* The port id of a netlink socket; 0: the kernel's own. */
uint32_t socket_drop_portid(const struct endpoint_key *key);

/* Writes the name of such an endpoint. text: ENDPOINT_SIZE bytes. Pure. */
void socket_drop_format(const struct endpoint_key *key, const char *interface, char *text);

#endif
