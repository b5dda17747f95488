/* SPDX-License-Identifier: BSD-2-Clause */
/* Single numbers out of /proc/net/sockstat, sockstat6 and snmp, for the socket collectors. */
#ifndef NETDIAG_KERNEL_SOCKSTAT_H
#define NETDIAG_KERNEL_SOCKSTAT_H

#include <stdint.h>

#include "collectors/base/parse.h"

/*
 * Finds "TCP: inuse 5 orphan 0 tw 2" by the protocol ("TCP") and the name ("tw") in the text of
 * /proc/net/sockstat or sockstat6. Pure. 0, -ENOENT when it is not there, -EINVAL when it is no
 * number.
 */
int sockstat_find(struct span text, const char *protocol, const char *name, uint64_t *value);

/*
 * Finds a value in the text of /proc/net/snmp, where a line of names is followed by a line of
 * values and both begin with the protocol ("Tcp"). Pure. 0, -ENOENT, -EINVAL.
 */
int snmp_find(struct span text, const char *protocol, const char *name, uint64_t *value);

#endif
