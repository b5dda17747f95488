/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The memory that the BPF program of drop_reasons.bpf.c writes and netdiagd reads: included by both
 * sides, so it declares nothing but sizes and layout.
 *
 * Each slot holds a key, and each shard has a count for every slot. CPU n counts in shard n modulo
 * the number of shards, so that CPUs do not contend for cache lines.
 */
#ifndef NETDIAG_DROP_COUNTS_H
#define NETDIAG_DROP_COUNTS_H

/* At most half of the slots are in use, which keeps probe sequences short. */
#define DROP_SLOTS    8192
#define DROP_KEYS_MAX (DROP_SLOTS / 2)

/* The longest probe sequence. */
#define DROP_PROBES 64

/* Counts packets whose key got no slot. */
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
