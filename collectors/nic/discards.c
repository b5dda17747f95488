/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Knows which of each driver's statistics count packets that were lost for lack of ring or buffer,
 * and adds them up. Pure functions.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/rows.h"
#include "collectors/nic/discards.h"

#define NAMES_MAX   2 /* in a choice */
#define CHOICES_MAX 2 /* of a driver */

/* A '#' in a name stands for a number: that of a queue. */
struct discards_choice {
	const char *names[NAMES_MAX + 1]; /* all that exist are added up; NULL ends */
};

struct discards_driver {
	const char *driver;
	/* The first of them that the device has is taken: its total rather than its queues, never
	 * both. */
	struct discards_choice choices[CHOICES_MAX];
};

static const struct discards_driver drivers[] = {
	{"be2net", {{{"rx_drops_no_pbuf"}}}},
	{"bnx2", {{{"rx_discards"}}}},
	{"bnx2x", {{{"rx_brb_discard"}}}},
	{"bnxt_en", {{{"rx_total_ring_discards"}}, {{"[#]: rx_discards"}}}},
	{"cxgb4", {{{"rx_bg#_frames_dropped"}}}},
	/* Frames in rx_no_buffer_count wait in the FIFO of these (e1000e, igb, igc) and are not
	   lost. */
	{"e1000e", {{{"rx_missed_errors"}}}},
	{"enic", {{{"rx_no_bufs"}}}},
	{"gve", {{{"rx_no_buffers_posted[#]", "rx_queue_drop_cnt[#]"}}}},
	{"hv_netvsc", {{{"rx_no_memory"}}}},
	{"i40e", {{{"port.rx_discards"}}}},
	{"iavf", {{{"rx_discards"}}}},
	{"ice", {{{"rx_dropped.nic"}}}},
	{"igb", {{{"rx_missed_errors"}}}},
	{"igc", {{{"rx_missed_errors"}}}},
	{"ixgbe", {{{"rx_missed_errors", "rx_no_dma_resources"}}}},
	{"mlx4_en", {{{"rx_dropped"}}}},
	{"mlx5_core", {{{"rx_out_of_buffer", "rx_discards_phy"}}}},
	{"qede", {{{"no_buff_discards"}}}},
	{"r8169", {{{"rx_missed"}}}},
	{"sfc", {{{"port_rx_nodesc_drops"}}}},
	{"tg3", {{{"rx_discards"}}}},
	{"veth", {{{"rx_queue_#_drops"}}}},
	{"virtio_net", {{{"rx_drops"}}, {{"rx_queue_#_drops"}}}},
	{"vmxnet3", {{{"pkts rx OOB"}}}}, /* repeats per queue */
};

/* Hardware counters that the driver passes on without widening them. */
static const struct {
	const char *driver;
	const char *name;
	unsigned bits;
} narrow[] = {
	{"be2net", "rx_drops_no_pbuf", 32},
	{"bnx2", "rx_discards", 32},
	{"mlx5_core", "rx_out_of_buffer", 32},
	{"r8169", "rx_missed", 16},
};

/* ena's loss is in rx_dropped: its queue_N_rx_empty_rx_ring counts events, and only some Amazon
 * kernels have an rx_drops among its statistics. */
static const struct {
	const char *driver; /* NULL: all others */
	size_t offset;	    /* in struct nic_row, of what rtnl_link_stats64 has */
	const char *source;
} stats64[] = {
	{"ena", offsetof(struct nic_row, rx_dropped), "rx_dropped (stats64)"},
	{NULL, offsetof(struct nic_row, rx_missed), "rx_missed (stats64)"},
};

static const struct discards_driver *discards_find_driver(const char *driver)
{
	for (size_t i = 0; i < COUNT_OF(drivers); i++)
		if (!strcmp(drivers[i].driver, driver))
			return &drivers[i];
	return NULL;
}

unsigned nic_counter_bits(const char *driver, const char *name)
{
	for (size_t i = 0; i < COUNT_OF(narrow); i++)
		if (!strcmp(narrow[i].driver, driver) && !strcmp(narrow[i].name, name))
			return narrow[i].bits;
	return 64;
}

bool nic_name_matches(const char *pattern, const char *name)
{
	for (; *pattern; pattern++) {
		if (*pattern != '#') {
			if (*pattern != *name++)
				return false;
			continue;
		}
		if (!isdigit((unsigned char)*name))
			return false;
		while (isdigit((unsigned char)*name))
			name++;
	}
	return !*name;
}

/* Appends to the source's text, with N for the number of a queue. Cut to its size. */
static void discards_append_source(struct nic_discards *discards, const char *text)
{
	size_t at = strlen(discards->source);

	for (; *text && at + 1 < sizeof(discards->source); text++)
		discards->source[at++] = *text == '#' ? 'N' : *text;
	discards->source[at] = '\0';
}

/* Takes every statistic that a pattern names. */
static void discards_take(struct nic_discards *discards, const char *driver, const char *pattern,
			  const char (*names)[NIC_STAT_NAME_SIZE], size_t count)
{
	const size_t before = discards->count;

	for (size_t i = 0; i < count; i++) {
		unsigned bits;

		if (!nic_name_matches(pattern, names[i]))
			continue;
		discards->index[discards->count++] = (uint32_t)i;
		bits = nic_counter_bits(driver, names[i]);
		if (bits < discards->bits)
			discards->bits = bits;
	}
	if (discards->count == before)
		return;
	if (before)
		discards_append_source(discards, " + ");
	else if (discards->count > 1 || strchr(pattern, '#'))
		discards_append_source(discards, "sum of ");
	discards_append_source(discards, pattern);
}

int nic_discards_choose(struct nic_discards *discards, const char *driver,
			const char (*names)[NIC_STAT_NAME_SIZE], size_t count)
{
	const struct discards_driver *known = discards_find_driver(driver);

	*discards = (struct nic_discards){.bits = 64};
	if (!known)
		return 0;
	/* No two patterns of a choice match the same name. */
	discards->index = calloc(count + 1, sizeof(*discards->index));
	if (!discards->index)
		return -ENOMEM;
	for (size_t i = 0; i < CHOICES_MAX && !discards->count; i++)
		for (const char *const *pattern = known->choices[i].names; *pattern; pattern++)
			discards_take(discards, driver, *pattern, names, count);
	return 0;
}

void nic_discards_free(struct nic_discards *discards)
{
	free(discards->index);
	memset(discards, 0, sizeof(*discards));
}

uint64_t nic_discards_value(const struct nic_discards *discards, const uint64_t *values,
			    size_t count)
{
	uint64_t sum = 0;

	if (!discards->count)
		return ROW_ABSENT;
	for (size_t i = 0; i < discards->count; i++) {
		if (discards->index[i] >= count)
			return ROW_ABSENT;
		sum += values[discards->index[i]];
	}
	return row_present(sum);
}

/* From what rtnetlink counts for the device. */
static void discards_show_stats64(const char *driver, struct nic_row *row)
{
	size_t i = 0;

	while (stats64[i].driver && strcmp(stats64[i].driver, driver))
		i++;
	row->rx_discards = row_number(row, stats64[i].offset);
	if (row->rx_discards == ROW_ABSENT)
		return;
	row->rx_discards_bits = 64;
	ROW_SET_TEXT(row->rx_discards_source, stats64[i].source);
}

void nic_discards_show(const struct nic_discards *discards, const char *driver,
		       const uint64_t *values, size_t count, int err, struct nic_row *row)
{
	if (values && discards->count) {
		row->rx_discards = nic_discards_value(discards, values, count);
		row->rx_discards_bits = discards->bits;
		ROW_SET_TEXT(row->rx_discards_source, discards->source);
		return;
	}
	if (discards_find_driver(driver) && err != -EOPNOTSUPP &&
	    (err || !count || discards->count))
		return;
	discards_show_stats64(driver, row);
}
