/* SPDX-License-Identifier: BSD-2-Clause */
/* nfqueue: queues whose programs come, go and are replaced; and a file that may not be read. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/socket/nfqueue.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define QUEUE  "proc/net/netfilter/nfnetlink_queue"

static struct tree tree;
static struct unit_collector unit;
static uint64_t now = SECOND;

static void start(void)
{
	tree_init(&tree);
	unit_collector_init(&unit, &nfqueue_collector, &tree.roots);
}

static void done(void)
{
	unit_collector_done(&unit);
	tree_done(&tree);
}

/* What the kernel's file says now. */
static void queues(const char *text)
{
	tree_write(&tree, QUEUE, "%s", text);
}

static int collect(void)
{
	now += 5 * SECOND;
	return unit_collect(&unit, now);
}

static const struct nfqueue_row *row_of(uint64_t queue)
{
	struct nfqueue_row key = {.queue = queue};

	return rows_find(&unit.rows[0], &key);
}

static void expect(uint64_t queue, uint64_t packets, uint64_t dropped, uint64_t user_dropped)
{
	const struct nfqueue_row *row = row_of(queue);

	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->packets, packets);
	ck_assert_uint_eq(row->dropped, dropped);
	ck_assert_uint_eq(row->user_dropped, user_dropped);
}

/* As the kernel prints it: queue, portid, length, copy mode, range, dropped, user_dropped, id, 1.
 */
START_TEST(test_line)
{
	const struct nfqueue_row *row;

	start();
	queues("    0  31204    12 2 65531     7     3     1040  1\n"
	       "65535 4000000000     0 0     0     0     0        0  1\n");
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(unit.rows[0].count, 2);
	expect(0, 1040, 7, 3);
	row = row_of(0);
	ck_assert_uint_eq(row->portid, 31204);
	ck_assert_uint_eq(row->length, 12);
	ck_assert_uint_eq(row->pid, ROW_ABSENT);
	ck_assert_uint_eq(row->discontinuity, now);
	expect(65535, 0, 0, 0);
	queues("");
	ck_assert_int_eq(collect(), 0);
	done();
}
END_TEST

/* Each program's counts begin at 0 and are added to those of the ones before it. */
START_TEST(test_sums)
{
	uint64_t first;

	start();
	queues("5 100 1 2 65531 4294967290 4294967295 4294967000 1\n");
	ck_assert_int_eq(collect(), 0);
	first = now;
	expect(5, 4294967000, 4294967290, 4294967295);
	/* All of them wrap. */
	queues("5 100 1 2 65531 4 0 104 1\n");
	ck_assert_int_eq(collect(), 0);
	expect(5, UINT64_C(4294967400), UINT64_C(4294967300), UINT64_C(4294967296));
	/* Another program, which lost more than the first did since it wrapped. */
	queues("5 101 1 2 65531 10 0 200 1\n");
	ck_assert_int_eq(collect(), 0);
	expect(5, UINT64_C(4294967600), UINT64_C(4294967310), UINT64_C(4294967296));
	/* The same one began anew. */
	queues("5 101 1 2 65531 20 0 50 1\n");
	ck_assert_int_eq(collect(), 0);
	expect(5, UINT64_C(4294967650), UINT64_C(4294967330), UINT64_C(4294967296));
	/* Nobody. */
	queues("");
	ck_assert_int_eq(collect(), 0);
	expect(5, UINT64_C(4294967650), UINT64_C(4294967330), UINT64_C(4294967296));
	ck_assert_uint_eq(row_of(5)->portid, ROW_ABSENT);
	ck_assert_uint_eq(row_of(5)->length, ROW_ABSENT);
	queues("5 102 1 2 65531 1 0 1 1\n");
	ck_assert_int_eq(collect(), 0);
	expect(5, UINT64_C(4294967651), UINT64_C(4294967331), UINT64_C(4294967296));
	ck_assert_uint_eq(row_of(5)->discontinuity, first);
	queues("");
	now += 3700 * SECOND;
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(unit.rows[0].count, 0);
	done();
}
END_TEST

START_TEST(test_queue_without_loss_is_forgotten)
{
	start();
	queues("5 100 1 2 65531 0 0 9 1\n");
	ck_assert_int_eq(collect(), 0);
	queues("");
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(unit.rows[0].count, 0);
	done();
}
END_TEST

START_TEST(test_bound)
{
	static char text[(NFQUEUES_MAX + 1) * 32];
	size_t used = 0;

	start();
	for (unsigned i = 0; i <= NFQUEUES_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%u 100 0 2 65531 1 0 9 1\n", i);
	queues(text);
	ck_assert_int_eq(collect(), 0);
	ck_assert_uint_eq(unit.rows[0].count, NFQUEUES_MAX + 1);
	expect(NFQUEUES_MAX - 1, 9, 1, 0);
	expect(NFQUEUES_MAX, ROW_ABSENT, ROW_ABSENT, ROW_ABSENT);
	ck_assert_ptr_nonnull(strstr(unit.error, "1 queues have no counts"));
	done();
}
END_TEST

static void refuse(const char *text)
{
	start();
	queues(text);
	ck_assert_int_eq(collect(), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(unit.error, "has an unknown format"));
	done();
}

START_TEST(test_broken)
{
	refuse("1 2 3 4 5 6 7\n");
	refuse("1 2 3 4 5 6 7 8");
	refuse("1 2 3 4 5 6 7 4294967296\n");
	refuse("1 2 3 4 5 -6 7 8\n");
	refuse("<html>\n");
}
END_TEST

/* Without the module there is no file, and nothing is wrong. */
START_TEST(test_no_module)
{
	start();
	ck_assert_int_eq(collect(), -ENOENT);
	ck_assert_ptr_nonnull(strstr(unit.error, "first rule that queues packets"));
	done();
}
END_TEST

/* Root alone may read the file: unsupported, or denied when the configuration asks for it. */
START_TEST(test_privilege)
{
	start();
	queues("");
	ck_assert_int_eq(chmod(tree.proc, 0), 0);
	if (!getuid())
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(collect(), -EOPNOTSUPP);
	ck_assert_ptr_nonnull(strstr(unit.error, "only root may read"));
	ck_assert_ptr_nonnull(strstr(unit.error, "drop-in nfqueue.conf"));
	unit.asked = true;
	ck_assert_int_eq(collect(), -EPERM);
	if (!getuid())
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(tree.proc, 0755), 0);
	done();
}
END_TEST

UNIT_MAIN("nfqueue", test_line, test_sums, test_queue_without_loss_is_forgotten, test_bound,
	  test_broken, test_no_module, test_privilege)
