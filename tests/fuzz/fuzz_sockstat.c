/* SPDX-License-Identifier: BSD-2-Clause */
/* sockstat_find() and snmp_find() on any text. */
#include <config.h>

#include "collectors/kernel/sockstat.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	uint64_t value;
	int err;

	err = sockstat_find(text, "TCP", "inuse", &value);
	fuzz_check(err <= 0);
	err = snmp_find(text, "Tcp", "CurrEstab", &value);
	fuzz_check(err <= 0);
	return 0;
}
