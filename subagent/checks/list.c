/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every check that there is: which rows it reads, its limits, its causes, and who writes its text.
 * The order is that of --report; what makes another check urgent comes before it.
 */
#include <config.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/cpu/softnet.h"
#include "collectors/limit/limits.h"
#include "collectors/loss/drop_reasons.h"
#include "collectors/netns/netns.h"
#include "collectors/nic/nic.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/protocol/counters.h"
#include "collectors/protocol/memory.h"
#include "collectors/socket/fullest_buffers.h"
#include "collectors/socket/tcp_states.h"
#include "collectors/socket/udp_socket.h"
#include "subagent/checks/advices.h"
#include "subagent/checks/check.h"
#include "subagent/tables/agent_rows.h"

#define MINUTE (60 * SECOND_NS)

/* Units to hundredths. */
#define H(units)      ((int64_t)((units)*100 + 0.5))
#define IN_UNITS      100 /* a reading of 1 is one unit */
#define IN_HUNDREDTHS 1	  /* a reading of 1 is a hundredth */

/* A member of a row, for struct check_members. */
#define AT(row, m) (offsetof(struct row, m) + 1)
/* clang-format off */
#define OF(...) {{__VA_ARGS__}}
/* clang-format on */
#define STAMP(row)	  .stamp = offsetof(struct row, discontinuity)
#define CAPPED_BY(t, ...) .cap = {&(t), {{__VA_ARGS__}}}

/* Limits: warning, critical, clear; what else there is follows. Over after five minutes below the
 * clear limit. What counts losses is raised within two seconds, a level has to last for ten. */
#define LIMITS(w, c, e) .warning = H(w), .critical = H(c), .clear = H(e)
#define HOLDS(s)	.hold.ns = (s)*SECOND_NS, .clear_after = 5 * MINUTE
#define MEASURE(k, w)	.measure.kind = (k), .measure.window = (w), .measure.settle = 2 * SECOND_NS
#define RATE(w, c, e)                                                  \
	{                                                              \
		MEASURE(CHECK_RATE, MINUTE), LIMITS(w, c, e), HOLDS(2) \
	}
/* What others can cause for a moment, by a burst or a restart, fills one window: only what goes on
 * after that asks for somebody. */
#define LASTING_RATE(w, c, e)                                           \
	{                                                               \
		MEASURE(CHECK_RATE, MINUTE), LIMITS(w, c, e), HOLDS(90) \
	}
#define COUNT(w, c, e)                                                       \
	{                                                                    \
		MEASURE(CHECK_COUNT, 10 * MINUTE), LIMITS(w, c, e), HOLDS(2) \
	}
#define SHARE(w, c, e, t, min, min_value)                                                       \
	{                                                                                       \
		MEASURE(CHECK_SHARE, t), .measure.minimum = (min),                              \
					 .measure.minimum_value = (min_value), LIMITS(w, c, e), \
					 HOLDS(10)                                              \
	}
#define LEVEL(w, c, e, s)                                                                     \
	{                                                                                     \
		.measure.kind = CHECK_LEVEL, .measure.scale = (s), LIMITS(w, c, e), HOLDS(10) \
	}

/* The busiest CPU is only worth a look when there is something to do. */
#define IMBALANCE_MIN_RATE 1000

/* A collector has to fail for so many of its intervals. */
#define COLLECTOR_INTERVALS 3

/* A shorter accept queue is full with a few clients, whatever is wrong. */
#define BACKLOG_MIN 8

static void name_cpu(const void *row, char *text, size_t size)
{
	snprintf(text, size, "cpu%u", (unsigned)((const struct softnet_row *)row)->cpu);
}

static void name_nic(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct nic_row *)row)->name);
}

/* "SOCKET_RCVBUFF:eth0"; "-" for no interface. */
static void name_drop(const void *row, char *text, size_t size)
{
	const struct drop_row *drop = row;

	snprintf(text, size, "%s:%s", drop->reason, drop->ifname[0] ? drop->ifname : "-");
}

static void name_listener(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct listener_row *)row)->endpoint);
}

static void name_udp_socket(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct udp_socket_row *)row)->endpoint);
}

static void name_buffer(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct buffer_row *)row)->local);
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

static uint64_t owner_listener(const void *row)
{
	return ((const struct listener_row *)row)->uid;
}

static uint64_t owner_udp_socket(const void *row)
{
	return ((const struct udp_socket_row *)row)->uid;
}

/* Rows of endpoints outlive their sockets for a while, for the sums of their drops. */
static bool is_listening(const void *row)
{
	return ((const struct listener_row *)row)->sockets != 0;
}

static bool has_backlog(const void *row)
{
	const struct listener_row *listener = row;

	return listener->sockets && listener->queue_limit != ROW_ABSENT &&
	       listener->queue_limit / listener->sockets >= BACKLOG_MIN;
}

static bool is_bound(const void *row)
{
	return ((const struct udp_socket_row *)row)->sockets != 0;
}

static bool is_loss(const void *row)
{
	return drop_row_is_loss(row);
}

static bool is_time_wait(const void *row)
{
	const struct socket_state_row *socket = row;

	return socket->family == SOCKET_ANY && socket->state == TCP_TIME_WAIT;
}

static bool is_close_wait(const void *row)
{
	const struct socket_state_row *socket = row;

	return socket->family == SOCKET_ANY && socket->state == TCP_CLOSE_WAIT;
}

/* One socket speaks for its local endpoint. */
static bool is_longest_stuck(const void *row)
{
	return ((const struct buffer_row *)row)->stuck_seconds != ROW_ABSENT;
}

static bool is_tcp(const void *row)
{
	return !strcmp(((const struct protocol_row *)row)->name, "TCP");
}

/* Limits that have a check of their own, with advice of its own, are not told twice. */
static bool has_no_own_check(const void *row)
{
	const struct limit_row *limit = row;

	return strcmp(limit->name, "conntrack") && strcmp(limit->name, "tcp-memory");
}

/* A virtual device's carrier goes with its peer: a container that ends, a tunnel, a virtual
 * machine.
 */
static bool is_hardware(const void *row)
{
	return ((const struct nic_row *)row)->hardware == 1;
}

static bool is_supported(const void *row)
{
	return ((const struct agent_collector_row *)row)->status != COLLECT_UNSUPPORTED;
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

	limits->measure.window = COLLECTOR_INTERVALS * collector->interval_ms * MILLISECOND_NS;
}

static uint64_t read_collector(const void *row)
{
	return ((const struct agent_collector_row *)row)->status != COLLECT_OK;
}

static uint64_t read_degraded(const void *row)
{
	uint64_t degraded = ((const struct nic_row *)row)->degraded;

	return degraded == ROW_ABSENT ? ROW_ABSENT : degraded != NIC_SOUND;
}

/* Hundredths of minutes for which notifications wait. */
static uint64_t read_held_back(const void *row)
{
	return ((const struct agent_row *)row)->held_back_ns / (MINUTE / 100);
}

/* How far the busiest CPU's share of the receive softirqs is beyond the mean, in hundredths of a
 * percent of what it could be: 100 % is one CPU that does it all. */
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
	if (cpus < 2 || total * (SECOND_NS / IMBALANCE_MIN_RATE) < elapsed)
		return 0;
	return (busiest * cpus - total) * 10000 / (total * (cpus - 1));
}

/* clang-format off */
const struct check checks[] = {
	/* ksoftirqd waits on every busy CPU: only what it waited while packets were dropped or left
	 * behind counts. */
	{.name = "softnet.starved", .table = "netdiagSoftnetTable", .value = OF(AT(softnet_row, starved_ms)),
	 .object = AT(softnet_row, ksoftirqd_wait_us), STAMP(softnet_row), .instance = name_cpu, .units = "ms/s",
	 .limits = RATE(100, 500, 50), .describe = describe_softnet_starved},
	{.name = "softnet.dropped", .table = "netdiagSoftnetTable", .value = OF(AT(softnet_row, dropped)),
	 STAMP(softnet_row), .instance = name_cpu, .units = "packets/s", .limits = RATE(1, 10, 0.1),
	 .caused_by = {"softnet.starved"}, .describe = describe_softnet_dropped},
	{.name = "softnet.squeezed", .table = "netdiagSoftnetTable", .value = OF(AT(softnet_row, time_squeeze)),
	 STAMP(softnet_row), .instance = name_cpu, .units = "squeezes/s", .quiet = true,
	 .limits = RATE(100, 1000, 50), .describe = describe_softnet_squeezed},
	{.name = "softnet.imbalance", .table = "netdiagSoftnetTable", .value = OF(AT(softnet_row, net_rx_softirqs)),
	 .stamp = CHECK_NO_STAMP, .compare = compare_softnet, .units = "%", .quiet = true,
	 .limits = {.measure = {.kind = CHECK_LEVEL, .scale = IN_HUNDREDTHS, .window = MINUTE}, LIMITS(80, 95, 60), HOLDS(10)},
	 .describe = describe_softnet_imbalance},
	{.name = "nic.rx_discards", .table = "netdiagNicTable", .value = OF(AT(nic_row, rx_discards)),
	 STAMP(nic_row), .instance = name_nic, .units = "packets", .limits = COUNT(100, 10000, 0),
	 .caused_by = {"softnet.starved"}, .describe = describe_rx_discards},
	{.name = "nic.errors", .table = "netdiagNicTable", .value = OF(AT(nic_row, rx_errors), AT(nic_row, tx_errors)),
	 STAMP(nic_row), .instance = name_nic, .units = "errors/s", .limits = RATE(1, 100, 0.1),
	 .caused_by = {"link.flapping"}, .describe = describe_nic_errors},
	/* What was dropped on receipt is loss only as far as the backlog dropped it: the rest had no
	 * protocol handler (LLDP, STP). */
	{.name = "nic.drops", .table = "netdiagNicTable",
	 .value = OF(AT(nic_row, tx_dropped), AT(nic_row, qdisc_drops)), .capped = OF(AT(nic_row, rx_dropped)),
	 CAPPED_BY(softnet_row_type, AT(softnet_row, dropped)),
	 .base = OF(AT(nic_row, rx_packets), AT(nic_row, rx_dropped), AT(nic_row, tx_packets), AT(nic_row, tx_dropped), AT(nic_row, qdisc_drops)),
	 STAMP(nic_row), .instance = name_nic, .units = "%", .limits = SHARE(2, 10, 1, 10 * MINUTE, 10000, 0),
	 .caused_by = {"softnet.dropped", "nic.rx_discards"}, .describe = describe_nic_drops},
	{.name = "nic.limited", .table = "netdiagNicTable",
	 .value = OF(AT(nic_row, limit_in_bandwidth), AT(nic_row, limit_out_bandwidth), AT(nic_row, limit_packets), AT(nic_row, limit_conntrack), AT(nic_row, limit_link_local)),
	 STAMP(nic_row), .instance = name_nic, .units = "packets/s", .limits = RATE(0, 100, 0),
	 .describe = describe_nic_limited},
	/* Nothing is lost by waiting. */
	{.name = "nic.paused", .table = "netdiagNicTable", .value = OF(AT(nic_row, pause_rx)),
	 STAMP(nic_row), .instance = name_nic, .units = "frames/s", .quiet = true, .limits = RATE(100, 10000, 10),
	 .describe = describe_nic_paused},
	{.name = "link.flapping", .table = "netdiagNicTable", .value = OF(AT(nic_row, link_down_count)),
	 STAMP(nic_row), .applies = is_hardware, .instance = name_nic, .units = "losses", .limits = COUNT(3, 10, 0),
	 .describe = describe_link_flapping},
	{.name = "link.degraded", .table = "netdiagNicTable", .value = OF(AT(nic_row, degraded)), .object = AT(nic_row, speed_mbps),
	 .stamp = CHECK_NO_STAMP, .applies = is_hardware, .instance = name_nic, .read = read_degraded, .units = "",
	 .limits = {.measure = {.kind = CHECK_LEVEL, .scale = IN_UNITS}, .warning = H(1), .critical = CHECK_NO_LIMIT, HOLDS(10)},
	 .describe = describe_link_degraded},
	{.name = "conntrack.usage", .table = "netdiagConntrack", .value = OF(AT(conntrack_row, usage)),
	 .stamp = CHECK_NO_STAMP, .fills = true, .units = "%", .limits = LEVEL(70, 90, 65, IN_HUNDREDTHS),
	 .describe = describe_conntrack_usage},
	{.name = "conntrack.insert_failed", .table = "netdiagConntrack", .value = OF(AT(conntrack_row, insert_failed)),
	 STAMP(conntrack_row), .units = "connections/s", .limits = RATE(10, 100, 5),
	 .describe = describe_insert_failed},
	/* Each failed insertion is in the kernel's drops too. */
	{.name = "conntrack.drops", .table = "netdiagConntrack",
	 .value = OF(AT(conntrack_row, drops), AT(conntrack_row, early_drops)), .less = OF(AT(conntrack_row, insert_failed)),
	 STAMP(conntrack_row), .units = "packets/s", .limits = RATE(0, 1, 0),
	 .caused_by = {"conntrack.usage", "conntrack.insert_failed"}, .describe = describe_conntrack_drops},
	{.name = "tcp.listen_overflows", .table = "netdiagTcp", .value = OF(AT(tcp_row, listen_overflows)),
	 .stamp = CHECK_NO_STAMP, .units = "connections/s", .limits = RATE(1, 100, 0),
	 .caused_by = {"listener.queue", "listener.drops"}, .describe = describe_listen_overflows},
	/* A listener's counter also has what was discarded at its half-open connections; only what the
	 * namespace counts as ListenDrops was lost. */
	{.name = "listener.drops", .table = "netdiagListenerTable", .capped = OF(AT(listener_row, drops)),
	 CAPPED_BY(tcp_row_type, AT(tcp_row, listen_drops)),
	 STAMP(listener_row), .born_zero = true, .applies = is_listening, .instance = name_listener, .owner = owner_listener,
	 .many = "listeners", .units = "connections/s", .limits = RATE(0.1, 10, 0),
	 .caused_by = {"listener.queue", "tcp.syn_queue"}, .describe = describe_listener_drops},
	{.name = "listener.queue", .table = "netdiagListenerTable", .value = OF(AT(listener_row, queue_usage)),
	 .stamp = CHECK_NO_STAMP, .applies = has_backlog, .instance = name_listener, .owner = owner_listener,
	 .many = "listeners", .units = "%", .urgent_by = "listener.drops",
	 .limits = {.measure = {.kind = CHECK_LEVEL, .scale = IN_HUNDREDTHS}, LIMITS(70, 90, 60), HOLDS(10), .critical_hold = MINUTE},
	 .describe = describe_listener_queue},
	{.name = "tcp.syn_queue", .table = "netdiagTcp",
	 .value = OF(AT(tcp_row, req_q_full_drop), AT(tcp_row, req_q_full_do_cookies)),
	 .stamp = CHECK_NO_STAMP, .units = "requests/s", .limits = RATE(0, 5, 0),
	 .describe = describe_syn_queue},
	{.name = "tcp.retransmits", .table = "netdiagTcp", .value = OF(AT(tcp_row, retrans_segs)), .less = OF(AT(tcp_row, syn_retrans)),
	 .base = OF(AT(tcp_row, out_segs), AT(tcp_row, retrans_segs)), .stamp = CHECK_NO_STAMP, .units = "%",
	 .limits = SHARE(1, 5, 0.5, MINUTE, 1000, 0),
	 .caused_by = {"tcp.syn_queue", "listener.queue", "listener.drops", "tcp.listen_overflows", "nic.limited", "link.flapping"}, .describe = describe_retransmits,
	 .evidence = peers_evidence},
	{.name = "tcp.stalled", .table = "netdiagTcp", .value = OF(AT(tcp_row, retrans_segs)), .less = OF(AT(tcp_row, syn_retrans)),
	 .base = OF(AT(tcp_row, out_segs), AT(tcp_row, retrans_segs)), .stamp = CHECK_NO_STAMP, .units = "%",
	 .limits = SHARE(30, 60, 10, MINUTE, 0, 20),
	 .caused_by = {"tcp.syn_queue", "listener.queue", "listener.drops", "tcp.listen_overflows", "nic.limited", "link.flapping"}, .describe = describe_stalled,
	 .evidence = peers_evidence},
	{.name = "tcp.retransmit_rate", .table = "netdiagTcp", .value = OF(AT(tcp_row, retrans_segs)), .less = OF(AT(tcp_row, syn_retrans)),
	 .stamp = CHECK_NO_STAMP, .units = "segments/s", .off = true, .limits = RATE(10, 50, 5),
	 .caused_by = {"tcp.syn_queue", "tcp.retransmits"}, .describe = describe_retransmit_rate,
	 .evidence = peers_evidence},
	{.name = "tcp.time_wait", .table = "netdiagSocketStateTable", .value = OF(AT(socket_state_row, count)),
	 .stamp = CHECK_NO_STAMP, .applies = is_time_wait, .quiet = true, .units = "sockets", .limits = LEVEL(5000, 20000, 4000, IN_UNITS),
	 .describe = describe_time_wait},
	{.name = "tcp.close_wait", .table = "netdiagSocketStateTable", .value = OF(AT(socket_state_row, older)), .object = AT(socket_state_row, count),
	 .stamp = CHECK_NO_STAMP, .applies = is_close_wait, .units = "sockets", .limits = LEVEL(10, 100, 5, IN_UNITS),
	 .caused_by = {"listener.queue"}, .describe = describe_close_wait},
	/* What failed of our own attempts: EmbryonicRsts are those of others (scans, health checks).
	 * A service that is restarted refuses its clients for a moment, which fills one window: only
	 * what goes on after that asks for somebody. */
	{.name = "tcp.attempt_fails", .table = "netdiagTcp", .value = OF(AT(tcp_row, attempt_fails)), .less = OF(AT(tcp_row, embryonic_rsts)),
	 .stamp = CHECK_NO_STAMP, .units = "attempts/s",
	 .limits = {MEASURE(CHECK_RATE, MINUTE), LIMITS(5, 50, 2), HOLDS(90), .outlier = 10},
	 .describe = describe_attempt_fails},
	{.name = "tcp.memory", .table = "netdiagProtocolMemTable", .value = OF(AT(protocol_row, mem_pages)),
	 .stamp = CHECK_NO_STAMP, .applies = is_tcp, .own_limits = limits_of_memory, .units = "pages",
	 .limits = {.measure = {.kind = CHECK_LEVEL, .scale = IN_UNITS}, .warning = CHECK_NO_LIMIT, .critical = CHECK_NO_LIMIT, HOLDS(10)},
	 .describe = describe_tcp_memory},
	{.name = "tcp.abort_on_memory", .table = "netdiagTcp", .value = OF(AT(tcp_row, abort_on_memory)),
	 .stamp = CHECK_NO_STAMP, .units = "connections/s", .limits = RATE(0.1, 1, 0),
	 .caused_by = {"tcp.memory", "limits.usage"}, .describe = describe_abort_on_memory},
	{.name = "tcp.rcvq_drops", .table = "netdiagTcp",
	 .value = OF(AT(tcp_row, rcv_q_drop), AT(tcp_row, zero_window_drop), AT(tcp_row, backlog_drop)),
	 .stamp = CHECK_NO_STAMP, .units = "segments/s", .limits = RATE(1, 100, 0),
	 .describe = describe_rcvq_drops},
	/* Compacting a queue loses nothing: a slow reader of tiny segments does it all day. */
	{.name = "tcp.pruned", .table = "netdiagTcp", .value = OF(AT(tcp_row, prune_called), AT(tcp_row, rcv_pruned)),
	 .stamp = CHECK_NO_STAMP, .units = "times/s", .quiet = true, .limits = RATE(10, 100, 1),
	 .caused_by = {"tcp.rcvq_drops", "tcp.memory"}, .describe = describe_pruned},
	/* A SYN of a living connection (a client that was restarted) counts as an error, too. */
	{.name = "tcp.in_errs", .table = "netdiagTcp", .value = OF(AT(tcp_row, in_errs)), .less = OF(AT(tcp_row, syn_challenge)),
	 .stamp = CHECK_NO_STAMP, .units = "segments/s", .limits = LASTING_RATE(0.1, 10, 0),
	 .describe = describe_tcp_errors},
	{.name = "tcp.time_wait_overflow", .table = "netdiagTcp", .value = OF(AT(tcp_row, time_wait_overflow)),
	 .stamp = CHECK_NO_STAMP, .units = "connections/s", .quiet = true, .limits = RATE(1, 100, 0),
	 .caused_by = {"limits.usage"}, .describe = describe_time_wait_overflow},
	{.name = "socket.stuck", .table = "netdiagBufferTable", .value = OF(AT(buffer_row, stuck_seconds)), .object = AT(buffer_row, rx_queue_bytes),
	 .stamp = CHECK_NO_STAMP, .sparse = true, .applies = is_longest_stuck, .instance = name_buffer,
	 .many = "sockets", .units = "s",
	 .limits = {.measure = {.kind = CHECK_LEVEL, .scale = IN_UNITS}, LIMITS(60, 600, 0), .clear_after = MINUTE},
	 .describe = describe_stuck},
	{.name = "udp.rcvbuf_errors", .table = "netdiagUdp",
	 .value = OF(AT(udp_row, udp.rcvbuf_errors), AT(udp_row, udp6.rcvbuf_errors)),
	 .stamp = CHECK_NO_STAMP, .units = "datagrams/s", .limits = RATE(1, 100, 0),
	 .caused_by = {"udp.socket_drops"}, .describe = describe_udp_rcvbuf},
	/* A socket's counter also has what its BPF filter refused and what had a bad checksum. */
	{.name = "udp.socket_drops", .table = "netdiagUdpSocketTable", .capped = OF(AT(udp_socket_row, drops)),
	 CAPPED_BY(udp_row_type, AT(udp_row, udp.rcvbuf_errors), AT(udp_row, udp6.rcvbuf_errors), AT(udp_row, udp.mem_errors), AT(udp_row, udp6.mem_errors)),
	 STAMP(udp_socket_row), .born_zero = true, .applies = is_bound, .instance = name_udp_socket, .owner = owner_udp_socket,
	 .many = "UDP sockets", .units = "datagrams/s", .limits = RATE(1, 100, 0),
	 .describe = describe_udp_socket},
	{.name = "udp.csum_errors", .table = "netdiagUdp",
	 .value = OF(AT(udp_row, udp.in_csum_errors), AT(udp_row, udp6.in_csum_errors)),
	 .stamp = CHECK_NO_STAMP, .units = "datagrams/s", .limits = LASTING_RATE(1, 100, 0),
	 .caused_by = {"tcp.in_errs"}, .describe = describe_udp_checksums},
	{.name = "icmp.csum_errors", .table = "netdiagIp", .value = OF(AT(ip_row, icmp_csum_errors)),
	 .stamp = CHECK_NO_STAMP, .units = "messages/s", .limits = LASTING_RATE(1, 100, 0),
	 .caused_by = {"tcp.in_errs"}, .describe = describe_icmp_checksums},
	{.name = "ip.csum_errors", .table = "netdiagIp", .value = OF(AT(ip_row, ip_csum_errors)),
	 .stamp = CHECK_NO_STAMP, .units = "packets/s", .limits = LASTING_RATE(1, 100, 0),
	 .describe = describe_ip_checksums},
	/* Each packet of a traceroute through this host is answered, and each wrong checksum counted twice. */
	{.name = "ip.header_errors", .table = "netdiagIp", .value = OF(AT(ip_row, in_hdr_errors)),
	 .less = OF(AT(ip_row, ip_csum_errors), AT(ip_row, out_time_excds)),
	 .stamp = CHECK_NO_STAMP, .units = "packets/s", .limits = LASTING_RATE(1, 100, 0),
	 .describe = describe_header_errors},
	{.name = "ip.reverse_path", .table = "netdiagIp", .value = OF(AT(ip_row, reverse_path)),
	 .stamp = CHECK_NO_STAMP, .units = "packets/s", .limits = LASTING_RATE(1, 100, 0),
	 .describe = describe_reverse_path},
	/* Without IPv6's own: where there is no IPv6 route, resolvers and browsers try one all day. */
	{.name = "ip.no_route", .table = "netdiagIp", .value = OF(AT(ip_row, in_no_routes), AT(ip_row, out_no_routes4)),
	 .stamp = CHECK_NO_STAMP, .units = "packets/s", .limits = LASTING_RATE(1, 100, 0),
	 .describe = describe_no_route},
	{.name = "ip.reasm_fails", .table = "netdiagIp", .value = OF(AT(ip_row, reasm_fails)),
	 .stamp = CHECK_NO_STAMP, .units = "datagrams/s", .limits = LASTING_RATE(1, 100, 0),
	 .caused_by = {"limits.usage"}, .describe = describe_reassembly},
	{.name = "neighbor.discards", .table = "netdiagIp",
	 .value = OF(AT(ip_row, neighbor_discards), AT(ip_row, neighbor_table_fulls)),
	 .stamp = CHECK_NO_STAMP, .units = "packets/s", .limits = LASTING_RATE(1, 100, 0),
	 .caused_by = {"limits.usage"}, .describe = describe_neighbor_discards},
	{.name = "xfrm.errors", .table = "netdiagIp", .value = OF(AT(ip_row, xfrm_in_errors), AT(ip_row, xfrm_out_errors)),
	 .stamp = CHECK_NO_STAMP, .units = "packets/s", .limits = LASTING_RATE(0.1, 10, 0),
	 .describe = describe_xfrm},
	{.name = "limits.usage", .table = "netdiagLimitTable", .value = OF(AT(limit_row, usage)),
	 .stamp = CHECK_NO_STAMP, .applies = has_no_own_check, .instance = name_limit, .fills = true, .units = "%",
	 .limits = LEVEL(70, 90, 65, IN_HUNDREDTHS), .describe = describe_limit},
	{.name = "netns.listen_overflows", .table = "netdiagNetnsTable", .value = OF(AT(netns_row, listen_overflows)),
	 STAMP(netns_row), .instance = name_netns, .many = "namespaces", .units = "connections/s",
	 .limits = RATE(1, 100, 0), .describe = describe_netns_overflows},
	{.name = "netns.conntrack", .table = "netdiagNetnsTable", .value = OF(AT(netns_row, conntrack_usage)),
	 .stamp = CHECK_NO_STAMP, .instance = name_netns, .many = "namespaces", .fills = true, .units = "%",
	 .limits = LEVEL(70, 90, 65, IN_HUNDREDTHS), .describe = describe_netns_conntrack},
	{.name = "drop.loss", .table = "netdiagDropTable", .value = OF(AT(drop_row, packets)),
	 STAMP(drop_row), .applies = is_loss, .instance = name_drop, .many = "drop reasons", .off = true, .sparse = true, .born_zero = true,
	 .units = "packets/s", .limits = RATE(1, 100, 0), .describe = describe_drop},
	{.name = "agent.held_back", .table = "netdiagAgent", .value = OF(AT(agent_row, held_back)), .read = read_held_back,
	 .stamp = CHECK_NO_STAMP, .units = "min",
	 .limits = {.measure = {.kind = CHECK_LEVEL, .scale = IN_HUNDREDTHS}, .warning = H(5), .critical = CHECK_NO_LIMIT, HOLDS(0)},
	 .describe = describe_held_back},
	{.name = "agent.collector", .table = "netdiagCollectorTable", .value = OF(AT(agent_collector_row, status)),
	 .stamp = CHECK_NO_STAMP, .applies = is_supported, .instance = name_collector, .read = read_collector,
	 .own_limits = limits_of_collector, .units = "",
	 .limits = {.measure = {.kind = CHECK_LOWEST, .scale = IN_UNITS, .window = COLLECTOR_INTERVALS * SECOND_NS},
		    .warning = H(1), .critical = CHECK_NO_LIMIT, .clear_after = MINUTE},
	 .describe = describe_collector},
};
/* clang-format on */

size_t check_count(void)
{
	return COUNT_OF(checks);
}
