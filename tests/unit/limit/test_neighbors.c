/* SPDX-License-Identifier: BSD-2-Clause */
/* Neighbour tables from made rtnetlink messages. */
#include <config.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/limit/neighbors.h"
#include "tests/unit/unit.h"

#define FLAGS_EXT 15 /* NDA_FLAGS_EXT */

struct message {
	_Alignas(struct nlmsghdr) char buf[512];
	struct nlmsghdr *header;
};

static void table_message(struct message *message, unsigned char family)
{
	struct ndtmsg *part;

	memset(message, 0, sizeof(*message));
	message->header = mnl_nlmsg_put_header(message->buf);
	message->header->nlmsg_type = RTM_NEWNEIGHTBL;
	part = mnl_nlmsg_put_extra_header(message->header, sizeof(*part));
	part->ndtm_family = family;
	mnl_attr_put_strz(message->header, NDTA_NAME, "a_cache");
}

static void entry_message(struct message *message, unsigned char family, uint16_t state,
			  uint8_t flags)
{
	struct ndmsg *part;

	memset(message, 0, sizeof(*message));
	message->header = mnl_nlmsg_put_header(message->buf);
	message->header->nlmsg_type = RTM_NEWNEIGH;
	part = mnl_nlmsg_put_extra_header(message->header, sizeof(*part));
	part->ndm_family = family;
	part->ndm_state = state;
	part->ndm_flags = flags;
}

static struct neighbor_tables absent(void)
{
	struct neighbor_tables tables;

	memset(&tables, 0xff, sizeof(tables));
	return tables;
}

static struct neighbor_tables no_entries(void)
{
	struct neighbor_tables tables = absent();

	tables.family[NEIGHBOR_IPV4].exempt = tables.family[NEIGHBOR_IPV6].exempt = 0;
	return tables;
}

START_TEST(whole_tables)
{
	const struct ndt_config config = {.ndtc_entries = 700};
	struct neighbor_tables tables = absent();
	struct message message;

	table_message(&message, AF_INET6);
	mnl_attr_put_u32(message.header, NDTA_THRESH1, 128);
	mnl_attr_put_u32(message.header, NDTA_THRESH3, 1024);
	mnl_attr_put(message.header, NDTA_CONFIG, sizeof(config), &config);
	ck_assert_int_eq(neighbors_decode_table(message.header, &tables), 0);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV6].entries, 700);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV6].max, 1024);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV4].max, ROW_ABSENT);

	/* One device's part of the table, and another protocol's table. */
	table_message(&message, AF_INET6);
	ck_assert_int_eq(neighbors_decode_table(message.header, &tables), 0);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV6].entries, 700);
	table_message(&message, 12);
	mnl_attr_put_u32(message.header, NDTA_THRESH3, 1);
	ck_assert_int_eq(neighbors_decode_table(message.header, &tables), 0);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV6].max, 1024);
}
END_TEST

START_TEST(entries)
{
	struct neighbor_tables tables = no_entries();
	struct message message;

	entry_message(&message, AF_INET, NUD_REACHABLE, 0);
	ck_assert_int_eq(neighbors_decode_entry(message.header, &tables), 0);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV4].exempt, 0);
	entry_message(&message, AF_INET, NUD_PERMANENT, 0);
	ck_assert_int_eq(neighbors_decode_entry(message.header, &tables), 0);
	entry_message(&message, AF_INET, NUD_STALE, NTF_EXT_LEARNED);
	ck_assert_int_eq(neighbors_decode_entry(message.header, &tables), 0);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV4].exempt, 2);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV6].exempt, 0);
	entry_message(&message, AF_INET6, NUD_STALE, 0);
	mnl_attr_put_u32(message.header, FLAGS_EXT, 1); /* NTF_EXT_MANAGED */
	ck_assert_int_eq(neighbors_decode_entry(message.header, &tables), 0);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV6].exempt, 0);
	entry_message(&message, AF_INET6, NUD_STALE, 0);
	mnl_attr_put_u32(message.header, FLAGS_EXT, 4); /* NTF_EXT_EXT_VALIDATED */
	ck_assert_int_eq(neighbors_decode_entry(message.header, &tables), 0);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV6].exempt, 1);
	entry_message(&message, AF_BRIDGE, NUD_PERMANENT, 0);
	ck_assert_int_eq(neighbors_decode_entry(message.header, &tables), 0);
}
END_TEST

START_TEST(broken)
{
	struct neighbor_tables tables = no_entries();
	struct message message;

	table_message(&message, AF_INET);
	ck_assert_int_eq(neighbors_decode_entry(message.header, &tables), -EBADMSG);
	mnl_attr_put_u16(message.header, NDTA_THRESH3, 1);
	ck_assert_int_eq(neighbors_decode_table(message.header, &tables), -EBADMSG);
	table_message(&message, AF_INET);
	mnl_attr_put_u32(message.header, NDTA_CONFIG, 1);
	ck_assert_int_eq(neighbors_decode_table(message.header, &tables), -EBADMSG);
	message.header->nlmsg_len = MNL_NLMSG_HDRLEN;
	ck_assert_int_eq(neighbors_decode_table(message.header, &tables), -EBADMSG);

	entry_message(&message, AF_INET, NUD_PERMANENT, 0);
	ck_assert_int_eq(neighbors_decode_table(message.header, &tables), -EBADMSG);
	mnl_attr_put_u16(message.header, FLAGS_EXT, 4);
	ck_assert_int_eq(neighbors_decode_entry(message.header, &tables), -EBADMSG);
	entry_message(&message, AF_INET, NUD_PERMANENT, 0);
	message.header->nlmsg_len = MNL_NLMSG_HDRLEN + sizeof(struct ndmsg) - 1;
	ck_assert_int_eq(neighbors_decode_entry(message.header, &tables), -EBADMSG);
	ck_assert_uint_eq(tables.family[NEIGHBOR_IPV4].exempt, 0);
}
END_TEST

/* Before 5.0 all entries count against gc_thresh3. */
START_TEST(used)
{
	struct neighbor_table table = {.entries = 700, .exempt = 600, .max = 1024};

	ck_assert_uint_eq(neighbors_used(&table, "4.18.0-553.el8.x86_64"), 700);
	ck_assert_uint_eq(neighbors_used(&table, "5.0.0"), 100);
	ck_assert_uint_eq(neighbors_used(&table, "6.18.44"), 100);
	ck_assert_uint_eq(neighbors_used(&table, "10.1"), 100);
	table.exempt = 701;
	ck_assert_uint_eq(neighbors_used(&table, "6.1.0"), 0);
	table.exempt = ROW_ABSENT;
	ck_assert_uint_eq(neighbors_used(&table, "6.1.0"), ROW_ABSENT);
	table = (struct neighbor_table){.entries = ROW_ABSENT, .exempt = 0};
	ck_assert_uint_eq(neighbors_used(&table, "6.1.0"), ROW_ABSENT);
}
END_TEST

/* The running kernel answers anybody. */
START_TEST(live)
{
	struct netlink nl = {0};
	struct neighbor_tables got;

	ck_assert_int_eq(neighbors_ask(&nl, &got), 0);
	ck_assert_uint_ne(got.family[NEIGHBOR_IPV4].max, ROW_ABSENT);
	ck_assert_uint_ge(got.family[NEIGHBOR_IPV4].max, 1);
	ck_assert_uint_ne(got.family[NEIGHBOR_IPV4].entries, ROW_ABSENT);
	ck_assert_uint_le(got.family[NEIGHBOR_IPV4].exempt, got.family[NEIGHBOR_IPV4].entries);
	netlink_close(&nl);
}
END_TEST

UNIT_MAIN("neighbors", whole_tables, entries, broken, used, live)
