# SPDX-License-Identifier: BSD-2-Clause
"""A host with a peer, and real faults for the tests of the alarms."""

import contextlib
import signal
import socket
import subprocess
import sys
import time
import unittest

from harness import Netns, eventually, need_root, need_tools, whole_schema
from sockpile import veth_pair
from watched import Watched, load

HOST, PEER = "10.77.0.1", "10.77.0.2"


def shortened(window="5s", clear_after="3s"):
    """The windows and the time to the end of all checks, shortened; limits and holds stay."""
    return "".join(f"check {check['name']} clearAfter {clear_after}"
                   f"{f' window {window}' if check['window'] else ''}\n"
                   for check in whole_schema()["checks"])


class Fault(unittest.TestCase):
    """A host and its peer, each a namespace, with a veth pair between them. The load of the machine
    that runs the tests is no part of them."""

    OTHERS_OFF = "collector softnet off\ncollector netns off\n"

    def setUp(self):
        need_root()
        need_tools("ip", "nft", "snmptrapd", "nstat")
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)
        self.host, self.peer = (self.stack.enter_context(Netns(name)) for name in ("host", "peer"))
        veth_pair(self.host, self.peer)

    def watch(self, config="", **options):
        self.watched = self.stack.enter_context(
            Watched(self.OTHERS_OFF + config, self.host, **options))
        return self.watched

    def told(self, kind=None):
        """[(kind, check, instance)] of all that the receiver was told of alarms."""
        return [(trap.kind, *trap.key) for trap in self.watched.receiver.of(kind) if "Check" in trap]

    def agreed(self, what="the receiver knows what the table has"):
        eventually(what, lambda: self.watched.receiver.agrees(self.watched.agent), every=0.5)

    def stays(self, expected, seconds):
        """For so long the receiver is told no more than this."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.assertEqual(self.told(), expected)
            time.sleep(0.25)

    def listen(self, *addresses, backlog=16, **options):
        """A process with a listener that serves; SIGSTOP stalls it."""
        service = Service(self.host, *addresses, backlog=backlog, **options)
        return self.stack.enter_context(service)


class Service(contextlib.ExitStack):
    """A process that accepts and closes what connects to its port."""

    CODE = """
import socket, sys
listener = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=int(sys.argv[3]))
print(listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].close()
"""

    def __init__(self, netns, address=HOST, port=0, backlog=16):
        super().__init__()
        self.process = netns.start(sys.executable, "-c", self.CODE, address, str(port), str(backlog),
                                   stdout=subprocess.PIPE, text=True)
        self.callback(self._end)
        self.port = int(self.process.stdout.readline())
        self.endpoint = f"{address}:{self.port}"

    def _end(self):
        self.process.stdout.close()
        self.process.kill()
        self.process.wait()

    def stall(self):
        self.process.send_signal(signal.SIGSTOP)

    def work(self):
        self.process.send_signal(signal.SIGCONT)


class Clients:
    """Connects from a namespace, again and again, to each of some ports; gives up after a while, as
    clients do."""

    def __init__(self, address, ports, patience=3.0):
        self.where = [(address, port) for port in ports]
        self.patience = patience
        self.open = []

    def turn(self):
        now = time.monotonic()
        while self.open and self.open[0][0] < now:
            self.open.pop(0)[1].close()
        for where in self.where:
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(where)
            self.open.append((now + self.patience, client))

    def close(self):
        for _, client in self.open:
            client.close()
        self.open.clear()

    @contextlib.contextmanager
    def connecting(self, netns, pause=0.05):
        try:
            with load(netns, self.turn, pause):
                yield
        finally:
            self.close()
