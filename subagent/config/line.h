/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of the configuration as words, and what is wrong with one of them. */
#ifndef NETDIAG_CONFIG_LINE_H
#define NETDIAG_CONFIG_LINE_H

#include "collectors/base/word.h"

#define LINE_WORDS_MAX 64

struct line {
	size_t count;
	char *word[LINE_WORDS_MAX]; /* the first is the directive */
	unsigned column[LINE_WORDS_MAX];
	/* Set by the functions that return false: */
	size_t wrong; /* the word that is wrong */
	char why[WORD_WHY_SIZE];
};

/* Splits text, in place, as snmpd.conf does: blanks between words, quotes (" or ') around a word
 * with blanks, a backslash before a character that is to stand for itself, # before a comment.
 * False with the reason in line. */
bool line_split(struct line *line, char *text);

/* Says why a word is wrong. Always false. */
bool line_wrong(struct line *line, size_t word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Parses a word into a member; see word_parse(). */
bool line_take(struct line *line, size_t word, const struct word_type *type, void *member);

/* The i-th known word, or NULL past the last one. */
typedef const char *line_known_fn(size_t i, const void *arg);

/* A line_known_fn over a NULL-terminated array of strings. */
const char *line_known_array(size_t i, const void *array);

/* Which of the known words this one is, ignoring case. False when it is none, with the one that
 * might be meant, or else all of them, in line. `what` says what they are: "check". */
bool line_find(struct line *line, size_t word, const char *what, line_known_fn *known,
	       const void *arg, size_t *index);

/* The known word nearest to `word` by edits, ignoring case, or NULL when none is near. */
const char *line_nearest(const char *word, line_known_fn *known, const void *arg);

#endif
