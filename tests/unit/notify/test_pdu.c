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

/* A message around the PDU: version, a community of 20 octets, and the master's sysUpTime.0. */
#define AROUND (4 + 3 + 22 + 17)

/* "whole trap below 1,000 bytes" */
#define MESSAGE_MAX 1000

static const netsnmp_session session = {.sessid = 77};

static void fill(char *text, size_t size)
{
	memset(text, 'W', size - 1);
	text[size - 1] = '\0';
}

/* The largest notice that netdiagd makes: texts at their bounds, an endpoint as long as one gets.
 */
static struct notice largest(enum notification_id id)
{
	struct notice notice = {
		.id = id,
		.sequence = UINT32_MAX,
		.severity = ALARM_CRITICAL,
		.value = UINT64_MAX - 1,
		.limit = UINT64_MAX - 1,
		.raised_at = UINT64_C(1700000000) * 1000000000,
	};
	const struct table *table = table_find("netdiagListenerTable");
	struct listener_row row;
	oid name[MAX_OID_LEN];

	ROW_SET_TEXT(notice.check, "netns.listen_overflows");
	ROW_SET_TEXT(notice.instance,
		     "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%ifname-15-chars]:65535");
	ROW_SET_TEXT(notice.units, "connections/s");
	fill(notice.summary, sizeof(notice.summary));
	fill(notice.advice, sizeof(notice.advice));
	ROW_SET_TEXT(row.endpoint, notice.instance);
	notice.object_id.len = (uint32_t)table_oid(table, &table->columns[6], &row, name);
	for (uint32_t i = 0; i < notice.object_id.len; i++)
		notice.object_id.arcs[i] = (uint32_t)name[i];
	return notice;
}

START_TEST(objects_are_in_their_order)
{
	for (int id = 0; id < NOTIFICATION_COUNT; id++) {
		struct notice notice = largest((enum notification_id)id);
		netsnmp_pdu *pdu = notify_pdu(&notice, &session);
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
			const struct notify_object *object =
				&notify_objects[notifications[id].objects[i]];

			ck_assert_uint_lt(i, notifications[id].object_count);
			ck_assert_uint_eq(var->name_length, base_oid_len + 4);
			ck_assert_uint_eq(var->name[base_oid_len + 1], ARC_NOTIFY_OBJECTS);
			ck_assert_uint_eq(var->name[base_oid_len + 2], object->arc);
			ck_assert_int_ne(var->type, ASN_COUNTER64);
		}
		ck_assert_uint_eq(i, notifications[id].object_count);
		snmp_free_pdu(pdu);
	}
}
END_TEST

START_TEST(messages_are_small)
{
	for (int id = 0; id < NOTIFICATION_COUNT; id++) {
		struct notice notice = largest((enum notification_id)id);
		netsnmp_pdu *pdu = notify_pdu(&notice, &session);
		u_char packet[4 * MESSAGE_MAX], *end;
		size_t len = sizeof(packet);

		ck_assert_ptr_nonnull(pdu);
		pdu->command = SNMP_MSG_TRAP2;
		end = snmp_pdu_build(pdu, packet, &len);
		ck_assert_ptr_nonnull(end);
		ck_assert_msg((size_t)(end - packet) + AROUND < MESSAGE_MAX, "%s has %zu bytes",
			      notifications[id].name, (size_t)(end - packet) + AROUND);
		snmp_free_pdu(pdu);
	}
}
END_TEST

/* A receiver that asks for numbers gets those of the row, not what is left of them. */
START_TEST(values_are_cut_not_wrapped)
{
	struct notice notice = largest(NOTIFICATION_RAISED);
	netsnmp_pdu *pdu = notify_pdu(&notice, &session);
	const netsnmp_variable_list *var = pdu->variables->next_variable;

	ck_assert_int_eq(*var->val.integer, UINT32_MAX);
	for (int i = 0; i < NOTIFY_VALUE; i++)
		var = var->next_variable;
	ck_assert_int_eq(*var->val.integer, INT32_MAX);
	/* No object: zeroDotZero. */
	while (var->next_variable && var->type != ASN_OBJECT_ID)
		var = var->next_variable;
	ck_assert_uint_gt(var->val_len / sizeof(oid), 10);
	snmp_free_pdu(pdu);
	notice.object_id.len = 0;
	pdu = notify_pdu(&notice, &session);
	for (var = pdu->variables->next_variable; var->type != ASN_OBJECT_ID;)
		var = var->next_variable;
	ck_assert_uint_eq(var->val_len / sizeof(oid), 2);
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
	tcase_add_test(tcase, messages_are_small);
	tcase_add_test(tcase, values_are_cut_not_wrapped);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
