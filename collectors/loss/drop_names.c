/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of drop reasons and the arguments of their tracepoint, from the kernel's BTF as libbpf
 * reads it. */
#include <config.h>

#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/text.h"
#include "collectors/loss/drop_names.h"

#define SUBSYSTEM_SHIFT 16

/* Prefixes of the core's reasons; the first that matches is stripped. */
static const char *const prefixes[] = {"SKB_DROP_REASON_", "SKB_"};

/* Enumerators that are not reasons. Nor are those that begin with "__". */
static const char *const markers[] = {"SKB_DROP_REASON_MAX", "SKB_DROP_REASON_SUBSYS_MASK"};

static const char *drop_name_stripped(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(prefixes); i++)
		if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
			return name + strlen(prefixes[i]);
	return name;
}

static bool drop_name_is_marker(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(markers); i++)
		if (!strcmp(name, markers[i]))
			return true;
	return !strncmp(name, "__", 2);
}

/* Adds a name, unless the reason already has one: aliases come later in an enum. */
static int drop_names_insert(struct drop_names *names, uint32_t reason, const char *text)
{
	size_t at = LOWER_BOUND(names->count, i, names->name[i].reason < reason);
	struct drop_name *name;

	if (at < names->count && names->name[at].reason == reason)
		return 0;
	name = reallocarray(names->name, names->count + 1, sizeof(*name));
	if (!name)
		return -ENOMEM;
	names->name = name;
	memmove(name + at + 1, name + at, (names->count++ - at) * sizeof(*name));
	name[at].reason = reason;
	text_ascii(name[at].text, sizeof(name[at].text), text);
	return 0;
}

/* Adds the enumerators of one enum: the core's reasons, or those of a subsystem. */
static int drop_names_add_enum(struct drop_names *names, const struct btf *btf,
			       const struct btf_type *type, bool subsystem)
{
	const struct btf_enum *value = btf_enum(type);

	for (unsigned i = 0; i < btf_vlen(type); i++) {
		const char *name = btf__name_by_offset(btf, value[i].name_off);
		uint32_t reason = (uint32_t)value[i].val;
		int err;

		if (!name || drop_name_is_marker(name) ||
		    subsystem != !!(reason >> SUBSYSTEM_SHIFT))
			continue;
		err = drop_names_insert(names, reason, drop_name_stripped(name));
		if (err)
			return err;
	}
	return 0;
}

/* Whether an enum of this name holds reasons of a subsystem: "ovs_drop_reason". */
static bool drop_name_of_subsystem(const char *name)
{
	static const char end[] = "_drop_reason";
	size_t len = strlen(name);

	return len >= strlen(end) && !strcmp(name + len - strlen(end), end);
}

int drop_names_add(struct drop_names *names, const struct btf *btf, uint32_t first)
{
	for (uint32_t id = first; id < btf__type_cnt(btf); id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name;
		bool core;
		int err;

		if (!btf_is_enum(type))
			continue;
		name = btf__name_by_offset(btf, type->name_off);
		if (!name || !drop_name_of_subsystem(name))
			continue;
		core = !strcmp(name, "skb_drop_reason");
		err = drop_names_add_enum(names, btf, type, !core);
		if (err)
			return err;
	}
	return 0;
}

void drop_names_free(struct drop_names *names)
{
	free(names->name);
	memset(names, 0, sizeof(*names));
}

void drop_names_text(const struct drop_names *names, uint32_t reason, char text[DROP_NAME_SIZE])
{
	size_t at = LOWER_BOUND(names->count, i, names->name[i].reason < reason);

	if (at < names->count && names->name[at].reason == reason)
		memcpy(text, names->name[at].text, DROP_NAME_SIZE);
	else if (reason >> SUBSYSTEM_SHIFT)
		snprintf(text, DROP_NAME_SIZE, "SUBSYSTEM_%u/%u", reason >> SUBSYSTEM_SHIFT,
			 reason & ((1U << SUBSYSTEM_SHIFT) - 1));
	else
		snprintf(text, DROP_NAME_SIZE, "REASON_%u", reason);
}

/* btf_trace_kfree_skb is a pointer to a function: void *, skb, location, reason, rx_sk. */
struct drop_tracepoint drop_tracepoint_of(const struct btf *btf)
{
	struct drop_tracepoint tracepoint = {.has_reason = false};
	int id = btf__find_by_name_kind(btf, "btf_trace_kfree_skb", BTF_KIND_TYPEDEF);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, (uint32_t)id) : NULL;

	type = type ? btf__type_by_id(btf, type->type) : NULL;
	type = type && btf_is_ptr(type) ? btf__type_by_id(btf, type->type) : NULL;
	if (!type || !btf_is_func_proto(type))
		return tracepoint;
	tracepoint.has_reason = btf_vlen(type) > 3 &&
				btf_is_enum(btf__type_by_id(btf, btf_params(type)[3].type));
	tracepoint.has_rx_sk = tracepoint.has_reason && btf_vlen(type) > 4;
	return tracepoint;
}
