# SPDX-License-Identifier: BSD-2-Clause
"""The parts of the benchmark."""

import contextlib
import fcntl
import os
import resource
import select
import shutil
import socket
import struct
import subprocess
import sys
import time
import urllib.request

import harness
from harness import Agent, Netns, eventually, need, need_root, need_tools, run, start, stop

# Each connection takes a descriptor at both ends, in processes of their own.
CONNECTIONS_PER_PAIR = 18000

# linux/if_tun.h
TUNSETIFF, TUNSETPERSIST = 0x400454ca, 0x400454cb
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000


def tool(name):
    return os.path.join(harness.BUILD, name)


def collect(netns, name, refreshes, *more):
    """(fastest µs, mean µs, rows, KiB grown) of a collector's refresh."""
    command = [tool("bench_collect"), name, str(refreshes), *more]
    output = run(*(netns.command(*command) if netns else command), timeout=300)
    fastest, mean, rows, grown = output.split()
    return float(fastest), float(mean), int(rows), int(grown)


def clock(netns, *command, times=5):
    """The fastest of several runs of a command, in µs, its output thrown away."""
    best = float("inf")
    command = netns.command(*command) if netns else list(command)
    for _ in range(times):
        began = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        best = min(best, time.monotonic() - began)
    return best * 1e6


def line(what, microseconds, against=None, than=""):
    ratio = f"   {against / microseconds:8.1f} times cheaper than {than}" if against else ""
    print(f"  {what:<44} {microseconds / 1000:10.3f} ms{ratio}", flush=True)


def said(child, deadline=180):
    """Waits for a child's one line that says that it is ready."""
    ready, _, _ = select.select([child.stdout], [], [], deadline)
    assert ready and child.stdout.readline(), f"{child.args} did not get ready"


SERVER = """
import socket, sys, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind((sys.argv[1], 7000)); s.listen(4096)
print("ready", flush=True)
held = [s.accept()[0] for _ in range(int(sys.argv[2]))]
print("ready", flush=True)
sys.stdin.read()
"""

CLIENT = """
import socket, sys, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
held = []
for i in range(int(sys.argv[2])):
    s = socket.socket(); s.connect((sys.argv[1], 7000)); held.append(s)
print("ready", flush=True)
sys.stdin.read()
"""


def python_child(netns, code, *args):
    return netns.start(sys.executable, "-c", code, *args, stdin=subprocess.PIPE,
                       stdout=subprocess.PIPE)


def hold_connections(netns, count):
    """Makes `count` established connections in pairs of processes; returns the processes."""
    children = []
    while count > 0:
        share = min(count, CONNECTIONS_PER_PAIR)
        address = f"127.0.0.{10 + len(children)}"
        server = python_child(netns, SERVER, address, str(share))
        said(server)
        client = python_child(netns, CLIENT, address, str(share))
        said(client)
        said(server)
        children += [server, client]
        count -= share
    return children


# The command that shows a person much of what a collector collects; its start is part of its cost.
BESIDE = {
    "softnet": ("cat", "/proc/net/softnet_stat"), "nic": ("ip", "-s", "-s", "-d", "link"),
    "irq": ("cat", "/proc/interrupts"), "counters": ("nstat", "-asz"), "conntrack": ("conntrack", "-S"),
    "socketState": ("ss", "-tan"), "listener": ("ss", "-tlnpm"), "udpSocket": ("ss", "-uanpm"),
    "protocolMemory": ("ss", "-s"), "buffer": ("ss", "-tunam"), "sysctl": ("sysctl", "net.core"),
    "netns": ("ip", "netns", "list"), "peer": ("ss", "-tin"),
}


def part_collectors(quick):
    """A refresh of each collector on this host, beside a command that people use for it."""
    for name in harness.collectors():
        try:
            fastest, mean, rows, grown = collect(None, name, 20 if quick else 200)
        except AssertionError as error:
            print(f"  {name:<12} {str(error).splitlines()[-1]}")
            continue
        command = BESIDE.get(name, ("none",))
        than = ""
        if shutil.which(command[0]):
            ratio = clock(None, *command) / fastest
            than = f"   {ratio:6.1f} times cheaper than {' '.join(command)}"
        print(f"  {name:<12} fastest {fastest:9.1f} µs   mean {mean:9.1f} µs   rows {rows:5}   "
              f"memory +{grown} KiB{than}", flush=True)


def part_sockets(quick):
    """The socket states with many established connections, beside ss -tan and a full dump."""
    need_root()
    need_tools("ss", "ip")
    count = 5000 if quick else 54000
    with Netns("bench") as netns:
        children = hold_connections(netns, count)
        print(f"  {count} connections, {2 * count} established sockets")
        try:
            ss = clock(netns, "ss", "-tan", times=3)
            full = collect(netns, "socketState", 5, "full")[0]
            cheap = collect(netns, "socketState", 20)[0]
            line("ss -tan", ss)
            line("sockets, socketStates full", full, ss, "ss -tan")
            line("sockets, socketStates cheap", cheap, ss, "ss -tan")
            line("sockets, socketStates cheap", cheap, full, "a full dump")
        finally:
            for child in children:
                stop(child)


def part_peers(quick):
    """The peers of 50,000 established connections, beside ss -ti."""
    need_root()
    need_tools("ss", "ip")
    count = 2500 if quick else 25000
    with Netns("bench") as netns:
        children = hold_connections(netns, count)
        print(f"  {2 * count} established sockets")
        try:
            ss = clock(netns, "ss", "-tin", times=3)
            fastest, _, rows, grown = collect(netns, "peer", 10)
            line("ss -tin", ss)
            line(f"peer, {rows} rows, memory +{grown} KiB", fastest, ss, "ss -tin")
        finally:
            for child in children:
                stop(child)


LISTENERS = """
import socket, sys, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (20000, 20000))
held = []
for i in range(int(sys.argv[2])):
    if sys.argv[1] == "tcp":
        s = socket.socket(); s.bind(("127.0.0.1", 10000 + i)); s.listen(16)
    else:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 10000 + i))
    held.append(s)
print("ready", flush=True)
sys.stdin.read()
"""


def part_listeners(quick):
    """Many listeners and many UDP sockets, beside ss for the same work."""
    need_root()
    need_tools("ss", "ip")
    count = 1000 if quick else 10000
    with Netns("bench") as netns:
        children = [python_child(netns, LISTENERS, kind, str(count)) for kind in ("tcp", "udp")]
        for child in children:
            said(child)
        try:
            for name, command in (("listener", ["ss", "-Htlnpm"]), ("udpSocket", ["ss", "-Huanpm"]),
                                  ("buffer", ["ss", "-Htunam"])):
                ss = clock(netns, *command)
                fastest, _, rows, grown = collect(netns, name, 10)
                line(" ".join(command), ss)
                line(f"{name}, {rows} rows, memory +{grown} KiB", fastest, ss, "that")
        finally:
            for child in children:
                stop(child)


def part_ledger(quick):
    """One feed of the loss ledger, all of whose numbers are new."""
    for rows in (10, 1000):
        fastest, mean = map(float, run(tool("bench_ledger"), str(rows), "20" if quick else "200").split())
        line(f"loss ledger, {rows} interfaces and listeners", fastest)
        line("  mean", mean)


def part_netns(quick):
    """Many namespaces and many interfaces."""
    need_root()
    need_tools("ip", "nstat")
    count = 20 if quick else 500
    spaces = []
    try:
        for i in range(count):
            spaces.append(Netns(f"b{i}"))
        began = time.monotonic()
        for space in spaces[:20]:
            space.run("nstat", "-az")
        each = (time.monotonic() - began) / 20 * 1e6
        fastest, _, rows, grown = collect(None, "netns", 5)
        line(f"ip netns exec … nstat -az, {count} times", each * count)
        line(f"netns, {rows} rows, memory +{grown} KiB", fastest, each * count, "that")
    finally:
        for space in spaces:
            space.delete()
    pairs = 50 if quick else 500
    with Netns("bench") as netns:
        batch = "".join(f"link add a{i} type veth peer name b{i}\n" for i in range(pairs))
        subprocess.run(["ip", "-n", netns.name, "-batch", "-"], input=batch, text=True, check=True)
        ip = clock(netns, "ip", "-s", "-s", "-d", "link", times=3)
        fastest, _, rows, grown = collect(netns, "nic", 5)
        line(f"ip -s -s -d link, {2 * pairs} interfaces", ip)
        line(f"nic, {rows} rows, memory +{grown} KiB", fastest, ip, "that (which reads no ethtool)")


def walk(agent, name, times):
    """(cells, µs per walk) of a subtree, by one client process."""
    output = run(tool("walker"), agent.peer, "public", name, str(times),
                 timeout=3600)
    cells, seconds = output.split()
    return int(cells), float(seconds) / times * 1e6


def cpu_of(pid):
    """Processor time in seconds of a process's first thread, which is the one that answers."""
    with open(f"/proc/{pid}/task/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def part_walk(quick):
    """A walk of netdiagCounterTable, beside a plain table_container subagent with as many cells.
    They take turns, and the fastest turn of each counts: both meet the same machine."""
    need_tools("snmpd")
    turns, times = (4, 10) if quick else (20, 25)
    oid = "." + ".".join(map(str, harness.Mib.get().oid["netdiagCounterTable"]))
    plain_oid = ".1.3.6.1.4.1.8072.9999.9999.31415"
    with Agent() as ours, Agent(daemon=False) as theirs:
        ours.refreshed("counters")
        cells, _ = walk(ours, oid, 1)
        plain = start([tool("container_agent"), theirs.socket, plain_oid, str(cells), "1"],
                      stderr=subprocess.DEVNULL)
        sides = ((theirs, plain_oid, plain.pid, []), (ours, oid, ours.daemon.pid, []))
        try:
            eventually("the plain subagent answers", lambda: walk(theirs, plain_oid, 1)[0] == cells)
            for _ in range(turns):
                for agent, root, pid, results in sides:
                    before = cpu_of(pid)
                    seen, took = walk(agent, root, times)
                    assert seen == cells, f"{seen} cells instead of {cells}"
                    results.append((took, cpu_of(pid) - before))
        finally:
            stop(plain)
    (plain_took, plain_cpu), (took, cpu) = (
        (min(took for took, _ in results), sum(cpu for _, cpu in results) / turns / times * 1e6)
        for *_, results in sides)
    print(f"  {cells} cells a walk, {turns} turns of {times} walks each")
    line("table_container subagent, a walk", plain_took)
    line("netdiagd, a walk", took, plain_took, "that")
    line("table_container subagent, its CPU time", max(plain_cpu, 1))
    line("netdiagd's answering thread, its CPU time", max(cpu, 1), max(plain_cpu, 1), "that")


# What may be resident after many walks that was not after few, in KiB.
GROWTH_MAX = 64


def part_memory(quick):
    """Resident memory and descriptors after few walks and after many: they must not grow. The
    collectors run once, as their rows come and go with what the host does meanwhile."""
    need_root()
    need_tools("snmpd", "ip")
    many = 1000 if quick else 10000
    oid = "." + ".".join(map(str, harness.Mib.get().oid["netdiagSoftnetTable"]))
    config = "".join(f"interval {name} 1h\n" for name in harness.collectors())
    with Netns("memory") as netns, netns.entered(), Agent(config, netns=netns) as agent:
        walk(agent, oid, 100)
        first, descriptors = agent.rss_kib(), agent.fd_count()
        walk(agent, oid, many - 100)
        last = agent.rss_kib()
        print(f"  resident after 100 walks {first} KiB, after {many} walks {last} KiB, "
              f"ratio {last / first:.3f}; descriptors {descriptors}, {agent.fd_count()}")
        assert last - first <= GROWTH_MAX, f"{last - first} KiB more: netdiagd leaks"
        assert agent.fd_count() <= descriptors + harness.FD_GROWTH_MAX, "netdiagd leaks descriptors"


# Shares of a core that netdiagd is meant to stay below, with a master that asks nothing.
GOALS = (("default intervals", "", 0.0012), ("every interval 1 s", None, 0.005))

PROCESSES = """
import os, signal, sys
children = []
for _ in range(int(sys.argv[1])):
    pid = os.fork()
    if not pid:
        signal.pause()
    children.append(pid)
print("ready", flush=True)
sys.stdin.read()
for pid in children:
    os.kill(pid, signal.SIGKILL)
"""


def ran(pid):
    """Seconds on a CPU of a process's threads; exact, other than the ticks of /proc/PID/stat."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(FileNotFoundError), \
                open(f"/proc/{pid}/task/{thread}/schedstat") as stat:
            total += int(stat.read().split()[0])
    return total / 1e9


def scraped(port):
    """Whether node_exporter gives its metrics."""
    with contextlib.suppress(OSError):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return len(answer.read())
    return 0


@contextlib.contextmanager
def node_exporter():
    """(pid, port) of a node_exporter, or (None, None)."""
    path = shutil.which("prometheus-node-exporter") or shutil.which("node_exporter")
    if not path:
        print("  node_exporter is left out: there is none (Debian: prometheus-node-exporter)")
        yield None, None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    child = start([path, f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL,
                  stderr=subprocess.DEVNULL)
    try:
        eventually("node_exporter answers", lambda: scraped(port))
        yield child.pid, port
    finally:
        stop(child)


def shares(agent, exporter, port, seconds):
    """CPU shares over some seconds: (netdiagd, node_exporter scraped every 5 s or None, nstat every
    second or None)."""
    nstat = shutil.which("nstat")
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    before = ran(agent.daemon.pid), exporter and ran(exporter)
    began = time.monotonic()
    for second in range(1, seconds + 1):
        if nstat:
            subprocess.run([nstat, "-asz"], stdout=subprocess.DEVNULL, check=True)
        if exporter and second % 5 == 1:
            scraped(port)
        time.sleep(max(0, began + second - time.monotonic()))
    took = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - children.ru_utime - children.ru_stime
    return ((ran(agent.daemon.pid) - before[0]) / took,
            exporter and (ran(exporter) - before[1]) / took, spent / took if nstat else None)


def part_cost(quick):
    """What share of a core netdiagd takes with few and with many processes on the host, beside
    node_exporter and nstat in the same seconds."""
    need_tools("snmpd")
    seconds = 15 if quick else 120
    fast = "".join(f"interval {name} 1s\n" for name in harness.collectors())
    with node_exporter() as (exporter, port):
        for count in (0, 2000):
            with contextlib.ExitStack() as stack:
                if count:
                    child = start([sys.executable, "-c", PROCESSES, str(count)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                    stack.callback(child.wait)
                    stack.callback(child.stdin.close)
                    said(child)
                processes = sum(name.isdigit() for name in os.listdir("/proc"))
                for title, config, goal in GOALS:
                    with Agent(fast if config is None else config) as agent:
                        time.sleep(3)  # the start is not what is measured
                        cost, *others = shares(agent, exporter, port, seconds)
                    beside = "".join(
                        f", {name} {other * 100:.3f} %, {other / cost:.1f} times that"
                        for name, other in zip(("node_exporter every 5 s", "nstat every second"), others)
                        if other is not None)
                    print(f"  {processes} processes, {title}: {cost * 100:.3f} % of a core "
                          f"({'below' if cost < goal else 'NOT below'} {goal * 100:g} %){beside}",
                          flush=True)


def full_of_keys(netns, count):
    """One frame that nobody handles on each of so many tap devices: as many keys."""
    names = [f"t{number}" for number in range(count)]
    with netns.entered():
        taps = []
        for name in names:
            tap = os.open("/dev/net/tun", os.O_RDWR)
            taps.append(tap)
            fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    batch = "".join(f"link set {name} up\n" for name in names)
    netns.run("ip", "-batch", "-", input=batch)
    for tap in taps:
        os.write(tap, b"\xff" * 6 + b"\x02" * 6 + b"\x88\xb5" + b"x" * 50)
    return taps


def part_drops(quick):
    """What counting drops costs a packet that is dropped, and a refresh with as many keys as there
    can be."""
    need_root()
    with Netns("drops") as netns:
        without, with_it, counted, made, own = map(float, netns.run(
            tool("bench_drops"), "11" if quick else "101", "64000", timeout=600).split())
        print(f"  {with_it - without:.0f} ns of CPU a drop: {without:.0f} ns a datagram without, "
              f"{with_it:.0f} ns with it attached; {counted / made * 100:.1f} % of the drops counted; "
              f"the program itself: {own:.0f} ns, with reading the clock twice")
    count = 256 if quick else 4096
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 256)), hard))
    with Netns("keys") as netns:
        netns.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
        with Agent("interval dropReason 1s\n", netns=netns) as agent:
            taps = full_of_keys(netns, count)
            agent.refreshed("dropReason")
            row = min((agent.refreshed("dropReason") or agent.collector("dropReason")
                       for _ in range(5)), key=lambda row: row["netdiagCollectorDuration"])
            line(f"refresh with {row['netdiagCollectorRows']} rows", row["netdiagCollectorDuration"])
        for tap in taps:
            fcntl.ioctl(tap, TUNSETPERSIST, 1)  # deleted with the namespace, all at once
            os.close(tap)


PARTS = {"collectors": part_collectors, "sockets": part_sockets, "ledger": part_ledger,
         "peers": part_peers, "listeners": part_listeners,
         "netns": part_netns, "walk": part_walk, "memory": part_memory,
         "cost": part_cost, "drops": part_drops}
