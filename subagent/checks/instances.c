/* SPDX-License-Identifier: BSD-2-Clause */
/* Keeps the instances of all checks: a list per check, and a hash table by check and name. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "subagent/checks/instances.h"

struct instance_key {
	uint64_t check; /* place in checks[] */
	char name[CHECK_INSTANCE_SIZE];
	char padding[7];
};

struct instance_item {
	struct instance_key key;
	struct instance *instance;
};

static struct instance_key key_of(const struct check *check, const char *name)
{
	struct instance_key key;

	memset(&key, 0, sizeof(key));
	key.check = (uint64_t)(check - checks);
	memcpy(key.name, name, strnlen(name, sizeof(key.name) - 1));
	return key;
}

int instances_init(struct instances *instances)
{
	hash_init(&instances->table, sizeof(struct instance_item), sizeof(struct instance_key));
	instances->first = calloc(check_count(), sizeof(*instances->first));
	return instances->first ? 0 : -ENOMEM;
}

static void instance_free(struct instance *instance)
{
	check_window_free(&instance->window);
	free(instance->trend);
	free(instance->own);
	free(instance->object_id);
	free(instance);
}

void instances_free(struct instances *instances)
{
	for (size_t i = 0; instances->first && i < check_count(); i++)
		while (instances->first[i]) {
			struct instance *instance = instances->first[i];

			instances->first[i] = instance->next;
			instance_free(instance);
		}
	hash_clear(&instances->table);
	free(instances->first);
	instances->first = NULL;
}

struct instance *instances_find(const struct instances *instances, const struct check *check,
				const char *name)
{
	struct instance_key key = key_of(check, name);
	const struct instance_item *item = hash_find(&instances->table, &key);

	return item ? item->instance : NULL;
}

struct instance *instances_add(struct instances *instances, const struct check *check,
			       const char *name)
{
	struct instance_key key = key_of(check, name);
	size_t len = strlen(key.name) + 1;
	struct instance *instance = calloc(1, sizeof(*instance) + len);
	struct instance_item *item = instance ? hash_add(&instances->table, &key) : NULL;

	if (!item) {
		free(instance);
		return NULL;
	}
	item->instance = instance;
	memcpy(instance->name, key.name, len);
	instance->check = check;
	instance->value = CHECK_NO_VALUE;
	instance->time_to_full = ROW_ABSENT;
	instance->next = instances->first[key.check];
	instances->first[key.check] = instance;
	return instance;
}

struct instance *instances_first(const struct instances *instances, const struct check *check)
{
	return instances->first[check - checks];
}

static bool is_kept(const void *item, void *arg)
{
	(void)arg;
	return ((const struct instance_item *)item)->instance != NULL;
}

void instances_sweep(struct instances *instances, const struct check *check,
		     bool (*gone)(struct instance *instance, void *arg), void *arg)
{
	struct instance **link = &instances->first[check - checks];
	bool any = false;

	while (*link) {
		struct instance *instance = *link;
		struct instance_key key;
		struct instance_item *item;

		if (!gone(instance, arg)) {
			link = &instance->next;
			continue;
		}
		key = key_of(check, instance->name);
		item = hash_find(&instances->table, &key);
		if (item)
			item->instance = NULL;
		*link = instance->next;
		instance_free(instance);
		any = true;
	}
	if (any)
		hash_keep(&instances->table, is_kept, NULL);
}
