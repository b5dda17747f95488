/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How near TCP is to running out of ephemeral ports, over sock_diag.
 *
 * connect() takes a port that no other connection uses to the same destination: connections to
 * different destinations share ports. So what runs out are the ports of one destination (remote
 * address and port, from one local address), and the fullest destination is what counts here, not
 * the number of ports in use. A port that a listener holds is lost to all of them; a reserved port
 * is never chosen and counts nowhere.
 */
#ifndef NETDIAG_LIMIT_EPHEMERAL_PORTS_H
#define NETDIAG_LIMIT_EPHEMERAL_PORTS_H

#include "collectors/base/parse.h"
#include "collectors/kernel/sock_diag.h"

#define PORT_COUNT 65536

/* The ports that connect() chooses from. */
struct port_range {
	uint16_t low; /* net.ipv4.ip_local_port_range, both included */
	uint16_t high;
	uint32_t count;		   /* how many of them are not reserved */
	bool reserved[PORT_COUNT]; /* net.ipv4.ip_local_reserved_ports */
};

/* net.ipv4.tcp_tw_reuse: from which connections in TIME_WAIT connect() takes the port over. */
enum port_reuse {
	PORT_REUSE_NONE,
	PORT_REUSE_ALL,
	PORT_REUSE_LOOPBACK, /* the default since 4.20 */
};

#define PORTS_DETAIL_SIZE 161 /* a number, an endpoint and an address */

struct port_usage {
	uint64_t used;			/* of the fullest destination, and by listeners */
	char detail[PORTS_DETAIL_SIZE]; /* "28231 to 192.0.2.1:443 from 192.0.2.7"; empty: none */
};

/*
 * Parses the range ("32768\t60999\n") and the reserved ports ("8080,9148-9150\n", may be empty).
 * 0, -EBADMSG or -ENOMEM, and then the range is unspecified.
 */
int ephemeral_ports_parse_range(struct span text, struct port_range *range);
int ephemeral_ports_parse_reserved(struct span text, struct port_range *range);

/* Counts connections by destination. */
struct port_counter;

/* NULL when memory is short. The range must outlive it. */
struct port_counter *port_counter_new(const struct port_range *range, enum port_reuse reuse);
void port_counter_free(struct port_counter *counter);

/* Counts a TCP socket. Listeners must come before connections, as in the kernel's answer. 0 or
 * -ENOMEM. */
int port_counter_take(struct port_counter *counter, const struct inet_socket *socket);

/* The fullest destination so far. Asks the kernel for the name of an interface where the address
 * is link-local: not pure. */
void port_counter_result(const struct port_counter *counter, struct port_usage *usage);

/* Asks the running kernel for the sockets of the range. nl is sock_diag_dump()'s. 0 or -errno as
 * sock_diag_dump(). */
int ephemeral_ports_ask(struct netlink *nl, const struct port_range *range, enum port_reuse reuse,
			struct port_usage *usage);

#endif
