/* SPDX-License-Identifier: BSD-2-Clause */
/* Arrays: their length, and the search in a sorted one. */
#ifndef NETDIAG_BASE_ARRAY_H
#define NETDIAG_BASE_ARRAY_H

#include <stddef.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The first of `count` elements that is not below what is looked for, or count. `below` is an
 * expression in the element's index i, true for the elements before that one only:
 *
 *	LOWER_BOUND(list->count, i, list->item[i].key < key)
 */
#define LOWER_BOUND(count, i, below)                          \
	({                                                    \
		size_t low_ = 0, high_ = (count);             \
                                                              \
		while (low_ < high_) {                        \
			size_t i = low_ + (high_ - low_) / 2; \
                                                              \
			if (below)                            \
				low_ = i + 1;                 \
			else                                  \
				high_ = i;                    \
		}                                             \
		low_;                                         \
	})

#endif
