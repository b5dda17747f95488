/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of a check's settings, which the configuration is parsed by, and the rules for settings
 * of one line that depend on each other or on the check. */
#include <config.h>

#include <fnmatch.h>

#include "subagent/checks/setting.h"

#define SECOND_MS 1000
#define HOUR_MS	  (3600 * SECOND_MS)
#define LIMIT_MAX (INT32_MAX / 100 * 100 - 100)

#define SETTING(name, flag, member, ...)                                          \
	{                                                                         \
		{name, __VA_ARGS__, offsetof(struct check_setting, member)}, flag \
	}

/* clang-format off */
const struct check_setting_type check_setting_types[] = {
	SETTING("warning", CHECK_SET_WARNING, warning, WORD_RANGE_OR_OFF(WORD_HUNDREDTHS, 0, LIMIT_MAX, CHECK_LIMIT_OFF)),
	SETTING("critical", CHECK_SET_CRITICAL, critical, WORD_RANGE_OR_OFF(WORD_HUNDREDTHS, 0, LIMIT_MAX, CHECK_LIMIT_OFF)),
	SETTING("clear", CHECK_SET_CLEAR, clear, WORD_RANGE(WORD_HUNDREDTHS, 0, LIMIT_MAX)),
	SETTING("window", CHECK_SET_WINDOW, window_ms, WORD_RANGE(WORD_DURATION, SECOND_MS, 24 * HOUR_MS)),
	/* A time, or a number of evaluations: check_setting_parse() tries both. */
	SETTING("hold", CHECK_SET_HOLD, hold_ms, WORD_RANGE(WORD_DURATION, 0, HOUR_MS)),
	SETTING("clearAfter", CHECK_SET_CLEAR_AFTER, clear_after_ms, WORD_RANGE(WORD_DURATION, 0, 168 * HOUR_MS)),
	SETTING("notify", CHECK_SET_NOTIFY, notify, {.kind = WORD_SWITCH}),
	{.member = {.name = NULL}},
};
/* clang-format on */

static const struct word_type hold_evaluations = WORD_RANGE(WORD_NUMBER, 1, 1000);

bool check_setting_parse(struct check_setting *setting, const struct check_setting_type *type,
			 const char *word, char why[WORD_WHY_SIZE])
{
	setting->set |= type->flag;
	if (type->flag == CHECK_SET_HOLD) {
		setting->hold = setting->hold_ms = 0;
		if (word_parse(&hold_evaluations, word, &setting->hold, why))
			return true;
	}
	return word_parse(&type->member.type, word, (char *)setting + type->member.offset, why);
}

static bool has_window(const struct check *check)
{
	return check->limits.measure.kind != CHECK_LEVEL || check->compare;
}

static bool has_critical(const struct check *check)
{
	return check->limits.critical != CHECK_NO_LIMIT || check->limits.warning == CHECK_NO_LIMIT;
}

const char *check_setting_conflict(const struct check *check, const struct check_setting *s)
{
	bool warning = s->set & CHECK_SET_WARNING, critical = s->set & CHECK_SET_CRITICAL;
	bool clear = s->set & CHECK_SET_CLEAR;

	if (critical && s->critical != CHECK_LIMIT_OFF && !has_critical(check))
		return "this check has no critical level";
	if (warning && critical && s->warning != CHECK_LIMIT_OFF && s->critical < s->warning)
		return "critical must not be below warning";
	if (warning && clear && s->clear >= s->warning && s->clear > 0)
		return "clear must be below warning";
	if (critical && clear && s->clear >= s->critical && s->clear > 0)
		return "clear must be below critical";
	if (s->set & CHECK_SET_WINDOW && !has_window(check))
		return "this check has no window: it judges the present value";
	if (s->instance[0] && !check->instance && fnmatch(s->instance, CHECK_ONLY_INSTANCE, 0))
		return "this check has no instances: leave the pattern out";
	return NULL;
}
