# SPDX-License-Identifier: BSD-2-Clause
"""From where netdiagd looks: in a container it says what it is blind to, and never that all is well."""

import json
import os
import shlex
import subprocess
import unittest

from harness import BINARY, NOBODY, Agent, Netns, dump, eventually, need, need_root, need_tools, run, stop

# A /proc of the new PID namespace, which all containers have.
OWN_PROC = "mount -t proc proc /proc"
OWN_PIDS = ("--pid", "--fork")


def inside(*command, options=(), setup="true"):
    """Runs a command with mounts, and more, of its own. What it printed."""
    need_root()
    need_tools("unshare")
    probe = subprocess.run(["unshare", "--mount", *options, "true"], capture_output=True, text=True)
    need(probe.returncode == 0, f"cannot unshare: {probe.stderr.strip()}")
    return run("unshare", "--mount", *options, "sh", "-c", f"{setup} && exec {shlex.join(command)}", check=False)


def report(**where):
    return json.loads(inside(BINARY, "--report=1", "--format=json", **where))


def collector(name, **where):
    rows = json.loads(inside(BINARY, "--dump=json", "collector", **where))["netdiagCollectorTable"]
    [row] = [row for row in rows if row["netdiagCollectorName"] == name]
    return row


class Viewpoint(unittest.TestCase):
    def viewpoint(self, **where):
        return json.loads(inside(BINARY, "--dump=json", "agent", **where))["netdiagAgent"]["netdiagAgentViewpoint"]

    def test_namespaces(self):
        need(os.readlink("/proc/self/ns/pid") == "pid:[4026531836]", "the tests run in a container")
        need(os.path.exists("/proc/sys/net/core/netdev_max_backlog"), "the tests run in a network namespace")
        self.assertEqual(self.viewpoint(), "network: host, processes: host")
        self.assertEqual(self.viewpoint(options=["--net"]), "network: own namespace, processes: host")
        self.assertEqual(self.viewpoint(options=OWN_PIDS, setup=OWN_PROC),
                         "network: host, processes: own namespace")
        self.assertEqual(self.viewpoint(options=["--net", *OWN_PIDS], setup=OWN_PROC),
                         "network: own namespace, processes: own namespace")

    def test_without_privileges(self):
        """It is served, logged and reported, whatever the privileges."""
        with Netns("view") as ns, Agent(netns=ns, user=NOBODY) as agent:
            served = agent.get("netdiagAgentViewpoint.0")
            self.assertTrue(served.startswith("network: own namespace, processes: "), served)
            self.assertIn(f"it sees {served}", agent.log())
            data = json.loads(ns.run(BINARY, "--report=1", "--format=json", check=False))
            self.assertEqual(data["viewpoint"], served)
            self.assertEqual(data["host"], os.uname().nodename)
            self.assertRegex(data["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


class Blind(unittest.TestCase):
    def test_masked_interrupts(self):
        """What a runtime masks is no alarm."""
        mask = "mount --bind /dev/null /proc/interrupts"
        irq = collector("irq", setup=mask)
        self.assertEqual(irq["netdiagCollectorStatus"], "unsupported")
        self.assertIn("mask", irq["netdiagCollectorLastError"])
        wrong = [row for row in report(setup=mask)["checks"]
                 if (row["check"], row["instance"]) == ("agent.collector", "irq")]
        self.assertEqual(wrong, [])

    def test_proc_with_processes_only(self):
        where = {"options": OWN_PIDS, "setup": "mount -t proc -o subset=pid proc /proc"}
        need(collector("softnet", **where)["netdiagCollectorStatus"] != "ok", "this kernel has no subset=pid")
        unknown = {row["check"] for row in report(**where)["checks"] if row["state"] == "unknown"}
        self.assertLessEqual({"softnet.dropped", "tcp.listen_overflows", "tcp.memory", "udp.rcvbuf_errors",
                              "conntrack.usage"}, unknown)
        softnet = collector("softnet", **where)
        self.assertEqual(softnet["netdiagCollectorStatus"], "unsupported")
        self.assertIn("subset=pid", softnet["netdiagCollectorLastError"])

    def test_other_containers_are_not_seen(self):
        """In a PID namespace of its own, without the host's /run."""
        where = {"options": OWN_PIDS, "setup": f"{OWN_PROC} && mount -t tmpfs none /run"}
        checks = [row for row in report(**where)["checks"] if row["check"].startswith("netns.")]
        self.assertTrue(checks)
        self.assertEqual({row["state"] for row in checks}, {"unknown"}, checks)
        self.assertIn("hostPID", collector("netns", **where)["netdiagCollectorLastError"])

    def test_limits_of_the_host(self):
        """tcp_mem is in the host's network namespace only."""
        with Netns("blind") as ns:
            data = json.loads(ns.run(BINARY, "--report=1", "--format=json", check=False))
        [memory] = [row for row in data["checks"] if row["check"] == "tcp.memory"]
        self.assertEqual((memory["state"], memory["summary"]), ("unknown", "its limits cannot be seen from here"))


class OneRow(unittest.TestCase):
    def test_a_named_namespace_with_a_process(self):
        """By its name, or by its process where nobody may see that they belong together."""
        with Netns("row") as ns:
            child = ns.start("sleep", "1000")
            try:
                def command():
                    with open(f"/proc/{child.pid}/comm") as comm:
                        return comm.read()

                eventually("it runs there", lambda: command() == "sleep\n")

                def row(**who):
                    [row] = [row for row in dump(**who)["netdiagNetnsTable"]
                             if ns.name == row["netdiagNetnsName"] or row.get("netdiagNetnsPid") == child.pid]
                    return row

                self.assertEqual((row()["netdiagNetnsName"], row()["netdiagNetnsPid"]), (ns.name, child.pid))
                nobody = row(user=NOBODY)
                self.assertEqual(nobody["netdiagNetnsPid"], child.pid)
                self.assertIn("netdiagNetnsListenOverflows", nobody)
            finally:
                stop(child)


if __name__ == "__main__":
    unittest.main()
