/* SPDX-License-Identifier: BSD-2-Clause */
/* The findings of --check, and helpers that its parts share. */
#ifndef NETDIAG_PREFLIGHT_FINDING_H
#define NETDIAG_PREFLIGHT_FINDING_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "subagent/preflight/snmpd_conf.h"

enum finding {
	FINDING_OK,
	FINDING_WARNING, /* it would run, and something is missing */
	FINDING_ERROR,	 /* it would not run, or could not be queried */
};

/* The user under whom netdiagd is to run. */
struct preflight_user {
	char name[64];
	char group[64];
	bool other; /* not the caller */
	uid_t uid;
	gid_t gid;
};

struct preflight {
	FILE *out;
	struct preflight_user user;
	const char *address;   /* of the AgentX master */
	const char *community; /* to ask the master with; NULL: the profile of snmp.conf */
	struct snmpd_conf snmpd;
	enum finding worst;
};

/* Prints a finding. about: its subject, "socket"; command: what fixes it, or "". */
void preflight_say(struct preflight *preflight, enum finding finding, const char *about,
		   const char *command, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* Whether an absolute path, or a name, is safe in a command without quoting. */
bool preflight_is_plain(const char *path);
bool preflight_is_word(const char *name);

/* Writes the command that adds a line to snmpd.conf and makes snmpd read it. */
#define PREFLIGHT_COMMAND_SIZE (2 * PATH_MAX)
void preflight_add_line(const struct preflight *preflight, const char *line,
			char command[PREFLIGHT_COMMAND_SIZE]);

/* Finds the processes with this name in our network namespace, except our own. Returns their
 * number; pid gets the first few. */
#define PREFLIGHT_PIDS 4
size_t preflight_processes(const char *name, pid_t pid[PREFLIGHT_PIDS]);

#endif
