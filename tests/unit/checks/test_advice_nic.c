/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks of links, and of what a cloud or a switch allows them: when they are raised, and what
 * they say. */
#include <config.h>

#include <string.h>

#include "collectors/nic/nic.h"
#include "tests/unit/made.h"

static void assert_says(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "'%s' is not in '%s'", part, text);
}

/* A web server whose eth0 is a card. */
static struct nic_row *make_card(struct made *made)
{
	struct nic_row *nic;

	made_init(made);
	made_web_server(made);
	nic = made_nth(made, &nic_collector, 0, 1);
	ck_assert_str_eq(nic->name, "eth0");
	ROW_SET_TEXT(nic->bus_info, "0000:00:05.0");
	nic->hardware = 1;
	nic->degraded = NIC_SOUND;
	nic->link_down_count = 1;
	made_run(made, 60 * MADE_SECOND, made_traffic, NULL);
	return nic;
}

static struct nic_row *card(struct made *made)
{
	return made_nth(made, &nic_collector, 0, 1);
}

static void exceed(struct made *made, void *arg)
{
	struct nic_row *nic = card(made);

	(void)arg;
	nic->limit_packets += 1;
	nic->limit_link_local += 1;
}

START_TEST(limited)
{
	const struct alarm_row *alarm;
	struct made made;
	struct nic_row *nic = make_card(&made);

	ck_assert_ptr_null(made_alarm(&made, "nic.limited", "eth0"));
	/* What was exceeded before netdiagd's start is no alarm. */
	nic->limit_in_bandwidth = 1000000;
	nic->limit_packets = nic->limit_link_local = 7;
	made_run(&made, 60 * MADE_SECOND, NULL, NULL);
	ck_assert_ptr_null(made_alarm(&made, "nic.limited", "eth0"));
	card(&made)->limits_rising = 1U << NIC_LIMIT_PACKETS | 1U << NIC_LIMIT_LINK_LOCAL;
	made_run(&made, 30 * MADE_SECOND, exceed, NULL);
	alarm = made_alarm(&made, "nic.limited", "eth0");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_int_eq(alarm->severity, ALARM_WARNING);
	assert_says(alarm->text.summary, "packets/s held back or dropped by the cloud");
	assert_says(alarm->text.summary, ", allowance of packets per second, link-local services");
	assert_says(alarm->text.advice, "a larger instance");
	assert_says(alarm->text.advice, "Cache DNS");
	ck_assert_str_eq(alarm->text.command, "");
	/* It is over when no packet was held back for a minute and five. */
	made_run(&made, 400 * MADE_SECOND, NULL, NULL);
	ck_assert_ptr_null(made_alarm(&made, "nic.limited", "eth0"));
	made_done(&made);
}
END_TEST

static void pause_often(struct made *made, void *frames)
{
	card(made)->pause_rx += *(unsigned *)frames;
}

START_TEST(paused)
{
	unsigned some = 5 * 50, many = 5 * 500;
	const struct alarm_row *alarm;
	struct made made;

	make_card(&made)->pause_rx = 1000;
	made_run(&made, 120 * MADE_SECOND, pause_often, &some);
	ck_assert_ptr_null(made_alarm(&made, "nic.paused", "eth0"));
	made_run(&made, 120 * MADE_SECOND, pause_often, &many);
	alarm = made_alarm(&made, "nic.paused", "eth0");
	ck_assert_ptr_nonnull(alarm);
	assert_says(alarm->text.summary, "500 pause frames/s received");
	/* shown, and told to nobody */
	ck_assert_uint_eq(made.events, 0);
	made_done(&made);
}
END_TEST

START_TEST(flapping)
{
	const struct alarm_row *alarm;
	struct nic_row *nic;
	struct made made;

	/* A restart of the switch, or of the host, is one loss or two. */
	make_card(&made)->link_down_count += 2;
	made_run(&made, 60 * MADE_SECOND, NULL, NULL);
	ck_assert_ptr_null(made_alarm(&made, "link.flapping", "eth0"));
	nic = card(&made);
	nic->link_down_count += 2;
	ROW_SET_TEXT(nic->last_down_reason, "cable issue, unsupported cable");
	made_run(&made, 60 * MADE_SECOND, NULL, NULL);
	alarm = made_alarm(&made, "link.flapping", "eth0");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_int_eq(alarm->severity, ALARM_WARNING);
	assert_says(alarm->text.summary,
		    "eth0: link lost 4 times in 10 min, cable issue, unsupported cable");
	card(&made)->link_down_count += 20;
	made_run(&made, 60 * MADE_SECOND, NULL, NULL);
	ck_assert_int_eq(made_alarm(&made, "link.flapping", "eth0")->severity, ALARM_CRITICAL);
	made_done(&made);
}
END_TEST

/* The carrier of a veth or a tap goes with the container or the virtual machine behind it. */
START_TEST(flapping_is_of_hardware)
{
	struct made made;
	struct nic_row *nic = make_card(&made);

	nic->hardware = 0;
	nic->link_down_count += 50;
	made_run(&made, 60 * MADE_SECOND, NULL, NULL);
	ck_assert_ptr_null(made_alarm(&made, "link.flapping", "eth0"));
	ck_assert_ptr_null(made_check(&made, "link.degraded", "lo"));
	made_done(&made);
}
END_TEST

static void assert_degraded(enum nic_degraded degraded, const char *summary, const char *advice)
{
	const struct alarm_row *alarm;
	struct nic_row *nic;
	struct made made;

	nic = make_card(&made);
	ck_assert_ptr_nonnull(made_check(&made, "link.degraded", "eth0"));
	ck_assert_ptr_null(made_alarm(&made, "link.degraded", "eth0"));
	nic->degraded = degraded;
	nic->speed_mbps = 1000;
	nic->bond_speed_mbps = 25000;
	ROW_SET_TEXT(nic->master_name, "bond0");
	if (degraded == NIC_NO_LINK)
		ROW_SET_TEXT(nic->link_down_reason, "no cable");
	made_run(&made, 5 * MADE_SECOND, NULL, NULL);
	ck_assert_ptr_null(made_alarm(&made, "link.degraded", "eth0"));
	made_run(&made, 30 * MADE_SECOND, NULL, NULL);
	alarm = made_alarm(&made, "link.degraded", "eth0");
	ck_assert_ptr_nonnull(alarm);
	ck_assert_int_eq(alarm->severity, ALARM_WARNING);
	assert_says(alarm->text.summary, summary);
	assert_says(alarm->text.advice, advice);
	ck_assert_str_eq(alarm->text.command, "");
	card(&made)->degraded = NIC_SOUND;
	made_run(&made, 330 * MADE_SECOND, NULL, NULL);
	ck_assert_ptr_null(made_alarm(&made, "link.degraded", "eth0"));
	made_done(&made);
}

START_TEST(degraded)
{
	assert_degraded(NIC_HALF_DUPLEX, "eth0: the link is half duplex", "autonegotiation");
	assert_degraded(NIC_SLOWER, "eth0: 1000 Mbit/s, while another port of bond0 has 25000",
			"without its reserve");
	assert_degraded(NIC_NO_LINK, "no link, while other ports of bond0 have one: no cable",
			"check the cable");
}
END_TEST

UNIT_MAIN("advice_nic", limited, paused, flapping, flapping_is_of_hardware, degraded)
