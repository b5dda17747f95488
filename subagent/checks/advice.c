/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/text.h"
#include "collectors/limit/sysctls.h"
#include "subagent/checks/advices.h"

#define SECOND UINT64_C(1000000000)

/* Settings that are one number in the kernel are at most an int there. */
#define SYSCTL_DOUBLE_MAX (INT32_MAX / 2)

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

/* "10 min", "90 s". */
static void duration_text(uint64_t ns, char text[24])
{
	unsigned long long seconds = ns / SECOND;

	if (seconds && !(seconds % 3600))
		snprintf(text, 24, "%llu h", seconds / 3600);
	else if (seconds && !(seconds % 60))
		snprintf(text, 24, "%llu min", seconds / 60);
	else
		snprintf(text, 24, "%llu s", seconds);
}

/* Appends, cut to the size. */
static void append(char *text, size_t size, const char *more, size_t len)
{
	size_t used = strlen(text);

	if (len > size - used - 1)
		len = size - used - 1;
	memcpy(text + used, more, len);
	text[used + len] = '\0';
}

static void append_text(char *text, size_t size, const char *more)
{
	append(text, size, more, strlen(more));
}

/* The phrase with its {value} and {t} filled in. */
static void append_phrase(char *text, size_t size, const char *phrase, const char *value,
			  const char *window)
{
	while (*phrase) {
		size_t plain = strcspn(phrase, "{");

		append(text, size, phrase, plain);
		phrase += plain;
		if (!strncmp(phrase, "{}", 2))
			append_text(text, size, value);
		else if (!strncmp(phrase, "{t}", 3))
			append_text(text, size, window);
		phrase += strcspn(phrase, "}");
		phrase += *phrase == '}';
	}
}

void advice_summary(const struct advice *advice, const struct check_limits *limits, int64_t value,
		    enum alarm_severity severity, char text[CHECK_SUMMARY_SIZE])
{
	const struct check *check = advice->check;
	uint64_t over = limits->count_over ? limits->count_over : limits->window;
	char number[24] = "?", window[24], detail[CHECK_SUMMARY_SIZE] = "";
	int64_t limit = check_limit(limits, severity);

	text[0] = '\0';
	if (strcmp(advice->instance, CHECK_ONLY_INSTANCE)) {
		append_text(text, CHECK_SUMMARY_SIZE, advice->instance);
		append_text(text, CHECK_SUMMARY_SIZE, ": ");
	}
	if (value == CHECK_NO_VALUE) {
		append_text(text, CHECK_SUMMARY_SIZE, "no value yet, or no data");
		text_sanitise(text);
		return;
	}
	advice_number(value, number);
	duration_text(over, window);
	append_phrase(text, CHECK_SUMMARY_SIZE, check->fine && !value ? check->fine : check->phrase,
		      number, window);
	if (severity > ALARM_NONE && limit != CHECK_NO_LIMIT && strstr(check->phrase, "{}")) {
		advice_number(limit, number);
		append_text(text, CHECK_SUMMARY_SIZE, limit ? ", limit " : ", limit above ");
		append_text(text, CHECK_SUMMARY_SIZE, number);
	}
	if (check->detail)
		check->detail(advice, detail, sizeof(detail));
	if (detail[0]) {
		append_text(text, CHECK_SUMMARY_SIZE, ", ");
		append_text(text, CHECK_SUMMARY_SIZE, detail);
	}
	text_sanitise(text);
}

void advice_prefix(const char *reason, char text[CHECK_SUMMARY_SIZE])
{
	char after[CHECK_SUMMARY_SIZE];

	memcpy(after, text, sizeof(after));
	text[0] = '\0';
	append_text(text, CHECK_SUMMARY_SIZE, reason);
	append_text(text, CHECK_SUMMARY_SIZE, " - ");
	append_text(text, CHECK_SUMMARY_SIZE, after);
}

void advice_text(const struct advice *advice, char text[CHECK_ADVICE_SIZE])
{
	text[0] = '\0';
	advice->check->advice(advice, text, CHECK_ADVICE_SIZE);
	text_sanitise(text);
}

const struct rows *advice_rows(const struct advice *advice, const struct collector *collector)
{
	return advice->rows ? advice->rows(collector->name, 0, advice->rows_arg) : NULL;
}

const char *advice_sysctl(const struct advice *advice, const char *name)
{
	const struct rows *rows = advice_rows(advice, &sysctls_collector);
	const struct sysctl_row *row;
	struct sysctl_row key;

	if (!rows)
		return NULL;
	row_reset(&sysctl_row_type, &key);
	ROW_SET_TEXT(key.name, name);
	row = rows_find(rows, &key);
	return row ? row->value : NULL;
}

uint64_t advice_sysctl_number(const struct advice *advice, const char *name, unsigned word)
{
	const char *value = advice_sysctl(advice, name);
	unsigned long long number;
	char *end;

	while (value && word--) {
		value += strcspn(value, " ");
		value += strspn(value, " ");
	}
	if (!value || *value < '0' || *value > '9')
		return ROW_ABSENT;
	errno = 0;
	number = strtoull(value, &end, 10);
	return errno || (*end && *end != ' ') ? ROW_ABSENT : number;
}

bool advice_double(const struct advice *advice, const char *name, char *text, size_t size)
{
	const char *value = advice_sysctl(advice, name);
	uint64_t now = advice_sysctl_number(advice, name, 0);

	text[0] = '\0';
	if (!value || strchr(value, ' ') || now == ROW_ABSENT || !now || now > SYSCTL_DOUBLE_MAX)
		return false;
	snprintf(text, size, "sysctl -w %s=%llu, now %llu", name, (unsigned long long)now * 2,
		 (unsigned long long)now);
	return true;
}
