/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/kernel/proc_interrupts.h"
#include "tests/unit/unit.h"

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

START_TEST(headers)
{
	static const char *const bad[] = {
		"",	     "\n",	    "  \n",	   "CPU\n",
		"CPUx\n",    "CPU0 CPU0\n", "CPU1 CPU0\n", "CPU0 x\n",
		"CPU-1\n",   "CPU65536\n",  "cpu0 cpu1\n", "  1: 5 CPU0\n",
		"CPU0 CP\n",
	};
	struct span rest;
	uint32_t cpus[4];

	rest = span_of("           CPU0       CPU2       CPU65535       \n 1: 2 3 4 x  y\n");
	ck_assert_int_eq(interrupts_header(&rest, cpus, COUNT_OF(cpus)), 3);
	ck_assert_uint_eq(cpus[0], 0);
	ck_assert_uint_eq(cpus[1], 2);
	ck_assert_uint_eq(cpus[2], 65535);
	ck_assert_uint_eq(rest.start[1], '1');
	rest = span_of("CPU0 CPU1 CPU2 CPU3 CPU4\n");
	ck_assert_int_eq(interrupts_header(&rest, cpus, COUNT_OF(cpus)), -E2BIG);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		rest = span_of(bad[i]);
		ck_assert_msg(interrupts_header(&rest, cpus, COUNT_OF(cpus)) == -EINVAL,
			      "taken for a header: %s", bad[i]);
	}
}
END_TEST

START_TEST(lines)
{
	struct span rest = span_of("  0:   1   2  a   1-edge      timer\n"
				   "\n"
				   "NMI:   1   2  Non-maskable interrupts\n"
				   "no colon 5\n"
				   "4294967296: 1 2  a\n"
				   "12345:  7   8  b  9 Level     eth0\n"
				   "ERR:   0\n"
				   " 17:  1   2  cut"),
		    content;
	uint64_t irq;

	ck_assert(interrupts_next(&rest, &irq, &content));
	ck_assert_uint_eq(irq, 0);
	ck_assert(interrupts_next(&rest, &irq, &content));
	ck_assert_uint_eq(irq, 12345);
	ck_assert_int_eq(strncmp(content.start, "  7   8  b", 10), 0);
	ck_assert(!interrupts_next(&rest, &irq, &content));
}
END_TEST

/* Real lines of different architectures and kernels: chip names with blanks, level or edge,
 * several handlers, none. */
START_TEST(counts)
{
	static const struct {
		const char *content, *names;
	} line[] = {
		{"   0  542 PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0",
		 "virtio2-input.0"},
		{"   0  542  IR-PCI-MSI 524289-edge      eth0-TxRx-0", "eth0-TxRx-0"},
		{"   0  542   PCI-MSI-edge      mlx5_comp0@pci:0000:3b:00.0",
		 "mlx5_comp0@pci:0000:3b:00.0"},
		{"   0  542     GICv3  25 Level     vgic, timer, a b", "vgic, timer, a b"},
		{"   0  542   IO-APIC-fasteoi   ahci, ehci_hcd:usb1, eth1",
		 "ahci, ehci_hcd:usb1, eth1"},
		{"   0  542   xen-dyn    -event     eth0-q0-tx", "eth0-q0-tx"},
		{"   0  542   IO-APIC   8-edge    ", ""},
		{"   0  542     GICv3  25 Level     ", ""},
		{"   0  542", ""},
		{"   0  542 ", ""},
	};
	uint32_t columns[2];
	struct span names;

	for (size_t i = 0; i < COUNT_OF(line); i++) {
		ck_assert_int_eq(interrupts_counts(span_of(line[i].content), 2, columns, &names),
				 0);
		ck_assert_uint_eq(columns[0], 0);
		ck_assert_uint_eq(columns[1], 542);
		ck_assert_msg(span_equal(names, line[i].names), "%s: '%.*s'", line[i].content,
			      (int)names.len, names.start);
	}
}
END_TEST

START_TEST(counts_that_do_not_fit)
{
	static const char *const bad[] = {
		"",
		"  1",
		"  1  IO-APIC  5-edge      eth0",	/* a CPU went */
		"  1  2  3  IO-APIC  5-edge      eth0", /* a CPU came */
		"  1  4294967296  IO-APIC  5-edge      eth0",
		"  -1  2  IO-APIC  5-edge      eth0",
	};
	uint32_t columns[2];
	struct span names;

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(interrupts_counts(span_of(bad[i]), 2, columns, &names) == -EINVAL,
			      "taken: %s", bad[i]);
	ck_assert_int_eq(interrupts_counts(span_of(" 4294967295 0  a  b"), 2, columns, &names), 0);
	ck_assert_uint_eq(columns[0], UINT32_MAX);
}
END_TEST

START_TEST(handlers)
{
	struct span names = span_of("ahci, eth1,2, a b,"), name;

	ck_assert(interrupts_name(&names, &name) && span_equal(name, "ahci"));
	ck_assert(interrupts_name(&names, &name) && span_equal(name, "eth1,2"));
	ck_assert(interrupts_name(&names, &name) && span_equal(name, "a b"));
	ck_assert(!interrupts_name(&names, &name));
	names = span_of(", ,");
	ck_assert(!interrupts_name(&names, &name));
}
END_TEST

/* As large as it gets, and cut at places all over it: nothing is made up. */
START_TEST(many_cpus)
{
	enum { CPUS = 512, LINES = 16, STEP = 61 };
	size_t size = (size_t)(LINES + 1) * (CPUS * 11 + 64), len = 0;
	char *text = malloc(size);
	uint32_t cpus[CPUS], columns[CPUS];

	ck_assert_ptr_nonnull(text);
	len += (size_t)sprintf(text + len, "%12s", "");
	for (int cpu = 0; cpu < CPUS; cpu++)
		len += (size_t)sprintf(text + len, "CPU%-8d", cpu);
	len += (size_t)sprintf(text + len, "\n");
	for (int i = 0; i < LINES; i++) {
		len += (size_t)sprintf(text + len, "%4d: ", i);
		for (int cpu = 0; cpu < CPUS; cpu++)
			len += (size_t)sprintf(text + len, "%10d ", i * CPUS + cpu);
		len += (size_t)sprintf(text + len, " IR-PCI-MSI %d-edge      eth0-TxRx-%d\n", i, i);
	}
	for (size_t cut = len; cut > 0; cut -= cut > STEP ? STEP : cut) {
		struct span rest = {text, cut}, content, names;
		int count = interrupts_header(&rest, cpus, CPUS);
		uint64_t irq;
		int seen = 0;

		if (count != CPUS)
			continue;
		for (; interrupts_next(&rest, &irq, &content); seen++) {
			ck_assert_uint_eq(irq, (uint64_t)seen);
			ck_assert_int_eq(interrupts_counts(content, CPUS, columns, &names), 0);
			ck_assert_uint_eq(columns[511], (uint32_t)(seen * CPUS + 511));
		}
		ck_assert(cut != len || seen == LINES);
	}
	free(text);
}
END_TEST

UNIT_MAIN("interrupts", headers, lines, counts, counts_that_do_not_fit, handlers, many_cpus)
