/* SPDX-License-Identifier: BSD-2-Clause */
/* Summaries and advice of the checks of IP, checksums, neighbor tables and IPsec, and of similar
 * ones of TCP. */
#include <config.h>

#include <string.h>

#include "collectors/base/array.h"
#include "collectors/limit/limits.h"
#include "collectors/protocol/counters.h"
#include "subagent/checks/advices.h"

/* 0.01 percent: a neighbor table this full may be the cause of lost packets. */
#define NEIGHBORS_SUSPECT 7000

void describe_header_errors(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "packets", "dropped for their IP header", text);
	if (advice_sysctl(advice, "net.ipv4.ip_forward", 0) == 1)
		advice_say(text->advice,
			   "a routing loop, in which TTLs run out, or malformed headers: look for "
			   "addresses that come again and again (tcpdump -v)");
	else
		advice_say(
			text->advice,
			"malformed headers: find who sends them (tcpdump -v). It may be a broken "
			"tunnel or driver on the way");
}

static void advise_checksums(struct alarm_text *text)
{
	advice_say(text->advice,
		   "packets are damaged on the way: compare nic.errors, look for a middlebox or "
		   "hypervisor that rewrites them, and for a driver with broken offloads "
		   "(ethtool -k). tcpdump -v shows whose they are");
}

void describe_ip_checksums(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "packets", "dropped for a wrong IPv4 header checksum", text);
	advice_say(
		text->advice,
		"routers check this on each hop, so it is the last link, the card or its driver: "
		"check cable, transceiver and switch port, and the driver's offloads (ethtool "
		"-k)");
}

void describe_udp_checksums(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "datagrams", "lost for a wrong UDP checksum", text);
	advise_checksums(text);
}

void describe_icmp_checksums(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "ICMP messages", "lost for a wrong checksum", text);
	advise_checksums(text);
}

void describe_tcp_errors(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "TCP segments", "lost for a wrong checksum or header", text);
	advise_checksums(text);
}

void describe_reverse_path(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "packets", "dropped by the reverse path filter", text);
	advice_say(
		text->advice,
		"asymmetric routes, broadcasts of another subnet, or forged sources, which it is "
		"there to drop. log_martians shows them: ip route get SOURCE must lead back out "
		"of their interface");
}

void describe_no_route(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "packets", "had no route", text);
	advice_say(text->advice,
		   "a route is missing, the default route perhaps (ip route). See "
		   "netdiagIpInNoRoutes and netdiagIpOutNoRoutes: others' packets, or this host's");
}

void describe_reassembly(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "fragmented datagrams", "could not be put together", text);
	advice_say(text->advice,
		   "fragments are lost on the way: find who sends them (tcpdump with a filter on "
		   "fragments) and have them send smaller packets, by MTU or path MTU discovery");
}

/* The neighbor table that is nearly full, or NULL. */
static const struct limit_row *full_neighbors(const struct advice *advice)
{
	const struct rows *rows = advice_rows(advice, &limit_row_type);

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct limit_row *limit = rows_at(rows, i);

		if (!strncmp(limit->name, "neighbor-", strlen("neighbor-")) &&
		    limit->usage != ROW_ABSENT && limit->usage >= NEIGHBORS_SUSPECT)
			return limit;
	}
	return NULL;
}

void describe_neighbor_discards(const struct advice *advice, struct alarm_text *text)
{
	const struct limit_row *limit = full_neighbors(advice);
	char used[32], max[32];

	advice_rate(advice, "packets", "lost for want of a neighbor's address", text);
	if (!limit) {
		advice_say(
			text->advice,
			"a gateway or local host does not answer, in whichever namespace: ip neigh "
			"show nud incomplete names it. Check that it is up, its VLAN and the "
			"switch");
		return;
	}
	advice_say(text->advice,
		   "the neighbor table is nearly full, %s of %s: a large or scanned subnet. Raise "
		   "gc_thresh2 and gc_thresh1 with it",
		   advice_count(limit->used, used), advice_count(limit->max, max));
	advice_double(advice, limit->sysctl, text);
}

/* What each error of IPsec means (net/xfrm, Documentation/networking/xfrm_proc.rst). */
static const struct {
	const char *counter;
	const char *advice;
} xfrm_advices[] = {
	{"XfrmInNoStates",
	 "packets with an unknown SPI: the peer uses keys that this host does not have (ip xfrm "
	 "state). Restart the tunnel, look at the key daemon on both sides"},
	{"XfrmInStateProtoError",
	 "packets that cannot be decrypted: a wrong key, another algorithm, or damage on the way"},
	{"XfrmInStateModeError", "one side uses tunnel mode, the other transport mode"},
	{"XfrmInStateSeqError", "packets replayed, or reordered beyond the replay window: a larger "
				"replay-window, and look "
				"for reordering on the way (QoS, several paths)"},
	{"XfrmInStateExpired", "keys have expired: the key daemon does not renew them in time"},
	{"XfrmInStateMismatch",
	 "the peer's UDP encapsulation (NAT traversal) is not as set up here"},
	{"XfrmInStateInvalid", "keys that are being replaced or removed: look at the key daemon"},
	{"XfrmInTmplMismatch",
	 "packets that a policy wants encrypted came in clear text, or otherwise than it says (ip "
	 "xfrm policy): the peer's policies differ"},
	{"XfrmInNoPols", "there are keys but no policy for what they decrypt (ip xfrm policy)"},
	{"XfrmAcquireError", "packets came before their keys were set up: look at the key daemon"},
	{"XfrmOutNoStates", "there is a policy but no key: the tunnel is not up. Look at the key "
			    "daemon and whether the "
			    "peer answers"},
	{"XfrmOutStateSeqError",
	 "a key's sequence numbers are used up: it must be renewed earlier"},
	{"XfrmOutStateExpired", "keys have expired: the key daemon does not renew them in time"},
	{"XfrmOutStateInvalid", "keys that are being replaced or removed: look at the key daemon"},
	{"XfrmOutBundleGenError", "no route or no memory for what is encrypted"},
	{"XfrmOutPolError", "the keys do not fit the policy (ip xfrm policy, ip xfrm state)"},
};

void describe_xfrm(const struct advice *advice, struct alarm_text *text)
{
	const struct rows *rows = advice_rows(advice, &ip_row_type);
	const struct ip_row *ip = advice->row;
	char name[ADVICE_NAME_SIZE];

	if (!ip && rows && rows->count)
		ip = rows_at(rows, 0);
	advice_rate(advice, "packets", "lost by IPsec", text);
	if (ip && ip->xfrm_last[0])
		advice_also(text->summary, ", %s", advice_name(ip->xfrm_last, name));
	advice_say(
		text->advice,
		"see which counter of the group Xfrm rises (netdiagCounterTable), and ip -s xfrm "
		"state");
	for (size_t i = 0; ip && i < COUNT_OF(xfrm_advices); i++)
		if (!strcmp(ip->xfrm_last, xfrm_advices[i].counter))
			advice_say(text->advice, "%s", xfrm_advices[i].advice);
}

void describe_pruned(const struct advice *advice, struct alarm_text *text)
{
	uint64_t max = advice_sysctl(advice, "net.ipv4.tcp_rmem", 2);
	char bytes[32];

	advice_rate(advice, "times", "a TCP receive queue was compacted", text);
	advice_say(text->advice, "many tiny segments, or an application that reads too slowly (ss "
				 "-tmp). Nothing is lost unless tcp.rcvq_drops rises too");
	if (max != ROW_ABSENT)
		advice_also(text->advice, ". Buffers grow to %s, net.ipv4.tcp_rmem",
			    advice_count(max, bytes));
}

void describe_time_wait_overflow(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "connections", "closed without TIME_WAIT, which is full", text);
	advice_say(text->advice, "reuse connections (pooling, keep-alive). Late segments of an old "
				 "connection can disturb a new one");
	advice_double(advice, "net.ipv4.tcp_max_tw_buckets", text);
}
