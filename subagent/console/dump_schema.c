/* SPDX-License-Identifier: BSD-2-Clause */
/* --dump=schema: the constant descriptors as one JSON document, from which tests and documentation
 * derive their lists. tests/integration/test_mib.py compares it with the MIB. */
#include <config.h>

#include <inttypes.h>

#include "collectors/base/clock.h"
#include "collectors/registry.h"
#include "subagent/checks/setting.h"
#include "subagent/config/directives.h"
#include "subagent/console/dump.h"
#include "subagent/console/json.h"
#include "subagent/tables/notifications.h"

#define OID_OBJECTS	  NETDIAG_BASE_OID "." ARC_TEXT(ARC_OBJECTS)
#define OID_NOTIFICATIONS NETDIAG_BASE_OID "." ARC_TEXT(ARC_NOTIFICATIONS)
#define ARC_TEXT(arc)	  ARC_TEXT_(arc)
#define ARC_TEXT_(arc)	  #arc
#define ENTRY_ARC	  1 /* of a row below its table */

static const char *schema_syntax(enum column_type type, enum column_reading reading)
{
	if (reading == READ_PERCENT)
		return "NetdiagPercent";
	if (reading == READ_HUNDREDTHS)
		return "NetdiagHundredths";
	if (reading == READ_RATE)
		return "NetdiagRate";
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
	case COLUMN_TRUTH:
		return "INTEGER";
	case COLUMN_TICKS:
		return "TimeTicks";
	case COLUMN_STAMP:
		return "NetdiagTimeStamp";
	case COLUMN_TIME:
		return "NetdiagTime";
	case COLUMN_TEXT:
	case COLUMN_TEXT_SPARSE:
		return "NetdiagText";
	case COLUMN_OID:
		return "OBJECT IDENTIFIER";
	}
	return "?";
}

static void schema_values(FILE *out, const struct enum_value *values)
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

/* The UNITS of a number whose reading depends on them; another object has those of hundredths. */
static void schema_units(FILE *out, enum column_reading reading)
{
	static const char *const units[] = {
		[READ_PERCENT] = "percent",
		[READ_MILLISECONDS] = "milliseconds",
		[READ_MICROSECONDS] = "microseconds",
	};

	if (reading != READ_PLAIN && units[reading])
		fprintf(out, ", \"units\": \"%s\"", units[reading]);
}

/* What columns, scalars and notifications' objects have in common; the caller has begun the object
 * with its OID and ends it. */
static void schema_object(FILE *out, const char *name, enum column_type type,
			  enum column_reading reading, size_t size, const struct enum_value *values,
			  const char *access)
{
	fprintf(out, "\", \"name\": \"%s\", \"syntax\": \"%s\", \"access\": \"%s\"", name,
		schema_syntax(type, reading), access);
	if (type == COLUMN_TEXT || type == COLUMN_TEXT_SPARSE)
		fprintf(out, ", \"size\": %zu", size - 1);
	if (values)
		schema_values(out, values);
}

static void schema_columns(FILE *out, const struct table *table)
{
	const char *before = "";

	for (size_t i = 0; i < table->column_count; i++) {
		const struct column *column = &table->columns[i];

		if (!column->arc) /* another table's object */
			continue;
		fprintf(out, "%s\n    {\"oid\": \"" OID_OBJECTS ".%u", before, table->arc);
		if (table->entry)
			fprintf(out, ".%d", ENTRY_ARC);
		fprintf(out, ".%u", column->arc);
		schema_object(out, column->name, column->type, column->reading, column->size,
			      column->values, column->index ? "not-accessible" : "read-only");
		schema_units(out, column->reading);
		putc('}', out);
		before = ",";
	}
}

static void schema_table(FILE *out, const struct table *table)
{
	const char *before = "";

	fprintf(out, "  {\"oid\": \"" OID_OBJECTS ".%u\", \"name\": \"%s\"", table->arc,
		table->name);
	if (table->collector)
		fprintf(out, ", \"collector\": \"%s\"", table->collector);
	if (table->entry) {
		fprintf(out, ", \"entry\": \"%s\", \"index\": [", table->entry);
		for (size_t i = 0; i < table->column_count; i++) {
			if (!table->columns[i].index)
				continue;
			fprintf(out, "%s\"%s\"", before, table->columns[i].name);
			before = ", ";
		}
		putc(']', out);
	}
	fputs(", \"objects\": [", out);
	schema_columns(out, table);
	fputs("]}", out);
}

static void schema_notify_objects(FILE *out)
{
	fprintf(out, "  {\"oid\": \"" OID_OBJECTS ".%d\", \"name\": \"%s\", \"objects\": [",
		ARC_NOTIFY_OBJECTS, NOTIFY_GROUP_NAME);
	for (size_t i = 0; i < NOTIFY_OBJECT_COUNT; i++) {
		const struct notify_object *object = &notify_objects[i];

		fprintf(out, "%s\n    {\"oid\": \"" OID_OBJECTS ".%d.%u", i ? "," : "",
			ARC_NOTIFY_OBJECTS, object->arc);
		schema_object(out, object->name, object->type, object->reading, object->size,
			      object->values, "accessible-for-notify");
		putc('}', out);
	}
	fputs("]}", out);
}

static void schema_notification(FILE *out, const struct notification *notification)
{
	fprintf(out, "  {\"oid\": \"" OID_NOTIFICATIONS ".%u\", \"name\": \"%s\", \"objects\": [",
		notification->arc, notification->name);
	for (size_t i = 0; i < notification->object_count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "",
			notify_objects[notification->objects[i]].name);
	fputs("]}", out);
}

/* A limit in the check's units; nothing for one that is never reached. */
static void schema_limit(FILE *out, const char *name, int64_t hundredths)
{
	if (hundredths != CHECK_NO_LIMIT)
		fprintf(out, ", \"%s\": %" PRId64 ".%02d", name, hundredths / 100,
			(int)(hundredths % 100));
}

static void schema_check(FILE *out, const struct check *check)
{
	static const char *const kinds[] = {
		[CHECK_LEVEL] = "level", [CHECK_LOWEST] = "lowest", [CHECK_RATE] = "rate",
		[CHECK_COUNT] = "count", [CHECK_SHARE] = "share",
	};
	const struct check_limits *limits = &check->limits;

	fprintf(out, "  {\"name\": \"%s\", \"table\": \"%s\", \"instances\": \"%s\"", check->name,
		check->table, check->instance ? "many" : "one");
	fprintf(out, ", \"kind\": \"%s\", \"units\": ", kinds[limits->measure.kind]);
	json_string(out, check->units);
	schema_limit(out, "warning", limits->warning);
	schema_limit(out, "critical", limits->critical);
	schema_limit(out, "clear", limits->clear);
	fprintf(out, ", \"window\": %" PRIu64 ", \"hold\": %" PRIu64 ", \"clearAfter\": %" PRIu64,
		limits->measure.window / MILLISECOND_NS, limits->hold.ns / MILLISECOND_NS,
		limits->clear_after / MILLISECOND_NS);
	fputs(", \"causedBy\": [", out);
	for (size_t i = 0; i < CHECK_CAUSES_MAX && check->caused_by[i]; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", check->caused_by[i]);
	fputc(']', out);
	fprintf(out, ", \"on\": %s, \"notify\": %s}", check->off ? "false" : "true",
		check->quiet ? "false" : "true");
}

static void schema_settings(FILE *out)
{
	const struct check_setting_type *type = check_setting_types;
	char values[128];

	for (; type->member.name; type++) {
		word_describe(&type->member.type, values, sizeof(values));
		fprintf(out, "%s\n  {\"name\": \"%s\", \"value\": \"%s\"}",
			type == check_setting_types ? "" : ",", type->member.name, values);
	}
}

/* What does not come from the MIB: checks with their defaults (times in ms), the settings of a
 * check, collectors with their default intervals (ms), directives. */
static void schema_rest(FILE *out)
{
	fputs("],\n \"checks\": [\n", out);
	for (size_t i = 0; i < check_count(); i++) {
		schema_check(out, &checks[i]);
		fputs(i + 1 < check_count() ? ",\n" : "", out);
	}
	fputs("],\n \"checkSettings\": [", out);
	schema_settings(out);
	fputs("],\n \"collectors\": [", out);
	for (size_t i = 0; collectors[i]; i++)
		fprintf(out, "%s\n  {\"name\": \"%s\", \"interval\": %u}", i ? "," : "",
			collectors[i]->name, collectors[i]->interval_ms);
	fputs("],\n \"directives\": [", out);
	for (size_t i = 0; directives[i].name; i++)
		fprintf(out, "%s\n  {\"name\": \"%s\", \"arguments\": \"%s\"}", i ? "," : "",
			directives[i].name, directives[i].help);
	fputs("]}\n", out);
}

void dump_schema(FILE *out)
{
	fputs("{\"oid\": \"" NETDIAG_BASE_OID "\",\n \"groups\": [\n", out);
	for (size_t i = 0; i < table_count; i++) {
		schema_table(out, &tables[i]);
		fputs(",\n", out);
	}
	schema_notify_objects(out);
	fputs("],\n \"notifications\": [\n", out);
	for (size_t i = 0; i < NOTIFICATION_COUNT; i++) {
		schema_notification(out, &notifications[i]);
		fputs(i + 1 < NOTIFICATION_COUNT ? ",\n" : "", out);
	}
	schema_rest(out);
}
