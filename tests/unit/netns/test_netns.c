/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collectors/kernel/netns_enter.h"
#include "collectors/netns/identity.h"
#include "collectors/netns/netns.h"
#include "collectors/netns/read.h"
#include "collectors/netns/scan.h"
#include "tests/unit/unit.h"

#define SECOND UINT64_C(1000000000)

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct tree tree;
static struct unit_collector unit;

static void begin(void)
{
	tree_init(&tree);
	tree_symlink(&tree, "net:[4026531840]", "proc/1/ns/net");
	tree_write(&tree, "proc/1/comm", "init\n");
	tree_write(&tree, "proc/sys/net/netfilter/nf_conntrack_max", "1000\n");
	tree_write(&tree, "proc/meminfo", "no process\n");
	unit_collector_init(&unit, &netns_collector, &tree.roots);
}

static void end(void)
{
	unit_collector_done(&unit);
	tree_done(&tree);
}

/* A process in a namespace. */
static void make_process(unsigned pid, unsigned inode, const char *comm, const char *cgroup)
{
	char path[64], target[32];

	snprintf(path, sizeof(path), "proc/%u/ns/net", pid);
	snprintf(target, sizeof(target), "net:[%u]", inode);
	tree_symlink(&tree, target, path);
	snprintf(path, sizeof(path), "proc/%u/comm", pid);
	tree_write(&tree, path, "%s\n", comm);
	snprintf(path, sizeof(path), "proc/%u/cgroup", pid);
	tree_write(&tree, path, "%s\n", cgroup);
}

static void write_net(unsigned pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/net/%s", pid, file);
	tree_write(&tree, path, "%s", text);
}

/* What its namespace counted. */
static void make_counters(unsigned pid, unsigned overflows)
{
	char text[200];

	write_net(pid, "snmp",
		  "Tcp: RtoAlgorithm MaxConn AttemptFails RetransSegs\nTcp: 1 -1 7 11\n"
		  "Udp: InDatagrams RcvbufErrors\nUdp: 1 20\n");
	snprintf(text, sizeof(text), "TcpExt: ListenOverflows ListenDrops\nTcpExt: %u %u\n",
		 overflows, overflows + 1);
	write_net(pid, "netstat", text);
	write_net(pid, "snmp6", "Udp6InDatagrams 1\nUdp6RcvbufErrors 3\n");
	write_net(pid, "sockstat",
		  "sockets: used 12\nTCP: inuse 5 orphan 0 tw 9 alloc 30 mem 40\n");
	write_net(pid, "sockstat6", "TCP6: inuse 2\n");
	write_net(pid, "stat/nf_conntrack",
		  "entries  clashres found\n000000fa  00000001 00000002\n"
		  "000000fa  00000001 00000002\n");
}

static const struct netns_row *row_of(const char *name)
{
	struct netns_row key;

	row_reset(&netns_row_type, &key);
	ROW_SET_TEXT(key.name, name);
	return rows_find(&unit.rows[0], &key);
}

START_TEST(one)
{
	const struct netns_row *row;

	begin();
	make_process(100, 4026532000, "nginx", "0::/");
	make_counters(100, 5);
	make_process(101, 4026532000, "worker", "0::/");
	make_process(102, 4026531840, "sshd", "0::/"); /* lives where init does */
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_str_eq(unit.error, "");
	ck_assert_str_eq(unit.source, "/proc/PID/net");
	ck_assert_uint_eq(unit.rows[0].count, 1);
	row = row_of("nginx:100");
	ck_assert_ptr_nonnull(row);
	ck_assert_uint_eq(row->inode, 4026532000);
	ck_assert_uint_eq(row->source, NETNS_PROCESS);
	ck_assert_uint_eq(row->pid, 100);
	ck_assert_str_eq(row->command, "nginx");
	ck_assert_uint_eq(row->sockets_used, 12);
	ck_assert_uint_eq(row->tcp_in_use, 7);
	ck_assert_uint_eq(row->time_wait, 9);
	ck_assert_uint_eq(row->close_wait, ROW_ABSENT);
	ck_assert_uint_eq(row->listen_overflows, 5);
	ck_assert_uint_eq(row->listen_drops, 6);
	ck_assert_uint_eq(row->retrans_segs, 11);
	ck_assert_uint_eq(row->attempt_fails, 7);
	ck_assert_uint_eq(row->udp_rcvbuf_errors, 23);
	ck_assert_uint_eq(row->conntrack_entries, 250);
	ck_assert_uint_eq(row->conntrack_usage, 2500);
	ck_assert_uint_eq(row->discontinuity, SECOND);
	end();
}
END_TEST

/* What is not there is absent, but no TCP socket means none in CLOSE_WAIT. */
START_TEST(with_little)
{
	const struct netns_row *row;

	begin();
	tree_remove(&tree, "proc/sys");
	make_process(100, 4026532000, "a", "0::/");
	write_net(100, "snmp", "Tcp: AttemptFails\nTcp: 7\n");
	write_net(100, "sockstat", "TCP: inuse 0 orphan 0 tw 3 alloc 30 mem 40\n");
	write_net(100, "stat/nf_conntrack", "broken\n");
	make_process(200, 4026532001, "b", "0::/");
	write_net(200, "snmp", "no such thing\n");
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 2);
	row = row_of("a:100");
	ck_assert_uint_eq(row->attempt_fails, 7);
	ck_assert_uint_eq(row->tcp_in_use, 0);
	ck_assert_uint_eq(row->close_wait, 0);
	ck_assert_uint_eq(row->time_wait, 3);
	ck_assert_uint_eq(row->listen_overflows, ROW_ABSENT);
	ck_assert_uint_eq(row->udp_rcvbuf_errors, ROW_ABSENT);
	ck_assert_uint_eq(row->conntrack_entries, ROW_ABSENT);
	ck_assert_uint_eq(row->conntrack_usage, ROW_ABSENT);
	row = row_of("b:200");
	ck_assert_uint_eq(row->attempt_fails, ROW_ABSENT);
	ck_assert_uint_eq(row->tcp_in_use, ROW_ABSENT);
	ck_assert_uint_eq(row->close_wait, ROW_ABSENT);
	end();
}
END_TEST

START_TEST(names)
{
	begin();
	make_process(100, 4026532000, "pause",
		     "0::/kubepods.slice/kubepods-pod8b6a1b2c_0d1e_4f20_"
		     "9a3b_4c5d6e7f8091.slice/cri-containerd-" ID ".scope");
	make_counters(100, 1);
	/* The first process says nothing, another one of the same namespace does. */
	make_process(200, 4026532001, "runc", "0::/");
	make_process(201, 4026532001, "app", "0::/docker/" ID);
	make_counters(200, 2);
	/* The same container made a second namespace for itself. */
	make_process(300, 4026532002, "app2", "0::/docker/" ID);
	make_counters(300, 3);
	make_process(400, 4026532003, "a b;$(x)\x07", "0::/");
	make_counters(400, 4);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 4);
	ck_assert_uint_eq(row_of("pod:8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091")->listen_overflows, 1);
	ck_assert_uint_eq(row_of("docker:0123456789ab")->listen_overflows, 2);
	ck_assert_uint_eq(row_of("docker:0123456789ab#2")->listen_overflows, 3);
	ck_assert_uint_eq(row_of("a b;$(x)?:400")->listen_overflows, 4);
	end();
}
END_TEST

/* The lowest process is named, and if it ends the next one is read. */
START_TEST(processes_end)
{
	begin();
	for (unsigned pid = 109; pid >= 100; pid--)
		make_process(pid, 4026532000, "many", "0::/");
	make_counters(102, 5);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 1);
	ck_assert_uint_eq(row_of("many:100")->listen_overflows, 5);
	/* None of those that are remembered can be read: gone. */
	tree_remove(&tree, "proc/102");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 0);
	end();
}
END_TEST

/* The name stays, the namespace is another one: it has its own counts, under a new stamp. */
START_TEST(made_anew)
{
	static const char cgroup[] = "0::/lxc.payload.web";

	begin();
	make_process(100, 4026532000, "init", cgroup);
	make_counters(100, 50);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(row_of("lxc:web")->listen_overflows, 50);
	make_counters(100, 52);
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(row_of("lxc:web")->listen_overflows, 52);
	ck_assert_uint_eq(row_of("lxc:web")->discontinuity, SECOND);
	tree_remove(&tree, "proc/100");
	make_process(200, 4026532999, "init", cgroup);
	make_counters(200, 60);
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ck_assert_uint_eq(row_of("lxc:web")->inode, 4026532999);
	ck_assert_uint_eq(row_of("lxc:web")->listen_overflows, 60);
	ck_assert_uint_eq(row_of("lxc:web")->discontinuity, 3 * SECOND);
	tree_remove(&tree, "proc/200");
	ck_assert_int_eq(unit_collect(&unit, 4 * SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 0);
	end();
}
END_TEST

/* Those made first stay, whatever the order in which they are found. */
START_TEST(bounded)
{
	begin();
	unit.settings->max_rows[MAX_ROWS_NETNS] = 3;
	for (unsigned i = 0; i < 10; i++) {
		unsigned pid = 100 + i * 7 % 10; /* no order */

		make_process(pid, 4026532000 + pid, "p", "0::/");
		make_counters(pid, pid);
	}
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 3);
	for (unsigned pid = 100; pid < 103; pid++) {
		char name[16];

		snprintf(name, sizeof(name), "p:%u", pid);
		ck_assert_uint_eq(row_of(name)->listen_overflows, pid);
	}
	ck_assert_msg(strstr(unit.error, "maxRows netns 3"), "told: %s", unit.error);
	unit.settings->max_rows[MAX_ROWS_NETNS] = 10;
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 10);
	ck_assert_str_eq(unit.error, "");
	end();
}
END_TEST

/* Namespaces that a user made before do not hide those that others make, nor root's. */
START_TEST(bounded_by_owner)
{
	begin();
	unit.settings->max_rows[MAX_ROWS_NETNS] = 4;
	for (unsigned pid = 100; pid < 120; pid++) {
		unsigned uid = pid < 116 ? 1000 : pid < 118 ? 1001 : 0;
		char path[PATH_MAX];

		make_process(pid, 4026532000 + pid, "p", "0::/");
		make_counters(pid, pid);
		snprintf(path, sizeof(path), "%s/%u", tree.proc, pid);
		if (chown(path, uid, uid)) {
			printf("bounded_by_owner: only root can give files away\n");
			end();
			return;
		}
	}
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(unit.rows[0].count, 4);
	ck_assert_ptr_nonnull(row_of("p:100"));
	ck_assert_ptr_nonnull(row_of("p:116"));
	ck_assert_ptr_nonnull(row_of("p:118"));
	ck_assert_ptr_nonnull(row_of("p:119"));
	end();
}
END_TEST

static void make_start(unsigned pid, unsigned start)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%u/stat", pid);
	tree_write(&tree, path, "%u (a) b) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %u 2 3\n",
		   pid, start);
}

/* Name and inode stay, the namespace is another one. */
START_TEST(inode_used_again)
{
	static const char cgroup[] = "0::/lxc.payload.web";

	begin();
	make_process(100, 4026532000, "init", cgroup);
	make_start(100, 5000);
	make_process(90, 4026532000, "sh", cgroup);
	make_start(90, 7000);
	make_counters(90, 8);
	make_counters(100, 8);
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	ck_assert_uint_eq(row_of("lxc:web")->listen_overflows, 8);
	/* The oldest is still there. */
	tree_remove(&tree, "proc/90");
	ck_assert_int_eq(unit_collect(&unit, 2 * SECOND), 0);
	ck_assert_uint_eq(row_of("lxc:web")->discontinuity, SECOND);
	make_start(100, 9000);
	make_counters(100, 42);
	ck_assert_int_eq(unit_collect(&unit, 3 * SECOND), 0);
	ck_assert_uint_eq(row_of("lxc:web")->inode, 4026532000);
	ck_assert_uint_eq(row_of("lxc:web")->listen_overflows, 42);
	ck_assert_uint_eq(row_of("lxc:web")->discontinuity, 3 * SECOND);
	end();
}
END_TEST

START_TEST(start_times)
{
	static const struct {
		const char *text;
		uint64_t start;
	} table[] = {
		{"7 (sh) S 1 1 1 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0 1234 2 3\n", 1234},
		{"7 (a) b (c) S 1 1 1 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0 1234 2\n", 1234},
		{"7 (sh) S 1 1 1 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0", ROW_ABSENT},
		{"7 (sh) S 1 1 1 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0 x 1", ROW_ABSENT},
		{"7 (sh)", ROW_ABSENT},
		{"", ROW_ABSENT},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++)
		ck_assert_uint_eq(
			netns_parse_start((struct span){table[i].text, strlen(table[i].text)}),
			table[i].start);
}
END_TEST

/* With many namespaces a collection takes long, and must not hold up the end of the process. */
START_TEST(stops)
{
	bool stop = true;
	struct collect c = {.now = SECOND, .stop = &stop};

	begin();
	make_process(100, 4026532000, "p", "0::/");
	ck_assert_int_eq(unit_collect(&unit, SECOND), 0);
	c.settings = unit.settings;
	c.state = unit.state;
	c.rows = unit.rows;
	c.buf = &unit.buf;
	ck_assert_int_eq(netns_collector.collect(&c), -ECANCELED);
	end();
}
END_TEST

START_TEST(no_proc)
{
	begin();
	tree_remove(&tree, "proc");
	ck_assert_int_eq(unit_collect(&unit, SECOND), -ENOENT);
	ck_assert_msg(strstr(unit.error, "/proc"), "told: %s", unit.error);
	end();
}
END_TEST

START_TEST(links)
{
	static const char *const bad[] = {
		"",
		"net:[",
		"net:[]",
		"net:[x]",
		"net:4026531840",
		"mnt:[4026531840]",
		"net:[4026531840",
		"net:[-1]",
	};
	uint64_t inode = 0;

	ck_assert_int_eq(netns_parse_link((struct span){"net:[4026531840]", 16}, &inode), 0);
	ck_assert_uint_eq(inode, 4026531840);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		ck_assert_int_ne(netns_parse_link((struct span){bad[i], strlen(bad[i])}, &inode),
				 0);
}
END_TEST

START_TEST(conntrack_entries)
{
	static const struct {
		const char *text;
		int err;
		uint64_t entries;
	} table[] = {
		{"entries  found\n0000001f 00000002\n", 0, 31},
		{"searched found entries\n1 2 ff\n1 2 ff\n", 0, 255},
		{"entries found\n", -EBADMSG, 0},
		{"", -EBADMSG, 0},
		{"found\n1\n", -EBADMSG, 0},
		{"found entries\n1\n", -EBADMSG, 0},
		{"entries\nxyz\n", -EBADMSG, 0},
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct span text = {table[i].text, strlen(table[i].text)};
		uint64_t entries = 0;

		ck_assert_int_eq(netns_conntrack_entries(text, &entries), table[i].err);
		ck_assert_uint_eq(entries, table[i].entries);
	}
}
END_TEST

static ino_t own_inode(void)
{
	struct stat st;

	ck_assert_int_eq(stat("/proc/thread-self/ns/net", &st), 0);
	return st.st_ino;
}

static void note_inode(void *arg)
{
	*(ino_t *)arg = own_inode();
}

/* The thread that asks stays where it is, also when the other place is none. */
START_TEST(visits)
{
	ino_t before = own_inode(), inside = 0;
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), err;

	ck_assert_int_ge(fd, 0);
	err = netns_enter_run(fd, note_inode, &inside);
	ck_assert_msg(!err || err == -EPERM, "%s", strerror(-err));
	ck_assert_uint_eq(inside, err ? 0 : before);
	ck_assert_uint_eq(own_inode(), before);
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(netns_enter_run(fd, note_inode, &inside), -EINVAL);
	close(fd);
}
END_TEST

/* In another namespace than the process' other threads, where that may be made. */
START_TEST(visits_elsewhere)
{
	ino_t before = own_inode(), other, inside = 0;
	int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fd;

	if (unshare(CLONE_NEWNET)) {
		printf("visits_elsewhere: no network namespace can be made here: %s\n",
		       strerror(errno));
		close(home);
		return;
	}
	other = own_inode();
	fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(setns(home, CLONE_NEWNET), 0);
	ck_assert_uint_ne(other, before);
	ck_assert_int_eq(netns_enter_run(fd, note_inode, &inside), 0);
	ck_assert_uint_eq(inside, other);
	ck_assert_uint_eq(own_inode(), before);
	close(fd);
	close(home);
}
END_TEST

/* Whether a scan finds a process in another namespace than this one's. */
static bool finds(struct netns_processes *processes, struct collect *c, pid_t pid, bool remembered)
{
	struct netns_list list;
	bool found = false;

	/* No time for a scan of all; and the numbers of new processes may have begun anew. */
	processes->saved = remembered ? INT32_MIN : 0;
	processes->newest = remembered ? 0 : processes->newest;
	c->now += SECOND;
	ck_assert_int_eq(netns_scan(&list, processes, c), 0);
	ck_assert_int_eq(list.remembered, remembered);
	for (size_t i = 0; i < list.count; i++)
		for (size_t p = 0; p < list.netns[i]->pids; p++)
			found = found || list.netns[i]->pid[p] == (uint32_t)pid;
	netns_list_free(&list);
	return found;
}

/* Between scans of all processes new ones are found, and those found before are remembered. */
START_TEST(new_processes)
{
	struct netns_processes processes = {.scans = 0};
	struct filebuf buf = {0};
	struct collect c = {.now = SECOND, .buf = &buf};
	int ready[2];
	pid_t child;
	char ok = 0;

	unit_collector_init(&unit, &netns_collector, &roots_default);
	c.settings = unit.settings;
	ck_assert(!finds(&processes, &c, getpid(), false));
	ck_assert_int_eq(pipe(ready), 0);
	child = fork();
	if (!child) {
		ok = !unshare(CLONE_NEWNET);
		_exit(write(ready[1], &ok, 1) == 1 ? pause() : 1);
	}
	ck_assert_int_eq(read(ready[0], &ok, 1), 1);
	if (ok) {
		ck_assert(finds(&processes, &c, child, true));
		ck_assert(finds(&processes, &c, child, true));
		ck_assert(finds(&processes, &c, child, false));
	} else {
		printf("new_processes: no network namespace can be made here\n");
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	/* Remembered until it turns out that it has ended. */
	ck_assert_int_eq(finds(&processes, &c, child, true), ok);
	netns_processes_forget(&processes);
	ck_assert(!finds(&processes, &c, child, false));
	netns_processes_forget(&processes);
	filebuf_free(&buf);
	unit_collector_done(&unit);
	close(ready[0]);
	close(ready[1]);
}
END_TEST

UNIT_MAIN("netns", one, with_little, names, processes_end, made_anew, bounded, bounded_by_owner,
	  inode_used_again, start_times, stops, no_proc, links, conntrack_entries, visits,
	  visits_elsewhere, new_processes)
