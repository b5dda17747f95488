/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of shell patterns, matched with fnmatch(3). */
#include <config.h>

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/glob.h"

int globs_add(struct globs *patterns, const char *pattern)
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

void globs_free(struct globs *patterns)
{
	for (size_t i = 0; i < patterns->count; i++)
		free(patterns->list[i]);
	free(patterns->list);
	memset(patterns, 0, sizeof(*patterns));
}

bool globs_match(const struct globs *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++)
		if (!fnmatch(patterns->list[i], text, 0))
			return true;
	return false;
}

int globs_copy(struct globs *dst, const struct globs *src)
{
	for (size_t i = 0; i < src->count; i++) {
		int err = globs_add(dst, src->list[i]);

		if (err) {
			globs_free(dst);
			return err;
		}
	}
	return 0;
}
