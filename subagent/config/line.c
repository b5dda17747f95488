/* SPDX-License-Identifier: BSD-2-Clause */
/* Splits lines of the configuration into words, looks words up in lists of known ones, and says
 * which known word an unknown one might stand for. */
#include <config.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "subagent/config/line.h"

#define NEAREST_MAX 64 /* longer words are compared by their beginning */

static bool line_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Ends the word at *at where it lies, and moves *at behind it. False when a quote is not closed. */
static bool line_take_word(char **at)
{
	char *from = *at, *to = *at;
	char quote = *from == '"' || *from == '\'' ? *from++ : '\0';
	bool closed, ended;

	while (*from && (quote ? *from != quote : !line_is_blank(*from))) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from++;
	}
	closed = !quote || *from == quote;
	ended = !*from;
	*to = '\0';
	*at = from + !ended;
	return closed;
}

bool line_split(struct line *line, char *text)
{
	char *at = text;

	line->count = 0;
	for (;;) {
		while (line_is_blank(*at))
			at++;
		if (!*at || *at == '#')
			return true;
		if (line->count == LINE_WORDS_MAX)
			return line_wrong(line, LINE_WORDS_MAX - 1, "more than %d words in a line",
					  LINE_WORDS_MAX);
		line->column[line->count] = (unsigned)(at - text) + 1;
		line->word[line->count++] = at;
		if (!line_take_word(&at))
			return line_wrong(line, line->count - 1, "the quote is not closed");
	}
}

bool line_wrong(struct line *line, size_t word, const char *format, ...)
{
	va_list args;

	line->wrong = word;
	va_start(args, format);
	vsnprintf(line->why, sizeof(line->why), format, args);
	va_end(args);
	return false;
}

bool line_take(struct line *line, size_t word, const struct word_type *type, void *member)
{
	line->wrong = word;
	return word_parse(type, line->word[word], member, line->why);
}

const char *line_known_array(size_t i, const void *array)
{
	return ((const char *const *)array)[i];
}

bool line_find(struct line *line, size_t word, const char *what, line_known_fn *known,
	       const void *arg, size_t *index)
{
	const char *text = line->word[word], *candidate, *nearest;
	size_t used;

	for (*index = 0; (candidate = known(*index, arg)); (*index)++)
		if (!strcasecmp(candidate, text))
			return true;
	nearest = line_nearest(text, known, arg);
	line_wrong(line, word, "%.64s: no such %s; %s%s", text, what,
		   nearest ? "did you mean " : "there are ", nearest ? nearest : "");
	used = strlen(line->why);
	if (nearest)
		snprintf(line->why + used, sizeof(line->why) - used, "?");
	for (size_t i = 0; !nearest && (candidate = known(i, arg)); i++) {
		snprintf(line->why + used, sizeof(line->why) - used, "%s%s", i ? ", " : "",
			 candidate);
		used = strlen(line->why);
	}
	return false;
}

static size_t line_least(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein's distance, ignoring case. */
static size_t line_distance(const char *a, const char *b)
{
	size_t row[NEAREST_MAX + 1];
	size_t length = strnlen(b, NEAREST_MAX);

	for (size_t j = 0; j <= length; j++)
		row[j] = j;
	for (size_t i = 1; i <= NEAREST_MAX && a[i - 1]; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			bool same = tolower((unsigned char)a[i - 1]) ==
				    tolower((unsigned char)b[j - 1]);
			size_t next = line_least(row[j] + 1, row[j - 1] + 1, diagonal + !same);

			diagonal = row[j];
			row[j] = next;
		}
	}
	return row[length];
}

const char *line_nearest(const char *word, line_known_fn *known, const void *arg)
{
	size_t best = strnlen(word, NEAREST_MAX) / 3 + 2; /* farther would be a guess */
	const char *nearest = NULL, *candidate;

	for (size_t i = 0; (candidate = known(i, arg)); i++) {
		size_t edits = line_distance(word, candidate);

		if (edits < best) {
			best = edits;
			nearest = candidate;
		}
	}
	return nearest;
}
