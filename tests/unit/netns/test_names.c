/* SPDX-License-Identifier: BSD-2-Clause */
/* collectors/netns/names.c: unique names, and whose names are believed. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "collectors/netns/names.h"
#include "tests/unit/unit.h"

static struct hash given;

static void begin(void)
{
	hash_init(&given, sizeof(struct netns_given), NETNS_NAME_SIZE);
}

static const char *add(const char *text)
{
	static char name[NETNS_NAME_SIZE];
	char base[NETNS_NAME_SIZE] = "";

	strncpy(base, text, sizeof(base) - 1);
	ck_assert_int_eq(netns_names_add(&given, base, name), 0);
	return name;
}

START_TEST(unique)
{
	char longest[NETNS_NAME_SIZE] = "", expected[NETNS_NAME_SIZE];

	begin();
	ck_assert_str_eq(add("web"), "web");
	ck_assert_str_eq(add("web#3"), "web#3");
	ck_assert_str_eq(add("web"), "web#2");
	ck_assert_str_eq(add("web"), "web#4");
	ck_assert_str_eq(add("web#2"), "web#2#2");
	memset(longest, 'x', sizeof(longest) - 1);
	ck_assert_str_eq(add(longest), longest);
	memcpy(expected, longest, sizeof(expected));
	memcpy(expected + sizeof(expected) - 3, "#2", 2);
	ck_assert_str_eq(add(longest), expected);
	hash_clear(&given);
}
END_TEST

/* The processor time that so many names out of one take, the least of a few tries. */
static double time_for(size_t count)
{
	double least = 0;

	for (int tries = 0; tries < 3; tries++) {
		struct timespec from, to;
		double took;

		begin();
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
		for (size_t i = 0; i < count; i++)
			add("docker:0123456789ab");
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
		hash_clear(&given);
		took = (double)(to.tv_sec - from.tv_sec) * 1e9 +
		       (double)(to.tv_nsec - from.tv_nsec);
		if (!tries || took < least)
			least = took;
	}
	return least;
}

/* Whoever makes many namespaces of one name must not stall the collector. */
START_TEST(many_of_one_name)
{
	double few = time_for(1000), many = time_for(8000);

	ck_assert_msg(many < few * 24, "8000 names took %.0f times as long as 1000", many / few);
}
END_TEST

static size_t believed(const struct tree *tree, const char *hierarchy, const char *path)
{
	return netns_names_believed(&tree->roots, (struct span){hierarchy, strlen(hierarchy)},
				    (struct span){path, strlen(path)});
}

static void change_owner(const struct tree *tree, const char *directory)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", tree->sys, directory);
	ck_assert_int_eq(chown(path, 1000, 1000), 0);
}

/* What stands below a user's directory, that user has named. */
START_TEST(owners)
{
	static const char path[] = "/user.slice/user@1000.service/app.slice/docker-1.scope";
	struct tree tree;

	tree_init(&tree);
	ck_assert_uint_eq(believed(&tree, "", path), 0);
	tree_write(&tree,
		   "sys/fs/cgroup/user.slice/user@1000.service/app.slice/docker-1.scope/"
		   "cgroup.procs",
		   "%s", "");
	tree_write(&tree, "sys/fs/cgroup/memory/docker/1/cgroup.procs", "%s", "");
	if (geteuid()) {
		ck_assert_uint_eq(believed(&tree, "", path), 0);
		tree_done(&tree);
		return;
	}
	ck_assert_uint_eq(believed(&tree, "", path), strlen(path));
	ck_assert_uint_eq(believed(&tree, "memory", "/docker/1"), strlen("/docker/1"));
	ck_assert_uint_eq(believed(&tree, "name=memory", "/docker/1"), strlen("/docker/1"));
	/* It is not there, or not to be seen from here. */
	ck_assert_uint_eq(believed(&tree, "", "/docker/1"), 0);
	ck_assert_uint_eq(believed(&tree, "cpu", "/docker/1"), 0);
	ck_assert_uint_eq(believed(&tree, "memory", "/../../docker/1"), 0);
	change_owner(&tree, "fs/cgroup/user.slice/user@1000.service");
	ck_assert_uint_eq(believed(&tree, "", path), strlen("/user.slice/user@1000.service"));
	change_owner(&tree, "fs/cgroup/memory");
	ck_assert_uint_eq(believed(&tree, "memory", "/docker/1"), 0);
	tree_done(&tree);
}
END_TEST

UNIT_MAIN("netns_names", unique, many_of_one_name, owners)
