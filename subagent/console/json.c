/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdbool.h>
#include <stdint.h>

#include "subagent/console/json.h"

size_t utf8_sequence(const char *text)
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
	uint32_t point;
	size_t i;

	if (length < 2)
		return length;
	point = byte[0] & (0x7fu >> length);
	for (i = 1; i < length; i++) {
		if ((byte[i] & 0xc0) != 0x80) /* NUL too: it is never read past */
			return 0;
		point = point << 6 | (byte[i] & 0x3f);
	}
	if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	return length;
}

void json_string(FILE *out, const char *text)
{
	putc('"', out);
	while (*text) {
		size_t length = utf8_sequence(text);
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\u%04x", c);
		else if (length)
			fwrite(text, 1, length, out);
		else
			fputs("\\ufffd", out);
		text += length ? length : 1;
	}
	putc('"', out);
}
