/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The session with the AgentX master. libnetsnmpagent opens and closes it; between that its packets
 * are answered here. In the library's own way each request would pass an internal pair of pipes and
 * a chain of handlers, and a failed registration would go unnoticed. Its pings and its reconnecting
 * are off: the end of the stream says at once that the master is gone, and a master that is only
 * slow or stopped keeps its session.
 */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/library/large_fd_set.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/collector.h"
#include "subagent/agentx/address.h"
#include "subagent/agentx/library.h"
#include "subagent/agentx/protocol.h"
#include "subagent/agentx/respond.h"
#include "subagent/agentx/retry.h"
#include "subagent/agentx/session.h"
#include "subagent/agentx/transport.h"
#include "subagent/log.h"

#define TICK_NS UINT64_C(10000000)

/* Register and Notify are asynchronous. */
#define REQUEST_MS 5000
/* Close, at the end: nothing depends on the answer. */
#define CLOSE_MS 500
/* After a loss the reason is logged only when the master has not come back within this time. */
#define EXPLAIN_MS 5000
/* A session that lasts this long has not failed, however it ends. */
#define STEADY_MS 5000
/* Estimates of the master's start that differ by less mean the same start. */
#define EPOCH_SLACK_NS (1000 * MILLISECOND_NS)

enum state {
	DOWN,
	CONNECTED,   /* the session is open */
	REGISTERING, /* Register is under way */
	UP,
};

static struct {
	struct respond handler;
	char *address;
	bool registers; /* there are tables to be registered */
	enum state state;
	netsnmp_session *session; /* the library's, from CONNECTED on */
	netsnmp_callback library; /* what the library does with packets and disconnections */
	uint64_t opened;	  /* monotonic ns: of the session; valid from CONNECTED on */
	uint64_t next_connect;	  /* monotonic ns; when DOWN */
	uint64_t next_register;	  /* monotonic ns; when CONNECTED */
	uint64_t down_since;	  /* monotonic ns */
	uint64_t connects;	  /* how often the state became UP */
	int64_t epoch;		  /* monotonic ns of the master's start */
	bool moving;		  /* the loss is our own doing: another address, or the end */
	int ending;		  /* why we end the connection: an errno, or 0 */
	int error;		  /* with which errno the session failed last, ... */
	unsigned failures;	  /* ... and how often in a row */
	int explained;		  /* the errno that was logged last; 0: none */
	unsigned refusals;	  /* of Register, in a row */
	long register_explained;  /* res.error that was logged last */
	session_change_fn *change;
	void *change_arg;
} self;

netsnmp_session *session_master(void)
{
	return self.state == UP ? self.session : NULL;
}

uint64_t session_reconnects(void)
{
	return self.connects > 1 ? self.connects - 1 : 0;
}

void session_on_change(session_change_fn *fn, void *arg)
{
	self.change = fn;
	self.change_arg = arg;
}

uint32_t session_ticks(uint64_t monotonic)
{
	int64_t since = (int64_t)monotonic - self.epoch;

	return since > 0 ? (uint32_t)((uint64_t)since / TICK_NS) : 0;
}

/* Keeps the estimate of the master's start while it can be the same start, so that stamps do not
 * flicker when the session is made again. uptime: the master's sysUpTime now. */
static void session_set_epoch(uint64_t now, uint32_t uptime)
{
	int64_t epoch = (int64_t)now - (int64_t)(uptime * TICK_NS);

	if (!self.connects || (uint64_t)llabs(epoch - self.epoch) > EPOCH_SLACK_NS)
		self.epoch = epoch;
}

static void session_changed(bool up)
{
	if (self.change)
		self.change(up, self.change_arg);
}

/* Whether the master has closed one session after another soon after opening it. */
static bool session_flaps(void)
{
	return self.error == ECONNRESET && self.failures > 0;
}

static void session_log_up(void)
{
	self.explained = 0;
	if (self.registers)
		log_notice("%s the AgentX master at %s; NETDIAG-MIB is registered at %s",
			   self.connects > 1 ? "back at" : "connected to", self.address,
			   NETDIAG_BASE_OID);
}

static void session_came_up(void)
{
	self.state = UP;
	self.refusals = 0;
	self.register_explained = 0;
	self.connects++;
	if (self.error != ECONNRESET)
		self.error = 0;
	if (!session_flaps())
		session_log_up();
	session_changed(true);
}

/* Register was refused: try again later, and log why once. */
static void session_refused(long error)
{
	const struct retry *retry = retry_register(error);

	self.next_register = clock_monotonic() + retry_ms(retry, ++self.refusals) * MILLISECOND_NS;
	if (error == self.register_explained)
		return;
	self.register_explained = error;
	log_error("the AgentX master at %s refuses to register %s (error %ld): %s; trying again, "
		  "less and less often, but every %u s",
		  self.address, NETDIAG_BASE_OID, error, retry->remedy, retry->limit_ms / 1000);
}

/* The session could not be opened or kept: try again later. The reason is logged once, and not
 * while the master is only being restarted. */
static void session_failed(int error)
{
	const struct retry *retry = retry_connect(error);
	uint64_t now = clock_monotonic();

	/* The first session that ends soon may be chance: that is tried again at once. */
	self.failures = error == self.error ? self.failures + 1 : error != ECONNRESET;
	self.error = error;
	self.next_connect = now + retry_ms(retry, self.failures) * MILLISECOND_NS;
	if (error == self.explained || !self.failures ||
	    (!session_flaps() && self.connects &&
	     now - self.down_since < EXPLAIN_MS * MILLISECOND_NS))
		return;
	self.explained = error;
	log_warning(
		"cannot reach the AgentX master at %s: %s. %s. Trying again at least every %u ms",
		self.address, strerror(error), retry->remedy, retry->limit_ms);
}

/* Ends a session that can no longer be used. */
static void session_break(int error)
{
	self.ending = error;
	transport_break();
}

/* The response to Register. Without one in time the state at the master is unknown: the connection
 * is made anew. */
static int session_registered(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
			      void *arg)
{
	uint64_t now = clock_monotonic();

	(void)reqid;
	(void)arg;
	if (session != self.session || self.state != REGISTERING)
		return 1;
	self.state = CONNECTED;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !pdu) {
		session_break(ETIMEDOUT);
	} else if (pdu->errstat == AGENTX_NOT_OPEN) {
		session_break(ECONNRESET);
	} else if (pdu->errstat) {
		session_refused(pdu->errstat);
	} else {
		session_set_epoch(now, (uint32_t)pdu->time);
		session_came_up();
	}
	return 1;
}

/* Registers all of netdiagObjects. */
static void session_register(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_PDU_REGISTER);
	oid root[MAX_OID_LEN];

	if (!pdu)
		return;
	memcpy(root, base_oid, base_oid_len * sizeof(oid));
	root[base_oid_len] = ARC_OBJECTS;
	pdu->priority = AGENTX_PRIORITY;
	pdu->sessid = self.session->sessid;
	if (!snmp_add_null_var(pdu, root, base_oid_len + 1)) {
		snmp_free_pdu(pdu);
		return;
	}
	self.state = REGISTERING;
	if (!snmp_async_send(self.session, pdu, session_registered, NULL)) {
		snmp_free_pdu(pdu);
		self.state = CONNECTED;
		session_break(ECONNRESET);
	}
}

/* Receives the master's packets in place of the library's own callback. */
static int session_packet(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
			  void *arg)
{
	netsnmp_pdu *response;

	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !pdu)
		return self.library(operation, session, reqid, pdu, arg);
	if (pdu->command == AGENTX_PDU_CLOSE) {
		transport_break();
		return 1;
	}
	response = respond_answer(&self.handler, pdu);
	if (response && !snmp_send(session, response))
		snmp_free_pdu(response);
	return 1;
}

/* The library has opened the session. */
static int session_opened(int major, int minor, void *session, void *arg)
{
	(void)major;
	(void)minor;
	(void)arg;
	self.session = session;
	self.library = self.session->callback;
	self.session->callback = session_packet;
	self.session->timeout = (long)REQUEST_MS * 1000;
	self.state = CONNECTED;
	self.opened = clock_monotonic();
	self.next_register = 0;
	self.refusals = 0;
	self.ending = 0;
	return 0;
}

/* The library has lost the session, or could not open it. */
static int session_closed(int major, int minor, void *session, void *arg)
{
	bool was_up = self.state == UP;

	(void)major;
	(void)minor;
	(void)arg;
	if (session != self.session)
		return 0;
	self.session = NULL;
	self.state = DOWN;
	self.down_since = clock_monotonic();
	self.next_connect = 0;
	if (!self.moving && !self.ending && clock_since(self.opened) < STEADY_MS * MILLISECOND_NS)
		self.ending = ECONNRESET;
	if (self.ending && !self.moving)
		session_failed(self.ending);
	else
		self.error = 0;
	if (was_up && !self.moving && !session_flaps())
		log_notice("lost the AgentX master at %s: it closed the connection; trying to "
			   "reach it again",
			   self.address);
	self.moving = false;
	if (was_up)
		session_changed(false);
	return 0;
}

static void session_attempt(void)
{
	uint64_t began = clock_monotonic();
	int error;

	library_open_session();
	if (self.state != DOWN)
		return;
	error = transport_error();
	if (!error)
		error = clock_since(began) < LIBRARY_OPEN_MS * MILLISECOND_NS ? EPROTO : ETIMEDOUT;
	session_failed(error);
}

static int session_set_address(const char *address)
{
	struct address parsed;
	const char *wrong = address_parse(&parsed, address);
	char *copy;
	int err;

	if (wrong) {
		log_error("%s: %s", address, wrong);
		return -EINVAL;
	}
	copy = strdup(address);
	err = copy ? library_set_address(address) : -ENOMEM;
	if (err) {
		free(copy);
		return err;
	}
	free(self.address);
	self.address = copy;
	return 0;
}

int session_address(const char *address)
{
	int err;

	if (!strcmp(address, self.address))
		return 0;
	err = session_set_address(address);
	if (err)
		return err;
	log_notice("the AgentX master is now at %s", self.address);
	self.moving = self.state != DOWN;
	self.explained = 0;
	self.error = 0;
	self.next_connect = 0;
	transport_break();
	return 0;
}

int session_init(const char *address, struct pinned *view)
{
	int err;

	self.handler = (struct respond){pinned_rows, view, session_ticks};
	self.registers = view != NULL;
	err = library_init();
	if (err)
		return err;
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START,
			       session_opened, NULL);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, session_closed,
			       NULL);
	library_start();
	return session_set_address(address);
}

/* Connects or registers when it is time to. */
static void session_advance(void)
{
	uint64_t now = clock_monotonic();

	if (self.state == DOWN && now >= self.next_connect)
		session_attempt();
	if (self.state == CONNECTED && !self.registers)
		session_came_up();
	else if (self.state == CONNECTED && now >= self.next_register)
		session_register();
	if (self.state == UP && session_flaps() && now > self.opened + STEADY_MS * MILLISECOND_NS) {
		self.error = 0;
		session_log_up();
	}
}

/* How long to wait at most to be in time for the next attempt. */
static struct timeval session_waiting_time(unsigned timeout_ms)
{
	uint64_t now = clock_monotonic(), wait = timeout_ms * MILLISECOND_NS;

	if (self.state == DOWN || self.state == CONNECTED) {
		uint64_t next = self.state == DOWN ? self.next_connect : self.next_register;
		uint64_t left = next > now ? next - now : 0;

		if (left < wait)
			wait = left;
	}
	return (struct timeval){
		.tv_sec = (time_t)(wait / (1000 * MILLISECOND_NS)),
		.tv_usec = (suseconds_t)(wait / 1000 % 1000000),
	};
}

static int session_select(int wake_fd, unsigned timeout_ms, session_before_fn *before, void *arg)
{
	netsnmp_large_fd_set set;
	struct timeval timeout;
	int count = 0, ready, block = 0, err = 0;

	/* Ask for the library's descriptors each turn: a new connection can have the number of the
	 * old one. */
	netsnmp_large_fd_set_init(&set, FD_SETSIZE);
	timeout = session_waiting_time(timeout_ms);
	snmp_select_info2(&count, &set, &timeout, &block);
	if (wake_fd >= 0) {
		NETSNMP_LARGE_FD_SET(wake_fd, &set);
		if (wake_fd >= count)
			count = wake_fd + 1;
	}
	ready = netsnmp_large_fd_set_select(count, &set, NULL, NULL, &timeout);
	if (ready < 0 && errno != EINTR)
		err = -errno;
	if (before)
		before(ready > 0 && wake_fd >= 0 && NETSNMP_LARGE_FD_ISSET(wake_fd, &set), arg);
	if (ready > 0)
		snmp_read2(&set);
	snmp_timeout();
	run_alarms();
	netsnmp_large_fd_set_cleanup(&set);
	return err;
}

int session_turn(int wake_fd, unsigned timeout_ms, session_before_fn *before, void *arg)
{
	session_advance();
	return session_select(wake_fd, timeout_ms, before, arg);
}

static int session_close_answered(int operation, netsnmp_session *session, int reqid,
				  netsnmp_pdu *pdu, void *arg)
{
	bool *answered = arg;

	(void)operation;
	(void)session;
	(void)reqid;
	(void)pdu;
	*answered = true;
	return 1;
}

/* Waits until the session is gone or the flag is set. */
static void session_wait_closing(const bool *flag)
{
	uint64_t deadline = clock_monotonic() + CLOSE_MS * MILLISECOND_NS, now;

	while (self.session && !*flag && (now = clock_monotonic()) < deadline)
		session_select(-1, (unsigned)((deadline - now) / MILLISECOND_NS) + 1, NULL, NULL);
}

/*
 * Sends Close and ends the connection. This is not left to snmp_shutdown(): when a master dies
 * meanwhile, the library removes callbacks from the list that it is walking and reads freed memory.
 */
static void session_leave(void)
{
	static bool answered, never; /* static: a request that is left behind outlives us */
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_PDU_CLOSE);

	self.moving = true;
	self.change = NULL;
	self.next_register = UINT64_MAX; /* nothing else to wake up for */
	self.session->timeout = (long)CLOSE_MS * 1000;
	answered = !pdu;
	if (pdu) {
		pdu->errstat = AGENTX_REASON_SHUTDOWN;
		pdu->sessid = self.session->sessid;
		if (!snmp_async_send(self.session, pdu, session_close_answered, &answered)) {
			snmp_free_pdu(pdu);
			answered = true;
		}
	}
	session_wait_closing(&answered);
	transport_break();
	session_wait_closing(&never);
}

void session_close(void)
{
	if (self.session)
		session_leave();
	library_shutdown();
	free(self.address);
	memset(&self, 0, sizeof(self));
}
