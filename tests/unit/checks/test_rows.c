/* SPDX-License-Identifier: BSD-2-Clause */
/* What the checks make of rows that are made up: which numbers they read, and what a row means that
 * is missing. */
#include <config.h>

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "collectors/socket/listener.h"
#include "tests/unit/made.h"

static bool is_pinned(struct endpoint_pins *pins, const char *name)
{
	return endpoint_pins_has(pins, endpoint_pin(name));
}

/* --- endpoints that are left out ---------------------------------------------------------------
 */

static struct udp_socket_row *add_udp(struct made *made, const char *endpoint, uint64_t uid)
{
	struct udp_socket_row *row = made_row(made, &udp_socket_collector, 0);

	row->sockets = 1;
	row->drops = 0;
	row->uid = uid;
	row->discontinuity = 1;
	ROW_SET_TEXT(row->endpoint, endpoint);
	return row;
}

static struct udp_row *udp_counters(struct made *made)
{
	return made_nth(made, &counters_collector, 2, 0);
}

static struct udp_socket_row *udp_of(struct made *made, const char *endpoint)
{
	struct udp_socket_row key;

	row_reset(&udp_socket_row_type, &key);
	ROW_SET_TEXT(key.endpoint, endpoint);
	for (size_t i = 0; i < COLLECTORS_MAX; i++)
		if (made->rows[i][0].type == &udp_socket_row_type)
			return rows_find(&made->rows[i][0], &key);
	return NULL;
}

#define SERVICE "0.0.0.0:514"

/* The service loses a hundred datagrams a second while it has a row. */
static void lose(struct made *made, void *arg)
{
	struct udp_socket_row *row = udp_of(made, SERVICE);

	(void)arg;
	udp_counters(made)->udp.rcvbuf_errors += 500;
	if (row)
		row->drops += 500;
}

static void made_losing_service(struct made *made)
{
	made_init(made);
	made_web_server(made);
	add_udp(made, SERVICE, 0);
	made_run(made, 10 * MADE_SECOND, NULL, NULL);
	made_run(made, MADE_MINUTE, lose, NULL);
	ck_assert_ptr_nonnull(made_alarm(made, "udp.socket_drops", SERVICE));
}

static void junk_instead(struct made *made, unsigned count)
{
	char name[ENDPOINT_SIZE];

	made_clear(made, &udp_socket_collector, 0);
	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "127.0.0.1:%u", 10000 + i);
		add_udp(made, name, 1000);
	}
	made_left_out(made, &udp_socket_collector, true);
}

static void lose_both(struct made *made, void *arg)
{
	struct udp_socket_row *other = udp_of(made, "0.0.0.0:53");

	lose(made, arg);
	if (other)
		other->drops += 500;
}

/* Junk pushes the row of a service that goes on losing out of a table: nothing is known of it then,
 * and nothing ends. It is the same alarm when the row is back. */
START_TEST(what_is_left_out_is_unknown)
{
	struct made made;
	uint64_t id;

	made_losing_service(&made);
	add_udp(&made, "0.0.0.0:53", 0);
	made_run(&made, 10 * MADE_SECOND, lose, NULL);
	made_run(&made, MADE_MINUTE, lose_both, NULL);
	id = made_alarm(&made, "udp.socket_drops", SERVICE)->id;
	ck_assert_ptr_nonnull(made_alarm(&made, "udp.socket_drops", "0.0.0.0:53"));
	ck_assert(is_pinned(&udp_socket_pins, SERVICE));
	/* So few rows that not even the pinned ones have a place. */
	junk_instead(&made, 1);
	made_run(&made, 10 * MADE_MINUTE, lose, NULL);
	ck_assert_int_eq(made_check(&made, "udp.socket_drops", SERVICE)->state, CHECK_UNKNOWN);
	ck_assert_ptr_nonnull(made_alarm(&made, "udp.socket_drops", SERVICE));
	ck_assert_uint_eq(made_alarm(&made, "udp.socket_drops", SERVICE)->id, id);
	ck_assert(is_pinned(&udp_socket_pins, SERVICE));
	add_udp(&made, SERVICE, 0)->drops = 1000000;
	made_run(&made, MADE_MINUTE, lose, NULL);
	ck_assert_uint_eq(made_alarm(&made, "udp.socket_drops", SERVICE)->id, id);
	ck_assert_int_ne(made_check(&made, "udp.socket_drops", SERVICE)->state, CHECK_UNKNOWN);
	/* Its row says that it is closed: that is known, whatever is left out. */
	made_clear(&made, &udp_socket_collector, 0);
	add_udp(&made, SERVICE, 0)->sockets = 0;
	made_run(&made, 10 * MADE_MINUTE, lose, NULL);
	ck_assert_ptr_null(made_alarm(&made, "udp.socket_drops", SERVICE));
	ck_assert(!is_pinned(&udp_socket_pins, SERVICE));
	made_done(&made);
}
END_TEST

/* A pinned endpoint would have a row in a table with room for all that are pinned. */
START_TEST(what_is_pinned_and_has_no_row_is_gone)
{
	struct made made;

	made_losing_service(&made);
	junk_instead(&made, 600);
	made_run(&made, MADE_MINUTE - 5 * MADE_SECOND, lose, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "udp.socket_drops", SERVICE));
	made_run(&made, 5 * MADE_MINUTE, lose, NULL);
	ck_assert_ptr_null(made_alarm(&made, "udp.socket_drops", SERVICE));
	made_done(&made);
}
END_TEST

static void all_lose(struct made *made, void *arg)
{
	lose(made, arg);
	for (unsigned i = 1; i <= 300; i++) {
		struct udp_socket_row *row = made_nth(made, &udp_socket_collector, 0, i);

		row->drops += 500;
	}
}

/* One user's 300 alarms leave places for those of others. */
START_TEST(one_user_does_not_pin_everything)
{
	char name[ENDPOINT_SIZE];
	size_t pinned = 0;
	struct made made;

	made_init(&made);
	made_web_server(&made);
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "127.0.0.1:%u", 10000 + i);
		add_udp(&made, name, 1000);
	}
	add_udp(&made, SERVICE, 0);
	made_run(&made, 10 * MADE_SECOND, NULL, NULL);
	made_run(&made, MADE_MINUTE, all_lose, NULL);
	ck_assert_uint_gt(made_alarms(&made), 300);
	ck_assert(is_pinned(&udp_socket_pins, SERVICE));
	for (unsigned i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "127.0.0.1:%u", 10000 + i);
		pinned += is_pinned(&udp_socket_pins, name);
	}
	ck_assert_uint_eq(pinned, 64);
	ck_assert(!endpoint_pins_any(&listener_pins));
	made_done(&made);
}
END_TEST

/* --- levels of sockets ------------------------------------------------------------------------ */

static struct socket_state_row *close_wait(struct made *made)
{
	for (size_t i = 0;; i++) {
		struct socket_state_row *row = made_nth(made, &tcp_states_collector,
							SOCKETS_ROWS_STATE, i);

		if (row->family == SOCKET_ANY && row->state == TCP_CLOSE_WAIT)
			return row;
	}
}

/* A population is no leak: only old ones count. What is not known yet is not 0. */
START_TEST(old_sockets_in_close_wait)
{
	struct close_wait_row *port;
	struct made made;

	made_init(&made);
	made_web_server(&made);
	close_wait(&made)->count = 125;
	close_wait(&made)->older = 1;
	made_run(&made, 30 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 0);
	close_wait(&made)->older = 10;
	port = made_row(&made, &tcp_states_collector, SOCKETS_ROWS_CLOSE_WAIT);
	port->port = 8080;
	port->count = 9;
	port->older = 8;
	port->oldest = 600 * MADE_SECOND;
	port->peers = 7;
	port->pid = 4711;
	ROW_SET_TEXT(port->command, "java");
	ROW_SET_TEXT(port->peer, "192.0.2.7");
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_uint_eq(made.event[0].alarm.severity, ALARM_WARNING);
	ck_assert_ptr_nonnull(strstr(made.event[0].alarm.text.summary, "java pid 4711"));
	ck_assert_ptr_nonnull(strstr(made.event[0].alarm.text.summary, "port 8080"));
	ck_assert_ptr_nonnull(strstr(made.event[0].alarm.text.advice, "192.0.2.7"));
	/* A client's are each on a port of their own, and none has most. */
	port->older = 1;
	close_wait(&made)->older = 100;
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made_alarm(&made, "tcp.close_wait", "-")->severity, ALARM_CRITICAL);
	ck_assert_ptr_null(strstr(made_alarm(&made, "tcp.close_wait", "-")->text.summary, "port"));
	ck_assert_ptr_nonnull(
		strstr(made_alarm(&made, "tcp.close_wait", "-")->text.summary, "java pid 4711"));
	/* After a restart of the daemon. */
	close_wait(&made)->older = ROW_ABSENT;
	made_run(&made, 6 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.close_wait", "-"));
	close_wait(&made)->older = 5;
	made_run(&made, 6 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_ptr_null(made_alarm(&made, "tcp.close_wait", "-"));
	made_done(&made);
}
END_TEST

static struct buffer_row *add_buffer(struct made *made, uint64_t rank, uint64_t stuck)
{
	struct buffer_row *row = made_row(made, &fullest_buffers_collector, 0);

	row->rank = rank;
	row->stuck_seconds = stuck;
	row->rx_queue_bytes = 200000;
	row->rx_buffer_bytes = 212992;
	ROW_SET_TEXT(row->local, "127.0.0.1:8125");
	ROW_SET_TEXT(row->remote, "0.0.0.0:*");
	ROW_SET_TEXT(row->command, "statsd");
	return row;
}

/* The socket that is stuck for longest speaks for its endpoint, wherever its row stands. A socket
 * that is read again may have no row: that is the end of it, not a removed object. */
START_TEST(a_stuck_socket)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	add_buffer(&made, 1, ROW_ABSENT);
	add_buffer(&made, 2, 59);
	add_buffer(&made, 3, ROW_ABSENT);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made_alarms(&made), 0);
	((struct buffer_row *)made_nth(&made, &fullest_buffers_collector, 0, 1))->stuck_seconds =
		60;
	made_run(&made, 10 * MADE_SECOND, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_str_eq(made.event[0].alarm.instance, "127.0.0.1:8125");
	ck_assert_uint_eq(made.event[0].alarm.severity, ALARM_WARNING);
	((struct buffer_row *)made_nth(&made, &fullest_buffers_collector, 0, 1))->stuck_seconds =
		600;
	made_run(&made, 10 * MADE_SECOND, made_traffic, NULL);
	ck_assert_uint_eq(made_alarm(&made, "socket.stuck", "127.0.0.1:8125")->severity,
			  ALARM_CRITICAL);
	made.events = 0;
	made_clear(&made, &fullest_buffers_collector, 0);
	/* Others are stuck too, and have its place. */
	made_left_out(&made, &fullest_buffers_collector, true);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 0);
	made_left_out(&made, &fullest_buffers_collector, false);
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_int_eq(made.event[0].kind, ALARM_EVENT_CLEARED);
	ck_assert_ptr_null(strstr(made.event[0].alarm.text.summary, "removed"));
	made_done(&made);
}
END_TEST

/* Of two rows with one name the first counts. */
START_TEST(two_rows_of_one_name)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	add_buffer(&made, 1, 700);
	add_buffer(&made, 2, 3);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made_check(&made, "socket.stuck", "127.0.0.1:8125")->value, 70000);
	ck_assert_uint_eq(made.events, 1);
	ck_assert_uint_eq(made.event[0].alarm.severity, ALARM_CRITICAL);
	made_done(&made);
}
END_TEST

/* --- counters --------------------------------------------------------------------------------- */

/* An incoming scan: each reset of a half-open connection is a failed attempt too. */
static void scan(struct made *made, void *arg)
{
	struct tcp_row *tcp = made_nth(made, &counters_collector, 1, 0);

	made_traffic(made, arg);
	tcp->attempt_fails += 2000;
	tcp->embryonic_rsts += 2000;
}

static void fail_to_connect(struct made *made, void *arg)
{
	struct tcp_row *tcp = made_nth(made, &counters_collector, 1, 0);

	made_traffic(made, arg);
	tcp->attempt_fails += 200;
}

START_TEST(attempts_of_others_are_not_ours)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 2 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 10 * MADE_MINUTE, scan, NULL);
	ck_assert_uint_eq(made_alarms(&made), 0);
	made_run(&made, 2 * MADE_MINUTE, fail_to_connect, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.attempt_fails", "-"));
	made_done(&made);
}
END_TEST

/* Without cookies, a listener's SYN queue that overflows drops at the listener too. */
static void flood(struct made *made, void *arg)
{
	struct tcp_row *tcp = made_nth(made, &counters_collector, 1, 0);
	struct listener_row *listener = made_nth(made, &listener_collector, 0, 0);

	made_traffic(made, arg);
	tcp->req_q_full_drop += 5000;
	tcp->listen_drops += 5000;
	listener->drops += 5000;
}

START_TEST(a_syn_flood_is_told_once)
{
	const struct alarm_row *cause, *effect;
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 2 * MADE_MINUTE, made_traffic, NULL);
	made_run(&made, 2 * MADE_MINUTE, flood, NULL);
	ck_assert_uint_eq(made.events, 1);
	cause = made_alarm(&made, "tcp.syn_queue", "-");
	effect = made_alarm(&made, "listener.drops", "0.0.0.0:443");
	ck_assert(cause && effect);
	ck_assert(cause->cause_id == effect->id || effect->cause_id == cause->id);
	made_done(&made);
}
END_TEST

/* A half-open health check: what the listener counts is lost for nobody. */
static void check_health(struct made *made, void *arg)
{
	struct tcp_row *tcp = made_nth(made, &counters_collector, 1, 0);
	struct listener_row *listener = made_nth(made, &listener_collector, 0, 0);

	made_traffic(made, arg);
	listener->drops += 50;
	tcp->attempt_fails += 50;
	tcp->embryonic_rsts += 50;
}

START_TEST(a_health_check_is_no_loss)
{
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 10 * MADE_MINUTE, check_health, NULL);
	ck_assert_uint_eq(made_alarms(&made), 0);
	made_done(&made);
}
END_TEST

/* Softirqs of four CPUs in five seconds. */
static void soft(struct made *made, void *arg)
{
	const uint64_t *by = arg;

	for (size_t cpu = 0; cpu < 4; cpu++)
		((struct softnet_row *)made_nth(made, &softnet_collector, 0, cpu))
			->net_rx_softirqs += by[cpu];
}

/* The value after a while, in hundredths of a percent. */
static uint64_t imbalance(const uint64_t by[4])
{
	struct made made;
	uint64_t value;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 3 * MADE_MINUTE, soft, (void *)by);
	value = made_check(&made, "softnet.imbalance", "-")->value;
	made_done(&made);
	return value;
}

START_TEST(how_far_the_busiest_cpu_is_beyond_the_mean)
{
	/* All on one, whatever the number of CPUs; all alike; half on one of four. */
	ck_assert_uint_eq(imbalance((uint64_t[]){0, 40000, 0, 0}), 10000);
	ck_assert_uint_eq(imbalance((uint64_t[]){10000, 10000, 10000, 10000}), 0);
	ck_assert_uint_eq(imbalance((uint64_t[]){20000, 20000, 0, 0}), 3333);
	ck_assert_uint_eq(imbalance((uint64_t[]){36000, 2000, 1000, 1000}), 8666);
	/* Too few to matter. */
	ck_assert_uint_eq(imbalance((uint64_t[]){4000, 0, 0, 0}), 0);
	ck_assert_uint_eq(imbalance((uint64_t[]){0, 0, 0, 0}), 0);
}
END_TEST

/* One CPU can do nothing else; what is over 80 is a warning, which nobody is told of. */
START_TEST(imbalance_is_quiet)
{
	static const uint64_t one[] = {0, 0, 0, 40000};
	struct made made;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, 5 * MADE_MINUTE, soft, (void *)one);
	ck_assert_uint_eq(made_check(&made, "softnet.imbalance", "-")->state, CHECK_CRITICAL);
	ck_assert_uint_eq(made.events, 0);
	made_clear(&made, &softnet_collector, 0);
	for (uint64_t i = 0; i < 1; i++)
		memset(made_row(&made, &softnet_collector, 0), 0, sizeof(struct softnet_row));
	made_run(&made, 20 * MADE_MINUTE, NULL, NULL);
	ck_assert_uint_ne(made_check(&made, "softnet.imbalance", "-")->state, CHECK_CRITICAL);
	made_done(&made);
}
END_TEST

/* --- the agent's own rows --------------------------------------------------------------------- */

START_TEST(notifications_that_wait)
{
	struct made made;
	struct agent_row *agent;

	made_init(&made);
	made_web_server(&made);
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	agent = rows_at(&made.agent, 0);
	agent->held_back = 300;
	agent->held_back_ns = 4 * MADE_MINUTE;
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_ptr_null(made_alarm(&made, "agent.held_back", "-"));
	ck_assert_uint_eq(made_check(&made, "agent.held_back", "-")->value, 400);
	agent->held_back_ns = 5 * MADE_MINUTE;
	made_run(&made, MADE_MINUTE, made_traffic, NULL);
	ck_assert_ptr_nonnull(made_alarm(&made, "agent.held_back", "-"));
	ck_assert_uint_gt(made_alarm(&made, "agent.held_back", "-")->object_id.len, 0);
	agent->held_back = agent->held_back_ns = 0;
	made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_ptr_null(made_alarm(&made, "agent.held_back", "-"));
	made_done(&made);
}
END_TEST

UNIT_MAIN("rows", what_is_left_out_is_unknown, what_is_pinned_and_has_no_row_is_gone,
	  one_user_does_not_pin_everything, two_rows_of_one_name, old_sockets_in_close_wait,
	  a_stuck_socket, attempts_of_others_are_not_ours, a_syn_flood_is_told_once,
	  a_health_check_is_no_loss, how_far_the_busiest_cpu_is_beyond_the_mean, imbalance_is_quiet,
	  notifications_that_wait)
