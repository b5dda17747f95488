/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagd at work: collectors, session and the loop between them. */
#ifndef NETDIAG_DAEMON_H
#define NETDIAG_DAEMON_H

#include "subagent/options.h"

/* Serves until SIGTERM or SIGINT. Returns the exit status. Ends the process by itself when a
 * collector is stuck in the kernel. */
int daemon_run(const struct options *options);

#endif
