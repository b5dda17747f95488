/* SPDX-License-Identifier: BSD-2-Clause */
/* Loads the program that counts drops with libbpf, attaches it to the tracepoint skb:kfree_skb, and
 * maps what it counts. */
#include <config.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "collectors/kernel/capability.h"
#include "collectors/loss/drop_program.h"

/* Generated of drop_reasons.bpf.c by bpftool. */
#include "collectors/loss/drop_reasons.skel.h"

const bool drop_program_built = true;

/* Modules that define drop reasons. */
static const char *const modules[] = {"mac80211", "openvswitch"};

__attribute__((format(printf, 3, 4))) static int why_not(char why[DROP_PROGRAM_WHY_SIZE], int err,
							 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, DROP_PROGRAM_WHY_SIZE, format, args);
	va_end(args);
	return err;
}

/* Silences libbpf: failures are reported by errno. */
static int discard_message(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

/* Names of the kernel's own reasons and of the modules that are loaded. 0 or -ENOMEM. */
static int drop_program_name(struct drop_names *names, struct btf *kernel)
{
	int err = drop_names_add(names, kernel, 1);

	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]) && !err; i++) {
		struct btf *module = btf__load_module_btf(modules[i], kernel);

		if (!module)
			continue;
		err = drop_names_add(names, module, btf__type_cnt(kernel));
		btf__free(module);
	}
	return err;
}

/* Reads the reasons' names and the tracepoint's arguments from the kernel's BTF. 0 or -errno. */
static int drop_program_study(struct drop_program *program, struct drop_tracepoint *tracepoint,
			      char why[DROP_PROGRAM_WHY_SIZE])
{
	struct btf *kernel = btf__load_vmlinux_btf();
	int err;

	if (!kernel)
		return why_not(why, -EOPNOTSUPP,
			       "the kernel has no type information (/sys/kernel/btf/vmlinux). "
			       "It has to be built with CONFIG_DEBUG_INFO_BTF");
	*tracepoint = drop_tracepoint_of(kernel);
	if (tracepoint->has_reason)
		err = drop_program_name(&program->names, kernel);
	else
		err = why_not(why, -EOPNOTSUPP,
			      "the kernel does not tell why it drops packets. Linux 5.17 or later "
			      "does");
	btf__free(kernel);
	if (err == -ENOMEM)
		why_not(why, err, "no memory for the names of the drop reasons");
	return err;
}

/* Maps a BPF map into memory. NULL with errno set. */
static void *drop_program_map(const struct bpf_map *map, size_t size, int protection)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* The kernel rounds the size of each shard up to 8 bytes. */
_Static_assert(sizeof(struct drop_shard) % 8 == 0, "the kernel puts shards elsewhere");

/* Loads and attaches the program, and keeps its link and the mapped memory. 0 or -errno. */
static int drop_program_attach(struct drop_program *program, uint32_t bound,
			       struct drop_reasons *skeleton)
{
	struct bpf_link *link;
	int err = drop_reasons__load(skeleton);

	if (err)
		return err;
	program->table = drop_program_map(skeleton->maps.bss, sizeof(*program->table),
					  PROT_READ | PROT_WRITE);
	program->shard = drop_program_map(skeleton->maps.counts,
					  program->shards * sizeof(*program->shard), PROT_READ);
	if (!program->table || !program->shard)
		return -errno;
	program->table->bound = bound;
	link = bpf_program__attach(skeleton->progs.count_drop);
	if (!link)
		return -errno;
	program->link = fcntl(bpf_link__fd(link), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	err = program->link < 0 ? -errno : 0;
	bpf_link__destroy(link);
	return err;
}

static int drop_program_load(struct drop_program *program, uint32_t own_netns, uint32_t bound,
			     const struct drop_tracepoint *tracepoint,
			     char why[DROP_PROGRAM_WHY_SIZE])
{
	struct drop_reasons *skeleton = drop_reasons__open();
	char reason[64];
	int err = skeleton ? 0 : -errno;

	if (!err)
		err = bpf_map__set_max_entries(skeleton->maps.counts, program->shards);
	if (!err) {
		skeleton->rodata->own_netns = own_netns;
		skeleton->rodata->shards = program->shards;
		skeleton->rodata->has_rx_sk = tracepoint->has_rx_sk;
		err = drop_program_attach(program, bound, skeleton);
	}
	drop_reasons__destroy(skeleton);
	if (err)
		why_not(why, err,
			"the BPF program that counts drops cannot be loaded: %s. Allow bpf() in "
			"SystemCallFilter and raise LimitMEMLOCK; a locked-down kernel refuses it",
			strerror_r(-err, reason, sizeof(reason)));
	return err;
}

/*
 * CAP_SYS_ADMIN alone would do for the kernel, but who gives it to enter namespaces has not asked
 * for BPF programs, and a system call filter that kills at bpf() may be in force.
 */
static bool drop_program_allowed(void)
{
	return capability_held(CAPABILITY_BPF) && capability_held(CAPABILITY_PERFMON);
}

int drop_program_open(struct drop_program *program, uint32_t own_netns, uint32_t bound,
		      char why[DROP_PROGRAM_WHY_SIZE])
{
	struct drop_tracepoint tracepoint;
	int cpus = libbpf_num_possible_cpus();
	int err;

	memset(program, 0, sizeof(*program));
	program->link = -1;
	program->shards = cpus < 1 ? 1 : cpus < DROP_SHARDS_MAX ? (uint32_t)cpus : DROP_SHARDS_MAX;
	if (!drop_program_allowed())
		return why_not(why, -EPERM,
			       "CAP_BPF and CAP_PERFMON were missing at startup. The drop-in "
			       "drop-reasons.conf gives them to the service");
	libbpf_set_print(discard_message);
	err = drop_program_study(program, &tracepoint, why);
	if (!err)
		err = drop_program_load(program, own_netns, bound, &tracepoint, why);
	if (err)
		drop_program_close(program);
	return err;
}

void drop_program_close(struct drop_program *program)
{
	if (program->link > 0)
		close(program->link);
	if (program->table)
		munmap(program->table, sizeof(*program->table));
	if (program->shard)
		munmap((void *)program->shard, program->shards * sizeof(*program->shard));
	drop_names_free(&program->names);
	memset(program, 0, sizeof(*program));
}
