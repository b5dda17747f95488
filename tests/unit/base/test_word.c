/* SPDX-License-Identifier: BSD-2-Clause */
/* Values of words: what is accepted, what is stored, and what is said of the others. */
#include <config.h>

#include "collectors/base/word.h"
#include "tests/unit/unit.h"

#define UNTOUCHED 12345

static const struct word_type number = WORD_RANGE(WORD_NUMBER, 1, 1000);
static const struct word_type duration = WORD_RANGE_OR_OFF(WORD_DURATION, 100, 90000, 0);
static const struct word_type hundredths = WORD_RANGE(WORD_HUNDREDTHS, 0, 2000000);
static const struct word_type rate = WORD_RANGE(WORD_RATE, 1, 6000);

START_TEST(numbers)
{
	static const struct {
		const struct word_type *type;
		const char *word;
		uint32_t value; /* UNTOUCHED: refused */
	} cases[] = {
		{&number, "1", 1},
		{&number, "1000", 1000},
		{&number, "0", UNTOUCHED},
		{&number, "1001", UNTOUCHED},
		{&number, "", UNTOUCHED},
		{&number, "5x", UNTOUCHED},
		{&number, "-1", UNTOUCHED},
		{&number, "off", UNTOUCHED},
		{&number, "4294967297", UNTOUCHED},
		{&duration, "250ms", 250},
		{&duration, "90s", 90000},
		{&duration, "1m", 60000},
		{&duration, "OFF", 0},
		{&duration, "0s", UNTOUCHED},
		{&duration, "1h", UNTOUCHED},
		{&duration, "1.5s", UNTOUCHED},
		{&duration, "5", UNTOUCHED},
		{&duration, "99999999999999999999s", UNTOUCHED},
		{&hundredths, "0.1", 10},
		{&hundredths, "70.25", 7025},
		{&hundredths, "70", 7000},
		{&hundredths, "0.001", UNTOUCHED},
		{&hundredths, "1.", UNTOUCHED},
		{&hundredths, "20000.01", UNTOUCHED},
		{&rate, "30/m", 30},
		{&rate, "5/s", 300},
		{&rate, "90/h", 1},
		{&rate, "1/h", 1},
		{&rate, "600/h", 10},
		{&rate, "0/m", UNTOUCHED},
		{&rate, "101/s", UNTOUCHED},
		{&rate, "30/day", UNTOUCHED},
		{&rate, "30", UNTOUCHED},
	};
	char why[WORD_WHY_SIZE];

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint32_t value = UNTOUCHED;
		bool ok = word_parse(cases[i].type, cases[i].word, &value, why);

		ck_assert_msg(ok == (cases[i].value != UNTOUCHED) && value == cases[i].value,
			      "case %zu: %s: %u", i, cases[i].word, value);
	}
}
END_TEST

START_TEST(switches)
{
	static const struct word_type type = {.kind = WORD_SWITCH};
	char why[WORD_WHY_SIZE];
	bool on = false;

	ck_assert(word_parse(&type, "Yes", &on, why) && on);
	ck_assert(word_parse(&type, "off", &on, why) && !on);
	ck_assert(!word_parse(&type, "1", &on, why));
	ck_assert_str_eq(why, "'1': expected on or off");
}
END_TEST

START_TEST(refusals)
{
	char why[WORD_WHY_SIZE];
	uint32_t value;

	ck_assert(!word_parse(&number, "x", &value, why));
	ck_assert_str_eq(why, "'x': expected a whole number from 1 to 1000");
	ck_assert(!word_parse(&duration, "x", &value, why));
	ck_assert_str_eq(why, "'x': expected a time with its unit (ms, s, m, h) from 100ms to 90s, "
			      "or off");
	ck_assert(!word_parse(&hundredths, "x", &value, why));
	ck_assert_str_eq(why, "'x': expected a number with at most two decimals from 0 to 20000");
	ck_assert(!word_parse(&rate, "x", &value, why));
	ck_assert_str_eq(why, "'x': expected a number per time (s, m, h) as in 30/m, from 1/m to "
			      "6000/m");
}
END_TEST

UNIT_MAIN("word", numbers, switches, refusals)
