/* SPDX-License-Identifier: BSD-2-Clause */
/* --check: runs its parts, first those that need the privileges of the one who asks, then as the
 * user under whom netdiagd is to run, so that the kernel itself answers what that one may do. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/base/parse.h"
#include "collectors/base/text.h"
#include "collectors/kernel/procfs.h"
#include "subagent/preflight/preflight.h"
#include "subagent/tables/table.h"

/* The user of the unit. */
#define UNIT_USER     "netdiag"
#define ADD_UNIT_USER "useradd --system --user-group " UNIT_USER

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
		    strcmp(command, name))
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

/* 0; false after saying why there is no such user. */
static bool preflight_find_user(struct preflight *preflight, const char *name)
{
	struct preflight_user *user = &preflight->user;
	bool root = !geteuid();
	struct passwd *found;
	struct group *group;

	if (!name && root && getpwnam(UNIT_USER))
		name = UNIT_USER;
	found = name ? getpwnam(name) : getpwuid(geteuid());
	if (!found && name) {
		preflight_say(preflight, FINDING_ERROR, "user",
			      strcmp(name, UNIT_USER) ? "" : ADD_UNIT_USER,
			      "there is no user %s: the service cannot start", name);
		return false;
	}
	user->uid = found ? found->pw_uid : geteuid();
	user->gid = found ? found->pw_gid : getegid();
	text_copy(user->name, sizeof(user->name), found ? found->pw_name : "?");
	group = getgrgid(user->gid);
	text_copy(user->group, sizeof(user->group), group ? group->gr_name : "?");
	user->other = user->uid != geteuid();
	if (user->other && !root) {
		preflight_say(preflight, FINDING_ERROR, "user", "",
			      "only root can check for another user: run this as root");
		return false;
	}
	if (!user->uid && !name)
		preflight_say(
			preflight, FINDING_WARNING, "user", ADD_UNIT_USER,
			"checked as root, who may do everything, for there is no user " UNIT_USER
			", whom the systemd unit needs");
	else
		preflight_say(preflight, FINDING_OK, "user", "", "as %s, group %s", user->name,
			      user->group);
	return true;
}

/* Becomes the user for good, with the groups of that one. */
static bool preflight_become(struct preflight *preflight)
{
	const struct preflight_user *user = &preflight->user;

	if (!user->other)
		return true;
	fflush(preflight->out);
	if (!initgroups(user->name, user->gid) && !setgid(user->gid) && !setuid(user->uid))
		return true;
	preflight_say(preflight, FINDING_ERROR, "user", "", "cannot become %s: %s", user->name,
		      strerror(errno));
	return false;
}

/* The daemon reads it as the user, not as the one who asks. */
static void preflight_configuration(struct preflight *preflight, const char *path)
{
	char command[PATH_MAX + 32] = "";

	if (!access(path, R_OK))
		preflight_say(preflight, FINDING_OK, "configuration", "", "%s", path);
	else if (errno == ENOENT)
		preflight_say(preflight, FINDING_OK, "configuration", "",
			      "%s does not exist: the defaults apply", path);
	else {
		if (preflight_is_plain(path))
			snprintf(command, sizeof(command), "chmod 0644 %s", path);
		preflight_say(preflight, FINDING_ERROR, "configuration", command,
			      "%s may not read %s: %s", preflight->user.name, path,
			      strerror(errno));
	}
}

int preflight_run(struct preflight *preflight, const char *user, const char *path,
		  const struct configuration *configuration)
{
	bool known = preflight_find_user(preflight, user);

	if (!configuration)
		preflight_say(preflight, FINDING_ERROR, "configuration", "",
			      "%s is wrong, see above: netdiagd would not start", path);
	preflight_snmpd(preflight);
	preflight_instances(preflight);
	preflight_mib(preflight);
	preflight_ask(preflight);
	if (known && preflight_become(preflight)) {
		preflight_configuration(preflight, path);
		preflight_socket(preflight);
		if (configuration)
			preflight_kernel(preflight, configuration->collect);
	}
	fputs(preflight->worst == FINDING_ERROR ? "netdiagd would not run here as it should\n"
						: "netdiagd would run here\n",
	      preflight->out);
	return preflight->worst == FINDING_ERROR ? EXIT_FAILURE : EXIT_SUCCESS;
}
