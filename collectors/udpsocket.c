/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "udpsocket.h"

const struct row_type udp_socket_row_type = {
	.name = "udp_socket",
	.size = sizeof(struct udp_socket_row),
	.text = offsetof(struct udp_socket_row, endpoint),
};

static int udpsocket_collect(struct collect *c)
{
	return collect_fail(c, -EOPNOTSUPP, "not written yet");
}

const struct collector udpsocket_collector = {
	.name = "udpSocket",
	.interval_ms = 5000,
	.rows = {&udp_socket_row_type, NULL},
	.collect = udpsocket_collect,
};
