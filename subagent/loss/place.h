/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Places: constant descriptors of where this host can lose a packet, in the order of a packet's
 * way. Each says which members of which collectors' rows count the packets, and which of them count
 * a packet that another place has already.
 */
#ifndef NETDIAG_LOSS_PLACE_H
#define NETDIAG_LOSS_PLACE_H

#include <stdbool.h>

#include "collectors/base/rows.h"

/* netdiagLossPlace: an index, never renumbered. */
enum loss_place_id {
	LOSS_PHY = 1,
	LOSS_PROVIDER_LIMIT,
	LOSS_RING,
	LOSS_BACKLOG,
	LOSS_UNHANDLED,
	LOSS_HEADER,
	LOSS_REVERSE_PATH,
	LOSS_NO_ROUTE,
	LOSS_REASSEMBLY,
	LOSS_CONNTRACK,
	LOSS_NETFILTER,
	LOSS_NFQUEUE,
	LOSS_IPSEC,
	LOSS_LISTEN,
	LOSS_TCP_QUEUE,
	LOSS_UDP_BUFFER,
	LOSS_SOCKET,
	LOSS_NEIGHBOR,
	LOSS_QDISC,
	LOSS_DEVICE,
	LOSS_PATH,
	LOSS_PLACES = LOSS_PATH
};

/* netdiagLossDirection */
enum loss_direction {
	LOSS_IN = 1,
	LOSS_OUT,
};

/* netdiagLossClass */
enum loss_class {
	LOSS_CLASS_LOSS = 1,  /* somebody misses these packets */
	LOSS_CLASS_POLICY,    /* a rule says that they are to be dropped */
	LOSS_CLASS_BENIGN,    /* nobody here wanted them */
	LOSS_CLASS_ELSEWHERE, /* lost on the way, not at this host */
};

/* What the numbers of a source are to its place. */
enum loss_role {
	LOSS_ADD,   /* packets lost here */
	LOSS_REST,  /* packets lost here as far as they exceed those of LOSS_LESS */
	LOSS_LESS,  /* packets that LOSS_REST counts too although another place has them */
	LOSS_BLAME, /* not added: names who loses most better than the others can */
};

#define LOSS_MEMBERS_MAX 9
#define LOSS_LABEL_SIZE	 25
#define LOSS_NAME_SIZE	 65

struct loss_member {
	size_t offset; /* in the row, plus 1; 0 ends */
	const char
		*name; /* the kernel's name of the counter, where rows have no name of their own */
};

struct loss_source {
	enum loss_role role;
	const char *collector; /* whose snapshots hold the rows */
	const struct row_type *type;
	struct loss_member members[LOSS_MEMBERS_MAX + 1]; /* these are added up */
	/* An increase that is no plain sum; `before` is NULL when the row counts from 0. It is seen
	 * in the first member. */
	uint64_t (*increase)(const void *before, const void *row);
	/* Which rows count; NULL: all. */
	bool (*applies)(const void *row);
	/* Whose loss a row is. NULL: the members' names say what was lost. */
	void (*name)(const void *row, char *text, size_t size);
	size_t stamp; /* offset of the row's discontinuity stamp, plus 1; 0: it has none */
	/* There is a row for everything that has counted: one that was not there before had not. */
	bool born_zero;
	/* Few hosts have such rows: where there are none, nothing is known. */
	bool optional;
};

struct loss_place {
	const char *label;
	enum loss_direction direction;
	enum loss_class class;
	const struct loss_source *sources;
	size_t count;
};

/* What the number at an offset of a row rose; before NULL: since 0. An absent one does not. */
uint64_t loss_increase(const void *before, const void *row, size_t offset);

/* By enum loss_place_id; 0 is unused. */
extern const struct loss_place loss_places[LOSS_PLACES + 1];

#endif
