/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parses /proc/net/snmp, netstat, snmp6 and xfrm_stat into rows of counters. Pure functions.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/protocol/counters.h"

/* Whether a word can be a name of the kernel: printable, beginning with a letter, and not too long
 * for a row. */
static bool counters_is_name(struct span word, size_t size)
{
	if (!word.len || word.len >= size)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (word.start[i] <= ' ' || word.start[i] > '~')
			return false;
	return word.start[0] > '9';
}

int counters_add(struct rows *rows, struct span group, struct span name, uint64_t value)
{
	struct counter_row *row;

	if (!counters_is_name(group, COUNTER_GROUP_SIZE) ||
	    !counters_is_name(name, COUNTER_NAME_SIZE))
		return -EINVAL;
	row = rows_add(rows);
	if (!row)
		return -ENOMEM;
	row->value = value;
	span_copy(group, row->group, sizeof(row->group));
	span_copy(name, row->name, sizeof(row->name));
	return 0;
}

/* Adds a row; none for a negative number. 0, -ENOMEM, or -EINVAL for malformed words. */
static int counters_add_counter(struct rows *rows, struct span group, struct span name,
				struct span value)
{
	int64_t with_sign;
	uint64_t number;

	if (!span_u64(value, &number))
		return counters_add(rows, group, name, number);
	if (!counters_is_name(group, COUNTER_GROUP_SIZE) ||
	    !counters_is_name(name, COUNTER_NAME_SIZE))
		return -EINVAL;
	return span_i64(value, &with_sign) ? -EINVAL : 0;
}

/* Takes "Group:" off the front of a line. False when there is none. */
static bool counters_take_group(struct span *line, struct span *group)
{
	if (!span_word(line, group) || group->start[group->len - 1] != ':')
		return false;
	group->len--;
	return counters_is_name(*group, COUNTER_GROUP_SIZE);
}

/* Adds the rows of a line of names and a line of values, both without their group. 0, -ENOMEM, or
 * -EINVAL with no row added. */
static int counters_add_pair(struct rows *rows, struct span group, struct span names,
			     struct span values)
{
	size_t before = rows->count;
	struct span name, value;
	int err = 0;

	while (!err && span_word(&names, &name))
		err = span_word(&values, &value) ? counters_add_counter(rows, group, name, value)
						 : -EINVAL;
	if (!err && span_word(&values, &value))
		err = -EINVAL;
	while (err && rows->count > before)
		rows_drop_last(rows);
	return err;
}

/* A line of names whose line of values is still to come. */
struct waiting {
	bool is;
	size_t number; /* of the line, from 1 */
	struct span group;
	struct span names;
};

static void counters_drop_waiting(struct waiting *names, struct faults *faults)
{
	if (names->is)
		faults_add(faults, "line %zu (%.*s) has no line of values", names->number,
			   (int)names->group.len, names->group.start);
	names->is = false;
}

int counters_parse_pairs(struct span text, struct rows *rows, struct faults *faults)
{
	bool tail = span_drop_tail(&text);
	struct waiting names = {.is = false};
	struct span line, group;

	for (size_t number = 1; span_line(&text, &line); number++) {
		int err;

		if (!counters_take_group(&line, &group)) {
			counters_drop_waiting(&names, faults);
			faults_add(faults, "line %zu does not begin with a group", number);
			continue;
		}
		if (!names.is || names.group.len != group.len ||
		    memcmp(names.group.start, group.start, group.len)) {
			counters_drop_waiting(&names, faults);
			names = (struct waiting){true, number, group, line};
			continue;
		}
		names.is = false;
		err = counters_add_pair(rows, group, names.names, line);
		if (err == -ENOMEM)
			return err;
		if (err)
			faults_add(faults, "lines %zu and %zu (%.*s) do not match", names.number,
				   number, (int)group.len, group.start);
	}
	counters_drop_waiting(&names, faults);
	if (tail)
		faults_add(faults, "it is truncated");
	return 0;
}

/* Splits a name into its group and the rest. False if it is not of the expected form. */
typedef bool counters_split_fn(struct span word, struct span *group, struct span *name);

/* Splits "Udp6InErrors" after the 6. False if it is no such name. */
static bool counters_split_snmp6(struct span word, struct span *group, struct span *name)
{
	const char *six = memchr(word.start, '6', word.len);

	if (!six)
		return false;
	group->start = word.start;
	group->len = (size_t)(six - word.start) + 1;
	name->start = six + 1;
	name->len = word.len - group->len;
	return true;
}

/* Takes the "Xfrm" off "XfrmInNoStates". False if it is no such name. */
static bool counters_split_xfrm(struct span word, struct span *group, struct span *name)
{
	const size_t len = strlen(COUNTERS_XFRM_GROUP);

	if (word.len < len || memcmp(word.start, COUNTERS_XFRM_GROUP, len))
		return false;
	*group = (struct span){word.start, len};
	*name = (struct span){word.start + len, word.len - len};
	return true;
}

/* Parses a name and a value a line. */
static int counters_parse_lines(struct span text, counters_split_fn *split, struct rows *rows,
				struct faults *faults)
{
	bool tail = span_drop_tail(&text);
	struct span line, word, group, name, value, more;

	for (size_t number = 1; span_line(&text, &line); number++) {
		int err = -EINVAL;

		if (span_word(&line, &word) && split(word, &group, &name) &&
		    span_word(&line, &value) && !span_word(&line, &more))
			err = counters_add_counter(rows, group, name, value);
		if (err == -ENOMEM)
			return err;
		if (err)
			faults_add(faults, "line %zu is not a name and a number", number);
	}
	if (tail)
		faults_add(faults, "it is truncated");
	return 0;
}

int counters_parse_snmp6(struct span text, struct rows *rows, struct faults *faults)
{
	return counters_parse_lines(text, counters_split_snmp6, rows, faults);
}

int counters_parse_xfrm(struct span text, struct rows *rows, struct faults *faults)
{
	return counters_parse_lines(text, counters_split_xfrm, rows, faults);
}
