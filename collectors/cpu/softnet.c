/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The softnet collector: each CPU's packet backlog from /proc/net/softnet_stat, its network
 * softirqs from /proc/softirqs, and, by starvation.c, what keeps them from running.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/accum.h"
#include "collectors/base/array.h"
#include "collectors/cpu/softnet.h"
#include "collectors/cpu/starvation.h"

#define OFFSET(m) offsetof(struct softnet_row, m)

const struct row_type softnet_row_type = {
	ROW_TYPE("softnet", struct softnet_row),
	.key = {ROW_NUMBER(struct softnet_row, cpu)},
};

/* No supported kernel has fewer columns than 4.18. */
#define COLUMNS_MIN 11
/* The CPU's id, since 5.10. */
#define COLUMN_CPU 12

/* net/core/net-procfs.c, softnet_seq_show(). */
static const struct {
	unsigned column;
	size_t offset;
} stat_columns[] = {
	{0, OFFSET(processed)},	   {1, OFFSET(dropped)},	  {2, OFFSET(time_squeeze)},
	{9, OFFSET(received_rps)}, {10, OFFSET(flow_limit)},	  {11, OFFSET(backlog_len)},
	{COLUMN_CPU, OFFSET(cpu)}, {13, OFFSET(input_queue_len)}, {14, OFFSET(process_queue_len)},
};

static const struct {
	const char *name;
	size_t offset;
} softirq_lines[] = {
	{"NET_TX:", OFFSET(net_tx_softirqs)},
	{"NET_RX:", OFFSET(net_rx_softirqs)},
};

/* unsigned int in the kernel's struct softnet_data and struct kernel_stat; times are u64. */
static const struct accum_field softnet_fields[] = {
	{OFFSET(processed), 32},	 {OFFSET(dropped), 32},
	{OFFSET(time_squeeze), 32},	 {OFFSET(received_rps), 32},
	{OFFSET(flow_limit), 32},	 {OFFSET(net_rx_softirqs), 32},
	{OFFSET(net_tx_softirqs), 32},	 {OFFSET(ksoftirqd_run_us), 64},
	{OFFSET(ksoftirqd_wait_us), 64}, {OFFSET(softirq_ms), 64},
	{OFFSET(steal_ms), 64},
};

static const struct accum_type softnet_accum = {
	.row = &softnet_row_type,
	.fields = softnet_fields,
	.field_count = COUNT_OF(softnet_fields),
	.stamp = OFFSET(discontinuity),
};

struct softnet_state {
	struct accum *accum;
	struct starvation starvation;
	struct filebuf online[2]; /* before and after softnet_stat was read */
};

static const char stat_path[] = "net/softnet_stat";
static const char softirqs_path[] = "softirqs";
static const char online_path[] = "devices/system/cpu/online";

/* Whether a file was read to its end, which is a newline. */
static bool softnet_is_whole(struct span text)
{
	return text.len && text.start[text.len - 1] == '\n';
}

/* One line into a row. The number of its columns, or -EBADMSG. */
static int softnet_parse_stat_line(struct span line, struct softnet_row *row)
{
	unsigned column = 0;
	size_t known = 0;
	struct span word;

	for (; span_word(&line, &word); column++) {
		uint64_t value;

		if (known == COUNT_OF(stat_columns) || stat_columns[known].column != column)
			continue;
		if (span_hex(word, &value) || value > UINT32_MAX)
			return -EBADMSG;
		*row_member(row, stat_columns[known++].offset) = value;
	}
	return column < COLUMNS_MIN ? -EBADMSG : (int)column;
}

int softnet_parse_stat(struct span text, struct rows *rows)
{
	struct span line;
	int columns = 0;

	if (!softnet_is_whole(text))
		return -EBADMSG;
	while (span_line(&text, &line)) {
		struct softnet_row *row = rows_add(rows);
		int count;

		if (!row)
			return -ENOMEM;
		count = softnet_parse_stat_line(line, row);
		if (count < 0 || (columns && count != columns))
			return -EBADMSG;
		columns = count;
	}
	return 0;
}

int softnet_map_online(struct rows *rows, struct span online)
{
	/* One more than there can be, to see that there are more. */
	size_t max = rows->count + 1;
	uint32_t *ids = malloc(max * sizeof(*ids));
	int count;

	if (!ids)
		return -ENOMEM;
	count = parse_cpulist(online, ids, max);
	for (int i = 0; count == (int)rows->count && i < count; i++)
		*row_member(rows_at(rows, (size_t)i), OFFSET(cpu)) = ids[i];
	free(ids);
	if (count == -E2BIG || (count >= 0 && count != (int)rows->count))
		return -ESTALE;
	return count < 0 ? -EBADMSG : 0;
}

/* Sets one member of the rows from a line, its numbers being for the CPUs of the header. */
static int softnet_parse_softirq_line(struct span header, struct span line, struct rows *rows,
				      size_t offset)
{
	static const char prefix[] = "CPU";
	const size_t skip = sizeof(prefix) - 1;
	struct span name, word;

	while (span_word(&header, &name)) {
		struct softnet_row key, *row;
		uint64_t value;

		if (name.len <= skip || memcmp(name.start, prefix, skip))
			return -EBADMSG;
		name.start += skip;
		name.len -= skip;
		if (span_u64(name, &key.cpu) || !span_word(&line, &word) ||
		    span_u64(word, &value) || value > UINT32_MAX)
			return -EBADMSG;
		row = rows_find(rows, &key);
		if (row)
			*row_member(row, offset) = value;
	}
	return span_word(&line, &word) ? -EBADMSG : 0;
}

/* Sets what it finds. 0 if each of softirq_lines was there once, else -EBADMSG. */
static int softnet_find_softirqs(struct span text, struct rows *rows)
{
	struct span header, line;
	unsigned found = 0; /* bit i: softirq_lines[i] */

	if (!softnet_is_whole(text) || !span_line(&text, &header))
		return -EBADMSG;
	while (span_line(&text, &line)) {
		struct span name;

		if (!span_word(&line, &name))
			return -EBADMSG;
		for (size_t i = 0; i < COUNT_OF(softirq_lines); i++) {
			if (!span_equal(name, softirq_lines[i].name))
				continue;
			if (found & 1U << i ||
			    softnet_parse_softirq_line(header, line, rows, softirq_lines[i].offset))
				return -EBADMSG;
			found |= 1U << i;
		}
	}
	return found == (1U << COUNT_OF(softirq_lines)) - 1 ? 0 : -EBADMSG;
}

int softnet_parse_softirqs(struct span text, struct rows *rows)
{
	if (!softnet_find_softirqs(text, rows))
		return 0;
	for (size_t r = 0; r < rows->count; r++)
		for (size_t i = 0; i < COUNT_OF(softirq_lines); i++)
			*row_member(rows_at(rows, r), softirq_lines[i].offset) = ROW_ABSENT;
	return -EBADMSG;
}

/* Reads softnet_stat into empty rows. */
static int softnet_read_stat(struct collect *c)
{
	const struct roots *roots = &c->settings->roots;
	const char *proc = roots->path[ROOT_PROC];
	int err = procfs_read(roots, ROOT_PROC, c->buf, stat_path);

	if (err)
		return collect_fail(c, err,
				    "cannot read %s/%s. Check that procfs is mounted on %s and "
				    "that netdiagd's user may read it",
				    proc, stat_path, proc);
	if (!c->buf->len)
		return collect_fail(c, -ENODATA,
				    "%s/%s is empty. Run netdiagd where it is not masked", proc,
				    stat_path);
	rows_clear(&c->rows[0]);
	err = softnet_parse_stat(filebuf_span(c->buf), &c->rows[0]);
	if (err == -EBADMSG)
		return collect_fail(c, err,
				    "%s/%s has an unknown format or is truncated. Compare it "
				    "with another host's and report it",
				    proc, stat_path);
	return err ? collect_fail(c, err, "%s/%s", proc, stat_path) : 0;
}

static int softnet_read_online(struct collect *c, struct filebuf *buf)
{
	const struct roots *roots = &c->settings->roots;
	int err = procfs_read(roots, ROOT_SYS, buf, online_path);

	if (!err)
		return 0;
	return collect_fail(c, err,
			    "cannot read %s/%s, and this kernel's %s/%s does not name the CPUs. "
			    "Check that sysfs is mounted on %s",
			    roots->path[ROOT_SYS], online_path, roots->path[ROOT_PROC], stat_path,
			    roots->path[ROOT_SYS]);
}

/* Before 5.10 a line does not name its CPU: line n is about the n-th CPU online, unless one came or
 * went while the files were read. */
static int softnet_read_old_stat(struct collect *c)
{
	struct softnet_state *state = c->state;
	const char *sys = c->settings->roots.path[ROOT_SYS];
	struct filebuf *before = &state->online[0], *after = &state->online[1];
	int err = softnet_read_online(c, before);

	if (!err)
		err = softnet_read_stat(c);
	if (!err)
		err = softnet_read_online(c, after);
	if (err)
		return err;
	err = softnet_map_online(&c->rows[0], filebuf_span(after));
	if (before->len != after->len || memcmp(before->data, after->data, after->len))
		err = -ESTALE;
	if (err == -ESTALE)
		return collect_fail(c, err,
				    "%s/%s does not match the lines of %s/%s, because a CPU came "
				    "or went. The next collection should succeed; otherwise the "
				    "two files are not from the same host",
				    sys, online_path, c->settings->roots.path[ROOT_PROC],
				    stat_path);
	if (err)
		return collect_fail(c, err,
				    "%s/%s is not a list of CPUs. Check what is mounted on %s", sys,
				    online_path, sys);
	return 0;
}

/* Without softirqs their cells are absent; the rows are there all the same. */
static void softnet_add_softirqs(struct collect *c)
{
	const struct roots *roots = &c->settings->roots;
	const char *proc = roots->path[ROOT_PROC];
	int err = procfs_read(roots, ROOT_PROC, c->buf, softirqs_path);

	if (err)
		collect_note(c,
			     "softirq counts are absent: cannot read %s/%s: %s. Check that "
			     "netdiagd's user may read it",
			     proc, softirqs_path, strerror(-err));
	else if (softnet_parse_softirqs(filebuf_span(c->buf), &c->rows[0]))
		collect_note(c,
			     "softirq counts are absent: %s/%s has an unknown format or is "
			     "truncated. Please report it with the file's content",
			     proc, softirqs_path);
}

static int softnet_collect(struct collect *c)
{
	struct softnet_state *state = c->state;
	struct rows *rows = &c->rows[0];
	const char *proc = c->settings->roots.path[ROOT_PROC];
	int err;

	collect_source(c, "%s/%s", proc, stat_path);
	err = softnet_read_stat(c);
	if (!err && ((const struct softnet_row *)rows_at(rows, 0))->cpu == ROW_ABSENT)
		err = softnet_read_old_stat(c);
	if (err)
		return err;
	if (rows_sort(rows))
		return collect_fail(
			c, -EBADMSG,
			"%s/%s lists a CPU twice. Please report it with the file's content", proc,
			stat_path);
	softnet_add_softirqs(c);
	if (!state->accum) {
		state->accum = accum_new(&softnet_accum);
		if (!state->accum)
			return collect_fail(c, -ENOMEM, "softnet");
		starvation_init(&state->starvation);
	}
	starvation_read(&state->starvation, c);
	if (accum_apply(state->accum, rows, c->now))
		return collect_fail(c, -ENOMEM, "softnet");
	starvation_judge(&state->starvation, rows, c->now);
	return 0;
}

static void softnet_close(void *own)
{
	struct softnet_state *state = own;

	if (state->accum)
		starvation_free(&state->starvation);
	accum_free(state->accum);
	for (size_t i = 0; i < COUNT_OF(state->online); i++)
		filebuf_free(&state->online[i]);
}

const struct collector softnet_collector = {
	.name = "softnet",
	.interval_ms = 1000,
	.rows = {&softnet_row_type, NULL},
	.state_size = sizeof(struct softnet_state),
	.collect = softnet_collect,
	.close = softnet_close,
};
