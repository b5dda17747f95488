/* SPDX-License-Identifier: BSD-2-Clause */
/* limit/ephemeral_ports: ip_local_port_range (the first line) and ip_local_reserved_ports (the
 * rest). */
#include <config.h>

#include "collectors/limit/ephemeral_ports.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = {(const char *)data, size}, line;
	struct port_range range;

	if (!span_line(&rest, &line) || ephemeral_ports_parse_range(line, &range))
		return 0;
	fuzz_check(range.low <= range.high);
	if (!ephemeral_ports_parse_reserved(rest, &range))
		fuzz_check(range.count <= (uint32_t)range.high - range.low + 1);
	return 0;
}
