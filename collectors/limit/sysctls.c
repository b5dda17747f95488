/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagSysctlTable: settings below /proc/sys that bear on packet loss, and those that the
 * configuration names. */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/parse.h"
#include "collectors/limit/sysctls.h"

const struct row_type sysctl_row_type = {
	ROW_TYPE_TEXT("sysctl", struct sysctl_row, name),
	.key = {ROW_TEXT(struct sysctl_row, name)},
};

/* Shown where the kernel has them: nf_conntrack_* only with its module, and some only in the
 * initial network namespace. */
static const char *const sysctls[] = {
	"net.core.somaxconn",
	"net.core.netdev_max_backlog",
	"net.core.netdev_budget",
	"net.core.netdev_budget_usecs",
	"net.core.dev_weight",
	"net.core.rmem_default",
	"net.core.rmem_max",
	"net.core.wmem_default",
	"net.core.wmem_max",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_wmem",
	"net.ipv4.tcp_mem",
	"net.ipv4.udp_mem",
	"net.ipv4.tcp_congestion_control",
	"net.ipv4.tcp_max_syn_backlog",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.tcp_syn_retries",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_tw_reuse",
	"net.ipv4.tcp_max_tw_buckets",
	"net.ipv4.tcp_max_orphans",
	"net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_moderate_rcvbuf",
	"net.ipv4.tcp_abort_on_overflow",
	"net.ipv4.ip_local_port_range",
	"net.netfilter.nf_conntrack_max",
	"net.netfilter.nf_conntrack_buckets",
};

/* Whether every component of a path is a name: not empty, not "." or "..". */
static bool sysctl_is_inside(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (!len || (path[0] == '.' && (len == 1 || (len == 2 && path[1] == '.'))))
			return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

static char sysctl_other_separator(char c)
{
	return c == '.' ? '/' : c == '/' ? '.' : c;
}

int sysctl_path(const char *name, char *path, size_t size)
{
	size_t len = strlen(name), separator = strcspn(name, "./");
	bool dotted = name[separator] == '.';

	if (len >= size)
		return -ENAMETOOLONG;
	if (separator == len)
		return -EINVAL;
	for (size_t i = 0; i <= len; i++) {
		if (name[i] && !isalnum((unsigned char)name[i]) && !strchr("_-./@:", name[i]))
			return -EINVAL;
		path[i] = dotted ? sysctl_other_separator(name[i]) : name[i];
	}
	return sysctl_is_inside(path) ? 0 : -EINVAL;
}

void sysctl_name(const char *path, char *name, size_t size)
{
	size_t i;

	for (i = 0; i + 1 < size && path[i]; i++)
		name[i] = sysctl_other_separator(path[i]);
	name[i] = '\0';
}

/* Words with one blank between them. The kernel separates with tabs, some settings have lines. */
static void sysctl_set_value(char value[SYSCTL_VALUE_SIZE], const struct filebuf *buf)
{
	struct span rest = filebuf_span(buf), line, word;
	size_t used = 0;

	while (span_line(&rest, &line))
		while (span_word(&line, &word)) {
			if (used && used + 1 < SYSCTL_VALUE_SIZE)
				value[used++] = ' ';
			span_copy(word, value + used, SYSCTL_VALUE_SIZE - used);
			used += strlen(value + used);
		}
	if (used && value[used - 1] == ' ') /* no place for the next word */
		value[used - 1] = '\0';
}

/* Adds the row of one setting. 0 or -errno, as from reading it. */
static int sysctl_add(struct collect *c, const char *path)
{
	struct sysctl_row *row;
	int err = procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "sys/%s", path);

	if (err)
		return err;
	row = rows_add(&c->rows[0]);
	if (!row)
		return -ENOMEM;
	sysctl_name(path, row->name, sizeof(row->name));
	sysctl_set_value(row->value, c->buf);
	return 0;
}

/* Adds a setting that the configuration names, or notes why it cannot be shown. 0, or -errno when
 * the process is out of memory or descriptors. */
static int sysctl_add_configured(struct collect *c, const char *name)
{
	char path[SYSCTL_NAME_SIZE];
	int err = sysctl_path(name, path, sizeof(path));

	if (err == -EINVAL)
		collect_note(c, "sysctl %s: not the name of a setting below /proc/sys", name);
	else if (err)
		collect_note(c, "sysctl %s: longer than %zu characters", name, sizeof(path) - 1);
	if (err)
		return 0;
	err = sysctl_add(c, path);
	if (procfs_exhausted(err))
		return err;
	if (err == -EACCES || err == -EPERM)
		collect_note(c, "sysctl %s: only root may read it; run netdiagd as root to show it",
			     name);
	else if (err)
		collect_note(c,
			     "sysctl %s: %s; correct the name in the configuration or load the "
			     "module that provides it",
			     name, strerror(-err));
	return 0;
}

static int sysctls_collect(struct collect *c)
{
	const char *proc = c->settings->roots.path[ROOT_PROC];
	const struct globs *more = &c->settings->sysctls;

	collect_source(c, "/proc/sys");
	for (size_t i = 0; i < COUNT_OF(sysctls); i++) {
		char path[SYSCTL_NAME_SIZE];
		int err = sysctl_path(sysctls[i], path, sizeof(path));

		if (!err)
			err = sysctl_add(c, path);
		if (procfs_exhausted(err))
			return collect_fail(c, err, "%s/sys", proc);
	}
	for (size_t i = 0; i < more->count; i++) {
		int err = sysctl_add_configured(c, more->list[i]);

		if (err)
			return collect_fail(c, err, "%s/sys", proc);
	}
	if (!c->rows[0].count)
		return collect_fail(
			c, -ENOENT,
			"none of the settings below %s/sys can be read. Check that procfs is "
			"mounted there",
			proc);
	return 0;
}

const struct collector sysctls_collector = {
	.name = "sysctl",
	.interval_ms = 30000,
	.rows = {&sysctl_row_type, NULL},
	.collect = sysctls_collect,
};
