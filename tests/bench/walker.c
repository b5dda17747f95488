/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Walks a subtree again and again in one process, so that what is measured is the agent and not
 * the start of a client.
 *
 * usage: walker PEER COMMUNITY OID WALKS
 * prints: cells of a walk, seconds for all walks
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#define REPETITIONS 50

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* One GETBULK from *name; moves it on. Returns the cells below root, -1 on an error; *end is set
 * when the subtree was left. */
static long step(netsnmp_session *session, const oid *root, size_t root_len, oid *name, size_t *len,
		 int *end)
{
	netsnmp_pdu *request = snmp_pdu_create(SNMP_MSG_GETBULK), *response = NULL;
	long cells = 0;

	request->non_repeaters = 0;
	request->max_repetitions = REPETITIONS;
	snmp_add_null_var(request, name, *len);
	if (snmp_synch_response(session, request, &response) != STAT_SUCCESS ||
	    response->errstat != SNMP_ERR_NOERROR) {
		snmp_free_pdu(response);
		return -1;
	}
	for (netsnmp_variable_list *var = response->variables; var; var = var->next_variable) {
		if (var->type == SNMP_ENDOFMIBVIEW || var->name_length < root_len ||
		    memcmp(var->name, root, root_len * sizeof(oid))) {
			*end = 1;
			break;
		}
		cells++;
		memcpy(name, var->name, var->name_length * sizeof(oid));
		*len = var->name_length;
	}
	snmp_free_pdu(response);
	return cells;
}

static long walk(netsnmp_session *session, const oid *root, size_t root_len)
{
	oid name[MAX_OID_LEN];
	size_t len = root_len;
	long cells = 0;
	int end = 0;

	memcpy(name, root, root_len * sizeof(oid));
	while (!end) {
		long more = step(session, root, root_len, name, &len, &end);

		if (more < 0)
			return -1;
		cells += more;
	}
	return cells;
}

int main(int argc, char **argv)
{
	netsnmp_session settings, *session;
	oid root[MAX_OID_LEN];
	size_t root_len = MAX_OID_LEN;
	long cells = 0;
	double began;

	if (argc != 5) {
		fprintf(stderr, "usage: walker PEER COMMUNITY OID WALKS\n");
		return 64;
	}
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	setenv("MIBS", "", 1);
	init_snmp("walker");
	snmp_sess_init(&settings);
	settings.version = SNMP_VERSION_2c;
	settings.peername = argv[1];
	settings.community = (u_char *)argv[2];
	settings.community_len = strlen(argv[2]);
	settings.timeout = 5000000;
	session = snmp_open(&settings);
	if (!session || !read_objid(argv[3], root, &root_len))
		return 1;
	began = now();
	for (int i = 0; i < atoi(argv[4]); i++) {
		cells = walk(session, root, root_len);
		if (cells < 0) {
			fprintf(stderr, "walker: no answer\n");
			return 1;
		}
	}
	printf("%ld %.6f\n", cells, now() - began);
	snmp_close(session);
	return 0;
}
