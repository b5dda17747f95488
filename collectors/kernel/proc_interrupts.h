/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parser of /proc/interrupts:
 *
 *            CPU0       CPU2
 *  38:          0        542 PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0
 * NMI:          0          0   Non-maskable interrupts
 *
 * The header names the online CPUs, so the number of columns changes with hotplug.
 */
#ifndef NETDIAG_KERNEL_PROC_INTERRUPTS_H
#define NETDIAG_KERNEL_PROC_INTERRUPTS_H

#include "collectors/base/parse.h"

/* CPU ids are below this; NR_CPUS is at most 8192. */
#define INTERRUPTS_CPU_MAX 65536

/*
 * Takes the header off the front of *rest: the ids of the CPUs that have a column, ascending, at
 * most max. Returns how many; -EINVAL when it is no such header; -E2BIG when there are more.
 */
int interrupts_header(struct span *rest, uint32_t *cpus, size_t max);

/*
 * Takes lines off the front of *rest up to the next one that is about a numbered interrupt (and
 * not NMI, LOC …). *content is what stands behind its colon. False at the end; a last line that is
 * cut (no newline) is not handed over.
 */
bool interrupts_next(struct span *rest, uint64_t *irq, struct span *content);

/*
 * The counts of such a line, one for each of the header's columns, and the names of its handlers,
 * separated by ", " (empty when there is none). The kernel's counts are unsigned int, and wrap.
 * 0; -EINVAL when there are fewer or more counts than columns, as when a CPU came or went while
 * the file was read, or when it is no such line.
 */
int interrupts_counts(struct span content, size_t columns, uint32_t *counts, struct span *names);

/* Takes the next handler's name off a list of them. False at the end. */
bool interrupts_name(struct span *names, struct span *name);

#endif
