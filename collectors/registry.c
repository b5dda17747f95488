/* SPDX-License-Identifier: BSD-2-Clause */
/* Every collector that there is. */
#include <config.h>

#include "collectors/collector.h"
#include "collectors/cpu/nic_irq.h"
#include "collectors/cpu/softnet.h"
#include "collectors/limit/limits.h"
#include "collectors/limit/sysctls.h"
#include "collectors/loss/drop_reasons.h"
#include "collectors/netns/netns.h"
#include "collectors/nic/nic.h"
#include "collectors/nic/queue.h"
#include "collectors/protocol/conntrack.h"
#include "collectors/protocol/counters.h"
#include "collectors/protocol/memory.h"
#include "collectors/registry.h"
#include "collectors/socket/fullest_buffers.h"
#include "collectors/socket/peer.h"
#include "collectors/socket/nfqueue.h"
#include "collectors/socket/socket_drops.h"
#include "collectors/socket/tcp_states.h"
#include "collectors/socket/udp_socket.h"

/* --dump and --report run them in this order. Some packets are counted twice (see
 * subagent/loss/places.c): the collector whose count is to be taken out of another's comes after
 * it, so that its numbers are not the older ones. */
const struct collector *const collectors[] = {
	&counters_collector,
	&nic_collector,
	&nic_irq_collector,
	&drop_reasons_collector,
	&socket_drop_collector,
	&softnet_collector,
	&conntrack_collector,
	&nfqueue_collector,
	&tcp_states_collector,
	&listener_collector,
	&udp_socket_collector,
	&protocol_memory_collector,
	&fullest_buffers_collector,
	&limits_collector,
	&sysctls_collector,
	&netns_collector,
	&queue_collector,
	&peer_collector,
	NULL,
};
