/* SPDX-License-Identifier: BSD-2-Clause */
/* Endpoints with an active alarm, which keep their rows: handed from the main thread to the
 * collectors' threads as hashes of the rows' names. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/hash.h"
#include "collectors/socket/endpoint_pins.h"

uint64_t endpoint_pin(const char *name)
{
	uint64_t pin = hash_of(name, strlen(name));

	return pin ? pin : 1;
}

static int compare_pins(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int endpoint_pins_set(struct endpoint_pins *pins, const char *const *names, size_t count)
{
	uint64_t *fresh = count ? reallocarray(NULL, count, sizeof(*fresh)) : NULL, *old;

	if (count && !fresh)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		fresh[i] = endpoint_pin(names[i]);
	if (count)
		qsort(fresh, count, sizeof(*fresh), compare_pins);
	pthread_mutex_lock(&pins->lock);
	old = pins->pins;
	pins->pins = fresh;
	pins->count = count;
	pthread_mutex_unlock(&pins->lock);
	free(old);
	return 0;
}

bool endpoint_pins_any(struct endpoint_pins *pins)
{
	bool any;

	pthread_mutex_lock(&pins->lock);
	any = pins->count > 0;
	pthread_mutex_unlock(&pins->lock);
	return any;
}

bool endpoint_pins_has(struct endpoint_pins *pins, uint64_t pin)
{
	size_t at;
	bool has;

	pthread_mutex_lock(&pins->lock);
	at = LOWER_BOUND(pins->count, i, pins->pins[i] < pin);
	has = at < pins->count && pins->pins[at] == pin;
	pthread_mutex_unlock(&pins->lock);
	return has;
}
