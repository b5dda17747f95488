/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The collector of memory and sockets by protocol, from /proc/net/sockstat, sockstat6 and the
 * settings tcp_mem and udp_mem.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/kernel/sockstat.h"
#include "collectors/protocol/memory.h"
#include "collectors/protocol/proc_files.h"

const struct row_type protocol_row_type = {
	ROW_TYPE_TEXT("protocol", struct protocol_row, name),
	.key = {ROW_TEXT(struct protocol_row, name)},
};

/* One line into a fresh row. */
static bool memory_parse_line(struct span line, struct protocol_row *row)
{
	struct sockstat numbers;
	struct span name;

	if (!sockstat_parse(line, &name, &numbers) ||
	    !span_copy(name, row->name, sizeof(row->name)))
		return false;
	row->in_use = numbers.in_use;
	row->orphans = numbers.orphans;
	row->time_wait = numbers.time_wait;
	row->allocated = numbers.allocated;
	row->mem_pages = numbers.mem_pages;
	row->mem_bytes = numbers.mem_bytes;
	return true;
}

int protocol_memory_parse(struct span text, struct rows *rows, struct faults *faults)
{
	bool tail = span_drop_tail(&text);
	struct span line;

	for (size_t number = 1; span_line(&text, &line); number++) {
		struct protocol_row *row = rows_add(rows);

		if (!row)
			return -ENOMEM;
		if (memory_parse_line(line, row))
			continue;
		rows_drop_last(rows);
		faults_add(faults, "line %zu is malformed", number);
	}
	if (tail)
		faults_add(faults, "it is truncated");
	return 0;
}

int protocol_memory_parse_mem(struct span text, struct protocol_row *row)
{
	uint64_t limit[3];
	struct span line, word;

	if (span_drop_tail(&text) || !span_line(&text, &line))
		return -EBADMSG;
	for (size_t i = 0; i < 3; i++)
		if (!span_word(&line, &word) || span_u64(word, &limit[i]))
			return -EBADMSG;
	if (span_word(&line, &word))
		return -EBADMSG;
	row->mem_low = limit[0];
	row->mem_pressure = limit[1];
	row->mem_high = limit[2];
	return 0;
}

struct protocol_row *protocol_memory_find(const struct rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct protocol_row *row = rows_at(rows, i);

		if (!strcmp(row->name, name))
			return row;
	}
	return NULL;
}

/* Which setting holds a protocol's memory limits. */
static const struct {
	const char *name;
	const char *path;
} limits[] = {
	{"TCP", "sys/net/ipv4/tcp_mem"},
	{"UDP", "sys/net/ipv4/udp_mem"},
};

/* The limits exist in the first network namespace only. */
static void memory_read_limits(struct collect *c)
{
	const char *root = c->settings->roots.path[ROOT_PROC];

	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		struct protocol_row *row = protocol_memory_find(&c->rows[0], limits[i].name);
		int err;

		if (!row)
			continue;
		err = procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "%s", limits[i].path);
		if (!err)
			err = protocol_memory_parse_mem(filebuf_span(c->buf), row);
		if (err == -ENOENT)
			collect_note(
				c,
				"no %s/%s, which only the host's own network namespace has: the "
				"memory limits are absent. Run netdiagd there to get them",
				root, limits[i].path);
		else if (err)
			collect_note(c,
				     "%s/%s: %s; the memory limits of %s are absent. Check that "
				     "netdiagd may read it",
				     root, limits[i].path, strerror(-err), limits[i].name);
		row->mem_usage = row_usage(row->mem_pages, row->mem_high);
	}
}

static const struct proc_file files[] = {
	{"net/sockstat", protocol_memory_parse, NULL},
	{"net/sockstat6", protocol_memory_parse, PROC_FILE_NO_IPV6},
};

static int protocol_memory_collect(struct collect *c)
{
	int err = proc_files_collect(c, files, COUNT_OF(files), NULL);

	if (!err)
		memory_read_limits(c);
	return err;
}

const struct collector protocol_memory_collector = {
	.name = "protocolMemory",
	.interval_ms = 5000,
	.rows = {&protocol_row_type, NULL},
	.collect = protocol_memory_collect,
};
