/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications as AgentX Notify PDUs (RFC 2741, 6.2.10). */
#ifndef NETDIAG_NOTIFY_PDU_H
#define NETDIAG_NOTIFY_PDU_H

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include "subagent/notify/queue.h"

/* A PDU for this session: snmpTrapOID.0, then the notification's objects in their order (sysUpTime
 * is the master's to add). The caller sends or frees it. NULL when memory is short. */
netsnmp_pdu *notify_pdu(const struct notice *notice, const netsnmp_session *session);

#endif
