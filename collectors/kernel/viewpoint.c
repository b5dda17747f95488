/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds out from /proc whether netdiagd runs in the host's namespaces or in a container's. */
#include <config.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "collectors/kernel/viewpoint.h"

/* The inode of the initial PID namespace (PROC_PID_INIT_INO in linux/proc_ns.h, since 3.8). */
static const char initial_pid_namespace[] = "pid:[4026531836]";

static bool viewpoint_has(const struct roots *roots, const char *path)
{
	int fd = procfs_open(roots, ROOT_PROC, O_PATH, "%s", path);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* netdev_max_backlog is registered for the initial network namespace only, somaxconn for every one
 * (net/core/sysctl_net_core.c). */
static enum viewpoint_namespace viewpoint_network(const struct roots *roots)
{
	if (viewpoint_has(roots, "sys/net/core/netdev_max_backlog"))
		return VIEWPOINT_HOST;
	return viewpoint_has(roots, "sys/net/core/somaxconn") ? VIEWPOINT_OWN : VIEWPOINT_UNKNOWN;
}

static enum viewpoint_namespace viewpoint_processes(const struct roots *roots)
{
	char target[64];

	if (procfs_readlink(roots, ROOT_PROC, target, sizeof(target), "self/ns/pid") <= 0)
		return VIEWPOINT_UNKNOWN;
	return strcmp(target, initial_pid_namespace) ? VIEWPOINT_OWN : VIEWPOINT_HOST;
}

void viewpoint_read(const struct roots *roots, struct viewpoint *viewpoint)
{
	*viewpoint = (struct viewpoint){.network = VIEWPOINT_UNKNOWN};
	if (!roots_live(roots))
		return;
	viewpoint->network = viewpoint_network(roots);
	viewpoint->processes = viewpoint_processes(roots);
}

void viewpoint_text(const struct roots *roots, char text[VIEWPOINT_TEXT_SIZE])
{
	static const char *const words[] = {
		[VIEWPOINT_UNKNOWN] = "unknown",
		[VIEWPOINT_HOST] = "host",
		[VIEWPOINT_OWN] = "own namespace",
	};
	struct viewpoint viewpoint;

	viewpoint_read(roots, &viewpoint);
	if (roots_live(roots))
		snprintf(text, VIEWPOINT_TEXT_SIZE, "network: %s, processes: %s",
			 words[viewpoint.network], words[viewpoint.processes]);
	else
		snprintf(text, VIEWPOINT_TEXT_SIZE, "a captured tree");
}

bool viewpoint_is_partial(const struct roots *roots)
{
	return roots_live(roots) && viewpoint_has(roots, "self") && !viewpoint_has(roots, "sys");
}
