/* SPDX-License-Identifier: BSD-2-Clause */
/* Whose thread is ksoftirqd, what it waits, and which of its waiting is starvation. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collectors/cpu/softnet.h"
#include "collectors/cpu/starvation.h"
#include "tests/unit/unit.h"

#define SECOND	UINT64_C(1000000000)
#define KTHREAD 69238848U

static struct tree tree;
static struct unit_collector unit;
static uint64_t now = SECOND;

static void write_softnet(unsigned dropped, unsigned squeezed)
{
	tree_write(&tree, "proc/net/softnet_stat",
		   "00000064 %08x %08x 0 0 0 0 0 0 0 0 0 00000000 0 0\n"
		   "00000064 00000000 00000000 0 0 0 0 0 0 0 0 0 00000001 0 0\n",
		   dropped, squeezed);
}

static void write_thread(unsigned pid, const char *name, unsigned flags)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/stat", pid);
	tree_write(&tree, path, "%u (%s) S 2 0 0 0 -1 %u 0 0 0\n", pid, name, flags);
}

static void write_times(unsigned pid, uint64_t run_ms, uint64_t wait_ms, unsigned slices)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/schedstat", pid);
	tree_write(&tree, path, "%llu %llu %u\n", (unsigned long long)run_ms * 1000000,
		   (unsigned long long)wait_ms * 1000000, slices);
}

static void write_stat(unsigned softirq, unsigned steal)
{
	tree_write(&tree, "proc/stat",
		   "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 1 2 3 4 5 6 %u %u 0 0\n"
		   "cpu1 1 2 3 4 5 6 70 80 0 0\nintr 5\n",
		   softirq, steal);
}

static void start(void)
{
	tree_init(&tree);
	write_softnet(0, 0);
	tree_write(&tree, "proc/softirqs", " CPU0 CPU1\nNET_TX: 1 1\nNET_RX: 1 1\n");
	write_stat(7, 8);
	write_thread(14, "ksoftirqd/0", KTHREAD);
	write_thread(22, "ksoftirqd/1", KTHREAD);
	write_times(14, 1000, 2000, 100);
	write_times(22, 5, 6, 7);
	unit_collector_init(&unit, &softnet_collector, &tree.roots);
}

static void done(void)
{
	unit_collector_done(&unit);
	tree_done(&tree);
}

static void collect(void)
{
	now += SECOND;
	ck_assert_int_eq(unit_collect(&unit, now), 0);
}

static const struct softnet_row *cpu(uint64_t id)
{
	struct softnet_row key = {.cpu = id};
	const struct softnet_row *row = rows_find(&unit.rows[0], &key);

	ck_assert_ptr_nonnull(row);
	return row;
}

START_TEST(times_of_each_cpu)
{
	start();
	collect();
	ck_assert_str_eq(unit.error, "");
	ck_assert_uint_eq(cpu(0)->ksoftirqd_run_us, 1000000);
	ck_assert_uint_eq(cpu(0)->ksoftirqd_wait_us, 2000000);
	ck_assert_uint_eq(cpu(1)->ksoftirqd_run_us, 5000);
	ck_assert_uint_eq(cpu(1)->ksoftirqd_wait_us, 6000);
	ck_assert_uint_eq(cpu(0)->softirq_ms, 70);
	ck_assert_uint_eq(cpu(0)->steal_ms, 80);
	ck_assert_uint_eq(cpu(1)->softirq_ms, 700);
	ck_assert_uint_eq(cpu(1)->steal_ms, 800);
	ck_assert_uint_eq(cpu(0)->starved_ms, 0);
	done();
}
END_TEST

static int parse(const char *text, uint64_t *id)
{
	return starvation_parse_pid_stat((struct span){text, strlen(text)}, id);
}

START_TEST(whose_thread)
{
	uint64_t id = 99;

	ck_assert_int_eq(parse("14 (ksoftirqd/0) S 2 0 0 0 -1 69238848 0 0\n", &id), 0);
	ck_assert_uint_eq(id, 0);
	ck_assert_int_eq(parse("9014 (ksoftirqd/511) R 2 0 0 0 -1 2097152 0\n", &id), 0);
	ck_assert_uint_eq(id, 511);
	/* A user's process. */
	ck_assert_int_eq(parse("14 (ksoftirqd/0) S 2 0 0 0 -1 4194304 0 0\n", &id), -ENOENT);
	ck_assert_int_eq(parse("14 (x) S (ksoftirqd/0) S 2 0 0 0 -1 69238848 0\n", &id), -ENOENT);
	ck_assert_int_eq(parse("14 (ksoftirqd/) S 2 0 0 0 -1 69238848 0 0\n", &id), -ENOENT);
	ck_assert_int_eq(parse("14 (ksoftirqd/1x) S 2 0 0 0 -1 69238848 0 0\n", &id), -ENOENT);
	ck_assert_int_eq(parse("14 (kworker/0:1) S 2 0 0 0 -1 69238848 0 0\n", &id), -ENOENT);
	ck_assert_int_eq(parse("14 (ksoftirqd/0) S 2 0 0 0 -1\n", &id), -EBADMSG);
	ck_assert_int_eq(parse("14 (ksoftirqd/0) S 2 0 0 0 -1 x\n", &id), -EBADMSG);
	ck_assert_int_eq(parse("14 )ksoftirqd/0( S 2 0 0 0 -1 69238848\n", &id), -EBADMSG);
	ck_assert_int_eq(parse("", &id), -EBADMSG);
}
END_TEST

/* Collects after a second in which CPU 0's thread waited so long in so many slices. */
static void wait_for(uint64_t ms, unsigned slices, unsigned dropped, unsigned squeezed)
{
	static uint64_t wait_ms = 2000;
	static unsigned count = 100;

	wait_ms += ms;
	count += slices;
	write_times(14, 1000, wait_ms, count);
	write_softnet(dropped, squeezed);
	collect();
}

START_TEST(which_waiting_is_starvation)
{
	start();
	collect();
	/* A busy CPU whose packets are served all the same. */
	wait_for(900, 15, 0, 0);
	ck_assert_uint_eq(cpu(0)->starved_ms, 0);
	ck_assert_uint_ge(cpu(0)->recent_wait, 70);
	/* A router: packets are left to ksoftirqd, which is woken often and runs at once. */
	wait_for(90, 5000, 0, 300);
	ck_assert_uint_eq(cpu(0)->starved_ms, 0);
	/* Packets are left to it, and it cannot run. */
	wait_for(900, 15, 0, 400);
	ck_assert_uint_eq(cpu(0)->starved_ms, 900);
	/* The kernel tells of a wait when it ends: packets of before it count. */
	wait_for(0, 0, 5, 400);
	ck_assert_uint_eq(cpu(0)->starved_ms, 900);
	wait_for(1700, 1, 5, 400);
	ck_assert_uint_eq(cpu(0)->starved_ms, 2600);
	wait_for(800, 10, 5, 400);
	ck_assert_uint_eq(cpu(0)->starved_ms, 2600);
	ck_assert_uint_eq(cpu(1)->starved_ms, 0);
	done();
}
END_TEST

START_TEST(stolen_time)
{
	start();
	collect();
	for (unsigned i = 1; i <= 30; i++) {
		write_stat(7, 8 + 60 * i);
		write_times(14, 1000, 2000 + 900 * i, 100 + i);
		collect();
	}
	ck_assert_uint_ge(cpu(0)->recent_steal, 500);
	ck_assert_uint_le(cpu(0)->recent_steal, 600);
	ck_assert_uint_ge(cpu(0)->recent_wait, 800);
	done();
}
END_TEST

/* A process of that name is passed over; a pid that is another's now is looked for again. */
START_TEST(the_thread_is_found_again)
{
	start();
	write_thread(9, "ksoftirqd/0", 4194304);
	write_times(9, 9, 9, 9);
	collect();
	ck_assert_uint_eq(cpu(0)->ksoftirqd_run_us, 1000000);
	tree_remove(&tree, "proc/14");
	write_thread(31, "ksoftirqd/0", KTHREAD);
	write_times(31, 500, 1, 1);
	collect();
	ck_assert_str_eq(unit.error, "");
	/* The sum goes on from where it was. */
	ck_assert_uint_ge(cpu(0)->ksoftirqd_run_us, 1000000);
	write_times(31, 700, 1, 2);
	collect();
	ck_assert_uint_ge(cpu(0)->ksoftirqd_run_us, 1200000);
	/* Another process got the pid. */
	write_thread(31, "sh", 4194304);
	write_times(31, 1, 1, 1);
	write_thread(32, "ksoftirqd/0", KTHREAD);
	write_times(32, 900, 1, 3);
	collect();
	ck_assert_str_eq(unit.error, "");
	ck_assert_uint_ne(cpu(0)->ksoftirqd_run_us, ROW_ABSENT);
	done();
}
END_TEST

START_TEST(a_cpu_comes)
{
	start();
	tree_remove(&tree, "proc/22");
	tree_write(&tree, "proc/net/softnet_stat",
		   "00000064 00000000 00000000 0 0 0 0 0 0 0 0 0 00000000 0 0\n");
	collect();
	ck_assert_str_eq(unit.error, "");
	write_softnet(0, 0);
	write_thread(4022, "ksoftirqd/1", KTHREAD);
	write_times(4022, 5, 6, 7);
	collect();
	ck_assert_str_eq(unit.error, "");
	ck_assert_uint_eq(cpu(1)->ksoftirqd_wait_us, 6000);
	ck_assert_uint_eq(cpu(0)->ksoftirqd_wait_us, 2000000);
	done();
}
END_TEST

START_TEST(what_is_missing)
{
	start();
	tree_remove(&tree, "proc/14");
	tree_remove(&tree, "proc/stat");
	collect();
	ck_assert_ptr_nonnull(strstr(unit.error, "softirq and steal time are absent: cannot read"));
	ck_assert_ptr_nonnull(strstr(unit.error, "threads cannot be seen"));
	ck_assert_uint_eq(cpu(0)->ksoftirqd_wait_us, ROW_ABSENT);
	ck_assert_uint_eq(cpu(0)->starved_ms, ROW_ABSENT);
	ck_assert_uint_eq(cpu(0)->softirq_ms, ROW_ABSENT);
	ck_assert_uint_eq(cpu(1)->ksoftirqd_wait_us, 6000);
	/* In a container there are processes, but none of the kernel. */
	tree_remove(&tree, "proc/22");
	write_thread(1, "sh", 4194304);
	tree_write(&tree, "proc/stat", "cpu0 1 2 3\n");
	collect();
	ck_assert_ptr_nonnull(strstr(unit.error, "has an unknown format"));
	ck_assert_ptr_nonnull(strstr(unit.error, "threads cannot be seen"));
	done();
}
END_TEST

/* Without CONFIG_SCHED_INFO there is no file; where the kernel does not count it says 0. */
START_TEST(a_kernel_that_does_not_count)
{
	start();
	tree_remove(&tree, "proc/14/schedstat");
	write_times(22, 0, 0, 0);
	collect();
	ck_assert_ptr_nonnull(strstr(unit.error, "this kernel does not count them"));
	ck_assert_uint_eq(cpu(0)->ksoftirqd_run_us, ROW_ABSENT);
	ck_assert_uint_eq(cpu(1)->ksoftirqd_wait_us, ROW_ABSENT);
	ck_assert_uint_eq(cpu(1)->steal_ms, 800);
	done();
}
END_TEST

UNIT_MAIN("starvation", times_of_each_cpu, whose_thread, which_waiting_is_starvation, stolen_time,
	  the_thread_is_found_again, a_cpu_comes, what_is_missing, a_kernel_that_does_not_count)
