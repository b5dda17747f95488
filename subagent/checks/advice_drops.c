/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's drop reasons say: the alarm about one of them, and evidence for the alarms of
 * other checks. */
#include <config.h>

#include "collectors/loss/drop_reasons.h"
#include "subagent/checks/advices.h"

/* So many reasons are named as evidence. */
#define NAMED_MAX 3

void describe_drop(const struct advice *advice, struct alarm_text *text)
{
	const struct drop_row *row = advice->row;
	const char *explanation = row ? drop_meaning(row->reason)->explanation : "";

	advice_rate(advice, "packets", "dropped by the kernel", text);
	if (explanation[0])
		advice_say(text->advice, "%s", explanation);
	else
		advice_say(text->advice,
			   "netdiagLossTable has the place that counts these packets, if one does");
}

/* The row of class loss with the highest rate of the last minute that is below `before` (the row
 * that was named last; NULL: none was), or NULL. */
static const struct drop_row *next_worst(const struct rows *rows, const struct drop_row *before)
{
	const struct drop_row *worst = NULL;

	for (size_t i = 0; rows && i < rows->count; i++) {
		const struct drop_row *row = rows_at(rows, i);

		if (!drop_row_is_loss(row) || !row->rate_minute ||
		    (before && (row->rate_minute > before->rate_minute ||
				(row->rate_minute == before->rate_minute && row <= before))))
			continue;
		if (!worst || row->rate_minute > worst->rate_minute)
			worst = row;
	}
	return worst;
}

void advice_drops(const struct advice *advice, struct alarm_text *text)
{
	const struct rows *rows = advice_rows(advice, &drop_row_type);
	const struct drop_row *row = next_worst(rows, NULL);

	for (unsigned named = 0; row && named < NAMED_MAX; named++) {
		char reason[ADVICE_NAME_SIZE], device[ADVICE_NAME_SIZE], rate[32];

		advice_also(text->advice, "%s%s %s/s%s%s",
			    named	      ? ", "
			    : text->advice[0] ? ". The kernel's drop reasons of the last minute: "
					      : "The kernel's drop reasons of the last minute: ",
			    advice_name(row->reason, reason),
			    advice_amount((int64_t)row->rate_minute, rate),
			    row->ifname[0] ? " on " : "", advice_name(row->ifname, device));
		row = next_worst(rows, row);
	}
}
