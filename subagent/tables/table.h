/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tables: constant descriptors of what NETDIAG-MIB shows, and the one generic search that answers
 * GET and GETNEXT for all of them. Nothing here does I/O or calls the agent library.
 */
#ifndef NETDIAG_TABLES_TABLE_H
#define NETDIAG_TABLES_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* net-snmp 5.8's and 5.9.0's asn1.h use u_long and u_char without declaring them. */
#include <sys/types.h>

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/library/asn1.h>

#include "collectors/base/rows.h"

/* SYNTAX of a column, and how it is derived from the member of the row. */
enum column_type {
	COLUMN_COUNTER64,
	COLUMN_GAUGE32,	    /* larger numbers show as 4294967295 */
	COLUMN_UNSIGNED32,  /* likewise */
	COLUMN_INTEGER32,   /* larger numbers show as 2147483647 */
	COLUMN_ENUM,	    /* INTEGER { … } or a textual convention of that kind */
	COLUMN_TRUTH,	    /* NetdiagTruthValue: true (1), false (2); the row holds 1 or 0 */
	COLUMN_TICKS,	    /* TimeTicks; the row holds a duration in ns */
	COLUMN_STAMP,	    /* NetdiagTimeStamp: sysUpTime then; the row holds monotonic ns */
	COLUMN_TIME,	    /* NetdiagTime, by time_text(); the row holds ns since 1970 UTC */
	COLUMN_TEXT,	    /* NetdiagText; a char array, always there */
	COLUMN_TEXT_SPARSE, /* the same, absent when empty */
	COLUMN_OID,	    /* OBJECT IDENTIFIER; a struct object_id, absent when empty */
};

/* TruthValue of SNMPv2-TC. */
#define TRUTH_TRUE  1
#define TRUTH_FALSE 2

/* Display unit for --dump=text; what is served does not depend on it. */
enum column_reading {
	READ_PLAIN,
	READ_PERCENT,	 /* NetdiagPercent: hundredths of a percent */
	READ_HUNDREDTHS, /* NetdiagHundredths: of units that another column names */
	READ_RATE,	 /* NetdiagRate: hundredths a second */
	READ_MILLISECONDS,
	READ_MICROSECONDS,
};

struct enum_value {
	int value;
	const char *label;
};

struct column {
	unsigned arc;	  /* 0: an index that is another table's object */
	const char *name; /* the MIB's */
	enum column_type type;
	size_t offset;			 /* of the member in the row */
	size_t size;			 /* of the member: 8 for numbers, else the char array's */
	const struct enum_value *values; /* COLUMN_ENUM and COLUMN_TRUTH: ends with label NULL */
	bool index; /* not-accessible; the key members of the row type, in their order */
	enum column_reading reading;
};

struct table {
	unsigned arc;	   /* below netdiagObjects */
	const char *name;  /* "netdiagSoftnetTable", or a scalar group's "netdiagTcp" */
	const char *entry; /* "netdiagSoftnetEntry"; NULL for a group of scalars */
	const struct row_type *type;
	const char *collector;	      /* whose rows they are, NULL: the agent's own (pinned.c) */
	size_t rows;		      /* which of the collector's row types */
	const struct column *columns; /* ascending arcs */
	size_t column_count;
};

/* All tables, ascending by arc: the map of the product (map.c). */
extern const struct table tables[];
extern const size_t table_count;

/* netdiagAlarmSeverity, netdiagAgentWorstSeverity, and the labels of the values (map.c). */
enum alarm_severity {
	ALARM_NONE = 1,
	ALARM_WARNING,
	ALARM_CRITICAL,
};
extern const struct enum_value severity_values[];

/* Of enum alarm_event_kind, and of NetdiagTruthValue (map.c). */
extern const struct enum_value event_values[];
extern const struct enum_value truth_values[];

/* Arcs below the base OID. */
#define ARC_NOTIFICATIONS 0
#define ARC_OBJECTS	  1
#define ARC_CONFORMANCE	  2

/* The base OID (configure --with-base-oid). */
extern const oid base_oid[];
extern const size_t base_oid_len;

/* The table with this name, or NULL. */
const struct table *table_find(const char *name);

/* The column with this MIB name, or NULL. */
const struct column *table_column(const struct table *table, const char *name);

/* An OBJECT IDENTIFIER in a row, among its texts. Empty when len is 0, as row_reset() leaves it. */
struct object_id {
	uint32_t len;
	uint32_t arcs[MAX_OID_LEN];
};

/* The longest dotted form with its NUL: ten digits and a dot for each arc. */
#define OBJECT_ID_TEXT_SIZE (11 * MAX_OID_LEN)

/* How many of an object id's bytes are in use: enough to allocate and to copy. */
static inline size_t object_id_size(const struct object_id *id)
{
	return offsetof(struct object_id, arcs) + id->len * sizeof(id->arcs[0]);
}

/* Writes the dotted form, "" for an empty one. */
void object_id_text(const struct object_id *id, char text[OBJECT_ID_TEXT_SIZE]);

/* A time for people, ns since 1970: ISO 8601 in UTC, whole seconds, "2026-11-21T17:18:47Z". */
#define TIME_TEXT_SIZE 21
void time_text(uint64_t ns, char text[TIME_TEXT_SIZE]);

/* The number of a cell as every interface serves it: no larger than the column's SYNTAX can hold.
 * Times are in ns as in the row. Not for texts and object ids, nor for absent cells. */
uint64_t column_number(const struct column *column, const void *row);

/* The label of a value as column_number() gives it, or NULL when it has none: of a COLUMN_ENUM or
 * COLUMN_TRUTH. */
const char *column_label(const struct column *column, uint64_t value);

/* Whether a row has a value for a column. */
bool column_present(const struct column *column, const void *row);

/*
 * Writes a row's index as sub-identifiers (numbers as one, text as its length and octets). Returns
 * how many; at most MAX_OID_LEN. Nothing for a group of scalars but its .0.
 */
size_t table_index(const struct table *table, const void *row, oid *index);

/* The object that shows the member at an offset of a row; the column, or the scalar, when row is
 * NULL. Empty where no column shows it. */
void table_object_id(const struct table *table, size_t offset, const void *row,
		     struct object_id *id);

/* Writes the whole OID of a cell; of a column, or a scalar, when row is NULL. Returns its length.
 */
size_t table_oid(const struct table *table, const struct column *column, const void *row,
		 oid *name);

/* Gives a search a table's current rows: sorted, unchanged until the request is answered;
 * NULL when there are none. */
typedef const struct rows *table_rows_fn(const struct table *table, void *arg);

/* The result of a search. */
struct cell {
	const struct table *table;
	const struct column *column;
	const void *row;
};

enum table_miss {
	TABLE_FOUND,
	TABLE_NO_OBJECT,   /* no such column */
	TABLE_NO_INSTANCE, /* no such row, or the cell is absent */
};

/* The cell with exactly this OID (the whole one, base included). */
enum table_miss table_get(const oid *name, size_t len, table_rows_fn *rows, void *arg,
			  struct cell *cell);

/* The first cell after this OID; false at the end of all tables. Absent cells are passed over. */
bool table_next(const oid *name, size_t len, table_rows_fn *rows, void *arg, struct cell *cell);

#endif
