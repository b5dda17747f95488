/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagd.conf. A configuration is immutable once it is loaded; a wrong file yields none, and
 * every problem in it is reported.
 *
 * What the messages may repeat: netdiagd may be able to read files that whoever reads its log may
 * not, and an include line may name one of those by mistake or malice. An unknown directive is
 * therefore repeated only when it consists of at most 32 letters and everyone may read the file,
 * and nothing else of its line ever is.
 */
#ifndef NETDIAG_CONFIG_FILE_H
#define NETDIAG_CONFIG_FILE_H

#include <stdbool.h>

#include "collectors/settings.h"
#include "subagent/checks/alarm_settings.h"

/* Bounds on what is read. */
#define CONFIGURATION_FILE_MAX	   (1024 * 1024) /* bytes of a file */
#define CONFIGURATION_LINE_MAX	   4096		 /* bytes of a line */
#define CONFIGURATION_LINES_MAX	   10000	 /* of all files together */
#define CONFIGURATION_FILES_MAX	   256
#define CONFIGURATION_DEPTH_MAX	   8	/* files that include each other */
#define CONFIGURATION_PROBLEMS_MAX 1000 /* reported; reading stops there */

struct configuration {
	char *agentx_socket;		  /* as the file says it, or NULL */
	struct collect_settings *collect; /* a reference */
	struct alarm_settings alarms;
	uint32_t hash; /* of the text of its files, for netdiagAgentConfigHash */
};

/* Called once per problem: "netdiagd.conf:12: check tcp.listen_overflow: no such check; …". */
typedef void configuration_problem_fn(const char *text, void *arg);

/*
 * Reads a file and those that it includes. A missing one yields the defaults unless it is required.
 * The caller owns the result: configuration_free(). NULL when there was a problem.
 * roots: where procfs and sysfs are; borrowed for as long as the configuration lives.
 */
struct configuration *configuration_load(const char *path, bool required, const struct roots *roots,
					 configuration_problem_fn *problem, void *arg);

/* The same from text in memory, which is changed and has room for one more byte; `name` stands
 * for it in problems. */
struct configuration *configuration_parse(const char *name, char *text, size_t size,
					  const struct roots *roots,
					  configuration_problem_fn *problem, void *arg);

void configuration_free(struct configuration *configuration);

#endif
