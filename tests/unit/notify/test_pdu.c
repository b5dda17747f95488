/* SPDX-License-Identifier: BSD-2-Clause */
/* What a notification consists of, and how large it gets. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "collectors/socket/listener.h"
#include "subagent/agentx/protocol.h"
#include "subagent/notify/pdu.h"

/* A message around the PDU: headers, version, a community of 32 octets. */
#define AROUND (4 + 3 + 2 + 32)

static const netsnmp_session session = {.sessid = 77};
static const oid uptime_oid[] = {1, 3, 6, 1, 2, 1, 1, 3, 0};

static void fill(char *text, size_t size, char with)
{
	memset(text, with, size - 1);
	text[size - 1] = '\0';
}

/* The agent with texts at their bounds and numbers that do not fit. */
static struct agent_row largest_agent(void)
{
	struct agent_row agent;

	row_reset(&agent_row_type, &agent);
	for (size_t at = 0; at < agent_row_type.text; at += sizeof(uint64_t))
		*(uint64_t *)(void *)((char *)&agent + at) = UINT64_MAX - 1;
	agent.worst_severity = ALARM_CRITICAL;
	fill(agent.boot_id, sizeof(agent.boot_id), 'f');
	fill(agent.host_name, sizeof(agent.host_name), 'h');
	fill(agent.config_hash, sizeof(agent.config_hash), 'c');
	return agent;
}

/* The largest notice that netdiagd makes: texts at their bounds, of a name of which each octet is
 * percent-encoded and two octets of an object id. */
static struct notice largest(enum alarm_event_kind kind)
{
	struct notice notice = {
		.kind = kind,
		.sequence = UINT32_MAX,
		.previous = ALARM_CRITICAL,
		.alarm = {.id = INT32_MAX,
			  .severity = kind == ALARM_EVENT_CLEARED ? ALARM_NONE : ALARM_CRITICAL,
			  .value = UINT64_MAX - 1,
			  .limit = UINT64_MAX - 1,
			  .cause_id = INT32_MAX,
			  .raised_at = UINT64_C(1700000000) * 1000000000,
			  .changed_at = UINT64_C(1700000001) * 1000000000},
	};
	const struct table *table = table_find("netdiagListenerTable");
	struct listener_row row;
	oid name[MAX_OID_LEN];

	fill(notice.alarm.check, sizeof(notice.alarm.check), 'k');
	fill(notice.alarm.instance, sizeof(notice.alarm.instance), '\xff');
	fill(notice.alarm.units, sizeof(notice.alarm.units), 'u');
	fill(notice.alarm.text.summary, sizeof(notice.alarm.text.summary), 's');
	fill(notice.alarm.text.advice, sizeof(notice.alarm.text.advice), 'a');
	fill(notice.alarm.text.command, sizeof(notice.alarm.text.command), 'x');
	fill(row.endpoint, sizeof(row.endpoint), '\xff');
	notice.alarm.object_id.len = (uint32_t)table_oid(table, &table->columns[6], &row, name);
	for (uint32_t i = 0; i < notice.alarm.object_id.len; i++)
		notice.alarm.object_id.arcs[i] = (uint32_t)name[i];
	return notice;
}

static enum notification_id id_of(const struct notice *notice)
{
	return notice->kind == ALARM_EVENT_CLEARED ? NOTIFICATION_CLEARED : NOTIFICATION_RAISED;
}

/* The varbind of an object of the notification. */
static const netsnmp_variable_list *object_in(const netsnmp_pdu *pdu, enum notify_object_id which)
{
	const netsnmp_variable_list *var = pdu->variables->next_variable;

	while (var && var->name[base_oid_len + 2] != notify_objects[which].arc)
		var = var->next_variable;
	ck_assert_msg(var != NULL, "%s is missing", notify_objects[which].name);
	return var;
}

static const char *text_in(const netsnmp_pdu *pdu, enum notify_object_id which)
{
	static char text[1024];
	const netsnmp_variable_list *var = object_in(pdu, which);

	ck_assert_int_eq(var->type, ASN_OCTET_STR);
	ck_assert_uint_lt(var->val_len, sizeof(text));
	memcpy(text, var->val.string, var->val_len);
	text[var->val_len] = '\0';
	return text;
}

/* What the master sends of it in an SNMPv2c trap. */
static size_t message_size(netsnmp_pdu *pdu)
{
	netsnmp_pdu *trap = snmp_clone_pdu(pdu);
	netsnmp_variable_list *uptime = calloc(1, sizeof(*uptime));
	u_char packet[8192], *end;
	size_t len = sizeof(packet);
	long ticks = UINT32_MAX;

	ck_assert_ptr_nonnull(trap);
	ck_assert_ptr_nonnull(uptime);
	trap->command = SNMP_MSG_TRAP2;
	snmp_set_var_objid(uptime, uptime_oid, OID_LENGTH(uptime_oid));
	snmp_set_var_typed_value(uptime, ASN_TIMETICKS, &ticks, sizeof(ticks));
	uptime->next_variable = trap->variables;
	trap->variables = uptime;
	end = snmp_pdu_build(trap, packet, &len);
	ck_assert_ptr_nonnull(end);
	snmp_free_pdu(trap);
	return (size_t)(end - packet) + AROUND;
}

static void check_objects(netsnmp_pdu *pdu, enum notification_id id)
{
	const netsnmp_variable_list *var;
	size_t i = 0;

	ck_assert_ptr_nonnull(pdu);
	ck_assert_int_eq(pdu->command, AGENTX_PDU_NOTIFY);
	ck_assert_int_eq(pdu->sessid, session.sessid);
	var = pdu->variables;
	ck_assert_int_eq(var->type, ASN_OBJECT_ID);
	ck_assert_uint_eq(var->val.objid[base_oid_len], ARC_NOTIFICATIONS);
	ck_assert_uint_eq(var->val.objid[base_oid_len + 1], notifications[id].arc);
	for (var = var->next_variable; var; var = var->next_variable, i++) {
		const struct notify_object *object = &notify_objects[notifications[id].objects[i]];

		ck_assert_uint_lt(i, notifications[id].object_count);
		ck_assert_uint_eq(var->name_length, base_oid_len + 4);
		ck_assert_uint_eq(var->name[base_oid_len + 1], ARC_NOTIFY_OBJECTS);
		ck_assert_uint_eq(var->name[base_oid_len + 2], object->arc);
		ck_assert_int_ne(var->type, ASN_COUNTER64);
		/* No empty text, which receivers drop or choke on. */
		if (var->type == ASN_OCTET_STR)
			ck_assert_msg(var->val_len > 0, "%s is empty", object->name);
	}
	ck_assert_uint_eq(i, notifications[id].object_count);
}

START_TEST(objects_are_in_their_order)
{
	struct agent_row agent = largest_agent();

	for (int kind = ALARM_EVENT_RAISED; kind <= ALARM_EVENT_UNSHELVED; kind++) {
		struct notice notice = largest((enum alarm_event_kind)kind);
		netsnmp_pdu *pdu = notify_pdu_alarm(&notice, &agent, &session);

		check_objects(pdu, id_of(&notice));
		ck_assert_int_eq(*object_in(pdu, NOTIFY_STATE)->val.integer, kind);
		snmp_free_pdu(pdu);
	}
	for (int id = NOTIFICATION_SYNC; id <= NOTIFICATION_HEARTBEAT; id++) {
		netsnmp_pdu *pdu = notify_pdu_agent((enum notification_id)id, &agent, true,
						    &session);

		check_objects(pdu, (enum notification_id)id);
		snmp_free_pdu(pdu);
	}
}
END_TEST

START_TEST(what_is_not_known_is_a_dash)
{
	struct notice notice = {.kind = ALARM_EVENT_RAISED, .alarm = {.severity = ALARM_WARNING}};
	struct agent_row agent;
	netsnmp_pdu *pdu;

	row_reset(&agent_row_type, &agent);
	ROW_SET_TEXT(notice.alarm.check, "tcp.memory");
	ROW_SET_TEXT(notice.alarm.instance, "-");
	notice.alarm.value = notice.alarm.limit = ROW_ABSENT;
	pdu = notify_pdu_alarm(&notice, &agent, &session);
	check_objects(pdu, NOTIFICATION_RAISED);
	ck_assert_str_eq(text_in(pdu, NOTIFY_SUMMARY), "-");
	ck_assert_str_eq(text_in(pdu, NOTIFY_ADVICE), "-");
	ck_assert_str_eq(text_in(pdu, NOTIFY_COMMAND), "-");
	ck_assert_str_eq(text_in(pdu, NOTIFY_UNITS), "-");
	snmp_free_pdu(pdu);
	for (int id = NOTIFICATION_SYNC; id <= NOTIFICATION_HEARTBEAT; id++) {
		pdu = notify_pdu_agent((enum notification_id)id, &agent, false, &session);
		check_objects(pdu, (enum notification_id)id);
		snmp_free_pdu(pdu);
	}
}
END_TEST

START_TEST(messages_fit_a_frame)
{
	struct agent_row agent = largest_agent();
	netsnmp_pdu *pdu;

	for (int kind = ALARM_EVENT_RAISED; kind <= ALARM_EVENT_UNSHELVED; kind++) {
		struct notice notice = largest((enum alarm_event_kind)kind);

		pdu = notify_pdu_alarm(&notice, &agent, &session);
		ck_assert_ptr_nonnull(pdu);
		ck_assert_msg(message_size(pdu) < NOTIFY_TRAP_MAX, "%d has %zu bytes", kind,
			      message_size(pdu));
		/* The command is whole, or not there at all. */
		ck_assert_str_eq(text_in(pdu, NOTIFY_COMMAND), notice.alarm.text.command);
		snmp_free_pdu(pdu);
	}
	for (int id = NOTIFICATION_SYNC; id <= NOTIFICATION_HEARTBEAT; id++) {
		pdu = notify_pdu_agent((enum notification_id)id, &agent, true, &session);
		ck_assert_ptr_nonnull(pdu);
		ck_assert_uint_lt(message_size(pdu), NOTIFY_TRAP_MAX);
		snmp_free_pdu(pdu);
	}
}
END_TEST

/* Longer and longer: the advice gives way, then the summary, the command never. */
START_TEST(what_is_cut_first)
{
	struct agent_row agent = largest_agent();
	struct notice notice = largest(ALARM_EVENT_RAISED);
	size_t advice = CHECK_ADVICE_SIZE, summary = CHECK_SUMMARY_SIZE;
	bool cut = false, both = false;

	for (uint32_t len = 10; len <= MAX_OID_LEN; len++) {
		netsnmp_pdu *pdu;
		size_t its_advice, its_summary;

		notice.alarm.object_id.len = len;
		for (uint32_t i = 10; i < len; i++)
			notice.alarm.object_id.arcs[i] = UINT32_MAX;
		pdu = notify_pdu_alarm(&notice, &agent, &session);
		its_advice = strlen(text_in(pdu, NOTIFY_ADVICE));
		its_summary = strlen(text_in(pdu, NOTIFY_SUMMARY));
		ck_assert_uint_le(its_advice, advice);
		ck_assert_uint_le(its_summary, summary);
		ck_assert_uint_ge(its_advice, 1);
		if (its_summary < CHECK_SUMMARY_SIZE - 1) {
			ck_assert_uint_eq(its_advice, 1);
			both = true;
		}
		cut = cut || its_advice < CHECK_ADVICE_SIZE - 1;
		if (its_summary > 1) {
			ck_assert_uint_lt(message_size(pdu), NOTIFY_TRAP_MAX);
			/* No more than has to be. */
			if (its_advice < CHECK_ADVICE_SIZE - 1)
				ck_assert_uint_gt(message_size(pdu), NOTIFY_TRAP_MAX - 130);
		}
		ck_assert_str_eq(text_in(pdu, NOTIFY_COMMAND), notice.alarm.text.command);
		advice = its_advice;
		summary = its_summary;
		snmp_free_pdu(pdu);
	}
	ck_assert(cut && both);
}
END_TEST

/* A cut never leaves half of a percent escape, which would decode to another name. */
START_TEST(escapes_stay_whole)
{
	struct agent_row agent = largest_agent();
	struct notice notice = largest(ALARM_EVENT_RAISED);

	for (size_t i = 0; i + 3 < CHECK_ADVICE_SIZE; i += 3)
		memcpy(notice.alarm.text.advice + i, "%5B", 3);
	notice.alarm.text.advice[CHECK_ADVICE_SIZE / 3 * 3 - 3] = '\0';
	for (uint32_t len = 40; len <= 90; len++) {
		netsnmp_pdu *pdu;
		const char *text;
		size_t size;

		notice.alarm.object_id.len = len;
		for (uint32_t i = 10; i < len; i++)
			notice.alarm.object_id.arcs[i] = i % 2 ? UINT32_MAX : 1;
		pdu = notify_pdu_alarm(&notice, &agent, &session);
		text = text_in(pdu, NOTIFY_ADVICE);
		size = strlen(text);
		ck_assert_msg(size == 1 || size % 3 == 0, "%s", text);
		snmp_free_pdu(pdu);
	}
}
END_TEST

START_TEST(names_are_percent_encoded)
{
	struct agent_row agent = largest_agent();
	struct notice notice = largest(ALARM_EVENT_RAISED);
	netsnmp_pdu *pdu;

	ROW_SET_TEXT(notice.alarm.instance, "[::]:80;$(x)%`'\"|&<>*");
	pdu = notify_pdu_alarm(&notice, &agent, &session);
	ck_assert_str_eq(text_in(pdu, NOTIFY_INSTANCE),
			 "%5B::%5D:80%3B%24%28x%29%25%60%27%22%7C%26%3C%3E%2A");
	snmp_free_pdu(pdu);
}
END_TEST

/* Two names that differ only at their ends stay two names. */
START_TEST(long_names_stay_apart)
{
	struct agent_row agent = largest_agent();
	struct notice notice = largest(ALARM_EVENT_RAISED);
	char name[2][NOTIFY_INSTANCE_SIZE];

	for (unsigned i = 0; i < 2; i++) {
		netsnmp_pdu *pdu;

		memset(notice.alarm.instance, '%', sizeof(notice.alarm.instance) - 1);
		notice.alarm.instance[CHECK_INSTANCE_SIZE - 2] = (char)('a' + i);
		pdu = notify_pdu_alarm(&notice, &agent, &session);
		snprintf(name[i], sizeof(name[i]), "%s", text_in(pdu, NOTIFY_INSTANCE));
		snmp_free_pdu(pdu);
	}
	ck_assert_str_ne(name[0], name[1]);
	ck_assert_int_eq(strncmp(name[0], "%25%25", 6), 0);
	ck_assert_ptr_nonnull(strstr(name[0], "%25~"));
}
END_TEST

/* A receiver that asks for numbers gets those of the row, not what is left of them. */
START_TEST(values_are_cut_not_wrapped)
{
	struct agent_row agent = largest_agent();
	struct notice notice = largest(ALARM_EVENT_RAISED);
	netsnmp_pdu *pdu = notify_pdu_alarm(&notice, &agent, &session);

	ck_assert_int_eq(*object_in(pdu, NOTIFY_SEQUENCE)->val.integer, UINT32_MAX);
	ck_assert_int_eq(*object_in(pdu, NOTIFY_VALUE)->val.integer, INT32_MAX);
	ck_assert_int_eq(*object_in(pdu, NOTIFY_CAUSE_ID)->val.integer, INT32_MAX);
	ck_assert_uint_gt(object_in(pdu, NOTIFY_OBJECT_ID)->val_len / sizeof(oid), 10);
	snmp_free_pdu(pdu);
	/* No object: zeroDotZero. */
	notice.alarm.object_id.len = 0;
	pdu = notify_pdu_alarm(&notice, &agent, &session);
	ck_assert_uint_eq(object_in(pdu, NOTIFY_OBJECT_ID)->val_len / sizeof(oid), 2);
	snmp_free_pdu(pdu);
}
END_TEST

START_TEST(times_are_iso_8601)
{
	struct agent_row agent = largest_agent();
	struct notice notice = largest(ALARM_EVENT_CLEARED);
	netsnmp_pdu *pdu = notify_pdu_alarm(&notice, &agent, &session);

	ck_assert_ptr_nonnull(strstr(text_in(pdu, NOTIFY_RAISED_AT), "2023-11-14T22:13:20"));
	ck_assert_ptr_nonnull(strstr(text_in(pdu, NOTIFY_CHANGED_AT), "2023-11-14T22:13:21"));
	ck_assert_int_eq(*object_in(pdu, NOTIFY_SEVERITY)->val.integer, ALARM_NONE);
	ck_assert_int_eq(*object_in(pdu, NOTIFY_PREVIOUS_SEVERITY)->val.integer, ALARM_CRITICAL);
	snmp_free_pdu(pdu);
}
END_TEST

/* Not unit.h's: its struct tree is net-snmp's name too. */
int main(void)
{
	Suite *suite = suite_create("notify_pdu");
	TCase *tcase = tcase_create("notify_pdu");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase, objects_are_in_their_order);
	tcase_add_test(tcase, what_is_not_known_is_a_dash);
	tcase_add_test(tcase, messages_fit_a_frame);
	tcase_add_test(tcase, what_is_cut_first);
	tcase_add_test(tcase, escapes_stay_whole);
	tcase_add_test(tcase, names_are_percent_encoded);
	tcase_add_test(tcase, long_names_stay_apart);
	tcase_add_test(tcase, values_are_cut_not_wrapped);
	tcase_add_test(tcase, times_are_iso_8601);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
