/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoders of the family netdev on what netlink_parse() lets through. */
#include <config.h>

#include "collectors/nic/queue.h"
#include "tests/fuzz/fuzz.h"

static void check_stats(const struct netdev_stats *stats)
{
	struct queue_row row;

	fuzz_check(stats->ifindex <= UINT32_MAX);
	fuzz_check((stats->type == ROW_ABSENT) == (stats->id == ROW_ABSENT));
	if (stats->type == ROW_ABSENT)
		return;
	fuzz_check(stats->type <= NETDEV_TX && stats->id <= UINT32_MAX);
	row_reset(&queue_row_type, &row);
	row.type = stats->type + QUEUE_RX;
	queue_set_counters(&row, stats);
	fuzz_check(row.rate_limited == ROW_ABSENT || row.drops != ROW_ABSENT);
}

static int take(const struct nlmsghdr *message, void *arg)
{
	uint16_t family = message->nlmsg_type;
	struct netdev_stats stats;
	struct netdev_queue queue;
	struct netdev_napi napi;

	(void)arg;
	if (!netdev_decode_stats(message, family, &stats))
		check_stats(&stats);
	if (!netdev_decode_queue(message, family, &queue))
		fuzz_check(queue.ifindex <= UINT32_MAX && queue.type <= NETDEV_TX &&
			   queue.id <= UINT32_MAX);
	if (!netdev_decode_napi(message, family, &napi))
		fuzz_check(napi.ifindex <= UINT32_MAX && napi.id <= UINT32_MAX);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct netlink_dump dump = {.message = take};
	struct netlink_progress progress = {.seq = 1};

	netlink_parse(data, size, &dump, &progress);
	return 0;
}
