/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collectors/cpu/nic_irq.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

/* A host with a PCI card (eth0), a virtio card (eth1), one whose vectors sysfs does not tell
 * (xen0), and interfaces without a device. */
static void make_host(const struct tree *tree)
{
	tree_write(tree, "sys/class/net/lo/ifindex", "1\n");
	tree_write(tree, "sys/class/net/eth0/ifindex", "2\n");
	tree_write(tree, "sys/devices/pci/0000:3b:00.0/msi_irqs/41", "msix\n");
	tree_write(tree, "sys/devices/pci/0000:3b:00.0/msi_irqs/40", "msix\n");
	tree_write(tree, "sys/devices/pci/0000:3b:00.0/irq", "16\n");
	tree_symlink(tree, "../../../devices/pci/0000:3b:00.0", "sys/class/net/eth0/device");
	tree_symlink(tree, "../../../bus/pci", "sys/devices/pci/0000:3b:00.0/subsystem");
	tree_write(tree, "sys/class/net/eth1/ifindex", "3\n");
	tree_write(tree, "sys/devices/pci/0000:00:03.0/msi_irqs/50", "msix\n");
	tree_write(tree, "sys/devices/pci/0000:00:03.0/virtio2/vendor", "0x1af4\n");
	tree_symlink(tree, "../../../../bus/virtio",
		     "sys/devices/pci/0000:00:03.0/virtio2/subsystem");
	tree_symlink(tree, "../../../devices/pci/0000:00:03.0/virtio2",
		     "sys/class/net/eth1/device");
	tree_write(tree, "sys/class/net/xen0/ifindex", "4\n");
	tree_write(tree, "sys/devices/xen/vif-0/nodename", "device/vif/0\n");
	tree_symlink(tree, "../../../devices/xen/vif-0", "sys/class/net/xen0/device");
}

static const struct irq_row *row_of(const struct unit_collector *unit, uint64_t irq)
{
	struct irq_row key;

	row_reset(&irq_row_type, &key);
	key.irq = irq;
	return rows_find(&unit->rows[0], &key);
}

START_TEST(which_belong)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	make_host(&tree);
	tree_write(&tree, "proc/interrupts",
		   "      CPU0  CPU1\n"
		   " 16:  1     1     IO-APIC  16-fasteoi   ahci\n"
		   " 40:  10    2     PCI-MSI 1-edge      any-name-0\n"
		   " 41:  20    3     PCI-MSI 2-edge      any-name-1\n"
		   " 49:  9     9     PCI-MSI 3-edge      nvme0q1\n"
		   " 50:  30    4     PCI-MSI 4-edge      virtio2-input.0\n"
		   " 60:  40    5     xen-dyn    -event     xen0-q0-tx\n"
		   " 61:  40    5     xen-dyn    -event     xen01-q0-tx\n"
		   " 62:  50    6     xen-dyn    -event     ahci, vif-0\n"
		   "NMI:  1     1     Non-maskable interrupts\n");
	tree_write(&tree, "proc/irq/40/effective_affinity_list", "1\n");
	tree_write(&tree, "proc/irq/40/smp_affinity_list", "0-1\n");
	tree_write(&tree, "proc/irq/41/effective_affinity_list", "\n");
	tree_write(&tree, "proc/irq/41/smp_affinity_list", "0,2-3\n");
	unit_collector_init(&unit, &nic_irq_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_str_eq(unit.error, "");
	ck_assert_uint_eq(unit.rows[0].count, 5);
	ck_assert_uint_eq(row_of(&unit, 40)->ifindex, 2);
	ck_assert_uint_eq(row_of(&unit, 41)->ifindex, 2);
	ck_assert_uint_eq(row_of(&unit, 50)->ifindex, 3);
	ck_assert_uint_eq(row_of(&unit, 60)->ifindex, 4);
	ck_assert_uint_eq(row_of(&unit, 62)->ifindex, 4);
	ck_assert_uint_eq(row_of(&unit, 41)->total, 23);
	ck_assert_str_eq(row_of(&unit, 50)->name, "virtio2-input.0");
	ck_assert_str_eq(row_of(&unit, 62)->name, "ahci, vif-0");
	ck_assert_str_eq(row_of(&unit, 40)->affinity, "1");
	ck_assert_str_eq(row_of(&unit, 41)->affinity, "0,2-3");
	ck_assert_str_eq(row_of(&unit, 50)->affinity, "");
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_cpu, ROW_ABSENT);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_share, ROW_ABSENT);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* A card without MSI, two interfaces on one device, and interfaces left out by the settings. */
START_TEST(other_cards)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "sys/class/net/old0/ifindex", "2\n");
	tree_write(&tree, "sys/devices/pci/3/irq", "19\n");
	tree_symlink(&tree, "../../../devices/pci/3", "sys/class/net/old0/device");
	tree_write(&tree, "sys/class/net/none0/ifindex", "3\n");
	tree_write(&tree, "sys/devices/pci/4/irq", "0\n");
	tree_symlink(&tree, "../../../devices/pci/4", "sys/class/net/none0/device");
	tree_write(&tree, "sys/class/net/port0/ifindex", "5\n");
	tree_write(&tree, "sys/class/net/port1/ifindex", "4\n");
	tree_write(&tree, "sys/devices/pci/1/msi_irqs/70", "msix\n");
	tree_write(&tree, "sys/devices/pci/1/msi_irqs/71", "msix\n");
	tree_symlink(&tree, "../../../devices/pci/1", "sys/class/net/port0/device");
	tree_symlink(&tree, "../../../devices/pci/1", "sys/class/net/port1/device");
	tree_write(&tree, "sys/class/net/hidden0/ifindex", "6\n");
	tree_write(&tree, "sys/devices/pci/2/msi_irqs/80", "msix\n");
	tree_symlink(&tree, "../../../devices/pci/2", "sys/class/net/hidden0/device");
	tree_write(&tree, "proc/interrupts",
		   "      CPU0\n"
		   " 0:   5  IO-APIC   2-edge      timer\n"
		   " 19:  1  IO-APIC  19-fasteoi   usb, old0\n"
		   " 70:  2  PCI-MSI   1-edge      port0-rx\n"
		   " 71:  3  PCI-MSI   2-edge      async\n"
		   " 80:  4  PCI-MSI   3-edge      hidden0\n");
	tree_symlink(&tree, "../../../devices/pci/0000:3b:00.0", "sys/class/net/gone/device");
	unit_collector_init(&unit, &nic_irq_collector, &tree.roots);
	ck_assert_int_eq(globs_add(&unit.settings->interfaces_exclude, "hidden*"), 0);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 3);
	ck_assert_uint_eq(row_of(&unit, 19)->ifindex, 2);
	ck_assert_uint_eq(row_of(&unit, 70)->ifindex, 5);
	ck_assert_uint_eq(row_of(&unit, 71)->ifindex, 4);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

static void one_line(const struct tree *tree, const char *header, const char *counts)
{
	tree_write(tree, "proc/interrupts", "   %s\n 40: %s  PCI-MSI 1-edge      q0\n", header,
		   counts);
}

START_TEST(busiest)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	make_host(&tree);
	unit_collector_init(&unit, &nic_irq_collector, &tree.roots);
	one_line(&tree, "CPU0 CPU1", "100 200");
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->total, 300);
	ck_assert_uint_eq(row_of(&unit, 40)->discontinuity, SECOND);
	one_line(&tree, "CPU0 CPU1", "100 200");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_cpu, ROW_ABSENT);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_share, ROW_ABSENT);
	one_line(&tree, "CPU0 CPU1", "175 225");
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->total, 400);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_cpu, 0);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_share, 7500);
	one_line(&tree, "CPU0 CPU1", "175 226");
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_cpu, 1);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_share, 10000);
	ck_assert_uint_eq(row_of(&unit, 40)->discontinuity, SECOND);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* CPUs leave and come back, new ones come: the total goes on. */
START_TEST(hotplug)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	make_host(&tree);
	unit_collector_init(&unit, &nic_irq_collector, &tree.roots);
	one_line(&tree, "CPU0 CPU1 CPU3", "100 200 300");
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	one_line(&tree, "CPU0 CPU3", "101 309");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->total, 610);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_cpu, 3);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_share, 9000);
	ck_assert_uint_eq(row_of(&unit, 40)->discontinuity, SECOND);
	one_line(&tree, "CPU0 CPU1 CPU3", "101 204 309");
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->total, 614);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_cpu, 1);
	ck_assert_uint_eq(row_of(&unit, 40)->discontinuity, SECOND);
	/* One that was never seen counted before: that is no step of the interval. */
	one_line(&tree, "CPU0 CPU1 CPU3 CPU600", "101 204 309 50");
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->total, 664);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_cpu, ROW_ABSENT);
	ck_assert_uint_eq(row_of(&unit, 40)->discontinuity, 4 * SECOND);
	one_line(&tree, "CPU0 CPU1 CPU3 CPU600", "101 204 309 53");
	ck_assert_int_eq(unit_collect(&unit, 5 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->total, 667);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_cpu, 600);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

START_TEST(wraps_and_resets)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	make_host(&tree);
	unit_collector_init(&unit, &nic_irq_collector, &tree.roots);
	one_line(&tree, "CPU0 CPU1", "4294967290 4294967290");
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->total, UINT64_C(8589934580));
	one_line(&tree, "CPU0 CPU1", "4 4294967292");
	ck_assert_int_eq(unit_collect(&unit, 11 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->total, UINT64_C(8589934592));
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_cpu, 0);
	ck_assert_uint_eq(row_of(&unit, 40)->discontinuity, SECOND);
	/* Made anew: what it counts now is added, and said to be no continuation. */
	one_line(&tree, "CPU0 CPU1", "3 5");
	ck_assert_int_eq(unit_collect(&unit, 21 * SECOND), 0);
	ck_assert_uint_eq(row_of(&unit, 40)->total, UINT64_C(8589934600));
	ck_assert_uint_eq(row_of(&unit, 40)->discontinuity, 21 * SECOND);
	ck_assert_uint_eq(row_of(&unit, 40)->busiest_share, ROW_ABSENT);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* Another handler under the same number has its own counts. None for a while: the same one. */
START_TEST(renamed)
{
	static const struct {
		const char *name;
		unsigned count;
		uint64_t total, stamp;
	} turns[] = {
		{"eth0-0", 10, 10, SECOND},    {"", 20, 20, SECOND},
		{"eth0-0", 5, 25, 3 * SECOND}, /* a reset */
		{"other-0", 7, 7, 4 * SECOND}, {"other-0", 9, 9, 4 * SECOND},
	};
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	make_host(&tree);
	unit_collector_init(&unit, &nic_irq_collector, &tree.roots);
	for (size_t i = 0; i < COUNT_OF(turns); i++) {
		tree_write(&tree, "proc/interrupts", "  CPU0\n 40: %u  PCI-MSI 1-edge      %s\n",
			   turns[i].count, turns[i].name);
		ck_assert_int_eq(unit_collect(&unit, (i + 1) * SECOND), 0);
		ck_assert_uint_eq(row_of(&unit, 40)->total, turns[i].total);
		ck_assert_str_eq(row_of(&unit, 40)->name, turns[i].name);
		ck_assert_uint_eq(row_of(&unit, 40)->discontinuity, turns[i].stamp);
	}
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

START_TEST(bounded)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	make_host(&tree);
	tree_write(&tree, "proc/interrupts",
		   "  CPU0\n"
		   " 40: 1  PCI-MSI 1-edge      a\n"
		   " 41: 2  PCI-MSI 1-edge      b\n"
		   " 50: 3  PCI-MSI 1-edge      c\n");
	unit_collector_init(&unit, &nic_irq_collector, &tree.roots);
	unit.settings->max_rows[MAX_ROWS_IRQ] = 2;
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 2);
	ck_assert_msg(strstr(unit.error, "1 interrupts have no row"), "told: %s", unit.error);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* A container runtime masks the file by binding /dev/null over it. */
START_TEST(masked)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	make_host(&tree);
	tree_write(&tree, "proc/interrupts", "%s", "");
	unit_collector_init(&unit, &nic_irq_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENODATA);
	ck_assert_ptr_nonnull(strstr(unit.error, "mask"));
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

START_TEST(troubles)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &nic_irq_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENOENT);
	ck_assert_msg(strstr(unit.error, "/sys/class/net"), "told: %s", unit.error);
	make_host(&tree);
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENOENT);
	ck_assert_msg(strstr(unit.error, "/proc/interrupts"), "told: %s", unit.error);
	tree_write(&tree, "proc/interrupts", "no header\n 40: 1  x  y\n");
	ck_assert_int_eq(unit_collect(&unit, SECOND), -EINVAL);
	/* A line that never fits: the others are shown. */
	tree_write(&tree, "proc/interrupts",
		   "  CPU0 CPU1\n"
		   " 40: 1  PCI-MSI 1-edge      a\n"
		   " 41: 2  3  PCI-MSI 1-edge      b\n");
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 1);
	ck_assert_msg(strstr(unit.error, "1 lines do not match"), "told: %s", unit.error);
	/* Twice the same number, and no order: once each. */
	tree_write(&tree, "proc/interrupts",
		   "  CPU0\n"
		   " 41: 2  PCI-MSI 1-edge      b\n"
		   " 41: 9  PCI-MSI 1-edge      b\n"
		   " 40: 1  PCI-MSI 1-edge      a\n");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 1);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

UNIT_MAIN("irq", which_belong, other_cards, busiest, hotplug, wraps_and_resets, renamed, bounded,
	  masked, troubles)
