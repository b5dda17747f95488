/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/base/rows.h"
#include "collectors/kernel/netns_enter.h"

/* As the collectors' own threads. */
#define STACK_SIZE ((size_t)1 << 20)

struct visit {
	int fd;
	void (*fn)(void *arg);
	void *arg;
	int err;
};

static void *visit_thread(void *arg)
{
	struct visit *visit = arg;

	if (setns(visit->fd, CLONE_NEWNET))
		visit->err = -errno;
	else
		visit->fn(visit->arg);
	return NULL;
}

int netns_run(int fd, void (*fn)(void *arg), void *arg)
{
	struct visit visit = {.fd = fd, .fn = fn, .arg = arg};
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	err = -pthread_create(&thread, &attr, visit_thread, &visit);
	pthread_attr_destroy(&attr);
	if (err)
		return err;
	pthread_join(thread, NULL);
	return visit.err;
}

/* Opens without waiting: where the name was, there may be something else by now. */
static int open_file(const struct netns *netns, const struct roots *roots, size_t i)
{
	char path[PATH_MAX];
	int fd;

	if (!netns->directory) {
		snprintf(path, sizeof(path), "%u/ns/net", netns->pid[i]);
		return root_open(roots, ROOT_PROC, path, O_RDONLY | O_NONBLOCK);
	}
	if (snprintf(path, sizeof(path), "%s/%s", netns->directory, netns->file) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int netns_open(const struct netns *netns, const struct roots *roots)
{
	size_t tries = netns->directory ? 1 : netns->pids;
	int err = -ENOENT;

	for (size_t i = 0; i < tries; i++) {
		struct stat st;
		int fd = open_file(netns, roots, i);

		if (fd >= 0 && !fstat(fd, &st) && st.st_ino == netns->inode)
			return fd;
		if (fd >= 0)
			close(fd);
		else if (fd != -ENOENT && fd != -ESRCH)
			err = fd;
	}
	return err;
}
