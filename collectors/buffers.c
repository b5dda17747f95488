/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "buffers.h"

const struct row_type buffer_row_type = {
	.name = "buffer",
	.size = sizeof(struct buffer_row),
	.text = offsetof(struct buffer_row, protocol),
};

static int buffers_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector buffers_collector = {
	.name = "buffers",
	.interval_ms = 30000,
	.rows = {&buffer_row_type, NULL},
	.collect = buffers_collect,
};
