/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications as AgentX Notify PDUs (RFC 2741, 6.2.10). */
#ifndef NETDIAG_NOTIFY_PDU_H
#define NETDIAG_NOTIFY_PDU_H

/* net-snmp's own headers need this one first. */
#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include "subagent/notify/queue.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tables/notifications.h"

/* An SNMPv2 trap stays below this: one Ethernet frame, whatever it says. */
#define NOTIFY_TRAP_MAX 1400

/*
 * What the master sends of an alarm: snmpTrapOID.0, then the notification's objects in their order
 * (sysUpTime is the master's to add). Names are percent-encoded; where the trap would be too large
 * the advice is cut first, then the summary, never the command. agent: who tells it. The caller
 * sends or frees it. NULL when memory is short.
 */
netsnmp_pdu *notify_pdu_alarm(const struct notice *notice, const struct agent_row *agent,
			      const netsnmp_session *session);

/* The same for netdiagAlarmSync and netdiagHeartbeat. complete: every check has been evaluated. */
netsnmp_pdu *notify_pdu_agent(enum notification_id id, const struct agent_row *agent, bool complete,
			      const netsnmp_session *session);

#endif
