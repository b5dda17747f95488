/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The library opens and closes the session; between that its packets are answered here: in the
 * library's own way each request would pass an internal pair of pipes and a chain of handlers, and
 * a failed registration would go unnoticed. So the library's pings and its reconnecting are off:
 * the end of the stream tells at once that the master is gone, and a master that is only slow or
 * stopped keeps its session.
 */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>
#include <net-snmp/agent/agent_callbacks.h>
#include <net-snmp/library/large_fd_set.h>

#include <errno.h>
#ifdef HAVE_LINUX_CLOSE_RANGE_H
#include <linux/close_range.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/collector.h"
#include "subagent/agentx/address.h"
#include "subagent/agentx/protocol.h"
#include "subagent/agentx/respond.h"
#include "subagent/agentx/session.h"
#include "subagent/agentx/transport.h"
#include "subagent/log.h"

#define TICK_NS UINT64_C(10000000)

/* Between two attempts to connect. Cheap: a socket that is not there costs three system calls. */
#define RETRY_MS 500
/* Open is synchronous in the library: all that a master which does not answer can block. */
#define OPEN_MS 1500
/* Register and Notify are not waited for. */
#define REQUEST_MS 5000
/* Close, at the end: nothing depends on its answer. */
#define CLOSE_MS 500
/* Between two attempts to register. */
#define REGISTER_RETRY_MS 1000
/* While the master is away, why that is so is told after this time, once per reason. */
#define EXPLAIN_MS 5000
/* Estimates of the master's start that differ by less mean the same start. */
#define EPOCH_SLACK_NS (1000 * MILLISECOND_NS)

/* What the library knows us as: names no file that is read. */
#define LIBRARY_NAME "netdiagd"

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
	uint64_t next_connect;	  /* monotonic ns; when DOWN */
	uint64_t next_register;	  /* monotonic ns; when CONNECTED */
	uint64_t down_since;	  /* monotonic ns */
	uint64_t connects;	  /* how often the state became UP */
	int64_t epoch;		  /* monotonic ns of the master's start */
	bool moving;		  /* to another address: the loss is our own doing */
	int explained;		  /* what was last told: errno while DOWN, ... */
	long register_explained;  /* ... and res.error while it refuses to register */
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

/* Keeps the master's start as it was while it can be the same one, so that stamps do not flicker
 * when the session is made again. uptime: the master's sysUpTime now. */
static void set_epoch(uint64_t now, uint32_t uptime)
{
	int64_t epoch = (int64_t)now - (int64_t)(uptime * TICK_NS);

	if (!self.connects || (uint64_t)llabs(epoch - self.epoch) > EPOCH_SLACK_NS)
		self.epoch = epoch;
}

static void change(bool up)
{
	if (self.change)
		self.change(up, self.change_arg);
}

static void came_up(void)
{
	self.state = UP;
	self.explained = 0;
	self.register_explained = 0;
	self.connects++;
	if (self.registers)
		log_notice("%s the AgentX master at %s; NETDIAG-MIB is registered at %s",
			   self.connects > 1 ? "back at" : "connected to", self.address,
			   NETDIAG_BASE_OID);
	change(true);
}

/* Why the master does not let us register, and what to do about it. */
static void explain_register(long error)
{
	if (error == self.register_explained)
		return;
	self.register_explained = error;
	switch (error) {
	case AGENTX_DUPLICATE_REGISTRATION:
		log_error("the AgentX master at %s refuses to register %s: another subagent has "
			  "done so. Is a second netdiagd running? Stop one of them; trying again "
			  "every %d ms",
			  self.address, NETDIAG_BASE_OID, REGISTER_RETRY_MS);
		break;
	case AGENTX_REQUEST_DENIED:
		log_error("the AgentX master at %s refuses to register %s: request denied. See "
			  "its log and its agentXPerms and access settings; trying again every "
			  "%d ms",
			  self.address, NETDIAG_BASE_OID, REGISTER_RETRY_MS);
		break;
	default:
		log_error("the AgentX master at %s refuses to register %s: AgentX error %ld (RFC "
			  "2741, 6.2.16). See its log; trying again every %d ms",
			  self.address, NETDIAG_BASE_OID, error, REGISTER_RETRY_MS);
	}
}

/* The answer to Register. Without one in time the state at the master is unknown: the connection is
 * made anew. */
static int registered(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
		      void *arg)
{
	uint64_t now = clock_monotonic();

	(void)reqid;
	(void)arg;
	if (session != self.session || self.state != REGISTERING)
		return 1;
	self.state = CONNECTED;
	if (operation != NETSNMP_CALLBACK_OP_RECEIVED_MESSAGE || !pdu ||
	    pdu->errstat == AGENTX_NOT_OPEN) {
		transport_break();
	} else if (pdu->errstat) {
		explain_register(pdu->errstat);
	} else {
		set_epoch(now, (uint32_t)pdu->time);
		came_up();
	}
	return 1;
}

/* Registers all of netdiagObjects. */
static void send_register(void)
{
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_PDU_REGISTER);
	oid root[MAX_OID_LEN];

	self.next_register = clock_monotonic() + REGISTER_RETRY_MS * MILLISECOND_NS;
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
	if (!snmp_async_send(self.session, pdu, registered, NULL)) {
		snmp_free_pdu(pdu);
		self.state = CONNECTED;
		transport_break();
	}
}

/* What comes from the master; instead of the library's own callback. */
static int packet(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu, void *arg)
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
static int opened(int major, int minor, void *session, void *arg)
{
	(void)major;
	(void)minor;
	(void)arg;
	self.session = session;
	self.library = self.session->callback;
	self.session->callback = packet;
	self.session->timeout = (long)REQUEST_MS * 1000;
	self.state = CONNECTED;
	self.next_register = 0;
	return 0;
}

/* The library has lost the session, or could not open it. */
static int closed(int major, int minor, void *session, void *arg)
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
	if (was_up && !self.moving)
		log_warning("lost the AgentX master at %s: it closed the connection; trying every "
			    "%d ms until it is back",
			    self.address, RETRY_MS);
	self.moving = false;
	if (was_up)
		change(false);
	return 0;
}

/* Every session of the library. Resending on a stream would only make duplicates. */
static int limit_session(int major, int minor, void *session, void *arg)
{
	netsnmp_session *made = session;

	(void)major;
	(void)minor;
	(void)arg;
	made->timeout = (long)OPEN_MS * 1000;
	made->retries = 0;
	return 0;
}

/* The library's messages: those about the connection are told better here. */
static int library_log(int major, int minor, void *message, void *arg)
{
	static const char *const told[] = {"AgentX master disconnected us", "NET-SNMP version"};
	const struct snmp_log_message *line = message;

	(void)major;
	(void)minor;
	(void)arg;
	if (!line || !line->msg || !line->msg[strspn(line->msg, " \t\r\n")])
		return 0;
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (!strncmp(line->msg, told[i], strlen(told[i])))
			return 0;
	log_message(line->priority, "net-snmp: %.*s", (int)strcspn(line->msg, "\r\n"), line->msg);
	return 0;
}

/* What to do when the master cannot be reached. */
static const char *remedy(int error)
{
	switch (error) {
	case ENOENT:
		return "Is snmpd running, with the line \"master agentx\" in snmpd.conf?";
	case ECONNREFUSED:
		return "snmpd is not running, or not with this agentXSocket";
	case EACCES:
	case EPERM:
		return "Put \"agentXPerms 0660 0755 root GROUP\" with a group of netdiagd's user "
		       "into snmpd.conf and restart snmpd. It sets the directory's mode only when "
		       "it makes it: \"chmod 0755\" an old one";
	case EAGAIN:
	case ETIMEDOUT:
		return "snmpd is there but does not answer: it is stopped, stuck or overloaded";
	case EHOSTUNREACH:
		return "Is the host of the AgentX address reachable?";
	case EMFILE:
	case ENFILE:
		return "Raise netdiagd's limit of open files: LimitNOFILE in its unit";
	default:
		return "See agentXSocket in netdiagd.conf and in snmpd.conf";
	}
}

/* Tells why there is no master: once per reason, and not while it is only being restarted. */
static void explain(uint64_t now)
{
	int error = transport_error() ? transport_error() : ETIMEDOUT;

	if (error == self.explained ||
	    (self.connects && now - self.down_since < EXPLAIN_MS * MILLISECOND_NS))
		return;
	self.explained = error;
	log_warning("cannot reach the AgentX master at %s: %s. %s; trying every %d ms",
		    self.address, strerror(error), remedy(error), RETRY_MS);
}

/*
 * Tries to open the session. The library does so when its configuration has been read, which is
 * what this tells it. (With its own pings off it makes one attempt and leaves no alarm behind.)
 */
static void attempt(void)
{
	uint64_t now;

	snmp_call_callbacks(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_READ_CONFIG, NULL);
	now = clock_monotonic();
	self.next_connect = now + RETRY_MS * MILLISECOND_NS;
	if (self.state == DOWN)
		explain(now);
}

static int set_address(const char *address)
{
	struct address parsed;
	const char *wrong = address_parse(&parsed, address);
	char *copy, *target;

	if (wrong) {
		log_error("%s: %s", address, wrong);
		return -EINVAL;
	}
	copy = strdup(address);
	if (!copy || asprintf(&target, TRANSPORT_DOMAIN ":%s", address) < 0) {
		free(copy);
		return -ENOMEM;
	}
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, target);
	free(target);
	free(self.address);
	self.address = copy;
	return 0;
}

int session_address(const char *address)
{
	int err;

	if (!strcmp(address, self.address))
		return 0;
	err = set_address(address);
	if (err)
		return err;
	log_notice("the AgentX master is at %s from now on", self.address);
	self.moving = self.state != DOWN;
	self.explained = 0;
	self.next_connect = 0;
	transport_break();
	return 0;
}

static void set_flag(int store, int which)
{
	netsnmp_ds_set_boolean(store, which, 1);
}

/* The library is to read no file, write no file, and use no signal. */
static void init_library(void)
{
	setenv("MIBS", "", 1);
	setenv("MIBDIRS", "", 1);
	signal(SIGPIPE, SIG_IGN);
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, library_log, NULL);
	set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS);
	set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE);
	set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES);
	set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_ALARM_DONT_USE_SIG);
	set_flag(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS);
	set_flag(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS);
	netsnmp_enable_subagent();
	init_agent(LIBRARY_NAME);
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, 0);
}

/* The library's own pipes would survive exec(2). What netdiagd opens is marked anyway. (Linux 5.11;
 * nothing is executed, so an older kernel loses nothing.) */
static void set_close_on_exec(void)
{
#if defined(SYS_close_range) && defined(CLOSE_RANGE_CLOEXEC)
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
#endif
}

int session_init(const char *address, struct pinned *view)
{
	int err;

	self.handler = (struct respond){pinned_rows, view, session_ticks};
	self.registers = view != NULL;
	init_library();
	err = transport_register();
	if (err)
		return err;
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_SESSION_INIT, limit_session,
			       NULL);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_START, opened, NULL);
	snmp_register_callback(SNMP_CALLBACK_APPLICATION, SNMPD_CALLBACK_INDEX_STOP, closed, NULL);
	/* init_snmp() tries to connect once; without an address that is over at once. */
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET,
			      TRANSPORT_DOMAIN ":");
	init_snmp(LIBRARY_NAME);
	set_close_on_exec();
	return set_address(address);
}

/* Connects or registers when it is time to. */
static void advance(void)
{
	uint64_t now = clock_monotonic();

	if (self.state == DOWN && now >= self.next_connect)
		attempt();
	if (self.state == CONNECTED && !self.registers)
		came_up();
	else if (self.state == CONNECTED && now >= self.next_register)
		send_register();
}

/* How long to wait at most, so as to be in time for the next attempt. */
static struct timeval waiting_time(unsigned timeout_ms)
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

static int turn(int wake_fd, unsigned timeout_ms, session_before_fn *before, void *arg)
{
	netsnmp_large_fd_set set;
	struct timeval timeout;
	int count = 0, ready, block = 0, err = 0;

	/* The library's descriptors are asked for every turn: a new connection may have the number
	 * of the old one. */
	netsnmp_large_fd_set_init(&set, FD_SETSIZE);
	timeout = waiting_time(timeout_ms);
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
	advance();
	return turn(wake_fd, timeout_ms, before, arg);
}

static int close_answered(int operation, netsnmp_session *session, int reqid, netsnmp_pdu *pdu,
			  void *arg)
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
static void wait_closing(const bool *flag)
{
	uint64_t deadline = clock_monotonic() + CLOSE_MS * MILLISECOND_NS, now;

	while (self.session && !*flag && (now = clock_monotonic()) < deadline)
		turn(-1, (unsigned)((deadline - now) / MILLISECOND_NS) + 1, NULL, NULL);
}

/*
 * Says Close and ends the connection. Not left to snmp_shutdown(): when a master dies meanwhile,
 * the library takes callbacks out of the list that it is just walking, and reads freed memory.
 */
static void leave(void)
{
	static bool answered, never; /* outlive a request that is left behind */
	netsnmp_pdu *pdu = snmp_pdu_create(AGENTX_PDU_CLOSE);

	self.moving = true;
	self.change = NULL;
	self.next_register = UINT64_MAX; /* nothing else to wake up for */
	self.session->timeout = (long)CLOSE_MS * 1000;
	answered = !pdu;
	if (pdu) {
		pdu->errstat = AGENTX_REASON_SHUTDOWN;
		pdu->sessid = self.session->sessid;
		if (!snmp_async_send(self.session, pdu, close_answered, &answered)) {
			snmp_free_pdu(pdu);
			answered = true;
		}
	}
	wait_closing(&answered);
	transport_break();
	wait_closing(&never);
}

void session_close(void)
{
	if (self.session)
		leave();
	snmp_shutdown(LIBRARY_NAME);
	shutdown_agent();
	free(self.address);
	memset(&self, 0, sizeof(self));
}
