/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/limit/ephemeral_ports.h"

#define PORT_COUNT 65536

/* States that hold a port towards a destination. Half-open connections of listeners do not. */
#define CONNECTED                                                         \
	(SOCKDIAG_STATE(TCP_ESTABLISHED) | SOCKDIAG_STATE(TCP_SYN_SENT) | \
	 SOCKDIAG_STATE(TCP_FIN_WAIT1) | SOCKDIAG_STATE(TCP_FIN_WAIT2) |  \
	 SOCKDIAG_STATE(TCP_TIME_WAIT) | SOCKDIAG_STATE(TCP_CLOSE_WAIT) | \
	 SOCKDIAG_STATE(TCP_LAST_ACK) | SOCKDIAG_STATE(TCP_CLOSING))

/* Ends of connections that share the ports. Compared as memory: what is not used is 0. */
struct destination {
	struct endpoint_key local; /* without its port */
	struct endpoint_key remote;
	uint32_t count; /* 0: the place is free */
};

struct port_counter {
	struct port_range range;
	enum port_reuse reuse;
	uint32_t listeners; /* ports of the range with a listener */
	bool listening[PORT_COUNT];
	struct destination *table; /* a hash table with linear probing */
	size_t size;		   /* a power of 2 */
	size_t filled;
	struct destination most;
	bool spoiled; /* something may have been counted twice */
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

int ephemeral_ports_available(const struct port_range *range, struct span reserved, uint64_t *count)
{
	uint32_t *ids = malloc(PORT_COUNT * sizeof(*ids));
	int listed;

	if (!ids)
		return -ENOMEM;
	listed = parse_cpulist(reserved, ids, PORT_COUNT); /* the same format */
	if (listed >= 0)
		*count = (uint64_t)range->high - range->low + 1;
	for (int i = 0; i < listed; i++)
		if (ids[i] >= range->low && ids[i] <= range->high)
			(*count)--;
	free(ids);
	return listed < 0 ? -EBADMSG : 0;
}

struct port_counter *port_counter_new(const struct port_range *range, enum port_reuse reuse)
{
	struct port_counter *counter = calloc(1, sizeof(*counter));

	if (!counter)
		return NULL;
	counter->range = *range;
	counter->reuse = reuse;
	counter->size = 64;
	counter->table = calloc(counter->size, sizeof(*counter->table));
	if (!counter->table) {
		free(counter);
		return NULL;
	}
	return counter;
}

void port_counter_free(struct port_counter *counter)
{
	if (!counter)
		return;
	free(counter->table);
	free(counter);
}

/* FNV-1a over what makes a destination. */
static uint64_t hash(const struct destination *key)
{
	const unsigned char *bytes = (const unsigned char *)key;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < offsetof(struct destination, count); i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/* The place of a destination, or the free one where it belongs. There always is a free one. */
static struct destination *place(struct destination *table, size_t size,
				 const struct destination *key)
{
	size_t i = hash(key) & (size - 1);

	while (table[i].count && memcmp(&table[i], key, offsetof(struct destination, count)))
		i = (i + 1) & (size - 1);
	return &table[i];
}

static int grow(struct port_counter *counter)
{
	size_t size = counter->size * 2;
	struct destination *table = calloc(size, sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < counter->size; i++)
		if (counter->table[i].count)
			*place(table, size, &counter->table[i]) = counter->table[i];
	free(counter->table);
	counter->table = table;
	counter->size = size;
	return 0;
}

static int count(struct port_counter *counter, const struct destination *key)
{
	struct destination *found = place(counter->table, counter->size, key);

	if (!found->count) {
		*found = *key;
		counter->filled++;
	}
	found->count++;
	if (found->count > counter->most.count)
		counter->most = *found;
	return counter->filled * 2 > counter->size ? grow(counter) : 0;
}

/* IPv4 on a socket of either family is the same; an interface only tells link-local addresses
 * apart. */
static void normalise(struct endpoint_key *key)
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

static bool is_loopback(const struct endpoint_key *key)
{
	struct in6_addr address;

	if (key->family == AF_INET)
		return key->address[0] == 127;
	memcpy(&address, key->address, sizeof(address));
	return IN6_IS_ADDR_LOOPBACK(&address);
}

/* Whether connect() would take the port of this connection over. */
static bool is_reusable(const struct port_counter *counter, const struct inet_socket *socket,
			const struct destination *key)
{
	if (!socket->time_wait)
		return false;
	return counter->reuse == PORT_REUSE_ALL ||
	       (counter->reuse == PORT_REUSE_LOOPBACK &&
		(is_loopback(&key->local) || is_loopback(&key->remote)));
}

int port_counter_take(struct port_counter *counter, const struct inet_socket *socket)
{
	uint16_t port = socket->local.port;
	struct destination key;

	if (port < counter->range.low || port > counter->range.high || counter->listening[port])
		return 0; /* of a listening port: it was accepted and took no port */
	if (socket->state == TCP_LISTEN) {
		counter->listening[port] = true;
		counter->listeners++;
		return 0;
	}
	memset(&key, 0, sizeof(key));
	key.local = socket->local;
	key.local.port = 0;
	key.remote = socket->remote;
	normalise(&key.local);
	normalise(&key.remote);
	return is_reusable(counter, socket, &key) ? 0 : count(counter, &key);
}

/* The interface's name where the address needs it, else nothing. */
static const char *scope(const struct endpoint_key *key, char name[IF_NAMESIZE])
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
	endpoint_format(&most->remote, scope(&most->remote, name), remote);
	address_format(&most->local, scope(&most->local, name), local);
	snprintf(usage->detail, sizeof(usage->detail), "%u to %s from %s", most->count, remote,
		 local);
}

static int take(const struct inet_socket *socket, void *arg)
{
	return port_counter_take(arg, socket);
}

static void spoil(void *arg)
{
	((struct port_counter *)arg)->spoiled = true;
}

int ephemeral_ports_ask(struct netlink *nl, const struct port_range *range, enum port_reuse reuse,
			struct port_usage *usage)
{
	static const uint32_t states[] = {SOCKDIAG_STATE(TCP_LISTEN), CONNECTED};
	static const uint8_t families[] = {AF_INET, AF_INET6};
	struct port_counter *counter = port_counter_new(range, reuse);
	int err = counter ? 0 : -ENOMEM;

	for (size_t s = 0; s < 2; s++)
		for (size_t f = 0; f < 2 && !err; f++) {
			const struct sock_diag_query query = {
				.family = families[f],
				.protocol = IPPROTO_TCP,
				.states = states[s],
				.port_low = range->low,
				.port_high = range->high,
			};

			err = sock_diag_dump(nl, &query, take, spoil, counter);
		}
	if (!err && counter->spoiled)
		err = -ESTALE;
	if (!err)
		port_counter_result(counter, usage);
	port_counter_free(counter);
	return err;
}
