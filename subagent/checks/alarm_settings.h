/* SPDX-License-Identifier: BSD-2-Clause */
/* What the configuration says to the checks and the notifications. */
#ifndef NETDIAG_CHECKS_ALARM_SETTINGS_H
#define NETDIAG_CHECKS_ALARM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "subagent/checks/alarm.h"

/* Which members of a check_setting are said; the others keep their values. */
enum check_setting_member {
	CHECK_SET_ON = 1 << 0,
	CHECK_SET_WARNING = 1 << 1,
	CHECK_SET_CRITICAL = 1 << 2,
	CHECK_SET_CLEAR = 1 << 3,
	CHECK_SET_WINDOW = 1 << 4,
	CHECK_SET_HOLD = 1 << 5,
	CHECK_SET_CLEAR_AFTER = 1 << 6,
	CHECK_SET_NOTIFY = 1 << 7,
};

/* A limit that is never reached. */
#define CHECK_LIMIT_OFF INT32_MAX

/* One `check` line of the configuration. */
struct check_setting {
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE]; /* shell glob; "" : every instance */
	unsigned set;
	bool on;
	bool notify;
	int32_t warning; /* hundredths of the check's units */
	int32_t critical;
	int32_t clear;
	uint32_t window_ms;
	uint32_t hold; /* evaluations in a row; 0: hold_ms says it */
	uint32_t hold_ms;
	uint32_t clear_after_ms;
};

/* One `shelve` line. */
struct check_shelf {
	char check[CHECK_NAME_SIZE];
	char instance[CHECK_INSTANCE_SIZE]; /* shell glob; "": every instance */
	uint64_t until;			    /* ns since 1970 */
};

struct alarm_settings {
	struct check_setting *checks; /* in the order of the file: later ones win, and of those the
				       * most specific instance pattern */
	size_t check_count;
	struct check_shelf *shelves;
	size_t shelf_count;
	uint32_t rate_per_minute;   /* notifications; a token bucket */
	uint32_t jitter_ms;	    /* warnings wait up to so long */
	uint32_t repeat_warning_ms; /* between two repeats of an active alarm; 0: never */
	uint32_t repeat_critical_ms;
	uint32_t rows_keep_ms; /* of netdiagCheckTable, after their object is gone */
	uint32_t heartbeat_ms; /* 0: off */
	char *state_file;      /* owned; NULL: where the service manager says; "": none */
	uint32_t history;      /* rows of netdiagAlarmHistoryTable */
	uint32_t once_ms; /* not 0: two samples so far apart are judged at once, for --report */
};

#endif
