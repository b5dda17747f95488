/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <libmnl/libmnl.h>
#include <linux/sock_diag.h>
#include <stdlib.h>

#include "tests/unit/replies.h"
#include "tests/unit/unit.h"

#define REPLY_SIZE 1024

void replay_load(struct filebuf *file, const char *relative)
{
	char path[PATH_MAX];
	struct roots roots = {.path = {[ROOT_PROC] = path}};

	unit_source(path, "tests/data");
	ck_assert_int_eq(
		procfs_read(&roots, ROOT_PROC, file, "%s", relative + sizeof("tests/data/") - 1),
		0);
}

struct replay {
	sock_diag_socket_fn *each;
	void *arg;
};

static int replay_message(const struct nlmsghdr *message, void *arg)
{
	const struct replay *replay = arg;
	struct inet_socket socket;
	int err = sock_diag_decode(message, &socket);

	return err ? err : replay->each(&socket, replay->arg);
}

int replay_dump(const char *relative, sock_diag_socket_fn *each, void *arg)
{
	struct replay replay = {.each = each, .arg = arg};
	const struct netlink_dump dump = {.message = replay_message, .arg = &replay};
	struct netlink_progress progress = {.seq = 1};
	struct filebuf file = {0};
	int err;

	replay_load(&file, relative);
	err = netlink_parse(file.data, file.len, &dump, &progress);
	ck_assert(err || progress.done);
	filebuf_free(&file);
	return err ? err : progress.err;
}

void reply_init(struct reply *reply)
{
	reply->buf = malloc(REPLY_SIZE);
	ck_assert_ptr_nonnull(reply->buf);
}

void reply_done(struct reply *reply)
{
	free(reply->buf);
}

const struct nlmsghdr *reply_socket(struct reply *reply, const struct inet_diag_msg *msg,
				    const uint32_t *memory, size_t memory_count)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(reply->buf);

	message->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	*(struct inet_diag_msg *)mnl_nlmsg_put_extra_header(message, sizeof(*msg)) = *msg;
	mnl_attr_put_u8(message, INET_DIAG_SHUTDOWN, 0);
	if (memory_count)
		mnl_attr_put(message, INET_DIAG_SKMEMINFO, memory_count * sizeof(*memory), memory);
	return message;
}
