# SPDX-License-Identifier: BSD-2-Clause
"""check_snmp, Icinga 2 and snmptt from their packages, with a real fault."""

import os
import re
import shlex
import subprocess
import time
import unittest

from platform_tools import NMS, Host, installed, packages
from harness import MIB_DIR, eventually
from watched import Application, fast, load, short
from test_faults import connector

CONFIG = short("listener.queue", "listener.drops", "tcp.listen_overflows") + fast("listener", "counters", interval="1s") \
    + "collector netns off\n"
TRAPS = "127.0.0.1:1162"


class Fault:
    """A listener that does not accept, until it is told to."""

    def __init__(self, host):
        self.host = host

    def __enter__(self):
        self.shop = Application(self.host.netns, "shop", "listen", "127.0.0.1", 16)
        self.load = load(self.host.netns, connector(("127.0.0.1", self.shop.port)), pause=0.02)
        self.load.__enter__()
        return self

    def __exit__(self, *exc):
        self.load.__exit__(*exc)
        self.shop.work()
        self.shop.__exit__(*exc)


class CheckSnmp(unittest.TestCase):
    def test_health(self):
        root = packages("monitoring-plugins-standard", "monitoring-plugins-basic")
        with open(os.path.join(NMS, "nagios", "netdiag.cfg")) as text:
            line = re.search(r"command_line\s+\$USER1\$/(check_snmp .*)", text.read()).group(1)
        with Host(CONFIG) as host:
            address, port = host.SNMP.split(":")
            words = shlex.split(line.replace("$HOSTADDRESS$", address).replace("$ARG1$", "public"))
            words[0] = os.path.join(root, "usr/lib/nagios/plugins/check_snmp")

            def check():
                done = subprocess.run(host.netns.command(*installed([root], *words, "-p", port)), text=True,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                return done.returncode, done.stdout

            status, text = eventually("all is well", lambda: (lambda now: now[0] == 0 and now)(check()), timeout=60)
            self.assertIn("ok", text)
            with Fault(host):
                began = time.monotonic()
                status, text = eventually("it is critical", lambda: (lambda now: now[0] == 2 and now)(check()), timeout=60)
                print(f"from the fault to check_snmp: {time.monotonic() - began:.0f} s")
                self.assertRegex(text, "accept queue|connections/s")
            eventually("all is well again", lambda: check()[0] == 0, timeout=120)


class Icinga(unittest.TestCase):
    """The configuration as it stands, with the few objects around it that each Icinga has."""

    def setUp(self):
        self.root = packages("icinga2-bin", "icinga2-common", "monitoring-plugins-standard", "monitoring-plugins-basic")
        self.host = Host(CONFIG)
        self.addCleanup(self.host.close)
        with open(os.path.join(NMS, "icinga2", "netdiag.conf")) as text:
            self.objects = text.read()
        os.makedirs(os.path.join(self.host.dir, "etc"), exist_ok=True)

    def command(self, objects, *words):
        self.path = self.host.write("icinga2.conf", f"""const PluginDir = "/usr/lib/nagios/plugins"
include <itl>
include <plugins>
object CheckerComponent "checker" {{ }}
object StatusDataWriter "status" {{
  status_path = "{self.host.dir}/status.dat"
  objects_path = "{self.host.dir}/objects.cache"
  update_interval = 1s
}}
template Service "generic-service" {{ max_check_attempts = 3 }}
object Host "tested" {{
  check_command = "dummy"
  address = "127.0.0.1"
  vars.netdiag = true
  vars.netdiag_port = {self.host.SNMP.split(":")[1]}
}}
{objects}""")
        at = {name: self.host.dir for name in ("DataDir", "CacheDir", "InitRunDir", "LogDir", "SpoolDir")}
        at.update(RunAsUser="root", RunAsGroup="root", IncludeConfDir=self.root + "/usr/share/icinga2/include")
        return installed([self.root], "sh", "-c", f'exec {self.root}/usr/lib/*/icinga2/sbin/icinga2 "$@"', "icinga2",
                         "--no-stack-rlimit", "daemon", *words, "-c", self.path,
                         *(f"-D{name}={value}" for name, value in at.items()))

    def test_configuration(self):
        done = subprocess.run(self.command(self.objects, "-C"), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout[-1000:])
        self.assertIn("1 Service", done.stdout)

    def service(self):
        """(state, output) of the service as the daemon has it; the output is empty before it is checked."""
        if not os.path.exists(self.host.dir + "/status.dat"):
            return None, ""
        with open(self.host.dir + "/status.dat") as text:
            found = re.search(r"^servicestatus \{.*?current_state=(\d).*?^\s*plugin_output=(.*?)$", text.read(), re.M | re.S)
        return (int(found[1]), found[2]) if found else (None, "")

    def test_a_fault(self):
        objects = self.objects.replace("check_interval = 1m", "check_interval = 2s").replace("retry_interval = 15s", "retry_interval = 1s")
        self.assertEqual(objects.count("_interval = 1m") + objects.count("= 15s"), 0)
        self.host.start("icinga2", *self.command(objects))
        eventually("all is well", lambda: self.assertEqual(self.service()[0], 0) or True, timeout=60)
        with Fault(self.host):
            began = time.monotonic()
            _, text = eventually("it is critical", lambda: (lambda now: now[0] == 2 and now)(self.service()), timeout=60)
            took = time.monotonic() - began
            print(f"from the fault to Icinga: {took:.0f} s at intervals of 2 s: {text}")
            self.assertLess(took, 22)
            self.assertRegex(text, "accept queue|connections/s")
        eventually("all is well again", lambda: self.service()[0] == 0, timeout=120)


class Snmptt(unittest.TestCase):
    """snmptrapd hands notifications to snmptt, with and without the MIB: its log has one line for each, with
    its severity and text."""

    def check(self, mibs):
        root = packages("snmptt", "libnet-ip-perl", "libconfig-inifiles-perl")
        with Host(CONFIG) as host:
            ini = host.write("snmptt.ini", f"""
[General]
mode = standalone
dns_enable = 0
net_snmp_perl_enable = 0
[Logging]
log_enable = 1
log_file = {host.dir}/snmptt.log
unknown_trap_log_enable = 1
unknown_trap_log_file = {host.dir}/unknown.log
syslog_enable = 0
[TrapFiles]
snmptt_conf_files = <<END
{os.path.join(NMS, "snmptt", "netdiag.snmptt.conf")}
END
""")
            handler = host.write("handler", f'#!/bin/sh\nPERL5LIB={root}/usr/share/perl5 exec perl {root}/usr/sbin/snmptt --ini={ini}\n')
            os.chmod(handler, 0o755)
            config = host.write("snmptrapd.conf", f"disableAuthorization yes\ntraphandle default {handler}\n")
            host.start("snmptrapd", "snmptrapd", "-C", "-c", config, "-f", "-On", "-M", MIB_DIR, "-m", mibs, "-Lf", host.dir + "/trapd.log",
                       "-p", host.dir + "/trapd.pid", f"udp:{TRAPS}", env={**os.environ, "SNMP_PERSISTENT_DIR": host.dir})
            host.agent.kill_master()
            host.agent._write_snmpd_config(f"agentAddress udp:{host.SNMP}\ntrap2sink {TRAPS} public\n")
            host.agent.start_master()

            def logged(*words):
                path = os.path.join(host.dir, "snmptt.log")
                if not os.path.exists(path):
                    return None
                with open(path, errors="replace") as text:
                    return next((line for line in text if all(word in line for word in words)), None)

            eventually("the beginning is logged", lambda: logged("netdiagd began", "Normal"), timeout=90)
            with Fault(host):
                began = time.monotonic()
                line = eventually("the raise is logged", lambda: logged("CRITICAL", "advice: "), timeout=60)
                print(f"from the fault to snmptt's log: {time.monotonic() - began:.0f} s")
                self.assertRegex(line, "accept queue|connections/s")
            eventually("the end is logged", lambda: logged("Normal", "over after"), timeout=120)
            with open(host.dir + "/unknown.log") as text:  # snmpd's own notifications
                self.assertNotIn("9999.2718", text.read())

    def test_with_the_mib(self):
        self.check("NETDIAG-MIB")

    def test_without_it(self):
        self.check("")


if __name__ == "__main__":
    unittest.main()
