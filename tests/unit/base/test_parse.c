/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "collectors/base/parse.h"
#include "tests/unit/unit.h"

static struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

START_TEST(lines)
{
	struct span rest = span_of("one\n\ntwo\nlast"), line;

	ck_assert(span_line(&rest, &line) && span_equal(line, "one"));
	ck_assert(span_line(&rest, &line) && span_equal(line, ""));
	ck_assert(span_line(&rest, &line) && span_equal(line, "two"));
	ck_assert(span_line(&rest, &line) && span_equal(line, "last"));
	ck_assert(!span_line(&rest, &line));
}
END_TEST

START_TEST(incomplete_last_lines)
{
	static const struct {
		const char *text, *whole;
	} cases[] = {
		{"", ""}, {"a\nb\n", "a\nb\n"}, {"a\nb", "a\n"}, {"a", ""}, {"\n", "\n"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct span text = span_of(cases[i].text);
		bool dropped = span_drop_tail(&text);

		ck_assert(span_equal(text, cases[i].whole));
		ck_assert(dropped == (strlen(cases[i].text) != strlen(cases[i].whole)));
	}
}
END_TEST

START_TEST(the_first_fault_stays)
{
	struct faults faults = {0};

	faults_add(&faults, "line %d: \"%s\"", 3, "a\tb\xff");
	faults_add(&faults, "another");
	ck_assert_uint_eq(faults.count, 2);
	ck_assert_str_eq(faults.first, "line 3: \"a?b?\"");
	memset(&faults, 0, sizeof(faults));
	faults_add(&faults, "%0200d", 7);
	ck_assert_uint_eq(strlen(faults.first), sizeof(faults.first) - 1);
}
END_TEST

START_TEST(words)
{
	struct span rest = span_of(" \ta  bc\tdef \r"), word;

	ck_assert(span_word(&rest, &word) && span_equal(word, "a"));
	ck_assert(span_word(&rest, &word) && span_equal(word, "bc"));
	ck_assert(span_word(&rest, &word) && span_equal(word, "def"));
	ck_assert(!span_word(&rest, &word));
	ck_assert_uint_eq(rest.len, 0);
}
END_TEST

START_TEST(copies)
{
	char text[4] = "xxx";

	ck_assert(span_copy(span_of("abc"), text, sizeof(text)));
	ck_assert_str_eq(text, "abc");
	ck_assert(!span_copy(span_of("abcd"), text, sizeof(text)));
	ck_assert_str_eq(text, "abc");
	ck_assert(span_copy(span_of("z"), text, sizeof(text)));
	ck_assert_mem_eq(text, "z\0\0", 4);
	ck_assert(span_copy((struct span){NULL, 0}, text, sizeof(text)));
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(equality)
{
	ck_assert(span_equal(span_of("cpu"), "cpu"));
	ck_assert(!span_equal(span_of("cpu"), "cpu0"));
	ck_assert(!span_equal(span_of("cpu0"), "cpu"));
	ck_assert(span_equal((struct span){NULL, 0}, ""));
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *text;
		int err;
		uint64_t value;
	} cases[] = {
		{"0", 0, 0},
		{"00042", 0, 42},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"99999999999999999999999", -ERANGE, 0},
		{"", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"12a", -EINVAL, 0},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint64_t value = 0;

		ck_assert_msg(span_u64(span_of(cases[i].text), &value) == cases[i].err, "\"%s\"",
			      cases[i].text);
		ck_assert_uint_eq(value, cases[i].value);
	}
}
END_TEST

START_TEST(hex_numbers)
{
	uint64_t value = 0;

	ck_assert_int_eq(span_hex(span_of("0000fFfF"), &value), 0);
	ck_assert_uint_eq(value, 0xffff);
	ck_assert_int_eq(span_hex(span_of("ffffffffffffffff"), &value), 0);
	ck_assert_uint_eq(value, UINT64_MAX);
	ck_assert_int_eq(span_hex(span_of("10000000000000000"), &value), -ERANGE);
	ck_assert_int_eq(span_hex(span_of("0x10"), &value), -EINVAL);
	ck_assert_int_eq(span_hex(span_of("fg"), &value), -EINVAL);
}
END_TEST

START_TEST(signed_numbers)
{
	int64_t value = 0;

	ck_assert_int_eq(span_i64(span_of("-1"), &value), 0);
	ck_assert_int_eq(value, -1);
	ck_assert_int_eq(span_i64(span_of("9223372036854775807"), &value), 0);
	ck_assert_int_eq(value, INT64_MAX);
	ck_assert_int_eq(span_i64(span_of("-9223372036854775807"), &value), 0);
	ck_assert_int_eq(value, -INT64_MAX);
	ck_assert_int_eq(span_i64(span_of("9223372036854775808"), &value), -ERANGE);
	ck_assert_int_eq(span_i64(span_of("-"), &value), -EINVAL);
	ck_assert_int_eq(span_i64(span_of("--1"), &value), -EINVAL);
	ck_assert_int_eq(span_i64(span_of(""), &value), -EINVAL);
}
END_TEST

START_TEST(cpulists)
{
	static const struct {
		const char *text;
		int count;
		uint32_t first, last;
	} cases[] = {
		{"0\n", 1, 0, 0},
		{"0-3", 4, 0, 3},
		{"0-3,5,7-8\n", 7, 0, 8},
		{"2,4294967294", 2, 2, UINT32_MAX - 1},
		{"0-7", 8, 0, 7},
		{"", 0, 0, 0},
		{"\n", 0, 0, 0},
		{"0-8", -E2BIG, 0, 0},
		{"0-7,9", -E2BIG, 0, 0},
		{"0-4294967294", -E2BIG, 0, 0},
		{"4294967295", -EINVAL, 0, 0},
		{"3-1", -EINVAL, 0, 0},
		{"1,1", -EINVAL, 0, 0},
		{"5,1", -EINVAL, 0, 0},
		{"0-", -EINVAL, 0, 0},
		{"-3", -EINVAL, 0, 0},
		{"0,", -EINVAL, 0, 0},
		{",0", -EINVAL, 0, 0},
		{"0 1", -EINVAL, 0, 0},
		{"all", -EINVAL, 0, 0},
		{"99999999999999999999", -EINVAL, 0, 0},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint32_t ids[8] = {0};
		int count = parse_cpulist(span_of(cases[i].text), ids, COUNT_OF(ids));

		ck_assert_msg(count == cases[i].count, "\"%s\": %d", cases[i].text, count);
		if (count <= 0)
			continue;
		ck_assert_uint_eq(ids[0], cases[i].first);
		ck_assert_uint_eq(ids[count - 1], cases[i].last);
	}
}
END_TEST

UNIT_MAIN("parse", lines, incomplete_last_lines, the_first_fault_stays, words, copies, equality,
	  numbers, hex_numbers, signed_numbers, cpulists)
