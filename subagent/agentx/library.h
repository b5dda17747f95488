/* SPDX-License-Identifier: BSD-2-Clause */
/* libnetsnmpagent, set up as a subagent that reads no file, writes no file and uses no signal. */
#ifndef NETDIAG_AGENTX_LIBRARY_H
#define NETDIAG_AGENTX_LIBRARY_H

/* How long AgentX Open may take, in ms. It is synchronous in the library: a master that does not
 * answer blocks the main thread for so long. */
#define LIBRARY_OPEN_MS 1500

/* Initialises the library, with our transport and its messages going to our log. Callbacks are
 * registered after it and before library_start(). 0 or -ENOMEM. */
int library_init(void);

/* Ends the initialisation, without connecting. */
void library_start(void);

/* Sets the master's address for the following attempts. 0 or -ENOMEM. */
int library_set_address(const char *address);

/* Tries once to open the session. The result comes by SNMPD_CALLBACK_INDEX_START. */
void library_open_session(void);

void library_shutdown(void);

#endif
