/* SPDX-License-Identifier: BSD-2-Clause */
/* nfqueue_parse() and nfqueues_sum() on any text: lines that are empty separate the readings. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/socket/nfqueue.h"
#include "tests/fuzz/fuzz.h"

static void reading(struct nfqueues *queues, struct span text, uint64_t now)
{
	struct rows rows;
	size_t left_out;
	int err;

	rows_init(&rows, &nfqueue_row_type);
	err = nfqueue_parse(text, &rows);
	fuzz_check(!err || err == -EBADMSG);
	if (!err)
		fuzz_check(!nfqueues_sum(queues, &rows, now, &left_out));
	rows_clear(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size};
	struct nfqueues queues;
	uint64_t now = 0;

	nfqueues_init(&queues);
	while (rest.len) {
		const char *end = memmem(rest.start, rest.len, "\n\n", 2);
		size_t len = end ? (size_t)(end - rest.start) + 1 : rest.len;

		now += UINT64_C(1000000000);
		reading(&queues, (struct span){rest.start, len}, now);
		rest.start += len;
		rest.len -= len;
		if (end) {
			rest.start++;
			rest.len--;
		}
	}
	nfqueues_free(&queues);
	return 0;
}
