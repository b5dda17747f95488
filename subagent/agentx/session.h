/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The AgentX session with the master agent. All of libnetsnmpagent is called from the main thread
 * only, and only from the files here and in subagent/notify.
 */
#ifndef NETDIAG_AGENTX_SESSION_H
#define NETDIAG_AGENTX_SESSION_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <stdbool.h>
#include <stdint.h>

#include "subagent/tables/pinned.h"

/* Sets the library up as a subagent of the master at an address (see address.h). Answers from all
 * tables of the view; without one (NULL) nothing is registered, for a session that only sends.
 * session_turn() connects. 0 or -errno; -EINVAL for an address that is wrong, after logging why. */
int session_init(const char *address, struct pinned *view);

/* Moves the session to another address, after a reload. 0 or -errno, as for session_init(); the old
 * address stays then. */
int session_address(const char *address);

/* Closes the session cleanly (AgentX Close) and releases the library. */
void session_close(void);

/* The library's session with the master while it is up, else NULL. */
netsnmp_session *session_master(void);

/* How often the session was made again after it had been lost. */
uint64_t session_reconnects(void);

/* Called on the main thread when the session comes up (after registration) and goes down. */
typedef void session_change_fn(bool up, void *arg);
void session_on_change(session_change_fn *fn, void *arg);

/*
 * One turn: waits until something is to be done (a packet, an alarm of the library, `wake_fd`
 * readable, or timeout_ms) and does what the library has to do. `before` is called after waiting
 * and before any packet is read, with whether wake_fd is readable. 0, or -errno when waiting
 * failed.
 */
typedef void session_before_fn(bool woken, void *arg);
int session_turn(int wake_fd, unsigned timeout_ms, session_before_fn *before, void *arg);

/* A monotonic time (ns) as the master's sysUpTime then, in hundredths of a second; 0 when it was
 * before the master's start. Does not flicker between two requests. */
uint32_t session_ticks(uint64_t monotonic);

#endif
