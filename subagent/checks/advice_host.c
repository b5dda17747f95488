/* SPDX-License-Identifier: BSD-2-Clause */
/* What the checks of CPUs, interfaces, connection tracking, limits and the agent itself say. */
#include <config.h>

#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/cpu/softnet.h"
#include "collectors/limit/limits.h"
#include "collectors/netns/netns.h"
#include "collectors/nic/nic.h"
#include "collectors/protocol/conntrack.h"
#include "subagent/checks/advices.h"
#include "subagent/tables/agent_rows.h"

/* A backlog this long holds packets for so long that a longer one would not help. */
#define BACKLOG_ENOUGH 65536

/* Packets and microseconds: a softirq that lasts longer keeps everything else from its CPU. */
#define BUDGET_ENOUGH	    4800
#define BUDGET_USECS_ENOUGH 40000

/* Longer than what a txqueuelen does good for. */
#define TX_QUEUE_ENOUGH 10000

/* Memory of an entry of the connection table and its share of the hash (struct nf_conn and its
 * extensions: 256 to 320 bytes), for "takes up to 80 MB". */
#define CONNTRACK_ENTRY_BYTES 320
#define MEGABYTE	      (1ULL << 20)

/* What is said of packets that one CPU receives for all. RPS is only spoken of where an interface
 * with a device behind it is seen. */
static const char *how_to_spread(const struct advice *advice)
{
	const struct rows *rows = advice_rows(advice, &nic_row_type);
	bool any = false, without = false;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct nic_row *nic = rows_at(rows, i);

		if (nic->oper_status != NIC_OPER_UP || !nic->bus_info[0])
			continue;
		any = true;
		without = without || nic->rps_enabled == 0;
	}
	if (!any)
		return "spread the load over more CPUs";
	return without ? "spread the load over CPUs: more queues (ethtool -L), or RPS (rps_cpus)"
		       : "RPS is on: look at its CPU masks, and at the number of queues (ethtool "
			 "-L)";
}

/* Whether the hypervisor has this CPU while its ksoftirqd waits: it took at least half as much
 * time. Otherwise a process has it. */
static bool softnet_is_stolen(const struct softnet_row *cpu)
{
	return cpu->recent_steal && cpu->recent_steal * 2 >= cpu->recent_wait;
}

static void say_what_competes(const struct softnet_row *cpu, struct alarm_text *text)
{
	if (softnet_is_stolen(cpu))
		advice_also(text->advice,
			    "the hypervisor took %llu ms/s of this CPU: fewer guests there, or "
			    "CPUs of its own",
			    (unsigned long long)cpu->recent_steal);
	else
		advice_also(text->advice, "look for a real-time process, or one that is bound to "
					  "this CPU, and move it or the interrupts away");
}

void describe_softnet_starved(const struct advice *advice, struct alarm_text *text)
{
	const struct softnet_row *cpu = advice->row;
	char amount[32];

	advice_also(text->summary, "ksoftirqd waited %s ms/s",
		    advice_amount(advice->value, amount));
	advice_also(text->summary, ", packets waited or were lost meanwhile");
	if (cpu)
		say_what_competes(cpu, text);
}

/* ms/s: ksoftirqd's waiting explains lost packets from here on. */
#define WAITED_MS 100

void describe_softnet_dropped(const struct advice *advice, struct alarm_text *text)
{
	const struct softnet_row *cpu = advice->row;
	uint64_t now = advice_sysctl(advice, "net.core.netdev_max_backlog", 0);

	advice_rate(advice, "packets", "lost", text);
	advice_also(text->summary, ", backlog queue full");
	if (cpu && cpu->starved_ms != ROW_ABSENT && cpu->recent_wait >= WAITED_MS) {
		advice_say(text->advice,
			   "ksoftirqd waited %llu ms/s: ", (unsigned long long)cpu->recent_wait);
		say_what_competes(cpu, text);
		return;
	}
	advice_say(text->advice, "%s%s",
		   cpu && cpu->starved_ms != ROW_ABSENT ? "ksoftirqd did not wait: " : "",
		   how_to_spread(advice));
	if (now != ROW_ABSENT && now < BACKLOG_ENOUGH)
		advice_double(advice, "net.core.netdev_max_backlog", text);
}

void describe_softnet_squeezed(const struct advice *advice, struct alarm_text *text)
{
	uint64_t budget = advice_sysctl(advice, "net.core.netdev_budget", 0);
	uint64_t usecs = advice_sysctl(advice, "net.core.netdev_budget_usecs", 0);

	advice_rate(advice, "receive budgets", "used up", text);
	advice_say(text->advice, "information only, unless packets are dropped too");
	if (budget && usecs && budget < BUDGET_ENOUGH && usecs < BUDGET_USECS_ENOUGH)
		advice_say(
			text->command,
			"sysctl -w net.core.netdev_budget=%llu net.core.netdev_budget_usecs=%llu",
			(unsigned long long)budget * 2, (unsigned long long)usecs * 2);
}

void describe_softnet_imbalance(const struct advice *advice, struct alarm_text *text)
{
	char share[32];

	advice_say(text->summary, "one CPU does most receive work, %s %% beyond the mean",
		   advice_amount(advice->value, share));
	advice_say(text->advice, "irqbalance, or smp_affinity (see netdiagIrqTable), then %s",
		   how_to_spread(advice));
}

void describe_rx_discards(const struct advice *advice, struct alarm_text *text)
{
	const struct nic_row *nic = advice->row;
	char count[32], window[24];

	advice_also(text->summary, "%s packets lost in %s, receive ring full",
		    advice_count((uint64_t)advice->value / 100, count),
		    advice_duration(advice->limits->measure.window, window));
	if (!nic)
		return;
	if (nic->ring_rx_current == ROW_ABSENT || nic->ring_rx_max == ROW_ABSENT) {
		advice_say(text->advice,
			   "this device does not show a ring size: more receive queues "
			   "(ethtool -L), interrupts on other CPUs, less work per packet");
		return;
	}
	if (nic->ring_rx_current >= nic->ring_rx_max) {
		advice_say(text->advice,
			   "the ring is at its largest, %llu: more receive queues (ethtool -L), "
			   "interrupts on other CPUs (see netdiagIrqTable)",
			   (unsigned long long)nic->ring_rx_max);
		return;
	}
	advice_say(text->advice, "the ring is %llu of at most %llu",
		   (unsigned long long)nic->ring_rx_current, (unsigned long long)nic->ring_rx_max);
	if (advice_is_device(nic->name))
		advice_say(text->command, "ethtool -G %s rx %llu", nic->name,
			   (unsigned long long)nic->ring_rx_max);
}

static uint64_t or_none(uint64_t number)
{
	return number == ROW_ABSENT ? 0 : number;
}

/* A cable can only be at fault where there is one, and when most errors are those of a link. */
void describe_nic_errors(const struct advice *advice, struct alarm_text *text)
{
	const struct nic_row *nic = advice->row;
	uint64_t link;
	bool frames;

	advice_rate(advice,
		    nic && !nic->rx_errors   ? "transmit errors"
		    : nic && !nic->tx_errors ? "receive errors"
					     : "errors",
		    "counted", text);
	if (!nic)
		return;
	/* A driver may count a frame with a bad CRC as one with a frame error too. */
	link = or_none(nic->rx_crc_errors) + or_none(nic->rx_frame_errors) +
	       or_none(nic->tx_carrier_errors);
	frames = link && link >= (or_none(nic->rx_errors) + or_none(nic->tx_errors)) / 2;
	if (!nic->bus_info[0])
		advice_say(text->advice, "a virtual device: look at what it stands on, a tunnel's "
					 "route and MTU, or the peer that is down");
	else if (nic->duplex == NIC_DUPLEX_HALF)
		advice_say(text->advice,
			   "the link is half duplex: check autonegotiation on both sides");
	else if (frames)
		advice_say(text->advice, "CRC, frame or carrier errors: check the cable, the "
					 "transceiver and the switch port");
	else
		advice_say(text->advice,
			   "see which counter rises (netdiagNicStatTable, ethtool -S)");
}

/* By what drops: the device, or which kind of queueing discipline. */
static void advise_nic_drops(const struct nic_row *nic, struct alarm_text *text)
{
	if (!nic || nic->qdisc_drops == ROW_ABSENT || !nic->qdisc_drops) {
		advice_say(text->advice,
			   "dropped by the device or its driver: see netdiagNicStatTable");
		return;
	}
	if (!strcmp(nic->qdisc_kind, "pfifo_fast") || !strcmp(nic->qdisc_kind, "pfifo")) {
		advice_say(text->advice,
			   "the queue to the link is full, for bursts a longer one helps");
		if (nic->tx_queue_len != ROW_ABSENT && nic->tx_queue_len &&
		    nic->tx_queue_len < TX_QUEUE_ENOUGH && advice_is_device(nic->name) &&
		    !strcmp(nic->qdisc_kind, "pfifo_fast"))
			advice_say(text->command, "ip link set dev %s txqueuelen %llu", nic->name,
				   (unsigned long long)nic->tx_queue_len * 2);
	} else if (!strcmp(nic->qdisc_kind, "tbf") || !strcmp(nic->qdisc_kind, "htb")) {
		advice_say(text->advice,
			   "the shaper drops what is above its rate: raise its rate or "
			   "send less");
	} else {
		advice_say(text->advice,
			   "the link is full or shaped: its queueing discipline drops");
	}
}

void describe_nic_drops(const struct advice *advice, struct alarm_text *text)
{
	char share[32], window[24];

	advice_also(text->summary, "%s %% of packets dropped in %s",
		    advice_amount(advice->value, share),
		    advice_duration(advice->limits->measure.window, window));
	advise_nic_drops(advice->row, text);
	advice_drops(advice, text);
}

/* --- connection tracking ------------------------------------------------------------------------
 */

static void fill_text(const struct advice *advice, struct alarm_text *text)
{
	char duration[24];

	if (advice->time_to_full != ROW_ABSENT && advice->time_to_full)
		advice_also(text->summary, ", full in %s",
			    advice_duration(advice->time_to_full * SECOND_NS, duration));
}

/* The table's size may only be raised where it is what is too small. */
static void advise_conntrack_max(const struct advice *advice, struct alarm_text *text)
{
	uint64_t max = advice_sysctl(advice, "net.netfilter.nf_conntrack_max", 0);

	if (max == ROW_ABSENT || !max)
		return;
	if (max > INT32_MAX / 2) {
		advice_say(text->advice,
			   "the table is as large as it can be: track less (NOTRACK), or "
			   "shorten the timeouts below net.netfilter");
		return;
	}
	advice_say(text->advice,
		   "see what fills it (conntrack -L). Doubling it takes up to %llu MB",
		   ((unsigned long long)max * CONNTRACK_ENTRY_BYTES + MEGABYTE - 1) / MEGABYTE);
	advice_say(text->command, "sysctl -w net.netfilter.nf_conntrack_max=%llu",
		   (unsigned long long)max * 2);
}

static const struct conntrack_row *conntrack_now(const struct advice *advice)
{
	const struct rows *rows = advice_rows(advice, &conntrack_row_type);

	return rows && rows->count ? rows_at(rows, 0) : NULL;
}

void describe_conntrack_usage(const struct advice *advice, struct alarm_text *text)
{
	const struct conntrack_row *row = advice->row;
	char share[32], used[32], max[32];

	advice_say(text->summary, "connection table %s %% full",
		   advice_amount(advice->value, share));
	if (row && row->entries != ROW_ABSENT && row->max != ROW_ABSENT)
		advice_also(text->summary, ", %s of %s", advice_count(row->entries, used),
			    advice_count(row->max, max));
	fill_text(advice, text);
	advise_conntrack_max(advice, text);
}

void describe_conntrack_drops(const struct advice *advice, struct alarm_text *text)
{
	const struct conntrack_row *row = conntrack_now(advice);
	bool full = row && row->usage != ROW_ABSENT && row->usage >= 7000;

	advice_rate(advice, "packets",
		    full ? "lost, connection table full" : "dropped by connection tracking", text);
	if (full)
		advise_conntrack_max(advice, text);
	else
		advice_say(text->advice,
			   "the table is not full: see conntrack -S, and the memory that "
			   "the kernel has left");
}

void describe_insert_failed(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "new connections", "lost, NAT ports used up or clashing", text);
	advice_say(text->advice,
		   "NAT has too few ports towards one destination: add SNAT addresses, "
		   "or --random-fully. DNS over UDP that clashes counts here too. A larger "
		   "table does not help");
}

void describe_netns_conntrack(const struct advice *advice, struct alarm_text *text)
{
	const struct netns_row *netns = advice->row;
	char share[32], owner[ADVICE_OWNER_SIZE];

	if (netns && netns->command[0])
		advice_also(text->summary, "%s, ", advice_owner(netns->command, netns->pid, owner));
	advice_also(text->summary, "connection table of this namespace %s %% full",
		    advice_amount(advice->value, share));
	fill_text(advice, text);
	/* The limit is the host's, and holds for each namespace by itself. */
	advise_conntrack_max(advice, text);
}

/* --- limits and the agent -------------------------------------------------------------------- */

/* Why each limit is reached, and whether doubling its setting is the remedy. */
static const struct {
	const char *limit;
	const char *advice;
	bool is_doubled;
} limit_advices[] = {
	{"ephemeral-ports",
	 "reuse connections (pooling, keep-alive), add source addresses, or widen "
	 "net.ipv4.ip_local_port_range",
	 false},
	{"udp-memory",
	 "find who does not read (ss -uamp, netdiagUdpSocketTable). The bound is "
	 "net.ipv4.udp_mem, in pages",
	 false},
	{"fragment-memory", "fragments come faster than they are completed: check MTU and path",
	 true},
	{"fragment-memory-ipv6",
	 "fragments come faster than they are completed: check MTU and path", true},
	{"tcp-orphans", "connections closed with data unsent: slow or dead peers", true},
	{"tcp-time-wait", "reuse connections: TIME_WAIT lasts 60 s, whatever tcp_fin_timeout is",
	 true},
	{"neighbor-ipv4", "a large or scanned subnet: raise gc_thresh2 and gc_thresh1 with it",
	 true},
	{"neighbor-ipv6", "a large or scanned subnet: raise gc_thresh2 and gc_thresh1 with it",
	 true},
};

void describe_limit(const struct advice *advice, struct alarm_text *text)
{
	const struct limit_row *limit = advice->row;
	char share[32], used[32], max[32], name[ADVICE_NAME_SIZE];

	advice_also(text->summary, "%s %% used", advice_amount(advice->value, share));
	if (!limit)
		return;
	if (limit->used != ROW_ABSENT && limit->max != ROW_ABSENT)
		advice_also(text->summary, ", %s of %s", advice_count(limit->used, used),
			    advice_count(limit->max, max));
	fill_text(advice, text);
	advice_say(text->advice, "see what uses it up, bounded by %s",
		   advice_name(limit->sysctl, name));
	for (size_t i = 0; i < COUNT_OF(limit_advices); i++) {
		if (strcmp(limit->name, limit_advices[i].limit))
			continue;
		advice_say(text->advice, "%s", limit_advices[i].advice);
		if (limit_advices[i].is_doubled && limit->sysctl[0])
			advice_double(advice, limit->sysctl, text);
	}
}

void describe_held_back(const struct advice *advice, struct alarm_text *text)
{
	const struct agent_row *agent = advice->row;
	char minutes[32], count[32];

	if (agent && agent->held_back != ROW_ABSENT)
		advice_say(text->summary, "%s ", advice_count(agent->held_back, count));
	advice_also(text->summary, "notifications held back, for %s min so far",
		    advice_amount(advice->value, minutes));
	advice_say(text->advice,
		   "netdiagAlarmTable and netdiagd --alarms have what is active. Raise "
		   "'notifications rate', or shelve the checks that storm");
}

void describe_collector(const struct advice *advice, struct alarm_text *text)
{
	const struct agent_collector_row *collector = advice->row;

	advice_also(text->summary, "the collector has no current data");
	if (collector && collector->last_error[0])
		text_percent(text->advice, sizeof(text->advice), collector->last_error);
	else
		advice_say(text->advice, "see netdiagCollectorLastError and the log of netdiagd");
}
