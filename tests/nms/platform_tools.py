# SPDX-License-Identifier: BSD-2-Clause
"""What the tests with real NMS platforms stand on: their packages, taken apart into a directory without
being installed, a host with faults to be polled, and questions over HTTP."""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "integration"))

import harness  # noqa: E402
from harness import SRC, need  # noqa: E402

NMS = os.path.join(SRC, "contrib", "nms")
# Where packages are kept from one class of tests to the next.
CACHE = os.environ.get("NETDIAG_NMS_CACHE", os.path.join(tempfile.gettempdir(), f"netdiag-nms-{os.getuid()}"))
TRIXIE = "deb http://deb.debian.org/debian trixie main"


def _download(directory, names, suite):
    """Gets the packages, and those that they need beside what this machine has."""
    # Nothing is installed: no lock is needed.
    options = ["-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1"]
    what = ["install", "-y", "--no-install-recommends", "--download-only", "--reinstall",
            "-o", f"Dir::Cache::archives={directory}"]
    if suite:
        lists = os.path.join(CACHE, "apt")
        os.makedirs(os.path.join(lists, "lists", "partial"), exist_ok=True)
        source = os.path.join(lists, "sources.list")
        with open(source, "w") as out:
            out.write(suite + "\n")
        options += ["-o", f"Dir::Etc::sourcelist={source}", "-o", "Dir::Etc::sourceparts=-",
                    "-o", f"Dir::State::lists={lists}/lists", "-o", f"Dir::Cache={lists}"]
        subprocess.run(["apt-get", "-qq", *options, "update"], check=True)
        # Only what needs nothing else: libraries of two releases do not mix.
        what = ["download"]
    os.makedirs(os.path.join(directory, "partial"))
    subprocess.run(["apt-get", "-qq", *options, *what, *names], cwd=directory, check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def packages(*names, suite=None):
    """The directory that the files of these Debian packages are in, as they would be below /."""
    need(shutil.which("apt-get") and shutil.which("dpkg-deb"), "needs Debian's package tools")
    root = os.path.join(CACHE, "-".join(names)[:100] + ("-trixie" if suite else ""))
    os.makedirs(CACHE, exist_ok=True)
    # Another class of tests may be getting them.
    with open(root + ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(root):
            return root
        with tempfile.TemporaryDirectory(dir=CACHE) as making:
            try:
                _download(making, names, suite)
            except subprocess.CalledProcessError as error:
                need(False, f"cannot download {' '.join(names)}: {(error.stderr or b'').decode().strip()[-200:]}")
            files = os.path.join(making, "root")
            for name in os.listdir(making):
                if name.endswith(".deb"):
                    subprocess.run(["dpkg-deb", "-x", os.path.join(making, name), files], check=True)
            os.rename(files, root)
    return root


def installed(roots, *command):
    """The command, seeing the files below these directories as if they were installed."""
    mounts = []
    for at in ("etc", "usr/lib", "usr/share"):
        layers = [os.path.join(root, at) for root in roots if os.path.isdir(os.path.join(root, at))]
        if layers:
            mounts.append(f"mount -t overlay overlay -o lowerdir={':'.join(layers)}:/{at} /{at}")
    return ["unshare", "-m", "sh", "-c", " && ".join([*mounts, 'exec "$@"']), "sh", *command]


class Host(contextlib.ExitStack):
    """A namespace with a netdiagd whose snmpd answers at udp:127.0.0.1:1161. What polls it is started in
    the same namespace, so that its ports are nobody else's."""

    SNMP = "127.0.0.1:1161"

    def __init__(self, config="", label="nms"):
        super().__init__()
        with contextlib.ExitStack() as stack:
            self.netns = stack.enter_context(harness.Netns(label))
            self.dir = stack.enter_context(tempfile.TemporaryDirectory(prefix="netdiag-nms-"))
            self.agent = stack.enter_context(harness.Agent(
                config, netns=self.netns,
                snmpd_config=f"agentAddress udp:{self.SNMP}\nrocommunity public 127.0.0.1\n"))
            self.push(stack.pop_all())

    def start(self, name, *command, **options):
        """Starts a program that logs to a file called name, and ends with the host."""
        with open(os.path.join(self.dir, name + ".log"), "ab") as log:
            child = self.netns.start(*command, stdout=log, stderr=log, cwd=self.dir, **options)
        self.callback(harness.stop, child)
        return child

    def log(self, name):
        with open(os.path.join(self.dir, name + ".log"), errors="replace") as text:
            return text.read()

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as out:
            out.write(text)
        return path

    def http(self, port, path, **query):
        """The text that a server in the namespace answers."""
        url = f"http://127.0.0.1:{port}{path}" + ("?" + urllib.parse.urlencode(query) if query else "")
        with self.netns.entered(), urllib.request.urlopen(url, timeout=20) as answer:
            return answer.read().decode()

    def answers(self, port, path="/"):
        try:
            return bool(self.http(port, path))
        except OSError:
            return False

    def json(self, port, path, **query):
        return json.loads(self.http(port, path, **query))
