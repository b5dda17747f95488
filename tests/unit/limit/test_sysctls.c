/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/limit/sysctls.h"
#include "tests/unit/unit.h"

START_TEST(paths)
{
	static const struct {
		const char *name, *path;
	} good[] = {
		{"net.ipv4.tcp_ecn", "net/ipv4/tcp_ecn"},
		{"net/ipv4/tcp_ecn", "net/ipv4/tcp_ecn"},
		{"net.ipv4.conf.eth0/100.rp_filter", "net/ipv4/conf/eth0.100/rp_filter"},
		{"net/ipv4/conf/eth0.100/rp_filter", "net/ipv4/conf/eth0.100/rp_filter"},
		{"net.ipv6.conf.br-LAN.mtu", "net/ipv6/conf/br-LAN/mtu"},
		{"net.ipv4.conf.a//b.x", "net/ipv4/conf/a..b/x"},
	};
	char path[SYSCTL_NAME_SIZE], name[SYSCTL_NAME_SIZE];

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		ck_assert_int_eq(sysctl_path(good[i].name, path, sizeof(path)), 0);
		ck_assert_str_eq(path, good[i].path);
		sysctl_name(path, name, sizeof(name));
		ck_assert_int_eq(sysctl_path(name, path, sizeof(path)), 0);
		ck_assert_str_eq(path, good[i].path);
	}
}
END_TEST

START_TEST(paths_that_leave)
{
	static const char *const bad[] = {
		"",
		".",
		"/",
		"net",
		"../self/environ",
		"net/../../self/environ",
		"net/..",
		"net.//.x",
		"net./.x",
		"net..core",
		"net.",
		"net/",
		".net.core",
		"/etc/passwd",
		"net/core/",
		"net/./core",
		"net.core.so maxconn",
		"net.core.x\ny",
		"net.core.%s",
		"net.core.$(x)",
		"net.core.\xc3\xa4",
	};
	char path[SYSCTL_NAME_SIZE], small[17];

	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(sysctl_path(bad[i], path, sizeof(path)) == -EINVAL, "'%s' is '%s'",
			      bad[i], path);
	ck_assert_int_eq(sysctl_path("net.ipv4.tcp_ec", small, sizeof(small)), 0);
	ck_assert_int_eq(sysctl_path("net.ipv4.tcp_ecn", small, sizeof(small)), 0);
	ck_assert_int_eq(sysctl_path("net.ipv4.tcp_ecn1", small, sizeof(small)), -ENAMETOOLONG);
}
END_TEST

static const char *value_of(const struct unit_collector *unit, const char *name)
{
	struct sysctl_row key, *row;

	row_reset(&sysctl_row_type, &key);
	ROW_SET_TEXT(key.name, name);
	row = rows_find(&unit->rows[0], &key);
	return row ? row->value : NULL;
}

#define assert_value(unit, name, text)                      \
	do {                                                \
		const char *value = value_of(unit, name);   \
		ck_assert_msg(value, "%s is absent", name); \
		ck_assert_str_eq(value, text);              \
	} while (0)

START_TEST(values)
{
	struct unit_collector unit;
	struct tree tree;
	char long_word[301];

	memset(long_word, 'w', 300);
	long_word[300] = '\0';
	tree_init(&tree);
	tree_write(&tree, "proc/sys/net/core/somaxconn", "4096\n");
	tree_write(&tree, "proc/sys/net/ipv4/tcp_rmem", "4096\t131072\t6291456\n");
	tree_write(&tree, "proc/sys/net/ipv4/tcp_congestion_control", "%s", "");
	tree_write(&tree, "proc/sys/net/ipv4/tcp_wmem", "  one \t two\nthree\x01\n\n");
	tree_write(&tree, "proc/sys/net/ipv4/tcp_mem", "%.127s %s", long_word, "next");
	tree_write(&tree, "proc/sys/net/ipv4/udp_mem", "%s", long_word);
	tree_write(&tree, "proc/sys/net/ipv4/tcp_ecn", "2\n");
	unit_collector_init(&unit, &sysctls_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, 1), 0);
	ck_assert_uint_eq(unit.rows[0].count, 6);
	ck_assert_str_eq(unit.error, "");
	ck_assert_str_eq(unit.source, "/proc/sys");
	assert_value(&unit, "net.core.somaxconn", "4096");
	assert_value(&unit, "net.ipv4.tcp_rmem", "4096 131072 6291456");
	assert_value(&unit, "net.ipv4.tcp_congestion_control", "");
	assert_value(&unit, "net.ipv4.tcp_wmem", "one two three?");
	ck_assert_uint_eq(strlen(value_of(&unit, "net.ipv4.tcp_mem")), 127);
	ck_assert_uint_eq(strlen(value_of(&unit, "net.ipv4.udp_mem")), SYSCTL_VALUE_SIZE - 1);
	ck_assert_ptr_null(value_of(&unit, "net.ipv4.tcp_ecn"));
	ck_assert_ptr_null(value_of(&unit, "net.netfilter.nf_conntrack_max"));
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

START_TEST(configured)
{
	static const char *const names[] = {
		"net.ipv4.tcp_ecn",
		"net.core.somaxconn", /* shown anyway */
		"net/ipv4/conf/eth0.100/rp_filter",
	};
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "proc/sys/net/core/somaxconn", "4096\n");
	tree_write(&tree, "proc/sys/net/ipv4/tcp_ecn", "2\n");
	tree_write(&tree, "proc/sys/net/ipv4/conf/eth0.100/rp_filter", "1\n");
	unit_collector_init(&unit, &sysctls_collector, &tree.roots);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		ck_assert_int_eq(globs_add(&unit.settings->sysctls, names[i]), 0);
	ck_assert_int_eq(unit_collect(&unit, 1), 0);
	ck_assert_str_eq(unit.error, "");
	ck_assert_uint_eq(unit.rows[0].count, 3);
	assert_value(&unit, "net.ipv4.tcp_ecn", "2");
	assert_value(&unit, "net.ipv4.conf.eth0/100.rp_filter", "1");
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

/* What is wrong with a configured name is told; the rest is shown. */
START_TEST(configured_wrong)
{
	static const struct {
		const char *name, *told;
	} wrong[] = {
		{"net.ipv4.no_such_thing", "No such file"},
		{"net.ipv4.conf", "Is a directory"},
		{"../secret", "not the name of a setting"},
		{"net.ipv4.conf.all.a_name_that_is_longer_than_any_setting_of_any_kernel_of_the_"
		 "day_has",
		 "longer than 80 characters"},
	};

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct unit_collector unit;
		struct tree tree;

		tree_init(&tree);
		tree_write(&tree, "proc/sys/net/core/somaxconn", "4096\n");
		tree_write(&tree, "proc/sys/net/ipv4/conf/all/rp_filter", "1\n");
		tree_write(&tree, "proc/secret", "x\n");
		unit_collector_init(&unit, &sysctls_collector, &tree.roots);
		ck_assert_int_eq(globs_add(&unit.settings->sysctls, wrong[i].name), 0);
		ck_assert_int_eq(unit_collect(&unit, 1), 0);
		ck_assert_msg(strstr(unit.error, wrong[i].told), "told: %s", unit.error);
		ck_assert_msg(strstr(unit.error, wrong[i].name), "told: %s", unit.error);
		ck_assert_uint_eq(unit.rows[0].count, 1);
		unit_collector_done(&unit);
		tree_done(&tree);
	}
}
END_TEST

START_TEST(nothing_there)
{
	struct unit_collector unit;
	struct tree tree;

	tree_init(&tree);
	unit_collector_init(&unit, &sysctls_collector, &tree.roots);
	ck_assert_int_eq(unit_collect(&unit, 1), -ENOENT);
	ck_assert_msg(strstr(unit.error, "/proc/sys"), "told: %s", unit.error);
	unit_collector_done(&unit);
	tree_done(&tree);
}
END_TEST

UNIT_MAIN("sysctls", paths, paths_that_leave, values, configured, configured_wrong, nothing_there)
