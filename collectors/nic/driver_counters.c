/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps the drivers' names of statistics (ETHTOOL_GSTATS) to columns of netdiagNicTable, and adds
 * them up. Pure functions.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/nic/discards.h"
#include "collectors/nic/driver_counters.h"

#define NAMES_MAX 2

#define TO(member) offsetof(struct nic_row, member)

/* The first entry of a member that matches any of the driver's statistics is used; all its matches
 * are added up. '#' stands for the number of a queue. */
static const struct {
	uint32_t to;
	const char *names[NAMES_MAX];
} choices[] = {
	/* ena */
	{TO(limit_in_bandwidth), {"bw_in_allowance_exceeded"}},
	{TO(limit_out_bandwidth), {"bw_out_allowance_exceeded"}},
	{TO(limit_packets), {"pps_allowance_exceeded"}},
	{TO(limit_conntrack), {"conntrack_allowance_exceeded"}},
	{TO(limit_link_local), {"linklocal_allowance_exceeded"}},
	/* mlx5; mlx4, hns; be2net, bnxt, cxgb4, qede, macb; sfc; Intel; tg3, bnx2; i40e; ice */
	{TO(pause_rx), {"rx_pause_ctrl_phy"}},
	{TO(pause_rx), {"rx_pause"}},
	{TO(pause_rx), {"rx_pause_frames"}},
	{TO(pause_rx), {"port_rx_pause"}},
	{TO(pause_rx), {"rx_flow_control_xon", "rx_flow_control_xoff"}},
	{TO(pause_rx), {"rx_xon_pause_rcvd", "rx_xoff_pause_rcvd"}},
	{TO(pause_rx), {"port.link_xon_rx", "port.link_xoff_rx"}},
	{TO(pause_rx), {"link_xon_rx.nic", "link_xoff_rx.nic"}},
	{TO(pause_tx), {"tx_pause_ctrl_phy"}},
	{TO(pause_tx), {"tx_pause"}},
	{TO(pause_tx), {"tx_pause_frames"}},
	{TO(pause_tx), {"port_tx_pause"}},
	{TO(pause_tx), {"tx_flow_control_xon", "tx_flow_control_xoff"}},
	{TO(pause_tx), {"tx_xon_sent", "tx_xoff_sent"}},
	{TO(pause_tx), {"port.link_xon_tx", "port.link_xoff_tx"}},
	{TO(pause_tx), {"link_xon_tx.nic", "link_xoff_tx.nic"}},
	/* mlx5; mlx4; ena; gve; ixgbe, e1000e and older Intel drivers count the wakes, which are as
	 * many; igb, igc */
	{TO(tx_queue_stops), {"tx_queue_stopped"}},
	{TO(tx_queue_stops), {"queue_stopped"}},
	{TO(tx_queue_stops), {"queue_#_tx_queue_stop"}},
	{TO(tx_queue_stops), {"tx_stop[#]"}},
	{TO(tx_queue_stops), {"tx_restart_queue"}},
	{TO(tx_queue_stops), {"tx_queue_#_restart"}},
	/* bnxt; sfc */
	{TO(fec_corrected), {"rx_fec_corrected_blocks"}},
	{TO(fec_corrected), {"fec_corrected_errors"}},
	{TO(fec_uncorrectable), {"rx_fec_uncorrectable_blocks"}},
	{TO(fec_uncorrectable), {"fec_uncorrected_errors"}},
};

static bool counters_have(const struct driver_counters *counters, uint32_t to)
{
	for (size_t i = 0; i < counters->count; i++)
		if (counters->list[i].to == to)
			return true;
	return false;
}

int driver_counters_choose(struct driver_counters *counters,
			   const char (*names)[NIC_STAT_NAME_SIZE], size_t count)
{
	*counters = (struct driver_counters){.count = 0};
	/* No two patterns match the same name. */
	counters->list = calloc(count + 1, sizeof(*counters->list));
	if (!counters->list)
		return -ENOMEM;
	for (size_t c = 0; c < COUNT_OF(choices); c++) {
		if (counters_have(counters, choices[c].to))
			continue;
		for (size_t n = 0; n < NAMES_MAX && choices[c].names[n]; n++)
			for (size_t i = 0; i < count; i++)
				if (nic_name_matches(choices[c].names[n], names[i]))
					counters->list[counters->count++] = (struct driver_counter){
						(uint32_t)i, choices[c].to};
	}
	return 0;
}

void driver_counters_free(struct driver_counters *counters)
{
	free(counters->list);
	memset(counters, 0, sizeof(*counters));
}

void driver_counters_show(const struct driver_counters *counters, const uint64_t *values,
			  struct nic_row *row)
{
	uint64_t sum = 0;

	/* Those of one member stand together. */
	for (size_t i = 0; i < counters->count; i++) {
		const struct driver_counter *it = &counters->list[i];

		sum += values[it->index];
		if (i + 1 < counters->count && it[1].to == it->to)
			continue;
		if (*row_member(row, it->to) == ROW_ABSENT)
			*row_member(row, it->to) = row_present(sum);
		sum = 0;
	}
}
