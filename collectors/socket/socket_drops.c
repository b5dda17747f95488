/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagSocketDropTable: which raw, ping or netlink sockets drop what is sent to them, from the
 * tables of such sockets in /proc/net. endpoints.c keeps the sums when the sockets are gone.
 */
#include <config.h>

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/base/array.h"
#include "collectors/socket/endpoint_collector.h"
#include "collectors/socket/socket_drops.h"

const struct row_type socket_drop_row_type = {
	ROW_TYPE_TEXT("socket_drop", struct socket_drop_row, endpoint),
	.key = {ROW_TEXT(struct socket_drop_row, endpoint)},
};

/* kind of struct endpoint_key. */
enum {
	KIND_RAW,
	KIND_PING,
	KIND_NETLINK,
};

static const struct {
	const char *path;
	uint8_t family;
	uint8_t kind;
	bool optional; /* a kernel built without the protocol does not have it */
} socket_drop_files[SOCKET_DROP_FILES] = {
	[SOCKET_DROP_RAW] = {"net/raw", AF_INET, KIND_RAW, false},
	[SOCKET_DROP_RAW6] = {"net/raw6", AF_INET6, KIND_RAW, true},
	[SOCKET_DROP_PING] = {"net/icmp", AF_INET, KIND_PING, true},
	[SOCKET_DROP_PING6] = {"net/icmp6", AF_INET6, KIND_PING, true},
	[SOCKET_DROP_NETLINK] = {"net/netlink", AF_NETLINK, KIND_NETLINK, false},
};

/* The words of a line: raw_sock_seq_show(), ip6_dgram_sock_seq_show() and ping_v4_format_sock()
 * agree; netlink_native_seq_show(). */
enum {
	INET_LOCAL = 1,
	INET_QUEUES = 4,
	INET_UID = 7,
	INET_INODE = 9,
	INET_DROPS = 12,
	INET_WORDS,
};
enum {
	NETLINK_WORD_PROTOCOL = 1,
	NETLINK_WORD_PORTID = 2,
	NETLINK_WORD_RMEM = 4,
	NETLINK_WORD_DROPS = 8,
	NETLINK_WORD_INODE = 9,
	NETLINK_WORDS,
};
#define WORDS_MAX INET_WORDS

static const char *const netlink_protocols[] = {
	[NETLINK_ROUTE] = "route",
	[NETLINK_USERSOCK] = "usersock",
	[NETLINK_SOCK_DIAG] = "sock_diag",
	[NETLINK_NFLOG] = "nflog",
	[NETLINK_XFRM] = "xfrm",
	[NETLINK_SELINUX] = "selinux",
	[NETLINK_ISCSI] = "iscsi",
	[NETLINK_AUDIT] = "audit",
	[NETLINK_FIB_LOOKUP] = "fib_lookup",
	[NETLINK_CONNECTOR] = "connector",
	[NETLINK_NETFILTER] = "netfilter",
	[NETLINK_KOBJECT_UEVENT] = "kobject_uevent",
	[NETLINK_GENERIC] = "generic",
	[NETLINK_SCSITRANSPORT] = "scsitransport",
	[NETLINK_RDMA] = "rdma",
	[NETLINK_CRYPTO] = "crypto",
};

/* Splits a line into at most WORDS_MAX words. False if it has fewer than wanted. */
static bool socket_drop_split_line(struct span line, struct span words[WORDS_MAX], size_t wanted)
{
	size_t count = 0;

	while (count < WORDS_MAX && span_word(&line, &words[count]))
		count++;
	return count >= wanted;
}

/* Cuts "LEFT:RIGHT" in two. */
static bool socket_drop_split_pair(struct span word, struct span *left, struct span *right)
{
	const char *colon = word.len ? memchr(word.start, ':', word.len) : NULL;

	if (!colon)
		return false;
	*left = (struct span){word.start, (size_t)(colon - word.start)};
	*right = (struct span){colon + 1, word.len - left->len - 1};
	return true;
}

static bool socket_drop_number(struct span word, bool hex, uint64_t max, uint64_t *value)
{
	return !(hex ? span_hex : span_u64)(word, value) && *value <= max;
}

/* sk_drops, which older kernels print as a signed number. */
static bool socket_drop_drops(struct span word, uint32_t *drops)
{
	int64_t value;

	if (span_i64(word, &value) || value < INT32_MIN || value > UINT32_MAX)
		return false;
	*drops = (uint32_t)value;
	return true;
}

static bool socket_drop_inode(struct span word, uint32_t *inode)
{
	uint64_t value;

	if (!socket_drop_number(word, false, UINT32_MAX, &value))
		return false;
	*inode = (uint32_t)value;
	return true;
}

/* Parses an address and a port as the kernel prints them: in hex, 32-bit words in host byte order.
 */
static bool socket_drop_local(struct span word, struct endpoint_key *key)
{
	size_t count = key->family == AF_INET6 ? 4 : 1;
	struct span address, port;
	uint64_t value;

	if (!socket_drop_split_pair(word, &address, &port) || address.len != count * 8 ||
	    !socket_drop_number(port, true, UINT16_MAX, &value))
		return false;
	key->port = (uint16_t)value;
	for (size_t i = 0; i < count; i++) {
		uint32_t part;

		if (span_hex((struct span){address.start + i * 8, 8}, &value))
			return false;
		part = (uint32_t)value;
		memcpy(key->address + i * sizeof(part), &part, sizeof(part));
	}
	return true;
}

static bool socket_drop_inet(struct span line, struct inet_socket *socket)
{
	struct span words[WORDS_MAX], tx, rx;
	uint64_t queue, uid;

	if (!socket_drop_split_line(line, words, INET_WORDS) ||
	    !socket_drop_local(words[INET_LOCAL], &socket->local) ||
	    !socket_drop_split_pair(words[INET_QUEUES], &tx, &rx) ||
	    !socket_drop_number(rx, true, UINT32_MAX, &queue) ||
	    !socket_drop_number(words[INET_UID], false, UINT32_MAX, &uid) ||
	    !socket_drop_inode(words[INET_INODE], &socket->inode) ||
	    !socket_drop_drops(words[INET_DROPS], &socket->drops))
		return false;
	socket->receive_queue = (uint32_t)queue;
	socket->uid = (uint32_t)uid;
	return true;
}

static bool socket_drop_netlink(struct span line, struct inet_socket *socket)
{
	struct span words[WORDS_MAX];
	uint64_t protocol, portid, queue;
	uint32_t address;

	if (!socket_drop_split_line(line, words, NETLINK_WORDS) ||
	    !socket_drop_number(words[NETLINK_WORD_PROTOCOL], false, UINT16_MAX, &protocol) ||
	    !socket_drop_number(words[NETLINK_WORD_PORTID], false, UINT32_MAX, &portid) ||
	    !socket_drop_number(words[NETLINK_WORD_RMEM], false, UINT32_MAX, &queue) ||
	    !socket_drop_inode(words[NETLINK_WORD_INODE], &socket->inode) ||
	    !socket_drop_drops(words[NETLINK_WORD_DROPS], &socket->drops))
		return false;
	address = (uint32_t)portid;
	memcpy(socket->local.address, &address, sizeof(address));
	socket->local.port = (uint16_t)protocol;
	socket->receive_queue = (uint32_t)queue;
	return true;
}

uint32_t socket_drop_portid(const struct endpoint_key *key)
{
	uint32_t portid;

	memcpy(&portid, key->address, sizeof(portid));
	return portid;
}

/* Identifies a socket as long as it lives, even if it binds to another address. */
static uint64_t socket_drop_cookie(const struct inet_socket *socket)
{
	return (uint64_t)socket->local.kind << 40 | (uint64_t)socket->local.family << 32 |
	       socket->inode;
}

static bool socket_drop_is_header(enum socket_drop_file file, struct span line)
{
	struct span word;

	return span_word(&line, &word) &&
	       span_equal(word, file == SOCKET_DROP_NETLINK ? "sk" : "sl");
}

int socket_drop_parse(enum socket_drop_file file, struct span text, sock_diag_socket_fn *each,
		      void *arg)
{
	bool netlink = file == SOCKET_DROP_NETLINK;
	struct span line;

	if (span_drop_tail(&text) || !span_line(&text, &line) || !socket_drop_is_header(file, line))
		return -EBADMSG;
	while (span_line(&text, &line)) {
		struct inet_socket socket = {
			.local.family = socket_drop_files[file].family,
			.local.kind = socket_drop_files[file].kind,
			.has_drops = true,
		};
		int err;

		if (!(netlink ? socket_drop_netlink : socket_drop_inet)(line, &socket))
			return -EBADMSG;
		if (netlink && !socket_drop_portid(&socket.local))
			continue;
		socket.cookie = socket_drop_cookie(&socket);
		err = each(&socket, arg);
		if (err)
			return err;
	}
	return 0;
}

void socket_drop_format(const struct endpoint_key *key, const char *interface, char *text)
{
	char address[ADDRESS_SIZE];
	const char *name = NULL;

	if (key->kind != KIND_NETLINK) {
		address_format(key, interface, address);
		snprintf(text, ENDPOINT_SIZE, "%s%s %.46s %s %u",
			 key->kind == KIND_RAW ? "raw" : "ping", key->family == AF_INET6 ? "6" : "",
			 address, key->kind == KIND_RAW ? "proto" : "id", key->port);
		return;
	}
	if (key->port < COUNT_OF(netlink_protocols))
		name = netlink_protocols[key->port];
	if (name)
		snprintf(text, ENDPOINT_SIZE, "netlink %s portid %u", name,
			 socket_drop_portid(key));
	else
		snprintf(text, ENDPOINT_SIZE, "netlink %u portid %u", key->port,
			 socket_drop_portid(key));
}

static void socket_drop_fill(const struct collect *c, const struct endpoint *endpoint,
			     const char *interface, uint64_t pid, void *socket_drop_row)
{
	struct socket_drop_row *row = socket_drop_row;

	(void)c;
	(void)interface;
	row->sockets = endpoint->sockets;
	row->drops = endpoint->drops;
	row->pid = pid;
	if (endpoint->key.kind != KIND_NETLINK)
		row->uid = endpoint->uid;
	row->discontinuity = endpoint->since;
	ROW_SET_TEXT(row->command, endpoint->command);
	if (!endpoint->sockets)
		return;
	row->rx_queue_bytes = endpoint->queue;
	row->inode = endpoint->inode;
}

/* No check watches these rows. */
static struct endpoint_pins no_pins = ENDPOINT_PINS_NONE;

static const struct endpoint_source socket_drop_source = {
	.sockets = "raw and netlink sockets",
	.directive = "socketDrop",
	.max_rows = MAX_ROWS_SOCKET_DROP,
	.pins = &no_pins,
	.fill = socket_drop_fill,
	.name = offsetof(struct socket_drop_row, endpoint),
	.format = socket_drop_format,
};

static int socket_drop_take(const struct inet_socket *socket, void *arg)
{
	const struct collect *c = arg;
	struct endpoint_state *state = c->state;

	/* The files do not have the size of the receive buffer. */
	return endpoints_add(&state->endpoints, socket, socket->receive_queue, UINT32_MAX, c->now);
}

static int socket_drop_read(struct collect *c, enum socket_drop_file file)
{
	const struct roots *roots = &c->settings->roots;
	const char *proc = roots->path[ROOT_PROC], *path = socket_drop_files[file].path;
	int err = procfs_read(roots, ROOT_PROC, c->buf, "%s", path);

	if (err == -ENOENT && socket_drop_files[file].optional)
		return 0;
	if (err)
		return collect_fail(c, err,
				    "cannot read %s/%s. Check that procfs is mounted on %s and "
				    "that netdiagd's user may read it",
				    proc, path, proc);
	err = socket_drop_parse(file, filebuf_span(c->buf), socket_drop_take, c);
	if (err)
		return collect_fail(c, err,
				    "%s/%s has an unknown format or is truncated. Compare it with "
				    "another host's and report it",
				    proc, path);
	return 0;
}

static int socket_drop_collect(struct collect *c)
{
	struct endpoint_state *state = c->state;
	const char *proc = c->settings->roots.path[ROOT_PROC];
	int err = endpoint_collector_open(c, &socket_drop_source);

	if (err)
		return err;
	collect_source(c, "%s/net/{raw,raw6,icmp,icmp6,netlink}", proc);
	endpoints_begin(&state->endpoints, AF_UNSPEC);
	for (unsigned file = 0; !err && file < SOCKET_DROP_FILES; file++)
		err = socket_drop_read(c, file);
	if (err)
		return err;
	endpoint_collector_end(c, &socket_drop_source);
	return endpoint_collector_show(c, &socket_drop_source);
}

const struct collector socket_drop_collector = {
	.name = "socketDrop",
	.interval_ms = 5000,
	.rows = {&socket_drop_row_type, NULL},
	.state_size = sizeof(struct endpoint_state),
	.collect = socket_drop_collect,
	.close = endpoint_collector_close,
};
