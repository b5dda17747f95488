/* SPDX-License-Identifier: BSD-2-Clause */
/* Advice about TCP and UDP sockets. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "collectors/limit/limits.h"
#include "collectors/netns/netns.h"
#include "collectors/socket/tcp_states.h"
#include "collectors/socket/udp_socket.h"
#include "subagent/checks/advices.h"

typedef unsigned long long number;

#define SOMAXCONN_NAME "net.core.somaxconn"
#define RMEM_MAX_NAME  "net.core.rmem_max"

/* What the kernel makes of SO_RCVBUF: twice the number asked for (man 7 socket). */
#define RCVBUF_FACTOR 2

/* include/net/tcp.h: tcp_too_many_orphans() shifts by up to 2 for a socket that misbehaves, so
 * that resets begin at a quarter of the maximum. */
#define ORPHANS_SUSPECT 2500

/* Ephemeral ports that a host may well use. */
#define PORT_LOW  1024
#define PORT_HIGH 65535

static void owner(const char *command, uint64_t pid, char *text, size_t size)
{
	if (!command[0])
		snprintf(text, size, "owner not readable");
	else if (pid == ROW_ABSENT)
		snprintf(text, size, "%s", command);
	else
		snprintf(text, size, "%s[%llu]", command, (number)pid);
}

void detail_listener(const struct advice *advice, char *text, size_t size)
{
	const struct listener_row *listener = advice->row;

	if (listener && listener->command[0])
		owner(listener->command, listener->pid, text, size);
}

void detail_udp_socket(const struct advice *advice, char *text, size_t size)
{
	const struct udp_socket_row *socket = advice->row;

	if (socket && socket->command[0])
		owner(socket->command, socket->pid, text, size);
}

void detail_netns(const struct advice *advice, char *text, size_t size)
{
	const struct netns_row *netns = advice->row;

	if (netns && netns->command[0])
		owner(netns->command, netns->pid, text, size);
}

/* The rows have sums over all sockets of an endpoint (SO_REUSEPORT); settings bound each of them.
 */
static uint64_t of_each(uint64_t sum, uint64_t sockets)
{
	return sum == ROW_ABSENT || sockets == ROW_ABSENT || !sockets ? sum : sum / sockets;
}

/* What lengthens a listener's queue: the application's own backlog below somaxconn, both at it. */
static void advise_backlog(const struct advice *advice, const struct listener_row *listener,
			   char *text, size_t size)
{
	uint64_t somaxconn = advice_sysctl_number(advice, SOMAXCONN_NAME, 0);
	uint64_t limit = listener ? of_each(listener->queue_limit, listener->sockets) : ROW_ABSENT;
	char who[COMMAND_SIZE + 24], command[CHECK_ADVICE_SIZE];

	if (limit == ROW_ABSENT || somaxconn == ROW_ABSENT) {
		snprintf(text, size,
			 "the application accepts too slowly or its listen backlog is too short: "
			 "ss -ltn shows Recv-Q against Send-Q. SO_REUSEPORT shares the work");
		return;
	}
	owner(listener->command, listener->pid, who, sizeof(who));
	if (limit < somaxconn)
		snprintf(text, size,
			 "raise the listen backlog of %s, %s, now %llu: somaxconn allows %llu. Or "
			 "accept faster, SO_REUSEPORT",
			 listener->endpoint, who, (number)limit, (number)somaxconn);
	else if (advice_double(advice, SOMAXCONN_NAME, command, sizeof(command)))
		snprintf(text, size, "%s, and the listen backlog of %s, %s. Then restart it",
			 command, listener->endpoint, who);
	else
		snprintf(text, size, "%s, %s accepts too slowly: more workers, SO_REUSEPORT",
			 listener->endpoint, who);
}

void advise_listener(const struct advice *advice, char *text, size_t size)
{
	advise_backlog(advice, advice->row, text, size);
}

/* Whether a listener is worse off than another (or none): by drops, then by its queue. */
static bool is_worse(const struct listener_row *row, const struct listener_row *than)
{
	uint64_t drops = row->drops == ROW_ABSENT ? 0 : row->drops;
	uint64_t than_drops = !than || than->drops == ROW_ABSENT ? 0 : than->drops;
	uint64_t usage = row->queue_usage == ROW_ABSENT ? 0 : row->queue_usage;
	uint64_t than_usage = !than || than->queue_usage == ROW_ABSENT ? 0 : than->queue_usage;

	return drops != than_drops ? drops > than_drops : usage > than_usage;
}

/* The listener that is worst off, or NULL. */
static const struct listener_row *worst_listener(const struct advice *advice)
{
	const struct rows *rows = advice_rows(advice, &listener_collector);
	const struct listener_row *worst = NULL;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct listener_row *row = rows_at(rows, i);

		if (is_worse(row, worst))
			worst = row;
	}
	return worst;
}

void advise_listen_overflows(const struct advice *advice, char *text, size_t size)
{
	advise_backlog(advice, worst_listener(advice), text, size);
}

void advise_syn_queue(const struct advice *advice, char *text, size_t size)
{
	uint64_t cookies = advice_sysctl_number(advice, "net.ipv4.tcp_syncookies", 0);

	if (cookies == 0)
		snprintf(
			text, size,
			"sysctl -w net.ipv4.tcp_syncookies=1, now 0. Then a longer listen backlog, "
			"or look for a SYN flood: ss -tn state syn-recv");
	else
		snprintf(text, size,
			 "a SYN flood, or a listen backlog too short for the load: ss -tn state "
			 "syn-recv. Syncookies %s",
			 cookies == ROW_ABSENT ? "help" : "are on already");
}

void advise_retransmits(const struct advice *advice, char *text, size_t size)
{
	(void)advice;
	snprintf(text, size,
		 "packets are lost on the way: ss -ti shows the connections, then check path, link "
		 "errors and policers. No setting of this host mends it");
}

void advise_time_wait(const struct advice *advice, char *text, size_t size)
{
	uint64_t low = advice_sysctl_number(advice, "net.ipv4.ip_local_port_range", 0);
	uint64_t high = advice_sysctl_number(advice, "net.ipv4.ip_local_port_range", 1);
	int used = snprintf(text, size,
			    "reuse connections, with pooling or keep-alive. tcp_fin_timeout does "
			    "not help: TIME_WAIT lasts 60 s");

	if (low == ROW_ABSENT || high == ROW_ABSENT || used < 0 || (size_t)used >= size)
		return;
	if (low > PORT_LOW || high < PORT_HIGH)
		snprintf(text + used, size - (size_t)used,
			 ". Ports: net.ipv4.ip_local_port_range %u %u, now %llu %llu",
			 low > PORT_LOW ? PORT_LOW : (unsigned)low, PORT_HIGH, (number)low,
			 (number)high);
}

/* The local port with most sockets in CLOSE_WAIT, or NULL. */
static const struct close_wait_row *worst_port(const struct advice *advice)
{
	const struct rows *rows = advice->rows
					  ? advice->rows(tcp_states_collector.name,
							 SOCKETS_ROWS_CLOSE_WAIT, advice->rows_arg)
					  : NULL;
	const struct close_wait_row *worst = NULL;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct close_wait_row *row = rows_at(rows, i);

		if (row->count != ROW_ABSENT && (!worst || row->count > worst->count))
			worst = row;
	}
	return worst;
}

void detail_close_wait(const struct advice *advice, char *text, size_t size)
{
	const struct close_wait_row *worst = worst_port(advice);

	if (worst)
		snprintf(text, size, "%llu at local port %llu", (number)worst->count,
			 (number)worst->port);
}

void advise_close_wait(const struct advice *advice, char *text, size_t size)
{
	const struct close_wait_row *worst = worst_port(advice);

	if (worst)
		snprintf(
			text, size,
			"the application at local port %llu does not close its connections: fix or "
			"restart it. ss -tnp state close-wait sport = :%llu",
			(number)worst->port, (number)worst->port);
	else
		snprintf(text, size,
			 "an application does not close its connections: fix or restart it. "
			 "ss -tnp state close-wait tells which");
}

void advise_attempt_fails(const struct advice *advice, char *text, size_t size)
{
	(void)advice;
	snprintf(text, size,
		 "peers refuse or do not answer: ss -tn state syn-sent shows to whom. Check that "
		 "they listen and are reachable, and reuse connections");
}

void advise_tcp_memory(const struct advice *advice, char *text, size_t size)
{
	const char *now = advice_sysctl(advice, "net.ipv4.tcp_mem");

	snprintf(text, size,
		 "find who hoards: ss -tmp, netdiagBufferTable. A leak needs a fix. Else raise "
		 "net.ipv4.tcp_mem%s%s",
		 now ? ", in pages, now " : "", now ? now : "");
}

void advise_abort_on_memory(const struct advice *advice, char *text, size_t size)
{
	const struct rows *rows = advice_rows(advice, &limits_collector);
	const struct limit_row *orphans = NULL;
	char command[CHECK_ADVICE_SIZE];
	struct limit_row key;

	row_reset(&limit_row_type, &key);
	ROW_SET_TEXT(key.name, "tcp-orphans");
	if (rows)
		orphans = rows_find(rows, &key);
	if (orphans && orphans->usage != ROW_ABSENT && orphans->usage >= ORPHANS_SUSPECT &&
	    advice_double(advice, "net.ipv4.tcp_max_orphans", command, sizeof(command)))
		snprintf(text, size, "too many orphans, %llu of %llu: %s", (number)orphans->used,
			 (number)orphans->max, command);
	else
		advise_tcp_memory(advice, text, size);
}

void advise_rcvq_drops(const struct advice *advice, char *text, size_t size)
{
	uint64_t max = advice_sysctl_number(advice, "net.ipv4.tcp_rmem", 2);

	if (max == ROW_ABSENT)
		snprintf(text, size, "the application reads too slowly: ss -tnp, column Recv-Q");
	else
		snprintf(
			text, size,
			"the application reads too slowly: ss -tnp, column Recv-Q. Buffers grow to "
			"the last number of net.ipv4.tcp_rmem, %llu, rmem_max does not bound it",
			(number)max);
}

/* A UDP socket's buffer is what the application asked for, up to rmem_max. */
static void advise_rcvbuf(const struct advice *advice, const struct udp_socket_row *socket,
			  char *text, size_t size)
{
	uint64_t max = advice_sysctl_number(advice, RMEM_MAX_NAME, 0);
	uint64_t buffer = socket ? of_each(socket->rx_buffer_bytes, socket->sockets) : ROW_ABSENT;
	char command[CHECK_ADVICE_SIZE], who[COMMAND_SIZE + 24];

	if (buffer == ROW_ABSENT || max == ROW_ABSENT) {
		snprintf(text, size,
			 "the application reads too slowly, or asks for too small a buffer with "
			 "SO_RCVBUF: ss -uamp. " RMEM_MAX_NAME " bounds what it gets");
		return;
	}
	owner(socket->command, socket->pid, who, sizeof(who));
	if (buffer < max * RCVBUF_FACTOR)
		snprintf(text, size,
			 "%s, %s, must ask for more with SO_RCVBUF, now %llu: " RMEM_MAX_NAME
			 " allows %llu. Or read faster",
			 socket->endpoint, who, (number)buffer / RCVBUF_FACTOR, (number)max);
	else if (advice_double(advice, RMEM_MAX_NAME, command, sizeof(command)))
		snprintf(text, size, "%s, and SO_RCVBUF of %s, %s", command, socket->endpoint, who);
	else
		snprintf(text, size, "%s, %s, reads too slowly: more workers, SO_REUSEPORT",
			 socket->endpoint, who);
}

void advise_udp_socket(const struct advice *advice, char *text, size_t size)
{
	advise_rcvbuf(advice, advice->row, text, size);
}

void advise_udp_rcvbuf(const struct advice *advice, char *text, size_t size)
{
	const struct rows *rows = advice_rows(advice, &udp_socket_collector);
	const struct udp_socket_row *worst = NULL;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct udp_socket_row *row = rows_at(rows, i);

		if (row->drops != ROW_ABSENT && row->drops && (!worst || row->drops > worst->drops))
			worst = row;
	}
	advise_rcvbuf(advice, worst, text, size);
}

void advise_netns_overflows(const struct advice *advice, char *text, size_t size)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._-";
	const struct netns_row *netns = advice->row;
	char enter[sizeof(netns->name) + 16] = "in it";

	if (!netns)
		return;
	if (netns->pid != ROW_ABSENT)
		snprintf(enter, sizeof(enter), "nsenter -n -t %llu", (number)netns->pid);
	else if (!netns->name[strspn(netns->name, plain)])
		snprintf(enter, sizeof(enter), "ip netns exec %s", netns->name);
	snprintf(text, size,
		 "a listener in it accepts too slowly or has too short a backlog: %s ss -ltn. "
		 "somaxconn is per namespace",
		 enter);
}
