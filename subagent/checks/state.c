/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state machine of a check's instance: hold before a raise, hysteresis and time before a clear,
 * patience with what flaps. Fed with the values that window.c makes.
 */
#include <config.h>

#include "subagent/checks/state.h"

/* An alarm that comes back within so many times the time that it took to end is flapping. */
#define SOON 4

/* The outlier rule holds below so many times a limit. */
#define OUTLIER_BELOW 10

int64_t check_limit(const struct check_limits *limits, enum alarm_severity severity)
{
	switch (severity) {
	case ALARM_CRITICAL:
		return limits->critical;
	case ALARM_WARNING:
		return limits->warning;
	default:
		return limits->clear;
	}
}

/* A limit of 0 means anything above it. */
static bool passes(int64_t value, int64_t limit)
{
	return value != CHECK_NO_VALUE && limit != CHECK_NO_LIMIT &&
	       (limit > 0 ? value >= limit : value > 0);
}

/* Like passes(), but what is no outlier counts only when it is far above the limit. */
static bool counts(int64_t value, int64_t limit, bool outlier)
{
	if (!passes(value, limit))
		return false;
	return outlier || (limit > 0 && value / OUTLIER_BELOW >= limit);
}

static void machine_enter(struct check_machine *machine, enum check_state state, uint64_t time)
{
	if (machine->state == state && machine->since)
		return;
	machine->state = state;
	machine->since = time;
}

/* Keeps the time since which a condition holds. */
static void track(uint64_t *since, bool holds, uint64_t from)
{
	if (!holds)
		*since = 0;
	else if (!*since)
		*since = from;
}

static void machine_forget(struct check_machine *machine)
{
	machine->over_warning = machine->over_critical = 0;
	machine->warning_since = machine->critical_since = machine->fast_since = 0;
	machine->calm_since = machine->lower_since = 0;
}

/* Notes how long the value has been where it is. */
static void machine_track(struct check_machine *machine, const struct check_limits *limits,
			  const struct check_value *value, const struct check_step *step)
{
	enum check_kind kind = limits->measure.kind;
	bool raised = machine->severity > ALARM_NONE, outlier = step->outlier || raised;
	/* A rate or count was what it is for as long as it was measured. */
	uint64_t from = step->time - (kind == CHECK_RATE || kind == CHECK_COUNT ? value->span : 0);
	bool critical = !value->few && counts(value->value, limits->critical, outlier);
	bool warning = critical || step->filling ||
		       (!value->few && counts(value->value, limits->warning, outlier));
	bool calm = value->whole && !step->filling && !passes(value->value, limits->warning) &&
		    !passes(value->value, limits->critical) && value->value <= limits->clear;
	bool fast = warning && counts(value->now, limits->critical, outlier);

	machine->over_warning = warning ? machine->over_warning + 1 : 0;
	machine->over_critical = critical ? machine->over_critical + 1 : 0;
	track(&machine->warning_since, warning, from);
	track(&machine->critical_since, critical, from);
	track(&machine->fast_since, fast, from);
	track(&machine->calm_since, calm, step->time);
	track(&machine->lower_since, value->whole && !value->few && !critical && !fast, step->time);
}

/* Whether what is over a limit since then, so many evaluations in a row, has been so for long
 * enough. */
static bool is_held(const struct check_limits *limits, uint64_t since, uint32_t evaluations,
		    uint64_t time)
{
	if (!since)
		return false;
	if (limits->hold.evaluations)
		return evaluations >= limits->hold.evaluations;
	return time - since >= limits->hold.ns;
}

static bool is_critical(const struct check_machine *machine, const struct check_limits *limits,
			const struct check_step *step, bool warned)
{
	uint64_t time = step->time;

	if (limits->critical_hold)
		return machine->critical_since && warned &&
		       (step->urgent || time - machine->critical_since >= limits->critical_hold);
	/* What is past critical when the warning's hold is over is critical at once. */
	if (machine->critical_since &&
	    (warned || is_held(limits, machine->critical_since, machine->over_critical, time)))
		return true;
	return machine->fast_since && warned && time - machine->fast_since >= limits->hold.ns;
}

/* The severity that the machine goes to. */
static enum alarm_severity next_severity(const struct check_machine *machine,
					 const struct check_limits *limits,
					 const struct check_step *step)
{
	uint64_t wait = limits->clear_after << machine->patience, time = step->time;
	bool raised = machine->severity > ALARM_NONE;
	bool warned = is_held(limits, machine->warning_since, machine->over_warning, time);

	if (raised && machine->calm_since && time - machine->calm_since >= wait)
		return ALARM_NONE;
	if (is_critical(machine, limits, step, warned))
		return ALARM_CRITICAL;
	/* What is on its way to its end is not told as a mere change first. */
	if (machine->severity == ALARM_CRITICAL && machine->lower_since && !machine->calm_since &&
	    time - machine->lower_since >= wait)
		return ALARM_WARNING;
	if (raised)
		return machine->severity;
	/* A moment later it is known to be critical, or not: one raise for one fault. */
	return warned && !machine->fast_since ? ALARM_WARNING : ALARM_NONE;
}

static void note_raise(struct check_machine *machine, const struct check_limits *limits,
		       uint64_t time)
{
	bool soon = machine->cleared &&
		    time - machine->cleared < SOON * (limits->clear_after << machine->patience);

	machine->raises++;
	if (!soon)
		machine->patience = 0;
	else if (machine->patience < CHECK_PATIENCE_MAX)
		machine->patience++;
}

static enum check_state state_of_severity(enum alarm_severity severity)
{
	return severity == ALARM_CRITICAL  ? CHECK_CRITICAL
	       : severity == ALARM_WARNING ? CHECK_WARNING
					   : CHECK_OK;
}

/* There is nothing to judge: data are missing, or too little happens, and what is so stays. */
static enum check_change machine_unknown(struct check_machine *machine,
					 const struct check_limits *limits,
					 const struct check_value *value, uint64_t time)
{
	uint64_t wait = limits->clear_after << machine->patience;

	machine_forget(machine);
	machine_enter(machine, value->little ? state_of_severity(machine->severity) : CHECK_UNKNOWN,
		      time);
	if (machine->severity <= ALARM_NONE || value->idle < wait ||
	    value->idle < CHECK_IDLE_MIN_NS)
		return CHECK_UNCHANGED;
	machine->severity = ALARM_NONE;
	machine->cleared = time;
	machine_enter(machine, value->little ? CHECK_OK : CHECK_UNKNOWN, time);
	return CHECK_IDLE;
}

enum check_change check_machine_step(struct check_machine *machine,
				     const struct check_limits *limits,
				     const struct check_value *value, const struct check_step *step)
{
	enum alarm_severity before = machine->severity, after;

	if (!before)
		before = ALARM_NONE;
	if (value->value == CHECK_NO_VALUE)
		return machine_unknown(machine, limits, value, step->time);
	machine_track(machine, limits, value, step);
	after = next_severity(machine, limits, step);
	machine->severity = after;
	machine_enter(machine, state_of_severity(after), step->time);
	if (after == before)
		return CHECK_UNCHANGED;
	if (after == ALARM_NONE) {
		machine->cleared = step->time;
		return CHECK_ENDED;
	}
	if (before != ALARM_NONE)
		return CHECK_CHANGED;
	note_raise(machine, limits, step->time);
	return CHECK_RAISED;
}

enum check_change check_machine_end(struct check_machine *machine, uint64_t time)
{
	bool raised = machine->severity > ALARM_NONE;

	machine->severity = ALARM_NONE;
	machine_forget(machine);
	if (raised)
		machine->cleared = time;
	return raised ? CHECK_ENDED : CHECK_UNCHANGED;
}
