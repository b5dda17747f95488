/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Advice: what to do about a problem, with this host's own numbers in the command. Checked against
 * what the host has: never lowers a setting, never proposes what is already so, and where the
 * cause lies elsewhere it says so.
 *
 * The text leaves the host and comes near shells: only letters, digits, blanks and
 * . _ : @ % + - / [ ] , = are let through.
 */
#ifndef NETDIAG_CHECKS_ADVICE_H
#define NETDIAG_CHECKS_ADVICE_H

#include "subagent/checks/check.h"

/* Rows of a collector, by its name and which of its kinds of rows; NULL when there are none. */
typedef const struct rows *advice_rows_fn(const char *collector, size_t kind, void *arg);

/* What an advice may look at. */
struct advice {
	const struct check *check;
	const char *instance;
	const void *row;      /* of the check's table; NULL: gone, or the table as a whole */
	advice_rows_fn *rows; /* what else the host has; may be NULL */
	void *rows_arg;
};

/* The check's advice; "" where there is none to give. */
void advice_text(const struct advice *advice, char text[CHECK_ADVICE_SIZE]);

/*
 * What is the matter, in a line: "eth0: 1200 packets discarded for lack of ring in 10 min".
 * value in hundredths, or CHECK_NO_VALUE. The limit is mentioned when severity is not none.
 */
void advice_summary(const struct advice *advice, const struct check_limits *limits, int64_t value,
		    enum alarm_severity severity, char text[CHECK_SUMMARY_SIZE]);

/* Why an alarm ended, before what is the matter now: "object removed". */
void advice_prefix(const char *reason, char text[CHECK_SUMMARY_SIZE]);

/* "12.4": hundredths without needless zeros. */
void advice_number(int64_t hundredths, char text[24]);

#endif
