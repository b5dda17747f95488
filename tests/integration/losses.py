# SPDX-License-Identifier: BSD-2-Clause
"""What tests ask of netdiagLossTable."""

from harness import eventually

LOSS, POLICY, BENIGN, ELSEWHERE = 1, 2, 3, 4


class Losses:
    """Part of a test case that has an Agent as self.agent."""

    def rows(self):
        """{label: row} without the columns' prefix."""
        rows = self.agent.table("netdiagLossTable").values()
        return {row["netdiagLossLabel"]: {name.removeprefix("netdiagLoss"): value for name, value in row.items()}
                for row in rows}

    def packets(self):
        return {label: row["Packets"] for label, row in self.rows().items() if "Packets" in row}

    def rise(self, before):
        return {label: value - before.get(label, 0) for label, value in self.packets().items()
                if value != before.get(label, 0)}

    def lost(self, place, worst, fault, *args, count=None):
        """The fault raises this place, by what it says it lost or what count() returns afterwards, and no
        other place of class loss; the worst is named."""
        before = self.packets()
        self.assertIn(place, before)
        lost = fault(*args)
        expected = count() if count else lost
        self.assertGreater(expected, 0)

        def rises():
            rise = {label: value for label, value in self.rise(before).items()
                    if label == place or self.rows()[label]["Class"] == LOSS}
            self.assertEqual(rise, {place: expected})
            return True
        eventually(f"{place} loses {expected}", rises)
        for collector in ("nic", "counters"):
            self.agent.refreshed(collector)
        rises()
        row = self.rows()[place]
        self.assertRegex(row["Worst"], worst)
        self.assertGreaterEqual(row["RateMinute"], expected * 100 // 60)
        self.assertRegex(row["LastSeen"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        if "ObjectId" in row:
            self.assertIsNotNone(self.agent.get(row["ObjectId"].removeprefix("NETDIAG-MIB::")))
        if row["Class"] == LOSS:
            self.assertGreaterEqual(self.agent.get("netdiagAgentLossRate.0"), row["RateMinute"])
        return row
