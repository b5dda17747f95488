/* SPDX-License-Identifier: BSD-2-Clause */
/* The number of sockets, which decides whether it is affordable to list them. */
#ifndef NETDIAG_SOCKET_COUNT_H
#define NETDIAG_SOCKET_COUNT_H

#include "collectors/collector.h"

/* Counts the TCP sockets of this network namespace, TIME_WAIT aside, and the UDP ones too if udp is
 * set. Cheap: reads two small files. 0, or what collect_fail() returned. */
int socket_count(struct collect *c, bool udp, uint64_t *sum);

#endif
