/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads the files of procfs that a collector takes its rows from, and says which are missing. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collectors/protocol/proc_files.h"

/* Explains a file that is missing or faulty while others could be read. */
static void proc_files_note(struct collect *c, const struct proc_file *file, int err,
			    const struct faults *faults)
{
	const char *root = c->settings->roots.path[ROOT_PROC];

	if (err == -ENOENT && file->optional)
		collect_note(c, "no %s/%s: %s; its counts are absent", root, file->path,
			     file->optional);
	else if (faults->count)
		collect_note(c, "%s/%s: %s; %zu faulty lines, their counts are absent", root,
			     file->path, faults->first, faults->count);
	else if (err)
		collect_note(c, "%s/%s: %s; its counts are absent. Check that netdiagd may read it",
			     root, file->path, strerror(-err));
}

/* 0 when the file gave rows, else -errno. */
static int proc_files_read(struct collect *c, const struct proc_file *file, struct faults *faults)
{
	struct rows *rows = &c->rows[0];
	size_t before = rows->count;
	int err = procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "%s", file->path);

	if (!err)
		err = file->parse(filebuf_span(c->buf), rows, faults);
	return !err && rows->count == before ? -EBADMSG : err;
}

static void proc_files_append(char *list, size_t size, const char *root,
			      const struct proc_file *file)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%s/%s", used ? ", " : "", root, file->path);
}

int proc_files_collect(struct collect *c, const struct proc_file *files, size_t count,
		       uint32_t *missing)
{
	const char *root = c->settings->roots.path[ROOT_PROC];
	char read[COLLECT_SOURCE_SIZE] = "", unread[COLLECT_SOURCE_SIZE] = "";
	int first_err = 0;

	if (missing)
		*missing = 0;

	for (size_t i = 0; i < count; i++) {
		struct faults faults = {0};
		int err = proc_files_read(c, &files[i], &faults);

		if (err == -ENOMEM)
			return collect_fail(c, err, "%s/%s", root, files[i].path);
		if (!first_err)
			first_err = err;
		if (err == -ENOENT && missing)
			*missing |= UINT32_C(1) << i;
		proc_files_note(c, &files[i], err, &faults);
		proc_files_append(err ? unread : read, COLLECT_SOURCE_SIZE, root, &files[i]);
	}
	collect_source(c, "%s", read);
	if (read[0])
		return 0;
	return collect_fail(c, first_err,
			    "cannot read %s. Check that procfs is mounted and that netdiagd may "
			    "read them",
			    unread);
}
