/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of what IP and those beside it lose: what raises them, what does not, what they say.
 */
#include <config.h>

#include <string.h>

#include "collectors/registry.h"
#include "tests/unit/made.h"

static struct made made;

static struct tcp_row *tcp(void)
{
	return made_nth(&made, &counters_collector, 1, 0);
}

static struct ip_row *ip(void)
{
	return made_nth(&made, &counters_collector, 3, 0);
}

/* A web server that is well, whose kernel has counted nothing yet. */
static void begin(void)
{
	struct ip_row *row;

	made_init(&made);
	made_web_server(&made);
	row = made_row(&made, &counters_collector, 3);
	memset(row, 0, offsetof(struct ip_row, xfrm_last));
	tcp()->in_errs = tcp()->syn_challenge = tcp()->prune_called = tcp()->rcv_pruned = 0;
	tcp()->time_wait_overflow = 0;
	made_run(&made, 5 * MADE_MINUTE, made_traffic, NULL);
	ck_assert_uint_eq(made.events, 0);
}

/* Five seconds in which a member of the row rises by 60 a second. */
static void rise(struct made *host, void *member)
{
	*(uint64_t *)member += 300;
	made_traffic(host, NULL);
}

static const char *const lasting[] = {"ip.header_errors",  "ip.csum_errors", "ip.reverse_path",
				      "ip.no_route",	   "ip.reasm_fails", "icmp.csum_errors",
				      "neighbor.discards", "xfrm.errors",    "tcp.in_errs"};

static uint64_t *member_of(const char *check)
{
	struct ip_row *row = ip();
	uint64_t *const members[] = {
		&row->in_hdr_errors,	 &row->ip_csum_errors, &row->reverse_path,
		&row->in_no_routes,	 &row->reasm_fails,    &row->icmp_csum_errors,
		&row->neighbor_discards, &row->xfrm_in_errors, &tcp()->in_errs};

	for (size_t i = 0; i < COUNT_OF(lasting); i++)
		if (!strcmp(lasting[i], check))
			return members[i];
	ck_abort_msg("%s", check);
}

/* A burst is nobody's business; what goes on is told after 90 seconds, alone, and ends. */
START_TEST(only_what_lasts)
{
	for (size_t i = 0; i < COUNT_OF(lasting); i++) {
		begin();
		made_run(&made, 20 * MADE_SECOND, rise, member_of(lasting[i]));
		made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
		ck_assert_msg(!made.events, "%s is raised by a burst", lasting[i]);
		made_run(&made, 3 * MADE_MINUTE, rise, member_of(lasting[i]));
		ck_assert_msg(made.events, "%s is not raised", lasting[i]);
		ck_assert_str_eq(made.event[0].alarm.check, lasting[i]);
		ck_assert_uint_eq(made_alarms(&made), 1);
		made_run(&made, 10 * MADE_MINUTE, made_traffic, NULL);
		ck_assert_uint_eq(made_alarms(&made), 0);
		made_done(&made);
	}
}
END_TEST

/* Two counters that rise together. */
static void rise_both(struct made *host, void *members)
{
	uint64_t **both = members;

	*both[0] += 300;
	rise(host, both[1]);
}

/* Traceroute's answers, wrong checksums that are counted twice, SYNs of living connections, and
 * packets to where IPv6 has no route. */
START_TEST(what_is_no_loss)
{
	begin();
	made_run(&made, 5 * MADE_MINUTE, rise_both,
		 (uint64_t *[]){&ip()->in_hdr_errors, &ip()->out_time_excds});
	made_run(&made, 5 * MADE_MINUTE, rise_both,
		 (uint64_t *[]){&tcp()->in_errs, &tcp()->syn_challenge});
	made_run(&made, 5 * MADE_MINUTE, rise, &ip()->out_no_routes);
	made_run(&made, 5 * MADE_MINUTE, rise, &ip()->in_unknown_protos);
	made_run(&made, 5 * MADE_MINUTE, rise, &ip()->in_discards);
	ck_assert_uint_eq(made_alarms(&made), 0);
	made_run(&made, 5 * MADE_MINUTE, rise_both,
		 (uint64_t *[]){&ip()->in_hdr_errors, &ip()->ip_csum_errors});
	ck_assert_uint_eq(made_alarms(&made), 1);
	ck_assert_ptr_nonnull(made_alarm(&made, "ip.csum_errors", "-"));
	made_done(&made);
}
END_TEST

/* In the tables, but told to nobody. */
START_TEST(quiet_ones)
{
	begin();
	made_run(&made, MADE_MINUTE, rise, &tcp()->prune_called);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.pruned", "-"));
	made_run(&made, MADE_MINUTE, rise, &tcp()->time_wait_overflow);
	ck_assert_ptr_nonnull(made_alarm(&made, "tcp.time_wait_overflow", "-"));
	for (size_t i = 0; i < made.events; i++)
		ck_assert_int_ne(made.event[i].alarm.notify, TRUTH_TRUE);
	made_done(&made);
}
END_TEST

static const char *advice_of(const char *check)
{
	const struct alarm_row *alarm = made_alarm(&made, check, "-");

	ck_assert_ptr_nonnull(alarm);
	return alarm->text.advice;
}

START_TEST(ipsec_by_name)
{
	begin();
	ROW_SET_TEXT(ip()->xfrm_last, "XfrmInStateSeqError");
	made_run(&made, 3 * MADE_MINUTE, rise, &ip()->xfrm_in_errors);
	ck_assert_ptr_nonnull(strstr(advice_of("xfrm.errors"), "replay window"));
	ck_assert_ptr_nonnull(strstr(made_alarm(&made, "xfrm.errors", "-")->text.summary,
				     ", XfrmInStateSeqError"));
	made_done(&made);
	/* A newer kernel's, of which nothing is known here. */
	begin();
	ROW_SET_TEXT(ip()->xfrm_last, "XfrmInSomething;new");
	made_run(&made, 3 * MADE_MINUTE, rise, &ip()->xfrm_in_errors);
	ck_assert_ptr_nonnull(strstr(advice_of("xfrm.errors"), "group Xfrm"));
	ck_assert_ptr_null(strchr(made_alarm(&made, "xfrm.errors", "-")->text.summary, ';'));
	made_done(&made);
}
END_TEST

/* The table is only made larger where it is nearly full; limits.usage is then the cause. */
START_TEST(neighbors)
{
	struct limit_row *limit;

	begin();
	made_run(&made, 3 * MADE_MINUTE, rise, &ip()->neighbor_discards);
	ck_assert_ptr_nonnull(strstr(advice_of("neighbor.discards"), "ip neigh"));
	ck_assert_str_eq(made_alarm(&made, "neighbor.discards", "-")->text.command, "");
	made_done(&made);

	begin();
	limit = made_row(&made, &limits_collector, 0);
	ROW_SET_TEXT(limit->name, "neighbor-ipv4");
	ROW_SET_TEXT(limit->sysctl, "net.ipv4.neigh.default.gc_thresh3");
	limit->used = 1000;
	limit->max = 1024;
	limit->usage = 9765;
	made_sysctl(&made, "net.ipv4.neigh.default.gc_thresh3", "1024");
	made_run(&made, 3 * MADE_MINUTE, rise, &ip()->neighbor_table_fulls);
	ck_assert_ptr_nonnull(strstr(advice_of("neighbor.discards"), "1,000 of 1,024"));
	ck_assert_str_eq(made_alarm(&made, "neighbor.discards", "-")->text.command,
			 "sysctl -w net.ipv4.neigh.default.gc_thresh3=2048");
	for (size_t i = 0; i < made.events; i++)
		ck_assert_str_eq(made.event[i].alarm.check, "limits.usage");
	made_done(&made);
}
END_TEST

UNIT_MAIN("advice_ip", only_what_lasts, what_is_no_loss, quiet_ones, ipsec_by_name, neighbors)
