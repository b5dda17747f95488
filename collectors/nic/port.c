/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what the port of a network card tells over ethtool's netlink family, and puts the link's
 * extended state into words.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>

#include "collectors/base/array.h"
#include "collectors/kernel/ethtool_numbers.h"
#include "collectors/nic/port.h"

/* enum ethtool_link_ext_state. */
static const char *const states[] = {
	[ETHTOOL_LINK_EXT_STATE_AUTONEG] = "autonegotiation",
	[ETHTOOL_LINK_EXT_STATE_LINK_TRAINING_FAILURE] = "link training failed",
	[ETHTOOL_LINK_EXT_STATE_LINK_LOGICAL_MISMATCH] = "logical mismatch",
	[ETHTOOL_LINK_EXT_STATE_BAD_SIGNAL_INTEGRITY] = "bad signal integrity",
	[ETHTOOL_LINK_EXT_STATE_NO_CABLE] = "no cable",
	[ETHTOOL_LINK_EXT_STATE_CABLE_ISSUE] = "cable issue",
	[ETHTOOL_LINK_EXT_STATE_EEPROM_ISSUE] = "EEPROM issue",
	[ETHTOOL_LINK_EXT_STATE_CALIBRATION_FAILURE] = "calibration failed",
	[ETHTOOL_LINK_EXT_STATE_POWER_BUDGET_EXCEEDED] = "power budget exceeded",
	[ETHTOOL_LINK_EXT_STATE_OVERHEAT] = "overheated",
	[ETHTOOL_LINK_EXT_STATE_MODULE] = "module",
};

/* The substates of each state, from linux/ethtool.h. */
static const struct {
	uint64_t state;
	uint64_t substate;
	const char *text;
} substates[] = {
	{ETHTOOL_LINK_EXT_STATE_AUTONEG, ETHTOOL_LINK_EXT_SUBSTATE_AN_NO_PARTNER_DETECTED,
	 "no partner"},
	{ETHTOOL_LINK_EXT_STATE_AUTONEG, ETHTOOL_LINK_EXT_SUBSTATE_AN_ACK_NOT_RECEIVED, "no ack"},
	{ETHTOOL_LINK_EXT_STATE_AUTONEG, ETHTOOL_LINK_EXT_SUBSTATE_AN_NEXT_PAGE_EXCHANGE_FAILED,
	 "next page exchange failed"},
	{ETHTOOL_LINK_EXT_STATE_AUTONEG,
	 ETHTOOL_LINK_EXT_SUBSTATE_AN_NO_PARTNER_DETECTED_FORCE_MODE, "no partner in force mode"},
	{ETHTOOL_LINK_EXT_STATE_AUTONEG, ETHTOOL_LINK_EXT_SUBSTATE_AN_FEC_MISMATCH_DURING_OVERRIDE,
	 "FEC mismatch"},
	{ETHTOOL_LINK_EXT_STATE_AUTONEG, ETHTOOL_LINK_EXT_SUBSTATE_AN_NO_HCD, "no mode in common"},
	{ETHTOOL_LINK_EXT_STATE_LINK_TRAINING_FAILURE,
	 ETHTOOL_LINK_EXT_SUBSTATE_LT_KR_FRAME_LOCK_NOT_ACQUIRED, "no frame lock"},
	{ETHTOOL_LINK_EXT_STATE_LINK_TRAINING_FAILURE,
	 ETHTOOL_LINK_EXT_SUBSTATE_LT_KR_LINK_INHIBIT_TIMEOUT, "timeout"},
	{ETHTOOL_LINK_EXT_STATE_LINK_TRAINING_FAILURE,
	 ETHTOOL_LINK_EXT_SUBSTATE_LT_KR_LINK_PARTNER_DID_NOT_SET_RECEIVER_READY,
	 "partner not ready"},
	{ETHTOOL_LINK_EXT_STATE_LINK_TRAINING_FAILURE, ETHTOOL_LINK_EXT_SUBSTATE_LT_REMOTE_FAULT,
	 "remote fault"},
	{ETHTOOL_LINK_EXT_STATE_LINK_LOGICAL_MISMATCH,
	 ETHTOOL_LINK_EXT_SUBSTATE_LLM_PCS_DID_NOT_ACQUIRE_BLOCK_LOCK, "no PCS block lock"},
	{ETHTOOL_LINK_EXT_STATE_LINK_LOGICAL_MISMATCH,
	 ETHTOOL_LINK_EXT_SUBSTATE_LLM_PCS_DID_NOT_ACQUIRE_AM_LOCK, "no PCS AM lock"},
	{ETHTOOL_LINK_EXT_STATE_LINK_LOGICAL_MISMATCH,
	 ETHTOOL_LINK_EXT_SUBSTATE_LLM_PCS_DID_NOT_GET_ALIGN_STATUS, "PCS not aligned"},
	{ETHTOOL_LINK_EXT_STATE_LINK_LOGICAL_MISMATCH,
	 ETHTOOL_LINK_EXT_SUBSTATE_LLM_FC_FEC_IS_NOT_LOCKED, "FC FEC not locked"},
	{ETHTOOL_LINK_EXT_STATE_LINK_LOGICAL_MISMATCH,
	 ETHTOOL_LINK_EXT_SUBSTATE_LLM_RS_FEC_IS_NOT_LOCKED, "RS FEC not locked"},
	{ETHTOOL_LINK_EXT_STATE_BAD_SIGNAL_INTEGRITY,
	 ETHTOOL_LINK_EXT_SUBSTATE_BSI_LARGE_NUMBER_OF_PHYSICAL_ERRORS, "many physical errors"},
	{ETHTOOL_LINK_EXT_STATE_BAD_SIGNAL_INTEGRITY,
	 ETHTOOL_LINK_EXT_SUBSTATE_BSI_UNSUPPORTED_RATE, "unsupported rate"},
	{ETHTOOL_LINK_EXT_STATE_BAD_SIGNAL_INTEGRITY,
	 ETHTOOL_LINK_EXT_SUBSTATE_BSI_SERDES_REFERENCE_CLOCK_LOST, "reference clock lost"},
	{ETHTOOL_LINK_EXT_STATE_BAD_SIGNAL_INTEGRITY, ETHTOOL_LINK_EXT_SUBSTATE_BSI_SERDES_ALOS,
	 "loss of signal"},
	{ETHTOOL_LINK_EXT_STATE_CABLE_ISSUE, ETHTOOL_LINK_EXT_SUBSTATE_CI_UNSUPPORTED_CABLE,
	 "unsupported cable"},
	{ETHTOOL_LINK_EXT_STATE_CABLE_ISSUE, ETHTOOL_LINK_EXT_SUBSTATE_CI_CABLE_TEST_FAILURE,
	 "cable test failed"},
	{ETHTOOL_LINK_EXT_STATE_MODULE, ETHTOOL_LINK_EXT_SUBSTATE_MODULE_CMIS_NOT_READY,
	 "not ready"},
};

void nic_port_reason(const struct ethtool_link_state *link, char *text, size_t size)
{
	const char *more = NULL;

	*text = '\0';
	if (link->state == ROW_ABSENT)
		return;
	if (link->state >= COUNT_OF(states)) {
		snprintf(text, size, "extended state %llu", (unsigned long long)link->state);
		return;
	}
	for (size_t i = 0; i < COUNT_OF(substates); i++)
		if (substates[i].state == link->state && substates[i].substate == link->substate)
			more = substates[i].text;
	snprintf(text, size, "%s%s%s", states[link->state], more ? ", " : "", more ? more : "");
}

/* Whether the driver had an answer. Errors other than -EOPNOTSUPP are remembered. */
static bool port_has(struct nic_port *port, int answer)
{
	if (answer && answer != -EOPNOTSUPP && !port->err)
		port->err = answer;
	return !answer;
}

static void port_refresh(struct nic_port *port, struct ethtool_netlink *ethtool, uint32_t ifindex)
{
	port->err = 0;
	port->has_pause = port->has_standard = port->known = true;
	port_has(port, ethtool_link_state_read(ethtool, ifindex, &port->link));
	port_has(port, ethtool_fec_read(ethtool, ifindex, &port->fec));
}

static bool port_counts(const struct ethtool_standard *standard)
{
	for (size_t i = 0; i < COUNT_OF(standard->value); i++)
		if (standard->value[i] != ROW_ABSENT)
			return true;
	return false;
}

int nic_port_read(struct nic_port *port, struct ethtool_netlink *ethtool, bool refresh,
		  struct nic_row *row)
{
	const uint32_t ifindex = (uint32_t)row->ifindex;

	if (refresh || !port->known)
		port_refresh(port, ethtool, ifindex);
	if (port->has_pause) {
		struct ethtool_pause pause;

		port->has_pause = port_has(port, ethtool_pause_read(ethtool, ifindex, &pause)) &&
				  (pause.rx != ROW_ABSENT || pause.tx != ROW_ABSENT);
		row->pause_rx = pause.rx;
		row->pause_tx = pause.tx;
	}
	if (port->has_standard)
		port->has_standard = port_has(port, ethtool_standard_read(ethtool, ifindex,
									  &port->standard)) &&
				     port_counts(&port->standard);
	row->fec_corrected = port->fec.corrected;
	row->fec_uncorrectable = port->fec.uncorrectable;
	if (port->link.down_count != ROW_ABSENT)
		row->link_down_count = port->link.down_count;
	/* The reason was read when the carrier changed; it does not apply to a link that is up. */
	if (row->carrier == 0 && port->link.state != ROW_ABSENT) {
		nic_port_reason(&port->link, port->reason, sizeof(port->reason));
		ROW_SET_TEXT(row->link_down_reason, port->reason);
	}
	ROW_SET_TEXT(row->last_down_reason, port->reason);
	return port->err;
}

int nic_port_rows(const struct nic_port *port, uint64_t ifindex, const struct globs *patterns,
		  struct rows *rows)
{
	for (size_t i = 0; i < ETHTOOL_STANDARD_COUNT; i++) {
		struct nic_stat_row *row;

		if (!port->has_standard || port->standard.value[i] == ROW_ABSENT ||
		    !globs_match(patterns, ethtool_standard_name(i)))
			continue;
		row = rows_add(rows);
		if (!row)
			return -ENOMEM;
		row->ifindex = ifindex;
		row->value = port->standard.value[i];
		row->bits = 64;
		ROW_SET_TEXT(row->name, ethtool_standard_name(i));
	}
	return 0;
}
