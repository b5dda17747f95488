/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The map of the product: every table and column of NETDIAG-MIB, in the order of its arcs, and the
 * member of the row that it shows. The .c file beside the header that declares a row fills it from
 * the kernel, but for netdiagd's own rows: netdiagAgent's are filled by agent_rows.c and daemon.c,
 * those of checks and alarms by alarm_rows.c and alarms.c in subagent/checks. Arcs are never
 * renumbered; a new column takes the next one.
 */
#include <config.h>

#include "collectors/base/array.h"
#include "collectors/cpu/nic_irq.h"
#include "collectors/cpu/softnet.h"
#include "collectors/limit/limits.h"
#include "collectors/limit/sysctls.h"
#include "collectors/loss/drop_reasons.h"
#include "collectors/netns/netns.h"
#include "collectors/nic/nic.h"
#include "collectors/nic/queue.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/protocol/counters.h"
#include "collectors/protocol/memory.h"
#include "collectors/socket/fullest_buffers.h"
#include "collectors/socket/peer.h"
#include "collectors/socket/nfqueue.h"
#include "collectors/socket/socket_drops.h"
#include "collectors/socket/tcp_states.h"
#include "collectors/socket/udp_socket.h"
#include "subagent/checks/alarm.h"
#include "subagent/loss/loss_row.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tables/table.h"

#define SIZE(row, member) (sizeof(((struct row *)0)->member))

/* clang-format off */
#define COLUMN(a, n, t, r, m) {.arc = (a), .name = (n), .type = (t), AT_(r, m)}
#define AT_(r, m) .offset = offsetof(struct r, m), .size = SIZE(r, m)

/* COLUMN kinds: arc, MIB name, row struct, member. */
#define COUNTER(a, n, r, m)  COLUMN(a, n, COLUMN_COUNTER64, r, m)
#define GAUGE(a, n, r, m)    COLUMN(a, n, COLUMN_GAUGE32, r, m)
#define UNSIGNED(a, n, r, m) COLUMN(a, n, COLUMN_UNSIGNED32, r, m)
#define INTEGER(a, n, r, m)  COLUMN(a, n, COLUMN_INTEGER32, r, m)
#define TICKS(a, n, r, m)    COLUMN(a, n, COLUMN_TICKS, r, m)
#define STAMP(a, n, r, m)    COLUMN(a, n, COLUMN_STAMP, r, m)
#define TIME(a, n, r, m)     COLUMN(a, n, COLUMN_TIME, r, m)
#define TEXT(a, n, r, m)     COLUMN(a, n, COLUMN_TEXT, r, m)
#define SPARSE(a, n, r, m)   COLUMN(a, n, COLUMN_TEXT_SPARSE, r, m)
#define OBJECT(a, n, r, m)   COLUMN(a, n, COLUMN_OID, r, m)
#define ENUM(a, n, r, m, v) {.arc = (a), .name = (n), .type = COLUMN_ENUM, .values = (v), AT_(r, m)}
#define TRUTH(a, n, r, m) \
	{.arc = (a), .name = (n), .type = COLUMN_TRUTH, .values = truth_values, AT_(r, m)}
/* The same with a unit in which a person reads it. */
#define READING(a, n, t, r, m, as) \
	{.arc = (a), .name = (n), .type = (t), .reading = (as), AT_(r, m)}
#define PERCENT(a, n, r, m)    READING(a, n, COLUMN_UNSIGNED32, r, m, READ_PERCENT)
#define HUNDREDTHS(a, n, r, m) READING(a, n, COLUMN_INTEGER32, r, m, READ_HUNDREDTHS)
/* Index members. */
#define INDEX_UNSIGNED(a, n, r, m) \
	{.arc = (a), .name = (n), .type = COLUMN_UNSIGNED32, .index = true, AT_(r, m)}
#define INDEX_INTEGER(a, n, r, m) \
	{.arc = (a), .name = (n), .type = COLUMN_INTEGER32, .index = true, AT_(r, m)}
#define INDEX_TEXT(a, n, r, m) \
	{.arc = (a), .name = (n), .type = COLUMN_TEXT, .index = true, AT_(r, m)}
#define INDEX_ENUM(a, n, r, m, v) \
	{.arc = (a), .name = (n), .type = COLUMN_ENUM, .values = (v), .index = true, AT_(r, m)}

#define END_OF_VALUES {0, NULL}

const struct enum_value truth_values[] = {
	{TRUTH_TRUE, "true"}, {TRUTH_FALSE, "false"}, END_OF_VALUES};


static const struct enum_value status_values[] = {
	{COLLECT_OK, "ok"}, {COLLECT_PENDING, "pending"}, {COLLECT_STALE, "stale"},
	{COLLECT_UNSUPPORTED, "unsupported"}, {COLLECT_DENIED, "denied"}, {COLLECT_ERROR, "error"},
	END_OF_VALUES};

static const struct enum_value oper_values[] = {
	{NIC_OPER_UP, "up"}, {NIC_OPER_DOWN, "down"}, {NIC_OPER_TESTING, "testing"},
	{NIC_OPER_UNKNOWN, "unknown"}, {NIC_OPER_DORMANT, "dormant"},
	{NIC_OPER_NOT_PRESENT, "notPresent"}, {NIC_OPER_LOWER_LAYER_DOWN, "lowerLayerDown"},
	END_OF_VALUES};

static const struct enum_value duplex_values[] = {
	{NIC_DUPLEX_UNKNOWN, "unknown"}, {NIC_DUPLEX_HALF, "halfDuplex"},
	{NIC_DUPLEX_FULL, "fullDuplex"}, END_OF_VALUES};

static const struct enum_value bond_state_values[] = {
	{NIC_BOND_ACTIVE, "active"}, {NIC_BOND_BACKUP, "backup"}, END_OF_VALUES};

static const struct enum_value bond_mii_values[] = {
	{NIC_BOND_UP, "up"}, {NIC_BOND_GOING_DOWN, "goingDown"}, {NIC_BOND_DOWN, "down"},
	{NIC_BOND_GOING_UP, "goingUp"}, END_OF_VALUES};

static const struct enum_value bond_lacp_values[] = {
	{NIC_LACP_DISTRIBUTING, "distributing"}, {NIC_LACP_COLLECTING, "collecting"},
	{NIC_LACP_IN_SYNC, "inSync"}, {NIC_LACP_OUT_OF_SYNC, "outOfSync"},
	{NIC_LACP_NO_PARTNER, "noPartner"}, END_OF_VALUES};

static const struct enum_value queue_type_values[] = {
	{QUEUE_RX, "rx"}, {QUEUE_TX, "tx"}, END_OF_VALUES};

static const struct enum_value family_values[] = {
	{SOCKET_ANY, "any"}, {SOCKET_IPV4, "ipv4"}, {SOCKET_IPV6, "ipv6"}, END_OF_VALUES};

/* include/net/tcp_states.h; synRecv counts TCP_NEW_SYN_RECV (12) too. */
static const struct enum_value tcp_state_values[] = {
	{1, "established"}, {2, "synSent"}, {3, "synRecv"}, {4, "finWait1"}, {5, "finWait2"},
	{6, "timeWait"}, {7, "close"}, {8, "closeWait"}, {9, "lastAck"}, {10, "listen"},
	{11, "closing"}, END_OF_VALUES};

static const struct enum_value netns_source_values[] = {
	{NETNS_NAMED, "named"}, {NETNS_PROCESS, "process"}, END_OF_VALUES};

static const struct enum_value check_state_values[] = {
	{CHECK_OK, "ok"}, {CHECK_WARNING, "warning"}, {CHECK_CRITICAL, "critical"},
	{CHECK_UNKNOWN, "unknown"}, {CHECK_GONE, "gone"}, {CHECK_SHELVED, "shelved"}, END_OF_VALUES};

const struct enum_value severity_values[] = {
	{ALARM_NONE, "none"}, {ALARM_WARNING, "warning"}, {ALARM_CRITICAL, "critical"},
	END_OF_VALUES};

const struct enum_value event_values[] = {
	{ALARM_EVENT_RAISED, "raised"}, {ALARM_EVENT_CHANGED, "changed"},
	{ALARM_EVENT_REPEATED, "repeated"}, {ALARM_EVENT_CLEARED, "cleared"},
	{ALARM_EVENT_SHELVED, "shelved"}, {ALARM_EVENT_UNSHELVED, "unshelved"}, END_OF_VALUES};

static const struct enum_value loss_place_values[] = {
	{LOSS_PHY, "phy"}, {LOSS_PROVIDER_LIMIT, "providerLimit"}, {LOSS_RING, "ring"},
	{LOSS_BACKLOG, "backlog"}, {LOSS_UNHANDLED, "unhandled"}, {LOSS_HEADER, "header"},
	{LOSS_REVERSE_PATH, "reversePath"}, {LOSS_NO_ROUTE, "noRoute"},
	{LOSS_REASSEMBLY, "reassembly"}, {LOSS_CONNTRACK, "conntrack"},
	{LOSS_NETFILTER, "netfilter"}, {LOSS_NFQUEUE, "nfqueue"}, {LOSS_IPSEC, "ipsec"},
	{LOSS_LISTEN, "listen"}, {LOSS_TCP_QUEUE, "tcpQueue"}, {LOSS_UDP_BUFFER, "udpBuffer"},
	{LOSS_SOCKET, "socket"}, {LOSS_NEIGHBOR, "neighbor"}, {LOSS_QDISC, "qdisc"},
	{LOSS_DEVICE, "device"}, {LOSS_PATH, "path"}, END_OF_VALUES};

static const struct enum_value loss_direction_values[] = {
	{LOSS_IN, "in"}, {LOSS_OUT, "out"}, END_OF_VALUES};

static const struct enum_value loss_class_values[] = {
	{LOSS_CLASS_LOSS, "loss"}, {LOSS_CLASS_POLICY, "policy"}, {LOSS_CLASS_BENIGN, "benign"},
	{LOSS_CLASS_ELSEWHERE, "elsewhere"}, END_OF_VALUES};

static const struct enum_value alarm_state_values[] = {
	{ALARM_ACTIVE, "active"}, {ALARM_CLEARING, "clearing"}, {ALARM_SHELVED, "shelved"},
	END_OF_VALUES};

static const struct enum_value drop_class_values[] = {
	{DROP_LOSS, "loss"}, {DROP_POLICY, "policy"}, {DROP_BENIGN, "benign"},
	{DROP_TEARDOWN, "teardown"}, END_OF_VALUES};

static const struct column agent_columns[] = {
	/* Health: these thirteen are for one GET, and fit into the smallest SNMP message together. */
	TEXT    (1,  "netdiagAgentBootId",           agent_row, boot_id),
	UNSIGNED(2,  "netdiagAgentLastSequence",     agent_row, last_sequence),
	STAMP   (3,  "netdiagAgentLastChange",       agent_row, last_change),
	GAUGE   (4,  "netdiagAgentCriticalAlarms",   agent_row, critical_alarms),
	GAUGE   (5,  "netdiagAgentWarningAlarms",    agent_row, warning_alarms),
	GAUGE   (6,  "netdiagAgentShelvedAlarms",    agent_row, shelved_alarms),
	GAUGE   (7,  "netdiagAgentUnknownChecks",    agent_row, unknown_checks),
	GAUGE   (8,  "netdiagAgentStaleCollectors",  agent_row, stale_collectors),
	READING (9,  "netdiagAgentLossRate", COLUMN_GAUGE32, agent_row, loss_rate, READ_RATE),
	TEXT    (10, "netdiagAgentWorstPlace",       agent_row, worst_place),
	TEXT    (11, "netdiagAgentSummary",          agent_row, summary),
	TEXT    (12, "netdiagAgentConfigHash",       agent_row, config_hash),
	TICKS   (13, "netdiagAgentUptime",           agent_row, uptime),
	TEXT    (14, "netdiagAgentVersion",          agent_row, version),
	GAUGE   (15, "netdiagAgentActiveAlarms",     agent_row, active_alarms),
	ENUM    (16, "netdiagAgentWorstSeverity",    agent_row, worst_severity, severity_values),
	COUNTER (17, "netdiagAgentTrapsSent",        agent_row, traps_sent),
	COUNTER (18, "netdiagAgentTrapsSuppressed",  agent_row, traps_suppressed),
	GAUGE   (19, "netdiagAgentTrapsPending",     agent_row, traps_pending),
	GAUGE   (20, "netdiagAgentHeldBack",         agent_row, held_back),
	COUNTER (21, "netdiagAgentMasterReconnects", agent_row, master_reconnects),
	TEXT    (22, "netdiagAgentViewpoint",        agent_row, viewpoint),
};

static const struct column collector_columns[] = {
	INDEX_TEXT (1, "netdiagCollectorName",   agent_collector_row, name),
	TEXT    (2,  "netdiagCollectorLabel",    agent_collector_row, name),
	ENUM    (3,  "netdiagCollectorStatus",   agent_collector_row, status, status_values),
	TEXT    (4,  "netdiagCollectorSource",   agent_collector_row, source),
	READING (5,  "netdiagCollectorInterval", COLUMN_UNSIGNED32, agent_collector_row, interval_ms, READ_MILLISECONDS),
	READING (6,  "netdiagCollectorAge", COLUMN_GAUGE32,      agent_collector_row, age_ms, READ_MILLISECONDS),
	READING (7,  "netdiagCollectorDuration", COLUMN_GAUGE32, agent_collector_row, duration_us, READ_MICROSECONDS),
	COUNTER (8,  "netdiagCollectorRefreshes", agent_collector_row, refreshes),
	COUNTER (9,  "netdiagCollectorErrors",   agent_collector_row, errors),
	TEXT    (10, "netdiagCollectorLastError", agent_collector_row, last_error),
	GAUGE   (11, "netdiagCollectorRows",     agent_collector_row, rows),
};

static const struct column softnet_columns[] = {
	INDEX_UNSIGNED (1, "netdiagSoftnetCpu",    softnet_row, cpu),
	COUNTER (2,  "netdiagSoftnetProcessed",    softnet_row, processed),
	COUNTER (3,  "netdiagSoftnetDropped",      softnet_row, dropped),
	COUNTER (4,  "netdiagSoftnetTimeSqueeze",  softnet_row, time_squeeze),
	COUNTER (5,  "netdiagSoftnetReceivedRps",  softnet_row, received_rps),
	COUNTER (6,  "netdiagSoftnetFlowLimit",    softnet_row, flow_limit),
	COUNTER (7,  "netdiagSoftnetNetRxSoftirqs", softnet_row, net_rx_softirqs),
	COUNTER (8,  "netdiagSoftnetNetTxSoftirqs", softnet_row, net_tx_softirqs),
	GAUGE   (9,  "netdiagSoftnetBacklogLen",   softnet_row, backlog_len),
	GAUGE   (10, "netdiagSoftnetInputQueueLen", softnet_row, input_queue_len),
	GAUGE   (11, "netdiagSoftnetProcessQueueLen", softnet_row, process_queue_len),
	STAMP   (12, "netdiagSoftnetDiscontinuityTime", softnet_row, discontinuity),
	READING (13, "netdiagSoftnetKsoftirqdRunTime", COLUMN_COUNTER64, softnet_row, ksoftirqd_run_us, READ_MICROSECONDS),
	READING (14, "netdiagSoftnetKsoftirqdWaitTime", COLUMN_COUNTER64, softnet_row, ksoftirqd_wait_us, READ_MICROSECONDS),
	READING (15, "netdiagSoftnetSoftirqTime", COLUMN_COUNTER64, softnet_row, softirq_ms, READ_MILLISECONDS),
	READING (16, "netdiagSoftnetStealTime", COLUMN_COUNTER64, softnet_row, steal_ms, READ_MILLISECONDS),
};

static const struct column nic_columns[] = {
	INDEX_INTEGER (1, "netdiagNicIfIndex", nic_row, ifindex),
	TEXT    (2,  "netdiagNicName",            nic_row, name),
	SPARSE  (3,  "netdiagNicDriver",          nic_row, driver),
	SPARSE  (4,  "netdiagNicBusInfo",         nic_row, bus_info),
	ENUM    (5,  "netdiagNicOperStatus",      nic_row, oper_status, oper_values),
	TRUTH   (6,  "netdiagNicCarrier",         nic_row, carrier),
	GAUGE   (7,  "netdiagNicSpeedMbps",       nic_row, speed_mbps),
	ENUM    (8,  "netdiagNicDuplex",          nic_row, duplex, duplex_values),
	UNSIGNED(9,  "netdiagNicMtu",             nic_row, mtu),
	UNSIGNED(10, "netdiagNicTxQueueLen",      nic_row, tx_queue_len),
	UNSIGNED(11, "netdiagNicRxQueues",        nic_row, rx_queues),
	UNSIGNED(12, "netdiagNicTxQueues",        nic_row, tx_queues),
	TRUTH   (13, "netdiagNicRpsEnabled",      nic_row, rps_enabled),
	INTEGER (14, "netdiagNicMasterIfIndex",   nic_row, master_ifindex),
	SPARSE  (15, "netdiagNicMasterName",      nic_row, master_name),
	UNSIGNED(16, "netdiagNicRingRxCurrent",   nic_row, ring_rx_current),
	UNSIGNED(17, "netdiagNicRingRxMax",       nic_row, ring_rx_max),
	UNSIGNED(18, "netdiagNicRingTxCurrent",   nic_row, ring_tx_current),
	UNSIGNED(19, "netdiagNicRingTxMax",       nic_row, ring_tx_max),
	COUNTER (20, "netdiagNicRxPackets",       nic_row, rx_packets),
	COUNTER (21, "netdiagNicRxErrors",        nic_row, rx_errors),
	COUNTER (22, "netdiagNicRxDropped",       nic_row, rx_dropped),
	COUNTER (23, "netdiagNicRxMissed",        nic_row, rx_missed),
	COUNTER (24, "netdiagNicRxFifoErrors",    nic_row, rx_fifo_errors),
	COUNTER (25, "netdiagNicRxCrcErrors",     nic_row, rx_crc_errors),
	COUNTER (26, "netdiagNicRxFrameErrors",   nic_row, rx_frame_errors),
	COUNTER (27, "netdiagNicRxOverErrors",    nic_row, rx_over_errors),
	COUNTER (28, "netdiagNicRxNoHandler",     nic_row, rx_nohandler),
	COUNTER (29, "netdiagNicTxPackets",       nic_row, tx_packets),
	COUNTER (30, "netdiagNicTxErrors",        nic_row, tx_errors),
	COUNTER (31, "netdiagNicTxDropped",       nic_row, tx_dropped),
	COUNTER (32, "netdiagNicTxFifoErrors",    nic_row, tx_fifo_errors),
	COUNTER (33, "netdiagNicTxCarrierErrors", nic_row, tx_carrier_errors),
	COUNTER (34, "netdiagNicCarrierChanges",  nic_row, carrier_changes),
	COUNTER (35, "netdiagNicQdiscDrops",      nic_row, qdisc_drops),
	GAUGE   (36, "netdiagNicQdiscBacklog",    nic_row, qdisc_backlog),
	COUNTER (37, "netdiagNicQdiscRequeues",   nic_row, qdisc_requeues),
	COUNTER (38, "netdiagNicRxDiscards",      nic_row, rx_discards),
	SPARSE  (39, "netdiagNicRxDiscardsSource", nic_row, rx_discards_source),
	STAMP   (40, "netdiagNicDiscontinuityTime", nic_row, discontinuity),
	COUNTER (41, "netdiagNicRxLengthErrors",  nic_row, rx_length_errors),
	COUNTER (42, "netdiagNicLimitInBandwidth", nic_row, limit_in_bandwidth),
	COUNTER (43, "netdiagNicLimitOutBandwidth", nic_row, limit_out_bandwidth),
	COUNTER (44, "netdiagNicLimitPackets",    nic_row, limit_packets),
	COUNTER (45, "netdiagNicLimitConntrack",  nic_row, limit_conntrack),
	COUNTER (46, "netdiagNicLimitLinkLocal",  nic_row, limit_link_local),
	COUNTER (47, "netdiagNicPauseRx",         nic_row, pause_rx),
	COUNTER (48, "netdiagNicPauseTx",         nic_row, pause_tx),
	COUNTER (49, "netdiagNicTxQueueStops",    nic_row, tx_queue_stops),
	SPARSE  (50, "netdiagNicLinkDownReason",  nic_row, link_down_reason),
	COUNTER (51, "netdiagNicLinkDownCount",   nic_row, link_down_count),
	COUNTER (52, "netdiagNicFecCorrected",    nic_row, fec_corrected),
	COUNTER (53, "netdiagNicFecUncorrectable", nic_row, fec_uncorrectable),
	ENUM    (54, "netdiagNicBondState",       nic_row, bond_state, bond_state_values),
	ENUM    (55, "netdiagNicBondMiiStatus",   nic_row, bond_mii_status, bond_mii_values),
	ENUM    (56, "netdiagNicBondLacpState",   nic_row, bond_lacp_state, bond_lacp_values),
	COUNTER (57, "netdiagNicBondLinkFailures", nic_row, bond_link_failures),
};

static const struct column nic_stat_columns[] = {
	INDEX_INTEGER (0, "netdiagNicIfIndex",       nic_stat_row, ifindex),
	INDEX_TEXT    (1, "netdiagNicStatName",      nic_stat_row, name),
	TEXT    (2, "netdiagNicStatLabel",           nic_stat_row, name),
	COUNTER (3, "netdiagNicStatValue",           nic_stat_row, value),
	STAMP   (4, "netdiagNicStatDiscontinuityTime", nic_stat_row, discontinuity),
};

static const struct column irq_columns[] = {
	INDEX_UNSIGNED (1, "netdiagIrqNumber", irq_row, irq),
	TEXT    (2, "netdiagIrqName",         irq_row, name),
	INTEGER (3, "netdiagIrqIfIndex",      irq_row, ifindex),
	COUNTER (4, "netdiagIrqTotal",        irq_row, total),
	SPARSE  (5, "netdiagIrqAffinity",     irq_row, affinity),
	UNSIGNED(6, "netdiagIrqBusiestCpu",   irq_row, busiest_cpu),
	PERCENT (7, "netdiagIrqBusiestShare", irq_row, busiest_share),
	STAMP   (8, "netdiagIrqDiscontinuityTime", irq_row, discontinuity),
};

static const struct column counter_columns[] = {
	INDEX_TEXT (1, "netdiagCounterGroup", counter_row, group),
	INDEX_TEXT (2, "netdiagCounterName",  counter_row, name),
	COUNTER    (3, "netdiagCounterValue", counter_row, value),
};

static const struct column tcp_columns[] = {
	COUNTER (1,  "netdiagTcpListenOverflows",   tcp_row, listen_overflows),
	COUNTER (2,  "netdiagTcpListenDrops",       tcp_row, listen_drops),
	COUNTER (3,  "netdiagTcpReqQFullDrop",      tcp_row, req_q_full_drop),
	COUNTER (4,  "netdiagTcpReqQFullDoCookies", tcp_row, req_q_full_do_cookies),
	COUNTER (5,  "netdiagTcpSyncookiesSent",    tcp_row, syncookies_sent),
	COUNTER (6,  "netdiagTcpSyncookiesFailed",  tcp_row, syncookies_failed),
	COUNTER (7,  "netdiagTcpBacklogDrop",       tcp_row, backlog_drop),
	COUNTER (8,  "netdiagTcpRcvQDrop",          tcp_row, rcv_q_drop),
	COUNTER (9,  "netdiagTcpZeroWindowDrop",    tcp_row, zero_window_drop),
	COUNTER (10, "netdiagTcpPruneCalled",       tcp_row, prune_called),
	COUNTER (11, "netdiagTcpRcvPruned",         tcp_row, rcv_pruned),
	COUNTER (12, "netdiagTcpOfoPruned",         tcp_row, ofo_pruned),
	COUNTER (13, "netdiagTcpOfoQueue",          tcp_row, ofo_queue),
	COUNTER (14, "netdiagTcpAbortOnMemory",     tcp_row, abort_on_memory),
	COUNTER (15, "netdiagTcpAbortOnTimeout",    tcp_row, abort_on_timeout),
	COUNTER (16, "netdiagTcpMemoryPressures",   tcp_row, memory_pressures),
	COUNTER (17, "netdiagTcpTimeWaitOverflow",  tcp_row, time_wait_overflow),
	COUNTER (18, "netdiagTcpTimeouts",          tcp_row, timeouts),
	COUNTER (19, "netdiagTcpSynRetrans",        tcp_row, syn_retrans),
	COUNTER (20, "netdiagTcpLostRetransmit",    tcp_row, lost_retransmit),
	COUNTER (21, "netdiagTcpRetransSegs",       tcp_row, retrans_segs),
	COUNTER (22, "netdiagTcpOutSegs",           tcp_row, out_segs),
	COUNTER (23, "netdiagTcpInErrs",            tcp_row, in_errs),
	COUNTER (24, "netdiagTcpOutRsts",           tcp_row, out_rsts),
	COUNTER (25, "netdiagTcpAttemptFails",      tcp_row, attempt_fails),
	COUNTER (26, "netdiagTcpEstabResets",       tcp_row, estab_resets),
	COUNTER (27, "netdiagTcpActiveOpens",       tcp_row, active_opens),
	COUNTER (28, "netdiagTcpPassiveOpens",      tcp_row, passive_opens),
	GAUGE   (29, "netdiagTcpCurrEstab",         tcp_row, curr_estab),
	COUNTER (30, "netdiagTcpOfoDrop",           tcp_row, ofo_drop),
	COUNTER (31, "netdiagTcpInCsumErrors",      tcp_row, in_csum_errors),
	COUNTER (32, "netdiagTcpPfMemallocDrop",    tcp_row, pf_memalloc_drop),
	COUNTER (33, "netdiagTcpMinTtlDrop",        tcp_row, min_ttl_drop),
};

static const struct column udp_columns[] = {
	COUNTER (1,  "netdiagUdpInDatagrams",   udp_row, udp.in_datagrams),
	COUNTER (2,  "netdiagUdpNoPorts",       udp_row, udp.no_ports),
	COUNTER (3,  "netdiagUdpInErrors",      udp_row, udp.in_errors),
	COUNTER (4,  "netdiagUdpRcvbufErrors",  udp_row, udp.rcvbuf_errors),
	COUNTER (5,  "netdiagUdpSndbufErrors",  udp_row, udp.sndbuf_errors),
	COUNTER (6,  "netdiagUdpInCsumErrors",  udp_row, udp.in_csum_errors),
	COUNTER (7,  "netdiagUdpMemErrors",     udp_row, udp.mem_errors),
	COUNTER (8,  "netdiagUdp6InDatagrams",  udp_row, udp6.in_datagrams),
	COUNTER (9,  "netdiagUdp6NoPorts",      udp_row, udp6.no_ports),
	COUNTER (10, "netdiagUdp6InErrors",     udp_row, udp6.in_errors),
	COUNTER (11, "netdiagUdp6RcvbufErrors", udp_row, udp6.rcvbuf_errors),
	COUNTER (12, "netdiagUdp6SndbufErrors", udp_row, udp6.sndbuf_errors),
	COUNTER (13, "netdiagUdp6InCsumErrors", udp_row, udp6.in_csum_errors),
	COUNTER (14, "netdiagUdp6MemErrors",    udp_row, udp6.mem_errors),
};

static const struct column ip_columns[] = {
	COUNTER (1,  "netdiagIpInHdrErrors",          ip_row, in_hdr_errors),
	COUNTER (2,  "netdiagIpInAddrErrors",         ip_row, in_addr_errors),
	COUNTER (3,  "netdiagIpReversePath",          ip_row, reverse_path),
	COUNTER (4,  "netdiagIpInNoRoutes",           ip_row, in_no_routes),
	COUNTER (5,  "netdiagIpOutNoRoutes",          ip_row, out_no_routes),
	COUNTER (6,  "netdiagIpReasmFails",           ip_row, reasm_fails),
	COUNTER (7,  "netdiagIpFragFails",            ip_row, frag_fails),
	COUNTER (8,  "netdiagIpCsumErrors",           ip_row, ip_csum_errors),
	COUNTER (9,  "netdiagIpIcmpCsumErrors",       ip_row, icmp_csum_errors),
	COUNTER (10, "netdiagIpInUnknownProtos",      ip_row, in_unknown_protos),
	COUNTER (11, "netdiagIpInTruncatedPkts",      ip_row, in_truncated_pkts),
	COUNTER (12, "netdiagIpInTooBigErrors",       ip_row, in_too_big_errors),
	COUNTER (13, "netdiagIpInDiscards",           ip_row, in_discards),
	COUNTER (14, "netdiagIpOutDiscards",          ip_row, out_discards),
	COUNTER (15, "netdiagIpNeighborDiscards",     ip_row, neighbor_discards),
	COUNTER (16, "netdiagIpNeighborTableFulls",   ip_row, neighbor_table_fulls),
	COUNTER (17, "netdiagIpXfrmInErrors",         ip_row, xfrm_in_errors),
	COUNTER (18, "netdiagIpXfrmOutErrors",        ip_row, xfrm_out_errors),
	SPARSE  (19, "netdiagIpXfrmLast",             ip_row, xfrm_last),
};

static const struct column conntrack_columns[] = {
	GAUGE   (1, "netdiagConntrackEntries",      conntrack_row, entries),
	UNSIGNED(2, "netdiagConntrackMax",          conntrack_row, max),
	UNSIGNED(3, "netdiagConntrackBuckets",      conntrack_row, buckets),
	PERCENT (4, "netdiagConntrackUsage",        conntrack_row, usage),
	COUNTER (5, "netdiagConntrackDrops",        conntrack_row, drops),
	COUNTER (6, "netdiagConntrackEarlyDrops",   conntrack_row, early_drops),
	COUNTER (7, "netdiagConntrackInsertFailed", conntrack_row, insert_failed),
	STAMP   (8, "netdiagConntrackDiscontTime", conntrack_row, discontinuity),
};

static const struct column conntrack_cpu_columns[] = {
	INDEX_UNSIGNED (1, "netdiagConntrackCpuId",     conntrack_cpu_row, cpu),
	COUNTER (2,  "netdiagConntrackCpuFound",        conntrack_cpu_row, found),
	COUNTER (3,  "netdiagConntrackCpuInvalid",      conntrack_cpu_row, invalid),
	COUNTER (4,  "netdiagConntrackCpuInsert",       conntrack_cpu_row, insert),
	COUNTER (5,  "netdiagConntrackCpuInsertFailed", conntrack_cpu_row, insert_failed),
	COUNTER (6,  "netdiagConntrackCpuDrop",         conntrack_cpu_row, drop),
	COUNTER (7,  "netdiagConntrackCpuEarlyDrop",    conntrack_cpu_row, early_drop),
	COUNTER (8,  "netdiagConntrackCpuError",        conntrack_cpu_row, error),
	COUNTER (9,  "netdiagConntrackCpuSearchRestart", conntrack_cpu_row, search_restart),
	COUNTER (10, "netdiagConntrackCpuClashResolve", conntrack_cpu_row, clash_resolve),
	COUNTER (11, "netdiagConntrackCpuChainTooLong", conntrack_cpu_row, chain_too_long),
	STAMP   (12, "netdiagConntrackCpuDiscontTime",  conntrack_cpu_row, discontinuity),
};

static const struct column socket_state_columns[] = {
	INDEX_ENUM (1, "netdiagSocketFamily", socket_state_row, family, family_values),
	INDEX_ENUM (2, "netdiagSocketState",  socket_state_row, state, tcp_state_values),
	GAUGE      (3, "netdiagSocketCount",  socket_state_row, count),
};

static const struct column listener_columns[] = {
	INDEX_TEXT (1, "netdiagListenerEndpoint",  listener_row, endpoint),
	TEXT    (2,  "netdiagListenerAddress",     listener_row, address),
	UNSIGNED(3,  "netdiagListenerPort",        listener_row, port),
	GAUGE   (4,  "netdiagListenerSockets",     listener_row, sockets),
	GAUGE   (5,  "netdiagListenerQueueLength", listener_row, queue_length),
	UNSIGNED(6,  "netdiagListenerQueueLimit",  listener_row, queue_limit),
	PERCENT (7,  "netdiagListenerQueueUsage",  listener_row, queue_usage),
	GAUGE   (8,  "netdiagListenerQueuePeak",   listener_row, queue_peak),
	COUNTER (9,  "netdiagListenerDrops",       listener_row, drops),
	GAUGE   (10, "netdiagListenerSynReceived", listener_row, syn_received),
	SPARSE  (11, "netdiagListenerCommand",     listener_row, command),
	INTEGER (12, "netdiagListenerPid",         listener_row, pid),
	STAMP   (13, "netdiagListenerDiscontinuityTime", listener_row, discontinuity),
};

static const struct column udp_socket_columns[] = {
	INDEX_TEXT (1, "netdiagUdpSocketEndpoint",   udp_socket_row, endpoint),
	TEXT    (2,  "netdiagUdpSocketAddress",      udp_socket_row, address),
	UNSIGNED(3,  "netdiagUdpSocketPort",         udp_socket_row, port),
	GAUGE   (4,  "netdiagUdpSocketSockets",      udp_socket_row, sockets),
	GAUGE   (5,  "netdiagUdpSocketRxQueueBytes", udp_socket_row, rx_queue_bytes),
	UNSIGNED(6,  "netdiagUdpSocketRxBufferBytes", udp_socket_row, rx_buffer_bytes),
	COUNTER (7,  "netdiagUdpSocketDrops",        udp_socket_row, drops),
	SPARSE  (8,  "netdiagUdpSocketCommand",      udp_socket_row, command),
	INTEGER (9,  "netdiagUdpSocketPid",          udp_socket_row, pid),
	STAMP   (10, "netdiagUdpSocketDiscontTime",  udp_socket_row, discontinuity),
};

static const struct column protocol_columns[] = {
	INDEX_TEXT (1, "netdiagProtocolName", protocol_row, name),
	TEXT    (2,  "netdiagProtocolLabel",  protocol_row, name),
	GAUGE   (3,  "netdiagProtocolInUse",  protocol_row, in_use),
	GAUGE   (4,  "netdiagProtocolOrphans", protocol_row, orphans),
	GAUGE   (5,  "netdiagProtocolTimeWait", protocol_row, time_wait),
	GAUGE   (6,  "netdiagProtocolAllocated", protocol_row, allocated),
	GAUGE   (7,  "netdiagProtocolMemPages", protocol_row, mem_pages),
	UNSIGNED(8,  "netdiagProtocolMemLow", protocol_row, mem_low),
	UNSIGNED(9,  "netdiagProtocolMemPressure", protocol_row, mem_pressure),
	UNSIGNED(10, "netdiagProtocolMemHigh", protocol_row, mem_high),
	PERCENT (11, "netdiagProtocolMemUsage", protocol_row, mem_usage),
	GAUGE   (12, "netdiagProtocolMemBytes", protocol_row, mem_bytes),
};

static const struct column buffer_columns[] = {
	INDEX_UNSIGNED (1, "netdiagBufferRank",   buffer_row, rank),
	TEXT    (2,  "netdiagBufferProtocol",     buffer_row, protocol),
	TEXT    (3,  "netdiagBufferLocal",        buffer_row, local),
	TEXT    (4,  "netdiagBufferRemote",       buffer_row, remote),
	ENUM    (5,  "netdiagBufferState",        buffer_row, state, tcp_state_values),
	GAUGE   (6,  "netdiagBufferRxQueueBytes", buffer_row, rx_queue_bytes),
	UNSIGNED(7,  "netdiagBufferRxBufferBytes", buffer_row, rx_buffer_bytes),
	GAUGE   (8,  "netdiagBufferTxQueueBytes", buffer_row, tx_queue_bytes),
	UNSIGNED(9,  "netdiagBufferTxBufferBytes", buffer_row, tx_buffer_bytes),
	PERCENT (10, "netdiagBufferRxUsage",      buffer_row, rx_usage),
	PERCENT (11, "netdiagBufferTxUsage",      buffer_row, tx_usage),
	GAUGE   (12, "netdiagBufferDrops",        buffer_row, drops),
	SPARSE  (13, "netdiagBufferCommand",      buffer_row, command),
	INTEGER (14, "netdiagBufferPid",          buffer_row, pid),
};

static const struct column limit_columns[] = {
	INDEX_TEXT (1, "netdiagLimitName", limit_row, name),
	TEXT    (2, "netdiagLimitLabel",  limit_row, name),
	GAUGE   (3, "netdiagLimitUsed",   limit_row, used),
	UNSIGNED(4, "netdiagLimitMax",    limit_row, max),
	PERCENT (5, "netdiagLimitUsage",  limit_row, usage),
	TEXT    (6, "netdiagLimitSysctl", limit_row, sysctl),
	SPARSE  (7, "netdiagLimitDetail", limit_row, detail),
};

static const struct column sysctl_columns[] = {
	INDEX_TEXT (1, "netdiagSysctlName",  sysctl_row, name),
	TEXT       (2, "netdiagSysctlLabel", sysctl_row, name),
	TEXT       (3, "netdiagSysctlValue", sysctl_row, value),
};

static const struct column netns_columns[] = {
	INDEX_TEXT (1, "netdiagNetnsName",           netns_row, name),
	TEXT    (2,  "netdiagNetnsLabel",            netns_row, name),
	UNSIGNED(3,  "netdiagNetnsInode",            netns_row, inode),
	ENUM    (4,  "netdiagNetnsSource",           netns_row, source, netns_source_values),
	INTEGER (5,  "netdiagNetnsPid",              netns_row, pid),
	SPARSE  (6,  "netdiagNetnsCommand",          netns_row, command),
	GAUGE   (7,  "netdiagNetnsSocketsUsed",      netns_row, sockets_used),
	GAUGE   (8,  "netdiagNetnsTcpInUse",         netns_row, tcp_in_use),
	GAUGE   (9,  "netdiagNetnsTimeWait",         netns_row, time_wait),
	GAUGE   (10, "netdiagNetnsCloseWait",        netns_row, close_wait),
	COUNTER (11, "netdiagNetnsListenOverflows",  netns_row, listen_overflows),
	COUNTER (12, "netdiagNetnsListenDrops",      netns_row, listen_drops),
	COUNTER (13, "netdiagNetnsRetransSegs",      netns_row, retrans_segs),
	COUNTER (14, "netdiagNetnsAttemptFails",     netns_row, attempt_fails),
	COUNTER (15, "netdiagNetnsUdpRcvbufErrors",  netns_row, udp_rcvbuf_errors),
	GAUGE   (16, "netdiagNetnsConntrackEntries", netns_row, conntrack_entries),
	PERCENT (17, "netdiagNetnsConntrackUsage",   netns_row, conntrack_usage),
	STAMP   (18, "netdiagNetnsDiscontinuityTime", netns_row, discontinuity),
};

static const struct column check_columns[] = {
	INDEX_TEXT (1, "netdiagCheckName",     check_row, check),
	INDEX_TEXT (2, "netdiagCheckInstance", check_row, instance),
	TEXT    (3,  "netdiagCheckLabel",    check_row, check),
	TEXT    (4,  "netdiagCheckInstanceLabel", check_row, instance),
	ENUM    (5,  "netdiagCheckState",    check_row, state, check_state_values),
	HUNDREDTHS(6,  "netdiagCheckValue",    check_row, value),
	HUNDREDTHS(7,  "netdiagCheckWarning",  check_row, warning),
	HUNDREDTHS(8,  "netdiagCheckCritical", check_row, critical),
	HUNDREDTHS(9,  "netdiagCheckClear",    check_row, clear),
	TEXT    (10, "netdiagCheckUnits",    check_row, units),
	GAUGE   (11, "netdiagCheckTimeToFull", check_row, time_to_full),
	STAMP   (12, "netdiagCheckSince",    check_row, since),
	COUNTER (13, "netdiagCheckRaises",   check_row, raises),
	TRUTH   (14, "netdiagCheckNotify", check_row, notify),
	UNSIGNED(15, "netdiagCheckCauseId",  check_row, cause_id),
	OBJECT  (16, "netdiagCheckObjectId", check_row, object_id),
	TEXT    (17, "netdiagCheckSummary",  check_row, text.summary),
	TEXT    (18, "netdiagCheckAdvice",   check_row, text.advice),
	TEXT    (19, "netdiagCheckCommand",  check_row, text.command),
};

static const struct column alarm_columns[] = {
	INDEX_UNSIGNED (1, "netdiagAlarmId", alarm_row, id),
	TEXT    (2,  "netdiagAlarmCheck",    alarm_row, check),
	TEXT    (3,  "netdiagAlarmInstance", alarm_row, instance),
	ENUM    (4,  "netdiagAlarmSeverity", alarm_row, severity, severity_values),
	ENUM    (5,  "netdiagAlarmState",    alarm_row, state, alarm_state_values),
	HUNDREDTHS(6,  "netdiagAlarmValue",    alarm_row, value),
	HUNDREDTHS(7,  "netdiagAlarmLimit",    alarm_row, limit),
	HUNDREDTHS(8,  "netdiagAlarmPeak",     alarm_row, peak),
	TEXT    (9,  "netdiagAlarmUnits",    alarm_row, units),
	TIME    (10, "netdiagAlarmRaisedAt", alarm_row, raised_at),
	TIME    (11, "netdiagAlarmChangedAt", alarm_row, changed_at),
	TICKS   (12, "netdiagAlarmAge",      alarm_row, age),
	GAUGE   (13, "netdiagAlarmCount",    alarm_row, count),
	TRUTH   (14, "netdiagAlarmNotify", alarm_row, notify),
	UNSIGNED(15, "netdiagAlarmCauseId",  alarm_row, cause_id),
	OBJECT  (16, "netdiagAlarmObjectId", alarm_row, object_id),
	TEXT    (17, "netdiagAlarmSummary",  alarm_row, text.summary),
	TEXT    (18, "netdiagAlarmAdvice",   alarm_row, text.advice),
	TEXT    (19, "netdiagAlarmCommand",  alarm_row, text.command),
};

static const struct column alarm_history_columns[] = {
	INDEX_UNSIGNED (1, "netdiagAlarmHistorySequence", alarm_history_row, sequence),
	ENUM    (2,  "netdiagAlarmHistoryEvent",    alarm_history_row, event, event_values),
	TIME    (3,  "netdiagAlarmHistoryTime",     alarm_history_row, time),
	UNSIGNED(4,  "netdiagAlarmHistoryAlarmId",  alarm_history_row, alarm_id),
	TEXT    (5,  "netdiagAlarmHistoryCheck",    alarm_history_row, check),
	TEXT    (6,  "netdiagAlarmHistoryInstance", alarm_history_row, instance),
	ENUM    (7,  "netdiagAlarmHistorySeverity", alarm_history_row, severity, severity_values),
	HUNDREDTHS(8,  "netdiagAlarmHistoryValue",    alarm_history_row, value),
	HUNDREDTHS(9,  "netdiagAlarmHistoryLimit",    alarm_history_row, limit),
	TEXT    (10, "netdiagAlarmHistorySummary",  alarm_history_row, summary),
};

static const struct column loss_columns[] = {
	INDEX_ENUM (1, "netdiagLossPlace", loss_row, place, loss_place_values),
	TEXT    (2,  "netdiagLossLabel",      loss_row, label),
	ENUM    (3,  "netdiagLossDirection",  loss_row, direction, loss_direction_values),
	ENUM    (4,  "netdiagLossClass",      loss_row, class, loss_class_values),
	COUNTER (5,  "netdiagLossPackets",    loss_row, packets),
	READING (6,  "netdiagLossRateMinute", COLUMN_GAUGE32, loss_row, rate_minute, READ_RATE),
	TIME    (7,  "netdiagLossLastSeen",   loss_row, last_seen),
	TEXT    (8,  "netdiagLossWorst",      loss_row, worst),
	OBJECT  (9,  "netdiagLossObjectId",   loss_row, object_id),
	STAMP   (10, "netdiagLossDiscontinuityTime", loss_row, discontinuity),
};

static const struct column socket_drop_columns[] = {
	INDEX_TEXT (1, "netdiagSocketDropEndpoint", socket_drop_row, endpoint),
	TEXT    (2, "netdiagSocketDropLabel",        socket_drop_row, endpoint),
	GAUGE   (3, "netdiagSocketDropSockets",      socket_drop_row, sockets),
	GAUGE   (4, "netdiagSocketDropRxQueueBytes", socket_drop_row, rx_queue_bytes),
	COUNTER (5, "netdiagSocketDropDrops",        socket_drop_row, drops),
	SPARSE  (6, "netdiagSocketDropCommand",      socket_drop_row, command),
	INTEGER (7, "netdiagSocketDropPid",          socket_drop_row, pid),
	UNSIGNED(8, "netdiagSocketDropUid",          socket_drop_row, uid),
	STAMP   (9, "netdiagSocketDropDiscontTime",  socket_drop_row, discontinuity),
};

static const struct column nfqueue_columns[] = {
	INDEX_UNSIGNED (1, "netdiagNfqueueQueue", nfqueue_row, queue),
	UNSIGNED(2, "netdiagNfqueuePortId",       nfqueue_row, portid),
	GAUGE   (3, "netdiagNfqueueQueueLength",  nfqueue_row, length),
	COUNTER (4, "netdiagNfqueuePackets",      nfqueue_row, packets),
	COUNTER (5, "netdiagNfqueueDropped",      nfqueue_row, dropped),
	COUNTER (6, "netdiagNfqueueUserDropped",  nfqueue_row, user_dropped),
	SPARSE  (7, "netdiagNfqueueCommand",      nfqueue_row, command),
	INTEGER (8, "netdiagNfqueuePid",          nfqueue_row, pid),
	STAMP   (9, "netdiagNfqueueDiscontTime",  nfqueue_row, discontinuity),
};

static const struct column drop_columns[] = {
	INDEX_TEXT (1, "netdiagDropReason",  drop_row, reason),
	INDEX_INTEGER (2, "netdiagDropIfIndex", drop_row, ifindex),
	TEXT    (3,  "netdiagDropLabel",       drop_row, reason),
	TEXT    (4,  "netdiagDropIfName",      drop_row, ifname),
	ENUM    (5,  "netdiagDropClass",       drop_row, class, drop_class_values),
	COUNTER (6,  "netdiagDropPackets",     drop_row, packets),
	READING (7,  "netdiagDropRateMinute",  COLUMN_GAUGE32, drop_row, rate_minute, READ_RATE),
	TIME    (8,  "netdiagDropLastSeen",    drop_row, last_seen),
	SPARSE  (9,  "netdiagDropExplanation", drop_row, explanation),
	STAMP   (10, "netdiagDropDiscontinuityTime", drop_row, discontinuity),
};

static const struct column peer_columns[] = {
	INDEX_UNSIGNED (1, "netdiagPeerRank",    peer_row, rank),
	TEXT    (2,  "netdiagPeerRemote",          peer_row, remote),
	UNSIGNED(3,  "netdiagPeerLocalPort",       peer_row, local_port),
	UNSIGNED(4,  "netdiagPeerRemotePort",      peer_row, remote_port),
	GAUGE   (5,  "netdiagPeerConnections",     peer_row, connections),
	GAUGE   (6,  "netdiagPeerRetransmits",     peer_row, retransmits),
	PERCENT (7,  "netdiagPeerRetransmitShare", peer_row, retransmit_share),
	PERCENT (8,  "netdiagPeerLostShare",       peer_row, lost_share),
	READING (9,  "netdiagPeerRttMedian", COLUMN_GAUGE32, peer_row, rtt_median, READ_MICROSECONDS),
	READING (10, "netdiagPeerRttVar",    COLUMN_GAUGE32, peer_row, rtt_var, READ_MICROSECONDS),
};

static const struct column queue_columns[] = {
	INDEX_INTEGER (0, "netdiagNicIfIndex",       queue_row, ifindex),
	INDEX_ENUM    (1, "netdiagQueueType",        queue_row, type, queue_type_values),
	INDEX_UNSIGNED(2, "netdiagQueueId",          queue_row, id),
	TEXT    (3,  "netdiagQueueIfName",        queue_row, ifname),
	COUNTER (4,  "netdiagQueuePackets",       queue_row, packets),
	COUNTER (5,  "netdiagQueueBytes",         queue_row, bytes),
	COUNTER (6,  "netdiagQueueDrops",         queue_row, drops),
	COUNTER (7,  "netdiagQueueRateLimited",   queue_row, rate_limited),
	COUNTER (8,  "netdiagQueueAllocFailures", queue_row, alloc_failures),
	COUNTER (9,  "netdiagQueueStops",         queue_row, stops),
	COUNTER (10, "netdiagQueueWakes",         queue_row, wakes),
	UNSIGNED(11, "netdiagQueueNapiId",        queue_row, napi_id),
	UNSIGNED(12, "netdiagQueueIrq",           queue_row, irq),
	STAMP   (13, "netdiagQueueDiscontinuityTime", queue_row, discontinuity),
};

#define SCALARS(a, n, row_type, c, r, cols) {(a), (n), NULL, &(row_type), (c), (r), cols, COUNT_OF(cols)}
#define TABLE(a, n, row_type, c, r, cols) \
	{(a), n "Table", n "Entry", &(row_type), (c), (r), cols, COUNT_OF(cols)}
#define OWN NULL

/* arc, name, row type, collector, which of its row types, columns */
const struct table tables[] = {
	SCALARS(1,  "netdiagAgent",          agent_row_type,           OWN,         0, agent_columns),
	TABLE  (2,  "netdiagCollector",      agent_collector_row_type, OWN,         0, collector_columns),
	TABLE  (3,  "netdiagSoftnet",        softnet_row_type,         "softnet",   0, softnet_columns),
	TABLE  (4,  "netdiagNic",            nic_row_type,             "nic",       0, nic_columns),
	TABLE  (5,  "netdiagNicStat",        nic_stat_row_type,        "nic",       1, nic_stat_columns),
	TABLE  (6,  "netdiagIrq",            irq_row_type,             "irq",       0, irq_columns),
	TABLE  (7,  "netdiagCounter",        counter_row_type,         "counters",  0, counter_columns),
	SCALARS(8,  "netdiagTcp",            tcp_row_type,             "counters",  1, tcp_columns),
	SCALARS(9,  "netdiagUdp",            udp_row_type,             "counters",  2, udp_columns),
	SCALARS(10, "netdiagConntrack",      conntrack_row_type,       "conntrack", 0, conntrack_columns),
	TABLE  (11, "netdiagConntrackCpu",   conntrack_cpu_row_type,   "conntrack", 1, conntrack_cpu_columns),
	TABLE  (12, "netdiagSocketState",    socket_state_row_type,    "socketState", 0, socket_state_columns),
	TABLE  (13, "netdiagListener",       listener_row_type,        "listener",  0, listener_columns),
	TABLE  (14, "netdiagUdpSocket",      udp_socket_row_type,      "udpSocket", 0, udp_socket_columns),
	TABLE  (15, "netdiagProtocolMem",    protocol_row_type,        "protocolMemory", 0, protocol_columns),
	TABLE  (16, "netdiagBuffer",         buffer_row_type,          "buffer",    0, buffer_columns),
	TABLE  (17, "netdiagLimit",          limit_row_type,           "limit",     0, limit_columns),
	TABLE  (18, "netdiagSysctl",         sysctl_row_type,          "sysctl",    0, sysctl_columns),
	TABLE  (19, "netdiagNetns",          netns_row_type,           "netns",     0, netns_columns),
	TABLE  (20, "netdiagCheck",          check_row_type,           OWN,         0, check_columns),
	TABLE  (21, "netdiagAlarm",          alarm_row_type,           OWN,         0, alarm_columns),
	TABLE  (22, "netdiagAlarmHistory",   alarm_history_row_type,   OWN,         0, alarm_history_columns),
	TABLE  (23, "netdiagLoss",           loss_row_type,            OWN,         0, loss_columns),
	TABLE  (24, "netdiagDrop",           drop_row_type,            "dropReason", 0, drop_columns),
	TABLE  (25, "netdiagPeer",           peer_row_type,            "peer",      0, peer_columns),
	TABLE  (26, "netdiagQueue",          queue_row_type,           "queue",     0, queue_columns),
	SCALARS(27, "netdiagIp",             ip_row_type,              "counters",  3, ip_columns),
	TABLE  (28, "netdiagSocketDrop",     socket_drop_row_type,     "socketDrop", 0, socket_drop_columns),
	TABLE  (29, "netdiagNfqueue",        nfqueue_row_type,         "nfqueue",   0, nfqueue_columns),
};
/* clang-format on */

const size_t table_count = COUNT_OF(tables);
