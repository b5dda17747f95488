/* SPDX-License-Identifier: BSD-2-Clause */
/* Generic netlink: looks up families by name, builds requests and reads replies. netlink.h sends
 * and receives them. */
#ifndef NETDIAG_KERNEL_GENETLINK_H
#define NETDIAG_KERNEL_GENETLINK_H

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <stdbool.h>
#include <stdint.h>

#include "collectors/kernel/netlink.h"

/* The offset of the attributes for mnl_attr_for_each(). */
#define GENETLINK_HEADER sizeof(struct genlmsghdr)

/* A family of the running kernel. Its id is assigned when it registers and may be kept; 0 is not a
 * valid id. */
struct genetlink_family {
	uint16_t id;
	uint8_t version;
};

/* Opens nl (NETLINK_GENERIC) where it is closed and asks the kernel for a family ("netdev",
 * "ethtool"), at most GENL_NAMSIZ - 1 letters. 0; -ENOENT when the kernel has none of that name; or
 * -errno as netlink_open() and netlink_dump() return it. */
int genetlink_lookup(struct netlink *nl, const char *name, struct genetlink_family *family);

/* Begins a request in buf, which must have room for the attributes that follow. flags: NLM_F_DUMP
 * or 0. */
struct nlmsghdr *genetlink_request(void *buf, const struct genetlink_family *family,
				   uint8_t command, uint16_t flags);

/* The command of a message, whose attributes mnl_attr_for_each() may then walk; -EBADMSG when it
 * is not one of this family (id) or is truncated. Pure. */
int genetlink_command(const struct nlmsghdr *message, uint16_t id);

/* Reads an unsigned number of 8, 16, 32 or 64 bits, which the kernel writes as short as it likes
 * (nla_put_uint()). false when the attribute has another length. Pure. */
bool genetlink_number(const struct nlattr *attribute, uint64_t *number);

/* Decodes the answer to CTRL_CMD_GETFAMILY. 0 or -EBADMSG. Pure. */
int genetlink_decode_family(const struct nlmsghdr *message, struct genetlink_family *family);

#endif
