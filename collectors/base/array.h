/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays: their length and the search in a sorted one. */
#ifndef NETDIAG_BASE_ARRAY_H
#define NETDIAG_BASE_ARRAY_H

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
