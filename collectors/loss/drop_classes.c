/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's drop reasons mean, by name. Reasons that are not listed, such as those of later
 * kernels, count as loss. */
#include <config.h>

#include <string.h>

#include "collectors/base/array.h"
#include "collectors/loss/drop_classes.h"

/* clang-format off */
static const struct drop_meaning meanings[] = {
	/* Arrival: the device, the backlog, the protocol. */
	{"CPU_BACKLOG", DROP_LOSS, "The queue of packets that wait for a CPU was full: see net.core.netdev_max_backlog, the flow limit and netdiagSoftnetDropped."},
	{"FULL_RING", DROP_LOSS, "The queue of a tun, tap or veth device was full: its reader is too slow."},
	{"NOMEM", DROP_LOSS, "The kernel had no memory for the packet."},
	{"PFMEMALLOC", DROP_LOSS, "Memory was so short that only packets that help to free some were taken."},
	{"HDR_TRUNC", DROP_LOSS, "A header was cut off: a damaged or hostile packet."},
	{"PKT_TOO_SMALL", DROP_LOSS, "The packet was shorter than its headers say: damaged or hostile."},
	{"PKT_TOO_BIG", DROP_LOSS, "The packet was larger than the MTU and must not be fragmented. Without the ICMP answer its sender never learns."},
	{"DEV_READY", DROP_LOSS, "The device was down, or not set up yet."},
	{"DEV_HDR", DROP_LOSS, "The header of the device itself was wrong."},
	{"RECURSION_LIMIT", DROP_LOSS, "Stacked devices or tunnels sent the packet in a circle."},
	{"UNHANDLED_PROTO", DROP_BENIGN, "Nothing here handles this protocol, such as LLDP, spanning tree, or a VLAN without an interface."},
	{"OTHERHOST", DROP_BENIGN, "Addressed to another host: the interface is promiscuous, or a switch floods."},
	{"MAC_IEEE_MAC_CONTROL", DROP_BENIGN, "A frame of the link itself, such as a pause frame."},
	{"MAC_INVALID_SOURCE", DROP_BENIGN, "The Ethernet source address cannot be one."},
	{"LOCAL_MAC", DROP_BENIGN, "It carried an address of this host as its source."},
	{"UNICAST_IN_L2_MULTICAST", DROP_BENIGN, "An IP unicast in an Ethernet broadcast or multicast."},
	{"BRIDGE_INGRESS_STP_STATE", DROP_POLICY, "Spanning tree blocks this port of the bridge."},
	{"ARP_PVLAN_DISABLE", DROP_POLICY, "ARP to the own segment, which private VLAN settings refuse."},
	{"XDP", DROP_POLICY, "An XDP program dropped it."},
	{"TC_INGRESS", DROP_POLICY, "A tc filter or action on arrival dropped it."},
	{"TC_EGRESS", DROP_POLICY, "A tc filter or action on departure dropped it."},
	{"TC_COOKIE_ERROR", DROP_POLICY, "tc could not continue where it had left off."},
	{"TC_CHAIN_NOTFOUND", DROP_POLICY, "A tc rule jumps to a chain that does not exist."},
	{"TC_RECLASSIFY_LOOP", DROP_POLICY, "tc rules classify in a circle."},
	{"PACKET_SOCK_ERROR", DROP_BENIGN, "A packet capture did not keep up: it lost its copy, not the packet."},
	{"TAP_FILTER", DROP_POLICY, "A filter of the tun or tap device refused it."},
	{"TAP_TXFILTER", DROP_POLICY, "The address filter of the tap device refused it."},
	/* IP. */
	{"IP_CSUM", DROP_LOSS, "The checksum of the IP header was wrong: damaged on the way."},
	{"IP_INHDR", DROP_LOSS, "The IP header was wrong."},
	{"IP_INADDRERRORS", DROP_LOSS, "The address is not one of this host, or cannot be reached from here."},
	{"IP_INNOROUTES", DROP_LOSS, "No route to the destination of a packet to be forwarded."},
	{"IP_OUTNOROUTES", DROP_LOSS, "No route to the destination of a packet of this host."},
	{"IP_RPFILTER", DROP_POLICY, "Reverse path filter: the way back to the source leads through another interface. See rp_filter."},
	{"IP_LOCAL_SOURCE", DROP_POLICY, "It came from outside with an address of this host as its source."},
	{"IP_INVALID_SOURCE", DROP_POLICY, "Its source address cannot be one, such as a multicast group."},
	{"IP_LOCALNET", DROP_POLICY, "A loopback address from outside, while route_localnet is off."},
	{"IP_INVALID_DEST", DROP_POLICY, "Its destination address cannot be one."},
	{"IP_NOPROTO", DROP_BENIGN, "Nothing here handles this IP protocol."},
	{"IPV6DISABLED", DROP_BENIGN, "IPv6 is off on this interface: see disable_ipv6."},
	{"IPV6_NDISC_NS_OTHERHOST", DROP_BENIGN, "A neighbor solicitation for another host."},
	{"INVALID_PROTO", DROP_BENIGN, "A request that must not be answered, such as a timestamp request to a broadcast address."},
	{"DUP_FRAG", DROP_BENIGN, "A fragment that was there already."},
	{"FRAG_REASM_TIMEOUT", DROP_LOSS, "Fragments never became whole: one of them was lost on the way."},
	{"FRAG_TOO_FAR", DROP_LOSS, "Fragments out of order by more than net.ipv4.ipfrag_max_dist."},
	{"NETFILTER_DROP", DROP_POLICY, "A firewall rule of nftables or iptables dropped it."},
	{"XFRM_POLICY", DROP_POLICY, "An IPsec policy refused it."},
	{"SECURITY_HOOK", DROP_POLICY, "A security module such as SELinux, AppArmor or BPF refused it."},
	{"BPF_CGROUP_EGRESS", DROP_POLICY, "A BPF program of a control group refused it."},
	{"ICMP_CSUM", DROP_LOSS, "The ICMP checksum was wrong: damaged on the way."},
	/* Neighbors and queues, on the way out. */
	{"NEIGH_CREATEFAIL", DROP_LOSS, "The neighbor table was full: see gc_thresh3."},
	{"NEIGH_FAILED", DROP_LOSS, "The next hop did not answer ARP or neighbor discovery."},
	{"NEIGH_QUEUEFULL", DROP_LOSS, "Too many packets waited for an answer of the next hop: see unres_qlen_bytes."},
	{"NEIGH_DEAD", DROP_LOSS, "The entry of the next hop was being removed."},
	{"QDISC_DROP", DROP_LOSS, "The sending queue, a qdisc, was full, or shapes the traffic."},
	{"QDISC_OVERLIMIT", DROP_LOSS, "The sending queue, a qdisc, was at its limit."},
	{"QDISC_CONGESTED", DROP_LOSS, "The sending queue, a qdisc, drops early because packets wait too long in it."},
	{"FQ_FLOW_LIMIT", DROP_LOSS, "One flow had too many packets in the fq qdisc."},
	{"FQ_BAND_LIMIT", DROP_LOSS, "One band of the fq qdisc was full."},
	{"FQ_HORIZON_LIMIT", DROP_LOSS, "The packet was to be sent too far in the future for the fq qdisc."},
	{"NO_TX_TARGET", DROP_LOSS, "The bond, team or tunnel had no port to send by."},
	/* Sockets. */
	{"NO_SOCKET", DROP_BENIGN, "Nothing listens on the port: a scan, or a service that is down."},
	{"SOCKET_RCVBUFF", DROP_LOSS, "The receive buffer of a socket was full: its process reads too slowly, or the buffer is too small for bursts."},
	{"SOCKET_BACKLOG", DROP_LOSS, "Packets came faster than a busy socket could take them. TcpExt TCPBacklogDrop counts those of TCP."},
	{"SOCKET_FILTER", DROP_POLICY, "The filter of the socket itself refused it."},
	{"SOCKET_CLOSE", DROP_TEARDOWN, "Left unread when its socket was closed."},
	{"PROTO_MEM", DROP_LOSS, "The protocol had no memory left: see net.ipv4.udp_mem or tcp_mem."},
	{"UDP_CSUM", DROP_LOSS, "The UDP checksum was wrong: damaged on the way."},
	{"UNIX_DISCONNECT", DROP_TEARDOWN, "Left unread when a Unix socket was connected anew."},
	{"UNIX_SKIP_OOB", DROP_TEARDOWN, "An urgent byte that the reader of a Unix socket passed over."},
	{"QUEUE_PURGE", DROP_TEARDOWN, "Left in a queue when its socket or device went away."},
	/* TCP. */
	{"TCP_CSUM", DROP_LOSS, "The TCP checksum was wrong: damaged on the way."},
	{"TCP_LISTEN_OVERFLOW", DROP_LOSS, "The queue of connections that a listener has to accept was full."},
	{"TCP_ZEROWINDOW", DROP_LOSS, "Data beyond a window that was closed: the process reads too slowly."},
	{"TCP_OVERWINDOW", DROP_LOSS, "Data beyond the receive window."},
	{"TCP_INVALID_SEQUENCE", DROP_LOSS, "A sequence number outside the window: a stale, foreign or forged segment."},
	{"TCP_INVALID_END_SEQUENCE", DROP_LOSS, "A segment that ends beyond the window."},
	{"TCP_INVALID_ACK_SEQUENCE", DROP_LOSS, "An acknowledgment outside the window: a stale or forged segment."},
	{"TCP_ACK_UNSENT_DATA", DROP_LOSS, "It acknowledges what was never sent: a stale or forged segment."},
	{"TCP_RFC7323_PAWS", DROP_LOSS, "A timestamp older than the last one: an old duplicate, or hosts behind one address."},
	{"TCP_OFO_QUEUE_PRUNE", DROP_LOSS, "Thrown out of the queue of segments out of order, for lack of memory. It is sent again."},
	{"TCP_RFC7323_PAWS_ACK", DROP_BENIGN, "A late acknowledgment."},
	{"TCP_OLD_DATA", DROP_BENIGN, "Data that had arrived already: it was sent again in vain."},
	{"TCP_OLD_SEQUENCE", DROP_BENIGN, "A segment that had arrived already: a duplicate, or a keep-alive."},
	{"TCP_OLD_ACK", DROP_BENIGN, "An acknowledgment that says nothing new."},
	{"TCP_TOO_OLD_ACK", DROP_BENIGN, "An acknowledgment from long ago."},
	{"TCP_OFOMERGE", DROP_BENIGN, "Data that had arrived already, out of order."},
	{"TCP_OFO_DROP", DROP_BENIGN, "Data that had arrived already, out of order."},
	{"TCP_FLAGS", DROP_BENIGN, "Flags that no connection of this state has: a scan, as a rule."},
	{"TCP_INVALID_SYN", DROP_BENIGN, "A SYN on a connection that exists."},
	{"TCP_MINTTL", DROP_POLICY, "A TTL below what the socket asks for with IP_MINTTL."},
	{"TCP_RESET", DROP_TEARDOWN, "A reset. It ended the connection, or does not fit it."},
	{"TCP_CLOSE", DROP_TEARDOWN, "A segment for a connection that is closed."},
	{"TCP_ABORT_ON_DATA", DROP_TEARDOWN, "Data for a connection that its process has closed: the peer gets a reset."},
	/* Open vSwitch, and the rest. */
	{"OVS_DROP_LAST_ACTION", DROP_POLICY, "The last action of an Open vSwitch flow sent it nowhere."},
	{"OVS_DROP_EXPLICIT", DROP_POLICY, "An Open vSwitch flow drops it."},
	{"OVS_DROP_METER", DROP_POLICY, "An Open vSwitch meter limits the rate."},
	{"CONSUMED", DROP_BENIGN, "It reached its goal and is no drop."},
	{"NOT_DROPPED_YET", DROP_BENIGN, "The kernel gave no reason."},
	{"NOT_SPECIFIED", DROP_LOSS, "The kernel has no name for this reason yet. Much of it is harmless."},
};
/* clang-format on */

const struct drop_meaning *drop_meaning(const char *name)
{
	static const struct drop_meaning unknown = {"", DROP_LOSS, ""};

	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (!strcmp(meanings[i].name, name))
			return &meanings[i];
	return &unknown;
}
