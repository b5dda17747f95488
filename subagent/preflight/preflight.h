/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagd --check: would it run here, and would anybody see what it serves? Each finding is a
 * line, and below it the one command that mends it. Nothing is changed.
 */
#ifndef NETDIAG_PREFLIGHT_H
#define NETDIAG_PREFLIGHT_H

#include "subagent/config/file.h"
#include "subagent/preflight/finding.h"

/* The parts. preflight_snmpd.c: snmpd.conf, and what snmpd shows when it is asked. */
void preflight_snmpd(struct preflight *preflight);
void preflight_ask(struct preflight *preflight);

/* preflight_socket.c: the way to the AgentX socket, as the user. */
void preflight_socket(struct preflight *preflight);

/* preflight_host.c: the MIB file, other instances, and what the user sees of the kernel. */
void preflight_mib(struct preflight *preflight);
void preflight_instances(struct preflight *preflight);
void preflight_kernel(struct preflight *preflight, const struct collect_settings *settings);

/*
 * Does all of it, and prints to out. user: NULL for the one that the unit has, if it is root who
 * asks. configuration: NULL when it is wrong, which has been printed then. path: of the
 * configuration file. From within, root becomes that user for good. Returns EXIT_SUCCESS when it
 * would run, else EXIT_FAILURE.
 */
int preflight_run(struct preflight *preflight, const char *user, const char *path,
		  const struct configuration *configuration);

#endif
