/* SPDX-License-Identifier: BSD-2-Clause */
/* Opens and reads files below the proc and sys roots, whole and bounded. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/kernel/procfs.h"

const struct roots roots_default = {.path = {[ROOT_PROC] = "/proc", [ROOT_SYS] = "/sys"}};

bool roots_live(const struct roots *roots)
{
	for (size_t i = 0; i < ROOT_COUNT; i++)
		if (strcmp(roots->path[i], roots_default.path[i]))
			return false;
	return true;
}

bool roots_hide_processes(const struct roots *roots)
{
	char path[PATH_MAX];
	struct stat st;

	return roots_live(roots) &&
	       snprintf(path, sizeof(path), "%s/1", roots->path[ROOT_PROC]) < (int)sizeof(path) &&
	       stat(path, &st) && errno == ENOENT;
}

void filebuf_free(struct filebuf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

/* Writes ROOT/path. 0 or -ENAMETOOLONG. */
__attribute__((format(printf, 5, 0))) static int full_path(const struct roots *roots,
							   enum root root, char *full, size_t size,
							   const char *format, va_list args)
{
	int used = snprintf(full, size, "%s/", roots->path[root]);

	if (used < 0 || (size_t)used >= size)
		return -ENAMETOOLONG;
	size -= (size_t)used;
	used = vsnprintf(full + used, size, format, args);
	return used < 0 || (size_t)used >= size ? -ENAMETOOLONG : 0;
}

__attribute__((format(printf, 4, 0))) static int vopen(const struct roots *roots, enum root root,
						       int flags, const char *format, va_list args)
{
	char full[PATH_MAX];
	int err = full_path(roots, root, full, sizeof(full), format, args), fd;

	if (err)
		return err;
	do
		fd = open(full, flags | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

int procfs_open(const struct roots *roots, enum root root, int flags, const char *path, ...)
{
	va_list args;
	int fd;

	va_start(args, path);
	fd = vopen(roots, root, flags, path, args);
	va_end(args);
	return fd;
}

/* Makes room for at least one more byte and the NUL. */
static int filebuf_grow(struct filebuf *buf)
{
	size_t size = buf->size ? buf->size * 2 : 4096;
	char *data;

	if (buf->len + 1 < buf->size)
		return 0;
	if (size > FILEBUF_MAX)
		return -EFBIG;
	data = realloc(buf->data, size);
	if (!data)
		return -ENOMEM;
	buf->data = data;
	buf->size = size;
	return 0;
}

static int read_all(int fd, struct filebuf *buf)
{
	for (;;) {
		int err = filebuf_grow(buf);
		ssize_t got;

		if (err)
			return err;
		got = read(fd, buf->data + buf->len, buf->size - buf->len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (!got)
			break;
		buf->len += (size_t)got;
	}
	buf->data[buf->len] = '\0';
	return 0;
}

int procfs_read(const struct roots *roots, enum root root, struct filebuf *buf, const char *path,
		...)
{
	va_list args;
	int fd, err;

	buf->len = 0;
	va_start(args, path);
	fd = vopen(roots, root, O_RDONLY, path, args);
	va_end(args);
	if (fd < 0)
		return fd;
	err = read_all(fd, buf);
	close(fd);
	if (err)
		buf->len = 0;
	return err;
}

int procfs_read_command(const struct roots *roots, struct filebuf *buf, uint32_t pid, char *text,
			size_t size)
{
	int err = procfs_read(roots, ROOT_PROC, buf, "%u/comm", pid);
	size_t len = buf->len;

	if (err)
		return err;
	if (len && buf->data[len - 1] == '\n')
		len--;
	text_copy_n(text, size, buf->data, len);
	return 0;
}

int procfs_read_u64(const struct roots *roots, enum root root, uint64_t *value, const char *path,
		    ...)
{
	char text[64];
	struct span rest, word;
	va_list args;
	ssize_t got;
	int fd;

	va_start(args, path);
	fd = vopen(roots, root, O_RDONLY, path, args);
	va_end(args);
	if (fd < 0)
		return fd;
	got = read(fd, text, sizeof(text));
	if (got < 0)
		got = -errno;
	close(fd);
	if (got < 0)
		return (int)got;
	rest = (struct span){text, (size_t)got};
	if (!span_line(&rest, &word))
		return -EINVAL;
	if (word.len == sizeof(text))
		return -ERANGE; /* its end was not read */
	return span_u64(word, value);
}

DIR *procfs_opendir(const struct roots *roots, enum root root, const char *path, ...)
{
	va_list args;
	DIR *dir;
	int fd;

	va_start(args, path);
	fd = vopen(roots, root, O_RDONLY | O_DIRECTORY, path, args);
	va_end(args);
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	dir = fdopendir(fd);
	if (!dir) {
		int err = errno;

		close(fd);
		errno = err;
	}
	return dir;
}

ssize_t procfs_readlink(const struct roots *roots, enum root root, char *target, size_t size,
			const char *path, ...)
{
	char full[PATH_MAX];
	va_list args;
	ssize_t len;
	int err;

	va_start(args, path);
	err = full_path(roots, root, full, sizeof(full), path, args);
	va_end(args);
	if (err)
		return err;
	len = readlink(full, target, size - 1);
	if (len < 0)
		return -errno;
	target[len] = '\0';
	return len;
}
