/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of a configuration line, and what they can mean. Pure; an error is a text. */
#ifndef NETDIAG_CONFIG_WORDS_H
#define NETDIAG_CONFIG_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORDS_MAX      64
#define WORD_SIZE      256
#define WORDS_WHY_SIZE 256

struct words {
	size_t count;
	char word[WORDS_MAX][WORD_SIZE];
};

/* Splits a line as snmpd.conf does (blanks, quotes; '#' before a word ends it). False with the
 * reason in why when a word is too long or there are too many. */
bool words_split(struct words *words, const char *line, char why[WORDS_WHY_SIZE]);

/* "500ms", "10s", "5m", "1h" in ms, from low to high. */
bool words_duration(const char *word, uint32_t low, uint32_t high, uint32_t *ms,
		    char why[WORDS_WHY_SIZE]);

/* "on", "off" (and yes, no, true, false). */
bool words_switch(const char *word, bool *on, char why[WORDS_WHY_SIZE]);

/* A whole number from low to high. */
bool words_number(const char *word, uint32_t low, uint32_t high, uint32_t *number,
		  char why[WORDS_WHY_SIZE]);

/* "0.1", "70", "100": in hundredths; at most two decimals. */
bool words_hundredths(const char *word, int32_t *hundredths, char why[WORDS_WHY_SIZE]);

/* "30/m", "5/s", "100/h" as a number per minute, at least 1. */
bool words_rate(const char *word, uint32_t *per_minute, char why[WORDS_WHY_SIZE]);

#endif
