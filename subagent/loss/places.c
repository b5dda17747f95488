/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where packets are lost: each place's counters, which collectors read, and those that count the
 * same packets again. The kernel's sources that say so are named with each.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/cpu/softnet.h"
#include "collectors/loss/drop_reasons.h"
#include "collectors/nic/nic.h"
#include "collectors/nic/queue.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/protocol/counters.h"
#include "collectors/socket/listener.h"
#include "collectors/socket/nfqueue.h"
#include "collectors/socket/socket_drops.h"
#include "collectors/socket/udp_socket.h"
#include "subagent/loss/place.h"

/* clang-format off */
#define MEMBER(row, member_, name_) {offsetof(struct row, member_) + 1, (name_)}
#define STAMP(row) .stamp = offsetof(struct row, discontinuity) + 1
/* clang-format on */

#define SOFTNET	  .collector = "softnet", .type = &softnet_row_type, STAMP(softnet_row)
#define NIC	  .collector = "nic", .type = &nic_row_type, STAMP(nic_row), .name = name_nic
#define CONNTRACK .collector = "conntrack", .type = &conntrack_row_type, STAMP(conntrack_row)
#define TCP	  .collector = "counters", .type = &tcp_row_type
#define NFQUEUE	  .collector = "nfqueue", .type = &nfqueue_row_type, STAMP(nfqueue_row)
#define IP	  .collector = "counters", .type = &ip_row_type
#define UDP	  .collector = "counters", .type = &udp_row_type

static void name_cpu(const void *row, char *text, size_t size)
{
	const struct softnet_row *softnet = row;

	snprintf(text, size, "cpu%llu", (unsigned long long)softnet->cpu);
}

static void name_nic(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct nic_row *)row)->name);
}

/* "0.0.0.0:80 nginx" */
static void name_endpoint(const char *endpoint, const char *command, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s", endpoint, command[0] ? " " : "", command);
}

static void name_listener(const void *row, char *text, size_t size)
{
	const struct listener_row *listener = row;

	name_endpoint(listener->endpoint, listener->command, text, size);
}

static void name_udp_socket(const void *row, char *text, size_t size)
{
	const struct udp_socket_row *socket = row;

	name_endpoint(socket->endpoint, socket->command, text, size);
}

static void name_socket(const void *row, char *text, size_t size)
{
	const struct socket_drop_row *socket = row;

	name_endpoint(socket->endpoint, socket->command, text, size);
}

/* "queue 7 suricata" */
static void name_nfqueue(const void *row, char *text, size_t size)
{
	const struct nfqueue_row *nfqueue = row;
	char queue[32];

	snprintf(queue, sizeof(queue), "queue %llu", (unsigned long long)nfqueue->queue);
	name_endpoint(queue, nfqueue->command, text, size);
}

static void name_queue(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct queue_row *)row)->ifname);
}

static void name_drop(const void *row, char *text, size_t size)
{
	text_copy(text, size, ((const struct drop_row *)row)->ifname);
}

/* Without an interface it is another namespace's, or a local process was told (EPERM). */
static bool is_netfilter_drop(const void *row)
{
	const struct drop_row *drop = row;

	return drop->ifindex && !strcmp(drop->reason, "NETFILTER_DROP");
}

static void name_counter(const void *row, char *text, size_t size)
{
	const struct counter_row *counter = row;

	snprintf(text, size, "%s%s", counter->group, counter->name);
}

static bool is_xfrm(const void *row)
{
	return !strcmp(((const struct counter_row *)row)->group, "Xfrm");
}

/* A bond's statistics repeat those of its slaves (bond_get_stats()). */
static bool is_link(const void *row)
{
	return strcmp(((const struct nic_row *)row)->driver, "bonding") != 0;
}

/* Of what is sent to a virtual device with nobody at its other end (a tap that no program has open,
 * a veth or bridge of containers that have ended) nobody misses anything: announcements, mostly. */
static bool is_connected(const void *row)
{
	const struct nic_row *nic = row;

	return is_link(row) && (nic->carrier || nic->hardware);
}

/*
 * A link with a device of its own, whose drops nobody else counts. What a virtual one (veth, vlan,
 * macvlan, tunnels) could not pass on is often in the counters of what it stands on too: a veth's
 * tx_dropped has the packets that its peer's backlog had no place for, a VLAN's and a tunnel's
 * those that the qdisc below dropped.
 */
static bool has_device(const void *row)
{
	const char *bus = ((const struct nic_row *)row)->bus_info;

	return bus[0] && strcmp(bus, "N/A");
}

static bool is_device(const void *row)
{
	return is_connected(row) && has_device(row);
}

static bool is_virtual(const void *row)
{
	return is_connected(row) && !has_device(row);
}

uint64_t loss_increase(const void *before, const void *row, size_t offset)
{
	uint64_t now = row_number(row, offset);
	uint64_t then = before ? row_number(before, offset) : 0;

	return now != ROW_ABSENT && then != ROW_ABSENT && now > then ? now - then : 0;
}

#define NIC_INCREASE(member) loss_increase(before, row, offsetof(struct nic_row, member))

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* tx_errors should contain tx_carrier_errors (include/uapi/linux/if_link.h); some drivers count
 * them apart. */
static uint64_t device_increase(const void *before, const void *row)
{
	return NIC_INCREASE(tx_dropped) +
	       larger(NIC_INCREASE(tx_errors), NIC_INCREASE(tx_carrier_errors));
}

/* A block that FEC could not correct mostly makes a CRC error. */
static uint64_t phy_increase(const void *before, const void *row)
{
	return larger(NIC_INCREASE(rx_crc_errors) + NIC_INCREASE(rx_frame_errors) +
			      NIC_INCREASE(rx_length_errors),
		      NIC_INCREASE(fec_uncorrectable));
}

/* Not every link has a qdisc. */
static bool has_qdisc(const void *row)
{
	return ((const struct nic_row *)row)->qdisc_drops != ROW_ABSENT;
}

/* Whether what RxDiscards counts is in rx_dropped too. rx_missed_errors never is
 * (include/uapi/linux/if_link.h); what drivers count otherwise mostly is, and where it is not, a
 * few packets that nobody wanted are not shown. */
static bool discards_are_dropped(const void *row)
{
	const struct nic_row *nic = row;

	return is_link(row) && !strstr(nic->rx_discards_source, "missed");
}

/* Whether RxDiscards is the rx_dropped of rtnetlink. */
static bool discards_are_stats64(const void *row)
{
	const struct nic_row *nic = row;

	return is_link(row) && !strcmp(nic->rx_discards_source, "rx_dropped (stats64)");
}

static bool discards_are_apart(const void *row)
{
	return is_link(row) && !discards_are_stats64(row);
}

static const struct loss_source phy_sources[] = {
	{.role = LOSS_ADD,
	 NIC,
	 .applies = is_link,
	 .increase = phy_increase,
	 .members = {MEMBER(nic_row, rx_crc_errors, NULL), MEMBER(nic_row, rx_frame_errors, NULL),
		     MEMBER(nic_row, rx_length_errors, NULL),
		     MEMBER(nic_row, fec_uncorrectable, NULL)}},
};

static const struct loss_source provider_limit_sources[] = {
	{.role = LOSS_ADD,
	 NIC,
	 .applies = is_link,
	 .members = {MEMBER(nic_row, limit_in_bandwidth, NULL),
		     MEMBER(nic_row, limit_out_bandwidth, NULL),
		     MEMBER(nic_row, limit_packets, NULL), MEMBER(nic_row, limit_conntrack, NULL),
		     MEMBER(nic_row, limit_link_local, NULL)}},
	{.role = LOSS_ADD,
	 .collector = "queue",
	 .type = &queue_row_type,
	 STAMP(queue_row),
	 .name = name_queue,
	 .optional = true,
	 .members = {MEMBER(queue_row, rate_limited, NULL)}},
};

/* The core adds what the backlog had no place for to a driver's rx_dropped (dev_get_stats()). */
static const struct loss_source ring_sources[] = {
	{.role = LOSS_ADD,
	 NIC,
	 .applies = discards_are_apart,
	 .members = {MEMBER(nic_row, rx_discards, NULL)}},
	{.role = LOSS_REST,
	 NIC,
	 .applies = discards_are_stats64,
	 .optional = true,
	 .members = {MEMBER(nic_row, rx_discards, NULL)}},
	{.role = LOSS_LESS, SOFTNET, .members = {MEMBER(softnet_row, dropped, NULL)}},
};

static const struct loss_source backlog_sources[] = {
	{.role = LOSS_ADD,
	 SOFTNET,
	 .name = name_cpu,
	 .members = {MEMBER(softnet_row, dropped, NULL)}},
};

/* enqueue_to_backlog() counts a drop for the CPU and in rx_dropped. A host that does not forward
 * counts the broadcasts of other subnets on its wire in InAddrErrors (ip_route_input_slow()). */
static const struct loss_source unhandled_sources[] = {
	{.role = LOSS_REST,
	 NIC,
	 .applies = is_link,
	 .members = {MEMBER(nic_row, rx_dropped, NULL)}},
	{.role = LOSS_LESS,
	 NIC,
	 .applies = discards_are_dropped,
	 .members = {MEMBER(nic_row, rx_discards, NULL)}},
	{.role = LOSS_LESS, SOFTNET, .members = {MEMBER(softnet_row, dropped, NULL)}},
	{.role = LOSS_ADD, IP, .members = {MEMBER(ip_row, in_addr_errors, "InAddrErrors")}},
};

/* An IP header's checksum error is in InHdrErrors (ip_rcv_core()). So is a TTL that ran out
 * (ip_forward()), which is how traceroute works: as many are taken out as were answered. */
static const struct loss_source header_sources[] = {
	{.role = LOSS_ADD, IP, .members = {MEMBER(ip_row, icmp_csum_errors, "IcmpInCsumErrors")}},
	{.role = LOSS_ADD, TCP, .members = {MEMBER(tcp_row, in_csum_errors, "TcpInCsumErrors")}},
	{.role = LOSS_ADD,
	 UDP,
	 .members = {MEMBER(udp_row, udp.in_csum_errors, "UdpInCsumErrors"),
		     MEMBER(udp_row, udp6.in_csum_errors, "Udp6InCsumErrors")}},
	{.role = LOSS_REST, IP, .members = {MEMBER(ip_row, in_hdr_errors, "InHdrErrors")}},
	{.role = LOSS_LESS, IP, .members = {MEMBER(ip_row, out_time_excds, "OutTimeExcds")}},
};

static const struct loss_source reverse_path_sources[] = {
	{.role = LOSS_ADD, IP, .members = {MEMBER(ip_row, reverse_path, "IPReversePathFilter")}},
};

/* A host without IPv6 routes tries to send IPv6 packets all day, and uses IPv4 instead. */
static const struct loss_source no_route_sources[] = {
	{.role = LOSS_ADD,
	 IP,
	 .members = {MEMBER(ip_row, in_no_routes, "InNoRoutes"),
		     MEMBER(ip_row, out_no_routes4, "OutNoRoutes")}},
};

/* Without FragFails: the sender is told to send less at once, which is how path MTU discovery works
 * (ip_forward(), ip6_forward()). */
static const struct loss_source reassembly_sources[] = {
	{.role = LOSS_ADD, IP, .members = {MEMBER(ip_row, reasm_fails, "ReasmFails")}},
};

/* A packet that conntrack refuses is dropped by its hook (nf_conntrack_in(), nf_confirm()). */
static const struct loss_source netfilter_sources[] = {
	{.role = LOSS_REST,
	 .collector = "dropReason",
	 .type = &drop_row_type,
	 STAMP(drop_row),
	 .applies = is_netfilter_drop,
	 .name = name_drop,
	 .born_zero = true,
	 .members = {MEMBER(drop_row, packets, NULL)}},
	{.role = LOSS_LESS, CONNTRACK, .members = {MEMBER(conntrack_row, drops, "drop")}},
};

static const struct loss_source nfqueue_sources[] = {
	{.role = LOSS_ADD,
	 NFQUEUE,
	 .name = name_nfqueue,
	 .born_zero = true,
	 .members = {MEMBER(nfqueue_row, dropped, NULL), MEMBER(nfqueue_row, user_dropped, NULL)}},
};

/* What the socket of a program that reads a queue has no room for is counted there, and by the
 * queue (netlink_overrun(), __nfqnl_enqueue_packet()). */
static const struct loss_source socket_sources[] = {
	{.role = LOSS_REST,
	 .collector = "socketDrop",
	 .type = &socket_drop_row_type,
	 STAMP(socket_drop_row),
	 .name = name_socket,
	 .born_zero = true,
	 .members = {MEMBER(socket_drop_row, drops, NULL)}},
	{.role = LOSS_LESS,
	 NFQUEUE,
	 .born_zero = true,
	 .members = {MEMBER(nfqueue_row, user_dropped, NULL)}},
};

static const struct loss_source ipsec_sources[] = {
	{.role = LOSS_ADD,
	 IP,
	 .members = {MEMBER(ip_row, xfrm_in_errors, "Xfrm in"),
		     MEMBER(ip_row, xfrm_out_errors, "Xfrm out")}},
	{.role = LOSS_BLAME,
	 .collector = "counters",
	 .type = &counter_row_type,
	 .applies = is_xfrm,
	 .name = name_counter,
	 .members = {MEMBER(counter_row, value, NULL)}},
};

static const struct loss_source neighbor_sources[] = {
	{.role = LOSS_ADD,
	 IP,
	 .members = {MEMBER(ip_row, neighbor_discards, "unresolved_discards"),
		     MEMBER(ip_row, neighbor_table_fulls, "table_fulls")}},
};

/* `drop` contains insert_failed (__nf_conntrack_confirm()). */
static const struct loss_source conntrack_sources[] = {
	{.role = LOSS_ADD, CONNTRACK, .members = {MEMBER(conntrack_row, drops, "drop")}},
	{.role = LOSS_BLAME,
	 CONNTRACK,
	 .members = {MEMBER(conntrack_row, insert_failed, "insert_failed")}},
};

/* ListenOverflows and TCPReqQFullDrop are in ListenDrops (tcp_conn_request(),
 * tcp_v4_syn_recv_sock()). */
static const struct loss_source listen_sources[] = {
	{.role = LOSS_ADD, TCP, .members = {MEMBER(tcp_row, listen_drops, "ListenDrops")}},
	{.role = LOSS_BLAME,
	 .collector = "listener",
	 .type = &listener_row_type,
	 STAMP(listener_row),
	 .born_zero = true,
	 .name = name_listener,
	 .members = {MEMBER(listener_row, drops, NULL)}},
};

/* RcvPruned is in TCPRcvQDrop or TCPOFODrop (tcp_try_rmem_schedule()). OfoPruned counts how often a
 * queue was pruned, of one segment at least. */
static const struct loss_source tcp_queue_sources[] = {
	{.role = LOSS_ADD,
	 TCP,
	 .members = {MEMBER(tcp_row, backlog_drop, "TCPBacklogDrop"),
		     MEMBER(tcp_row, rcv_q_drop, "TCPRcvQDrop"),
		     MEMBER(tcp_row, zero_window_drop, "TCPZeroWindowDrop"),
		     MEMBER(tcp_row, ofo_drop, "TCPOFODrop"),
		     MEMBER(tcp_row, ofo_pruned, "OfoPruned")}},
};

/* Both are in InErrors. SndbufErrors are not lost here: udp_sendmsg() told the sender (EAGAIN,
 * ENOBUFS), or udp_send_skb() counted again what a qdisc, a device or a tc rule dropped. */
static const struct loss_source udp_buffer_sources[] = {
	{.role = LOSS_ADD,
	 UDP,
	 .members = {MEMBER(udp_row, udp.rcvbuf_errors, "RcvbufErrors"),
		     MEMBER(udp_row, udp.mem_errors, "MemErrors"),
		     MEMBER(udp_row, udp6.rcvbuf_errors, "Udp6RcvbufErrors"),
		     MEMBER(udp_row, udp6.mem_errors, "Udp6MemErrors")}},
	{.role = LOSS_BLAME,
	 .collector = "udpSocket",
	 .type = &udp_socket_row_type,
	 STAMP(udp_socket_row),
	 .born_zero = true,
	 .name = name_udp_socket,
	 .members = {MEMBER(udp_socket_row, drops, NULL)}},
};

static const struct loss_source qdisc_sources[] = {
	{.role = LOSS_ADD,
	 NIC,
	 .applies = has_qdisc,
	 .members = {MEMBER(nic_row, qdisc_drops, NULL)}},
};

static const struct loss_source device_sources[] = {
	{.role = LOSS_ADD,
	 NIC,
	 .applies = is_device,
	 .increase = device_increase,
	 .members = {MEMBER(nic_row, tx_dropped, NULL), MEMBER(nic_row, tx_errors, NULL)}},
	{.role = LOSS_REST,
	 NIC,
	 .applies = is_virtual,
	 .increase = device_increase,
	 .members = {MEMBER(nic_row, tx_dropped, NULL), MEMBER(nic_row, tx_errors, NULL)}},
	{.role = LOSS_LESS,
	 NIC,
	 .applies = is_device,
	 .increase = device_increase,
	 .members = {MEMBER(nic_row, tx_dropped, NULL), MEMBER(nic_row, tx_errors, NULL)}},
	{.role = LOSS_LESS, NIC, .members = {MEMBER(nic_row, qdisc_drops, NULL)}},
	{.role = LOSS_LESS, SOFTNET, .members = {MEMBER(softnet_row, dropped, NULL)}},
};

/* TCPSynRetrans is in RetransSegs (__tcp_retransmit_skb(), tcp_rtx_synack()): a connection that
 * nobody answers is no loss. */
static const struct loss_source path_sources[] = {
	{.role = LOSS_REST, TCP, .members = {MEMBER(tcp_row, retrans_segs, "RetransSegs")}},
	{.role = LOSS_LESS, TCP, .members = {MEMBER(tcp_row, syn_retrans, "TCPSynRetrans")}},
};

/* clang-format off */
#define PLACE(id, label_, direction_, class_, sources_) \
	[id] = {(label_), (direction_), LOSS_CLASS_##class_, (sources_), COUNT_OF(sources_)}

const struct loss_place loss_places[LOSS_PLACES + 1] = {
	PLACE(LOSS_PHY,            "phy",           LOSS_IN,  LOSS,      phy_sources),
	PLACE(LOSS_PROVIDER_LIMIT, "providerLimit", LOSS_IN,  LOSS,      provider_limit_sources),
	PLACE(LOSS_RING,           "ring",          LOSS_IN,  LOSS,      ring_sources),
	PLACE(LOSS_BACKLOG,        "backlog",       LOSS_IN,  LOSS,      backlog_sources),
	PLACE(LOSS_UNHANDLED,      "unhandled",     LOSS_IN,  BENIGN,    unhandled_sources),
	PLACE(LOSS_HEADER,         "header",        LOSS_IN,  LOSS,      header_sources),
	PLACE(LOSS_REVERSE_PATH,   "reversePath",   LOSS_IN,  LOSS,      reverse_path_sources),
	PLACE(LOSS_NO_ROUTE,       "noRoute",       LOSS_IN,  LOSS,      no_route_sources),
	PLACE(LOSS_REASSEMBLY,     "reassembly",    LOSS_IN,  LOSS,      reassembly_sources),
	PLACE(LOSS_CONNTRACK,      "conntrack",     LOSS_IN,  LOSS,      conntrack_sources),
	PLACE(LOSS_NETFILTER,      "netfilter",     LOSS_IN,  POLICY,    netfilter_sources),
	PLACE(LOSS_NFQUEUE,        "nfqueue",       LOSS_IN,  LOSS,      nfqueue_sources),
	PLACE(LOSS_IPSEC,          "ipsec",         LOSS_IN,  LOSS,      ipsec_sources),
	PLACE(LOSS_LISTEN,         "listen",        LOSS_IN,  LOSS,      listen_sources),
	PLACE(LOSS_TCP_QUEUE,      "tcpQueue",      LOSS_IN,  LOSS,      tcp_queue_sources),
	PLACE(LOSS_UDP_BUFFER,     "udpBuffer",     LOSS_IN,  LOSS,      udp_buffer_sources),
	PLACE(LOSS_SOCKET,         "socket",        LOSS_IN,  LOSS,      socket_sources),
	PLACE(LOSS_NEIGHBOR,       "neighbor",      LOSS_OUT, LOSS,      neighbor_sources),
	PLACE(LOSS_QDISC,          "qdisc",         LOSS_OUT, LOSS,      qdisc_sources),
	PLACE(LOSS_DEVICE,         "device",        LOSS_OUT, LOSS,      device_sources),
	PLACE(LOSS_PATH,           "path",          LOSS_OUT, ELSEWHERE, path_sources),
};
/* clang-format on */
