/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagNetnsTable: the network namespaces that have a name or a process. */
#ifndef NETDIAG_NETNS_H
#define NETDIAG_NETNS_H

#include "collectors/socket/listener.h"

enum netns_source {
	NETNS_NAMED = 1,
	NETNS_PROCESS,
};

struct netns_row {
	uint64_t inode;
	uint64_t source;
	uint64_t pid;
	uint64_t sockets_used; /* these three from /proc/PID/net/sockstat, sockstat6 */
	uint64_t tcp_in_use;
	uint64_t time_wait;
	uint64_t close_wait;	   /* sock_diag, in the namespace */
	uint64_t listen_overflows; /* these five from /proc/PID/net/netstat, snmp, snmp6 */
	uint64_t listen_drops;
	uint64_t retrans_segs;
	uint64_t attempt_fails;
	uint64_t udp_rcvbuf_errors;
	uint64_t conntrack_entries;
	uint64_t conntrack_usage; /* 0.01 percent of the global maximum */
	uint64_t discontinuity;	  /* monotonic ns */
	uint64_t identity;	  /* not shown: of another namespace it differs */
	char name[65];
	char command[COMMAND_SIZE];
};

extern const struct row_type netns_row_type;
extern const struct collector netns_collector;

#endif
