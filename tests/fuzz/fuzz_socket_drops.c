/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_drop_parse() on any text, as each of its files. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/socket/socket_drops.h"
#include "tests/fuzz/fuzz.h"

static int take(const struct inet_socket *socket, void *file)
{
	char text[ENDPOINT_SIZE];

	socket_drop_format(&socket->local, "", text);
	fuzz_check(strlen(text) < sizeof(text));
	fuzz_check(*(unsigned *)file != SOCKET_DROP_NETLINK || socket_drop_portid(&socket->local));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct span text = {(const char *)data, size};

	for (unsigned file = 0; file < SOCKET_DROP_FILES; file++) {
		int err = socket_drop_parse(file, text, take, &file);

		fuzz_check(!err || err == -EBADMSG);
	}
	return 0;
}
