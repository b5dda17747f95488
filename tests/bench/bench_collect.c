/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cost of one refresh of a collector.
 *
 * usage: bench_collect COLLECTOR REFRESHES [full]
 * prints: the fastest and the mean refresh in microseconds, rows, and how much the resident memory
 * grew over all refreshes but the first, in KiB
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/engine.h"
#include "collectors/registry.h"

static long resident_kib(void)
{
	char line[256];
	long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	if (statm && fgets(line, sizeof(line), statm) && sscanf(line, "%*d %ld", &pages) != 1)
		pages = 0;
	if (statm)
		fclose(statm);
	return pages * 4;
}

int main(int argc, char **argv)
{
	struct collect_settings *settings = settings_new(collectors);
	struct collector_state state;
	struct engine *engine;
	uint64_t fastest = UINT64_MAX, sum = 0;
	long first = 0;
	int index, refreshes;

	if (argc < 3 || !settings) {
		fprintf(stderr, "usage: bench_collect COLLECTOR REFRESHES [full]\n");
		return 64;
	}
	settings->socket_states_full = argc > 3 && !strcmp(argv[3], "full");
	settings->buffer_sockets_max = settings->peer_sockets_max = 10000000;
	for (size_t i = 0; i < COLLECTORS_MAX; i++)
		settings->collector[i].on = false;
	engine = engine_new(collectors, settings);
	index = engine ? engine_find(engine, argv[1]) : -1;
	refreshes = atoi(argv[2]);
	if (index < 0 || refreshes < 2) {
		fprintf(stderr, "bench_collect: %s: no such collector\n", argv[1]);
		return 64;
	}
	settings->collector[index].on = true;
	for (int i = 0; i < refreshes; i++) {
		engine_collect_once(engine);
		engine_state(engine, (size_t)index, &state);
		if (state.duration_ns < fastest)
			fastest = state.duration_ns;
		sum += state.duration_ns;
		if (!i)
			first = resident_kib();
	}
	if (state.status != COLLECT_OK)
		fprintf(stderr, "bench_collect: %s\n", state.error);
	printf("%.1f %.1f %llu %ld\n", (double)fastest / 1e3, (double)sum / refreshes / 1e3,
	       (unsigned long long)state.rows, resident_kib() - first);
	engine_free(engine);
	settings_put(settings);
	return state.status != COLLECT_OK;
}
