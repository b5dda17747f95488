/* SPDX-License-Identifier: BSD-2-Clause */
/* Doing something inside another network namespace. */
#ifndef NETDIAG_KERNEL_NETNS_ENTER_H
#define NETDIAG_KERNEL_NETNS_ENTER_H

/*
 * Calls fn(arg) in a thread of its own that has entered the namespace of a descriptor, and waits
 * for it. The caller's thread never leaves its namespace, and as the other one ends nothing of it
 * stays in the foreign one. Needs CAP_SYS_ADMIN, also in the user namespace that owns it.
 * 0, or -errno of what failed before fn was called: -EPERM, -EINVAL when it is no network
 * namespace, -EAGAIN when no thread can be made.
 */
int netns_enter_run(int fd, void (*fn)(void *arg), void *arg);

#endif
