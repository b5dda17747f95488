/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets whose buffers are fullest. */
#ifndef NETDIAG_SOCKET_FULLEST_BUFFERS_H
#define NETDIAG_SOCKET_FULLEST_BUFFERS_H

#include "collectors/base/hash.h"
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
	uint64_t stuck_seconds; /* for so long the receive queue has been nearly full and not read;
				   only in the row of the socket of a local endpoint for which it
				   is longest; no column */
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

/* Since when receive queues have been nearly full without ever becoming shorter. */
struct buffer_stuck {
	struct hash sockets; /* by cookie */
	uint64_t now;	     /* monotonic ns: of the look under way */
	size_t count;	     /* sockets with such a queue in it */
};

void buffer_stuck_init(struct buffer_stuck *stuck);
void buffer_stuck_free(struct buffer_stuck *stuck);

/* A look begins, at a time later than the one before; each of its sockets; it is complete. */
void buffer_stuck_begin(struct buffer_stuck *stuck, uint64_t now);
void buffer_stuck_add(struct buffer_stuck *stuck, const struct inet_socket *socket);
void buffer_stuck_end(struct buffer_stuck *stuck);

/* Since when this socket is stuck; the time of the look: it is not. */
uint64_t buffer_stuck_since(const struct buffer_stuck *stuck, const struct inet_socket *socket);

/* Fills stuck_seconds of the rows that show the ranking. 0 or -ENOMEM. */
int buffer_stuck_rows(const struct buffer_stuck *stuck, const struct buffer_ranking *ranking,
		      struct rows *rows);

/* 0.01 percent. The kernel can let a queue grow past its buffer: above 10000 then. */
uint64_t buffer_rx_usage(const struct buffer_entry *entry);
uint64_t buffer_tx_usage(const struct buffer_entry *entry);

#endif
