/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/base/parse.h"
#include "collectors/socket/owner.h"

/* How long a piece of a scan may take (the first one longer: --dump and --report have no other),
 * and how many links are read between looks at the clock. */
#define BUDGET_NS	(30 * MILLISECOND_NS)
#define FIRST_BUDGET_NS (500 * MILLISECOND_NS)
#define SCAN_LINKS	64

/* Between scans: at least this, and this many times the time that the last one took. */
#define SCAN_GAP_NS    (2 * SECOND_NS)
#define SCAN_GAP_TIMES 100

/* An owner that a scan did not find (a kernel's socket, an unreadable process) is looked for again
 * after this, and after twice as long each time, up to the maximum. */
#define RETRY_NS      (10 * SECOND_NS)
#define RETRY_DOUBLES 6

#define VERIFY_NS (10 * SECOND_NS)
#define FORGET_NS (60 * SECOND_NS)

#define INIT_PID 1

struct owner_entry {
	uint64_t inode;
	uint64_t used;	   /* when it was last wanted */
	uint64_t verified; /* when the link was last read */
	uint64_t retry;	   /* not to be looked for before */
	uint32_t pid;	   /* 0: not known */
	uint32_t fd;
	uint32_t misses; /* scans in a row that did not find it */
	bool sought;	 /* by the scan under way */
	char command[COMMAND_SIZE];
};

void owners_init(struct owners *owners)
{
	memset(owners, 0, sizeof(*owners));
	owners->budget_ns = BUDGET_NS;
	owners->first_budget_ns = FIRST_BUDGET_NS;
	hash_init(&owners->cache, sizeof(struct owner_entry), sizeof(uint64_t));
}

static void scan_drop(struct owners *owners)
{
	if (owners->fds)
		closedir(owners->fds);
	owners->fds = NULL;
	free(owners->pids);
	owners->pids = NULL;
}

void owners_free(struct owners *owners)
{
	scan_drop(owners);
	hash_clear(&owners->cache);
	filebuf_free(&owners->buf);
}

int owners_want(struct owners *owners, uint32_t inode, uint64_t now)
{
	uint64_t key = inode;
	struct owner_entry *entry;

	if (!inode)
		return 0;
	entry = hash_add(&owners->cache, &key);
	if (!entry)
		return -ENOMEM;
	entry->used = now;
	return 0;
}

/* The inode in "socket:[12345]", or 0. */
static uint64_t socket_inode(const char *target, size_t len)
{
	static const char prefix[] = "socket:[";
	size_t skip = sizeof(prefix) - 1;
	uint64_t inode;

	if (len <= skip || memcmp(target, prefix, skip) != 0 || target[len - 1] != ']' ||
	    span_u64((struct span){target + skip, len - skip - 1}, &inode))
		return 0;
	return inode;
}

/* Names the process of an entry. Many sockets in a row are usually one process's. */
static void name_process(struct owners *owners, const struct roots *roots,
			 struct owner_entry *entry)
{
	struct span rest, line;

	if (owners->named_pid != entry->pid) {
		owners->named_pid = entry->pid;
		owners->named[0] = '\0';
		if (!procfs_read(roots, ROOT_PROC, &owners->buf, "%u/comm", entry->pid)) {
			rest = (struct span){owners->buf.data, owners->buf.len};
			if (span_line(&rest, &line))
				span_copy(line, owners->named, sizeof(owners->named));
		}
	}
	ROW_SET_TEXT(entry->command, owners->named);
}

static void verify(struct owners *owners, const struct roots *roots, struct owner_entry *entry,
		   uint64_t now)
{
	char target[64];
	ssize_t len = procfs_readlink(roots, ROOT_PROC, target, sizeof(target), "%u/fd/%u",
				      entry->pid, entry->fd);

	if (len < 0 || socket_inode(target, (size_t)len) != entry->inode) {
		entry->pid = 0;
		entry->command[0] = '\0';
		entry->retry = 0;
		entry->misses = 0;
		return;
	}
	entry->verified = now;
	name_process(owners, roots, entry);
}

/* --- the scan --------------------------------------------------------------------------------- */

static int compare_pid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int add_pid(struct owners *owners, size_t *size, uint32_t pid)
{
	if (owners->pid_count == *size) {
		uint32_t *pids;

		*size = *size ? *size * 2 : 256;
		pids = reallocarray(owners->pids, *size, sizeof(*pids));
		if (!pids)
			return -ENOMEM;
		owners->pids = pids;
	}
	owners->pids[owners->pid_count++] = pid;
	return 0;
}

static void scan_begin(struct owners *owners, const struct roots *roots, uint64_t now)
{
	DIR *proc = procfs_opendir(roots, ROOT_PROC, ".");
	const struct dirent *entry;
	size_t size = 0;

	owners->pid_count = 0;
	owners->pid_next = 0;
	owners->scan_spent = 0;
	owners->scan_start = now;
	owners->scan_denied = 0;
	owners->wanted = 0;
	for (size_t i = 0; i < owners->cache.count; i++) {
		struct owner_entry *wanted = hash_at(&owners->cache, i);

		wanted->sought = !wanted->pid;
		owners->wanted += wanted->sought;
	}
	if (!proc)
		return;
	while ((entry = readdir(proc))) {
		struct span name = {entry->d_name, strlen(entry->d_name)};
		uint64_t pid;

		if (!span_u64(name, &pid) && pid && pid <= INT32_MAX &&
		    add_pid(owners, &size, (uint32_t)pid))
			break;
	}
	closedir(proc);
	if (owners->pids)
		qsort(owners->pids, owners->pid_count, sizeof(*owners->pids), compare_pid);
}

/* A link of a process was read. */
static void take_link(struct owners *owners, const struct roots *roots, uint32_t pid,
		      const char *name, uint64_t inode, uint64_t now)
{
	struct owner_entry *entry = hash_find(&owners->cache, &inode);
	uint64_t fd;

	if (!entry || (entry->pid && entry->pid != INIT_PID) || entry->pid == pid ||
	    span_u64((struct span){name, strlen(name)}, &fd))
		return;
	if (entry->sought && pid != INIT_PID) {
		entry->sought = false;
		owners->wanted--;
	}
	entry->pid = pid;
	entry->fd = (uint32_t)fd;
	entry->misses = 0;
	entry->verified = now;
	name_process(owners, roots, entry);
}

/* Reads on in the directory of the process under way. False when the time is over. */
static bool scan_process(struct owners *owners, const struct roots *roots, uint64_t deadline)
{
	uint32_t pid = owners->pids[owners->pid_next];
	const struct dirent *entry;
	bool denied = false;

	if (!owners->fds) {
		owners->fds = procfs_opendir(roots, ROOT_PROC, "%u/fd", pid);
		denied = !owners->fds && (errno == EACCES || errno == EPERM);
	}
	for (unsigned links = 1; owners->fds && (entry = readdir(owners->fds)); links++) {
		char target[64];
		ssize_t len = readlinkat(dirfd(owners->fds), entry->d_name, target, sizeof(target));
		uint64_t inode = len > 0 ? socket_inode(target, (size_t)len) : 0;

		if (inode)
			take_link(owners, roots, pid, entry->d_name, inode, owners->scan_start);
		if (len < 0 && (errno == EACCES || errno == EPERM)) {
			denied = true;
			break;
		}
		if (!owners->wanted)
			break;
		if (!(links % SCAN_LINKS) && clock_monotonic() > deadline)
			return false;
	}
	if (owners->fds)
		closedir(owners->fds);
	owners->fds = NULL;
	owners->scan_denied += denied;
	owners->pid_next++;
	return true;
}

/* Those that the scan sought and did not find wait longer next time. */
static void scan_end(struct owners *owners, uint64_t now, bool whole)
{
	uint64_t gap = owners->scan_spent * SCAN_GAP_TIMES;

	if (whole)
		owners->denied = owners->scan_denied;
	for (size_t i = 0; i < owners->cache.count; i++) {
		struct owner_entry *entry = hash_at(&owners->cache, i);

		if (!entry->sought || entry->pid)
			continue;
		entry->retry = now + (RETRY_NS << entry->misses);
		if (entry->misses < RETRY_DOUBLES)
			entry->misses++;
	}
	owners->next_scan = now + (gap > SCAN_GAP_NS ? gap : SCAN_GAP_NS);
	scan_drop(owners);
}

/* Goes on with the scan until it is over, all is found, or its time is. */
static void scan_step(struct owners *owners, const struct roots *roots, uint64_t now)
{
	bool is_first = !owners->next_scan && !owners->scan_spent, time_left = true;
	uint64_t start = clock_monotonic();
	uint64_t deadline = start + (is_first ? owners->first_budget_ns : owners->budget_ns);

	while (time_left && owners->pid_next < owners->pid_count && owners->wanted)
		time_left = scan_process(owners, roots, deadline) && clock_monotonic() < deadline;
	owners->scan_spent += clock_monotonic() - start;
	if (owners->pid_next >= owners->pid_count || !owners->wanted)
		scan_end(owners, now, owners->pid_next >= owners->pid_count);
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool keep_entry(const void *item, void *now)
{
	const struct owner_entry *entry = item;

	return *(const uint64_t *)now - entry->used <= FORGET_NS;
}

/* Reads the links again whose time has come; those that the budget leaves out come next time. */
static void verify_all(struct owners *owners, const struct roots *roots, uint64_t now)
{
	uint64_t deadline = clock_monotonic() + owners->budget_ns;
	unsigned links = 0;

	for (size_t i = 0; i < owners->cache.count; i++) {
		struct owner_entry *entry = hash_at(&owners->cache, i);

		if (!entry->pid || now - entry->verified < VERIFY_NS)
			continue;
		verify(owners, roots, entry, now);
		if (!(++links % SCAN_LINKS) && clock_monotonic() > deadline)
			break;
	}
}

static bool has_due(const struct owners *owners, uint64_t now)
{
	for (size_t i = 0; i < owners->cache.count; i++) {
		const struct owner_entry *entry = hash_at(&owners->cache, i);

		if (!entry->pid && entry->used == now && now >= entry->retry)
			return true;
	}
	return false;
}

void owners_update(struct owners *owners, const struct roots *roots, uint64_t now)
{
	owners->named_pid = 0;
	hash_keep(&owners->cache, keep_entry, &now);
	verify_all(owners, roots, now);
	if (!owners->pids && now >= owners->next_scan && has_due(owners, now))
		scan_begin(owners, roots, now);
	if (owners->pids)
		scan_step(owners, roots, now);
}

bool owners_find(const struct owners *owners, uint32_t inode, uint64_t *pid,
		 char command[COMMAND_SIZE])
{
	uint64_t key = inode;
	const struct owner_entry *entry = hash_find(&owners->cache, &key);

	if (!entry || !entry->pid)
		return false;
	*pid = entry->pid;
	memcpy(command, entry->command, COMMAND_SIZE);
	return true;
}

size_t owners_missing(const struct owners *owners, uint64_t now)
{
	size_t missing = 0;

	for (size_t i = 0; i < owners->cache.count; i++) {
		const struct owner_entry *entry = hash_at(&owners->cache, i);

		missing += entry->used == now && !entry->pid;
	}
	return missing;
}

void owners_collect(struct owners *owners, struct collect *c, const char *what)
{
	size_t missing;

	owners_update(owners, &c->settings->roots, c->now);
	missing = owners_missing(owners, c->now);
	if (missing && roots_hide_processes(&c->settings->roots))
		collect_note(c,
			     "no owner known of %zu %s, for /proc hides other users' processes "
			     "(hidepid): give netdiagd CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
			     missing, what);
	else if (missing && owners->denied)
		collect_note(c,
			     "no owner known of %zu %s, for /proc/PID/fd is not readable (%zu "
			     "times): give netdiagd CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
			     missing, what, owners->denied);
}
