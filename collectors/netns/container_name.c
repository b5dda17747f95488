/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recognises containers and pods by the paths of their cgroups, as the container managers make
 * them. Pure: it parses the text of /proc/PID/cgroup.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/rows.h"
#include "collectors/netns/container_name.h"

#define CONTAINER_ID_LEN   64 /* hexadecimal digits */
#define CONTAINER_ID_SHORT 12 /* as `docker ps` shows it */
#define UUID_LEN	   36
#define POD_HASH_LEN	   32 /* a static pod has a hash instead of a UID */

/* Prefixes of containers' cgroups, and the managers that use them. The rest must be an id:
 * libpod-conmon-ID is the cgroup of the monitor, which lives on the host. */
static const struct {
	const char *prefix, *label;
} managers[] = {
	{"docker-", "docker"}, {"cri-containerd-", "containerd"}, {"crio-", "crio"},
	{"libpod-", "podman"}, {"nerdctl-", "nerdctl"},
};

/* With cgroupfs paths the parent of the cgroup names the manager. */
static const struct {
	const char *parent, *label;
} parents[] = {
	{"docker", "docker"}, {"cri-containerd", "containerd"}, {"crio", "crio"},
	{"libpod", "podman"}, {"libpod_parent", "podman"},
};

static bool starts_with(struct span span, const char *text)
{
	return span.len >= strlen(text) && !memcmp(span.start, text, strlen(text));
}

static struct span without_start(struct span span, size_t len)
{
	return (struct span){span.start + len, span.len - len};
}

static bool drop_end(struct span *span, const char *text)
{
	size_t len = strlen(text);

	if (span->len < len || memcmp(span->start + span->len - len, text, len))
		return false;
	span->len -= len;
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool all_hex(struct span span, size_t len)
{
	if (span.len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_hex(span.start[i]))
			return false;
	return true;
}

/* A UUID, with '_' in the place of '-' too (systemd's slices). */
static bool is_uuid(struct span span)
{
	if (span.len != UUID_LEN)
		return false;
	for (size_t i = 0; i < span.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? span.start[i] != '-' && span.start[i] != '_' : !is_hex(span.start[i]))
			return false;
	}
	return true;
}

/* Takes the next component of a cgroup's path. containerd's with cgroup v1 have colons:
 * "kubepods-pod….slice:cri-containerd:ID". */
static bool next_component(struct span *path, struct span *component)
{
	size_t len = 0;

	while (path->len && (path->start[0] == '/' || path->start[0] == ':'))
		*path = without_start(*path, 1);
	while (len < path->len && path->start[len] != '/' && path->start[len] != ':')
		len++;
	*component = (struct span){path->start, len};
	*path = without_start(*path, len);
	return len > 0;
}

/* "pod8b6a1b2c-…", "kubepods-burstable-pod8b6a1b2c_….slice". */
static bool take_pod(struct span component, char *name, size_t size)
{
	const char *dash;
	int used;

	drop_end(&component, ".slice");
	if (starts_with(component, "kubepods-")) {
		dash = memmem(component.start, component.len, "-pod", 4);
		if (!dash)
			return false;
		component = without_start(component, (size_t)(dash - component.start) + 1);
	}
	if (!starts_with(component, "pod"))
		return false;
	component = without_start(component, 3);
	if (!is_uuid(component) && !all_hex(component, POD_HASH_LEN))
		return false;
	used = snprintf(name, size, "pod:%.*s", (int)component.len, component.start);
	for (int i = 0; i < used && (size_t)i + 1 < size; i++)
		if (name[i] == '_')
			name[i] = '-';
	return true;
}

static void short_id(const char *label, struct span id, char *name, size_t size)
{
	snprintf(name, size, "%s:%.*s", label, CONTAINER_ID_SHORT, id.start);
}

/* "docker-ID.scope", or ID below a component with the manager's name. */
static bool take_container(struct span component, struct span parent, char *name, size_t size)
{
	drop_end(&component, ".scope");
	for (size_t i = 0; i < COUNT_OF(managers); i++) {
		struct span id;

		if (!starts_with(component, managers[i].prefix))
			continue;
		id = without_start(component, strlen(managers[i].prefix));
		if (!all_hex(id, CONTAINER_ID_LEN))
			continue;
		short_id(managers[i].label, id, name, size);
		return true;
	}
	if (!all_hex(component, CONTAINER_ID_LEN))
		return false;
	for (size_t i = 0; i < COUNT_OF(parents); i++)
		if (span_equal(parent, parents[i].parent)) {
			short_id(parents[i].label, component, name, size);
			return true;
		}
	short_id("container", component, name, size);
	return true;
}

static unsigned hex_of(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Undoes systemd's escaping ("\x2d" for a dash). */
static void unescape(struct span span, char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < span.len && used + 1 < size; i++) {
		const char *at = span.start + i;

		if (span.len - i >= 4 && at[0] == '\\' && at[1] == 'x' && is_hex(at[2]) &&
		    is_hex(at[3])) {
			text[used++] = (char)(hex_of(at[2]) << 4 | hex_of(at[3]));
			i += 3;
		} else {
			text[used++] = *at;
		}
	}
	text[used] = '\0';
}

static bool take_named(const char *label, struct span given, char *name, size_t size)
{
	char text[NETNS_NAME_SIZE];
	int used = snprintf(name, size, "%s:", label);

	unescape(given, text, sizeof(text));
	if (!text[0] || used < 0 || (size_t)used >= size)
		return false;
	text_copy(name + used, size - (size_t)used, text);
	return true;
}

/* "machine-NAME.scope", "systemd-nspawn@NAME.service". */
static bool take_machine(struct span component, char *name, size_t size)
{
	if (starts_with(component, "machine-") && drop_end(&component, ".scope"))
		return take_named("machine", without_start(component, 8), name, size);
	if (starts_with(component, "systemd-nspawn@") && drop_end(&component, ".service"))
		return take_named("machine", without_start(component, 15), name, size);
	return false;
}

/* "lxc.payload.NAME", or NAME below "lxc" or "lxc.payload". */
static bool take_lxc(struct span component, struct span parent, char *name, size_t size)
{
	if (starts_with(component, "lxc.payload."))
		return take_named("lxc", without_start(component, 12), name, size);
	if (span_equal(parent, "lxc") || span_equal(parent, "lxc.payload"))
		return take_named("lxc", component, name, size);
	return false;
}

/* The innermost of one path. A pod's name stays before that of the container right in it. */
static bool take_path(struct span path, char *name, size_t size)
{
	struct span component, parent = {path.start, 0};
	char found[NETNS_NAME_SIZE];
	bool any = false, in_pod = false;

	while (next_component(&path, &component)) {
		if (take_pod(component, found, sizeof(found))) {
			in_pod = true;
		} else if (take_container(component, parent, found, sizeof(found))) {
			if (in_pod) {
				in_pod = false;
				parent = component;
				continue;
			}
		} else if (!take_machine(component, found, sizeof(found)) &&
			   !take_lxc(component, parent, found, sizeof(found))) {
			parent = component;
			continue;
		}
		parent = component;
		text_copy(name, size, found);
		any = true;
	}
	return any;
}

/* Takes a field that ends with a colon off the front of a line. False when there is none. */
static bool take_field(struct span *line, struct span *field)
{
	const char *colon = memchr(line->start, ':', line->len);

	if (!colon)
		return false;
	*field = (struct span){line->start, (size_t)(colon - line->start)};
	*line = without_start(*line, field->len + 1);
	return true;
}

bool container_name_of(struct span text, container_believed_fn *believed, const void *arg,
		       char *name, size_t size)
{
	struct span line, id, hierarchy;

	text_copy(name, size, "");
	while (span_line(&text, &line)) {
		/* "0::/path", "4:memory:/path", "1:name=systemd:/path" */
		if (!take_field(&line, &id) || !take_field(&line, &hierarchy))
			continue;
		if (believed)
			line.len = believed(hierarchy, line, arg);
		if (take_path(line, name, size))
			return true;
	}
	return false;
}

bool netns_name_is_made(const char *file)
{
	size_t len = strlen(file);

	return len > UUID_LEN && file[len - UUID_LEN - 1] == '-' &&
	       is_uuid((struct span){file + len - UUID_LEN, UUID_LEN});
}

void netns_name_number(const char *base, size_t number, char *name, size_t size)
{
	char suffix[24] = "";

	if (number != 1)
		snprintf(suffix, sizeof(suffix), "#%zu", number);
	text_copy(name, size - strlen(suffix), base);
	strcat(name, suffix);
}
