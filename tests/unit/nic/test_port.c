/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "collectors/kernel/ethtool_numbers.h"
#include "collectors/nic/port.h"
#include "tests/unit/unit.h"

START_TEST(reasons)
{
	static const struct {
		uint64_t state, substate;
		const char *text;
	} cases[] = {
		{ROW_ABSENT, ROW_ABSENT, ""},
		{ETHTOOL_LINK_EXT_STATE_AUTONEG, ROW_ABSENT, "autonegotiation"},
		{ETHTOOL_LINK_EXT_STATE_AUTONEG, ETHTOOL_LINK_EXT_SUBSTATE_AN_NO_PARTNER_DETECTED,
		 "autonegotiation, no partner"},
		{ETHTOOL_LINK_EXT_STATE_NO_CABLE, ROW_ABSENT, "no cable"},
		/* a substate that is no substate of this state, or of a later kernel */
		{ETHTOOL_LINK_EXT_STATE_NO_CABLE, 1, "no cable"},
		{ETHTOOL_LINK_EXT_STATE_CABLE_ISSUE, 99, "cable issue"},
		{ETHTOOL_LINK_EXT_STATE_CABLE_ISSUE, ETHTOOL_LINK_EXT_SUBSTATE_CI_UNSUPPORTED_CABLE,
		 "cable issue, unsupported cable"},
		{ETHTOOL_LINK_EXT_STATE_MODULE, ETHTOOL_LINK_EXT_SUBSTATE_MODULE_CMIS_NOT_READY,
		 "module, not ready"},
		{200, 1, "extended state 200"},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct ethtool_link_state link = {cases[i].state, cases[i].substate, ROW_ABSENT};
		char text[64];

		nic_port_reason(&link, text, sizeof(text));
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

/* Each state and substate that the header knows fits into the column and has words of its own. */
START_TEST(every_reason)
{
	char known[300][64];
	size_t count = 0;

	for (uint64_t state = 0; state <= ETHTOOL_LINK_EXT_STATE_MODULE; state++) {
		char plain[64];

		for (uint64_t substate = 0; substate < 10; substate++) {
			struct ethtool_link_state link = {state, substate, ROW_ABSENT};
			char *text = known[count];

			nic_port_reason(&link, text, sizeof(plain));
			ck_assert_uint_gt(strlen(text), 4);
			ck_assert_uint_lt(strlen(text), sizeof(plain) - 1);
			if (!substate)
				memcpy(plain, text, sizeof(plain));
			else if (!strcmp(plain, text))
				continue;
			for (size_t i = 0; i < count; i++)
				ck_assert_str_ne(known[i], text);
			count++;
		}
	}
	/* 11 states, and 22 substates */
	ck_assert_uint_eq(count, ETHTOOL_LINK_EXT_STATE_MODULE + 1 + 22);
}
END_TEST

static const struct nic_stat_row *find(struct rows *rows, const char *name)
{
	for (size_t i = 0; i < rows->count; i++)
		if (!strcmp(((struct nic_stat_row *)rows_at(rows, i))->name, name))
			return rows_at(rows, i);
	return NULL;
}

START_TEST(standard_rows)
{
	struct globs patterns = {NULL, 0};
	struct nic_port port = {.has_standard = true};
	struct rows rows;

	rows_init(&rows, &nic_stat_row_type);
	memset(&port.standard, 0xff, sizeof(port.standard));
	for (size_t i = 0; i < ETHTOOL_STANDARD_COUNT; i += 2)
		port.standard.value[i] = i;
	ck_assert_int_eq(nic_port_rows(&port, 3, &patterns, &rows), 0);
	ck_assert_uint_eq(rows.count, 0);
	ck_assert_int_eq(globs_add(&patterns, "eth-*"), 0);
	ck_assert_int_eq(globs_add(&patterns, "rmon-*"), 0);
	ck_assert_int_eq(nic_port_rows(&port, 3, &patterns, &rows), 0);
	ck_assert_uint_eq(rows.count, (ETHTOOL_STANDARD_COUNT + 1) / 2);
	ck_assert_uint_eq(find(&rows, ethtool_standard_name(2))->value, 2);
	ck_assert_uint_eq(find(&rows, ethtool_standard_name(2))->ifindex, 3);
	ck_assert_ptr_null(find(&rows, ethtool_standard_name(1)));
	port.has_standard = false;
	ck_assert_int_eq(nic_port_rows(&port, 3, &patterns, &rows), 0);
	ck_assert_uint_eq(rows.count, (ETHTOOL_STANDARD_COUNT + 1) / 2);
	rows_clear(&rows);
	globs_free(&patterns);
}
END_TEST

/* A device that has none of it is asked once, then when it is refreshed. */
START_TEST(nothing_to_tell)
{
	struct ethtool_netlink ethtool = {.family = {0}};
	struct nic_port port = {.known = false};
	struct nic_row row;

	row_reset(&nic_row_type, &row);
	row.ifindex = if_nametoindex("lo");
	row.carrier = 0;
	row.link_down_count = 5;
	for (int turn = 0; turn < 3; turn++) {
		uint32_t before = ethtool.nl.seq;
		int err = nic_port_read(&port, &ethtool, turn == 2, &row);

		if (err == -EPERM || err == -EACCES)
			break; /* not allowed here */
		ck_assert_int_eq(err, 0);
		ck_assert_uint_eq(row.pause_rx, ROW_ABSENT);
		ck_assert_uint_eq(row.fec_corrected, ROW_ABSENT);
		ck_assert_uint_eq(row.link_down_count, 5);
		ck_assert_str_eq(row.link_down_reason, "");
		ck_assert(port.known && !port.has_pause && !port.has_standard);
		if (turn == 1)
			ck_assert_uint_eq(ethtool.nl.seq, before);
	}
	/* What went wrong stays until then, too. */
	row.ifindex = 0x7ffffff0;
	nic_port_read(&port, &ethtool, true, &row);
	ck_assert_int_eq(nic_port_read(&port, &ethtool, false, &row), port.err);
	ethtool_netlink_close(&ethtool);
}
END_TEST

UNIT_MAIN("nic_port", reasons, every_reason, standard_rows, nothing_to_tell)
