/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "counters.h"

const struct row_type counter_row_type = {
	.name = "counter",
	.size = sizeof(struct counter_row),
	.text = offsetof(struct counter_row, group),
};

const struct row_type tcp_row_type = {
	.name = "tcp",
	.size = sizeof(struct tcp_row),
	.text = sizeof(struct tcp_row),
};

const struct row_type udp_row_type = {
	.name = "udp",
	.size = sizeof(struct udp_row),
	.text = sizeof(struct udp_row),
};

static int counters_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector counters_collector = {
	.name = "counters",
	.interval_ms = 1000,
	.rows = {&counter_row_type, &tcp_row_type, &udp_row_type, NULL},
	.collect = counters_collect,
};
