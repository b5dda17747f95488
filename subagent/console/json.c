/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings for the JSON formats of --dump and --report. */
#include <config.h>

#include <stdint.h>

#include "collectors/base/text.h"
#include "subagent/console/json.h"

/* Prints a code point as one or, past U+FFFF, two escapes. */
static void json_escape(FILE *out, uint32_t point)
{
	if (point > 0xffff) {
		fprintf(out, "\\u%04x", 0xd7c0 + (unsigned)(point >> 10));
		point = 0xdc00 + (point & 0x3ff);
	}
	fprintf(out, "\\u%04x", (unsigned)point);
}

void json_string(FILE *out, const char *text)
{
	putc('"', out);
	while (*text) {
		uint32_t point;
		size_t length = text_utf8(text, &point);

		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else if (!length)
			fputs("\\ufffd", out);
		else if (text_is_control(point))
			json_escape(out, point);
		else
			fwrite(text, 1, length, out);
		text += length ? length : 1;
	}
	putc('"', out);
}
