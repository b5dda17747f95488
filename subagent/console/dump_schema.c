/* SPDX-License-Identifier: BSD-2-Clause */
/* --dump=schema: the descriptors as JSON. tests/integration/test_mib.py holds the MIB against it.
 */
#include <config.h>

#include "subagent/console/dump.h"
#include "subagent/console/json.h"
#include "subagent/tables/notifications.h"

#define OID_OBJECTS	  NETDIAG_BASE_OID "." ARC_TEXT(ARC_OBJECTS)
#define OID_NOTIFICATIONS NETDIAG_BASE_OID "." ARC_TEXT(ARC_NOTIFICATIONS)
#define ARC_TEXT(arc)	  ARC_TEXT_(arc)
#define ARC_TEXT_(arc)	  #arc
#define ENTRY_ARC	  1 /* of a row below its table */

static const char *syntax_name(enum column_type type)
{
	switch (type) {
	case COLUMN_COUNTER64:
		return "Counter64";
	case COLUMN_GAUGE32:
		return "Gauge32";
	case COLUMN_UNSIGNED32:
		return "Unsigned32";
	case COLUMN_INTEGER32:
		return "Integer32";
	case COLUMN_ENUM:
		return "INTEGER";
	case COLUMN_TICKS:
		return "TimeTicks";
	case COLUMN_STAMP:
		return "NetdiagTimeStamp";
	case COLUMN_DATE:
		return "NetdiagDateAndTime";
	case COLUMN_TEXT:
	case COLUMN_TEXT_SPARSE:
		return "NetdiagText";
	case COLUMN_OID:
		return "OBJECT IDENTIFIER";
	}
	return "?";
}

static void print_values(FILE *out, const struct enum_value *values)
{
	const char *before = ", \"values\": {";

	for (; values->label; values++) {
		fputs(before, out);
		json_string(out, values->label);
		fprintf(out, ": %d", values->value);
		before = ", ";
	}
	putc('}', out);
}

/* What columns, scalars and notifications' objects have in common; the caller has begun the object
 * with its OID. */
static void print_object(FILE *out, const char *name, enum column_type type, size_t size,
			 const struct enum_value *values, const char *access)
{
	fprintf(out, "\", \"name\": \"%s\", \"syntax\": \"%s\", \"access\": \"%s\"", name,
		syntax_name(type), access);
	if (type == COLUMN_TEXT || type == COLUMN_TEXT_SPARSE)
		fprintf(out, ", \"size\": %zu", size - 1);
	if (type == COLUMN_ENUM)
		print_values(out, values);
	putc('}', out);
}

static void print_columns(FILE *out, const struct table *table)
{
	const char *before = "";
	size_t i;

	for (i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if (!column->arc) /* another table's object */
			continue;
		fprintf(out, "%s\n    {\"oid\": \"" OID_OBJECTS ".%u", before, table->arc);
		if (table->entry)
			fprintf(out, ".%d", ENTRY_ARC);
		fprintf(out, ".%u", column->arc);
		print_object(out, column->name, column->type, column->size, column->values,
			     column->index ? "not-accessible" : "read-only");
		before = ",";
	}
}

static void print_table(FILE *out, const struct table *table)
{
	const char *before = "";
	size_t i;

	fprintf(out, "  {\"oid\": \"" OID_OBJECTS ".%u\", \"name\": \"%s\"", table->arc,
		table->name);
	if (table->collector)
		fprintf(out, ", \"collector\": \"%s\"", table->collector);
	if (table->entry) {
		fprintf(out, ", \"entry\": \"%s\", \"index\": [", table->entry);
		for (i = 0; i < table->column_count; i++) {
			if (!table->columns[i].index)
				continue;
			fprintf(out, "%s\"%s\"", before, table->columns[i].name);
			before = ", ";
		}
		putc(']', out);
	}
	fputs(", \"objects\": [", out);
	print_columns(out, table);
	fputs("]}", out);
}

static void print_notify_objects(FILE *out)
{
	size_t i;

	fprintf(out, "  {\"oid\": \"" OID_OBJECTS ".%d\", \"name\": \"%s\", \"objects\": [",
		ARC_NOTIFY_OBJECTS, NOTIFY_GROUP_NAME);
	for (i = 0; i < NOTIFY_OBJECT_COUNT; i++) {
		const struct notify_object *object = &notify_objects[i];

		fprintf(out, "%s\n    {\"oid\": \"" OID_OBJECTS ".%d.%u", i ? "," : "",
			ARC_NOTIFY_OBJECTS, object->arc);
		print_object(out, object->name, object->type, object->size, object->values,
			     "accessible-for-notify");
	}
	fputs("]}", out);
}

static void print_notification(FILE *out, const struct notification *notification)
{
	size_t i;

	fprintf(out, "  {\"oid\": \"" OID_NOTIFICATIONS ".%u\", \"name\": \"%s\", \"objects\": [",
		notification->arc, notification->name);
	for (i = 0; i < notification->object_count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "",
			notify_objects[notification->objects[i]].name);
	fputs("]}", out);
}

void dump_schema(FILE *out)
{
	size_t i;

	fputs("{\"oid\": \"" NETDIAG_BASE_OID "\",\n \"groups\": [\n", out);
	for (i = 0; i < table_count; i++) {
		print_table(out, &tables[i]);
		fputs(",\n", out);
	}
	print_notify_objects(out);
	fputs("],\n \"notifications\": [\n", out);
	for (i = 0; i < NOTIFICATION_COUNT; i++) {
		print_notification(out, &notifications[i]);
		fputs(i + 1 < NOTIFICATION_COUNT ? ",\n" : "", out);
	}
	fputs("]}\n", out);
}
