/* SPDX-License-Identifier: BSD-2-Clause */
/* "did you mean": the known word that is nearest to a wrong one. */
#ifndef NETDIAG_CONFIG_SUGGEST_H
#define NETDIAG_CONFIG_SUGGEST_H

#include <stddef.h>

/* The i-th known word, or NULL past the last one. */
typedef const char *suggest_word_fn(size_t i, const void *arg);

/* The known word nearest to `word` by edits (ignoring case), or NULL when none is near. */
const char *suggest(const char *word, suggest_word_fn *known, const void *arg);

/* A suggest_word_fn over a NULL-terminated array of strings. */
const char *suggest_from_array(size_t i, const void *array);

#endif
