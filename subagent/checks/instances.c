/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "subagent/checks/instances.h"

#define BUCKETS_MIN 64

/* FNV-1a, 32 bits. */
#define HASH_START 2166136261U
#define HASH_PRIME 16777619U

static uint32_t hash(const struct check *check, const char *name)
{
	uint32_t value = HASH_START ^ (uint32_t)(check - checks);

	for (; *name; name++)
		value = (value ^ (unsigned char)*name) * HASH_PRIME;
	return value;
}

static struct instance **bucket_of(const struct instances *instances, const struct check *check,
				   const char *name)
{
	return &instances->bucket[hash(check, name) & (instances->bucket_count - 1)];
}

int instances_init(struct instances *instances)
{
	memset(instances, 0, sizeof(*instances));
	instances->bucket = calloc(BUCKETS_MIN, sizeof(*instances->bucket));
	instances->first = calloc(check_count(), sizeof(*instances->first));
	if (!instances->bucket || !instances->first) {
		free(instances->bucket);
		free(instances->first);
		return -ENOMEM;
	}
	instances->bucket_count = BUCKETS_MIN;
	return 0;
}

static void instance_free(struct instance *instance)
{
	check_window_free(&instance->window);
	free(instance->own);
	free(instance->object_id);
	free(instance->alarm);
	free(instance);
}

void instances_free(struct instances *instances)
{
	for (size_t i = 0; i < check_count(); i++)
		while (instances->first[i]) {
			struct instance *instance = instances->first[i];

			instances->first[i] = instance->next;
			instance_free(instance);
		}
	free(instances->bucket);
	free(instances->first);
	memset(instances, 0, sizeof(*instances));
}

struct instance *instances_find(const struct instances *instances, const struct check *check,
				const char *name)
{
	struct instance *instance = *bucket_of(instances, check, name);

	while (instance && (instance->check != check || strcmp(instance->name, name)))
		instance = instance->bucket_next;
	return instance;
}

/* Keeps the chains short. When memory is short they just get longer. */
static void grow(struct instances *instances)
{
	size_t count = instances->bucket_count * 2;
	struct instance **bucket = calloc(count, sizeof(*bucket));

	if (!bucket)
		return;
	free(instances->bucket);
	instances->bucket = bucket;
	instances->bucket_count = count;
	for (size_t i = 0; i < check_count(); i++)
		for (struct instance *it = instances->first[i]; it; it = it->next) {
			struct instance **at = bucket_of(instances, it->check, it->name);

			it->bucket_next = *at;
			*at = it;
		}
}

struct instance *instances_add(struct instances *instances, const struct check *check,
			       const char *name)
{
	size_t len = strlen(name) + 1;
	struct instance *instance = calloc(1, sizeof(*instance) + len);
	struct instance **at;

	if (!instance)
		return NULL;
	if (instances->count >= instances->bucket_count)
		grow(instances);
	memcpy(instance->name, name, len);
	instance->check = check;
	instance->value = CHECK_NO_VALUE;
	at = bucket_of(instances, check, name);
	instance->bucket_next = *at;
	*at = instance;
	instance->next = instances->first[check - checks];
	instances->first[check - checks] = instance;
	instances->count++;
	return instance;
}

struct instance *instances_first(const struct instances *instances, const struct check *check)
{
	return instances->first[check - checks];
}

void instances_sweep(struct instances *instances, const struct check *check,
		     bool (*gone)(struct instance *instance, void *arg), void *arg)
{
	struct instance **link = &instances->first[check - checks];

	while (*link) {
		struct instance *instance = *link, **at;

		if (!gone(instance, arg)) {
			link = &instance->next;
			continue;
		}
		*link = instance->next;
		at = bucket_of(instances, check, instance->name);
		while (*at != instance)
			at = &(*at)->bucket_next;
		*at = instance->bucket_next;
		instances->count--;
		instance_free(instance);
	}
}
