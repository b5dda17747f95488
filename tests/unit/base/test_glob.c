/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "collectors/base/glob.h"
#include "tests/unit/unit.h"

START_TEST(matches_whole_texts)
{
	struct globs patterns = {0};

	ck_assert(!globs_match(&patterns, "eth0"));
	ck_assert(!globs_match(&patterns, ""));
	ck_assert_int_eq(globs_add(&patterns, "eth*"), 0);
	ck_assert_int_eq(globs_add(&patterns, "en[op]?"), 0);
	ck_assert_int_eq(globs_add(&patterns, "lo"), 0);
	ck_assert(globs_match(&patterns, "eth0"));
	ck_assert(globs_match(&patterns, "eth"));
	ck_assert(globs_match(&patterns, "eno1"));
	ck_assert(globs_match(&patterns, "lo"));
	ck_assert(!globs_match(&patterns, "lo0"));
	ck_assert(!globs_match(&patterns, "veth0"));
	ck_assert(!globs_match(&patterns, "ens1"));
	ck_assert(!globs_match(&patterns, "eno12"));
	globs_free(&patterns);
	ck_assert(!globs_match(&patterns, "lo"));
}
END_TEST

/* Names with dots and slashes are names like others: eth0.100, net/core. */
START_TEST(dots_and_slashes_are_nothing_special)
{
	struct globs patterns = {0};

	ck_assert_int_eq(globs_add(&patterns, "*drop*"), 0);
	ck_assert(globs_match(&patterns, ".rx.drop"));
	ck_assert(globs_match(&patterns, "a/drop/b"));
	globs_free(&patterns);
}
END_TEST

START_TEST(copies_are_their_own)
{
	struct globs one = {0}, two = {0};
	char text[] = "eth*";

	ck_assert_int_eq(globs_add(&one, text), 0);
	text[0] = 'x';
	ck_assert_int_eq(globs_copy(&two, &one), 0);
	globs_free(&one);
	ck_assert_uint_eq(two.count, 1);
	ck_assert(globs_match(&two, "eth9"));
	globs_free(&two);
	ck_assert_int_eq(globs_copy(&two, &one), 0);
	ck_assert_uint_eq(two.count, 0);
	globs_free(&two);
}
END_TEST

UNIT_MAIN("pattern", matches_whole_texts, dots_and_slashes_are_nothing_special,
	  copies_are_their_own)
