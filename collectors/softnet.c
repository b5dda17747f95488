/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "softnet.h"

const struct row_type softnet_row_type = {
	.name = "softnet",
	.size = sizeof(struct softnet_row),
	.text = sizeof(struct softnet_row),
};

static int softnet_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector softnet_collector = {
	.name = "softnet",
	.interval_ms = 1000,
	.rows = {&softnet_row_type, NULL},
	.collect = softnet_collect,
};
