# SPDX-License-Identifier: BSD-2-Clause
"""Protocol counters against nstat and /proc, with real faults in network namespaces."""

import contextlib
import json
import os
import shutil
import socket
import tempfile
import unittest

from harness import Agent, Netns, dump, encode_index, eventually, need, need_tools, veth

# The scalars' kernel names, from the kernel's own documentation of them.
SCALARS = {
    "netdiagTcpListenOverflows": "TcpExtListenOverflows", "netdiagTcpListenDrops": "TcpExtListenDrops",
    "netdiagTcpReqQFullDrop": "TcpExtTCPReqQFullDrop",
    "netdiagTcpReqQFullDoCookies": "TcpExtTCPReqQFullDoCookies",
    "netdiagTcpSyncookiesSent": "TcpExtSyncookiesSent", "netdiagTcpSyncookiesFailed": "TcpExtSyncookiesFailed",
    "netdiagTcpBacklogDrop": "TcpExtTCPBacklogDrop", "netdiagTcpRcvQDrop": "TcpExtTCPRcvQDrop",
    "netdiagTcpZeroWindowDrop": "TcpExtTCPZeroWindowDrop", "netdiagTcpPruneCalled": "TcpExtPruneCalled",
    "netdiagTcpRcvPruned": "TcpExtRcvPruned", "netdiagTcpOfoPruned": "TcpExtOfoPruned",
    "netdiagTcpOfoQueue": "TcpExtTCPOFOQueue", "netdiagTcpAbortOnMemory": "TcpExtTCPAbortOnMemory",
    "netdiagTcpAbortOnTimeout": "TcpExtTCPAbortOnTimeout",
    "netdiagTcpMemoryPressures": "TcpExtTCPMemoryPressures",
    "netdiagTcpTimeWaitOverflow": "TcpExtTCPTimeWaitOverflow", "netdiagTcpTimeouts": "TcpExtTCPTimeouts",
    "netdiagTcpSynRetrans": "TcpExtTCPSynRetrans", "netdiagTcpLostRetransmit": "TcpExtTCPLostRetransmit",
    "netdiagTcpRetransSegs": "TcpRetransSegs", "netdiagTcpOutSegs": "TcpOutSegs",
    "netdiagTcpInErrs": "TcpInErrs", "netdiagTcpOutRsts": "TcpOutRsts",
    "netdiagTcpAttemptFails": "TcpAttemptFails", "netdiagTcpEstabResets": "TcpEstabResets",
    "netdiagTcpActiveOpens": "TcpActiveOpens", "netdiagTcpPassiveOpens": "TcpPassiveOpens",
    "netdiagTcpOfoDrop": "TcpExtTCPOFODrop", "netdiagTcpInCsumErrors": "TcpInCsumErrors",
    "netdiagTcpPfMemallocDrop": "TcpExtPFMemallocDrop", "netdiagTcpMinTtlDrop": "TcpExtTCPMinTTLDrop",
    **{f"netdiag{family}{name}": f"{family}{name}" for family in ("Udp", "Udp6")
       for name in ("InDatagrams", "NoPorts", "InErrors", "RcvbufErrors", "SndbufErrors", "InCsumErrors",
                    "MemErrors")},
}

# Those that are sums.
IP_SCALARS = {
    **{f"netdiagIp{name}": (f"Ip{name}", f"Ip6{name}") for name in
       ("InHdrErrors", "InAddrErrors", "OutNoRoutes", "ReasmFails", "FragFails", "InUnknownProtos",
        "InDiscards", "OutDiscards")},
    **{f"netdiagIp{name}": (f"IpExt{name}", f"Ip6{name}") for name in ("InNoRoutes", "InTruncatedPkts")},
    "netdiagIpReversePath": ("TcpExtIPReversePathFilter",), "netdiagIpCsumErrors": ("IpExtInCsumErrors",),
    "netdiagIpIcmpCsumErrors": ("IcmpInCsumErrors", "Icmp6InCsumErrors"),
    "netdiagIpInTooBigErrors": ("Ip6InTooBigErrors",),
}

# What nstat shows although it is a gauge.
GAUGES = {"MPTcpExtMPCurrEstab"}


def nstat(ns):
    """{"TcpExtListenDrops": value} of a namespace, all of them."""
    found = json.loads(ns.run("nstat", "-asjz"))["kernel"]
    return {name: value for name, value in found.items() if name not in GAUGES}


def xfrm(ns):
    """{"XfrmInNoStates": value} of a namespace; nothing where the kernel has no such statistics."""
    with ns.entered(), contextlib.suppress(FileNotFoundError), open("/proc/thread-self/net/xfrm_stat") as lines:
        return {name: int(value) for name, value in map(str.split, lines)}
    return {}


def neighbor_stats():
    """{("Arp", "allocs"): value} of this machine, summed over its CPUs."""
    sums = {}
    for group, name in (("Arp", "arp_cache"), ("Ndisc", "ndisc_cache")):
        with open(f"/proc/net/stat/{name}") as lines:
            names = next(lines).split()
            for line in lines:
                for column, word in zip(names, line.split()):
                    sums[group, column] = sums.get((group, column), 0) + int(word, 16)
    return {key: value for key, value in sums.items() if key[1] != "entries"}


def traffic(ns):
    """A bit of everything, with errors: TCP answered and refused, UDP to nobody, both families."""
    with ns.entered():
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with socket.socket(family) as server, socket.socket(family) as client:
                server.bind((address, 0))
                server.listen()
                client.connect(server.getsockname())
                peer = server.accept()[0]
                peer.sendall(b"x" * 100000)
                with contextlib.closing(peer):
                    while len(client.recv(65536)) == 65536:
                        pass
            for _ in range(3):
                with socket.socket(family) as client, contextlib.suppress(ConnectionRefusedError):
                    client.connect((address, 1))
            with socket.socket(family, socket.SOCK_DGRAM) as client:
                for _ in range(5):
                    client.sendto(b"x", (address, 1))


def udp_overflow(ns, family, address):
    """Sends 200 datagrams to a socket that nobody reads; returns how many found no room."""
    with ns.entered(), socket.socket(family, socket.SOCK_DGRAM) as server, \
            socket.socket(family, socket.SOCK_DGRAM) as client:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        server.bind((address, 0))
        for _ in range(200):
            client.sendto(b"x" * 500, server.getsockname())
        server.setblocking(False)
        received = 0
        with contextlib.suppress(BlockingIOError):
            while server.recv(1000):
                received += 1
    return 200 - received


class Counters(unittest.TestCase):

    def setUp(self):
        need_tools("nstat")
        self.ns = Netns("counters")
        self.addCleanup(self.ns.delete)

    def quiet_dump(self, **options):
        """A dump, and what nstat says both before and after it."""
        def attempt():
            before, data, after = nstat(self.ns), dump(netns=self.ns, **options), nstat(self.ns)
            return before == after and (data, after)
        return eventually("the namespace is quiet during a dump", attempt)

    def test_all_counters_equal_nstat(self):
        traffic(self.ns)
        data, oracle = self.quiet_dump()
        rows = {row["netdiagCounterGroup"] + row["netdiagCounterName"]: row["netdiagCounterValue"]
                for row in data["netdiagCounterTable"]}
        self.assertEqual(rows, {**oracle, **xfrm(self.ns)})
        self.assertGreater(oracle["TcpAttemptFails"], 0)
        self.assertGreater(oracle["Udp6NoPorts"], 0)

    def test_scalars_equal_nstat(self):
        traffic(self.ns)
        data, oracle = self.quiet_dump()
        scalars = {**data["netdiagTcp"], **data["netdiagUdp"]}
        established = scalars.pop("netdiagTcpCurrEstab")
        self.assertEqual(scalars, {name: oracle[kernel] for name, kernel in SCALARS.items() if kernel in oracle})
        self.assertEqual(scalars["netdiagTcpAttemptFails"], 6)
        self.assertEqual(established, 0)

    def test_ip_scalars_equal_nstat(self):
        traffic(self.ns)
        with self.ns.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for _ in range(3):
                with contextlib.suppress(OSError):
                    client.connect(("192.0.2.1", 1))
        data, oracle = self.quiet_dump()
        scalars = data["netdiagIp"]
        self.assertEqual(scalars["netdiagIpOutNoRoutes"], 3)
        # The neighbor tables are those of all namespaces, and show in the initial one only.
        self.assertNotIn("netdiagIpNeighborDiscards", scalars)
        self.assertIn("initial network namespace", {
            row["netdiagCollectorName"]: row["netdiagCollectorLastError"]
            for row in data["netdiagCollectorTable"]}["counters"])
        if xfrm(self.ns):
            self.assertEqual((scalars.pop("netdiagIpXfrmInErrors"), scalars.pop("netdiagIpXfrmOutErrors")), (0, 0))
        self.assertEqual(scalars, {name: sum(oracle.get(part, 0) for part in parts)
                                   for name, parts in IP_SCALARS.items()})

    def test_neighbor_tables(self):
        """In the initial namespace, where something may always happen: between two readings."""
        need(os.path.exists("/proc/net/stat/arp_cache"), "not in the initial network namespace")
        before, data, after = neighbor_stats(), dump(), neighbor_stats()
        rows = {(row["netdiagCounterGroup"], row["netdiagCounterName"]): row["netdiagCounterValue"]
                for row in data["netdiagCounterTable"] if row["netdiagCounterGroup"] in ("Arp", "Ndisc")}
        self.assertEqual(rows.keys(), before.keys())
        for key, value in rows.items():
            self.assertLessEqual(before[key], value, key)
            self.assertLessEqual(value, after[key], key)
        for scalar, name in (("NeighborDiscards", "unresolved_discards"), ("NeighborTableFulls", "table_fulls")):
            self.assertEqual(data["netdiagIp"][f"netdiagIp{scalar}"], sum(
                value for key, value in rows.items() if key[1] == name))

    def test_current_connections(self):
        with self.ns.entered(), socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            clients = [socket.create_connection(server.getsockname()) for _ in range(7)]
            self.assertEqual(dump(netns=self.ns)["netdiagTcp"]["netdiagTcpCurrEstab"], 14)
            for client in clients:
                client.close()

    def test_icmp_types_appear_while_it_runs(self):
        with Agent("interval counters 500ms", netns=self.ns) as agent:
            def echo():
                return agent.try_get("netdiagCounterValue." + encode_index("IcmpMsg", "InType8"))
            self.assertIsNone(echo())
            with self.ns.entered(), socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
                for _ in range(3):
                    raw.sendto(bytes.fromhex("0800f7ff00000000"), ("127.0.0.1", 0))
            self.assertEqual(eventually("IcmpMsg InType8 appears", echo), 3)

    def test_through_snmp_between_two_readings(self):
        with Agent("interval counters 500ms", netns=self.ns) as agent:
            traffic(self.ns)
            before = nstat(self.ns)
            agent.refreshed("counters")
            table = agent.table("netdiagCounterTable")
            after = nstat(self.ns)
            self.assertEqual({group + name for group, name in table}, {*after, *xfrm(self.ns)})
            after.update(xfrm(self.ns))
            for (group, name), row in table.items():
                value = row["netdiagCounterValue"]
                self.assertLessEqual(before.get(group + name, 0), value, group + name)
                self.assertLessEqual(value, after[group + name], group + name)

    def wait_scalar(self, agent, scalar):
        """Waits until a scalar has the kernel's value, which stands still."""
        def same():
            before = nstat(self.ns)[SCALARS[scalar]]
            value = agent.get(scalar + ".0")
            return before == value == nstat(self.ns)[SCALARS[scalar]] and (value,)
        return eventually(f"{scalar} equals the kernel's", same)[0]

    def test_listen_overflow(self):
        with Agent("interval counters 500ms", netns=self.ns) as agent:
            self.assertEqual(agent.get("netdiagTcpListenOverflows.0"), 0)
            with self.ns.entered(), contextlib.ExitStack() as stack:
                server = stack.enter_context(socket.socket())
                server.bind(("127.0.0.1", 0))
                server.listen(1)
                for _ in range(12):
                    client = stack.enter_context(socket.socket())
                    client.setblocking(False)
                    client.connect_ex(server.getsockname())
                eventually("the kernel counts overflows", lambda: nstat(self.ns)["TcpExtListenOverflows"] >= 10)
            self.assertGreaterEqual(self.wait_scalar(agent, "netdiagTcpListenOverflows"), 10)
            self.assertGreaterEqual(self.wait_scalar(agent, "netdiagTcpListenDrops"), 10)

    def test_refused_connections(self):
        with Agent("interval counters 500ms", netns=self.ns) as agent:
            with self.ns.entered():
                for _ in range(25):
                    with socket.socket() as client, contextlib.suppress(ConnectionRefusedError):
                        client.connect(("127.0.0.1", 1))
            self.assertEqual(self.wait_scalar(agent, "netdiagTcpAttemptFails"), 25)
            self.assertEqual(self.wait_scalar(agent, "netdiagTcpOutRsts"), 25)
            self.assertEqual(self.wait_scalar(agent, "netdiagTcpActiveOpens"), 25)

    def test_retransmissions(self):
        need_tools("nft")
        with Netns("peer") as peer, Agent("interval counters 500ms", netns=self.ns) as agent:
            veth(self.ns, "left", "192.0.2.1/24", peer, "right", "192.0.2.2/24")
            with peer.entered(), socket.socket() as server:
                server.bind(("192.0.2.2", 0))
                server.listen()
                with self.ns.entered():
                    client = socket.create_connection(server.getsockname(), timeout=10)
                with contextlib.closing(client):
                    peer.run("nft", "add table inet cut; add chain inet cut in { type filter hook input"
                                    " priority 0; policy drop; }")
                    client.sendall(b"lost")
                    eventually("the kernel retransmits", lambda: nstat(self.ns)["TcpRetransSegs"] >= 3)
                    peer.run("nft", "delete table inet cut")
                    eventually("what was lost arrives", lambda: server.accept()[0].recv(10) == b"lost")
                    self.assertGreaterEqual(self.wait_scalar(agent, "netdiagTcpRetransSegs"), 3)
                    self.assertGreaterEqual(self.wait_scalar(agent, "netdiagTcpTimeouts"), 1)

    def test_udp_receive_buffer(self):
        with Agent("interval counters 500ms", netns=self.ns) as agent:
            lost = udp_overflow(self.ns, socket.AF_INET, "127.0.0.1")
            lost6 = udp_overflow(self.ns, socket.AF_INET6, "::1")
            self.assertGreater(lost, 100)
            self.assertGreater(lost6, 100)
            self.assertEqual(self.wait_scalar(agent, "netdiagUdpRcvbufErrors"), lost)
            self.assertEqual(self.wait_scalar(agent, "netdiagUdpInErrors"), lost)
            self.assertEqual(self.wait_scalar(agent, "netdiagUdp6RcvbufErrors"), lost6)

    def test_without_privileges(self):
        traffic(self.ns)
        data, oracle = self.quiet_dump(user=65534)
        self.assertEqual(len(data["netdiagCounterTable"]), len(oracle) + len(xfrm(self.ns)))
        self.assertEqual(data["netdiagTcp"]["netdiagTcpAttemptFails"], oracle["TcpAttemptFails"])


class Files(unittest.TestCase):
    """Missing and broken files under another proc root."""

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="netdiag-test-")
        self.addCleanup(shutil.rmtree, self.root)
        os.mkdir(os.path.join(self.root, "net"))

    def write(self, name, text):
        with open(os.path.join(self.root, "net", name), "w") as out:
            out.write(text)

    def dump(self):
        data = dump("--proc-root", self.root)
        status = {row["netdiagCollectorName"]: row for row in data["netdiagCollectorTable"]}["counters"]
        return data, status

    def test_no_ipv6(self):
        self.write("netstat", "TcpExt: ListenDrops\nTcpExt: 3\n")
        self.write("snmp", "Udp: InErrors\nUdp: 4\n")
        data, status = self.dump()
        self.assertEqual(status["netdiagCollectorStatus"], "ok")
        self.assertIn("IPv6", status["netdiagCollectorLastError"])
        self.assertEqual(data["netdiagUdp"], {"netdiagUdpInErrors": 4})
        self.assertEqual(data["netdiagTcp"], {"netdiagTcpListenDrops": 3})

    def test_values_that_do_not_match_their_names(self):
        self.write("netstat", "TcpExt: SyncookiesSent ListenDrops\nTcpExt: 3\n")
        self.write("snmp", "Tcp: OutSegs\nTcp: 4\n")
        self.write("snmp6", "Udp6InErrors 5\n")
        data, status = self.dump()
        self.assertEqual(status["netdiagCollectorStatus"], "ok")
        self.assertIn("TcpExt", status["netdiagCollectorLastError"])
        self.assertEqual(data["netdiagTcp"], {"netdiagTcpOutSegs": 4})

    def test_garbage(self):
        for name in ("netstat", "snmp", "snmp6"):
            self.write(name, "<html>\n")
        data, status = self.dump()
        self.assertEqual(status["netdiagCollectorStatus"], "error")
        self.assertTrue(status["netdiagCollectorLastError"])
        self.assertFalse(data["netdiagCounterTable"])
        self.assertFalse(data["netdiagTcp"])

    def test_nothing(self):
        data, status = self.dump()
        self.assertEqual(status["netdiagCollectorStatus"], "unsupported")
        self.assertFalse(data["netdiagUdp"])
