/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages to the operator, on stderr, in the journal behind it or through syslog, with repeated
 * ones counted instead of written. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/collector.h"
#include "subagent/log.h"

/* A repeated message is logged at most this often. */
#define REPEAT_NS UINT64_C(60000000000)

#define MESSAGE_SIZE 4096

static enum log_target current = LOG_TO_STDERR;
static int lowest = LOG_INFO; /* of the priorities that are written */
static bool journal;	      /* stderr is the journal */
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

bool log_level_parse(const char *word, int *level)
{
	static const struct {
		const char *word;
		int level;
	} levels[] = {
		{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"notice", LOG_NOTICE},
		{"info", LOG_INFO}, {"debug", LOG_DEBUG},
	};

	for (size_t i = 0; i < COUNT_OF(levels); i++)
		if (!strcmp(word, levels[i].word)) {
			*level = levels[i].level;
			return true;
		}
	return false;
}

/* systemd names the journal's stream by its device and inode, so that a program notices when its
 * stderr has been redirected since. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == device && st.st_ino == inode;
}

void log_open(enum log_target target, int level)
{
	current = target;
	lowest = level;
	journal = target == LOG_TO_STDERR && stderr_is_journal();
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
	else if (journal)
		fprintf(stderr, "<%d>%s\n", priority, text);
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
	lowest = LOG_INFO;
	journal = false;
}

void log_message(int priority, const char *format, ...)
{
	char message[MESSAGE_SIZE], text[MESSAGE_SIZE];
	uint64_t now = clock_monotonic();
	va_list args;

	if (priority > lowest)
		return;
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
