/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of netdiagCheckTable, netdiagAlarmTable and netdiagAlarmHistoryTable. */
#ifndef NETDIAG_CHECKS_ALARM_H
#define NETDIAG_CHECKS_ALARM_H

#include "collectors/base/rows.h"
#include "subagent/tables/table.h"

#define CHECK_NAME_SIZE	    33
#define CHECK_INSTANCE_SIZE 65
#define CHECK_UNITS_SIZE    33
#define CHECK_SUMMARY_SIZE  161 /* text that leaves the host is bounded: consumers are shells */
#define CHECK_ADVICE_SIZE   201

enum check_state {
	CHECK_OK = 1,
	CHECK_WARNING,
	CHECK_CRITICAL,
	CHECK_UNKNOWN,
};

enum alarm_event {
	ALARM_RAISED = 1,
	ALARM_CHANGED,
	ALARM_CLEARED,
};

/* Values and limits are in hundredths of the units. */
struct check_row {
	uint64_t state;
	uint64_t value;
	uint64_t warning;
	uint64_t critical;
	uint64_t clear;
	uint64_t since; /* monotonic ns: of the last change of state */
	uint64_t raises;
	struct object_id object_id; /* what it watches */
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE];
	char units[CHECK_UNITS_SIZE];
	char summary[CHECK_SUMMARY_SIZE];
	char advice[CHECK_ADVICE_SIZE];
};

struct alarm_row {
	uint64_t id;
	uint64_t severity;
	uint64_t value;
	uint64_t limit;
	uint64_t raised_at; /* ns since 1970 */
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE];
	char summary[CHECK_SUMMARY_SIZE];
	char advice[CHECK_ADVICE_SIZE];
};

struct alarm_history_row {
	uint64_t sequence;
	uint64_t event;
	uint64_t severity;
	uint64_t value;
	uint64_t limit;
	uint64_t time; /* ns since 1970 */
	uint64_t alarm_id;
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE];
	char summary[CHECK_SUMMARY_SIZE];
};

extern const struct row_type check_row_type;
extern const struct row_type alarm_row_type;
extern const struct row_type alarm_history_row_type;

#endif
