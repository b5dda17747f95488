/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory that the BPF program of drop_reasons.bpf.c writes and netdiagd reads: included by both
 * sides, so it declares nothing but sizes and layout.
 *
 * A slot holds a key, and each shard a count for each slot. CPU n counts in shard n modulo their
 * number, so that CPUs which drop packets at the same time do not fight for one cache line.
 */
#ifndef NETDIAG_DROP_COUNTS_H
#define NETDIAG_DROP_COUNTS_H

/* At most half of the slots are in use, so that a free one, or the key itself, is never far. */
#define DROP_SLOTS    8192
#define DROP_KEYS_MAX (DROP_SLOTS / 2)

/* How many slots are looked at for a key. */
#define DROP_PROBES 64

/* The slot that counts what found no other. */
#define DROP_SLOT_OVERFLOW DROP_SLOTS

#define DROP_SHARDS_MAX 64

/* A key: the reason plus 1 in the upper half, the interface's index (0: none) in the lower. */
struct drop_table {
	unsigned long long keys[DROP_SLOTS]; /* 0: free */
	unsigned int used;		     /* slots that hold a key */
	unsigned int bound;		     /* how many may; netdiagd sets it */
};

struct drop_shard {
	unsigned long long packets[DROP_SLOTS + 1];
};

#endif
