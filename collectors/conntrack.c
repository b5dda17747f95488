/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "conntrack.h"

const struct row_type conntrack_row_type = {
	.name = "conntrack",
	.size = sizeof(struct conntrack_row),
	.text = sizeof(struct conntrack_row),
};

const struct row_type conntrack_cpu_row_type = {
	.name = "conntrack_cpu",
	.size = sizeof(struct conntrack_cpu_row),
	.text = sizeof(struct conntrack_cpu_row),
};

static int conntrack_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector conntrack_collector = {
	.name = "conntrack",
	.interval_ms = 5000,
	.rows = {&conntrack_row_type, &conntrack_cpu_row_type, NULL},
	.collect = conntrack_collect,
};
