/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "collectors/registry.h"
#include "subagent/config/directives.h"
#include "subagent/config/file.h"
#include "subagent/config/suggest.h"

/* What the library's reader calls this kind of file; "[netdiagd]" in a shared one. */
#define CONFIGURATION_TYPE "netdiagd"

#define RATE_PER_MINUTE_DEFAULT 30
#define HISTORY_DEFAULT		100

/* The load that is under way. The reader's handlers have no argument to say so. */
static struct load {
	struct draft draft;
	configuration_problem_fn *problem;
	void *arg;
	size_t problems;
} load;

static const char *directive_name(size_t i, const void *arg)
{
	(void)arg;
	return directives[i].name;
}

/* One line of the file: called by the library's reader for each known directive. */
static void take_line(const char *token, char *line)
{
	const struct directive *directive = directives;
	static struct words words; /* large; there is one load at a time */
	char why[WORDS_WHY_SIZE];

	while (directive->name && strcasecmp(directive->name, token))
		directive++;
	if (!directive->name || !load.draft.configuration)
		return;
	if (!words_split(&words, line, why))
		netsnmp_config_error("%s: %s", directive->name, why);
	else if (words.count < directive->min_words)
		netsnmp_config_error("%s: more words are wanted: %s %s", directive->name,
				     directive->name, directive->help);
	else if (!directive->apply(&load.draft, &words, why))
		netsnmp_config_error("%s %s", directive->name, why);
}

int configuration_init(void)
{
	for (const struct directive *d = directives; d->name; d++)
		if (!register_config_handler(CONFIGURATION_TYPE, d->name, take_line, NULL, d->help))
			return -ENOMEM;
	return 0;
}

static void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void tell(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A file can hold anything; what it says goes to a terminal or a log. */
	for (char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	load.problems++;
	load.problem(text, load.arg);
}

/* What the reader says of a directive without words, "Blank line following TOKEN token.", in the
 * words of take_line(). */
static const struct directive *without_words(const char *text, int length)
{
	static const char before[] = "Blank line following ", after[] = " token.";
	int token = length - (int)(strlen(before) + strlen(after));

	if (token <= 0 || strncmp(text, before, strlen(before)))
		return NULL;
	for (const struct directive *d = directives; d->name; d++)
		if ((int)strlen(d->name) == token &&
		    !strncasecmp(d->name, text + strlen(before), (size_t)token))
			return d;
	return NULL;
}

/* The reader says "FILE: line N: Error: TEXT"; people and editors want "FILE:N: TEXT". */
static void tell_reader_message(const char *message)
{
	static const char unknown_token[] = "Unknown token: ";
	const char *number = strstr(message, ": line "), *text;
	const struct directive *bare;
	int file_length, text_length;
	unsigned line;

	text = number ? strstr(number + 2, ": ") : NULL;
	text = text ? strstr(text + 2, ": ") : NULL;
	if (!text || sscanf(number, ": line %u", &line) != 1) {
		tell("%.*s", (int)strcspn(message, "\n"), message);
		return;
	}
	text += 2;
	file_length = (int)(number - message);
	text_length = (int)strcspn(text, "\n");
	if (!strncmp(text, unknown_token, strlen(unknown_token))) {
		char token[WORD_SIZE];
		const char *nearest;

		snprintf(token, sizeof(token), "%.*s", text_length, text);
		memmove(token, token + strlen(unknown_token),
			sizeof(token) - strlen(unknown_token));
		token[strcspn(token, ".\n")] = '\0';
		nearest = suggest(token, directive_name, NULL);
		tell("%.*s:%u: %s: no such directive%s%s%s", file_length, message, line, token,
		     nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
		return;
	}
	bare = without_words(text, text_length);
	if (bare)
		tell("%.*s:%u: %s: more words are wanted: %s %s", file_length, message, line,
		     bare->name, bare->name, bare->help);
	else
		tell("%.*s:%u: %.*s", file_length, message, line, text_length, text);
}

static int catch_message(netsnmp_log_handler *handler, int priority, const char *message)
{
	(void)handler;
	(void)priority;
	tell_reader_message(message);
	return 1;
}

/* Reads the file while what the library logs comes to us alone. */
static int read_file(const char *path)
{
	netsnmp_log_handler *head = get_logh_head(), *own, *other;
	int enabled[16] = {0};
	size_t count = 0;
	int result;

	for (other = head; other && count < 16; other = other->next, count++) {
		enabled[count] = other->enabled;
		other->enabled = 0;
	}
	own = netsnmp_register_loghandler(NETSNMP_LOGHANDLER_CALLBACK, LOG_DEBUG);
	if (own)
		own->handler = catch_message;
	result = read_config_with_type(path, CONFIGURATION_TYPE);
	if (own)
		netsnmp_remove_loghandler(own);
	for (other = get_logh_head(), count = 0; other && count < 16; other = other->next, count++)
		other->enabled = enabled[count];
	return result;
}

/* Whether there is a file to read; tells what is wrong with it. */
static bool readable(const char *path, bool required)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		if (errno != ENOENT || required)
			tell("%s: cannot be read: %s", path, strerror(errno));
		return false;
	}
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		tell("%s: is no regular file", path);
		close(fd);
		return false;
	}
	close(fd);
	return true;
}

static struct configuration *configuration_default(const struct roots *roots)
{
	struct configuration *configuration = calloc(1, sizeof(*configuration));

	if (!configuration)
		return NULL;
	if (settings_init(&configuration->collect, collectors)) {
		free(configuration);
		return NULL;
	}
	configuration->collect.roots = *roots;
	configuration->alarms.rate_per_minute = RATE_PER_MINUTE_DEFAULT;
	configuration->alarms.history = HISTORY_DEFAULT;
	return configuration;
}

struct configuration *configuration_load(const char *path, bool required, const struct roots *roots,
					 configuration_problem_fn *problem, void *arg)
{
	struct configuration *configuration = configuration_default(roots);

	load = (struct load){
		.draft = {.configuration = configuration},
		.problem = problem,
		.arg = arg,
	};
	if (!configuration)
		tell("%s: no memory", path);
	else if (readable(path, required) && read_file(path) != SNMPERR_SUCCESS && !load.problems)
		tell("%s: cannot be read", path);
	load.draft.configuration = NULL;
	if (!load.problems)
		return configuration;
	configuration_free(configuration);
	return NULL;
}

void configuration_free(struct configuration *configuration)
{
	if (!configuration)
		return;
	settings_free(&configuration->collect);
	free(configuration->alarms.checks);
	free(configuration->agentx_socket);
	free(configuration);
}
