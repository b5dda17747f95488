/* SPDX-License-Identifier: BSD-2-Clause */
/* What the texts of all checks are made with: names, numbers, rates, settings. */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/limit/sysctls.h"
#include "subagent/checks/advices.h"

/* Settings that are one number in the kernel are at most an int there. */
#define SYSCTL_DOUBLE_MAX (INT32_MAX / 2)

/* The present rate is worth a word when it is so many times that of the window. */
#define FAR_ABOVE 2

void advice_print(char *text, size_t size, bool append, const char *format, ...)
{
	size_t used = append ? strlen(text) : 0;
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, size - used, format, args);
	va_end(args);
}

const char *advice_name(const char *from, char text[ADVICE_NAME_SIZE])
{
	text_percent(text, ADVICE_NAME_SIZE, from);
	return text;
}

const char *advice_owner(const char *command, uint64_t pid, char text[ADVICE_OWNER_SIZE])
{
	char name[ADVICE_NAME_SIZE];

	text[0] = '\0';
	if (command[0])
		snprintf(text, ADVICE_OWNER_SIZE, "%.48s", advice_name(command, name));
	if (command[0] && pid != ROW_ABSENT)
		advice_print(text, ADVICE_OWNER_SIZE, true, " pid %llu", (unsigned long long)pid);
	return text;
}

void advice_number(int64_t hundredths, char text[24])
{
	const char *sign = hundredths < 0 ? "-" : "";
	uint64_t value = hundredths < 0 ? 0 - (uint64_t)hundredths : (uint64_t)hundredths;
	unsigned fraction = (unsigned)(value % 100);
	unsigned long long whole = value / 100;

	if (!fraction)
		snprintf(text, 24, "%s%llu", sign, whole);
	else if (fraction % 10)
		snprintf(text, 24, "%s%llu.%02u", sign, whole, fraction);
	else
		snprintf(text, 24, "%s%llu.%u", sign, whole, fraction / 10);
}

const char *advice_count(uint64_t number, char text[32])
{
	char digits[24];
	size_t len = (size_t)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[used++] = ',';
		text[used++] = digits[i];
	}
	text[used] = '\0';
	return text;
}

const char *advice_amount(int64_t hundredths, char text[32])
{
	uint64_t value = hundredths < 0 ? 0 : (uint64_t)hundredths;

	if (value >= 10000)
		return advice_count((value + 50) / 100, text);
	/* From 1 on, one digit after the point is enough. */
	if (value >= 100)
		value = (value + 5) / 10 * 10;
	advice_number((int64_t)value, text);
	return text;
}

const char *advice_duration(uint64_t ns, char text[24])
{
	unsigned long long seconds = ns / SECOND_NS;

	if (seconds >= 2 * 86400)
		snprintf(text, 24, "%llu days", seconds / 86400);
	else if (seconds >= 2 * 3600 || (seconds && seconds % 3600 == 0))
		snprintf(text, 24, "%llu h", seconds / 3600);
	else if (seconds >= 120 || (seconds && seconds % 60 == 0))
		snprintf(text, 24, "%llu min", seconds / 60);
	else
		snprintf(text, 24, "%llu s", seconds);
	return text;
}

void advice_rate(const struct advice *advice, const char *what, const char *verb,
		 struct alarm_text *text)
{
	char now[32], mean[32], window[24];

	advice_amount(advice->value, mean);
	if (advice->now == CHECK_NO_VALUE || advice->now / FAR_ABOVE < advice->value) {
		advice_also(text->summary, "%s %s/s %s", mean, what, verb);
		return;
	}
	advice_also(text->summary, "%s %s/s %s now, %s/s over %s", advice_amount(advice->now, now),
		    what, verb, mean, advice_duration(advice->limits->measure.window, window));
}

void advice_where(const struct advice *advice, struct alarm_text *text)
{
	char name[ADVICE_NAME_SIZE];

	text->summary[0] = '\0';
	if (advice->check->instance)
		advice_say(text->summary, "%s: ", advice_name(advice->instance, name));
}

void advice_raised(const struct advice *advice, struct alarm_text *text)
{
	memset(text, 0, sizeof(*text));
	advice_where(advice, text);
	advice->check->describe(advice, text);
}

void advice_ended(const struct advice *advice, const char *reason, uint64_t lasted, int64_t peak,
		  struct alarm_text *text)
{
	char duration[24], worst[32];

	memset(text, 0, sizeof(*text));
	/* A pager may show nothing else. */
	if (advice->check->instance)
		advice_where(advice, text);
	else
		advice_say(text->summary, "%s: ", advice->check->name);
	advice_also(text->summary, "over after %s", advice_duration(lasted, duration));
	if (peak > 0 && advice->check->units[0])
		advice_also(text->summary, ", at worst %s %s", advice_amount(peak, worst),
			    advice->check->units);
	if (reason)
		advice_also(text->summary, ", %s", reason);
}

void advice_state(const struct advice *advice, char summary[CHECK_SUMMARY_SIZE])
{
	struct alarm_text text = {.summary = ""};
	bool is_state = !advice->check->units[0];
	char value[32], limit[32];

	advice_where(advice, &text);
	if (advice->check->own_limits && advice->limits->warning == CHECK_NO_LIMIT &&
	    advice->limits->critical == CHECK_NO_LIMIT)
		advice_also(text.summary, "its limits cannot be seen from here");
	else if (advice->value == CHECK_NO_VALUE)
		advice_also(text.summary, advice->known ? "too little traffic to judge"
							: "no value yet, or no data");
	else if (is_state)
		advice_also(text.summary, advice->value ? "not ok, but not for long" : "ok");
	else
		advice_also(text.summary, "%s %s", advice_amount(advice->value, value),
			    advice->check->units);
	if (advice->value != CHECK_NO_VALUE && advice->limits->warning != CHECK_NO_LIMIT &&
	    !is_state)
		advice_also(text.summary, ", warning %s %s",
			    advice->limits->warning ? "at" : "above",
			    advice_amount(advice->limits->warning, limit));
	memcpy(summary, text.summary, CHECK_SUMMARY_SIZE);
}

const struct rows *advice_rows(const struct advice *advice, const struct row_type *type)
{
	return advice->host && advice->host->rows ? advice->host->rows(type, advice->host->arg)
						  : NULL;
}

/* The words of a setting, each followed by a blank or the end. */
static bool advice_setting(const struct advice *advice, const char *name,
			   char value[SYSCTL_VALUE_SIZE])
{
	const struct rows *rows;
	const struct sysctl_row *row;
	struct sysctl_row key;

	if (advice->host && advice->host->setting)
		return advice->host->setting(name, value, SYSCTL_VALUE_SIZE, advice->host->arg);
	rows = advice_rows(advice, &sysctl_row_type);
	if (!rows)
		return false;
	row_reset(&sysctl_row_type, &key);
	ROW_SET_TEXT(key.name, name);
	row = rows_find(rows, &key);
	if (row)
		memcpy(value, row->value, SYSCTL_VALUE_SIZE);
	return row != NULL;
}

uint64_t advice_sysctl(const struct advice *advice, const char *name, unsigned word)
{
	char value[SYSCTL_VALUE_SIZE], *at = value, *end;
	unsigned long long number;

	if (!advice_setting(advice, name, value))
		return ROW_ABSENT;
	while (word--) {
		at += strcspn(at, " ");
		at += strspn(at, " ");
	}
	if (*at < '0' || *at > '9')
		return ROW_ABSENT;
	errno = 0;
	number = strtoull(at, &end, 10);
	return errno || (*end && *end != ' ') ? ROW_ABSENT : number;
}

bool advice_double(const struct advice *advice, const char *name, struct alarm_text *text)
{
	uint64_t now = advice_sysctl(advice, name, 0);

	if (now == ROW_ABSENT || !now || now > SYSCTL_DOUBLE_MAX ||
	    advice_sysctl(advice, name, 1) != ROW_ABSENT)
		return false;
	advice_say(text->command, "sysctl -w %s=%llu", name, (unsigned long long)now * 2);
	return true;
}

bool advice_is_device(const char *name)
{
	static const char fit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789._:@-";

	return name[0] && name[0] != '-' && strspn(name, fit) == strlen(name) && strlen(name) < 16;
}
