/* SPDX-License-Identifier: BSD-2-Clause */
/* Summaries and advice of the checks of links, and of what a cloud or a switch limits. */
#include <config.h>

#include "collectors/base/array.h"
#include "collectors/nic/nic.h"
#include "subagent/checks/advices.h"

/* By enum nic_limit. */
static const char *const limit_names[NIC_LIMIT_COUNT] = {
	[NIC_LIMIT_IN_BANDWIDTH] = "bandwidth in",
	[NIC_LIMIT_OUT_BANDWIDTH] = "bandwidth out",
	[NIC_LIMIT_PACKETS] = "packets per second",
	[NIC_LIMIT_CONNTRACK] = "tracked connections",
	[NIC_LIMIT_LINK_LOCAL] = "link-local services",
};

void describe_nic_limited(const struct advice *advice, struct alarm_text *text)
{
	const struct nic_row *nic = advice->row;
	uint64_t rising = nic && nic->limits_rising != ROW_ABSENT ? nic->limits_rising : 0;
	const char *before = ", allowance of ";

	advice_rate(advice, "packets", "held back or dropped by the cloud", text);
	for (size_t i = 0; i < COUNT_OF(limit_names); i++) {
		if (!(rising & 1U << i))
			continue;
		advice_also(text->summary, "%s%s", before, limit_names[i]);
		before = ", ";
	}
	advice_say(text->advice, "no setting of this host helps: a larger instance, or fewer "
				 "packets to and from it");
	if (rising & 1U << NIC_LIMIT_CONNTRACK)
		advice_also(text->advice, ". Security groups that allow all traffic both ways do "
					  "not track connections");
	if (rising & 1U << NIC_LIMIT_LINK_LOCAL)
		advice_also(text->advice, ". Cache DNS on this host");
}

void describe_nic_paused(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "pause frames", "received", text);
	advice_say(text->advice, "the switch asks this host to wait: look behind its port for a "
				 "slow receiver or a full link. What is to be sent waits here, and "
				 "nic.drops tells when it is dropped");
}

void describe_link_flapping(const struct advice *advice, struct alarm_text *text)
{
	const struct nic_row *nic = advice->row;
	char count[32], window[24], reason[ADVICE_NAME_SIZE];

	advice_also(text->summary, "link lost %s times in %s",
		    advice_count((uint64_t)advice->value / 100, count),
		    advice_duration(advice->limits->measure.window, window));
	if (nic && nic->last_down_reason[0])
		advice_also(text->summary, ", %s", advice_name(nic->last_down_reason, reason));
	advice_say(text->advice, "check the cable, the transceiver, autonegotiation on both sides, "
				 "and the log of the switch. It also counts when somebody sets the "
				 "interface down, or changes its rings or queues");
}

void describe_link_degraded(const struct advice *advice, struct alarm_text *text)
{
	const struct nic_row *nic = advice->row;
	uint64_t degraded = nic ? nic->degraded : ROW_ABSENT;
	char bond[ADVICE_NAME_SIZE] = "its bond";

	if (nic && nic->master_name[0])
		advice_name(nic->master_name, bond);
	switch (degraded) {
	case NIC_HALF_DUPLEX:
		advice_also(text->summary, "the link is half duplex");
		advice_say(text->advice,
			   "autonegotiation failed, or is on at one side only: set both "
			   "sides to the same");
		return;
	case NIC_NO_LINK:
		advice_also(text->summary, "no link, while other ports of %s have one", bond);
		break;
	case NIC_SLOWER:
		advice_also(text->summary, "%llu Mbit/s, while another port of %s has %llu",
			    (unsigned long long)nic->speed_mbps, bond,
			    (unsigned long long)nic->bond_speed_mbps);
		break;
	default:
		advice_also(text->summary, "the link is degraded");
		break;
	}
	if (nic && nic->link_down_reason[0]) {
		char reason[ADVICE_NAME_SIZE];

		advice_also(text->summary, ": %s", advice_name(nic->link_down_reason, reason));
	}
	advice_say(text->advice,
		   "check the cable, the transceiver and the port of the switch: %s "
		   "is without its reserve",
		   bond);
}
