/* SPDX-License-Identifier: BSD-2-Clause */
/* How many sockets there are, for bounds on how many are looked at. */
#ifndef NETDIAG_SOCKET_COUNT_H
#define NETDIAG_SOCKET_COUNT_H

#include "collectors/collector.h"

/* Counts the TCP sockets of this network namespace, TIME_WAIT aside, and the UDP ones too if udp is
 * set. Costs next to nothing. 0, or what collect_fail() returned. */
int socket_count(struct collect *c, bool udp, uint64_t *sum);

#endif
