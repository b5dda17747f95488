/* SPDX-License-Identifier: BSD-2-Clause */
/* The two clocks. Whatever is measured is measured on the monotonic one. */
#ifndef NETDIAG_BASE_CLOCK_H
#define NETDIAG_BASE_CLOCK_H

#include <stdint.h>

#define MICROSECOND_NS UINT64_C(1000)
#define MILLISECOND_NS UINT64_C(1000000)
#define SECOND_NS      UINT64_C(1000000000)

/* CLOCK_MONOTONIC in ns: never set back. */
uint64_t clock_monotonic(void);

/* How long ago a monotonic time was, in ns; 0 when it is still to come. */
uint64_t clock_since(uint64_t then);

/* CLOCK_REALTIME in ns since 1970 UTC: for people only, it can be set. */
uint64_t clock_wall(void);

#endif
