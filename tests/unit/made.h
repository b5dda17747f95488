/* SPDX-License-Identifier: BSD-2-Clause */
/* A made host for tests of the alarms: rows put there by the test, and a clock of its own. */
#ifndef NETDIAG_MADE_H
#define NETDIAG_MADE_H

#include "collectors/cpu/softnet.h"
#include "collectors/limit/limits.h"
#include "collectors/limit/sysctls.h"
#include "collectors/netns/netns.h"
#include "collectors/nic/nic.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/protocol/counters.h"
#include "collectors/protocol/memory.h"
#include "collectors/socket/fullest_buffers.h"
#include "collectors/socket/tcp_states.h"
#include "collectors/socket/udp_socket.h"
#include "subagent/checks/alarms.h"
#include "subagent/tables/agent_rows.h"
#include "tests/unit/unit.h"

#define MADE_SECOND  UINT64_C(1000000000)
#define MADE_MINUTE  (60 * MADE_SECOND)
#define MADE_EVENTS  256
#define MADE_SETTING 8
#define MADE_SHELVES 4

/* Of the first alarm. */
#define MADE_FIRST_ID 701

/* What was told of an alarm. */
struct made_event {
	enum alarm_event_kind kind;
	enum alarm_severity previous;
	struct alarm_row alarm;
};

struct made {
	uint64_t now;  /* monotonic ns */
	uint64_t wall; /* ns since 1970 */
	struct alarm_feed feed[COLLECTORS_MAX];
	struct rows rows[COLLECTORS_MAX][COLLECT_ROWS_MAX];
	struct rows agent;	/* netdiagAgent */
	struct rows collectors; /* netdiagCollectorTable */
	struct check_setting setting[MADE_SETTING];
	struct check_shelf shelf[MADE_SHELVES];
	struct alarm_settings settings;
	struct alarm_source source;
	struct alarms *alarms;
	struct made_event event[MADE_EVENTS];
	size_t events;
};

/* A host with no rows at all; no collector is supported. */
void made_init(struct made *made);
void made_done(struct made *made);

/* A new row of a collector, to be filled. The rows stay from turn to turn. */
void *made_row(struct made *made, const struct collector *collector, size_t kind);

/* The nth row of a collector, as it was made; made_turn() sorts them. */
void *made_nth(struct made *made, const struct collector *collector, size_t kind, size_t n);

/* Takes all rows of a kind away. */
void made_clear(struct made *made, const struct collector *collector, size_t kind);

/* A setting as netdiagSysctlTable has it. */
void made_sysctl(struct made *made, const char *name, const char *value);

/* How a collector is from now on. */
void made_status(struct made *made, const struct collector *collector, enum collect_status status);

/* A collector is unsupported from now on, because its source cannot be seen from here. */
void made_hide(struct made *made, const struct collector *collector);

/* Whether a collector's rows are not all there are. */
void made_left_out(struct made *made, const struct collector *collector, bool left_out);

/* Publishes the rows of all collectors that are ok, at `now`, and evaluates. */
void made_turn(struct made *made);

/* Turns every five seconds, after calling step (which may be NULL) with its arg. */
void made_run(struct made *made, uint64_t duration, void (*step)(struct made *made, void *arg),
	      void *arg);

/* The process ends and another one goes on with what it saved; settings may have changed. edit:
 * what becomes of the saved lines meanwhile; may be NULL. False: they were not taken back. */
bool made_restart(struct made *made, void (*edit)(char *text));

/* A line of the configuration; text as in netdiagd.conf is not parsed here. */
struct check_setting *made_setting(struct made *made, const char *check, const char *instance);

/* The same of a `shelve` line. */
struct check_shelf *made_shelf(struct made *made, const char *check, const char *instance,
			       uint64_t until);

/* What the alarms come to. */
struct alarm_totals made_totals(const struct made *made);

/* How many alarms there are, told or not. */
size_t made_alarms(const struct made *made);

/* The row of netdiagCheckTable, or NULL. Valid until the next call. */
const struct check_row *made_check(struct made *made, const char *check, const char *instance);

/* The active alarm, be it told or not, or NULL. */
const struct alarm_row *made_alarm(struct made *made, const char *check, const char *instance);

/* A web server that is well: traffic on eth0, its listener, sockets, conntrack, its settings. */
void made_web_server(struct made *made);

/* Five seconds of its ordinary traffic; a step for made_run(). */
void made_traffic(struct made *made, void *arg);

#endif
