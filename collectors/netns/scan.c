/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds the network namespaces of the host: the files in /run/netns and /run/docker/netns, and
 * /proc/PID/ns/net of every process.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/base/rows.h"
#include "collectors/netns/identity.h"
#include "collectors/netns/names.h"
#include "collectors/netns/scan.h"

/* A process is read at the first two scans that see it, for it may have been on its way to another
 * namespace, and then at one of so many. Nearly all that the first scan of all sees are older. */
#define READ_EVERY 8

/* Scans of all processes may take this part of the time, and as much at once as was saved up; what
 * they took too much is made up for. */
#define SCAN_PART     4000
#define SCAN_SAVED_NS (30 * (int64_t)MILLISECOND_NS)

/* Where namespaces have names. /var/run is the same as /run on most hosts, and what is found twice
 * counts once. */
static const char *const directories[] = {
	"/run/netns",
	"/var/run/netns",
	"/run/docker/netns",
	"/var/run/docker/netns",
};

static const struct netns unknown = {.inode = ROW_ABSENT, .proc_inode = ROW_ABSENT};

/* In the key of a namespace whose inode is not known, beside its proc_inode. Inodes of namespaces
 * have 32 bits. */
#define KEY_PROC_INODE (UINT64_C(1) << 63)

/* What is remembered of a process. */
struct process {
	uint64_t pid; /* key */
	/* Key: the inode of /proc/PID, which another process with the same pid does not get. */
	uint64_t directory;
	uint64_t inode;
	uint64_t proc_inode; /* when inode is not known */
	uint64_t reads;
};
#define PROCESS_KEY_SIZE offsetof(struct process, inode)

struct scan {
	struct netns_list *list;
	struct netns_processes *processes;
	struct hash seen; /* by this scan, when it is one of all processes */
	const struct roots *roots;
};

int netns_parse_link(struct span text, uint64_t *inode)
{
	static const char start[] = "net:[";
	size_t len = sizeof(start) - 1;

	if (text.len < len + 2 || memcmp(text.start, start, len) || text.start[text.len - 1] != ']')
		return -EINVAL;
	return span_u64((struct span){text.start + len, text.len - len - 1}, inode);
}

/* 0 or -errno. */
static int scan_read_link(const struct roots *roots, const char *process, uint64_t *inode)
{
	char target[64];
	ssize_t len = procfs_readlink(roots, ROOT_PROC, target, sizeof(target), "%s/ns/net",
				      process);

	if (len < 0)
		return (int)len;
	return netns_parse_link((struct span){target, (size_t)len}, inode);
}

static bool is_procfs(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

uint64_t netns_proc_inode(const struct roots *roots, const char *process)
{
	int fd = procfs_open(roots, ROOT_PROC, O_PATH, "%s/net/snmp", process);
	struct stat st;
	uint64_t inode = ROW_ABSENT;

	if (fd < 0)
		return ROW_ABSENT;
	/* Plain files in a captured tree are different ones for each process. */
	if (is_procfs(fd) && !fstat(fd, &st))
		inode = st.st_ino;
	close(fd);
	return inode;
}

static void scan_find_own(struct netns *own, const struct roots *roots)
{
	/* In a captured tree `self` points nowhere; there it is the first process'. */
	static const char *const processes[] = {"self", "1"};

	*own = unknown;
	for (size_t i = 0; i < 2; i++) {
		if (scan_read_link(roots, processes[i], &own->inode))
			continue;
		own->proc_inode = netns_proc_inode(roots, processes[i]);
		return;
	}
}

void netns_list_free(struct netns_list *list)
{
	for (size_t i = 0; i < list->found.count; i++)
		free(((struct netns *)hash_at(&list->found, i))->file);
	hash_clear(&list->found);
	free(list->netns);
	memset(list, 0, sizeof(*list));
}

/* The namespace with one of these inodes, added when it is new. Valid until the next one is added.
 * NULL when memory is short. */
static struct netns *scan_find_or_add(struct netns_list *list, uint64_t inode, uint64_t proc_inode)
{
	uint64_t key = inode != ROW_ABSENT ? inode : proc_inode | KEY_PROC_INODE;
	size_t before = list->found.count;
	struct netns *netns = hash_add(&list->found, &key);

	if (netns && list->found.count > before) {
		netns->inode = inode;
		netns->proc_inode = proc_inode;
		netns->identity = ROW_ABSENT;
	}
	return netns;
}

static void scan_add_pid(struct netns *netns, uint32_t pid)
{
	size_t at = netns->pids;

	if (at == NETNS_PIDS) {
		if (netns->pid[at - 1] < pid)
			return;
		at--;
	} else {
		netns->pids++;
	}
	for (; at && netns->pid[at - 1] > pid; at--)
		netns->pid[at] = netns->pid[at - 1];
	netns->pid[at] = pid;
}

/* Whether a file is a mounted namespace, and which. What `ip netns` left behind is an empty one. */
static bool is_netns_file(const char *directory, const char *file, uint64_t *inode)
{
	char path[PATH_MAX];
	struct statfs fs;
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", directory, file) >= (int)sizeof(path) ||
	    statfs(path, &fs) || fs.f_type != NSFS_MAGIC || stat(path, &st))
		return false;
	*inode = st.st_ino;
	return true;
}

static int scan_directory(struct netns_list *list, const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	int err = 0;

	if (!dir) {
		if ((errno == EACCES || errno == EPERM) && !list->denied)
			list->denied = directory;
		return 0;
	}
	while (!err && (entry = readdir(dir))) {
		struct netns *netns;
		uint64_t inode;

		if (entry->d_name[0] == '.' || !is_netns_file(directory, entry->d_name, &inode) ||
		    inode == list->own.inode)
			continue;
		netns = scan_find_or_add(list, inode, ROW_ABSENT);
		if (netns && !netns->directory) {
			netns->directory = directory;
			netns->file = strdup(entry->d_name);
		}
		if (!netns || !netns->file)
			err = -ENOMEM;
	}
	closedir(dir);
	return err;
}

/* Reads where a process lives. 0, or -errno when it has ended. */
static int locate_process(const struct roots *roots, struct process *process)
{
	char name[16];
	int err;

	snprintf(name, sizeof(name), "%u", (unsigned)process->pid);
	process->inode = process->proc_inode = ROW_ABSENT;
	err = scan_read_link(roots, name, &process->inode);
	if (err == -EACCES || err == -EPERM)
		process->proc_inode = netns_proc_inode(roots, name);
	else if (err)
		return err;
	process->reads++;
	return 0;
}

/* Adds the namespace of a process that was located. 0 or -ENOMEM. */
static int scan_add(struct scan *scan, const struct process *process)
{
	struct netns_list *list = scan->list;
	struct netns *netns;
	char name[16];

	if (process->inode == ROW_ABSENT && process->proc_inode == ROW_ABSENT) {
		list->hidden = true;
		return 0;
	}
	if ((process->inode != ROW_ABSENT && process->inode == list->own.inode) ||
	    (process->proc_inode != ROW_ABSENT && process->proc_inode == list->own.proc_inode))
		return 0;
	netns = scan_find_or_add(list, process->inode, process->proc_inode);
	if (!netns)
		return -ENOMEM;
	snprintf(name, sizeof(name), "%u", (unsigned)process->pid);
	if (netns->proc_inode == ROW_ABSENT)
		netns->proc_inode = netns_proc_inode(scan->roots, name);
	scan_add_pid(netns, (uint32_t)process->pid);
	return 0;
}

/* A process is in /proc. Only in procfs its number and inode stand for it. 0 or -ENOMEM. */
static int scan_take_process(struct scan *scan, struct process *process)
{
	struct netns_processes *processes = scan->processes;
	struct hash *seen = scan->list->remembered ? &processes->seen : &scan->seen;
	const struct process *before = NULL;
	struct process *copy;

	if (scan->list->procfs)
		before = hash_find(&processes->seen, process);
	if (before && scan->list->remembered)
		return 0;
	if (before)
		*process = *before;
	if ((!before || before->reads < 2 || !((process->pid + processes->scans) % READ_EVERY)) &&
	    locate_process(scan->roots, process))
		return 0;
	if (!processes->scans)
		process->reads = 2;
	if (scan->list->procfs) {
		copy = hash_add(seen, process);
		if (!copy)
			return -ENOMEM;
		*copy = *process;
	}
	return scan_add(scan, process);
}

/* Adds what is remembered of the processes, those that were read only once after another look. 0 or
 * -ENOMEM. */
static int recall_processes(struct scan *scan)
{
	struct hash *seen = &scan->processes->seen;
	int err = 0;

	for (size_t i = 0; i < seen->count && !err; i++) {
		struct process *process = hash_at(seen, i);

		if (process->reads > 1 || !locate_process(scan->roots, process))
			err = scan_add(scan, process);
	}
	return err;
}

/* Reads the directory from where it stands. 0, -ENOMEM or -ECANCELED. */
static int read_proc(struct scan *scan, DIR *dir, const struct collect *c)
{
	struct dirent *entry;
	long at = telldir(dir);
	int err = 0;

	for (; !err && (entry = readdir(dir)); at = telldir(dir)) {
		struct span name = {entry->d_name, strlen(entry->d_name)};
		struct process process = {.directory = entry->d_ino};

		if (span_u64(name, &process.pid) || !process.pid || process.pid > INT32_MAX)
			continue;
		scan->processes->newest = at;
		err = collect_stopping(c) ? -ECANCELED : scan_take_process(scan, &process);
	}
	return err;
}

/* Whether this scan is to look at all processes: as often as the time for it allows. */
static bool is_full_due(struct netns_processes *processes, uint64_t now)
{
	if (processes->saved_at && now > processes->saved_at)
		processes->saved += (int64_t)((now - processes->saved_at) / SCAN_PART);
	if (!processes->saved_at || processes->saved > SCAN_SAVED_NS)
		processes->saved = SCAN_SAVED_NS;
	processes->saved_at = now;
	return processes->saved > 0 || !processes->seen.count;
}

static int scan_take_processes(struct scan *scan, const struct collect *c)
{
	DIR *dir = procfs_opendir(scan->roots, ROOT_PROC, ".");
	struct netns_processes *processes = scan->processes;
	uint64_t start = clock_monotonic();
	int err = 0;

	if (!dir)
		return -errno;
	scan->list->procfs = is_procfs(dirfd(dir));
	scan->list->hidden = roots_hide_processes(scan->roots);
	scan->list->remembered = !is_full_due(processes, c->now) && scan->list->procfs;
	if (scan->list->remembered) {
		err = recall_processes(scan);
		seekdir(dir, processes->newest);
	}
	if (!err)
		err = read_proc(scan, dir, c);
	closedir(dir);
	if (!scan->list->remembered) {
		hash_clear(&processes->seen);
		processes->seen = scan->seen;
		processes->scans++;
		processes->saved -= (int64_t)(clock_monotonic() - start);
		if (processes->saved < -SCAN_SAVED_NS)
			processes->saved = -SCAN_SAVED_NS;
	}
	return err;
}

void netns_processes_forget(struct netns_processes *processes)
{
	if (processes->seen.item_size)
		hash_clear(&processes->seen);
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_inodes(const void *a, const void *b)
{
	const struct netns *x = *(struct netns *const *)a, *y = *(struct netns *const *)b;
	int order = compare_numbers(x->inode, y->inode);

	return order ? order : compare_numbers(x->proc_inode, y->proc_inode);
}

static int compare_proc_inodes(const void *a, const void *b)
{
	const struct netns *x = *(struct netns *const *)a, *y = *(struct netns *const *)b;
	int order = compare_numbers(x->proc_inode, y->proc_inode);

	return order ? order : compare_numbers(x->inode, y->inode);
}

static int compare_ranks(const void *a, const void *b)
{
	const struct netns *x = *(struct netns *const *)a, *y = *(struct netns *const *)b;
	int order = compare_numbers(x->rank, y->rank);

	return order ? order : compare_inodes(a, b);
}

static void sort_list(struct netns_list *list, int (*compare)(const void *, const void *))
{
	qsort(list->netns, list->count, sizeof(*list->netns), compare);
}

/* One namespace was found twice when some of its processes show their inode and others do not. */
static void scan_merge_unknown(struct netns_list *list)
{
	size_t kept = 0;

	sort_list(list, compare_proc_inodes);
	for (size_t i = 0; i < list->count; i++) {
		struct netns *netns = list->netns[i];
		struct netns *last = kept ? list->netns[kept - 1] : NULL;

		if (!last || netns->inode != ROW_ABSENT || netns->proc_inode != last->proc_inode) {
			list->netns[kept++] = netns;
			continue;
		}
		for (size_t p = 0; p < netns->pids; p++)
			scan_add_pid(last, netns->pid[p]);
	}
	list->count = kept;
}

/* The user whose namespace it is: root when it has a name or one of its processes is root's. */
static uint64_t netns_owner(const struct netns *netns, const struct roots *roots)
{
	uint64_t owner = ROW_ABSENT;

	for (size_t i = netns->pids; i-- && owner && !netns->directory;) {
		int fd = procfs_open(roots, ROOT_PROC, O_PATH, "%u", netns->pid[i]);
		struct stat st;

		if (fd < 0)
			continue;
		if (!fstat(fd, &st))
			owner = st.st_uid;
		close(fd);
	}
	return netns->directory ? 0 : owner;
}

/* How many namespaces of a user have been seen. */
struct owner {
	uint64_t uid;
	uint64_t count;
};

/* Leaves the first `max` by rank. 0 or -ENOMEM. */
static int scan_limit_list(struct netns_list *list, size_t max, const struct roots *roots)
{
	struct hash owners;
	int err = 0;

	if (list->count <= max)
		return 0;
	hash_init(&owners, sizeof(struct owner), sizeof(uint64_t));
	sort_list(list, compare_inodes);
	for (size_t i = 0; i < list->count && !err; i++) {
		uint64_t uid = netns_owner(list->netns[i], roots);
		struct owner *owner = hash_add(&owners, &uid);

		if (owner)
			list->netns[i]->rank = uid ? ++owner->count : 0;
		else
			err = -ENOMEM;
	}
	hash_clear(&owners);
	sort_list(list, compare_ranks);
	list->left_out = true;
	list->count = max;
	return err;
}

bool netns_holds(const struct netns *netns, const struct roots *roots, uint32_t pid)
{
	char process[16];
	uint64_t inode;

	snprintf(process, sizeof(process), "%u", pid);
	if (netns->inode != ROW_ABSENT && !scan_read_link(roots, process, &inode))
		return inode == netns->inode;
	return netns->proc_inode != ROW_ABSENT &&
	       netns_proc_inode(roots, process) == netns->proc_inode;
}

/* From what was found to the list: each namespace once, bounded, named. */
static int scan_finish_list(struct netns_list *list, const struct collect *c)
{
	const struct roots *roots = &c->settings->roots;
	int err;

	list->netns = calloc(list->found.count + 1, sizeof(struct netns *));
	if (!list->netns)
		return -ENOMEM;
	for (; list->count < list->found.count; list->count++)
		list->netns[list->count] = hash_at(&list->found, list->count);
	scan_merge_unknown(list);
	err = scan_limit_list(list, c->settings->max_rows[MAX_ROWS_NETNS], roots);
	sort_list(list, compare_inodes);
	for (size_t i = 0; i < list->count && !err; i++) {
		netns_identify(list->netns[i], roots, c->buf);
		if (collect_stopping(c))
			err = -ECANCELED;
	}
	return err ? err : netns_names_give(list, c);
}

int netns_scan(struct netns_list *list, struct netns_processes *processes, struct collect *c)
{
	struct scan scan = {
		.list = list,
		.processes = processes,
		.roots = &c->settings->roots,
	};
	int err = 0;

	memset(list, 0, sizeof(*list));
	hash_init(&list->found, sizeof(struct netns), sizeof(uint64_t));
	hash_init(&scan.seen, sizeof(struct process), PROCESS_KEY_SIZE);
	if (!processes->seen.item_size)
		hash_init(&processes->seen, sizeof(struct process), PROCESS_KEY_SIZE);
	scan_find_own(&list->own, scan.roots);
	if (roots_live(scan.roots))
		for (size_t i = 0; i < COUNT_OF(directories) && !err; i++)
			err = scan_directory(list, directories[i]);
	if (!err)
		err = scan_take_processes(&scan, c);
	if (!err)
		err = scan_finish_list(list, c);
	if (err)
		netns_list_free(list);
	return err;
}
