/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts the ephemeral ports in use towards the fullest destination: TCP sockets over sock_diag,
 * the range of ports from /proc/sys/net/ipv4. */
#include <config.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/hash.h"
#include "collectors/limit/ephemeral_ports.h"

/* States that hold a port towards a destination. Half-open connections of listeners do not. */
#define CONNECTED                                                         \
	(SOCKDIAG_STATE(TCP_ESTABLISHED) | SOCKDIAG_STATE(TCP_SYN_SENT) | \
	 SOCKDIAG_STATE(TCP_FIN_WAIT1) | SOCKDIAG_STATE(TCP_FIN_WAIT2) |  \
	 SOCKDIAG_STATE(TCP_TIME_WAIT) | SOCKDIAG_STATE(TCP_CLOSE_WAIT) | \
	 SOCKDIAG_STATE(TCP_LAST_ACK) | SOCKDIAG_STATE(TCP_CLOSING))

/* Ends of connections that share the ports. Bytes that are not used are 0. */
struct destination {
	struct {
		struct endpoint_key local; /* without its port */
		struct endpoint_key remote;
	} key;
	uint32_t count;
};

struct port_counter {
	const struct port_range *range;
	enum port_reuse reuse;
	uint32_t listeners; /* ports of the range with a listener */
	bool listening[PORT_COUNT];
	struct hash destinations; /* of struct destination */
	struct destination most;
};

int ephemeral_ports_parse_range(struct span text, struct port_range *range)
{
	struct span line, low, high, more;
	uint64_t from, to;

	if (!span_line(&text, &line) || !span_word(&line, &low) || !span_word(&line, &high) ||
	    span_word(&line, &more) || span_u64(low, &from) || span_u64(high, &to) || from > to ||
	    to >= PORT_COUNT)
		return -EBADMSG;
	range->low = (uint16_t)from;
	range->high = (uint16_t)to;
	return 0;
}

int ephemeral_ports_parse_reserved(struct span text, struct port_range *range)
{
	uint32_t *ids = malloc(PORT_COUNT * sizeof(*ids));
	int listed;

	if (!ids)
		return -ENOMEM;
	listed = parse_cpulist(text, ids, PORT_COUNT); /* the same format */
	memset(range->reserved, 0, sizeof(range->reserved));
	for (int i = 0; i < listed; i++)
		if (ids[i] < PORT_COUNT)
			range->reserved[ids[i]] = true;
	free(ids);
	range->count = 0;
	for (uint32_t port = range->low; port <= range->high; port++)
		range->count += !range->reserved[port];
	return listed < 0 ? -EBADMSG : 0;
}

struct port_counter *port_counter_new(const struct port_range *range, enum port_reuse reuse)
{
	struct port_counter *counter = calloc(1, sizeof(*counter));

	if (!counter)
		return NULL;
	counter->range = range;
	counter->reuse = reuse;
	hash_init(&counter->destinations, sizeof(struct destination), sizeof(counter->most.key));
	return counter;
}

void port_counter_free(struct port_counter *counter)
{
	if (!counter)
		return;
	hash_clear(&counter->destinations);
	free(counter);
}

/* IPv4 on a socket of either family is the same; an interface only distinguishes link-local
 * addresses. */
static void port_normalise(struct endpoint_key *key)
{
	struct in6_addr address;

	memcpy(&address, key->address, sizeof(address));
	if (key->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address)) {
		memset(key->address, 0, sizeof(key->address));
		memcpy(key->address, address.s6_addr + 12, 4);
		key->family = AF_INET;
	}
	if (key->family != AF_INET6 || !IN6_IS_ADDR_LINKLOCAL(&address))
		key->interface = 0;
}

static bool port_is_loopback(const struct endpoint_key *key)
{
	struct in6_addr address;

	if (key->family == AF_INET)
		return key->address[0] == 127;
	memcpy(&address, key->address, sizeof(address));
	return IN6_IS_ADDR_LOOPBACK(&address);
}

/* Whether connect() would take the port of this connection over. */
static bool port_is_reusable(const struct port_counter *counter, const struct inet_socket *socket,
			     const struct destination *to)
{
	if (!socket->time_wait)
		return false;
	return counter->reuse == PORT_REUSE_ALL ||
	       (counter->reuse == PORT_REUSE_LOOPBACK &&
		(port_is_loopback(&to->key.local) || port_is_loopback(&to->key.remote)));
}

int port_counter_take(struct port_counter *counter, const struct inet_socket *socket)
{
	uint16_t port = socket->local.port;
	struct destination to, *found;

	if (port < counter->range->low || port > counter->range->high ||
	    counter->range->reserved[port] || counter->listening[port])
		return 0; /* a connection to a listener was accepted and took no port */
	if (socket->state == TCP_LISTEN) {
		counter->listening[port] = true;
		counter->listeners++;
		return 0;
	}
	memset(&to, 0, sizeof(to));
	to.key.local = socket->local;
	to.key.local.port = 0;
	to.key.remote = socket->remote;
	port_normalise(&to.key.local);
	port_normalise(&to.key.remote);
	if (port_is_reusable(counter, socket, &to))
		return 0;
	found = hash_add(&counter->destinations, &to.key);
	if (!found)
		return -ENOMEM;
	if (++found->count > counter->most.count)
		counter->most = *found;
	return 0;
}

/* The interface's name where the address needs it, else nothing. */
static const char *port_scope(const struct endpoint_key *key, char name[IF_NAMESIZE])
{
	name[0] = '\0';
	if (key->interface)
		sock_diag_interface(key->interface, name);
	return name;
}

void port_counter_result(const struct port_counter *counter, struct port_usage *usage)
{
	const struct destination *most = &counter->most;
	char remote[ENDPOINT_SIZE], local[ADDRESS_SIZE], name[IF_NAMESIZE];

	memset(usage, 0, sizeof(*usage));
	usage->used = counter->listeners + most->count;
	if (!most->count)
		return;
	endpoint_format(&most->key.remote, port_scope(&most->key.remote, name), remote);
	address_format(&most->key.local, port_scope(&most->key.local, name), local);
	snprintf(usage->detail, sizeof(usage->detail), "%u to %s from %s", most->count, remote,
		 local);
}

static int port_take(const struct inet_socket *socket, void *arg)
{
	return port_counter_take(arg, socket);
}

static void port_restart(void *arg)
{
	struct port_counter *counter = arg;

	hash_clear(&counter->destinations);
	memset(counter->listening, 0, sizeof(counter->listening));
	counter->listeners = 0;
	counter->most.count = 0;
}

int ephemeral_ports_ask(struct netlink *nl, const struct port_range *range, enum port_reuse reuse,
			struct port_usage *usage)
{
	const struct sock_diag_query query = {
		.family = AF_UNSPEC,
		.protocol = IPPROTO_TCP,
		.states = SOCKDIAG_STATE(TCP_LISTEN) | CONNECTED,
		.port_low = range->low,
		.port_high = range->high,
	};
	struct port_counter *counter = port_counter_new(range, reuse);
	int err = -ENOMEM;

	if (counter)
		err = sock_diag_dump(nl, &query, port_take, port_restart, counter);
	if (!err)
		port_counter_result(counter, usage);
	port_counter_free(counter);
	return err;
}
