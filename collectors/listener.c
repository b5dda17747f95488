/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "listener.h"

const struct row_type listener_row_type = {
	.name = "listener",
	.size = sizeof(struct listener_row),
	.text = offsetof(struct listener_row, endpoint),
};

static int listener_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector listener_collector = {
	.name = "listener",
	.interval_ms = 1000,
	.rows = {&listener_row_type, NULL},
	.collect = listener_collect,
};
