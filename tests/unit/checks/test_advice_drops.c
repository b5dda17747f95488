/* SPDX-License-Identifier: BSD-2-Clause */
/* The check of the kernel's drop reasons, and those as evidence for other alarms. */
#include <config.h>

#include <string.h>

#include "collectors/loss/drop_reasons.h"
#include "tests/unit/made.h"

static void assert_says(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in '%s'", part, text);
}

static void add_drop(struct made *made, const char *reason, const char *ifname, uint64_t class,
		     uint64_t rate)
{
	struct drop_row *row = made_row(made, &drop_reasons_collector, 0);

	ROW_SET_TEXT(row->reason, reason);
	ROW_SET_TEXT(row->ifname, ifname);
	ROW_SET_TEXT(row->explanation, drop_meaning(reason)->explanation);
	row->ifindex = ifname[0] ? 2 : 0;
	row->class = class;
	row->packets = 0;
	row->rate_minute = rate;
	row->discontinuity = 1;
}

/* Every row rises by 100 packets in a turn. */
static void drop_everywhere(struct made *made, void *arg)
{
	made_traffic(made, arg);
	for (size_t i = 0; i < 4; i++)
		((struct drop_row *)made_nth(made, &drop_reasons_collector, 0, i))->packets += 100;
}

static void make(struct made *made)
{
	made_init(made);
	made_web_server(made);
	add_drop(made, "SOCKET_RCVBUFF", "eth0", DROP_LOSS, 2000);
	add_drop(made, "NOT_SPECIFIED", "", DROP_LOSS, 9000);
	add_drop(made, "NETFILTER_DROP", "eth0", DROP_POLICY, 5000);
	add_drop(made, "QDISC_DROP", "", DROP_LOSS, 2000);
}

START_TEST(off_by_default)
{
	struct made made;

	make(&made);
	made_run(&made, 120 * MADE_SECOND, drop_everywhere, NULL);
	ck_assert_uint_eq(made_alarms(&made), 0);
	made_done(&made);
}
END_TEST

/* Only loss, and of that only what the kernel has a name for. */
START_TEST(loss)
{
	struct check_setting *setting;
	const struct alarm_row *alarm;
	struct made made;

	make(&made);
	setting = made_setting(&made, "drop.loss", "");
	setting->set = CHECK_SET_ON;
	setting->on = true;
	made_run(&made, 120 * MADE_SECOND, drop_everywhere, NULL);
	alarm = made_alarm(&made, "drop.loss", "SOCKET_RCVBUFF:eth0");
	ck_assert_ptr_nonnull(alarm);
	assert_says(alarm->text.summary, "20 packets/s dropped by the kernel");
	assert_says(alarm->text.advice, "The receive buffer of a socket was full");
	ck_assert_str_eq(alarm->text.command, "");
	ck_assert_ptr_nonnull(made_alarm(&made, "drop.loss", "QDISC_DROP:-"));
	ck_assert_uint_eq(made_alarms(&made), 2);
	made_done(&made);
}
END_TEST

static void lose_datagrams(struct made *made, void *arg)
{
	struct udp_row *udp = made_nth(made, &counters_collector, 2, 0);

	made_traffic(made, arg);
	udp->udp.rcvbuf_errors += 500;
}

/* The worst reasons first, of class loss only. */
START_TEST(evidence)
{
	const struct alarm_row *alarm;
	struct made made;

	make(&made);
	((struct udp_row *)made_nth(&made, &counters_collector, 2, 0))->udp.rcvbuf_errors = 0;
	made_run(&made, 30 * MADE_SECOND, made_traffic, NULL);
	made_run(&made, 60 * MADE_SECOND, lose_datagrams, NULL);
	alarm = made_alarm(&made, "udp.rcvbuf_errors", "-");
	ck_assert_ptr_nonnull(alarm);
	assert_says(alarm->text.advice, "drop reasons of the last minute: ");
	assert_says(alarm->text.advice, "SOCKET_RCVBUFF 20/s on eth0");
	assert_says(alarm->text.advice, "QDISC_DROP 20/s");
	ck_assert_ptr_null(strstr(alarm->text.advice, "NETFILTER"));
	ck_assert_ptr_null(strstr(alarm->text.advice, "NOT_SPECIFIED"));
	made_done(&made);
}
END_TEST

UNIT_MAIN("advice_drops", off_by_default, loss, evidence)
