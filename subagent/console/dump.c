/* SPDX-License-Identifier: BSD-2-Clause */
/* --dump: chooses the format and the tables. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <strings.h>

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

const struct table *dump_find(const char *word)
{
	static const char before[] = "netdiag", behind[] = "Table";
	size_t skip = sizeof(before) - 1, len = strlen(word);

	for (size_t i = 0; i < table_count; i++) {
		const char *name = tables[i].name;

		if (!strcasecmp(name, word) ||
		    (!strncasecmp(name + skip, word, len) &&
		     (!name[skip + len] || !strcmp(name + skip + len, behind))))
			return &tables[i];
	}
	return NULL;
}

int dump_print(FILE *out, enum dump_format format, const struct table *only, table_rows_fn *rows,
	       void *arg)
{
	const struct table *table = only ? only : tables;
	size_t count = only ? 1 : table_count;

	switch (format) {
	case DUMP_TEXT:
		dump_text(out, table, count, rows, arg);
		break;
	case DUMP_JSON:
		dump_json(out, table, count, rows, arg);
		break;
	case DUMP_SCHEMA:
		dump_schema(out);
		break;
	}
	return log_output_failed(out) ? -EIO : 0;
}
