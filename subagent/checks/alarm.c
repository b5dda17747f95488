/* SPDX-License-Identifier: BSD-2-Clause */
/* The types of the rows that show alarms: what identifies each, and where its texts begin. The rows
 * are filled by alarms.c and alarm_rows.c. */
#include <config.h>

#include "subagent/checks/alarm.h"

const struct row_type check_row_type = {
	ROW_TYPE_TEXT("check", struct check_row, check),
	.key = {ROW_TEXT(struct check_row, check), ROW_TEXT(struct check_row, instance)},
};

const struct row_type alarm_row_type = {
	ROW_TYPE_TEXT("alarm", struct alarm_row, check),
	.key = {ROW_NUMBER(struct alarm_row, id)},
};

const struct row_type alarm_history_row_type = {
	ROW_TYPE_TEXT("alarm history", struct alarm_history_row, check),
	.key = {ROW_NUMBER(struct alarm_history_row, sequence)},
};
