/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operator reads: one sentence that says where, what, how bad and who; prose about what to
 * do; and at most one command, which can be pasted as it is. Checked against what the host has:
 * no command lowers a setting or asks for what is already so.
 *
 * Text leaves the host and comes near shells. Names from outside are percent-encoded wherever they
 * stand, our own sentences use only letters, digits, blanks and ".,:/()%=+_@-", and no text from
 * outside but a validated interface name ever stands in a command.
 */
#ifndef NETDIAG_CHECKS_ADVICE_H
#define NETDIAG_CHECKS_ADVICE_H

#include "subagent/checks/check.h"

/* What a text is made from. */
struct advice {
	const struct check *check;
	const char *instance;
	const struct check_limits *limits;
	enum alarm_severity severity;
	int64_t value;	       /* hundredths of the units, or CHECK_NO_VALUE */
	int64_t now;	       /* the present rate, likewise */
	bool whole;	       /* the value is of a whole window */
	bool known;	       /* the state is known, though there may be no value */
	uint64_t time_to_full; /* s, or ROW_ABSENT */
	const void *row;       /* of the check's table; NULL: gone, or the table as a whole */
	const struct check_host *host; /* what else there is; may be NULL */
};

/* The text of an alarm that is raised or has changed. */
void advice_raised(const struct advice *advice, struct alarm_text *text);

/*
 * The text of one that is over: for how long it lasted (ns) and its worst value (hundredths, or
 * negative when not known). reason: why, where it was not the value that came back to normal.
 */
void advice_ended(const struct advice *advice, const char *reason, uint64_t lasted, int64_t peak,
		  struct alarm_text *text);

/* A line about an instance that has no alarm. */
void advice_state(const struct advice *advice, char summary[CHECK_SUMMARY_SIZE]);

/* "12.4": hundredths without needless zeros. */
void advice_number(int64_t hundredths, char text[24]);

#endif
