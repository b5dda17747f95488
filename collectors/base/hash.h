/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A hash table of items of one size that begin with their key, as a set when there is nothing else
 * in them. Keys are compared as memory: a struct must have its padding zeroed, a text be a char
 * array filled up with NULs, as text_copy() leaves it.
 */
#ifndef NETDIAG_BASE_HASH_H
#define NETDIAG_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Owns its memory; hash_init() makes it empty. At most 2^31 items. */
struct hash {
	size_t item_size;
	size_t key_size;
	size_t count;
	size_t capacity;
	unsigned char *items; /* count of them, in the order in which they were added */
	uint32_t *slots;      /* index of an item plus 1; 0: free */
	size_t slot_count;    /* a power of 2, or 0 */
};

void hash_init(struct hash *hash, size_t item_size, size_t key_size);

/* Releases all items; the table is empty then. */
void hash_clear(struct hash *hash);

/* Item number i, which must be below count. */
static inline void *hash_at(const struct hash *hash, size_t i)
{
	return hash->items + i * hash->item_size;
}

/* The item with this key, or NULL. Valid until an item is added or removed. */
void *hash_find(const struct hash *hash, const void *key);

/* The item with this key; a new one, zeroed but for the key, when there was none. NULL when memory
 * is short. */
void *hash_add(struct hash *hash, const void *key);

typedef bool hash_keep_fn(const void *item, void *arg);

/* Removes the items for which keep() is false, and gives memory back when few are left. The others
 * keep their order. */
void hash_keep(struct hash *hash, hash_keep_fn *keep, void *arg);

/* The hash of a key, which differs from one process to the next, so that nobody can choose keys
 * that collide. */
uint64_t hash_of(const void *key, size_t len);

/* SipHash-1-3 (Aumasson and Bernstein) of data with a key. */
uint64_t siphash(const uint64_t key[2], const void *data, size_t len);

#endif
