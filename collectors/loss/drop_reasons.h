/* SPDX-License-Identifier: BSD-2-Clause */
/* Why the kernel drops packets, and on which interface: the reasons of the tracepoint
 * skb:kfree_skb, counted in the kernel by a BPF program. */
#ifndef NETDIAG_DROP_REASONS_H
#define NETDIAG_DROP_REASONS_H

#include "collectors/collector.h"
#include "collectors/loss/drop_classes.h"
#include "collectors/loss/drop_names.h"

struct drop_row {
	uint64_t ifindex;	     /* 0: none, in another namespace, or not shown */
	uint64_t class;		     /* enum drop_class */
	uint64_t packets;	     /* since the program was attached */
	uint64_t rate_minute;	     /* 0.01/s over 60 s */
	uint64_t last_seen;	     /* ns since 1970: the collection that last saw a rise */
	uint64_t discontinuity;	     /* monotonic ns */
	char reason[DROP_NAME_SIZE]; /* "NO_SOCKET" */
	char ifname[16];	     /* IFNAMSIZ */
	char explanation[DROP_EXPLANATION_SIZE];
};

/* The reason of the row that counts drops beyond `maxRows dropReason`. The kernel's own names are
 * in capitals. */
#define DROP_REASON_OVERFLOW "overflow"

/* Whether packets of this row are missed by somebody, as far as its reason says: much of what the
 * kernel has no name for yet is harmless. */
bool drop_row_is_loss(const struct drop_row *row);

extern const struct row_type drop_row_type;
extern const struct collector drop_reasons_collector;

#endif
