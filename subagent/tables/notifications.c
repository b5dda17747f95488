/* SPDX-License-Identifier: BSD-2-Clause */
/* Every notification of NETDIAG-MIB and its objects. Arcs and the objects' order are for ever:
 * receivers know the varbinds by their place. */
#include <config.h>

#include "collectors/base/array.h"
#include "subagent/checks/alarm.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tables/notifications.h"

#define NUMBER sizeof(uint64_t)

/* clang-format off */
const struct notify_object notify_objects[NOTIFY_OBJECT_COUNT] = {
	[NOTIFY_SEQUENCE]          = {1,  NOTIFY_GROUP_NAME "Sequence",          COLUMN_UNSIGNED32, READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_CHECK]             = {2,  NOTIFY_GROUP_NAME "Check",             COLUMN_TEXT,       READ_PLAIN,      CHECK_NAME_SIZE,        NULL},
	[NOTIFY_INSTANCE]          = {3,  NOTIFY_GROUP_NAME "Instance",          COLUMN_TEXT,       READ_PLAIN,      NOTIFY_INSTANCE_SIZE,   NULL},
	[NOTIFY_SEVERITY]          = {4,  NOTIFY_GROUP_NAME "Severity",          COLUMN_ENUM,       READ_PLAIN,      NUMBER,                 severity_values},
	[NOTIFY_SUMMARY]           = {5,  NOTIFY_GROUP_NAME "Summary",           COLUMN_TEXT,       READ_PLAIN,      CHECK_SUMMARY_SIZE,     NULL},
	[NOTIFY_VALUE]             = {6,  NOTIFY_GROUP_NAME "Value",             COLUMN_INTEGER32,  READ_HUNDREDTHS, NUMBER,                 NULL},
	[NOTIFY_LIMIT]             = {7,  NOTIFY_GROUP_NAME "Limit",             COLUMN_INTEGER32,  READ_HUNDREDTHS, NUMBER,                 NULL},
	[NOTIFY_UNITS]             = {8,  NOTIFY_GROUP_NAME "Units",             COLUMN_TEXT,       READ_PLAIN,      CHECK_UNITS_SIZE,       NULL},
	[NOTIFY_OBJECT_ID]         = {9,  NOTIFY_GROUP_NAME "ObjectId",          COLUMN_OID,        READ_PLAIN,      0,                      NULL},
	[NOTIFY_RAISED_AT]         = {10, NOTIFY_GROUP_NAME "RaisedAt",          COLUMN_TIME,       READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_ADVICE]            = {11, NOTIFY_GROUP_NAME "Advice",            COLUMN_TEXT,       READ_PLAIN,      CHECK_ADVICE_SIZE,      NULL},
	[NOTIFY_ALARM_ID]          = {12, NOTIFY_GROUP_NAME "AlarmId",           COLUMN_UNSIGNED32, READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_STATE]             = {13, NOTIFY_GROUP_NAME "State",             COLUMN_ENUM,       READ_PLAIN,      NUMBER,                 event_values},
	[NOTIFY_PREVIOUS_SEVERITY] = {14, NOTIFY_GROUP_NAME "PreviousSeverity",  COLUMN_ENUM,       READ_PLAIN,      NUMBER,                 severity_values},
	[NOTIFY_CHANGED_AT]        = {15, NOTIFY_GROUP_NAME "ChangedAt",         COLUMN_TIME,       READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_HOST_NAME]         = {16, NOTIFY_GROUP_NAME "HostName",          COLUMN_TEXT,       READ_PLAIN,      AGENT_HOST_NAME_SIZE,   NULL},
	[NOTIFY_BOOT_ID]           = {17, NOTIFY_GROUP_NAME "BootId",            COLUMN_TEXT,       READ_PLAIN,      AGENT_BOOT_ID_SIZE,     NULL},
	[NOTIFY_CAUSE_ID]          = {18, NOTIFY_GROUP_NAME "CauseId",           COLUMN_UNSIGNED32, READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_COMMAND]           = {19, NOTIFY_GROUP_NAME "Command",           COLUMN_TEXT,       READ_PLAIN,      CHECK_COMMAND_SIZE,     NULL},
	[NOTIFY_LAST_SEQUENCE]     = {20, NOTIFY_GROUP_NAME "LastSequence",      COLUMN_UNSIGNED32, READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_ACTIVE_ALARMS]     = {21, NOTIFY_GROUP_NAME "ActiveAlarms",      COLUMN_GAUGE32,    READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_COMPLETE]          = {22, NOTIFY_GROUP_NAME "Complete",          COLUMN_TRUTH,      READ_PLAIN,      NUMBER,                 truth_values},
	[NOTIFY_UPTIME]            = {23, NOTIFY_GROUP_NAME "Uptime",            COLUMN_TICKS,      READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_WORST_SEVERITY]    = {24, NOTIFY_GROUP_NAME "WorstSeverity",     COLUMN_ENUM,       READ_PLAIN,      NUMBER,                 severity_values},
	[NOTIFY_CRITICAL_ALARMS]   = {25, NOTIFY_GROUP_NAME "CriticalAlarms",    COLUMN_GAUGE32,    READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_WARNING_ALARMS]    = {26, NOTIFY_GROUP_NAME "WarningAlarms",     COLUMN_GAUGE32,    READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_HELD_BACK]         = {27, NOTIFY_GROUP_NAME "HeldBack",          COLUMN_GAUGE32,    READ_PLAIN,      NUMBER,                 NULL},
	[NOTIFY_CONFIG_HASH]       = {28, NOTIFY_GROUP_NAME "ConfigHash",        COLUMN_TEXT,       READ_PLAIN,      AGENT_CONFIG_HASH_SIZE, NULL},
};
/* clang-format on */

/* Raised and Cleared alike, so that one rule of a receiver serves both. */
static const enum notify_object_id alarm_objects[] = {
	NOTIFY_SEQUENCE,   NOTIFY_CHECK,
	NOTIFY_INSTANCE,   NOTIFY_SEVERITY,
	NOTIFY_SUMMARY,	   NOTIFY_VALUE,
	NOTIFY_LIMIT,	   NOTIFY_UNITS,
	NOTIFY_OBJECT_ID,  NOTIFY_RAISED_AT,
	NOTIFY_ADVICE,	   NOTIFY_ALARM_ID,
	NOTIFY_STATE,	   NOTIFY_PREVIOUS_SEVERITY,
	NOTIFY_CHANGED_AT, NOTIFY_HOST_NAME,
	NOTIFY_BOOT_ID,	   NOTIFY_CAUSE_ID,
	NOTIFY_COMMAND,
};

static const enum notify_object_id sync_objects[] = {
	NOTIFY_BOOT_ID,
	NOTIFY_LAST_SEQUENCE,
	NOTIFY_ACTIVE_ALARMS,
	NOTIFY_COMPLETE,
};

static const enum notify_object_id heartbeat_objects[] = {
	NOTIFY_BOOT_ID,	       NOTIFY_UPTIME,	      NOTIFY_LAST_SEQUENCE,
	NOTIFY_ACTIVE_ALARMS,  NOTIFY_WORST_SEVERITY, NOTIFY_CRITICAL_ALARMS,
	NOTIFY_WARNING_ALARMS, NOTIFY_HELD_BACK,      NOTIFY_CONFIG_HASH,
};

/* clang-format off */
const struct notification notifications[NOTIFICATION_COUNT] = {
	[NOTIFICATION_RAISED]    = {1, "netdiagAlarmRaised",  alarm_objects,     COUNT_OF(alarm_objects)},
	[NOTIFICATION_CLEARED]   = {2, "netdiagAlarmCleared", alarm_objects,     COUNT_OF(alarm_objects)},
	[NOTIFICATION_SYNC]      = {3, "netdiagAlarmSync",    sync_objects,      COUNT_OF(sync_objects)},
	[NOTIFICATION_HEARTBEAT] = {4, "netdiagHeartbeat",    heartbeat_objects, COUNT_OF(heartbeat_objects)},
};
/* clang-format on */
