/* SPDX-License-Identifier: BSD-2-Clause */
/* The defaults of what can be configured of the collectors, and the life of settings. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/collector.h"
#include "collectors/settings.h"

/* Patterns for the names that drivers give statistics about loss. */
static const char *const nic_statistics_default[] = {
	"*drop*",   "*discard*",    "*miss*",	       "*error*",   "*_err*",	  "*fifo*",
	"*no_buf*", "*nobuf*",	    "*no_dma*",	       "*alloc*",   "*timeout*",  "*oob*",
	"*OOB*",    "*out_of_buf*", "*empty_rx_ring*", "*overrun*", "*overflow*", "*no_memory*",
	"*crc*",    "* err",	    "*exceeded*",      "*pause*",   "*pfc*",	  "*queue_stop*",
	"eth-*",    "rmon-*",
};

static const uint32_t max_rows_default[MAX_ROWS_COUNT] = {
	[MAX_ROWS_NIC_STAT] = 256,    [MAX_ROWS_LISTENER] = 16384, [MAX_ROWS_UDP_SOCKET] = 512,
	[MAX_ROWS_BUFFER] = 20,	      [MAX_ROWS_NETNS] = 1024,	   [MAX_ROWS_IRQ] = 2048,
	[MAX_ROWS_SOCKET_DROP] = 512, [MAX_ROWS_QUEUE] = 4096,	   [MAX_ROWS_DROP_REASON] = 4096,
	[MAX_ROWS_PEER] = 20,
};

#define BUFFER_SOCKETS_MAX_DEFAULT 20000
#define PEER_SOCKETS_MAX_DEFAULT   50000
#define PEER_IPV4_BITS_DEFAULT	   24
#define PEER_IPV6_BITS_DEFAULT	   56

struct collect_settings *settings_new(const struct collector *const *list)
{
	struct collect_settings *settings = calloc(1, sizeof(*settings));

	if (!settings)
		return NULL;
	settings->refs = 1;
	settings->roots = roots_default;
	for (size_t i = 0; list[i] && i < COLLECTORS_MAX; i++) {
		settings->collector[i].on = true;
		settings->collector[i].interval_ms = list[i]->interval_ms;
	}
	for (size_t i = 0; i < COUNT_OF(nic_statistics_default); i++)
		if (globs_add(&settings->nic_statistics, nic_statistics_default[i])) {
			settings_put(settings);
			return NULL;
		}
	memcpy(settings->max_rows, max_rows_default, sizeof(max_rows_default));
	settings->buffer_sockets_max = BUFFER_SOCKETS_MAX_DEFAULT;
	settings->peer_sockets_max = PEER_SOCKETS_MAX_DEFAULT;
	settings->peer_bits[0] = PEER_IPV4_BITS_DEFAULT;
	settings->peer_bits[1] = PEER_IPV6_BITS_DEFAULT;
	settings->netns_enter = true;
	return settings;
}

const struct collect_settings *settings_get(const struct collect_settings *settings)
{
	__atomic_add_fetch(&((struct collect_settings *)settings)->refs, 1, __ATOMIC_RELAXED);
	return settings;
}

void settings_put(const struct collect_settings *settings)
{
	struct collect_settings *own = (struct collect_settings *)settings;

	if (!own || __atomic_sub_fetch(&own->refs, 1, __ATOMIC_ACQ_REL))
		return;
	globs_free(&own->interfaces_include);
	globs_free(&own->interfaces_exclude);
	globs_free(&own->nic_statistics);
	globs_free(&own->sysctls);
	free(own);
}

bool settings_interface(const struct collect_settings *settings, const char *name)
{
	if (settings->interfaces_include.count && !globs_match(&settings->interfaces_include, name))
		return false;
	return !globs_match(&settings->interfaces_exclude, name);
}
