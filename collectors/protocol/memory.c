/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collectors/protocol/memory.h"

const struct row_type protocol_row_type = {
	.name = "protocol",
	.size = sizeof(struct protocol_row),
	.text = offsetof(struct protocol_row, name),
	.key = {ROW_TEXT(struct protocol_row, name)},
};

/* net/ipv4/proc.c: sockstat_seq_show(), net/ipv6/proc.c: sockstat6_seq_show(). */
static const struct {
	const char *word;
	size_t offset;
} words[] = {
	{"used", offsetof(struct protocol_row, in_use)},
	{"inuse", offsetof(struct protocol_row, in_use)},
	{"orphan", offsetof(struct protocol_row, orphans)},
	{"tw", offsetof(struct protocol_row, time_wait)},
	{"alloc", offsetof(struct protocol_row, allocated)},
	{"mem", offsetof(struct protocol_row, mem_pages)},
	{"memory", offsetof(struct protocol_row, mem_bytes)},
};

/* Sets the member that a word stands for; others than known ones are passed over. */
static void set_member(struct protocol_row *row, struct span word, uint64_t value)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (span_equal(word, words[i].word))
			*(uint64_t *)((unsigned char *)row + words[i].offset) = value;
}

/* One line: "NAME:" and pairs of a word and a number. */
static bool parse_line(struct span line, struct protocol_row *row)
{
	struct span name, word, number;
	uint64_t value;

	if (!span_word(&line, &name) || name.len < 2 || name.start[name.len - 1] != ':')
		return false;
	name.len--;
	for (size_t i = 0; i < name.len; i++)
		if (name.start[i] <= ' ' || name.start[i] > '~')
			return false;
	if (!span_copy(name, row->name, sizeof(row->name)))
		return false;
	while (span_word(&line, &word)) {
		if (!span_word(&line, &number) || span_u64(number, &value))
			return false;
		set_member(row, word, value);
	}
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
		if (parse_line(line, row))
			continue;
		rows_drop_last(rows);
		faults_add(faults, "line %zu is not as it should be", number);
	}
	if (tail)
		faults_add(faults, "it is cut short");
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

/* Reads one of the files into the rows. 0 when it had some, else -errno. */
static int read_sockstat(struct collect *c, const char *path, struct faults *faults)
{
	struct rows *rows = &c->rows[0];
	size_t before = rows->count;
	int err = procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "%s", path);

	if (!err)
		err = protocol_memory_parse((struct span){c->buf->data, c->buf->len}, rows, faults);
	return !err && rows->count == before ? -EBADMSG : err;
}

/* The setting with a protocol's limits of memory. */
static const struct {
	const char *name;
	const char *path;
} limits[] = {
	{"TCP", "sys/net/ipv4/tcp_mem"},
	{"UDP", "sys/net/ipv4/udp_mem"},
};

/* The limits exist in the first network namespace only. */
static void read_limits(struct collect *c)
{
	const char *root = c->settings->roots.path[ROOT_PROC];

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct protocol_row *row = protocol_memory_find(&c->rows[0], limits[i].name);
		int err;

		if (!row)
			continue;
		err = procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "%s", limits[i].path);
		if (!err)
			err = protocol_memory_parse_mem((struct span){c->buf->data, c->buf->len},
							row);
		if (err == -ENOENT)
			collect_note(
				c,
				"no %s/%s, which only the host's own network namespace has: the "
				"limits of memory are absent. Run netdiagd there to have them",
				root, limits[i].path);
		else if (err)
			collect_note(c,
				     "%s/%s: %s; the limits of memory of %s are absent. Check that "
				     "netdiagd may read it",
				     root, limits[i].path, strerror(-err), limits[i].name);
		row->mem_usage = row_usage(row->mem_pages, row->mem_high);
	}
}

static const char *const paths[] = {"net/sockstat", "net/sockstat6"};

static void note_file(struct collect *c, size_t i, int err, const struct faults *faults)
{
	const char *root = c->settings->roots.path[ROOT_PROC];

	if (i && err == -ENOENT)
		collect_note(c, "no %s/%s: this kernel has no IPv6 (ipv6.disable=1, or not built)",
			     root, paths[i]);
	else if (err && !faults->count)
		collect_note(c,
			     "%s/%s: %s; its protocols are absent. Check that netdiagd may read it",
			     root, paths[i], strerror(-err));
	else if (faults->count)
		collect_note(c, "%s/%s: %s; what it says is absent", root, paths[i], faults->first);
}

static int protocols_collect(struct collect *c)
{
	const char *root = c->settings->roots.path[ROOT_PROC];
	char used[COLLECT_SOURCE_SIZE] = "";
	int first_err = 0;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct faults faults = {0};
		int err = read_sockstat(c, paths[i], &faults);

		note_file(c, i, err, &faults);
		if (err && !first_err)
			first_err = err;
		if (!err)
			snprintf(used + strlen(used), sizeof(used) - strlen(used), "%s%s/%s",
				 used[0] ? ", " : "", root, paths[i]);
	}
	collect_source(c, "%s", used);
	if (!used[0])
		return collect_fail(
			c, first_err,
			"neither %s/%s nor %s can be read. Check that procfs is mounted and "
			"that netdiagd may read it",
			root, paths[0], paths[1]);
	read_limits(c);
	return 0;
}

const struct collector protocol_memory_collector = {
	.name = "protocolMemory",
	.interval_ms = 5000,
	.rows = {&protocol_row_type, NULL},
	.collect = protocols_collect,
};
