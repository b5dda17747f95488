/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagd --test-notification: opens a session of its own and sends a raise and a clear that say
 * that they are tests. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "collectors/base/clock.h"
#include "collectors/collector.h"
#include "subagent/agentx/session.h"
#include "subagent/log.h"
#include "subagent/notify/pdu.h"
#include "subagent/notify/test_notification.h"

#define TURN_MS 200

/* For a connection and the answers. */
#define PATIENCE_S 10

#define TEST_CHECK    "agent.test"
#define TEST_INSTANCE "test"
#define TEST_ALARM_ID 0 /* no alarm has it */

static struct {
	unsigned answers;
	bool lost; /* the session ended, or a notification could not be sent */
	long refused;
} self;

static int test_answered(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
			 void *arg)
{
	(void)session;
	(void)reqid;
	(void)arg;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !pdu)
		self.lost = true;
	else if (pdu->errstat)
		self.refused = pdu->errstat;
	else
		self.answers++;
	return 1;
}

static void send_test(enum alarm_event_kind kind, const char *summary, const char *advice,
		      const char *command)
{
	bool over = kind == ALARM_EVENT_CLEARED;
	struct notice notice = {.kind = kind, .previous = over ? ALARM_WARNING : ALARM_NONE};
	struct alarm_row *alarm = &notice.alarm;
	struct agent_row agent;
	netsnmp_pdu *pdu;

	row_reset(&alarm_row_type, alarm);
	alarm->severity = over ? ALARM_NONE : ALARM_WARNING;
	alarm->id = TEST_ALARM_ID;
	alarm->cause_id = 0;
	alarm->raised_at = alarm->changed_at = clock_wall();
	ROW_SET_TEXT(alarm->check, TEST_CHECK);
	ROW_SET_TEXT(alarm->instance, TEST_INSTANCE);
	ROW_SET_TEXT(alarm->text.summary, summary);
	ROW_SET_TEXT(alarm->text.advice, advice);
	ROW_SET_TEXT(alarm->text.command, command);
	agent_row_now(&agent);
	pdu = notify_pdu_alarm(&notice, &agent, session_master());
	if (!pdu || !snmp_async_send(session_master(), pdu, test_answered, NULL)) {
		snmp_free_pdu(pdu);
		self.lost = true;
	}
}

/* Takes turns until there is what is waited for, or the time is up. */
static bool wait_for(bool (*done)(void), uint64_t until)
{
	while (!done() && clock_monotonic() < until)
		if (session_turn(-1, TURN_MS, NULL, NULL))
			return false;
	return done();
}

static bool is_up(void)
{
	return session_master() != NULL;
}

static bool has_ended(void)
{
	return self.answers == 2 || self.refused || self.lost;
}

static int test_run(const char *address)
{
	uint64_t until = clock_monotonic() + PATIENCE_S * SECOND_NS;

	if (!wait_for(is_up, until)) {
		log_error("no test notification was sent: there is no AgentX master at %s",
			  address);
		return EXIT_FAILURE;
	}
	send_test(ALARM_EVENT_RAISED, "TEST: this is no problem, netdiagd --test-notification",
		  "nothing to do: a test of the way to the alerting system", "netdiagd --report");
	if (!self.lost)
		send_test(ALARM_EVENT_CLEARED, "TEST: over, netdiagd --test-notification", "", "");
	wait_for(has_ended, until);
	if (self.answers == 2) {
		puts("The AgentX master has accepted two test notifications, netdiagAlarmRaised "
		     "and\nnetdiagAlarmCleared. If they do not arrive, check trap2sink and "
		     "informsink in\nsnmpd.conf, and the receiver's log.");
		return EXIT_SUCCESS;
	}
	if (self.refused)
		log_error("the AgentX master at %s refused the test notification: AgentX error %ld "
			  "(RFC 2741, 6.2.16). See its log",
			  address, self.refused);
	else
		log_error("the AgentX master at %s has not acknowledged the test notification "
			  "within %d s: it is stopped, overloaded, or was restarted just now",
			  address, PATIENCE_S);
	return EXIT_FAILURE;
}

int test_notification(const char *address)
{
	int status, err;

	memset(&self, 0, sizeof(self));
	err = session_init(address, NULL);
	if (err == -EINVAL)
		return EX_USAGE;
	if (err) {
		log_error("cannot start: %s", strerror(-err));
		return EXIT_FAILURE;
	}
	status = test_run(address);
	session_close();
	return status;
}
