/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place that talks netlink. Requests are built with libmnl (sock_diag, ctnetlink,
 * genetlink) or libnl-3 (links, qdiscs); the exchange itself is here, so that every dump gets the
 * same care: DONE's errno is checked, an interrupted dump is tried again, an overrun (ENOBUFS) is
 * an error, nothing waits past its deadline.
 */
#ifndef NETDIAG_KERNEL_NETLINK_H
#define NETDIAG_KERNEL_NETLINK_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A netlink socket of this process's own network namespace. Zeroed memory is closed. */
struct netlink {
	int fd;
	uint32_t seq; /* of the last request */
	void *buf;    /* owned, NETLINK_BUFFER_SIZE bytes; NULL: closed */
};

#define NETLINK_BUFFER_SIZE 32768

static inline bool netlink_is_open(const struct netlink *nl)
{
	return nl->buf;
}

/* Opens a socket of a netlink family (NETLINK_ROUTE, NETLINK_SOCK_DIAG, …), close-on-exec, unless
 * it is open already. 0 or -errno. */
int netlink_open(struct netlink *nl, int family);
void netlink_close(struct netlink *nl);

/* Called for each message of a reply but DONE and ERROR. The message is whole and its length
 * checked, its content is not. Returns 0 to go on or -errno to give up (the rest is drained). */
typedef int netlink_message_fn(const struct nlmsghdr *message, void *arg);

/* Called before an interrupted dump is tried again: throw away what came so far. May be NULL. */
typedef void netlink_restart_fn(void *arg);

struct netlink_dump {
	netlink_message_fn *message;
	netlink_restart_fn *restart;
	void *arg;
	unsigned timeout_ms; /* for the whole exchange, retries included; 0: NETLINK_TIMEOUT_MS */
};

#define NETLINK_TIMEOUT_MS 5000

/*
 * Sends a request and hands over all that is answered. nlmsg_seq, nlmsg_pid and NLM_F_REQUEST are
 * filled in, and NLM_F_ACK where it is no dump.
 * 0; -errno as the kernel answers it (-EPERM, -EOPNOTSUPP, -ENOENT …); -ESTALE when the dump was
 * interrupted each time (what came last was handed over); -ETIMEDOUT; -ENOBUFS.
 * When the exchange itself failed (-ETIMEDOUT, -ENOBUFS, -EMSGSIZE, -EBADMSG …) the socket is
 * closed: open it again.
 */
int netlink_dump(struct netlink *nl, struct nlmsghdr *request, const struct netlink_dump *dump);

/*
 * Subscribes a socket to a multicast group (RTNLGRP_…). Of what is announced there the kernel keeps
 * one message type only, so that the others do not fill the socket. Nothing else may be done with
 * the socket but netlink_drain(). 0 or -errno.
 */
int netlink_subscribe(struct netlink *nl, unsigned group, uint16_t type);

/* Hands over what was announced since the last call; never waits. 0; -ENOBUFS when announcements
 * were lost (the others were handed over); what the callback returned; or -errno. The socket stays
 * open in any case. */
int netlink_drain(struct netlink *nl, netlink_message_fn *message, void *arg);

/* The progress of an exchange. */
struct netlink_progress {
	uint32_t seq;
	bool done;	  /* DONE, an ACK or an error came */
	bool interrupted; /* NLM_F_DUMP_INTR was seen */
	int err;	  /* 0, or what the kernel or the callback said: -errno */
};

/* The pure part: walks the messages in a received buffer. Messages with another seq are passed
 * over. 0, or -EBADMSG when the buffer is no sequence of whole netlink messages. */
int netlink_parse(const void *buf, size_t len, const struct netlink_dump *dump,
		  struct netlink_progress *progress);

#endif
