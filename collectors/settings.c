/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/collector.h"
#include "collectors/settings.h"

/* Driver statistics about loss, over the names that drivers give them. */
static const char *const nic_statistics_default[] = {
	"*drop*",    "*discard*",  "*miss*",	  "*error*",	  "*_err*",
	"*fifo*",    "*no_buf*",   "*nobuf*",	  "*no_dma*",	  "*alloc*",
	"*timeout*", "*oob*",	   "*OOB*",	  "*out_of_buf*", "*empty_rx_ring*",
	"*overrun*", "*overflow*", "*no_memory*", "*crc*",	  "* err",
};

static const uint32_t max_rows_default[MAX_ROWS_COUNT] = {
	[MAX_ROWS_NIC_STAT] = 256, [MAX_ROWS_LISTENER] = 16384, [MAX_ROWS_UDP_SOCKET] = 512,
	[MAX_ROWS_BUFFER] = 20,	   [MAX_ROWS_NETNS] = 1024,	[MAX_ROWS_IRQ] = 2048,
};

#define BUFFER_SOCKETS_MAX_DEFAULT 20000

int settings_init(struct collect_settings *settings, const struct collector *const *list)
{
	memset(settings, 0, sizeof(*settings));
	settings->roots = roots_default;
	for (size_t i = 0; list[i] && i < COLLECTORS_MAX; i++) {
		settings->collector[i].on = true;
		settings->collector[i].interval_ms = list[i]->interval_ms;
	}
	for (size_t i = 0; i < sizeof(nic_statistics_default) / sizeof(*nic_statistics_default);
	     i++)
		if (globs_add(&settings->nic_statistics, nic_statistics_default[i])) {
			settings_free(settings);
			return -ENOMEM;
		}
	memcpy(settings->max_rows, max_rows_default, sizeof(max_rows_default));
	settings->buffer_sockets_max = BUFFER_SOCKETS_MAX_DEFAULT;
	settings->netns_enter = true;
	return 0;
}

void settings_free(struct collect_settings *settings)
{
	globs_free(&settings->interfaces_include);
	globs_free(&settings->interfaces_exclude);
	globs_free(&settings->nic_statistics);
	globs_free(&settings->sysctls);
}

bool settings_interface(const struct collect_settings *settings, const char *name)
{
	if (settings->interfaces_include.count && !globs_match(&settings->interfaces_include, name))
		return false;
	return !globs_match(&settings->interfaces_exclude, name);
}
