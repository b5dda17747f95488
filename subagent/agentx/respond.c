/* SPDX-License-Identifier: BSD-2-Clause */
/* Builds the response to a request of the AgentX master, as libnetsnmp has parsed it, from the rows
 * of the tables. */
#include <config.h>

#include <string.h>

#include "subagent/agentx/protocol.h"
#include "subagent/agentx/respond.h"

#define TICK_NS UINT64_C(10000000)

/* Enough for any value but a text, which is taken from the row. */
union value {
	long number;
	struct counter64 counter;
	oid object[MAX_OID_LEN];
	char time[TIME_TEXT_SIZE];
};

/* 0.0 (zeroDotZero) for an empty one. Returns the number of arcs. */
static size_t set_object(oid *object, const struct object_id *id)
{
	if (!id->len) {
		object[0] = object[1] = 0;
		return 2;
	}
	for (uint32_t i = 0; i < id->len; i++)
		object[i] = id->arcs[i];
	return id->len;
}

bool respond_add_cell(const struct respond *handler, netsnmp_pdu *pdu, const struct cell *cell,
		      const oid *name, size_t len)
{
	const struct column *column = cell->column;
	const void *member = (const char *)cell->row + column->offset;
	union value value = {0};
	const void *data = &value;
	size_t size = sizeof(value.number);
	uint64_t number = 0;
	u_char type = ASN_NULL;

	if (column->type != COLUMN_TEXT && column->type != COLUMN_TEXT_SPARSE &&
	    column->type != COLUMN_OID)
		number = column_number(column, cell->row);
	switch (column->type) {
	case COLUMN_COUNTER64:
		type = ASN_COUNTER64;
		value.counter.high = (u_long)(number >> 32);
		value.counter.low = (u_long)(number & UINT32_MAX);
		size = sizeof(value.counter);
		break;
	case COLUMN_GAUGE32:
	case COLUMN_UNSIGNED32:
		type = ASN_GAUGE;
		value.number = (long)number;
		break;
	case COLUMN_INTEGER32:
	case COLUMN_ENUM:
	case COLUMN_TRUTH:
		type = ASN_INTEGER;
		value.number = (long)number;
		break;
	case COLUMN_TICKS:
		type = ASN_TIMETICKS;
		value.number = (long)(uint32_t)(number / TICK_NS);
		break;
	case COLUMN_STAMP:
		type = ASN_TIMETICKS;
		value.number = (long)handler->ticks(number);
		break;
	case COLUMN_TIME:
		type = ASN_OCTET_STR;
		time_text(number, value.time);
		size = strlen(value.time);
		break;
	case COLUMN_TEXT:
	case COLUMN_TEXT_SPARSE:
		type = ASN_OCTET_STR;
		data = member;
		size = strnlen(member, column->size);
		break;
	case COLUMN_OID:
		type = ASN_OBJECT_ID;
		size = set_object(value.object, member) * sizeof(oid);
		break;
	}
	return snmp_pdu_add_variable(pdu, name, len, type, data, size) != NULL;
}

static bool add_exception(netsnmp_pdu *response, const netsnmp_variable_list *asked, u_char type)
{
	return snmp_pdu_add_variable(response, asked->name, asked->name_length, type, NULL, 0) !=
	       NULL;
}

static bool answer_get(const struct respond *handler, netsnmp_pdu *response,
		       const netsnmp_variable_list *asked)
{
	struct cell cell;

	switch (table_get(asked->name, asked->name_length, handler->rows, handler->rows_arg,
			  &cell)) {
	case TABLE_FOUND:
		return respond_add_cell(handler, response, &cell, asked->name, asked->name_length);
	case TABLE_NO_INSTANCE:
		return add_exception(response, asked, SNMP_NOSUCHINSTANCE);
	default:
		return add_exception(response, asked, SNMP_NOSUCHOBJECT);
	}
}

/* Whether an OID is at or past the end of the search range, which the library parks in the
 * variable's value; 0.0 there means that the range has no end. */
static bool out_of_range(const netsnmp_variable_list *asked, const oid *name, size_t len)
{
	static const oid null_oid[] = {0, 0};
	size_t end_len = asked->val_len / sizeof(oid);

	if (!end_len || !snmp_oid_compare(asked->val.objid, end_len, null_oid, 2))
		return false;
	return snmp_oid_compare(name, len, asked->val.objid, end_len) >= 0;
}

static bool answer_next(const struct respond *handler, netsnmp_pdu *response,
			const netsnmp_variable_list *asked)
{
	oid name[MAX_OID_LEN];
	struct cell cell;
	size_t len;
	bool found = false;

	if (asked->type == ASN_PRIV_INCL_RANGE)
		found = table_get(asked->name, asked->name_length, handler->rows, handler->rows_arg,
				  &cell) == TABLE_FOUND;
	if (!found &&
	    !table_next(asked->name, asked->name_length, handler->rows, handler->rows_arg, &cell))
		return add_exception(response, asked, SNMP_ENDOFMIBVIEW);
	len = table_oid(cell.table, cell.column, cell.row, name);
	if (out_of_range(asked, name, len))
		return add_exception(response, asked, SNMP_ENDOFMIBVIEW);
	return respond_add_cell(handler, response, &cell, name, len);
}

netsnmp_pdu *respond_answer(const struct respond *handler, const netsnmp_pdu *request)
{
	bool (*answer)(const struct respond *, netsnmp_pdu *, const netsnmp_variable_list *) = NULL;
	long error = SNMP_ERR_NOERROR;
	netsnmp_pdu *response;
	bool fits = true;

	/* Nothing can be written. A master that goes on nevertheless is told so in each phase. */
	switch (request->command) {
	case AGENTX_PDU_GET:
		answer = answer_get;
		break;
	case AGENTX_PDU_GET_NEXT:
	case AGENTX_PDU_GET_BULK:
		answer = answer_next;
		break;
	case AGENTX_PDU_TEST_SET:
		error = SNMP_ERR_NOTWRITABLE;
		break;
	case AGENTX_PDU_COMMIT_SET:
		error = SNMP_ERR_COMMITFAILED;
		break;
	case AGENTX_PDU_UNDO_SET:
		error = SNMP_ERR_UNDOFAILED;
		break;
	default:
		return NULL;
	}
	response = snmp_pdu_create(AGENTX_PDU_RESPONSE);
	if (!response)
		return NULL;
	response->version = request->version;
	response->sessid = request->sessid;
	response->transid = request->transid;
	response->reqid = request->reqid;
	response->msgid = request->msgid;
	response->flags |= request->flags & AGENTX_NETWORK_BYTE_ORDER;
	response->errstat = error;
	response->errindex = error ? 1 : 0;
	for (const netsnmp_variable_list *asked = request->variables; answer && fits && asked;
	     asked = asked->next_variable)
		fits = answer(handler, response, asked);
	if (fits)
		return response;
	snmp_free_pdu(response);
	return NULL;
}
