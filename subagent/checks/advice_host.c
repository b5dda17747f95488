/* SPDX-License-Identifier: BSD-2-Clause */
/* Advice about CPUs, interfaces, connection tracking, limits and the agent itself. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/limit/limits.h"
#include "collectors/nic/nic.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/socket/tcp_states.h"
#include "subagent/checks/advices.h"
#include "subagent/tables/agent_rows.h"

typedef unsigned long long number;

/* A backlog this long holds packets for so long that a longer one would not help. */
#define BACKLOG_ENOUGH 65536

/* Above so many entries a bucket of the connection table, look-ups get slow. */
#define ENTRIES_PER_BUCKET 4

/* Larger than what a txqueuelen does good for. */
#define TX_QUEUE_ENOUGH 10000

/* Whether any interface that is up leaves receive work to one CPU per queue only. */
static bool any_without_rps(const struct advice *advice)
{
	const struct rows *rows = advice_rows(advice, &nic_collector);

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct nic_row *nic = rows_at(rows, i);

		if (nic->oper_status == NIC_OPER_UP && !nic->rps_enabled)
			return true;
	}
	return false;
}

static const char *spread(const struct advice *advice)
{
	return any_without_rps(advice)
		       ? "spread the load over CPUs: ethtool -L, or RPS by queues/rx-N/rps_cpus"
		       : "RPS is on already: look at its CPU masks and at ethtool -L";
}

void advise_softnet_dropped(const struct advice *advice, char *text, size_t size)
{
	uint64_t now = advice_sysctl_number(advice, "net.core.netdev_max_backlog", 0);
	char command[CHECK_ADVICE_SIZE];

	if (now < BACKLOG_ENOUGH &&
	    advice_double(advice, "net.core.netdev_max_backlog", command, sizeof(command)))
		snprintf(text, size, "%s, and %s", command, spread(advice));
	else
		snprintf(text, size, "%s", spread(advice));
}

void advise_softnet_squeezed(const struct advice *advice, char *text, size_t size)
{
	uint64_t budget = advice_sysctl_number(advice, "net.core.netdev_budget", 0);
	uint64_t usecs = advice_sysctl_number(advice, "net.core.netdev_budget_usecs", 0);

	if (budget != ROW_ABSENT && usecs != ROW_ABSENT)
		snprintf(text, size,
			 "information only unless packets are dropped too. To try: sysctl -w "
			 "net.core.netdev_budget=%llu net.core.netdev_budget_usecs=%llu",
			 (number)budget * 2, (number)usecs * 2);
	else
		snprintf(text, size,
			 "information only unless packets are dropped too. To try: raise "
			 "net.core.netdev_budget and netdev_budget_usecs");
}

void advise_softnet_imbalance(const struct advice *advice, char *text, size_t size)
{
	snprintf(text, size, "run irqbalance or set smp_affinity, see netdiagIrqTable. Then %s",
		 spread(advice));
}

/* Names are the kernel's, and need not be fit for a command line. */
static const char *device(const struct nic_row *nic)
{
	static const char fit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789._:@-";

	return nic->name[0] && strspn(nic->name, fit) == strlen(nic->name) ? nic->name : "DEVICE";
}

void advise_rx_discards(const struct advice *advice, char *text, size_t size)
{
	const struct nic_row *nic = advice->row;

	if (!nic)
		return;
	if (nic->ring_rx_current == ROW_ABSENT || nic->ring_rx_max == ROW_ABSENT)
		snprintf(text, size,
			 "this device tells no ring size: more receive queues with ethtool -L %s, "
			 "interrupts on other CPUs, less work per packet",
			 device(nic));
	else if (nic->ring_rx_current < nic->ring_rx_max)
		snprintf(text, size, "ethtool -G %s rx %llu, now %llu", device(nic),
			 (number)nic->ring_rx_max, (number)nic->ring_rx_current);
	else
		snprintf(
			text, size,
			"the ring is at its largest, %llu: more receive queues with ethtool -L %s, "
			"interrupts on other CPUs, see netdiagIrqTable",
			(number)nic->ring_rx_max, device(nic));
}

void advise_nic_errors(const struct advice *advice, char *text, size_t size)
{
	const struct nic_row *nic = advice->row;
	bool crc;

	if (!nic)
		return;
	crc = nic->rx_crc_errors != ROW_ABSENT && nic->rx_errors != ROW_ABSENT &&
	      nic->rx_crc_errors && nic->rx_crc_errors >= nic->rx_errors / 2;
	snprintf(text, size, "%scheck cable, transceiver and the switch port, ethtool -S %s",
		 crc ? "mostly CRC errors: " : "", device(nic));
	if (nic->duplex == NIC_DUPLEX_HALF)
		snprintf(text, size,
			 "the link is half duplex: check autonegotiation on both sides, ethtool %s",
			 device(nic));
}

void advise_nic_drops(const struct advice *advice, char *text, size_t size)
{
	const struct nic_row *nic = advice->row;
	uint64_t rx, qdisc;

	if (!nic)
		return;
	rx = nic->rx_dropped == ROW_ABSENT ? 0 : nic->rx_dropped;
	qdisc = nic->qdisc_drops == ROW_ABSENT ? 0 : nic->qdisc_drops;
	if (qdisc <= rx)
		snprintf(text, size,
			 "mostly on receipt: unknown protocols or VLANs, or a full backlog. "
			 "ip -s -s link show %s, ethtool -S %s",
			 device(nic), device(nic));
	else if (nic->tx_queue_len != ROW_ABSENT && nic->tx_queue_len &&
		 nic->tx_queue_len < TX_QUEUE_ENOUGH)
		snprintf(
			text, size,
			"mostly by the qdisc: tc -s qdisc show dev %s. The link is full or shaped, "
			"for bursts ip link set %s txqueuelen %llu, now %llu",
			device(nic), device(nic), (number)nic->tx_queue_len * 2,
			(number)nic->tx_queue_len);
	else
		snprintf(text, size,
			 "mostly by the qdisc: tc -s qdisc show dev %s. The link is full or shaped",
			 device(nic));
}

/* The connection table's size: conntrack_row's is the one that the usage was reckoned with; what
 * the sysctls' collector read may be older. */
static uint64_t conntrack_max(const struct advice *advice, uint64_t *buckets)
{
	const struct rows *rows = advice_rows(advice, &conntrack_collector);
	const struct conntrack_row *row = rows && rows->count ? rows_at(rows, 0) : NULL;

	*buckets = row ? row->buckets : ROW_ABSENT;
	if (row && row->max != ROW_ABSENT)
		return row->max;
	return advice_sysctl_number(advice, "net.netfilter.nf_conntrack_max", 0);
}

void advise_conntrack(const struct advice *advice, char *text, size_t size)
{
	uint64_t buckets, max = conntrack_max(advice, &buckets);
	int used;

	if (max == ROW_ABSENT || !max) {
		snprintf(text, size, "see what fills the table: conntrack -S, conntrack -L");
		return;
	}
	if (max > INT32_MAX / 2) {
		snprintf(text, size,
			 "the table is as large as it gets: track less, with NOTRACK rules or "
			 "shorter timeouts below net.netfilter");
		return;
	}
	used = snprintf(text, size, "sysctl -w net.netfilter.nf_conntrack_max=%llu, now %llu",
			(number)max * 2, (number)max);
	if (buckets != ROW_ABSENT && buckets && max * 2 / buckets > ENTRIES_PER_BUCKET &&
	    used > 0 && (size_t)used < size)
		snprintf(text + used, size - (size_t)used,
			 ". Buckets: sysctl -w net.netfilter.nf_conntrack_buckets=%llu, now %llu",
			 (number)max * 2 / ENTRIES_PER_BUCKET, (number)buckets);
}

void advise_insert_failed(const struct advice *advice, char *text, size_t size)
{
	(void)advice;
	snprintf(text, size,
		 "clashing connections: NAT runs out of ports towards one destination. More SNAT "
		 "addresses, or random-fully. See conntrack -S");
}

/* Settings that are no plain maximum. */
static const struct {
	const char *limit;
	const char *advice;
} limit_advices[] = {
	{"ephemeral-ports", "reuse connections with pooling or keep-alive, add source addresses, "
			    "or widen net.ipv4.ip_local_port_range"},
	{"udp-memory", "find who does not read: ss -uamp, netdiagUdpSocketTable. The bound is "
		       "net.ipv4.udp_mem, in pages"},
	{"fragment-memory", "fragments come faster than they are completed: check MTU and path, "
			    "then raise the bound"},
	{"tcp-orphans", "connections closed with data unsent: slow or dead peers"},
	{"tcp-time-wait", "reuse connections: TIME_WAIT lasts 60 s, whatever tcp_fin_timeout is"},
	{"neighbor-ipv4", "a large or scanned subnet: raise gc_thresh2 and gc_thresh1 with it"},
	{"neighbor-ipv6", "a large or scanned subnet: raise gc_thresh2 and gc_thresh1 with it"},
};

void advise_limit(const struct advice *advice, char *text, size_t size)
{
	const struct limit_row *limit = advice->row;
	const char *why = "see what uses it up";
	bool plain;

	if (!limit)
		return;
	for (size_t i = 0; i < COUNT_OF(limit_advices); i++)
		if (!strcmp(limit->name, limit_advices[i].limit))
			why = limit_advices[i].advice;
	plain = !strcmp(limit->name, "tcp-orphans") || !strcmp(limit->name, "tcp-time-wait") ||
		!strncmp(limit->name, "neighbor-", strlen("neighbor-"));
	if (plain && limit->sysctl[0] && limit->max != ROW_ABSENT && limit->max &&
	    limit->max <= INT32_MAX / 2)
		snprintf(text, size, "sysctl -w %s=%llu, now %llu. %s", limit->sysctl,
			 (number)limit->max * 2, (number)limit->max, why);
	else if (limit->sysctl[0])
		snprintf(text, size, "%s. Bounded by %s", why, limit->sysctl);
	else
		snprintf(text, size, "%s", why);
}

/* Quotation marks and apostrophes may not leave the host: "another hosts" reads better than what
 * text_sanitise() would make of it. */
static void copy_unquoted(const char *from, char *to, size_t size)
{
	size_t used = 0;

	for (; *from && used + 1 < size; from++)
		if (!strchr("'`\"", *from))
			to[used++] = *from;
	to[used] = '\0';
}

void advise_collector(const struct advice *advice, char *text, size_t size)
{
	const struct agent_collector_row *collector = advice->row;

	if (collector && collector->last_error[0])
		copy_unquoted(collector->last_error, text, size);
	else
		snprintf(text, size, "see netdiagCollectorLastError and the log of netdiagd");
}
