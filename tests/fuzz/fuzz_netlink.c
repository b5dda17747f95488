/* SPDX-License-Identifier: BSD-2-Clause */
/* netlink_parse(): what came from a netlink socket is a sequence of whole messages, or refused. */
#include <config.h>

#include "collectors/kernel/netlink.h"
#include "tests/fuzz/fuzz.h"

struct seen {
	const uint8_t *data;
	size_t size;
	size_t messages;
};

/* Reads the whole message: it has to lie within the buffer. */
static int take(const struct nlmsghdr *message, void *arg)
{
	struct seen *seen = arg;
	const uint8_t *bytes = (const uint8_t *)message;
	unsigned sum = 0;

	fuzz_check(message->nlmsg_len >= sizeof(*message));
	fuzz_check(bytes >= seen->data && bytes + message->nlmsg_len <= seen->data + seen->size);
	for (size_t i = 0; i < message->nlmsg_len; i++)
		sum += bytes[i];
	seen->messages++;
	return sum % 7 ? 0 : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {.data = data, .size = size};
	const struct netlink_dump dump = {.message = take, .arg = &seen};
	struct netlink_progress progress = {.seq = 1};
	int err = netlink_parse(data, size, &dump, &progress);

	fuzz_check(err <= 0 && progress.err <= 0);
	fuzz_check(seen.messages <= size / sizeof(struct nlmsghdr));
	if (progress.err < -1 || progress.interrupted)
		fuzz_check(size >= sizeof(struct nlmsghdr));
	return 0;
}
