/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of the AgentX master. Connections are tested in tests/integration/test_agentx.py. */
#include <config.h>

#include <arpa/inet.h>
#include <string.h>

#include "subagent/agentx/address.h"
#include "tests/unit/unit.h"

START_TEST(unix_paths)
{
	static const char *const good[] = {"/var/agentx/master", "unix:/var/agentx/master"};
	static const char *const bad[] = {"", "master", "udp:127.0.0.1:705",
					  "unix:", "unix:master"};
	struct address address;
	char path[200];

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		ck_assert_ptr_null(address_parse(&address, good[i]));
		ck_assert_int_eq(address.any.sa_family, AF_UNIX);
		ck_assert_str_eq(address.un.sun_path, "/var/agentx/master");
		ck_assert_uint_eq(address.len, sizeof(address.un));
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_msg(address_parse(&address, bad[i]), "%s", bad[i]);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[108] = '\0'; /* sun_path has 108 octets with its NUL */
	ck_assert_ptr_nonnull(strstr(address_parse(&address, path), "too long"));
	path[107] = '\0';
	ck_assert_ptr_null(address_parse(&address, path));
}
END_TEST

START_TEST(tcp)
{
	static const struct {
		const char *text, *want;
		int port;
	} good[] = {
		{"tcp:localhost:705", "127.0.0.1", 705},
		{"tcp:192.0.2.1:7050", "192.0.2.1", 7050},
		{"tcp:192.0.2.1", "192.0.2.1", 705},
		{"tcp:localhost", "127.0.0.1", 705},
		{"tcp:65535", "127.0.0.1", 65535},
		{"tcp6:[2001:db8::1]:7050", "2001:db8::1", 7050},
		{"tcp6:[::1]", "::1", 705},
		{"tcp6:::1", "::1", 705},
		{"tcp6:705", "::1", 705},
		{"tcp6:localhost:706", "::1", 706},
	};
	char host[INET6_ADDRSTRLEN];
	struct address address;

	for (size_t i = 0; i < COUNT_OF(good); i++) {
		bool six = strchr(good[i].want, ':') != NULL;

		ck_assert_msg(!address_parse(&address, good[i].text), "%s", good[i].text);
		ck_assert_int_eq(address.any.sa_family, six ? AF_INET6 : AF_INET);
		ck_assert_uint_eq(address.len, six ? sizeof(address.in6) : sizeof(address.in));
		ck_assert_int_eq(ntohs(six ? address.in6.sin6_port : address.in.sin_port),
				 good[i].port);
		inet_ntop(address.any.sa_family,
			  six ? (void *)&address.in6.sin6_addr : (void *)&address.in.sin_addr, host,
			  sizeof(host));
		ck_assert_str_eq(host, good[i].want);
	}
}
END_TEST

START_TEST(wrong_tcp)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{"tcp:", "port"},
		{"tcp::705", "names are not looked up"},
		{"tcp:localhost:", "port"},
		{"tcp:localhost:0", "port"},
		{"tcp:65536", "port"},
		{"tcp:localhost:agentx", "port"},
		{"tcp:snmpd.example.net:705", "tcp:192.0.2.1:705"},
		{"tcp:192.0.2.256", "names are not looked up"},
		{"tcp:[::1]:705", "tcp6:"},
		{"tcp6:snmpd.example.net", "tcp6:[2001:db8::1]:705"},
		{"tcp6:[::1", "bracket"},
		{"tcp6:[::1]705", "bracket"},
		{"tcp6:[]:1", "names are not looked up"},
		{"tcp6:[::]:", "port"},
		{"tcp6:[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1",
		 "names are not looked up"},
	};
	struct address address;

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const char *why = address_parse(&address, bad[i].text);

		ck_assert_msg(why && strstr(why, bad[i].why), "%s: %s", bad[i].text, why);
	}
}
END_TEST

UNIT_MAIN("address", unix_paths, tcp, wrong_tcp)
