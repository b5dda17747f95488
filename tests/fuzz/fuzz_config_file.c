/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagd.conf: the library's reader and our directives. */
#include <config.h>

#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "subagent/config/file.h"
#include "tests/fuzz/fuzz.h"

static void take_problem(const char *text, void *arg)
{
	size_t *problems = arg;

	fuzz_check(text[0]);
	(*problems)++;
}

/* The reader would open what an include line names: anything on this machine. */
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
	static bool registered;
	struct configuration *configuration;
	size_t problems = 0;
	char path[64];
	int fd;

	fuzz_check(registered || !configuration_init());
	registered = true;
	if (includes(data, size))
		return 0;
	fd = memfd_create("netdiagd.conf", MFD_CLOEXEC);
	fuzz_check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	configuration = configuration_load(path, true, &roots_default, take_problem, &problems);
	/* A configuration, or at least one reason why there is none. */
	fuzz_check(!configuration == !!problems);
	configuration_free(configuration);
	close(fd);
	return 0;
}
