/* SPDX-License-Identifier: BSD-2-Clause */
/* A row of netdiagLossTable. */
#ifndef NETDIAG_LOSS_LOSS_ROW_H
#define NETDIAG_LOSS_LOSS_ROW_H

#include "subagent/loss/place.h"
#include "subagent/tables/table.h"

struct loss_row {
	uint64_t place; /* enum loss_place_id */
	uint64_t direction;
	uint64_t class;
	uint64_t packets;	/* absent when this host cannot tell */
	uint64_t rate_minute;	/* hundredths of packets/s over the last 60 s */
	uint64_t last_seen;	/* ns since 1970; absent: never */
	uint64_t discontinuity; /* monotonic ns: since when packets are counted */
	char label[LOSS_LABEL_SIZE];
	char worst[LOSS_NAME_SIZE];
	struct object_id object_id;
};

extern const struct row_type loss_row_type;

#endif
