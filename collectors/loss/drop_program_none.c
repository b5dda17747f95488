/* SPDX-License-Identifier: BSD-2-Clause */
/* Replaces drop_program.c in a build without libbpf. */
#include <config.h>

#include <errno.h>
#include <stdio.h>

#include "collectors/loss/drop_program.h"

const bool drop_program_built = false;

int drop_program_open(struct drop_program *program, uint32_t own_netns, uint32_t bound,
		      char why[DROP_PROGRAM_WHY_SIZE])
{
	(void)program;
	(void)own_netns;
	(void)bound;
	(void)why;
	return -EOPNOTSUPP;
}

void drop_program_close(struct drop_program *program)
{
	(void)program;
}

void drop_names_text(const struct drop_names *names, uint32_t reason, char text[DROP_NAME_SIZE])
{
	(void)names;
	snprintf(text, DROP_NAME_SIZE, "REASON_%u", reason);
}
