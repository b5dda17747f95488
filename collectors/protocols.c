/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "protocols.h"

const struct row_type protocol_row_type = {
	.name = "protocol",
	.size = sizeof(struct protocol_row),
	.text = offsetof(struct protocol_row, name),
};

static int protocols_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector protocols_collector = {
	.name = "protocols",
	.interval_ms = 5000,
	.rows = {&protocol_row_type, NULL},
	.collect = protocols_collect,
};
