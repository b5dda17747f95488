/* SPDX-License-Identifier: BSD-2-Clause */
/* base/hash.c, with keys that an attacker would choose. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/hash.h"
#include "tests/unit/unit.h"

struct item {
	uint64_t key;
	uint64_t value;
};

static bool keep_odd(const void *item, void *arg)
{
	(void)arg;
	return *(const uint64_t *)item % 2;
}

static bool keep_none(const void *item, void *arg)
{
	(void)item;
	(void)arg;
	return false;
}

START_TEST(finds_what_was_added)
{
	struct hash hash;
	struct item *item;

	hash_init(&hash, sizeof(*item), sizeof(item->key));
	for (uint64_t key = 0; key < 5000; key++) {
		ck_assert_ptr_null(hash_find(&hash, &key));
		item = hash_add(&hash, &key);
		ck_assert_uint_eq(item->key, key);
		ck_assert_uint_eq(item->value, 0);
		item->value = key * 3;
	}
	for (uint64_t key = 0; key < 5000; key++) {
		item = hash_add(&hash, &key);
		ck_assert_uint_eq(item->value, key * 3);
	}
	ck_assert_uint_eq(hash.count, 5000);
	hash_keep(&hash, keep_odd, NULL);
	ck_assert_uint_eq(hash.count, 2500);
	for (uint64_t key = 0; key < 5000; key++) {
		item = hash_find(&hash, &key);
		ck_assert(!item == !(key % 2));
		ck_assert(!item || item->value == key * 3);
	}
	hash_keep(&hash, keep_none, NULL);
	ck_assert_uint_eq(hash.count, 0);
	ck_assert_uint_eq(hash.capacity, 0);
	ck_assert_ptr_nonnull(hash_add(&hash, &(uint64_t){7}));
	hash_clear(&hash);
}
END_TEST

/* Most go: the memory goes too, the rest stays findable. */
START_TEST(shrinks)
{
	struct hash hash;
	size_t capacity;

	hash_init(&hash, sizeof(uint64_t), sizeof(uint64_t));
	for (uint64_t key = 0; key < 100000; key += 2)
		hash_add(&hash, &key);
	for (uint64_t key = 1; key < 100; key += 2)
		hash_add(&hash, &key);
	capacity = hash.capacity;
	hash_keep(&hash, keep_odd, NULL);
	ck_assert_uint_lt(hash.capacity, capacity / 4);
	for (uint64_t key = 1; key < 100; key += 2)
		ck_assert_ptr_nonnull(hash_find(&hash, &key));
	hash_clear(&hash);
}
END_TEST

START_TEST(texts)
{
	struct name {
		char text[16];
	};
	struct hash hash;

	hash_init(&hash, sizeof(struct name), sizeof(struct name));
	for (int i = 0; i < 100; i++) {
		struct name name = {""};

		snprintf(name.text, sizeof(name.text), "web#%d", i % 50);
		ck_assert_ptr_nonnull(hash_add(&hash, &name));
	}
	ck_assert_uint_eq(hash.count, 50);
	ck_assert_ptr_nonnull(hash_find(&hash, &(struct name){"web#49"}));
	ck_assert_ptr_null(hash_find(&hash, &(struct name){"web#50"}));
	hash_clear(&hash);
}
END_TEST

/* SipHash-1-3 with the key and the inputs of the authors' reference vectors: 00, 00 01, … */
START_TEST(siphash_vectors)
{
	const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
	const struct {
		size_t len;
		uint64_t sum;
	} cases[] = {
		{0, UINT64_C(0xabac0158050fc4dc)}, {1, UINT64_C(0xc9f49bf37d57ca93)},
		{2, UINT64_C(0x82cb9b024dc7d44d)}, {3, UINT64_C(0x8bf80ab8e7ddf7fb)},
		{7, UINT64_C(0xd3927d989bb11140)}, {8, UINT64_C(0x369095118d299a8e)},
		{9, UINT64_C(0x25a48eb36c063de4)},
	};
	unsigned char data[16];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		ck_assert_msg(siphash(key, data, cases[i].len) == cases[i].sum, "%zu: %lx",
			      cases[i].len, (unsigned long)siphash(key, data, cases[i].len));
}
END_TEST

/* FNV-1a, the function that anybody can compute without knowing a secret. */
static uint64_t fnv(uint64_t key)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (int i = 0; i < 8; i++)
		sum = (sum ^ (key >> 8 * i & 0xff)) * UINT64_C(0x100000001b3);
	return sum ^ sum >> 32;
}

/* How many occupied slots are passed in looking up every key once. */
static size_t probes(const struct hash *hash)
{
	size_t mask = hash->slot_count - 1, passed = 0;

	for (size_t i = 0; i < hash->slot_count; i++)
		if (hash->slots[i])
			passed += (i - hash_of(hash_at(hash, hash->slots[i] - 1), hash->key_size)) &
				  mask;
	return passed;
}

/* Keys that all belong to one slot under FNV: with it, looking each up took a million probes. */
START_TEST(chosen_keys_do_not_collide)
{
	enum { KEYS = 2048, SLOTS = 2 * KEYS };
	struct hash hash;

	hash_init(&hash, sizeof(uint64_t), sizeof(uint64_t));
	for (uint64_t key = 0; hash.count < KEYS; key++)
		if (fnv(key) % SLOTS == 1)
			ck_assert_ptr_nonnull(hash_add(&hash, &key));
	ck_assert_uint_eq(hash.slot_count, SLOTS);
	ck_assert_uint_lt(probes(&hash), 4 * KEYS);
	hash_clear(&hash);
}
END_TEST

UNIT_MAIN("hash", finds_what_was_added, shrinks, texts, siphash_vectors, chosen_keys_do_not_collide)
