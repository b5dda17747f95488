/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings that bear on packet loss: /proc/sys. */
#ifndef NETDIAG_SYSCTLS_H
#define NETDIAG_SYSCTLS_H

#include "collect.h"

struct sysctl_row {
	char name[81];	 /* "net.core.somaxconn" */
	char value[129]; /* words separated by one blank */
};

extern const struct row_type sysctl_row_type;
extern const struct collector sysctls_collector;

#endif
