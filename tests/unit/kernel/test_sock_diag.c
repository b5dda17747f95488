/* SPDX-License-Identifier: BSD-2-Clause */
/* sockdiag: captured dumps, cut and broken messages, the text of endpoints. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/kernel/sock_diag.h"
#include "tests/unit/replies.h"
#include "tests/unit/unit.h"

#define SOCKETS_MAX 16

struct found {
	size_t count;
	struct inet_socket socket[SOCKETS_MAX];
};

static int take(const struct inet_socket *socket, void *arg)
{
	struct found *found = arg;

	ck_assert_uint_lt(found->count, SOCKETS_MAX);
	found->socket[found->count++] = *socket;
	return 0;
}

static const struct inet_socket *with_port(const struct found *found, uint16_t port)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->socket[i].local.port == port)
			return &found->socket[i];
	ck_abort_msg("no socket with port %u", port);
	return NULL;
}

static void assert_endpoint(const struct endpoint_key *key, const char *interface, const char *want)
{
	char text[ENDPOINT_SIZE];

	endpoint_format(key, interface, text);
	ck_assert_str_eq(text, want);
}

/* What `ss -tlnm` said about these: 127.0.0.1:5001 twice (SO_REUSEPORT), 0.0.0.0%nd-cap0:5004. */
START_TEST(test_listeners_ipv4)
{
	struct found found = {0};

	ck_assert_int_eq(replay_dump("tests/data/netlink/tcp4-listen.bin", take, &found), 0);
	ck_assert_uint_eq(found.count, 3);
	ck_assert_uint_eq(found.socket[0].state, TCP_LISTEN);
	ck_assert(found.socket[0].full && !found.socket[0].time_wait);
	ck_assert_uint_eq(found.socket[0].local.port, 5001);
	ck_assert_uint_eq(found.socket[1].local.port, 5001);
	ck_assert_uint_eq(found.socket[0].send_queue + found.socket[1].send_queue, 3 + 5);
	ck_assert_uint_ne(found.socket[0].cookie, found.socket[1].cookie);
	ck_assert_uint_eq(found.socket[0].memory.rx_buffer, 131072);
	ck_assert_uint_eq(found.socket[0].memory.tx_buffer, 16384);
	assert_endpoint(&found.socket[0].local, "", "127.0.0.1:5001");
	assert_endpoint(&with_port(&found, 5004)->local, "nd-cap0", "0.0.0.0%nd-cap0:5004");
	ck_assert_uint_eq(with_port(&found, 5004)->local.interface, 3);
	ck_assert_uint_ne(with_port(&found, 5004)->inode, 0);
}
END_TEST

/* [::]:5002 with 3 in a queue for 2 and 3 drops; a link-local one. */
START_TEST(test_listeners_ipv6)
{
	struct found found = {0};
	const struct inet_socket *full, *local;

	ck_assert_int_eq(replay_dump("tests/data/netlink/tcp6-listen.bin", take, &found), 0);
	ck_assert_uint_eq(found.count, 2);
	full = with_port(&found, 5002);
	assert_endpoint(&full->local, "", "[::]:5002");
	assert_endpoint(&full->remote, "", "[::]:*");
	ck_assert_uint_eq(full->receive_queue, 3);
	ck_assert_uint_eq(full->send_queue, 2);
	ck_assert(full->has_drops);
	ck_assert_uint_eq(full->drops, 3);
	local = with_port(&found, 5003);
	assert_endpoint(&local->local, "nd-cap0", "[fe80::a07c:c1ff:fe4c:7c0f%nd-cap0]:5003");
	ck_assert_uint_eq(local->send_queue, 0);
}
END_TEST

START_TEST(test_states)
{
	struct found found = {0};
	unsigned mini = 0, orphans = 0;

	ck_assert_int_eq(replay_dump("tests/data/netlink/tcp6-states.bin", take, &found), 0);
	ck_assert_uint_eq(found.count, 9);
	for (size_t i = 0; i < found.count; i++) {
		const struct inet_socket *socket = &found.socket[i];

		ck_assert(socket->full != socket->time_wait);
		mini += socket->time_wait;
		orphans += !socket->inode;
		ck_assert(!socket->has_memory && !socket->has_drops);
		if (socket->state == TCP_ESTABLISHED && socket->remote.port == 35158)
			assert_endpoint(&socket->local, "", "[::ffff:127.0.0.1]:5002");
	}
	ck_assert_uint_eq(mini, 2); /* FIN_WAIT2 and TIME_WAIT */
	ck_assert_uint_eq(orphans, 5);
}
END_TEST

/* The fullest case that ss showed: r7680,rb8192,d34. */
START_TEST(test_udp)
{
	struct found found = {0};
	const struct inet_socket *socket;

	ck_assert_int_eq(replay_dump("tests/data/netlink/udp4.bin", take, &found), 0);
	ck_assert_uint_eq(found.count, 2);
	socket = with_port(&found, 5005);
	ck_assert_uint_eq(socket->state, TCP_CLOSE);
	ck_assert_uint_eq(socket->memory.rx_queue, 7680);
	ck_assert_uint_eq(socket->memory.rx_buffer, 8192);
	ck_assert_uint_eq(socket->drops, 34);
	ck_assert_uint_eq(with_port(&found, 58094)->state, TCP_ESTABLISHED);
	assert_endpoint(&with_port(&found, 58094)->remote, "", "127.0.0.1:5005");
}
END_TEST

/* The first message of a capture, at every length: whole sockets or -EBADMSG, nothing past the end.
 */
START_TEST(test_cut)
{
	struct filebuf file = {0};
	struct inet_socket socket;
	uint32_t whole;

	replay_load(&file, "tests/data/netlink/tcp6-listen.bin");
	memcpy(&whole, file.data, sizeof(whole));
	for (uint32_t len = MNL_NLMSG_HDRLEN; len <= whole; len++) {
		struct nlmsghdr *message = malloc(len);
		int err;

		memcpy(message, file.data, len);
		message->nlmsg_len = len;
		err = sock_diag_decode(message, &socket);
		if (len % 4 || len < MNL_NLMSG_HDRLEN + sizeof(struct inet_diag_msg))
			ck_assert_int_eq(err, -EBADMSG);
		else
			ck_assert_int_eq(err, 0);
		if (len < whole - 64) /* no memory without the attribute */
			ck_assert(err || !socket.has_drops);
		free(message);
	}
	ck_assert(socket.has_drops);
	filebuf_free(&file);
}
END_TEST

START_TEST(test_broken)
{
	struct reply reply;
	struct inet_diag_msg msg = {.idiag_family = AF_INET, .idiag_state = TCP_LISTEN};
	struct inet_socket socket;

	reply_init(&reply);
	ck_assert_int_eq(sock_diag_decode(reply_socket(&reply, &msg, NULL, 0), &socket), 0);
	ck_assert(socket.full && !socket.has_memory);
	msg.idiag_family = AF_UNIX;
	ck_assert_int_eq(sock_diag_decode(reply_socket(&reply, &msg, NULL, 0), &socket), -EBADMSG);
	msg.idiag_family = AF_INET6;
	msg.idiag_state = 0;
	ck_assert_int_eq(sock_diag_decode(reply_socket(&reply, &msg, NULL, 0), &socket), -EBADMSG);
	msg.idiag_state = SOCKDIAG_NEW_SYN_RECV + 1;
	ck_assert_int_eq(sock_diag_decode(reply_socket(&reply, &msg, NULL, 0), &socket), -EBADMSG);
	msg.idiag_state = SOCKDIAG_NEW_SYN_RECV;
	ck_assert_int_eq(sock_diag_decode(reply_socket(&reply, &msg, NULL, 0), &socket), 0);
	reply_done(&reply);
}
END_TEST

/* Kernels before 4.7 leave SK_MEMINFO_DROPS out: absent, not 0. A shorter one says nothing. */
START_TEST(test_old_memory)
{
	static const uint32_t memory[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct inet_diag_msg msg = {.idiag_family = AF_INET, .idiag_state = TCP_CLOSE};
	struct inet_socket socket;
	struct reply reply;

	reply_init(&reply);
	ck_assert_int_eq(sock_diag_decode(reply_socket(&reply, &msg, memory, 9), &socket), 0);
	ck_assert(socket.has_memory && socket.has_drops);
	ck_assert_uint_eq(socket.drops, 9);
	ck_assert_uint_eq(socket.memory.tx_alloc, 3);
	ck_assert_uint_eq(socket.memory.tx_queue, 6);
	ck_assert_int_eq(sock_diag_decode(reply_socket(&reply, &msg, memory, 8), &socket), 0);
	ck_assert(socket.has_memory && !socket.has_drops);
	ck_assert_int_eq(sock_diag_decode(reply_socket(&reply, &msg, memory, 7), &socket), 0);
	ck_assert(!socket.has_memory && !socket.has_drops);
	reply_done(&reply);
}
END_TEST

/* A tcp_info ends early on older kernels: what it lacks is absent, not 0. */
START_TEST(test_tcp_info)
{
	struct inet_diag_msg msg = {.idiag_family = AF_INET, .idiag_state = TCP_ESTABLISHED};
	uint32_t info[64];
	struct inet_socket socket;
	struct reply reply;

	for (uint32_t i = 0; i < COUNT_OF(info); i++)
		info[i] = i;
	reply_init(&reply);
	for (size_t count = 0; count <= COUNT_OF(info); count++) {
		struct nlmsghdr *message = (struct nlmsghdr *)reply_socket(&reply, &msg, NULL, 0);

		mnl_attr_put(message, INET_DIAG_INFO, count * sizeof(info[0]), info);
		ck_assert_int_eq(sock_diag_decode(message, &socket), 0);
		/* The offsets of include/uapi/linux/tcp.h, in words. */
		ck_assert(socket.has_path == (count > 25));
		ck_assert(socket.path.has_data_segments == (count > 39));
		if (count > 25) {
			ck_assert_uint_eq(socket.path.rtt, 17);
			ck_assert_uint_eq(socket.path.rtt_var, 18);
			ck_assert_uint_eq(socket.path.retransmits, 25);
		}
		ck_assert_uint_eq(socket.path.data_segments, count > 39 ? 39 : 0);
	}
	reply_done(&reply);
}
END_TEST

START_TEST(test_text)
{
	struct endpoint_key key = {.family = AF_INET, .port = 22};

	assert_endpoint(&key, "", "0.0.0.0:22");
	key = (struct endpoint_key){.family = AF_INET6, .port = 65535};
	memset(key.address, 0xfe, sizeof(key.address));
	assert_endpoint(&key, "fifteen-letters",
			"[fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe%fifteen-letters]:65535");
	assert_endpoint(&key, "a\n\x80 \x7f",
			"[fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe%a?? ?]:65535");
	inet_pton(AF_INET6, "::ffff:1.2.3.4", key.address);
	key.port = 80;
	assert_endpoint(&key, "", "[::ffff:1.2.3.4]:80");
}
END_TEST

START_TEST(test_interface_name)
{
	char name[16];

	sock_diag_interface(1, name);
	ck_assert_str_eq(name, "lo");
	sock_diag_interface(4294967295u, name);
	ck_assert_str_eq(name, "4294967295");
}
END_TEST

struct wanted {
	uint16_t port;
	struct inet_socket socket;
};

static int take_wanted(const struct inet_socket *socket, void *arg)
{
	struct wanted *wanted = arg;

	if (socket->local.port == wanted->port)
		wanted->socket = *socket;
	return 0;
}

/* The running kernel's own answer: a socket of this process is found. */
START_TEST(test_live)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	struct sock_diag_query query = {
		.family = AF_INET,
		.protocol = IPPROTO_TCP,
		.states = SOCKDIAG_STATE(TCP_LISTEN),
		.memory = true,
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct netlink nl = {0};
	struct wanted wanted = {0};
	int err;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 7), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	wanted.port = ntohs(address.sin_port);
	err = sock_diag_dump(&nl, &query, take_wanted, NULL, &wanted);
	if (err != -ENOENT && err != -EPROTONOSUPPORT) { /* a kernel without it */
		ck_assert_int_eq(err, 0);
		ck_assert_uint_eq(wanted.socket.send_queue, 7);
		ck_assert(wanted.socket.has_drops && wanted.socket.inode);
	}
	query.family = AF_UNSPEC;
	wanted.socket = (struct inet_socket){.state = 0};
	if (!err) {
		ck_assert_int_eq(sock_diag_dump(&nl, &query, take_wanted, NULL, &wanted), 0);
		ck_assert_uint_eq(wanted.socket.send_queue, 7);
		ck_assert_uint_eq(wanted.socket.uid, getuid());
		ck_assert(wanted.socket.has_drops && wanted.socket.inode);
		query.protocol = IPPROTO_UDP;
		ck_assert_int_eq(sock_diag_dump(&nl, &query, take_wanted, NULL, &wanted), -EINVAL);
	}
	netlink_close(&nl);
	netlink_close(&nl);
	close(fd);
}
END_TEST

/* In one dump of both families listeners come first: who counts ports relies on it. */
struct order {
	size_t families[2];
	bool connected;
};

static int take_order(const struct inet_socket *socket, void *arg)
{
	struct order *order = arg;

	order->families[socket->local.family == AF_INET6]++;
	if (socket->state != TCP_LISTEN)
		order->connected = true;
	else
		ck_assert(!order->connected);
	return 0;
}

START_TEST(test_both_families)
{
	const struct sock_diag_query query = {
		.family = AF_UNSPEC,
		.protocol = IPPROTO_TCP,
		.states = SOCKDIAG_STATE(TCP_LISTEN) | SOCKDIAG_STATE(TCP_ESTABLISHED),
	};
	struct sockaddr_in ipv4 = {.sin_family = AF_INET};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof(ipv4);
	int fds[] = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		     socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		     socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	struct netlink nl = {0};
	struct order order = {{0, 0}, false};
	int err;

	ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fds[0], (struct sockaddr *)&ipv4, sizeof(ipv4)), 0);
	ck_assert_int_eq(listen(fds[0], 5), 0);
	ck_assert_int_eq(getsockname(fds[0], (struct sockaddr *)&ipv4, &len), 0);
	ck_assert_int_eq(connect(fds[1], (struct sockaddr *)&ipv4, sizeof(ipv4)), 0);
	if (fds[2] >= 0 && !bind(fds[2], (struct sockaddr *)&ipv6, sizeof(ipv6)))
		ck_assert_int_eq(listen(fds[2], 5), 0);
	err = sock_diag_dump(&nl, &query, take_order, NULL, &order);
	if (err != -ENOENT && err != -EOPNOTSUPP) {
		ck_assert_int_eq(err, 0);
		ck_assert_uint_ge(order.families[0], 3);
		ck_assert(order.connected);
		ck_assert(fds[2] < 0 || order.families[1]);
	}
	netlink_close(&nl);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		close(fds[i]);
}
END_TEST

UNIT_MAIN("sockdiag", test_listeners_ipv4, test_listeners_ipv6, test_states, test_udp, test_cut,
	  test_broken, test_old_memory, test_tcp_info, test_text, test_interface_name, test_live,
	  test_both_families)
