/* SPDX-License-Identifier: BSD-2-Clause */
/* The agent's own rows: netdiagAgent… and netdiagCollectorTable. */
#ifndef NETDIAG_TABLES_AGENT_ROWS_H
#define NETDIAG_TABLES_AGENT_ROWS_H

#include "collectors/engine.h"
#include "collectors/kernel/viewpoint.h"

#define AGENT_BOOT_ID_SIZE     17 /* 16 hexadecimal digits */
#define AGENT_CONFIG_HASH_SIZE 9
#define AGENT_HOST_NAME_SIZE   65
#define AGENT_SUMMARY_SIZE     61
#define AGENT_WORST_PLACE_SIZE 25

/* The most that netdiagAgentCriticalAlarms to …StaleCollectors show, so that all objects about the
 * host's health fit into one message. */
#define AGENT_COUNT_MAX 32767

struct agent_row {
	uint64_t uptime; /* ns */
	uint64_t active_alarms;
	uint64_t worst_severity; /* enum alarm_severity; 1 none */
	uint64_t traps_sent;
	uint64_t traps_suppressed;
	uint64_t traps_pending;
	uint64_t master_reconnects;
	uint64_t last_sequence; /* of the notifications */
	uint64_t last_change;	/* monotonic ns: of an alarm, or the start */
	uint64_t critical_alarms;
	uint64_t warning_alarms;
	uint64_t shelved_alarms;
	uint64_t unknown_checks;
	uint64_t stale_collectors;
	uint64_t loss_rate;    /* hundredths of packets/s, over a minute */
	uint64_t held_back;    /* notifications that wait in notify/queue.c */
	uint64_t held_back_ns; /* for how long the oldest of them has; no column */
	char version[65];
	char boot_id[AGENT_BOOT_ID_SIZE]; /* another one when the alarms' memory was lost */
	char host_name[AGENT_HOST_NAME_SIZE];
	char config_hash[AGENT_CONFIG_HASH_SIZE];
	char summary[AGENT_SUMMARY_SIZE];	  /* of the alarms, in words */
	char worst_place[AGENT_WORST_PLACE_SIZE]; /* where most packets are lost, or "-" */
	char viewpoint[VIEWPOINT_TEXT_SIZE];
};

struct agent_collector_row {
	uint64_t status;
	uint64_t interval_ms;
	uint64_t age_ms;
	uint64_t duration_us;
	uint64_t refreshes;
	uint64_t errors;
	uint64_t rows;
	char name[33];
	char source[COLLECT_SOURCE_SIZE];
	char last_error[COLLECT_ERROR_SIZE];
};

extern const struct row_type agent_row_type;
extern const struct row_type agent_collector_row_type;

/* Fill empty rows with the agent's one, and with one for each collector of the engine, which is
 * the argument. 0 or -ENOMEM. */
int agent_rows_fill(struct rows *rows, void *engine);
int agent_rows_fill_collectors(struct rows *rows, void *engine);

/* The agent's row as it is now. */
void agent_row_now(struct agent_row *row);

/* Registers a function that adds to the agent's row what others know: alarms, notifications. */
typedef void agent_fill_fn(struct agent_row *row, void *arg);
void agent_on_fill(agent_fill_fn *fill, void *arg);

/* Begins the agent's life, which lasts as long as the process: its uptime counts from here, and it
 * gets a boot id of its own. Calls after the first change nothing. Returns the monotonic time (ns)
 * of the first. */
uint64_t agent_start(void);

/* Goes on with the boot id of a former process, whose alarms were restored. */
void agent_keep_boot_id(const char *id);

/* Random digits from /proc/sys/kernel/random/uuid, or the time of the start where the kernel gives
 * none. Empty before agent_start(). */
const char *agent_boot_id(void);

/* "1.0.0", and " (experimental base OID)" where that is so. */
const char *agent_version(void);

#endif
