/* SPDX-License-Identifier: BSD-2-Clause */
/* What the checks say: of hosts in trouble that are made up, and what they must not say of others.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/protocol/counters.h"
#include "collectors/socket/listener.h"
#include "collectors/socket/peer.h"
#include "subagent/checks/advice.h"
#include "tests/unit/made.h"

/* What fits on a pager. */
#define PAGER 80

/* All that snmptt lets through. */
#define SENT                                                             \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	" !\"#%'()+,-_.:/=@{}~`"

#define SAID_ROWS     4
#define SAID_SETTINGS 4

static struct {
	struct rows rows[SAID_ROWS];
	const char *setting[SAID_SETTINGS][2];
	struct alarm_text text;
} said; /* each test is a process of its own */

static const struct rows *said_rows(const struct row_type *type, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < SAID_ROWS; i++)
		if (said.rows[i].type == type)
			return &said.rows[i];
	return NULL;
}

static bool said_setting(const char *name, char *value, size_t size, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < SAID_SETTINGS; i++)
		if (said.setting[i][0] && !strcmp(said.setting[i][0], name)) {
			snprintf(value, size, "%s", said.setting[i][1]);
			return true;
		}
	return false;
}

static void *said_row(const struct row_type *type)
{
	size_t i = 0;
	void *row;

	while (said.rows[i].type && said.rows[i].type != type)
		ck_assert_uint_lt(++i, SAID_ROWS);
	if (!said.rows[i].type)
		rows_init(&said.rows[i], type);
	row = rows_add(&said.rows[i]);
	ck_assert_ptr_nonnull(row);
	return row;
}

static void said_let(const char *name, const char *value)
{
	size_t i = 0;

	while (said.setting[i][0] && strcmp(said.setting[i][0], name))
		ck_assert_uint_lt(++i, SAID_SETTINGS);
	said.setting[i][0] = name;
	said.setting[i][1] = value;
}

/* The text of a check about a row, at a value in hundredths, full in so many seconds (or never). */
static void say(const char *name, const void *row, int64_t value, uint64_t time_to_full)
{
	static const struct check_host host = {.rows = said_rows, .setting = said_setting};
	const struct check *check = check_find(name);
	char instance[CHECK_INSTANCE_SIZE] = CHECK_ONLY_INSTANCE;
	struct advice advice = {
		.instance = instance,
		.severity = ALARM_CRITICAL,
		.value = value,
		.now = CHECK_NO_VALUE,
		.time_to_full = time_to_full,
		.row = row,
		.host = &host,
	};

	ck_assert_ptr_nonnull(check);
	advice.check = check;
	advice.limits = &check->limits;
	if (check->instance)
		check->instance(row, instance, sizeof(instance));
	advice_raised(&advice, &said.text);
	ck_assert_uint_eq(strspn(said.text.summary, SENT), strlen(said.text.summary));
	ck_assert_uint_eq(strspn(said.text.advice, SENT), strlen(said.text.advice));
}

#define ASSERT_SUMMARY(want)                               \
	do {                                               \
		ck_assert_str_eq(said.text.summary, want); \
		ck_assert_uint_le(strlen(want), PAGER);    \
	} while (0)
#define ASSERT_ADVICE(part) ck_assert_msg(strstr(said.text.advice, part), "%s", said.text.advice)
#define ASSERT_NOWHERE(part)                                                                 \
	ck_assert_msg(!strstr(said.text.advice, part) && !strstr(said.text.summary, part) && \
			      !strstr(said.text.command, part),                              \
		      "%s / %s / %s", said.text.summary, said.text.advice, said.text.command)
#define ASSERT_COMMAND(want) ck_assert_str_eq(said.text.command, want)

/* --- interfaces and CPUs ------------------------------------------------------------------------
 */

static struct nic_row *eth0(void)
{
	struct nic_row *nic = said_row(&nic_row_type);

	ROW_SET_TEXT(nic->name, "eth0");
	ROW_SET_TEXT(nic->bus_info, "0000:00:03.0");
	nic->oper_status = NIC_OPER_UP;
	nic->rps_enabled = 0;
	nic->rx_errors = nic->tx_errors = 0;
	return nic;
}

START_TEST(ring_that_can_grow)
{
	struct nic_row *nic = eth0();

	nic->ring_rx_current = 256;
	nic->ring_rx_max = 4096;
	say("nic.rx_discards", nic, 120000, ROW_ABSENT);
	ASSERT_SUMMARY("eth0: 1,200 packets lost in 10 min, receive ring full");
	ASSERT_ADVICE("the ring is 256 of at most 4096");
	ASSERT_COMMAND("ethtool -G eth0 rx 4096");
	nic->ring_rx_current = 4096;
	say("nic.rx_discards", nic, 120000, ROW_ABSENT);
	ASSERT_ADVICE("the ring is at its largest");
	ASSERT_COMMAND("");
	nic->ring_rx_current = ROW_ABSENT;
	say("nic.rx_discards", nic, 120000, ROW_ABSENT);
	ASSERT_COMMAND("");
}
END_TEST

START_TEST(hostile_names_stay_out_of_commands)
{
	static const struct {
		const char *name, *sent;
	} device[] = {
		{"-oops", "-oops"},
		{"a;b", "a%3Bb"},
		{"$(id)", "%24%28id%29"},
		{"a b", "a b"},
		{"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbcx",
		 "%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BC%C3%BCx"},
	};
	struct nic_row *nic = eth0();
	size_t length;

	nic->ring_rx_current = 256;
	nic->ring_rx_max = 4096;
	nic->qdisc_drops = 1;
	nic->tx_queue_len = 1000;
	ROW_SET_TEXT(nic->qdisc_kind, "pfifo_fast");
	for (size_t i = 0; i < COUNT_OF(device); i++) {
		ROW_SET_TEXT(nic->name, device[i].name);
		length = strlen(device[i].sent);
		say("nic.rx_discards", nic, 120000, ROW_ABSENT);
		ASSERT_COMMAND("");
		ck_assert(!strncmp(said.text.summary, device[i].sent, length));
		ck_assert_int_eq(said.text.summary[length], ':');
		say("nic.drops", nic, 500, ROW_ABSENT);
		ASSERT_COMMAND("");
	}
}
END_TEST

START_TEST(cable_only_where_there_is_one)
{
	struct nic_row *nic = eth0();

	nic->rx_errors = nic->rx_crc_errors = 900;
	say("nic.errors", nic, 1000, ROW_ABSENT);
	ASSERT_SUMMARY("eth0: 10 receive errors/s counted");
	ASSERT_ADVICE("cable");
	/* Nearly all errors are others. */
	nic->rx_errors = 90000;
	say("nic.errors", nic, 1000, ROW_ABSENT);
	ASSERT_NOWHERE("cable");
	nic->rx_crc_errors = 0;
	say("nic.errors", nic, 1000, ROW_ABSENT);
	ASSERT_NOWHERE("cable");
	/* A vxlan without a route. */
	nic->rx_errors = 0;
	nic->tx_errors = nic->tx_carrier_errors = 900;
	nic->bus_info[0] = '\0';
	say("nic.errors", nic, 1000, ROW_ABSENT);
	ASSERT_SUMMARY("eth0: 10 transmit errors/s counted");
	ASSERT_NOWHERE("cable");
	ASSERT_ADVICE("virtual device");
}
END_TEST

START_TEST(queue_length_only_where_it_counts)
{
	struct nic_row *nic = eth0();

	nic->qdisc_drops = 1000;
	nic->tx_queue_len = 1000;
	ROW_SET_TEXT(nic->qdisc_kind, "pfifo_fast");
	say("nic.drops", nic, 500, ROW_ABSENT);
	ASSERT_SUMMARY("eth0: 5 % of packets dropped in 10 min");
	ASSERT_COMMAND("ip link set dev eth0 txqueuelen 2000");
	nic->tx_queue_len = 10000;
	say("nic.drops", nic, 500, ROW_ABSENT);
	ASSERT_COMMAND("");
	nic->tx_queue_len = 1000;
	ROW_SET_TEXT(nic->qdisc_kind, "tbf");
	say("nic.drops", nic, 500, ROW_ABSENT);
	ASSERT_ADVICE("rate");
	ASSERT_COMMAND("");
	ROW_SET_TEXT(nic->qdisc_kind, "fq_codel");
	say("nic.drops", nic, 500, ROW_ABSENT);
	ASSERT_COMMAND("");
}
END_TEST

START_TEST(rps_only_when_seen)
{
	struct softnet_row *cpu = said_row(&softnet_row_type);
	struct nic_row *nic;

	cpu->cpu = 1;
	said_let("net.core.netdev_max_backlog", "1000");
	say("softnet.dropped", cpu, 20000, ROW_ABSENT);
	ASSERT_SUMMARY("cpu1: 200 packets/s lost, backlog queue full");
	ASSERT_COMMAND("sysctl -w net.core.netdev_max_backlog=2000");
	ASSERT_NOWHERE("RPS is on");
	/* Only the loopback device. */
	nic = eth0();
	nic->bus_info[0] = '\0';
	nic->rps_enabled = 1;
	say("softnet.dropped", cpu, 20000, ROW_ABSENT);
	ASSERT_NOWHERE("RPS is on");
	ROW_SET_TEXT(nic->bus_info, "0000:00:03.0");
	say("softnet.dropped", cpu, 20000, ROW_ABSENT);
	ASSERT_ADVICE("RPS is on");
	said_let("net.core.netdev_max_backlog", "65536");
	say("softnet.dropped", cpu, 20000, ROW_ABSENT);
	ASSERT_COMMAND("");
}
END_TEST

/* --- connection tracking ------------------------------------------------------------------------
 */

START_TEST(conntrack_nearly_full_with_drops)
{
	struct conntrack_row *row = said_row(&conntrack_row_type);

	said_let("net.netfilter.nf_conntrack_max", "262144");
	row->entries = 243800;
	row->max = 262144;
	row->usage = 9300;
	say("conntrack.usage", row, 9300, 720);
	ASSERT_SUMMARY("connection table 93 % full, 243,800 of 262,144, full in 12 min");
	ASSERT_ADVICE("Doubling it takes up to 80 MB");
	ASSERT_COMMAND("sysctl -w net.netfilter.nf_conntrack_max=524288");
	say("conntrack.drops", row, 1200, ROW_ABSENT);
	ASSERT_SUMMARY("12 packets/s lost, connection table full");
	ASSERT_COMMAND("sysctl -w net.netfilter.nf_conntrack_max=524288");
}
END_TEST

START_TEST(conntrack_max_only_when_usage_is_high)
{
	struct conntrack_row *row = said_row(&conntrack_row_type);

	said_let("net.netfilter.nf_conntrack_max", "262144");
	row->entries = 1;
	row->max = 262144;
	row->usage = 0;
	say("conntrack.drops", row, 1200, ROW_ABSENT);
	ASSERT_COMMAND("");
	ASSERT_ADVICE("not full");
	/* NAT without a port left says so, and nothing of the table's size. */
	say("conntrack.insert_failed", row, 20000, ROW_ABSENT);
	ASSERT_SUMMARY("200 new connections/s lost, NAT ports used up or clashing");
	ASSERT_ADVICE("ports");
	ASSERT_NOWHERE("nf_conntrack_max");
	ASSERT_COMMAND("");
	/* As large as it can be, and without a limit. */
	row->usage = 9300;
	said_let("net.netfilter.nf_conntrack_max", "2147483647");
	say("conntrack.usage", row, 9300, ROW_ABSENT);
	ASSERT_COMMAND("");
	said_let("net.netfilter.nf_conntrack_max", "0");
	say("conntrack.usage", row, 9300, ROW_ABSENT);
	ASSERT_COMMAND("");
}
END_TEST

/* --- sockets ----------------------------------------------------------------------------------
 */

static struct listener_row *nginx(uint64_t backlog)
{
	struct listener_row *row = said_row(&listener_row_type);

	ROW_SET_TEXT(row->endpoint, "0.0.0.0:80");
	ROW_SET_TEXT(row->command, "nginx");
	row->pid = 812;
	row->sockets = 1;
	row->queue_limit = backlog;
	row->queue_length = backlog + 1;
	row->queue_usage = 10000;
	return row;
}

START_TEST(short_backlog)
{
	struct listener_row *row = nginx(511);

	said_let("net.core.somaxconn", "4096");
	say("listener.queue", row, 10000, ROW_ABSENT);
	ASSERT_SUMMARY("0.0.0.0:80 nginx pid 812: accept queue full, 511 of 511");
	ASSERT_ADVICE("below somaxconn 4096");
	ASSERT_COMMAND("");
	said_let("net.core.somaxconn", "511");
	say("listener.drops", row, 1400, ROW_ABSENT);
	ASSERT_SUMMARY("0.0.0.0:80 nginx pid 812: 14 connections/s lost");
	ASSERT_COMMAND("sysctl -w net.core.somaxconn=1022");
	say("tcp.listen_overflows", NULL, 1400, ROW_ABSENT);
	ASSERT_SUMMARY(
		"14 connections/s lost, accept queues full, fullest 0.0.0.0:80 nginx pid 812");
}
END_TEST

START_TEST(names_are_percent_encoded)
{
	struct listener_row *row = nginx(511);

	said_let("net.core.somaxconn", "511");
	ROW_SET_TEXT(row->endpoint, "[::]:80");
	ROW_SET_TEXT(row->command, "panic=1 ;%\n");
	say("listener.queue", row, 10000, ROW_ABSENT);
	ck_assert_str_eq(said.text.summary, "%5B::%5D:80 panic=1 %3B%25%3F pid 812: "
					    "accept queue full, 511 of 511");
	ASSERT_COMMAND("sysctl -w net.core.somaxconn=1022");
}
END_TEST

START_TEST(close_wait_leak)
{
	struct close_wait_row *row = said_row(&close_wait_row_type);

	row->port = 8080;
	row->count = row->older = 8500;
	row->oldest = 3 * 60 * MADE_MINUTE;
	row->pid = 4711;
	ROW_SET_TEXT(row->command, "java");
	say("tcp.close_wait", NULL, 850000, ROW_ABSENT);
	ck_assert_str_eq(said.text.summary,
			 "java pid 4711: 8,500 connections in CLOSE_WAIT on port 8080, oldest 3 h");
	ck_assert_uint_le(strlen(said.text.summary), PAGER);
	ASSERT_ADVICE("does not close what its peers have closed");
	ASSERT_COMMAND("");
}
END_TEST

START_TEST(receive_buffer)
{
	struct udp_socket_row *row = said_row(&udp_socket_row_type);

	ROW_SET_TEXT(row->endpoint, "0.0.0.0:514");
	ROW_SET_TEXT(row->command, "rsyslogd");
	row->pid = 600;
	row->sockets = 1;
	row->rx_buffer_bytes = 2 * 212992;
	said_let("net.core.rmem_max", "4194304");
	say("udp.socket_drops", row, 19000, ROW_ABSENT);
	ASSERT_SUMMARY("0.0.0.0:514 rsyslogd pid 600: 190 datagrams/s lost, receive buffer full");
	/* The process may ask for more as it is. */
	ASSERT_ADVICE("rmem_max allows 4,194,304");
	ASSERT_COMMAND("");
	said_let("net.core.rmem_max", "212992");
	say("udp.socket_drops", row, 19000, ROW_ABSENT);
	ASSERT_COMMAND("sysctl -w net.core.rmem_max=425984");
}
END_TEST

START_TEST(syncookies_that_are_off)
{
	said_let("net.ipv4.tcp_syncookies", "0");
	say("tcp.syn_queue", NULL, 1000, ROW_ABSENT);
	ASSERT_SUMMARY("10 connection requests/s found the SYN queue full");
	ASSERT_COMMAND("sysctl -w net.ipv4.tcp_syncookies=1");
	said_let("net.ipv4.tcp_syncookies", "2");
	say("tcp.syn_queue", NULL, 1000, ROW_ABSENT);
	ASSERT_COMMAND("");
}
END_TEST

/* A network that connections are with: of all retransmits the whole rest is to others. */
static struct peer_row *peer(const char *remote, uint64_t retransmits, uint64_t all)
{
	struct peer_row *row = said_row(&peer_row_type);

	ROW_SET_TEXT(row->remote, remote);
	row->retransmits = row->prefix_retransmits = retransmits;
	row->all_retransmits = all;
	row->prefixes = 40;
	row->prefixes_hit = 1;
	row->interval = 60 * SECOND_NS;
	row->taken = clock_monotonic();
	return row;
}

START_TEST(peers_that_lose_most)
{
	struct peer_row *worst, *other;

	say("tcp.retransmits", NULL, 310, ROW_ABSENT);
	ASSERT_SUMMARY("3.1 % of TCP segments sent again");
	ASSERT_ADVICE("ss -ti shows to whom");
	other = peer("198.51.100.0/24", 626, 7826);
	worst = peer("203.0.113.0/24", 7200, 7826);
	say("tcp.retransmits", NULL, 310, ROW_ABSENT);
	ASSERT_SUMMARY("3.1 % of TCP segments sent again, 92 % of them to 203.0.113.0/24 (120/s)");
	ASSERT_ADVICE("Of 40 networks only that one is hit: look at the path to it");
	ASSERT_NOWHERE("ss -ti");
	say("tcp.stalled", NULL, 6500, ROW_ABSENT);
	ck_assert_ptr_nonnull(
		strstr(said.text.summary, "sent again, 92 % of that to 203.0.113.0/24 (120/s)"));
	ASSERT_ADVICE("only that one is hit");
	worst->prefixes_hit = 12;
	say("tcp.retransmits", NULL, 310, ROW_ABSENT);
	ASSERT_ADVICE("mends it. 12 of 40 networks are hit");
	worst->prefixes_hit = 32;
	say("tcp.retransmits", NULL, 310, ROW_ABSENT);
	ASSERT_ADVICE("32 of 40 networks are hit: look near this host, at its link and uplink");
	worst->prefixes = 1;
	say("tcp.retransmits", NULL, 310, ROW_ABSENT);
	ASSERT_ADVICE("All connections are with that network");

	worst->prefixes_hit = other->prefixes_hit = 0;
	say("tcp.retransmits", NULL, 310, ROW_ABSENT);
	ASSERT_SUMMARY("3.1 % of TCP segments sent again");
	worst->prefixes_hit = other->prefixes_hit = 1;

	/* Too old a look, too little in it, and the first one, which knows no increase. */
	worst->taken -= 121 * SECOND_NS;
	say("tcp.retransmits", NULL, 310, ROW_ABSENT);
	ASSERT_SUMMARY("3.1 % of TCP segments sent again");
	worst->taken += 121 * SECOND_NS;
	worst->all_retransmits = other->all_retransmits = 19;
	worst->prefix_retransmits = 17;
	other->prefix_retransmits = 2;
	say("tcp.retransmits", NULL, 310, ROW_ABSENT);
	ASSERT_SUMMARY("3.1 % of TCP segments sent again");
	worst->prefix_retransmits = other->prefix_retransmits = ROW_ABSENT;
	say("tcp.retransmits", NULL, 310, ROW_ABSENT);
	ASSERT_SUMMARY("3.1 % of TCP segments sent again");
}
END_TEST

UNIT_MAIN("advice", ring_that_can_grow, hostile_names_stay_out_of_commands,
	  cable_only_where_there_is_one, queue_length_only_where_it_counts, rps_only_when_seen,
	  conntrack_nearly_full_with_drops, conntrack_max_only_when_usage_is_high, short_backlog,
	  names_are_percent_encoded, close_wait_leak, receive_buffer, syncookies_that_are_off,
	  peers_that_lose_most)
