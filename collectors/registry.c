/* SPDX-License-Identifier: BSD-2-Clause */
/* Every collector that there is. */
#include <config.h>

#include "buffers.h"
#include "collect.h"
#include "conntrack.h"
#include "counters.h"
#include "irq.h"
#include "limits.h"
#include "netns.h"
#include "nic.h"
#include "protocols.h"
#include "sockets.h"
#include "softnet.h"
#include "sysctls.h"
#include "udpsocket.h"

const struct collector *const collectors[] = {
	&softnet_collector,   &nic_collector,
	&irq_collector,	      &counters_collector,
	&conntrack_collector, &sockets_collector,
	&listener_collector,  &udpsocket_collector,
	&protocols_collector, &buffers_collector,
	&limits_collector,    &sysctls_collector,
	&netns_collector,     NULL,
};
