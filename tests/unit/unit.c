/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/registry.h"
#include "tests/unit/unit.h"

/* Under valgrind and the sanitizers everything takes longer. */
#define TIMEOUT_S 120

int unit_main(const char *name, const TTest *const *tests, size_t count)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_set_timeout(tcase, TIMEOUT_S);
	for (size_t i = 0; i < count; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void unit_source(char path[PATH_MAX], const char *relative)
{
	const char *srcdir = getenv("srcdir");

	ck_assert_int_lt(snprintf(path, PATH_MAX, "%s/%s", srcdir ? srcdir : ".", relative),
			 PATH_MAX);
}

void tree_init(struct tree *tree)
{
	const char *tmp = getenv("TMPDIR");

	ck_assert_int_lt(snprintf(tree->path, sizeof(tree->path), "%s/netdiag-unit-XXXXXX",
				  tmp && strlen(tmp) < 40 ? tmp : "/tmp"),
			 (int)sizeof(tree->path));
	ck_assert_msg(mkdtemp(tree->path), "mkdtemp: %s", strerror(errno));
	snprintf(tree->proc, sizeof(tree->proc), "%s/proc", tree->path);
	snprintf(tree->sys, sizeof(tree->sys), "%s/sys", tree->path);
	ck_assert_int_eq(mkdir(tree->proc, 0755), 0);
	ck_assert_int_eq(mkdir(tree->sys, 0755), 0);
	tree->roots.path[ROOT_PROC] = tree->proc;
	tree->roots.path[ROOT_SYS] = tree->sys;
}

/* The full path of a file to be made; its directories are made. */
static void tree_path(const struct tree *tree, const char *relative, char path[PATH_MAX])
{
	ck_assert_int_lt(snprintf(path, PATH_MAX, "%s/%s", tree->path, relative), PATH_MAX);
	for (char *slash = path + strlen(tree->path) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		ck_assert_msg(!mkdir(path, 0755) || errno == EEXIST, "%s: %s", path,
			      strerror(errno));
		*slash = '/';
	}
}

void tree_write_bytes(const struct tree *tree, const char *relative, const void *data, size_t len)
{
	char path[PATH_MAX];
	FILE *file;

	tree_path(tree, relative, path);
	file = fopen(path, "we");
	ck_assert_msg(file, "%s: %s", path, strerror(errno));
	ck_assert_uint_eq(fwrite(data, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

void tree_write(const struct tree *tree, const char *relative, const char *format, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	ck_assert_int_ge(len, 0);
	tree_write_bytes(tree, relative, text, (size_t)len);
	free(text);
}

void tree_fifo(const struct tree *tree, const char *relative)
{
	char path[PATH_MAX];

	tree_path(tree, relative, path);
	unlink(path);
	ck_assert_msg(!mkfifo(path, 0644), "%s: %s", path, strerror(errno));
}

void tree_symlink(const struct tree *tree, const char *target, const char *relative)
{
	char path[PATH_MAX];

	tree_path(tree, relative, path);
	ck_assert_msg(!symlink(target, path), "%s: %s", path, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void tree_remove(const struct tree *tree, const char *relative)
{
	char path[PATH_MAX];

	ck_assert_int_lt(snprintf(path, PATH_MAX, "%s/%s", tree->path, relative), PATH_MAX);
	ck_assert_msg(!nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), "%s: %s", path,
		      strerror(errno));
}

void tree_done(struct tree *tree)
{
	tree_remove(tree, "");
}

void unit_collector_init(struct unit_collector *unit, const struct collector *desc,
			 const struct roots *roots)
{
	memset(unit, 0, sizeof(*unit));
	unit->desc = desc;
	ck_assert(unit->settings = settings_new(collectors));
	unit->settings->roots = *roots;
	if (desc->state_size)
		ck_assert(unit->state = calloc(1, desc->state_size));
	for (size_t i = 0; desc->rows[i]; i++)
		rows_init(&unit->rows[i], desc->rows[i]);
}

int unit_collect(struct unit_collector *unit, uint64_t now)
{
	struct collect c = {
		.settings = unit->settings,
		.state = unit->state,
		.rows = unit->rows,
		.buf = &unit->buf,
		.now = now,
		.asked = unit->asked,
	};
	int err;

	for (size_t i = 0; unit->desc->rows[i]; i++)
		rows_clear(&unit->rows[i]);
	err = unit->desc->collect(&c);
	for (size_t i = 0; unit->desc->rows[i]; i++)
		rows_sort(&unit->rows[i]);
	unit->left_out = c.left_out;
	memcpy(unit->source, c.source, sizeof(unit->source));
	memcpy(unit->error, c.error, sizeof(unit->error));
	return err;
}

void unit_collector_done(struct unit_collector *unit)
{
	for (size_t i = 0; unit->desc->rows[i]; i++)
		rows_clear(&unit->rows[i]);
	if (unit->state && unit->desc->close)
		unit->desc->close(unit->state);
	free(unit->state);
	filebuf_free(&unit->buf);
	settings_put(unit->settings);
}
