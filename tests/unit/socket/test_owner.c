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

static void assert_owner(const struct owners *owners, uint32_t inode, uint64_t want,
			 const char *command)
{
	char found[COMMAND_SIZE] = "";
	uint64_t pid = 0;

	ck_assert_int_eq(owners_find(owners, inode, &pid, found), want != 0);
	ck_assert_uint_eq(pid, want);
	ck_assert_str_eq(found, command);
}

/* A tree with a few processes, as most of the tests want it. */
static void init(struct tree *tree, struct owners *owners)
{
	tree_init(tree);
	owners_init(owners);
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
	struct owners owners;
	struct tree tree;

	init(&tree, &owners);
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		ck_assert_int_eq(owners_want(&owners, wanted[i], SECOND), 0);
	ck_assert_uint_eq(owners_missing(&owners, SECOND), 5);
	owners_update(&owners, &tree.roots, SECOND);
	assert_owner(&owners, 100, 90, "nginx");
	assert_owner(&owners, 700, 1, "systemd");
	assert_owner(&owners, 800, 90, "nginx");
	assert_owner(&owners, 200, 0, "");
	assert_owner(&owners, 300, 0, "");
	assert_owner(&owners, 0, 0, "");
	ck_assert_uint_eq(owners_missing(&owners, SECOND), 2);
	ck_assert_uint_eq(owners.denied, 0);
	done(&tree, &owners);
}
END_TEST

/* What is known costs no scan: /proc can be emptied but for the one link. */
START_TEST(test_no_scan_when_known)
{
	struct owners owners;
	struct tree tree;

	init(&tree, &owners);
	owners_want(&owners, 100, SECOND);
	owners_update(&owners, &tree.roots, SECOND);
	tree_remove(&tree, "proc/1");
	tree_remove(&tree, "proc/1000");
	descriptor(&tree, 50, 1, "socket:[100]"); /* a scan would find this one first */
	for (uint64_t now = 2; now < 60; now++) {
		owners_want(&owners, 100, now * SECOND);
		owners_update(&owners, &tree.roots, now * SECOND);
		assert_owner(&owners, 100, 90, "nginx");
	}
	done(&tree, &owners);
}
END_TEST

/* The owner ends and another process has the socket; a command changes. */
START_TEST(test_verified)
{
	struct owners owners;
	struct tree tree;

	init(&tree, &owners);
	owners_want(&owners, 100, SECOND);
	owners_update(&owners, &tree.roots, SECOND);
	process(&tree, 90, "nginx: master");
	owners_want(&owners, 100, 20 * SECOND);
	owners_update(&owners, &tree.roots, 20 * SECOND);
	assert_owner(&owners, 100, 90, "nginx: master");
	tree_remove(&tree, "proc/90");
	owners_want(&owners, 100, 40 * SECOND);
	owners_update(&owners, &tree.roots, 40 * SECOND);
	assert_owner(&owners, 100, 1000, "worker");
	/* The descriptor is another socket's now. */
	tree_remove(&tree, "proc/1000/fd/3");
	descriptor(&tree, 1000, 3, "socket:[101]");
	owners_want(&owners, 100, 60 * SECOND);
	owners_update(&owners, &tree.roots, 60 * SECOND);
	assert_owner(&owners, 100, 0, "");
	done(&tree, &owners);
}
END_TEST

/* A socket that nobody has is looked for more and more seldom, and does not keep a new one from
 * being found. */
START_TEST(test_seldom)
{
	struct owners owners;
	struct tree tree;
	unsigned scans = 0;
	uint64_t last = 0;

	init(&tree, &owners);
	for (uint64_t now = 1; now < 2000; now++) {
		owners_want(&owners, 999, now * SECOND);
		owners_update(&owners, &tree.roots, now * SECOND);
		scans += owners.next_scan != last;
		last = owners.next_scan;
	}
	ck_assert_uint_ge(scans, 5);
	ck_assert_uint_le(scans, 12);
	owners_want(&owners, 999, 2000 * SECOND);
	owners_want(&owners, 100, 2000 * SECOND);
	owners_update(&owners, &tree.roots, 2000 * SECOND);
	assert_owner(&owners, 100, 90, "nginx");
	done(&tree, &owners);
}
END_TEST

/* Those that nobody wants any more are forgotten. */
START_TEST(test_forgotten)
{
	struct owners owners;
	struct tree tree;

	init(&tree, &owners);
	for (uint32_t inode = 1; inode <= 1000; inode++)
		owners_want(&owners, inode, SECOND);
	owners_update(&owners, &tree.roots, SECOND);
	assert_owner(&owners, 100, 90, "nginx");
	owners_want(&owners, 700, 100 * SECOND);
	owners_update(&owners, &tree.roots, 100 * SECOND);
	ck_assert_uint_eq(owners.cache.count, 1);
	assert_owner(&owners, 700, 1, "systemd");
	done(&tree, &owners);
}
END_TEST

/* Thousands of descriptors take many updates of bounded time; in the end all is found. */
START_TEST(test_in_pieces)
{
	struct owners owners;
	struct tree tree;
	char target[32];
	uint64_t now = SECOND;
	unsigned updates = 0;

	init(&tree, &owners);
	owners.budget_ns = owners.first_budget_ns = 1;
	process(&tree, 500, "proxy");
	for (unsigned fd = 0; fd < 3000; fd++) {
		snprintf(target, sizeof(target), "socket:[%u]", 10000 + fd);
		descriptor(&tree, 500, fd, target);
		owners_want(&owners, 10000 + fd, now);
	}
	for (; updates < 1000 && owners_missing(&owners, now); updates++)
		owners_update(&owners, &tree.roots, now);
	ck_assert_uint_gt(updates, 3000 / 100);
	assert_owner(&owners, 10000, 500, "proxy");
	assert_owner(&owners, 12999, 500, "proxy");
	ck_assert_ptr_null(owners.fds);
	done(&tree, &owners);
}
END_TEST

/* Who has only one update finds much more than in a later one. */
START_TEST(test_first)
{
	struct owners owners;
	struct tree tree;
	char target[32];

	init(&tree, &owners);
	owners.budget_ns = 1;
	process(&tree, 500, "proxy");
	for (unsigned fd = 0; fd < 3000; fd++) {
		snprintf(target, sizeof(target), "socket:[%u]", 10000 + fd);
		descriptor(&tree, 500, fd, target);
		owners_want(&owners, 10000 + fd, SECOND);
	}
	owners_update(&owners, &tree.roots, SECOND);
	ck_assert_uint_eq(owners_missing(&owners, SECOND), 0);
	tree_remove(&tree, "proc/500");
	process(&tree, 501, "proxy");
	for (unsigned fd = 0; fd < 3000; fd++) {
		snprintf(target, sizeof(target), "socket:[%u]", 20000 + fd);
		descriptor(&tree, 501, fd, target);
		owners_want(&owners, 20000 + fd, 9 * SECOND);
	}
	owners_update(&owners, &tree.roots, 9 * SECOND);
	ck_assert_uint_gt(owners_missing(&owners, 9 * SECOND), 2000);
	done(&tree, &owners);
}
END_TEST

/* Without privileges: as root nothing is refused, so the test gives that up in a child. */
START_TEST(test_denied)
{
	struct owners owners;
	struct tree tree;
	char path[128];

	init(&tree, &owners);
	snprintf(path, sizeof(path), "%s/90/fd", tree.proc);
	ck_assert_int_eq(chmod(path, 0), 0);
	if (!geteuid()) {
		ck_assert_int_eq(chmod(tree.path, 0755), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	owners_want(&owners, 100, SECOND);
	owners_want(&owners, 4444, SECOND);
	owners_update(&owners, &tree.roots, SECOND);
	if (geteuid() == 65534)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(path, 0755), 0);
	ck_assert_uint_eq(owners.denied, 1);
	assert_owner(&owners, 100, 1000, "worker");
	ck_assert_uint_eq(owners_missing(&owners, SECOND), 1);
	done(&tree, &owners);
}
END_TEST

/* A command with control characters, a process without one, no /proc at all. */
START_TEST(test_odd)
{
	struct owners owners;
	struct tree tree;

	init(&tree, &owners);
	process(&tree, 60, "a\x1b\tb-longer-than-sixteen");
	descriptor(&tree, 60, 3, "socket:[61]");
	descriptor(&tree, 70, 3, "socket:[71]");
	owners_want(&owners, 61, SECOND);
	owners_want(&owners, 71, SECOND);
	owners_update(&owners, &tree.roots, SECOND);
	assert_owner(&owners, 61, 60, "a??b-longer-than");
	assert_owner(&owners, 71, 70, "");
	tree_remove(&tree, "proc");
	owners_want(&owners, 61, 100 * SECOND);
	owners_update(&owners, &tree.roots, 100 * SECOND);
	assert_owner(&owners, 61, 0, "");
	done(&tree, &owners);
}
END_TEST

UNIT_MAIN("owner", test_found, test_no_scan_when_known, test_verified, test_seldom, test_forgotten,
	  test_in_pieces, test_first, test_denied, test_odd)
