/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoders of rtnetlink's and ethtool's replies, on a buffer as it comes from a socket
 * (sequence number 1). */
#include <config.h>

#include <limits.h>
#include <string.h>

#include "collectors/nic/link.h"
#include "tests/fuzz/fuzz.h"

static void check_link(const struct nlmsghdr *message)
{
	struct nic_link link;

	row_reset(&nic_link_type, &link);
	if (nic_link_decode(message, &link))
		return;
	fuzz_check(link.row.ifindex >= 1 && link.row.ifindex <= INT_MAX);
	fuzz_check(link.ifname[0] && strnlen(link.ifname, sizeof(link.ifname)) < NIC_NAME_SIZE);
	fuzz_check(strlen(link.row.name) == strlen(link.ifname));
	fuzz_check(link.row.oper_status == ROW_ABSENT ||
		   link.row.oper_status <= NIC_OPER_LOWER_LAYER_DOWN);
	fuzz_check(link.row.carrier == ROW_ABSENT || link.row.carrier <= 1);
	fuzz_check(link.row.rx_discards == ROW_ABSENT && link.row.speed_mbps == ROW_ABSENT);
}

/* Absent, or no wider than the kernel's. */
static int fits(uint64_t value)
{
	return value == ROW_ABSENT || value <= UINT32_MAX;
}

static int take(const struct nlmsghdr *message, void *arg)
{
	struct nic_qdisc qdisc;
	uint64_t ifindex;

	(void)arg;
	check_link(message);
	if (!nic_qdisc_decode(message, &qdisc))
		fuzz_check(qdisc.ifindex >= 1 && qdisc.ifindex <= INT_MAX && fits(qdisc.drops) &&
			   fits(qdisc.backlog) && fits(qdisc.requeues));
	if (!nic_link_deleted(message, &ifindex))
		fuzz_check(ifindex >= 1 && ifindex <= INT_MAX);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct netlink_dump dump = {.message = take};
	struct netlink_progress progress = {.seq = 1};

	netlink_parse(data, size, &dump, &progress);
	return 0;
}
