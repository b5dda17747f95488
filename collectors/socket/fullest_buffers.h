/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets whose buffers are fullest. */
#ifndef NETDIAG_SOCKET_FULLEST_BUFFERS_H
#define NETDIAG_SOCKET_FULLEST_BUFFERS_H

#include "collectors/collector.h"
#include "collectors/kernel/sock_diag.h"

struct buffer_row {
	uint64_t rank;	/* 1 is the fullest */
	uint64_t state; /* TCP state by the kernel's numbering; 7 for an unconnected UDP socket */
	uint64_t rx_queue_bytes;  /* SK_MEMINFO_RMEM_ALLOC */
	uint64_t rx_buffer_bytes; /* SK_MEMINFO_RCVBUF */
	uint64_t tx_queue_bytes;  /* TCP: SK_MEMINFO_WMEM_QUEUED; UDP: SK_MEMINFO_WMEM_ALLOC */
	uint64_t tx_buffer_bytes; /* SK_MEMINFO_SNDBUF */
	uint64_t rx_usage;	  /* 0.01 percent */
	uint64_t tx_usage;
	uint64_t drops; /* SK_MEMINFO_DROPS */
	uint64_t pid;
	uint64_t stuck_seconds; /* the receive queue has been nearly full for so long; no column */
	char protocol[8];	/* "tcp", "udp" */
	char local[ENDPOINT_SIZE];
	char remote[ENDPOINT_SIZE];
	char command[COMMAND_SIZE];
};

extern const struct row_type buffer_row_type;
extern const struct collector fullest_buffers_collector;

/* --- the pure part -------------------------------------------------------------------------- */

struct buffer_entry {
	struct inet_socket socket;
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP */
};

/* The fullest sockets so far, fullest first. */
struct buffer_ranking {
	struct buffer_entry *entries; /* the caller's, max + 1 of them */
	size_t max;
	size_t count;
};

/* Takes a socket in where it belongs. One with nothing in either buffer is passed over. */
void buffer_ranking_add(struct buffer_ranking *ranking, const struct inet_socket *socket,
			uint8_t protocol);

/* 0.01 percent. The kernel can let a queue grow past its buffer: above 10000 then. */
uint64_t buffer_rx_usage(const struct buffer_entry *entry);
uint64_t buffer_tx_usage(const struct buffer_entry *entry);

#endif
