/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses the words of the configuration that are switches, numbers, times and rates, and describes
 * what is accepted when one is wrong. */
#include <config.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "collectors/base/array.h"
#include "collectors/base/word.h"

#define DIGITS_MAX 12

static const struct unit {
	const char *name;
	uint32_t ms;
} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}};

/* Reads the digits at the front. Returns what follows, NULL when there are none or too many. */
static const char *word_digits(const char *word, uint64_t *number)
{
	const char *at = word;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		if (at - word >= DIGITS_MAX)
			return NULL;
		*number = *number * 10 + (uint64_t)(*at - '0');
	}
	return at == word ? NULL : at;
}

/* At most two decimals. */
static bool word_decimals(const char *decimals, uint64_t *hundredths)
{
	const char *end = word_digits(decimals, hundredths);

	if (!end || *end || end - decimals > 2)
		return false;
	if (end - decimals == 1)
		*hundredths *= 10;
	return true;
}

static bool word_per_minute(const char *unit, uint64_t *number)
{
	if (!strcmp(unit, "/s"))
		*number *= 60;
	else if (!strcmp(unit, "/h"))
		*number = *number && *number < 60 ? 1 : *number / 60;
	else
		return !strcmp(unit, "/m");
	return true;
}

/* Reads a value in the units that are stored. */
static bool word_value(enum word_kind kind, const char *word, uint64_t *value)
{
	const char *rest = word_digits(word, value);
	uint64_t hundredths = 0;

	if (!rest)
		return false;
	switch (kind) {
	case WORD_DURATION:
		for (size_t i = 0; i < COUNT_OF(units); i++)
			if (!strcmp(rest, units[i].name)) {
				*value *= units[i].ms;
				return true;
			}
		return false;
	case WORD_HUNDREDTHS:
		if (*rest && (*rest != '.' || !word_decimals(rest + 1, &hundredths)))
			return false;
		*value = *value * 100 + hundredths;
		return true;
	case WORD_RATE:
		return word_per_minute(rest, value);
	default:
		return !*rest;
	}
}

static bool word_switch(const char *word, bool *on)
{
	*on = !strcasecmp(word, "on") || !strcasecmp(word, "yes") || !strcasecmp(word, "true");
	return *on || !strcasecmp(word, "off") || !strcasecmp(word, "no") ||
	       !strcasecmp(word, "false");
}

bool word_parse(const struct word_type *type, const char *word, void *member,
		char why[WORD_WHY_SIZE])
{
	uint64_t value;
	uint32_t stored;
	size_t used;
	bool on;

	if (type->kind == WORD_SWITCH) {
		if (word_switch(word, &on)) {
			*(bool *)member = on;
			return true;
		}
	} else if (type->has_off && !strcasecmp(word, "off")) {
		memcpy(member, &type->off, sizeof(type->off));
		return true;
	} else if (word_value(type->kind, word, &value) && value >= type->low &&
		   value <= type->high) {
		stored = (uint32_t)value;
		memcpy(member, &stored, sizeof(stored));
		return true;
	}
	used = (size_t)snprintf(why, WORD_WHY_SIZE, "'%.64s': expected ", word);
	word_describe(type, why + used, WORD_WHY_SIZE - used);
	return false;
}

/* Prints a bound in the largest unit that leaves no remainder. */
static void word_print_bound(enum word_kind kind, uint32_t bound, char text[16])
{
	size_t i = COUNT_OF(units) - 1;

	if (kind == WORD_HUNDREDTHS) {
		snprintf(text, 16, "%u", bound / 100);
		return;
	}
	if (kind != WORD_DURATION) {
		snprintf(text, 16, kind == WORD_RATE ? "%u/m" : "%u", bound);
		return;
	}
	while (i && (!bound || bound % units[i].ms))
		i--;
	snprintf(text, 16, "%u%s", bound / units[i].ms, units[i].name);
}

void word_describe(const struct word_type *type, char *text, size_t size)
{
	static const char *const kinds[] = {
		[WORD_SWITCH] = "on or off",
		[WORD_NUMBER] = "a whole number",
		[WORD_DURATION] = "a time with its unit (ms, s, m, h)",
		[WORD_HUNDREDTHS] = "a number with at most two decimals",
		[WORD_RATE] = "a number per time (s, m, h) as in 30/m,",
	};
	char low[16], high[16];

	word_print_bound(type->kind, type->low, low);
	word_print_bound(type->kind, type->high, high);
	if (type->kind == WORD_SWITCH)
		snprintf(text, size, "%s", kinds[type->kind]);
	else
		snprintf(text, size, "%s from %s to %s%s", kinds[type->kind], low, high,
			 type->has_off ? ", or off" : "");
}
