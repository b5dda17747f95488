/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of containers and pods, by the cgroups of their processes. */
#ifndef NETDIAG_NETNS_CONTAINER_NAME_H
#define NETDIAG_NETNS_CONTAINER_NAME_H

#include "collectors/base/parse.h"

#define NETNS_NAME_SIZE 65

/* How much of the path of a cgroup, from its start, names can be taken from. hierarchy is the
 * second field of a line of /proc/PID/cgroup, such as "memory"; empty for cgroup v2. */
typedef size_t container_believed_fn(struct span hierarchy, struct span path, const void *arg);

/*
 * Finds the container or pod in a process's cgroups (the text of /proc/PID/cgroup, cgroup v1 or
 * v2, cgroupfs or systemd paths):
 *   "pod:8b6a1b2c-…"	  a Kubernetes pod's UID, as in its metadata
 *   "docker:0123456789ab"  the first 12 digits of a container's id; also "podman:", "containerd:",
 *			  "crio:", "nerdctl:", and "container:" where the path names no manager
 *   "lxc:NAME"		  LXC, LXD, Incus
 *   "machine:NAME"	  systemd-nspawn and others that register with systemd-machined
 * Of nested ones it is the innermost. believed may be NULL: then everything is. Returns false when
 * there is none; name is then empty.
 */
bool container_name_of(struct span text, container_believed_fn *believed, const void *arg,
		       char *name, size_t size);

/* Whether a program generated the name of a file in /run/netns (cni-UUID, netns-UUID), so that a
 * container's id says more. */
bool netns_name_is_made(const char *file);

/* Writes base, with "#number" appended when number is not 1. It is the base that is cut when there
 * is too little room. */
void netns_name_number(const char *base, size_t number, char *name, size_t size);

#endif
