# SPDX-License-Identifier: BSD-2-Clause
"""configure names the packages of missing libraries, refuses wrong options, and --with-base-oid changes
the MIB, the program and the installed files alike."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import test_mib
from harness import SRC, need, need_tools, run

CONFIGURE = os.path.join(SRC, "configure")
OTHER_OID = "1.3.6.1.4.1.99999.4294967295"


class Configure(unittest.TestCase):
    takes_s = 60

    def setUp(self):
        need(os.access(CONFIGURE, os.X_OK), "needs a configure script (autoreconf -i)")
        need(not os.path.exists(os.path.join(SRC, "config.status")), "the source is configured in place")
        self.dir = tempfile.mkdtemp(prefix="netdiag-configure-")
        self.addCleanup(shutil.rmtree, self.dir)

    def configure(self, *arguments, **environment):
        """(status, output)"""
        done = subprocess.run([CONFIGURE, *arguments], cwd=self.dir, text=True, timeout=300,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**os.environ, **environment})
        return done.returncode, done.stdout

    def refused(self, *arguments, **environment):
        """The message of a run that must fail, after "configure: error: "."""
        status, output = self.configure("-q", *arguments, **environment)
        self.assertNotEqual(status, 0, output)
        self.assertIn("configure: error: ", output)
        self.assertFalse(os.path.exists(os.path.join(self.dir, "Makefile")))
        return output.partition("configure: error: ")[2]

    def program(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w") as out:
            out.write(f"#!/bin/sh\n{text}\n")
        os.chmod(path, 0o755)
        return path

    # missing libraries

    def test_no_pkg_config_files(self):
        said = self.refused(PKG_CONFIG_LIBDIR=self.dir, PKG_CONFIG_PATH="")
        for package in ("libnl-3-dev", "libmnl-dev",
                        "libnl3-devel", "libmnl-devel"):
            self.assertIn(package, said)
        self.assertNotIn("libsnmp-dev", said)  # this one is installed

    def test_no_net_snmp(self):
        said = self.refused(NET_SNMP_CONFIG=os.path.join(self.dir, "none"))
        self.assertIn("apt-get install libsnmp-dev\n", said)
        self.assertIn("net-snmp-devel", said)

    def test_old_net_snmp(self):
        said = self.refused(NET_SNMP_CONFIG=self.program("old", "echo 5.7.3"))
        self.assertRegex(said, "5.7.3 .*too old: 5.8")
        self.assertIn("libsnmp-dev", said)

    def test_net_snmp_that_does_not_link(self):
        # As with a library that lacks the function.
        said = self.refused(CPPFLAGS="-Dnetsnmp_enable_subagent=netdiag_no_such_function")
        self.assertIn("apt-get install libsnmp-dev\n", said)

    def test_no_pkg_config(self):
        self.assertIn("apt-get install pkg-config", self.refused(PKG_CONFIG=self.program("no", "exit 1")))

    # options

    def test_wrong_base_oids(self):
        for oid in ("", "1.3.6.x", "netdiag", "1.2.840.1", "1.3", "1.3.6.01.4", "1.3.6.1.4.1.1.",
                    ".1.3.6.1.4.1.1", "1.3.6.1.4.1.4294967296", "1.3.6.1.4.1.9999999999",
                    "1.3.6.1;x", "1.3" + ".1" * 21):
            with self.subTest(oid):
                self.assertIn(f"--with-base-oid={oid}:", self.refused(f"--with-base-oid={oid}"))

    def test_wrong_ways_to_build(self):
        self.assertIn("thread", self.refused("--enable-sanitizers=memory"))
        self.assertIn("leave out", self.refused("--enable-fuzzers", "--enable-sanitizers=thread"))
        need_tools("gcc")
        self.assertIn("CC=clang", self.refused("--enable-fuzzers", "CC=gcc"))

    def test_summary(self):
        status, output = self.configure("--sysconfdir=/etc/here", f"--with-base-oid={OTHER_OID}")
        self.assertEqual(status, 0, output)
        summary = output.rpartition("configure: \n")[2]
        for part in (OTHER_OID, "net-snmp ", "sanitizers     no", "unit tests ", "/etc/here/netdiagd.conf"):
            self.assertIn(part, summary)

    # the base OID

    def test_another_base_oid(self):
        """The option reaches the MIB, the program and the files for snmpd. The same build is without
        libbpf, and says so."""
        need_tools("smidump", "make")
        status, output = self.configure("-q", f"--with-base-oid={OTHER_OID}", "--with-bpf=no", "CFLAGS=-O0")
        self.assertEqual(status, 0, output)
        installed = os.path.join(self.dir, "installed")
        for target in ("all", "install"):
            run("make", "-C", self.dir, "-j2", target, f"DESTDIR={installed}", timeout=600,
                env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")})
        netdiagd = os.path.join(installed, "usr", "local", "sbin", "netdiagd")
        schema = json.loads(run(netdiagd, "--dump=schema"))
        self.assertEqual(schema["oid"], OTHER_OID)
        tree = test_mib.mib_xml(os.path.join(self.dir, "mib", "NETDIAG-MIB.txt"))
        self.assertEqual(test_mib.base_of(tree), OTHER_OID)
        self.assertEqual(test_mib.differences(test_mib.code_side(schema), test_mib.mib_side(tree)), [])
        share = os.path.join(installed, "usr", "local", "share")
        for name, words in (("netdiag/snmpd/netdiag-view.conf", f".{OTHER_OID}\n"),
                            ("doc/netdiag/README.md", f"`.{OTHER_OID}.1`"),
                            ("man/man8/netdiagd.8", f" .{OTHER_OID}"),
                            ("man/man7/NETDIAG-MIB.7", f"OID {OTHER_OID}.1.1.\n")):
            with open(os.path.join(share, name)) as text:
                self.assertTrue(words in text.read(), name)
        # Nothing is left of the default: in no file, neither in the version nor in a value.
        for directory, _, files in os.walk(installed):
            for name in files:
                with open(os.path.join(directory, name), "rb") as content:
                    self.assertIsNone(re.search(rb"9999[. ]9999", content.read()), name)
        self.assertNotIn("experimental", run(netdiagd, "--version"))
        dump = json.loads(run(netdiagd, "--dump=json"))
        for row in dump["netdiagCheckTable"]:
            self.assertTrue(row["netdiagCheckObjectId"].startswith(OTHER_OID + "."), row)
        self.assertNotIn("libbpf", run("ldd", netdiagd))
        [state] = [row for row in dump["netdiagCollectorTable"] if row["netdiagCollectorName"] == "dropReason"]
        self.assertEqual(state["netdiagCollectorStatus"], "unsupported")
        self.assertIn("built without libbpf. Build it with --with-bpf=yes", state["netdiagCollectorLastError"])


if __name__ == "__main__":
    unittest.main()
