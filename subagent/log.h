/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to the operator. Main thread only. */
#ifndef NETDIAG_LOG_H
#define NETDIAG_LOG_H

#include <stdbool.h>
#include <stdio.h>
#include <syslog.h>

enum log_target {
	LOG_TO_STDERR, /* "netdiagd: warning: text"; in the journal "<4>text" */
	LOG_TO_SYSLOG, /* facility daemon */
};

/* "stderr" or "syslog"; false for anything else. */
bool log_target_parse(const char *word, enum log_target *target);

/* "error", "warning", "notice", "info" or "debug" as a priority of syslog; false for anything else.
 */
bool log_level_parse(const char *word, int *level);

/* Where messages go from now on, and down to which priority (LOG_INFO, say) they are written;
 * before this, everything down to LOG_INFO goes to stderr. */
void log_open(enum log_target target, int level);

/* Says how often the last message was repeated, and lets go of syslog. */
void log_close(void);

/* priority: LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO. One line. A message equal to the one before
 * is only counted, and told again once a minute with the count. */
void log_message(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes what is buffered; true, and told why, when not all output got out. */
bool log_output_failed(FILE *out);

#define log_error(...)	 log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)	 log_message(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)	 log_message(LOG_INFO, __VA_ARGS__)

#endif
