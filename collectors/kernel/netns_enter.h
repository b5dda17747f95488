/* SPDX-License-Identifier: BSD-2-Clause */
/* Doing something inside another network namespace. */
#ifndef NETDIAG_KERNEL_NETNS_ENTER_H
#define NETDIAG_KERNEL_NETNS_ENTER_H

#include "collectors/netns/scan.h"

/*
 * Calls fn(arg) in a thread of its own that has entered the namespace of a descriptor, and waits
 * for it. The caller's thread never leaves its namespace, and as the other one ends nothing of it
 * stays in the foreign one. Needs CAP_SYS_ADMIN, also in the user namespace that owns it.
 * 0, or -errno of what failed before fn was called: -EPERM, -EINVAL when it is no network
 * namespace, -EAGAIN when no thread can be made.
 */
int netns_run(int fd, void (*fn)(void *arg), void *arg);

/*
 * Opens the file of a namespace, by its name or that of one of its processes, and makes sure that
 * it still is the same one. The descriptor keeps the namespace alive: close it soon. A descriptor
 * or -errno; -ENOENT when it is gone.
 */
int netns_open(const struct netns *netns, const struct roots *roots);

#endif
