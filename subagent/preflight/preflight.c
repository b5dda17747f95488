/* SPDX-License-Identifier: BSD-2-Clause */
/* --check: runs its parts, first those that need the caller's privileges, then, as the user that
 * netdiagd is to run as, those about what the kernel lets this user do. */
#include <config.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/base/text.h"
#include "subagent/preflight/preflight.h"

/* The user of the unit. */
#define UNIT_USER     "netdiag"
#define ADD_UNIT_USER "useradd --system --user-group " UNIT_USER

/* Finds the user to check for. False after saying why there is none. */
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
			      "only root can check for another user");
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

/* Becomes the user for good, with that user's groups. */
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

/* Checks the file as the user, because the daemon reads it as such. */
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
