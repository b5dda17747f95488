/* SPDX-License-Identifier: BSD-2-Clause */
/* The loss ledger on made snapshots and a clock of its own. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/cpu/softnet.h"
#include "collectors/loss/drop_reasons.h"
#include "collectors/nic/nic.h"
#include "collectors/nic/queue.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/protocol/counters.h"
#include "collectors/socket/listener.h"
#include "collectors/socket/nfqueue.h"
#include "collectors/socket/socket_drops.h"
#include "subagent/loss/ledger.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)
#define WALL   (UINT64_C(1790000000) * SECOND)
#define KINDS  8

/* What the ledger sees of a collector. */
struct made {
	const char *collector;
	const struct row_type *type;
	struct snapshot *snapshot;
};

static struct made made[KINDS];
static uint64_t now;
static struct ledger *ledger;
static struct rows rows;

static const struct snapshot *made_snapshot(const char *collector, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < KINDS; i++)
		if (made[i].collector && !strcmp(made[i].collector, collector))
			return made[i].snapshot;
	return NULL;
}

static struct made *made_find(const char *collector)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (!made[i].collector)
			made[i].collector = collector;
		if (!strcmp(made[i].collector, collector))
			return &made[i];
	}
	ck_abort();
}

static void setup(void)
{
	memset(made, 0, sizeof(made));
	now = 1000 * SECOND;
	ledger = ledger_new();
	ck_assert_ptr_nonnull(ledger);
	rows_init(&rows, &loss_row_type);
}

static void teardown(void)
{
	for (size_t i = 0; i < KINDS; i++)
		snapshot_put(made[i].snapshot);
	ledger_free(ledger);
	rows_clear(&rows);
}

static void feed(void)
{
	ledger_feed(ledger, made_snapshot, NULL, now, WALL + now);
}

/* Another snapshot of a collector, read at `now` and begun so long before, without rows. */
static struct rows *publish_since(const char *collector, const struct row_type *type,
				  uint64_t before)
{
	struct made *it = made_find(collector);
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	ck_assert_ptr_nonnull(snapshot);
	snapshot->refs = 1;
	snapshot->time = now - before;
	snapshot->end = now;
	snapshot->rows_count = 1;
	rows_init(&snapshot->rows[0], type);
	snapshot_put(it->snapshot);
	it->snapshot = snapshot;
	return &snapshot->rows[0];
}

static struct rows *publish(const char *collector, const struct row_type *type)
{
	return publish_since(collector, type, 0);
}

static void withdraw(const char *collector)
{
	struct made *it = made_find(collector);

	snapshot_put(it->snapshot);
	it->snapshot = NULL;
}

static struct softnet_row *add_cpu(struct rows *to, uint64_t cpu, uint64_t dropped, uint64_t stamp)
{
	struct softnet_row *row = rows_add(to);

	row->cpu = cpu;
	row->dropped = dropped;
	row->discontinuity = stamp;
	return row;
}

/* Two CPUs. */
static void publish_softnet(uint64_t first, uint64_t second)
{
	struct rows *to = publish("softnet", &softnet_row_type);

	add_cpu(to, 0, first, 1);
	add_cpu(to, 3, second, 1);
}

static struct nic_row *add_nic(struct rows *to, uint64_t ifindex, const char *name,
			       const char *driver, const char *bus)
{
	struct nic_row *row = rows_add(to);

	row->ifindex = ifindex;
	row->discontinuity = 1;
	row->rx_dropped = row->tx_dropped = row->tx_errors = row->rx_discards = 0;
	row->rx_crc_errors = row->rx_frame_errors = row->rx_length_errors = 0;
	row->tx_carrier_errors = 0;
	ROW_SET_TEXT(row->name, name);
	ROW_SET_TEXT(row->driver, driver);
	ROW_SET_TEXT(row->bus_info, bus);
	ROW_SET_TEXT(row->rx_discards_source, "rx_missed_errors");
	return row;
}

static const struct loss_row *place(enum loss_place_id id)
{
	rows_clear(&rows);
	ck_assert_int_eq(ledger_fill_rows(&rows, ledger), 0);
	ck_assert_uint_eq(rows.count, LOSS_PLACES);
	return rows_at(&rows, id - 1);
}

static uint64_t packets(enum loss_place_id id)
{
	return place(id)->packets;
}

START_TEST(a_host_that_can_tell_nothing)
{
	setup();
	feed();
	for (unsigned id = 1; id <= LOSS_PLACES; id++) {
		const struct loss_row *row = place(id);

		ck_assert_uint_eq(row->place, id);
		ck_assert_uint_eq(row->packets, ROW_ABSENT);
		ck_assert_uint_eq(row->rate_minute, ROW_ABSENT);
		ck_assert_uint_eq(row->last_seen, ROW_ABSENT);
		ck_assert_uint_eq(row->discontinuity, ROW_ABSENT);
		ck_assert_str_eq(row->worst, "");
		ck_assert_str_ne(row->label, "");
	}
	ck_assert_uint_eq(ledger_rate(ledger), 0);
	ck_assert_str_eq(ledger_worst_place(ledger), "-");
	teardown();
}
END_TEST

/* The labels are those of the index, and fit where they are shown. */
START_TEST(labels_are_the_index_s)
{
	const struct table *table = table_find("netdiagLossTable");
	const struct column *index = table_column(table, "netdiagLossPlace");

	for (unsigned id = 1; id <= LOSS_PLACES; id++)
		ck_assert_str_eq(loss_places[id].label, column_label(index, id));
	ck_assert_ptr_null(column_label(index, LOSS_PLACES + 1));
}
END_TEST

/* The first snapshot is where counting begins. */
START_TEST(increases_are_added_up)
{
	char id[OBJECT_ID_TEXT_SIZE];
	const struct loss_row *row;

	setup();
	publish_softnet(1000, 70);
	feed();
	row = place(LOSS_BACKLOG);
	ck_assert_uint_eq(row->packets, 0);
	ck_assert_uint_eq(row->discontinuity, now);
	ck_assert_uint_eq(row->last_seen, ROW_ABSENT);
	object_id_text(&row->object_id, id);
	ck_assert_str_eq(id, NETDIAG_BASE_OID ".1.3.1.3");

	now += SECOND;
	publish_softnet(1002, 75);
	feed();
	feed(); /* nothing new */
	row = place(LOSS_BACKLOG);
	ck_assert_uint_eq(row->packets, 7);
	ck_assert_uint_eq(row->last_seen, WALL + now);
	ck_assert_uint_eq(row->discontinuity, now - SECOND);
	ck_assert_str_eq(row->worst, "cpu3");
	object_id_text(&row->object_id, id);
	ck_assert_str_eq(id, NETDIAG_BASE_OID ".1.3.1.3.3");
	ck_assert_uint_eq(packets(LOSS_RING), ROW_ABSENT);
	teardown();
}
END_TEST

START_TEST(resets_and_vanishing_rows_take_nothing_away)
{
	setup();
	publish_softnet(100, 100);
	feed();
	now += SECOND;
	publish_softnet(150, 100);
	feed();
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 50);

	/* one goes */
	now += SECOND;
	add_cpu(publish("softnet", &softnet_row_type), 0, 160, 1);
	feed();
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 60);

	/* comes back, and another one has a moved stamp; what it counts then is added */
	now += SECOND;
	publish_softnet(170, 5000);
	((struct softnet_row *)rows_at(&made[0].snapshot->rows[0], 0))->discontinuity = now;
	feed();
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 60);
	now += SECOND;
	publish_softnet(171, 5001);
	((struct softnet_row *)rows_at(&made[0].snapshot->rows[0], 0))->discontinuity = now -
											SECOND;
	feed();
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 62);

	/* goes back without a stamp */
	now += SECOND;
	publish_softnet(3, 5001);
	feed();
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 62);
	teardown();
}
END_TEST

/* What is lost while a collector has no data is not made up, and the stamp says so. */
START_TEST(a_collector_without_data)
{
	setup();
	publish_softnet(100, 100);
	feed();
	now += SECOND;
	publish_softnet(101, 100);
	feed();
	withdraw("softnet");
	now += SECOND;
	feed();
	ck_assert_uint_eq(packets(LOSS_BACKLOG), ROW_ABSENT);
	ck_assert_uint_eq(place(LOSS_BACKLOG)->rate_minute, ROW_ABSENT);
	now += SECOND;
	publish_softnet(900, 100);
	feed();
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 1);
	ck_assert_uint_eq(place(LOSS_BACKLOG)->discontinuity, now);
	now += SECOND;
	publish_softnet(902, 100);
	feed();
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 3);
	teardown();
}
END_TEST

/* A member that this kernel lacks; one that is all a place has makes it absent. */
START_TEST(absent_members)
{
	struct tcp_row *tcp;

	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		tcp = rows_add(publish("counters", &tcp_row_type));
		tcp->backlog_drop = 10 * n;
		tcp->retrans_segs = 20 * n;
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_TCP_QUEUE), 10);
	ck_assert_str_eq(place(LOSS_TCP_QUEUE)->worst, "TCPBacklogDrop");
	ck_assert_uint_eq(packets(LOSS_LISTEN), ROW_ABSENT);
	/* nothing is known to be taken out */
	ck_assert_uint_eq(packets(LOSS_PATH), 20);

	tcp = rows_add(publish("counters", &tcp_row_type));
	tcp->backlog_drop = 10;
	tcp->listen_drops = 500;
	feed();
	ck_assert_uint_eq(packets(LOSS_LISTEN), 0);
	teardown();
}
END_TEST

START_TEST(rates_are_over_a_minute)
{
	setup();
	publish_softnet(0, 0);
	feed();
	now += SECOND;
	publish_softnet(120, 0);
	feed();
	ck_assert_uint_eq(place(LOSS_BACKLOG)->rate_minute, 200);
	ck_assert_uint_eq(ledger_rate(ledger), 200);
	ck_assert_str_eq(ledger_worst_place(ledger), "backlog");
	now += 30 * SECOND;
	publish_softnet(120, 60);
	feed();
	ck_assert_uint_eq(place(LOSS_BACKLOG)->rate_minute, 300);
	now += 28 * SECOND;
	feed();
	ck_assert_uint_eq(place(LOSS_BACKLOG)->rate_minute, 300);
	now += SECOND;
	feed();
	ck_assert_uint_eq(place(LOSS_BACKLOG)->rate_minute, 100);
	now += 1000 * SECOND;
	feed();
	ck_assert_uint_eq(place(LOSS_BACKLOG)->rate_minute, 0);
	ck_assert_uint_eq(ledger_rate(ledger), 0);
	ck_assert_str_eq(ledger_worst_place(ledger), "-");
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 180);
	teardown();
}
END_TEST

/* Other classes are in the table and not in the rate. */
START_TEST(only_loss_is_in_the_rate)
{
	struct tcp_row *tcp;

	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		tcp = rows_add(publish("counters", &tcp_row_type));
		tcp->retrans_segs = 600 * n;
		tcp->syn_retrans = 100 * n;
		tcp->listen_drops = 60 * n;
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_PATH), 500);
	ck_assert_uint_eq(place(LOSS_PATH)->class, LOSS_CLASS_ELSEWHERE);
	ck_assert_uint_eq(ledger_rate(ledger), 100);
	ck_assert_str_eq(ledger_worst_place(ledger), "listen");
	teardown();
}
END_TEST

/* Interfaces with so much in rx_dropped altogether, of which eth0 counts `discards` too. */
static void publish_dropped(uint64_t first, uint64_t second, uint64_t discards)
{
	struct rows *to = publish("nic", &nic_row_type);
	struct nic_row *row = add_nic(to, 2, "eth0", "ena", "0000:00:05.0");

	row->rx_dropped = first;
	row->rx_discards = discards;
	ROW_SET_TEXT(row->rx_discards_source, "rx_dropped");
	add_nic(to, 3, "eth1", "ixgbe", "0000:00:06.0")->rx_dropped = second;
}

/* A backlog drop is in rx_dropped too; whichever is read first, it is counted once. */
START_TEST(what_is_counted_twice_in_any_order)
{
	setup();
	publish_softnet(0, 0);
	publish_dropped(0, 0, 0);
	feed();
	now += SECOND;
	publish_dropped(100, 0, 0); /* read before the backlog's 100 are */
	feed();
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 0);
	now += SECOND;
	publish_softnet(100, 0);
	feed();
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 0);
	now += SECOND;
	publish_softnet(150, 0); /* and now after */
	feed();
	now += SECOND;
	publish_dropped(150, 0, 0);
	feed();
	now += SECOND;
	publish_softnet(150, 0);
	feed();
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 0);
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 150);

	/* LLDP, while the backlog overflows too */
	now += SECOND;
	publish_dropped(160, 7, 0);
	publish_softnet(160, 0);
	feed();
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 7);
	ck_assert_uint_eq(place(LOSS_UNHANDLED)->class, LOSS_CLASS_BENIGN);
	teardown();
}
END_TEST

/* Numbers that began to be read before the others were read may lack what those have. */
START_TEST(a_slow_collection_is_no_loss)
{
	struct rows *to;

	setup();
	publish_softnet(0, 0);
	publish_dropped(0, 0, 0);
	feed();
	now += 5 * SECOND;
	to = publish_since("softnet", &softnet_row_type, SECOND);
	add_cpu(to, 0, 10, 1);
	now -= SECOND / 2;
	publish_dropped(40, 0, 0);
	now += SECOND / 2;
	feed();
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 0);
	now += SECOND;
	publish_softnet(40, 0);
	feed();
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 0);
	teardown();
}
END_TEST

/* What another namespace's interfaces dropped does not hide this one's for ever. */
START_TEST(backlog_drops_of_others_are_forgotten)
{
	setup();
	publish_softnet(0, 0);
	publish_dropped(0, 0, 0);
	feed();
	for (unsigned n = 1; n <= 3; n++) {
		now += SECOND;
		publish_dropped(0, 0, 0);
		publish_softnet(1000000, 0);
		feed();
	}
	now += SECOND;
	publish_dropped(9, 0, 0);
	publish_softnet(1000000, 0);
	feed();
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 9);
	ck_assert_str_eq(place(LOSS_UNHANDLED)->worst, "eth0");
	teardown();
}
END_TEST

START_TEST(discards_that_are_in_rx_dropped)
{
	setup();
	publish_softnet(0, 0);
	publish_dropped(0, 0, 0);
	feed();
	now += SECOND;
	publish_dropped(30, 0, 20);
	publish_softnet(0, 0);
	feed();
	ck_assert_uint_eq(packets(LOSS_RING), 20);
	ck_assert_str_eq(place(LOSS_RING)->worst, "eth0");
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 10);
	/* of a driver whose discards are not */
	now += SECOND;
	publish_dropped(30, 5, 20);
	((struct nic_row *)rows_at(&made[1].snapshot->rows[0], 1))->rx_discards = 5;
	publish_softnet(0, 0);
	feed();
	ck_assert_uint_eq(packets(LOSS_RING), 25);
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 15);
	teardown();
}
END_TEST

/* A packet that eth0's qdisc drops is in tx_dropped of the VLAN above it, one that a peer's backlog
 * drops in that of the veth; a bond repeats its slaves'. */
START_TEST(devices_upon_devices)
{
	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		struct rows *to = publish("nic", &nic_row_type);
		struct nic_row *row = add_nic(to, 2, "eth0", "ixgbe", "0000:00:06.0");

		row->qdisc_drops = 50 * n;
		row->tx_dropped = 3 * n;
		row->tx_errors = row->tx_carrier_errors = 2 * n;
		add_nic(to, 3, "eth0.7", "802.1Q VLAN Support", "")->tx_dropped = 53 * n;
		add_nic(to, 4, "veth0", "veth", "")->tx_dropped = 40 * n;
		row = add_nic(to, 5, "bond0", "bonding", "");
		row->tx_dropped = 3 * n;
		row->rx_crc_errors = 1000 * n;
		publish_softnet(40 * n, 0);
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_QDISC), 50);
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 40);
	ck_assert_uint_eq(packets(LOSS_DEVICE), 5);
	ck_assert_str_eq(place(LOSS_DEVICE)->worst, "eth0");
	ck_assert_uint_eq(packets(LOSS_PHY), 0);
	teardown();
}
END_TEST

/* Taps that no program has open, one of them for a while, and a card without its cable. */
START_TEST(devices_without_a_carrier)
{
	setup();
	for (unsigned n = 0; n < 4; n++, now += SECOND) {
		struct rows *to = publish("nic", &nic_row_type);
		struct nic_row *nic = add_nic(to, 3, "tap0", "tun", "tap");

		nic->tx_dropped = 10 * n;
		nic->carrier = n == 1;
		nic->hardware = 0;
		nic = add_nic(to, 4, "tap1", "tun", "tap");
		nic->tx_dropped = 100 * n;
		nic->carrier = nic->hardware = 0;
		nic = add_nic(to, 5, "eth0", "ixgbe", "0000:00:06.0");
		nic->tx_dropped = n;
		nic->carrier = 0;
		nic->hardware = 1;
		publish_softnet(0, 0);
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_DEVICE), 10 + 3);
	ck_assert_str_eq(place(LOSS_DEVICE)->worst, "tap0");
	teardown();
}
END_TEST

/* Broadcasts of another subnet on the wire are for nobody here, and a packet that is too big for
 * the next link comes again. */
START_TEST(packets_that_nobody_misses)
{
	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		struct ip_row *ip = rows_add(publish("counters", &ip_row_type));

		ip->in_addr_errors = 30 * n;
		ip->frag_fails = 7 * n;
		ip->reasm_fails = 2 * n;
		ip->in_hdr_errors = ip->out_time_excds = 0;
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 30);
	ck_assert_str_eq(place(LOSS_UNHANDLED)->worst, "InAddrErrors");
	ck_assert_uint_eq(packets(LOSS_HEADER), 0);
	ck_assert_uint_eq(packets(LOSS_REASSEMBLY), 2);
	ck_assert_uint_eq(ledger_rate(ledger), 2 * 100 / 60);
	teardown();
}
END_TEST

/* An interface that appears has counted elsewhere before, perhaps. */
START_TEST(interfaces_that_appear)
{
	setup();
	for (unsigned n = 0; n < 3; n++, now += SECOND) {
		struct rows *to = publish("nic", &nic_row_type);

		add_nic(to, 2, "eth0", "ixgbe", "0000:00:06.0");
		if (n)
			add_nic(to, 3, "eth1", "ixgbe", "0000:00:07.0")->tx_dropped = 900 + n;
		publish_softnet(0, 0);
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_DEVICE), 1);
	ck_assert_str_eq(place(LOSS_DEVICE)->worst, "eth1");
	teardown();
}
END_TEST

static void add_listener(struct rows *to, const char *endpoint, const char *command, uint64_t drops)
{
	struct listener_row *row = rows_add(to);

	row->drops = drops;
	row->discontinuity = 1;
	ROW_SET_TEXT(row->endpoint, endpoint);
	ROW_SET_TEXT(row->command, command);
}

/* Whose listener it is, whether its numbers come before or after those of the kernel; and then
 * another's. Without them, the counter. */
START_TEST(who_loses_most)
{
	char id[OBJECT_ID_TEXT_SIZE], expected[OBJECT_ID_TEXT_SIZE];
	struct rows *to;

	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		((struct tcp_row *)rows_add(publish("counters", &tcp_row_type)))->listen_drops =
			100 * n;
		feed();
	}
	ck_assert_str_eq(place(LOSS_LISTEN)->worst, "ListenDrops");
	object_id_text(&place(LOSS_LISTEN)->object_id, id);
	snprintf(expected, sizeof(expected), "%s.1.8.2.0", NETDIAG_BASE_OID);
	ck_assert_str_eq(id, expected);

	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		to = publish("listener", &listener_row_type);
		add_listener(to, "0.0.0.0:22", "sshd", 10 * n);
		add_listener(to, "0.0.0.0:80", "ngi;nx", 90 * n);
		rows_sort(to);
		feed();
	}
	ck_assert_str_eq(place(LOSS_LISTEN)->worst, "0.0.0.0:80 ngi_nx");
	object_id_text(&place(LOSS_LISTEN)->object_id, id);
	ck_assert_ptr_nonnull(strstr(id, ".1.13.1.9.10.48.46."));

	/* kept while nothing is lost, whatever else listeners count */
	now += 3600 * SECOND;
	to = publish("listener", &listener_row_type);
	add_listener(to, "0.0.0.0:22", "sshd", 5000);
	feed();
	ck_assert_str_eq(place(LOSS_LISTEN)->worst, "0.0.0.0:80 ngi_nx");

	now += 3600 * SECOND;
	to = publish("listener", &listener_row_type);
	add_listener(to, "0.0.0.0:22", "sshd", 5001);
	((struct tcp_row *)rows_add(publish("counters", &tcp_row_type)))->listen_drops = 101;
	feed();
	ck_assert_str_eq(place(LOSS_LISTEN)->worst, "0.0.0.0:22 sshd");
	ck_assert_uint_eq(packets(LOSS_LISTEN), 101);
	teardown();
}
END_TEST

/* Many that lose: the one that goes on losing most is found. */
START_TEST(one_of_many)
{
	setup();
	for (unsigned n = 0; n < 40; n++, now += SECOND) {
		struct rows *to = publish("nic", &nic_row_type);

		for (unsigned i = 1; i <= 30; i++) {
			char name[NIC_NAME_SIZE];

			snprintf(name, sizeof(name), "eth%u", i);
			add_nic(to, i, name, "ixgbe", "0000:00:06.0")->rx_discards =
				i == 17 ? 5 * n : n + (n % 30 == i ? 10 : 0);
		}
		feed();
	}
	ck_assert_str_eq(place(LOSS_RING)->worst, "eth17");
	teardown();
}
END_TEST

START_TEST(insert_failed_is_in_drop)
{
	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		struct conntrack_row *row = rows_add(publish("conntrack", &conntrack_row_type));

		row->drops = 12 * n;
		row->insert_failed = 12 * n;
		row->discontinuity = 1;
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_CONNTRACK), 12);
	ck_assert_str_eq(place(LOSS_CONNTRACK)->worst, "insert_failed");
	teardown();
}
END_TEST

/* A datagram that a qdisc or a veth drops is in UDP's SndbufErrors; of one that does not fit into
 * the socket's buffer the sender is told. */
START_TEST(datagrams_that_were_not_sent)
{
	setup();
	for (unsigned n = 0; n < 3; n++, now += SECOND) {
		struct udp_row *udp = rows_add(publish("counters", &udp_row_type));
		struct nic_row *nic;

		udp->udp.rcvbuf_errors = udp->udp.mem_errors = n;
		udp->udp.sndbuf_errors = n ? 37 : 0;
		feed();
		now += SECOND;
		nic = add_nic(publish("nic", &nic_row_type), 2, "eth0", "ixgbe", "0000:00:06.0");
		nic->qdisc_drops = n ? 20 : 0;
		nic->tx_dropped = n ? 10 : 0;
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_UDP_BUFFER), 2 + 2);
	ck_assert_uint_eq(packets(LOSS_QDISC), 20);
	ck_assert_uint_eq(packets(LOSS_DEVICE), 10);
	teardown();
}
END_TEST

static void publish_drop(const char *reason, uint64_t ifindex, uint64_t count)
{
	struct rows *to = publish("dropReason", &drop_row_type);
	struct drop_row *row;

	if (!count)
		return;
	row = rows_add(to);
	row->ifindex = ifindex;
	row->packets = count;
	row->discontinuity = 1;
	ROW_SET_TEXT(row->reason, reason);
	ROW_SET_TEXT(row->ifname, ifindex ? "eth0" : "");
}

/* A row that appears with its first drops counts from 0, unless some were left out before. What
 * conntrack dropped is its own. */
START_TEST(rules_that_drop)
{
	static const uint64_t counts[] = {0, 50, 80};

	setup();
	for (size_t n = 0; n < COUNT_OF(counts); n++, now += SECOND) {
		struct conntrack_row *row;

		publish_drop("NETFILTER_DROP", 2, counts[n]);
		row = rows_add(publish("conntrack", &conntrack_row_type));
		row->drops = n ? 9 : 0;
		row->discontinuity = 1;
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_NETFILTER), 80 - 9);
	ck_assert_uint_eq(packets(LOSS_CONNTRACK), 9);
	ck_assert_str_eq(place(LOSS_NETFILTER)->worst, "eth0");

	publish_drop("NETFILTER_DROP", 0, 5000); /* another namespace's */
	feed();
	now += SECOND;
	publish_drop("NETFILTER_DROP", 0, 9000);
	feed();
	publish_drop("NO_SOCKET", 2, 9000);
	made_find("dropReason")->snapshot->left_out = true;
	feed();
	now += SECOND;
	publish_drop("NETFILTER_DROP", 2, 300);
	feed();
	ck_assert_uint_eq(packets(LOSS_NETFILTER), 80 - 9);
	teardown();
}
END_TEST

/* Allowances are known of few devices only. */
START_TEST(limits_of_the_provider)
{
	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		publish("queue", &queue_row_type);
		add_nic(publish("nic", &nic_row_type), 2, "eth0", "ixgbe", "0000:00:06.0");
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_PROVIDER_LIMIT), ROW_ABSENT);
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		struct rows *to = publish("nic", &nic_row_type);

		add_nic(to, 2, "eth0", "ena", "0000:00:06.0")->limit_packets = 7 * n;
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_PROVIDER_LIMIT), 7);
	ck_assert_str_eq(place(LOSS_PROVIDER_LIMIT)->worst, "eth0");
	teardown();
}
END_TEST

/* A frame of the wrong length is lost, and so is a block that FEC could not correct, which makes a
 * CRC error as well; whatever the link had before. */
START_TEST(errors_of_a_link)
{
	static const struct {
		uint64_t crc, frame, length, uncorrectable, lost;
	} looks[] = {
		{5000, 7, 3, 20, 0},	      /* before netdiagd's start */
		{5000, 7, 3, 29, 9},	      /* no error of a frame yet */
		{5030, 7, 3, 29, 30},	      /* without FEC */
		{5041, 7, 3, 40, 11},	      /* both count them */
		{5041, 7, 8, 40, 5},	      /* too long */
		{5042, 9, 12, 47, 7},	      /* one, two and four, or seven */
		{5042, 9, 12, ROW_ABSENT, 0}, /* no longer told */
		{5043, 9, 12, ROW_ABSENT, 1},
	};
	uint64_t sum = 0;

	setup();
	for (size_t n = 0; n < COUNT_OF(looks); n++, now += SECOND) {
		struct rows *to = publish("nic", &nic_row_type);
		struct nic_row *row = add_nic(to, 2, "eth0", "mlx5_core", "0000:00:06.0");

		row->rx_crc_errors = looks[n].crc;
		row->rx_frame_errors = looks[n].frame;
		row->rx_length_errors = looks[n].length;
		row->fec_uncorrectable = looks[n].uncorrectable;
		feed();
		sum += looks[n].lost;
		ck_assert_uint_eq(packets(LOSS_PHY), sum);
	}
	ck_assert_str_eq(place(LOSS_PHY)->worst, "eth0");
	teardown();
}
END_TEST

/* Only some drivers count a lost carrier among the errors; what was before does not hide it. */
START_TEST(errors_of_sending)
{
	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		struct rows *to = publish("nic", &nic_row_type);
		struct nic_row *row = add_nic(to, 2, "eth0", "ixgbe", "0000:00:06.0");

		row->tx_dropped = 4 * n;
		row->tx_errors = 9000;
		row->tx_carrier_errors = 5 * n;
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_DEVICE), 9);
	teardown();
}
END_TEST

/* What rtnetlink has of ena's losses contains the backlog's. */
START_TEST(discards_that_contain_the_backlog)
{
	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		struct nic_row *row = add_nic(publish("nic", &nic_row_type), 2, "eth0", "ena",
					      "0000:00:05.0");

		row->rx_dropped = row->rx_discards = 100 * n;
		ROW_SET_TEXT(row->rx_discards_source, "rx_dropped (stats64)");
		publish_softnet(40 * n, 0);
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_RING), 60);
	ck_assert_str_eq(place(LOSS_RING)->worst, "eth0");
	ck_assert_uint_eq(packets(LOSS_BACKLOG), 40);
	ck_assert_uint_eq(packets(LOSS_UNHANDLED), 0);
	teardown();
}
END_TEST

static void add_queue(struct rows *to, uint64_t type, uint64_t id, uint64_t rate_limited)
{
	struct queue_row *row = rows_add(to);

	row->ifindex = 3;
	row->type = type;
	row->id = id;
	row->rate_limited = rate_limited;
	row->discontinuity = 1;
	ROW_SET_TEXT(row->ifname, "eth1");
}

/* Past the rate limits of queues that receive and of those that send. */
START_TEST(limits_of_queues)
{
	char id[OBJECT_ID_TEXT_SIZE];

	setup();
	for (unsigned n = 0; n < 2; n++, now += SECOND) {
		struct rows *to = publish("queue", &queue_row_type);

		add_queue(to, QUEUE_RX, 0, ROW_ABSENT);
		add_queue(to, QUEUE_RX, 7, 1000 + 30 * n);
		add_queue(to, QUEUE_TX, 7, 4 * n);
		feed();
	}
	ck_assert_uint_eq(packets(LOSS_PROVIDER_LIMIT), 34);
	ck_assert_str_eq(place(LOSS_PROVIDER_LIMIT)->worst, "eth1");
	object_id_text(&place(LOSS_PROVIDER_LIMIT)->object_id, id);
	ck_assert_ptr_nonnull(strstr(id, ".3.1.7"));
	ck_assert_uint_eq(packets(LOSS_RING), ROW_ABSENT);
	teardown();
}
END_TEST

static void publish_sockets(uint64_t monitor, uint64_t reader)
{
	struct rows *to = publish("socketDrop", &socket_drop_row_type);

	for (unsigned n = 0; n < 2; n++) {
		struct socket_drop_row *row = rows_add(to);

		row->drops = n ? reader : monitor;
		row->discontinuity = 1;
		ROW_SET_TEXT(row->endpoint, n ? "netlink netfilter" : "netlink route");
		ROW_SET_TEXT(row->command, n ? "suricata" : "ip");
	}
	rows_sort(to);
}

static void publish_nfqueue(uint64_t dropped, uint64_t user_dropped)
{
	struct nfqueue_row *row = rows_add(publish("nfqueue", &nfqueue_row_type));

	row->queue = 7;
	row->dropped = dropped;
	row->user_dropped = user_dropped;
	row->discontinuity = 1;
	ROW_SET_TEXT(row->command, "suricata");
}

/* What the socket of a queue's program had no room for is the queue's, whichever is read first. */
START_TEST(packets_of_a_queue_s_socket)
{
	setup();
	publish_sockets(2, 50);
	publish_nfqueue(10, 50);
	feed();
	now += SECOND;
	publish_sockets(2, 80);
	feed();
	ck_assert_uint_eq(packets(LOSS_SOCKET), 0);
	now += SECOND;
	publish_nfqueue(14, 80);
	feed();
	ck_assert_uint_eq(packets(LOSS_SOCKET), 0);
	ck_assert_uint_eq(packets(LOSS_NFQUEUE), 34);
	ck_assert_str_eq(place(LOSS_NFQUEUE)->worst, "queue 7 suricata");

	/* another program's socket too */
	now += SECOND;
	publish_sockets(7, 91);
	publish_nfqueue(14, 91);
	feed();
	ck_assert_uint_eq(packets(LOSS_SOCKET), 5);
	ck_assert_uint_eq(packets(LOSS_NFQUEUE), 45);
	teardown();
}
END_TEST

/* Every member is a number of its row, and whoever can be the worst has a name. */
START_TEST(places_are_well_made)
{
	for (unsigned id = 1; id <= LOSS_PLACES; id++) {
		const struct loss_place *it = &loss_places[id];

		ck_assert_ptr_nonnull(it->label);
		ck_assert_uint_lt(strlen(it->label), LOSS_LABEL_SIZE);
		for (size_t i = 0; i < it->count; i++) {
			const struct loss_source *source = &it->sources[i];

			ck_assert_uint_ne(source->members[0].offset, 0);
			for (size_t m = 0; source->members[m].offset; m++) {
				ck_assert(source->name || source->role == LOSS_LESS ||
					  source->members[m].name);
				ck_assert_uint_lt(source->members[m].offset - 1,
						  source->type->text);
			}
		}
	}
}
END_TEST

UNIT_MAIN("ledger", a_host_that_can_tell_nothing, labels_are_the_index_s, increases_are_added_up,
	  resets_and_vanishing_rows_take_nothing_away, a_collector_without_data, absent_members,
	  rates_are_over_a_minute, only_loss_is_in_the_rate, what_is_counted_twice_in_any_order,
	  a_slow_collection_is_no_loss, backlog_drops_of_others_are_forgotten,
	  discards_that_are_in_rx_dropped, devices_upon_devices, devices_without_a_carrier,
	  packets_that_nobody_misses, interfaces_that_appear, who_loses_most, one_of_many,
	  insert_failed_is_in_drop, datagrams_that_were_not_sent, rules_that_drop,
	  limits_of_the_provider, errors_of_a_link, errors_of_sending,
	  discards_that_contain_the_backlog, limits_of_queues, packets_of_a_queue_s_socket,
	  places_are_well_made)
