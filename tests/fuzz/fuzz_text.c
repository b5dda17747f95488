/* SPDX-License-Identifier: BSD-2-Clause */
/* base/text.c: the first byte is the size of the buffer, the rest is the text. */
#include <config.h>

#include <string.h>

#include "collectors/base/text.h"
#include "tests/fuzz/fuzz.h"

static unsigned hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'A' + 10);
}

/* What text_percent() made can be turned back. */
static void check_percent(const char *encoded, const char *text)
{
	for (; *encoded; encoded++, text++) {
		unsigned char byte = (unsigned char)*encoded;

		if (byte == '%') {
			byte = (unsigned char)(hex_digit(encoded[1]) << 4 | hex_digit(encoded[2]));
			encoded += 2;
		}
		fuzz_check(byte == (unsigned char)*text);
	}
}

static void check_console(const char *text)
{
	while (*text) {
		uint32_t point;
		size_t length = text_utf8(text, &point);

		fuzz_check(length && !text_is_control(point));
		text += length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[256] = "", *to;
	size_t room = size ? data[0] + 1u : 1;

	if (size)
		memcpy(text, data + 1, size - 1 < sizeof(text) ? size - 1 : sizeof(text) - 1);
	to = malloc(room);
	fuzz_check(to);
	fuzz_check(text_copy(to, room, text) == (strlen(text) < room));
	fuzz_check(strlen(to) < room);
	for (const char *c = to; *c; c++)
		fuzz_check((unsigned char)*c >= ' ' && *c != 0x7f);
	text_ascii(to, room, text);
	for (const char *c = to; *c; c++)
		fuzz_check(*c >= ' ' && *c <= '~');
	text_percent(to, room, text);
	fuzz_check(strlen(to) < room);
	check_percent(to, text);
	text_console(to, room, text);
	fuzz_check(strlen(to) < room);
	check_console(to);
	text_sanitise(text);
	fuzz_check(!strpbrk(text, ";$&|<>`'\"\\(){}*?!#~^\n"));
	free(to);
	return 0;
}
