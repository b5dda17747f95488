# SPDX-License-Identifier: BSD-2-Clause
"""netdiagSysctlTable against sysctl(8) and /proc/sys."""

import os
import unittest

import harness

# Of mib.md's list those that every supported kernel has in the initial network namespace.
EVERYWHERE = {
    "net.core." + name for name in (
        "somaxconn", "netdev_max_backlog", "netdev_budget", "netdev_budget_usecs", "dev_weight",
        "rmem_default", "rmem_max", "wmem_default", "wmem_max")
} | {
    "net.ipv4." + name for name in (
        "tcp_rmem", "tcp_wmem", "tcp_mem", "udp_mem", "tcp_congestion_control",
        "tcp_max_syn_backlog", "tcp_syncookies", "tcp_syn_retries", "tcp_fin_timeout",
        "tcp_tw_reuse", "tcp_max_tw_buckets", "tcp_max_orphans", "tcp_keepalive_time",
        "tcp_moderate_rcvbuf", "tcp_abort_on_overflow", "ip_local_port_range")
}
CONNTRACK = {"net.netfilter.nf_conntrack_max", "net.netfilter.nf_conntrack_buckets"}


def values(agent):
    return {name: row["netdiagSysctlValue"] for name, row in agent.table("netdiagSysctlTable").items()}


def sysctl(*names):
    """What sysctl(8) says, with the tabs between a setting's words as blanks."""
    lines = harness.run("sysctl", "-e", *names).splitlines()
    return {name: " ".join(value.split()) for name, _, value in
            (line.partition(" =") for line in lines)}


class Sysctl(unittest.TestCase):
    def setUp(self):
        harness.need_tools("sysctl")

    def test_the_hosts_settings(self):
        expected = EVERYWHERE | {name for name in CONNTRACK
                                 if os.path.exists("/proc/sys/" + name.replace(".", "/"))}
        with harness.Agent() as agent:
            harness.eventually("the table is there", lambda: values(agent))
            self.assertEqual(set(values(agent)), expected)
            self.assertEqual(values(agent), sysctl(*sorted(expected)))
            self.assertEqual(agent.collector("sysctl")["netdiagCollectorLastError"], "")

    def test_a_namespaces_own(self):
        """In a child namespace the host's settings are not to be seen; a change is."""
        with harness.Netns("sysctl") as netns:
            netns.sysctl("net.core.somaxconn", 1234)
            with harness.Agent("interval sysctl 500ms", netns=netns) as agent:
                shown = harness.eventually("the table is there", lambda: values(agent))
                self.assertEqual(shown["net.core.somaxconn"], "1234")
                self.assertNotIn("net.ipv4.tcp_mem", shown)
                netns.sysctl("net.core.somaxconn", 77)
                harness.eventually("a change is seen",
                                   lambda: values(agent)["net.core.somaxconn"] == "77")

    def test_configured(self):
        with harness.Agent("sysctl net.ipv4.tcp_ecn net/ipv4/conf/lo/rp_filter\n"
                           "sysctl net.core.no_such_setting\n") as agent:
            shown = harness.eventually("the table is there", lambda: values(agent))
            for name, value in sysctl("net.ipv4.tcp_ecn", "net.ipv4.conf.lo.rp_filter").items():
                self.assertEqual(shown[name], value)
            self.assertIn("net.core.somaxconn", shown)
            state = agent.collector("sysctl")
            self.assertEqual(state["netdiagCollectorStatus"], 1)
            self.assertIn("net.core.no_such_setting", state["netdiagCollectorLastError"])
