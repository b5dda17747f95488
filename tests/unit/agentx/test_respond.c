/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

/* The library's MIB parser has a struct tree too. */
#define tree netsnmp_tree
#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#undef tree

#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/cpu/softnet.h"
#include "collectors/nic/nic.h"
#include "subagent/agentx/protocol.h"
#include "subagent/agentx/respond.h"
#include "subagent/checks/alarm.h"
#include "subagent/tables/agent_rows.h"
#include "tests/unit/unit.h"

static struct rows softnet, nic, checks, alarms;

static const struct rows *made_rows(const struct table *table, void *arg)
{
	ck_assert_ptr_null(arg);
	if (table->type == &softnet_row_type)
		return &softnet;
	if (table->type == &nic_row_type)
		return &nic;
	if (table->type == &check_row_type)
		return &checks;
	return table->type == &alarm_row_type ? &alarms : NULL;
}

/* sysUpTime began at 1 s of the monotonic clock. */
static uint32_t ticks(uint64_t monotonic)
{
	return monotonic > SECOND_NS ? (uint32_t)((monotonic - SECOND_NS) / 10000000) : 0;
}

static const struct respond handler = {made_rows, NULL, ticks};

static void setup(void)
{
	struct softnet_row *cpu;
	struct nic_row *interface;
	struct check_row *check;
	struct alarm_row *alarm;

	rows_init(&softnet, &softnet_row_type);
	rows_init(&nic, &nic_row_type);
	rows_init(&checks, &check_row_type);
	rows_init(&alarms, &alarm_row_type);
	cpu = rows_add(&softnet);
	cpu->cpu = 0;
	cpu->processed = UINT64_C(0xfedcba9876543210);
	cpu->backlog_len = UINT64_C(0x100000000);
	cpu->discontinuity = 3 * SECOND_NS;
	cpu = rows_add(&softnet);
	cpu->cpu = 1;
	cpu->processed = 1;
	interface = rows_add(&nic);
	interface->ifindex = 2;
	interface->master_ifindex = UINT64_C(0x80000000);
	interface->oper_status = NIC_OPER_UP;
	ROW_SET_TEXT(interface->name, "eth0");
	check = rows_add(&checks);
	check->value = 5;
	ROW_SET_TEXT(check->check, "a");
	ROW_SET_TEXT(check->instance, "-");
	check->object_id = (struct object_id){5, {1, 3, 6, 1, UINT32_MAX}};
	alarm = rows_add(&alarms);
	alarm->id = 1;
	alarm->raised_at = (UINT64_C(1709210096) * 10 + 7) * (SECOND_NS / 10);
}

static void teardown(void)
{
	rows_clear(&softnet);
	rows_clear(&nic);
	rows_clear(&checks);
	rows_clear(&alarms);
}

static size_t below_objects(oid *name, const char *suffix)
{
	size_t len = base_oid_len;

	memcpy(name, base_oid, base_oid_len * sizeof(oid));
	name[len++] = ARC_OBJECTS;
	while (*suffix) {
		char *end;

		name[len++] = strtoul(suffix, &end, 10);
		suffix = *end ? end + 1 : end;
	}
	return len;
}

static netsnmp_pdu *request(int command)
{
	netsnmp_pdu *pdu = snmp_pdu_create(command);

	ck_assert_ptr_nonnull(pdu);
	pdu->version = 193;
	pdu->sessid = 11;
	pdu->transid = 12;
	pdu->reqid = 13;
	pdu->flags |= AGENTX_NETWORK_BYTE_ORDER;
	return pdu;
}

/* A search range, as the library parses it; end "": none. */
static void ask(netsnmp_pdu *pdu, const char *start, const char *end, bool inclusive)
{
	oid from[MAX_OID_LEN], to[MAX_OID_LEN] = {0, 0};
	size_t from_len = below_objects(from, start);
	size_t to_len = *end ? below_objects(to, end) : 2;

	ck_assert_ptr_nonnull(snmp_pdu_add_variable(
		pdu, from, from_len, inclusive ? ASN_PRIV_INCL_RANGE : ASN_PRIV_EXCL_RANGE, to,
		to_len * sizeof(oid)));
}

/* The answer to one Get. Free it. */
static netsnmp_pdu *get(const char *suffix)
{
	netsnmp_pdu *pdu = request(AGENTX_PDU_GET), *response;

	ask(pdu, suffix, "", false);
	response = respond_answer(&handler, pdu);
	ck_assert_ptr_nonnull(response);
	ck_assert_int_eq(response->command, AGENTX_PDU_RESPONSE);
	ck_assert_int_eq(response->errstat, 0);
	ck_assert_int_eq(response->errindex, 0);
	ck_assert_ptr_nonnull(response->variables);
	ck_assert_ptr_null(response->variables->next_variable);
	snmp_free_pdu(pdu);
	return response;
}

static void check_number(const char *suffix, u_char type, long number)
{
	netsnmp_pdu *response = get(suffix);

	ck_assert_msg(response->variables->type == type, "%s: type %#x", suffix,
		      response->variables->type);
	ck_assert_msg(*response->variables->val.integer == number, "%s: %ld", suffix,
		      *response->variables->val.integer);
	snmp_free_pdu(response);
}

static void check_bytes(const char *suffix, const void *bytes, size_t len)
{
	netsnmp_pdu *response = get(suffix);

	ck_assert_int_eq(response->variables->type, ASN_OCTET_STR);
	ck_assert_uint_eq(response->variables->val_len, len);
	ck_assert_mem_eq(response->variables->val.string, bytes, len);
	snmp_free_pdu(response);
}

static void check_type(const char *suffix, u_char type)
{
	netsnmp_pdu *response = get(suffix);

	ck_assert_msg(response->variables->type == type, "%s: type %#x", suffix,
		      response->variables->type);
	snmp_free_pdu(response);
}

START_TEST(header)
{
	netsnmp_pdu *pdu = request(AGENTX_PDU_GET), *response;

	setup();
	ask(pdu, "3.1.2.1", "", false);
	response = respond_answer(&handler, pdu);
	ck_assert_int_eq(response->version, 193);
	ck_assert_int_eq(response->sessid, 11);
	ck_assert_int_eq(response->transid, 12);
	ck_assert_int_eq(response->reqid, 13);
	ck_assert(response->flags & AGENTX_NETWORK_BYTE_ORDER);
	snmp_free_pdu(response);
	snmp_free_pdu(pdu);
	teardown();
}
END_TEST

START_TEST(numbers)
{
	netsnmp_pdu *response;

	setup();
	response = get("3.1.2.0");
	ck_assert_int_eq(response->variables->type, ASN_COUNTER64);
	ck_assert_uint_eq(response->variables->val.counter64->high, 0xfedcba98);
	ck_assert_uint_eq(response->variables->val.counter64->low, 0x76543210);
	snmp_free_pdu(response);
	check_number("3.1.9.0", ASN_GAUGE, UINT32_MAX);	  /* too large: saturated */
	check_number("4.1.14.2", ASN_INTEGER, INT32_MAX); /* likewise */
	check_number("4.1.5.2", ASN_INTEGER, NIC_OPER_UP);
	check_number("20.1.6.1.97.1.45", ASN_INTEGER, 5);
	check_number("3.1.12.0", ASN_TIMETICKS, 200);
	teardown();
}
END_TEST

START_TEST(texts)
{
	setup();
	check_bytes("4.1.2.2", "eth0", 4);
	check_bytes("20.1.10.1.97.1.45", "", 0);
	check_bytes("21.1.10.1", "2024-02-29T12:34:56Z", 20);
	check_type("4.1.3.2", SNMP_NOSUCHINSTANCE);
	teardown();
}
END_TEST

START_TEST(objects)
{
	static const oid want[] = {1, 3, 6, 1, 4294967295};
	netsnmp_pdu *response;

	setup();
	response = get("20.1.16.1.97.1.45");
	ck_assert_int_eq(response->variables->type, ASN_OBJECT_ID);
	ck_assert_int_eq(snmp_oid_compare(response->variables->val.objid,
					  response->variables->val_len / sizeof(oid), want,
					  COUNT_OF(want)),
			 0);
	snmp_free_pdu(response);
	check_type("20.1.16.1.98.1.45", SNMP_NOSUCHINSTANCE);
	((struct check_row *)rows_at(&checks, 0))->object_id.len = 0;
	check_type("20.1.16.1.97.1.45", SNMP_NOSUCHINSTANCE);
	teardown();
}
END_TEST

START_TEST(misses)
{
	setup();
	check_type("3.1.2.2", SNMP_NOSUCHINSTANCE);
	check_type("3.1.3.0", SNMP_NOSUCHINSTANCE);
	check_type("3.1.99.0", SNMP_NOSUCHOBJECT);
	check_type("", SNMP_NOSUCHOBJECT);
	teardown();
}
END_TEST

/* Asks GetNext for one range; the answer must be this OID, or endOfMibView when want is NULL. */
static void check_next(const char *start, const char *end, bool inclusive, const char *want)
{
	netsnmp_pdu *pdu = request(AGENTX_PDU_GET_NEXT), *response;
	oid name[MAX_OID_LEN];
	size_t len = below_objects(name, want ? want : start);

	ask(pdu, start, end, inclusive);
	response = respond_answer(&handler, pdu);
	ck_assert_ptr_nonnull(response);
	ck_assert_msg(!snmp_oid_compare(response->variables->name, response->variables->name_length,
					name, len),
		      "%s to %s", start, end);
	ck_assert_msg((response->variables->type == SNMP_ENDOFMIBVIEW) == !want, "%s to %s", start,
		      end);
	snmp_free_pdu(response);
	snmp_free_pdu(pdu);
}

START_TEST(ranges)
{
	setup();
	check_next("3.1.2.0", "", false, "3.1.2.1");
	check_next("3.1.2.0", "", true, "3.1.2.0");
	check_next("3.1.3.0", "", true, "3.1.9.0");    /* absent: inclusive or not, the next one */
	check_next("3.1.2.0", "3.1.2.1", false, NULL); /* the end is not in the range */
	check_next("3.1.2.0", "3.1.2.1.0", false, "3.1.2.1");
	check_next("3.1.2.1", "3.1.3", false, NULL);
	check_next("99", "", false, NULL);
	teardown();
}
END_TEST

START_TEST(many_variables)
{
	netsnmp_pdu *pdu = request(AGENTX_PDU_GET_BULK), *response;
	const netsnmp_variable_list *variable;

	setup();
	pdu->non_repeaters = 0;
	pdu->max_repetitions = 10;
	ask(pdu, "3.1.2.0", "", false);
	ask(pdu, "99", "", false);
	ask(pdu, "4.1.2", "", false);
	response = respond_answer(&handler, pdu);
	ck_assert_ptr_nonnull(response);
	variable = response->variables;
	ck_assert_int_eq(variable->type, ASN_COUNTER64);
	variable = variable->next_variable;
	ck_assert_int_eq(variable->type, SNMP_ENDOFMIBVIEW);
	variable = variable->next_variable;
	ck_assert_int_eq(variable->type, ASN_OCTET_STR);
	ck_assert_ptr_null(variable->next_variable);
	snmp_free_pdu(response);
	snmp_free_pdu(pdu);
	teardown();
}
END_TEST

static void check_set(int command, long error)
{
	netsnmp_pdu *pdu = request(command), *response;
	oid name[MAX_OID_LEN];
	size_t len = below_objects(name, "3.1.2.0");
	long number = 1;

	snmp_pdu_add_variable(pdu, name, len, ASN_INTEGER, &number, sizeof(number));
	response = respond_answer(&handler, pdu);
	ck_assert_ptr_nonnull(response);
	ck_assert_int_eq(response->errstat, error);
	ck_assert_int_eq(response->errindex, 1);
	ck_assert_ptr_null(response->variables);
	snmp_free_pdu(response);
	snmp_free_pdu(pdu);
}

START_TEST(nothing_is_writable)
{
	netsnmp_pdu *cleanup = request(AGENTX_PDU_CLEANUP_SET);

	setup();
	check_set(AGENTX_PDU_TEST_SET, SNMP_ERR_NOTWRITABLE);
	check_set(AGENTX_PDU_COMMIT_SET, SNMP_ERR_COMMITFAILED);
	check_set(AGENTX_PDU_UNDO_SET, SNMP_ERR_UNDOFAILED);
	ck_assert_ptr_null(respond_answer(&handler, cleanup));
	snmp_free_pdu(cleanup);
	teardown();
}
END_TEST

START_TEST(other_pdus_get_no_answer)
{
	static const int commands[] = {0, AGENTX_PDU_RESPONSE, AGENTX_PDU_PING, 99};

	setup();
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		netsnmp_pdu *pdu = request(commands[i]);

		ck_assert_ptr_null(respond_answer(&handler, pdu));
		snmp_free_pdu(pdu);
	}
	teardown();
}
END_TEST

static uint32_t largest_ticks(uint64_t monotonic)
{
	(void)monotonic;
	return UINT32_MAX;
}

/* netdiagAgent's first 13 objects in the answer to one GET: no
 * larger than what every SNMP entity accepts (RFC 3417), whatever their values. */
START_TEST(health_fits_one_message)
{
	const struct respond largest = {.ticks = largest_ticks};
	const struct table *table = table_find("netdiagAgent");
	netsnmp_pdu *pdu = snmp_pdu_create(SNMP_MSG_RESPONSE);
	size_t size = 4096, end = 0, len = base_oid_len, count = 0;
	unsigned char community[] = "sixteen letters!";
	unsigned char *packet = malloc(size);
	oid name[MAX_OID_LEN];
	netsnmp_session session;
	struct agent_row row;

	memset(&row, 'x', sizeof(row)); /* the largest numbers, the longest texts */
	row.uptime = UINT32_MAX * UINT64_C(10000000);
	row.critical_alarms = row.warning_alarms = row.shelved_alarms = AGENT_COUNT_MAX;
	row.unknown_checks = row.stale_collectors = AGENT_COUNT_MAX;
	for (size_t i = 0; i < table->column_count && table->columns[i].arc <= 13; i++, count++) {
		struct cell cell = {table, &table->columns[i], &row};

		if (cell.column->type == COLUMN_TEXT)
			((char *)&row)[cell.column->offset + cell.column->size - 1] = '\0';
		len = table_oid(table, cell.column, &row, name);
		ck_assert(respond_add_cell(&largest, pdu, &cell, name, len));
	}
	ck_assert_uint_eq(count, 13);

	snmp_sess_init(&session);
	session.version = pdu->version = SNMP_VERSION_2c;
	session.community = community;
	session.community_len = 16;
	pdu->reqid = INT32_MAX;
	ck_assert_int_eq(snmp_build(&packet, &size, &end, &session, pdu), 0);
	ck_assert_uint_gt(end, 400);
	ck_assert_uint_lt(end, 484);
	free(packet);
	snmp_free_pdu(pdu);
}
END_TEST

UNIT_MAIN("respond", header, numbers, texts, objects, misses, ranges, many_variables,
	  nothing_is_writable, other_pdus_get_no_answer, health_fits_one_message)
