/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds single numbers in the texts of /proc/net/sockstat, sockstat6 and snmp. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/kernel/sockstat.h"

/* Takes "PROTOCOL:" off the front of a line. False when it begins otherwise. */
static bool take_protocol(struct span *line, const char *protocol)
{
	struct span word;

	if (!span_word(line, &word) || !word.len || word.start[word.len - 1] != ':')
		return false;
	word.len--;
	return span_equal(word, protocol);
}

int sockstat_find(struct span text, const char *protocol, const char *name, uint64_t *value)
{
	struct span line, word, number;

	while (span_line(&text, &line)) {
		if (!take_protocol(&line, protocol))
			continue;
		while (span_word(&line, &word) && span_word(&line, &number))
			if (span_equal(word, name))
				return span_u64(number, value) ? -EINVAL : 0;
	}
	return -ENOENT;
}

int snmp_find(struct span text, const char *protocol, const char *name, uint64_t *value)
{
	struct span names, values, word, number;

	while (span_line(&text, &names)) {
		if (!take_protocol(&names, protocol) || !span_line(&text, &values))
			continue;
		if (!take_protocol(&values, protocol))
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
