/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of shell glob patterns. */
#ifndef NETDIAG_BASE_GLOB_H
#define NETDIAG_BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

struct globs {
	char **list; /* owned, each NUL-terminated */
	size_t count;
};

/* 0 or -ENOMEM. The text is copied. */
int globs_add(struct globs *patterns, const char *pattern);
void globs_free(struct globs *patterns);

/* Whether any of them matches the whole text (fnmatch(3), no flags). An empty list matches none. */
bool globs_match(const struct globs *patterns, const char *text);

/* 0 or -ENOMEM; dst must be empty. */
int globs_copy(struct globs *dst, const struct globs *src);

#endif
