/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens network namespaces and tells whether one is still the same: by the kernel's id of it, the
 * ctime of its file, or the start of its oldest process in /proc/PID/stat.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/netns/identity.h"

#ifndef NS_GET_ID
#define NS_GET_ID _IOR(NSIO, 13, uint64_t) /* since 6.18 */
#endif

uint64_t netns_parse_start(struct span text)
{
	const char *command_end = memrchr(text.start, ')', text.len);
	struct span word = {NULL, 0};
	uint64_t start;

	if (!command_end)
		return ROW_ABSENT;
	text.len -= (size_t)(command_end + 1 - text.start);
	text.start = command_end + 1;
	/* proc(5): the command is field 2, starttime field 22. */
	for (size_t field = 3; field <= 22; field++)
		if (!span_word(&text, &word))
			return ROW_ABSENT;
	return span_u64(word, &start) ? ROW_ABSENT : start;
}

/* Opens without waiting: where the name was, there may be something else by now. */
static int identity_open_file(const struct netns *netns, const struct roots *roots, size_t i)
{
	char path[PATH_MAX];
	int fd;

	if (!netns->directory)
		return procfs_open(roots, ROOT_PROC, O_RDONLY | O_NONBLOCK, "%u/ns/net",
				   netns->pid[i]);
	if (snprintf(path, sizeof(path), "%s/%s", netns->directory, netns->file) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static uint64_t identity_make(enum netns_identity kind, uint64_t number)
{
	return (uint64_t)kind << NETNS_IDENTITY_SHIFT |
	       (number & ((UINT64_C(1) << NETNS_IDENTITY_SHIFT) - 1));
}

/* The kernel's id of a namespace, or since when its file has existed. The inode of a mounted file
 * is not released before the mount is, so its ctime stays. */
static uint64_t identity_of_file(const struct netns *netns, int fd, const struct stat *st)
{
	uint64_t id;

	if (!ioctl(fd, NS_GET_ID, &id))
		return identity_make(NETNS_IDENTITY_ID, id);
	if (!netns->directory)
		return ROW_ABSENT;
	return identity_make(NETNS_IDENTITY_CTIME, (uint64_t)st->st_ctim.tv_sec * SECOND_NS +
							   (uint64_t)st->st_ctim.tv_nsec);
}

/* Whether an open file is that of the namespace, and not of another one with the same inode. */
static bool identity_is_file_of(struct netns *netns, int fd)
{
	struct stat st;
	uint64_t found;

	if (fstat(fd, &st) || st.st_ino != netns->inode)
		return false;
	found = identity_of_file(netns, fd, &st);
	if (netns->identity == ROW_ABSENT)
		netns->identity = found;
	return found == netns->identity || found == ROW_ABSENT;
}

int netns_open(struct netns *netns, const struct roots *roots)
{
	size_t tries = netns->directory ? 1 : netns->pids;
	int err = -ENOENT;

	for (size_t i = 0; i < tries; i++) {
		int fd = identity_open_file(netns, roots, i);

		if (fd >= 0 && identity_is_file_of(netns, fd))
			return fd;
		if (fd >= 0)
			close(fd);
		else if (fd != -ENOENT && fd != -ESRCH)
			err = fd;
	}
	return err;
}

void netns_identify(struct netns *netns, const struct roots *roots, struct filebuf *buf)
{
	int fd = netns->inode == ROW_ABSENT ? -1 : netns_open(netns, roots);
	uint64_t oldest = ROW_ABSENT;

	if (fd >= 0)
		close(fd);
	if (netns->identity != ROW_ABSENT)
		return;
	for (size_t i = 0; i < netns->pids; i++) {
		uint64_t start;

		if (procfs_read(roots, ROOT_PROC, buf, "%u/stat", netns->pid[i]))
			continue;
		start = netns_parse_start(filebuf_span(buf));
		if (start < oldest)
			oldest = start;
	}
	if (oldest != ROW_ABSENT)
		netns->identity = identity_make(NETNS_IDENTITY_START, oldest);
}
