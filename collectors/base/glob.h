/* SPDX-License-Identifier: BSD-2-Clause */
/* Lists of shell glob patterns. */
#ifndef NETDIAG_BASE_GLOB_H
#define NETDIAG_BASE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

struct patterns {
	char **list; /* owned, each NUL-terminated */
	size_t count;
};

/* 0 or -ENOMEM. The text is copied. */
int patterns_add(struct patterns *patterns, const char *pattern);
void patterns_free(struct patterns *patterns);

/* Whether any of them matches the whole text (fnmatch(3), no flags). An empty list matches none. */
bool patterns_match(const struct patterns *patterns, const char *text);

/* 0 or -ENOMEM; dst must be empty. */
int patterns_copy(struct patterns *dst, const struct patterns *src);

#endif
