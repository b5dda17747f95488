# SPDX-License-Identifier: BSD-2-Clause
"""Zabbix 6.0 from its packages, with a database of its own: the template is imported, discovers, and
opens and closes problems as netdiagd's checks say."""

import json
import os
import shutil
import subprocess
import time
import unittest
import urllib.request

from platform_tools import NMS, Host, installed, packages
from harness import eventually, run
from watched import Application, fast, load, short
from test_faults import connector

DATABASE, SERVER, WEB = 5432, 10051, 8080
NAMES = ("zabbix-server-pgsql", "zabbix-frontend-php", "postgresql-15", "php8.2-cli", "php8.2-pgsql", "php8.2-xml",
         "php8.2-mbstring", "php8.2-gd", "php8.2-bcmath")
# In the order in which they need each other.
EXTENSIONS = ("ctype", "dom", "xml", "xmlreader", "xmlwriter", "simplexml", "mbstring", "bcmath", "gd", "gettext",
              "pgsql", "sockets", "posix", "tokenizer", "fileinfo", "iconv")


class Zabbix(unittest.TestCase):
    takes_s = 240

    @classmethod
    def setUpClass(cls):
        cls.root = packages(*NAMES)
        config = short("listener.queue", "listener.drops", "tcp.listen_overflows") + fast("listener", "counters", interval="1s")
        cls.host = Host(config + "collector netns off\n", label="zabbix")
        cls.addClassCleanup(cls.host.close)
        cls.env = {**os.environ, "LD_LIBRARY_PATH": os.path.join(cls.root, "usr/lib/x86_64-linux-gnu")}
        cls.token = None
        cls.start_database()
        cls.start_server()
        cls.start_web()

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
            path = os.path.join(cls.root, "usr/share/zabbix-server-pgsql", name + ".sql.gz")
            run("sh", "-c", 'zcat "$0" | "$@" >/dev/null', path, *cls.psql, "zabbix", env=cls.env, timeout=120)
        cls.data = data

    @classmethod
    def start_server(cls):
        host = cls.host
        path = host.write("zabbix_server.conf", "\n".join((
            f"DBHost={cls.data}", "DBName=zabbix", "DBUser=zabbix", f"DBPort={DATABASE}", f"ListenPort={SERVER}",
            "ListenIP=127.0.0.1", f"LogFile={host.dir}/server.txt", f"PidFile={host.dir}/server.pid", f"SocketDir={host.dir}",
            "AllowRoot=1", "CacheUpdateFrequency=5", "StartPingers=0", "StartDiscoverers=0", "StartHTTPPollers=0",
            "StartPollers=3", "StartPollersUnreachable=1", "StartLLDProcessors=1")) + "\n")
        host.start("server", os.path.join(cls.root, "usr/sbin/zabbix_server"), "-f", "-c", path, env=cls.env)

    @classmethod
    def start_web(cls):
        host = cls.host
        os.makedirs(os.path.join(host.dir, "etc", "zabbix"))
        host.write("etc/zabbix/zabbix.conf.php",
                   f"<?php $DB = ['TYPE' => 'POSTGRESQL', 'SERVER' => '{cls.data}', 'PORT' => '{DATABASE}', "
                   "'DATABASE' => 'zabbix', 'USER' => 'zabbix', 'PASSWORD' => '', 'SCHEMA' => ''];\n"
                   f"$ZBX_SERVER = '127.0.0.1'; $ZBX_SERVER_PORT = '{SERVER}'; $ZBX_SERVER_NAME = 'test';\n"
                   "$IMAGE_FORMAT_DEFAULT = IMAGE_FORMAT_PNG;\n")
        options = [option for name in EXTENSIONS for option in ("-d", f"extension={name}.so")]
        host.start("php", *installed(
            [host.dir, cls.root], os.path.join(cls.root, "usr/bin/php8.2"), "-n", *options,
            "-d", "post_max_size=32M", "-d", "max_execution_time=300", "-d", "memory_limit=256M",
            "-S", f"127.0.0.1:{WEB}", "-t", "/usr/share/zabbix"), env=cls.env)
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
            rules = {kind: {"createMissing": True, "updateExisting": True} for kind in (
                "groups", "templates", "items", "discoveryRules", "triggers", "valueMaps")}
            rules["templateLinkage"] = {"createMissing": True}
            # What this host has is asked for at once, not within minutes.
            source = text.read().replace('"delay": "1m"', '"delay": "10s"').replace('"delay": "2m"', '"delay": "10s"')
            self.assertTrue(self.api("configuration.import", format="json", rules=rules, source=source))
        [template] = self.api("template.get", filter={"host": "netdiag by SNMP"})
        groups = self.api("hostgroup.get", filter={"name": "Linux servers"})
        host, port = self.host.SNMP.split(":")
        [created] = self.api("host.create", host="tested", groups=[{"groupid": groups[0]["groupid"]}],
                             templates=[{"templateid": template["templateid"]}],
                             interfaces=[{"type": 2, "main": 1, "useip": 1, "ip": host, "dns": "", "port": port,
                                          "details": {"version": 2, "community": "public"}}])["hostids"]
        return created

    def problems(self):
        return {one["name"]: one for one in self.api("problem.get", output="extend", selectTags="extend")}

    def items(self, hostid, **conditions):
        return self.api("item.get", hostids=[hostid], output=["key_", "state", "error", "lastvalue", "name"], **conditions)

    def test_end_to_end(self):
        hostid = self.import_template()
        began = time.monotonic()
        eventually("there are values", lambda: any(
            item["key_"] == "netdiag.AgentSummary" and item["lastvalue"] for item in self.items(hostid)), timeout=120)
        print(f"first values after {time.monotonic() - began:.0f} s")
        with Application(self.host.netns, "shop", "listen", "127.0.0.1", 16) as shop:
            eventually("the checks are discovered", lambda: any(
                item["key_"].startswith("netdiag.CheckState[") for item in self.items(hostid)), timeout=120)
            began = time.monotonic()
            with load(self.host.netns, connector(("127.0.0.1", shop.port)), pause=0.02):
                name, _ = eventually("there is a problem", lambda: next(
                    ((name, one) for name, one in self.problems().items() if "accept queue" in name
                     or "connections/s lost" in name), None), timeout=120)
                print(f"from the fault to the problem: {time.monotonic() - began:.0f} s at intervals of 10 s: {name}")
            shop.work()
        eventually("the problem is closed", lambda: not self.problems(), timeout=300)
        rules = self.api("discoveryrule.get", hostids=[hostid], output=["name", "error", "state"])
        self.assertEqual([(rule["name"], rule["error"]) for rule in rules if rule["state"] != "0"], [])
        print("unsupported:", sorted(item["key_"] for item in self.items(hostid) if item["state"] != "0"))
        self.host.agent.stop_daemon()
        eventually("netdiagd is missed", lambda: "netdiagd does not answer" in self.problems(), timeout=420)


if __name__ == "__main__":
    unittest.main()
