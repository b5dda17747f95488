/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket to the AgentX master as a transport of libnetsnmp: a unix or TCP stream that is never
 * waited for longer than the limits in transport.h.
 */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "subagent/agentx/address.h"
#include "subagent/agentx/transport.h"

/* A TCP master that is gone without a word is noticed after about this long. */
#define KEEPALIVE_IDLE_S     5
#define KEEPALIVE_INTERVAL_S 2
#define KEEPALIVE_COUNT	     3
#define USER_TIMEOUT_MS	     10000

static int last_error;
static int open_fd = -1;

int transport_error(void)
{
	return last_error;
}

int transport_fd(void)
{
	return open_fd;
}

void transport_break(void)
{
	if (open_fd >= 0)
		shutdown(open_fd, SHUT_RDWR);
}

/* Waits until the socket is ready. 0, -ETIMEDOUT, or -errno. */
static int transport_wait(int fd, short events, uint64_t deadline)
{
	struct pollfd pollfd = {.fd = fd, .events = events};
	uint64_t now;
	int ready;

	do {
		now = clock_monotonic();
		if (now >= deadline)
			return -ETIMEDOUT;
		ready = poll(&pollfd, 1, (int)((deadline - now) / MILLISECOND_NS) + 1);
	} while (!ready || (ready < 0 && errno == EINTR));
	return ready < 0 ? -errno : 0;
}

static void transport_set_tcp_options(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
		{IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S},
		{IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS},
	};

	for (size_t i = 0; i < COUNT_OF(options); i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			   sizeof(options[i].value));
}

/* Opens a non-blocking, connected socket. A descriptor or -errno. */
static int transport_connect(const struct address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(int);
	int err;

	if (fd < 0)
		return -errno;
	if (address->any.sa_family != AF_UNIX)
		transport_set_tcp_options(fd);
	err = connect(fd, &address->any, address->len) ? -errno : 0;
	if (err == -EINPROGRESS) {
		err = transport_wait(fd, POLLOUT,
				     clock_monotonic() + TRANSPORT_CONNECT_MS * MILLISECOND_NS);
		if (!err && !getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &size))
			err = -err;
	}
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* The library takes 0 or less for the end of the connection, but for the flag that says that there
 * is nothing to read now. */
static int transport_recv(netsnmp_transport *t, void *buf, int size, void **opaque, int *olength)
{
	ssize_t len;

	*opaque = NULL;
	*olength = 0;
	if (t->sock < 0)
		return -1;
	do {
		len = recv(t->sock, buf, (size_t)size, 0);
	} while (len < 0 && errno == EINTR);
	if (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		t->flags |= NETSNMP_TRANSPORT_FLAG_EMPTY_PKT;
		return 0;
	}
	return (int)len;
}

/* A message that went out by half breaks the stream, and a master that does not read would cost the
 * same wait for each of the answers that follow: then the connection is ended. */
static int transport_send(netsnmp_transport *t, const void *buf, int size, void **opaque,
			  int *olength)
{
	uint64_t deadline = clock_monotonic() + TRANSPORT_SEND_MS * MILLISECOND_NS;
	const char *at = buf;
	size_t left = (size_t)size;
	int err = 0;

	(void)opaque;
	(void)olength;
	if (t->sock < 0)
		return -1;
	while (left && !err) {
		ssize_t sent = send(t->sock, at, left, MSG_NOSIGNAL);

		if (sent >= 0) {
			at += sent;
			left -= (size_t)sent;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			err = transport_wait(t->sock, POLLOUT, deadline);
		} else if (errno != EINTR) {
			err = -errno;
		}
	}
	if (!err)
		return size;
	shutdown(t->sock, SHUT_RDWR);
	errno = -err;
	return -1;
}

static int transport_close(netsnmp_transport *t)
{
	int result = -1;

	if (t->sock >= 0) {
		result = close(t->sock);
		if (t->sock == open_fd)
			open_fd = -1;
		t->sock = -1;
	}
	return result;
}

/* For the library's messages. */
static char *transport_name(netsnmp_transport *t, const void *data, int len)
{
	(void)t;
	(void)data;
	(void)len;
	return strdup("the AgentX master");
}

/* 0.0, "unknown": nobody looks it up. */
static const oid domain_name[] = {0, 0};

static netsnmp_transport *transport_create(netsnmp_tdomain_spec *spec)
{
	netsnmp_transport *t;
	struct address address;
	int fd = -EINVAL;

	if (spec->target && !address_parse(&address, spec->target))
		fd = transport_connect(&address);
	last_error = fd < 0 ? -fd : 0;
	if (fd < 0)
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t) {
		last_error = ENOMEM;
		close(fd);
		return NULL;
	}
	t->domain = domain_name;
	t->domain_length = COUNT_OF(domain_name);
	t->flags = NETSNMP_TRANSPORT_FLAG_STREAM;
	t->sock = fd;
	t->msgMaxSize = SNMP_MAX_PACKET_LEN;
	t->f_recv = transport_recv;
	t->f_send = transport_send;
	t->f_close = transport_close;
	t->f_fmtaddr = transport_name;
	open_fd = fd;
	return t;
}

int transport_register(void)
{
	static netsnmp_tdomain domain;

	memset(&domain, 0, sizeof(domain));
	domain.name = domain_name;
	domain.name_length = COUNT_OF(domain_name);
	domain.f_create_from_tspec = transport_create;
	/* The library frees it. */
	domain.prefix = calloc(2, sizeof(domain.prefix[0]));
	if (!domain.prefix)
		return -ENOMEM;
	domain.prefix[0] = TRANSPORT_DOMAIN;
	netsnmp_tdomain_register(&domain);
	return 0;
}
