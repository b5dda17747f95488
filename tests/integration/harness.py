# SPDX-License-Identifier: BSD-2-Clause
"""What the integration tests stand on: a private snmpd with a private netdiagd, network namespaces
with real traffic, and polling with a deadline.

The environment says where things are: NETDIAG_BUILD (the build directory) and NETDIAG_SRC, and
how many times as long as usual scenarios last that need wall time: NETDIAG_SOAK.
"""

import atexit
import contextlib
import ctypes
import functools
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

BUILD = os.path.abspath(os.environ.get("NETDIAG_BUILD", "."))
SRC = os.path.abspath(os.environ.get("NETDIAG_SRC", os.path.join(os.path.dirname(__file__), "../..")))
BINARY = os.path.join(BUILD, "netdiagd")
MIB_DIR = os.path.join(BUILD, "mib")
SOAK = int(os.environ.get("NETDIAG_SOAK", "1"))
NOBODY = 65534
V3_USER, V3_AUTH, V3_PRIV = "netdiagtest", "authentication-pass", "privacy-passphrase"

# How long something may take that only must not hang: a busy machine is no failure.
PATIENCE_S = 60
# More descriptors than before may be open for a moment; what leaks, leaks more.
FD_GROWTH_MAX = 5

_children = []
_counter = itertools.count(1)


# --- waiting and skipping -------------------------------------------------------------------------

def eventually(what, condition, timeout=PATIENCE_S, every=0.05):
    """Polls until condition() is true and returns its value; fails the test at the deadline. An
    AssertionError in it counts as not yet."""
    deadline = time.monotonic() + timeout
    last = None
    while True:
        try:
            value = condition()
            if value:
                return value
            last = value
        except AssertionError as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what} (last: {last!r})")
        time.sleep(every)


def need(condition, reason):
    """Skips the test, with the reason, when the machine lacks what it needs."""
    if not condition:
        raise unittest.SkipTest(reason)


def need_root():
    need(os.geteuid() == 0, "needs root")


def need_tools(*tools):
    for tool in tools:
        need(shutil.which(tool), f"needs {tool}")


def run(*command, check=True, **options):
    """Runs a command to its end and returns what it printed."""
    options.setdefault("timeout", 2 * PATIENCE_S)
    if "input" not in options:
        options["stdin"] = subprocess.DEVNULL
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          errors="replace", **options)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def start(command, **options):
    """Starts a process that is ended, at the latest, with the tests."""
    options.setdefault("stdin", subprocess.DEVNULL)
    child = subprocess.Popen(command, **options)
    _children.append(child)
    return child


def stop(child, sig=signal.SIGTERM, timeout=PATIENCE_S):
    """Ends a process that start() started, by its pid. Returns its exit status."""
    if child.poll() is None:
        child.send_signal(signal.SIGCONT)
        child.send_signal(sig)
    try:
        return child.wait(timeout)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
        raise AssertionError(f"{child.args[0]} did not end within {timeout} s after signal {sig}")
    finally:
        if child in _children:
            _children.remove(child)


@atexit.register
def _end_children():
    for child in list(_children):
        if child.poll() is None:
            child.kill()
            child.wait()


def sanitizer():
    """b"a" for a build with ASan, b"t" for one with TSan, else None."""
    with open(BINARY, "rb") as binary:
        found = re.search(b"__([at])san_init", binary.read())
    return found and found.group(1)


# --- namespaces -----------------------------------------------------------------------------------

_libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


class Netns:
    """A named network namespace with loopback up. A context manager; deleted at the end."""

    def __init__(self, label="t", name=None):
        need_root()
        need_tools("ip")
        self.name = name or f"nd-{os.getpid()}-{next(_counter)}-{label}"
        done = subprocess.run(["ip", "netns", "add", self.name], stderr=subprocess.PIPE, text=True)
        need(done.returncode == 0, f"cannot make a network namespace: {done.stderr.strip()}")
        # In a chroot whose root is no mount point one can be made, but not entered by ip.
        done = subprocess.run(self.command("ip", "link", "set", "lo", "up"), stderr=subprocess.PIPE,
                              text=True)
        if done.returncode:
            self.delete()
        need(done.returncode == 0, f"cannot enter a network namespace: {done.stderr.strip()}")

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.delete()

    def delete(self):
        subprocess.run(["ip", "netns", "del", self.name], stderr=subprocess.DEVNULL)

    def command(self, *command):
        return ["ip", "netns", "exec", self.name, *command]

    def run(self, *command, **options):
        return run(*self.command(*command), **options)

    def start(self, *command, **options):
        return start(self.command(*command), **options)

    @contextlib.contextmanager
    def entered(self):
        """This thread is in the namespace: sockets made in the block stay in it."""
        own = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        other = os.open(f"/run/netns/{self.name}", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if _libc.setns(other, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            yield self
        finally:
            _libc.setns(own, CLONE_NEWNET)
            os.close(own)
            os.close(other)

    def sysctl(self, name, value=None):
        """Reads a setting of the namespace, or writes it."""
        if value is None:
            return self.run("sysctl", "-n", name).strip()
        return self.run("sysctl", "-qw", f"{name}={value}")


def veth(left, left_if, left_address, right, right_if, right_address):
    """A veth pair between two namespaces, up, with addresses ("10.0.0.1/24")."""
    left.run("ip", "link", "add", left_if, "type", "veth", "peer", "name", right_if,
             "netns", right.name)
    for ns, interface, address in ((left, left_if, left_address), (right, right_if, right_address)):
        if address:
            ns.run("ip", "address", "add", address, "dev", interface, "nodad" if ":" in address else "scope",
                   *([] if ":" in address else ["global"]))
        ns.run("ip", "link", "set", interface, "up")


# --- SNMP -----------------------------------------------------------------------------------------

def _parse_value(text):
    """The value in a line of snmpwalk -On: int, str, bytes (Hex-STRING) or an OID as str."""
    if text == '""':
        return ""
    kind, _, rest = text.partition(": ")
    if kind in ("Counter64", "Counter32", "Gauge32", "INTEGER", "Unsigned32", "UInteger32"):
        whole, decimals = re.match(r"(-?\d*)(?:\.(\d\d))?", rest).groups()
        # NetdiagHundredths and NetdiagPercent: the number that was sent.
        return int(whole + decimals) if decimals else int(whole)
    if kind == "Timeticks":
        return int(re.match(r"\((\d+)\)", rest).group(1))
    if kind == "STRING":
        # With a display hint of its own (NetdiagText) a string comes without quotes.
        return re.sub(r'\\(.)', r"\1", rest[1:-1]) if rest.startswith('"') else rest
    if kind == "Hex-STRING":
        return bytes.fromhex(rest.replace(" ", ""))
    if kind == "OID":
        return rest
    raise AssertionError(f"cannot read the value {text!r}")


def _parse_lines(output):
    """[(oid tuple, value)] of snmpwalk -On -Oe output; strings may go over lines."""
    cells = []
    for line in output.splitlines():
        found = re.match(r"\.([\d.]+) = (.*)$", line)
        if found:
            cells.append([tuple(map(int, found.group(1).split("."))), found.group(2)])
        elif cells:
            cells[-1][1] += "\n" + line
    return [(oid, text) for oid, text in cells]


class Mib:
    """Names and OIDs of NETDIAG-MIB, as net-snmp's own parser sees them."""

    _cache = None

    def __init__(self):
        self.oid = {}
        self.name = {}
        # On a bare machine there are no other MIB files; nothing is to come from them here either.
        output = run("snmptranslate", "-M", MIB_DIR, "-m", "NETDIAG-MIB", "-Tz")
        for name, oid in re.findall(r'^"(\S+)"\s+"([\d.]+)"', output, re.M):
            arcs = tuple(map(int, oid.split(".")))
            if name.startswith("netdiag"):
                self.oid[name] = arcs
                self.name[arcs] = name

    @classmethod
    def get(cls):
        if cls._cache is None:
            cls._cache = cls()
        return cls._cache


@functools.cache
def whole_schema():
    """What `netdiagd --dump=schema` prints."""
    return json.loads(dump(fmt="schema"))


def schema():
    """{name: table or group of scalars}"""
    return {group["name"]: group for group in whole_schema()["groups"]}


def tables_of(*collectors):
    """The names of the tables and groups of scalars that these collectors fill."""
    return [name for name, group in schema().items() if group.get("collector") in collectors]


@functools.cache
def syntaxes():
    """{object: its syntax}"""
    return {item["name"]: item["syntax"] for group in schema().values() for item in group["objects"]}


def collectors():
    """The names of all collectors."""
    return tuple(collector["name"] for collector in whole_schema()["collectors"])


def index_kinds(table):
    """What a table's index consists of: n for each number, s for each text."""
    return "".join("s" if syntaxes()[item] == "NetdiagText" else "n" for item in schema()[table]["index"])


def decode_index(arcs, kinds):
    """Index sub-identifiers as a tuple of int and str by their kinds; one alone is not a tuple."""
    arcs = list(arcs)
    parts = []
    for kind in kinds:
        if kind == "n":
            parts.append(arcs.pop(0))
        else:
            length = arcs.pop(0)
            parts.append(bytes(arcs[:length]).decode("latin-1"))
            del arcs[:length]
    assert not arcs, "an index has more sub-identifiers than its kinds"
    return parts[0] if len(parts) == 1 else tuple(parts)


def encode_index(*parts):
    arcs = []
    for part in parts:
        arcs += [part] if isinstance(part, int) else [len(part.encode()), *part.encode()]
    return ".".join(map(str, arcs))


class Agent:
    """A private snmpd with netdiagd as its subagent, in a directory with sockets of its own. A
    context manager; both run in `netns` when it is given."""

    def __init__(self, config="", args=(), netns=None, user=None, master=True, daemon=True,
                 snmpd_config="", env=None):
        need_tools("snmpd", "snmpwalk", "snmptranslate")
        self.netns = netns
        self.user = user
        self.args = list(args)
        self.env = env or {}
        self.dir = tempfile.mkdtemp(prefix="netdiag-test-")
        os.chmod(self.dir, 0o755)
        self.socket = os.path.join(self.dir, "agentx")
        self.config_path = os.path.join(self.dir, "netdiagd.conf")
        self.log_path = os.path.join(self.dir, "netdiagd.log")
        self.binary = os.path.join(self.dir, "netdiagd")
        shutil.copy(BINARY, self.binary)
        os.chmod(self.binary, 0o755)
        self.write_config(config)
        # Asked over a unix socket: that loses no question in a flood, and counts no packet.
        self.peer = "unix:" + os.path.join(self.dir, "snmp")
        self._write_snmpd_config(snmpd_config)
        self.master = self.daemon = None
        self.expect_status = 0
        try:
            if master:
                self.start_master()
            if daemon:
                self.start_daemon()
                if master:
                    self.wait_up()
        except BaseException:
            self.close(check=False)
            raise

    def __enter__(self):
        return self

    def __exit__(self, exc_type, *exc):
        self.close(check=exc_type is None)

    # processes

    def _in(self, command):
        return self.netns.command(*command) if self.netns else list(command)

    def _write_snmpd_config(self, extra):
        with open(os.path.join(self.dir, "snmpd.conf"), "w") as out:
            out.write(f"agentAddress {self.peer}\n"
                      "master agentx\n"
                      f"agentXSocket {self.socket}\n"
                      f"agentXPerms 0666 0755\n"
                      # rocommunity and rwcommunity are for IP only.
                      "com2secunix reader default public\n"
                      "com2secunix writer default private\n"
                      "view all included .1\n" +
                      "".join(f"group {name}s {model} {name}\n" for name in ("reader", "writer")
                              for model in ("v1", "v2c")) +
                      'access readers "" any noauth exact all none none\n'
                      'access writers "" any noauth exact all all none\n'
                      f"createUser {V3_USER} SHA {V3_AUTH} AES {V3_PRIV}\n"
                      f"rouser {V3_USER} priv\n{extra}\n")

    def write_config(self, text):
        with open(self.config_path, "w") as out:
            out.write(text)
        os.chmod(self.config_path, 0o644)

    def _snmp_env(self):
        # snmpd writes a file called snmpd.conf into its persistent directory.
        return {**os.environ, "MIBS": "", "SNMPCONFPATH": self.dir,
                "SNMP_PERSISTENT_DIR": os.path.join(self.dir, "state")}

    def start_master(self):
        command = self._in(["snmpd", "-C", "-c", os.path.join(self.dir, "snmpd.conf"), "-f",
                            # smux would listen on every address.
                            "-I", "-smux",
                            "-Lf", os.path.join(self.dir, "snmpd.log"), "-r",
                            "-p", os.path.join(self.dir, "snmpd.pid")])
        self.master = start(command, env=self._snmp_env(), stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
        eventually("snmpd answers", lambda: self.master.poll() is None and self.master_answers())
        return self.master

    def master_answers(self):
        # Its own timeout: before snmpd listens a question is lost.
        question = ["-t", "0.2", "-r", "0", ".1.3.6.1.2.1.1.3.0"]
        done = subprocess.run(self._client("snmpget") + question, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        return done.returncode == 0

    def kill_master(self, sig=signal.SIGKILL):
        stop(self.master, sig)
        self.master = None

    def start_daemon(self, args=None):
        command = [self.binary, "--config", self.config_path, "--agentx", self.socket,
                   *(self.args if args is None else args)]
        if self.user is not None:
            command = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups",
                       "--inh-caps=-all", "--bounding-set=-all", *command]
        log = open(self.log_path, "ab")
        self.daemon = start(self._in(command), env={**os.environ, **self.env},
                            stdout=log, stderr=log, cwd=self.dir)
        log.close()
        return self.daemon

    def stop_daemon(self, sig=signal.SIGTERM, timeout=PATIENCE_S):
        status = stop(self.daemon, sig, timeout)
        self.daemon = None
        return status

    def wait_up(self, timeout=PATIENCE_S):
        eventually("netdiagd answers through snmpd",
                   lambda: self._daemon_lives() and self.try_get("netdiagAgentVersion.0"), timeout)

    def _daemon_lives(self):
        if self.daemon.poll() is not None:
            raise RuntimeError(f"netdiagd ended with {self.daemon.returncode}:\n{self.log()}")
        return True

    def log(self):
        """What netdiagd has logged; empty before its start."""
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, errors="replace") as text:
            return text.read()

    def close(self, check=True):
        try:
            if self.daemon is not None:
                status = self.stop_daemon()
                if check:
                    assert status == self.expect_status, f"netdiagd ended with {status}:\n{self.log()}"
            if self.master is not None:
                self.kill_master(signal.SIGTERM)
            if check:
                for bad in ("Sanitizer", "runtime error:"):
                    assert bad not in self.log(), self.log()
        finally:
            for child in (self.daemon, self.master):
                if child is not None and child.poll() is None:
                    child.kill()
                    child.wait()
            shutil.rmtree(self.dir, ignore_errors=True)

    # questions

    def _client(self, tool, version="2c", community="public", options=()):
        who = {"1": ["-v1", "-c", community], "2c": ["-v2c", "-c", community],
               "3": ["-v3", "-u", V3_USER, "-l", "authPriv", "-a", "SHA", "-A", V3_AUTH,
                     "-x", "AES", "-X", V3_PRIV]}[version]
        return [tool, *who, "-M", MIB_DIR, "-m", "NETDIAG-MIB", "-t", "10", "-r", "2", "-On", "-Oe",
                *options, self.peer]

    def snmp(self, tool, *args, version="2c", community="public", options=(), check=True):
        """Output of one of Net-SNMP's tools, with numeric OIDs unless options say otherwise."""
        env = {k: v for k, v in self._snmp_env().items() if k != "MIBS"}
        return run(*self._client(tool, version, community, options), *args, check=check, env=env)

    def try_get(self, name):
        """The value of one instance ("netdiagTcpListenDrops.0"), or None."""
        name = name if name[0] in ".0123456789" else "NETDIAG-MIB::" + name
        for _, text in _parse_lines(self.snmp("snmpget", name, check=False)):
            if text.startswith("No Such") or text.startswith("No more"):
                return None
            return _parse_value(text)
        return None

    def get(self, name):
        value = self.try_get(name)
        assert value is not None, f"{name} has no value"
        return value

    def walk_oids(self, name="netdiagMIB", version="2c", tool="snmpbulkwalk"):
        """[(oid tuple, value)] below a name, in the order of the walk."""
        tool = "snmpwalk" if version == "1" else tool
        output = self.snmp(tool, "NETDIAG-MIB::" + name, version=version, options=("-Cc",))
        return [(oid, _parse_value(text)) for oid, text in _parse_lines(output)
                if not text.startswith("No ") and not text.startswith("End of")]

    def get_many(self, oids, version="2c", at_once=40):
        """{oid tuple: value} of the instances that are there. SNMPv1 has no exceptions, so there
        each is asked for alone."""
        found, oids = {}, list(oids)
        size = 1 if version == "1" else at_once
        for at in range(0, len(oids), size):
            asked = ("." + ".".join(map(str, oid)) for oid in oids[at:at + size])
            output = self.snmp("snmpget", *asked, version=version, check=version != "1")
            found.update((oid, _parse_value(text)) for oid, text in _parse_lines(output)
                         if not text.startswith("No Such"))
        return found

    def reached(self, name, wanted=lambda index: True):
        """The OIDs that GET finds in a table: each column with each index that any column has."""
        mib = Mib.get()
        entry = mib.oid[name] + (1,)
        columns = [oid for oid in mib.name if oid[:-1] == entry]
        indexes = sorted(filter(wanted, {oid[len(entry) + 1:] for oid, _ in self.walk_oids(name)}))
        return sorted(self.get_many((column + index for column in columns for index in indexes),
                                    at_once=100))

    def table(self, name, version="2c"):
        """{index: {column name: value}} of a table."""
        mib = Mib.get()
        base = mib.oid[name]
        rows = {}
        for oid, value in self.walk_oids(name, version):
            column = oid[:len(base) + 2]
            index = decode_index(oid[len(base) + 2:], index_kinds(name))
            rows.setdefault(index, {})[mib.name[column]] = value
        return rows

    def scalars(self, group):
        """{name: value} of a group of scalars ("netdiagTcp")."""
        mib = Mib.get()
        return {mib.name[oid[:-1]]: value for oid, value in self.walk_oids(group)}

    def collector(self, name):
        return self.table("netdiagCollectorTable").get(name, {})

    def refreshed(self, collector, timeout=PATIENCE_S):
        """Waits until a collection that began after this call is served."""
        first = self.collector(collector).get("netdiagCollectorRefreshes", 0)
        eventually(f"{collector} is refreshed", lambda: self.collector(collector).get(
            "netdiagCollectorRefreshes", 0) >= first + 2, timeout)

    # what the process is like

    def _pid(self):
        """netdiagd's own pid (ip netns exec and setpriv exec it in place)."""
        return self.daemon.pid

    def rss_kib(self):
        with open(f"/proc/{self._pid()}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    def fd_count(self):
        return len(os.listdir(f"/proc/{self._pid()}/fd"))

    def cpu_seconds(self):
        with open(f"/proc/{self._pid()}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def dump(*args, fmt="json", netns=None, user=None):
    """What `netdiagd --dump` prints; parsed when it is JSON."""
    command = [BINARY, f"--dump={fmt}", *args]
    if user is not None:
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
                   "--inh-caps=-all", "--bounding-set=-all", *command]
    output = run(*(netns.command(*command) if netns else command))
    return json.loads(output) if fmt == "json" else output
