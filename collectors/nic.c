/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "nic.h"

const struct row_type nic_row_type = {
	.name = "nic",
	.size = sizeof(struct nic_row),
	.text = offsetof(struct nic_row, name),
};

const struct row_type nic_stat_row_type = {
	.name = "nic_stat",
	.size = sizeof(struct nic_stat_row),
	.text = offsetof(struct nic_stat_row, name),
};

static int nic_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector nic_collector = {
	.name = "nic",
	.interval_ms = 5000,
	.rows = {&nic_row_type, &nic_stat_row_type, NULL},
	.collect = nic_collect,
};
