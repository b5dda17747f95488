/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A main() for fuzz targets where there is no libFuzzer: runs the target over every file of its
 * corpus, so that an input that once broke something is tried by each `make check`.
 *
 *   fuzz_NAME [DIRECTORY]      default: $srcdir/tests/fuzz/corpus/NAME
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

/* The file's content in a block of just its size, so that ASan sees the first byte read past it.
 * NULL, with a message, when it cannot be read. free() it. */
static uint8_t *load(const char *path, size_t size)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = malloc(size ? size : 1);

	if (!file || !data || fread(data, 1, size, file) != size) {
		fprintf(stderr, "%s: cannot read it: %s\n", path, strerror(errno));
		free(data);
		data = NULL;
	}
	if (file)
		fclose(file);
	return data;
}

static bool replay(const char *path, size_t size)
{
	uint8_t *data = load(path, size);

	if (!data)
		return false;
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return true;
}

/* Runs every regular file of the directory. How many there were, or -1 when one was unreadable. */
static int replay_all(DIR *dir, const char *name)
{
	const struct dirent *entry;
	int count = 0;

	while ((entry = readdir(dir))) {
		char path[PATH_MAX];
		struct stat st;

		if (snprintf(path, sizeof(path), "%s/%s", name, entry->d_name) >= PATH_MAX)
			return -1;
		if (stat(path, &st)) {
			fprintf(stderr, "%s: %s\n", path, strerror(errno));
			return -1;
		}
		if (!S_ISREG(st.st_mode))
			continue;
		printf("%s\n", path);
		fflush(stdout);
		if (!replay(path, (size_t)st.st_size))
			return -1;
		count++;
	}
	return count;
}

/* The corpus that belongs to this program, by its name. */
static int corpus_of(const char *program, char *name, size_t size)
{
	const char *srcdir = getenv("srcdir");
	const char *base = strrchr(program, '/');
	const char *target = strstr(base ? base : program, "fuzz_");

	if (!target)
		return -1;
	target += strlen("fuzz_");
	return snprintf(name, size, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".", target) <
			       (int)size
		       ? 0
		       : -1;
}

int main(int argc, char **argv)
{
	char name[PATH_MAX];
	DIR *dir;
	int count;

	if (argc > 1)
		snprintf(name, sizeof(name), "%s", argv[1]);
	else if (corpus_of(argv[0], name, sizeof(name))) {
		fprintf(stderr, "usage: %s DIRECTORY\n", argv[0]);
		return 2;
	}
	dir = opendir(name);
	if (!dir) {
		fprintf(stderr, "%s: cannot open the corpus: %s\n", name, strerror(errno));
		return 1;
	}
	count = replay_all(dir, name);
	closedir(dir);
	if (!count)
		fprintf(stderr, "%s: the corpus is empty\n", name);
	printf("%s: %d inputs\n", argv[0], count);
	return count > 0 ? 0 : 1;
}
