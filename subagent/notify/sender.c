/* SPDX-License-Identifier: BSD-2-Clause */
/* Sends notifications to the AgentX master, which queue.c chooses from the alarms and pdu.c makes,
 * and takes its responses. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "subagent/agentx/session.h"
#include "subagent/agentx/transport.h"
#include "subagent/log.h"
#include "subagent/notify/pdu.h"
#include "subagent/notify/queue.h"
#include "subagent/notify/sender.h"
#include "subagent/tables/agent_rows.h"

/* netdiagAlarmSync and netdiagHeartbeat have no sequence number; these stand for theirs. */
#define NO_NUMBER_SYNC	    0
#define NO_NUMBER_HEARTBEAT UINT32_MAX

/* How long netdiagAlarmSync waits after the start until every check has been evaluated: twice the
 * longest interval by default. */
#define COMPLETE_NS (60 * SECOND_NS)

/* What is under way of those that are only ever told as they are now. */
enum errand {
	ERRAND_DONE,
	ERRAND_DUE,
	ERRAND_UNDER_WAY,
};

static struct {
	struct alarms *alarms;
	struct notify_queue *queue;
	enum errand sync;
	uint64_t sync_at; /* monotonic ns: not before */
	enum errand heartbeat;
	uint64_t heartbeat_at;
	uint64_t heartbeat_ns; /* 0: off */
	uint64_t complete_by;  /* monotonic ns: the sync waits no longer for the checks */
	uint64_t sent;
	long refused; /* what was told of a refusal: res.error */
} self;

static void on_alarm(const struct alarm_event *event, void *arg)
{
	(void)arg;
	notify_queue_event(self.queue, event, clock_monotonic());
}

static void on_session(bool up, void *arg)
{
	(void)arg;
	notify_queue_lost(self.queue);
	self.sync = up ? ERRAND_DUE : ERRAND_DONE;
	self.sync_at = 0;
	if (self.heartbeat == ERRAND_UNDER_WAY)
		self.heartbeat = ERRAND_DUE;
	if (up)
		notify_queue_resync(self.queue);
}

int sender_init(struct alarms *alarms, const struct alarm_settings *settings, uint64_t seed)
{
	memset(&self, 0, sizeof(self));
	self.queue = notify_queue_new(settings, seed);
	if (!self.queue)
		return -ENOMEM;
	self.alarms = alarms;
	self.complete_by = clock_monotonic() + COMPLETE_NS;
	sender_configure(settings);
	alarms_on_event(alarms, on_alarm, NULL);
	session_on_change(on_session, NULL);
	return 0;
}

void sender_close(void)
{
	if (!self.queue)
		return;
	session_on_change(NULL, NULL);
	alarms_on_event(self.alarms, NULL, NULL);
	notify_queue_free(self.queue);
	memset(&self, 0, sizeof(self));
}

void sender_configure(const struct alarm_settings *settings)
{
	uint64_t heartbeat_ns = settings->heartbeat_ms * MILLISECOND_NS;

	notify_queue_configure(self.queue, settings);
	if (heartbeat_ns != self.heartbeat_ns)
		self.heartbeat_at = 0;
	self.heartbeat_ns = heartbeat_ns;
}

/* A master that does not take notifications at all: once per reason. */
static void sender_explain(long error)
{
	if (error == self.refused)
		return;
	self.refused = error;
	if (error)
		log_warning("the AgentX master refused a notification: AgentX error %ld (RFC 2741, "
			    "6.2.16). See its log; the notification will be sent again",
			    error);
}

/* The master's response to a notification, or that there is none. */
static int sender_answered(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
			   void *arg)
{
	uint64_t number = (uint64_t)(uintptr_t)arg, now = clock_monotonic();
	bool arrived = operation == NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE && pdu;
	bool taken = arrived && !pdu->errstat;

	(void)session;
	(void)reqid;
	if (!self.queue)
		return 1;
	if (arrived)
		sender_explain(pdu->errstat);
	self.sent += taken;
	switch (number) {
	case NO_NUMBER_SYNC:
		if (self.sync == ERRAND_UNDER_WAY)
			self.sync = taken ? ERRAND_DONE : ERRAND_DUE;
		self.sync_at = now + NOTIFY_AGAIN_NS;
		break;
	case NO_NUMBER_HEARTBEAT:
		self.heartbeat = ERRAND_DONE;
		break;
	default:
		if (taken)
			notify_queue_acknowledged(self.queue, number, now);
		else
			notify_queue_failed(self.queue, number, now);
	}
	return 1;
}

/* Whether the master reads: what would have to wait is rather kept here. */
static bool is_writable(void)
{
	struct pollfd pollfd = {.fd = transport_fd(), .events = POLLOUT};

	return pollfd.fd >= 0 && poll(&pollfd, 1, 0) == 1 && pollfd.revents & POLLOUT;
}

/* Hands a notification to the library. sender_answered() is called for it, be it at once. */
static void send_pdu(netsnmp_pdu *pdu, uint64_t number)
{
	netsnmp_session *session = session_master();

	if (!pdu) {
		sender_answered(NETSNMP_CALLBACK_OP_SEND_FAILED, session, 0, NULL,
				(void *)(uintptr_t)number);
		return;
	}
	/* When it fails the library has called back already, or the session is at its end. */
	if (!snmp_async_send(session, pdu, sender_answered, (void *)(uintptr_t)number))
		snmp_free_pdu(pdu);
}

static void send_alarm(const struct notice *notice)
{
	struct agent_row agent;

	agent_row_now(&agent);
	send_pdu(notify_pdu_alarm(notice, &agent, session_master()), notice->sequence);
}

/* Sync and heartbeat. */
static void send_agent(enum notification_id id, uint64_t number)
{
	struct agent_row agent;

	agent_row_now(&agent);
	send_pdu(notify_pdu_agent(id, &agent, alarms_complete(self.alarms), session_master()),
		 number);
}

/* An active alarm that had found no room in the queue. */
static void add_missing(const struct alarm_event *event, void *arg)
{
	const uint64_t *now = arg;

	if (!notify_queue_knows(self.queue, event->alarm->id))
		notify_queue_event(self.queue, event, *now);
}

/* What there is to say is only known when every check has been evaluated; a collector that hangs
 * does not hold it up for ever. */
static bool is_sync_due(uint64_t now)
{
	return self.sync == ERRAND_DUE && now >= self.sync_at &&
	       (now >= self.complete_by || alarms_complete(self.alarms));
}

void sender_turn(uint64_t now)
{
	const struct notice *notice;

	if (notify_queue_has_room(self.queue))
		alarms_each(self.alarms, add_missing, &now);
	if (is_sync_due(now) && session_master() && is_writable()) {
		self.sync = ERRAND_UNDER_WAY;
		send_agent(NOTIFICATION_SYNC, NO_NUMBER_SYNC);
	}
	if (self.heartbeat_ns && self.sync == ERRAND_DONE && self.heartbeat != ERRAND_UNDER_WAY &&
	    now >= self.heartbeat_at && session_master() && is_writable()) {
		self.heartbeat = ERRAND_UNDER_WAY;
		self.heartbeat_at = now + self.heartbeat_ns;
		send_agent(NOTIFICATION_HEARTBEAT, NO_NUMBER_HEARTBEAT);
	}
	/* Nothing overtakes the sync. */
	while (self.sync != ERRAND_DUE && session_master() && is_writable() &&
	       (notice = notify_queue_next(self.queue, now)))
		send_alarm(notice);
}

unsigned sender_wait_ms(uint64_t now, unsigned most)
{
	uint64_t wait;

	if (!session_master())
		return most;
	if (self.sync != ERRAND_DUE)
		wait = notify_queue_wait(self.queue, now);
	else if (self.sync_at > now)
		wait = self.sync_at - now;
	else
		/* Until every check has been evaluated, which wakes us anyway. */
		wait = is_sync_due(now) ? 0 : UINT64_MAX;
	if (self.heartbeat_ns && self.sync == ERRAND_DONE && self.heartbeat != ERRAND_UNDER_WAY) {
		uint64_t left = self.heartbeat_at > now ? self.heartbeat_at - now : 0;

		wait = left < wait ? left : wait;
	}
	if (wait / MILLISECOND_NS >= most)
		return most;
	/* While the master does not read there is no hurry. */
	return is_writable() ? (unsigned)(wait / MILLISECOND_NS) + 1 : most;
}

uint64_t sender_sent(void)
{
	return self.sent;
}

uint64_t sender_suppressed(void)
{
	return self.queue ? notify_queue_suppressed(self.queue) : 0;
}

uint64_t sender_held_back(void)
{
	return self.queue ? notify_queue_pending(self.queue) : 0;
}

uint64_t sender_held_back_ns(uint64_t now)
{
	uint64_t since = self.queue ? notify_queue_waiting_since(self.queue) : 0;

	return since && now > since ? now - since : 0;
}

uint64_t sender_last_sequence(void)
{
	return self.queue ? notify_queue_last_sequence(self.queue) : 0;
}

struct notify_queue *sender_queue(void)
{
	return self.queue;
}

uint64_t sender_pending(void)
{
	return self.queue ? notify_queue_pending(self.queue) + (self.sync != ERRAND_DONE) : 0;
}
