/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP and UDP sockets over NETLINK_SOCK_DIAG (inet_diag): what the socket collectors share.
 * Unprivileged. Sockets of this process's own network namespace only.
 */
#ifndef NETDIAG_KERNEL_SOCK_DIAG_H
#define NETDIAG_KERNEL_SOCK_DIAG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "collectors/kernel/netlink.h"

#define ENDPOINT_SIZE 65 /* "[fe80::1%eth0]:53" */
#define ADDRESS_SIZE  65
#define COMMAND_SIZE  17 /* TASK_COMM_LEN and the NUL */

/* TCP states are <netinet/tcp.h>'s; this one only the kernel has (since 4.4): a request socket. It
 * is shown as TCP_SYN_RECV. */
#define SOCKDIAG_NEW_SYN_RECV 12

/* A set of states, for struct sock_diag_query. */
#define SOCKDIAG_STATE(state) (1u << (state))

/* A local endpoint. Bytes that are not used are 0, so that two of them can be compared as memory.
 */
struct endpoint_key {
	uint8_t address[16]; /* network byte order; IPv4 in the first 4 bytes */
	uint32_t interface;  /* index of the interface it is bound to; 0: none */
	uint16_t port;
	uint8_t family; /* AF_INET or AF_INET6 */
	uint8_t kind;	/* 0; socket_drops.c has others */
};

/* Memory of one socket (INET_DIAG_SKMEMINFO, since 3.6), bytes. */
struct socket_memory {
	uint32_t rx_queue;  /* SK_MEMINFO_RMEM_ALLOC */
	uint32_t rx_buffer; /* SK_MEMINFO_RCVBUF */
	uint32_t tx_alloc;  /* SK_MEMINFO_WMEM_ALLOC: handed to the device, or UDP's */
	uint32_t tx_queue;  /* SK_MEMINFO_WMEM_QUEUED: TCP's */
	uint32_t tx_buffer; /* SK_MEMINFO_SNDBUF */
};

/* Losses and round-trip time of a TCP connection (INET_DIAG_INFO, struct tcp_info). The counts
 * wrap.
 */
struct socket_path {
	uint32_t rtt;		/* us, smoothed; 0: not measured yet */
	uint32_t rtt_var;	/* us, mean deviation */
	uint32_t retransmits;	/* segments sent again in the connection's life */
	uint32_t data_segments; /* segments with data sent, those again included; since 4.6 */
	bool has_data_segments;
};

/* One socket, as inet_diag describes it. */
struct inet_socket {
	struct endpoint_key local;
	struct endpoint_key remote;
	uint64_t cookie;	/* never used twice */
	uint32_t uid;		/* of the user who made it, as this user namespace numbers users */
	uint32_t inode;		/* 0: no file has it (a request, an orphan, TIME_WAIT) */
	uint32_t receive_queue; /* idiag_rqueue: bytes; a listener's accept queue */
	uint32_t send_queue;	/* idiag_wqueue: bytes; a listener's limit of that queue */
	uint32_t drops;		/* SK_MEMINFO_DROPS; since 4.7 */
	uint8_t state;		/* 1 to 12 */
	bool full;		/* a whole socket: no request and no TIME_WAIT mini-socket */
	bool time_wait;		/* a mini-socket; its state may be TCP_FIN_WAIT2 */
	bool has_memory;
	bool has_drops;
	bool has_path;
	struct socket_memory memory;
	struct socket_path path;
};

/*
 * Decodes one message of a dump. Pure. 0, or -EBADMSG when it is no inet_diag message, is cut off,
 * or says what no kernel says (another family, a state that there is not).
 */
int sock_diag_decode(const struct nlmsghdr *message, struct inet_socket *socket);

/* What to dump. */
struct sock_diag_query {
	uint8_t family;	  /* AF_INET or AF_INET6; for TCP also AF_UNSPEC: both, in one walk over the
			     kernel's table, listeners before connections */
	uint8_t protocol; /* IPPROTO_TCP or IPPROTO_UDP */
	uint32_t states;  /* SOCKDIAG_STATE() of those that are wanted */
	bool memory;	  /* with memory and drops */
	bool path;	  /* ask for tcp_info, too */
	uint16_t port_low;  /* local ports from here; 0: all */
	uint16_t port_high; /* to here, included; 0: all */
};

/* Called for each socket of a dump. 0 to go on, or -errno to give up. */
typedef int sock_diag_socket_fn(const struct inet_socket *socket, void *arg);

/*
 * Dumps sockets, one at a time, nothing is collected. nl is opened when it is closed. restart (may
 * be NULL) is called before an interrupted dump begins anew. The kernel's answer is no snapshot: a
 * socket that comes or goes meanwhile can be missed or, rarely, another one be listed twice.
 * 0 or -errno as netlink_dump(); -ENOENT: the kernel has no tcp_diag or udp_diag;
 * -EPROTONOSUPPORT: no sock_diag at all.
 */
int sock_diag_dump(struct netlink *nl, const struct sock_diag_query *query,
		   sock_diag_socket_fn *each, netlink_restart_fn *restart, void *arg);

/* What to do about an error of sock_diag_dump(), for messages. Never NULL. */
const char *sock_diag_remedy(int err);

/* The name of an interface of this namespace; its number when it has none any more. text:
 * IF_NAMESIZE bytes. Not a pure function: it asks the kernel. */
void sock_diag_interface(uint32_t interface, char *text);

/*
 * Writes "192.0.2.1" or "fe80::1", with "%INTERFACE" when interface is not empty. Only printable
 * ASCII is written, whatever an interface is called. Pure. text: ADDRESS_SIZE bytes.
 */
void address_format(const struct endpoint_key *key, const char *interface, char *text);

/*
 * Writes "0.0.0.0:22", "[::]:80", "[fe80::1%eth0]:53", "0.0.0.0%eth0:67", "0.0.0.0:*" where there
 * is no port. IPv4 on a dual-stack socket is "[::ffff:192.0.2.1]:80". Pure. text: ENDPOINT_SIZE
 * bytes.
 */
void endpoint_format(const struct endpoint_key *key, const char *interface, char *text);

#endif
