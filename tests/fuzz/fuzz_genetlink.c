/* SPDX-License-Identifier: BSD-2-Clause */
/* genetlink_decode_family() and genetlink_number() on what netlink_parse() lets through. */
#include <config.h>

#include "collectors/kernel/genetlink.h"
#include "tests/fuzz/fuzz.h"

static int take(const struct nlmsghdr *message, void *arg)
{
	struct genetlink_family family = {0};
	const struct nlattr *attribute;
	uint64_t number;

	(void)arg;
	if (!genetlink_decode_family(message, &family))
		fuzz_check(family.id >= GENL_MIN_ID && family.id <= GENL_MAX_ID);
	else
		fuzz_check(!family.id);
	if (genetlink_command(message, message->nlmsg_type) < 0)
		return 0;
	mnl_attr_for_each(attribute, message, GENETLINK_HEADER)
		if (genetlink_number(attribute, &number))
			fuzz_check(mnl_attr_get_payload_len(attribute) <= sizeof(number));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct netlink_dump dump = {.message = take};
	struct netlink_progress progress = {.seq = 1};

	netlink_parse(data, size, &dump, &progress);
	return 0;
}
