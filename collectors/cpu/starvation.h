/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keeps softirqs from their CPU: the time that ksoftirqd/N waits, and the time that the
 * hypervisor takes.
 *
 * ksoftirqd is an ordinary thread: it waits on every busy CPU, even if only a timer woke it, and
 * since Linux 6.5 packets mostly do not wait with it. Its waiting counts as starvation only if the
 * CPU dropped packets or left some behind (time_squeeze) meanwhile, and if single waits were long
 * rather than many.
 */
#ifndef NETDIAG_CPU_STARVATION_H
#define NETDIAG_CPU_STARVATION_H

#include "collectors/base/hash.h"
#include "collectors/base/parse.h"
#include "collectors/collector.h"

/* What is remembered between two collections. Zeroed memory is not enough: starvation_init(). */
struct starvation {
	struct hash cpus; /* each CPU's thread, and what is known of it */
	bool alone;	  /* the proc root has no processes: it is a captured tree */
};

void starvation_init(struct starvation *starvation);
void starvation_free(struct starvation *starvation);

/*
 * Sets what the kernel counts in the rows (sorted by CPU) of the softnet collector: ksoftirqd's
 * times and slices, softirq and steal time. Notes what is missing.
 */
void starvation_read(struct starvation *starvation, struct collect *c);

/* Sets the rows' starved_ms and recent rates. Call it when the counters have been continued. Pure.
 */
void starvation_judge(struct starvation *starvation, struct rows *rows, uint64_t now);

/*
 * Parses a /proc/PID/stat for the CPU of a ksoftirqd. 0; -ENOENT for any other process, even if a
 * user gave it that name; -EBADMSG if it is not such a file.
 */
int starvation_parse_pid_stat(struct span text, uint64_t *cpu);

/* Parses a /proc/PID/schedstat: ns and a number of slices. 0 or -EBADMSG. */
int starvation_parse_schedstat(struct span text, uint64_t *run, uint64_t *wait, uint64_t *slices);

/* Sets softirq_ms and steal_ms of the rows from a /proc/stat, whose unit is 1/ticks s. 0; -EBADMSG
 * if it is not such a file: all are absent then. */
int starvation_parse_stat(struct span text, struct rows *rows, uint64_t ticks);

#endif
