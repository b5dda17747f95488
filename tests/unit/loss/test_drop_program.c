/* SPDX-License-Identifier: BSD-2-Clause */
/* What is left of the privilege to load a program once it is attached: nothing but its counts. Each
 * test is a process of its own, in a network namespace of its own, as nobody with CAP_BPF and
 * CAP_PERFMON. */
#include <config.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collectors/kernel/capability.h"
#include "collectors/loss/drop_program.h"
#include "tests/unit/unit.h"

#define NOBODY	  65534
#define DATAGRAMS 100
#define LOOPBACK  1 /* the interface's index in every namespace */
#define BOTH	  (UINT64_C(1) << CAPABILITY_BPF | UINT64_C(1) << CAPABILITY_PERFMON)

/* The effective, permitted and inheritable sets. 0 or -errno. */
static int set_capabilities(uint64_t capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	for (size_t i = 0; i < COUNT_OF(sets); i++) {
		uint32_t word = (uint32_t)(capabilities >> 32 * i);

		sets[i] = (struct __user_cap_data_struct){word, word, word};
	}
	return syscall(SYS_capset, &header, sets) ? -errno : 0;
}

static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

/* A namespace and the credentials. False, with a message, where the tests cannot run. */
static bool become_nobody(uint32_t *netns)
{
	const char *preload = getenv("LD_PRELOAD");
	struct stat own;

	if (preload && strstr(preload, "vgpreload")) {
		puts("skipped: valgrind takes what libbpf gives to bpf() for uninitialised");
		return false;
	}
	if (!capability_held(CAPABILITY_BPF) || !capability_held(CAPABILITY_PERFMON) ||
	    unshare(CLONE_NEWNET)) {
		puts("skipped: needs root with CAP_BPF and CAP_PERFMON");
		return false;
	}
	loopback_up();
	ck_assert_int_eq(stat("/proc/self/ns/net", &own), 0);
	*netns = (uint32_t)own.st_ino;
	ck_assert_int_eq(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(setresgid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, NOBODY), 0);
	ck_assert_int_eq(set_capabilities(BOTH), 0);
	return true;
}

/* Makes a map of a kind that no kernel makes without CAP_BPF. 0 or -errno. */
static int make_map(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_QUEUE, "probe", 0, 8, 1, NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Loads "return 0" for a tracepoint, which takes CAP_BPF and CAP_PERFMON. 0 or -errno. */
static int load_program(void)
{
	static const struct bpf_insn program[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "probe", "Dual BSD/GPL", program,
			       COUNT_OF(program), NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* How many packets on the loopback interface are counted, for whatever reason. */
static uint64_t counted(const struct drop_program *program)
{
	uint64_t sum = 0;

	for (size_t slot = 0; slot < DROP_SLOTS; slot++)
		for (uint32_t i = 0; i < program->shards; i++)
			if ((uint32_t)program->table->keys[slot] == LOOPBACK)
				sum += program->shard[i].packets[slot];
	return sum;
}

/* Sends datagrams to a port that nobody listens on: each is one drop. */
static void drop_datagrams(void)
{
	const struct sockaddr_in nobody = {
		.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	for (int i = 0; i < DATAGRAMS; i++)
		ck_assert_int_eq(
			sendto(fd, "", 1, 0, (const struct sockaddr *)&nobody, sizeof(nobody)), 1);
	close(fd);
}

START_TEST(refused_after_dropping)
{
	struct drop_program program, another;
	char why[DROP_PROGRAM_WHY_SIZE] = "";
	uint32_t netns;
	int err;

	if (!become_nobody(&netns))
		return;
	err = drop_program_open(&program, netns, DROP_KEYS_MAX, why);
	if (err == -EOPNOTSUPP) {
		printf("skipped: %s\n", why);
		return;
	}
	ck_assert_msg(!err, "%s", why);
	/* What is refused below works until then. */
	ck_assert_int_eq(make_map(), 0);
	ck_assert_int_eq(load_program(), 0);

	ck_assert_int_eq(capability_drop(CAPABILITY_BPF), 0);
	ck_assert_int_eq(capability_drop(CAPABILITY_PERFMON), 0);
	ck_assert_int_eq(make_map(), -EPERM);
	ck_assert_int_eq(load_program(), -EPERM);
	ck_assert_int_eq(drop_program_open(&another, netns, DROP_KEYS_MAX, why), -EPERM);
	ck_assert_ptr_nonnull(strstr(why, "CAP_BPF and CAP_PERFMON"));
	ck_assert_int_eq(set_capabilities(BOTH), -EPERM);

	/* It counts on. */
	for (unsigned i = 1; i <= 2; i++) {
		drop_datagrams();
		ck_assert_uint_eq(counted(&program), i * DATAGRAMS);
	}
	drop_program_close(&program);
	drop_program_close(&program);
}
END_TEST

/* Without one of the two there is no program. */
static void refused_without(int capability)
{
	struct drop_program program;
	char why[DROP_PROGRAM_WHY_SIZE];
	uint32_t netns;

	if (!become_nobody(&netns))
		return;
	ck_assert_int_eq(capability_drop(capability), 0);
	ck_assert_int_eq(load_program(), -EPERM);
	ck_assert_int_eq(drop_program_open(&program, netns, DROP_KEYS_MAX, why), -EPERM);
	ck_assert_ptr_nonnull(strstr(why, "drop-reasons.conf"));
}

START_TEST(refused_without_bpf)
{
	refused_without(CAPABILITY_BPF);
}
END_TEST

START_TEST(refused_without_perfmon)
{
	refused_without(CAPABILITY_PERFMON);
}
END_TEST

UNIT_MAIN("drop_program", refused_after_dropping, refused_without_bpf, refused_without_perfmon)
