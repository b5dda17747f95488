/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Structs as lines of text: "alarm id=7 check=nic.errors instance=eth0". For the state file, which
 * another version of netdiagd may read: names that it does not know are passed over, members that
 * the line does not name stay as they are.
 */
#ifndef NETDIAG_CHECKS_RECORD_H
#define NETDIAG_CHECKS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum record_kind {
	RECORD_NUMBER,	  /* uint64_t */
	RECORD_SIGNED,	  /* int64_t */
	RECORD_WORD,	  /* 32 bits: uint32_t, an enum */
	RECORD_SWITCH,	  /* bool */
	RECORD_TEXT,	  /* char array */
	RECORD_OBJECT_ID, /* struct object_id */
};

struct record_member {
	const char *name; /* NULL ends */
	enum record_kind kind;
	size_t offset;
	size_t size; /* of a char array */
};

/* Writes a line. Members that are 0 or empty are left out. */
void record_write(FILE *out, const char *what, const struct record_member *members,
		  const void *data);

/* Reads the rest of a line behind its first word into a struct that was zeroed. False: a value is
 * not what its member is. */
bool record_read(const char *line, const struct record_member *members, void *data);

#endif
