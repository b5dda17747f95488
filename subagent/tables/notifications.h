/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: constant descriptors of what NETDIAG-MIB sends, and of the objects in it. Nothing
 * here does I/O or calls the agent library.
 */
#ifndef NETDIAG_TABLES_NOTIFICATIONS_H
#define NETDIAG_TABLES_NOTIFICATIONS_H

#include <stddef.h>

#include "subagent/tables/table.h"

/* Below netdiagObjects: the objects that exist in notifications only. No table takes this arc. */
#define ARC_NOTIFY_OBJECTS 100
#define NOTIFY_GROUP_NAME  "netdiagNotify"

/* An instance's name, percent-encoded. */
#define NOTIFY_INSTANCE_SIZE 97

enum notify_object_id {
	NOTIFY_SEQUENCE,
	NOTIFY_CHECK,
	NOTIFY_INSTANCE,
	NOTIFY_SEVERITY, /* in netdiagAlarmCleared: none */
	NOTIFY_SUMMARY,
	NOTIFY_VALUE, /* hundredths of the units; in netdiagAlarmCleared: at the clear */
	NOTIFY_LIMIT, /* likewise; in netdiagAlarmCleared: the clear limit */
	NOTIFY_UNITS,
	NOTIFY_OBJECT_ID, /* zeroDotZero when the check watches no single object */
	NOTIFY_RAISED_AT,
	NOTIFY_ADVICE,
	NOTIFY_ALARM_ID,
	NOTIFY_STATE, /* enum alarm_event_kind */
	NOTIFY_PREVIOUS_SEVERITY,
	NOTIFY_CHANGED_AT,
	NOTIFY_HOST_NAME,
	NOTIFY_BOOT_ID,
	NOTIFY_CAUSE_ID, /* 0: none */
	NOTIFY_COMMAND,	 /* "-": there is none, or it does not fit */
	NOTIFY_LAST_SEQUENCE,
	NOTIFY_ACTIVE_ALARMS,
	NOTIFY_COMPLETE, /* of netdiagAlarmSync: every check has been evaluated */
	NOTIFY_UPTIME,	 /* of the agent, not of the master */
	NOTIFY_WORST_SEVERITY,
	NOTIFY_CRITICAL_ALARMS,
	NOTIFY_WARNING_ALARMS,
	NOTIFY_HELD_BACK,
	NOTIFY_CONFIG_HASH,
	NOTIFY_OBJECT_COUNT
};

/* An accessible-for-notify scalar: base.1.100.arc.0. Its type is never COLUMN_COUNTER64, which an
 * SNMPv1 sink would lose the whole notification for. */
struct notify_object {
	unsigned arc;
	const char *name; /* the MIB's */
	enum column_type type;
	enum column_reading reading;
	size_t size;			 /* of a text's char array; 8 for a number */
	const struct enum_value *values; /* COLUMN_ENUM */
};

extern const struct notify_object notify_objects[NOTIFY_OBJECT_COUNT];

enum notification_id {
	NOTIFICATION_RAISED,
	NOTIFICATION_CLEARED,
	NOTIFICATION_SYNC,
	NOTIFICATION_HEARTBEAT,
	NOTIFICATION_COUNT
};

struct notification {
	unsigned arc; /* below netdiagNotifications, base.0 */
	const char *name;
	const enum notify_object_id *objects; /* its varbinds, in their order */
	size_t object_count;
};

extern const struct notification notifications[NOTIFICATION_COUNT];

#endif
