/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts the entries of the neighbour tables (ARP, NDP) that stand against gc_thresh3: dumps of
 * RTM_GETNEIGHTBL and RTM_GETNEIGH over rtnetlink. */
#include <config.h>

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/base/rows.h"
#include "collectors/limit/neighbors.h"

/* Newer than some headers that this is built with. */
#define FLAGS_EXT	   15	    /* NDA_FLAGS_EXT, since 5.16 */
#define FLAG_EXT_VALIDATED (1 << 2) /* NTF_EXT_EXT_VALIDATED, since 6.17 */

/* The table of an address family, or NULL. */
static struct neighbor_table *neighbors_table(struct neighbor_tables *tables, unsigned char family)
{
	if (family == AF_INET)
		return &tables->family[NEIGHBOR_IPV4];
	return family == AF_INET6 ? &tables->family[NEIGHBOR_IPV6] : NULL;
}

static bool neighbors_has_room(const struct nlmsghdr *message, size_t size)
{
	return message->nlmsg_len >= MNL_NLMSG_HDRLEN + size;
}

int neighbors_decode_table(const struct nlmsghdr *message, struct neighbor_tables *tables)
{
	const struct ndtmsg *part = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	struct neighbor_table *table;
	uint64_t max = ROW_ABSENT;

	if (message->nlmsg_type != RTM_NEWNEIGHTBL || !neighbors_has_room(message, sizeof(*part)))
		return -EBADMSG;
	table = neighbors_table(tables, part->ndtm_family);
	if (!table)
		return 0;
	mnl_attr_for_each(attribute, message, sizeof(*part)) {
		struct ndt_config config;

		if (mnl_attr_get_type(attribute) == NDTA_THRESH3) {
			if (mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
				return -EBADMSG;
			max = mnl_attr_get_u32(attribute);
		} else if (mnl_attr_get_type(attribute) == NDTA_CONFIG) {
			if (mnl_attr_get_payload_len(attribute) < sizeof(config))
				return -EBADMSG;
			memcpy(&config, mnl_attr_get_payload(attribute), sizeof(config));
			table->entries = config.ndtc_entries;
		}
	}
	if (max != ROW_ABSENT)
		table->max = max;
	return 0;
}

/* The bits of NDA_FLAGS_EXT, 0 when there are none. 0 or -EBADMSG. */
static int neighbors_flags_ext(const struct nlmsghdr *message, uint32_t *flags)
{
	const struct nlattr *attribute;

	*flags = 0;
	mnl_attr_for_each(attribute, message, sizeof(struct ndmsg)) {
		if (mnl_attr_get_type(attribute) != FLAGS_EXT)
			continue;
		if (mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
			return -EBADMSG;
		*flags = mnl_attr_get_u32(attribute);
	}
	return 0;
}

int neighbors_decode_entry(const struct nlmsghdr *message, struct neighbor_tables *tables)
{
	const struct ndmsg *part = mnl_nlmsg_get_payload(message);
	struct neighbor_table *table;
	uint32_t flags;

	if (message->nlmsg_type != RTM_NEWNEIGH || !neighbors_has_room(message, sizeof(*part)) ||
	    neighbors_flags_ext(message, &flags))
		return -EBADMSG;
	table = neighbors_table(tables, part->ndm_family);
	if (!table)
		return 0;
	if (part->ndm_state & NUD_PERMANENT || part->ndm_flags & NTF_EXT_LEARNED ||
	    flags & FLAG_EXT_VALIDATED)
		table->exempt++;
	return 0;
}

static int neighbors_take_table(const struct nlmsghdr *message, void *arg)
{
	return neighbors_decode_table(message, arg);
}

static int neighbors_take_entry(const struct nlmsghdr *message, void *arg)
{
	return neighbors_decode_entry(message, arg);
}

static void neighbors_reset(struct neighbor_tables *tables)
{
	memset(tables, 0xff, sizeof(*tables)); /* ROW_ABSENT everywhere */
}

/* Nothing is exempt until an entry says so. */
static void neighbors_restart(void *arg)
{
	struct neighbor_tables *tables = arg;

	for (size_t i = 0; i < NEIGHBOR_FAMILIES; i++)
		tables->family[i].exempt = 0;
}

static int neighbors_dump(struct netlink *nl, uint16_t type, size_t size,
			  const struct netlink_dump *how)
{
	union {
		struct nlmsghdr header;
		char bytes[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct ndmsg))];
	} buf;
	struct nlmsghdr *header = mnl_nlmsg_put_header(&buf);

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	mnl_nlmsg_put_extra_header(header, size); /* zero: all families */
	return netlink_dump(nl, header, how);
}

int neighbors_ask(struct netlink *nl, struct neighbor_tables *tables)
{
	const struct netlink_dump each_table = {.message = neighbors_take_table, .arg = tables};
	const struct netlink_dump each_entry = {
		.message = neighbors_take_entry,
		.restart = neighbors_restart,
		.arg = tables,
	};
	int err = netlink_open(nl, NETLINK_ROUTE);

	neighbors_reset(tables);
	neighbors_restart(tables);
	if (!err)
		err = neighbors_dump(nl, RTM_GETNEIGH, sizeof(struct ndmsg), &each_entry);
	if (!err)
		err = neighbors_dump(nl, RTM_GETNEIGHTBL, sizeof(struct ndtmsg), &each_table);
	if (err)
		neighbors_reset(tables);
	return err;
}

/* Since 5.0 gc_thresh3 bounds the entries that garbage collection may take; before, all. */
static bool neighbors_spare_exempt(const char *kernel_release)
{
	unsigned major;

	return sscanf(kernel_release, "%u", &major) == 1 && major >= 5;
}

uint64_t neighbors_used(const struct neighbor_table *table, const char *kernel_release)
{
	if (table->entries == ROW_ABSENT || table->exempt == ROW_ABSENT)
		return ROW_ABSENT;
	if (!neighbors_spare_exempt(kernel_release))
		return table->entries;
	/* The two were counted one after the other. */
	return table->entries > table->exempt ? table->entries - table->exempt : 0;
}
