/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether netdiagd sees the host itself or only a container: in a container, the same files show
 * another namespace. */
#ifndef NETDIAG_KERNEL_VIEWPOINT_H
#define NETDIAG_KERNEL_VIEWPOINT_H

#include "collectors/kernel/procfs.h"

enum viewpoint_namespace {
	VIEWPOINT_UNKNOWN, /* /proc does not tell */
	VIEWPOINT_HOST,	   /* the initial one */
	VIEWPOINT_OWN,	   /* another one: a container's */
};

struct viewpoint {
	enum viewpoint_namespace network;
	enum viewpoint_namespace processes; /* the PID namespace */
};

/* Reads /proc/sys/net/core and /proc/self/ns/pid; needs no privilege. */
void viewpoint_read(const struct roots *roots, struct viewpoint *viewpoint);

/* "network: host, processes: own namespace", or "a captured tree" when the roots are not the
 * running kernel's. */
#define VIEWPOINT_TEXT_SIZE 64
void viewpoint_text(const struct roots *roots, char text[VIEWPOINT_TEXT_SIZE]);

/* Whether the kernel's own /proc shows processes only (mounted with subset=pid), and so nothing of
 * the network: a file that is missing there says nothing about the kernel. */
bool viewpoint_is_partial(const struct roots *roots);

#endif
