/* SPDX-License-Identifier: BSD-2-Clause */
/* collectors/netns/container_name.c: /proc/PID/cgroup, whose names users can choose. */
#include <config.h>

#include <string.h>

#include "collectors/netns/container_name.h"
#include "tests/fuzz/fuzz.h"

static void try_size(struct span text, char *name, size_t size)
{
	memset(name, 'x', size);
	if (!container_name_of(text, NULL, NULL, name, size))
		fuzz_check(!name[0]);
	fuzz_check(memchr(name, '\0', size));
	for (size_t i = 0; name[i]; i++)
		fuzz_check((unsigned char)name[i] >= ' ' && name[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[NETNS_NAME_SIZE], small[9], copy[NETNS_NAME_SIZE];

	try_size((struct span){(const char *)data, size}, name, sizeof(name));
	try_size((struct span){(const char *)data, size}, small, sizeof(small));
	netns_name_number(name, size, copy, sizeof(copy));
	fuzz_check(strlen(copy) < sizeof(copy));
	return 0;
}
