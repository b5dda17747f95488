/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's names of its drop reasons. Their numbers differ from kernel to kernel, so they come
 * from the running kernel's type information (BTF). */
#ifndef NETDIAG_DROP_NAMES_H
#define NETDIAG_DROP_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf;

#define DROP_NAME_SIZE 64

struct drop_name {
	uint32_t reason;
	char text[DROP_NAME_SIZE]; /* "NO_SOCKET" */
};

/* Owns its memory; zeroed is empty. */
struct drop_names {
	size_t count;
	struct drop_name *name; /* ascending by reason */
};

/*
 * Takes the names of enum skb_drop_reason, without the prefix SKB_DROP_REASON_ (or SKB_), and those
 * of subsystems, whose reasons have a number of the subsystem in their upper 16 bits: enums that
 * end in _drop_reason. Only types from number `first` on are looked at: 1 for a kernel's, the
 * base's type count for a module's. 0 or -ENOMEM; a BTF without such an enum adds nothing.
 */
int drop_names_add(struct drop_names *names, const struct btf *btf, uint32_t first);
void drop_names_free(struct drop_names *names);

/* Writes the kernel's name of a reason. Reasons without one become "REASON_n", those of subsystems
 * "SUBSYSTEM_n/number". */
void drop_names_text(const struct drop_names *names, uint32_t reason, char text[DROP_NAME_SIZE]);

/* Which arguments the tracepoint skb:kfree_skb has, according to the BTF. */
struct drop_tracepoint {
	bool has_reason; /* since 5.17 */
	bool has_rx_sk;	 /* the socket that was to receive the packet, since 6.11 */
};

struct drop_tracepoint drop_tracepoint_of(const struct btf *btf);

#endif
