/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The conntrack collector: entries and limits from /proc/sys/net/netfilter, counters of each CPU
 * over ctnetlink or, without CAP_NET_ADMIN, from /proc/net/stat/nf_conntrack.
 */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/accum.h"
#include "collectors/base/array.h"
#include "collectors/kernel/netlink.h"
#include "collectors/protocol/conntrack.h"

const struct row_type conntrack_row_type = {ROW_TYPE("conntrack", struct conntrack_row)};

const struct row_type conntrack_cpu_row_type = {
	ROW_TYPE("conntrack_cpu", struct conntrack_cpu_row),
	.key = {ROW_NUMBER(struct conntrack_cpu_row, cpu)},
};

/* Newer than some headers that this is built with. */
#define STATS_CLASH_RESOLVE (CTA_STATS_SEARCH_RESTART + 1) /* since 5.10 */
#define STATS_CHAIN_TOOLONG (CTA_STATS_SEARCH_RESTART + 2) /* since 5.15 */
#define GLOBAL_MAX_ENTRIES  (CTA_STATS_GLOBAL_ENTRIES + 1) /* since 4.18 */

#define STAT_PATH  "net/stat/nf_conntrack"
#define COUNT_PATH "sys/net/netfilter/nf_conntrack_count"

/* The counters of each CPU: attribute, name in /proc/net/stat/nf_conntrack, member. */
#define CPU_COUNTERS(X)                                               \
	X(CTA_STATS_FOUND, "found", found)                            \
	X(CTA_STATS_INVALID, "invalid", invalid)                      \
	X(CTA_STATS_INSERT, "insert", insert)                         \
	X(CTA_STATS_INSERT_FAILED, "insert_failed", insert_failed)    \
	X(CTA_STATS_DROP, "drop", drop)                               \
	X(CTA_STATS_EARLY_DROP, "early_drop", early_drop)             \
	X(CTA_STATS_ERROR, "icmp_error", error)                       \
	X(CTA_STATS_SEARCH_RESTART, "search_restart", search_restart) \
	X(STATS_CLASH_RESOLVE, "clashres", clash_resolve)             \
	X(STATS_CHAIN_TOOLONG, "chainlength", chain_too_long)

#define CPU_FIELD(attribute, column, member) \
	{attribute, column, offsetof(struct conntrack_cpu_row, member)},
static const struct cpu_field {
	uint16_t attribute;
	const char *column;
	size_t offset;
} cpu_fields[] = {CPU_COUNTERS(CPU_FIELD)};

#define CPU_ACCUM(attribute, column, member) {offsetof(struct conntrack_cpu_row, member), 32},
static const struct accum_field cpu_counters[] = {CPU_COUNTERS(CPU_ACCUM)};

/* --- ctnetlink ------------------------------------------------------------------------------ */

/* Reads a be32 attribute. */
static bool attribute_number(const struct nlattr *attribute, uint64_t *number)
{
	if (mnl_attr_validate(attribute, MNL_TYPE_U32) < 0)
		return false;
	*number = ntohl(mnl_attr_get_u32(attribute));
	return true;
}

/* Calls decode for each attribute of a message. 0 or -EBADMSG. */
static int decode_attributes(const struct nlmsghdr *message, mnl_attr_cb_t decode, void *row)
{
	if (message->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof(struct nfgenmsg) ||
	    mnl_attr_parse(message, sizeof(struct nfgenmsg), decode, row) < 0)
		return -EBADMSG;
	return 0;
}

static int decode_cpu_attribute(const struct nlattr *attribute, void *row)
{
	uint16_t type = mnl_attr_get_type(attribute);

	for (size_t i = 0; i < COUNT_OF(cpu_fields); i++)
		if (type == cpu_fields[i].attribute &&
		    !attribute_number(attribute, row_member(row, cpu_fields[i].offset)))
			return MNL_CB_ERROR;
	return MNL_CB_OK;
}

int conntrack_decode_cpu(const struct nlmsghdr *message, struct conntrack_cpu_row *row)
{
	int err = decode_attributes(message, decode_cpu_attribute, row);

	if (!err)
		row->cpu = ntohs(((const struct nfgenmsg *)mnl_nlmsg_get_payload(message))->res_id);
	return err;
}

static int decode_global_attribute(const struct nlattr *attribute, void *arg)
{
	uint16_t type = mnl_attr_get_type(attribute);
	struct conntrack_row *row = arg;
	uint64_t number;

	if (type != CTA_STATS_GLOBAL_ENTRIES && type != GLOBAL_MAX_ENTRIES)
		return MNL_CB_OK;
	if (!attribute_number(attribute, &number))
		return MNL_CB_ERROR;
	if (type == CTA_STATS_GLOBAL_ENTRIES)
		row->entries = number;
	else
		row->max = number ? number : ROW_ABSENT;
	return MNL_CB_OK;
}

int conntrack_decode_global(const struct nlmsghdr *message, struct conntrack_row *row)
{
	int err = decode_attributes(message, decode_global_attribute, row);

	return row->entries == ROW_ABSENT ? -EBADMSG : err;
}

static int conntrack_add_cpu(const struct nlmsghdr *message, void *arg)
{
	struct rows *rows = arg;
	struct conntrack_cpu_row *row = rows_add(rows);

	return row ? conntrack_decode_cpu(message, row) : -ENOMEM;
}

static int conntrack_set_global(const struct nlmsghdr *message, void *arg)
{
	return conntrack_decode_global(message, arg);
}

static void conntrack_clear_rows(void *arg)
{
	rows_clear(arg);
}

/* Sends one of ctnetlink's statistics requests. 0 or -errno. */
static int conntrack_send_request(struct netlink *nl, uint16_t type, uint16_t flags,
				  const struct netlink_dump *dump)
{
	union {
		struct nlmsghdr header;
		char bytes[MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(struct nfgenmsg))];
	} buf;
	struct nlmsghdr *header = mnl_nlmsg_put_header(&buf);
	struct nfgenmsg *generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));

	header->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type);
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	generic->nfgen_family = AF_UNSPEC;
	generic->version = NFNETLINK_V0;
	return netlink_dump(nl, header, dump);
}

/*
 * Reads the raw counters over ctnetlink. 0 or -errno, -EPERM without CAP_NET_ADMIN.
 * Call it only when conntrack is loaded: the kernel may load nfnetlink for the socket and, for a
 * request that is permitted, nf_conntrack_netlink, which pulls in nf_conntrack.
 */
static int conntrack_read_ctnetlink(struct netlink *nl, struct conntrack_row *row,
				    struct rows *cpus)
{
	const struct netlink_dump global = {.message = conntrack_set_global, .arg = row};
	const struct netlink_dump each = {
		.message = conntrack_add_cpu,
		.restart = conntrack_clear_rows,
		.arg = cpus,
	};
	int err = netlink_open(nl, NETLINK_NETFILTER);

	if (!err)
		err = conntrack_send_request(nl, IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP, &each);
	if (!err)
		err = conntrack_send_request(nl, IPCTNL_MSG_CT_GET_STATS, 0, &global);
	if (err)
		rows_clear(cpus);
	return err;
}

/* --- /proc/net/stat/nf_conntrack ------------------------------------------------------------ */

#define COLUMNS_MAX 64

/* Which field each column of the file is. 0 or -EBADMSG. */
static int conntrack_parse_header(struct span line, const struct cpu_field *columns[COLUMNS_MAX],
				  size_t *count)
{
	struct span word;
	bool any = false;

	for (*count = 0; span_word(&line, &word); (*count)++) {
		if (*count == COLUMNS_MAX)
			return -EBADMSG;
		columns[*count] = NULL;
		for (size_t i = 0; i < COUNT_OF(cpu_fields); i++)
			if (span_equal(word, cpu_fields[i].column))
				columns[*count] = &cpu_fields[i];
		any = any || columns[*count];
	}
	return any ? 0 : -EBADMSG;
}

static int conntrack_parse_cpu(struct span line, const struct cpu_field *const *columns,
			       size_t count, struct conntrack_cpu_row *row)
{
	struct span word;
	uint64_t number;

	for (size_t i = 0; i < count; i++) {
		if (!span_word(&line, &word) || span_hex(word, &number) || number > UINT32_MAX)
			return -EBADMSG;
		if (columns[i])
			*row_member(row, columns[i]->offset) = number;
	}
	return span_word(&line, &word) ? -EBADMSG : 0;
}

int conntrack_parse_stat(struct span text, struct rows *rows)
{
	const struct cpu_field *columns[COLUMNS_MAX];
	size_t before = rows->count, count;
	struct span line;
	int err = -EBADMSG;

	if (!span_drop_tail(&text) && span_line(&text, &line))
		err = conntrack_parse_header(line, columns, &count);
	while (!err && span_line(&text, &line)) {
		struct conntrack_cpu_row *row = rows_add(rows);

		if (!row) {
			err = -ENOMEM;
			break;
		}
		row->cpu = rows->count - before - 1;
		err = conntrack_parse_cpu(line, columns, count, row);
	}
	if (!err && rows->count == before)
		err = -EBADMSG;
	while (err && rows->count > before)
		rows_drop_last(rows);
	return err;
}

int conntrack_number_cpus(struct rows *rows, struct span possible)
{
	uint32_t *ids = calloc(rows->count + 1, sizeof(*ids));
	int count;

	if (!ids)
		return -ENOMEM;
	count = parse_cpulist(possible, ids, rows->count);
	if (count >= 0 && (size_t)count == rows->count)
		for (size_t i = 0; i < rows->count; i++)
			((struct conntrack_cpu_row *)rows_at(rows, i))->cpu = ids[i];
	free(ids);
	return count >= 0 && (size_t)count == rows->count ? 0 : -EBADMSG;
}

/* Reads the same counters from procfs, where everybody may. Notes what is missing. */
static void conntrack_read_stat(struct collect *c, struct rows *cpus)
{
	const struct roots *roots = &c->settings->roots;
	const char *list = "devices/system/cpu/possible";
	int err = procfs_read(roots, ROOT_PROC, c->buf, STAT_PATH);

	if (!err)
		err = conntrack_parse_stat(filebuf_span(c->buf), cpus);
	if (err) {
		collect_note(c,
			     "%s/%s: %s; counters per CPU, drops, early drops and failed inserts "
			     "are absent%s",
			     roots->path[ROOT_PROC], STAT_PATH, strerror(-err),
			     err == -ENOENT ? ". CAP_NET_ADMIN gives them over ctnetlink" : "");
		return;
	}
	err = procfs_read(roots, ROOT_SYS, c->buf, "%s", list);
	if (!err)
		err = conntrack_number_cpus(cpus, filebuf_span(c->buf));
	if (!err)
		return;
	rows_clear(cpus);
	collect_note(c,
		     "%s/%s: %s; without it the CPUs of %s/%s are unknown, and their counters are "
		     "absent",
		     roots->path[ROOT_SYS], list, strerror(-err), roots->path[ROOT_PROC],
		     STAT_PATH);
}

/* --- the collector -------------------------------------------------------------------------- */

static const struct accum_type cpu_accum = {
	.row = &conntrack_cpu_row_type,
	.fields = cpu_counters,
	.field_count = COUNT_OF(cpu_counters),
	.stamp = offsetof(struct conntrack_cpu_row, discontinuity),
};

struct conntrack_state {
	struct accum *accum;
	struct netlink nl;
};

/* Adds a CPU's number to a sum, which is absent when one of the numbers is. */
static uint64_t conntrack_plus(uint64_t sum, uint64_t number)
{
	return sum == ROW_ABSENT || number == ROW_ABSENT ? ROW_ABSENT : sum + number;
}

void conntrack_sum(const struct rows *cpus, struct conntrack_row *row)
{
	for (size_t i = 0; i < cpus->count; i++) {
		const struct conntrack_cpu_row *cpu = rows_at(cpus, i);

		row->drops = conntrack_plus(i ? row->drops : 0, cpu->drop);
		row->early_drops = conntrack_plus(i ? row->early_drops : 0, cpu->early_drop);
		row->insert_failed = conntrack_plus(i ? row->insert_failed : 0, cpu->insert_failed);
		if (!i || cpu->discontinuity > row->discontinuity)
			row->discontinuity = cpu->discontinuity;
	}
}

/* Reads the number of entries, which exists when conntrack is loaded. 0 or what is to be returned.
 */
static int conntrack_read_count(struct collect *c, uint64_t *entries)
{
	const struct conntrack_state *state = c->state;
	const char *root = c->settings->roots.path[ROOT_PROC];
	int err = procfs_read_u64(&c->settings->roots, ROOT_PROC, entries, COUNT_PATH);

	if (err != -ENOENT)
		return err ? collect_fail(c, err,
					  "cannot read %s/%s. Check that netdiagd may read it",
					  root, COUNT_PATH)
			   : 0;
	/* The counters are gone; if the module is loaded again, they start from 0. */
	accum_apply(state->accum, &c->rows[1], c->now);
	return collect_fail(c, err,
			    "there is no %s/%s because nf_conntrack is not loaded, so nothing is "
			    "tracked or dropped. A firewall rule with `ct state` or NAT loads it, "
			    "as does modprobe nf_conntrack",
			    root, COUNT_PATH);
}

static void conntrack_read_limits(struct collect *c, struct conntrack_row *row)
{
	const struct roots *roots = &c->settings->roots;

	if (procfs_read_u64(roots, ROOT_PROC, &row->max, "sys/net/netfilter/nf_conntrack_max") ||
	    !row->max)
		row->max = ROW_ABSENT;
	if (procfs_read_u64(roots, ROOT_PROC, &row->buckets,
			    "sys/net/netfilter/nf_conntrack_buckets"))
		row->buckets = ROW_ABSENT;
}

/* Fills the rows with raw counters, from ctnetlink when that is permitted. */
static void conntrack_read_counters(struct collect *c, struct conntrack_row *row, struct rows *cpus)
{
	struct conntrack_state *state = c->state;
	const char *root = c->settings->roots.path[ROOT_PROC];
	int err = -EOPNOTSUPP;

	if (roots_live(&c->settings->roots)) {
		err = conntrack_read_ctnetlink(&state->nl, row, cpus);
		if (!err) {
			collect_source(c, "ctnetlink");
			return;
		}
	}
	conntrack_read_stat(c, cpus);
	if (cpus->count)
		collect_source(c, "%s/%s", root, STAT_PATH);
	else
		collect_source(c, "%s/%s", root, COUNT_PATH);
	if (err == -EPERM)
		collect_note(c,
			     "ctnetlink is not permitted, so the counters come from %s/%s. "
			     "CAP_NET_ADMIN gives exact ones, also on kernels without that file",
			     root, STAT_PATH);
	else if (roots_live(&c->settings->roots))
		collect_note(c, "ctnetlink: %s; the counters come from %s/%s", strerror(-err), root,
			     STAT_PATH);
}

static int conntrack_collect(struct collect *c)
{
	struct conntrack_state *state = c->state;
	struct rows *cpus = &c->rows[1];
	struct conntrack_row *row;
	uint64_t entries;
	int err;

	if (!state->accum)
		state->accum = accum_new(&cpu_accum);
	if (!state->accum)
		return collect_fail(c, -ENOMEM, "conntrack");
	err = conntrack_read_count(c, &entries);
	if (err)
		return err;
	row = rows_add(&c->rows[0]);
	if (!row)
		return collect_fail(c, -ENOMEM, "conntrack");
	row->entries = entries;
	conntrack_read_limits(c, row);
	conntrack_read_counters(c, row, cpus);
	rows_sort(cpus);
	err = accum_apply(state->accum, cpus, c->now);
	if (err)
		return collect_fail(c, err, "conntrack");
	conntrack_sum(cpus, row);
	row->usage = row_usage(row->entries, row->max);
	return 0;
}

static void conntrack_close(void *arg)
{
	struct conntrack_state *state = arg;

	accum_free(state->accum);
	netlink_close(&state->nl);
}

const struct collector conntrack_collector = {
	.name = "conntrack",
	.interval_ms = 5000,
	.rows = {&conntrack_row_type, &conntrack_cpu_row_type, NULL},
	.state_size = sizeof(struct conntrack_state),
	.collect = conntrack_collect,
	.close = conntrack_close,
};
