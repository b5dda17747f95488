/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends the daemon's state to the service manager's socket, as sd_notify(3) describes it. */
#include <config.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/base/parse.h"
#include "collectors/base/text.h"
#include "subagent/sd_notify.h"

#define STATUS_SIZE 256

void sd_notify_tell(const char *state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* the abstract namespace */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
}

void sd_notify_reloading(void)
{
	char state[64];

	snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
		 clock_monotonic() / MICROSECOND_NS);
	sd_notify_tell(state);
}

void sd_notify_status(const char *status)
{
	static char last[STATUS_SIZE];
	char state[STATUS_SIZE + 8];

	if (!strncmp(status, last, sizeof(last) - 1))
		return;
	text_copy(last, sizeof(last), status);
	snprintf(state, sizeof(state), "STATUS=%s", last);
	sd_notify_tell(state);
}

/* A number in the environment, or 0. */
static uint64_t environment_number(const char *name)
{
	const char *text = getenv(name);
	uint64_t value;

	if (!text || span_u64((struct span){text, strlen(text)}, &value))
		return 0;
	return value;
}

uint64_t sd_notify_watchdog(void)
{
	uint64_t interval = environment_number("WATCHDOG_USEC");

	if (getenv("WATCHDOG_PID") && environment_number("WATCHDOG_PID") != (uint64_t)getpid())
		return 0;
	return interval < UINT64_MAX / MICROSECOND_NS ? interval * MICROSECOND_NS / 2 : 0;
}
