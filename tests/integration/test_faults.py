# SPDX-License-Identifier: BSD-2-Clause
"""Real faults in network namespaces: each raises its alarm, on the right instance, with advice that
has this host's own numbers in it; and the alarm ends with the fault."""

import contextlib
import http.client
import os
import re
import resource
import socket
import subprocess
import sys
import time
import unittest

from harness import Netns, eventually, need, need_root, need_tools, stop, veth
from test_nic import pair, quiet, send
from test_softnet import FLOOD, softnet_stat
from sockpile import nstat
from watched import OK, Application, Clock, Watched, fast, load, short

CONNTRACK_MAX = "/proc/sys/net/netfilter/nf_conntrack_max"
MAX_BACKLOG = "/proc/sys/net/core/netdev_max_backlog"
ANY_FAMILY, CLOSE_WAIT = 1, 8  # netdiagSocketFamily, netdiagSocketState


@contextlib.contextmanager
def setting(path):
    """A setting of the whole machine that the block may write; it is as before after it."""
    need(os.access(path, os.W_OK), f"{path} cannot be set here")
    with open(path) as text:
        before = text.read()
    try:
        yield lambda value: write(path, value)
    finally:
        write(path, before.strip())


def write(path, value):
    with open(path, "w") as out:
        out.write(f"{value}\n")


def connector(address, keep=20):
    """A turn of load(): one more connection that is not waited for; old ones are closed."""
    sockets = []

    def turn():
        sockets.append(socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET))
        sockets[-1].setblocking(False)
        sockets[-1].connect_ex(address)
        if len(sockets) > keep:
            sockets.pop(0).close()

    return turn


def close_first(netns, port, count):
    """So many connections that are closed by this end at once."""
    with netns.entered():
        for _ in range(count):
            socket.create_connection(("127.0.0.1", port), 10).close()


def owner_is_known(watched, table, key, application):
    """Owners are looked for at leisure, a hundred times longer than a look at all of /proc took: on
    a busy machine a first notification has none."""
    eventually(f"the owner of {key} is known", lambda: watched.agent.table(f"{table}Table")
               .get(key, {}).get(f"{table}Pid") == application.process.pid, timeout=90)


class Fault(unittest.TestCase):
    def setUp(self):
        need_root()
        need_tools("ip", "nstat", "ss")

    def netns(self, label):
        netns = Netns(label)
        self.addCleanup(netns.delete)
        return netns


class Listen(Fault):
    takes_s = 90

    # The queue's alarm is there at once, before that of what it loses; and its end is later than the
    # windows.
    CONFIG = (short("tcp.listen_overflows", "listener.queue", "listener.drops", window="5s",
                    clear_after="8s") +
              "check listener.queue hold 0s\n" + fast("listener", "counters"))

    def overflow(self, netns, application, address, watched):
        """Makes its queue overflow until the three alarms are there; returns the notification, their
        rows, and their keys."""
        key = f"{f'[{address}]' if ':' in address else address}:{application.port}"
        owner_is_known(watched, "netdiagListener", key, application)
        keys = [("listener.queue", key), ("listener.drops", key), ("tcp.listen_overflows", "-")]
        with load(netns, connector((address, application.port)), pause=0.02):
            trap, rows = watched.group((*keys[0], "critical"), (*keys[1], "critical"), keys[2],
                                       severity="critical")
        self.assertEqual(trap.key, keys[0])
        return trap, [rows[key] for key in keys], keys

    def test_a_short_backlog(self):
        netns = self.netns("backlog")
        netns.sysctl("net.core.somaxconn", 300)
        with Watched(self.CONFIG, netns) as watched, \
                Application(netns, "slow-shop", "listen", "127.0.0.1", 10) as shop:
            trap, rows, keys = self.overflow(netns, shop, "127.0.0.1", watched)
            where = f"127.0.0.1:{shop.port} slow-shop pid {shop.process.pid}: "
            self.assertTrue(trap["Summary"].startswith(where + "accept queue full, 10 of 10"), trap)
            for row in rows:
                self.assertIn(f"the backlog 10 of slow-shop pid {shop.process.pid} is below somaxconn "
                              "300: raise it there", row["netdiagAlarmAdvice"])
                self.assertEqual(row["netdiagAlarmCommand"], "")
            _, drops, total = [row["netdiagAlarmSummary"] for row in rows]
            self.assertRegex(drops, f"^{re.escape(where)}[\\d.,]+ connections/s lost")
            self.assertRegex(total, r"^[\d.,]+ connections/s lost")
            self.assertEqual(watched.check(*keys[2])["netdiagCheckObjectId"],
                             rows[2]["netdiagAlarmObjectId"])
            shop.work()
            self.assertEqual(list(watched.over(*keys)), keys[:1])

    def test_a_backlog_at_somaxconn(self):
        """Both must be raised; the listener is an IPv6 one, and its process has an odd name."""
        netns = self.netns("somaxconn")
        netns.sysctl("net.core.somaxconn", 8)
        with Watched(self.CONFIG, netns) as watched, \
                Application(netns, "app;`$(id)'\"&<%s", "listen", "::1", 1000) as shop:
            trap, rows, keys = self.overflow(netns, shop, "::1", watched)
            for row in rows:
                self.assertRegex(
                    row["netdiagAlarmAdvice"],
                    rf"^app[%()\w]+ pid {shop.process.pid} accepts too slowly: .* above somaxconn 8")
                self.assertEqual(row["netdiagAlarmCommand"], "sysctl -w net.core.somaxconn=16")
                self.assertNotRegex(row["netdiagAlarmSummary"] + row["netdiagAlarmAdvice"],
                                    "[;`$'\"&<>|\\\\]")
            self.assertEqual(trap["Command"], "sysctl -w net.core.somaxconn=16")
            # The listener goes away, and with it what was wrong with it, when it does not come back.
            stop(shop.process)
            gone = time.monotonic()
            trap = watched.cleared(*keys[0], timeout=120)
            self.assertGreater(time.monotonic() - gone, 55)
            self.assertIn("its object was removed", trap["Summary"])
            watched.over(*keys)

    def test_in_another_namespace(self):
        """Which pod it is."""
        pod, other = self.netns("pod"), self.netns("other")
        with Watched(short("netns.listen_overflows") + fast("netns"), self.netns("host"),
                     expected=[("netns.listen_overflows", None)]) as watched:
            with Application(pod, "slow-pod", "listen", "127.0.0.1", 1) as shop, \
                    Application(other, "idle-pod", "listen", "127.0.0.1", 1):
                with load(pod, connector(("127.0.0.1", shop.port)), pause=0.02):
                    trap = watched.raised("netns.listen_overflows", pod.name)
                    self.assertNotIn(("netns.listen_overflows", other.name), watched.alarms())
                self.assertIn(pod.name, trap["Summary"])
                self.assertEqual(trap["Command"], f"nsenter -n -t {shop.process.pid} ss -ltn")
                watched.cleared("netns.listen_overflows", pod.name)


class Tcp(Fault):
    takes_s = 55

    def test_a_connection_leak(self):
        """8,500 connections that their peers have closed long ago, most of them at one port."""
        counts = (100, 8400)
        need(resource.getrlimit(resource.RLIMIT_NOFILE)[1] > sum(counts) + 100,
             f"needs {sum(counts) + 100} files per process")
        netns = self.netns("leak")
        with Clock() as clock, \
                Watched(short("tcp.close_wait") + fast("socketState", interval="1s"), netns,
                        env=clock.env,
                        # The connections of the application that ends are in TIME_WAIT then.
                        expected=[("tcp.time_wait", "-")]) as watched:
            with Application(netns, "leaky", "leak", "127.0.0.1", *counts) as leaky:
                for port, count in zip(leaky.ports, counts):
                    close_first(netns, port, count)
                in_close_wait = f"netdiagSocketCount.{ANY_FAMILY}.{CLOSE_WAIT}"
                eventually("all are seen",
                           lambda: watched.agent.try_get(in_close_wait) == sum(counts))
                # They are new, which is no leak.
                self.assertNotIn(("tcp.close_wait", "-"), watched.alarms())
                clock.step(monotonic=310)
                trap = watched.raised("tcp.close_wait", severity="critical")
                self.assertEqual(trap["Value"], f"{sum(counts)}00")
                self.assertRegex(
                    trap["Summary"], rf"^leaky pid {leaky.process.pid}: 8,500 connections in CLOSE_WAIT "
                    rf"on port {leaky.ports[1]}, oldest 5 min")
                self.assertIn("the process does not close what its peers have closed", trap["Advice"])
                self.assertIn("8,400 of 8,400 on that port are with 127.0.0.1", trap["Advice"])
            watched.cleared("tcp.close_wait")

    def test_a_pile_of_time_wait(self):
        """The same alarm gets worse, and better at once. The server's backlog takes all connections,
        however busy the machine is."""
        netns = self.netns("timewait")
        config = short("tcp.time_wait") + fast("socketState")
        config += "check tcp.time_wait warning 300 critical 1000 clear 100 hold 2s notify on\n"
        with Watched(config, netns) as watched, \
                Application(netns, "server", "listen", "127.0.0.1", 4096) as server:
            server.work()
            close_first(netns, server.port, 400)
            trap = watched.raised("tcp.time_wait", severity="warning")
            self.assertEqual(trap["Limit"], "30000")
            self.assertGreaterEqual(int(trap["Value"]), 30000)
            self.assertIn("tcp_fin_timeout does not help: TIME_WAIT lasts 60 s",
                          trap["Advice"])
            close_first(netns, server.port, 800)
            worse = watched.raised("tcp.time_wait", severity="critical")
            self.assertEqual(int(worse["Sequence"]), int(trap["Sequence"]) + 1)
            self.assertEqual((worse["AlarmId"], worse["State"], worse["PreviousSeverity"]),
                             (trap["AlarmId"], "changed", "warning"))
            self.assertEqual(worse["RaisedAt"],
                             trap["RaisedAt"])
            # Kernels that cannot do this let them end after a minute.
            netns.run("ss", "-K", "state", "time-wait", check=False)
            watched.cleared("tcp.time_wait", timeout=90)

    def test_a_limit_is_near(self):
        """It ends when the operator follows the advice."""
        netns = self.netns("limit")
        netns.sysctl("net.ipv4.tcp_max_tw_buckets", 100)
        with Watched(short("limits.usage") + fast("limit"), netns) as watched, \
                Application(netns, "server", "listen", "127.0.0.1", 100) as server:
            server.work()
            close_first(netns, server.port, 80)
            trap = watched.raised("limits.usage", "tcp-time-wait")
            # It may be raised while they are still being closed; where both ends close at the same
            # moment, both are in TIME_WAIT.
            used = float(re.search(r"([\d.]+) % used", trap["Summary"]).group(1))
            self.assertTrue(70 <= used <= 100, trap["Summary"])
            self.assertEqual(trap["Command"], "sysctl -w net.ipv4.tcp_max_tw_buckets=200")
            netns.run(*trap["Command"].split())
            watched.cleared("limits.usage", "tcp-time-wait")
            self.assertLessEqual(watched.check("limits.usage", "tcp-time-wait")["netdiagCheckValue"],
                                 5000)

    def test_failed_attempts(self):
        netns = self.netns("attempts")
        window = 3
        with Watched(short("tcp.attempt_fails", window=f"{window}s") + fast("counters") +
                     "check tcp.attempt_fails hold 2s\n", netns) as watched:
            # What is usual has to be known before anything can be unusual.
            eventually("there is a value", lambda: watched.state("tcp.attempt_fails") == 1)
            quiet = watched.check("tcp.attempt_fails")["netdiagCheckSince"]
            eventually("there is one of the time before", lambda: watched.agent.get(
                "netdiagAgentUptime.0") > quiet + 100 * (window + 1))
            with socket.socket() as nobody:
                nobody.bind(("127.0.0.1", 0))  # and does not listen
                with load(netns, connector(nobody.getsockname()), pause=0.005):
                    trap = watched.raised("tcp.attempt_fails", severity="critical")
            self.assertIn("connection attempts/s of this host failed", trap["Summary"])
            self.assertIn("ss -tn state syn-sent", trap["Advice"])
            watched.cleared("tcp.attempt_fails")

    def test_retransmissions(self):
        """Every tenth packet to a service is lost on the way."""
        need_tools("nft")
        netns = self.netns("retrans")
        config = short("tcp.retransmits", "tcp.retransmit_rate", window="5s") + fast("counters")
        with Watched(config + "check tcp.retransmit_rate on\n", netns) as watched, \
                contextlib.ExitStack() as stack:
            pairs = []
            with netns.entered():
                server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=100))
                for _ in range(60):
                    client = stack.enter_context(socket.create_connection(server.getsockname()))
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    pairs.append((client, stack.enter_context(server.accept()[0])))
                    for sock in pairs[-1]:
                        sock.setblocking(False)

            def talk():
                for client, accepted in pairs:
                    with contextlib.suppress(BlockingIOError):
                        client.send(b"x" * 100)
                    with contextlib.suppress(BlockingIOError):
                        accepted.recv(65536)

            with load(netns, talk):
                netns.run("nft", "add table inet lossy; add chain inet lossy in { type filter hook "
                          "input priority 0; }; add rule inet lossy in tcp dport "
                          f"{server.getsockname()[1]} numgen random mod 10 == 0 drop")
                keys = ("tcp.retransmits", "-"), ("tcp.retransmit_rate", "-")
                trap, rows = watched.group(*keys)
                netns.run("nft", "delete table inet lossy")
                watched.over(*keys)
            share, rate = rows[keys[0]], rows[keys[1]]
            self.assertRegex(share["netdiagAlarmSummary"], r"^[\d.]+ % of TCP segments sent again")
            self.assertRegex(rate["netdiagAlarmSummary"], r"^[\d.,]+ TCP segments/s sent again")
            self.assertEqual(share["netdiagAlarmUnits"], "%")
            self.assertEqual(rate["netdiagAlarmUnits"], "segments/s")
            self.assertIn("packets are lost on the way", trap["Advice"])


class Udp(Fault):
    def test_a_full_receive_buffer(self):
        netns = self.netns("udp")
        config = short("udp.rcvbuf_errors", "udp.socket_drops") + fast("counters", "udpSocket")
        with Watched(config, netns) as watched, \
                Application(netns, "deaf", "receive", "127.0.0.1", 5000) as deaf:
            key = f"127.0.0.1:{deaf.port}"
            owner_is_known(watched, "netdiagUdpSocket", key, deaf)
            with netns.entered():
                sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with sender, load(netns, lambda: sender.sendto(b"x" * 200, ("127.0.0.1", deaf.port)),
                              pause=0.002):
                keys = ("udp.socket_drops", key), ("udp.rcvbuf_errors", "-")
                _, rows = watched.group(*((*key, "critical") for key in keys), severity="critical")
                self.assertRegex(
                    rows[keys[0]]["netdiagAlarmSummary"],
                    rf"^{re.escape(key)} deaf pid {deaf.process.pid}: [\d.,]+ datagrams/s lost")
                present = netns.run("sysctl", "-n", "net.core.rmem_max", check=False).strip()
                for row in rows.values():
                    if present:
                        self.assertIn(f"its buffer is 5,000 bytes, rmem_max allows {int(present):,}: "
                                      "the process must ask for more", row["netdiagAlarmAdvice"])
                    else:
                        # Before Linux 6.10 a namespace does not see it.
                        self.assertIn("SO_RCVBUF, which rmem_max bounds", row["netdiagAlarmAdvice"])
                    self.assertEqual(row["netdiagAlarmCommand"], "")
                # Read, the load is nothing to it.
                deaf.work()
                watched.over(*keys)


class Nic(Fault):
    takes_s = 100

    def test_dropped_packets(self):
        """A shaper that lets little through; and frames of a protocol that nobody at the other end
        speaks, which are no loss."""
        need_tools("tc")
        netns = quiet("drops")
        self.addCleanup(netns.delete)
        pair(netns, "left", "right")
        # Each namespace sees the backlog of the whole host, which other tests flood: it would be the
        # cause of these drops, and speak for them.
        with Watched(short("nic.drops", window="5s") + fast("nic") + "check softnet.dropped off\n",
                     netns) as watched:
            index = int(netns.run("cat", "/sys/class/net/right/ifindex"))
            with load(None, lambda: send(netns, "left", 1000)):
                eventually("they are dropped on receipt", lambda: watched.agent.try_get(
                    f"netdiagNicRxDropped.{index}") > 50000)
                self.assertEqual(watched.alarms(), {})
                netns.run("tc", "qdisc", "add", "dev", "left", "root", "tbf", "rate", "8kbit", "burst",
                          "1600", "limit", "1600")
                trap = watched.raised("nic.drops", "left", "critical")
                self.assertNotIn(("nic.drops", "right"), watched.alarms())
                self.assertRegex(trap["Summary"], r"^left: [\d.]+ % of packets dropped in 5 s")
                self.assertIn("the shaper drops what is above its rate", trap["Advice"])
                self.assertEqual(trap["Command"], "-")
                netns.run("tc", "qdisc", "del", "dev", "left", "root")
                watched.cleared("nic.drops", "left")

    def test_errors(self):
        """A tunnel whose far end cannot be reached."""
        netns = quiet("errors")
        self.addCleanup(netns.delete)
        made = subprocess.run(netns.command(
            "ip", "link", "add", "tunnel7", "type", "vxlan", "id", "7", "remote", "192.0.2.1",
            "dstport", "4789"), stderr=subprocess.PIPE, text=True)
        need(made.returncode == 0, f"cannot make a VXLAN device: {made.stderr.strip()}")
        netns.run("ip", "link", "set", "tunnel7", "up")
        with Watched(short("nic.errors") + fast("nic"), netns) as watched:
            with load(None, lambda: send(netns, "tunnel7", 20)):
                trap = watched.raised("nic.errors", "tunnel7", "critical")
            counted = int(netns.run("cat", "/sys/class/net/tunnel7/statistics/tx_errors"))
            self.assertGreaterEqual(counted, int(trap["Value"]) // 100)
            self.assertIn("a virtual device: look at what it stands on", trap["Advice"])
            self.assertNotIn("cable", trap["Advice"])
            watched.cleared("nic.errors", "tunnel7")
            # Anew and for ever, but for the device: it goes.
            with load(None, lambda: send(netns, "tunnel7", 20)):
                watched.raised("nic.errors", "tunnel7")
            netns.run("ip", "link", "del", "tunnel7")
            gone = time.monotonic()
            # It is flapping, so that it is given longer.
            trap = watched.cleared("nic.errors", "tunnel7", timeout=180)
            self.assertGreater(time.monotonic() - gone, 55)
            self.assertIn("its object was removed", trap["Summary"])


class Host(Fault):
    exclusive = "lowers netdev_max_backlog and nf_conntrack_max for the whole host"

    def test_a_busy_cpu(self):
        """Its backlog queue is too short for a flood."""
        need(len(os.sched_getaffinity(0)) >= 2, "needs two CPUs")
        left, right = self.netns("left"), self.netns("right")
        veth(left, "va", "10.99.0.1/24", right, "vb", "10.99.0.2/24")
        # Received on another CPU than the sender's, through that CPU's backlog.
        right.run("sh", "-c", "echo 2 > /sys/class/net/vb/queues/rx-0/rps_cpus")
        config = short("softnet.dropped") + fast("softnet") + fast("sysctl", interval="500ms")
        # The tiny backlog is loopback's too: what is lost is sent again.
        # On a machine that does other work ksoftirqd may be kept waiting, too.
        with Watched(config + "check softnet.starved off\n", sinks=["informsink"],
                     expected=[("softnet.dropped", None)]) as watched:
            with setting(MAX_BACKLOG) as set_backlog:
                set_backlog(1)
                flood = left.start(sys.executable, "-c", FLOOD, "10.99.0.2", "60", "0")
                before = softnet_stat()[1][1]
                trap = watched.raised("softnet.dropped", "cpu1", "critical")
                self.assertGreater(softnet_stat()[1][1], before)
                stop(flood)
            self.assertRegex(trap["Summary"], r"^cpu1: [\d.,]+ packets/s lost")
            waited = "ksoftirqd waited" in trap["Advice"]
            self.assertEqual(trap["Command"],
                             "-" if waited else "sysctl -w net.core.netdev_max_backlog=2")
            watched.cleared("softnet.dropped", "cpu1")

    def test_a_connection_table(self):
        """At 93 %, then full, so that packets are dropped; then twice as large, as advised."""
        need_tools("nft", "conntrack")
        netns = self.netns("conntrack")
        # The agent's own conversations are not to be counted.
        netns.run("nft", "add table inet track; "
                  "add chain inet track raw { type filter hook output priority -300; };"
                  "add chain inet track pre { type filter hook prerouting priority -300; };"
                  "add chain inet track in { type filter hook input priority 0; };" + "".join(
                      f"add rule inet track {chain} meta l4proto udp notrack;"
                      for chain in ("raw", "pre")) + "add rule inet track in ct state new accept")
        config = short("conntrack.drops", "conntrack.usage", window="5s", clear_after="8s")
        config += fast("conntrack")
        config += fast("sysctl", interval="500ms")
        with setting(CONNTRACK_MAX) as set_max, Watched(config, netns) as watched, \
                contextlib.ExitStack() as stack:
            maximum = 400

            def connect():
                client = stack.enter_context(socket.create_connection(server.getsockname(), 10))
                stack.enter_context(server.accept()[0])
                return client

            with netns.entered():
                server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=4000))
                for _ in range(maximum * 93 // 100):
                    connect()
            set_max(maximum)
            self.assertEqual(int(netns.run("conntrack", "-C")), maximum * 93 // 100)
            usage = watched.raised("conntrack.usage", severity="critical")
            self.assertRegex(usage["Summary"], r"^connection table 93 % full, 372 of 400")
            keys = ("conntrack.usage", "-"), ("conntrack.drops", "-")
            with load(netns, connector(server.getsockname(), keep=100), pause=0.02):
                # The table that is full is told of already.
                trap, rows = watched.group(*((*key, "critical") for key in keys))
                self.assertEqual(trap, usage)
                dropped = sum(map(int, re.findall(r" (?:early_)?drop=(\d+)",
                                                  netns.run("conntrack", "-S"))))
                self.assertGreater(dropped, 0)
                for row in rows.values():
                    self.assertEqual(row["netdiagAlarmCommand"],
                                     f"sysctl -w net.netfilter.nf_conntrack_max={maximum * 2}")
                self.assertEqual(set(watched.alarms()), set(keys))
            set_max(maximum * 2)
            watched.over(*keys)


# http.server alone has a backlog of 5, which no healthy web server has.
WEB_SERVER = """
import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
Server(("127.0.0.1", int(sys.argv[1])),
       functools.partial(Handler, directory=sys.argv[2])).serve_forever()
"""


class Healthy(Fault):
    # Every check that looks at a time, but those that tell the host's CPUs, which others use too.
    CHECKS = ("nic.rx_discards", "nic.errors", "nic.drops", "conntrack.drops",
              "conntrack.insert_failed", "tcp.listen_overflows", "listener.drops", "tcp.syn_queue",
              "tcp.retransmits", "tcp.close_wait", "tcp.attempt_fails", "tcp.abort_on_memory",
              "tcp.rcvq_drops", "udp.rcvbuf_errors", "udp.socket_drops", "agent.collector")

    def test_a_web_server(self):
        """Real requests, most of them over connections that are kept, raise nothing: all limits are
        as they are, the windows some seconds."""
        netns = self.netns("web")
        collectors = ("counters", "listener", "socketState", "nic", "conntrack", "udpSocket", "limit",
                      "protocolMemory")
        answers = []
        with Watched(short(*self.CHECKS, window="4s") + fast(*collectors, interval="500ms"),
                     netns) as watched:
            port = 8080
            netns.start(sys.executable, "-c", WEB_SERVER, str(port), watched.agent.dir,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

            def browse():
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                with contextlib.closing(connection):
                    for _ in range(20):
                        connection.request("GET", "/netdiagd.conf")
                        answer = connection.getresponse()
                        answer.read()
                        answers.append(answer.status)

            eventually("the server listens", lambda: f":{port}" in netns.run("ss", "-Htln"))
            began = time.monotonic()
            with contextlib.ExitStack() as stack:
                for _ in range(4):
                    stack.enter_context(load(netns, browse, pause=0.1))
                while time.monotonic() - began < 20 or (len(answers) <= 1000 and
                                                        time.monotonic() - began < 120):
                    self.assertEqual(watched.alarms(), {})
                    time.sleep(0.5)
                # They have all had the time to find something.
                states = {key: row["netdiagCheckState"] for key, row in
                          watched.agent.table("netdiagCheckTable").items()
                          if key[0] in self.CHECKS and key[0].startswith(("tcp.", "udp."))}
            self.assertEqual(set(states.values()), {OK}, states)
            self.assertGreater(len(states), 7)
            self.assertEqual(set(answers), {200})
            self.assertGreater(len(answers), 1000)
            self.assertGreater(nstat(netns, "TcpOutSegs"), 2000)
            self.assertEqual(watched.told(), ["AlarmSync"])


if __name__ == "__main__":
    unittest.main()
