/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "collectors/kernel/procfs.h"
#include "tests/unit/unit.h"

static struct tree tree;
static struct filebuf buf;

static void begin(void)
{
	tree_init(&tree);
	memset(&buf, 0, sizeof(buf));
}

static void end(void)
{
	filebuf_free(&buf);
	tree_done(&tree);
}

START_TEST(reads_whole_files)
{
	/* Around the sizes at which the buffer grows. */
	static const size_t sizes[] = {0, 1, 4094, 4095, 4096, 4097, 8191, 100000};

	begin();
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		char *data = malloc(sizes[i] + 1);

		memset(data, 'a' + (int)i, sizes[i]);
		tree_write_bytes(&tree, "proc/some/file", data, sizes[i]);
		ck_assert_int_eq(procfs_read(&tree.roots, ROOT_PROC, &buf, "some/%s", "file"), 0);
		ck_assert_uint_eq(buf.len, sizes[i]);
		if (sizes[i])
			ck_assert_mem_eq(buf.data, data, sizes[i]);
		ck_assert_int_eq(buf.data[buf.len], '\0');
		free(data);
	}
	/* A short one after a long one. */
	tree_write(&tree, "proc/some/file", "ab\n");
	ck_assert_int_eq(procfs_read(&tree.roots, ROOT_PROC, &buf, "some/file"), 0);
	ck_assert_str_eq(buf.data, "ab\n");
	ck_assert_uint_eq(buf.len, 3);
	end();
}
END_TEST

START_TEST(failures_leave_it_empty)
{
	char name[5000];

	begin();
	tree_write(&tree, "proc/file", "abc");
	ck_assert_int_eq(procfs_read(&tree.roots, ROOT_PROC, &buf, "file"), 0);
	ck_assert_int_eq(procfs_read(&tree.roots, ROOT_PROC, &buf, "none"), -ENOENT);
	ck_assert_uint_eq(buf.len, 0);
	ck_assert_int_eq(procfs_read(&tree.roots, ROOT_PROC, &buf, "file/below"), -ENOTDIR);
	ck_assert_int_eq(procfs_read(&tree.roots, ROOT_PROC, &buf, "."), -EISDIR);
	ck_assert_uint_eq(buf.len, 0);
	/* The other root does not have it. */
	ck_assert_int_eq(procfs_read(&tree.roots, ROOT_SYS, &buf, "file"), -ENOENT);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_eq(procfs_read(&tree.roots, ROOT_PROC, &buf, "%s", name), -ENAMETOOLONG);
	end();
}
END_TEST

START_TEST(no_file_eats_the_memory)
{
	char path[PATH_MAX];

	begin();
	tree_write(&tree, "proc/huge", "x");
	snprintf(path, sizeof(path), "%s/huge", tree.proc);
	ck_assert_int_eq(truncate(path, (off_t)FILEBUF_MAX + 1), 0);
	ck_assert_int_eq(procfs_read(&tree.roots, ROOT_PROC, &buf, "huge"), -EFBIG);
	ck_assert_uint_eq(buf.len, 0);
	ck_assert_uint_le(buf.size, FILEBUF_MAX);
	end();
}
END_TEST

START_TEST(numbers)
{
	static const struct {
		const char *text;
		int err;
		uint64_t value;
	} cases[] = {
		{"42\n", 0, 42},
		{"42", 0, 42},
		{"18446744073709551614\n", 0, UINT64_MAX - 1},
		{"7\n8\n", 0, 7},
		{"-1\n", -EINVAL, 0},
		{"", -EINVAL, 0},
		{"\n", -EINVAL, 0},
		{"many\n", -EINVAL, 0},
		{"1 2\n", -EINVAL, 0},
		{"99999999999999999999999\n", -ERANGE, 0},
		{"00000000000000000000000000000000000000000000000000000000000000000000001\n",
		 -ERANGE, 0},
	};

	begin();
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		uint64_t value = 0;
		int err;

		tree_write(&tree, "sys/number", "%s", cases[i].text);
		err = procfs_read_u64(&tree.roots, ROOT_SYS, &value, "num%s", "ber");
		ck_assert_msg(err == cases[i].err, "\"%s\": %d", cases[i].text, err);
		ck_assert_uint_eq(value, cases[i].value);
	}
	ck_assert_int_eq(procfs_read_u64(&tree.roots, ROOT_SYS, &(uint64_t){0}, "none"), -ENOENT);
	ck_assert_int_eq(procfs_read_u64(&tree.roots, ROOT_SYS, &(uint64_t){0}, "."), -EISDIR);
	end();
}
END_TEST

START_TEST(directories_and_links)
{
	const struct dirent *entry;
	char target[PATH_MAX], small[4];
	int files = 0;
	DIR *dir;

	begin();
	tree_write(&tree, "sys/class/net/a", "1");
	tree_write(&tree, "sys/class/net/b", "1");
	tree_symlink(&tree, "../../devices/pci0", "sys/class/link");
	dir = procfs_opendir(&tree.roots, ROOT_SYS, "class/%s", "net");
	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		files += entry->d_name[0] != '.';
	closedir(dir);
	ck_assert_int_eq(files, 2);
	ck_assert_ptr_null(procfs_opendir(&tree.roots, ROOT_SYS, "class/net/a"));
	ck_assert_int_eq(errno, ENOTDIR);
	ck_assert_ptr_null(procfs_opendir(&tree.roots, ROOT_SYS, "class/none"));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_int_eq(
		procfs_readlink(&tree.roots, ROOT_SYS, target, sizeof(target), "class/%s", "link"),
		18);
	ck_assert_str_eq(target, "../../devices/pci0");
	ck_assert_int_eq(procfs_readlink(&tree.roots, ROOT_SYS, small, sizeof(small), "class/link"),
			 3);
	ck_assert_str_eq(small, "../");
	ck_assert_int_eq(
		procfs_readlink(&tree.roots, ROOT_SYS, target, sizeof(target), "class/net/a"),
		-EINVAL);
	end();
}
END_TEST

START_TEST(the_running_kernels_roots)
{
	begin();
	ck_assert(roots_live(&roots_default));
	ck_assert(!roots_live(&tree.roots));
	end();
}
END_TEST

START_TEST(descriptors)
{
	int first, fd;

	begin();
	tree_write(&tree, "proc/file", "abc");
	first = procfs_open(&tree.roots, ROOT_PROC, O_RDONLY, "file");
	ck_assert_int_ge(first, 0);
	ck_assert_int_eq(fcntl(first, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(first);
	ck_assert_int_eq(procfs_open(&tree.roots, ROOT_PROC, O_RDONLY, "none"), -ENOENT);
	/* Nothing stays open, whatever happens. */
	for (int i = 0; i < 50; i++) {
		procfs_read(&tree.roots, ROOT_PROC, &buf, "file");
		procfs_read(&tree.roots, ROOT_PROC, &buf, ".");
		procfs_read_u64(&tree.roots, ROOT_PROC, &(uint64_t){0}, "file");
		procfs_opendir(&tree.roots, ROOT_PROC, "file");
	}
	fd = procfs_open(&tree.roots, ROOT_PROC, O_RDONLY, "file");
	ck_assert_int_eq(fd, first);
	close(fd);
	end();
}
END_TEST

UNIT_MAIN("root", reads_whole_files, failures_leave_it_empty, no_file_eats_the_memory, numbers,
	  directories_and_links, the_running_kernels_roots, descriptors)
