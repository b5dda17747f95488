/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The collector of queues on a made kernel: this program's own sendto(), recvmsg(), poll() and
 * if_indextoname() take the place of libc's, and answer for a card with two pairs of queues and for
 * a veth.
 */
#include <config.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/nic/queue.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define FAMILY 0x1c
#define CARD   7
#define VETH   8

/* include/uapi/linux/netdev.h */
#define CMD_QUEUE_GET  10
#define CMD_NAPI_GET   11
#define CMD_QSTATS_GET 12

static struct {
	bool family;	    /* the kernel has it */
	int napi_err;	    /* how napi-get fails */
	int stats_err;	    /* how qstats-get fails */
	bool up;	    /* the card */
	uint64_t packets;   /* of the card's first queues, the others have one more */
	unsigned asked[16]; /* requests, by command */
	_Alignas(struct nlmsghdr) char reply[4096];
	size_t len;
	uint32_t seq;
} kernel;

static const struct genetlink_family netdev = {FAMILY, 1};

/* --- the made kernel ------------------------------------------------------------------------ */

static struct nlmsghdr *kernel_message(uint8_t command)
{
	struct nlmsghdr *message = genetlink_request(kernel.reply + kernel.len, &netdev, command,
						     NLM_F_MULTI);

	message->nlmsg_seq = kernel.seq;
	return message;
}

static void kernel_sent(const struct nlmsghdr *message)
{
	kernel.len += MNL_ALIGN(message->nlmsg_len);
	ck_assert_uint_lt(kernel.len, sizeof(kernel.reply) - 512);
}

/* Ends an answer: err is 0 or a negative errno. */
static void kernel_end(uint16_t type, int err)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(kernel.reply + kernel.len);

	message->nlmsg_type = type;
	message->nlmsg_seq = kernel.seq;
	*(int *)mnl_nlmsg_put_extra_header(message, sizeof(struct nlmsgerr)) = err;
	kernel_sent(message);
}

static void kernel_family(void)
{
	struct nlmsghdr *message = kernel_message(CTRL_CMD_NEWFAMILY);

	message->nlmsg_type = GENL_ID_CTRL;
	mnl_attr_put_u16(message, CTRL_ATTR_FAMILY_ID, FAMILY);
	mnl_attr_put_u32(message, CTRL_ATTR_VERSION, 1);
	kernel_sent(message);
}

static void kernel_stats(uint32_t type, uint32_t id)
{
	struct nlmsghdr *message = kernel_message(CMD_QSTATS_GET);

	mnl_attr_put_u32(message, 1, CARD);
	mnl_attr_put_u32(message, 2, type);
	mnl_attr_put_u32(message, 3, id);
	mnl_attr_put_u64(message, type == NETDEV_RX ? 8 : 10, kernel.packets + id);
	if (type == NETDEV_RX) {
		mnl_attr_put_u32(message, 13, 100); /* rx-hw-drops */
		mnl_attr_put_u32(message, 14, 60);  /* rx-hw-drop-overruns */
		mnl_attr_put_u32(message, 23, 30);  /* rx-hw-drop-ratelimits */
	}
	kernel_sent(message);
}

static void kernel_queue(uint32_t ifindex, uint32_t type, uint32_t id, uint32_t napi)
{
	struct nlmsghdr *message = kernel_message(CMD_QUEUE_GET);

	mnl_attr_put_u32(message, 1, id);
	mnl_attr_put_u32(message, 3, type);
	mnl_attr_put_u32(message, 2, ifindex);
	mnl_attr_put_u32(message, 4, napi);
	kernel_sent(message);
}

static void kernel_napi(uint32_t ifindex, uint32_t id, uint32_t irq)
{
	struct nlmsghdr *message = kernel_message(CMD_NAPI_GET);

	mnl_attr_put_u32(message, 2, id);
	mnl_attr_put_u32(message, 1, ifindex);
	if (irq)
		mnl_attr_put_u32(message, 3, irq);
	kernel_sent(message);
}

static int kernel_answer(const struct nlmsghdr *request, uint8_t command)
{
	const struct nlattr *attribute;
	uint32_t ifindex = 0;

	switch (command) {
	case CMD_NAPI_GET:
		if (kernel.napi_err)
			return kernel.napi_err;
		if (kernel.up)
			for (uint32_t i = 0; i < 2; i++)
				kernel_napi(CARD, 300 + i, 40 + i);
		kernel_napi(VETH, 310, 0);
		return 0;
	case CMD_QSTATS_GET:
		if (kernel.stats_err)
			return kernel.stats_err;
		for (uint32_t i = 0; kernel.up && i < 4; i++)
			kernel_stats(i / 2, i % 2);
		return 0;
	default:
		ck_assert_int_eq(command, CMD_QUEUE_GET);
		mnl_attr_for_each(attribute, request, GENETLINK_HEADER)
			if (mnl_attr_get_type(attribute) == 2)
				ifindex = mnl_attr_get_u32(attribute);
		/* A veth is not asked about: it has neither counters nor an interrupt. */
		ck_assert_uint_eq(ifindex, CARD);
		for (uint32_t i = 0; i < 4; i++)
			kernel_queue(CARD, i / 2, i % 2, 300 + i % 2);
		return 0;
	}
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	const struct nlmsghdr *request = data;
	const struct genlmsghdr *generic = mnl_nlmsg_get_payload(request);
	int err;

	(void)fd, (void)flags, (void)to, (void)to_len;
	kernel.len = 0;
	kernel.seq = request->nlmsg_seq;
	if (request->nlmsg_type == GENL_ID_CTRL) {
		if (kernel.family)
			kernel_family();
		kernel_end(NLMSG_ERROR, kernel.family ? 0 : -ENOENT);
		return (ssize_t)len;
	}
	kernel.asked[generic->cmd]++;
	err = kernel_answer(request, generic->cmd);
	kernel_end(err ? NLMSG_ERROR : NLMSG_DONE, err);
	return (ssize_t)len;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	(void)fd, (void)flags;
	memset(message->msg_name, 0, message->msg_namelen);
	((struct sockaddr_nl *)message->msg_name)->nl_family = AF_NETLINK;
	message->msg_flags = 0;
	memcpy(message->msg_iov->iov_base, kernel.reply, kernel.len);
	return (ssize_t)kernel.len;
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	(void)fds, (void)timeout;
	return (int)count;
}

char *if_indextoname(unsigned ifindex, char name[IF_NAMESIZE])
{
	snprintf(name, IF_NAMESIZE, ifindex == CARD ? "ens%u" : "veth%u", ifindex);
	return name;
}

/* --- the tests ------------------------------------------------------------------------------ */

static void begin(struct unit_collector *unit)
{
	memset(&kernel, 0, sizeof(kernel));
	kernel.family = kernel.up = true;
	kernel.packets = 1000;
	unit_collector_init(unit, &queue_collector, &roots_default);
}

static const struct queue_row *row_at(const struct unit_collector *unit, size_t i)
{
	ck_assert_uint_lt(i, unit->rows[0].count);
	return rows_at(&unit->rows[0], i);
}

START_TEST(test_card)
{
	struct unit_collector unit;
	const struct queue_row *row;

	begin(&unit);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_str_eq(unit.error, "");
	ck_assert_uint_eq(unit.rows[0].count, 4);
	for (size_t i = 0; i < 4; i++) {
		row = row_at(&unit, i);
		ck_assert_uint_eq(row->ifindex, CARD);
		ck_assert_uint_eq(row->type, i < 2 ? QUEUE_RX : QUEUE_TX);
		ck_assert_uint_eq(row->id, i % 2);
		ck_assert_uint_eq(row->packets, 1000 + i % 2);
		ck_assert_uint_eq(row->bytes, ROW_ABSENT);
		ck_assert_uint_eq(row->drops, i < 2 ? 100 : ROW_ABSENT);
		ck_assert_uint_eq(row->rate_limited, i < 2 ? 30 : ROW_ABSENT);
		ck_assert_uint_eq(row->napi_id, 300 + i % 2);
		ck_assert_uint_eq(row->irq, 40 + i % 2);
		ck_assert_uint_eq(row->discontinuity, SECOND);
		ck_assert_str_eq(row->ifname, "ens7");
	}
	ck_assert_uint_eq(kernel.asked[CMD_QUEUE_GET], 1);
	unit_collector_done(&unit);
}
END_TEST

/* A driver begins anew when the number of queues changes. */
START_TEST(test_reset)
{
	struct unit_collector unit;

	begin(&unit);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	kernel.packets = 1500;
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(row_at(&unit, 0)->packets, 1500);
	ck_assert_uint_eq(row_at(&unit, 0)->discontinuity, SECOND);
	kernel.packets = 10;
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ck_assert_uint_eq(row_at(&unit, 0)->packets, 1500);
	ck_assert_uint_eq(row_at(&unit, 0)->discontinuity, 3 * SECOND);
	kernel.packets = 14;
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), 0);
	ck_assert_uint_eq(row_at(&unit, 0)->packets, 1504);
	ck_assert_uint_eq(row_at(&unit, 0)->discontinuity, 3 * SECOND);
	unit_collector_done(&unit);
}
END_TEST

START_TEST(test_bound)
{
	struct unit_collector unit;

	begin(&unit);
	unit.settings->max_rows[MAX_ROWS_QUEUE] = 3;
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 3);
	ck_assert(unit.left_out);
	ck_assert_ptr_nonnull(strstr(unit.error, "raise `maxRows queue 3`"));
	unit_collector_done(&unit);
}
END_TEST

START_TEST(test_patterns_of_interfaces)
{
	struct unit_collector unit;

	begin(&unit);
	ck_assert_int_eq(globs_add(&unit.settings->interfaces_exclude, "ens*"), 0);
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EOPNOTSUPP);
	ck_assert_uint_eq(unit.rows[0].count, 0);
	ck_assert_uint_eq(kernel.asked[CMD_QUEUE_GET], 0);
	unit_collector_done(&unit);
}
END_TEST

/* No interface with queues, and one that comes later. */
START_TEST(test_no_queues)
{
	struct unit_collector unit;

	begin(&unit);
	kernel.up = false;
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(unit.error, "no driver of an interface that is up"));
	kernel.up = true;
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 4);
	unit_collector_done(&unit);
}
END_TEST

/* Before 6.3 there is no family, before 6.8 no queue-get, before 6.10 no counters. */
START_TEST(test_old_kernels)
{
	struct unit_collector unit;

	begin(&unit);
	kernel.family = false;
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(unit.error, "Linux 6.10 or newer"));
	kernel.family = true;
	kernel.napi_err = -EOPNOTSUPP;
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), -EOPNOTSUPP);
	kernel.napi_err = 0;
	kernel.stats_err = -EOPNOTSUPP;
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 4);
	ck_assert_uint_eq(row_at(&unit, 0)->packets, ROW_ABSENT);
	ck_assert_uint_eq(row_at(&unit, 0)->irq, 40);
	ck_assert_ptr_nonnull(strstr(unit.error, "not their counters"));
	unit_collector_done(&unit);
}
END_TEST

START_TEST(test_refused)
{
	struct unit_collector unit;

	begin(&unit);
	kernel.napi_err = -EPERM;
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EPERM);
	ck_assert_ptr_nonnull(strstr(unit.error, "RestrictAddressFamilies"));
	unit_collector_done(&unit);
}
END_TEST

/* The total contains its parts; where it is not counted, the parts are added up. */
START_TEST(test_drops)
{
	struct netdev_stats stats;
	struct queue_row row;

	memset(&stats, 0xff, sizeof(stats));
	row_reset(&queue_row_type, &row);
	row.type = QUEUE_RX;
	stats.rx_alloc_fail = 5;
	queue_set_counters(&row, &stats);
	ck_assert_uint_eq(row.drops, ROW_ABSENT);
	ck_assert_uint_eq(row.alloc_failures, 5);
	stats.rx_hw_drop_overruns = 7;
	queue_set_counters(&row, &stats);
	ck_assert_uint_eq(row.drops, 7);
	stats.rx_hw_drop_ratelimits = 2;
	queue_set_counters(&row, &stats);
	ck_assert_uint_eq(row.drops, 9);
	stats.rx_hw_drops = 8;
	queue_set_counters(&row, &stats);
	ck_assert_uint_eq(row.drops, 8);
	row.type = QUEUE_TX;
	stats.tx_hw_drop_errors = 1;
	stats.tx_hw_drop_ratelimits = 3;
	stats.tx_stop = 4;
	queue_set_counters(&row, &stats);
	ck_assert_uint_eq(row.drops, 4);
	ck_assert_uint_eq(row.rate_limited, 3);
	ck_assert_uint_eq(row.stops, 4);
	stats.tx_hw_drops = 6;
	queue_set_counters(&row, &stats);
	ck_assert_uint_eq(row.drops, 6);
}
END_TEST

UNIT_MAIN("queue", test_card, test_reset, test_bound, test_patterns_of_interfaces, test_no_queues,
	  test_old_kernels, test_refused, test_drops)
