/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses the address of the AgentX master into a socket address, without a name server. */
#include <config.h>

#include <arpa/inet.h>
#include <string.h>

#include "collectors/base/parse.h"
#include "subagent/agentx/address.h"

/* RFC 2741, 8.1.1. */
#define AGENTX_TCP_PORT 705

static const char *address_unix(struct address *address, const char *path)
{
	size_t size = strlen(path) + 1;

	if (*path != '/')
		return "not an address of an AgentX master: write /PATH, tcp:ADDRESS:PORT or "
		       "tcp6:[ADDRESS]:PORT";
	if (size > sizeof(address->un.sun_path))
		return "the path is too long: at most 107 characters";
	address->un.sun_family = AF_UNIX;
	memcpy(address->un.sun_path, path, size);
	address->len = sizeof(address->un);
	return NULL;
}

/* Splits "HOST:PORT", "[HOST]:PORT", "HOST" or "PORT"; what is left out stays as it is. False when
 * the brackets are wrong. */
static bool address_split(const char *text, struct span *host, struct span *port)
{
	size_t len = strlen(text);
	const char *end = strrchr(text, ':');

	if (*text == '[') {
		const char *bracket = strchr(text, ']');

		if (!bracket || (bracket[1] && bracket[1] != ':'))
			return false;
		*host = (struct span){text + 1, (size_t)(bracket - text) - 1};
		end = bracket[1] ? bracket + 1 : NULL;
	} else if (!end && strspn(text, "0123456789") == len) {
		end = text - 1;
	} else if (!end || strchr(text, ':') != end) { /* no port: IPv6 is full of colons */
		*host = (struct span){text, len};
		end = NULL;
	} else {
		*host = (struct span){text, (size_t)(end - text)};
	}
	if (end)
		*port = (struct span){end + 1, strlen(end + 1)};
	return true;
}

static const char *address_tcp(struct address *address, const char *text, int family)
{
	struct span host = {"localhost", strlen("localhost")}, port = {"705", 3};
	char numeric[INET6_ADDRSTRLEN];
	uint64_t number;

	if (!address_split(text, &host, &port))
		return "a bracket is missing or misplaced: write tcp6:[ADDRESS]:PORT";
	if (span_u64(port, &number) || !number || number > UINT16_MAX)
		return "the port must be a number from 1 to 65535";
	if (span_equal(host, "localhost"))
		strcpy(numeric, family == AF_INET ? "127.0.0.1" : "::1");
	else if (!span_copy(host, numeric, sizeof(numeric)))
		numeric[0] = '\0';
	if (family == AF_INET) {
		address->in.sin_family = AF_INET;
		address->in.sin_port = htons((uint16_t)number);
		address->len = sizeof(address->in);
		if (inet_pton(AF_INET, numeric, &address->in.sin_addr) == 1)
			return NULL;
		return "names are not looked up: write the master's IPv4 address in numbers, as in "
		       "tcp:192.0.2.1:705, or tcp6:[2001:db8::1]:705";
	}
	address->in6.sin6_family = AF_INET6;
	address->in6.sin6_port = htons((uint16_t)number);
	address->len = sizeof(address->in6);
	if (inet_pton(AF_INET6, numeric, &address->in6.sin6_addr) == 1)
		return NULL;
	return "names are not looked up: write the master's IPv6 address in numbers, as in "
	       "tcp6:[2001:db8::1]:705";
}

const char *address_parse(struct address *address, const char *text)
{
	memset(address, 0, sizeof(*address));
	if (!strncmp(text, "tcp:", 4))
		return address_tcp(address, text + 4, AF_INET);
	if (!strncmp(text, "tcp6:", 5))
		return address_tcp(address, text + 5, AF_INET6);
	return address_unix(address, strncmp(text, "unix:", 5) ? text : text + 5);
}
