# SPDX-License-Identifier: BSD-2-Clause
"""netdiagd --check: each thing that can be wrong between a host, its snmpd and netdiagd is made on
purpose; the check names it with a command, and where it can run here, the command mends it."""

import grp
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

import harness
from harness import BINARY, MIB_DIR, NOBODY, Agent, Mib, Netns, need, need_root, need_tools

USER = pwd.getpwuid(NOBODY).pw_name
GROUP = grp.getgrgid(pwd.getpwuid(NOBODY).pw_gid).gr_name
RESTART = " && systemctl restart snmpd"
BASE = "." + ".".join(map(str, Mib.get().oid["netdiagMIB"]))


class Result:
    """What --check printed: {about: [(finding, text, command)]}."""

    def __init__(self, output, status):
        self.output, self.status = output, status
        self.findings = {}
        last = None
        for line in output.splitlines():
            found = re.match(r"(ok|warning|error) +(\S+) +(.*)$", line)
            if found:
                last = [found.group(1), found.group(3), ""]
                self.findings.setdefault(found.group(2), []).append(last)
            elif line.startswith("  "):
                last[2] = line.strip().removeprefix("# ")

    def only(self, about):
        [finding] = self.findings[about]
        return tuple(finding)


def check(*args, env=None, user=USER, run_as=None, netns=None):
    command = [BINARY, "--check", *args] + (["--as", user] if user else [])
    if run_as is not None:
        command = ["setpriv", f"--reuid={run_as}", f"--regid={run_as}", "--clear-groups", *command]
    if netns:
        command = netns.command(*command)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=harness.PATIENCE_S, env={**os.environ, "MIBDIRS": MIB_DIR, **(env or {})})
    assert "Sanitizer" not in done.stderr, done.stderr
    return Result(done.stdout, done.returncode)


def shell(command):
    """Runs the command of a finding as it is, but for the restart: the tests have no systemd."""
    assert command
    harness.run("sh", "-c", command.removesuffix(RESTART))


class Socket(unittest.TestCase):
    """The way to the AgentX socket of a real snmpd."""

    def setUp(self):
        need_root()
        self.agent = Agent(daemon=False)
        self.addCleanup(self.agent.close)
        self.conf = os.path.join(self.agent.dir, "snmpd.conf")

    def check(self, address=None, **options):
        return check("--agentx", address or self.agent.socket, env={"SNMPCONFPATH": self.agent.dir}, **options)

    def test_all_is_well(self):
        result = self.check()
        self.assertEqual(result.status, 0, result.output)
        self.assertEqual(result.only("user"), ("ok", f"as {USER}, group {GROUP}", ""))
        self.assertEqual(result.only("socket"),
                         ("ok", f"{self.agent.socket}: snmpd pid {self.agent.master.pid} listens", ""))
        self.assertEqual(result.only("snmpd.conf"), ("ok", f"{self.conf}: master agentx", ""))
        self.assertEqual(result.only("view")[0], "ok")
        self.assertEqual(result.only("MIB")[0], "ok")
        self.assertLess({"softnet", "nic", "listener", "netns", "kernel", "viewpoint"}, set(result.findings))
        self.assertTrue(result.output.endswith("netdiagd would run here\n"))

    def test_a_directory_that_may_not_be_entered(self):
        inner = os.path.join(self.agent.dir, "inner")
        os.mkdir(inner, 0o700)
        address = os.path.join(inner, "agentx")
        os.rename(self.agent.socket, address)
        result = self.check(address)
        self.assertEqual(result.status, 1)
        finding, text, command = result.only("socket")
        self.assertEqual((finding, command), ("error", f"chmod o+x {inner}"))
        self.assertIn(f"{USER} may not enter {inner} (mode 0700, root:root)", text)
        shell(command)
        self.assertEqual(self.check(address).only("socket")[0], "ok")

    def test_a_socket_of_root_only(self):
        os.chmod(self.agent.socket, 0o700)
        finding, text, command = self.check().only("socket")
        self.assertEqual((finding, command),
                         ("error", f"echo 'agentXPerms 0660 0755 root {GROUP}' >>{self.conf}{RESTART}"))
        self.assertIn("is for root:root only (mode 0700)", text)
        shell(command)
        self.agent.kill_master(signal.SIGTERM)
        self.agent.start_master()
        self.assertEqual(self.check().only("socket")[0], "ok")

    def test_a_socket_of_another_group(self):
        group = grp.getgrgid(1)
        os.chown(self.agent.socket, 0, group.gr_gid)
        os.chmod(self.agent.socket, 0o660)
        finding, text, command = self.check().only("socket")
        self.assertEqual((finding, command), ("error", f"usermod -a -G {group.gr_name} {USER}"))
        self.assertIn(f"is for the group {group.gr_name}, and {USER} is not in it", text)

    def test_nobody_listens(self):
        self.agent.kill_master(signal.SIGKILL)
        finding, text, command = self.check().only("socket")
        self.assertEqual((finding, command), ("error", "systemctl restart snmpd"))
        self.assertIn("nobody listens", text)
        self.agent.start_master()
        self.assertEqual(self.check().only("socket")[0], "ok")

    def test_somebody_else_listens(self):
        path = os.path.join(self.agent.dir, "other")
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            os.chmod(path, 0o666)
            other.listen()
            finding, text, _ = self.check(path).only("socket")
        self.assertEqual(finding, "warning")
        self.assertIn(f"pid {os.getpid()} listens", text)

    def test_no_socket(self):
        self.assertIn("does not exist", self.check(os.path.join(self.agent.dir, "none")).only("socket")[1])
        text = self.check("/nonexistent/dir/agentx").only("socket")[1]
        self.assertIn("/nonexistent does not exist", text)
        with open(os.path.join(self.agent.dir, "plain"), "w"):
            pass
        self.assertIn("is no socket", self.check(os.path.join(self.agent.dir, "plain")).only("socket")[1])

    def test_a_wrong_configuration(self):
        self.agent.write_config("bogus 1\n")
        result = check("--config", self.agent.config_path, "--agentx", self.agent.socket)
        self.assertEqual(result.status, 1)
        self.assertIn("netdiagd would not start", result.findings["configuration"][0][1])
        self.agent.write_config("interval nic 2s\n")
        os.chmod(self.agent.config_path, 0o600)
        result = check("--config", self.agent.config_path, "--agentx", self.agent.socket)
        finding, text, command = result.only("configuration")
        self.assertEqual((finding, command), ("error", f"chmod 0644 {self.agent.config_path}"))
        shell(command)
        self.assertEqual(check("--config", self.agent.config_path).only("configuration")[0], "ok")

    def test_a_second_instance(self):
        """In a PID namespace of its own, as other tests run netdiagds too."""
        need_tools("unshare")
        script = (f"mount -t proc proc /proc && {BINARY} --agentx {self.agent.socket} 2>/dev/null & "
                  f"sleep 1; {BINARY} --agentx {self.agent.socket} 2>/dev/null & sleep 1; "
                  f"{BINARY} --check --agentx {self.agent.socket} | grep -A1 instances")
        done = subprocess.run(["unshare", "-m", "-p", "-f", "--kill-child", "sh", "-c", script], text=True,
                              stdout=subprocess.PIPE, timeout=harness.PATIENCE_S)
        self.assertRegex(done.stdout, r"^warning +instances +2 netdiagd are running")
        self.assertRegex(done.stdout, r"\n +# kill \d+\n")

    def test_an_instance_of_a_container(self):
        """One in another network namespace has another master: nobody is told to kill it."""
        need_tools("unshare")
        script = (f"mount -t proc proc /proc && unshare -n {BINARY} --agentx {self.agent.socket} 2>/dev/null & "
                  f"sleep 1; {BINARY} --agentx {self.agent.socket} 2>/dev/null & sleep 1; "
                  f"{BINARY} --check --agentx {self.agent.socket} | grep -A1 instances")
        done = subprocess.run(["unshare", "-m", "-p", "-f", "--kill-child", "sh", "-c", script], text=True,
                              stdout=subprocess.PIPE, timeout=harness.PATIENCE_S)
        self.assertRegex(done.stdout, r"^ok +instances +netdiagd is running, pid \d+\n")

    def test_users(self):
        result = self.check(user="no-such-user")
        self.assertEqual(result.status, 1)
        self.assertEqual(result.only("user")[0], "error")
        if "netdiag" not in (user.pw_name for user in pwd.getpwall()):
            self.assertEqual(self.check(user="netdiag").only("user")[2], "useradd --system --user-group netdiag")
        self.assertIn("only root can check", self.check(user="root", run_as=NOBODY).only("user")[1])


class Configuration(unittest.TestCase):
    """snmpd.conf, in a directory of the test's own."""

    def setUp(self):
        need_root()
        self.dir = tempfile.mkdtemp(prefix="netdiag-check-")
        self.addCleanup(shutil.rmtree, self.dir)
        os.chmod(self.dir, 0o755)
        self.conf = os.path.join(self.dir, "snmpd.conf")

    def write(self, text, name="snmpd.conf"):
        path = os.path.join(self.dir, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as out:
            out.write(text)

    def check(self, *args, **options):
        return check(*args, env={"SNMPCONFPATH": self.dir}, **options)

    def mended(self, about, command_of):
        """The finding is a warning; its command, run as it is, makes it ok."""
        [finding] = [one for one in self.check().findings[about] if one[0] == "warning"]
        self.assertEqual(finding[2], command_of + RESTART)
        shell(finding[2])
        return finding[1], [one for one in self.check().findings[about] if one[0] == "warning"]

    def test_no_master(self):
        self.write("rocommunity public\n")
        _, left = self.mended("snmpd.conf", f"echo 'master agentx' >>{self.conf}")
        self.assertEqual(left, [])

    def test_a_view_that_hides_it(self):
        for view, lines in (("systemonly", "rocommunity public default -V systemonly\n"),
                            ("systemview", 'access notConfigGroup "" any noauth exact systemview none none\n')):
            self.write(f"master agentx\nview {view} included .1.3.6.1.2.1.1\n{lines}")
            text, left = self.mended("view", f"echo 'view {view} included {BASE}' >>{self.conf}")
            self.assertIn("sees processes and peers", text)
            self.assertEqual(left, [])

    def test_a_group_that_does_not_exist(self):
        self.write("master agentx\nrocommunity public\nagentXPerms 0660 0755 root no-such-group\n")
        result = self.check()
        self.assertEqual(result.status, 1)
        self.assertEqual(result.only("group")[2], "groupadd --system no-such-group")
        self.write(f"master agentx\nrocommunity public\nagentXPerms 0660 0755 root {GROUP}\n")
        self.assertNotIn("group", self.check().findings)

    def test_a_drop_in_that_is_not_read(self):
        self.write("master agentx\nrocommunity public\n")
        self.write("view systemonly included .1\n", "snmpd.conf.d/netdiag.conf")
        text, left = self.mended("snmpd.conf", f"echo 'includeDir {self.dir}/snmpd.conf.d' >>{self.conf}")
        self.assertIn("snmpd.conf.d/netdiag.conf is not read", text)
        self.assertEqual(left, [])

    def test_no_sink(self):
        self.write("master agentx\nrocommunity public\n")
        finding, _, command = self.check().only("notifications")
        self.assertEqual((finding, command),
                         ("warning", f"echo 'trap2sink RECEIVER COMMUNITY' >>{self.conf}{RESTART}"))
        self.write("master agentx\nrocommunity public\ninformsink 192.0.2.1 public\n")
        self.assertEqual(self.check().only("notifications")[0], "ok")

    def test_another_socket(self):
        self.write("master agentx\nrocommunity public\nagentXSocket unix:/run/elsewhere,tcp:localhost:705\n")
        [finding] = [one for one in self.check("--agentx", "/run/agentx").findings["snmpd.conf"]
                     if one[0] == "warning"]
        self.assertIn("echo 'agentXSocket unix:/run/elsewhere' >>", finding[2])
        self.assertEqual(len(self.check("--agentx", "/run/elsewhere").findings["snmpd.conf"]), 1)
        self.assertEqual(len(self.check("--agentx", "tcp:localhost:705").findings["snmpd.conf"]), 1)

    def test_unreadable(self):
        """What the one who asks may not read, it does not guess."""
        self.write("master agentx\n")
        os.chmod(self.conf, 0o600)
        result = self.check(user=None, run_as=NOBODY)
        self.assertEqual(result.only("snmpd.conf")[0], "warning")
        self.assertEqual(result.only("snmpd.conf")[2], "sudo netdiagd --check")
        self.assertEqual(result.only("snmpd")[2], "netdiagd --check --community COMMUNITY")
        self.assertNotIn("view", result.findings)

    def test_mib(self):
        nowhere = os.path.join(self.dir, "mibs")
        os.mkdir(nowhere)
        finding, text, command = check(env={"MIBDIRS": nowhere}).only("MIB")
        self.assertEqual(finding, "warning")
        self.assertIn(f"they look in {nowhere}", text)
        self.assertRegex(command, r"^install -D -m 0644 /\S+/NETDIAG-MIB.txt /usr/share/snmp/mibs/NETDIAG-MIB.txt$")
        with open(os.path.join(MIB_DIR, "NETDIAG-MIB.txt")) as mib:
            text = mib.read()
        last = BASE.rsplit(".", 1)[1]
        with open(os.path.join(nowhere, "NETDIAG-MIB.txt"), "w") as out:
            out.write(text.replace(f" {last} }}", " 1 }"))
        self.assertIn("find another NETDIAG-MIB", check(env={"MIBDIRS": nowhere}).only("MIB")[1])


class Asked(unittest.TestCase):
    """What snmpd says when it is asked, in a network namespace in which it listens at localhost."""

    def ask(self, *args, view):
        with Netns("ask") as ns:
            config = ("agentAddress udp:127.0.0.1:161\nview some included .1.3.6.1.2.1.1\n"
                      f"view some included {view}\nrocommunity known default -V some\n")
            with Agent(netns=ns, snmpd_config=config) as agent:
                return check("--agentx", agent.socket, *args, netns=ns, env={"SNMPCONFPATH": agent.dir})

    def test_shown(self):
        finding, text, _ = self.ask("--community", "known", view=BASE).only("snmpd")
        self.assertEqual(finding, "ok")
        self.assertIn("shows NETDIAG-MIB, version ", text)

    def test_hidden(self):
        finding, text, _ = self.ask("--community", "known", view=".1.3.6.1.2.1.25").only("snmpd")
        self.assertEqual(finding, "warning")
        self.assertIn("its view hides it", text)

    def test_wrong_community(self):
        finding, text, _ = self.ask("--community", "unknown", view=BASE).only("snmpd")
        self.assertEqual(finding, "warning")
        self.assertIn("does not answer", text)


class Host(unittest.TestCase):
    def inside(self, *options, setup="true"):
        need_root()
        need_tools("unshare")
        done = subprocess.run(["unshare", "--mount", *options, "sh", "-c", f"{setup} && {BINARY} --check --as {USER}"],
                              stdout=subprocess.PIPE, text=True, timeout=harness.PATIENCE_S)
        return Result(done.stdout, done.returncode)

    def test_a_container(self):
        result = self.inside("--net", "--pid", "--fork", setup="mount -t proc proc /proc")
        self.assertEqual(result.only("viewpoint")[0], "warning")
        self.assertIn("hostNetwork and hostPID", result.only("viewpoint")[1])

    def test_hidden_processes(self):
        result = self.inside(setup="mount -t proc -o hidepid=2 proc /proc")
        self.assertEqual(result.only("/proc")[2], "mount -o remount,hidepid=0 /proc")

    def test_processes_only(self):
        result = self.inside("--pid", "--fork", setup="mount -t proc -o subset=pid proc /proc")
        need("/proc" in result.findings, "this kernel has no subset=pid")
        self.assertIn("subset=pid", result.only("/proc")[1])
        self.assertEqual(result.only("softnet")[0], "warning")

    def test_options(self):
        for args in (("--as", "root"), ("--community", "public"), ("--dump", "--as", "root")):
            done = subprocess.run([BINARY, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
            self.assertEqual(done.returncode, 64, args)


if __name__ == "__main__":
    unittest.main()
