/* SPDX-License-Identifier: BSD-2-Clause */
/* The decoders of ethtool's netlink replies on what netlink_parse() lets through: whatever the
 * family's id is, the message's own is taken for it. */
#include <config.h>

#include <string.h>

#include "collectors/base/rows.h"
#include "collectors/kernel/ethtool_netlink.h"
#include "collectors/nic/port.h"
#include "tests/fuzz/fuzz.h"

static int take(const struct nlmsghdr *message, void *arg)
{
	const uint16_t id = message->nlmsg_type;
	struct ethtool_standard standard;
	struct ethtool_link_state link;
	struct ethtool_pause pause;
	struct ethtool_fec fec;
	char reason[64];

	(void)arg;
	if (ethtool_pause_decode(message, id, &pause))
		fuzz_check(pause.rx == ROW_ABSENT && pause.tx == ROW_ABSENT);
	if (ethtool_fec_decode(message, id, &fec))
		fuzz_check(fec.corrected == ROW_ABSENT && fec.uncorrectable == ROW_ABSENT);
	if (ethtool_link_state_decode(message, id, &link))
		fuzz_check(link.state == ROW_ABSENT && link.down_count == ROW_ABSENT);
	nic_port_reason(&link, reason, sizeof(reason));
	fuzz_check((link.state == ROW_ABSENT) == !reason[0]);
	fuzz_check(strnlen(reason, sizeof(reason)) < sizeof(reason));
	if (ethtool_standard_decode(message, id, &standard))
		for (size_t i = 0; i < ETHTOOL_STANDARD_COUNT; i++)
			fuzz_check(standard.value[i] == ROW_ABSENT);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct netlink_dump dump = {.message = take};
	struct netlink_progress progress = {.seq = 1};

	netlink_parse(data, size, &dump, &progress);
	return 0;
}
