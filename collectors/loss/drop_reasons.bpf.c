/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Counts, in the kernel, the packets that it drops, by the reason of the tracepoint skb:kfree_skb
 * and the network interface. Copies nothing, and does nothing for packets that are not dropped.
 *
 * The kernel's types are declared here as far as they are read; libbpf finds each member's place in
 * the running kernel by its BTF.
 */
typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed int __s32;
typedef signed long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>

#include "collectors/loss/drop_counts.h"

/* From linux/bpf.h, which needs headers that the target "bpf" lacks. */
#define BPF_MAP_TYPE_ARRAY 2
#define BPF_F_MMAPABLE	   (1U << 10)

/* The flag in the lowest bit of skb->_skb_refdst. */
#define SKB_DST_NOREF 1UL

/* Inodes of namespaces begin at PROC_DYNAMIC_FIRST; those of the initial ones are a little lower
 * since 6.18. */
#define NAMESPACE_FIRST (0xf0000000U - 16)

#define relocated __attribute__((preserve_access_index))

struct ns_common {
	unsigned int inum;
} relocated;

struct net {
	struct ns_common ns;
} relocated;

typedef struct {
	struct net *net;
} relocated possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} relocated;

struct dst_entry {
	struct net_device *dev;
} relocated;

struct sock_common {
	possible_net_t skc_net;
} relocated;

struct sock {
	struct sock_common __sk_common;
} relocated;

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned long _skb_refdst;
	int skb_iif;
} relocated;

/* Set before the program is loaded. */
const volatile __u32 own_netns; /* inode of netdiagd's network namespace */
const volatile __u32 shards;
const volatile _Bool has_rx_sk; /* the tracepoint names the receiving socket, since 6.11 */

struct drop_table table;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, DROP_SHARDS_MAX);
	__type(key, __u32);
	__type(value, struct drop_shard);
} counts SEC(".maps");

/* The address of netdiagd's network namespace, once it is known. In a map of its own, because
 * netdiagd must not see addresses of the kernel in the memory that it maps. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, const struct net *);
} own_net SEC(".maps");

/* bpf_probe_read_kernel(), which the functions below need, is for GPL-compatible programs only. */
char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Which network namespace something is in. */
enum place {
	NOWHERE, /* the pointer does not lead to a namespace */
	ELSEWHERE,
	HERE, /* netdiagd's */
};

/* Compares a namespace with netdiagd's: by inode until its address is known, by address from then
 * on, which is faster. The address stays valid because netdiagd is in the namespace. */
static __always_inline enum place net_place(const struct net *net)
{
	__u32 key = 0, inum;
	const struct net **own = bpf_map_lookup_elem(&own_net, &key);

	if (!net || !own)
		return NOWHERE;
	if (net == *own)
		return HERE;
	inum = BPF_CORE_READ(net, ns.inum);
	if (inum != own_netns)
		return inum >= NAMESPACE_FIRST ? ELSEWHERE : NOWHERE;
	*own = net;
	return HERE;
}

/* Whether an address is in the upper half, which belongs to the kernel on most architectures. The
 * program dereferences such pointers itself: if one leads nowhere, the kernel catches the fault.
 * All others, which UDP's scratch space may have left, need the slower bpf_probe_read_kernel(). */
static __always_inline _Bool is_kernel_address(const void *pointer)
{
	return (__s64)pointer < 0;
}

static __always_inline enum place device_place(const struct net_device *dev)
{
	if (!dev)
		return NOWHERE;
	if (!bpf_core_field_exists(dev->nd_net.net)) /* a kernel without CONFIG_NET_NS */
		return HERE;
	return net_place(is_kernel_address(dev) ? dev->nd_net.net : BPF_CORE_READ(dev, nd_net.net));
}

static __always_inline enum place route_place(const struct dst_entry *dst)
{
	if (!dst)
		return NOWHERE;
	if (!bpf_core_field_exists(dst->dev->nd_net.net))
		return HERE;
	return net_place(BPF_CORE_READ(dst, dev, nd_net.net));
}

static __always_inline enum place socket_place(const struct sock *sk)
{
	if (!sk)
		return NOWHERE;
	if (!bpf_core_field_exists(sk->__sk_common.skc_net.net))
		return HERE;
	return net_place(BPF_CORE_READ(sk, __sk_common.skc_net.net));
}

/*
 * The ifindex of the interface that held the packet, if it is in netdiagd's network namespace, or
 * 0.
 *
 * skb->dev is not always a device: it shares its memory with UDP's scratch space and with the
 * rbtree node by which TCP and some qdiscs sort packets. It is trusted only if it leads to a
 * network namespace. Otherwise skb_iif tells where the packet came in, in the namespace of the
 * receiving socket or of the route. The sk_buff itself is valid; what it points to may be anything.
 */
static __always_inline __u32 drop_interface(const struct sk_buff *skb, const struct sock *rx_sk)
{
	const struct net_device *dev = skb->dev;
	enum place place = device_place(dev);
	int ifindex;

	if (place == HERE) {
		ifindex = is_kernel_address(dev) ? dev->ifindex : BPF_CORE_READ(dev, ifindex);
		return ifindex > 0 ? ifindex : 0;
	}
	if (place == ELSEWHERE)
		return 0;
	ifindex = skb->skb_iif;
	if (ifindex <= 0)
		return 0;
	place = socket_place(rx_sk ? rx_sk : skb->sk);
	if (place == NOWHERE)
		place = route_place((void *)(skb->_skb_refdst & ~SKB_DST_NOREF));
	return place == HERE ? ifindex : 0;
}

/* Claims a free slot for a key. Returns the key that the slot then holds, which may be another
 * CPU's, or 0 if table.bound slots are in use. */
static __always_inline __u64 slot_claim(__u32 slot, __u64 key)
{
	__u64 before;

	if (__sync_fetch_and_add(&table.used, 1) >= table.bound) {
		__sync_fetch_and_add(&table.used, -1);
		return 0;
	}
	before = __sync_val_compare_and_swap(&table.keys[slot], 0, key);
	if (!before)
		return key;
	__sync_fetch_and_add(&table.used, -1);
	return before;
}

/* Finds or claims the slot of a key. A race between two CPUs, or with netdiagd freeing a slot, can
 * give a key two slots; netdiagd adds them up. */
static __always_inline __u32 slot_of(__u64 key)
{
	__u32 first = (__u32)((key * 0x9e3779b97f4a7c15ULL) >> 40);

	for (__u32 i = 0; i < DROP_PROBES; i++) {
		__u32 slot = (first + i) & (DROP_SLOTS - 1);
		__u64 held = table.keys[slot];

		if (!held)
			held = slot_claim(slot, key);
		if (held == key)
			return slot;
		if (!held)
			break;
	}
	return DROP_SLOT_OVERFLOW;
}

SEC("tp_btf/kfree_skb")
int count_drop(__u64 *ctx)
{
	const struct sk_buff *skb = (const void *)ctx[0];
	__u32 reason = (__u32)ctx[2];
	const struct sock *rx_sk = 0;
	struct drop_shard *shard;
	__u32 slot, cpu;

	if (has_rx_sk)
		rx_sk = (const void *)ctx[3];
	cpu = bpf_get_smp_processor_id();
	if (cpu >= shards) /* spares a division in the common case */
		cpu %= shards;
	shard = bpf_map_lookup_elem(&counts, &cpu);
	if (!shard)
		return 0;
	slot = slot_of(((__u64)reason + 1) << 32 | drop_interface(skb, rx_sk));
	if (slot <= DROP_SLOT_OVERFLOW)
		__sync_fetch_and_add(&shard->packets[slot], 1);
	return 0;
}
