/* SPDX-License-Identifier: BSD-2-Clause */
/* netdev_genl: captured and made messages of the family netdev. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/kernel/netdev_genl.h"
#include "tests/unit/replies.h"
#include "tests/unit/unit.h"

#define FAMILY	    0x14 /* in the captures */
#define BUFFER_SIZE 1024

/* include/uapi/linux/netdev.h */
#define CMD_QUEUE_GET  10
#define CMD_NAPI_GET   11
#define CMD_QSTATS_GET 12

static const struct genetlink_family netdev = {FAMILY, 1};

struct found {
	size_t count;
	struct netdev_stats stats[4];
	struct netdev_queue queue[4];
	struct netdev_napi napi[4];
};

static int take(const struct nlmsghdr *message, void *arg)
{
	struct found *found = arg;
	size_t i = found->count++;

	ck_assert_uint_lt(i, COUNT_OF(found->stats));
	switch (genetlink_command(message, FAMILY)) {
	case CMD_QSTATS_GET:
		return netdev_decode_stats(message, FAMILY, &found->stats[i]);
	case CMD_QUEUE_GET:
		return netdev_decode_queue(message, FAMILY, &found->queue[i]);
	default:
		return netdev_decode_napi(message, FAMILY, &found->napi[i]);
	}
}

static void replay(const char *relative, struct found *found)
{
	const struct netlink_dump dump = {.message = take, .arg = found};
	struct netlink_progress progress = {.seq = 1};
	struct filebuf file = {0};

	*found = (struct found){.count = 0};
	replay_load(&file, relative);
	ck_assert_int_eq(netlink_parse(file.data, file.len, &dump, &progress), 0);
	ck_assert_int_eq(progress.err, 0);
	ck_assert(progress.done);
	filebuf_free(&file);
}

/* virtio_net on Linux 6.18 with one pair of queues, beside lo: its NAPI instance has no interrupt
 * that the kernel knew, and the device counts no drops. */
START_TEST(test_virtio)
{
	struct found found;

	replay("tests/data/netlink/virtio/qstats-queue", &found);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_uint_eq(found.stats[0].ifindex, 4);
	ck_assert_uint_eq(found.stats[0].type, NETDEV_RX);
	ck_assert_uint_eq(found.stats[0].id, 0);
	ck_assert_uint_gt(found.stats[0].rx_packets, 1000);
	ck_assert_uint_gt(found.stats[0].rx_bytes, found.stats[0].rx_packets);
	ck_assert_uint_eq(found.stats[0].rx_hw_drops, ROW_ABSENT);
	ck_assert_uint_eq(found.stats[0].rx_alloc_fail, ROW_ABSENT);
	ck_assert_uint_eq(found.stats[0].tx_packets, ROW_ABSENT);
	ck_assert_uint_eq(found.stats[1].type, NETDEV_TX);
	ck_assert_uint_gt(found.stats[1].tx_packets, 1000);
	ck_assert_uint_eq(found.stats[1].tx_stop, 0);
	ck_assert_uint_eq(found.stats[1].tx_wake, 0);

	replay("tests/data/netlink/virtio/qstats-device", &found);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_uint_eq(found.stats[0].ifindex, 4);
	ck_assert_uint_eq(found.stats[0].type, ROW_ABSENT);
	ck_assert_uint_eq(found.stats[0].id, ROW_ABSENT);
	ck_assert_uint_gt(found.stats[0].rx_packets, 1000);
	ck_assert_uint_gt(found.stats[0].tx_packets, 1000);

	replay("tests/data/netlink/virtio/queues", &found);
	ck_assert_uint_eq(found.count, 4);
	ck_assert_uint_eq(found.queue[1].ifindex, 1);
	ck_assert_uint_eq(found.queue[1].type, NETDEV_TX);
	ck_assert_uint_eq(found.queue[1].napi_id, ROW_ABSENT);
	ck_assert_uint_eq(found.queue[2].ifindex, 4);
	ck_assert_uint_eq(found.queue[2].type, NETDEV_RX);
	ck_assert_uint_eq(found.queue[2].napi_id, 257);

	replay("tests/data/netlink/virtio/napis", &found);
	ck_assert_uint_eq(found.count, 1);
	ck_assert_uint_eq(found.napi[0].ifindex, 4);
	ck_assert_uint_eq(found.napi[0].id, 257);
	ck_assert_uint_eq(found.napi[0].irq, ROW_ABSENT);
}
END_TEST

static struct nlmsghdr *make(char *buf, uint8_t command)
{
	memset(buf, 0, BUFFER_SIZE);
	return genetlink_request(buf, &netdev, command, 0);
}

/* Every statistic under its number in Documentation/netlink/specs/netdev.yaml, as short and as
 * long as nla_put_uint() writes them. */
START_TEST(test_all_statistics)
{
	_Alignas(struct nlmsghdr) char buf[BUFFER_SIZE];
	struct nlmsghdr *message = make(buf, CMD_QSTATS_GET);
	struct netdev_stats stats;

	mnl_attr_put_u32(message, 1, 9);
	for (uint16_t i = 8; i <= 34; i++)
		if (i % 2)
			mnl_attr_put_u64(message, i, (UINT64_C(1) << 40) + i);
		else
			mnl_attr_put_u32(message, i, i);
	ck_assert_int_eq(netdev_decode_stats(message, FAMILY, &stats), 0);
	ck_assert_uint_eq(stats.ifindex, 9);
	ck_assert_uint_eq(stats.rx_packets, 8);
	ck_assert_uint_eq(stats.rx_bytes, (UINT64_C(1) << 40) + 9);
	ck_assert_uint_eq(stats.tx_packets, 10);
	ck_assert_uint_eq(stats.tx_bytes, (UINT64_C(1) << 40) + 11);
	ck_assert_uint_eq(stats.rx_alloc_fail, 12);
	ck_assert_uint_eq(stats.rx_hw_drops, (UINT64_C(1) << 40) + 13);
	ck_assert_uint_eq(stats.rx_hw_drop_overruns, 14);
	ck_assert_uint_eq(stats.rx_hw_drop_ratelimits, (UINT64_C(1) << 40) + 23);
	ck_assert_uint_eq(stats.tx_hw_drops, 24);
	ck_assert_uint_eq(stats.tx_hw_drop_errors, (UINT64_C(1) << 40) + 25);
	ck_assert_uint_eq(stats.tx_hw_drop_ratelimits, 32);
	ck_assert_uint_eq(stats.tx_stop, (UINT64_C(1) << 40) + 33);
	ck_assert_uint_eq(stats.tx_wake, 34);
}
END_TEST

/* No interface, half of a queue's name, a queue of a third kind, a number that is none. */
START_TEST(test_broken)
{
	_Alignas(struct nlmsghdr) char buf[BUFFER_SIZE];
	struct netdev_stats stats;
	struct netdev_queue queue;
	struct netdev_napi napi;
	struct nlmsghdr *message = make(buf, CMD_QSTATS_GET);

	mnl_attr_put_u32(message, 8, 1);
	ck_assert_int_eq(netdev_decode_stats(message, FAMILY, &stats), -EBADMSG);
	mnl_attr_put_u32(message, 1, 9);
	ck_assert_int_eq(netdev_decode_stats(message, FAMILY, &stats), 0);
	ck_assert_int_eq(netdev_decode_stats(message, FAMILY + 1, &stats), -EBADMSG);
	mnl_attr_put_u32(message, 2, NETDEV_TX);
	ck_assert_int_eq(netdev_decode_stats(message, FAMILY, &stats), -EBADMSG);
	mnl_attr_put_u32(message, 3, 0);
	ck_assert_int_eq(netdev_decode_stats(message, FAMILY, &stats), 0);
	ck_assert_int_eq(netdev_decode_queue(message, FAMILY, &queue), -EBADMSG);
	ck_assert_int_eq(netdev_decode_napi(message, FAMILY, &napi), -EBADMSG);
	mnl_attr_put(message, 8, 3, "abc");
	ck_assert_int_eq(netdev_decode_stats(message, FAMILY, &stats), -EBADMSG);

	message = make(buf, CMD_QUEUE_GET);
	mnl_attr_put_u32(message, 2, 9);
	mnl_attr_put_u32(message, 1, 0);
	ck_assert_int_eq(netdev_decode_queue(message, FAMILY, &queue), -EBADMSG);
	mnl_attr_put_u32(message, 3, 2);
	ck_assert_int_eq(netdev_decode_queue(message, FAMILY, &queue), -EBADMSG);
	mnl_attr_put_u32(message, 3, NETDEV_RX);
	ck_assert_int_eq(netdev_decode_queue(message, FAMILY, &queue), 0);
	mnl_attr_put_u64(message, 1, UINT64_C(1) << 32);
	ck_assert_int_eq(netdev_decode_queue(message, FAMILY, &queue), -EBADMSG);

	message = make(buf, CMD_NAPI_GET);
	mnl_attr_put_u32(message, 1, 9);
	ck_assert_int_eq(netdev_decode_napi(message, FAMILY, &napi), -EBADMSG);
	mnl_attr_put_u32(message, 2, 300);
	mnl_attr_put_u32(message, 3, 27);
	ck_assert_int_eq(netdev_decode_napi(message, FAMILY, &napi), 0);
	ck_assert_uint_eq(napi.irq, 27);
}
END_TEST

/* A message at every length: whole or refused, and nothing is read past its end. */
START_TEST(test_cut)
{
	struct filebuf file = {0};
	struct netdev_stats stats;
	uint32_t whole;

	replay_load(&file, "tests/data/netlink/virtio/qstats-queue");
	memcpy(&whole, file.data, sizeof(whole));
	for (uint32_t len = MNL_NLMSG_HDRLEN; len <= whole; len++) {
		struct nlmsghdr *message = malloc(len);

		memcpy(message, file.data, len);
		message->nlmsg_len = len;
		if (netdev_decode_stats(message, FAMILY, &stats))
			ck_assert_uint_lt(len, whole);
		free(message);
	}
	ck_assert_uint_ne(stats.rx_bytes, ROW_ABSENT);
	filebuf_free(&file);
}
END_TEST

UNIT_MAIN("netdev_genl", test_virtio, test_all_statistics, test_broken, test_cut)
