/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses; the connection itself is tested in tests/integration/test_agentx.py. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "subagent/agentx/transport.h"
#include "tests/unit/unit.h"

START_TEST(addresses)
{
	static const char *const good[] = {
		"/var/agentx/master",
		"unix:/var/agentx/master",
		"tcp:localhost:705",
		"tcp:127.0.0.1",
		"tcp:705",
		"tcp6:[::1]:705",
		"tcp6:[::1]",
		"tcp6:705",
		"tcp:snmpd.example.net:7050",
	};
	static const char *const bad[] = {
		"",	     "master",	   "udp:127.0.0.1:705", "unix:",     "unix:master",
		"tcp:",	     "tcp::705",   "tcp:localhost:",	"tcp6:[::1", "tcp6:[::1]705",
		"tcp6:[]:1", "tcp6:[::]:",
	};

	for (size_t i = 0; i < COUNT_OF(good); i++)
		ck_assert_msg(transport_check(good[i]) == 0, "%s", good[i]);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(transport_check(bad[i]) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(too_long)
{
	char path[200], host[400];

	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(transport_check(path), -ENAMETOOLONG);
	path[108] = '\0'; /* sun_path has 108 octets with its NUL */
	ck_assert_int_eq(transport_check(path), -ENAMETOOLONG);
	path[107] = '\0';
	ck_assert_int_eq(transport_check(path), 0);
	memset(host, 'a', sizeof(host));
	memcpy(host, "tcp:", 4);
	host[sizeof(host) - 1] = '\0';
	ck_assert_int_eq(transport_check(host), -ENAMETOOLONG);
}
END_TEST

UNIT_MAIN("transport", addresses, too_long)
