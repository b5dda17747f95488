# SPDX-License-Identifier: BSD-2-Clause
"""contrib/quickstart.sh --prometheus, as an operator runs it."""

import os
import re
import subprocess
import tempfile
import unittest

from harness import SRC, need_root, need_tools, run

LIMIT_S = 400


class Quickstart(unittest.TestCase):
    exclusive = "it builds, and waits no longer than an operator would"

    def test_prometheus(self):
        """The fault is an alert of Alertmanager's, with its advice, and nothing is left of it all."""
        need_root()
        need_tools("apt-get", "dpkg-deb", "perl")
        with tempfile.TemporaryDirectory(prefix="netdiag-nms-") as directory:
            os.chmod(directory, 0o755)
            child = subprocess.Popen([os.path.join(SRC, "contrib", "quickstart.sh"), "--once", "--prometheus"],
                                     env={**os.environ, "TMPDIR": directory}, text=True, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                shown, _ = child.communicate(timeout=LIMIT_S)
            finally:
                child.terminate()
                child.wait()
            if "they cannot be downloaded" in shown:
                self.skipTest("the packages cannot be downloaded")
            self.assertEqual(child.returncode, 0, shown[-1500:])
            found = re.search(r"as Alertmanager has it, (\d+) s after .*\n  Netdiag(?:Critical|Warning) (\S+) 127\.0\.0\.1:8080\n"
                              r"    summary: (.*)\n    advice: (.*)", shown)
            self.assertTrue(found, shown[-1500:])
            print(f"alert {found.group(2)} after {found.group(1)} s: {found.group(3)}")
            self.assertLess(int(found.group(1)), 60)
            self.assertEqual(os.listdir(directory), [])
            self.assertNotIn(f"netdiag-quickstart-{child.pid}", run("ip", "netns", "list"))
            for pid in filter(str.isdigit, os.listdir("/proc")):
                try:
                    with open(f"/proc/{pid}/cmdline", "rb") as command:
                        self.assertNotIn(directory.encode(), command.read(), pid)
                except OSError:
                    pass  # it has ended


if __name__ == "__main__":
    unittest.main()
