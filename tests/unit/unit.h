/* SPDX-License-Identifier: BSD-2-Clause */
/* What the unit tests share. Everything here ends the test at once when it cannot do its part. */
#ifndef NETDIAG_UNIT_H
#define NETDIAG_UNIT_H

#include <check.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "collectors/base/array.h"
#include "collectors/collector.h"

/* One test case with these tests, run; the value to return from main(). */
int unit_main(const char *name, const TTest *const *tests, size_t count);
#define UNIT_MAIN(name, ...)                                    \
	int main(void)                                          \
	{                                                       \
		const TTest *const tests[] = {__VA_ARGS__};     \
		return unit_main(name, tests, COUNT_OF(tests)); \
	}

/* The path of a file in the source tree: unit_source(path, "tests/data/old/proc"). */
void unit_source(char path[PATH_MAX], const char *relative);

/* A directory of its own with a "proc" and a "sys" below, and roots that point there. */
struct tree {
	char path[64];
	char proc[80];
	char sys[80];
	struct roots roots;
};

void tree_init(struct tree *tree);

/* Writes a file, "proc/net/softnet_stat", with its directories. format is printf's. */
void tree_write(const struct tree *tree, const char *relative, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void tree_write_bytes(const struct tree *tree, const char *relative, const void *data, size_t len);

/* Makes a FIFO or a symbolic link instead. */
void tree_fifo(const struct tree *tree, const char *relative);
void tree_symlink(const struct tree *tree, const char *target, const char *relative);

/* Removes a file or a directory with all that is in it. */
void tree_remove(const struct tree *tree, const char *relative);

/* Removes all of it. */
void tree_done(struct tree *tree);

/* One collector with settings of its own (the defaults, to be changed at will), without threads. */
struct unit_collector {
	const struct collector *desc;
	struct collect_settings *settings;
	struct filebuf buf;
	void *state;
	struct rows rows[COLLECT_ROWS_MAX];
	bool asked; /* as if the configuration turned it on itself */
	bool left_out;
	char source[COLLECT_SOURCE_SIZE];
	char error[COLLECT_ERROR_SIZE];
};

void unit_collector_init(struct unit_collector *unit, const struct collector *desc,
			 const struct roots *roots);

/* Collects once, at this monotonic time (ns). What the collector returned; rows (sorted), source
 * and error are in *unit until the next call. */
int unit_collect(struct unit_collector *unit, uint64_t now);
void unit_collector_done(struct unit_collector *unit);

#endif
