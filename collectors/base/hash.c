/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "collectors/base/hash.h"

#define SLOTS_MIN 16

void hash_init(struct hash *keyed, size_t item_size, size_t key_size)
{
	memset(keyed, 0, sizeof(*keyed));
	keyed->item_size = item_size;
	keyed->key_size = key_size;
}

void hash_clear(struct hash *keyed)
{
	free(keyed->items);
	free(keyed->slots);
	hash_init(keyed, keyed->item_size, keyed->key_size);
}

/* FNV-1a, and a last stir because the low bits choose the slot. */
static size_t hash(const unsigned char *key, size_t len)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ key[i]) * UINT64_C(0x100000001b3);
	return (size_t)(sum ^ sum >> 32);
}

/* The slot where the key is, or the free one where it would be. There always is a free one. */
static uint32_t *slot_of(const struct hash *keyed, const void *key)
{
	size_t mask = keyed->slot_count - 1, i = hash(key, keyed->key_size) & mask;

	while (keyed->slots[i] &&
	       memcmp(keyed_at(keyed, keyed->slots[i] - 1), key, keyed->key_size) != 0)
		i = (i + 1) & mask;
	return &keyed->slots[i];
}

static void fill_slots(struct hash *keyed)
{
	for (size_t i = 0; i < keyed->count; i++)
		*slot_of(keyed, keyed_at(keyed, i)) = (uint32_t)i + 1;
}

/* Makes the tables of a size for `capacity` items, which must be enough. False when memory is
 * short; all is as before then. */
static bool resize(struct hash *keyed, size_t capacity)
{
	size_t slot_count = SLOTS_MIN;
	unsigned char *items;
	uint32_t *slots;

	while (slot_count < capacity * 2)
		slot_count *= 2;
	slots = calloc(slot_count, sizeof(*slots));
	items = slots ? reallocarray(keyed->items, capacity, keyed->item_size) : NULL;
	if (!items) {
		free(slots);
		return false;
	}
	free(keyed->slots);
	keyed->items = items;
	keyed->capacity = capacity;
	keyed->slots = slots;
	keyed->slot_count = slot_count;
	fill_slots(keyed);
	return true;
}

void *hash_find(const struct hash *keyed, const void *key)
{
	uint32_t found = keyed->slot_count ? *slot_of(keyed, key) : 0;

	return found ? keyed_at(keyed, found - 1) : NULL;
}

void *hash_add(struct hash *keyed, const void *key)
{
	unsigned char *item = hash_find(keyed, key);

	if (item)
		return item;
	if (keyed->count == keyed->capacity &&
	    !resize(keyed, keyed->capacity ? keyed->capacity * 2 : SLOTS_MIN / 2))
		return NULL;
	item = keyed_at(keyed, keyed->count++);
	memset(item, 0, keyed->item_size);
	memcpy(item, key, keyed->key_size);
	*slot_of(keyed, key) = (uint32_t)keyed->count;
	return item;
}

void hash_keep(struct hash *keyed, keyed_keep_fn *keep, void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < keyed->count; i++) {
		if (!keep(keyed_at(keyed, i), arg))
			continue;
		if (kept != i)
			memcpy(keyed_at(keyed, kept), keyed_at(keyed, i), keyed->item_size);
		kept++;
	}
	if (kept == keyed->count)
		return;
	keyed->count = kept;
	if (!kept) {
		hash_clear(keyed);
	} else if (kept > keyed->capacity / 4 || !resize(keyed, kept * 2)) {
		memset(keyed->slots, 0, keyed->slot_count * sizeof(*keyed->slots));
		fill_slots(keyed);
	}
}
