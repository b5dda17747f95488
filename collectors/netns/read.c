/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>

#include "collectors/netns/read.h"
#include "collectors/protocol/counters.h"
#include "collectors/protocol/memory.h"

void netns_reader_init(struct netns_reader *reader, const struct roots *roots, struct filebuf *buf)
{
	reader->roots = roots;
	reader->buf = buf;
	rows_init(&reader->counters, &counter_row_type);
	rows_init(&reader->protocols, &protocol_row_type);
}

void netns_reader_free(struct netns_reader *reader)
{
	rows_clear(&reader->counters);
	rows_clear(&reader->protocols);
}

int netns_conntrack_entries(struct span text, uint64_t *entries)
{
	struct span header, line, name, value;

	if (!span_line(&text, &header) || !span_line(&text, &line))
		return -EBADMSG;
	while (span_word(&header, &name) && span_word(&line, &value))
		if (span_equal(name, "entries"))
			return span_hex(value, entries) ? -EBADMSG : 0;
	return -EBADMSG;
}

/* Reads a file below PROCESS/net into the buffer. 0 or -errno. */
static int read_file(struct netns_reader *reader, const char *process, const char *file,
		     struct span *text)
{
	int err = procfs_read(reader->roots, ROOT_PROC, reader->buf, "%s/net/%s", process, file);

	*text = err ? (struct span){"", 0} : (struct span){reader->buf->data, reader->buf->len};
	return err;
}

typedef int parse_fn(struct span text, struct rows *rows, struct faults *faults);

/* 0, -ENOMEM, or why it cannot be read. */
static int parse_file(struct netns_reader *reader, const char *process, const char *file,
		      parse_fn *parse, struct rows *rows)
{
	struct faults faults = {.count = 0};
	struct span text;
	int err = read_file(reader, process, file, &text);

	return err ? err : parse(text, rows, &faults);
}

/* The sum of what is known of both. */
static uint64_t sum_known(uint64_t a, uint64_t b)
{
	return a == ROW_ABSENT ? b : b == ROW_ABSENT ? a : a + b;
}

static int read_counters(struct netns_reader *reader, const char *process, struct netns_row *row)
{
	struct rows *counters = &reader->counters;
	struct tcp_row tcp;
	struct udp_row udp;
	int err;

	counters->count = 0;
	err = parse_file(reader, process, "snmp", counters_parse_pairs, counters);
	if (err)
		return err;
	if (parse_file(reader, process, "netstat", counters_parse_pairs, counters) == -ENOMEM ||
	    parse_file(reader, process, "snmp6", counters_parse_snmp6, counters) == -ENOMEM)
		return -ENOMEM;
	rows_sort(counters);
	row_reset(&tcp_row_type, &tcp);
	row_reset(&udp_row_type, &udp);
	counters_fill_tcp(counters, &tcp);
	counters_fill_udp(counters, &udp);
	row->listen_overflows = tcp.listen_overflows;
	row->listen_drops = tcp.listen_drops;
	row->retrans_segs = tcp.retrans_segs;
	row->attempt_fails = tcp.attempt_fails;
	row->udp_rcvbuf_errors = sum_known(udp.udp.rcvbuf_errors, udp.udp6.rcvbuf_errors);
	return 0;
}

static uint64_t in_use(const struct rows *protocols, const char *name)
{
	const struct protocol_row *row = protocol_memory_find(protocols, name);

	return row ? row->in_use : ROW_ABSENT;
}

static int read_sockets(struct netns_reader *reader, const char *process, struct netns_row *row,
			struct netns_sockets *sockets)
{
	struct rows *protocols = &reader->protocols;
	const struct protocol_row *tcp;

	protocols->count = 0;
	if (parse_file(reader, process, "sockstat", protocol_memory_parse, protocols) == -ENOMEM ||
	    parse_file(reader, process, "sockstat6", protocol_memory_parse, protocols) == -ENOMEM)
		return -ENOMEM;
	sockets->tcp = in_use(protocols, "TCP");
	sockets->tcp6 = in_use(protocols, "TCP6");
	row->sockets_used = in_use(protocols, "sockets");
	row->tcp_in_use = sockets->tcp == ROW_ABSENT ? ROW_ABSENT
						     : sum_known(sockets->tcp, sockets->tcp6);
	tcp = protocol_memory_find(protocols, "TCP");
	if (tcp)
		row->time_wait = tcp->time_wait;
	return 0;
}

int netns_read(struct netns_reader *reader, const char *process, struct netns_row *row,
	       struct netns_sockets *sockets)
{
	struct span text;
	int err = read_counters(reader, process, row);

	if (!err)
		err = read_sockets(reader, process, row, sockets);
	if (err)
		return err;
	if (!read_file(reader, process, "stat/nf_conntrack", &text) &&
	    netns_conntrack_entries(text, &row->conntrack_entries))
		row->conntrack_entries = ROW_ABSENT;
	return 0;
}
