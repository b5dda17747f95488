/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings that bear on packet loss: /proc/sys. */
#ifndef NETDIAG_LIMIT_SYSCTLS_H
#define NETDIAG_LIMIT_SYSCTLS_H

#include "collectors/collector.h"

#define SYSCTL_NAME_SIZE  81
#define SYSCTL_VALUE_SIZE 129

struct sysctl_row {
	char name[SYSCTL_NAME_SIZE];   /* "net.core.somaxconn" */
	char value[SYSCTL_VALUE_SIZE]; /* words separated by one blank, cut to size */
};

extern const struct row_type sysctl_row_type;
extern const struct collector sysctls_collector;

/*
 * The path below /proc/sys of a setting's name, by sysctl(8)'s rule: where the first separator is
 * a dot, dots become slashes and slashes (as in eth0/100) dots; where it is a slash, the name is a
 * path already. 0; -EINVAL when the name has other characters than letters, digits and _-./@:, or
 * would leave /proc/sys, or names no setting; -ENAMETOOLONG when it does not fit.
 */
int sysctl_path(const char *name, char *path, size_t size);

/* The opposite: the name, with dots, of a path below /proc/sys. As long as the path. */
void sysctl_name(const char *path, char *name, size_t size);

#endif
