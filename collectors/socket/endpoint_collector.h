/* SPDX-License-Identifier: BSD-2-Clause */
/* What the listener and udpSocket collectors share: from a dump of sockets to rows by endpoint. */
#ifndef NETDIAG_SOCKET_ENDPOINT_COLLECTOR_H
#define NETDIAG_SOCKET_ENDPOINT_COLLECTOR_H

#include "collectors/collector.h"
#include "collectors/socket/endpoints.h"
#include "collectors/socket/owner.h"

/* What a collector is about. Constant. */
struct endpoint_source {
	const char *sockets;   /* "listeners", for messages */
	const char *directive; /* the word of `maxRows` */
	enum max_rows max_rows;
	uint8_t protocol;
	uint32_t states;
	bool listeners; /* see struct endpoints */
	bool note_idle; /* report endpoints without a row even when they are idle */
	struct endpoint_pins *pins;
	/* The queue of a socket and its limit. */
	uint64_t (*queue)(const struct inet_socket *socket);
	uint64_t (*limit)(const struct inet_socket *socket);
	/* Fills a new row; the owner's pid is ROW_ABSENT when it is not known. interface: the name
	 * of the one that the endpoint is bound to, or empty. */
	void (*fill)(const struct collect *c, const struct endpoint *endpoint,
		     const char *interface, uint64_t pid, void *row);
	size_t name; /* offset of the row's char[ENDPOINT_SIZE] that names it */
	/* Writes that name; NULL: endpoint_format(). */
	void (*format)(const struct endpoint_key *key, const char *interface, char *text);
};

/* The beginning of the collector's state. Zeroed memory is empty. */
struct endpoint_state {
	struct netlink nl;
	struct endpoints endpoints;
	struct owners *owners;
};

/* Prepares the state at the first collection. 0 or -ENOMEM. */
int endpoint_collector_open(struct collect *c, const struct endpoint_source *source);

/* Dumps the sockets into the endpoints. 0 or -errno, collect_fail() said why. */
int endpoint_collector_dump(struct collect *c, const struct endpoint_source *source);

/* The dump is complete: notes what was passed over. */
void endpoint_collector_end(struct collect *c, const struct endpoint_source *source);

/* Then fills the rows. 0 or -errno. */
int endpoint_collector_show(struct collect *c, const struct endpoint_source *source);

/* Releases the state. A collector whose state is nothing more may have this as its close(). */
void endpoint_collector_close(void *endpoint_state);

#endif
