/* SPDX-License-Identifier: BSD-2-Clause */
/* Counts sockets without listing them: "inuse" in /proc/net/sockstat and sockstat6. */
#include <config.h>

#include <errno.h>

#include "collectors/base/array.h"
#include "collectors/kernel/sockstat.h"
#include "collectors/socket/count.h"

static const struct {
	const char *file;
	const char *line;
	bool ipv6;
	bool udp;
} socket_counts[] = {
	{"net/sockstat", "TCP", false, false},
	{"net/sockstat", "UDP", false, true},
	{"net/sockstat6", "TCP6", true, false},
	{"net/sockstat6", "UDP6", true, true},
};

int socket_count(struct collect *c, bool udp, uint64_t *sum)
{
	*sum = 0;
	for (size_t i = 0; i < COUNT_OF(socket_counts); i++) {
		struct sockstat numbers;
		int err;

		if (socket_counts[i].udp && !udp)
			continue;
		err = sockstat_read(&c->settings->roots, c->buf, socket_counts[i].file,
				    socket_counts[i].line, &numbers);
		if (err == -ENOENT && socket_counts[i].ipv6)
			continue; /* no IPv6 */
		if (!err && numbers.in_use == ROW_ABSENT)
			err = -ENODATA;
		if (err)
			return collect_fail(
				c, err,
				"%s/%s does not give the number of %s sockets. Check that "
				"procfs is mounted and that netdiagd may read it",
				c->settings->roots.path[ROOT_PROC], socket_counts[i].file,
				socket_counts[i].line);
		*sum += numbers.in_use;
	}
	return 0;
}
