/* SPDX-License-Identifier: BSD-2-Clause */
/* The settings of snmpd.conf that decide whether a subagent can connect and be read. */
#ifndef NETDIAG_PREFLIGHT_SNMPD_CONF_H
#define NETDIAG_PREFLIGHT_SNMPD_CONF_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNMPD_CONF_NAME_SIZE 64
#define SNMPD_CONF_VIEWS_MAX 64 /* further ones are left out */
#define SNMPD_CONF_FILES_MAX 64
#define SNMPD_CONF_DEPTH_MAX 4

/* A subtree of a view, as far as it is about our MIB. */
struct snmpd_conf_view {
	char name[SNMPD_CONF_NAME_SIZE];
	size_t depth; /* sub-identifiers: the longest match decides */
	bool included;
};

struct snmpd_conf {
	const uint32_t *base; /* OID of the MIB; set before parsing */
	size_t base_len;
	bool found;		  /* there is a file */
	bool denied;		  /* one of them may not be read */
	char path[PATH_MAX];	  /* of the first file, or of the one that may not be read */
	char directory[PATH_MAX]; /* of the first includeDir; "" without one */
	bool master;		  /* `master agentx` */
	char socket[PATH_MAX];	  /* agentXSocket; "" without one */
	bool perms;		  /* agentXPerms */
	char group[SNMPD_CONF_NAME_SIZE]; /* of agentXPerms; "" without one */
	bool sink;			  /* notifications go somewhere */
	bool whole;			  /* somebody may read everything */
	size_t files;
	size_t views;
	struct snmpd_conf_view view[SNMPD_CONF_VIEWS_MAX];
	size_t readers; /* views that somebody may read */
	char reader[SNMPD_CONF_VIEWS_MAX][SNMPD_CONF_NAME_SIZE];
};

/* Reads the files that snmpd would read, from the directories of a path (separated by colons), with
 * what they include. What cannot be read is remembered in conf->denied. */
void snmpd_conf_read(struct snmpd_conf *conf, const char *directories);

/* Takes the lines of one file, whose text is changed; include lines are not followed. depth: see
 * SNMPD_CONF_DEPTH_MAX; at that depth no file is opened. */
void snmpd_conf_parse(struct snmpd_conf *conf, char *text, unsigned depth);

/* Whether somebody may read what is below the base OID. */
bool snmpd_conf_visible(const struct snmpd_conf *conf);

#endif
