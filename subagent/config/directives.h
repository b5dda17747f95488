/* SPDX-License-Identifier: BSD-2-Clause */
/* The directives of netdiagd.conf: what each of them changes in a configuration. */
#ifndef NETDIAG_CONFIG_DIRECTIVES_H
#define NETDIAG_CONFIG_DIRECTIVES_H

#include "subagent/config/file.h"
#include "subagent/config/line.h"

/* A configuration that is being read. */
struct draft {
	struct configuration *configuration;
	bool nic_statistics_set; /* by a line: the defaults are gone */
};

enum include {
	INCLUDE_NONE,
	INCLUDE_FILE,
	INCLUDE_DIR,
};

struct directive {
	const char *name;
	const char *help; /* its arguments */
	size_t min;	  /* how many arguments it takes */
	size_t max;
	/* Takes the line. False with the reason in line. */
	bool (*apply)(struct draft *draft, struct line *line);
	/* Without apply: the only argument is this member of struct configuration, … */
	struct word_type type;
	bool of_collectors; /* the offset is in struct collect_settings */
	size_t offset;
	enum include include; /* … or names what to read. */
};

/* All of them; name NULL ends. */
extern const struct directive directives[];

/* A line_known_fn over their names. */
const char *directive_name(size_t i, const void *arg);

/* Takes a line, except for INCLUDE_FILE and INCLUDE_DIR. False with the reason in line. */
bool directive_apply(const struct directive *directive, struct draft *draft, struct line *line);

#endif
