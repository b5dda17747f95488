/* SPDX-License-Identifier: BSD-2-Clause */
/* Capabilities of this process. */
#ifndef NETDIAG_KERNEL_CAPABILITY_H
#define NETDIAG_KERNEL_CAPABILITY_H

#include <stdbool.h>

/* Since Linux 5.8; older kernel headers do not have them. */
#define CAPABILITY_PERFMON 38
#define CAPABILITY_BPF	   39

/* Whether the calling thread has a capability (CAP_…) in effect. */
bool capability_held(int capability);

/*
 * Drops a capability for good: removes it from the effective, permitted, inheritable and
 * ambient sets, and from the bounding set where that is allowed (CAP_SETPCAP). Affects the calling
 * thread and those that it starts later. 0, also when it was not held, or
 * -errno.
 */
int capability_drop(int capability);

#endif
