/* SPDX-License-Identifier: BSD-2-Clause */
/* --check, the master's side: what snmpd.conf says, and what snmpd answers. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "subagent/preflight/preflight.h"
#include "subagent/tables/table.h"

#define ASK_TIMEOUT_US 1000000

/* netdiagAgentVersion.0, below the base OID. */
static const oid version_arcs[] = {ARC_OBJECTS, 1, 14, 0};

/* Whether a list of addresses ("unix:/a,tcp:localhost:705") has this one. */
static bool snmpd_has_address(const char *list, const char *address)
{
	address += strncmp(address, "unix:", 5) ? 0 : 5;
	for (; *list; list += *list == ',') {
		size_t len = strcspn(list, ",");
		size_t skip = strncmp(list, "unix:", 5) ? 0 : 5;

		if (len - skip == strlen(address) && !strncmp(list + skip, address, len - skip))
			return true;
		list += len;
	}
	return false;
}

static void snmpd_say_socket(struct preflight *preflight)
{
	const struct snmpd_conf *snmpd = &preflight->snmpd;
	const char *theirs = snmpd->socket[0] ? snmpd->socket : NETSNMP_AGENTX_SOCKET;
	char command[PREFLIGHT_COMMAND_SIZE] = "";

	if (snmpd_has_address(theirs, preflight->address))
		return;
	if (!strpbrk(theirs, "'\\\n"))
		snprintf(command, sizeof(command), "echo 'agentXSocket %.*s' >>%s/netdiagd.conf",
			 (int)strcspn(theirs, ","), theirs, NETDIAG_SYSCONFDIR);
	preflight_say(preflight, FINDING_WARNING, "snmpd.conf", command,
		      "snmpd's agentXSocket is %s, netdiagd's is %s", theirs, preflight->address);
}

/* Where there is no such group, snmpd ignores the line. */
static void snmpd_say_group(struct preflight *preflight)
{
	const char *group = preflight->snmpd.group;
	char command[SNMPD_CONF_NAME_SIZE + 32] = "";

	if (!*group || strspn(group, "0123456789") == strlen(group) || getgrnam(group))
		return;
	if (preflight_is_word(group))
		snprintf(command, sizeof(command), "groupadd --system %s", group);
	preflight_say(preflight, FINDING_ERROR, "group", command,
		      "there is no group %s, to which agentXPerms gives the socket", group);
}

/* A file for snmpd.conf.d does nothing where that directory is not included. */
static void snmpd_say_directory(struct preflight *preflight)
{
	const struct snmpd_conf *snmpd = &preflight->snmpd;
	int directory = (int)(strrchr(snmpd->path, '/') - snmpd->path);
	char file[PATH_MAX + 64], line[PATH_MAX + 64], command[PREFLIGHT_COMMAND_SIZE];

	snprintf(file, sizeof(file), "%.*s/snmpd.conf.d/netdiag.conf", directory, snmpd->path);
	if (snmpd->directory[0] || access(file, F_OK))
		return;
	snprintf(line, sizeof(line), "includeDir %.*s/snmpd.conf.d", directory, snmpd->path);
	preflight_add_line(preflight, line, command);
	preflight_say(preflight, FINDING_WARNING, "snmpd.conf", command,
		      "%s is not read: %s has no includeDir for it", file, snmpd->path);
}

/* The first view that somebody may read and whose name is safe in a command, or NULL. */
static const char *snmpd_first_reader(const struct snmpd_conf *snmpd)
{
	for (size_t i = 0; i < snmpd->readers; i++) {
		const char *name = snmpd->reader[i];

		if (strcmp(name, "none") && preflight_is_word(name))
			return name;
	}
	return NULL;
}

static void snmpd_say_view(struct preflight *preflight)
{
	const struct snmpd_conf *snmpd = &preflight->snmpd;
	const char *view = snmpd_first_reader(snmpd);
	char line[256] = "rocommunity public localhost", command[PREFLIGHT_COMMAND_SIZE];

	if (snmpd_conf_visible(snmpd)) {
		preflight_say(preflight, FINDING_OK, "view", "",
			      "a community or user of snmpd.conf may read .%s", NETDIAG_BASE_OID);
		return;
	}
	if (view)
		snprintf(line, sizeof(line), "view %s included .%s", view, NETDIAG_BASE_OID);
	preflight_add_line(preflight, line, command);
	preflight_say(preflight, FINDING_WARNING, "view", command,
		      "no community or user of snmpd.conf may read .%s. With this line whoever has "
		      "the community of view %s sees processes and peers of this host",
		      NETDIAG_BASE_OID, view ? view : "(all)");
}

static void snmpd_say_sink(struct preflight *preflight)
{
	char command[PREFLIGHT_COMMAND_SIZE];

	if (preflight->snmpd.sink) {
		preflight_say(preflight, FINDING_OK, "notifications", "",
			      "snmpd.conf says where they go; netdiagd --test-notification sends "
			      "two");
		return;
	}
	preflight_add_line(preflight, "trap2sink RECEIVER COMMUNITY", command);
	preflight_say(preflight, FINDING_WARNING, "notifications", command,
		      "snmpd.conf has no trapsink, trap2sink, informsink or trapsess: they go "
		      "nowhere");
}

void preflight_snmpd(struct preflight *preflight)
{
	const char *path = getenv("SNMPCONFPATH");
	struct snmpd_conf *snmpd = &preflight->snmpd;
	uint32_t base[MAX_OID_LEN];
	char command[PREFLIGHT_COMMAND_SIZE];

	for (size_t i = 0; i < base_oid_len; i++)
		base[i] = (uint32_t)base_oid[i];
	snmpd->base = base;
	snmpd->base_len = base_oid_len;
	snmpd_conf_read(snmpd, path ? path : SNMPCONFPATH ":" SNMPSHAREPATH ":/var/lib/snmp");
	if (snmpd->denied) {
		preflight_say(preflight, FINDING_WARNING, "snmpd.conf", "sudo netdiagd --check",
			      "%s may not be read: cannot tell what snmpd shows and where "
			      "notifications go. Root can",
			      snmpd->path);
	} else if (!snmpd->found) {
		preflight_say(preflight, FINDING_WARNING, "snmpd.conf", "",
			      "there is none: is snmpd installed?");
	} else {
		if (!snmpd->master) {
			preflight_add_line(preflight, "master agentx", command);
			preflight_say(preflight, FINDING_WARNING, "snmpd.conf", command,
				      "%s has no line \"master agentx\"", snmpd->path);
		} else {
			preflight_say(preflight, FINDING_OK, "snmpd.conf", "", "%s: master agentx",
				      snmpd->path);
		}
		snmpd_say_socket(preflight);
		snmpd_say_group(preflight);
		snmpd_say_directory(preflight);
		snmpd_say_view(preflight);
		snmpd_say_sink(preflight);
	}
	snmpd->base = NULL;
}

/* The master's answer for netdiagAgentVersion.0. */
static void snmpd_say_answer(struct preflight *preflight, int status, const netsnmp_pdu *answer)
{
	const netsnmp_variable_list *cell = answer ? answer->variables : NULL;

	if (status == STAT_TIMEOUT)
		preflight_say(preflight, FINDING_WARNING, "snmpd", "",
			      "does not answer at localhost: the community is wrong, or it listens "
			      "elsewhere");
	else if (status != STAT_SUCCESS || answer->errstat || !cell)
		preflight_say(preflight, FINDING_WARNING, "snmpd", "", "refuses the request");
	else if (cell->type == ASN_OCTET_STR)
		preflight_say(preflight, FINDING_OK, "snmpd", "", "shows NETDIAG-MIB, version %.*s",
			      (int)cell->val_len, (const char *)cell->val.string);
	else
		preflight_say(preflight, FINDING_WARNING, "snmpd", "",
			      "does not show NETDIAG-MIB, though netdiagd is running: its view "
			      "hides it, or the two are not connected");
}

/* Sets the session's credentials from the option or from snmp.conf. False if neither has any. */
static bool snmpd_choose_reader(struct preflight *preflight, netsnmp_session *session)
{
	const char *community = preflight->community;

	if (!community)
		community = netsnmp_ds_get_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_COMMUNITY);
	if (community) {
		session->version = SNMP_VERSION_2c;
		session->community = (u_char *)community;
		session->community_len = strlen(community);
		return true;
	}
	session->version = SNMP_VERSION_3;
	return netsnmp_ds_get_string(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_SECNAME);
}

void preflight_ask(struct preflight *preflight)
{
	netsnmp_session session, *open;
	netsnmp_pdu *question, *answer = NULL;
	pid_t pid[PREFLIGHT_PIDS];
	oid name[MAX_OID_LEN];
	int status;

	snmp_sess_init(&session);
	session.peername = (char *)"localhost";
	session.timeout = ASK_TIMEOUT_US;
	session.retries = 0;
	if (!snmpd_choose_reader(preflight, &session)) {
		if (preflight->snmpd.denied)
			preflight_say(preflight, FINDING_WARNING, "snmpd",
				      "netdiagd --check --community COMMUNITY",
				      "cannot tell whether it shows NETDIAG-MIB: with a community "
				      "it can be asked");
		return;
	}
	if (!preflight_processes("netdiagd", pid)) {
		preflight_say(preflight, FINDING_OK, "snmpd", "",
			      "is not asked for NETDIAG-MIB while no netdiagd is running");
		return;
	}
	open = snmp_open(&session);
	if (!open)
		return;
	memcpy(name, base_oid, base_oid_len * sizeof(oid));
	memcpy(name + base_oid_len, version_arcs, sizeof(version_arcs));
	question = snmp_pdu_create(SNMP_MSG_GET);
	snmp_add_null_var(question, name, base_oid_len + COUNT_OF(version_arcs));
	status = snmp_synch_response(open, question, &answer);
	snmpd_say_answer(preflight, status, answer);
	snmp_free_pdu(answer);
	snmp_close(open);
}
