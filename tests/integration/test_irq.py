# SPDX-License-Identifier: BSD-2-Clause
"""netdiagIrqTable against /proc/interrupts, /proc/irq and sysfs."""

import glob
import os
import unittest

import harness


def interrupts():
    """{number: (counts by CPU, the rest of the line)} of /proc/interrupts."""
    with open("/proc/interrupts") as text:
        cpus = [int(word[3:]) for word in text.readline().split()]
        lines = {}
        for line in text:
            number, _, rest = line.partition(":")
            if number.strip().isdigit():
                words = rest.split()
                counts = dict(zip(cpus, map(int, words[:len(cpus)])))
                lines[int(number)] = (counts, " ".join(words[len(cpus):]))
        return lines


def vectors():
    """{interrupt: interface} as sysfs has them."""
    found = {}
    for device in glob.glob("/sys/class/net/*/device"):
        interface = device.split("/")[4]
        real = os.path.realpath(device)
        if os.path.basename(os.path.realpath(os.path.join(real, "subsystem"))) == "virtio":
            real = os.path.dirname(real)
        for irq in glob.glob(os.path.join(real, "msi_irqs", "*")):
            found[int(os.path.basename(irq))] = interface
    return {irq: interface for irq, interface in found.items() if irq in interrupts()}


def read(path):
    with open(path) as text:
        return text.read().strip()


class Irq(unittest.TestCase):
    def setUp(self):
        self.vectors = vectors()
        harness.need(self.vectors, "no network card here has MSI interrupts")

    def test_numbers_names_interfaces(self):
        with harness.Agent("interval irq 200ms") as agent:
            rows = harness.eventually("the table is there", lambda: agent.table("netdiagIrqTable"))
            for irq, interface in self.vectors.items():
                row = rows[irq]
                self.assertEqual(row["netdiagIrqIfIndex"],
                                 int(read(f"/sys/class/net/{interface}/ifindex")))
                self.assertTrue(interrupts()[irq][1].endswith(row["netdiagIrqName"]))
                affinity = read(f"/proc/irq/{irq}/effective_affinity_list") or \
                    read(f"/proc/irq/{irq}/smp_affinity_list")
                self.assertEqual(row["netdiagIrqAffinity"], affinity)

    def test_totals_count_on(self):
        """Between two readings of /proc/interrupts lies what the table says."""
        with harness.Agent("interval irq 200ms") as agent:
            harness.eventually("the table is there", lambda: agent.table("netdiagIrqTable"))
            for _ in range(3):
                before = interrupts()
                agent.refreshed("irq")
                rows = agent.table("netdiagIrqTable")
                after = interrupts()
                for irq in self.vectors:
                    total = rows[irq]["netdiagIrqTotal"]
                    self.assertLessEqual(sum(before[irq][0].values()), total)
                    self.assertLessEqual(total, sum(after[irq][0].values()))

    def test_nothing_else(self):
        """A row has the name of a card's vector, not of a disk's or timer's."""
        with harness.Agent("interval irq 200ms") as agent:
            rows = harness.eventually("the table is there", lambda: agent.table("netdiagIrqTable"))
            others = {irq for irq in rows if irq not in self.vectors}
            indexes = {int(read(path)) for path in glob.glob("/sys/class/net/*/ifindex")}
            for irq in others:
                self.assertIn(rows[irq]["netdiagIrqIfIndex"], indexes)
            self.assertFalse([irq for irq, (_, rest) in interrupts().items()
                              if irq in rows and irq not in self.vectors and "timer" in rest])

    def test_interfaces_left_out(self):
        left_out = sorted(set(self.vectors.values()))[0]
        with harness.Agent(f"interval irq 200ms\ninterfaces exclude {left_out}\n") as agent:
            harness.eventually("irq is collected", lambda: agent.collector("irq").get(
                "netdiagCollectorStatus") == 1)
            rows = agent.table("netdiagIrqTable")
            for irq, interface in self.vectors.items():
                self.assertEqual(irq in rows, interface != left_out)
