/* SPDX-License-Identifier: BSD-2-Clause */
/* Generic netlink (net/netlink/genetlink.c): the kernel's family "nlctrl" tells the ids of the
 * others by name; libmnl builds and reads the messages. */
#include <config.h>

#include <errno.h>

#include "collectors/kernel/genetlink.h"

/* The version of nlctrl in which CTRL_CMD_GETFAMILY was added. */
#define CONTROL_VERSION 1

struct nlmsghdr *genetlink_request(void *buf, const struct genetlink_family *family,
				   uint8_t command, uint16_t flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));

	header->nlmsg_type = family->id;
	header->nlmsg_flags = flags;
	generic->cmd = command;
	generic->version = family->version;
	return header;
}

int genetlink_command(const struct nlmsghdr *message, uint16_t id)
{
	/* The kernel pads each attribute, so a message ends aligned; libmnl counts on it. */
	if (message->nlmsg_type != id || message->nlmsg_len % MNL_ALIGNTO ||
	    message->nlmsg_len < MNL_NLMSG_HDRLEN + GENETLINK_HEADER)
		return -EBADMSG;
	return ((const struct genlmsghdr *)mnl_nlmsg_get_payload(message))->cmd;
}

bool genetlink_number(const struct nlattr *attribute, uint64_t *number)
{
	switch (mnl_attr_get_payload_len(attribute)) {
	case sizeof(uint8_t):
		*number = mnl_attr_get_u8(attribute);
		return true;
	case sizeof(uint16_t):
		*number = mnl_attr_get_u16(attribute);
		return true;
	case sizeof(uint32_t):
		*number = mnl_attr_get_u32(attribute);
		return true;
	case sizeof(uint64_t):
		*number = mnl_attr_get_u64(attribute);
		return true;
	default:
		return false;
	}
}

int genetlink_decode_family(const struct nlmsghdr *message, struct genetlink_family *family)
{
	uint64_t id = 0, version = 0;
	const struct nlattr *attribute;

	if (genetlink_command(message, GENL_ID_CTRL) != CTRL_CMD_NEWFAMILY)
		return -EBADMSG;
	mnl_attr_for_each(attribute, message, GENETLINK_HEADER) {
		switch (mnl_attr_get_type(attribute)) {
		case CTRL_ATTR_FAMILY_ID:
			if (!genetlink_number(attribute, &id))
				return -EBADMSG;
			break;
		case CTRL_ATTR_VERSION:
			if (!genetlink_number(attribute, &version))
				return -EBADMSG;
			break;
		}
	}
	if (id < GENL_MIN_ID || id > GENL_MAX_ID)
		return -EBADMSG;
	*family = (struct genetlink_family){
		.id = (uint16_t)id,
		.version = (uint8_t)version,
	};
	return 0;
}

static int genetlink_take_family(const struct nlmsghdr *message, void *arg)
{
	return genetlink_decode_family(message, arg);
}

int genetlink_lookup(struct netlink *nl, const char *name, struct genetlink_family *family)
{
	static const struct genetlink_family control = {GENL_ID_CTRL, CONTROL_VERSION};
	_Alignas(struct nlmsghdr) char
		buf[MNL_NLMSG_HDRLEN + GENETLINK_HEADER + MNL_ATTR_HDRLEN + GENL_NAMSIZ] = {0};
	const struct netlink_dump dump = {.message = genetlink_take_family, .arg = family};
	struct nlmsghdr *request = genetlink_request(buf, &control, CTRL_CMD_GETFAMILY, 0);
	int err = netlink_open(nl, NETLINK_GENERIC);

	if (err)
		return err;
	*family = (struct genetlink_family){.id = 0};
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, name);
	err = netlink_dump(nl, request, &dump);
	return !err && !family->id ? -EBADMSG : err;
}
