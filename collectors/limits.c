/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "limits.h"

const struct row_type limit_row_type = {
	.name = "limit",
	.size = sizeof(struct limit_row),
	.text = offsetof(struct limit_row, name),
};

static int limits_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector limits_collector = {
	.name = "limits",
	.interval_ms = 5000,
	.rows = {&limit_row_type, NULL},
	.collect = limits_collect,
};
