/* SPDX-License-Identifier: BSD-2-Clause */
/* The exchange with the kernel over netlink: requests, dumps that are repeated when they were
 * interrupted, and multicast events. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/kernel/netlink.h"

/* How often an interrupted dump is tried. */
#define DUMP_TRIES 5

int netlink_open(struct netlink *nl, int family)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};
	int err;

	if (netlink_is_open(nl))
		return 0;
	nl->buf = malloc(NETLINK_BUFFER_SIZE);
	if (!nl->buf)
		return -ENOMEM;
	nl->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, family);
	if (nl->fd >= 0 && !bind(nl->fd, (struct sockaddr *)&self, sizeof(self)))
		return 0;
	err = -errno;
	netlink_close(nl);
	return err;
}

void netlink_close(struct netlink *nl)
{
	if (netlink_is_open(nl) && nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
	free(nl->buf);
	nl->buf = NULL;
}

/* The errno in an NLMSG_ERROR or NLMSG_DONE, 0 when there is none. Always <= 0. */
static int netlink_message_errno(const struct nlmsghdr *message)
{
	int err = 0;

	if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(err)))
		memcpy(&err, NLMSG_DATA(message), sizeof(err));
	else if (message->nlmsg_type == NLMSG_ERROR)
		return -EBADMSG;
	return err < -4095 || err > 0 ? -EBADMSG : err;
}

static void netlink_take(const struct nlmsghdr *message, const struct netlink_dump *dump,
			 struct netlink_progress *progress)
{
	int err;

	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		progress->interrupted = true;
	switch (message->nlmsg_type) {
	case NLMSG_NOOP:
		break;
	case NLMSG_OVERRUN:
		progress->err = -ENOBUFS;
		progress->done = true;
		break;
	case NLMSG_ERROR:
	case NLMSG_DONE:
		err = netlink_message_errno(message);
		if (err && !progress->err)
			progress->err = err;
		progress->done = true;
		break;
	default:
		if (!progress->err)
			progress->err = dump->message(message, dump->arg);
		break;
	}
}

/* Takes the next message off the front of a received buffer. NULL when there is no whole one. */
static const struct nlmsghdr *netlink_next(const unsigned char **at, size_t *len)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)*at;
	size_t step;

	if (*len < sizeof(*message) || message->nlmsg_len < sizeof(*message) ||
	    message->nlmsg_len > *len)
		return NULL;
	step = NLMSG_ALIGN((size_t)message->nlmsg_len);
	if (step > *len)
		step = *len;
	*at += step;
	*len -= step;
	return message;
}

int netlink_parse(const void *buf, size_t len, const struct netlink_dump *dump,
		  struct netlink_progress *progress)
{
	const struct nlmsghdr *message;
	const unsigned char *at = buf;

	while (!progress->done && (message = netlink_next(&at, &len)))
		if (message->nlmsg_seq == progress->seq)
			netlink_take(message, dump, progress);
	return len && !progress->done ? -EBADMSG : 0;
}

/* Waits until the socket is readable. 0, -ETIMEDOUT or -errno. */
static int netlink_wait(int fd, uint64_t deadline)
{
	for (;;) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_monotonic();
		int got;

		if (now >= deadline)
			return -ETIMEDOUT;
		got = poll(&ready, 1, (int)((deadline - now) / MILLISECOND_NS) + 1);
		if (got > 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
	}
}

/* Receives one datagram from the kernel. Its length or -errno. */
static ssize_t netlink_receive(const struct netlink *nl)
{
	struct sockaddr_nl from = {0};
	struct iovec part = {nl->buf, NETLINK_BUFFER_SIZE};
	struct msghdr message = {
		.msg_name = &from,
		.msg_namelen = sizeof(from),
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	ssize_t got = recvmsg(nl->fd, &message, MSG_DONTWAIT);

	if (got < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (message.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	if (from.nl_family != AF_NETLINK || from.nl_pid)
		return -EAGAIN; /* not from the kernel */
	return got;
}

/* One exchange. 0, or -errno when the socket can no longer be used; the kernel's answer is in
 * progress. */
static int netlink_exchange(struct netlink *nl, struct nlmsghdr *request,
			    const struct netlink_dump *dump, uint64_t deadline,
			    struct netlink_progress *progress)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	request->nlmsg_seq = ++nl->seq;
	*progress = (struct netlink_progress){.seq = nl->seq};
	if (sendto(nl->fd, request, request->nlmsg_len, MSG_NOSIGNAL, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
		return -errno;
	while (!progress->done) {
		int err = netlink_wait(nl->fd, deadline);
		ssize_t got;

		if (err)
			return err;
		got = netlink_receive(nl);
		if (got == -EAGAIN)
			continue;
		if (got < 0)
			return (int)got;
		err = netlink_parse(nl->buf, (size_t)got, dump, progress);
		if (err)
			return err;
	}
	return 0;
}

int netlink_dump(struct netlink *nl, struct nlmsghdr *request, const struct netlink_dump *dump)
{
	unsigned timeout_ms = dump->timeout_ms ? dump->timeout_ms : NETLINK_TIMEOUT_MS;
	uint64_t deadline = clock_monotonic() + timeout_ms * MILLISECOND_NS;
	struct netlink_progress progress;

	request->nlmsg_flags |= NLM_F_REQUEST;
	if ((request->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		request->nlmsg_flags |= NLM_F_ACK;
	request->nlmsg_pid = 0;
	for (int try = 0; try < DUMP_TRIES; try++) {
		int err;

		if (try && dump->restart)
			dump->restart(dump->arg);
		err = netlink_exchange(nl, request, dump, deadline, &progress);
		if (err) {
			netlink_close(nl);
			return err;
		}
		if (!progress.interrupted || progress.err)
			return progress.err;
	}
	return -ESTALE;
}

/* Enough for the announcements of some hundred interfaces that go away at once. */
#define SUBSCRIBE_RECEIVE_BUFFER (1 << 20)

int netlink_subscribe(struct netlink *nl, unsigned group, uint16_t type)
{
	const int size = SUBSCRIBE_RECEIVE_BUFFER;
	/* A filter loads in network byte order what netlink writes in the host's. */
	struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(type), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog filter = {
		.len = COUNT_OF(program),
		.filter = program,
	};

	/* Past net.core.rmem_max only with CAP_NET_ADMIN; less is not an error. */
	if (setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(nl->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(nl->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ||
	    setsockopt(nl->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return -errno;
	return 0;
}

/* Hands over the messages in one datagram of announcements. */
static int netlink_announce(const struct netlink *nl, size_t len, netlink_message_fn *message,
			    void *arg)
{
	const unsigned char *at = nl->buf;
	const struct nlmsghdr *each;
	int err = 0;

	while (!err && (each = netlink_next(&at, &len)))
		err = message(each, arg);
	return !err && len ? -EBADMSG : err;
}

int netlink_drain(struct netlink *nl, netlink_message_fn *message, void *arg)
{
	int result = 0;

	for (;;) {
		ssize_t got = netlink_receive(nl);
		int err = 0;

		if (got == -EAGAIN)
			return result;
		if (got < 0 && got != -ENOBUFS)
			return (int)got;
		if (got < 0)
			err = -ENOBUFS; /* reported once; what is queued can still be read */
		else
			err = netlink_announce(nl, (size_t)got, message, arg);
		if (!result)
			result = err;
	}
}
