/* SPDX-License-Identifier: BSD-2-Clause */
/* The sockets whose buffers are fullest: sock_diag's INET_DIAG_SKMEMINFO. */
#ifndef NETDIAG_BUFFERS_H
#define NETDIAG_BUFFERS_H

#include "listener.h"

struct buffer_row {
	uint64_t rank;	/* 1 is the fullest */
	uint64_t state; /* TCP state by the kernel's numbering; 7 for an unconnected UDP socket */
	uint64_t rx_queue_bytes;
	uint64_t rx_buffer_bytes;
	uint64_t tx_queue_bytes;
	uint64_t tx_buffer_bytes;
	uint64_t rx_usage; /* 0.01 percent */
	uint64_t tx_usage;
	uint64_t drops;
	uint64_t pid;
	char protocol[8]; /* "tcp", "udp" */
	char local[ENDPOINT_SIZE];
	char remote[ENDPOINT_SIZE];
	char command[COMMAND_SIZE];
};

extern const struct row_type buffer_row_type;
extern const struct collector buffers_collector;

#endif
