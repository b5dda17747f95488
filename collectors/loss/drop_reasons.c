/* SPDX-License-Identifier: BSD-2-Clause */
/* Adds up what the BPF program counts in the memory that it shares with netdiagd, by reason and
 * interface. */
#include <config.h>

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collectors/base/clock.h"
#include "collectors/base/hash.h"
#include "collectors/base/minute.h"
#include "collectors/loss/drop_program.h"
#include "collectors/loss/drop_reasons.h"

const struct row_type drop_row_type = {
	ROW_TYPE_TEXT("dropReason", struct drop_row, reason),
	.key = {ROW_TEXT(struct drop_row, reason), ROW_NUMBER(struct drop_row, ifindex)},
};

bool drop_row_is_loss(const struct drop_row *row)
{
	return row->class == DROP_LOSS && strcmp(row->reason, "NOT_SPECIFIED");
}

/* Stands for the overflow. No reason of the kernel is as large: subsystems, in the upper half, have
 * small numbers. */
#define REASON_OVERFLOW UINT32_MAX

/* What identifies a sum. */
struct drop_key {
	uint32_t reason;
	uint32_t ifindex; /* as in struct drop_row */
};

/* What was counted of a reason on an interface. */
struct drop_sum {
	struct drop_key key;
	uint64_t packets;
	uint64_t last_seen;	/* ns since 1970 */
	uint64_t discontinuity; /* monotonic ns */
	struct minute minute;
};

/* An interface of this collection. */
struct drop_interface {
	uint32_t ifindex;
	bool exists;
	bool shown;
	char name[IF_NAMESIZE];
};

struct drop_state {
	bool prepared;
	int err; /* of the attempt to load the program */
	char why[DROP_PROGRAM_WHY_SIZE];
	struct drop_program program;
	uint64_t since;	  /* monotonic ns: keys without a sum have counted nothing since then */
	uint64_t *seen;	  /* by slot: the part of its count that is in a sum */
	struct hash sums; /* of struct drop_sum */
	struct hash interfaces; /* of struct drop_interface; of one collection */
};

/* How many keys the program may count. */
static uint32_t drop_bound(const struct collect_settings *settings)
{
	uint32_t bound = settings->max_rows[MAX_ROWS_DROP_REASON];

	return bound < DROP_KEYS_MAX ? bound : DROP_KEYS_MAX;
}

/* The inode of this process's network namespace. A kernel without namespaces has one, whatever its
 * number. */
static uint32_t drop_own_netns(void)
{
	struct stat own;

	return stat("/proc/self/ns/net", &own) ? 1 : (uint32_t)own.st_ino;
}

static void drop_prepare(void *arg, const struct collect_settings *settings)
{
	struct drop_state *state = arg;

	if (!drop_program_built)
		return;
	state->prepared = true;
	state->since = clock_monotonic();
	hash_init(&state->sums, sizeof(struct drop_sum), sizeof(struct drop_key));
	hash_init(&state->interfaces, sizeof(struct drop_interface), sizeof(uint32_t));
	state->seen = calloc(DROP_SLOTS + 1, sizeof(*state->seen));
	state->err = !state->seen ? -ENOMEM
				  : drop_program_open(&state->program, drop_own_netns(),
						      drop_bound(settings), state->why);
}

static void drop_close(void *arg)
{
	struct drop_state *state = arg;

	drop_program_close(&state->program);
	free(state->seen);
	hash_clear(&state->sums);
	hash_clear(&state->interfaces);
}

/* Looks an interface up, once per collection. NULL when memory is short. */
static const struct drop_interface *drop_interface(struct drop_state *state,
						   const struct collect_settings *settings,
						   uint32_t ifindex)
{
	struct drop_interface *interface = hash_find(&state->interfaces, &ifindex);

	if (interface)
		return interface;
	interface = hash_add(&state->interfaces, &ifindex);
	if (!interface)
		return NULL;
	interface->exists = ifindex && if_indextoname(ifindex, interface->name);
	interface->shown = interface->exists && settings_interface(settings, interface->name);
	return interface;
}

/* Adds an increase to a sum. 0 or -ENOMEM. */
static int drop_add(struct collect *c, uint32_t reason, uint32_t ifindex, uint64_t increase)
{
	const struct drop_key key = {.reason = reason, .ifindex = ifindex};
	struct drop_state *state = c->state;
	struct drop_sum *sum = hash_add(&state->sums, &key);

	if (!sum)
		return -ENOMEM;
	if (!sum->discontinuity)
		sum->discontinuity = state->since;
	sum->packets += increase;
	sum->last_seen = clock_wall();
	minute_add(&sum->minute, c->now, increase);
	return 0;
}

/* The count of a slot, over all shards. */
static uint64_t drop_count(const struct drop_program *program, size_t slot)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < program->shards; i++)
		count += __atomic_load_n(&program->shard[i].packets[slot], __ATOMIC_RELAXED);
	return count;
}

/* Frees a slot. A packet that is being counted there goes to the slot's next key. */
static void drop_free_slot(const struct drop_program *program, size_t slot)
{
	__atomic_store_n(&program->table->keys[slot], 0, __ATOMIC_RELAXED);
	__atomic_sub_fetch(&program->table->used, 1, __ATOMIC_RELAXED);
}

/* Adds a slot's increase to its sum. Slots of interfaces that are gone are freed, because those of
 * containers come and go. 0 or -ENOMEM. */
static int drop_take_slot(struct collect *c, size_t slot)
{
	struct drop_state *state = c->state;
	uint64_t key = __atomic_load_n(&state->program.table->keys[slot], __ATOMIC_RELAXED);
	uint64_t count = key ? drop_count(&state->program, slot) : 0;
	uint32_t reason = (uint32_t)(key >> 32) - 1, ifindex = (uint32_t)key;
	const struct drop_interface *interface;
	int err = 0;

	if (!key)
		return 0;
	interface = drop_interface(state, c->settings, ifindex);
	if (!interface)
		return -ENOMEM;
	if (count != state->seen[slot])
		err = drop_add(c, reason, interface->shown ? ifindex : 0,
			       count - state->seen[slot]);
	else if (ifindex && !interface->exists)
		drop_free_slot(&state->program, slot);
	if (!err)
		state->seen[slot] = count;
	return err;
}

static int drop_take_overflow(struct collect *c)
{
	struct drop_state *state = c->state;
	uint64_t *seen = &state->seen[DROP_SLOT_OVERFLOW];
	uint64_t count = drop_count(&state->program, DROP_SLOT_OVERFLOW);
	int err = 0;

	if (count != *seen)
		err = drop_add(c, REASON_OVERFLOW, 0, count - *seen);
	if (!err)
		*seen = count;
	if (count)
		collect_note(c,
			     "%llu drops had a reason or an interface beyond the first %u and are "
			     "counted in the row " DROP_REASON_OVERFLOW
			     ". Raise maxRows dropReason (%u at most)",
			     (unsigned long long)count, state->program.table->bound, DROP_KEYS_MAX);
	return err;
}

/* Whether a sum's interface is still there and shown. */
static bool drop_keep(const void *item, void *arg)
{
	const struct drop_sum *sum = item;
	struct collect *c = arg;
	const struct drop_interface *interface = drop_interface(c->state, c->settings,
								sum->key.ifindex);

	return !sum->key.ifindex || !interface || interface->shown;
}

static int drop_add_row(struct collect *c, const struct drop_sum *sum)
{
	struct drop_state *state = c->state;
	struct drop_row *row = rows_add(&c->rows[0]);
	const struct drop_interface *interface;
	const struct drop_meaning *meaning;

	if (!row)
		return -ENOMEM;
	if (sum->key.reason == REASON_OVERFLOW)
		ROW_SET_TEXT(row->reason, DROP_REASON_OVERFLOW);
	else
		drop_names_text(&state->program.names, sum->key.reason, row->reason);
	meaning = drop_meaning(row->reason);
	row->ifindex = sum->key.ifindex;
	row->class = meaning->class;
	row->packets = sum->packets;
	row->rate_minute = minute_rate(&sum->minute, c->now);
	row->last_seen = sum->last_seen;
	row->discontinuity = sum->discontinuity;
	ROW_SET_TEXT(row->explanation, meaning->explanation);
	interface = drop_interface(state, c->settings, sum->key.ifindex);
	if (!interface)
		return -ENOMEM;
	ROW_SET_TEXT(row->ifname, interface->name);
	return 0;
}

/* Updates the sums and fills the rows. 0 or -ENOMEM. */
static int drop_read(struct collect *c)
{
	struct drop_state *state = c->state;
	size_t before;
	int err = 0;

	hash_clear(&state->interfaces);
	__atomic_store_n(&state->program.table->bound, drop_bound(c->settings), __ATOMIC_RELAXED);
	for (size_t slot = 0; slot < DROP_SLOTS && !err; slot++)
		err = drop_take_slot(c, slot);
	if (!err)
		err = drop_take_overflow(c);
	if (err)
		return err;
	before = state->sums.count;
	hash_keep(&state->sums, drop_keep, c);
	if (state->sums.count < before)
		state->since = c->now;
	for (size_t i = 0; i < state->sums.count && !err; i++)
		err = drop_add_row(c, hash_at(&state->sums, i));
	return err;
}

static int drop_collect(struct collect *c)
{
	struct drop_state *state = c->state;
	int err;

	collect_source(c, "BPF on skb:kfree_skb");
	if (!drop_program_built) {
		collect_note(c, "netdiagd was built without libbpf. Build it with --with-bpf=yes");
		return -EOPNOTSUPP;
	}
	if (!state->prepared) {
		collect_note(c, "only the daemon counts drops, and only if this collector was on "
				"when it started. It takes a restart to turn it on");
		return -EOPNOTSUPP;
	}
	if (state->err == -EPERM)
		return collect_fail_unprivileged(c, "%s", state->why);
	if (state->err) {
		collect_note(c, "%s", state->why);
		return state->err;
	}
	err = drop_read(c);
	return err ? collect_fail(c, err, "drop reasons") : 0;
}

const struct collector drop_reasons_collector = {
	.name = "dropReason",
	.interval_ms = 5000,
	.rows = {&drop_row_type, NULL},
	.state_size = sizeof(struct drop_state),
	.live = "BPF",
	.prepare = drop_prepare,
	.collect = drop_collect,
	.close = drop_close,
};
