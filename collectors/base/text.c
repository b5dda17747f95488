/* SPDX-License-Identifier: BSD-2-Clause */
/* Copies and escapes text from outside, for rows, terminals, logs and notifications. This is the
 * boundary that untrusted names have to pass. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/text.h"

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

size_t text_utf8(const char *text, uint32_t *point)
{
	/* The least code point that a sequence of so many bytes may stand for. */
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *byte = (const unsigned char *)text;
	size_t length = byte[0] < 0x80	 ? 1
			: byte[0] < 0xc0 ? 0
			: byte[0] < 0xe0 ? 2
			: byte[0] < 0xf0 ? 3
			: byte[0] < 0xf8 ? 4
					 : 0;

	*point = length == 1 ? byte[0] : byte[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80) /* also true of the NUL, so nothing past it is read */
			return 0;
		*point = *point << 6 | (byte[i] & 0x3f);
	}
	if (*point < least[length] || *point > 0x10ffff || (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return length;
}

bool text_is_control(uint32_t point)
{
	/* The Unicode categories Cc, Zl, Zp, and what of Cf and the ignorable characters has no
	 * shape of its own. */
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{0x00, 0x1f},	    {0x7f, 0x9f},	{0xad, 0xad},	    {0x34f, 0x34f},
		{0x61c, 0x61c},	    {0x115f, 0x1160},	{0x17b4, 0x17b5},   {0x180b, 0x180f},
		{0x200b, 0x200f},   {0x2028, 0x202e},	{0x2060, 0x206f},   {0x3164, 0x3164},
		{0xfe00, 0xfe0f},   {0xfeff, 0xfeff},	{0xffa0, 0xffa0},   {0xfff0, 0xfffb},
		{0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
	};

	for (size_t i = 0; i < COUNT_OF(ranges); i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return true;
	return false;
}

/* The first `used` bytes of a text are kept: how many are left without a sequence that goes on
 * behind them. */
static size_t text_whole(const char *text, size_t len, size_t used)
{
	for (size_t back = 1; back <= 3 && back <= used && used < len; back++) {
		char sequence[5] = "";
		uint32_t point;

		memcpy(sequence, text + used - back, len - used + back < 4 ? len - used + back : 4);
		if (text_utf8(sequence, &point) > back)
			return used - back;
	}
	return used;
}

bool text_copy_n(char *to, size_t size, const char *from, size_t len)
{
	size_t used;

	len = len ? strnlen(from, len) : 0; /* an empty text may be NULL */
	used = len < size ? len : text_whole(from, len, size - 1);
	for (size_t i = 0; i < used; i++) {
		unsigned char c = (unsigned char)from[i];

		to[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	memset(to + used, 0, size - used);
	return used == len;
}

bool text_copy(char *to, size_t size, const char *from)
{
	return text_copy_n(to, size, from, strlen(from));
}

bool text_ascii(char *to, size_t size, const char *from)
{
	bool whole = text_copy(to, size, from);

	for (; *to; to++)
		if (*to < ' ' || *to > '~')
			*to = '?';
	return whole;
}

/* Appends all of the bytes, or none and returns false when they do not fit. */
static bool text_append(char *to, size_t size, size_t *used, const char *bytes, size_t len)
{
	if (len >= size - *used)
		return false;
	memcpy(to + *used, bytes, len);
	*used += len;
	to[*used] = '\0';
	return true;
}

bool text_console(char *to, size_t size, const char *from)
{
	size_t used = 0;

	for (*to = '\0'; *from;) {
		uint32_t point;
		size_t length = text_utf8(from, &point);
		char escape[5];
		bool shown = length && !text_is_control(point);

		snprintf(escape, sizeof(escape), "\\x%02x", (unsigned char)*from);
		if (!text_append(to, size, &used, shown ? from : escape, shown ? length : 4))
			return false;
		from += shown ? length : 1;
	}
	return true;
}

bool text_percent(char *to, size_t size, const char *from)
{
	size_t used = 0;

	for (*to = '\0'; *from; from++) {
		bool plain = strchr(ALNUM " _.:/@+=,-", *from);
		char escape[4];

		snprintf(escape, sizeof(escape), "%%%02X", (unsigned char)*from);
		if (!text_append(to, size, &used, plain ? from : escape, plain ? 1 : 3))
			return false;
	}
	return true;
}

void text_sanitise(char *text)
{
	for (; *text; text++)
		if (!strchr(ALNUM " ._:@%+-/[],=", *text))
			*text = '_';
}
