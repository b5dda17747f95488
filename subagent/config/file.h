/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netdiagd.conf, read with libnetsnmp's own reader (so quotes, comments and includeFile are as in
 * snmpd.conf). A configuration is immutable once loaded; a wrong file yields none, and every
 * problem in it is told.
 */
#ifndef NETDIAG_CONFIG_FILE_H
#define NETDIAG_CONFIG_FILE_H

#include <stdbool.h>

#include "collectors/settings.h"
#include "subagent/checks/alarm_settings.h"

struct configuration {
	char *agentx_socket; /* as the file says it, or NULL */
	struct collect_settings collect;
	struct alarm_settings alarms;
};

/* Told once per problem: "netdiagd.conf:12: check tcp.listen_overflow: no such check; …". */
typedef void configuration_problem_fn(const char *text, void *arg);

/* Registers the directives with the library. Once, before the first load; main thread. 0 or
 * -ENOMEM. */
int configuration_init(void);

/*
 * Reads a file. A missing one yields the defaults unless it is required. The caller owns the
 * result: configuration_free(). NULL when there was a problem; each was told.
 * roots: where procfs and sysfs are; borrowed for as long as the configuration lives.
 */
struct configuration *configuration_load(const char *path, bool required, const struct roots *roots,
					 configuration_problem_fn *problem, void *arg);

void configuration_free(struct configuration *configuration);

#endif
