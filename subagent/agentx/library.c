/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets libnetsnmpagent up as a subagent that keeps to itself: it reads and writes no files, uses no
 * signals, connects only when told to, and logs through our log.
 */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

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

#include "collectors/base/array.h"
#include "subagent/agentx/library.h"
#include "subagent/agentx/transport.h"
#include "subagent/log.h"

/* Our name in the library. No file of that name is read. */
#define LIBRARY_NAME "netdiagd"

/* Sets up every session of the library. Resending on a stream would only make duplicates. */
static int library_limit_session(int major, int minor, void *session, void *arg)
{
	netsnmp_session *made = session;

	(void)major;
	(void)minor;
	(void)arg;
	made->timeout = (long)LIBRARY_OPEN_MS * 1000;
	made->retries = 0;
	return 0;
}

/* The library's messages. Those about the connection are replaced by our own. */
static int library_log(int major, int minor, void *message, void *arg)
{
	static const char *const replaced[] = {"AgentX master disconnected us", "NET-SNMP version"};
	const struct snmp_log_message *line = message;

	(void)major;
	(void)minor;
	(void)arg;
	if (!line || !line->msg || !line->msg[strspn(line->msg, " \t\r\n")])
		return 0;
	for (size_t i = 0; i < COUNT_OF(replaced); i++)
		if (!strncmp(line->msg, replaced[i], strlen(replaced[i])))
			return 0;
	log_message(line->priority, "net-snmp: %.*s", (int)strcspn(line->msg, "\r\n"), line->msg);
	return 0;
}

static void library_set_flag(int store, int which)
{
	netsnmp_ds_set_boolean(store, which, 1);
}

int library_init(void)
{
	setenv("MIBS", "", 1);
	setenv("MIBDIRS", "", 1);
	signal(SIGPIPE, SIG_IGN);
	snmp_enable_calllog();
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_LOGGING, library_log, NULL);
	library_set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS);
	library_set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE);
	library_set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_LOAD_HOST_FILES);
	library_set_flag(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_ALARM_DONT_USE_SIG);
	library_set_flag(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_CONNECTION_WARNINGS);
	library_set_flag(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_NO_ROOT_ACCESS);
	netsnmp_enable_subagent();
	init_agent(LIBRARY_NAME);
	netsnmp_ds_set_int(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_AGENTX_PING_INTERVAL, 0);
	snmp_register_callback(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_SESSION_INIT,
			       library_limit_session, NULL);
	return transport_register();
}

/* Marks the library's own pipes close-on-exec, as all that netdiagd opens is. (Linux 5.11; nothing
 * is executed, so an older kernel loses nothing.) */
static void library_set_close_on_exec(void)
{
#if defined(SYS_close_range) && defined(CLOSE_RANGE_CLOEXEC)
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
#endif
}

void library_start(void)
{
	/* init_snmp() tries to connect once, which fails at once without an address. */
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET,
			      TRANSPORT_DOMAIN ":");
	init_snmp(LIBRARY_NAME);
	library_set_close_on_exec();
}

int library_set_address(const char *address)
{
	char *target;

	if (asprintf(&target, TRANSPORT_DOMAIN ":%s", address) < 0)
		return -ENOMEM;
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, target);
	free(target);
	return 0;
}

/* The library connects when its configuration has been read. With its own pings off it makes one
 * attempt and leaves no alarm behind. */
void library_open_session(void)
{
	snmp_call_callbacks(SNMP_CALLBACK_LIBRARY, SNMP_CALLBACK_POST_READ_CONFIG, NULL);
}

void library_shutdown(void)
{
	snmp_shutdown(LIBRARY_NAME);
	shutdown_agent();
}
