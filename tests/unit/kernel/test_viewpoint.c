/* SPDX-License-Identifier: BSD-2-Clause */
/* viewpoint.c, as far as it does not need namespaces: tests/integration/test_container.py has the
 * rest. */
#include <config.h>

#include <string.h>
#include <unistd.h>

#include "collectors/kernel/viewpoint.h"
#include "tests/unit/unit.h"

/* Files that were copied from a host say nothing about where netdiagd runs. */
START_TEST(captured_trees)
{
	char text[VIEWPOINT_TEXT_SIZE];
	struct viewpoint viewpoint;
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "proc/sys/net/core/netdev_max_backlog", "1000\n");
	tree_symlink(&tree, "pid:[4026531836]", "proc/self/ns/pid");
	viewpoint_read(&tree.roots, &viewpoint);
	ck_assert_int_eq(viewpoint.network, VIEWPOINT_UNKNOWN);
	ck_assert_int_eq(viewpoint.processes, VIEWPOINT_UNKNOWN);
	viewpoint_text(&tree.roots, text);
	ck_assert_str_eq(text, "a captured tree");
	ck_assert(!viewpoint_is_partial(&tree.roots));
	tree_done(&tree);
}
END_TEST

START_TEST(the_running_kernel)
{
	char text[VIEWPOINT_TEXT_SIZE];
	struct viewpoint viewpoint;
	bool host = !access("/proc/sys/net/core/netdev_max_backlog", F_OK);

	viewpoint_read(&roots_default, &viewpoint);
	ck_assert_int_eq(viewpoint.network == VIEWPOINT_HOST, host);
	viewpoint_text(&roots_default, text);
	ck_assert_int_eq(strstr(text, "network: host, ") != NULL, host);
}
END_TEST

UNIT_MAIN("viewpoint", captured_trees, the_running_kernel)
