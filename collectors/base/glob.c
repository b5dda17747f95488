/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/glob.h"

int patterns_add(struct patterns *patterns, const char *pattern)
{
	char **list = reallocarray(patterns->list, patterns->count + 1, sizeof(*list));
	char *copy;

	if (!list)
		return -ENOMEM;
	patterns->list = list;
	copy = strdup(pattern);
	if (!copy)
		return -ENOMEM;
	list[patterns->count++] = copy;
	return 0;
}

void patterns_free(struct patterns *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		free(patterns->list[i]);
	free(patterns->list);
	memset(patterns, 0, sizeof(*patterns));
}

bool patterns_match(const struct patterns *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (!fnmatch(patterns->list[i], text, 0))
			return true;
	return false;
}

int patterns_copy(struct patterns *dst, const struct patterns *src)
{
	for (size_t i = 0; i < src->count; i++) {
		int err = patterns_add(dst, src->list[i]);

		if (err) {
			patterns_free(dst);
			return err;
		}
	}
	return 0;
}
