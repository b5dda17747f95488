/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads netdiagd.conf and the files that it includes, line by line, within bounds, and reports what
 * is wrong with its place. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/base/text.h"
#include "collectors/registry.h"
#include "subagent/config/directives.h"
#include "subagent/config/file.h"

#define RATE_PER_MINUTE_DEFAULT	   30
#define HISTORY_DEFAULT		   100
#define HEARTBEAT_MS_DEFAULT	   (5 * 60 * 1000)
#define JITTER_MS_DEFAULT	   2000
#define REPEAT_WARNING_MS_DEFAULT  (24 * 3600 * 1000)
#define REPEAT_CRITICAL_MS_DEFAULT (3600 * 1000)
#define ROWS_KEEP_MS_DEFAULT	   (15 * 60 * 1000)

#define REPEATED_MAX 32 /* letters of an unknown directive that a message repeats */
#define LETTERS	     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* One load. */
struct reader {
	struct draft draft;
	configuration_problem_fn *problem;
	void *arg;
	bool required; /* the first file must exist */
	size_t problems;
	size_t files;
	size_t lines;
	bool stopped;
};

/* A file that is being read. */
struct source {
	const char *path;
	const struct source *parent; /* the file that includes it, or NULL */
	unsigned depth;
	dev_t dev;
	ino_t ino;
	bool public; /* everyone may read it */
};

static bool file_read(struct reader *reader, const struct source *parent, const char *path,
		      struct line *line);

static void file_problem(struct reader *reader, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void file_problem(struct reader *reader, const char *format, ...)
{
	char text[PATH_MAX + WORD_WHY_SIZE + 64];
	va_list args;

	if (reader->stopped)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A file can hold anything, and this goes to a terminal or a log. */
	text_ascii(text, sizeof(text), text);
	reader->problem(text, reader->arg);
	if (++reader->problems < CONFIGURATION_PROBLEMS_MAX)
		return;
	reader->stopped = true;
	reader->problem("too many problems: the rest is not read", reader->arg);
}

/* --- includes ------------------------------------------------------------- */

/* A path as an include line means it: relative to the directory of the including file. */
static bool resolve_path(const struct source *source, struct line *line, char path[PATH_MAX])
{
	const char *slash = strrchr(source->path, '/'), *name = line->word[1];
	int directory = *name == '/' || !slash ? 0 : (int)(slash - source->path) + 1;
	int length = snprintf(path, PATH_MAX, "%.*s%s", directory, source->path, name);

	return length < PATH_MAX || line_wrong(line, 1, "the path is too long");
}

/* A file, or all that match a pattern, which may be none. */
static bool include_files(struct reader *reader, const struct source *source, struct line *line)
{
	char path[PATH_MAX];
	glob_t found;
	bool ok = true;

	if (!resolve_path(source, line, path))
		return false;
	if (!strpbrk(line->word[1], "*?[") || !access(path, F_OK))
		return file_read(reader, source, path, line);
	switch (glob(path, 0, NULL, &found)) {
	case 0:
		break;
	case GLOB_NOMATCH:
		return true;
	default:
		return line_wrong(line, 1, "%s: the pattern cannot be expanded", path);
	}
	for (size_t i = 0; ok && i < found.gl_pathc; i++)
		ok = file_read(reader, source, found.gl_pathv[i], line);
	globfree(&found);
	return ok;
}

static int is_conf(const struct dirent *entry)
{
	return !fnmatch("*.conf", entry->d_name, FNM_PERIOD);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool include_directory(struct reader *reader, const struct source *source, struct line *line)
{
	char directory[PATH_MAX], path[PATH_MAX];
	struct dirent **entries;
	bool ok = true;
	int count;

	if (!resolve_path(source, line, directory))
		return false;
	count = scandir(directory, &entries, is_conf, compare_names);
	if (count < 0)
		return line_wrong(line, 1, "%s: cannot be read: %s", directory, strerror(errno));
	for (int i = 0; i < count; i++) {
		int length = snprintf(path, sizeof(path), "%s/%s", directory, entries[i]->d_name);

		if (ok && length >= (int)sizeof(path))
			ok = line_wrong(line, 1, "the path is too long");
		ok = ok && file_read(reader, source, path, line);
		free(entries[i]);
	}
	free(entries);
	return ok;
}

/* --- lines ---------------------------------------------------------------- */

static bool is_unknown(const struct source *source, struct line *line)
{
	const char *word = line->word[0], *nearest = line_nearest(word, directive_name, NULL);
	size_t letters = strspn(word, LETTERS);
	bool repeated = source->public && !word[letters] && letters <= REPEATED_MAX;

	return line_wrong(line, 0, "%s%sno such directive%s%s%s", repeated ? word : "",
			  repeated ? ": " : "", nearest ? "; did you mean " : "",
			  nearest ? nearest : "", nearest ? "?" : "");
}

static bool take_line(struct reader *reader, const struct source *source, struct line *line,
		      const struct directive **directive)
{
	const struct directive *at = directives;

	while (at->name && strcasecmp(at->name, line->word[0]))
		at++;
	if (!at->name)
		return is_unknown(source, line);
	*directive = at;
	if (!directive_apply(at, &reader->draft, line))
		return false;
	if (at->include == INCLUDE_FILE)
		return include_files(reader, source, line);
	return at->include != INCLUDE_DIR || include_directory(reader, source, line);
}

static void file_read_line(struct reader *reader, const struct source *source, unsigned number,
			   char *text)
{
	const struct directive *directive = NULL;
	struct line line;

	if (line_split(&line, text) &&
	    (!line.count || take_line(reader, source, &line, &directive)))
		return;
	file_problem(reader, "%s:%u: %s%s%s (column %u)", source->path, number,
		     directive ? directive->name : "",
		     !directive	  ? ""
		     : line.wrong ? " "
				  : ": ",
		     line.why, line.column[line.wrong]);
}

/* Reads the lines of a text, which has room for one more byte. */
static void file_read_lines(struct reader *reader, const struct source *source, char *text,
			    size_t size)
{
	char *end = text + size;

	for (unsigned number = 1; text < end && !reader->stopped; number++) {
		char *newline = memchr(text, '\n', (size_t)(end - text));

		if (!newline)
			newline = end;
		*newline = '\0';
		if (++reader->lines > CONFIGURATION_LINES_MAX) {
			file_problem(reader, "%s:%u: more than %d lines in the configuration",
				     source->path, number, CONFIGURATION_LINES_MAX);
			reader->stopped = true;
		} else if (newline - text > CONFIGURATION_LINE_MAX) {
			file_problem(reader, "%s:%u: a line of more than %d bytes", source->path,
				     number, CONFIGURATION_LINE_MAX);
		} else if (memchr(text, '\0', (size_t)(newline - text))) {
			file_problem(reader, "%s:%u: a NUL byte", source->path, number);
		} else {
			file_read_line(reader, source, number, text);
		}
		text = newline + 1;
	}
}

/* --- files ---------------------------------------------------------------- */

/* What root reads must not be writable by others, who would decide what it does. */
static bool is_protected(const char *path, const struct stat *file, struct line *line)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX];
	struct stat status;

	if (geteuid())
		return true;
	if (file->st_mode & (S_IWGRP | S_IWOTH))
		return line_wrong(line, 1,
				  "%s: must not be writable by its group or others; run chmod "
				  "go-w %s",
				  path, path);
	snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) + 1 : 1,
		 slash ? path : ".");
	if (stat(directory, &status))
		return line_wrong(line, 1, "%s: cannot be read: %s", directory, strerror(errno));
	if (!(status.st_mode & (S_IWGRP | S_IWOTH)) || status.st_mode & S_ISVTX)
		return true;
	return line_wrong(line, 1,
			  "%s: its directory must not be writable by its group or others; run "
			  "chmod go-w %s",
			  path, directory);
}

static bool is_acceptable(const struct source *source, const struct stat *file, struct line *line)
{
	if (!S_ISREG(file->st_mode))
		return line_wrong(line, 1, "%s: is not a regular file", source->path);
	if (file->st_size > CONFIGURATION_FILE_MAX)
		return line_wrong(line, 1, "%s: is larger than %d bytes", source->path,
				  CONFIGURATION_FILE_MAX);
	for (const struct source *other = source->parent; other; other = other->parent)
		if (other->dev == file->st_dev && other->ino == file->st_ino)
			return line_wrong(line, 1, "%s: includes itself", source->path);
	return is_protected(source->path, file, line);
}

/* FNV-1a, 32 bits: tells one configuration from another, and nothing more. */
static uint32_t fingerprint(uint32_t hash, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)text[i]) * 16777619u;
	return hash;
}

/* Reads the lines of an open file. */
static bool file_read_open(struct reader *reader, struct source *source, int fd, struct line *line)
{
	struct stat file;
	size_t size, used = 0;
	ssize_t got = 0;
	char *text;

	if (fstat(fd, &file))
		return line_wrong(line, 1, "%s: cannot be read: %s", source->path, strerror(errno));
	if (!is_acceptable(source, &file, line))
		return false;
	source->dev = file.st_dev;
	source->ino = file.st_ino;
	source->public = file.st_mode & S_IROTH;
	size = (size_t)file.st_size;
	text = malloc(size + 1);
	if (!text)
		return line_wrong(line, 1, "%s: out of memory", source->path);
	while (used < size && (got = read(fd, text + used, size - used)) > 0)
		used += (size_t)got;
	if (got < 0) {
		line_wrong(line, 1, "%s: cannot be read: %s", source->path, strerror(errno));
	} else {
		struct configuration *configuration = reader->draft.configuration;

		configuration->hash = fingerprint(configuration->hash, text, used);
		file_read_lines(reader, source, text, used);
	}
	free(text);
	return got >= 0;
}

/* False, with the reason in line, when the file could not be read; what is wrong in it has been
 * reported. */
static bool file_read(struct reader *reader, const struct source *parent, const char *path,
		      struct line *line)
{
	struct source source = {path, parent, .depth = parent ? parent->depth + 1 : 1};
	bool ok;
	int fd;

	if (source.depth > CONFIGURATION_DEPTH_MAX)
		return line_wrong(line, 1, "%s: more than %d files that include each other", path,
				  CONFIGURATION_DEPTH_MAX);
	if (++reader->files > CONFIGURATION_FILES_MAX)
		return line_wrong(line, 1, "more than %d files", CONFIGURATION_FILES_MAX);
	/* Without O_NONBLOCK a FIFO would wait for a writer. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return (errno == ENOENT && !parent && !reader->required) ||
		       line_wrong(line, 1, "%s: cannot be read: %s", path, strerror(errno));
	ok = file_read_open(reader, &source, fd, line);
	close(fd);
	return ok;
}

/* --- loading -------------------------------------------------------------- */

static bool start_reading(struct reader *reader, const char *name, const struct roots *roots)
{
	struct configuration *configuration = calloc(1, sizeof(*configuration));

	if (configuration)
		configuration->collect = settings_new(collectors);
	if (!configuration || !configuration->collect) {
		free(configuration);
		file_problem(reader, "%s: out of memory", name);
		return false;
	}
	configuration->collect->roots = *roots;
	configuration->hash = fingerprint(2166136261u, "", 0);
	configuration->alarms.rate_per_minute = RATE_PER_MINUTE_DEFAULT;
	configuration->alarms.history = HISTORY_DEFAULT;
	configuration->alarms.heartbeat_ms = HEARTBEAT_MS_DEFAULT;
	configuration->alarms.jitter_ms = JITTER_MS_DEFAULT;
	configuration->alarms.repeat_warning_ms = REPEAT_WARNING_MS_DEFAULT;
	configuration->alarms.repeat_critical_ms = REPEAT_CRITICAL_MS_DEFAULT;
	configuration->alarms.rows_keep_ms = ROWS_KEEP_MS_DEFAULT;
	reader->draft.configuration = configuration;
	return true;
}

static struct configuration *finish_reading(struct reader *reader)
{
	if (!reader->problems)
		return reader->draft.configuration;
	configuration_free(reader->draft.configuration);
	return NULL;
}

struct configuration *configuration_load(const char *path, bool required, const struct roots *roots,
					 configuration_problem_fn *problem, void *arg)
{
	struct reader reader = {.required = required, .problem = problem, .arg = arg};
	struct line line;

	if (start_reading(&reader, path, roots) && !file_read(&reader, NULL, path, &line))
		file_problem(&reader, "%s", line.why);
	return finish_reading(&reader);
}

struct configuration *configuration_parse(const char *name, char *text, size_t size,
					  const struct roots *roots,
					  configuration_problem_fn *problem, void *arg)
{
	struct reader reader = {.problem = problem, .arg = arg};
	struct source source = {.path = name, .depth = 1, .public = true};

	if (start_reading(&reader, name, roots))
		file_read_lines(&reader, &source, text, size);
	return finish_reading(&reader);
}

void configuration_free(struct configuration *configuration)
{
	if (!configuration)
		return;
	settings_put(configuration->collect);
	free(configuration->alarms.checks);
	free(configuration->alarms.shelves);
	free(configuration->alarms.state_file);
	free(configuration->agentx_socket);
	free(configuration);
}
