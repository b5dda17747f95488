/* SPDX-License-Identifier: BSD-2-Clause */
/* Ephemeral ports: settings, and which sockets count. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collectors/base/rows.h"
#include "collectors/limit/ephemeral_ports.h"
#include "tests/unit/unit.h"

static const struct port_range usual = {.low = 32768, .high = 60999};

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

START_TEST(range)
{
	static const char *const broken[] = {"",	"32768\n", "60999\t32768\n", "1 70000\n",
					     "1 2 3\n", "a b\n",   "-1 5\n"};
	struct port_range got;

	ck_assert_int_eq(ephemeral_ports_parse_range(span_of("32768\t60999\n"), &got), 0);
	ck_assert_uint_eq(got.low, 32768);
	ck_assert_uint_eq(got.high, 60999);
	for (size_t i = 0; i < COUNT_OF(broken); i++)
		ck_assert_int_eq(ephemeral_ports_parse_range(span_of(broken[i]), &got), -EBADMSG);
}
END_TEST

static uint32_t available_of(uint16_t low, uint16_t high, const char *reserved)
{
	struct port_range ports = {.low = low, .high = high};

	ck_assert_int_eq(ephemeral_ports_parse_reserved(span_of(reserved), &ports), 0);
	return ports.count;
}

START_TEST(available)
{
	struct port_range ports = usual;

	ck_assert_uint_eq(available_of(32768, 60999, "\n"), 60999 - 32768 + 1);
	ck_assert_uint_eq(available_of(32768, 60999, "8080,32767-32769,60999-61005\n"),
			  60999 - 32768 + 1 - 3);
	ck_assert_uint_eq(available_of(0, 65535, "0-65535\n"), 0);
	ck_assert_uint_eq(available_of(0, 65535, ""), 65536);
	ck_assert_uint_eq(available_of(5, 5, ""), 1);
	ck_assert_int_eq(ephemeral_ports_parse_reserved(span_of("x\n"), &ports), -EBADMSG);
}
END_TEST

static struct endpoint_key endpoint(const char *address, uint16_t port)
{
	struct endpoint_key key;

	memset(&key, 0, sizeof(key));
	key.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	ck_assert_int_eq(inet_pton(key.family, address, key.address), 1);
	key.port = port;
	return key;
}

/* A connection; port 0 of the remote end: a listener. */
static struct inet_socket connection(const char *local, uint16_t local_port, const char *remote,
				     uint16_t remote_port)
{
	struct inet_socket socket = {
		.local = endpoint(local, local_port),
		.remote = endpoint(remote, remote_port),
		.state = remote_port ? TCP_ESTABLISHED : TCP_LISTEN,
	};

	return socket;
}

static struct port_usage result_of(struct port_counter *counter)
{
	struct port_usage usage;

	port_counter_result(counter, &usage);
	port_counter_free(counter);
	return usage;
}

static void take(struct port_counter *counter, struct inet_socket socket)
{
	ck_assert_int_eq(port_counter_take(counter, &socket), 0);
}

/* Ports are shared between destinations: the fullest one is what counts. */
START_TEST(by_destination)
{
	struct port_counter *counter = port_counter_new(&usual, PORT_REUSE_NONE);
	struct port_usage usage;

	for (uint16_t port = 40000; port < 41000; port++) {
		take(counter, connection("192.0.2.7", port, "192.0.2.1", 443));
		take(counter, connection("192.0.2.7", port, "192.0.2.1", 444));
		take(counter, connection("192.0.2.8", port, "192.0.2.1", 443));
		take(counter, connection("2001:db8::7", port, "2001:db8::1", 443));
	}
	take(counter, connection("192.0.2.8", 42000, "192.0.2.1", 443));
	usage = result_of(counter);
	ck_assert_uint_eq(usage.used, 1001);
	ck_assert_str_eq(usage.detail, "1001 to 192.0.2.1:443 from 192.0.2.8");
}
END_TEST

/* IPv4 on an AF_INET6 socket takes the same ports as on an AF_INET one. */
START_TEST(mapped)
{
	struct port_counter *counter = port_counter_new(&usual, PORT_REUSE_NONE);
	struct port_usage usage;

	take(counter, connection("192.0.2.7", 40000, "192.0.2.1", 443));
	take(counter, connection("::ffff:192.0.2.7", 40001, "::ffff:192.0.2.1", 443));
	take(counter, connection("2001:db8::7", 40002, "2001:db8::1", 443));
	usage = result_of(counter);
	ck_assert_uint_eq(usage.used, 2);
	ck_assert_str_eq(usage.detail, "2 to 192.0.2.1:443 from 192.0.2.7");
	counter = port_counter_new(&usual, PORT_REUSE_NONE);
	take(counter, connection("2001:db8::7", 40002, "2001:db8::1", 443));
	usage = result_of(counter);
	ck_assert_str_eq(usage.detail, "1 to [2001:db8::1]:443 from 2001:db8::7");
}
END_TEST

/* A listener's port is lost to all; what it accepted takes no further one. */
START_TEST(listeners)
{
	struct port_counter *counter = port_counter_new(&usual, PORT_REUSE_NONE);
	struct port_usage usage;

	take(counter, connection("0.0.0.0", 50000, "0.0.0.0", 0));
	take(counter, connection("::", 50000, "::", 0));
	take(counter, connection("0.0.0.0", 22, "0.0.0.0", 0));
	take(counter, connection("127.0.0.1", 50001, "0.0.0.0", 0));
	for (uint16_t port = 1; port < 300; port++)
		take(counter, connection("192.0.2.7", 50000, "192.0.2.1", port));
	take(counter, connection("192.0.2.7", 40000, "192.0.2.1", 443));
	take(counter, connection("192.0.2.7", 443, "192.0.2.1", 40000));
	usage = result_of(counter);
	ck_assert_uint_eq(usage.used, 2 + 1);
	ck_assert_str_eq(usage.detail, "1 to 192.0.2.1:443 from 192.0.2.7");
	counter = port_counter_new(&usual, PORT_REUSE_NONE);
	usage = result_of(counter);
	ck_assert_uint_eq(usage.used, 0);
	ck_assert_str_eq(usage.detail, "");
}
END_TEST

/* A reserved port is none of those that are left, so neither a listener nor a connection there
 * takes one away. */
START_TEST(reserved)
{
	struct port_range ports = {.low = 40000, .high = 40099};
	struct port_counter *counter = port_counter_new(&ports, PORT_REUSE_NONE);
	struct port_usage usage;

	ck_assert_int_eq(ephemeral_ports_parse_reserved(span_of("40090-40099\n"), &ports), 0);
	for (uint16_t port = 40000; port < 40100; port++)
		take(counter, connection("0.0.0.0", port, "0.0.0.0", 0));
	usage = result_of(counter);
	ck_assert_uint_eq(ports.count, 90);
	ck_assert_uint_eq(usage.used, 90);
	counter = port_counter_new(&ports, PORT_REUSE_NONE);
	take(counter, connection("192.0.2.7", 40095, "192.0.2.1", 443));
	ck_assert_uint_eq(result_of(counter).used, 0);
}
END_TEST

static uint64_t used_with(enum port_reuse reuse, const char *remote)
{
	struct port_counter *counter = port_counter_new(&usual, reuse);
	struct inet_socket waiting = connection("192.0.2.7", 40000, remote, 443);

	waiting.state = TCP_TIME_WAIT;
	waiting.time_wait = true;
	take(counter, waiting);
	return result_of(counter).used;
}

/* net.ipv4.tcp_tw_reuse */
START_TEST(reuse)
{
	ck_assert_uint_eq(used_with(PORT_REUSE_NONE, "192.0.2.1"), 1);
	ck_assert_uint_eq(used_with(PORT_REUSE_NONE, "127.0.0.1"), 1);
	ck_assert_uint_eq(used_with(PORT_REUSE_ALL, "192.0.2.1"), 0);
	ck_assert_uint_eq(used_with(PORT_REUSE_ALL, "127.0.0.1"), 0);
	ck_assert_uint_eq(used_with(PORT_REUSE_LOOPBACK, "192.0.2.1"), 1);
	ck_assert_uint_eq(used_with(PORT_REUSE_LOOPBACK, "127.0.0.1"), 0);
	ck_assert_uint_eq(used_with(PORT_REUSE_LOOPBACK, "::1"), 0);
	ck_assert_uint_eq(used_with(PORT_REUSE_LOOPBACK, "2001:db8::1"), 1);
}
END_TEST

/* Link-local addresses differ by their interface, others do not. */
START_TEST(scopes)
{
	struct port_counter *counter = port_counter_new(&usual, PORT_REUSE_NONE);
	struct inet_socket socket = connection("fe80::7", 40000, "fe80::1", 443);
	struct port_usage usage;

	socket.local.interface = socket.remote.interface = 1;
	take(counter, socket);
	socket.local.interface = socket.remote.interface = 1000000;
	take(counter, socket);
	usage = result_of(counter);
	ck_assert_uint_eq(usage.used, 1);

	counter = port_counter_new(&usual, PORT_REUSE_NONE);
	take(counter, socket);
	usage = result_of(counter);
	ck_assert_str_eq(usage.detail, "1 to [fe80::1%1000000]:443 from fe80::7%1000000");

	counter = port_counter_new(&usual, PORT_REUSE_NONE);
	socket = connection("192.0.2.7", 40000, "192.0.2.1", 443);
	take(counter, socket);
	socket.local.interface = socket.remote.interface = 3;
	take(counter, socket);
	usage = result_of(counter);
	ck_assert_uint_eq(usage.used, 2);
}
END_TEST

START_TEST(many_destinations)
{
	struct port_counter *counter = port_counter_new(&usual, PORT_REUSE_NONE);
	struct inet_socket socket = connection("192.0.2.7", 40000, "198.51.100.0", 443);
	struct port_usage usage;

	for (unsigned i = 0; i < 100000; i++) {
		memcpy(socket.remote.address, &i, sizeof(i));
		take(counter, socket);
		if (i == 77777)
			take(counter, socket);
	}
	usage = result_of(counter);
	ck_assert_uint_eq(usage.used, 2);
}
END_TEST

static int bound(struct sockaddr_in *address)
{
	socklen_t len = sizeof(*address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(address, 0, sizeof(*address));
	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)address, sizeof(*address)), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address, &len), 0);
	return fd;
}

#define LIVE_CONNECTIONS 20

/* The running kernel: a listener with a port of the range, and connections to it. The range is
 * made to hold little else. */
START_TEST(live)
{
	struct netlink nl = {0};
	struct sockaddr_in server;
	struct port_usage before, usage;
	struct port_range wide = {.low = 1024, .high = 65535}, narrow = {0};
	int listener = bound(&server), fds[LIVE_CONNECTIONS];
	char want[128];

	ck_assert_int_eq(ephemeral_ports_ask(&nl, &wide, PORT_REUSE_NONE, &before), 0);
	ck_assert_int_eq(listen(listener, LIVE_CONNECTIONS), 0);
	for (size_t i = 0; i < LIVE_CONNECTIONS; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(connect(fds[i], (struct sockaddr *)&server, sizeof(server)), 0);
	}
	ck_assert_int_eq(ephemeral_ports_ask(&nl, &wide, PORT_REUSE_NONE, &usage), 0);
	ck_assert_uint_ge(usage.used, LIVE_CONNECTIONS + 1);
	narrow.low = narrow.high = ntohs(server.sin_port);
	ck_assert_int_eq(ephemeral_ports_ask(&nl, &narrow, PORT_REUSE_NONE, &usage), 0);
	ck_assert_uint_eq(usage.used, 1);
	ck_assert_str_eq(usage.detail, "");
	if (before.used < LIVE_CONNECTIONS) { /* nobody else is busy */
		snprintf(want, sizeof(want), "%d to 127.0.0.1:%u from 127.0.0.1", LIVE_CONNECTIONS,
			 ntohs(server.sin_port));
		ck_assert_int_eq(ephemeral_ports_ask(&nl, &wide, PORT_REUSE_NONE, &usage), 0);
		ck_assert_str_eq(usage.detail, want);
	}
	for (size_t i = 0; i < LIVE_CONNECTIONS; i++)
		close(fds[i]);
	close(listener);
	netlink_close(&nl);
}
END_TEST

UNIT_MAIN("ports", range, available, by_destination, mapped, listeners, reserved, reuse, scopes,
	  many_destinations, live)
