/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include "collectors/collector.h"
#include "collectors/registry.h"
#include "collectors/settings.h"
#include "tests/unit/unit.h"

static struct collect_settings *settings;

START_TEST(defaults)
{
	size_t i;

	ck_assert(settings = settings_new(collectors));
	ck_assert_str_eq(settings->roots.path[ROOT_PROC], "/proc");
	ck_assert_str_eq(settings->roots.path[ROOT_SYS], "/sys");
	for (i = 0; collectors[i]; i++) {
		ck_assert(settings->collector[i].on);
		ck_assert_uint_eq(settings->collector[i].interval_ms, collectors[i]->interval_ms);
		ck_assert_uint_ge(settings->collector[i].interval_ms, 100);
	}
	ck_assert_uint_gt(i, 0);
	ck_assert_uint_le(i, COLLECTORS_MAX);
	ck_assert(!settings->socket_states_full);
	for (i = 0; i < MAX_ROWS_COUNT; i++)
		ck_assert_uint_gt(settings->max_rows[i], 0);
	ck_assert_uint_gt(settings->buffer_sockets_max, 0);
	settings_put(settings);
}
END_TEST

/* The names under which drivers tell what they lost, and ones that are no loss. */
START_TEST(driver_statistics)
{
	static const char *const shown[] = {
		"rx_missed_errors",
		"rx_no_dma_resources",
		"port.rx_discards",
		"rx_dropped.nic",
		"rx_no_buffer_count",
		"rx_out_of_buffer",
		"rx_discards_phy",
		"no_buff_discards",
		"rx_drops_no_pbuf",
		"rx_no_bufs",
		"port_rx_nodesc_drops",
		"queue_0_rx_empty_rx_ring",
		"rx_no_buffers_posted[0]",
		"   pkts rx OOB",
		"rx_no_memory",
		"rx_queue_0_drops",
		"rx_crc_errors",
		"rx_fifo_errors",
	};
	static const char *const hidden[] = {"rx_packets", "tx_bytes", "rx_queue_0_packets"};

	ck_assert(settings = settings_new(collectors));
	for (size_t i = 0; i < COUNT_OF(shown); i++)
		ck_assert_msg(globs_match(&settings->nic_statistics, shown[i]), "%s", shown[i]);
	for (size_t i = 0; i < COUNT_OF(hidden); i++)
		ck_assert_msg(!globs_match(&settings->nic_statistics, hidden[i]), "%s", hidden[i]);
	settings_put(settings);
}
END_TEST

START_TEST(last_reference_frees)
{
	const struct collect_settings *other;

	ck_assert(settings = settings_new(collectors));
	other = settings_get(settings);
	settings_put(settings);
	ck_assert(settings_interface(other, "eth0"));
	settings_put(other);
	settings_put(NULL);
}
END_TEST

START_TEST(interfaces)
{
	ck_assert(settings = settings_new(collectors));
	ck_assert(settings_interface(settings, "eth0"));
	ck_assert_int_eq(globs_add(&settings->interfaces_exclude, "veth*"), 0);
	ck_assert(settings_interface(settings, "eth0"));
	ck_assert(!settings_interface(settings, "veth1"));
	ck_assert_int_eq(globs_add(&settings->interfaces_include, "*eth*"), 0);
	ck_assert(settings_interface(settings, "eth0"));
	ck_assert(!settings_interface(settings, "veth1"));
	ck_assert(!settings_interface(settings, "lo"));
	settings_put(settings);
}
END_TEST

UNIT_MAIN("settings", defaults, driver_statistics, last_reference_frees, interfaces)
