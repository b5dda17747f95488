/* SPDX-License-Identifier: BSD-2-Clause */
/* Logs each collector's state, as the engine keeps it, once per change. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/engine.h"
#include "subagent/collector_log.h"
#include "subagent/log.h"
#include "subagent/tables/table.h"

/* The line about the start does not wait longer for a slow collector. */
#define START_NS (10 * SECOND_NS)

const char *collector_log_status(enum collect_status status)
{
	const char *label = column_label(
		table_column(table_find("netdiagCollectorTable"), "netdiagCollectorStatus"),
		status);

	return label ? label : "unknown";
}

/* What the host does not have is no fault of it. */
static int priority_of(enum collect_status status)
{
	return status == COLLECT_UNSUPPORTED ? LOG_NOTICE : LOG_WARNING;
}

static void collector_log_change(struct health *health, size_t i,
				 const struct collector_state *state)
{
	enum collect_status before = health->logged[i];

	if (state->status == COLLECT_OK) {
		if (before && before != COLLECT_OK)
			log_notice("collector %s: ok again", state->name);
		if (state->error[0] && !health->noted[i] && health->started)
			log_info("collector %s: %s", state->name, state->error);
		health->noted[i] = health->noted[i] || state->error[0];
	} else if (state->status != before) {
		health->noted[i] = false;
		if (state->status != COLLECT_UNSUPPORTED || health->started)
			log_message(priority_of(state->status), "collector %s: %s: %s", state->name,
				    collector_log_status(state->status), state->error);
	}
	health->logged[i] = state->status;
}

static void name_collector(char *names, size_t size, const char *name)
{
	size_t used = strlen(names);

	snprintf(names + used, size - used, "%s%s", used ? ", " : "", name);
}

/* At startup, one line sums up what the collectors lack, instead of one line for each. */
static void collector_log_start(struct health *health, struct engine *engine)
{
	char partial[256] = "", missing[256] = "";
	struct collector_state state;
	bool pending = false;

	for (size_t i = 0; i < engine_count(engine); i++) {
		engine_state(engine, i, &state);
		if (!state.on)
			continue;
		pending = pending || state.status == COLLECT_PENDING;
		if (state.status == COLLECT_UNSUPPORTED)
			name_collector(missing, sizeof(missing), state.name);
		else if (state.status == COLLECT_OK && state.error[0])
			name_collector(partial, sizeof(partial), state.name);
	}
	if (pending && clock_since(health->began) < START_NS)
		return;
	health->started = true;
	if (*partial || *missing)
		log_info("collectors%s%s%s%s%s; netdiagd --dump netdiagCollectorTable says why",
			 *partial ? " that see only a part: " : "", partial,
			 *partial && *missing ? ";" : "",
			 *missing ? " without a source on this host: " : "", missing);
}

void collector_log_turn(struct health *health, struct engine *engine)
{
	struct collector_state state;

	if (!health->began)
		health->began = clock_monotonic();
	for (size_t i = 0; i < engine_count(engine); i++) {
		engine_state(engine, i, &state);
		if (!state.on)
			health->logged[i] = 0;
		else if (state.status != COLLECT_PENDING || state.error[0])
			collector_log_change(health, i, &state);
	}
	if (!health->started)
		collector_log_start(health, engine);
}
