/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/base/clock.h"
#include "collectors/collector.h"
#include "collectors/kernel/netlink.h"
#include "tests/unit/unit.h"

#define SEQ 7

/* Replies are made in here. */
static union {
	struct nlmsghdr header;
	unsigned char bytes[4096];
} reply;
static size_t reply_len;

static void add_message(unsigned type, unsigned flags, uint32_t seq, const void *data, size_t len)
{
	struct nlmsghdr *message = (struct nlmsghdr *)(reply.bytes + reply_len);

	ck_assert_uint_le(reply_len + NLMSG_SPACE(len), sizeof(reply));
	memset(message, 0, NLMSG_SPACE(len));
	message->nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	message->nlmsg_type = (uint16_t)type;
	message->nlmsg_flags = (uint16_t)flags;
	message->nlmsg_seq = seq;
	if (len)
		memcpy(NLMSG_DATA(message), data, len);
	reply_len += NLMSG_SPACE(len);
}

struct taken {
	unsigned count;
	unsigned restarts;
	int fail_at; /* the message at which to give up with -EIO; 0: none */
	size_t bytes;
};

static int take(const struct nlmsghdr *message, void *arg)
{
	struct taken *taken = arg;

	taken->count++;
	taken->bytes += message->nlmsg_len - NLMSG_HDRLEN;
	return (int)taken->count == taken->fail_at ? -EIO : 0;
}

static void restart(void *arg)
{
	struct taken *taken = arg;

	taken->restarts++;
	taken->count = 0;
}

static struct taken taken;
static const struct netlink_dump dump = {.message = take, .restart = restart, .arg = &taken};

/* Parses what was added. */
static int parse(struct netlink_progress *progress)
{
	*progress = (struct netlink_progress){.seq = SEQ};
	return netlink_parse(reply.bytes, reply_len, &dump, progress);
}

START_TEST(messages_until_done)
{
	struct netlink_progress progress;

	add_message(RTM_NEWLINK, NLM_F_MULTI, SEQ, "abcde", 5);
	add_message(NLMSG_NOOP, 0, SEQ, NULL, 0);
	add_message(RTM_NEWLINK, NLM_F_MULTI, SEQ + 1, "not ours", 8);
	add_message(RTM_NEWLINK, NLM_F_MULTI, SEQ, "abc", 3);
	ck_assert_int_eq(parse(&progress), 0);
	ck_assert(!progress.done);
	ck_assert_uint_eq(taken.count, 2);
	ck_assert_uint_eq(taken.bytes, 8);
	add_message(NLMSG_DONE, NLM_F_MULTI, SEQ, &(int){0}, sizeof(int));
	add_message(RTM_NEWLINK, 0, SEQ, "after", 5);
	memset(&taken, 0, sizeof(taken));
	ck_assert_int_eq(parse(&progress), 0);
	ck_assert(progress.done && !progress.interrupted);
	ck_assert_int_eq(progress.err, 0);
	ck_assert_uint_eq(taken.count, 2);
}
END_TEST

START_TEST(errors_of_the_kernel)
{
	static const struct {
		unsigned type;
		size_t len;
		int value, err;
	} cases[] = {
		{NLMSG_ERROR, sizeof(int), 0, 0}, /* an ACK */
		{NLMSG_ERROR, sizeof(int), -EPERM, -EPERM},
		{NLMSG_ERROR, sizeof(struct nlmsgerr), -ENOENT, -ENOENT},
		{NLMSG_ERROR, 0, 0, -EBADMSG},
		{NLMSG_ERROR, sizeof(int), 5, -EBADMSG},
		{NLMSG_ERROR, sizeof(int), -5000, -EBADMSG},
		{NLMSG_DONE, 0, 0, 0},
		{NLMSG_DONE, sizeof(int), 0, 0},
		{NLMSG_DONE, sizeof(int), -EPERM, -EPERM},
		{NLMSG_OVERRUN, 0, 0, -ENOBUFS},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct nlmsgerr error = {.error = cases[i].value};
		struct netlink_progress progress;

		reply_len = 0;
		add_message(cases[i].type, 0, SEQ, &error, cases[i].len);
		ck_assert_int_eq(parse(&progress), 0);
		ck_assert(progress.done);
		ck_assert_msg(progress.err == cases[i].err, "case %zu: %d", i, progress.err);
	}
	ck_assert_uint_eq(taken.count, 0);
}
END_TEST

START_TEST(interrupted_dumps)
{
	struct netlink_progress progress;

	add_message(RTM_NEWLINK, NLM_F_MULTI | NLM_F_DUMP_INTR, SEQ + 1, NULL, 0);
	add_message(RTM_NEWLINK, NLM_F_MULTI, SEQ, NULL, 0);
	ck_assert_int_eq(parse(&progress), 0);
	ck_assert(!progress.interrupted);
	add_message(NLMSG_DONE, NLM_F_MULTI | NLM_F_DUMP_INTR, SEQ, &(int){0}, sizeof(int));
	ck_assert_int_eq(parse(&progress), 0);
	ck_assert(progress.interrupted && progress.done);
}
END_TEST

/* Who gives up gets no more, and his reason is the result. */
START_TEST(giving_up)
{
	struct netlink_progress progress;

	taken.fail_at = 2;
	for (int i = 0; i < 5; i++)
		add_message(RTM_NEWLINK, NLM_F_MULTI, SEQ, NULL, 0);
	add_message(NLMSG_DONE, NLM_F_MULTI, SEQ, &(int){-EPERM}, sizeof(int));
	ck_assert_int_eq(parse(&progress), 0);
	ck_assert_uint_eq(taken.count, 2);
	ck_assert(progress.done);
	ck_assert_int_eq(progress.err, -EIO);
}
END_TEST

START_TEST(broken_buffers)
{
	static const uint32_t lengths[] = {0, 1, 15, 21, 4096, UINT32_MAX};
	struct netlink_progress progress;

	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		reply_len = 0;
		add_message(RTM_NEWLINK, 0, SEQ, "abcd", 4);
		reply.header.nlmsg_len = lengths[i];
		ck_assert_int_eq(parse(&progress), -EBADMSG);
	}
	ck_assert_uint_eq(taken.count, 0);
	/* A header that is cut. */
	reply_len = 0;
	add_message(RTM_NEWLINK, 0, SEQ, NULL, 0);
	add_message(RTM_NEWLINK, 0, SEQ, NULL, 0);
	reply_len -= 3;
	ck_assert_int_eq(parse(&progress), -EBADMSG);
	ck_assert_uint_eq(taken.count, 1);
	/* The last message need not be padded. */
	reply_len = 0;
	add_message(RTM_NEWLINK, 0, SEQ, "abcde", 5);
	reply_len -= 3;
	ck_assert_int_eq(parse(&progress), 0);
	reply_len = 0;
	ck_assert_int_eq(parse(&progress), 0);
	ck_assert(!progress.done);
}
END_TEST

/* A request for all links of this namespace. */
struct link_request {
	struct nlmsghdr header;
	struct ifinfomsg info;
};

static struct link_request link_request(unsigned flags)
{
	return (struct link_request){
		.header = {.nlmsg_len = sizeof(struct link_request),
			   .nlmsg_type = RTM_GETLINK,
			   .nlmsg_flags = (uint16_t)flags},
		.info = {.ifi_family = AF_UNSPEC},
	};
}

static unsigned interfaces(void)
{
	struct if_nameindex *list = if_nameindex();
	unsigned count = 0;

	ck_assert_ptr_nonnull(list);
	while (list[count].if_index)
		count++;
	if_freenameindex(list);
	return count;
}

START_TEST(dumps_the_links)
{
	struct netlink nl = {0};

	ck_assert_int_eq(netlink_open(&nl, NETLINK_ROUTE), 0);
	/* More than once: the sequence numbers go on, nothing is left of the one before. */
	for (int i = 0; i < 3; i++) {
		struct link_request request = link_request(NLM_F_DUMP);
		unsigned before = interfaces();

		memset(&taken, 0, sizeof(taken));
		ck_assert_int_eq(netlink_dump(&nl, &request.header, &dump), 0);
		if (before == interfaces())
			ck_assert_uint_eq(taken.count, before);
		ck_assert_uint_gt(taken.count, 0);
	}
	netlink_close(&nl);
	ck_assert(!netlink_is_open(&nl));
	netlink_close(&nl);
}
END_TEST

/* No dump: one answer and its acknowledgement. */
START_TEST(asks_for_one_link)
{
	struct netlink nl = {0};
	struct link_request request = link_request(0);

	request.info.ifi_index = (int)if_nametoindex("lo");
	ck_assert_int_gt(request.info.ifi_index, 0);
	ck_assert_int_eq(netlink_open(&nl, NETLINK_ROUTE), 0);
	ck_assert_int_eq(netlink_dump(&nl, &request.header, &dump), 0);
	ck_assert_uint_eq(taken.count, 1);
	/* One that there is not, and the socket is good for more. */
	request.info.ifi_index = INT_MAX;
	ck_assert_int_eq(netlink_dump(&nl, &request.header, &dump), -ENODEV);
	request.info.ifi_index = (int)if_nametoindex("lo");
	ck_assert_int_eq(netlink_dump(&nl, &request.header, &dump), 0);
	ck_assert_uint_eq(taken.count, 2);
	netlink_close(&nl);
}
END_TEST

START_TEST(the_kernel_refuses)
{
	struct netlink nl = {0};
	struct {
		struct nlmsghdr header;
		struct sock_diag_req request;
	} unknown = {
		.header = {.nlmsg_len = sizeof(unknown),
			   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			   .nlmsg_flags = NLM_F_DUMP},
		.request = {.sdiag_family = AF_UNSPEC},
	};

	ck_assert_int_eq(netlink_open(&nl, NETLINK_SOCK_DIAG), 0);
	ck_assert_int_eq(netlink_dump(&nl, &unknown.header, &dump), -ENOENT);
	ck_assert(netlink_is_open(&nl));
	netlink_close(&nl);
	ck_assert_int_eq(netlink_open(&nl, 9999), -EPROTONOSUPPORT);
	ck_assert(!netlink_is_open(&nl));
	ck_assert_ptr_null(nl.buf);
}
END_TEST

/* A network namespace of our own. False, and said, where that is not allowed. */
static bool own_namespace(void)
{
	if (!unshare(CLONE_NEWNET) || !unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return true;
	printf("SKIP: no network namespace can be made here: %s\n", strerror(errno));
	return false;
}

/* Makes a pair of interfaces of kind veth. 0 or -errno. */
static int make_pair(struct netlink *nl, unsigned number)
{
	char buf[512] = {0}; /* libmnl leaves the padding of texts as it is */
	struct nlmsghdr *request = mnl_nlmsg_put_header(buf);
	struct nlattr *nest;
	char name[16];

	snprintf(name, sizeof(name), "pair%u", number);
	request->nlmsg_type = RTM_NEWLINK;
	request->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
	mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(request, IFLA_IFNAME, name);
	nest = mnl_attr_nest_start(request, IFLA_LINKINFO);
	mnl_attr_put_strz(request, IFLA_INFO_KIND, "veth");
	mnl_attr_nest_end(request, nest);
	return netlink_dump(nl, request, &dump);
}

/* Some hundred interfaces take several datagrams, the more so as the kernel makes one in advance.
 */
#define PAIRS 100

/* Changes the list of interfaces at the first message of so many passes of a dump. */
struct meddler {
	struct netlink nl;
	unsigned made;
	unsigned passes; /* still to be disturbed */
	unsigned seen;	 /* in this pass */
	unsigned restarts;
};

static int meddle(const struct nlmsghdr *message, void *arg)
{
	struct meddler *meddler = arg;

	(void)message;
	if (!meddler->seen++ && meddler->passes) {
		meddler->passes--;
		ck_assert_int_eq(make_pair(&meddler->nl, meddler->made++), 0);
	}
	return 0;
}

static void start_again(void *arg)
{
	struct meddler *meddler = arg;

	meddler->seen = 0;
	meddler->restarts++;
}

START_TEST(an_interrupted_dump_is_tried_again)
{
	struct meddler meddler = {.nl = {0}};
	const struct netlink_dump meddled = {
		.message = meddle, .restart = start_again, .arg = &meddler};
	struct link_request request = link_request(NLM_F_DUMP);
	struct netlink nl = {0};

	if (!own_namespace())
		return;
	ck_assert_int_eq(netlink_open(&meddler.nl, NETLINK_ROUTE), 0);
	ck_assert_int_eq(netlink_open(&nl, NETLINK_ROUTE), 0);
	while (meddler.made < PAIRS) {
		int err = make_pair(&meddler.nl, meddler.made++);

		if (err == -EOPNOTSUPP) {
			printf("SKIP: this kernel has no veth interfaces\n");
			goto out;
		}
		ck_assert_int_eq(err, 0);
	}
	/* Twice disturbed, then whole. */
	meddler.passes = 2;
	ck_assert_int_eq(netlink_dump(&nl, &request.header, &meddled), 0);
	ck_assert_uint_eq(meddler.restarts, 2);
	ck_assert_uint_eq(meddler.seen, interfaces());
	/* Disturbed each time: it ends, and says so; and the socket is as good as before. */
	meddler.passes = UINT_MAX;
	meddler.seen = meddler.restarts = 0;
	ck_assert_int_eq(netlink_dump(&nl, &request.header, &meddled), -ESTALE);
	ck_assert_uint_ge(meddler.restarts, 2);
	ck_assert_uint_gt(meddler.seen, 2 * PAIRS);
	meddler.passes = meddler.seen = meddler.restarts = 0;
	ck_assert_int_eq(netlink_dump(&nl, &request.header, &meddled), 0);
	ck_assert_uint_eq(meddler.restarts, 0);
	ck_assert_uint_eq(meddler.seen, interfaces());
out:
	netlink_close(&meddler.nl);
	netlink_close(&nl);
}
END_TEST

static int take_type(const struct nlmsghdr *message, void *arg)
{
	ck_assert_uint_eq(message->nlmsg_type, RTM_NEWLINK);
	return take(message, arg);
}

/* Sets loopback up or down, which is announced. */
static void set_loopback(struct netlink *nl, unsigned flags)
{
	struct link_request request = link_request(0);

	request.header.nlmsg_type = RTM_NEWLINK;
	request.info.ifi_index = (int)if_nametoindex("lo");
	request.info.ifi_change = IFF_UP;
	request.info.ifi_flags = flags;
	ck_assert_int_eq(netlink_dump(nl, &request.header, &dump), 0);
}

START_TEST(announcements)
{
	struct netlink nl = {0}, listening = {0};
	bool own = own_namespace();

	ck_assert_int_eq(netlink_open(&nl, NETLINK_ROUTE), 0);
	ck_assert_int_eq(netlink_open(&listening, NETLINK_ROUTE), 0);
	ck_assert_int_eq(netlink_subscribe(&listening, RTNLGRP_LINK, RTM_NEWLINK), 0);
	/* Never waits. */
	if (own)
		ck_assert_int_eq(netlink_drain(&listening, take_type, &taken), 0);
	/* In a namespace of our own, where that is allowed, nobody else changes anything. */
	for (unsigned i = 0; own && i < 4; i++) {
		memset(&taken, 0, sizeof(taken));
		set_loopback(&nl, i % 2 ? 0 : IFF_UP);
		taken.fail_at = i == 3 ? 1 : 0;
		ck_assert_int_eq(netlink_drain(&listening, take_type, &taken), i == 3 ? -EIO : 0);
		ck_assert_uint_gt(taken.count, 0);
		ck_assert_int_eq(netlink_drain(&listening, take_type, &taken), 0);
	}
	/* And of the other type nothing. */
	netlink_close(&listening);
	ck_assert_int_eq(netlink_open(&listening, NETLINK_ROUTE), 0);
	ck_assert_int_eq(netlink_subscribe(&listening, RTNLGRP_LINK, RTM_DELLINK), 0);
	memset(&taken, 0, sizeof(taken));
	if (own) {
		set_loopback(&nl, IFF_UP);
		ck_assert_int_eq(netlink_drain(&listening, take, &taken), 0);
		ck_assert_uint_eq(taken.count, 0);
	}
	netlink_close(&listening);
	netlink_close(&nl);
}
END_TEST

/* A socket whose kernel never answers: the far end of it is us. */
START_TEST(nothing_waits_past_its_deadline)
{
	struct netlink_dump hurried = {.message = take, .arg = &taken, .timeout_ms = 200};
	struct netlink nl = {0};
	/* A message type below NLMSG_MIN_TYPE is passed over without an answer, unless an ACK is
	 * asked for; and NLM_F_DUMP asks for none. */
	struct nlmsghdr request = {
		.nlmsg_len = sizeof(request),
		.nlmsg_type = NLMSG_NOOP,
		.nlmsg_flags = NLM_F_DUMP,
	};
	uint64_t before = clock_monotonic(), took;

	ck_assert_int_eq(netlink_open(&nl, NETLINK_ROUTE), 0);
	ck_assert_int_eq(netlink_dump(&nl, &request, &hurried), -ETIMEDOUT);
	took = clock_monotonic() - before;
	ck_assert_uint_ge(took, 200000000);
	ck_assert_uint_lt(took, 20000000000);
	ck_assert(!netlink_is_open(&nl));
	ck_assert_int_eq(netlink_dump(&nl, &request, &hurried), -EBADF);
}
END_TEST

UNIT_MAIN("netlink", messages_until_done, errors_of_the_kernel, interrupted_dumps, giving_up,
	  broken_buffers, dumps_the_links, asks_for_one_link, the_kernel_refuses,
	  an_interrupted_dump_is_tried_again, announcements, nothing_waits_past_its_deadline)
