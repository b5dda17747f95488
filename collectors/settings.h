/* SPDX-License-Identifier: BSD-2-Clause */
/* What the configuration says to the collectors: reference-counted, and immutable once it is handed
 * to the engine. */
#ifndef NETDIAG_SETTINGS_H
#define NETDIAG_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/base/glob.h"
#include "collectors/kernel/procfs.h"

#define COLLECTORS_MAX 24

/* Bounds on tables that a host can blow up: the words of `maxRows`. */
enum max_rows {
	MAX_ROWS_NIC_STAT,    /* statistics per interface */
	MAX_ROWS_LISTENER,    /* endpoints */
	MAX_ROWS_UDP_SOCKET,  /* endpoints */
	MAX_ROWS_BUFFER,      /* the N fullest sockets */
	MAX_ROWS_NETNS,	      /* namespaces */
	MAX_ROWS_IRQ,	      /* interrupts */
	MAX_ROWS_SOCKET_DROP, /* raw and netlink sockets */
	MAX_ROWS_PEER,	      /* prefixes and ports */
	MAX_ROWS_QUEUE,	      /* queues of interfaces */
	MAX_ROWS_DROP_REASON, /* reasons on interfaces */
	MAX_ROWS_COUNT,
};

struct collect_settings {
	unsigned refs;	    /* atomic */
	struct roots roots; /* borrowed strings, set once from the command line */
	struct {
		bool on;
		bool asked; /* the configuration turns it on itself: `collector NAME on` */
		uint32_t interval_ms;
	} collector[COLLECTORS_MAX];	 /* in the order of the engine's list */
	struct globs interfaces_include; /* empty: all */
	struct globs interfaces_exclude;
	struct globs nic_statistics;
	struct globs sysctls; /* full names that netdiagSysctlTable shows besides the fixed ones */
	bool socket_states_full; /* dump all sockets instead of the rare states only */
	uint32_t max_rows[MAX_ROWS_COUNT];
	uint32_t buffer_sockets_max; /* above this number of sockets the buffer table is not
					refreshed */
	uint32_t peer_bits[2];	     /* lengths of the prefixes of peers, IPv4 and IPv6 */
	uint32_t peer_sockets_max;   /* above this number of TCP sockets they are not looked at */
	bool netns_enter;	     /* use setns() where it is needed and allowed */
};

struct collector;

/* The defaults (no configuration file) for a list of collectors (NULL ends), with the running
 * kernel's roots, and one reference, the caller's. NULL when memory is short. */
struct collect_settings *settings_new(const struct collector *const *list);

/* Takes and gives back a reference; the last one frees the settings. settings_put() takes NULL. */
const struct collect_settings *settings_get(const struct collect_settings *settings);
void settings_put(const struct collect_settings *settings);

/* Whether an interface is to be shown: included (or nothing is) and not excluded. */
bool settings_interface(const struct collect_settings *settings, const char *name);

#endif
