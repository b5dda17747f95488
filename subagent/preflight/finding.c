/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of --check share: they print findings, make commands and look for processes in
 * /proc. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "collectors/base/parse.h"
#include "collectors/base/text.h"
#include "collectors/kernel/procfs.h"
#include "subagent/preflight/finding.h"

#define ABOUT_WIDTH 14
#define LINE_SIZE   1024

void preflight_say(struct preflight *preflight, enum finding finding, const char *about,
		   const char *command, const char *format, ...)
{
	static const char *const words[] = {
		[FINDING_OK] = "ok",
		[FINDING_WARNING] = "warning",
		[FINDING_ERROR] = "error",
	};
	char text[LINE_SIZE], shown[LINE_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	text_console(shown, sizeof(shown), text);
	fprintf(preflight->out, "%-8s %-*s %s\n", words[finding], ABOUT_WIDTH, about, shown);
	if (*command)
		fprintf(preflight->out, "%*s # %s\n", 8 + 1 + ABOUT_WIDTH - 1, "", command);
	if (finding > preflight->worst)
		preflight->worst = finding;
}

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

bool preflight_is_plain(const char *path)
{
	return *path == '/' && strspn(path, WORD "/") == strlen(path);
}

bool preflight_is_word(const char *name)
{
	return *name && *name != '-' && strspn(name, WORD) == strlen(name);
}

void preflight_add_line(const struct preflight *preflight, const char *line,
			char command[PREFLIGHT_COMMAND_SIZE])
{
	const struct snmpd_conf *snmpd = &preflight->snmpd;
	const char *file = SNMPCONFPATH "/snmpd.conf";

	if (snmpd->found && !snmpd->denied && preflight_is_plain(snmpd->path))
		file = snmpd->path;
	snprintf(command, PREFLIGHT_COMMAND_SIZE, "echo '%s' >>%s && systemctl restart snmpd", line,
		 file);
}

/* A process in another network namespace is a container's, with a master of its own. One of which
 * that may not be read could be here. */
static bool finding_is_elsewhere(uint64_t pid)
{
	char own[64], other[64];

	return procfs_readlink(&roots_default, ROOT_PROC, own, sizeof(own), "self/ns/net") > 0 &&
	       procfs_readlink(&roots_default, ROOT_PROC, other, sizeof(other),
			       "%" PRIu64 "/ns/net", pid) > 0 &&
	       strcmp(own, other);
}

size_t preflight_processes(const char *name, pid_t pid[PREFLIGHT_PIDS])
{
	DIR *dir = procfs_opendir(&roots_default, ROOT_PROC, ".");
	struct filebuf buf = {0};
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir))) {
		struct span text = {entry->d_name, strlen(entry->d_name)};
		char command[32];
		uint64_t number;

		if (span_u64(text, &number) || (pid_t)number == getpid() ||
		    procfs_read_command(&roots_default, &buf, (uint32_t)number, command,
					sizeof(command)) ||
		    strcmp(command, name) || finding_is_elsewhere(number))
			continue;
		if (count < PREFLIGHT_PIDS)
			pid[count] = (pid_t)number;
		count++;
	}
	if (dir)
		closedir(dir);
	filebuf_free(&buf);
	return count;
}
