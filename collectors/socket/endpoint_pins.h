/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which endpoints keep their rows whatever else happens, because an alarm about them is active.
 *
 * The main thread says so by the name of the row (netdiagListenerEndpoint,
 * netdiagUdpSocketEndpoint); the collector's thread looks it up when it chooses rows.
 */
#ifndef NETDIAG_SOCKET_ENDPOINT_PINS_H
#define NETDIAG_SOCKET_ENDPOINT_PINS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct endpoint_pins {
	pthread_mutex_t lock;
	uint64_t *pins; /* of the names, ascending */
	size_t count;
};

#define ENDPOINT_PINS_NONE                         \
	{                                          \
		.lock = PTHREAD_MUTEX_INITIALIZER, \
	}

/* A number that stands for a row's name. Never 0. */
uint64_t endpoint_pin(const char *name);

/* Replaces the pinned rows by those with these names; count 0 releases all. Any thread. 0, or
 * -ENOMEM, and then the old ones stay. */
int endpoint_pins_set(struct endpoint_pins *pins, const char *const *names, size_t count);

/* Whether any row is pinned. Any thread. */
bool endpoint_pins_any(struct endpoint_pins *pins);

/* Whether the row that this endpoint_pin() stands for is pinned. Any thread. */
bool endpoint_pins_has(struct endpoint_pins *pins, uint64_t pin);

#endif
