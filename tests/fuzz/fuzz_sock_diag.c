/* SPDX-License-Identifier: BSD-2-Clause */
/* sock_diag_decode() on what netlink_parse() lets through, the text of what it found, and the
 * groups of peers that it makes. */
#include <config.h>

#include <string.h>

#include "collectors/kernel/sock_diag.h"
#include "collectors/socket/peer.h"
#include "tests/fuzz/fuzz.h"

static struct peers peers;

static void check_text(const struct endpoint_key *key, const char *interface)
{
	char text[ENDPOINT_SIZE];
	size_t len;

	memset(text, 1, sizeof(text));
	endpoint_format(key, interface, text);
	len = strnlen(text, sizeof(text));
	fuzz_check(len >= sizeof("[::]:*") - 1 && len < sizeof(text));
	for (size_t i = 0; i < len; i++)
		fuzz_check(text[i] >= ' ' && text[i] < 0x7f);
}

static int take(const struct nlmsghdr *message, void *arg)
{
	char interface[16] = "";
	struct inet_socket socket;

	(void)arg;
	if (sock_diag_decode(message, &socket))
		return 0;
	fuzz_check(socket.state >= 1 && socket.state <= SOCKDIAG_NEW_SYN_RECV);
	fuzz_check(socket.has_memory || !socket.has_drops);
	fuzz_check(socket.has_path || !socket.path.has_data_segments);
	fuzz_check(!peers_add(&peers, &socket));
	memcpy(interface, &socket.memory, sizeof(interface) - 1);
	check_text(&socket.local, interface);
	check_text(&socket.remote, "");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct netlink_dump dump = {.message = take};
	struct netlink_progress progress = {.seq = 1};
	struct rows rows;

	rows_init(&rows, &peer_row_type);
	peers_init(&peers);
	for (unsigned look = 1; look <= 2; look++) {
		progress = (struct netlink_progress){.seq = 1};
		peers_begin(&peers, 100, size % 33, size % 129, look);
		netlink_parse(data, size, &dump, &progress);
		rows_clear(&rows);
		fuzz_check(!peers_end(&peers, 5, &rows) && rows.count <= 5);
	}
	rows_clear(&rows);
	peers_free(&peers);
	return 0;
}
