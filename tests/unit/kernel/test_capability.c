/* SPDX-License-Identifier: BSD-2-Clause */
/* Giving capabilities away, in children of the test's. */
#include <config.h>

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "collectors/kernel/capability.h"
#include "tests/unit/unit.h"

/* One of the sets of this process, by its name in /proc. */
static uint64_t set_of(const char *name)
{
	FILE *status = fopen("/proc/self/status", "r");
	uint64_t set = UINT64_MAX;
	char line[256];

	ck_assert_ptr_nonnull(status);
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, name, strlen(name)))
			set = strtoull(line + strlen(name) + 1, NULL, 16);
	fclose(status);
	return set;
}

/* Whoever runs the test: what is held is told as /proc does. */
START_TEST(held)
{
	for (int capability = 0; capability <= CAPABILITY_BPF; capability++)
		ck_assert_int_eq(capability_held(capability), set_of("CapEff:") >> capability & 1);
}
END_TEST

/* check runs each test in a process of its own: what is given away here is gone for this one. */
START_TEST(dropped)
{
	static const char *const sets[] = {"CapEff:", "CapPrm:", "CapInh:", "CapAmb:"};
	uint64_t before[COUNT_OF(sets)];

	for (size_t i = 0; i < COUNT_OF(sets); i++)
		before[i] = set_of(sets[i]);
	ck_assert_int_eq(capability_drop(CAPABILITY_BPF), 0);
	ck_assert_int_eq(capability_drop(CAPABILITY_PERFMON), 0);
	ck_assert(!capability_held(CAPABILITY_BPF));
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		ck_assert_uint_eq(set_of(sets[i]),
				  before[i] & ~(UINT64_C(3) << CAPABILITY_PERFMON));
	if (before[0] >> CAP_SETPCAP & 1)
		ck_assert_int_eq(prctl(PR_CAPBSET_READ, CAPABILITY_BPF, 0, 0, 0), 0);
	/* Once more, which changes nothing. */
	ck_assert_int_eq(capability_drop(CAPABILITY_BPF), 0);
}
END_TEST

UNIT_MAIN("capability", held, dropped)
