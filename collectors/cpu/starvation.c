/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The columns of netdiagSoftnetTable that say why softirqs did not run: how long each ksoftirqd ran
 * and waited, from /proc/PID/schedstat, and softirq and steal time, from /proc/stat.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/cpu/softnet.h"
#include "collectors/cpu/starvation.h"

/* include/linux/sched.h: a kernel thread. */
#define PF_KTHREAD 0x00200000

/* On an idle CPU, ksoftirqd waits about 20 us for each time slice. Ten times as long means that
 * something else ran. */
#define KEPT_WAITING_US 200

/* Time constant of the recent rates. */
#define RECENT_NS (10 * SECOND_NS)

static const char stat_path[] = "stat";

/* A CPU's ksoftirqd. */
struct thread {
	uint64_t cpu;
	uint64_t run; /* ns, at the last reading: less means that the pid is another thread's */
	uint32_t pid; /* 0: not found */
	/* As it was when ksoftirqd was last seen to have run: */
	bool known;
	uint64_t time; /* monotonic ns */
	uint64_t stamp;
	uint64_t slices;
	uint64_t wait_us;
	uint64_t steal_ms;
	uint64_t left; /* dropped + time_squeeze */
	/* Since the daemon's start: */
	uint64_t starved_us;
	double recent_wait; /* ms/s */
	double recent_steal;
};

void starvation_init(struct starvation *starvation)
{
	*starvation = (struct starvation){.alone = false};
	hash_init(&starvation->cpus, sizeof(struct thread), sizeof(uint64_t));
}

void starvation_free(struct starvation *starvation)
{
	hash_clear(&starvation->cpus);
}

/* fs/proc/array.c, do_task_stat(): "14 (ksoftirqd/0) S 2 0 0 0 -1 69238848 ...". A name may hold
 * anything, parentheses too. */
int starvation_parse_pid_stat(struct span text, uint64_t *cpu)
{
	static const char prefix[] = "ksoftirqd/";
	const size_t skip = sizeof(prefix) - 1;
	const char *open = text.len ? memchr(text.start, '(', text.len) : NULL;
	const char *close = text.len ? memrchr(text.start, ')', text.len) : NULL;
	struct span name, rest, word;
	uint64_t flags;

	if (!open || !close || close < open)
		return -EBADMSG;
	name = (struct span){open + 1, (size_t)(close - open - 1)};
	rest = (struct span){close + 1, text.len - (size_t)(close + 1 - text.start)};
	/* state, ppid, pgrp, session, tty_nr, tpgid, flags */
	for (int i = 0; i < 7; i++)
		if (!span_word(&rest, &word))
			return -EBADMSG;
	if (span_u64(word, &flags))
		return -EBADMSG;
	if (!(flags & PF_KTHREAD) || name.len <= skip || memcmp(name.start, prefix, skip) ||
	    span_u64((struct span){name.start + skip, name.len - skip}, cpu))
		return -ENOENT;
	return 0;
}

int starvation_parse_schedstat(struct span text, uint64_t *run, uint64_t *wait, uint64_t *slices)
{
	uint64_t *const numbers[] = {run, wait, slices};
	struct span line;

	if (span_drop_tail(&text) || !span_line(&text, &line))
		return -EBADMSG;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		struct span word;

		if (!span_word(&line, &word) || span_u64(word, numbers[i]))
			return -EBADMSG;
	}
	return 0;
}

/* fs/proc/stat.c, show_stat(): "cpu0 user nice system idle iowait irq softirq steal ...". */
static int starvation_parse_cpu(struct span line, uint64_t *softirq, uint64_t *steal)
{
	struct span word;

	for (int i = 1; i <= 8; i++) {
		if (!span_word(&line, &word))
			return -EBADMSG;
		if ((i == 7 && span_u64(word, softirq)) || (i == 8 && span_u64(word, steal)))
			return -EBADMSG;
	}
	return 0;
}

static int starvation_parse_lines(struct span text, struct rows *rows, uint64_t ticks)
{
	struct span line, name;

	if (span_drop_tail(&text) || !span_line(&text, &line) || !span_word(&line, &name) ||
	    !span_equal(name, "cpu"))
		return -EBADMSG;
	while (span_line(&text, &line) && span_word(&line, &name)) {
		struct softnet_row key, *row;
		uint64_t softirq, steal;

		if (name.len < 4 || memcmp(name.start, "cpu", 3))
			break;
		if (span_u64((struct span){name.start + 3, name.len - 3}, &key.cpu) ||
		    starvation_parse_cpu(line, &softirq, &steal))
			return -EBADMSG;
		row = rows_find(rows, &key);
		if (!row)
			continue;
		row->softirq_ms = softirq * 1000 / ticks;
		row->steal_ms = steal * 1000 / ticks;
	}
	return 0;
}

int starvation_parse_stat(struct span text, struct rows *rows, uint64_t ticks)
{
	int err = starvation_parse_lines(text, rows, ticks);

	for (size_t i = 0; err && i < rows->count; i++) {
		struct softnet_row *row = rows_at(rows, i);

		row->softirq_ms = row->steal_ms = ROW_ABSENT;
	}
	return err;
}

/* Finds the threads of all CPUs that have rows. Their pids are among the lowest, and the search
 * ends with the last of them. 0 or -ENOMEM. */
static int starvation_search(struct starvation *starvation, struct collect *c)
{
	const struct roots *roots = &c->settings->roots;
	size_t missing = c->rows[0].count;
	struct dirent *entry;
	DIR *proc;

	for (size_t i = 0; i < c->rows[0].count; i++) {
		const struct softnet_row *row = rows_at(&c->rows[0], i);
		struct thread *thread = hash_add(&starvation->cpus, &row->cpu);

		if (!thread)
			return -ENOMEM;
		thread->pid = 0;
	}
	starvation->alone = true;
	proc = procfs_opendir(roots, ROOT_PROC, ".");
	while (proc && missing && !collect_stopping(c) && (entry = readdir(proc))) {
		struct thread *thread;
		uint64_t cpu;

		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		starvation->alone = false;
		if (procfs_read(roots, ROOT_PROC, c->buf, "%s/stat", entry->d_name) ||
		    starvation_parse_pid_stat(filebuf_span(c->buf), &cpu))
			continue;
		thread = hash_find(&starvation->cpus, &cpu);
		if (!thread || thread->pid)
			continue;
		thread->pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
		missing--;
	}
	if (proc)
		closedir(proc);
	return 0;
}

/* Whether there is a CPU whose thread has not been searched for. */
static bool starvation_has_new_cpu(const struct starvation *starvation, const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct softnet_row *row = rows_at(rows, i);

		if (!hash_find(&starvation->cpus, &row->cpu))
			return true;
	}
	return false;
}

/* Reads a thread's times into its row. False if there are none, or the pid is another thread's. */
static bool starvation_read_thread(struct thread *thread, struct collect *c,
				   struct softnet_row *row)
{
	uint64_t run, wait, slices;

	if (procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "%u/schedstat", thread->pid) ||
	    starvation_parse_schedstat(filebuf_span(c->buf), &run, &wait, &slices) ||
	    run < thread->run)
		return false;
	thread->run = run;
	/* A kernel that does not account for this prints zeros. */
	if (!slices)
		return false;
	row->ksoftirqd_run_us = run / MICROSECOND_NS;
	row->ksoftirqd_wait_us = wait / MICROSECOND_NS;
	row->ksoftirqd_slices = slices;
	return true;
}

/* Reads all known threads. Returns the number of CPUs without times; *lost: one of them had times
 * before; *unseen: how many have no known thread. */
static size_t starvation_read_threads(struct starvation *starvation, struct collect *c, bool *lost,
				      size_t *unseen)
{
	size_t without = 0;

	*lost = false;
	*unseen = 0;
	for (size_t i = 0; i < c->rows[0].count; i++) {
		struct softnet_row *row = rows_at(&c->rows[0], i);
		struct thread *thread = hash_find(&starvation->cpus, &row->cpu);

		*unseen += !thread->pid;
		if (thread->pid && starvation_read_thread(thread, c, row))
			continue;
		without++;
		*lost = *lost || thread->known;
		thread->known = false;
		thread->run = 0;
	}
	return without;
}

static void starvation_read_ksoftirqd(struct starvation *starvation, struct collect *c)
{
	size_t without, unseen;
	bool lost;

	if (starvation_has_new_cpu(starvation, &c->rows[0]) && starvation_search(starvation, c))
		return;
	without = starvation_read_threads(starvation, c, &lost, &unseen);
	if (lost && !starvation_search(starvation, c))
		without = starvation_read_threads(starvation, c, &lost, &unseen);
	if (starvation->alone || !without)
		return;
	if (unseen)
		collect_note(c,
			     "the times of ksoftirqd are absent: its threads cannot be seen in %s "
			     "(hidepid, or a container)",
			     c->settings->roots.path[ROOT_PROC]);
	else
		collect_note(c,
			     "the times of ksoftirqd are absent: this kernel does not count them "
			     "(CONFIG_SCHEDSTATS)");
}

void starvation_read(struct starvation *starvation, struct collect *c)
{
	const struct roots *roots = &c->settings->roots;
	const char *proc = roots->path[ROOT_PROC];
	int err = procfs_read(roots, ROOT_PROC, c->buf, stat_path);

	if (err)
		collect_note(c, "softirq and steal time are absent: cannot read %s/%s: %s", proc,
			     stat_path, strerror(-err));
	else if (starvation_parse_stat(filebuf_span(c->buf), &c->rows[0],
				       (uint64_t)sysconf(_SC_CLK_TCK)))
		collect_note(c,
			     "softirq and steal time are absent: %s/%s has an unknown format or is "
			     "truncated",
			     proc, stat_path);
	starvation_read_ksoftirqd(starvation, c);
}

static uint64_t packets_left(const struct softnet_row *row)
{
	return row->dropped + row->time_squeeze;
}

static void thread_follow(double *recent, double amount, uint64_t elapsed)
{
	double rate = amount * (double)SECOND_NS / (double)elapsed;

	*recent += (rate - *recent) * (double)elapsed / (double)(elapsed + RECENT_NS);
}

/* Judges the time since the thread was last seen to have run. The kernel adds a wait up when it
 * ends. */
static void thread_judge(struct thread *thread, const struct softnet_row *row, uint64_t now)
{
	uint64_t waited = row->ksoftirqd_wait_us - thread->wait_us;
	uint64_t slices = row->ksoftirqd_slices - thread->slices;
	uint64_t elapsed = now - thread->time;

	if (waited / slices < KEPT_WAITING_US)
		waited = 0;
	if (packets_left(row) > thread->left)
		thread->starved_us += waited;
	if (!elapsed)
		return;
	thread_follow(&thread->recent_wait, (double)waited / 1000, elapsed);
	if (row->steal_ms != ROW_ABSENT && thread->steal_ms != ROW_ABSENT)
		thread_follow(&thread->recent_steal, (double)(row->steal_ms - thread->steal_ms),
			      elapsed);
}

static void thread_remember(struct thread *thread, const struct softnet_row *row, uint64_t now)
{
	thread->known = true;
	thread->time = now;
	thread->stamp = row->discontinuity;
	thread->slices = row->ksoftirqd_slices;
	thread->wait_us = row->ksoftirqd_wait_us;
	thread->steal_ms = row->steal_ms;
	thread->left = packets_left(row);
}

void starvation_judge(struct starvation *starvation, struct rows *rows, uint64_t now)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct softnet_row *row = rows_at(rows, i);
		struct thread *thread = hash_find(&starvation->cpus, &row->cpu);

		if (!thread || row->ksoftirqd_wait_us == ROW_ABSENT)
			continue;
		if (!thread->known || thread->stamp != row->discontinuity ||
		    row->ksoftirqd_slices < thread->slices) {
			thread_remember(thread, row, now);
		} else if (row->ksoftirqd_slices > thread->slices) {
			thread_judge(thread, row, now);
			thread_remember(thread, row, now);
		}
		row->starved_ms = thread->starved_us / 1000;
		row->recent_wait = (uint64_t)thread->recent_wait;
		row->recent_steal = (uint64_t)thread->recent_steal;
	}
}
