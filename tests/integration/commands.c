/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prints what every check says of hosts that are made up, except for the settings, which are this
 * machine's as they are now: for test_commands.py, which runs the commands.
 *
 * usage: commands DEVICE TXQUEUELEN RING RING_MAX PID [LIMIT=SETTING ...]
 *
 * A line a text, with tabs between: case, check, summary, advice, command.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/cpu/softnet.h"
#include "collectors/limit/limits.h"
#include "collectors/limit/sysctls.h"
#include "collectors/loss/drop_reasons.h"
#include "collectors/netns/netns.h"
#include "collectors/nic/nic.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/protocol/counters.h"
#include "collectors/protocol/memory.h"
#include "collectors/socket/fullest_buffers.h"
#include "collectors/socket/listener.h"
#include "collectors/socket/tcp_states.h"
#include "collectors/socket/udp_socket.h"
#include "subagent/checks/advice.h"
#include "subagent/tables/agent_rows.h"

/* A process may call itself anything. */
#define HOSTILE "kernel.panic=1 ;\t"

enum made_case {
	CASE_AT_LIMITS,	   /* queues and buffers are as long as the settings allow */
	CASE_BELOW_LIMITS, /* they are shorter, and tables are far from full */
	CASE_NAMELESS,	   /* nothing is known but the names */
	CASE_GONE,	   /* there are no rows */
	CASES,
};

struct made_host {
	enum made_case which;
	char *const *words; /* of the command line, from DEVICE on */
	int limits;	    /* how many LIMIT=SETTING there are after them */
	struct rows rows[24];
	size_t count;
};

enum { WORD_DEVICE, WORD_TXQUEUELEN, WORD_RING, WORD_RING_MAX, WORD_PID, WORDS };

static bool live_setting(const char *name, char *value, size_t size, void *arg)
{
	char path[SYSCTL_NAME_SIZE], file[sizeof("/proc/sys/") + SYSCTL_NAME_SIZE];
	bool found = false;
	FILE *in;

	(void)arg;
	if (sysctl_path(name, path, sizeof(path)))
		return false;
	snprintf(file, sizeof(file), "/proc/sys/%s", path);
	in = fopen(file, "re");
	if (!in)
		return false;
	if (fgets(value, (int)size, in)) {
		found = true;
		value[strcspn(value, "\n")] = '\0';
		for (char *at = value; *at; at++)
			if (*at == '\t')
				*at = ' ';
	}
	fclose(in);
	return found;
}

static uint64_t live_number(const char *name)
{
	char value[SYSCTL_VALUE_SIZE];

	return live_setting(name, value, sizeof(value), NULL) ? strtoull(value, NULL, 10)
							      : ROW_ABSENT;
}

static const struct rows *made_rows(const struct row_type *type, void *arg)
{
	struct made_host *host = arg;

	for (size_t i = 0; i < host->count; i++)
		if (host->rows[i].type == type)
			return &host->rows[i];
	return NULL;
}

static void *made_add(struct made_host *host, const struct row_type *type)
{
	struct rows *rows = (struct rows *)made_rows(type, host);
	void *row;

	if (!rows) {
		if (host->count == COUNT_OF(host->rows))
			exit(1);
		rows = &host->rows[host->count++];
		rows_init(rows, type);
	}
	row = rows_add(rows);
	if (!row)
		exit(1);
	return row;
}

static void make_nic(struct made_host *host, const char *qdisc)
{
	struct nic_row *nic = made_add(host, &nic_row_type);

	nic->ifindex = 2;
	ROW_SET_TEXT(nic->name, host->words[WORD_DEVICE]);
	ROW_SET_TEXT(nic->qdisc_kind, qdisc);
	if (host->which == CASE_NAMELESS)
		return;
	nic->oper_status = NIC_OPER_UP;
	nic->rps_enabled = 0;
	nic->qdisc_drops = nic->rx_errors = nic->rx_crc_errors = 1000;
	nic->tx_queue_len = strtoull(host->words[WORD_TXQUEUELEN], NULL, 10);
	nic->ring_rx_current = strtoull(host->words[WORD_RING], NULL, 10);
	nic->ring_rx_max = strtoull(host->words[WORD_RING_MAX], NULL, 10);
	ROW_SET_TEXT(nic->bus_info, "0000:00:03.0");
}

static void make_sockets(struct made_host *host)
{
	struct listener_row *listener = made_add(host, &listener_row_type);
	struct udp_socket_row *udp = made_add(host, &udp_socket_row_type);
	struct close_wait_row *close_wait = made_add(host, &close_wait_row_type);
	struct buffer_row *buffer = made_add(host, &buffer_row_type);
	bool below = host->which == CASE_BELOW_LIMITS;

	ROW_SET_TEXT(listener->endpoint, "[::]:80");
	ROW_SET_TEXT(udp->endpoint, "0.0.0.0:514");
	ROW_SET_TEXT(buffer->local, "10.0.0.1:80");
	close_wait->port = 8080;
	if (host->which == CASE_NAMELESS)
		return;
	ROW_SET_TEXT(listener->command, HOSTILE);
	ROW_SET_TEXT(udp->command, HOSTILE);
	ROW_SET_TEXT(close_wait->command, HOSTILE);
	ROW_SET_TEXT(close_wait->peer, HOSTILE);
	ROW_SET_TEXT(buffer->remote, HOSTILE);
	listener->sockets = udp->sockets = 1;
	listener->queue_limit = live_number("net.core.somaxconn") - below;
	listener->queue_length = listener->queue_limit;
	listener->queue_usage = 10000;
	udp->drops = 100;
	/* The kernel doubles what was asked for. */
	udp->rx_buffer_bytes = (live_number("net.core.rmem_max") - below) * 2;
	close_wait->count = close_wait->older = close_wait->peers = 1000;
	buffer->rx_queue_bytes = 1000;
}

static void make_conntrack(struct made_host *host)
{
	struct conntrack_row *conntrack = made_add(host, &conntrack_row_type);

	if (host->which == CASE_NAMELESS)
		return;
	conntrack->usage = host->which == CASE_AT_LIMITS ? 9300 : 100;
	conntrack->entries = 1000;
	conntrack->max = live_number("net.netfilter.nf_conntrack_max");
}

static void make_limits(struct made_host *host)
{
	for (int i = 0; i < host->limits; i++) {
		const char *word = host->words[WORDS + i], *setting = strchr(word, '=');
		struct limit_row *limit = made_add(host, &limit_row_type);

		snprintf(limit->name, sizeof(limit->name), "%.*s",
			 setting ? (int)(setting - word) : 0, word);
		ROW_SET_TEXT(limit->sysctl, setting ? setting + 1 : "");
		if (host->which == CASE_NAMELESS)
			continue;
		limit->usage = host->which == CASE_AT_LIMITS ? 9500 : 100;
		limit->used = limit->usage;
		limit->max = 10000;
	}
}

static void make_host(struct made_host *host)
{
	struct netns_row *netns;

	if (host->which == CASE_GONE)
		return;
	make_nic(host, "pfifo_fast");
	make_nic(host, "pfifo");
	make_nic(host, "tbf");
	make_nic(host, "fq_codel");
	make_sockets(host);
	make_conntrack(host);
	make_limits(host);
	netns = made_add(host, &netns_row_type);
	ROW_SET_TEXT(netns->name, HOSTILE);
	if (host->which != CASE_NAMELESS) {
		ROW_SET_TEXT(netns->command, HOSTILE);
		netns->pid = strtoull(host->words[WORD_PID], NULL, 10);
	}
	/* The rest has one row each, in which nothing is known. */
	made_add(host, &softnet_row_type);
	made_add(host, &tcp_row_type);
	made_add(host, &udp_row_type);
	made_add(host, &ip_row_type);
	made_add(host, &socket_state_row_type);
	made_add(host, &protocol_row_type);
	made_add(host, &agent_row_type);
	ROW_SET_TEXT(((struct drop_row *)made_add(host, &drop_row_type))->reason, HOSTILE);
	ROW_SET_TEXT(((struct agent_collector_row *)made_add(host, &agent_collector_row_type))
			     ->last_error,
		     HOSTILE);
}

static void print_case(struct made_host *host, const struct check *check, const void *row)
{
	const struct check_host seen = {.rows = made_rows, .setting = live_setting, .arg = host};
	struct alarm_text text;
	char name[CHECK_INSTANCE_SIZE] = HOSTILE;
	struct advice advice = {
		.check = check,
		.instance = name,
		.limits = &check->limits,
		.severity = ALARM_CRITICAL,
		.value = check->limits.critical == CHECK_NO_LIMIT ? 10000 : check->limits.critical,
		.now = CHECK_NO_VALUE,
		.time_to_full = ROW_ABSENT,
		.row = row,
		.host = &seen,
	};

	if (row && check->instance)
		check->instance(row, name, sizeof(name));
	advice_raised(&advice, &text);
	printf("%d\t%s\t%s\t%s\t%s\n", host->which, check->name, text.summary, text.advice,
	       text.command);
}

int main(int argc, char **argv)
{
	if (argc < 1 + WORDS)
		return 2;
	for (int which = 0; which < CASES; which++) {
		struct made_host host = {
			.which = which, .words = argv + 1, .limits = argc - 1 - WORDS};

		make_host(&host);
		for (size_t i = 0; i < check_count(); i++) {
			const struct table *table = check_table(&checks[i]);
			const struct rows *rows = made_rows(table->type, &host);

			if (!rows && which != CASE_GONE) {
				fprintf(stderr, "no row is made of %s\n", table->name);
				return 1;
			}
			print_case(&host, &checks[i], NULL);
			for (size_t j = 0; rows && j < rows->count; j++)
				print_case(&host, &checks[i], rows_at(rows, j));
		}
		for (size_t i = 0; i < host.count; i++)
			rows_clear(&host.rows[i]);
	}
	return 0;
}
