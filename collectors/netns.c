/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "netns.h"

const struct row_type netns_row_type = {
	.name = "netns",
	.size = sizeof(struct netns_row),
	.text = offsetof(struct netns_row, name),
};

static int netns_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector netns_collector = {
	.name = "netns",
	.interval_ms = 30000,
	.rows = {&netns_row_type, NULL},
	.collect = netns_collect,
};
