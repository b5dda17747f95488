/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagBufferTable: the sockets whose buffers are fullest, from sock_diag's memory attributes
 * (INET_DIAG_SKMEMINFO), their owners from /proc/PID/fd. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/base/hash.h"
#include "collectors/socket/count.h"
#include "collectors/socket/fullest_buffers.h"
#include "collectors/socket/owner.h"

const struct row_type buffer_row_type = {
	ROW_TYPE_TEXT("buffer", struct buffer_row, protocol),
	.key = {ROW_NUMBER(struct buffer_row, rank)},
};

#define USAGE_FULL 10000 /* 0.01 percent */

/* A socket's entry in struct buffer_stuck. */
struct stuck_socket {
	uint64_t cookie;
	uint64_t since;
	uint64_t seen;
	uint64_t queue; /* bytes that are not read */
};

/* A receive queue that is fuller than this (0.01 percent) is stuck when it is never read. */
#define STUCK_USAGE 8000
#define STUCK_MAX   16384

/* --- the pure part ---------------------------------------------------------------------------- */

static uint64_t buffer_usage(uint64_t queue, uint64_t buffer)
{
	return queue * USAGE_FULL / (buffer ? buffer : 1);
}

/* What of the send buffer is taken: TCP queues, UDP only hands to the device. */
static uint32_t buffer_tx_queue(const struct buffer_entry *entry)
{
	return entry->protocol == IPPROTO_TCP ? entry->socket.memory.tx_queue
					      : entry->socket.memory.tx_alloc;
}

uint64_t buffer_rx_usage(const struct buffer_entry *entry)
{
	return buffer_usage(entry->socket.memory.rx_queue, entry->socket.memory.rx_buffer);
}

uint64_t buffer_tx_usage(const struct buffer_entry *entry)
{
	return buffer_usage(buffer_tx_queue(entry), entry->socket.memory.tx_buffer);
}

static uint64_t buffer_fullness(const struct buffer_entry *entry)
{
	uint64_t rx = buffer_rx_usage(entry), tx = buffer_tx_usage(entry);

	return rx > tx ? rx : tx;
}

static uint64_t buffer_bytes(const struct buffer_entry *entry)
{
	return (uint64_t)entry->socket.memory.rx_queue + buffer_tx_queue(entry);
}

/* Whether a comes before b: the fuller one, then the one with more bytes, then the older one. */
static bool buffer_before(const struct buffer_entry *a, const struct buffer_entry *b)
{
	uint64_t x = buffer_fullness(a), y = buffer_fullness(b);

	if (x != y)
		return x > y;
	x = buffer_bytes(a);
	y = buffer_bytes(b);
	return x != y ? x > y : a->socket.cookie < b->socket.cookie;
}

void buffer_ranking_add(struct buffer_ranking *ranking, const struct inet_socket *socket,
			uint8_t protocol)
{
	struct buffer_entry entry = {.socket = *socket, .protocol = protocol};
	size_t at;

	if (!socket->has_memory || !buffer_bytes(&entry) || !ranking->max)
		return;
	if (ranking->count == ranking->max) {
		if (!buffer_before(&entry, &ranking->entries[ranking->count - 1]))
			return;
		ranking->count--;
	}
	for (at = ranking->count; at && buffer_before(&entry, &ranking->entries[at - 1]); at--)
		;
	memmove(&ranking->entries[at + 1], &ranking->entries[at],
		(ranking->count - at) * sizeof(entry));
	ranking->entries[at] = entry;
	ranking->count++;
}

void buffer_stuck_init(struct buffer_stuck *stuck)
{
	*stuck = (struct buffer_stuck){.now = 0};
	hash_init(&stuck->sockets, sizeof(struct stuck_socket), sizeof(uint64_t));
}

void buffer_stuck_free(struct buffer_stuck *stuck)
{
	hash_clear(&stuck->sockets);
}

void buffer_stuck_begin(struct buffer_stuck *stuck, uint64_t now)
{
	stuck->now = now;
	stuck->count = 0;
}

void buffer_stuck_add(struct buffer_stuck *stuck, const struct inet_socket *socket)
{
	struct stuck_socket *entry;

	if (!socket->has_memory ||
	    buffer_usage(socket->memory.rx_queue, socket->memory.rx_buffer) < STUCK_USAGE)
		return;
	stuck->count++;
	entry = hash_find(&stuck->sockets, &socket->cookie);
	if (!entry && stuck->sockets.count < STUCK_MAX)
		entry = hash_add(&stuck->sockets, &socket->cookie);
	if (!entry)
		return;
	/* A queue that became shorter was read. */
	if (!entry->since || socket->receive_queue < entry->queue)
		entry->since = stuck->now;
	entry->queue = socket->receive_queue;
	entry->seen = stuck->now;
}

static bool is_still_stuck(const void *item, void *now)
{
	return ((const struct stuck_socket *)item)->seen == *(const uint64_t *)now;
}

void buffer_stuck_end(struct buffer_stuck *stuck)
{
	hash_keep(&stuck->sockets, is_still_stuck, &stuck->now);
}

uint64_t buffer_stuck_since(const struct buffer_stuck *stuck, const struct inet_socket *socket)
{
	const struct stuck_socket *entry = hash_find(&stuck->sockets, &socket->cookie);

	return entry ? entry->since : stuck->now;
}

/* The socket of a local endpoint that has been stuck for longest. */
struct stuck_endpoint {
	struct endpoint_key key;
	uint64_t since; /* 0: none yet */
	size_t row;
};

int buffer_stuck_rows(const struct buffer_stuck *stuck, const struct buffer_ranking *ranking,
		      struct rows *rows)
{
	struct hash endpoints;
	int err = 0;

	hash_init(&endpoints, sizeof(struct stuck_endpoint), sizeof(struct endpoint_key));
	for (size_t i = 0; !err && i < ranking->count; i++) {
		const struct inet_socket *socket = &ranking->entries[i].socket;
		uint64_t since = buffer_stuck_since(stuck, socket);
		struct stuck_endpoint *endpoint = hash_add(&endpoints, &socket->local);

		if (!endpoint) {
			err = -ENOMEM;
		} else if (!endpoint->since || since < endpoint->since) {
			endpoint->since = since;
			endpoint->row = i;
		}
	}
	for (size_t i = 0; !err && i < endpoints.count; i++) {
		const struct stuck_endpoint *endpoint = hash_at(&endpoints, i);
		struct buffer_row *row = rows_at(rows, endpoint->row);

		row->stuck_seconds = (stuck->now - endpoint->since) / SECOND_NS;
	}
	hash_clear(&endpoints);
	return err;
}

/* --- the collector ---------------------------------------------------------------------------- */

struct buffers_state {
	struct netlink nl;
	struct owners *owners;
	struct buffer_stuck stuck;
};

/* The dump under way. */
struct buffer_dump {
	struct buffer_ranking *ranking;
	struct buffer_stuck *stuck;
	uint8_t protocol;
	bool restarted;
};

static int buffer_take(const struct inet_socket *socket, void *arg)
{
	const struct buffer_dump *dump = arg;

	buffer_ranking_add(dump->ranking, socket, dump->protocol);
	buffer_stuck_add(dump->stuck, socket);
	return 0;
}

static void buffer_restart(void *arg)
{
	struct buffer_dump *dump = arg;

	dump->restarted = true;
}

#define BUFFER_UDP_STATES (SOCKDIAG_STATE(TCP_ESTABLISHED) | SOCKDIAG_STATE(TCP_CLOSE))
#define BUFFER_TCP_STATES                                                 \
	(SOCKDIAG_STATE(TCP_ESTABLISHED) | SOCKDIAG_STATE(TCP_SYN_SENT) | \
	 SOCKDIAG_STATE(TCP_FIN_WAIT1) | SOCKDIAG_STATE(TCP_FIN_WAIT2) |  \
	 SOCKDIAG_STATE(TCP_CLOSE_WAIT) | SOCKDIAG_STATE(TCP_LAST_ACK) |  \
	 SOCKDIAG_STATE(TCP_CLOSING))

static const struct sock_diag_query buffer_dumps[] = {
	{.family = AF_UNSPEC, .protocol = IPPROTO_TCP, .states = BUFFER_TCP_STATES, .memory = true},
	{.family = AF_INET, .protocol = IPPROTO_UDP, .states = BUFFER_UDP_STATES, .memory = true},
	{.family = AF_INET6, .protocol = IPPROTO_UDP, .states = BUFFER_UDP_STATES, .memory = true},
};

static int buffer_rank(struct collect *c, struct buffer_ranking *ranking)
{
	struct buffers_state *state = c->state;

	buffer_stuck_begin(&state->stuck, c->now);
	for (size_t i = 0; i < COUNT_OF(buffer_dumps); i++) {
		struct buffer_dump dump = {
			.ranking = ranking,
			.stuck = &state->stuck,
			.protocol = buffer_dumps[i].protocol,
		};
		int err = sock_diag_dump(&state->nl, &buffer_dumps[i], buffer_take, buffer_restart,
					 &dump);

		/* What the interrupted part ranked cannot be taken back. */
		if (!err && dump.restarted)
			err = -ESTALE;
		if (err)
			return collect_fail(c, err,
					    "cannot dump the sockets' memory over sock_diag. %s",
					    sock_diag_remedy(err));
	}
	buffer_stuck_end(&state->stuck);
	return 0;
}

static void buffer_endpoint(char text[ENDPOINT_SIZE], const struct endpoint_key *key)
{
	char interface[IF_NAMESIZE] = "";

	if (key->interface)
		sock_diag_interface(key->interface, interface);
	endpoint_format(key, interface, text);
}

static int buffer_rows(struct collect *c, const struct buffer_ranking *ranking)
{
	const struct buffers_state *state = c->state;
	size_t stuck = 0;

	for (size_t i = 0; i < ranking->count; i++) {
		const struct buffer_entry *entry = &ranking->entries[i];
		struct buffer_row *row = rows_add(&c->rows[0]);

		if (!row)
			return -ENOMEM;
		row->rank = i + 1;
		row->state = entry->socket.state;
		row->rx_queue_bytes = entry->socket.memory.rx_queue;
		row->rx_buffer_bytes = entry->socket.memory.rx_buffer;
		row->tx_queue_bytes = buffer_tx_queue(entry);
		row->tx_buffer_bytes = entry->socket.memory.tx_buffer;
		row->rx_usage = buffer_rx_usage(entry);
		row->tx_usage = buffer_tx_usage(entry);
		if (entry->socket.has_drops)
			row->drops = entry->socket.drops;
		ROW_SET_TEXT(row->protocol, entry->protocol == IPPROTO_TCP ? "tcp" : "udp");
		buffer_endpoint(row->local, &entry->socket.local);
		buffer_endpoint(row->remote, &entry->socket.remote);
		owners_find(state->owners, entry->socket.inode, &row->pid, row->command);
		stuck += row->rx_usage >= STUCK_USAGE;
	}
	c->left_out = stuck < state->stuck.count;
	return buffer_stuck_rows(&state->stuck, ranking, &c->rows[0]);
}

static int buffer_show(struct collect *c)
{
	struct buffers_state *state = c->state;
	struct buffer_ranking ranking = {.max = c->settings->max_rows[MAX_ROWS_BUFFER]};
	int err;

	ranking.entries = calloc(ranking.max + 1, sizeof(*ranking.entries));
	if (!ranking.entries)
		return -ENOMEM;
	err = buffer_rank(c, &ranking);
	if (!err) {
		for (size_t i = 0; i < ranking.count; i++)
			owners_want(state->owners, ranking.entries[i].socket.inode,
				    buffer_fullness(&ranking.entries[i]) >= OWNERS_URGENT_USAGE,
				    c->now);
		owners_collect(state->owners, c, "sockets");
		err = buffer_rows(c, &ranking);
	}
	free(ranking.entries);
	return err;
}

static int buffers_collect(struct collect *c)
{
	struct buffers_state *state = c->state;
	uint64_t sockets;
	int err;

	if (!state->owners) {
		state->owners = owners_get();
		if (!state->owners)
			return -ENOMEM;
		buffer_stuck_init(&state->stuck);
	}
	collect_source(c, "sock_diag, /proc/PID/fd");
	err = socket_count(c, true, &sockets);
	if (err)
		return err;
	/* As "unsupported" the old rows go, which would become ever older. */
	if (sockets > c->settings->buffer_sockets_max)
		return collect_fail(c, -EOPNOTSUPP,
				    "%" PRIu64 " TCP and UDP sockets are more than `bufferSockets "
				    "%u` allows to look at: raise it to have this table",
				    sockets, c->settings->buffer_sockets_max);
	return buffer_show(c);
}

static void buffers_close(void *arg)
{
	struct buffers_state *state = arg;

	netlink_close(&state->nl);
	if (!state->owners)
		return;
	buffer_stuck_free(&state->stuck);
	owners_put(state->owners);
}

const struct collector fullest_buffers_collector = {
	.name = "buffer",
	.interval_ms = 30000,
	.rows = {&buffer_row_type, NULL},
	.live = "netlink",
	.state_size = sizeof(struct buffers_state),
	.collect = buffers_collect,
	.close = buffers_close,
};
