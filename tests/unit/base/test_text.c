/* SPDX-License-Identifier: BSD-2-Clause */
/* base/text.c, with every byte and every size that matters. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/text.h"
#include "tests/unit/unit.h"

#define RLO "\xe2\x80\xae" /* U+202E, which reverses the direction of what follows */

START_TEST(utf8_sequences)
{
	static const struct {
		const char *text;
		size_t length;
		uint32_t point;
	} cases[] = {
		{"a", 1, 'a'},
		{"\x7f", 1, 0x7f},
		{"\xc3\xa4", 2, 0xe4},
		{"\xe2\x82\xac", 3, 0x20ac},
		{"\xf0\x9f\x98\x80", 4, 0x1f600},
		{"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
		{"\x80", 0, 0}, /* a continuation alone */
		{"\xc3", 0, 0}, /* cut off */
		{"\xe2\x82", 0, 0},
		{"\xf0\x9f\x98", 0, 0},
		{"\xc0\xaf", 0, 0},	/* overlong "/" */
		{"\xe0\x80\xaf", 0, 0}, /* overlong */
		{"\xf0\x80\x80\xaf", 0, 0},
		{"\xed\xa0\x80", 0, 0},	    /* a surrogate */
		{"\xf4\x90\x80\x80", 0, 0}, /* past U+10FFFF */
		{"\xf8\x88\x80\x80\x80", 0, 0},
		{"\xff", 0, 0},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint32_t point;

		ck_assert_msg(text_utf8(cases[i].text, &point) == cases[i].length, "case %zu", i);
		ck_assert_msg(!cases[i].length || point == cases[i].point, "case %zu", i);
	}
}
END_TEST

START_TEST(control_characters)
{
	static const uint32_t obeyed[] = {0,	  0x1b,	  0x7f,	  0x80,	  0x9b,	  0x9f,
					  0xad,	  0x061c, 0x200b, 0x200e, 0x200f, 0x2028,
					  0x202a, 0x202e, 0x2066, 0x2069, 0xfeff, 0xe0001};
	static const uint32_t shown[] = {' ', '~', 0xa0, 0xe4, 0x20ac, 0x2010, 0x1f600, 0x10ffff};

	for (size_t i = 0; i < COUNT_OF(obeyed); i++)
		ck_assert_msg(text_is_control(obeyed[i]), "U+%04X", obeyed[i]);
	for (size_t i = 0; i < COUNT_OF(shown); i++)
		ck_assert_msg(!text_is_control(shown[i]), "U+%04X", shown[i]);
}
END_TEST

/* Every byte alone, through every function. */
START_TEST(every_byte)
{
	for (unsigned byte = 1; byte < 256; byte++) {
		const char text[2] = {(char)byte, '\0'};
		bool printable = byte >= ' ' && byte <= '~', control = byte < ' ' || byte == 0x7f;
		char to[8], want[8];

		ck_assert(text_copy(to, sizeof(to), text));
		ck_assert_int_eq(to[0], control ? '?' : (char)byte);
		ck_assert(text_ascii(to, sizeof(to), text));
		ck_assert_int_eq(to[0], printable ? (char)byte : '?');
		ck_assert(text_console(to, sizeof(to), text));
		snprintf(want, sizeof(want), printable ? "%c" : "\\x%02x", byte);
		ck_assert_str_eq(to, want);
		ck_assert(text_percent(to, sizeof(to), text));
		snprintf(want, sizeof(want),
			 strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				" _.:/@+=,-",
				(int)byte)
				 ? "%c"
				 : "%%%02X",
			 byte);
		ck_assert_str_eq(to, want);
		strcpy(to, text);
		text_sanitise(to);
		ck_assert_uint_eq(strlen(to), 1);
		ck_assert(!strpbrk(to, ";$&|<>`'\"\\(){}*?!#~^\n\r\t\x1b"));
	}
}
END_TEST

START_TEST(copies_fill_the_buffer)
{
	char to[4];

	memset(to, 'x', sizeof(to));
	ck_assert(text_copy(to, sizeof(to), "a"));
	ck_assert_mem_eq(to, "a\0\0\0", 4);
	memset(to, 'x', sizeof(to));
	ck_assert(text_copy_n(to, sizeof(to), "abc", 2));
	ck_assert_mem_eq(to, "ab\0\0", 4);
	ck_assert(text_copy_n(to, sizeof(to), "a\0b", 3));
	ck_assert_mem_eq(to, "a\0\0\0", 4);
	ck_assert(text_copy_n(to, sizeof(to), NULL, 0));
	ck_assert_mem_eq(to, "\0\0\0\0", 4);
	ck_assert(!text_copy(to, sizeof(to), "abcd"));
	ck_assert_mem_eq(to, "abc\0", 4);
	ck_assert(text_ascii(to, sizeof(to), to));
	ck_assert_str_eq(to, "abc");
}
END_TEST

/* A buffer of one byte holds the empty text; nothing is written behind a buffer of any size. */
START_TEST(every_size)
{
	static const char text[] = "a\n\xff" RLO "\xf0\x9f\x98\x80\xc3\xa4;%z";
	bool (*const copies[])(char *, size_t, const char *) = {text_copy, text_ascii, text_console,
								text_percent};

	for (size_t i = 0; i < COUNT_OF(copies); i++) {
		char whole[64];

		ck_assert(copies[i](whole, sizeof(whole), text));
		for (size_t size = 1; size <= sizeof(whole); size++) {
			char *to = malloc(size); /* for ASan */

			ck_assert_ptr_nonnull(to);
			ck_assert(copies[i](to, size, text) == (strlen(whole) < size));
			ck_assert_uint_lt(strlen(to), size);
			ck_assert_mem_eq(to, whole, strlen(to));
			free(to);
		}
	}
}
END_TEST

START_TEST(no_sequence_is_cut)
{
	static const struct {
		const char *text;
		size_t size;
		const char *copy;
	} cases[] = {
		{"ab\xc3\xa4", 4, "ab"},
		{"ab\xc3\xa4", 5, "ab\xc3\xa4"},
		{"\xe2\x82\xac", 3, ""},
		{"x\xe2\x82\xac", 4, "x"},
		{"x\xf0\x9f\x98\x80", 5, "x"},
		{"x\xf0\x9f\x98\x80y", 6, "x\xf0\x9f\x98\x80"},
		{"\xc3\xa4\xc3\xa4", 4, "\xc3\xa4"},
		{"\xff\xff\xff\xff", 4, "\xff\xff\xff"}, /* no sequence anyway */
		{"a\x80\x80\x80", 3, "a\x80"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char to[8];

		text_copy(to, cases[i].size, cases[i].text);
		ck_assert_msg(!strcmp(to, cases[i].copy), "case %zu: %s", i, to);
	}
}
END_TEST

START_TEST(nothing_reverses_a_console)
{
	char to[64];

	ck_assert(text_console(to, sizeof(to),
			       "a" RLO "gpj.\xc2\x9b"
			       "31m\xc3\xa4"));
	ck_assert_str_eq(to, "a\\xe2\\x80\\xaegpj.\\xc2\\x9b31m\xc3\xa4");
	ck_assert(!text_console(to, 5, "ab" RLO));
	ck_assert_str_eq(to, "ab");
}
END_TEST

/* The escaped form of any two texts over these bytes differs. */
START_TEST(percent_encoding_is_injective)
{
	static const char bytes[] = {'\0', 'a', '%', '2', '5', ';', '_'};
	enum { COUNT = COUNT_OF(bytes), TEXTS = COUNT * COUNT * COUNT };
	char(*encoded)[16] = calloc(TEXTS, sizeof(*encoded));
	char to[16];

	ck_assert_ptr_nonnull(encoded);
	for (size_t i = 0; i < TEXTS; i++) {
		const char text[] = {bytes[i % COUNT], bytes[i / COUNT % COUNT],
				     bytes[i / COUNT / COUNT], '\0'};
		size_t cut = strlen(text);

		ck_assert(text_percent(encoded[i], sizeof(*encoded), text));
		/* The same text again, with something behind its end. */
		for (size_t k = cut + 1; k < 3; k++)
			if (text[k])
				encoded[i][0] = '\0';
		for (size_t j = 0; j < i && encoded[i][0]; j++)
			ck_assert_str_ne(encoded[i], encoded[j]);
	}
	free(encoded);
	ck_assert(text_percent(to, sizeof(to), "[::]"));
	ck_assert_str_eq(to, "%5B::%5D");
}
END_TEST

UNIT_MAIN("text", utf8_sequences, control_characters, every_byte, copies_fill_the_buffer,
	  every_size, no_sequence_is_cut, nothing_reverses_a_console, percent_encoding_is_injective)
