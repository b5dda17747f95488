/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads what netdiagNetnsTable shows of one network namespace from the files in /proc/PID/net of a
 * process that lives in it.
 */
#include <config.h>

#include <errno.h>

#include "collectors/kernel/sockstat.h"
#include "collectors/netns/read.h"

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

/* Finds a counter in the text of /proc/net/snmp6. 0 or -errno. */
static int netns_find_snmp6(struct span text, const char *wanted, uint64_t *value)
{
	struct span line, name, number;

	while (span_line(&text, &line))
		if (span_word(&line, &name) && span_equal(name, wanted))
			return span_word(&line, &number) ? span_u64(number, value) : -EBADMSG;
	return -ENOENT;
}

/* The sum of what is known of both. */
static uint64_t netns_sum_known(uint64_t a, uint64_t b)
{
	return a == ROW_ABSENT ? b : b == ROW_ABSENT ? a : a + b;
}

/* Reads a file below PROCESS/net; *text is empty when that fails. 0 or -errno. */
static int netns_read_file(const struct roots *roots, struct filebuf *buf, const char *process,
			   const char *file, struct span *text)
{
	int err = procfs_read(roots, ROOT_PROC, buf, "%s/net/%s", process, file);

	*text = err ? (struct span){"", 0} : filebuf_span(buf);
	return err;
}

int netns_read(const struct roots *roots, struct filebuf *buf, const char *process,
	       struct netns_row *row)
{
	uint64_t udp6_errors = ROW_ABSENT;
	struct sockstat numbers;
	struct span text;
	int err = netns_read_file(roots, buf, process, "snmp", &text);

	if (err)
		return err;
	snmp_find(text, "Tcp", "RetransSegs", &row->retrans_segs);
	snmp_find(text, "Tcp", "AttemptFails", &row->attempt_fails);
	snmp_find(text, "Udp", "RcvbufErrors", &row->udp_rcvbuf_errors);
	if (netns_read_file(roots, buf, process, "netstat", &text) == -ENOMEM)
		return -ENOMEM;
	snmp_find(text, "TcpExt", "ListenOverflows", &row->listen_overflows);
	snmp_find(text, "TcpExt", "ListenDrops", &row->listen_drops);
	if (netns_read_file(roots, buf, process, "snmp6", &text) == -ENOMEM)
		return -ENOMEM;
	netns_find_snmp6(text, "Udp6RcvbufErrors", &udp6_errors);
	row->udp_rcvbuf_errors = netns_sum_known(row->udp_rcvbuf_errors, udp6_errors);
	if (netns_read_file(roots, buf, process, "sockstat", &text) == -ENOMEM)
		return -ENOMEM;
	sockstat_find(text, "sockets", &numbers);
	row->sockets_used = numbers.in_use;
	sockstat_find(text, "TCP", &numbers);
	row->tcp_in_use = numbers.in_use;
	row->time_wait = numbers.time_wait;
	if (netns_read_file(roots, buf, process, "sockstat6", &text) == -ENOMEM)
		return -ENOMEM;
	sockstat_find(text, "TCP6", &numbers);
	if (row->tcp_in_use != ROW_ABSENT)
		row->tcp_in_use = netns_sum_known(row->tcp_in_use, numbers.in_use);
	if (!row->tcp_in_use)
		row->close_wait = 0;
	if (netns_read_file(roots, buf, process, "stat/nf_conntrack", &text) == -ENOMEM)
		return -ENOMEM;
	netns_conntrack_entries(text, &row->conntrack_entries);
	return 0;
}
