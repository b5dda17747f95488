/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When to try again after the AgentX master could not be reached or has refused something, and what
 * the operator can do about it. Each attempt costs the master a line in its log.
 */
#ifndef NETDIAG_AGENTX_RETRY_H
#define NETDIAG_AGENTX_RETRY_H

struct retry {
	long error;
	unsigned first_ms; /* after the first failure */
	unsigned growth;   /* with each further one it is so many times as long, ... */
	unsigned limit_ms; /* ... at most */
	const char *remedy;
};

/* For a session that failed with this errno (positive). */
const struct retry *retry_connect(int error);

/* For a Register that was refused with this res.error (enum agentx_error). */
const struct retry *retry_register(long error);

/* How long to wait after so many failures in a row, in ms; 0 after none. */
unsigned retry_ms(const struct retry *retry, unsigned failures);

#endif
