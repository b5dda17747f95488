/* SPDX-License-Identifier: BSD-2-Clause */
/* Runs a function in another network namespace, by setns() in a thread of its own. */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "collectors/kernel/netns_enter.h"

/* The same as that of the collectors' threads. */
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

int netns_enter_run(int fd, void (*fn)(void *arg), void *arg)
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
