/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/registry.h"
#include "subagent/checks/alarm_memory.h"
#include "subagent/checks/alarms_private.h"
#include "tests/unit/made.h"

static size_t index_of(const char *name)
{
	for (size_t i = 0; collectors[i]; i++)
		if (!strcmp(collectors[i]->name, name))
			return i;
	ck_abort_msg("no collector %s", name);
	return 0;
}

static bool feed_of(const struct table *table, struct alarm_feed *feed, void *arg)
{
	const struct made *made = arg;

	if (!table->collector) {
		*feed = (struct alarm_feed){
			.status = COLLECT_OK,
			.on = true,
			.generation = made->now / MADE_SECOND,
			.time = made->now,
			.interval = MADE_SECOND,
		};
		return true;
	}
	*feed = made->feed[index_of(table->collector)];
	return true;
}

static const struct rows *rows_of(const struct row_type *type, void *arg)
{
	struct made *made = arg;

	if (type == &agent_row_type)
		return &made->agent;
	if (type == &agent_collector_row_type)
		return &made->collectors;
	for (size_t i = 0; collectors[i]; i++)
		for (size_t r = 0; collectors[i]->rows[r]; r++)
			if (collectors[i]->rows[r] == type)
				return &made->rows[i][r];
	return NULL;
}

static void note(const struct alarm_event *event, void *arg)
{
	struct made *made = arg;
	struct made_event *it;

	ck_assert_uint_lt(made->events, MADE_EVENTS);
	it = &made->event[made->events++];
	it->kind = event->kind;
	it->previous = event->previous;
	it->alarm = *event->alarm;
}

void made_init(struct made *made)
{
	memset(made, 0, sizeof(*made));
	made->now = 1000 * MADE_SECOND;
	made->wall = UINT64_C(1700000000) * MADE_SECOND;
	for (size_t i = 0; collectors[i]; i++) {
		made->feed[i].status = COLLECT_UNSUPPORTED;
		made->feed[i].interval = 5 * MADE_SECOND;
		made->feed[i].on = true;
		for (size_t r = 0; collectors[i]->rows[r]; r++)
			rows_init(&made->rows[i][r], collectors[i]->rows[r]);
	}
	rows_init(&made->agent, &agent_row_type);
	rows_init(&made->collectors, &agent_collector_row_type);
	((struct agent_row *)rows_add(&made->agent))->held_back_ns = 0;
	made->settings.checks = made->setting;
	made->settings.shelves = made->shelf;
	made->settings.history = 100;
	made->settings.rows_keep_ms = 15 * 60 * 1000;
	made->source = (struct alarm_source){
		.feed = feed_of,
		.host = {.rows = rows_of, .arg = made},
		.arg = made,
	};
	made->alarms = alarms_new(&made->settings, MADE_FIRST_ID - 1);
	ck_assert_ptr_nonnull(made->alarms);
	alarms_on_event(made->alarms, note, made);
}

void made_done(struct made *made)
{
	for (size_t i = 0; collectors[i]; i++)
		for (size_t r = 0; collectors[i]->rows[r]; r++)
			rows_clear(&made->rows[i][r]);
	rows_clear(&made->agent);
	rows_clear(&made->collectors);
	alarms_free(made->alarms);
}

void *made_row(struct made *made, const struct collector *collector, size_t kind)
{
	void *row = rows_add(&made->rows[index_of(collector->name)][kind]);

	ck_assert_ptr_nonnull(row);
	made_status(made, collector, COLLECT_OK);
	return row;
}

void *made_nth(struct made *made, const struct collector *collector, size_t kind, size_t n)
{
	return rows_at(&made->rows[index_of(collector->name)][kind], n);
}

void made_clear(struct made *made, const struct collector *collector, size_t kind)
{
	made->rows[index_of(collector->name)][kind].count = 0;
}

void made_sysctl(struct made *made, const char *name, const char *value)
{
	struct rows *rows = &made->rows[index_of(sysctls_collector.name)][0];
	struct sysctl_row key, *row;

	row_reset(&sysctl_row_type, &key);
	ROW_SET_TEXT(key.name, name);
	row = rows_find(rows, &key);
	if (!row)
		row = made_row(made, &sysctls_collector, 0);
	ROW_SET_TEXT(row->name, name);
	ROW_SET_TEXT(row->value, value);
	rows_sort(rows);
}

void made_left_out(struct made *made, const struct collector *collector, bool left_out)
{
	made->feed[index_of(collector->name)].left_out = left_out;
}

void made_status(struct made *made, const struct collector *collector, enum collect_status status)
{
	made->feed[index_of(collector->name)].status = status;
}

void made_hide(struct made *made, const struct collector *collector)
{
	made->feed[index_of(collector->name)].status = COLLECT_UNSUPPORTED;
	made->feed[index_of(collector->name)].hidden = true;
}

void made_turn(struct made *made)
{
	made->collectors.count = 0;
	for (size_t i = 0; collectors[i]; i++) {
		struct agent_collector_row *row = rows_add(&made->collectors);

		ck_assert_ptr_nonnull(row);
		row->status = made->feed[i].status;
		row->interval_ms = made->feed[i].interval / 1000000;
		ROW_SET_TEXT(row->name, collectors[i]->name);
		ROW_SET_TEXT(row->last_error,
			     row->status == COLLECT_DENIED ? "it needs CAP_NET_ADMIN" : "");
		if (made->feed[i].status != COLLECT_OK)
			continue;
		made->feed[i].generation++;
		made->feed[i].time = made->now;
		for (size_t r = 0; collectors[i]->rows[r]; r++)
			rows_sort(&made->rows[i][r]);
	}
	rows_sort(&made->collectors);
	alarms_evaluate(made->alarms, &made->source, made->now, made->wall);
}

void made_run(struct made *made, uint64_t duration, void (*step)(struct made *made, void *arg),
	      void *arg)
{
	uint64_t until = made->now + duration;

	while (made->now < until) {
		made->now += 5 * MADE_SECOND;
		made->wall += 5 * MADE_SECOND;
		if (step)
			step(made, arg);
		made_turn(made);
	}
}

bool made_restart(struct made *made, void (*edit)(char *text))
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	bool ok = true;

	ck_assert_ptr_nonnull(out);
	alarms_save(made->alarms, out, SIZE_MAX);
	fclose(out);
	if (edit)
		edit(text);
	alarms_free(made->alarms);
	made->alarms = alarms_new(&made->settings, 0);
	ck_assert_ptr_nonnull(made->alarms);
	alarms_on_event(made->alarms, note, made);
	for (char *line = text, *end; ok && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		ok = alarms_restore_line(made->alarms, line);
	}
	free(text);
	if (ok)
		alarms_restored(made->alarms);
	else
		alarms_restore_failed(made->alarms);
	return ok;
}

struct check_setting *made_setting(struct made *made, const char *check, const char *instance)
{
	struct check_setting *setting = &made->setting[made->settings.check_count++];

	ck_assert_uint_le(made->settings.check_count, MADE_SETTING);
	memset(setting, 0, sizeof(*setting));
	ROW_SET_TEXT(setting->check, check);
	ROW_SET_TEXT(setting->instance, instance);
	return setting;
}

struct check_shelf *made_shelf(struct made *made, const char *check, const char *instance,
			       uint64_t until)
{
	struct check_shelf *shelf = &made->shelf[made->settings.shelf_count++];

	ck_assert_uint_le(made->settings.shelf_count, MADE_SHELVES);
	ROW_SET_TEXT(shelf->check, check);
	ROW_SET_TEXT(shelf->instance, instance);
	shelf->until = until;
	return shelf;
}

const struct check_row *made_check(struct made *made, const char *check, const char *instance)
{
	static struct check_row found;
	struct check_row key;
	struct rows rows;
	void *row;

	rows_init(&rows, &check_row_type);
	ck_assert_int_eq(alarms_fill_checks(&rows, made->alarms), 0);
	row_reset(&check_row_type, &key);
	ROW_SET_TEXT(key.check, check);
	ROW_SET_TEXT(key.instance, instance);
	row = rows_find(&rows, &key);
	if (row)
		memcpy(&found, row, sizeof(found));
	rows_clear(&rows);
	return row ? &found : NULL;
}

const struct alarm_row *made_alarm(struct made *made, const char *check, const char *instance)
{
	for (const struct alarm *it = made->alarms->set.first; it; it = it->next)
		if (!strcmp(it->row.check, check) && !strcmp(it->row.instance, instance))
			return &it->row;
	return NULL;
}

size_t made_alarms(const struct made *made)
{
	return made->alarms->set.count;
}

struct alarm_totals made_totals(const struct made *made)
{
	struct alarm_totals totals;

	alarms_total(made->alarms, &totals);
	return totals;
}

static void make_sockets(struct made *made)
{
	for (uint64_t family = SOCKET_ANY; family <= SOCKET_IPV6; family++)
		for (uint64_t state = 1; state <= SOCKET_STATE_MAX; state++) {
			struct socket_state_row *row = made_row(made, &tcp_states_collector,
								SOCKETS_ROWS_STATE);

			row->family = family;
			row->state = state;
			row->count = row->older = 0;
			if (state == TCP_ESTABLISHED)
				row->count = family == SOCKET_IPV6 ? 0 : 1800;
			if (state == TCP_TIME_WAIT)
				row->count = family == SOCKET_IPV6 ? 0 : 3900;
		}
}

static void make_nic(struct made *made, uint64_t ifindex, const char *name)
{
	struct nic_row *nic = made_row(made, &nic_collector, 0);

	for (size_t at = offsetof(struct nic_row, rx_packets);
	     at <= offsetof(struct nic_row, qdisc_requeues); at += sizeof(uint64_t))
		*(uint64_t *)((unsigned char *)nic + at) = 0;
	nic->ifindex = ifindex;
	nic->oper_status = NIC_OPER_UP;
	nic->tx_queue_len = 1000;
	nic->rps_enabled = 0;
	nic->rx_discards = 0;
	nic->discontinuity = 1;
	ROW_SET_TEXT(nic->name, name);
}

void made_web_server(struct made *made)
{
	struct listener_row *listener = made_row(made, &listener_collector, 0);
	struct conntrack_row *conntrack = made_row(made, &conntrack_collector, 0);
	struct protocol_row *protocol = made_row(made, &protocol_memory_collector, 0);
	struct tcp_row *tcp = made_row(made, &counters_collector, 1);
	struct udp_row *udp = made_row(made, &counters_collector, 2);

	memset(tcp, 0, sizeof(*tcp));
	memset(udp, 0, sizeof(*udp));
	make_nic(made, 1, "lo");
	make_nic(made, 2, "eth0");
	make_sockets(made);
	for (uint64_t cpu = 0; cpu < 4; cpu++) {
		struct softnet_row *row = made_row(made, &softnet_collector, 0);

		memset(row, 0, sizeof(*row));
		row->cpu = cpu;
	}
	memset(listener, 0, offsetof(struct listener_row, endpoint));
	listener->port = 443;
	listener->sockets = 1;
	listener->queue_limit = 511;
	listener->pid = 812;
	ROW_SET_TEXT(listener->endpoint, "0.0.0.0:443");
	ROW_SET_TEXT(listener->command, "nginx");
	memset(conntrack, 0, sizeof(*conntrack));
	conntrack->entries = 9000;
	conntrack->max = 131072;
	conntrack->buckets = 65536;
	conntrack->usage = 686;
	protocol->mem_pages = 900;
	protocol->mem_pressure = 125000;
	protocol->mem_high = 187500;
	ROW_SET_TEXT(protocol->name, "TCP");
	made_sysctl(made, "net.core.somaxconn", "4096");
	made_sysctl(made, "net.core.netdev_max_backlog", "1000");
	made_sysctl(made, "net.core.netdev_budget", "300");
	made_sysctl(made, "net.core.netdev_budget_usecs", "2000");
	made_sysctl(made, "net.core.rmem_max", "212992");
	made_sysctl(made, "net.ipv4.tcp_rmem", "4096 131072 6291456");
	made_sysctl(made, "net.ipv4.tcp_syncookies", "1");
	made_sysctl(made, "net.ipv4.tcp_mem", "93750 125000 187500");
	made_sysctl(made, "net.ipv4.tcp_max_orphans", "65536");
	made_sysctl(made, "net.ipv4.ip_local_port_range", "32768 60999");
	made_sysctl(made, "net.netfilter.nf_conntrack_max", "131072");
}

void made_traffic(struct made *made, void *arg)
{
	struct rows *nics = &made->rows[index_of(nic_collector.name)][0];
	struct rows *cpus = &made->rows[index_of(softnet_collector.name)][0];
	struct tcp_row *tcp = rows_at(&made->rows[index_of(counters_collector.name)][1], 0);
	struct listener_row *listener = rows_at(&made->rows[index_of(listener_collector.name)][0],
						0);

	(void)arg;
	for (size_t i = 0; i < nics->count; i++) {
		struct nic_row *nic = rows_at(nics, i);

		nic->rx_packets += 200000;
		nic->tx_packets += 180000;
		/* Multicast and unknown protocols are counted as dropped, for ever and everywhere.
		 */
		nic->rx_dropped += 12;
	}
	for (size_t i = 0; i < cpus->count; i++) {
		struct softnet_row *cpu = rows_at(cpus, i);

		cpu->processed += 50000;
		cpu->net_rx_softirqs += 8000 + 2000 * i;
		cpu->time_squeeze += 3;
	}
	tcp->out_segs += 190000;
	tcp->retrans_segs += 300;
	tcp->attempt_fails += 4;
	tcp->passive_opens += 1500;
	tcp->active_opens += 60;
	listener->queue_length = made->now / MADE_SECOND % 7;
	listener->queue_usage = listener->queue_length * 10000 / listener->queue_limit;
}
