/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a function inside another network namespace. */
#ifndef NETDIAG_KERNEL_NETNS_ENTER_H
#define NETDIAG_KERNEL_NETNS_ENTER_H

/*
 * Calls fn(arg) in a new thread that has entered the namespace of a descriptor, and waits for it.
 * The calling thread stays where it is, and nothing of the new one is left in the other namespace.
 * Needs CAP_SYS_ADMIN, also in the user namespace that owns the network namespace. Returns 0, or
 * -errno of what failed before fn was called: -EPERM, -EINVAL when the descriptor is of no network
 * namespace, -EAGAIN when no thread can be created.
 */
int netns_enter_run(int fd, void (*fn)(void *arg), void *arg);

#endif
