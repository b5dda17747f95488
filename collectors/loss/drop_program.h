/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BPF program that counts drops (drop_reasons.bpf.c): loading and attaching it, and reading
 * what it counted from memory that it shares with netdiagd, for which no capability is needed.
 */
#ifndef NETDIAG_DROP_PROGRAM_H
#define NETDIAG_DROP_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collectors/loss/drop_counts.h"
#include "collectors/loss/drop_names.h"

#define DROP_PROGRAM_WHY_SIZE 192

/* The memory is the kernel's and changes while it is read. */
struct drop_program {
	int link;			/* a descriptor; closing it detaches the program */
	struct drop_table *table;	/* mapped; netdiagd sets the bound and frees slots */
	const struct drop_shard *shard; /* mapped */
	uint32_t shards;
	struct drop_names names;
};

/* False if netdiagd was built without libbpf. */
extern const bool drop_program_built;

/*
 * Loads the program and attaches it. Nothing is pinned: it is gone when the process ends or calls
 * drop_program_close(). own_netns: inode of the network namespace whose interfaces are told apart;
 * bound: how many keys are counted at most. 0, or -errno with a sentence about it, and the remedy,
 * in why: -EPERM when a capability is missing, -EOPNOTSUPP when the kernel or this build cannot do
 * it.
 */
int drop_program_open(struct drop_program *program, uint32_t own_netns, uint32_t bound,
		      char why[DROP_PROGRAM_WHY_SIZE]);

/* Detaches the program and releases everything. Zeroed memory is closed. */
void drop_program_close(struct drop_program *program);

#endif
