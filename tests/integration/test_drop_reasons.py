# SPDX-License-Identifier: BSD-2-Clause
"""Drop reasons: netdiagDropTable counts what was dropped, by the kernel's own names and on the right
interface, as nstat, nft, tc and ip do; it keeps counting without any capability, and nothing of it is
left when netdiagd has ended."""

import contextlib
import ctypes
import json
import os
import re
import signal
import socket
import struct
import unittest

from harness import NOBODY, Agent, Netns, dump, eventually, need, need_root, need_tools, run, start, veth

LOSS, POLICY, BENIGN, TEARDOWN = 1, 2, 3, 4
OK, UNSUPPORTED, DENIED = 1, 4, 5
HOST, PEER = "10.78.0.1", "10.78.0.2"
AMBIENT = ["--inh-caps=+bpf,+perfmon", "--ambient-caps=+bpf,+perfmon", "--bounding-set=-all,+bpf,+perfmon"]
CONFIG = "interval dropReason 200ms\ncollector netns off\n"
# An Ethernet type for experiments that nobody handles.
EXPERIMENTAL = 0x88b5
SO_ATTACH_FILTER = 26


def need_reasons():
    """Skips where the kernel or this build cannot count drops at all."""
    need_root()
    need_tools("ip", "bpftool", "setpriv", "nstat")
    need(os.path.exists("/sys/kernel/btf/vmlinux"), "the kernel has no BTF")
    need("rx_sk" in kernel_tracepoint() or "reason" in kernel_tracepoint(),
         "the kernel gives no reasons (before Linux 5.17)")
    need("built without" not in dump_error(), "built without libbpf")


def dump_error():
    states = {row["netdiagCollectorName"]: row for row in dump()["netdiagCollectorTable"]}
    return states["dropReason"]["netdiagCollectorLastError"]


def kernel_btf():
    return run("bpftool", "-j", "btf", "dump", "file", "/sys/kernel/btf/vmlinux", timeout=120)


def kernel_tracepoint():
    """The fields of the tracepoint, as tracefs or BTF has them."""
    text = run("bpftool", "btf", "dump", "file", "/sys/kernel/btf/vmlinux", "format", "c")
    found = re.search(r"typedef void \(\*btf_trace_kfree_skb\)\((.*)\);", text)
    return found.group(1).replace("enum skb_drop_reason", "reason") if found else ""


def kernel_reasons():
    """{name without its prefix: number}, as bpftool reads the running kernel's enum."""
    for item in json.loads(kernel_btf())["types"]:
        if item["kind"] == "ENUM" and item.get("name") == "skb_drop_reason":
            return {re.sub("^SKB_(DROP_REASON_)?", "", value["name"]): value["val"]
                    for value in item["values"]}
    return {}


# --- packets --------------------------------------------------------------------------------------

def checksum(data):
    total = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ipv4(source, destination, protocol, payload, header_error=0):
    addresses = socket.inet_aton(source) + socket.inet_aton(destination)
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0) + addresses
    right = checksum(header) ^ header_error
    return header[:10] + struct.pack("!H", right) + header[12:] + payload


def transport(source, destination, protocol, segment, at, error):
    """Fills in the checksum of a segment, at its offset; error is added to it."""
    pseudo = (socket.inet_aton(source) + socket.inet_aton(destination) +
              struct.pack("!BBH", 0, protocol, len(segment)))
    return segment[:at] + struct.pack("!H", checksum(pseudo + segment) ^ error) + segment[at + 2:]


def udp(source, destination, port, data=b"x" * 100, error=0, length=None):
    segment = struct.pack("!HHHH", 4000, port, length or 8 + len(data), 0) + data
    return ipv4(source, destination, 17, transport(source, destination, 17, segment, 6, error))


def tcp(source, destination, port, data=b"x" * 100, error=0):
    segment = struct.pack("!HHIIBBHHH", 4000, port, 1, 0, 0x50, 0x02, 1000, 0, 0) + data
    return ipv4(source, destination, 6, transport(source, destination, 6, segment, 16, error))


class Wire:
    """Sends frames by a namespace's interface to another's."""

    def __init__(self, ns, interface, target, target_if):
        self.target = self.mac(target, target_if)
        self.own = self.mac(ns, interface)
        with ns.entered():
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.socket.bind((interface, 0))

    @staticmethod
    def mac(ns, interface):
        link = json.loads(ns.run("ip", "-j", "link", "show", interface))[0]
        return bytes.fromhex(link["address"].replace(":", ""))

    def send(self, count, packet, protocol=0x0800, target=None):
        frame = (target or self.target) + self.own + struct.pack("!H", protocol) + packet
        for _ in range(count):
            self.socket.send(frame.ljust(60, b"\0") if protocol != 0x0800 else frame)


def nstat(ns, *names):
    """The sum of these counters of a namespace, since it was made."""
    values = json.loads(ns.run("nstat", "-asz", "--json", env={**os.environ, "NSTAT_HISTORY": "/dev/null"}))
    return sum(values["kernel"].get(name, 0) for name in names)


def rows(agent):
    """{(reason, ifindex): {column without its prefix: value}}"""
    return {index: {name.removeprefix("netdiagDrop"): value for name, value in row.items()}
            for index, row in agent.table("netdiagDropTable").items()}


def packets(agent, reason, ifindex):
    return rows(agent).get((reason, ifindex), {}).get("Packets", 0)


def ifindex(ns, interface):
    return json.loads(ns.run("ip", "-j", "link", "show", interface))[0]["ifindex"]


class Reasons(unittest.TestCase):
    """A host between a peer and another one, each a namespace; netdiagd is the host's."""

    def setUp(self):
        need_reasons()
        need_tools("nft", "tc")
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.host, self.peer, self.far = (self.stack.enter_context(Netns(name))
                                          for name in ("host", "peer", "far"))
        veth(self.host, "near0", f"{HOST}/24", self.peer, "peer0", f"{PEER}/24")
        veth(self.host, "far0", "10.79.0.1/24", self.far, "far1", "10.79.0.2/24")
        for ns in (self.host, self.peer, self.far):
            ns.sysctl("net.ipv6.conf.all.disable_ipv6", 1)
        self.near, self.beyond = ifindex(self.host, "near0"), ifindex(self.host, "far0")
        self.wire = Wire(self.peer, "peer0", self.host, "near0")
        self.agent = self.stack.enter_context(Agent(CONFIG, netns=self.host))
        self.assertEqual(self.agent.collector("dropReason").get("netdiagCollectorStatus"), OK,
                         self.agent.collector("dropReason"))

    def expect(self, reason, index, count, klass, oracle):
        """The row has exactly this count, and so has the independent oracle."""
        self.assertIn(reason, kernel_reasons())
        self.assertEqual(oracle(), count, f"the oracle of {reason}")
        eventually(f"{count} of {reason} on interface {index}",
                   lambda: packets(self.agent, reason, index) == count, timeout=10)
        row = rows(self.agent)[reason, index]
        self.assertEqual(row["Class"], klass)
        self.assertEqual(row["Label"], reason)
        self.assertEqual(row["IfName"], {self.near: "near0", self.beyond: "far0"}.get(index, ""))
        self.assertTrue(row["Explanation"])
        self.assertRegex(row["LastSeen"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertGreaterEqual(row["RateMinute"], count * 100 // 60)
        others = {key for key in rows(self.agent) if key[0] == reason and key[1] not in (0, index)}
        self.assertFalse(others, f"{reason} elsewhere")

    def test_no_socket(self):
        self.wire.send(301, udp(PEER, HOST, 9))
        self.expect("NO_SOCKET", self.near, 301, BENIGN, lambda: nstat(self.host, "UdpNoPorts"))

    def test_receive_buffer(self):
        with self.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            receiver.bind((HOST, 5000))
            self.wire.send(500, udp(PEER, HOST, 5000))
            lost = nstat(self.host, "UdpRcvbufErrors")
            self.assertGreater(lost, 400)
            self.expect("SOCKET_RCVBUFF", self.near, lost, LOSS, lambda: lost)

    def test_local_receive_buffer(self):
        """A packet that never left the host: the interface is lo."""
        with self.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            receiver.bind(("127.0.0.1", 5000))
            for _ in range(300):
                sender.sendto(b"x" * 100, ("127.0.0.1", 5000))
            lost = nstat(self.host, "UdpRcvbufErrors")
            self.assertGreater(lost, 200)
            eventually("the drops are lo's", lambda: packets(self.agent, "SOCKET_RCVBUFF", 1) == lost)

    def test_netfilter(self):
        self.host.run("nft", "add table t; add chain t c { type filter hook input priority 0; };"
                      "add rule t c udp dport 7 counter drop")
        self.wire.send(257, udp(PEER, HOST, 7))
        self.expect("NETFILTER_DROP", self.near, 257, POLICY, self.nft_packets)

    def nft_packets(self, family="ip"):
        rules = self.host.run("nft", "list", "table", family, "t")
        return int(re.search(r"counter packets (\d+)", rules).group(1))

    def forward(self):
        self.host.sysctl("net.ipv4.ip_forward", 1)

    def test_forwarded_netfilter(self):
        """On its way through, before it is sent: held on the interface that it is to leave by or came
        in by, as the hook says."""
        self.forward()
        self.host.run("nft", "add table t; add chain t c { type filter hook postrouting priority 0; };"
                      "add rule t c udp dport 7 counter drop")
        self.wire.send(119, udp(PEER, "10.79.0.2", 7))
        self.expect("NETFILTER_DROP", self.beyond, 119, POLICY, self.nft_packets)

    def test_reverse_path(self):
        self.host.sysctl("net.ipv4.conf.near0.rp_filter", 1)
        self.wire.send(143, udp("10.79.0.9", HOST, 9))
        self.expect("IP_RPFILTER", self.near, 143, POLICY,
                    lambda: nstat(self.host, "TcpExtIPReversePathFilter", "IpExtIPReversePathFilter"))

    def test_no_route(self):
        self.forward()
        self.wire.send(87, udp(PEER, "192.0.2.1", 9))
        self.expect("IP_INNOROUTES", self.near, 87, LOSS, lambda: nstat(self.host, "IpExtInNoRoutes"))

    def test_unhandled(self):
        before = self.dropped("near0")
        self.wire.send(211, b"x" * 100, protocol=EXPERIMENTAL)
        self.expect("UNHANDLED_PROTO", self.near, 211, BENIGN, lambda: self.dropped("near0") - before)

    def dropped(self, interface):
        link = json.loads(self.host.run("ip", "-j", "-s", "-s", "link", "show", interface))[0]
        return link["stats64"]["rx"]["dropped"] + link["stats64"]["rx"].get("nohandler", 0)

    def test_other_host(self):
        self.host.run("nft", "add table netdev t; add chain netdev t c "
                      "{ type filter hook ingress device near0 priority 0; };"
                      "add rule netdev t c ether daddr 02:00:00:00:00:99 counter")
        self.wire.send(61, udp(PEER, HOST, 9), target=b"\x02\0\0\0\0\x99")
        self.expect("OTHERHOST", self.near, 61, BENIGN, lambda: self.nft_packets("netdev"))

    def test_udp_checksum(self):
        with self.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind((HOST, 5001))
            # With a filter the checksum is verified on arrival.
            program = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0xffff))
            receiver.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                                struct.pack("HL", 1, ctypes.addressof(program)))
            self.wire.send(73, udp(PEER, HOST, 5001, error=1))
            self.expect("UDP_CSUM", self.near, 73, LOSS, lambda: nstat(self.host, "UdpInCsumErrors"))

    def test_late_udp_checksum(self):
        """Found out when the packet is read: the kernel no longer knows where it came in."""
        with self.host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind((HOST, 5001))
            receiver.settimeout(0.5)
            # Other tests' namespaces are counted there too: one turn without them is enough.
            for turn in range(1, 6):
                before = packets(self.agent, "UDP_CSUM", 0)
                self.wire.send(83, udp(PEER, HOST, 5001, error=1))
                self.assertRaises(TimeoutError, receiver.recv, 1)
                self.assertEqual(nstat(self.host, "UdpInCsumErrors"), 83 * turn)
                eventually("all are counted on no interface",
                           lambda: packets(self.agent, "UDP_CSUM", 0) >= before + 83)
                self.agent.refreshed("dropReason")
                if packets(self.agent, "UDP_CSUM", 0) == before + 83:
                    break
            else:
                self.fail("more than those 83 are counted in each of five turns")
            self.assertEqual([key for key in rows(self.agent) if key[0] == "UDP_CSUM" and key[1]], [])

    def test_tcp_checksum(self):
        """A packet whose device the kernel has forgotten by then: it came in by skb_iif."""
        with self.host.entered(), socket.create_server((HOST, 5002)):
            self.wire.send(59, tcp(PEER, HOST, 5002, error=1))
            self.expect("TCP_CSUM", self.near, 59, LOSS, lambda: nstat(self.host, "TcpInCsumErrors"))

    def test_ip_checksum(self):
        packet = udp(PEER, HOST, 9)
        self.wire.send(67, packet[:10] + bytes([packet[10] ^ 1]) + packet[11:])
        self.expect("IP_CSUM", self.near, 67, LOSS, lambda: nstat(self.host, "IpExtInCsumErrors"))

    def test_too_small(self):
        self.wire.send(41, udp(PEER, HOST, 9, length=4))
        self.expect("PKT_TOO_SMALL", self.near, 41, LOSS, lambda: nstat(self.host, "UdpInErrors"))

    def test_qdisc(self):
        """Forwarded: on the interface that it was to leave by."""
        self.forward()
        Wire(self.far, "far1", self.host, "far0").send(1, udp("10.79.0.2", "10.79.0.1", 9))
        self.host.run("ip", "neigh", "replace", "10.79.0.2", "lladdr",
                      Wire.mac(self.far, "far1").hex(":"), "dev", "far0")
        self.host.run("tc", "qdisc", "add", "dev", "far0", "root", "tbf", "rate", "8kbit",
                      "burst", "1600", "limit", "3000")
        self.wire.send(200, udp(PEER, "10.79.0.2", 9, data=b"x" * 1000))
        lost = json.loads(self.host.run("tc", "-s", "-j", "qdisc", "show", "dev", "far0"))[0]["drops"]
        self.assertGreater(lost, 150)
        reason = next(name for name in ("QDISC_OVERLIMIT", "QDISC_DROP")
                      if eventually("drops", lambda: [k for k in rows(self.agent) if "QDISC" in k[0]])
                      and (name, self.beyond) in rows(self.agent))
        self.expect(reason, self.beyond, lost, LOSS, lambda: lost)

    def test_other_namespace(self):
        """The same interface index in another namespace is no interface of the host's."""
        index = ifindex(self.peer, "peer0")
        before = {key: row["Packets"] for key, row in rows(self.agent).items() if key[0] == "NO_SOCKET"}
        back = Wire(self.host, "near0", self.peer, "peer0")
        back.send(331, udp(HOST, PEER, 9))
        self.assertEqual(nstat(self.peer, "UdpNoPorts"), 331)
        # Other tests' namespaces are counted there too.
        eventually("all are counted on no interface", lambda: packets(self.agent, "NO_SOCKET", 0)
                   >= before.get(("NO_SOCKET", 0), 0) + 331)
        self.assertNotIn(("NO_SOCKET", index), set(rows(self.agent)) - set(before))
        with self.peer.entered(), socket.create_server((PEER, 5002)):
            back.send(37, tcp(HOST, PEER, 5002, error=1))
            eventually("all are counted on no interface",
                       lambda: packets(self.agent, "TCP_CSUM", 0) >= 37)
        self.assertEqual([key for key in rows(self.agent) if key[0] == "TCP_CSUM" and key[1]], [])

    def test_names(self):
        """Every reason that is shown is one of the running kernel's."""
        self.wire.send(5, udp(PEER, HOST, 9))
        eventually("there is a row", lambda: packets(self.agent, "NO_SOCKET", self.near) == 5)
        self.assertEqual({key[0] for key in rows(self.agent)} - set(kernel_reasons()), set())

    def test_interface_goes(self):
        """An interface takes its rows along; its next one under the same index starts at 0."""
        self.wire.send(20, udp(PEER, HOST, 9))
        eventually("the row is there", lambda: packets(self.agent, "NO_SOCKET", self.near) == 20)
        self.host.run("ip", "link", "del", "near0")
        eventually("the row is gone", lambda: ("NO_SOCKET", self.near) not in rows(self.agent))
        self.host.run("ip", "link", "add", "near0", "index", str(self.near), "type", "veth",
                      "peer", "name", "peer0", "netns", self.peer.name)
        for ns, interface, address in ((self.host, "near0", HOST), (self.peer, "peer0", PEER)):
            ns.run("ip", "address", "add", f"{address}/24", "dev", interface)
            ns.run("ip", "link", "set", interface, "up")
        Wire(self.peer, "peer0", self.host, "near0").send(7, udp(PEER, HOST, 9))
        eventually("it counts from 0", lambda: packets(self.agent, "NO_SOCKET", self.near) == 7)

    def test_excluded_interface(self):
        self.agent.write_config(CONFIG + "interfaces exclude near*\n")
        self.agent.daemon.send_signal(signal.SIGHUP)
        self.agent.refreshed("dropReason")
        before = packets(self.agent, "NO_SOCKET", 0)
        self.wire.send(29, udp(PEER, HOST, 9))
        eventually("it is counted on no interface",
                   lambda: packets(self.agent, "NO_SOCKET", 0) >= before + 29)
        self.assertNotIn(("NO_SOCKET", self.near), rows(self.agent))


class Overflow(unittest.TestCase):
    def test_told(self):
        """Beyond the bound drops are counted in a row of their own, and the collector says so."""
        need_reasons()
        with Netns("host") as host, Agent(CONFIG + "maxRows dropReason 1\n", netns=host) as agent:
            self.two_reasons(host)
            eventually("there is an overflow", lambda: packets(agent, "overflow", 0) >= 20)
            self.assertEqual(len(rows(agent)), 2)
            state = agent.collector("dropReason")
            self.assertEqual(state["netdiagCollectorStatus"], OK)
            self.assertIn("maxRows dropReason", state["netdiagCollectorLastError"])
            # Raised while it runs.
            agent.write_config(CONFIG)
            agent.daemon.send_signal(signal.SIGHUP)
            agent.refreshed("dropReason")
            self.two_reasons(host)
            eventually("there is room",
                       lambda: {("NO_SOCKET", 1), ("SOCKET_RCVBUFF", 1)} <= set(rows(agent)))

    @staticmethod
    def two_reasons(host):
        """Twenty drops of one reason at least, and hundreds of another."""
        with host.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            for _ in range(20):
                sender.sendto(b"x", ("127.0.0.1", 9))
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            receiver.bind(("127.0.0.1", 5000))
            for _ in range(300):
                sender.sendto(b"x" * 100, ("127.0.0.1", 5000))


class Privileges(unittest.TestCase):
    """As nobody with the two capabilities, as the unit's drop-in gives them."""

    def setUp(self):
        need_reasons()
        self.ns = Netns("host")
        self.addCleanup(self.ns.delete)

    def agent(self, config="", caps=AMBIENT, before=()):
        agent = Agent(CONFIG + config, netns=self.ns, daemon=False)
        self.addCleanup(agent.close)
        self.run_as_nobody(agent, caps, before)
        agent.wait_up()
        return agent

    def run_as_nobody(self, agent, caps, before=()):
        log = open(agent.log_path, "ab")
        agent.daemon = start(self.ns.command(
            *before, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *caps,
            agent.binary, "--config", agent.config_path, "--agentx", agent.socket),
            stdout=log, stderr=log, cwd=agent.dir)
        log.close()

    def drop(self, count):
        with self.ns.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                self.send(sender)

    @staticmethod
    def send(sender):
        """Sends one datagram: the first call after an ICMP error says so instead."""
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                sender.sendto(b"x", ("127.0.0.1", 9))
                return

    def capabilities(self, agent):
        with open(f"/proc/{agent.daemon.pid}/status") as status:
            return dict(re.findall(r"^(Cap\w+):\s+([0-9a-f]+)$", status.read(), re.M))

    def threads(self, agent):
        for thread in os.listdir(f"/proc/{agent.daemon.pid}/task"):
            with open(f"/proc/{agent.daemon.pid}/task/{thread}/status") as status:
                yield dict(re.findall(r"^(Cap\w+):\s+([0-9a-f]+)$", status.read(), re.M))

    def test_given_away(self):
        agent = self.agent()
        self.assertEqual(agent.collector("dropReason")["netdiagCollectorStatus"], OK)
        for sets in self.threads(agent):
            for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
                self.assertEqual(int(sets[name], 16), 0, sets)
        self.drop(100)
        eventually("100 are counted", lambda: packets(agent, "NO_SOCKET", 1) == 100)
        agent.daemon.send_signal(signal.SIGHUP)
        eventually("the configuration is read again", lambda: "reloaded" in agent.log())
        self.drop(50)
        eventually("150 are counted", lambda: packets(agent, "NO_SOCKET", 1) == 150)
        self.assertEqual(nstat(self.ns, "UdpNoPorts"), 150)

    def test_one_is_not_enough(self):
        for capability in ("bpf", "perfmon"):
            agent = self.agent("collector dropReason on\n",
                               [word.replace("+bpf,+perfmon", "+" + capability) for word in AMBIENT])
            state = agent.collector("dropReason")
            self.assertEqual(state["netdiagCollectorStatus"], DENIED)
            self.assertIn("drop-reasons.conf", state["netdiagCollectorLastError"])
            self.assertEqual(int(self.capabilities(agent)["CapPrm"], 16), 0)
            agent.close()

    def test_without(self):
        """Nothing is missed that was not asked for; all else works."""
        agent = self.agent(caps=["--inh-caps=-all", "--bounding-set=-all"])
        state = agent.collector("dropReason")
        self.assertEqual(state["netdiagCollectorStatus"], UNSUPPORTED)
        self.assertIn("CAP_BPF", state["netdiagCollectorLastError"])
        self.assertEqual(agent.collector("nic")["netdiagCollectorStatus"], OK)
        agent.write_config("collector dropReason on\n")
        agent.daemon.send_signal(signal.SIGHUP)
        eventually("it is denied", lambda: agent.collector("dropReason")["netdiagCollectorStatus"] == DENIED)

    def test_no_btf(self):
        """A kernel that says nothing about its types."""
        agent = self.agent("collector dropReason on\n", before=[
            "unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh"])
        state = agent.collector("dropReason")
        self.assertEqual(state["netdiagCollectorStatus"], UNSUPPORTED)
        self.assertIn("/sys/kernel/btf/vmlinux", state["netdiagCollectorLastError"])
        self.assertIn("CONFIG_DEBUG_INFO_BTF", state["netdiagCollectorLastError"])
        self.assertEqual(rows(agent), {})
        self.assertEqual(agent.collector("nic")["netdiagCollectorStatus"], OK)
        self.assertEqual(int(self.capabilities(agent)["CapPrm"], 16), 0)

    def test_off_and_on(self):
        """Off detaches the program; on says that it takes a restart."""
        agent = self.agent()
        self.assertEqual(len(attached(agent.daemon.pid)), 1)
        agent.write_config("collector dropReason off\n")
        agent.daemon.send_signal(signal.SIGHUP)
        eventually("it is detached", lambda: not attached(agent.daemon.pid))
        eventually("the log says so", lambda: "restart" in agent.log())
        agent.write_config(CONFIG)
        agent.daemon.send_signal(signal.SIGHUP)
        eventually("a restart is needed", lambda: "estart" in
                   agent.collector("dropReason").get("netdiagCollectorLastError", ""))
        self.assertEqual(agent.collector("dropReason")["netdiagCollectorStatus"], UNSUPPORTED)

    def test_nothing_is_left(self):
        """Stopped, killed and started again: one program while it runs, none after."""
        pinned = os.listdir("/sys/fs/bpf") if os.path.isdir("/sys/fs/bpf") else []
        agent = self.agent()
        for sig in (signal.SIGTERM, signal.SIGKILL):
            pid = agent.daemon.pid
            [link] = attached(pid)
            agent.stop_daemon(sig)
            eventually("the link is gone", lambda: link not in link_ids())
            self.run_as_nobody(agent, AMBIENT)
            agent.wait_up()
            eventually("it counts again", lambda: attached(agent.daemon.pid))
        if os.path.isdir("/sys/fs/bpf"):
            self.assertEqual(os.listdir("/sys/fs/bpf"), pinned)


def link_ids():
    return {link["id"] for link in json.loads(run("bpftool", "-j", "link", "list"))}


def attached(pid):
    """The BPF links of a process, by its descriptors."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/fdinfo/{fd}") as info:
            found += map(int, re.findall(r"^link_id:\s+(\d+)$", info.read(), re.M))
    return found


class Root(unittest.TestCase):
    def test_the_others_stay(self):
        """Root keeps what other collectors need: only the two capabilities go."""
        need_reasons()
        with Netns("host") as host, Agent(CONFIG, netns=host) as agent, \
                open("/proc/self/status") as own, open(f"/proc/{agent.daemon.pid}/status") as status:
            before, after = (int(re.search(r"CapPrm:\s+([0-9a-f]+)", text.read()).group(1), 16)
                             for text in (own, status))
            self.assertEqual(after, before & ~(1 << 38 | 1 << 39))


if __name__ == "__main__":
    unittest.main()
