/* SPDX-License-Identifier: BSD-2-Clause */
/* The little of JSON (RFC 8259) that has to be right: strings. */
#ifndef NETDIAG_CONSOLE_JSON_H
#define NETDIAG_CONSOLE_JSON_H

#include <stdio.h>

/*
 * Prints text as a JSON string with its quotes. Whatever bytes it holds, what comes out is valid
 * UTF-8: control and format characters are escaped, and each byte that is not part of a UTF-8
 * sequence becomes U+FFFD.
 */
void json_string(FILE *out, const char *text);

#endif
