/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagd --dump: everything that NETDIAG-MIB shows, without a master agent.
 *
 * text    for a person at a console: a paragraph for each row, without what is absent; percentages,
 *         durations and stamps ("12 s ago") in words; bytes that are not printable as \xNN.
 * json    for scripts: {"netdiagAgent": {…}, "netdiagSoftnetTable": [{…}, …], …}. The keys are the
 *         columns' full MIB names, index members included; absent cells are left out; a table
 *         without rows is [] (netdiagCollectorTable says why). Numbers are as the MIB has them
 *         (hundredths of a percent stay so, a Gauge32 ends at 4294967295). Enumerations are their
 *         labels, NetdiagTruthValue true or false, a NetdiagTimeStamp the seconds since then, a
 *         TimeTicks seconds, a NetdiagTime text.
 * schema  what the code knows, in JSON: tables, columns and notifications, which tests compare with
 * the MIB file, checks, collectors and the configuration's directives.
 */
#ifndef NETDIAG_CONSOLE_DUMP_H
#define NETDIAG_CONSOLE_DUMP_H

#include <stdio.h>

#include "subagent/tables/table.h"

enum dump_format {
	DUMP_TEXT,
	DUMP_JSON,
	DUMP_SCHEMA,
};

/* Which format a word of the command line means. 0, or -EINVAL and the format is untouched. */
int dump_format_parse(const char *word, enum dump_format *format);

/* The table that a word of the command line means: its name in the MIB, or that without "netdiag"
 * and "Table", in any case. NULL when there is none. */
const struct table *dump_find(const char *word);

/* Prints the current rows of a table, or of all (only: NULL). rows is asked with arg, once a table;
 * a schema asks for none. 0, or -EIO when the output could not be written. */
int dump_print(FILE *out, enum dump_format format, const struct table *only, table_rows_fn *rows,
	       void *arg);

/* The formats, of `count` tables. What fails in them shows in ferror(out). */
void dump_text(FILE *out, const struct table *table, size_t count, table_rows_fn *rows, void *arg);
void dump_json(FILE *out, const struct table *table, size_t count, table_rows_fn *rows, void *arg);
void dump_schema(FILE *out);

#endif
