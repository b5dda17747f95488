/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What netdiagd's walk is measured against: a plain AgentX subagent as libnetsnmp's own helpers
 * make it, with a table_container of Counter64 cells.
 *
 * usage: container_agent SOCKET OID ROWS COLUMNS
 */
#include <config.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>
#include <net-snmp/agent/net-snmp-agent-includes.h>

/* The index must come first: that is what table_container wants. */
struct row {
	netsnmp_index index;
	oid number;
	struct counter64 value;
};

static volatile sig_atomic_t running = 1;

static void stop(int signal_number)
{
	(void)signal_number;
	running = 0;
}

static int serve(netsnmp_mib_handler *handler, netsnmp_handler_registration *registration,
		 netsnmp_agent_request_info *info, netsnmp_request_info *requests)
{
	(void)handler;
	(void)registration;
	(void)info;
	for (; requests; requests = requests->next) {
		const struct row *row = netsnmp_container_table_row_extract(requests);

		if (!requests->processed && row)
			snmp_set_var_typed_value(requests->requestvb, ASN_COUNTER64,
						 (const u_char *)&row->value, sizeof(row->value));
	}
	return SNMP_ERR_NOERROR;
}

static int register_table(const oid *name, size_t len, unsigned rows, unsigned columns)
{
	netsnmp_handler_registration *registration = netsnmp_create_handler_registration(
		"bench", serve, name, len, HANDLER_CAN_RONLY);
	netsnmp_table_registration_info *table = SNMP_MALLOC_TYPEDEF(
		netsnmp_table_registration_info);
	netsnmp_container *container = netsnmp_container_find("bench:table_container");

	if (!registration || !table || !container)
		return -1;
	netsnmp_table_helper_add_indexes(table, ASN_UNSIGNED, 0);
	table->min_column = 2;
	table->max_column = columns + 1;
	for (unsigned i = 1; i <= rows; i++) {
		struct row *row = calloc(1, sizeof(*row));

		if (!row)
			return -1;
		row->number = i;
		row->index.len = 1;
		row->index.oids = &row->number;
		row->value.low = i;
		if (CONTAINER_INSERT(container, row))
			return -1;
	}
	return netsnmp_container_table_register(registration, table, container,
						TABLE_CONTAINER_KEY_NETSNMP_INDEX);
}

int main(int argc, char **argv)
{
	oid name[MAX_OID_LEN];
	size_t len = MAX_OID_LEN;

	if (argc != 5) {
		fprintf(stderr, "usage: container_agent SOCKET OID ROWS COLUMNS\n");
		return 64;
	}
	signal(SIGTERM, stop);
	signal(SIGPIPE, SIG_IGN);
	netsnmp_enable_subagent();
	netsnmp_ds_set_string(NETSNMP_DS_APPLICATION_ID, NETSNMP_DS_AGENT_X_SOCKET, argv[1]);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	setenv("MIBS", "", 1);
	if (init_agent("container_agent"))
		return 1;
	init_snmp("container_agent");
	if (!read_objid(argv[2], name, &len) ||
	    register_table(name, len, (unsigned)atoi(argv[3]), (unsigned)atoi(argv[4])))
		return 1;
	while (running)
		agent_check_and_process(1);
	snmp_shutdown("container_agent");
	return 0;
}
