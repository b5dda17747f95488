/* SPDX-License-Identifier: BSD-2-Clause */
/* What a `check` line of the configuration can set: names, ranges, and what fits together. */
#ifndef NETDIAG_CHECKS_SETTING_H
#define NETDIAG_CHECKS_SETTING_H

#include "collectors/base/word.h"
#include "subagent/checks/check.h"

struct check_setting_type {
	struct word_member member;	/* of struct check_setting */
	enum check_setting_member flag; /* that says that it is set */
};

/* All of them; the name NULL ends. `on` and `off`, which have no name, are not among them. */
extern const struct check_setting_type check_setting_types[];

/* Parses the value of a setting. False with the reason in why. */
bool check_setting_parse(struct check_setting *setting, const struct check_setting_type *type,
			 const char *word, char why[WORD_WHY_SIZE]);

/* Why the settings of a line do not fit together or have no meaning for the check, or NULL. */
const char *check_setting_conflict(const struct check *check, const struct check_setting *setting);

#endif
