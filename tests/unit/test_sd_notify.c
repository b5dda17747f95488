/* SPDX-License-Identifier: BSD-2-Clause */
/* sd_notify.c, with a socket of the test's own in the abstract namespace. */
#include <config.h>

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "subagent/sd_notify.h"
#include "tests/unit/unit.h"

static int manager;

static void begin(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char name[64];
	int len = snprintf(name, sizeof(name), "@netdiag-test-%d", (int)getpid());

	memcpy(address.sun_path, name, (size_t)len);
	address.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(manager, 0);
	ck_assert(!bind(manager, (struct sockaddr *)&address,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)));
	setenv("NOTIFY_SOCKET", name, 1);
}

/* The next datagram; "" when there is none. */
static const char *next(void)
{
	static char text[512];
	ssize_t len = recv(manager, text, sizeof(text) - 1, 0);

	text[len > 0 ? len : 0] = '\0';
	return text;
}

START_TEST(states)
{
	begin();
	sd_notify_tell("READY=1");
	ck_assert_str_eq(next(), "READY=1");
	ck_assert_str_eq(next(), "");
	setenv("NOTIFY_SOCKET", "relative", 1);
	sd_notify_tell("READY=1");
	unsetenv("NOTIFY_SOCKET");
	sd_notify_tell("READY=1");
	ck_assert_str_eq(next(), "");
	close(manager);
}
END_TEST

START_TEST(reloading_has_the_time)
{
	unsigned long long us, now = clock_monotonic() / MICROSECOND_NS;

	begin();
	sd_notify_reloading();
	ck_assert_int_eq(sscanf(next(), "RELOADING=1\nMONOTONIC_USEC=%llu", &us), 1);
	ck_assert_uint_ge(us, now);
	ck_assert_uint_le(us, clock_monotonic() / MICROSECOND_NS);
	close(manager);
}
END_TEST

START_TEST(a_status_is_sent_once)
{
	char longest[400];

	begin();
	sd_notify_status("fine");
	sd_notify_status("fine");
	ck_assert_str_eq(next(), "STATUS=fine");
	ck_assert_str_eq(next(), "");
	sd_notify_status("less so");
	ck_assert_str_eq(next(), "STATUS=less so");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	sd_notify_status(longest);
	sd_notify_status(longest);
	ck_assert_uint_eq(strlen(next()), strlen("STATUS=") + 255);
	ck_assert_str_eq(next(), "");
	close(manager);
}
END_TEST

START_TEST(watchdog)
{
	char pid[16];

	unsetenv("WATCHDOG_PID");
	unsetenv("WATCHDOG_USEC");
	ck_assert_uint_eq(sd_notify_watchdog(), 0);
	setenv("WATCHDOG_USEC", "30000000", 1);
	ck_assert_uint_eq(sd_notify_watchdog(), 15 * SECOND_NS);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	ck_assert_uint_eq(sd_notify_watchdog(), 15 * SECOND_NS);
	setenv("WATCHDOG_PID", "1", 1);
	ck_assert_uint_eq(sd_notify_watchdog(), 0);
	unsetenv("WATCHDOG_PID");
	setenv("WATCHDOG_USEC", "soon", 1);
	ck_assert_uint_eq(sd_notify_watchdog(), 0);
	setenv("WATCHDOG_USEC", "18446744073709551615", 1);
	ck_assert_uint_eq(sd_notify_watchdog(), 0);
}
END_TEST

UNIT_MAIN("sd_notify", states, reloading_has_the_time, a_status_is_sent_once, watchdog)
