/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "irq.h"

const struct row_type irq_row_type = {
	.name = "irq",
	.size = sizeof(struct irq_row),
	.text = offsetof(struct irq_row, name),
};

static int irq_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector irq_collector = {
	.name = "irq",
	.interval_ms = 10000,
	.rows = {&irq_row_type, NULL},
	.collect = irq_collect,
};
