/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table for the collectors' and checks' memories. Users choose many of the keys (ports,
 * addresses, names), so the hash is SipHash-1-3 with a secret of this process. */
#include <config.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>

#include "collectors/base/hash.h"

#define SLOTS_MIN 16

static uint64_t secret[2];

/* A new kernel's random numbers may not be ready early in the boot; the 16 bytes that it gives
 * every process at its start always are. */
static void hash_seed(void)
{
	const void *at_start = (const void *)getauxval(AT_RANDOM);

	if (getrandom(secret, sizeof(secret), GRND_NONBLOCK) != sizeof(secret) && at_start)
		memcpy(secret, at_start, sizeof(secret));
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32) + v[3];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

uint64_t siphash(const uint64_t key[2], const void *data, size_t len)
{
	const unsigned char *at = data;
	uint64_t v[4] = {
		key[0] ^ UINT64_C(0x736f6d6570736575),
		key[1] ^ UINT64_C(0x646f72616e646f6d),
		key[0] ^ UINT64_C(0x6c7967656e657261),
		key[1] ^ UINT64_C(0x7465646279746573),
	};
	uint64_t last = (uint64_t)len << 56;

	for (size_t left = len;; left -= 8, at += 8) {
		uint64_t word = 0;

		for (size_t i = 0; i < 8 && i < left; i++)
			word |= (uint64_t)at[i] << 8 * i;
		if (left < 8)
			word |= last;
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
		if (left < 8)
			break;
	}
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_of(const void *key, size_t len)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, hash_seed);
	return siphash(secret, key, len);
}

void hash_init(struct hash *hash, size_t item_size, size_t key_size)
{
	*hash = (struct hash){.item_size = item_size, .key_size = key_size};
}

void hash_clear(struct hash *hash)
{
	free(hash->items);
	free(hash->slots);
	hash_init(hash, hash->item_size, hash->key_size);
}

/* The slot where the key is, or the free one where it would be. There always is a free one. */
static uint32_t *hash_slot(const struct hash *hash, const void *key)
{
	size_t mask = hash->slot_count - 1, i = hash_of(key, hash->key_size) & mask;

	while (hash->slots[i] && memcmp(hash_at(hash, hash->slots[i] - 1), key, hash->key_size))
		i = (i + 1) & mask;
	return &hash->slots[i];
}

static void hash_fill_slots(struct hash *hash)
{
	for (size_t i = 0; i < hash->count; i++)
		*hash_slot(hash, hash_at(hash, i)) = (uint32_t)i + 1;
}

/* Makes room for `capacity` items, which must be enough. False when memory is short; all is as
 * before then. */
static bool hash_resize(struct hash *hash, size_t capacity)
{
	size_t slot_count = SLOTS_MIN;
	unsigned char *items;
	uint32_t *slots;

	while (slot_count < capacity * 2)
		slot_count *= 2;
	slots = calloc(slot_count, sizeof(*slots));
	items = slots ? reallocarray(hash->items, capacity, hash->item_size) : NULL;
	if (!items) {
		free(slots);
		return false;
	}
	free(hash->slots);
	hash->items = items;
	hash->capacity = capacity;
	hash->slots = slots;
	hash->slot_count = slot_count;
	hash_fill_slots(hash);
	return true;
}

void *hash_find(const struct hash *hash, const void *key)
{
	uint32_t found = hash->slot_count ? *hash_slot(hash, key) : 0;

	return found ? hash_at(hash, found - 1) : NULL;
}

void *hash_add(struct hash *hash, const void *key)
{
	unsigned char *item = hash_find(hash, key);

	if (item)
		return item;
	if (hash->count == hash->capacity &&
	    !hash_resize(hash, hash->capacity ? hash->capacity * 2 : SLOTS_MIN / 2))
		return NULL;
	item = hash_at(hash, hash->count++);
	memset(item, 0, hash->item_size);
	memcpy(item, key, hash->key_size);
	*hash_slot(hash, key) = (uint32_t)hash->count;
	return item;
}

void hash_keep(struct hash *hash, hash_keep_fn *keep, void *arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < hash->count; i++) {
		if (!keep(hash_at(hash, i), arg))
			continue;
		if (kept != i)
			memcpy(hash_at(hash, kept), hash_at(hash, i), hash->item_size);
		kept++;
	}
	if (kept == hash->count)
		return;
	hash->count = kept;
	if (!kept) {
		hash_clear(hash);
	} else if (kept > hash->capacity / 4 || !hash_resize(hash, kept * 2)) {
		memset(hash->slots, 0, hash->slot_count * sizeof(*hash->slots));
		hash_fill_slots(hash);
	}
}
