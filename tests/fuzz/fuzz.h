/* SPDX-License-Identifier: BSD-2-Clause */
/* What every fuzz target defines, and how it says that a property does not hold. */
#ifndef NETDIAG_FUZZ_H
#define NETDIAG_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Tries one input. Always returns 0; a property that does not hold aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As assert(), but also with NDEBUG. */
#define fuzz_check(property)                                                              \
	do {                                                                              \
		if (!(property)) {                                                        \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, \
				#property);                                               \
			abort();                                                          \
		}                                                                         \
	} while (0)

#endif
