/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finds out which interrupts belong to which network interface, from its device's directory below
 * /sys/class/net, or from the names that handlers have in /proc/interrupts.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/rows.h"
#include "collectors/cpu/nic_irq_vectors.h"
#include "collectors/kernel/proc_interrupts.h"

/* No path in sysfs is longer. */
#define LINK_SIZE 512

void nic_irq_vectors_free(struct nic_irq_vectors *vectors)
{
	free(vectors->device);
	free(vectors->vector);
	memset(vectors, 0, sizeof(*vectors));
}

/* Makes room for one more element of an array that grows by powers of two. 0 or -ENOMEM. */
static int vectors_grow(void **array, size_t count, size_t size)
{
	void *more;

	if (count & (count - 1) || (count && count < 8))
		return 0;
	more = reallocarray(*array, count ? count * 2 : 8, size);
	if (!more)
		return -ENOMEM;
	*array = more;
	return 0;
}

static int vectors_add(struct nic_irq_vectors *vectors, uint64_t irq)
{
	int err = vectors_grow((void **)&vectors->vector, vectors->vectors,
			       sizeof(*vectors->vector));

	if (!err)
		vectors->vector[vectors->vectors++] = (struct irq_vector){
			.irq = irq, .device = vectors->devices - 1};
	return err;
}

/* Adds the interrupts whose numbers are the names in a directory. Returns how many there are (0 if
 * there is no such directory) or -ENOMEM. */
static int vectors_read_directory(struct nic_irq_vectors *vectors, const struct roots *roots,
				  const char *ifname, const char *path)
{
	DIR *dir = procfs_opendir(roots, ROOT_SYS, "class/net/%s/%s", ifname, path);
	struct dirent *entry;
	int count = 0, err = 0;

	if (!dir)
		return 0;
	while (!err && (entry = readdir(dir))) {
		uint64_t irq;

		if (span_u64((struct span){entry->d_name, strlen(entry->d_name)}, &irq))
			continue;
		err = vectors_add(vectors, irq);
		count++;
	}
	closedir(dir);
	return err ? err : count;
}

/* The last component of the target of a symbolic link of an interface. 0 or -errno. */
static int vectors_link_name(const struct roots *roots, const char *ifname, const char *path,
			     char *name, size_t size)
{
	char target[LINK_SIZE];
	ssize_t len = procfs_readlink(roots, ROOT_SYS, target, sizeof(target), "class/net/%s/%s",
				      ifname, path);
	const char *slash;

	if (len < 0)
		return (int)len;
	slash = strrchr(target, '/');
	text_copy(name, size, slash ? slash + 1 : target);
	return 0;
}

/* Adds the interrupts of the last device. 0 or -ENOMEM. */
static int vectors_read_device(struct nic_irq_vectors *vectors, const struct roots *roots)
{
	/* The parent's interrupts are those of a virtio device: it only carries that. */
	static const struct {
		const char *directory, *irq;
		bool parent;
	} source[] = {
		{"device/msi_irqs", "device/irq", false},
		{"device/irqs", NULL, false},
		{"device/../msi_irqs", "device/../irq", true},
	};
	struct irq_device *device = &vectors->device[vectors->devices - 1];
	char bus[16] = "";

	vectors_link_name(roots, device->ifname, "device/subsystem", bus, sizeof(bus));
	for (size_t i = 0; i < COUNT_OF(source); i++) {
		uint64_t irq;
		int count;

		if (source[i].parent && strcmp(bus, "virtio"))
			continue;
		count = vectors_read_directory(vectors, roots, device->ifname, source[i].directory);
		if (!count && source[i].irq &&
		    !procfs_read_u64(roots, ROOT_SYS, &irq, "class/net/%s/%s", device->ifname,
				     source[i].irq) &&
		    irq) {
			count = vectors_add(vectors, irq);
			count = count ? count : 1;
		}
		if (count < 0)
			return count;
		device->has_vectors = count > 0;
		if (count)
			break;
	}
	return 0;
}

/* 0 or -ENOMEM. */
static int vectors_read_interface(struct nic_irq_vectors *vectors, const struct roots *roots,
				  const char *ifname)
{
	struct irq_device device = {.has_vectors = false};
	int err;

	if (strlen(ifname) >= sizeof(device.ifname) ||
	    vectors_link_name(roots, ifname, "device", device.name, sizeof(device.name)))
		return 0;
	text_copy(device.ifname, sizeof(device.ifname), ifname);
	if (procfs_read_u64(roots, ROOT_SYS, &device.ifindex, "class/net/%s/ifindex", ifname))
		device.ifindex = 0;
	err = vectors_grow((void **)&vectors->device, vectors->devices, sizeof(device));
	if (err)
		return err;
	vectors->device[vectors->devices++] = device;
	return vectors_read_device(vectors, roots);
}

static int vectors_compare(const void *a, const void *b, void *devices)
{
	const struct irq_vector *x = a, *y = b;
	const struct irq_device *device = devices;
	uint64_t i = device[x->device].ifindex, j = device[y->device].ifindex;

	if (x->irq != y->irq)
		return x->irq < y->irq ? -1 : 1;
	return i < j ? -1 : i > j;
}

int nic_irq_vectors_read(struct nic_irq_vectors *vectors, const struct collect_settings *settings)
{
	DIR *dir = procfs_opendir(&settings->roots, ROOT_SYS, "class/net");
	struct dirent *entry;
	int err = 0;

	memset(vectors, 0, sizeof(*vectors));
	if (!dir)
		return -errno;
	while (!err && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && settings_interface(settings, entry->d_name))
			err = vectors_read_interface(vectors, &settings->roots, entry->d_name);
	closedir(dir);
	if (err)
		nic_irq_vectors_free(vectors);
	else if (vectors->vectors)
		qsort_r(vectors->vector, vectors->vectors, sizeof(*vectors->vector),
			vectors_compare, vectors->device);
	return err;
}

/* Whether one of the handlers is named after a device or interface, or a part of it: "eth0",
 * "eth0-rx-1", "eth0:0", but not "eth01". */
static bool vectors_named_after(struct span names, const char *owner)
{
	size_t len = strlen(owner);
	struct span name;

	while (len && interrupts_name(&names, &name))
		if (name.len >= len && !memcmp(name.start, owner, len) &&
		    (name.len == len || !isalnum((unsigned char)name.start[len])))
			return true;
	return false;
}

const struct irq_device *nic_irq_vectors_find(const struct nic_irq_vectors *vectors, uint64_t irq,
					      struct span names)
{
	const struct irq_device *first = NULL;

	for (size_t i = LOWER_BOUND(vectors->vectors, k, vectors->vector[k].irq < irq);
	     i < vectors->vectors && vectors->vector[i].irq == irq; i++) {
		const struct irq_device *device = &vectors->device[vectors->vector[i].device];

		if (vectors_named_after(names, device->ifname))
			return device;
		first = first ? first : device;
	}
	if (first)
		return first;
	for (size_t i = 0; i < vectors->devices; i++) {
		const struct irq_device *device = &vectors->device[i];

		if (!device->has_vectors && (vectors_named_after(names, device->ifname) ||
					     vectors_named_after(names, device->name)))
			return device;
	}
	return NULL;
}
