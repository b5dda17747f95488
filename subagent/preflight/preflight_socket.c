/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --check, the way to the AgentX master: each directory of the socket's path, the socket, and who
 * listens. It runs as the user of the service, so that access(2) and connect(2) tell what this
 * user may do, access-control lists included; stat(2) tells why not.
 */
#include <config.h>

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/kernel/procfs.h"
#include "subagent/agentx/address.h"
#include "subagent/agentx/retry.h"
#include "subagent/preflight/preflight.h"

#define CONNECT_MS 1000

static const char *socket_owner(uid_t uid)
{
	struct passwd *found = getpwuid(uid);

	return found ? found->pw_name : "?";
}

static const char *socket_group(gid_t gid)
{
	struct group *found = getgrgid(gid);

	return found ? found->gr_name : "?";
}

static bool socket_is_in_group(gid_t gid)
{
	gid_t groups[256];
	int count = getgroups(256, groups);

	if (gid == getegid())
		return true;
	while (count-- > 0)
		if (groups[count] == gid)
			return true;
	return false;
}

/* Says why there is no socket: snmpd is not running, or is no master. */
static void socket_say_missing(struct preflight *preflight, const char *path)
{
	char command[PREFLIGHT_COMMAND_SIZE] = "systemctl restart snmpd";
	pid_t pid[PREFLIGHT_PIDS];

	if (!preflight_processes("snmpd", pid)) {
		preflight_say(preflight, FINDING_ERROR, "socket", "systemctl start snmpd",
			      "%s does not exist: snmpd is not running", path);
	} else if (preflight->snmpd.found && !preflight->snmpd.denied && !preflight->snmpd.master) {
		preflight_add_line(preflight, "master agentx", command);
		preflight_say(preflight, FINDING_ERROR, "socket", command,
			      "%s does not exist: snmpd is no AgentX master", path);
	} else {
		preflight_say(preflight, FINDING_ERROR, "socket", command,
			      "%s does not exist, though snmpd is running: it was started before "
			      "its configuration was changed, or has another agentXSocket",
			      path);
	}
}

static void socket_say_directory(struct preflight *preflight, const char *path,
				 const struct stat *st)
{
	char command[PREFLIGHT_COMMAND_SIZE] = "";

	if (preflight_is_plain(path))
		snprintf(command, sizeof(command), "chmod o+x %s", path);
	preflight_say(preflight, FINDING_ERROR, "socket", command,
		      "%s may not enter %s (mode %04o, %s:%s). agentXPerms sets the mode only when "
		      "snmpd makes the directory",
		      preflight->user.name, path, (unsigned)st->st_mode & 07777,
		      socket_owner(st->st_uid), socket_group(st->st_gid));
}

/* The socket may not be used: its group and mode decide what mends that. */
static void socket_say_mode(struct preflight *preflight, const char *path, const struct stat *st)
{
	const struct preflight_user *user = &preflight->user;
	bool for_group = (st->st_mode & 0060) == 0060;
	char command[PREFLIGHT_COMMAND_SIZE] = "", line[160];

	if (for_group && st->st_gid && !socket_is_in_group(st->st_gid)) {
		if (preflight_is_word(socket_group(st->st_gid)) && preflight_is_word(user->name))
			snprintf(command, sizeof(command), "usermod -a -G %s %s",
				 socket_group(st->st_gid), user->name);
		preflight_say(preflight, FINDING_ERROR, "socket", command,
			      "%s is for the group %s, and %s is not in it. A service that is in "
			      "it since then must be restarted",
			      path, socket_group(st->st_gid), user->name);
		return;
	}
	snprintf(line, sizeof(line), "agentXPerms 0660 0755 root %s", user->group);
	if (preflight_is_word(user->group))
		preflight_add_line(preflight, line, command);
	preflight_say(preflight, FINDING_ERROR, "socket", command,
		      "%s is for %s:%s only (mode %04o): snmpd.conf %s", path,
		      socket_owner(st->st_uid), socket_group(st->st_gid),
		      (unsigned)st->st_mode & 07777,
		      preflight->snmpd.perms ? "has other agentXPerms, or snmpd was not restarted"
					     : "has no agentXPerms");
}

/* Names the listener, whose credentials the kernel keeps (SO_PEERCRED). */
static void socket_say_listener(struct preflight *preflight, int fd)
{
	struct ucred peer = {.pid = 0};
	struct filebuf buf = {0};
	char name[32] = "";
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || peer.pid <= 0 ||
	    procfs_read_command(&roots_default, &buf, (uint32_t)peer.pid, name, sizeof(name)))
		preflight_say(preflight, FINDING_OK, "socket", "", "%s accepts connections",
			      preflight->address);
	else
		preflight_say(preflight, strcmp(name, "snmpd") ? FINDING_WARNING : FINDING_OK,
			      "socket", "", "%s: %s pid %d listens", preflight->address, name,
			      (int)peer.pid);
	filebuf_free(&buf);
}

/* 0 or an errno. */
static int socket_connect(int fd, const struct address *address)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(int);
	int err = 0;

	if (!connect(fd, &address->any, address->len))
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&pollfd, 1, CONNECT_MS) <= 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) ? errno : err;
}

static void socket_say_connection(struct preflight *preflight, const struct address *address)
{
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int err = fd < 0 ? errno : socket_connect(fd, address);

	if (!err)
		socket_say_listener(preflight, fd);
	else if (err == ECONNREFUSED)
		preflight_say(preflight, FINDING_ERROR, "socket", "systemctl restart snmpd",
			      "%s: nobody listens: snmpd ended and left it behind, or has another "
			      "agentXSocket",
			      preflight->address);
	else if (err == EACCES || err == EPERM)
		preflight_say(preflight, FINDING_ERROR, "socket", "journalctl -k -g denied",
			      "%s: %s, though its mode allows it: a security module does not",
			      preflight->address, strerror(err));
	else
		preflight_say(preflight, FINDING_ERROR, "socket", "", "%s: %s. %s",
			      preflight->address, strerror(err), retry_connect(err)->remedy);
	if (fd >= 0)
		close(fd);
}

/* Each directory of the path from the top, then the socket. False after saying what is wrong. */
static bool socket_is_reachable(struct preflight *preflight, const char *socket_path)
{
	char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1] = "/";
	const char *at = socket_path;
	struct stat st;

	for (;;) {
		if (stat(path, &st)) {
			if (errno == ENOENT)
				socket_say_missing(preflight, path);
			else
				preflight_say(preflight, FINDING_ERROR, "socket", "", "%s: %s",
					      path, strerror(errno));
			return false;
		}
		at += strspn(at, "/");
		if (!*at)
			break;
		if (S_ISDIR(st.st_mode) && access(path, X_OK)) {
			socket_say_directory(preflight, path, &st);
			return false;
		}
		at += strcspn(at, "/");
		snprintf(path, sizeof(path), "%.*s", (int)(at - socket_path), socket_path);
	}
	if (!S_ISSOCK(st.st_mode)) {
		preflight_say(preflight, FINDING_ERROR, "socket", "", "%s is no socket", path);
		return false;
	}
	if (access(path, R_OK | W_OK)) {
		socket_say_mode(preflight, path, &st);
		return false;
	}
	return true;
}

void preflight_socket(struct preflight *preflight)
{
	struct address address;
	const char *wrong = address_parse(&address, preflight->address);

	if (wrong)
		preflight_say(preflight, FINDING_ERROR, "socket", "", "%s: %s", preflight->address,
			      wrong);
	else if (address.any.sa_family != AF_UNIX ||
		 socket_is_reachable(preflight, address.un.sun_path))
		socket_say_connection(preflight, &address);
}
