/* SPDX-License-Identifier: BSD-2-Clause */
/* Writes structs as lines of text and reads them back, by a table of their members. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "subagent/checks/record.h"
#include "subagent/tables/table.h"

/* What stands for itself in a text; the rest is written as %NN. */
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-";

static void write_text(FILE *out, const char *text)
{
	for (; *text; text++)
		if (strchr(plain, *text))
			fputc(*text, out);
		else
			fprintf(out, "%%%02X", (unsigned char)*text);
}

static bool is_empty(const struct record_member *member, const char *at)
{
	switch (member->kind) {
	case RECORD_NUMBER:
	case RECORD_SIGNED:
		return !*(const uint64_t *)(const void *)at;
	case RECORD_WORD:
		return !*(const uint32_t *)(const void *)at;
	case RECORD_SWITCH:
		return !*(const bool *)(const void *)at;
	case RECORD_TEXT:
		return !*at;
	case RECORD_OBJECT_ID:
		return !((const struct object_id *)(const void *)at)->len;
	}
	return true;
}

static void write_member(FILE *out, const struct record_member *member, const void *at)
{
	char dotted[OBJECT_ID_TEXT_SIZE];

	fprintf(out, " %s=", member->name);
	switch (member->kind) {
	case RECORD_NUMBER:
		fprintf(out, "%" PRIu64, *(const uint64_t *)at);
		break;
	case RECORD_SIGNED:
		fprintf(out, "%" PRId64, *(const int64_t *)at);
		break;
	case RECORD_WORD:
		fprintf(out, "%" PRIu32, *(const uint32_t *)at);
		break;
	case RECORD_SWITCH:
		fputc('1', out);
		break;
	case RECORD_TEXT:
		write_text(out, at);
		break;
	case RECORD_OBJECT_ID:
		object_id_text(at, dotted);
		fputs(dotted, out);
		break;
	}
}

void record_write(FILE *out, const char *what, const struct record_member *members,
		  const void *data)
{
	fputs(what, out);
	for (const struct record_member *member = members; member->name; member++) {
		const char *at = (const char *)data + member->offset;

		if (!is_empty(member, at))
			write_member(out, member, at);
	}
	fputc('\n', out);
}

static bool read_text(const char *from, size_t len, char *to, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++, used++) {
		char hex[3] = "", *end;

		if (used + 1 >= size)
			return false;
		if (from[i] != '%') {
			to[used] = from[i];
			continue;
		}
		if (i + 2 >= len)
			return false;
		memcpy(hex, from + i + 1, 2);
		to[used] = (char)strtoul(hex, &end, 16);
		if (end != hex + 2 || !to[used])
			return false;
		i += 2;
	}
	to[used] = '\0';
	return true;
}

static bool read_object_id(const char *from, size_t len, struct object_id *id)
{
	const char *end = from + len;

	for (id->len = 0; from < end && id->len < MAX_OID_LEN; id->len++) {
		char *next;
		unsigned long arc = strtoul(from, &next, 10);

		if (next == from || next > end || arc > UINT32_MAX || (next < end && *next != '.'))
			return false;
		id->arcs[id->len] = (uint32_t)arc;
		from = next + (next < end);
	}
	return from >= end;
}

/* A number that ends where the value does, up to `most`. */
static bool read_number(const char *from, size_t len, uint64_t most, uint64_t *number)
{
	char *end;

	if (!len || *from < '0' || *from > '9')
		return false;
	errno = 0;
	*number = strtoull(from, &end, 10);
	return !errno && end == from + len && *number <= most;
}

static bool read_member(const struct record_member *member, const char *value, size_t len, char *at)
{
	bool negative = member->kind == RECORD_SIGNED && len && *value == '-';
	uint64_t number;

	if (member->kind == RECORD_TEXT)
		return read_text(value, len, at, member->size);
	if (member->kind == RECORD_OBJECT_ID)
		return read_object_id(value, len, (struct object_id *)(void *)at);
	if (!read_number(value + negative, len - negative,
			 member->kind == RECORD_WORD	 ? UINT32_MAX
			 : member->kind == RECORD_SWITCH ? 1
			 : negative			 ? (uint64_t)1 << 63
			 : member->kind == RECORD_SIGNED ? INT64_MAX
							 : UINT64_MAX,
			 &number))
		return false;
	if (member->kind == RECORD_SWITCH)
		*(bool *)(void *)at = number;
	else if (member->kind == RECORD_WORD)
		*(uint32_t *)(void *)at = (uint32_t)number;
	else
		*(uint64_t *)(void *)at = negative ? 0 - number : number;
	return true;
}

bool record_read(const char *line, const struct record_member *members, void *data)
{
	while (*(line += strspn(line, " "))) {
		size_t name = strcspn(line, "= "), len;
		const struct record_member *member = members;
		const char *value = line + name + 1;

		if (line[name] != '=')
			return false;
		len = strcspn(value, " ");
		while (member->name &&
		       (strlen(member->name) != name || strncmp(member->name, line, name)))
			member++;
		if (member->name && !read_member(member, value, len, (char *)data + member->offset))
			return false;
		line = value + len;
	}
	return true;
}
