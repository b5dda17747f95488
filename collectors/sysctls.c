/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "sysctls.h"

const struct row_type sysctl_row_type = {
	.name = "sysctl",
	.size = sizeof(struct sysctl_row),
	.text = offsetof(struct sysctl_row, name),
};

static int sysctls_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector sysctls_collector = {
	.name = "sysctls",
	.interval_ms = 30000,
	.rows = {&sysctl_row_type, NULL},
	.collect = sysctls_collect,
};
