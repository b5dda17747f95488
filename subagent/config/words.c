/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "subagent/config/words.h"

bool words_split(struct words *words, const char *line, char why[WORDS_WHY_SIZE])
{
	words->count = 0;
	while (line) {
		char *word = words->word[words->count];

		if (words->count == WORDS_MAX) {
			snprintf(why, WORDS_WHY_SIZE, "more than %d words in a line", WORDS_MAX);
			return false;
		}
		line = copy_nword((char *)line, word, WORD_SIZE); /* reads only */
		if (strlen(word) >= WORD_SIZE - 1) {
			snprintf(why, WORDS_WHY_SIZE, "a word of more than %d characters",
				 WORD_SIZE - 2);
			return false;
		}
		words->count++;
	}
	return true;
}

/* The digits at the front; returns what follows, NULL when there are none or too many. */
static const char *take_digits(const char *word, uint64_t *number)
{
	const char *at = word;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (at - word >= 12)
			return NULL;
		*number = *number * 10 + (uint64_t)(*at - '0');
	}
	return at == word ? NULL : at;
}

static const struct unit {
	const char *word;
	uint32_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* A duration in the largest unit that has no remainder. */
static void print_duration(uint32_t ms, char *text, size_t size)
{
	size_t i = UNIT_COUNT - 1;

	while (i && (!ms || ms % units[i].ms))
		i--;
	snprintf(text, size, "%u%s", ms / units[i].ms, units[i].word);
}

bool words_duration(const char *word, uint32_t low, uint32_t high, uint32_t *ms,
		    char why[WORDS_WHY_SIZE])
{
	char from[16], to[16];
	uint64_t number;
	const char *rest = take_digits(word, &number);

	for (size_t i = 0; rest && i < UNIT_COUNT; i++) {
		uint64_t total = number * units[i].ms;

		if (strcmp(rest, units[i].word) || total < low || total > high)
			continue;
		*ms = (uint32_t)total;
		return true;
	}
	print_duration(low, from, sizeof(from));
	print_duration(high, to, sizeof(to));
	snprintf(why, WORDS_WHY_SIZE,
		 "'%.64s': a time with its unit (ms, s, m, h) is wanted, from %s to %s", word, from,
		 to);
	return false;
}

bool words_switch(const char *word, bool *on, char why[WORDS_WHY_SIZE])
{
	*on = !strcasecmp(word, "on") || !strcasecmp(word, "yes") || !strcasecmp(word, "true");
	if (*on || !strcasecmp(word, "off") || !strcasecmp(word, "no") ||
	    !strcasecmp(word, "false"))
		return true;
	snprintf(why, WORDS_WHY_SIZE, "'%.64s': on or off is wanted", word);
	return false;
}

bool words_number(const char *word, uint32_t low, uint32_t high, uint32_t *number,
		  char why[WORDS_WHY_SIZE])
{
	uint64_t value;
	const char *rest = take_digits(word, &value);

	if (rest && !*rest && value >= low && value <= high) {
		*number = (uint32_t)value;
		return true;
	}
	snprintf(why, WORDS_WHY_SIZE, "'%.64s': a whole number from %u to %u is wanted", word, low,
		 high);
	return false;
}

bool words_hundredths(const char *word, int32_t *hundredths, char why[WORDS_WHY_SIZE])
{
	uint64_t whole, part = 0;
	const char *rest = take_digits(word, &whole);

	if (rest && *rest == '.') {
		const char *decimals = rest + 1;

		rest = take_digits(decimals, &part);
		if (rest && rest - decimals == 1)
			part *= 10;
		else if (rest && rest - decimals != 2)
			rest = NULL;
	}
	if (rest && !*rest && whole <= (uint64_t)INT32_MAX / 100 - 1) {
		*hundredths = (int32_t)(whole * 100 + part);
		return true;
	}
	snprintf(why, WORDS_WHY_SIZE,
		 "'%.64s': a number from 0 to %d with at most two decimals is wanted", word,
		 INT32_MAX / 100 - 1);
	return false;
}

bool words_rate(const char *word, uint32_t *per_minute, char why[WORDS_WHY_SIZE])
{
	uint64_t number;
	const char *rest = take_digits(word, &number);
	uint64_t rate = 0;

	if (rest && !strcmp(rest, "/s"))
		rate = number * 60;
	else if (rest && !strcmp(rest, "/m"))
		rate = number;
	else if (rest && !strcmp(rest, "/h"))
		rate = number / 60 ? number / 60 : number > 0;
	if (rate >= 1 && rate <= 6000) {
		*per_minute = (uint32_t)rate;
		return true;
	}
	snprintf(why, WORDS_WHY_SIZE,
		 "'%.64s': a number per time (s, m, h) is wanted, as in 30/m, at most 100/s", word);
	return false;
}
