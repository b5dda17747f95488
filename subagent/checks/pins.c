/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells the listener and udpSocket collectors which endpoints have an alarm, so that those keep
 * their rows however many other sockets there are. */
#include <config.h>

#include "collectors/base/array.h"
#include "collectors/socket/listener.h"
#include "collectors/socket/udp_socket.h"
#include "subagent/checks/alarms_private.h"

/* Endpoints of a table. */
#define PINS_MAX 256

/* Those of one user, root apart: nobody's junk keeps all the places. */
#define PINS_PER_OWNER 64

static const struct {
	const struct row_type *type;
	struct endpoint_pins *pins;
} pin_tables[ALARMS_PINS] = {
	[ALARMS_PINS_LISTENER] = {&listener_row_type, &listener_pins},
	[ALARMS_PINS_UDP_SOCKET] = {&udp_socket_row_type, &udp_socket_pins},
};

struct pin_owner {
	uint64_t uid;
	uint64_t count;
};

struct pin_list {
	const char *names[PINS_MAX];
	size_t count;
	struct hash owners; /* of struct pin_owner */
};

static bool pin_has_place(struct pin_list *list, const struct alarm *alarm)
{
	struct pin_owner *owner;

	if (list->count == PINS_MAX)
		return false;
	if (!alarm->owner || alarm->owner == ROW_ABSENT)
		return true;
	owner = hash_add(&list->owners, &alarm->owner);
	return owner && owner->count++ < PINS_PER_OWNER;
}

static void pin_add(struct pin_list *list, const struct alarm *alarm, uint64_t now)
{
	struct instance *instance = alarm->instance;

	if (!pin_has_place(list, alarm)) {
		instance->pinned = 0;
		return;
	}
	list->names[list->count++] = instance->name;
	if (!instance->pinned)
		instance->pinned = now;
}

/* The endpoints of a table with alarms, critical ones first, then the oldest. */
static void pin_choose(const struct alarms *alarms, const struct row_type *type, uint64_t now,
		       struct pin_list *list)
{
	static const enum alarm_severity order[] = {ALARM_CRITICAL, ALARM_WARNING};

	for (size_t i = 0; i < COUNT_OF(order); i++)
		for (const struct alarm *it = alarms->set.first; it; it = it->next)
			if (it->instance && it->own == order[i] &&
			    check_table(it->check)->type == type)
				pin_add(list, it, now);
}

static uint64_t pin_hash(const struct pin_list *list)
{
	uint64_t hash = list->count;

	for (size_t i = 0; i < list->count; i++) {
		uint64_t pair[2] = {hash, endpoint_pin(list->names[i])};

		hash = hash_of(pair, sizeof(pair));
	}
	return hash;
}

void alarms_pin(struct alarms *alarms, uint64_t now)
{
	alarms->pinned = 0;
	for (size_t i = 0; i < ALARMS_PINS; i++) {
		struct pin_list list = {.count = 0};
		uint64_t hash;

		hash_init(&list.owners, sizeof(struct pin_owner), sizeof(uint64_t));
		pin_choose(alarms, pin_tables[i].type, now, &list);
		hash_clear(&list.owners);
		if (list.count > alarms->pinned)
			alarms->pinned = list.count;
		hash = pin_hash(&list);
		/* When memory is short it is tried again. */
		if (hash != alarms->pins[i] &&
		    !endpoint_pins_set(pin_tables[i].pins, list.names, list.count))
			alarms->pins[i] = hash;
	}
}
