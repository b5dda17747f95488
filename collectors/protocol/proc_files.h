/* SPDX-License-Identifier: BSD-2-Clause */
/* Collectors whose rows come out of several files of procfs, of which some may be missing. */
#ifndef NETDIAG_PROTOCOL_PROC_FILES_H
#define NETDIAG_PROTOCOL_PROC_FILES_H

#include "collectors/base/parse.h"
#include "collectors/collector.h"

/* Of files that only kernels with IPv6 have. */
#define PROC_FILE_NO_IPV6 "this kernel has no IPv6 (ipv6.disable=1, or not built)"

struct proc_file {
	const char *path; /* below the proc root */
	/* Adds rows; notes what it has to pass over. 0 or -errno. */
	int (*parse)(struct span text, struct rows *rows, struct faults *faults);
	const char *optional; /* why a host may do without it; NULL: every one has it */
};

/*
 * Reads and parses files into c->rows[0]. Those that gave rows are named as the collector's source,
 * and what is missing or faulty is noted. *missing gets the bit 1 << i of each that does not exist,
 * and may be NULL. 0 when one of them gave rows, else what collect_fail() returned.
 */
int proc_files_collect(struct collect *c, const struct proc_file *files, size_t count,
		       uint32_t *missing);

#endif
