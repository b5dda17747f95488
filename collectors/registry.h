/* SPDX-License-Identifier: BSD-2-Clause */
/* Every collector that there is. */
#ifndef NETDIAG_REGISTRY_H
#define NETDIAG_REGISTRY_H

#include "collectors/collector.h"

/* Every collector, in the order of netdiagd's --dump; NULL ends. */
extern const struct collector *const collectors[];

#endif
