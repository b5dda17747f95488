/* SPDX-License-Identifier: BSD-2-Clause */
/* Every option of the command line, and what is refused. */
#include <config.h>

#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "subagent/options.h"
#include "tests/unit/unit.h"

/* Parses "netdiagd" and these words, up to a NULL. */
#define PARSE(options, ...) parse((options), (const char *[]){"netdiagd", __VA_ARGS__, NULL})

static int parse(struct options *options, const char **words)
{
	int count = 0;

	while (words[count])
		count++;
	optind = 0; /* glibc: start anew */
	return options_parse(options, count, (char **)words);
}

START_TEST(defaults)
{
	const char *words[] = {"netdiagd", NULL};
	struct options options;

	ck_assert_int_eq(parse(&options, words), 0);
	ck_assert_int_eq(options.task, TASK_SERVE);
	ck_assert_int_eq(options.log, LOG_TO_STDERR);
	ck_assert_int_eq(options.log_level, LOG_INFO);
	ck_assert_ptr_null(options.config);
	ck_assert_ptr_null(options.address);
	ck_assert_str_eq(options.roots.path[ROOT_PROC], "/proc");
	ck_assert_str_eq(options.roots.path[ROOT_SYS], "/sys");
}
END_TEST

START_TEST(all)
{
	struct options options;

	ck_assert_int_eq(PARSE(&options, "--config", "a", "--agentx=b", "--proc-root", ".",
			       "--sys-root", "/", "--log", "syslog", "--log-level=warning"),
			 0);
	ck_assert_int_eq(options.task, TASK_SERVE);
	ck_assert_str_eq(options.config, "a");
	ck_assert_str_eq(options.address, "b");
	ck_assert_str_eq(options.roots.path[ROOT_PROC], ".");
	ck_assert_str_eq(options.roots.path[ROOT_SYS], "/");
	ck_assert_int_eq(options.log, LOG_TO_SYSLOG);
	ck_assert_int_eq(options.log_level, LOG_WARNING);
}
END_TEST

START_TEST(tasks)
{
	struct options options;

	ck_assert_int_eq(PARSE(&options, "--version"), 0);
	ck_assert_int_eq(options.task, TASK_VERSION);
	ck_assert_int_eq(PARSE(&options, "--help"), 0);
	ck_assert_int_eq(options.task, TASK_HELP);
	ck_assert_int_eq(PARSE(&options, "--check-config"), 0);
	ck_assert_int_eq(options.task, TASK_CHECK_CONFIG);
	ck_assert_int_eq(PARSE(&options, "--dump"), 0);
	ck_assert_int_eq(options.task, TASK_DUMP);
	ck_assert_int_eq(options.dump, DUMP_TEXT);
	ck_assert_int_eq(PARSE(&options, "--dump=json"), 0);
	ck_assert_int_eq(options.dump, DUMP_JSON);
	ck_assert_int_eq(PARSE(&options, "--dump=schema"), 0);
	ck_assert_int_eq(options.dump, DUMP_SCHEMA);
	ck_assert_ptr_null(options.table);
	ck_assert_int_eq(PARSE(&options, "--dump=json", "nic"), 0);
	ck_assert_str_eq(options.table->name, "netdiagNicTable");
	ck_assert_int_eq(PARSE(&options, "--perfdata", "--report=9"), 0);
	ck_assert_int_eq(options.task, TASK_REPORT);
	ck_assert_int_eq(options.report, REPORT_PERFDATA);
}
END_TEST

START_TEST(wrong)
{
	struct options options;

	/* The messages are not of interest here. */
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	ck_assert_int_eq(PARSE(&options, "--nothing"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--config"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--dump=xml"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--log", "file"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--version=1"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "argument"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--dump", "json"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--dump", "nic", "irq"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--dump=schema", "nic"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--perfdata"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--alarms", "--perfdata"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--report", "--perfdata", "--format=json"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--log-level", "loud"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--format=json"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--dump", "--format=text"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--format=json", "--report"), 0);
	ck_assert_int_eq(PARSE(&options, "--proc-root", "/nonexistent"), EX_USAGE);
	ck_assert_int_eq(PARSE(&options, "--sys-root", "/dev/null"), EX_USAGE);
}
END_TEST

UNIT_MAIN("options", defaults, all, tasks, wrong)
