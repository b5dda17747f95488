/* SPDX-License-Identifier: BSD-2-Clause */
/* The directives of netdiagd.conf: what each of them says to a configuration. */
#ifndef NETDIAG_CONFIG_DIRECTIVES_H
#define NETDIAG_CONFIG_DIRECTIVES_H

#include "subagent/config/file.h"
#include "subagent/config/words.h"

/* A configuration that is being read. */
struct draft {
	struct configuration *configuration;
	bool nic_statistics_said; /* the defaults are gone */
};

struct directive {
	const char *name;
	const char *help; /* its arguments */
	size_t min_words; /* without the directive itself */
	/* Takes the words. False with the reason in why. */
	bool (*apply)(struct draft *draft, const struct words *words, char why[WORDS_WHY_SIZE]);
};

/* All of them; name NULL ends. */
extern const struct directive directives[];

#endif
