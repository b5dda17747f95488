/* SPDX-License-Identifier: BSD-2-Clause */
/* Every check that there is. The order is that of --report. */
#include <config.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/cpu/softnet.h"
#include "collectors/limit/limits.h"
#include "collectors/netns/netns.h"
#include "collectors/nic/nic.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/protocol/counters.h"
#include "collectors/protocol/memory.h"
#include "collectors/socket/tcp_states.h"
#include "collectors/socket/udp_socket.h"
#include "subagent/checks/advices.h"
#include "subagent/checks/check.h"
#include "subagent/tables/agent_rows.h"

#define SECOND	    UINT64_C(1000000000)
#define MINUTE	    (60 * SECOND)
#define MILLISECOND UINT64_C(1000000)

/* Units to hundredths. */
#define H(units)      ((int64_t)((units)*100 + 0.5))
#define IN_UNITS      100 /* a reading of 1 is one unit */
#define IN_HUNDREDTHS 1	  /* a reading of 1 is a hundredth */

/* Which of a row's members are added up. */
/* clang-format off */
#define OF(row, m) {1, {offsetof(struct row, m)}}
#define OF2(row, a, b) {2, {offsetof(struct row, a), offsetof(struct row, b)}}
#define OF3(row, a, b, c) \
	{3, {offsetof(struct row, a), offsetof(struct row, b), offsetof(struct row, c)}}
#define OF4(row, a, b, c, d) \
	{4, {offsetof(struct row, a), offsetof(struct row, b), offsetof(struct row, c), offsetof(struct row, d)}}
/* clang-format on */
#define STAMP(row) .stamp = offsetof(struct row, discontinuity)

/* Limits: warning, critical, clear; what else there is follows. Raised after two evaluations in a
 * row, over after five minutes below the clear limit. */
#define HOLDS		.hold = 2, .clear_after = 5 * MINUTE
#define LIMITS(w, c, e) .warning = (w), .critical = (c), .clear = (e)
#define RATE(w, c, e)                                                                 \
	{                                                                             \
		.kind = CHECK_RATE, LIMITS(H(w), H(c), H(e)), .window = MINUTE, HOLDS \
	}
#define COUNT(w, c, e)                                                                      \
	{                                                                                   \
		.kind = CHECK_COUNT, LIMITS(H(w), H(c), H(e)), .window = 10 * MINUTE, HOLDS \
	}
#define LEVEL(w, c, e, s)                                                          \
	{                                                                          \
		.kind = CHECK_LEVEL, LIMITS(H(w), H(c), H(e)), .scale = (s), HOLDS \
	}
#define SHARE(w, c, e, t, m)                                                                  \
	{                                                                                     \
		.kind = CHECK_SHARE, LIMITS(H(w), H(c), H(e)), .window = (t), .minimum = (m), \
		HOLDS                                                                         \
	}

/* The busiest CPU is only worth a look when there is something to do. */
#define IMBALANCE_MIN_RATE 1000

/* A collector has to fail for so many of its intervals. */
#define COLLECTOR_INTERVALS 3

static void name_cpu(const void *row, char *text, size_t size)
{
	snprintf(text, size, "cpu%u", (unsigned)((const struct softnet_row *)row)->cpu);
}

static void name_nic(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct nic_row *)row)->name);
}

static void name_listener(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct listener_row *)row)->endpoint);
}

/* Rows of endpoints outlive their sockets for a while, for the sums of their drops. */
static bool is_listening(const void *row)
{
	return ((const struct listener_row *)row)->sockets != 0;
}

static bool is_bound(const void *row)
{
	return ((const struct udp_socket_row *)row)->sockets != 0;
}

static void name_udp_socket(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct udp_socket_row *)row)->endpoint);
}

static void name_limit(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct limit_row *)row)->name);
}

static void name_netns(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct netns_row *)row)->name);
}

static void name_collector(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct agent_collector_row *)row)->name);
}

static bool is_state(const void *row, uint64_t state)
{
	const struct socket_state_row *socket = row;

	return socket->family == SOCKET_ANY && socket->state == state;
}

static bool is_time_wait(const void *row)
{
	return is_state(row, TCP_TIME_WAIT);
}

static bool is_close_wait(const void *row)
{
	return is_state(row, TCP_CLOSE_WAIT);
}

static bool is_tcp(const void *row)
{
	return !strcmp(((const struct protocol_row *)row)->name, "TCP");
}

/* Limits that have a check of their own with advice of their own are not told twice. */
static bool has_no_own_check(const void *row)
{
	const struct limit_row *limit = row;

	return strcmp(limit->name, "conntrack") && strcmp(limit->name, "tcp-memory");
}

/* The kernel itself begins to hold back at `pressure`, and fails allocations at `high`. */
static void limits_of_memory(const void *row, struct check_limits *limits)
{
	const struct protocol_row *protocol = row;

	if (protocol->mem_pressure == ROW_ABSENT || protocol->mem_high == ROW_ABSENT)
		return;
	limits->warning = (int64_t)(protocol->mem_pressure * IN_UNITS);
	limits->critical = (int64_t)(protocol->mem_high * IN_UNITS / 10 * 9);
	limits->clear = (int64_t)(protocol->mem_pressure * IN_UNITS / 10 * 8);
}

static void limits_of_collector(const void *row, struct check_limits *limits)
{
	const struct agent_collector_row *collector = row;

	limits->window = COLLECTOR_INTERVALS * collector->interval_ms * MILLISECOND;
}

static bool is_supported(const void *row)
{
	return ((const struct agent_collector_row *)row)->status != COLLECT_UNSUPPORTED;
}

static uint64_t read_collector(const void *row)
{
	return ((const struct agent_collector_row *)row)->status != COLLECT_OK;
}

/* Busiest ÷ mean of the CPUs' receive softirqs between two generations, in hundredths. */
static uint64_t compare_softnet(const struct rows *then, const struct rows *now, uint64_t elapsed)
{
	uint64_t total = 0, busiest = 0, cpus = 0;

	for (size_t i = 0; i < now->count; i++) {
		const struct softnet_row *row = rows_at(now, i), *old = rows_find(then, row);
		uint64_t increase;

		if (!old || row->net_rx_softirqs == ROW_ABSENT ||
		    old->net_rx_softirqs == ROW_ABSENT ||
		    old->discontinuity != row->discontinuity ||
		    row->net_rx_softirqs < old->net_rx_softirqs)
			continue;
		increase = row->net_rx_softirqs - old->net_rx_softirqs;
		total += increase;
		cpus++;
		if (increase > busiest)
			busiest = increase;
	}
	if (!cpus)
		return ROW_ABSENT;
	if (total * (SECOND / IMBALANCE_MIN_RATE) < elapsed)
		return 0;
	return busiest * cpus * IN_UNITS / total;
}

/* clang-format off */
const struct check checks[] = {
	{.name = "softnet.dropped", .table = "netdiagSoftnetTable", .value = OF(softnet_row, dropped),
	 STAMP(softnet_row), .instance = name_cpu, .units = "packets/s",
	 .phrase = "{} packets/s dropped by a full backlog queue", .limits = RATE(1, 10, 0.1),
	 .advice = advise_softnet_dropped},
	{.name = "softnet.squeezed", .table = "netdiagSoftnetTable", .value = OF(softnet_row, time_squeeze),
	 STAMP(softnet_row), .instance = name_cpu, .units = "squeezes/s", .quiet = true,
	 .phrase = "the receive budget was used up {} times/s", .limits = RATE(100, 1000, 50),
	 .advice = advise_softnet_squeezed},
	{.name = "softnet.imbalance", .table = "netdiagSoftnetTable", .value = OF(softnet_row, net_rx_softirqs),
	 .stamp = CHECK_NO_STAMP, .compare = compare_softnet, .units = "times", .quiet = true,
	 .phrase = "the busiest CPU does {} times the mean receive work",
	 .limits = {.kind = CHECK_LEVEL, LIMITS(H(5), H(20), H(3)), .scale = IN_HUNDREDTHS, .window = MINUTE, HOLDS},
	 .advice = advise_softnet_imbalance},
	{.name = "nic.rx_discards", .table = "netdiagNicTable", .value = OF(nic_row, rx_discards),
	 STAMP(nic_row), .instance = name_nic, .units = "packets",
	 .phrase = "{} packets discarded for lack of receive ring or buffer in {t}", .limits = COUNT(100, 10000, 0),
	 .advice = advise_rx_discards},
	{.name = "nic.errors", .table = "netdiagNicTable", .value = OF2(nic_row, rx_errors, tx_errors),
	 STAMP(nic_row), .instance = name_nic, .units = "errors/s",
	 .phrase = "{} errors/s", .limits = RATE(1, 100, 0.1),
	 .advice = advise_nic_errors},
	{.name = "nic.drops", .table = "netdiagNicTable", .value = OF3(nic_row, rx_dropped, tx_dropped, qdisc_drops),
	 .base = OF4(nic_row, rx_packets, tx_packets, tx_dropped, qdisc_drops),
	 STAMP(nic_row), .instance = name_nic, .units = "%",
	 .phrase = "{} % of packets dropped in {t}", .limits = SHARE(2, 10, 1, 10 * MINUTE, 10000),
	 .advice = advise_nic_drops},
	{.name = "conntrack.usage", .table = "netdiagConntrack", .value = OF(conntrack_row, usage),
	 .stamp = CHECK_NO_STAMP, .units = "%",
	 .phrase = "connection table {} % full", .limits = LEVEL(70, 90, 65, IN_HUNDREDTHS),
	 .advice = advise_conntrack},
	{.name = "conntrack.drops", .table = "netdiagConntrack", .value = OF2(conntrack_row, drops, early_drops),
	 STAMP(conntrack_row), .units = "packets/s",
	 .phrase = "{} packets/s dropped for a full connection table", .limits = RATE(0, 1, 0),
	 .advice = advise_conntrack},
	{.name = "conntrack.insert_failed", .table = "netdiagConntrack", .value = OF(conntrack_row, insert_failed),
	 STAMP(conntrack_row), .units = "connections/s",
	 .phrase = "{} connections/s could not be entered in the connection table", .limits = RATE(10, 100, 5),
	 .advice = advise_insert_failed},
	{.name = "tcp.listen_overflows", .table = "netdiagTcp", .value = OF(tcp_row, listen_overflows),
	 .stamp = CHECK_NO_STAMP, .units = "connections/s",
	 .phrase = "{} connections/s lost to full accept queues", .limits = RATE(1, 100, 0),
	 .advice = advise_listen_overflows},
	{.name = "listener.queue", .table = "netdiagListenerTable", .value = OF(listener_row, queue_usage),
	 .stamp = CHECK_NO_STAMP, .applies = is_listening, .instance = name_listener, .many = true, .units = "%",
	 .phrase = "accept queue {} % full", .limits = LEVEL(70, 90, 60, IN_HUNDREDTHS),
	 .detail = detail_listener, .advice = advise_listener},
	{.name = "listener.drops", .table = "netdiagListenerTable", .value = OF(listener_row, drops),
	 STAMP(listener_row), .applies = is_listening, .instance = name_listener, .many = true, .units = "connections/s",
	 .phrase = "{} connections/s dropped", .limits = RATE(0, 10, 0),
	 .detail = detail_listener, .advice = advise_listener},
	{.name = "tcp.syn_queue", .table = "netdiagTcp",
	 .value = OF2(tcp_row, req_q_full_drop, req_q_full_do_cookies),
	 .stamp = CHECK_NO_STAMP, .units = "requests/s",
	 .phrase = "{} connection requests/s found the SYN queue full", .limits = RATE(0, 5, 0),
	 .advice = advise_syn_queue},
	{.name = "tcp.retransmits", .table = "netdiagTcp", .value = OF(tcp_row, retrans_segs),
	 .base = OF2(tcp_row, out_segs, retrans_segs), .stamp = CHECK_NO_STAMP, .units = "%",
	 .phrase = "{} % of segments were sent again", .limits = SHARE(1, 5, 0.5, MINUTE, 1000),
	 .advice = advise_retransmits},
	{.name = "tcp.retransmit_rate", .table = "netdiagTcp", .value = OF(tcp_row, retrans_segs),
	 .stamp = CHECK_NO_STAMP, .units = "segments/s", .off = true,
	 .phrase = "{} segments/s were sent again", .limits = RATE(10, 50, 5),
	 .advice = advise_retransmits},
	{.name = "tcp.time_wait", .table = "netdiagSocketStateTable", .value = OF(socket_state_row, count),
	 .stamp = CHECK_NO_STAMP, .applies = is_time_wait, .units = "sockets",
	 .phrase = "{} sockets in TIME_WAIT", .limits = LEVEL(5000, 20000, 4000, IN_UNITS),
	 .advice = advise_time_wait},
	{.name = "tcp.close_wait", .table = "netdiagSocketStateTable", .value = OF(socket_state_row, count),
	 .stamp = CHECK_NO_STAMP, .applies = is_close_wait, .units = "sockets",
	 .phrase = "at least {} sockets in CLOSE_WAIT for {t}",
	 .limits = {.kind = CHECK_LOWEST, LIMITS(H(1), H(100), H(0)), .scale = IN_UNITS, .window = 5 * MINUTE, HOLDS},
	 .detail = detail_close_wait, .advice = advise_close_wait},
	{.name = "tcp.attempt_fails", .table = "netdiagTcp", .value = OF(tcp_row, attempt_fails),
	 .stamp = CHECK_NO_STAMP, .units = "attempts/s",
	 .phrase = "{} connection attempts/s failed",
	 .limits = {.kind = CHECK_RATE, LIMITS(H(5), H(50), H(2)), .window = MINUTE, .outlier = 10, HOLDS},
	 .advice = advise_attempt_fails},
	{.name = "tcp.memory", .table = "netdiagProtocolMemTable", .value = OF(protocol_row, mem_pages),
	 .stamp = CHECK_NO_STAMP, .applies = is_tcp, .own_limits = limits_of_memory, .units = "pages",
	 .phrase = "TCP holds {} pages of memory",
	 .limits = {.kind = CHECK_LEVEL, LIMITS(CHECK_NO_LIMIT, CHECK_NO_LIMIT, 0), .scale = IN_UNITS, HOLDS},
	 .advice = advise_tcp_memory},
	{.name = "tcp.abort_on_memory", .table = "netdiagTcp", .value = OF(tcp_row, abort_on_memory),
	 .stamp = CHECK_NO_STAMP, .units = "connections/s",
	 .phrase = "{} connections/s reset for lack of memory or too many orphans", .limits = RATE(0.1, 1, 0),
	 .advice = advise_abort_on_memory},
	{.name = "tcp.rcvq_drops", .table = "netdiagTcp",
	 .value = OF3(tcp_row, rcv_q_drop, zero_window_drop, backlog_drop),
	 .stamp = CHECK_NO_STAMP, .units = "segments/s",
	 .phrase = "{} segments/s dropped by sockets that are not read fast enough", .limits = RATE(1, 100, 0),
	 .advice = advise_rcvq_drops},
	{.name = "udp.rcvbuf_errors", .table = "netdiagUdp",
	 .value = OF2(udp_row, udp.rcvbuf_errors, udp6.rcvbuf_errors),
	 .stamp = CHECK_NO_STAMP, .units = "datagrams/s",
	 .phrase = "{} datagrams/s lost to full receive buffers", .limits = RATE(1, 100, 0),
	 .advice = advise_udp_rcvbuf},
	{.name = "udp.socket_drops", .table = "netdiagUdpSocketTable", .value = OF(udp_socket_row, drops),
	 STAMP(udp_socket_row), .applies = is_bound, .instance = name_udp_socket, .many = true, .units = "datagrams/s",
	 .phrase = "{} datagrams/s lost to a full receive buffer", .limits = RATE(1, 100, 0),
	 .detail = detail_udp_socket, .advice = advise_udp_socket},
	{.name = "limits.usage", .table = "netdiagLimitTable", .value = OF(limit_row, usage),
	 .stamp = CHECK_NO_STAMP, .applies = has_no_own_check, .instance = name_limit, .units = "%",
	 .phrase = "{} % used", .limits = LEVEL(70, 90, 65, IN_HUNDREDTHS),
	 .advice = advise_limit},
	{.name = "netns.listen_overflows", .table = "netdiagNetnsTable", .value = OF(netns_row, listen_overflows),
	 STAMP(netns_row), .instance = name_netns, .many = true, .units = "connections/s",
	 .phrase = "{} connections/s lost to full accept queues in this namespace", .limits = RATE(1, 100, 0),
	 .detail = detail_netns, .advice = advise_netns_overflows},
	{.name = "netns.conntrack", .table = "netdiagNetnsTable", .value = OF(netns_row, conntrack_usage),
	 .stamp = CHECK_NO_STAMP, .instance = name_netns, .many = true, .units = "%",
	 .phrase = "connection table of this namespace {} % full", .limits = LEVEL(70, 90, 65, IN_HUNDREDTHS),
	 .detail = detail_netns, .advice = advise_conntrack},
	{.name = "agent.collector", .table = "netdiagCollectorTable", .value = OF(agent_collector_row, status),
	 .stamp = CHECK_NO_STAMP, .applies = is_supported, .instance = name_collector, .read = read_collector,
	 .own_limits = limits_of_collector, .units = "",
	 .phrase = "the collector has no current data", .fine = "the collector has current data",
	 .limits = {.kind = CHECK_LOWEST, LIMITS(H(1), CHECK_NO_LIMIT, 0), .scale = IN_UNITS,
		    .window = COLLECTOR_INTERVALS * SECOND, .hold = 1, .clear_after = MINUTE},
	 .advice = advise_collector},
};
/* clang-format on */

size_t check_count(void)
{
	return COUNT_OF(checks);
}
