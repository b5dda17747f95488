/* SPDX-License-Identifier: BSD-2-Clause */
/* Finds the process that has a socket, by the socket's inode in the links of /proc/PID/fd. */
#include <config.h>

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/base/hash.h"
#include "collectors/base/parse.h"
#include "collectors/socket/owner.h"

#define BUDGET_NS	(30 * MILLISECOND_NS)
#define FIRST_BUDGET_NS (500 * MILLISECOND_NS)
#define SCAN_LINKS	64 /* read between looks at the clock */

/* Between quick scans: at least this, and this many times the time that the last one took. */
#define QUICK_GAP_NS	(2 * SECOND_NS)
#define QUICK_GAP_TIMES 2000

/* Full scans may take this part of the time, and as much at once as was saved up. */
#define FULL_PART	2000
#define FULL_SAVED_NS	(30 * (int64_t)MILLISECOND_NS)
#define FULL_INITIAL_NS (10 * (int64_t)MILLISECOND_NS)

/* Only a socket that lasts this long is worth a full scan, unless it is urgent. */
#define LASTING_NS (2 * SECOND_NS)

/* An owner that a full scan did not find (a kernel's socket, an unreadable process) is looked for
 * again after this, and after twice as long each time. */
#define RETRY_NS      (10 * SECOND_NS)
#define RETRY_DOUBLES 6

/* At the start nothing is known, and --dump and --report have only this time: everything is looked
 * for at once, with a larger budget that is not charged. */
#define YOUNG_NS (5 * SECOND_NS)

#define VERIFY_NS (30 * SECOND_NS)
#define WANTED_NS (10 * SECOND_NS)  /* a scan seeks what was wanted so lately */
#define FORGET_NS (300 * SECOND_NS) /* longer than any usual interval */

#define INIT_PID 1

struct owner_entry {
	uint64_t inode;
	uint64_t since;	   /* when it was first wanted; 0: long ago */
	uint64_t used;	   /* when it was last wanted */
	uint64_t verified; /* when the link was last read */
	uint64_t retry;	   /* no full scan for it before */
	uint32_t pid;	   /* 0: not known */
	uint32_t fd;
	uint32_t misses; /* full scans in a row that did not find it */
	bool urgent;
	bool tried;  /* a quick scan did not find it */
	bool sought; /* by the scan under way */
	char command[COMMAND_SIZE];
};

/* An array of process ids, ascending. */
struct pids {
	uint32_t *pid;
	size_t count;
	size_t capacity;
};

/* The scan under way. */
struct scan {
	bool full;	  /* of all processes */
	struct pids pids; /* in the order in which they are looked at; none: no scan */
	size_t next;	  /* index of the one whose descriptors are read */
	DIR *fds;	  /* its directory, when it is not done yet */
	size_t wanted;	  /* how many inodes it still seeks */
	size_t denied;
	uint64_t start; /* monotonic ns */
	uint64_t spent; /* ns so far */
};

struct owners {
	pthread_mutex_t lock;
	struct hash cache; /* of struct owner_entry, by inode */
	struct scan scan;
	struct pids known;   /* processes that the last full scan looked at */
	uint64_t born;	     /* monotonic ns of the first update; 0: none yet */
	uint64_t next_quick; /* monotonic ns; not before */
	int64_t saved;	     /* ns that full scans may take */
	uint64_t saved_at;   /* monotonic ns: when that was reckoned; 0: never */
	struct owners_stats stats;
	uint64_t budget_ns;
	uint64_t first_budget_ns;
	uint32_t named_pid; /* the process whose name was read last in this update; 0: none */
	char named[COMMAND_SIZE];
	struct filebuf buf;
};

/* --- the one cache ---------------------------------------------------------------------------- */

static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static struct owners *shared;
static unsigned shared_users;

struct owners *owners_new(void)
{
	struct owners *owners = calloc(1, sizeof(*owners));

	if (!owners)
		return NULL;
	pthread_mutex_init(&owners->lock, NULL);
	owners->budget_ns = BUDGET_NS;
	owners->first_budget_ns = FIRST_BUDGET_NS;
	owners->saved = FULL_INITIAL_NS;
	hash_init(&owners->cache, sizeof(struct owner_entry), sizeof(uint64_t));
	return owners;
}

static void pids_free(struct pids *pids)
{
	free(pids->pid);
	*pids = (struct pids){.pid = NULL};
}

static void owners_scan_drop(struct scan *scan)
{
	if (scan->fds)
		closedir(scan->fds);
	pids_free(&scan->pids);
	*scan = (struct scan){.full = false};
}

void owners_free(struct owners *owners)
{
	owners_scan_drop(&owners->scan);
	pids_free(&owners->known);
	hash_clear(&owners->cache);
	filebuf_free(&owners->buf);
	pthread_mutex_destroy(&owners->lock);
	free(owners);
}

struct owners *owners_get(void)
{
	struct owners *owners;

	pthread_mutex_lock(&shared_lock);
	if (!shared)
		shared = owners_new();
	shared_users += shared != NULL;
	owners = shared;
	pthread_mutex_unlock(&shared_lock);
	return owners;
}

void owners_put(struct owners *owners)
{
	pthread_mutex_lock(&shared_lock);
	if (owners == shared && !--shared_users) {
		owners_free(shared);
		shared = NULL;
	}
	pthread_mutex_unlock(&shared_lock);
}

void owners_set_budget(struct owners *owners, uint64_t each, uint64_t first)
{
	pthread_mutex_lock(&owners->lock);
	owners->budget_ns = each;
	owners->first_budget_ns = first;
	pthread_mutex_unlock(&owners->lock);
}

void owners_stats(struct owners *owners, struct owners_stats *stats)
{
	pthread_mutex_lock(&owners->lock);
	*stats = owners->stats;
	stats->entries = owners->cache.count;
	stats->scanning = owners->scan.pids.pid != NULL;
	pthread_mutex_unlock(&owners->lock);
}

int owners_want(struct owners *owners, uint32_t inode, bool urgent, uint64_t now)
{
	uint64_t key = inode;
	struct owner_entry *entry;

	if (!inode)
		return 0;
	pthread_mutex_lock(&owners->lock);
	entry = hash_add(&owners->cache, &key);
	if (entry) {
		if (!entry->used)
			entry->since = now;
		entry->used = now;
		entry->urgent = urgent;
	}
	pthread_mutex_unlock(&owners->lock);
	return entry ? 0 : -ENOMEM;
}

/* --- links ------------------------------------------------------------------------------------ */

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
static void owners_name_process(struct owners *owners, const struct roots *roots,
				struct owner_entry *entry)
{
	if (owners->named_pid != entry->pid) {
		owners->named_pid = entry->pid;
		owners->named[0] = '\0';
		procfs_read_command(roots, &owners->buf, entry->pid, owners->named,
				    sizeof(owners->named));
	}
	ROW_SET_TEXT(entry->command, owners->named);
}

static void owners_verify_entry(struct owners *owners, const struct roots *roots,
				struct owner_entry *entry, uint64_t now)
{
	char target[64];
	ssize_t len = procfs_readlink(roots, ROOT_PROC, target, sizeof(target), "%u/fd/%u",
				      entry->pid, entry->fd);

	if (len >= 0 && socket_inode(target, (size_t)len) == entry->inode) {
		entry->verified = now;
		owners_name_process(owners, roots, entry);
	} else {
		*entry = (struct owner_entry){.inode = entry->inode, .used = entry->used};
	}
}

/* Reads the links again whose time has come; those that the budget leaves out come next time. */
static void owners_verify_all(struct owners *owners, const struct roots *roots, uint64_t now)
{
	uint64_t deadline = clock_monotonic() + owners->budget_ns;
	unsigned links = 0;

	for (size_t i = 0; i < owners->cache.count; i++) {
		struct owner_entry *entry = hash_at(&owners->cache, i);

		if (!entry->pid || entry->used != now || now - entry->verified < VERIFY_NS)
			continue;
		owners_verify_entry(owners, roots, entry, now);
		if (!(++links % SCAN_LINKS) && clock_monotonic() > deadline)
			break;
	}
}

/* --- the scan --------------------------------------------------------------------------------- */

static int compare_pid(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int pids_add(struct pids *pids, uint32_t pid)
{
	if (pids->count == pids->capacity) {
		size_t capacity = pids->capacity ? pids->capacity * 2 : 256;
		uint32_t *more = reallocarray(pids->pid, capacity, sizeof(*more));

		if (!more)
			return -ENOMEM;
		pids->pid = more;
		pids->capacity = capacity;
	}
	pids->pid[pids->count++] = pid;
	return 0;
}

static void pids_sort(struct pids *pids)
{
	if (pids->count)
		qsort(pids->pid, pids->count, sizeof(*pids->pid), compare_pid);
}

static bool pids_have(const struct pids *pids, uint32_t pid)
{
	size_t at = LOWER_BOUND(pids->count, i, pids->pid[i] < pid);

	return at < pids->count && pids->pid[at] == pid;
}

/* Every process that there is. Short of memory: as many as fit. */
static void pids_list(struct pids *pids, const struct roots *roots)
{
	DIR *proc = procfs_opendir(roots, ROOT_PROC, ".");
	const struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		struct span name = {entry->d_name, strlen(entry->d_name)};
		uint64_t pid;

		if (!span_u64(name, &pid) && pid && pid <= INT32_MAX &&
		    pids_add(pids, (uint32_t)pid))
			break;
	}
	if (proc)
		closedir(proc);
	pids_sort(pids);
}

/* Appends those that are, or are not, worth a look in a quick scan: new ones and known owners. */
static void pids_select(struct pids *to, const struct pids *all, const struct pids *known,
			const struct pids *having, bool quick)
{
	for (size_t i = 0; i < all->count; i++) {
		uint32_t pid = all->pid[i];

		if ((!pids_have(known, pid) || pids_have(having, pid)) == quick &&
		    pids_add(to, pid))
			return;
	}
}

/* Chooses the processes to look at, the most promising ones first. */
static void owners_scan_choose(struct owners *owners, const struct roots *roots)
{
	struct scan *scan = &owners->scan;
	struct pids all = {0}, having = {0};

	for (size_t i = 0; i < owners->cache.count; i++) {
		const struct owner_entry *entry = hash_at(&owners->cache, i);

		if (entry->pid)
			pids_add(&having, entry->pid);
	}
	pids_sort(&having);
	pids_list(&all, roots);
	pids_select(&scan->pids, &all, &owners->known, &having, true);
	if (scan->full) {
		pids_select(&scan->pids, &all, &owners->known, &having, false);
		pids_free(&owners->known);
		owners->known = all;
	} else {
		pids_free(&all);
	}
	pids_free(&having);
}

static void owners_scan_begin(struct owners *owners, const struct roots *roots, bool full,
			      uint64_t now)
{
	struct scan *scan = &owners->scan;

	*scan = (struct scan){.full = full, .start = now};
	*(full ? &owners->stats.full_scans : &owners->stats.quick_scans) += 1;
	for (size_t i = 0; i < owners->cache.count; i++) {
		struct owner_entry *entry = hash_at(&owners->cache, i);

		entry->sought = !entry->pid && now - entry->used <= WANTED_NS;
		scan->wanted += entry->sought;
	}
	owners_scan_choose(owners, roots);
}

/* A link of a process was read. */
static void owners_scan_take(struct owners *owners, const struct roots *roots, uint32_t pid,
			     const char *name, uint64_t inode)
{
	struct owner_entry *entry = hash_find(&owners->cache, &inode);
	uint64_t fd;

	if (!entry || (entry->pid && entry->pid != INIT_PID) || entry->pid == pid ||
	    span_u64((struct span){name, strlen(name)}, &fd))
		return;
	if (entry->sought && pid != INIT_PID) {
		entry->sought = false;
		owners->scan.wanted--;
	}
	entry->pid = pid;
	entry->fd = (uint32_t)fd;
	entry->misses = 0;
	entry->verified = owners->scan.start;
	owners_name_process(owners, roots, entry);
}

/* Reads on in the directory of the process under way. False when the time is over. */
static bool owners_scan_process(struct owners *owners, const struct roots *roots, uint64_t deadline)
{
	struct scan *scan = &owners->scan;
	uint32_t pid = scan->pids.pid[scan->next];
	const struct dirent *entry;
	bool denied = false;

	if (!scan->fds) {
		scan->fds = procfs_opendir(roots, ROOT_PROC, "%u/fd", pid);
		denied = !scan->fds && (errno == EACCES || errno == EPERM);
	}
	for (unsigned links = 1; scan->fds && (entry = readdir(scan->fds)); links++) {
		char target[64];
		ssize_t len = readlinkat(dirfd(scan->fds), entry->d_name, target, sizeof(target));
		uint64_t inode = len > 0 ? socket_inode(target, (size_t)len) : 0;

		if (inode)
			owners_scan_take(owners, roots, pid, entry->d_name, inode);
		if (len < 0 && (errno == EACCES || errno == EPERM)) {
			denied = true;
			break;
		}
		if (!scan->wanted)
			break;
		if (!(links % SCAN_LINKS) && clock_monotonic() > deadline)
			return false;
	}
	if (scan->fds)
		closedir(scan->fds);
	scan->fds = NULL;
	scan->denied += denied;
	scan->next++;
	return true;
}

/* Those that the scan sought and did not find wait longer next time. */
static void owners_scan_end(struct owners *owners, uint64_t now)
{
	struct scan *scan = &owners->scan;
	uint64_t gap = scan->spent * QUICK_GAP_TIMES;

	for (size_t i = 0; i < owners->cache.count; i++) {
		struct owner_entry *entry = hash_at(&owners->cache, i);

		if (!entry->sought || entry->pid)
			continue;
		entry->tried = true;
		if (!scan->full)
			continue;
		entry->retry = now + (RETRY_NS << entry->misses);
		if (entry->misses < RETRY_DOUBLES)
			entry->misses++;
	}
	if (scan->full && scan->next >= scan->pids.count)
		owners->stats.denied = scan->denied;
	if (!scan->full)
		owners->next_quick = now + (gap > QUICK_GAP_NS ? gap : QUICK_GAP_NS);
	owners_scan_drop(scan);
}

/* Goes on with the scan until it is over, all is found, or its time is. */
static void owners_scan_step(struct owners *owners, const struct roots *roots, uint64_t start,
			     bool young)
{
	struct scan *scan = &owners->scan;
	uint64_t deadline = start + (young ? owners->first_budget_ns : owners->budget_ns), spent;
	bool time_left = true;

	while (time_left && scan->next < scan->pids.count && scan->wanted)
		time_left = owners_scan_process(owners, roots, deadline) &&
			    clock_monotonic() < deadline;
	spent = clock_monotonic() - start;
	scan->spent += spent;
	if (scan->full && !young)
		owners->saved -= (int64_t)spent;
}

/* --- the whole -------------------------------------------------------------------------------- */

static bool owners_keep_entry(const void *item, void *now)
{
	const struct owner_entry *entry = item;

	return *(const uint64_t *)now - entry->used <= FORGET_NS;
}

static void owners_save_time(struct owners *owners, uint64_t now)
{
	if (owners->saved_at && now > owners->saved_at)
		owners->saved += (int64_t)((now - owners->saved_at) / FULL_PART);
	if (owners->saved > FULL_SAVED_NS)
		owners->saved = FULL_SAVED_NS;
	owners->saved_at = now;
}

/* Whether a scan, or a full one, is due for one of the inodes that are wanted at this time. */
static bool owners_scan_due(const struct owners *owners, bool full, bool young, uint64_t now)
{
	if (!young && (full ? owners->saved <= 0 : now < owners->next_quick))
		return false;
	for (size_t i = 0; i < owners->cache.count; i++) {
		const struct owner_entry *entry = hash_at(&owners->cache, i);
		bool lasts = young || entry->urgent || now - entry->since >= LASTING_NS;

		if (entry->pid || entry->used != now)
			continue;
		if (full ? now >= entry->retry && lasts : !entry->tried)
			return true;
	}
	return false;
}

/* With the lock held. */
static void owners_scan(struct owners *owners, const struct roots *roots, uint64_t now)
{
	struct scan *scan = &owners->scan;
	uint64_t start = clock_monotonic();
	bool young;

	if (!owners->born)
		owners->born = now;
	young = now - owners->born < YOUNG_NS;
	if (!scan->pids.pid) {
		bool full = owners_scan_due(owners, true, young, now);

		if (!full && !owners_scan_due(owners, false, young, now))
			return;
		owners_scan_begin(owners, roots, full, now);
	}
	owners_scan_step(owners, roots, start, young);
	if (scan->next >= scan->pids.count || !scan->wanted)
		owners_scan_end(owners, now);
}

void owners_update(struct owners *owners, const struct roots *roots, uint64_t now)
{
	pthread_mutex_lock(&owners->lock);
	owners->named_pid = 0;
	owners_save_time(owners, now);
	hash_keep(&owners->cache, owners_keep_entry, &now);
	owners_verify_all(owners, roots, now);
	owners_scan(owners, roots, now);
	pthread_mutex_unlock(&owners->lock);
}

bool owners_find(struct owners *owners, uint32_t inode, uint64_t *pid, char command[COMMAND_SIZE])
{
	uint64_t key = inode;
	const struct owner_entry *entry;
	bool known;

	pthread_mutex_lock(&owners->lock);
	entry = hash_find(&owners->cache, &key);
	known = entry && entry->pid;
	if (known) {
		*pid = entry->pid;
		memcpy(command, entry->command, COMMAND_SIZE);
	}
	pthread_mutex_unlock(&owners->lock);
	return known;
}

size_t owners_missing(struct owners *owners, uint64_t now)
{
	size_t missing = 0;

	pthread_mutex_lock(&owners->lock);
	for (size_t i = 0; i < owners->cache.count; i++) {
		const struct owner_entry *entry = hash_at(&owners->cache, i);

		missing += entry->used == now && !entry->pid;
	}
	pthread_mutex_unlock(&owners->lock);
	return missing;
}

void owners_collect(struct owners *owners, struct collect *c, const char *what)
{
	const char *reason = NULL;
	struct owners_stats stats;
	size_t missing;

	owners_update(owners, &c->settings->roots, c->now);
	missing = owners_missing(owners, c->now);
	owners_stats(owners, &stats);
	if (missing && roots_hide_processes(&c->settings->roots))
		reason = "/proc hides other users' processes (hidepid)";
	else if (missing && stats.denied)
		reason = "/proc/PID/fd is not readable";
	if (reason)
		collect_note(c,
			     "%s without a known owner: %zu, because %s; give netdiagd "
			     "CAP_SYS_PTRACE and "
			     "CAP_DAC_READ_SEARCH",
			     what, missing, reason);
}
