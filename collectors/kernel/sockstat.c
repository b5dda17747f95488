/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses the lines of /proc/net/sockstat and sockstat6, and finds single numbers in snmp. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/rows.h"
#include "collectors/kernel/sockstat.h"

static const struct {
	const char *word;
	size_t offset;
} sockstat_words[] = {
	{"used", offsetof(struct sockstat, in_use)},
	{"inuse", offsetof(struct sockstat, in_use)},
	{"orphan", offsetof(struct sockstat, orphans)},
	{"tw", offsetof(struct sockstat, time_wait)},
	{"alloc", offsetof(struct sockstat, allocated)},
	{"mem", offsetof(struct sockstat, mem_pages)},
	{"memory", offsetof(struct sockstat, mem_bytes)},
};

static void sockstat_reset(struct sockstat *numbers)
{
	memset(numbers, 0xff, sizeof(*numbers)); /* ROW_ABSENT everywhere */
}

/* Takes "PROTOCOL:" off the front of a line, without the colon. False when there is none. */
static bool sockstat_take_protocol(struct span *line, struct span *protocol)
{
	return span_word(line, protocol) && protocol->start[--protocol->len] == ':';
}

bool sockstat_parse(struct span line, struct span *protocol, struct sockstat *numbers)
{
	struct span word, number;
	uint64_t value;

	sockstat_reset(numbers);
	if (!sockstat_take_protocol(&line, protocol) || !protocol->len)
		return false;
	for (size_t i = 0; i < protocol->len; i++)
		if (protocol->start[i] <= ' ' || protocol->start[i] > '~')
			return false;
	while (span_word(&line, &word)) {
		if (!span_word(&line, &number) || span_u64(number, &value))
			return false;
		for (size_t i = 0; i < COUNT_OF(sockstat_words); i++)
			if (span_equal(word, sockstat_words[i].word))
				*(uint64_t *)((unsigned char *)numbers +
					      sockstat_words[i].offset) = value;
	}
	return true;
}

int sockstat_find(struct span text, const char *protocol, struct sockstat *numbers)
{
	struct span line, rest, name;

	while (span_line(&text, &line)) {
		rest = line;
		if (!sockstat_take_protocol(&rest, &name) || !span_equal(name, protocol))
			continue;
		if (sockstat_parse(line, &name, numbers))
			return 0;
		sockstat_reset(numbers);
		return -EBADMSG;
	}
	sockstat_reset(numbers);
	return -ENODATA;
}

int sockstat_read(const struct roots *roots, struct filebuf *buf, const char *path,
		  const char *protocol, struct sockstat *numbers)
{
	int err = procfs_read(roots, ROOT_PROC, buf, "%s", path);

	sockstat_reset(numbers);
	return err ? err : sockstat_find(filebuf_span(buf), protocol, numbers);
}

/* Takes "PROTOCOL:" of one protocol off the front of a line. False when it begins otherwise. */
static bool snmp_take_protocol(struct span *line, const char *protocol)
{
	struct span name;

	return sockstat_take_protocol(line, &name) && span_equal(name, protocol);
}

int snmp_find(struct span text, const char *protocol, const char *name, uint64_t *value)
{
	struct span names, values, word, number;

	while (span_line(&text, &names)) {
		if (!snmp_take_protocol(&names, protocol) || !span_line(&text, &values))
			continue;
		if (!snmp_take_protocol(&values, protocol))
			return -EINVAL;
		while (span_word(&names, &word)) {
			if (!span_word(&values, &number))
				return -EINVAL;
			if (span_equal(word, name))
				return span_u64(number, value) ? -EINVAL : 0;
		}
	}
	return -ENOENT;
}
