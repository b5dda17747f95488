/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What counting costs a dropped packet: the same flood of datagrams to a socket whose buffer is
 * full, with the BPF program attached and without, in turns.
 *
 * usage: bench_drops ROUNDS DATAGRAMS
 * prints: nanoseconds of CPU a datagram without and with it (the medians of the rounds), how many
 * drops the program counted of how many were made, and how many nanoseconds one of its runs takes
 * by the kernel's own clock (the least of the rounds; reading it is in that)
 */
#include <config.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/loss/drop_program.h"

#define BATCH 64

static int receiver, sender;

static int open_sockets(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int small = 1;

	receiver = socket(AF_INET, SOCK_DGRAM, 0);
	sender = socket(AF_INET, SOCK_DGRAM, 0);
	if (receiver < 0 || sender < 0 ||
	    setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) ||
	    bind(receiver, (struct sockaddr *)&address, len) ||
	    getsockname(receiver, (struct sockaddr *)&address, &len) ||
	    connect(sender, (struct sockaddr *)&address, len))
		return -errno;
	return 0;
}

/* This thread's time on a CPU, which others on this machine do not lengthen; loopback receives in
 * it. */
static uint64_t cpu_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

/* Nanoseconds of CPU a datagram. */
static double flood(unsigned datagrams)
{
	static char data[512];
	struct iovec vector = {.iov_base = data, .iov_len = sizeof(data)};
	struct mmsghdr messages[BATCH];
	uint64_t began;

	memset(messages, 0, sizeof(messages));
	for (size_t i = 0; i < BATCH; i++) {
		messages[i].msg_hdr.msg_iov = &vector;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	began = cpu_ns();
	for (unsigned sent = 0; sent < datagrams; sent += BATCH)
		if (sendmmsg(sender, messages, BATCH, 0) != BATCH)
			return 0;
	return (double)(cpu_ns() - began) / datagrams;
}

static uint64_t counted(const struct drop_program *program)
{
	uint64_t sum = 0;

	for (uint32_t shard = 0; shard < program->shards; shard++)
		for (size_t slot = 0; slot <= DROP_SLOTS; slot++)
			sum += program->shard[shard].packets[slot];
	return sum;
}

/* How long a run of the program takes, in nanoseconds; 0 when the kernel does not tell. The kernel
 * measures as long as the descriptor is open. */
static double run_time(const struct drop_program *program, unsigned datagrams)
{
	struct bpf_link_info link = {.id = 0};
	struct bpf_prog_info info = {.id = 0};
	uint32_t link_len = sizeof(link), info_len = sizeof(info);
	int measure = bpf_enable_stats(BPF_STATS_RUN_TIME), fd = -1;

	if (measure >= 0 && flood(datagrams) > 0 &&
	    !bpf_obj_get_info_by_fd(program->link, &link, &link_len))
		fd = bpf_prog_get_fd_by_id(link.prog_id);
	if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &info_len))
		info.run_cnt = 0;
	if (fd >= 0)
		close(fd);
	if (measure >= 0)
		close(measure);
	return info.run_cnt ? (double)info.run_time_ns / (double)info.run_cnt : 0;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 2 ? (unsigned)atoi(argv[1]) : 0;
	unsigned datagrams = argc > 2 ? (unsigned)atoi(argv[2]) / BATCH * BATCH : 0;
	double *without = calloc(rounds + 1, sizeof(*without));
	double *with = calloc(rounds + 1, sizeof(*with));
	double least = 0;
	uint64_t drops = 0;
	struct stat own;

	if (!rounds || !datagrams || !without || !with) {
		fprintf(stderr, "usage: bench_drops ROUNDS DATAGRAMS\n");
		return 64;
	}
	if (open_sockets() || stat("/proc/self/ns/net", &own)) {
		fprintf(stderr, "bench_drops: no sockets: %s\n", strerror(errno));
		return 1;
	}
	flood(datagrams); /* fills the buffer */
	for (unsigned i = 0; i < rounds; i++) {
		struct drop_program program;
		char why[DROP_PROGRAM_WHY_SIZE];
		double run;

		without[i] = flood(datagrams);
		if (drop_program_open(&program, (uint32_t)own.st_ino, DROP_KEYS_MAX, why)) {
			fprintf(stderr, "bench_drops: %s\n", why);
			return 1;
		}
		with[i] = flood(datagrams);
		drops += counted(&program);
		run = run_time(&program, datagrams);
		least = !i || run < least ? run : least;
		drop_program_close(&program);
	}
	qsort(without, rounds, sizeof(*without), compare);
	qsort(with, rounds, sizeof(*with), compare);
	printf("%.1f %.1f %llu %llu %.1f\n", without[rounds / 2], with[rounds / 2],
	       (unsigned long long)drops, (unsigned long long)rounds * datagrams, least);
	return 0;
}
