/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the PDUs of notifications from an alarm's row and the agent's, and keeps them small enough
 * for one Ethernet frame. */
#include <config.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "collectors/base/text.h"
#include "subagent/agentx/protocol.h"
#include "subagent/agentx/respond.h"
#include "subagent/notify/pdu.h"

/* A master that is stopped or slow keeps its session: what it has not answered by then is sent
 * again. */
#define ANSWER_S 60

/* What surrounds the varbinds of an SNMPv2 trap: the message's and the PDU's headers, a community
 * of 16, sysUpTime.0 and snmpTrapOID.0. */
#define TRAP_OVERHEAD 130

/* Where nothing is said, so that no receiver meets an empty text. */
#define NOTHING "-"

/* SNMPv2-MIB::snmpTrapOID.0 */
static const oid trap_oid[] = {1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0};

/* The values of all objects of netdiagNotifyObjects. */
struct objects {
	uint64_t sequence;
	uint64_t severity;
	uint64_t previous_severity;
	uint64_t value;
	uint64_t limit;
	uint64_t raised_at;
	uint64_t changed_at;
	uint64_t alarm_id;
	uint64_t cause_id;
	uint64_t state;
	uint64_t last_sequence;
	uint64_t active_alarms;
	uint64_t worst_severity;
	uint64_t critical_alarms;
	uint64_t warning_alarms;
	uint64_t held_back;
	uint64_t uptime;
	uint64_t complete;
	char check[CHECK_NAME_SIZE];
	char instance[NOTIFY_INSTANCE_SIZE];
	char units[CHECK_UNITS_SIZE];
	char host_name[AGENT_HOST_NAME_SIZE];
	char boot_id[AGENT_BOOT_ID_SIZE];
	char config_hash[AGENT_CONFIG_HASH_SIZE];
	struct alarm_text text;
	struct object_id object_id;
};

#define AT(member) offsetof(struct objects, member)

static const size_t offsets[NOTIFY_OBJECT_COUNT] = {
	[NOTIFY_SEQUENCE] = AT(sequence),
	[NOTIFY_CHECK] = AT(check),
	[NOTIFY_INSTANCE] = AT(instance),
	[NOTIFY_SEVERITY] = AT(severity),
	[NOTIFY_SUMMARY] = AT(text.summary),
	[NOTIFY_VALUE] = AT(value),
	[NOTIFY_LIMIT] = AT(limit),
	[NOTIFY_UNITS] = AT(units),
	[NOTIFY_OBJECT_ID] = AT(object_id),
	[NOTIFY_RAISED_AT] = AT(raised_at),
	[NOTIFY_ADVICE] = AT(text.advice),
	[NOTIFY_BOOT_ID] = AT(boot_id),
	[NOTIFY_LAST_SEQUENCE] = AT(last_sequence),
	[NOTIFY_ACTIVE_ALARMS] = AT(active_alarms),
	[NOTIFY_WORST_SEVERITY] = AT(worst_severity),
	[NOTIFY_UPTIME] = AT(uptime),
	[NOTIFY_ALARM_ID] = AT(alarm_id),
	[NOTIFY_STATE] = AT(state),
	[NOTIFY_PREVIOUS_SEVERITY] = AT(previous_severity),
	[NOTIFY_CHANGED_AT] = AT(changed_at),
	[NOTIFY_HOST_NAME] = AT(host_name),
	[NOTIFY_CAUSE_ID] = AT(cause_id),
	[NOTIFY_COMMAND] = AT(text.command),
	[NOTIFY_COMPLETE] = AT(complete),
	[NOTIFY_CRITICAL_ALARMS] = AT(critical_alarms),
	[NOTIFY_WARNING_ALARMS] = AT(warning_alarms),
	[NOTIFY_HELD_BACK] = AT(held_back),
	[NOTIFY_CONFIG_HASH] = AT(config_hash),
};

static size_t pdu_root(oid *name, oid branch)
{
	memcpy(name, base_oid, base_oid_len * sizeof(oid));
	name[base_oid_len] = branch;
	return base_oid_len + 1;
}

static bool pdu_add(netsnmp_pdu *pdu, const struct objects *objects, enum notify_object_id which)
{
	const struct notify_object *object = &notify_objects[which];
	struct column column = {.type = object->type,
				.offset = offsets[which],
				.size = object->size,
				.values = object->values};
	struct cell cell = {.column = &column, .row = objects};
	oid name[MAX_OID_LEN];
	size_t len = pdu_root(name, ARC_OBJECTS);

	name[len++] = ARC_NOTIFY_OBJECTS;
	name[len++] = object->arc;
	name[len++] = 0;
	return respond_add_cell(NULL, pdu, &cell, name, len);
}

static netsnmp_pdu *pdu_make(enum notification_id id, const struct objects *objects,
			     const netsnmp_session *session)
{
	const struct notification *notification = &notifications[id];
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_PDU_NOTIFY);
	oid name[MAX_OID_LEN];
	size_t len = pdu_root(name, ARC_NOTIFICATIONS);
	bool ok;

	if (!pdu)
		return NULL;
	pdu->sessid = session ? session->sessid : 0;
	pdu->flags |= UCD_MSG_FLAG_PDU_TIMEOUT;
	pdu->time = ANSWER_S;
	name[len++] = notification->arc;
	ok = snmp_pdu_add_variable(pdu, trap_oid, OID_LENGTH(trap_oid), ASN_OBJECT_ID, name,
				   len * sizeof(oid)) != NULL;
	for (size_t i = 0; ok && i < notification->object_count; i++)
		ok = pdu_add(pdu, objects, notification->objects[i]);
	if (ok)
		return pdu;
	snmp_free_pdu(pdu);
	return NULL;
}

/* Bytes of a sub-identifier in BER. */
static size_t arc_size(oid arc)
{
	size_t size = 1;

	while (arc >>= 7)
		size++;
	return size;
}

static size_t oid_size(const oid *name, size_t len)
{
	size_t size = 0;

	for (size_t i = 1; i < len; i++)
		size += arc_size(name[i]);
	return size;
}

/* What the varbinds of an alarm take in BER, at most: each has a sequence, a name and a value with
 * headers of up to four bytes. */
static size_t varbinds_size(const netsnmp_pdu *pdu)
{
	size_t size = 0;

	for (const netsnmp_variable_list *var = pdu->variables; var; var = var->next_variable) {
		size += 4 + 2 + oid_size(var->name, var->name_length) + 4;
		size += var->type == ASN_OBJECT_ID
				? oid_size(var->val.objid, var->val_len / sizeof(oid))
			: var->type == ASN_OCTET_STR ? var->val_len
						     : 5;
	}
	return size;
}

/* Takes characters off the end of a text, but never all and no percent escape in half. */
static size_t shorten(char *text, size_t by)
{
	size_t len = strlen(text), keep = len > by ? len - by : 1;

	if (len <= 1)
		return 0;
	while (keep > 1 && (text[keep - 1] == '%' || (keep > 2 && text[keep - 2] == '%')))
		keep--;
	text[keep] = '\0';
	return len - keep;
}

/* An instance as it leaves the host. Of a name that is too long a hash stands for its end, so that
 * two names never become one; '~' begins nothing else. */
static void set_instance(char text[NOTIFY_INSTANCE_SIZE], const char *instance)
{
	const size_t room = NOTIFY_INSTANCE_SIZE - sizeof("~01234567");
	uint32_t hash = UINT32_C(2166136261); /* FNV-1a: the same in each life of the daemon */
	size_t len;

	if (text_percent(text, NOTIFY_INSTANCE_SIZE, instance))
		return;
	len = strlen(text);
	if (len > room)
		shorten(text, len - room);
	for (const char *at = instance; *at; at++)
		hash = (hash ^ (unsigned char)*at) * UINT32_C(16777619);
	len = strlen(text);
	snprintf(text + len, NOTIFY_INSTANCE_SIZE - len, "~%08x", (unsigned)hash);
}

static void no_empty_text(char *text, size_t size)
{
	if (!text[0])
		text_copy(text, size, NOTHING);
}

static void set_agent(struct objects *objects, const struct agent_row *agent)
{
	objects->last_sequence = agent->last_sequence;
	objects->active_alarms = agent->active_alarms;
	objects->worst_severity = agent->worst_severity;
	objects->critical_alarms = agent->critical_alarms;
	objects->warning_alarms = agent->warning_alarms;
	objects->held_back = agent->held_back;
	objects->uptime = agent->uptime;
	ROW_SET_TEXT(objects->boot_id, agent->boot_id);
	ROW_SET_TEXT(objects->host_name, agent->host_name);
	ROW_SET_TEXT(objects->config_hash, agent->config_hash);
	no_empty_text(objects->boot_id, sizeof(objects->boot_id));
	no_empty_text(objects->host_name, sizeof(objects->host_name));
	no_empty_text(objects->config_hash, sizeof(objects->config_hash));
}

static uint64_t pdu_present(uint64_t number)
{
	return number == ROW_ABSENT ? 0 : number;
}

static void set_alarm(struct objects *objects, const struct notice *notice)
{
	const struct alarm_row *alarm = &notice->alarm;

	objects->sequence = notice->sequence;
	objects->severity = alarm->severity;
	objects->previous_severity = notice->previous;
	objects->state = notice->kind;
	objects->value = pdu_present(alarm->value);
	objects->limit = pdu_present(alarm->limit);
	objects->raised_at = alarm->raised_at;
	objects->changed_at = alarm->changed_at;
	objects->alarm_id = alarm->id;
	objects->cause_id = alarm->cause_id;
	objects->object_id = alarm->object_id;
	objects->text = alarm->text;
	ROW_SET_TEXT(objects->check, alarm->check);
	set_instance(objects->instance, alarm->instance);
	ROW_SET_TEXT(objects->units, alarm->units);
	no_empty_text(objects->units, sizeof(objects->units));
	no_empty_text(objects->text.summary, sizeof(objects->text.summary));
	no_empty_text(objects->text.advice, sizeof(objects->text.advice));
	no_empty_text(objects->text.command, sizeof(objects->text.command));
}

netsnmp_pdu *notify_pdu_alarm(const struct notice *notice, const struct agent_row *agent,
			      const netsnmp_session *session)
{
	enum notification_id id = notice->kind == ALARM_EVENT_CLEARED ? NOTIFICATION_CLEARED
								      : NOTIFICATION_RAISED;
	struct objects objects;
	netsnmp_pdu *pdu;
	size_t size;

	memset(&objects, 0, sizeof(objects));
	set_agent(&objects, agent);
	set_alarm(&objects, notice);
	while ((pdu = pdu_make(id, &objects, session))) {
		size = TRAP_OVERHEAD + varbinds_size(pdu);
		if (size < NOTIFY_TRAP_MAX ||
		    !(shorten(objects.text.advice, size - NOTIFY_TRAP_MAX + 1) ||
		      shorten(objects.text.summary, size - NOTIFY_TRAP_MAX + 1)))
			return pdu;
		snmp_free_pdu(pdu);
	}
	return NULL;
}

netsnmp_pdu *notify_pdu_agent(enum notification_id id, const struct agent_row *agent, bool complete,
			      const netsnmp_session *session)
{
	struct objects objects;

	memset(&objects, 0, sizeof(objects));
	set_agent(&objects, agent);
	objects.complete = complete;
	return pdu_make(id, &objects, session);
}
