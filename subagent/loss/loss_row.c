/* SPDX-License-Identifier: BSD-2-Clause */
/* The type of the rows of netdiagLossTable, which ledger.c fills. It stands apart because the map
 * of the tables needs it, and the ledger needs the map. */
#include <config.h>

#include "subagent/loss/loss_row.h"

const struct row_type loss_row_type = {
	ROW_TYPE_TEXT("loss", struct loss_row, label),
	.key = {ROW_NUMBER(struct loss_row, place)},
};
