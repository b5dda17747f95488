/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <ctype.h>
#include <string.h>

#include "subagent/config/suggest.h"

#define WORD_MAX 64

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance, ignoring case. */
static size_t distance(const char *a, const char *b)
{
	size_t row[WORD_MAX + 1];
	size_t lb = strnlen(b, WORD_MAX);

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1] && i <= WORD_MAX; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			int same = tolower((unsigned char)a[i - 1]) ==
				   tolower((unsigned char)b[j - 1]);
			size_t next = smallest(row[j] + 1, row[j - 1] + 1, diagonal + !same);

			diagonal = row[j];
			row[j] = next;
		}
	}
	return row[lb];
}

const char *suggest(const char *word, suggest_word_fn *known, const void *arg)
{
	size_t best = strlen(word) / 3 + 2; /* farther is a guess, not a suggestion */
	const char *nearest = NULL, *candidate;

	for (size_t i = 0; (candidate = known(i, arg)); i++) {
		size_t edits = distance(word, candidate);

		if (edits < best) {
			best = edits;
			nearest = candidate;
		}
	}
	return nearest;
}

const char *suggest_from_array(size_t i, const void *array)
{
	return ((const char *const *)array)[i];
}
