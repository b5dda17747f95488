/* SPDX-License-Identifier: BSD-2-Clause */
/* --dump: chooses the format. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/base/array.h"
#include "subagent/console/dump.h"
#include "subagent/log.h"

static const char *const format_words[] = {
	[DUMP_TEXT] = "text",
	[DUMP_JSON] = "json",
	[DUMP_SCHEMA] = "schema",
};

int dump_format_parse(const char *word, enum dump_format *format)
{
	for (size_t i = 0; i < COUNT_OF(format_words); i++) {
		if (!strcmp(word, format_words[i])) {
			*format = (enum dump_format)i;
			return 0;
		}
	}
	return -EINVAL;
}

int dump_print(FILE *out, enum dump_format format, table_rows_fn *rows, void *arg)
{
	switch (format) {
	case DUMP_TEXT:
		dump_text(out, rows, arg);
		break;
	case DUMP_JSON:
		dump_json(out, rows, arg);
		break;
	case DUMP_SCHEMA:
		dump_schema(out);
		break;
	}
	return log_output_failed(out) ? -EIO : 0;
}
