# SPDX-License-Identifier: BSD-2-Clause
"""AgentX masters that are hostile or broken: what they do with a session, what they send on it.

Whatever comes, netdiagd neither crashes nor hangs, answers the next good request, ends on SIGTERM
in time and does not fill the log."""

import random
import struct
import subprocess
import time
import unittest

import agentx
from agentx import END_OF_MIB_VIEW, GET, GET_BULK, GET_NEXT, NO_SUCH_INSTANCE, NO_SUCH_OBJECT
from harness import Agent, Mib, collectors, eventually, start, stop

QUIET = "".join(f"collector {name} off\n" for name in collectors())
# How long SIGTERM may take.
END = 3.0
# How soon a session that was lost must be there again.
BACK = 2.0

PACKET, AFTER = 9, 4242
TEXT, INTEGER, GAUGE, TICKS, COUNTER64 = 4, 2, 66, 67, 70


class Hostile(unittest.TestCase):
    def setUp(self):
        self.agent = Agent(config=QUIET, master=False, daemon=False)
        self.addCleanup(self.agent.close)
        self.master = agentx.Master(self.agent.socket)
        self.addCleanup(self.master.__exit__)
        self.base = Mib.get().oid["netdiagMIB"]
        self.first = self.base + (1, 1, 1, 0)

    def begin(self):
        """A session that works."""
        self.agent.start_daemon()
        connection = self.master.accept()
        connection.open()
        return connection

    def assert_works(self, connection):
        response = connection.ask(GET, self.first)
        self.assertEqual([kind for _, kind, _ in response.variables], [TEXT])

    def ends_in_time(self):
        began = time.monotonic()
        self.assertEqual(self.agent.stop_daemon(), 0)
        self.assertLess(time.monotonic() - began, END)


class Opening(Hostile):
    """What a master does to a session that is being opened."""
    takes_s = 20

    def test_does_not_resolve_names(self):
        command = [self.agent.binary, "--agentx", "tcp:snmpd.example.net:705", "--config",
                   self.agent.config_path]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=20)
        self.assertEqual(done.returncode, 64)
        self.assertIn("names are not looked up", done.stderr)

    def test_silent(self):
        self.agent.start_daemon()
        connections = [self.master.accept()]
        eventually("the reason is logged", lambda: "does not answer" in self.agent.log())
        connections.append(self.master.accept())
        self.ends_in_time()
        self.assertEqual(self.agent.log().count("cannot reach"), 1, self.agent.log())

    def test_slow_open(self):
        self.agent.start_daemon()
        connection = self.master.accept()
        request = connection.receive(agentx.OPEN)
        time.sleep(1)
        connection.respond(request)
        connection.respond(connection.receive(agentx.REGISTER))
        self.assert_works(connection)
        self.assertNotIn("cannot reach", self.agent.log())

    def test_open_is_refused(self):
        self.agent.start_daemon()
        began = time.monotonic()
        for _ in range(4):  # at once, after 0.5, 1 and 2 s
            connection = self.master.accept()
            connection.respond(connection.receive(agentx.OPEN), 256)
        self.assertGreater(time.monotonic() - began, 3)
        self.assertEqual(self.agent.log().count("It refused the session"), 1, self.agent.log())
        self.ends_in_time()

    def test_hangs_up_before_the_session(self):
        self.agent.start_daemon()
        began = time.monotonic()
        for _ in range(4):
            self.master.accept().close()
        self.assertGreater(time.monotonic() - began, 3)
        self.assertEqual(len([line for line in self.agent.log().splitlines()
                              if "master" in line]), 1, self.agent.log())

    def test_never_answers_register(self):
        self.agent.start_daemon()
        connection = self.master.accept()
        connection.respond(connection.receive(agentx.OPEN))
        connection.receive(agentx.REGISTER)
        with self.assertRaises(EOFError):
            connection.receive()
        eventually("the reason is logged", lambda: "does not answer" in self.agent.log())
        self.ends_in_time()


class Sessions(Hostile):
    """What a master does with an open session."""
    takes_s = 18

    def test_closes_at_once(self):
        """One line for each change of state, and fewer and fewer attempts."""
        connection = self.begin()
        eventually("up", lambda: "is registered" in self.agent.log())
        before, began, count = len(self.agent.log()), time.monotonic(), 0
        while time.monotonic() - began < 6:
            connection.close()
            connection = self.master.accept()
            connection.open()
            count += 1
        self.assertLessEqual(count, 6)
        lines = self.agent.log()[before:].splitlines()
        self.assertLessEqual(len(lines), 3, lines)
        self.assertEqual(sum("closes each session" in line for line in lines), 1, lines)
        # This one is kept: that is told when it has lasted for a while.
        eventually("back", lambda: self.agent.log().count("back at") == 2, timeout=10)
        self.assert_works(connection)

    def test_a_lost_session_is_back_soon(self):
        connection = self.begin()
        connection.close()
        began = time.monotonic()
        connection = self.master.accept()
        connection.open()
        self.assertLess(time.monotonic() - began, BACK)
        self.assert_works(connection)

    def test_restarts_are_no_failures(self):
        """However often the master is restarted, each time it is found at once."""
        connection = self.begin()
        for _ in range(4):
            self.master.listener.close()
            connection.close()
            time.sleep(0.2)
            self.master = agentx.Master(self.agent.socket)
            began = time.monotonic()
            connection = self.master.accept()
            connection.open()
            self.assertLess(time.monotonic() - began, BACK)
        self.assert_works(connection)
        eventually("told", lambda: self.agent.log().count("back at") == 4)

    def test_refuses_notifications(self):
        connection = self.begin()
        for _ in range(3):
            connection.respond(connection.receive(agentx.NOTIFY), agentx.REQUEST_DENIED)
            self.assert_works(connection)
            connection.close()
            connection = self.master.accept()
            connection.open()
        self.ends_in_time()

    def test_refuses_the_test_notification(self):
        command = [self.agent.binary, "--test-notification", "--agentx", self.agent.socket,
                   "--config", self.agent.config_path]
        with open(self.agent.log_path, "wb") as log:
            sender = start(command, stdout=subprocess.DEVNULL, stderr=log)
        connection = self.master.accept()
        connection.respond(connection.receive(agentx.OPEN))
        connection.respond(connection.receive(agentx.NOTIFY), agentx.REQUEST_DENIED)
        self.assertEqual(sender.wait(10), 1)
        self.assertIn("refused the test notification", self.agent.log())


class Streams(Hostile):
    """How bytes arrive."""

    def test_half_pdus(self):
        connection = self.begin()
        pdu = connection.build(GET, connection.ranges(self.first), PACKET)
        for cut in (1, 3, 19, 20, 21, len(pdu) - 1):
            connection.sock.sendall(pdu[:cut])
            time.sleep(0.05)
            connection.sock.sendall(pdu[cut:])
            self.assertEqual(connection.receive(agentx.RESPONSE).packet, PACKET)
        connection.sock.sendall(pdu[:30])
        connection.close()
        connection = self.master.accept()
        connection.open()
        self.assert_works(connection)

    def test_requests_of_64_kb(self):
        connection = self.begin()
        one = len(connection.ranges(self.first))
        for size in (16000, 65000):
            payload = connection.ranges(self.first) * (size // one)
            connection.send(GET, payload, PACKET)
            response = connection.receive(agentx.RESPONSE)
            self.assertEqual(response.packet, PACKET)
            self.assertIn(len(response.variables), (0, size // one))
        self.assert_works(connection)

    def test_flood_of_unasked_responses(self):
        connection = self.begin()
        chance = random.Random(1)
        for _ in range(2000):
            connection.send(agentx.RESPONSE,
                            struct.pack("<IHH", chance.getrandbits(32), chance.randrange(300), 0),
                            chance.getrandbits(32))
        self.assert_works(connection)

    def test_flood_of_requests(self):
        connection = self.begin()
        request = connection.build(GET_NEXT, connection.ranges(self.base), PACKET)
        for _ in range(20):
            connection.sock.sendall(request * 100)
            for _ in range(100):
                self.assertEqual(connection.receive(agentx.RESPONSE).packet, PACKET)

    def test_never_reads(self):
        connection = self.begin()
        connection.sock.settimeout(5)
        request = connection.build(GET_NEXT, connection.ranges(*[self.base] * 20))
        with self.assertRaises(OSError):  # it hangs up instead of waiting for ever
            for _ in range(100000):
                connection.sock.sendall(request)
        self.ends_in_time()


class Pdus(Hostile):
    """Single PDUs: a table of what is sent and what must come back."""

    def gets(self):
        """(OID, type) of what GET finds."""
        agent, collectors = self.base + (1, 1), self.base + (1, 2)
        scalars = {TEXT: (1, 11, 12, 14), TICKS: (3, 13), INTEGER: (16,),
                   GAUGE: (2, 4, 5, 6, 7, 8, 15, 19, 20), COUNTER64: (17, 18, 21)}
        for kind, arcs in scalars.items():
            for arc in arcs:
                yield agent + (arc, 0), kind
        nic = (3, *b"nic")
        for arc, kind in ((2, TEXT), (3, INTEGER), (4, TEXT), (5, GAUGE), (8, COUNTER64),
                          (10, TEXT)):
            yield collectors + (1, arc) + nic, kind
        for oid in (agent + (1,), agent + (1, 1), agent + (1, 0, 0), agent + (1, 2 ** 32 - 1),
                    agent + (21, 1), collectors + (1, 2), collectors + (1, 2, 3),
                    collectors + (1, 2, 2, *b"nic"), collectors + (1, 2, 4, *b"nicx"),
                    collectors + (1, 2) + nic + (0,), collectors + (1, 2, 2 ** 32 - 1)):
            yield oid, NO_SUCH_INSTANCE
        for oid in ((0, 0), (1,), (1, 3, 6, 1, 2, 1, 1, 1, 0), self.base[:-1], self.base,
                    self.base + (0,), self.base + (1,), agent, agent + (0,), agent + (99, 0),
                    agent + (2 ** 32 - 1,), collectors, collectors + (1,), collectors + (2,),
                    collectors + (1, 1) + nic, self.base + (1, 99, 1), self.base + (2, 1),
                    self.base + (1, 2 ** 32 - 1), self.base + (2 ** 32 - 1,) * 90):
            yield oid, NO_SUCH_OBJECT

    def nexts(self):
        """(start, include, end, OID, type) of what GETNEXT finds."""
        agent = self.base + (1, 1)
        first, second, last = agent + (1, 0), agent + (2, 0), agent + (21, 0)
        for oid in ((), (0,), (1,), self.base[:-1], self.base, self.base + (0,),
                    self.base + (0, 2 ** 32 - 1), self.base + (1,), self.base + (1, 0), agent,
                    agent + (0,), agent + (1,)):
            yield oid, False, (), first, TEXT
        for oid in (first, first + (0,), agent + (1, 1), agent + (1, 2 ** 32 - 1), agent + (2,)):
            yield oid, False, (), second, GAUGE
        yield first, True, (), first, TEXT
        yield agent + (1,), True, (), first, TEXT
        yield first, True, first + (0,), first, TEXT
        yield first, False, first + (0,), first, END_OF_MIB_VIEW
        yield first, False, second, first, END_OF_MIB_VIEW
        yield first, False, second + (0,), second, GAUGE
        yield last, False, agent + (22,), last, END_OF_MIB_VIEW
        for oid in ((2,), (2 ** 32 - 1,), self.base + (2,), self.base + (1, 2 ** 32 - 1),
                    self.base + (1, 99)):
            yield oid, False, (), oid, END_OF_MIB_VIEW

    def answered(self):
        """(name, PDU, OID, type): each in both byte orders, with and without prefixes."""
        for order in "<>":
            for prefix in (False, True):
                def pdu(kind, start_oid, include=False, end=()):
                    payload = (agentx.encode_oid(start_oid, include, order, prefix) +
                               agentx.encode_oid(end, False, order, prefix))
                    flags = agentx.NETWORK_BYTE_ORDER if order == ">" else 0
                    return struct.pack(order + "BBBBIIII", 1, kind, flags, 0, 77, 1, PACKET,
                                       len(payload)) + payload

                what = f"order {order}, prefix {prefix}"
                for oid, kind in self.gets():
                    yield f"get {oid}, {what}", pdu(GET, oid), oid, kind
                for oid, include, end, found, kind in self.nexts():
                    yield (f"next {oid} {include} {end}, {what}",
                           pdu(GET_NEXT, oid, include, end), found, kind)

    def refused(self):
        """(name, PDU, the responses' errors): what is malformed has no response, and the session
        goes on."""
        good = agentx.Connection.ranges(self.first)

        def pdu(payload=good, version=1, kind=GET, flags=0, reserved=0, session=77, length=None):
            return agentx.HEADER.pack(version, kind, flags, reserved, session, 1, PACKET,
                                      len(payload) if length is None else length) + payload

        for kind, error in ((agentx.TEST_SET, 17), (9, 14), (10, 15)):
            yield f"set, type {kind}", pdu(
                agentx.encode_oid(self.first) if kind != agentx.TEST_SET else
                struct.pack("<HH", 2, 0) + agentx.encode_oid(self.first) +
                struct.pack("<I", 1), kind=kind), [error]
        yield "cleanup", pdu(b"", kind=agentx.CLEANUP_SET), []
        yield "nothing is asked", pdu(b""), [0]
        yield "reserved byte", pdu(reserved=255), [0]
        for session in (0, 78, 2 ** 32 - 1):
            yield f"session {session}", pdu(session=session), [0]
        for version in (0, 2, 255):
            yield f"version {version}", pdu(version=version), []
        for kind in (0, 1, 3, 4, 13, 14, 15, 16, 17, 19, 99, 255):
            yield f"type {kind}", pdu(kind=kind), []
        for flag in (1, 2, 4, 32, 64, 128):
            yield f"flag {flag}", pdu(flags=flag), [0]
        yield "a context is announced and missing", pdu(flags=8), []
        for cut in range(4, len(good), 4):
            yield f"cut to {cut}", pdu(good[:cut]), []
        for odd in (1, 2, 3, 5, 7, 9):
            yield f"of {odd} bytes", pdu(good[:odd]), []
        for more in (1, 2, 3):
            yield f"{more} bytes more", pdu(good + b"\0" * more), []
        for count in (50, 128, 129, 200, 255):
            yield f"an OID that says {count} arcs", pdu(bytes([count]) + good[1:]), []
        for length in (1, 100, 2 ** 31, 2 ** 32 - 1):
            yield f"an octet string of {length}", pdu(struct.pack("<I", length) + b"x" * 12,
                                                      flags=8), []
        for kind in (0, 1, 3, 7, 71, 127, 255, 65535):
            yield f"a variable of type {kind}", pdu(
                struct.pack("<HH", kind, 0) + agentx.encode_oid(self.first) + b"\0" * 4,
                kind=agentx.TEST_SET), None
        for count in (0, 1, 2 ** 31, 2 ** 32 - 1):
            yield f"bulk {count}", pdu(struct.pack("<I", count) + good, kind=GET_BULK), [0]

    def exchange(self, connection, pdu):
        """The responses to a PDU, and whether a good request after it was answered."""
        connection.sock.sendall(pdu)
        connection.send(GET, connection.ranges(self.first), AFTER)
        responses = []
        while True:
            response = connection.receive(agentx.RESPONSE)
            if response.packet == AFTER:
                self.assertEqual(response.error, 0)
                return responses
            responses.append(response)

    def test_answers(self):
        connection = self.begin()
        count = 0
        for name, pdu, oid, kind in self.answered():
            with self.subTest(name):
                response, = self.exchange(connection, pdu)
                self.assertEqual((response.packet, response.error), (PACKET, 0))
                self.assertEqual(response.order, agentx.byte_order(pdu))
                (found, found_kind, _), = response.variables
                self.assertEqual((found, found_kind), (oid, kind))
                count += 1
        self.assertGreaterEqual(count, 150)

    def test_refusals(self):
        connection = self.begin()
        for name, pdu, errors in self.refused():
            with self.subTest(name):
                responses = self.exchange(connection, pdu)
                if errors is not None:
                    self.assertEqual([response.error for response in responses], errors)

    def test_what_ends_the_session(self):
        for name, pdu in (
                ("a length below 0", agentx.HEADER.pack(1, GET, 0, 0, 77, 1, 1, 0x7fffffff)),
                ("Close", agentx.HEADER.pack(1, agentx.CLOSE, 0, 0, 77, 1, 1, 4) + b"\1\0\0\0")):
            with self.subTest(name):
                connection = self.begin()
                connection.sock.sendall(pdu)
                with self.assertRaises(EOFError):
                    while True:
                        connection.receive(agentx.RESPONSE)
                again = self.master.accept()
                again.open()
                self.assert_works(again)
                self.agent.stop_daemon()

    def test_mutated(self):
        """Good PDUs with a few bytes changed, by a seed that is told."""
        seed = 20261121
        chance = random.Random(seed)
        good = [pdu for _, pdu, _, _ in self.answered()] + [pdu for _, pdu, _ in self.refused()]
        connection = self.begin()
        restarts, began, count = 0, time.monotonic(), 0
        while count < 3000 and time.monotonic() - began < 8:
            pdu = bytearray(chance.choice(good))
            for _ in range(chance.randint(1, 4)):
                # Mostly neither the byte order nor the length: what follows would be the payload.
                at = chance.randrange(len(pdu))
                if at not in (2, 16, 17, 18, 19) or chance.random() < 0.01:
                    pdu[at] = chance.choice((0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)))
            count += 1
            try:
                connection.sock.settimeout(1)
                self.exchange(connection, bytes(pdu))
            except (AssertionError, EOFError, OSError) as error:
                self.assertIsNone(self.agent.daemon.poll(), f"seed {seed}, PDU {count}: "
                                  f"{bytes(pdu).hex()}: {error}\n{self.agent.log()}")
                restarts += 1
                connection.close()
                stop(self.agent.daemon)
                self.master.drain()
                connection = self.begin()
        self.assertGreater(count, 500)
        self.assertLess(restarts, count / 5)
        connection.sock.settimeout(5)
        self.assert_works(connection)
