/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads snmpd.conf and what it includes, as snmpd(8) finds them, for --check. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/parse.h"
#include "collectors/base/text.h"
#include "subagent/config/line.h"
#include "subagent/preflight/snmpd_conf.h"

#define FILE_SIZE_MAX (1024 * 1024)

static void conf_file(struct snmpd_conf *conf, const char *path, unsigned depth);

/* --- views -------------------------------------------------------------------------------------
 */

/* The length of a numeric OID (".1.3.6") if the base OID is at or below it, else -1. */
static int conf_oid_depth(const struct snmpd_conf *conf, const char *text)
{
	int depth = 0;

	if (!strcmp(text, "iso") || !strcmp(text, ".iso"))
		return 1;
	for (text += *text == '.'; *text; depth++) {
		size_t len = strcspn(text, ".");
		uint64_t arc;

		if (span_u64((struct span){text, len}, &arc) || (size_t)depth >= conf->base_len ||
		    arc != conf->base[depth])
			return -1;
		text += len;
		text += *text == '.';
	}
	return depth;
}

/* view NAME included|excluded OID */
static void conf_view(struct snmpd_conf *conf, const struct line *line)
{
	struct snmpd_conf_view *view = &conf->view[conf->views];
	int depth = line->count > 3 ? conf_oid_depth(conf, line->word[3]) : -1;

	if (depth < 0 || conf->views == SNMPD_CONF_VIEWS_MAX)
		return;
	conf->views++;
	text_copy(view->name, sizeof(view->name), line->word[1]);
	view->included = !strncasecmp(line->word[2], "incl", 4);
	view->depth = (size_t)depth;
}

static void conf_reader(struct snmpd_conf *conf, const char *view)
{
	if (conf->readers < SNMPD_CONF_VIEWS_MAX)
		text_copy(conf->reader[conf->readers++], SNMPD_CONF_NAME_SIZE, view);
}

/* rocommunity NAME [SOURCE [OID | -V VIEW]], rouser USER [LEVEL [OID | -V VIEW]] */
static void conf_simple_reader(struct snmpd_conf *conf, const struct line *line)
{
	for (size_t i = 2; i + 1 < line->count; i++)
		if (!strcmp(line->word[i], "-V")) {
			conf_reader(conf, line->word[i + 1]);
			return;
		}
	if (line->count > 3 && strspn(line->word[3], ".0123456789") == strlen(line->word[3]))
		conf->whole = conf->whole || conf_oid_depth(conf, line->word[3]) >= 0;
	else
		conf->whole = conf->whole || line->count > 1;
}

/* access GROUP CONTEXT MODEL LEVEL PREFIX READ WRITE NOTIFY */
static void conf_access(struct snmpd_conf *conf, const struct line *line)
{
	if (line->count > 6)
		conf_reader(conf, line->word[6]);
}

static bool conf_view_shows(const struct snmpd_conf *conf, const char *name)
{
	const struct snmpd_conf_view *longest = NULL;

	for (size_t i = 0; i < conf->views; i++)
		if (!strcmp(conf->view[i].name, name) &&
		    (!longest || conf->view[i].depth >= longest->depth))
			longest = &conf->view[i];
	return longest && longest->included;
}

bool snmpd_conf_visible(const struct snmpd_conf *conf)
{
	bool visible = conf->whole;

	for (size_t i = 0; i < conf->readers && !visible; i++)
		visible = !strcmp(conf->reader[i], "_all_") ||
			  conf_view_shows(conf, conf->reader[i]);
	return visible;
}

/* --- other directives --------------------------------------------------------------------------
 */

static void conf_master(struct snmpd_conf *conf, const struct line *line)
{
	static const char *const on[] = {"agentx", "all", "yes", "on"};

	for (size_t i = 0; i < COUNT_OF(on); i++)
		conf->master = conf->master ||
			       (line->count > 1 && !strcasecmp(line->word[1], on[i]));
}

static void conf_socket(struct snmpd_conf *conf, const struct line *line)
{
	if (line->count > 1)
		text_copy(conf->socket, sizeof(conf->socket), line->word[1]);
}

/* agentXPerms SOCKET_MODE [DIRECTORY_MODE [USER [GROUP]]] */
static void conf_perms(struct snmpd_conf *conf, const struct line *line)
{
	conf->perms = true;
	text_copy(conf->group, sizeof(conf->group), line->count > 4 ? line->word[4] : "");
}

static void conf_sink(struct snmpd_conf *conf, const struct line *line)
{
	conf->sink = conf->sink || line->count > 1;
}

static const struct {
	const char *word;
	void (*take)(struct snmpd_conf *conf, const struct line *line);
} conf_directives[] = {
	{"access", conf_access},
	{"agentxperms", conf_perms},
	{"agentxsocket", conf_socket},
	{"informsink", conf_sink},
	{"master", conf_master},
	{"rocommunity", conf_simple_reader},
	{"rocommunity6", conf_simple_reader},
	{"rouser", conf_simple_reader},
	{"rwcommunity", conf_simple_reader},
	{"rwcommunity6", conf_simple_reader},
	{"rwuser", conf_simple_reader},
	{"trap2sink", conf_sink},
	{"trapsess", conf_sink},
	{"trapsink", conf_sink},
	{"view", conf_view},
};

/* --- files -------------------------------------------------------------------------------------
 */

static int conf_is_file(const struct dirent *entry)
{
	return !fnmatch("*.conf", entry->d_name, FNM_PERIOD);
}

static void conf_directory(struct snmpd_conf *conf, const char *directory, unsigned depth)
{
	struct dirent **entries;
	char path[PATH_MAX];
	int count;

	if (!conf->directory[0])
		text_copy(conf->directory, sizeof(conf->directory), directory);
	count = scandir(directory, &entries, conf_is_file, alphasort);
	if (count < 0 && errno == EACCES) {
		conf->denied = true;
		text_copy(conf->path, sizeof(conf->path), directory);
	}
	for (int i = 0; i < count; i++) {
		if (snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name) <
		    (int)sizeof(path))
			conf_file(conf, path, depth);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static void conf_line(struct snmpd_conf *conf, struct line *line, unsigned depth)
{
	const char *word = line->word[0];

	for (size_t i = 0; i < COUNT_OF(conf_directives); i++)
		if (!strcasecmp(word, conf_directives[i].word))
			conf_directives[i].take(conf, line);
	if (line->count < 2 || depth >= SNMPD_CONF_DEPTH_MAX)
		return;
	if (!strcasecmp(word, "includeDir"))
		conf_directory(conf, line->word[1], depth + 1);
	else if (!strcasecmp(word, "includeFile") && line->word[1][0] == '/')
		conf_file(conf, line->word[1], depth + 1);
}

void snmpd_conf_parse(struct snmpd_conf *conf, char *text, unsigned depth)
{
	struct line line;
	char *next;

	for (; text; text = next) {
		next = strchr(text, '\n');
		if (next)
			*next++ = '\0';
		if (line_split(&line, text) && line.count)
			conf_line(conf, &line, depth);
	}
}

static void conf_file(struct snmpd_conf *conf, const char *path, unsigned depth)
{
	struct stat st;
	ssize_t len;
	char *text;
	int fd;

	if (conf->files == SNMPD_CONF_FILES_MAX)
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		if (errno != EACCES)
			return;
		conf->found = conf->denied = true;
		text_copy(conf->path, sizeof(conf->path), path);
		return;
	}
	conf->files++;
	if (!conf->found)
		text_copy(conf->path, sizeof(conf->path), path);
	conf->found = true;
	text = malloc(FILE_SIZE_MAX + 1);
	len = text && !fstat(fd, &st) && S_ISREG(st.st_mode) ? read(fd, text, FILE_SIZE_MAX) : -1;
	close(fd);
	if (len >= 0) {
		text[len] = '\0';
		snmpd_conf_parse(conf, text, depth);
	}
	free(text);
}

void snmpd_conf_read(struct snmpd_conf *conf, const char *directories)
{
	static const char *const names[] = {"snmpd.conf", "snmpd.local.conf"};
	char path[PATH_MAX];

	while (*directories) {
		int len = (int)strcspn(directories, ":");

		for (size_t i = 0; len && i < COUNT_OF(names); i++)
			if (snprintf(path, sizeof(path), "%.*s/%s", len, directories, names[i]) <
			    (int)sizeof(path))
				conf_file(conf, path, 0);
		directories += len;
		directories += *directories == ':';
	}
}
