/* SPDX-License-Identifier: BSD-2-Clause */
/* log.c, and what collector_log.c tells it. Standard error is a file meanwhile. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/cpu/softnet.h"
#include "collectors/engine.h"
#include "collectors/registry.h"
#include "subagent/collector_log.h"
#include "subagent/log.h"
#include "tests/unit/unit.h"

static int saved;
static FILE *file;

static void capture(void)
{
	file = tmpfile();
	ck_assert_ptr_nonnull(file);
	fflush(stderr);
	saved = dup(STDERR_FILENO);
	ck_assert_int_ge(saved, 0);
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
}

/* Ends the capture; what was said must be this. */
static void check_said(const char *want)
{
	char said[4096];
	size_t len;

	log_close();
	fflush(stderr);
	ck_assert_int_ge(dup2(saved, STDERR_FILENO), 0);
	close(saved);
	rewind(file);
	len = fread(said, 1, sizeof(said) - 1, file);
	said[len] = '\0';
	fclose(file);
	ck_assert_str_eq(said, want);
}

START_TEST(priorities)
{
	capture();
	log_error("one %d", 1);
	log_warning("two");
	log_notice("three");
	log_info("four");
	log_message(LOG_DEBUG, "five");
	check_said("netdiagd: error: one 1\n"
		   "netdiagd: warning: two\n"
		   "netdiagd: three\n"
		   "netdiagd: four\n");
}
END_TEST

START_TEST(a_line_is_a_line)
{
	capture();
	log_notice("a\nb\tc\033[31m");
	check_said("netdiagd: a\\x0ab\\x09c\\x1b[31m\n");
}
END_TEST

START_TEST(repetitions_are_counted)
{
	capture();
	for (int i = 0; i < 1000; i++)
		log_warning("again");
	log_warning("other");
	for (int i = 0; i < 3; i++)
		log_warning("last");
	check_said("netdiagd: warning: again\n"
		   "netdiagd: warning: again (repeated 999 times)\n"
		   "netdiagd: warning: other\n"
		   "netdiagd: warning: last\n"
		   "netdiagd: warning: last (repeated 2 times)\n");
}
END_TEST

START_TEST(below_the_level_nothing_is_written)
{
	int level = 0;

	ck_assert(log_level_parse("warning", &level));
	ck_assert_int_eq(level, LOG_WARNING);
	ck_assert(log_level_parse("debug", &level));
	ck_assert(!log_level_parse("loud", &level));
	ck_assert_int_eq(level, LOG_DEBUG);
	capture();
	log_open(LOG_TO_STDERR, LOG_WARNING);
	log_error("one");
	log_warning("two");
	log_notice("three");
	log_info("four");
	check_said("netdiagd: error: one\n"
		   "netdiagd: warning: two\n");
}
END_TEST

/* stderr is the journal when $JOURNAL_STREAM names its device and inode. */
START_TEST(the_journal_gets_priorities)
{
	char stream[64];
	struct stat st;

	capture();
	ck_assert(!fstat(STDERR_FILENO, &st));
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_open(LOG_TO_STDERR, LOG_INFO);
	log_error("one");
	log_warning("two");
	log_notice("three");
	log_info("four");
	log_message(LOG_DEBUG, "five");
	check_said("<3>one\n<4>two\n<5>three\n<6>four\n");
}
END_TEST

START_TEST(another_stderr_is_no_journal)
{
	static const char *const others[] = {"1:1", "", "journal"};

	capture();
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		setenv("JOURNAL_STREAM", others[i], 1);
		log_open(LOG_TO_STDERR, LOG_INFO);
		log_warning("%s", others[i]);
	}
	check_said("netdiagd: warning: 1:1\n"
		   "netdiagd: warning: \n"
		   "netdiagd: warning: journal\n");
}
END_TEST

START_TEST(targets)
{
	enum log_target target = LOG_TO_SYSLOG;

	ck_assert(log_target_parse("stderr", &target));
	ck_assert_int_eq(target, LOG_TO_STDERR);
	ck_assert(log_target_parse("syslog", &target));
	ck_assert_int_eq(target, LOG_TO_SYSLOG);
	ck_assert(!log_target_parse("file", &target));
	ck_assert_int_eq(target, LOG_TO_SYSLOG);
}
END_TEST

/* Once, and nothing when all is written. */
START_TEST(a_full_disk_is_told)
{
	FILE *null = fopen("/dev/null", "w"), *full = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(null);
	ck_assert_ptr_nonnull(full);
	fputs("text", null);
	fputs("text", full);
	capture();
	ck_assert(!log_output_failed(null));
	ck_assert(log_output_failed(full));
	check_said("netdiagd: error: the output cannot be written: No space left on device\n");
	fclose(null);
	fclose(full);
}
END_TEST

/* --- health ----------------------------------------------------------------------------------- */

static int outcome;
static const char *note;

static int collect(struct collect *c)
{
	if (note)
		collect_note(c, "%s", note);
	return outcome ? collect_fail(c, outcome, "cannot read; try harder") : 0;
}

static const struct collector made = {
	.name = "made",
	.interval_ms = 1000,
	.rows = {&softnet_row_type, NULL},
	.collect = collect,
};
static const struct collector *const list[] = {&made, NULL};

START_TEST(changes_of_health_are_told_once)
{
	static const struct {
		int outcome;
		const char *note;
	} steps[] = {
		{0, NULL},	 {0, NULL},    {-EACCES, NULL}, {-EACCES, NULL}, {-ENOENT, NULL},
		{-ENOENT, NULL}, {0, NULL},    {0, NULL},	{0, "half"},	 {0, NULL},
		{0, "half"},	 {-EIO, NULL}, {0, "half"},
	};
	struct health health = {0};
	struct collect_settings *settings;
	struct engine *engine;

	ck_assert(settings = settings_new(collectors));
	engine = engine_new(list, settings);
	ck_assert_ptr_nonnull(engine);
	capture();
	collector_log_turn(&health, engine); /* pending is nothing to tell */
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		outcome = steps[i].outcome;
		note = steps[i].note;
		engine_collect_once(engine);
		collector_log_turn(&health, engine);
		collector_log_turn(&health, engine);
	}
	check_said("netdiagd: warning: collector made: denied: cannot read; try harder: "
		   "Permission denied\n"
		   "netdiagd: collector made: unsupported: cannot read; try harder: "
		   "No such file or directory\n"
		   "netdiagd: collector made: ok again\n"
		   "netdiagd: collector made: half\n"
		   "netdiagd: warning: collector made: error: cannot read; try harder: "
		   "Input/output error\n"
		   "netdiagd: collector made: ok again\n"
		   "netdiagd: collector made: half\n");
	engine_free(engine);
	settings_put(settings);
}
END_TEST

/* What is missing from the start is one line, at the lowest level that is shown. */
START_TEST(what_is_missing_at_the_start_is_one_line)
{
	static const struct collector other = {
		.name = "other",
		.interval_ms = 1000,
		.rows = {&softnet_row_type, NULL},
		.collect = collect,
	};
	static const struct collector *const both[] = {&made, &other, NULL};
	struct health health = {0};
	struct collect_settings *settings;
	struct engine *engine;

	ck_assert(settings = settings_new(collectors));
	engine = engine_new(both, settings);
	ck_assert_ptr_nonnull(engine);
	outcome = 0;
	note = "half";
	engine_collect_once(engine);
	capture();
	collector_log_turn(&health, engine);
	outcome = -ENOENT;
	engine_collect_once(engine);
	collector_log_turn(&health, engine);
	check_said("netdiagd: collectors that see only a part: made, other; "
		   "netdiagd --dump netdiagCollectorTable says why\n"
		   "netdiagd: collector made: unsupported: cannot read; try harder: "
		   "No such file or directory\n"
		   "netdiagd: collector other: unsupported: cannot read; try harder: "
		   "No such file or directory\n");
	health = (struct health){0};
	capture();
	collector_log_turn(&health, engine);
	check_said("netdiagd: collectors without a source on this host: made, other; "
		   "netdiagd --dump netdiagCollectorTable says why\n");
	engine_free(engine);
	settings_put(settings);
}
END_TEST

START_TEST(what_is_off_is_not_told)
{
	struct health health = {0};
	struct collect_settings *settings;
	struct engine *engine;

	ck_assert(settings = settings_new(collectors));
	settings->collector[0].on = false;
	engine = engine_new(list, settings);
	ck_assert_ptr_nonnull(engine);
	capture();
	collector_log_turn(&health, engine);
	check_said("");
	engine_free(engine);
	settings_put(settings);
}
END_TEST

START_TEST(status_names)
{
	ck_assert_str_eq(collector_log_status(COLLECT_OK), "ok");
	ck_assert_str_eq(collector_log_status(COLLECT_ERROR), "error");
	ck_assert_str_eq(collector_log_status((enum collect_status)99), "unknown");
}
END_TEST

UNIT_MAIN("log", priorities, a_line_is_a_line, repetitions_are_counted,
	  below_the_level_nothing_is_written, the_journal_gets_priorities,
	  another_stderr_is_no_journal, targets, a_full_disk_is_told,
	  changes_of_health_are_told_once, what_is_missing_at_the_start_is_one_line,
	  what_is_off_is_not_told, status_names)
