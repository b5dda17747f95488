/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to the operator, on stderr or through syslog, with repeated ones counted instead of
 * written. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/collector.h"
#include "subagent/log.h"

/* A repeated message is logged at most this often. */
#define REPEAT_NS UINT64_C(60000000000)

#define MESSAGE_SIZE 2048

static enum log_target current = LOG_TO_STDERR;
static char last_text[MESSAGE_SIZE];
static int last_priority;
static uint64_t last_time;
static unsigned repeated;

bool log_target_parse(const char *word, enum log_target *target)
{
	if (!strcmp(word, "stderr"))
		*target = LOG_TO_STDERR;
	else if (!strcmp(word, "syslog"))
		*target = LOG_TO_SYSLOG;
	else
		return false;
	return true;
}

void log_open(enum log_target target)
{
	current = target;
	if (target == LOG_TO_SYSLOG)
		openlog("netdiagd", LOG_PID, LOG_DAEMON);
}

static const char *priority_name(int priority)
{
	switch (priority) {
	case LOG_NOTICE:
	case LOG_INFO:
	case LOG_DEBUG:
		return "";
	case LOG_WARNING:
		return "warning: ";
	default:
		return "error: ";
	}
}

static void write_line(int priority, const char *text)
{
	if (current == LOG_TO_SYSLOG)
		syslog(priority, "%s", text);
	else
		fprintf(stderr, "netdiagd: %s%s\n", priority_name(priority), text);
}

static void tell_repeated(void)
{
	char text[MESSAGE_SIZE + 64];

	if (!repeated)
		return;
	snprintf(text, sizeof(text), "%s (repeated %u times)", last_text, repeated);
	write_line(last_priority, text);
	repeated = 0;
}

void log_close(void)
{
	tell_repeated();
	if (current == LOG_TO_SYSLOG)
		closelog();
	current = LOG_TO_STDERR;
}

void log_message(int priority, const char *format, ...)
{
	char message[MESSAGE_SIZE], text[MESSAGE_SIZE];
	uint64_t now = clock_monotonic();
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	text_console(text, sizeof(text), message);
	if (last_time && !strcmp(text, last_text) && now - last_time < REPEAT_NS) {
		repeated++;
		return;
	}
	tell_repeated();
	memcpy(last_text, text, sizeof(last_text));
	last_priority = priority;
	last_time = now;
	write_line(priority, text);
}

bool log_output_failed(FILE *out)
{
	bool earlier = ferror(out);

	errno = 0;
	if (!fflush(out) && !earlier)
		return false;
	log_error("the output cannot be written%s%s", errno ? ": " : "",
		  errno ? strerror(errno) : "");
	return true;
}
