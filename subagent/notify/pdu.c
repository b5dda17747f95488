/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stddef.h>
#include <string.h>

#include "subagent/agentx/protocol.h"
#include "subagent/agentx/respond.h"
#include "subagent/notify/pdu.h"

/* A master that is stopped or slow keeps its session: what it has not answered by then is sent
 * again. */
#define ANSWER_S 60

/* SNMPv2-MIB::snmpTrapOID.0 */
static const oid trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};

/* Where each object's value is. */
static const size_t offsets[NOTIFY_OBJECT_COUNT] = {
	[NOTIFY_SEQUENCE] = offsetof(struct notice, sequence),
	[NOTIFY_CHECK] = offsetof(struct notice, check),
	[NOTIFY_INSTANCE] = offsetof(struct notice, instance),
	[NOTIFY_SEVERITY] = offsetof(struct notice, severity),
	[NOTIFY_SUMMARY] = offsetof(struct notice, summary),
	[NOTIFY_VALUE] = offsetof(struct notice, value),
	[NOTIFY_LIMIT] = offsetof(struct notice, limit),
	[NOTIFY_UNITS] = offsetof(struct notice, units),
	[NOTIFY_OBJECT_ID] = offsetof(struct notice, object_id),
	[NOTIFY_RAISED_AT] = offsetof(struct notice, raised_at),
	[NOTIFY_ADVICE] = offsetof(struct notice, advice),
	[NOTIFY_BOOT_ID] = offsetof(struct notice, boot_id),
	[NOTIFY_LAST_SEQUENCE] = offsetof(struct notice, last_sequence),
	[NOTIFY_ACTIVE_ALARMS] = offsetof(struct notice, active_alarms),
	[NOTIFY_WORST_SEVERITY] = offsetof(struct notice, worst_severity),
	[NOTIFY_UPTIME] = offsetof(struct notice, uptime),
};

static size_t root(oid *name, oid branch)
{
	memcpy(name, base_oid, base_oid_len * sizeof(oid));
	name[base_oid_len] = branch;
	return base_oid_len + 1;
}

static bool add_object(netsnmp_pdu *pdu, const struct notice *notice, enum notify_object_id which)
{
	const struct notify_object *object = &notify_objects[which];
	struct column column = {.type = object->type,
				.offset = offsets[which],
				.size = object->size,
				.values = object->values};
	struct cell cell = {.column = &column, .row = notice};
	oid name[MAX_OID_LEN];
	size_t len = root(name, ARC_OBJECTS);

	name[len++] = ARC_NOTIFY_OBJECTS;
	name[len++] = object->arc;
	name[len++] = 0;
	return respond_add_cell(NULL, pdu, &cell, name, len);
}

netsnmp_pdu *notify_pdu(const struct notice *notice, const netsnmp_session *session)
{
	const struct notification *notification = &notifications[notice->id];
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_PDU_NOTIFY);
	oid name[MAX_OID_LEN];
	size_t len = root(name, ARC_NOTIFICATIONS);
	bool ok;

	if (!pdu)
		return NULL;
	pdu->sessid = session->sessid;
	pdu->flags |= UCD_MSG_FLAG_PDU_TIMEOUT;
	pdu->time = ANSWER_S;
	name[len++] = notification->arc;
	ok = snmp_pdu_add_variable(pdu, trap_oid, OID_LENGTH(trap_oid), ASN_OBJECT_ID, name,
				   len * sizeof(oid)) != NULL;
	for (size_t i = 0; ok && i < notification->object_count; i++)
		ok = add_object(pdu, notice, notification->objects[i]);
	if (ok)
		return pdu;
	snmp_free_pdu(pdu);
	return NULL;
}
