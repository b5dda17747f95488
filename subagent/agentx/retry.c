/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is known about the ways in which a session with the AgentX master fails: how soon it makes
 * sense to try again, and what to do. Constant tables.
 */
#include <config.h>

#include <errno.h>

#include "subagent/agentx/protocol.h"
#include "subagent/agentx/retry.h"

/* A master that is being restarted must be found at once: an attempt costs three system calls. */
#define RESTART_MS 500
/* An attempt blocks the main thread for a second or more. */
#define SILENT_MAX_MS 4000
/* The operator has to do something first. */
#define CONNECT_MAX_MS 30000
/* snmpd logs a line for each refusal: 5 within the first two minutes. */
#define REGISTER_MS	1000
#define REGISTER_GROWTH 4
#define REGISTER_MAX_MS 60000

/* The last one is for all other errors. */
static const struct retry connect_errors[] = {
	{ENOENT, RESTART_MS, 2, RESTART_MS,
	 "snmpd is not running, or has no line \"master agentx\" in snmpd.conf"},
	{ECONNREFUSED, RESTART_MS, 2, RESTART_MS,
	 "snmpd is not running, or not with this agentXSocket"},
	{EAGAIN, RESTART_MS, 2, SILENT_MAX_MS,
	 "snmpd is there but does not answer: it is stopped, stuck or overloaded"},
	{ETIMEDOUT, RESTART_MS, 2, SILENT_MAX_MS,
	 "snmpd is there but does not answer: it is stopped, stuck or overloaded"},
	{EACCES, RESTART_MS, 2, CONNECT_MAX_MS,
	 "netdiagd's user may not use the socket. \"netdiagd --check\", run as root, says whether "
	 "it is the directory, the group or agentXPerms in snmpd.conf, and what mends it"},
	{EPROTO, RESTART_MS, 2, CONNECT_MAX_MS,
	 "It refused the session or hung up. See its log, and whether it is an AgentX master"},
	{ECONNRESET, RESTART_MS, 2, CONNECT_MAX_MS,
	 "It closes each session soon after opening it. See its log"},
	{EHOSTUNREACH, RESTART_MS, 2, CONNECT_MAX_MS,
	 "See agentXSocket: its host cannot be reached"},
	{EMFILE, RESTART_MS, 2, CONNECT_MAX_MS,
	 "Raise netdiagd's limit of open files: LimitNOFILE in its unit"},
	{0, RESTART_MS, 2, CONNECT_MAX_MS, "See agentXSocket in netdiagd.conf and in snmpd.conf"},
};

static const struct retry register_errors[] = {
	{AGENTX_DUPLICATE_REGISTRATION, REGISTER_MS, REGISTER_GROWTH, REGISTER_MAX_MS,
	 "another subagent has registered it. Is a second netdiagd running? Stop one of them"},
	{AGENTX_REQUEST_DENIED, REGISTER_MS, REGISTER_GROWTH, REGISTER_MAX_MS,
	 "request denied. See its log and its agentXPerms and access settings"},
	{0, REGISTER_MS, REGISTER_GROWTH, REGISTER_MAX_MS, "see its log, and RFC 2741, 6.2.16"},
};

static const struct retry *retry_find(const struct retry *retry, long error)
{
	while (retry->error && retry->error != error)
		retry++;
	return retry;
}

const struct retry *retry_connect(int error)
{
	return retry_find(connect_errors, error == EPERM    ? EACCES
					  : error == ENFILE ? EMFILE
							    : error);
}

const struct retry *retry_register(long error)
{
	return retry_find(register_errors, error);
}

unsigned retry_ms(const struct retry *retry, unsigned failures)
{
	unsigned wait = failures ? retry->first_ms : 0;

	while (failures-- > 1 && wait < retry->limit_ms)
		wait *= retry->growth;
	return wait < retry->limit_ms ? wait : retry->limit_ms;
}
