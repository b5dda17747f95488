/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "sockets.h"

const struct row_type socket_state_row_type = {
	.name = "socket_state",
	.size = sizeof(struct socket_state_row),
	.text = sizeof(struct socket_state_row),
};

static int sockets_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector sockets_collector = {
	.name = "sockets",
	.interval_ms = 5000,
	.rows = {&socket_state_row_type, NULL},
	.collect = sockets_collect,
};
