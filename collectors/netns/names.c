/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Names network namespaces by their files, by the containers of their processes (/proc/PID/cgroup,
 * as far as root named those cgroups, by the owners of /sys/fs/cgroup) and by /proc/PID/comm.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/netns/names.h"

#define CGROUP_ROOT "fs/cgroup"

/* Whether a directory below /sys exists, and whether only root can write to it. */
static bool is_directory(const struct roots *roots, const char *path, bool *roots_alone)
{
	int fd = procfs_open(roots, ROOT_SYS, O_PATH, "%s", path);
	struct stat st;
	bool found;

	if (fd < 0)
		return false;
	found = !fstat(fd, &st);
	close(fd);
	*roots_alone = found && !st.st_uid && !(st.st_mode & (S_IWGRP | S_IWOTH));
	return found;
}

/* The directory where a hierarchy is mounted: "" is cgroup v2's, "memory", "name=systemd". */
static bool mount_of(const struct roots *roots, struct span hierarchy, char *path, size_t size)
{
	static const char prefix[] = "name=";
	bool alone;

	if (!hierarchy.len) {
		const char *unified = CGROUP_ROOT "/unified";

		snprintf(path, size, "%s",
			 is_directory(roots, unified, &alone) ? unified : CGROUP_ROOT);
		return true;
	}
	if (hierarchy.len > sizeof(prefix) - 1 &&
	    !memcmp(hierarchy.start, prefix, sizeof(prefix) - 1)) {
		hierarchy.start += sizeof(prefix) - 1;
		hierarchy.len -= sizeof(prefix) - 1;
	}
	return snprintf(path, size, CGROUP_ROOT "/%.*s", (int)hierarchy.len, hierarchy.start) <
	       (int)size;
}

size_t netns_names_believed(const struct roots *roots, struct span hierarchy, struct span path)
{
	char full[PATH_MAX];
	size_t used, len = 0;
	bool alone = true;

	if (!mount_of(roots, hierarchy, full, sizeof(full)))
		return 0;
	used = strlen(full);
	while (len < path.len) {
		const char *slash;

		/* Above the root of netdiagd's own cgroup namespace. */
		if (path.len - len >= 3 && !memcmp(path.start + len, "/..", 3))
			return 0;
		if (snprintf(full + used, sizeof(full) - used, "%.*s", (int)len, path.start) >=
			    (int)(sizeof(full) - used) ||
		    !is_directory(roots, full, &alone))
			return 0;
		if (!alone)
			break;
		slash = memchr(path.start + len + 1, '/', path.len - len - 1);
		len = slash ? (size_t)(slash - path.start) : path.len;
	}
	return len;
}

static size_t believed(struct span hierarchy, struct span path, const void *roots)
{
	return netns_names_believed(roots, hierarchy, path);
}

/* The container or pod of one of its processes. A captured tree does not hold the owners of the
 * cgroups, so that all of their names are believed. */
static bool container_name(const struct netns_list *list, const struct netns *netns,
			   const struct collect *c, char *name, size_t size)
{
	const struct roots *roots = &c->settings->roots;

	for (size_t i = 0; i < netns->pids; i++)
		if (!procfs_read(roots, ROOT_PROC, c->buf, "%u/cgroup", netns->pid[i]) &&
		    container_name_of(filebuf_span(c->buf), list->procfs ? believed : NULL, roots,
				      name, size))
			return true;
	return false;
}

static void read_command(struct netns *netns, const struct collect *c)
{
	if (netns->pids)
		procfs_read_command(&c->settings->roots, c->buf, netns->pid[0], netns->command,
				    sizeof(netns->command));
}

/* Whether people named the file, as with `ip netns add`. */
static bool is_given(const struct netns *netns)
{
	return netns->directory && !strstr(netns->directory, "docker") &&
	       !netns_name_is_made(netns->file);
}

/* What it is called, were it the only one of that name. */
static void base_name(const struct netns_list *list, const struct netns *netns,
		      const struct collect *c, char *name, size_t size)
{
	char process[NETNS_NAME_SIZE];

	if (!is_given(netns) && container_name(list, netns, c, name, size))
		return;
	snprintf(process, sizeof(process), "%s:%u", netns->command[0] ? netns->command : "pid",
		 netns->pid[0]);
	text_copy(name, size, netns->directory ? netns->file : process);
}

int netns_names_add(struct hash *given, const char *base, char *name)
{
	struct netns_given *item = hash_find(given, base);
	uint32_t number = item ? item->next : 1;
	char candidate[NETNS_NAME_SIZE];

	do {
		memset(candidate, 0, sizeof(candidate));
		netns_name_number(base, number++, candidate, sizeof(candidate));
	} while (hash_find(given, candidate));
	if (item)
		item->next = number;
	item = hash_add(given, candidate);
	if (!item)
		return -ENOMEM;
	item->next = 2;
	memcpy(name, candidate, sizeof(candidate));
	return 0;
}

int netns_names_give(struct netns_list *list, const struct collect *c)
{
	struct hash given;
	int err = 0;

	hash_init(&given, sizeof(struct netns_given), NETNS_NAME_SIZE);
	for (size_t i = 0; i < list->count && !err; i++) {
		struct netns *netns = list->netns[i];
		char base[NETNS_NAME_SIZE];

		read_command(netns, c);
		base_name(list, netns, c, base, sizeof(base));
		err = netns_names_add(&given, base, netns->name);
		if (collect_stopping(c))
			err = -ECANCELED;
	}
	hash_clear(&given);
	return err;
}
