/* SPDX-License-Identifier: BSD-2-Clause */
/* sockstat_find() and snmp_find() on any text. */
#include <config.h>

#include "collectors/kernel/sockstat.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct sockstat numbers;
	uint64_t value;
	int err;

	err = sockstat_find(text, "TCP", &numbers);
	fuzz_check(!err || (err < 0 && numbers.in_use == UINT64_MAX));
	err = snmp_find(text, "Tcp", "CurrEstab", &value);
	fuzz_check(err <= 0);
	return 0;
}
