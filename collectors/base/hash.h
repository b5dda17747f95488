/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table of items of one size that begin with their key. */
#ifndef NETDIAG_BASE_HASH_H
#define NETDIAG_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owns its memory; hash_init() makes it empty. At most 2^31 items. */
struct hash {
	size_t item_size;
	size_t key_size; /* of the first bytes of an item, which are compared as memory */
	size_t count;
	size_t capacity;
	unsigned char *items; /* count of them, in the order in which they were added */
	uint32_t *slots;      /* index of an item plus 1; 0: free */
	size_t slot_count;    /* a power of 2, or 0 */
};

void hash_init(struct hash *keyed, size_t item_size, size_t key_size);

/* Releases all items; it is empty then. */
void hash_clear(struct hash *keyed);

/* Item number i, which must be below count. */
static inline void *keyed_at(const struct hash *keyed, size_t i)
{
	return keyed->items + i * keyed->item_size;
}

/* The item with this key, or NULL. Valid until an item is added or removed. */
void *hash_find(const struct hash *keyed, const void *key);

/* The item with this key; a new one, zeroed but for the key, when there was none. NULL when memory
 * is short. */
void *hash_add(struct hash *keyed, const void *key);

typedef bool keyed_keep_fn(const void *item, void *arg);

/* Removes the items that are not to be kept, and gives memory back when few are left. The others
 * keep their order. */
void hash_keep(struct hash *keyed, keyed_keep_fn *keep, void *arg);

#endif
