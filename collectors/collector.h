/* SPDX-License-Identifier: BSD-2-Clause */
/* What the author of a collector needs: its descriptor, and what its function works with. */
#ifndef NETDIAG_COLLECTOR_H
#define NETDIAG_COLLECTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "collectors/base/rows.h"
#include "collectors/kernel/procfs.h"
#include "collectors/settings.h"

#define COLLECT_ROWS_MAX    4	/* kinds of rows that one collector can fill */
#define COLLECT_SOURCE_SIZE 128 /* "/proc/net/softnet_stat" */
#define COLLECT_ERROR_SIZE  256 /* what failed, why, and the remedy */

/* The values of netdiagCollectorStatus. */
enum collect_status {
	COLLECT_OK = 1,
	COLLECT_PENDING, /* not finished for the first time */
	COLLECT_STALE,	 /* rows are old: the collector stalls, or a dump was always interrupted */
	COLLECT_UNSUPPORTED, /* this kernel or host does not have it; or turned off */
	COLLECT_DENIED,	     /* EPERM, EACCES */
	COLLECT_ERROR,
};

/* What a collector's function works with. */
struct collect {
	const struct collect_settings *settings;
	void *state;	     /* the collector's own, state_size bytes, zeroed at the start */
	struct rows *rows;   /* rows[i] of the descriptor's row type i; empty at the start */
	struct filebuf *buf; /* to read files into */
	uint64_t now;	     /* monotonic ns */
	bool asked;	     /* the configuration names it: `collector NAME on` */
	bool left_out;	     /* set when objects beyond a bound got no row: that one is missing does
				not mean then that it is gone */
	const bool *stop;    /* see collect_stopping() */
	char source[COLLECT_SOURCE_SIZE];
	char error[COLLECT_ERROR_SIZE];
};

/* One collector. All of them stand in registry.c. */
struct collector {
	const char *name;     /* netdiagCollectorName, and the word in the configuration */
	uint32_t interval_ms; /* default */
	const struct row_type *rows[COLLECT_ROWS_MAX + 1]; /* what it fills; NULL ends */
	size_t state_size;
	/* What it reads of the running kernel apart from files ("netlink"), without which it has
	 * nothing: with another proc or sys root the engine does not run it, as two hosts are never
	 * mixed. NULL: files only, or with files only as the roots say (roots_live()). */
	const char *live;
	/* What the collector does in the main thread, before the first collection and while the
	 * process is still privileged; state is its own. Called once, by engine_prepare(), if the
	 * collector is on then. May be NULL. */
	void (*prepare)(void *state, const struct collect_settings *settings);
	/*
	 * Fills c->rows. 0, or -errno after collect_fail() gave the reason:
	 *   -EPERM, -EACCES                          denied: the old rows stay
	 *   -ENOENT, -EOPNOTSUPP, -EPROTONOSUPPORT,
	 *   -EAFNOSUPPORT                            unsupported: the rows go away
	 *   -ENODATA                                 the same, and hidden: the host has it, but it
	 *                                            cannot be seen from here
	 *   -ESTALE                                  stale: the old rows stay
	 *   anything else                            error: the old rows stay
	 */
	int (*collect)(struct collect *c);
	void (*close)(void *state); /* releases what the state holds; may be NULL */
};

/* Whether the process is ending: a collection that takes long looks at this now and then, and gives
 * up with -ECANCELED. */
static inline bool collect_stopping(const struct collect *c)
{
	return c->stop && __atomic_load_n(c->stop, __ATOMIC_RELAXED);
}

/* Says which source is in use: "ctnetlink", "/proc/net/stat/nf_conntrack". */
void collect_source(struct collect *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says why a collection failed and, in further sentences, what to do about it. The errno's text is
 * inserted after the first sentence. Returns err, a -errno, for the collector to return. */
int collect_fail(struct collect *c, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Likewise for a privilege that netdiagd lacks by default. The collector is denied, which raises an
 * alarm, only if the configuration asks for it; otherwise it is unsupported. Returns -EPERM or
 * -EOPNOTSUPP. */
int collect_fail_unprivileged(struct collect *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Says what is missing although the collection as a whole works: shown as LastError under status
 * ok. Several notes of a collection are joined; a text that does not fit ends in
 * "(and more)". */
void collect_note(struct collect *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
