# SPDX-License-Identifier: BSD-2-Clause
"""Zabbix 6.0 from its packages, with a database of its own: the template is imported, discovers, and
opens and closes problems as netdiagd's checks say."""

import json
import os
import re
import shutil
import subprocess
import time
import unittest
import urllib.parse
import urllib.request

from platform_tools import NMS, TRIXIE, Host, installed, packages
from harness import MIB_DIR, eventually, run
from watched import Application, fast, load, short
from test_faults import connector

DATABASE, SERVER, WEB = 5432, 10051, 8080
NAMES = ("zabbix-server-pgsql", "zabbix-frontend-php", "postgresql-15", "php8.2-cli", "php8.2-pgsql", "php8.2-xml",
         "php8.2-mbstring", "php8.2-gd", "php8.2-bcmath")
# In the order in which they need each other.
EXTENSIONS = ("ctype", "dom", "xml", "xmlreader", "xmlwriter", "simplexml", "mbstring", "bcmath", "gd", "gettext",
              "pgsql", "sockets", "posix", "tokenizer", "fileinfo", "iconv")


TRAPS = "127.0.0.1:1162"
# Of the problems those of checks: by default there are no others.
PROBLEMS = "zabbix.php?action=problem.view&show_timeline=0&show_tags=3&tag_priority=check,instance&sort=clock&sortorder=DESC" \
    "&tags[0][tag]=check&tags[0][operator]=4&tags[0][value]="
# A test does not wait for minutes.
QUICK = {'"delay": "1m"': '"delay": "10s"', '"delay": "2m"': '"delay": "10s"', ",5m)": ",30s)", ",10m)": ",60s)"}


class FrontEnd:
    """A database with Zabbix' schema, and the front end's API over it."""

    @classmethod
    def setUpClass(cls):
        cls.root = packages(*NAMES)
        cls.zabbix = cls.zabbix_root()
        config = short("listener.queue", "listener.drops", "tcp.listen_overflows") + fast("listener", "counters", interval="1s")
        cls.host = Host(config + "collector netns off\n", label="zabbix")
        cls.addClassCleanup(cls.host.close)
        cls.env = {**os.environ, "LD_LIBRARY_PATH": os.path.join(cls.root, "usr/lib/x86_64-linux-gnu")}
        cls.token = None
        cls.start_database()
        cls.start_server()
        cls.start_web()

    @classmethod
    def zabbix_root(cls):
        return cls.root

    @classmethod
    def start_server(cls):
        pass

    @classmethod
    def start_database(cls):
        host, lib = cls.host, os.path.join(cls.root, "usr/lib/postgresql/15")
        data = os.path.join(host.dir, "data")
        os.chmod(host.dir, 0o755)
        os.mkdir(data)
        shutil.chown(data, 65534, 65534)
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        share = ["-L", os.path.join(cls.root, "usr/share/postgresql/15")]
        run(*nobody, f"{lib}/bin/initdb", *share, "-U", "zabbix", "-A", "trust", "-N", "-E", "UTF8", "--locale=C", "-D", data, env=cls.env)
        host.start("postgres", *installed([cls.root], *nobody, f"{lib}/bin/postgres", "-D", data, "-k", data, "-h", "",
                                          "-p", str(DATABASE), "-F"), env=cls.env)
        cls.psql = [f"{lib}/bin/psql", "-q", "-h", data, "-p", str(DATABASE), "-U", "zabbix"]
        eventually("the database answers", lambda: subprocess.run(
            [*cls.psql, "-c", "select 1", "postgres"], env=cls.env, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL).returncode == 0, timeout=60)
        run(*cls.psql, "-c", "create database zabbix", "postgres", env=cls.env)
        for name in ("schema", "images", "data"):
            path = os.path.join(cls.zabbix, "usr/share/zabbix-server-pgsql", name + ".sql.gz")
            run("sh", "-c", 'zcat "$0" | "$@" >/dev/null', path, *cls.psql, "zabbix", env=cls.env, timeout=120)
        cls.data = data

    @classmethod
    def start_web(cls):
        host = cls.host
        os.makedirs(os.path.join(host.dir, "etc", "zabbix"))
        host.write("etc/zabbix/zabbix.conf.php",
                   f"<?php $DB = ['TYPE' => 'POSTGRESQL', 'SERVER' => '{cls.data}', 'PORT' => '{DATABASE}', "
                   "'DATABASE' => 'zabbix', 'USER' => 'zabbix', 'PASSWORD' => '', 'SCHEMA' => ''];\n"
                   f"$ZBX_SERVER = '127.0.0.1'; $ZBX_SERVER_PORT = '{SERVER}'; $ZBX_SERVER_NAME = 'test';\n"
                   "$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;\n")
        if os.environ.get("NETDIAG_SCREENSHOTS"):
            # Each page would begin with a complaint about the language.
            os.makedirs(os.path.join(host.dir, "locale"))
            run("localedef", "-i", "en_US", "-f", "UTF-8", os.path.join(host.dir, "locale", "en_US.UTF-8"),
                env={**os.environ, "I18NPATH": os.path.join(packages("locales"), "usr/share/i18n")})
        options = [option for name in EXTENSIONS for option in ("-d", f"extension={name}.so")]
        host.start("php", *installed(
            [host.dir, cls.root], os.path.join(cls.root, "usr/bin/php8.2"), "-n", *options,
            "-d", "post_max_size=32M", "-d", "max_execution_time=300", "-d", "memory_limit=256M",
            "-S", f"127.0.0.1:{WEB}", "-t", os.path.join(cls.zabbix, "usr/share/zabbix")),
            env={**cls.env, "LOCPATH": os.path.join(host.dir, "locale")})
        eventually("the front end answers", lambda: host.answers(WEB, "/index.php"), timeout=60)
        cls.token = cls.api("user.login", username="Admin", password="zabbix")

    @classmethod
    def api(cls, method, params=None, **more):
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params if params is not None else more,
                    "auth": cls.token}
        request = urllib.request.Request(f"http://127.0.0.1:{WEB}/api_jsonrpc.php", json.dumps(question).encode(),
                                         {"Content-Type": "application/json-rpc"})
        with cls.host.netns.entered(), urllib.request.urlopen(request, timeout=120) as answer:
            text = answer.read().decode()
        assert text.startswith("{"), text[-500:]
        found = json.loads(text)
        assert "result" in found, str(found)[-500:]
        return found["result"]

    def import_template(self):
        with open(os.path.join(NMS, "zabbix", "netdiag.json")) as text:
            source = text.read()
        for slow, quick in QUICK.items():
            self.assertIn(slow, source)
            source = source.replace(slow, quick)
        groups = "template_groups" if self.api_version() >= 7 else "groups"
        rules = {kind: {"createMissing": True, "updateExisting": True} for kind in (
            groups, "templates", "items", "discoveryRules", "triggers", "valueMaps")}
        rules["templateLinkage"] = {"createMissing": True}
        self.assertTrue(self.api("configuration.import", format="json", rules=rules, source=source))
        [template] = self.api("template.get", filter={"host": "netdiag by SNMP"})
        return template["templateid"]

    def api_version(self):
        token, type(self).token = self.token, None
        try:
            return int(self.api("apiinfo.version", []).split(".")[0])
        finally:
            type(self).token = token


class Zabbix7(FrontEnd, unittest.TestCase):
    """The front end of Zabbix 7.0 takes the same file."""

    @classmethod
    def zabbix_root(cls):
        return packages("zabbix-frontend-php", "zabbix-server-pgsql", suite=TRIXIE)

    def test_import(self):
        self.assertEqual(self.api_version(), 7)
        templateid = self.import_template()
        with open(os.path.join(NMS, "zabbix", "netdiag.json")) as text:
            [template] = json.load(text)["zabbix_export"]["templates"]
        for method, what in (("item.get", "items"), ("discoveryrule.get", "discovery_rules"), ("valuemap.get", "valuemaps")):
            key = "hostids" if what == "valuemaps" else "templateids"
            self.assertEqual(int(self.api(method, **{key: [templateid]}, countOutput=True)), len(template[what]), what)


class Zabbix(FrontEnd, unittest.TestCase):
    takes_s = 300

    @classmethod
    def start_server(cls):
        host = cls.host
        path = host.write("zabbix_server.conf", "\n".join((
            f"DBHost={cls.data}", "DBName=zabbix", "DBUser=zabbix", f"DBPort={DATABASE}", f"ListenPort={SERVER}",
            "ListenIP=127.0.0.1", f"LogFile={host.dir}/server.txt", f"PidFile={host.dir}/server.pid", f"SocketDir={host.dir}",
            "AllowRoot=1", "CacheUpdateFrequency=5", "StartPingers=0", "StartDiscoverers=0", "StartHTTPPollers=0",
            f"SNMPTrapperFile={host.dir}/traps.txt", "StartSNMPTrapper=1", "StartPollers=3",
            "StartPollersUnreachable=1", "StartLLDProcessors=1")) + "\n")
        host.write("traps.txt", "")
        host.start("server", os.path.join(cls.root, "usr/sbin/zabbix_server"), "-f", "-c", path, env=cls.env)

    def create_host(self):
        groups = self.api("hostgroup.get", filter={"name": "Linux servers"})
        host, port = self.host.SNMP.split(":")
        [self.hostid] = self.api("host.create", host="web", groups=[{"groupid": groups[0]["groupid"]}],
                             templates=[{"templateid": self.import_template()}],
                             interfaces=[{"type": 2, "main": 1, "useip": 1, "ip": host, "dns": "", "port": port,
                                          "details": {"version": 2, "community": "public"}}])["hostids"]
        return self.hostid

    def problems(self):
        """{name: problem} of those of the host that are open."""
        return {one["name"]: one for one in self.api("problem.get", hostids=[self.hostid], output="extend", selectTags="extend")}

    def problem(self, *words, tag="check"):
        """The name of the open problem that has one of the words, and this tag."""
        return next((name for name, one in self.problems().items() if any(word in name for word in words)
                     and any(each["tag"] == tag for each in one["tags"])), None)

    def items(self, hostid, **conditions):
        return self.api("item.get", hostids=[hostid], output=["key_", "state", "snmp_oid", "lastvalue", "name", "status"],
                        **conditions)

    def cells(self):
        """The OIDs of a live walk."""
        base = re.search(r'"snmp_oid": "(\.[\d.]+?)\.1\.1\.', self.template_text()).group(1)
        walked = subprocess.run(self.host.netns.command(
            "snmpbulkwalk", "-OnQ", "-Cc", "-v2c", "-c", "public", self.host.SNMP, base), text=True, stdout=subprocess.PIPE)
        return {line.split(" ", 1)[0] for line in walked.stdout.splitlines()}

    @staticmethod
    def template_text():
        with open(os.path.join(NMS, "zabbix", "netdiag.json")) as text:
            return text.read()

    def only_absent_cells(self, hostid):
        """An item is without a value where the MIB has no such cell, and nowhere else."""
        polled = {item["snmp_oid"]: item["state"] for item in self.items(hostid) if item["snmp_oid"].startswith(".")}
        self.assertTrue(polled)
        unsupported = {oid for oid, state in polled.items() if state != "0"}
        self.assertEqual(unsupported, set(polled) - self.cells())
        return unsupported

    def screenshot(self, name):
        """What a user sees, into the directory NETDIAG_SCREENSHOTS."""
        directory = os.environ.get("NETDIAG_SCREENSHOTS")
        if not directory:
            return
        root = packages("chromium", "chromium-common", "fonts-dejavu-core")
        # The layout kiosk shows the problems without a filter above them.
        run(*self.psql, "-c", "insert into profiles (profileid, userid, idx, value_int, type) "
            "values (999999, 1, 'web.layout.mode', 1, 2)", "zabbix", env=self.env)
        url = f"http://127.0.0.1:{WEB}/index.php?" + urllib.parse.urlencode(
            {"name": "Admin", "password": "zabbix", "enter": "Sign in", "request": PROBLEMS})
        path = os.path.join(os.path.abspath(directory), name)
        subprocess.run(self.host.netns.command(*installed(
            [root], "/usr/lib/chromium/chromium", "--headless", "--no-sandbox", "--disable-gpu",
            f"--user-data-dir={self.host.dir}/chromium", "--window-size=1400,200", "--hide-scrollbars",
            "--virtual-time-budget=5000", f"--screenshot={path}", url)),
            env={**os.environ, "HOME": self.host.dir}, timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        print(f"{path}: {os.path.getsize(path)} bytes")

    def receive_traps(self, hostid):
        """snmptrapd with the traphandle, and the item and trigger for notifications enabled."""
        handler = os.path.join(NMS, "zabbix", "netdiag-traphandle.sh")
        config = self.host.write("snmptrapd.conf", f"disableAuthorization yes\ntraphandle default {handler} {self.host.dir}/traps.txt\n")
        self.host.start("snmptrapd", "snmptrapd", "-C", "-c", config, "-f", "-M", MIB_DIR, "-m", "NETDIAG-MIB", "-Lf",
                        self.host.dir + "/trapd.log", "-p", self.host.dir + "/trapd.pid", f"udp:{TRAPS}",
                        env={**os.environ, "SNMP_PERSISTENT_DIR": self.host.dir})
        [item] = [item for item in self.items(hostid) if item["key_"].startswith("snmptrap[")]
        self.assertEqual(item["status"], "1")
        [trigger] = self.api("trigger.get", hostids=[hostid], search={"description": "was notified"})
        self.assertEqual(trigger["status"], "1")
        self.api("item.update", itemid=item["itemid"], status=0)
        self.api("trigger.update", triggerid=trigger["triggerid"], status=0)
        self.host.agent.kill_master()
        self.host.agent._write_snmpd_config(f"agentAddress udp:{self.host.SNMP}\nrocommunity public 127.0.0.1\ntrap2sink {TRAPS} public\n")
        self.host.agent.start_master()

    def test_end_to_end(self):
        hostid = self.create_host()
        began = time.monotonic()
        self.receive_traps(hostid)
        eventually("there are values", lambda: any(
            item["key_"] == "netdiag.AgentSummary" and item["lastvalue"] for item in self.items(hostid)), timeout=120)
        print(f"first values after {time.monotonic() - began:.0f} s")
        with Application(self.host.netns, "shop", "listen", "127.0.0.1", 16) as shop:
            eventually("the checks are discovered", lambda: any(
                item["key_"].startswith("netdiag.CheckState[") for item in self.items(hostid)), timeout=120)
            # The host has no interface but lo, which is filtered out.
            self.assertFalse([item["name"] for item in self.items(hostid) if item["name"].startswith("lo:")])
            eventually("items without a value are those without a cell", lambda: [self.only_absent_cells(hostid)], timeout=120, every=3)
            began = time.monotonic()
            with load(self.host.netns, connector(("127.0.0.1", shop.port)), pause=0.02):
                name = eventually("there is a problem", lambda: self.problem("accept queue", "connections/s lost"), timeout=120)
                print(f"from the fault to the problem: {time.monotonic() - began:.0f} s at intervals of 10 s: {name}")
                self.assertRegex(name, r"\d")
                name = eventually("and one by a notification", lambda: self.problem(
                    "accept queue", "connections/s lost", tag="alarm"), timeout=60)
                # This netdiagd keeps no state: after its end it knows nothing of that alarm any more.
                notified = self.problems()[name]["eventid"]
                self.screenshot("zabbix-problems.png")
                before = {name for name, one in self.problems().items() if any(each["tag"] == "check" for each in one["tags"])}
                self.host.agent.stop_daemon()
                began = time.monotonic()
                while "netdiagd does not answer" not in (now := self.problems()):
                    self.assertLessEqual(before, set(now))
                    self.assertLess(time.monotonic() - began, 240, "netdiagd is missed")
                    time.sleep(1)
                print(f"from netdiagd's end to the problem: {time.monotonic() - began:.0f} s with nodata after 30 s")
                self.host.agent.start_daemon()
                eventually("it is back", lambda: "netdiagd does not answer" not in self.problems(), timeout=120)
                shop.work()
        eventually("all problems are closed", lambda: {one["eventid"] for one in self.problems().values()} == {notified}, timeout=240)
        rules = self.api("discoveryrule.get", hostids=[hostid], output=["name", "error", "state"])
        self.assertEqual([(rule["name"], rule["error"]) for rule in rules if rule["state"] != "0"], [])


if __name__ == "__main__":
    unittest.main()
