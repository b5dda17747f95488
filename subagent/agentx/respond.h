/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers the requests of the AgentX master from the tables. Handles PDUs as the library has parsed
 * them, and touches no socket.
 */
#ifndef NETDIAG_AGENTX_RESPOND_H
#define NETDIAG_AGENTX_RESPOND_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "subagent/tables/table.h"

/* Turns a monotonic time (ns) into sysUpTime then: session_ticks(). */
typedef uint32_t respond_ticks_fn(uint64_t monotonic);

/* Where the answers come from. */
struct respond {
	table_rows_fn *rows;
	void *rows_arg;
	respond_ticks_fn *ticks;
};

/*
 * The response to a Get, GetNext, GetBulk (one repetition, as RFC 2741, 7.2.3.3 allows), TestSet
 * (notWritable), CommitSet or UndoSet; the caller sends or frees it. NULL for a PDU that wants no
 * response, and when memory is short.
 */
netsnmp_pdu *respond_answer(const struct respond *handler, const netsnmp_pdu *request);

/* Adds a cell's value to a PDU under this name. handler may be NULL where no column holds a stamp.
 * False when memory is short. */
bool respond_add_cell(const struct respond *handler, netsnmp_pdu *pdu, const struct cell *cell,
		      const oid *name, size_t len);

#endif
