/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagLimitTable: what is used of each limit of the kernel, from /proc/net/sockstat, /proc/sys,
 * rtnetlink (neighbour tables) and sock_diag (ephemeral ports). */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/limit/ephemeral_ports.h"
#include "collectors/limit/limits.h"
#include "collectors/limit/neighbors.h"
#include "collectors/protocol/memory.h"

const struct row_type limit_row_type = {
	ROW_TYPE_TEXT("limit", struct limit_row, name),
	.key = {ROW_TEXT(struct limit_row, name)},
};

/* Counting the ports of a host with very many connections takes time (0.1 s for 54,000 outgoing
 * ones among 108,000 sockets): it is done again only after this many times as long as it took, the
 * result being shown meanwhile. That is less than half a percent of a processor. */
#define PORTS_REST 250

struct limits_state {
	struct netlink route;
	struct netlink diag;
	uint64_t ports_due; /* monotonic ns */
	struct port_usage ports;
};

/* What the limits of one collection share. */
struct reading {
	struct collect *c;
	struct rows sockstat; /* of protocol_row_type */
	struct neighbor_tables neighbors;
	int neighbors_err;
};

/* One limit. read() sets what it can of used and max; -errno when one of them is missing for a
 * reason worth reporting. */
struct limit {
	const char *name;
	const char *sysctl;
	int (*read)(struct reading *reading, const struct limit *limit, struct limit_row *row);
	const char *protocol; /* limit_read_protocol: the line of sockstat */
	size_t used;	      /* and the member of its row */
	size_t word;	      /* which number of the setting is the limit */
	enum neighbor_family family;
};

static const struct roots *limit_roots(const struct reading *reading)
{
	return &reading->c->settings->roots;
}

/* Reads a setting into c->buf: "net.ipv4.tcp_mem" is sys/net/ipv4/tcp_mem. */
static int limit_read_sysctl(const struct reading *reading, const char *name)
{
	char path[sizeof(((struct limit_row *)0)->sysctl)];

	snprintf(path, sizeof(path), "%s", name);
	for (char *dot = path; (dot = strchr(dot, '.'));)
		*dot = '/';
	return procfs_read(limit_roots(reading), ROOT_PROC, reading->c->buf, "sys/%s", path);
}

/* Number `word` of a setting, from 0; what stands before it must be numbers too. 0 or -errno. */
static int limit_sysctl_number(const struct reading *reading, const char *name, size_t word,
			       uint64_t *number)
{
	int err = limit_read_sysctl(reading, name);
	struct span rest, line, text;
	uint64_t value;

	if (err)
		return err;
	rest = filebuf_span(reading->c->buf);
	if (!span_line(&rest, &line))
		return -EBADMSG;
	do
		if (!span_word(&line, &text) || span_u64(text, &value))
			return -EBADMSG;
	while (word--);
	*number = value;
	return 0;
}

/* What sockstat counts. */
static int limit_read_protocol(struct reading *reading, const struct limit *limit,
			       struct limit_row *row)
{
	const struct protocol_row *protocol = protocol_memory_find(&reading->sockstat,
								   limit->protocol);
	int err = limit_sysctl_number(reading, limit->sysctl, limit->word, &row->max);

	if (protocol)
		row->used = row_number(protocol, limit->used);
	return row->used == ROW_ABSENT && !err ? -ENODATA : err;
}

static int limit_read_conntrack(struct reading *reading, const struct limit *limit,
				struct limit_row *row)
{
	int err = limit_sysctl_number(reading, "net.netfilter.nf_conntrack_count", 0, &row->used);

	if (!err)
		err = limit_sysctl_number(reading, limit->sysctl, limit->word, &row->max);
	if (!err && !row->max)
		row->max = ROW_ABSENT; /* unlimited */
	return err;
}

/* rtnetlink has both numbers in any namespace; the setting is there only in the first one. */
static int limit_read_neighbors(struct reading *reading, const struct limit *limit,
				struct limit_row *row)
{
	const struct neighbor_table *table = &reading->neighbors.family[limit->family];
	struct utsname kernel;

	if (!roots_live(limit_roots(reading)))
		return limit_sysctl_number(reading, limit->sysctl, 0, &row->max) ? -ENOENT
										 : -EOPNOTSUPP;
	if (reading->neighbors_err)
		return reading->neighbors_err;
	uname(&kernel);
	row->used = neighbors_used(table, kernel.release);
	row->max = table->max;
	return row->max == ROW_ABSENT ? -ENODATA : 0;
}

static int limit_count_ports(struct reading *reading, const struct port_range *range)
{
	struct limits_state *state = reading->c->state;
	uint64_t reuse, before = clock_monotonic();
	int err;

	if (!roots_live(limit_roots(reading)))
		return -EOPNOTSUPP;
	if (before < state->ports_due)
		return 0;
	err = limit_sysctl_number(reading, "net.ipv4.tcp_tw_reuse", 0, &reuse);
	if (!err)
		err = ephemeral_ports_ask(&state->diag, range, (enum port_reuse)reuse,
					  &state->ports);
	if (!err)
		state->ports_due = before + (clock_monotonic() - before) * PORTS_REST;
	return err;
}

static int limit_read_ports(struct reading *reading, const struct limit *limit,
			    struct limit_row *row)
{
	const struct limits_state *state = reading->c->state;
	struct port_range range;
	int err = limit_read_sysctl(reading, limit->sysctl);

	if (!err)
		err = ephemeral_ports_parse_range(filebuf_span(reading->c->buf), &range);
	if (!err)
		err = limit_read_sysctl(reading, "net.ipv4.ip_local_reserved_ports");
	if (!err)
		err = ephemeral_ports_parse_reserved(filebuf_span(reading->c->buf), &range);
	if (err)
		return err;
	row->max = range.count;
	err = limit_count_ports(reading, &range);
	if (!err) {
		row->used = state->ports.used;
		ROW_SET_TEXT(row->detail, state->ports.detail);
	}
	return err;
}

#define MEMBER(m) offsetof(struct protocol_row, m)
/* clang-format off */
static const struct limit limits[] = {
	{.name = "tcp-memory", .sysctl = "net.ipv4.tcp_mem", .word = 2,
	 .read = limit_read_protocol, .protocol = "TCP", .used = MEMBER(mem_pages)},
	{.name = "udp-memory", .sysctl = "net.ipv4.udp_mem", .word = 2,
	 .read = limit_read_protocol, .protocol = "UDP", .used = MEMBER(mem_pages)},
	{.name = "tcp-orphans", .sysctl = "net.ipv4.tcp_max_orphans",
	 .read = limit_read_protocol, .protocol = "TCP", .used = MEMBER(orphans)},
	{.name = "tcp-time-wait", .sysctl = "net.ipv4.tcp_max_tw_buckets",
	 .read = limit_read_protocol, .protocol = "TCP", .used = MEMBER(time_wait)},
	{.name = "fragment-memory", .sysctl = "net.ipv4.ipfrag_high_thresh",
	 .read = limit_read_protocol, .protocol = "FRAG", .used = MEMBER(mem_bytes)},
	{.name = "fragment-memory-ipv6", .sysctl = "net.ipv6.ip6frag_high_thresh",
	 .read = limit_read_protocol, .protocol = "FRAG6", .used = MEMBER(mem_bytes)},
	{.name = "conntrack", .sysctl = "net.netfilter.nf_conntrack_max",
	 .read = limit_read_conntrack},
	{.name = "neighbor-ipv4", .sysctl = "net.ipv4.neigh.default.gc_thresh3",
	 .read = limit_read_neighbors, .family = NEIGHBOR_IPV4},
	{.name = "neighbor-ipv6", .sysctl = "net.ipv6.neigh.default.gc_thresh3",
	 .read = limit_read_neighbors, .family = NEIGHBOR_IPV6},
	{.name = "ephemeral-ports", .sysctl = "net.ipv4.ip_local_port_range",
	 .read = limit_read_ports},
};
/* clang-format on */

/* Reads what several limits need. What could not be read each of them reports itself. */
static void limits_read_shared(struct reading *reading)
{
	static const char *const paths[] = {"net/sockstat", "net/sockstat6"};
	struct limits_state *state = reading->c->state;

	for (size_t i = 0; i < COUNT_OF(paths); i++) {
		struct faults faults = {0};

		if (!procfs_read(limit_roots(reading), ROOT_PROC, reading->c->buf, "%s", paths[i]))
			protocol_memory_parse(filebuf_span(reading->c->buf), &reading->sockstat,
					      &faults);
	}
	if (roots_live(limit_roots(reading)))
		reading->neighbors_err = neighbors_ask(&state->route, &reading->neighbors);
}

static const char *limit_reason(int err)
{
	switch (err) {
	case -ENOENT:
		return "not in this kernel or network namespace, or the module is not loaded";
	case -ENODATA:
		return "the kernel does not give it";
	case -EOPNOTSUPP:
		return "netlink is not asked under another proc root";
	default:
		return strerror(-err);
	}
}

/* Says which limits are incomplete, those with one reason together. errs: of each limit. */
static void limits_note_incomplete(struct collect *c, const int errs[])
{
	char list[COLLECT_ERROR_SIZE] = "";
	size_t used = 0;

	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		bool noted = !errs[i];

		for (size_t before = 0; before < i; before++)
			noted = noted || errs[before] == errs[i];
		if (noted)
			continue;
		for (size_t same = i; same < COUNT_OF(limits) && used < sizeof(list); same++)
			if (errs[same] == errs[i])
				used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
							 same == i ? (used ? "; " : "") : ", ",
							 limits[same].name);
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, ": %s",
						 limit_reason(errs[i]));
	}
	if (used)
		collect_note(c, "incomplete: %s", list);
}

static int limits_collect(struct collect *c)
{
	struct reading reading = {.c = c};
	int errs[COUNT_OF(limits)] = {0};

	rows_init(&reading.sockstat, &protocol_row_type);
	limits_read_shared(&reading);
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		struct limit_row *row = rows_add(&c->rows[0]);

		errs[i] = row ? limits[i].read(&reading, &limits[i], row) : -ENOMEM;
		if (procfs_exhausted(errs[i]))
			break;
		ROW_SET_TEXT(row->name, limits[i].name);
		ROW_SET_TEXT(row->sysctl, limits[i].sysctl);
		row->usage = row_usage(row->used, row->max);
		if (row->used == ROW_ABSENT && row->max == ROW_ABSENT)
			rows_drop_last(&c->rows[0]);
	}
	rows_clear(&reading.sockstat);
	for (size_t i = 0; i < COUNT_OF(limits); i++)
		if (procfs_exhausted(errs[i]))
			return collect_fail(c, errs[i], "%s", limits[i].name);
	if (!c->rows[0].count)
		return collect_fail(c, -ENOENT,
				    "no limit can be read below %s. Check that procfs is mounted "
				    "and that netdiagd may read it",
				    c->settings->roots.path[ROOT_PROC]);
	limits_note_incomplete(c, errs);
	collect_source(c, "%s/net/sockstat, %s/sys/net%s", c->settings->roots.path[ROOT_PROC],
		       c->settings->roots.path[ROOT_PROC],
		       roots_live(&c->settings->roots) ? ", rtnetlink, sock_diag" : "");
	return 0;
}

static void limits_close(void *arg)
{
	struct limits_state *state = arg;

	netlink_close(&state->route);
	netlink_close(&state->diag);
}

const struct collector limits_collector = {
	.name = "limit",
	.interval_ms = 5000,
	.rows = {&limit_row_type, NULL},
	.state_size = sizeof(struct limits_state),
	.collect = limits_collect,
	.close = limits_close,
};
