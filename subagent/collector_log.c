/* SPDX-License-Identifier: BSD-2-Clause */
/* Logs each collector's state, as the engine keeps it, once per change. */
#include <config.h>

#include "collectors/engine.h"
#include "subagent/collector_log.h"
#include "subagent/log.h"
#include "subagent/tables/table.h"

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
		if (state->error[0] && !health->noted[i])
			log_notice("collector %s: %s", state->name, state->error);
		health->noted[i] = health->noted[i] || state->error[0];
	} else if (state->status != before) {
		health->noted[i] = false;
		log_message(priority_of(state->status), "collector %s: %s: %s", state->name,
			    collector_log_status(state->status), state->error);
	}
	health->logged[i] = state->status;
}

void collector_log_turn(struct health *health, struct engine *engine)
{
	struct collector_state state;

	for (size_t i = 0; i < engine_count(engine); i++) {
		engine_state(engine, i, &state);
		if (!state.on)
			health->logged[i] = 0;
		else if (state.status != COLLECT_PENDING || state.error[0])
			collector_log_change(health, i, &state);
	}
}
