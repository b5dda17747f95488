/* SPDX-License-Identifier: BSD-2-Clause */
/* owner: sockets to processes over made /proc trees, and how seldom those are read. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/socket/owner.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

static void process(const struct tree *tree, unsigned pid, const char *command)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/comm", pid);
	tree_write(tree, path, "%s\n", command);
}

static void descriptor(const struct tree *tree, unsigned pid, unsigned fd, const char *target)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/fd/%u", pid, fd);
	tree_symlink(tree, target, path);
}

static void assert_owner(struct owners *owners, uint32_t inode, uint64_t want, const char *command)
{
	char found[COMMAND_SIZE] = "";
	uint64_t pid = 0;

	ck_assert_int_eq(owners_find(owners, inode, &pid, found), want != 0);
	ck_assert_uint_eq(pid, want);
	ck_assert_str_eq(found, command);
}

static struct owners_stats stats_of(struct owners *owners)
{
	struct owners_stats stats;

	owners_stats(owners, &stats);
	return stats;
}

/* A tree with a few processes, as most of the tests want it. */
static struct owners *init(struct tree *tree)
{
	struct owners *owners = owners_new();

	ck_assert_ptr_nonnull(owners);
	tree_init(tree);
	process(tree, 1, "systemd");
	descriptor(tree, 1, 7, "socket:[700]");
	descriptor(tree, 1, 8, "socket:[800]");
	process(tree, 90, "nginx");
	descriptor(tree, 90, 0, "/dev/null");
	descriptor(tree, 90, 3, "socket:[100]");
	descriptor(tree, 90, 4, "socket:[800]");
	process(tree, 1000, "worker");
	descriptor(tree, 1000, 3, "socket:[100]");
	descriptor(tree, 1000, 5, "socket:[200");
	descriptor(tree, 1000, 6, "socket:[x]");
	descriptor(tree, 1000, 9, "pipe:[300]");
	tree_write(tree, "proc/version", "not a process\n");
	return owners;
}

static void done(struct tree *tree, struct owners *owners)
{
	owners_free(owners);
	tree_done(tree);
}

/* The lowest pid, but init only when it is alone. */
START_TEST(test_found)
{
	static const uint32_t wanted[] = {100, 200, 300, 700, 800, 0};
	struct owners *owners;
	struct tree tree;

	owners = init(&tree);
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		ck_assert_int_eq(owners_want(owners, wanted[i], false, SECOND), 0);
	ck_assert_uint_eq(owners_missing(owners, SECOND), 5);
	owners_update(owners, &tree.roots, SECOND);
	assert_owner(owners, 100, 90, "nginx");
	assert_owner(owners, 700, 1, "systemd");
	assert_owner(owners, 800, 90, "nginx");
	assert_owner(owners, 200, 0, "");
	assert_owner(owners, 300, 0, "");
	assert_owner(owners, 0, 0, "");
	ck_assert_uint_eq(owners_missing(owners, SECOND), 2);
	ck_assert_uint_eq(stats_of(owners).denied, 0);
	done(&tree, owners);
}
END_TEST

/* What is known costs no scan: /proc can be emptied but for the one link. */
START_TEST(test_no_scan_when_known)
{
	struct owners *owners;
	struct tree tree;

	owners = init(&tree);
	owners_want(owners, 100, false, SECOND);
	owners_update(owners, &tree.roots, SECOND);
	tree_remove(&tree, "proc/1");
	tree_remove(&tree, "proc/1000");
	descriptor(&tree, 50, 1, "socket:[100]"); /* a scan would find this one first */
	for (uint64_t now = 2; now < 60; now++) {
		owners_want(owners, 100, false, now * SECOND);
		owners_update(owners, &tree.roots, now * SECOND);
		assert_owner(owners, 100, 90, "nginx");
	}
	done(&tree, owners);
}
END_TEST

/* The owner ends and another process has the socket; a command changes. */
START_TEST(test_verified)
{
	struct owners *owners;
	struct tree tree;

	owners = init(&tree);
	owners_want(owners, 100, false, SECOND);
	owners_update(owners, &tree.roots, SECOND);
	process(&tree, 90, "nginx: master");
	owners_want(owners, 100, false, 40 * SECOND);
	owners_update(owners, &tree.roots, 40 * SECOND);
	assert_owner(owners, 100, 90, "nginx: master");
	tree_remove(&tree, "proc/90");
	owners_want(owners, 100, false, 80 * SECOND);
	owners_update(owners, &tree.roots, 80 * SECOND);
	assert_owner(owners, 100, 1000, "worker");
	/* The descriptor is another socket's now. */
	tree_remove(&tree, "proc/1000/fd/3");
	descriptor(&tree, 1000, 3, "socket:[101]");
	owners_want(owners, 100, false, 140 * SECOND);
	owners_update(owners, &tree.roots, 140 * SECOND);
	assert_owner(owners, 100, 0, "");
	done(&tree, owners);
}
END_TEST

/* A socket that nobody has is looked for more and more seldom, and does not keep a new one from
 * being found. */
START_TEST(test_seldom)
{
	struct owners *owners;
	struct tree tree;

	owners = init(&tree);
	for (uint64_t now = 1; now < 2000; now++) {
		owners_want(owners, 999, false, now * SECOND);
		owners_update(owners, &tree.roots, now * SECOND);
	}
	ck_assert_uint_ge(stats_of(owners).full_scans, 5);
	ck_assert_uint_le(stats_of(owners).full_scans, 12);
	for (uint64_t now = 2000; now < 2004; now++) {
		owners_want(owners, 999, false, now * SECOND);
		owners_want(owners, 100, false, now * SECOND);
		owners_update(owners, &tree.roots, now * SECOND);
	}
	assert_owner(owners, 100, 90, "nginx");
	done(&tree, owners);
}
END_TEST

/* A new process, and one that has a socket already, are looked at without a scan of all; other
 * processes only for a socket that lasts or is urgent. */
START_TEST(test_quick)
{
	struct owners *owners;
	struct tree tree;

	owners = init(&tree);
	owners_want(owners, 100, false, SECOND);
	owners_update(owners, &tree.roots, SECOND);
	process(&tree, 2000, "fresh");
	descriptor(&tree, 2000, 3, "socket:[2003]");
	descriptor(&tree, 90, 5, "socket:[2005]");
	owners_want(owners, 2003, false, 10 * SECOND);
	owners_want(owners, 2005, false, 10 * SECOND);
	owners_update(owners, &tree.roots, 10 * SECOND);
	assert_owner(owners, 2003, 2000, "fresh");
	assert_owner(owners, 2005, 90, "nginx");
	ck_assert_uint_eq(stats_of(owners).full_scans, 1);
	descriptor(&tree, 1000, 7, "socket:[2007]");
	owners_want(owners, 2007, false, 20 * SECOND);
	owners_update(owners, &tree.roots, 20 * SECOND);
	assert_owner(owners, 2007, 0, "");
	ck_assert_uint_eq(stats_of(owners).full_scans, 1);
	owners_want(owners, 2007, false, 25 * SECOND);
	owners_update(owners, &tree.roots, 25 * SECOND);
	assert_owner(owners, 2007, 1000, "worker");
	descriptor(&tree, 1, 9, "socket:[2009]");
	owners_want(owners, 2009, true, 30 * SECOND);
	owners_update(owners, &tree.roots, 30 * SECOND);
	assert_owner(owners, 2009, 1, "systemd");
	ck_assert_uint_eq(stats_of(owners).full_scans, 3);
	done(&tree, owners);
}
END_TEST

/* Sockets that come and go, one each second, cost no scan of all. */
START_TEST(test_short_lived)
{
	struct owners *owners;
	struct tree tree;

	owners = init(&tree);
	for (uint32_t now = 1; now < 1000; now++) {
		owners_want(owners, 100000 + now, false, now * SECOND);
		owners_update(owners, &tree.roots, now * SECOND);
	}
	ck_assert_uint_le(stats_of(owners).full_scans, 5); /* at the start */
	ck_assert_uint_le(stats_of(owners).quick_scans, 500);
	ck_assert_uint_le(stats_of(owners).entries, 302);
	done(&tree, owners);
}
END_TEST

/* One after the other, as with --dump, each collector gets its owners at once. */
START_TEST(test_dump)
{
	struct owners *owners;
	struct tree tree;

	owners = init(&tree);
	process(&tree, 95, "another");
	descriptor(&tree, 95, 3, "socket:[950]");
	owners_want(owners, 100, false, SECOND);
	owners_update(owners, &tree.roots, SECOND);
	owners_want(owners, 4444, false, SECOND + 1);
	owners_update(owners, &tree.roots, SECOND + 1);
	owners_want(owners, 950, false, SECOND + 2);
	owners_update(owners, &tree.roots, SECOND + 2);
	assert_owner(owners, 100, 90, "nginx");
	assert_owner(owners, 950, 95, "another");
	done(&tree, owners);
}
END_TEST

/* What one collector found the others know. */
START_TEST(test_shared)
{
	struct owners *one = owners_get(), *other = owners_get();
	struct tree tree;

	owners_free(init(&tree));
	ck_assert_ptr_eq(one, other);
	owners_want(one, 100, false, SECOND);
	owners_update(one, &tree.roots, SECOND);
	owners_want(other, 100, false, SECOND + 1);
	owners_update(other, &tree.roots, SECOND + 1);
	assert_owner(other, 100, 90, "nginx");
	owners_put(one);
	assert_owner(other, 100, 90, "nginx");
	ck_assert_uint_eq(stats_of(other).full_scans + stats_of(other).quick_scans, 1);
	owners_put(other);
	tree_done(&tree);
}
END_TEST

/* Those that nobody wants any more are forgotten. */
START_TEST(test_forgotten)
{
	struct owners *owners;
	struct tree tree;

	owners = init(&tree);
	for (uint32_t inode = 1; inode <= 1000; inode++)
		owners_want(owners, inode, false, SECOND);
	owners_update(owners, &tree.roots, SECOND);
	assert_owner(owners, 100, 90, "nginx");
	owners_want(owners, 700, false, 400 * SECOND);
	owners_update(owners, &tree.roots, 400 * SECOND);
	ck_assert_uint_eq(stats_of(owners).entries, 1);
	assert_owner(owners, 700, 1, "systemd");
	done(&tree, owners);
}
END_TEST

/* Thousands of descriptors take many updates of bounded time; in the end all is found. */
START_TEST(test_in_pieces)
{
	struct owners *owners;
	struct tree tree;
	char target[32];
	uint64_t now = SECOND;
	unsigned updates = 0;

	owners = init(&tree);
	owners_set_budget(owners, 1, 1);
	process(&tree, 500, "proxy");
	for (unsigned fd = 0; fd < 3000; fd++) {
		snprintf(target, sizeof(target), "socket:[%u]", 10000 + fd);
		descriptor(&tree, 500, fd, target);
		owners_want(owners, 10000 + fd, false, now);
	}
	for (; updates < 1000 && owners_missing(owners, now); updates++)
		owners_update(owners, &tree.roots, now);
	ck_assert_uint_gt(updates, 3000 / 100);
	assert_owner(owners, 10000, 500, "proxy");
	assert_owner(owners, 12999, 500, "proxy");
	ck_assert(!stats_of(owners).scanning);
	done(&tree, owners);
}
END_TEST

/* Who has only one update finds much more than in a later one. */
START_TEST(test_first)
{
	struct owners *owners;
	struct tree tree;
	char target[32];

	owners = init(&tree);
	owners_set_budget(owners, 1, SECOND);
	process(&tree, 500, "proxy");
	for (unsigned fd = 0; fd < 3000; fd++) {
		snprintf(target, sizeof(target), "socket:[%u]", 10000 + fd);
		descriptor(&tree, 500, fd, target);
		owners_want(owners, 10000 + fd, false, SECOND);
	}
	owners_update(owners, &tree.roots, SECOND);
	ck_assert_uint_eq(owners_missing(owners, SECOND), 0);
	tree_remove(&tree, "proc/500");
	process(&tree, 501, "proxy");
	for (unsigned fd = 0; fd < 3000; fd++) {
		snprintf(target, sizeof(target), "socket:[%u]", 20000 + fd);
		descriptor(&tree, 501, fd, target);
		owners_want(owners, 20000 + fd, false, 9 * SECOND);
	}
	owners_update(owners, &tree.roots, 9 * SECOND);
	ck_assert_uint_gt(owners_missing(owners, 9 * SECOND), 2000);
	done(&tree, owners);
}
END_TEST

/* Without privileges: as root nothing is refused, so the test gives that up in a child. */
START_TEST(test_denied)
{
	struct owners *owners;
	struct tree tree;
	char path[128];

	owners = init(&tree);
	snprintf(path, sizeof(path), "%s/90/fd", tree.proc);
	ck_assert_int_eq(chmod(path, 0), 0);
	if (!geteuid()) {
		ck_assert_int_eq(chmod(tree.path, 0755), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	owners_want(owners, 100, false, SECOND);
	owners_want(owners, 4444, false, SECOND);
	owners_update(owners, &tree.roots, SECOND);
	if (geteuid() == 65534)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_uint_eq(stats_of(owners).denied, 1);
	assert_owner(owners, 100, 1000, "worker");
	ck_assert_uint_eq(owners_missing(owners, SECOND), 1);
	done(&tree, owners);
}
END_TEST

/* A command with control characters, a process without one, no /proc at all. */
START_TEST(test_odd)
{
	struct owners *owners;
	struct tree tree;

	owners = init(&tree);
	process(&tree, 60, "a\x1b\tb-longer-than-sixteen");
	descriptor(&tree, 60, 3, "socket:[61]");
	descriptor(&tree, 70, 3, "socket:[71]");
	process(&tree, 80, "\nnginx");
	descriptor(&tree, 80, 3, "socket:[81]");
	owners_want(owners, 61, false, SECOND);
	owners_want(owners, 71, false, SECOND);
	owners_want(owners, 81, false, SECOND);
	owners_update(owners, &tree.roots, SECOND);
	assert_owner(owners, 61, 60, "a??b-longer-than");
	assert_owner(owners, 71, 70, "");
	assert_owner(owners, 81, 80, "?nginx");
	tree_remove(&tree, "proc");
	owners_want(owners, 61, false, 100 * SECOND);
	owners_update(owners, &tree.roots, 100 * SECOND);
	assert_owner(owners, 61, 0, "");
	done(&tree, owners);
}
END_TEST

UNIT_MAIN("owner", test_found, test_no_scan_when_known, test_verified, test_seldom, test_quick,
	  test_short_lived, test_shared, test_dump, test_forgotten, test_in_pieces, test_first,
	  test_denied, test_odd)
