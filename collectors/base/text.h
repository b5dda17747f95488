/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text from outside: names of processes, interfaces, cgroups and namespaces, and whatever else a
 * user or a driver chose. Everything that copies such text or shows it to somebody does so with
 * these functions, none of which fails or allocates, whatever bytes the text holds.
 */
#ifndef NETDIAG_BASE_TEXT_H
#define NETDIAG_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the UTF-8 sequence that text (NUL-terminated, not empty) begins with. Returns its length,
 * 1 to 4, or 0 when there is none; overlong forms, surrogates and what lies past U+10FFFF are none.
 */
size_t text_utf8(const char *text, uint32_t *point);

/* Whether a terminal would obey a character or show nothing for it: control and format characters,
 * among them those that reverse the direction of writing. */
bool text_is_control(uint32_t point);

/*
 * Copies text into a buffer of a size of at least 1. The copy is NUL-terminated, the rest of the
 * buffer is filled with NULs, so that buffers can be compared as memory, and no UTF-8 sequence is
 * cut in two. Source and destination may be the same, and must not overlap otherwise. Returns
 * false when the text had to be cut.
 *
 * text_copy() is for what is stored: ASCII control characters become '?', other bytes stay as they
 * are. text_ascii() leaves printable ASCII only. text_copy_n() takes a text that ends after len
 * bytes unless a NUL comes first.
 */
bool text_copy(char *to, size_t size, const char *from);
bool text_copy_n(char *to, size_t size, const char *from, size_t len);
bool text_ascii(char *to, size_t size, const char *from);

/* Copies text for a terminal: what is no UTF-8, and characters of text_is_control(), as "\xNN" a
 * byte. Never cuts an escape. Returns false when the text had to be cut. */
bool text_console(char *to, size_t size, const char *from);

/*
 * Copies text for programs that stand next to a shell, such as trap handlers: '%' itself and
 * whatever is not in "A-Za-z0-9 _.:/@+=,-" becomes "%NN". Two texts never become one. Never cuts an
 * escape. Returns false when the text had to be cut.
 */
bool text_percent(char *to, size_t size, const char *from);

/* For sentences that may quote names from outside: replaces, in place, every character but letters,
 * digits and " ._-:@%+/[],=" by '_'. */
void text_sanitise(char *text);

#endif
