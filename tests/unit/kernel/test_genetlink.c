/* SPDX-License-Identifier: BSD-2-Clause */
/* genetlink: made and broken messages, and the running kernel's own families. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/kernel/genetlink.h"
#include "tests/unit/unit.h"

#define BUFFER_SIZE 256

static const struct genetlink_family control = {GENL_ID_CTRL, 2};

/* As the kernel answers CTRL_CMD_GETFAMILY, cut to what is read of it. */
static struct nlmsghdr *make_family(char *buf, uint16_t id)
{
	struct nlmsghdr *message = genetlink_request(buf, &control, CTRL_CMD_NEWFAMILY, 0);

	mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, "netdev");
	mnl_attr_put_u16(message, CTRL_ATTR_FAMILY_ID, id);
	mnl_attr_put_u32(message, CTRL_ATTR_VERSION, 1);
	mnl_attr_put_u32(message, CTRL_ATTR_HDRSIZE, 0);
	return message;
}

START_TEST(test_request)
{
	_Alignas(struct nlmsghdr) char buf[BUFFER_SIZE];
	const struct genetlink_family family = {.id = 0x1c, .version = 3};
	struct nlmsghdr *request = genetlink_request(buf, &family, 7, NLM_F_DUMP);
	const struct genlmsghdr *generic = mnl_nlmsg_get_payload(request);

	ck_assert_uint_eq(request->nlmsg_type, 0x1c);
	ck_assert_uint_eq(request->nlmsg_flags, NLM_F_DUMP);
	ck_assert_uint_eq(request->nlmsg_len, MNL_NLMSG_HDRLEN + GENETLINK_HEADER);
	ck_assert_uint_eq(generic->cmd, 7);
	ck_assert_uint_eq(generic->version, 3);
	ck_assert_int_eq(genetlink_command(request, 0x1c), 7);
	ck_assert_int_eq(genetlink_command(request, 0x1d), -EBADMSG);
}
END_TEST

START_TEST(test_family)
{
	_Alignas(struct nlmsghdr) char buf[BUFFER_SIZE];
	struct genetlink_family family = {0};

	ck_assert_int_eq(genetlink_decode_family(make_family(buf, 0x1c), &family), 0);
	ck_assert_uint_eq(family.id, 0x1c);
	ck_assert_uint_eq(family.version, 1);
	ck_assert_int_eq(genetlink_decode_family(make_family(buf, GENL_MIN_ID - 1), &family),
			 -EBADMSG);
	ck_assert_int_eq(genetlink_decode_family(make_family(buf, GENL_MAX_ID + 1), &family),
			 -EBADMSG);
	ck_assert_int_eq(genetlink_decode_family(
				 genetlink_request(buf, &control, CTRL_CMD_DELFAMILY, 0), &family),
			 -EBADMSG);
	ck_assert_uint_eq(family.id, 0x1c); /* left alone */
}
END_TEST

/* A whole answer at every length: nothing is read past its end, and no id is made up. */
START_TEST(test_cut)
{
	_Alignas(struct nlmsghdr) char buf[BUFFER_SIZE];
	uint32_t whole = make_family(buf, 0x1c)->nlmsg_len;
	struct genetlink_family family = {0};
	unsigned decoded = 0;

	for (uint32_t len = MNL_NLMSG_HDRLEN; len <= whole; len++) {
		struct nlmsghdr *message = malloc(len);

		memcpy(message, buf, len);
		message->nlmsg_len = len;
		if (!genetlink_decode_family(message, &family)) {
			ck_assert_uint_eq(family.id, 0x1c);
			decoded++;
		} else {
			ck_assert_uint_lt(len, whole);
		}
		free(message);
	}
	ck_assert_uint_gt(decoded, 0);
}
END_TEST

START_TEST(test_numbers)
{
	_Alignas(struct nlmsghdr) char buf[BUFFER_SIZE];
	struct nlmsghdr *message = genetlink_request(buf, &control, 1, 0);
	static const uint64_t want[] = {200, 40000, 4000000000, 1ull << 60};
	const struct nlattr *attribute;
	uint64_t number = 0;
	size_t count = 0;

	mnl_attr_put_u8(message, 1, (uint8_t)want[0]);
	mnl_attr_put_u16(message, 1, (uint16_t)want[1]);
	mnl_attr_put_u32(message, 1, (uint32_t)want[2]);
	mnl_attr_put_u64(message, 1, want[3]);
	mnl_attr_put(message, 2, 3, "abc");
	mnl_attr_put(message, 2, 0, NULL);
	mnl_attr_for_each(attribute, message, GENETLINK_HEADER) {
		if (mnl_attr_get_type(attribute) == 2) {
			ck_assert(!genetlink_number(attribute, &number));
			continue;
		}
		ck_assert(genetlink_number(attribute, &number));
		ck_assert_uint_eq(number, want[count++]);
	}
	ck_assert_uint_eq(count, 4);
}
END_TEST

/* The family that every kernel has, and one that none has. The socket stays usable after both. */
START_TEST(test_live)
{
	struct netlink nl = {0};
	struct genetlink_family family;

	ck_assert_int_eq(genetlink_lookup(&nl, "no such family", &family), -ENOENT);
	ck_assert_uint_eq(family.id, 0);
	ck_assert_int_eq(genetlink_lookup(&nl, "nlctrl", &family), 0);
	ck_assert_uint_eq(family.id, GENL_ID_CTRL);
	ck_assert_uint_eq(family.version, 2);
	ck_assert(netlink_is_open(&nl));
	netlink_close(&nl);
}
END_TEST

UNIT_MAIN("genetlink", test_request, test_family, test_cut, test_numbers, test_live)
