/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What keeps softirqs from their CPU: the time that ksoftirqd/N waits, and the time that the
 * hypervisor takes.
 *
 * ksoftirqd is an ordinary thread and waits on every busy CPU, also when it is woken for a timer
 * only; since Linux 6.5 packets mostly do not wait with it. Its waiting is starvation when the CPU
 * lost packets or left some behind (time_squeeze) meanwhile, and when it was kept waiting instead
 * of being woken often.
 */
#ifndef NETDIAG_CPU_STARVATION_H
#define NETDIAG_CPU_STARVATION_H

#include "collectors/base/hash.h"
#include "collectors/base/parse.h"
#include "collectors/collector.h"

/* What is remembered between two collections. Zeroed memory is not enough: starvation_init(). */
struct starvation {
	struct hash cpus; /* each CPU's thread, and what is known of it */
	bool alone;	  /* the proc root has no process at all: a captured one */
};

void starvation_init(struct starvation *starvation);
void starvation_free(struct starvation *starvation);

/*
 * Sets what the kernel counts in the rows (sorted by CPU) of the softnet collector: ksoftirqd's
 * times and slices, softirq and steal time. Notes what is missing.
 */
void starvation_read(struct starvation *starvation, struct collect *c);

/* Then, when the counters continue: sets the rows' starved_ms and the recent rates. Pure. */
void starvation_judge(struct starvation *starvation, struct rows *rows, uint64_t now);

/*
 * The CPU whose ksoftirqd a /proc/PID/stat is about. 0; -ENOENT when it is another process's, also
 * one of a user that calls itself so; -EBADMSG when it is no such file.
 */
int starvation_parse_pid_stat(struct span text, uint64_t *cpu);

/* Parses a /proc/PID/schedstat: ns and a number of slices. 0 or -EBADMSG. */
int starvation_parse_schedstat(struct span text, uint64_t *run, uint64_t *wait, uint64_t *slices);

/* Sets softirq_ms and steal_ms of the rows from a /proc/stat, whose unit is 1/ticks s. 0; -EBADMSG
 * when it is no such file: all are absent then. */
int starvation_parse_stat(struct span text, struct rows *rows, uint64_t ticks);

#endif
