/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/rows.h"
#include "collectors/netns/scan.h"

/* Where namespaces have names. /var/run is the same as /run on most hosts, and what is found twice
 * counts once. In the first two the names are people's, as a rule, in the others never. */
static const struct {
	const char *path;
	bool made;
} directories[] = {
	{"/run/netns", false},
	{"/var/run/netns", false},
	{"/run/docker/netns", true},
	{"/var/run/docker/netns", true},
};

#define DIRECTORY_COUNT (sizeof(directories) / sizeof(directories[0]))

static const struct netns unknown = {.inode = ROW_ABSENT, .proc_inode = ROW_ABSENT};

int netns_parse_link(struct span text, uint64_t *inode)
{
	static const char start[] = "net:[";
	size_t len = sizeof(start) - 1;

	if (text.len < len + 2 || memcmp(text.start, start, len) || text.start[text.len - 1] != ']')
		return -EINVAL;
	return span_u64((struct span){text.start + len, text.len - len - 1}, inode);
}

/* 0 or -errno. */
static int read_link(const struct roots *roots, const char *process, uint64_t *inode)
{
	char target[64];
	ssize_t len = procfs_readlink(roots, ROOT_PROC, target, sizeof(target), "%s/ns/net",
				      process);

	if (len < 0)
		return (int)len;
	return netns_parse_link((struct span){target, (size_t)len}, inode);
}

uint64_t netns_proc_inode(const struct roots *roots, const char *process)
{
	char path[64];
	struct statfs fs;
	struct stat st;
	uint64_t inode = ROW_ABSENT;
	int fd;

	snprintf(path, sizeof(path), "%s/net/snmp", process);
	fd = procfs_open(roots, ROOT_PROC, path, O_PATH);
	if (fd < 0)
		return ROW_ABSENT;
	/* Plain files in a captured tree are different ones for each process. */
	if (!fstatfs(fd, &fs) && fs.f_type == PROC_SUPER_MAGIC && !fstat(fd, &st))
		inode = st.st_ino;
	close(fd);
	return inode;
}

static void find_own(struct netns *own, const struct roots *roots)
{
	/* In a captured tree `self` points nowhere; there it is the first process'. */
	static const char *const processes[] = {"self", "1"};

	*own = unknown;
	for (size_t i = 0; i < 2; i++) {
		if (read_link(roots, processes[i], &own->inode))
			continue;
		own->proc_inode = netns_proc_inode(roots, processes[i]);
		return;
	}
}

void netns_list_free(struct netns_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->netns[i]);
	free(list->netns);
	memset(list, 0, sizeof(*list));
}

static int compare(const struct netns *netns, uint64_t inode, uint64_t proc_inode)
{
	if (netns->inode != inode)
		return netns->inode < inode ? -1 : 1;
	if (inode != ROW_ABSENT)
		return 0;
	return netns->proc_inode < proc_inode ? -1 : netns->proc_inode > proc_inode;
}

/* Where a namespace is in the list, or belongs. */
static size_t place(const struct netns_list *list, uint64_t inode, uint64_t proc_inode)
{
	return LOWER_BOUND(list->count, i, compare(list->netns[i], inode, proc_inode) < 0);
}

static struct netns *find(const struct netns_list *list, uint64_t inode, uint64_t proc_inode)
{
	size_t at = place(list, inode, proc_inode);

	return at < list->count && !compare(list->netns[at], inode, proc_inode) ? list->netns[at]
										: NULL;
}

/* The one whose files below /proc/PID/net are these. */
static struct netns *find_proc_inode(const struct netns_list *list, uint64_t proc_inode)
{
	struct netns *found = find(list, ROW_ABSENT, proc_inode);

	for (size_t i = 0; !found && i < list->count; i++)
		if (list->netns[i]->proc_inode == proc_inode)
			found = list->netns[i];
	return found;
}

static void insert(struct netns_list *list, struct netns *netns)
{
	size_t at = place(list, netns->inode, netns->proc_inode);

	memmove(list->netns + at + 1, list->netns + at, (list->count - at) * sizeof(*list->netns));
	list->netns[at] = netns;
	list->count++;
}

/*
 * Adds one that find() does not know. When the list is full the last goes: a new namespace's inode
 * is the higher one, as a rule. *added is NULL when that is the new one itself. 0 or -ENOMEM.
 */
static int add(struct netns_list *list, uint64_t inode, uint64_t proc_inode, struct netns **added)
{
	struct netns *netns;

	*added = NULL;
	if (list->count == list->max) {
		list->left_out = true;
		if (!list->max || compare(list->netns[list->count - 1], inode, proc_inode) < 0)
			return 0;
		free(list->netns[--list->count]);
	}
	netns = malloc(sizeof(*netns));
	if (!netns)
		return -ENOMEM;
	*netns = unknown;
	netns->inode = inode;
	netns->proc_inode = proc_inode;
	insert(list, netns);
	*added = netns;
	return 0;
}

/* A process of this namespace was readable, after one that was not. */
static void learn_inode(struct netns_list *list, struct netns *netns, uint64_t inode)
{
	size_t at = place(list, netns->inode, netns->proc_inode);

	if (netns->inode != ROW_ABSENT)
		return;
	list->count--;
	memmove(list->netns + at, list->netns + at + 1, (list->count - at) * sizeof(*list->netns));
	netns->inode = inode;
	insert(list, netns);
}

static void add_pid(struct netns *netns, uint32_t pid)
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
		    inode == list->own.inode || find(list, inode, ROW_ABSENT))
			continue;
		err = add(list, inode, ROW_ABSENT, &netns);
		if (!netns)
			continue;
		netns->directory = directory;
		snprintf(netns->file, sizeof(netns->file), "%s", entry->d_name);
	}
	closedir(dir);
	return err;
}

/* The namespace of a process, added when it is new. *netns is NULL when it is netdiagd's own, is
 * left out, or cannot be told. 0 or -ENOMEM. */
static int of_process(struct netns_list *list, const struct roots *roots, const char *pid,
		      struct netns **netns)
{
	uint64_t inode = ROW_ABSENT, proc_inode;
	int err = read_link(roots, pid, &inode);

	*netns = NULL;
	if (!err && inode == list->own.inode)
		return 0;
	if (!err)
		*netns = find(list, inode, ROW_ABSENT);
	if (*netns && (*netns)->proc_inode == ROW_ABSENT)
		(*netns)->proc_inode = netns_proc_inode(roots, pid);
	if (*netns || (err && err != -EACCES && err != -EPERM))
		return 0; /* known; or the process has ended */
	proc_inode = netns_proc_inode(roots, pid);
	if (err && proc_inode == ROW_ABSENT)
		list->hidden = true;
	if (proc_inode != ROW_ABSENT) {
		if (proc_inode == list->own.proc_inode)
			return 0;
		*netns = find_proc_inode(list, proc_inode);
	}
	if (*netns) {
		if (!err)
			learn_inode(list, *netns, inode);
		return 0;
	}
	if (err && proc_inode == ROW_ABSENT)
		return 0;
	return add(list, inode, proc_inode, netns);
}

static int scan_processes(struct netns_list *list, const struct roots *roots)
{
	DIR *dir = procfs_opendir(roots, ROOT_PROC, ".");
	struct dirent *entry;
	int err = 0;

	if (!dir)
		return -errno;
	list->hidden = roots_hide_processes(roots);
	while (!err && (entry = readdir(dir))) {
		struct netns *netns;
		uint64_t pid;

		if (span_u64((struct span){entry->d_name, strlen(entry->d_name)}, &pid) || !pid ||
		    pid > INT32_MAX)
			continue;
		err = of_process(list, roots, entry->d_name, &netns);
		if (netns)
			add_pid(netns, (uint32_t)pid);
	}
	closedir(dir);
	return err;
}

bool netns_holds(const struct netns *netns, const struct roots *roots, uint32_t pid)
{
	char process[16];
	uint64_t inode;

	snprintf(process, sizeof(process), "%u", pid);
	if (netns->inode != ROW_ABSENT && !read_link(roots, process, &inode))
		return inode == netns->inode;
	return netns->proc_inode != ROW_ABSENT &&
	       netns_proc_inode(roots, process) == netns->proc_inode;
}

static bool is_made(const struct netns *netns)
{
	for (size_t i = 0; i < DIRECTORY_COUNT; i++)
		if (directories[i].path == netns->directory)
			return directories[i].made || netns_name_is_made(netns->file);
	return true;
}

static void read_command(struct netns *netns, const struct roots *roots, struct filebuf *buf)
{
	struct span rest, line;

	if (!netns->pids || procfs_read(roots, ROOT_PROC, buf, "%u/comm", netns->pid[0]))
		return;
	rest = (struct span){buf->data, buf->len};
	if (span_line(&rest, &line))
		span_copy(line, netns->command, sizeof(netns->command));
}

/* The container or pod of one of its processes. */
static bool read_container(const struct netns *netns, const struct roots *roots,
			   struct filebuf *buf, char *name, size_t size)
{
	for (size_t i = 0; i < netns->pids; i++)
		if (!procfs_read(roots, ROOT_PROC, buf, "%u/cgroup", netns->pid[i]) &&
		    container_name_of((struct span){buf->data, buf->len}, name, size))
			return true;
	return false;
}

/* What it is called, were it the only one of that name. */
static void base_name(const struct netns *netns, const struct roots *roots, struct filebuf *buf,
		      char *name, size_t size)
{
	if (netns->directory && !is_made(netns))
		text_copy(name, size, netns->file);
	else if (read_container(netns, roots, buf, name, size))
		return;
	else if (netns->directory)
		text_copy(name, size, netns->file);
	else
		snprintf(name, size, "%s:%u", netns->command[0] ? netns->command : "pid",
			 netns->pid[0]);
}

static bool is_taken(const struct netns_list *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list->netns[i]->name, name))
			return true;
	return false;
}

static void give_names(struct netns_list *list, const struct roots *roots, struct filebuf *buf)
{
	for (size_t i = 0; i < list->count; i++) {
		struct netns *netns = list->netns[i];
		char base[NETNS_NAME_SIZE];
		size_t number = 1;

		read_command(netns, roots, buf);
		base_name(netns, roots, buf, base, sizeof(base));
		do
			netns_name_number(base, number++, netns->name, sizeof(netns->name));
		while (is_taken(list, i, netns->name));
	}
}

int netns_scan(struct netns_list *list, const struct collect_settings *settings,
	       struct filebuf *buf)
{
	int err = 0;

	memset(list, 0, sizeof(*list));
	list->max = settings->max_rows[MAX_ROWS_NETNS];
	/* One more: of two of a namespace one is taken out only after the other is in. */
	list->netns = calloc(list->max + 1, sizeof(*list->netns));
	if (!list->netns)
		return -ENOMEM;
	find_own(&list->own, &settings->roots);
	if (roots_live(&settings->roots))
		for (size_t i = 0; i < DIRECTORY_COUNT && !err; i++)
			err = scan_directory(list, directories[i].path);
	if (!err)
		err = scan_processes(list, &settings->roots);
	if (!err)
		give_names(list, &settings->roots, buf);
	else
		netns_list_free(list);
	return err;
}

/* Opens without waiting: where the name was, there may be something else by now. */
static int open_file(const struct netns *netns, const struct roots *roots, size_t i)
{
	char path[PATH_MAX];
	int fd;

	if (!netns->directory) {
		snprintf(path, sizeof(path), "%u/ns/net", netns->pid[i]);
		return procfs_open(roots, ROOT_PROC, path, O_RDONLY | O_NONBLOCK);
	}
	if (snprintf(path, sizeof(path), "%s/%s", netns->directory, netns->file) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int netns_open(const struct netns *netns, const struct roots *roots)
{
	size_t tries = netns->directory ? 1 : netns->pids;
	int err = -ENOENT;

	for (size_t i = 0; i < tries; i++) {
		struct stat st;
		int fd = open_file(netns, roots, i);

		if (fd >= 0 && !fstat(fd, &st) && st.st_ino == netns->inode)
			return fd;
		if (fd >= 0)
			close(fd);
		else if (fd != -ENOENT && fd != -ESRCH)
			err = fd;
	}
	return err;
}
