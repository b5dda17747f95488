/* SPDX-License-Identifier: BSD-2-Clause */
/* What the listener and udpSocket collectors share: dumps over sock_diag, added up by endpoint, and
 * a row with its owner for those endpoints that matter most. */
#include <config.h>

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "collectors/socket/endpoint_collector.h"

struct endpoint_dump {
	struct endpoint_state *state;
	const struct endpoint_source *source;
	uint8_t family;
	uint64_t now;
};

static int endpoint_take(const struct inet_socket *socket, void *arg)
{
	const struct endpoint_dump *dump = arg;

	/* A listener can have become something else since the kernel selected it. */
	if (!(SOCKDIAG_STATE(socket->state) & dump->source->states))
		return 0;
	return endpoints_add(&dump->state->endpoints, socket, dump->source->queue(socket),
			     dump->source->limit(socket), dump->now);
}

static void endpoint_restart(void *arg)
{
	const struct endpoint_dump *dump = arg;

	endpoints_begin(&dump->state->endpoints, dump->family);
}

static int endpoint_dump(struct collect *c, const struct endpoint_source *source, uint8_t family)
{
	struct endpoint_state *state = c->state;
	struct endpoint_dump dump = {
		.state = state,
		.source = source,
		.family = family,
		.now = c->now,
	};
	const struct sock_diag_query query = {
		.family = family,
		.protocol = source->protocol,
		.states = source->states,
		.memory = true,
	};

	endpoint_restart(&dump);
	return sock_diag_dump(&state->nl, &query, endpoint_take, endpoint_restart, &dump);
}

int endpoint_collector_open(struct collect *c, const struct endpoint_source *source)
{
	struct endpoint_state *state = c->state;

	if (state->owners)
		return 0;
	state->owners = owners_get();
	if (!state->owners)
		return -ENOMEM;
	endpoints_init(&state->endpoints, source->listeners);
	return 0;
}

void endpoint_collector_end(struct collect *c, const struct endpoint_source *source)
{
	struct endpoint_state *state = c->state;

	endpoints_end(&state->endpoints, c->now);
	if (endpoints_untracked(&state->endpoints))
		collect_note(c, "%zu of the %s are passed over: more than %d endpoints",
			     endpoints_untracked(&state->endpoints), source->sockets,
			     ENDPOINTS_MAX);
}

int endpoint_collector_dump(struct collect *c, const struct endpoint_source *source)
{
	int err = endpoint_collector_open(c, source);

	if (err)
		return err;
	collect_source(c, "sock_diag, /proc/PID/fd");
	if (source->protocol == IPPROTO_TCP) {
		err = endpoint_dump(c, source, AF_UNSPEC);
	} else {
		err = endpoint_dump(c, source, AF_INET);
		if (!err)
			err = endpoint_dump(c, source, AF_INET6);
	}
	if (err)
		return collect_fail(c, err, "dump of %s over sock_diag (%s)", source->sockets,
				    sock_diag_remedy(err));
	endpoint_collector_end(c, source);
	return 0;
}

static void endpoint_name(const struct endpoint_source *source, struct endpoint *endpoint,
			  char interface[IF_NAMESIZE], char name[ENDPOINT_SIZE])
{
	interface[0] = '\0';
	if (endpoint->key.interface)
		sock_diag_interface(endpoint->key.interface, interface);
	(source->format ? source->format : endpoint_format)(&endpoint->key, interface, name);
	endpoint->name = endpoint_pin(name);
}

/* An alarm of before a restart can be about an endpoint that had no row yet. */
static void endpoint_name_all(const struct endpoint_source *source, struct endpoints *endpoints)
{
	char interface[IF_NAMESIZE], name[ENDPOINT_SIZE];

	for (size_t i = 0; i < endpoints->table.count; i++) {
		struct endpoint *endpoint = hash_at(&endpoints->table, i);

		if (!endpoint->name)
			endpoint_name(source, endpoint, interface, name);
	}
}

static int endpoint_rows(struct collect *c, const struct endpoint_source *source,
			 struct endpoint **list, size_t count)
{
	const struct endpoint_state *state = c->state;

	for (size_t i = 0; i < count; i++) {
		char interface[IF_NAMESIZE];
		void *row = rows_add(&c->rows[0]);
		uint64_t pid = ROW_ABSENT;

		if (!row)
			return -ENOMEM;
		endpoint_name(source, list[i], interface, (char *)row + source->name);
		owners_find(state->owners, list[i]->inode, &pid, list[i]->command);
		source->fill(c, list[i], interface, pid, row);
	}
	return 0;
}

/* Losing sockets are looked up at once, others only when they last. */
static bool endpoint_is_urgent(const struct endpoint *endpoint)
{
	return endpoint->recent >= 1 || endpoint->usage >= OWNERS_URGENT_USAGE;
}

int endpoint_collector_show(struct collect *c, const struct endpoint_source *source)
{
	struct endpoint_state *state = c->state;
	uint32_t max = c->settings->max_rows[source->max_rows];
	struct endpoint **list;
	size_t left_out;
	long count;
	int err;

	if (state->endpoints.table.count > max && endpoint_pins_any(source->pins))
		endpoint_name_all(source, &state->endpoints);
	count = endpoints_choose(&state->endpoints, max, source->pins, &list, &left_out);
	if (count < 0)
		return (int)count;
	c->left_out = left_out > 0;
	if (left_out && (source->note_idle || list[count]->drops || list[count]->queue))
		collect_note(c, "%zu endpoints of %s have no row: raise `maxRows %s %u`", left_out,
			     source->sockets, source->directive, max);
	for (long i = 0; i < count; i++)
		owners_want(state->owners, list[i]->inode, endpoint_is_urgent(list[i]), c->now);
	owners_collect(state->owners, c, source->sockets);
	err = endpoint_rows(c, source, list, (size_t)count);
	free(list);
	return err;
}

void endpoint_collector_close(void *endpoint_state)
{
	struct endpoint_state *state = endpoint_state;

	netlink_close(&state->nl);
	if (!state->owners)
		return;
	endpoints_free(&state->endpoints);
	owners_put(state->owners);
}
