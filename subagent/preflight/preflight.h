/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagd --check: would it run here, and could a manager read what it serves? Each finding is a
 * line, with the one command that fixes it below. Nothing is changed.
 */
#ifndef NETDIAG_PREFLIGHT_H
#define NETDIAG_PREFLIGHT_H

#include "subagent/config/file.h"
#include "subagent/preflight/finding.h"

/* The parts. preflight_snmpd.c: snmpd.conf, and what snmpd shows when it is asked. */
void preflight_snmpd(struct preflight *preflight);
void preflight_ask(struct preflight *preflight);

/* preflight_socket.c: the path to the AgentX socket, as the user. */
void preflight_socket(struct preflight *preflight);

/* preflight_host.c: the MIB file, other instances, and what the user sees of the kernel. */
void preflight_mib(struct preflight *preflight);
void preflight_instances(struct preflight *preflight);
void preflight_kernel(struct preflight *preflight, const struct collect_settings *settings);

/*
 * Runs all parts and prints to out. user: whom to check for; NULL: the caller or, for root, the
 * unit's user, whom the process becomes for good. path: of the configuration file. configuration:
 * NULL if it is wrong, which has already been printed. Returns EXIT_SUCCESS if netdiagd would run,
 * else EXIT_FAILURE.
 */
int preflight_run(struct preflight *preflight, const char *user, const char *path,
		  const struct configuration *configuration);

#endif
