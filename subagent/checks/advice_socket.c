/* SPDX-License-Identifier: BSD-2-Clause */
/* What the checks of TCP and UDP sockets say. */
#include <config.h>

#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/limit/limits.h"
#include "collectors/netns/netns.h"
#include "collectors/protocol/counters.h"
#include "collectors/protocol/memory.h"
#include "collectors/socket/fullest_buffers.h"
#include "collectors/socket/listener.h"
#include "collectors/socket/peer.h"
#include "collectors/socket/tcp_states.h"
#include "collectors/socket/udp_socket.h"
#include "subagent/checks/advices.h"

#define SOMAXCONN_NAME "net.core.somaxconn"
#define RMEM_MAX_NAME  "net.core.rmem_max"

/* What the kernel makes of SO_RCVBUF: twice the number asked for (man 7 socket). */
#define RCVBUF_FACTOR 2

/* include/net/tcp.h: tcp_too_many_orphans() shifts by up to 2 for a socket that misbehaves, so
 * that resets begin at a quarter of the maximum. */
#define ORPHANS_SUSPECT 2500

static uint64_t known(uint64_t number)
{
	return number == ROW_ABSENT ? 0 : number;
}

/* The rows have sums over all sockets of an endpoint (SO_REUSEPORT); settings bound each of them.
 */
static uint64_t of_each(uint64_t sum, uint64_t sockets)
{
	return sum == ROW_ABSENT || sockets == ROW_ABSENT || !sockets ? sum : sum / sockets;
}

/* The instance and its owner: "0.0.0.0:80 nginx pid 812: ". */
static void where(const char *endpoint, const char *command, uint64_t pid, struct alarm_text *text)
{
	char name[ADVICE_NAME_SIZE], owner[ADVICE_OWNER_SIZE];

	advice_owner(command, pid, owner);
	advice_say(text->summary, "%s%s%s: ", advice_name(endpoint, name), owner[0] ? " " : "",
		   owner);
}

/* --- listeners -------------------------------------------------------------------------------- */

/* What lengthens a listener's queue: the application's own backlog below somaxconn, both at it. */
static void advise_backlog(const struct advice *advice, const struct listener_row *listener,
			   struct alarm_text *text)
{
	uint64_t somaxconn = advice_sysctl(advice, SOMAXCONN_NAME, 0);
	uint64_t limit = listener ? of_each(listener->queue_limit, listener->sockets) : ROW_ABSENT;
	char owner[ADVICE_OWNER_SIZE] = "";
	const char *who;

	if (limit == ROW_ABSENT || somaxconn == ROW_ABSENT) {
		advice_say(text->advice,
			   "an application accepts too slowly, or its listen backlog is "
			   "too short: compare Recv-Q and Send-Q of ss -ltn");
		return;
	}
	who = advice_owner(listener->command, listener->pid, owner);
	if (!who[0])
		who = "the application";
	if (limit < somaxconn) {
		advice_say(
			text->advice,
			"the backlog %llu of %s is below somaxconn %llu: raise it there (listen, "
			"backlog=), or add workers",
			(unsigned long long)limit, who, (unsigned long long)somaxconn);
		return;
	}
	advice_say(text->advice,
		   "%s accepts too slowly: more workers, SO_REUSEPORT, or a longer backlog, above "
		   "somaxconn %llu, and restart it",
		   who, (unsigned long long)somaxconn);
	advice_double(advice, SOMAXCONN_NAME, text);
}

void describe_listener_drops(const struct advice *advice, struct alarm_text *text)
{
	const struct listener_row *listener = advice->row;

	if (listener)
		where(advice->instance, listener->command, listener->pid, text);
	advice_rate(advice, "connections", "lost", text);
	advise_backlog(advice, listener, text);
}

void describe_listener_queue(const struct advice *advice, struct alarm_text *text)
{
	const struct listener_row *listener = advice->row;
	char share[32], length[32], limit[32];
	uint64_t waiting;

	if (listener)
		where(advice->instance, listener->command, listener->pid, text);
	if (advice->value >= 10000)
		advice_also(text->summary, "accept queue full");
	else
		advice_also(text->summary, "accept queue %s %% full",
			    advice_amount(advice->value, share));
	if (listener && listener->queue_length != ROW_ABSENT &&
	    listener->queue_limit != ROW_ABSENT) {
		/* The kernel lets in one more than the backlog. */
		waiting = listener->queue_length < listener->queue_limit ? listener->queue_length
									 : listener->queue_limit;
		advice_also(text->summary, ", %s of %s", advice_count(waiting, length),
			    advice_count(listener->queue_limit, limit));
	}
	advise_backlog(advice, listener, text);
}

/* The listener with the fullest queue: overflows come from there. Its drops also count what was
 * discarded at half-open connections, so they only decide between equally full ones. */
static const struct listener_row *fullest_listener(const struct advice *advice)
{
	const struct rows *rows = advice_rows(advice, &listener_row_type);
	const struct listener_row *worst = NULL;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct listener_row *row = rows_at(rows, i);

		if (!row->sockets || !known(row->queue_usage))
			continue;
		if (!worst || row->queue_usage > worst->queue_usage ||
		    (row->queue_usage == worst->queue_usage &&
		     known(row->drops) > known(worst->drops)))
			worst = row;
	}
	return worst;
}

void describe_listen_overflows(const struct advice *advice, struct alarm_text *text)
{
	const struct listener_row *worst = fullest_listener(advice);
	char name[ADVICE_NAME_SIZE], owner[ADVICE_OWNER_SIZE];

	advice_rate(advice, "connections", "lost, accept queues full", text);
	if (worst) {
		advice_owner(worst->command, worst->pid, owner);
		advice_also(text->summary, ", fullest %s%s%s", advice_name(worst->endpoint, name),
			    owner[0] ? " " : "", owner);
	}
	advise_backlog(advice, worst, text);
}

void describe_netns_overflows(const struct advice *advice, struct alarm_text *text)
{
	const struct netns_row *netns = advice->row;
	char owner[ADVICE_OWNER_SIZE];

	if (netns && netns->command[0])
		advice_also(text->summary, "%s, ", advice_owner(netns->command, netns->pid, owner));
	advice_rate(advice, "connections", "lost, accept queues full", text);
	advice_say(text->advice,
		   "find the listener with Recv-Q above Send-Q: it accepts too slowly, or "
		   "its backlog is too short. Each namespace has its own somaxconn");
	if (netns && netns->pid != ROW_ABSENT)
		advice_say(text->command, "nsenter -n -t %llu ss -ltn",
			   (unsigned long long)netns->pid);
}

void describe_syn_queue(const struct advice *advice, struct alarm_text *text)
{
	uint64_t cookies = advice_sysctl(advice, "net.ipv4.tcp_syncookies", 0);

	advice_rate(advice, "connection requests", "found the SYN queue full", text);
	advice_say(text->advice,
		   "a SYN flood, or a listen backlog too short for the load (ss -tn "
		   "state syn-recv)%s",
		   cookies == 0		   ? ", syncookies are off"
		   : cookies == ROW_ABSENT ? ""
					   : ", syncookies are on");
	if (cookies == 0)
		advice_say(text->command, "sysctl -w net.ipv4.tcp_syncookies=1");
}

/* --- the way to the peers ----------------------------------------------------------------------
 */

/* Fewer retransmits say nothing about whom they go to. */
#define PEERS_RETRANSMITS_MIN 20

/* The row of the network to which most is sent again. NULL when the last look at the peers is too
 * old, or found too little. */
static const struct peer_row *worst_peer(const struct advice *advice)
{
	const struct rows *rows = advice_rows(advice, &peer_row_type);
	const struct peer_row *worst = NULL;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct peer_row *row = rows_at(rows, i);

		if (row->prefix_retransmits != ROW_ABSENT &&
		    (!worst || row->prefix_retransmits > worst->prefix_retransmits))
			worst = row;
	}
	if (!worst || worst->all_retransmits < PEERS_RETRANSMITS_MIN || !worst->prefixes_hit ||
	    worst->interval < MILLISECOND_NS ||
	    clock_monotonic() - worst->taken > 2 * worst->interval)
		return NULL;
	return worst;
}

uint64_t peers_evidence(const struct advice *advice)
{
	const struct peer_row *worst = worst_peer(advice);

	return worst ? worst->taken : 0;
}

/* Adds who the peers are, and whether one network or many are hit: is it this host or the path?
 * False when that is not known. */
static bool advise_peers(const struct advice *advice, const char *them, struct alarm_text *text)
{
	const struct peer_row *worst = worst_peer(advice);
	char remote[ADVICE_NAME_SIZE], rate[32], hit[32], all[32];

	if (!worst)
		return false;
	advice_amount((int64_t)(worst->prefix_retransmits * 100 * 1000 /
				(worst->interval / MILLISECOND_NS)),
		      rate);
	advice_also(text->summary, ", %llu %% of %s to %s (%s/s)",
		    (unsigned long long)(worst->prefix_retransmits * 100 / worst->all_retransmits),
		    them, advice_name(worst->remote, remote), rate);
	advice_count(worst->prefixes_hit, hit);
	advice_count(worst->prefixes, all);
	if (worst->prefixes == 1)
		advice_also(text->advice, ". All connections are with that network");
	else if (worst->prefixes_hit <= 1)
		advice_also(text->advice,
			    ". Of %s networks only that one is hit: look at the path "
			    "to it",
			    all);
	else if (worst->prefixes_hit * 2 > worst->prefixes)
		advice_also(text->advice,
			    ". %s of %s networks are hit: look near this host, at its "
			    "link and uplink",
			    hit, all);
	else
		advice_also(text->advice, ". %s of %s networks are hit", hit, all);
	return true;
}

static void advise_path(const struct advice *advice, struct alarm_text *text)
{
	advice_say(text->advice, "packets are lost on the way: check the path, link errors and "
				 "policers. No setting of this host mends it");
	if (!advise_peers(advice, "them", text))
		advice_also(text->advice, ". ss -ti shows to whom");
}

void describe_retransmits(const struct advice *advice, struct alarm_text *text)
{
	char share[32];

	advice_say(text->summary, "%s %% of TCP segments sent again",
		   advice_amount(advice->value, share));
	advise_path(advice, text);
}

void describe_retransmit_rate(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "TCP segments", "sent again", text);
	advise_path(advice, text);
}

void describe_stalled(const struct advice *advice, struct alarm_text *text)
{
	char share[32];

	advice_say(text->summary, "TCP is stalled: %s %% of what is sent is sent again",
		   advice_amount(advice->value, share));
	advice_say(text->advice, "the path to the peers is gone (ss -ti state established): check "
				 "routes, links, firewall rules");
	advise_peers(advice, "that", text);
}

void describe_attempt_fails(const struct advice *advice, struct alarm_text *text)
{
	advice_rate(advice, "connection attempts", "of this host failed", text);
	advice_say(text->advice,
		   "peers refuse or do not answer (ss -tn state syn-sent shows to whom): "
		   "check that they listen and are reachable");
}

/* --- states and memory -------------------------------------------------------------------------
 */

void describe_time_wait(const struct advice *advice, struct alarm_text *text)
{
	char count[32];

	advice_say(text->summary, "%s sockets in TIME_WAIT",
		   advice_count((uint64_t)advice->value / 100, count));
	advice_say(text->advice,
		   "reuse connections (pooling, keep-alive). tcp_fin_timeout does not "
		   "help: TIME_WAIT lasts 60 s. limits.usage warns when it matters");
}

/* The local port with most old sockets in CLOSE_WAIT, or NULL. */
static const struct close_wait_row *worst_port(const struct advice *advice)
{
	const struct rows *rows = advice_rows(advice, &close_wait_row_type);
	const struct close_wait_row *worst = NULL;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct close_wait_row *row = rows_at(rows, i);

		if (known(row->older) && (!worst || row->older > worst->older))
			worst = row;
	}
	return worst;
}

void describe_close_wait(const struct advice *advice, struct alarm_text *text)
{
	const struct close_wait_row *worst = worst_port(advice);
	char count[32], total[32], owner[ADVICE_OWNER_SIZE], age[24], peer[ADVICE_NAME_SIZE];

	if (worst && worst->command[0])
		advice_say(text->summary, "%s: ", advice_owner(worst->command, worst->pid, owner));
	advice_also(text->summary, "%s connections in CLOSE_WAIT",
		    advice_count((uint64_t)advice->value / 100, count));
	/* Those of a client are each on a port of their own. */
	if (worst && known(worst->older) * 200 >= (uint64_t)advice->value)
		advice_also(text->summary, " on port %llu", (unsigned long long)worst->port);
	if (worst && worst->oldest != ROW_ABSENT)
		advice_also(text->summary, ", oldest %s", advice_duration(worst->oldest, age));
	else
		advice_also(text->summary, " for over 5 min");
	advice_say(text->advice, "the process does not close what its peers have closed: a leak. A "
				 "restart helps for a while");
	if (worst && worst->peer[0])
		advice_also(text->advice, ". %s of %s on that port are with %s",
			    advice_count(worst->peers, count), advice_count(worst->count, total),
			    advice_name(worst->peer, peer));
}

void describe_tcp_memory(const struct advice *advice, struct alarm_text *text)
{
	const struct protocol_row *row = advice->row;
	char used[32], high[32];

	advice_say(text->summary, "TCP uses %s", advice_count((uint64_t)advice->value / 100, used));
	if (row && row->mem_high != ROW_ABSENT && row->mem_high)
		advice_also(text->summary, " of %s pages of memory, %llu %%",
			    advice_count(row->mem_high, high),
			    (unsigned long long)((uint64_t)advice->value / row->mem_high));
	else
		advice_also(text->summary, " pages of memory");
	advice_say(text->advice,
		   "find who hoards (ss -tmp, netdiagBufferTable): a leak needs a fix, "
		   "else raise net.ipv4.tcp_mem, in pages");
}

void describe_abort_on_memory(const struct advice *advice, struct alarm_text *text)
{
	const struct rows *rows = advice_rows(advice, &limit_row_type);
	const struct limit_row *orphans = NULL;
	struct limit_row key;
	char used[32], max[32];

	row_reset(&limit_row_type, &key);
	ROW_SET_TEXT(key.name, "tcp-orphans");
	if (rows)
		orphans = rows_find(rows, &key);
	advice_rate(advice, "connections", "reset for lack of memory", text);
	if (!orphans || orphans->usage == ROW_ABSENT || orphans->usage < ORPHANS_SUSPECT) {
		advice_say(text->advice,
			   "find who hoards (ss -tmp, netdiagBufferTable), else raise "
			   "net.ipv4.tcp_mem, in pages");
		return;
	}
	advice_say(text->advice, "too many orphans, %s of %s: connections closed with data unsent",
		   advice_count(orphans->used, used), advice_count(orphans->max, max));
	advice_double(advice, "net.ipv4.tcp_max_orphans", text);
}

/* --- who does not read ------------------------------------------------------------------------ */

void describe_rcvq_drops(const struct advice *advice, struct alarm_text *text)
{
	uint64_t max = advice_sysctl(advice, "net.ipv4.tcp_rmem", 2);
	char bytes[32];

	advice_rate(advice, "TCP segments", "lost to sockets that are not read fast enough", text);
	advice_say(text->advice, "an application reads too slowly (ss -tnp, column Recv-Q)");
	if (max != ROW_ABSENT)
		advice_also(text->advice,
			    ". Buffers grow to the last number of net.ipv4.tcp_rmem, %s",
			    advice_count(max, bytes));
}

void describe_stuck(const struct advice *advice, struct alarm_text *text)
{
	const struct buffer_row *row = advice->row;
	char duration[24], bytes[32], name[ADVICE_NAME_SIZE];
	const char *port = row ? strrchr(row->remote, ':') : NULL;

	if (row)
		where(advice->instance, row->command, row->pid, text);
	advice_also(text->summary, "has not read for %s",
		    advice_duration((uint64_t)advice->value / 100 * SECOND_NS, duration));
	if (row && row->rx_queue_bytes != ROW_ABSENT)
		advice_also(text->summary, ", %s bytes wait",
			    advice_count(row->rx_queue_bytes, bytes));
	if (port && port[1] != '*')
		advice_also(text->summary, ", from %s", advice_name(row->remote, name));
	advice_say(text->advice,
		   "the process does not read its socket: it hangs, or waits for something "
		   "else. What stands in front of it waits too");
}

/* A UDP socket's buffer is what the application asked for, up to rmem_max. */
static void advise_rcvbuf(const struct advice *advice, const struct udp_socket_row *socket,
			  struct alarm_text *text)
{
	uint64_t max = advice_sysctl(advice, RMEM_MAX_NAME, 0);
	uint64_t buffer = socket ? of_each(socket->rx_buffer_bytes, socket->sockets) : ROW_ABSENT;
	char bytes[32], allowed[32];

	if (buffer == ROW_ABSENT || max == ROW_ABSENT) {
		advice_say(text->advice,
			   "an application reads too slowly, or asks for too small a buffer "
			   "with SO_RCVBUF, which rmem_max bounds");
	} else if (buffer < max * RCVBUF_FACTOR) {
		advice_say(
			text->advice,
			"its buffer is %s bytes, rmem_max allows %s: the process must ask for more "
			"(SO_RCVBUF), or read faster",
			advice_count(buffer / RCVBUF_FACTOR, bytes), advice_count(max, allowed));
	} else {
		advice_say(text->advice,
			   "its buffer is %s bytes: rmem_max must allow more, and the process must "
			   "ask "
			   "for it (SO_RCVBUF)",
			   advice_count(buffer / RCVBUF_FACTOR, bytes));
		advice_double(advice, RMEM_MAX_NAME, text);
	}
}

void describe_udp_socket(const struct advice *advice, struct alarm_text *text)
{
	const struct udp_socket_row *socket = advice->row;

	if (socket)
		where(advice->instance, socket->command, socket->pid, text);
	advice_rate(advice, "datagrams", "lost", text);
	advice_also(text->summary, ", receive buffer full");
	advise_rcvbuf(advice, socket, text);
}

void describe_udp_rcvbuf(const struct advice *advice, struct alarm_text *text)
{
	const struct rows *rows = advice_rows(advice, &udp_socket_row_type);
	const struct udp_socket_row *worst = NULL;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct udp_socket_row *row = rows_at(rows, i);

		if (row->sockets && known(row->drops) && (!worst || row->drops > worst->drops))
			worst = row;
	}
	advice_rate(advice, "datagrams", "lost to full receive buffers", text);
	advise_rcvbuf(advice, worst, text);
	advice_drops(advice, text);
}
