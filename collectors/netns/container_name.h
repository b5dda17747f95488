/* SPDX-License-Identifier: BSD-2-Clause */
/* What an operator calls a network namespace. */
#ifndef NETDIAG_NETNS_CONTAINER_NAME_H
#define NETDIAG_NETNS_CONTAINER_NAME_H

#include "collectors/base/parse.h"

#define NETNS_NAME_SIZE 65

/* How much of the path of a cgroup, from its start, names can be taken from. hierarchy is the
 * second field of a line of /proc/PID/cgroup, such as "memory"; empty for cgroup v2. */
typedef size_t container_believed_fn(struct span hierarchy, struct span path, const void *arg);

/*
 * Takes the container or pod out of a process' cgroups (the text of /proc/PID/cgroup, cgroup v1 or
 * v2, cgroupfs or systemd paths):
 *   "pod:8b6a1b2c-…"	  a Kubernetes pod's UID, as in its metadata
 *   "docker:0123456789ab"  the first 12 digits of a container's id; also "podman:", "containerd:",
 *			  "crio:", "nerdctl:", and "container:" where the manager is not told
 *   "lxc:NAME"		  LXC, LXD, Incus
 *   "machine:NAME"	  systemd-nspawn and others that register with systemd-machined
 * Of nested ones it is the innermost. believed may be NULL: then everything is. Returns false when
 * there is none; name is then empty.
 */
bool container_name_of(struct span text, container_believed_fn *believed, const void *arg,
		       char *name, size_t size);

/* Whether a file in /run/netns was named by a program for itself (cni-UUID, netns-UUID), so that a
 * container's id says more. */
bool netns_name_is_made(const char *file);

/* Writes base, or base with "#number" behind it when number is not 1, cut to size so that the
 * number stays whole. */
void netns_name_number(const char *base, size_t number, char *name, size_t size);

#endif
