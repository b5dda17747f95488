/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration reader and every directive, over text in memory. */
#include <config.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "subagent/config/file.h"
#include "tests/fuzz/fuzz.h"

static void take_problem(const char *text, void *arg)
{
	size_t *problems = arg;

	fuzz_check(text[0]);
	(*problems)++;
}

/* An include line would make the reader open any file of this machine. */
static bool includes(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i + 4 <= size; i++)
		if ((data[i] | 0x20) == 'i' && (data[i + 1] | 0x20) == 'n' &&
		    (data[i + 2] | 0x20) == 'c' && (data[i + 3] | 0x20) == 'l')
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct configuration *configuration;
	size_t problems = 0;
	char *text;

	if (includes(data, size))
		return 0;
	text = malloc(size + 1);
	fuzz_check(text);
	if (size)
		memcpy(text, data, size);
	configuration = configuration_parse("netdiagd.conf", text, size, &roots_default,
					    take_problem, &problems);
	/* A configuration, or at least one reason why there is none. */
	fuzz_check(!configuration == !!problems);
	configuration_free(configuration);
	free(text);
	return 0;
}
