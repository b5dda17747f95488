/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one place that opens files of procfs and sysfs. Both have a configurable root, so that a
 * captured or made tree can be served instead of the running kernel's.
 */
#ifndef NETDIAG_KERNEL_PROCFS_H
#define NETDIAG_KERNEL_PROCFS_H

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collectors/base/parse.h"

enum root {
	ROOT_PROC,
	ROOT_SYS,
	ROOT_COUNT,
};

struct roots {
	const char *path[ROOT_COUNT];
};

/* The running kernel's: "/proc" and "/sys". */
extern const struct roots roots_default;

/* Whether both roots are the running kernel's own: only then are netlink and ioctls about the same
 * kernel and namespace as the files. */
bool roots_live(const struct roots *roots);

/* Whether the kernel's own /proc leaves out other users' processes (mounted with hidepid=2, as
 * systemd's ProtectProc=invisible does too), and netdiagd is among those that it hides them from:
 * then there is no process 1. CAP_SYS_PTRACE makes them all visible. */
bool roots_hide_processes(const struct roots *roots);

/* A buffer that grows and is used again. Zero-initialised is empty; filebuf_free() releases it. */
struct filebuf {
	char *data; /* always NUL-terminated after a successful read */
	size_t len;
	size_t size;
};

/* What the buffer holds, until the next read into it. */
static inline struct span filebuf_span(const struct filebuf *buf)
{
	return (struct span){buf->data, buf->len};
}

/* No file of interest is larger; a larger one is an error (-EFBIG), not a reason to eat memory. */
#define FILEBUF_MAX ((size_t)64 << 20)

void filebuf_free(struct filebuf *buf);

/* Opens ROOT/path, close-on-exec, with open(2)'s flags. path is a printf format. A descriptor or
 * -errno. */
int procfs_open(const struct roots *roots, enum root root, int flags, const char *path, ...)
	__attribute__((format(printf, 4, 5)));

/* Reads all of ROOT/path into buf, replacing what it held. path is a printf format. 0 or -errno
 * (buf is then empty). */
int procfs_read(const struct roots *roots, enum root root, struct filebuf *buf, const char *path,
		...) __attribute__((format(printf, 4, 5)));

/* Copies the name of a process, by way of buf. Its bytes are the user's, and a newline may be one
 * of them. 0 or -errno. */
int procfs_read_command(const struct roots *roots, struct filebuf *buf, uint32_t pid, char *text,
			size_t size);

/* Whether an error says that this process or host is out of memory or descriptors, and so nothing
 * about the file. */
static inline bool procfs_exhausted(int err)
{
	return err == -ENOMEM || err == -EMFILE || err == -ENFILE;
}

/* Reads a decimal number from ROOT/path. 0 or -errno; -EINVAL when its first line is no
 * unsigned number, -ERANGE when it is too large. */
int procfs_read_u64(const struct roots *roots, enum root root, uint64_t *value, const char *path,
		    ...) __attribute__((format(printf, 4, 5)));

/* Opens a directory under a root; closedir() it. NULL with errno set. */
DIR *procfs_opendir(const struct roots *roots, enum root root, const char *path, ...)
	__attribute__((format(printf, 3, 4)));

/* readlink of ROOT/path, NUL-terminated, cut to size. Its length or -errno. */
ssize_t procfs_readlink(const struct roots *roots, enum root root, char *target, size_t size,
			const char *path, ...) __attribute__((format(printf, 5, 6)));

#endif
