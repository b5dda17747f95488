/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets on the loopback interface for the tests of the socket collectors. */
#ifndef NETDIAG_LOOPBACK_H
#define NETDIAG_LOOPBACK_H

#include <stdbool.h>
#include <stdint.h>

/* A socket on 127.0.0.1 and a port of the kernel's choice (or *port when that is not 0), whose port
 * goes to *port. TCP ones listen with this backlog. close() it. */
int loopback_tcp(uint16_t *port, int backlog);
int loopback_udp(uint16_t *port, int receive_buffer);

/* A socket that is connected, or has begun to be, to a port of 127.0.0.1. close() it. */
int loopback_connect(int type, uint16_t port);

/* Whether this kernel has sock_diag for the protocol; the live tests are passed over without. */
bool loopback_diag(uint8_t protocol);

/* "127.0.0.1:PORT" in a buffer that the next call uses again. */
const char *loopback_text(uint16_t port);

#endif
