/* SPDX-License-Identifier: BSD-2-Clause */
/* What a process takes over from the one before it, and what it does not believe. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "subagent/checks/record.h"
#include "subagent/state_file.h"
#include "tests/unit/made.h"

static struct alarm_settings settings = {.rate_per_minute = 6000, .history = 10};

/* A host with alarms, what receivers were told of them, and both as text. */
struct saved {
	struct made made;
	struct notify_queue *queue;
	char *text;
	size_t len;
};

static void to_queue(const struct alarm_event *event, void *arg)
{
	struct saved *saved = arg;

	notify_queue_event(saved->queue, event, saved->made.now);
}

static void fill(struct made *made, void *arg)
{
	struct conntrack_row *row = made_nth(made, &conntrack_collector, 0, 0);

	made_traffic(made, arg);
	row->usage = 9300;
	row->drops += 20;
}

static void setup(struct saved *saved)
{
	const struct notice *next;

	agent_start();
	made_init(&saved->made);
	saved->queue = notify_queue_new(&settings, 0);
	ck_assert_ptr_nonnull(saved->queue);
	alarms_on_event(saved->made.alarms, to_queue, saved);
	made_web_server(&saved->made);
	made_run(&saved->made, MADE_MINUTE, made_traffic, NULL);
	made_run(&saved->made, 5 * MADE_MINUTE, fill, NULL);
	ck_assert_uint_eq(made_alarms(&saved->made), 2);
	next = notify_queue_next(saved->queue, saved->made.now);
	ck_assert_ptr_nonnull(next);
	notify_queue_acknowledged(saved->queue, next->sequence, saved->made.now);
	saved->text = state_file_make(saved->made.alarms, saved->queue, saved->made.now,
				      &saved->len);
	ck_assert_ptr_nonnull(saved->text);
}

static void teardown(struct saved *saved)
{
	free(saved->text);
	notify_queue_free(saved->queue);
	made_done(&saved->made);
}

/* Another process takes a text. How many alarms it has then; why: NULL when it was believed. */
static size_t take(const struct saved *saved, const char *text, size_t len, uint64_t now,
		   const char **why)
{
	struct alarms *alarms = alarms_new(&settings, 0);
	struct notify_queue *queue = notify_queue_new(&settings, 0);
	char *copy = malloc(len + 1);
	struct rows rows;
	size_t count;

	ck_assert(alarms && queue && copy);
	memcpy(copy, text, len);
	copy[len] = '\0';
	*why = state_file_take(copy, len, now, alarms, queue);
	rows_init(&rows, &alarm_row_type);
	ck_assert_int_eq(alarms_fill_active(&rows, alarms), 0);
	count = rows.count;
	if (!*why) {
		const struct alarm_row *row = rows_at(&rows, 0);

		ck_assert_uint_eq(row->id, MADE_FIRST_ID);
		ck_assert(notify_queue_knows(queue, row->id));
		ck_assert_uint_eq(notify_queue_last_sequence(queue),
				  notify_queue_last_sequence(saved->queue));
		ck_assert_uint_eq(notify_queue_pending(queue), 0);
	} else {
		ck_assert_uint_eq(notify_queue_last_sequence(queue), 0);
		ck_assert(!notify_queue_knows(queue, MADE_FIRST_ID));
	}
	rows_clear(&rows);
	free(copy);
	alarms_free(alarms);
	notify_queue_free(queue);
	return count;
}

START_TEST(the_next_process)
{
	static struct saved saved;
	const char *why;

	setup(&saved);
	ck_assert_uint_eq(take(&saved, saved.text, saved.len, saved.made.now, &why), 2);
	ck_assert_ptr_null(why);
	teardown(&saved);
}
END_TEST

/* However little is missing, nothing of it is believed. */
START_TEST(cut_anywhere)
{
	static struct saved saved;
	const char *why;

	setup(&saved);
	for (size_t len = 0; len < saved.len; len++) {
		ck_assert_uint_eq(take(&saved, saved.text, len, saved.made.now, &why), 0);
		ck_assert_ptr_nonnull(why);
	}
	teardown(&saved);
}
END_TEST

START_TEST(one_wrong_octet)
{
	static struct saved saved;
	const char *why;

	setup(&saved);
	for (size_t at = 0; at < saved.len; at += 7) {
		char was = saved.text[at];

		saved.text[at] ^= 1;
		ck_assert_uint_eq(take(&saved, saved.text, saved.len, saved.made.now, &why), 0);
		ck_assert_ptr_nonnull(why);
		saved.text[at] = '\0';
		ck_assert_uint_eq(take(&saved, saved.text, saved.len, saved.made.now, &why), 0);
		saved.text[at] = was;
	}
	teardown(&saved);
}
END_TEST

/* Changes a member of the first line and makes the checksum right again. */
static void forge(struct saved *saved, const char *member, char to)
{
	uint64_t sum = UINT64_C(14695981039346656037);
	char *at = strstr(saved->text, member), *end = strstr(saved->text, "\nend ");

	ck_assert(at && end);
	at[strlen(member)] = to;
	for (const char *it = saved->text; it <= end; it++)
		sum = (sum ^ (unsigned char)*it) * UINT64_C(1099511628211);
	sprintf(end + 1, "end %016llx\n", (unsigned long long)sum);
}

START_TEST(another_boot_version_or_time)
{
	static const struct {
		const char *member;
		char to;
		const char *why;
	} cases[] = {
		{" kernel=", 'x', "the host was started anew since"},
		{" version=", '9', "another version of netdiagd wrote it"},
		{" saved=", '9', "it is from the future"},
		{" sequence=", 'x', "it is cut or broken"},
		{"\nalarm id=", 'x', "it has lines that are wrong"},
		{" severity=", '0', "it has lines that are wrong"},
		{" m.severity=", '1', "it has lines that are wrong"},
		{"\nwindo", 'x', "it has lines that are wrong"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		static struct saved saved;
		const char *why;

		setup(&saved);
		forge(&saved, cases[i].member, cases[i].to);
		ck_assert_uint_eq(take(&saved, saved.text, saved.len, saved.made.now, &why), 0);
		ck_assert_str_eq(why, cases[i].why);
		teardown(&saved);
	}
}
END_TEST

/* --- lines ------------------------------------------------------------------------------------
 */

struct sample {
	uint64_t number;
	int64_t signed_number;
	uint32_t word;
	bool on;
	char text[8];
	struct object_id id;
};

static const struct record_member members[] = {
	{"number", RECORD_NUMBER, offsetof(struct sample, number), 0},
	{"signed", RECORD_SIGNED, offsetof(struct sample, signed_number), 0},
	{"word", RECORD_WORD, offsetof(struct sample, word), 0},
	{"on", RECORD_SWITCH, offsetof(struct sample, on), 0},
	{"text", RECORD_TEXT, offsetof(struct sample, text), 8},
	{"id", RECORD_OBJECT_ID, offsetof(struct sample, id), 0},
	{.name = NULL},
};

/* One user's thousands of alarms do not keep those of others from being saved. */
START_TEST(more_alarms_than_room)
{
	struct saved saved;
	const char *why;
	size_t count;

	setup(&saved);
	free(saved.text);
	for (unsigned port = 1; port <= 6000; port++) {
		struct listener_row *row = made_row(&saved.made, &listener_collector, 0);

		row->port = port;
		row->uid = 1000;
		row->sockets = 1;
		row->queue_length = row->queue_limit = 128;
		row->queue_usage = 9900;
		row->discontinuity = 1;
		snprintf(row->endpoint, sizeof(row->endpoint), "10.0.0.1:%u", port);
	}
	made_run(&saved.made, MADE_MINUTE, fill, NULL);
	while (notify_queue_next(saved.queue, saved.made.now))
		notify_queue_acknowledged(saved.queue, notify_queue_last_sequence(saved.queue),
					  saved.made.now);
	ck_assert_uint_gt(made_alarms(&saved.made), 6000);
	saved.text = state_file_make(saved.made.alarms, saved.queue, saved.made.now, &saved.len);
	ck_assert_ptr_nonnull(saved.text);
	ck_assert_uint_le(saved.len, STATE_FILE_MAX);
	count = take(&saved, saved.text, saved.len, saved.made.now, &why);
	ck_assert_ptr_null(why);
	ck_assert_uint_gt(count, 500);
	ck_assert_ptr_nonnull(strstr(saved.text, "instance=all%20uid%201000"));
	teardown(&saved);
}
END_TEST

START_TEST(lines_come_back_as_they_were)
{
	const struct sample samples[] = {
		{.text = ""},
		{UINT64_MAX, INT64_MIN, UINT32_MAX, true, "a b=%\n\xff", {3, {1, 3, UINT32_MAX}}},
		{1, -1, 1, false, "1234567", {1, {0}}},
		{.signed_number = INT64_MAX},
	};

	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		struct sample back;
		char *line;
		size_t len;
		FILE *out = open_memstream(&line, &len);

		ck_assert_ptr_nonnull(out);
		record_write(out, "what", members, &samples[i]);
		fclose(out);
		ck_assert_int_eq(line[len - 1], '\n');
		line[len - 1] = '\0';
		ck_assert_ptr_null(strchr(line, '\n'));
		memset(&back, 0, sizeof(back));
		ck_assert(record_read(line + 4, members, &back));
		ck_assert_uint_eq(back.number, samples[i].number);
		ck_assert_int_eq(back.signed_number, samples[i].signed_number);
		ck_assert_uint_eq(back.word, samples[i].word);
		ck_assert(back.on == samples[i].on);
		ck_assert_str_eq(back.text, samples[i].text);
		ck_assert_uint_eq(back.id.len, samples[i].id.len);
		ck_assert_mem_eq(back.id.arcs, samples[i].id.arcs,
				 samples[i].id.len * sizeof(uint32_t));
		free(line);
	}
}
END_TEST

START_TEST(lines_that_are_wrong)
{
	static const char *const wrong[] = {
		" number=x",	    " number=-1",
		" number=",	    " number=18446744073709551616",
		" number=1 2",	    " signed=9223372036854775808",
		" signed=--1",	    " signed=-9223372036854775809",
		" word=4294967296", " on=2",
		" text=12345678",   " text=%",
		" text=%4",	    " text=%00",
		" text=%4x",	    " text=% 1",
		" id=1..2",	    " id=1.x",
		" id=4294967296",   " number",
	};
	struct sample sample;

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		memset(&sample, 0, sizeof(sample));
		ck_assert_msg(!record_read(wrong[i], members, &sample), "%s", wrong[i]);
	}
	/* What a newer version has to say. */
	memset(&sample, 0, sizeof(sample));
	ck_assert(record_read(" new=1 word=7 newer=x.y", members, &sample));
	ck_assert_uint_eq(sample.word, 7);
}
END_TEST

UNIT_MAIN("state_file", the_next_process, cut_anywhere, one_wrong_octet,
	  another_boot_version_or_time, more_alarms_than_room, lines_come_back_as_they_were,
	  lines_that_are_wrong)
