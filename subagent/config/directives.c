/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of all directives of netdiagd.conf, and the functions that apply those which are more
 * than one value. */
#include <config.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/limit/sysctls.h"
#include "collectors/registry.h"
#include "subagent/agentx/address.h"
#include "subagent/checks/setting.h"
#include "subagent/config/directives.h"

#define SECOND_MS    1000u
#define DAY_MS	     (24 * 3600 * SECOND_MS)
#define INTERVAL_MIN 100u
#define MAX_ROWS_MAX 65536

static const struct word_type switch_type = {.kind = WORD_SWITCH};

static bool out_of_memory(struct line *line)
{
	return line_wrong(line, 0, "out of memory");
}

static bool apply_socket(struct draft *draft, struct line *line)
{
	struct address address;
	const char *wrong = address_parse(&address, line->word[1]);
	char *copy;

	if (wrong)
		return line_wrong(line, 1, "%.64s: %s", line->word[1], wrong);
	copy = strdup(line->word[1]);
	if (!copy)
		return out_of_memory(line);
	free(draft->configuration->agentx_socket);
	draft->configuration->agentx_socket = copy;
	return true;
}

static const char *known_collector(size_t i, const void *arg)
{
	(void)arg;
	return collectors[i] ? collectors[i]->name : NULL;
}

static bool apply_interval(struct draft *draft, struct line *line)
{
	static const struct word_type type = WORD_RANGE(WORD_DURATION, INTERVAL_MIN, DAY_MS);
	size_t i;

	return line_find(line, 1, "collector", known_collector, NULL, &i) &&
	       line_take(line, 2, &type, &draft->configuration->collect->collector[i].interval_ms);
}

static bool apply_collector(struct draft *draft, struct line *line)
{
	struct collect_settings *collect = draft->configuration->collect;
	size_t i;

	if (!line_find(line, 1, "collector", known_collector, NULL, &i) ||
	    !line_take(line, 2, &switch_type, &collect->collector[i].on))
		return false;
	collect->collector[i].asked = collect->collector[i].on;
	return true;
}

/* Adds the words from `from` on to a list of patterns. */
static bool add_patterns(struct globs *patterns, struct line *line, size_t from)
{
	for (size_t i = from; i < line->count; i++)
		if (globs_add(patterns, line->word[i]))
			return out_of_memory(line);
	return true;
}

static bool apply_interfaces(struct draft *draft, struct line *line)
{
	static const char *const words[] = {"include", "exclude", NULL};
	struct collect_settings *collect = draft->configuration->collect;
	struct globs *lists[] = {&collect->interfaces_include, &collect->interfaces_exclude};
	size_t i;

	return line_find(line, 1, "word of interfaces", line_known_array, words, &i) &&
	       add_patterns(lists[i], line, 2);
}

static bool apply_nic_statistics(struct draft *draft, struct line *line)
{
	if (!draft->nic_statistics_set)
		globs_free(&draft->configuration->collect->nic_statistics);
	draft->nic_statistics_set = true;
	return add_patterns(&draft->configuration->collect->nic_statistics, line, 1);
}

static bool apply_sysctl(struct draft *draft, struct line *line)
{
	for (size_t i = 1; i < line->count; i++) {
		char path[SYSCTL_NAME_SIZE];

		if (sysctl_path(line->word[i], path, sizeof(path)))
			return line_wrong(line, i,
					  "'%.64s': expected the name of a setting below /proc/sys "
					  "as in net.core.somaxconn",
					  line->word[i]);
	}
	return add_patterns(&draft->configuration->collect->sysctls, line, 1);
}

static bool apply_socket_states(struct draft *draft, struct line *line)
{
	static const char *const words[] = {"cheap", "full", NULL};
	size_t i;

	if (!line_find(line, 1, "way of counting", line_known_array, words, &i))
		return false;
	draft->configuration->collect->socket_states_full = i == 1;
	return true;
}

static bool apply_max_rows(struct draft *draft, struct line *line)
{
	static const char *const words[MAX_ROWS_COUNT + 1] = {
		[MAX_ROWS_NIC_STAT] = "nic",
		[MAX_ROWS_LISTENER] = "listener",
		[MAX_ROWS_UDP_SOCKET] = "udpSocket",
		[MAX_ROWS_BUFFER] = "buffer",
		[MAX_ROWS_NETNS] = "netns",
		[MAX_ROWS_IRQ] = "irq",
		[MAX_ROWS_SOCKET_DROP] = "socketDrop",
		[MAX_ROWS_PEER] = "peer",
		[MAX_ROWS_QUEUE] = "queue",
		[MAX_ROWS_DROP_REASON] = "dropReason",
	};
	static const struct word_type type = WORD_RANGE(WORD_NUMBER, 1, MAX_ROWS_MAX);
	size_t i;

	return line_find(line, 1, "collector with a bound", line_known_array, words, &i) &&
	       line_take(line, 2, &type, &draft->configuration->collect->max_rows[i]);
}

/* "peers prefix 24 56" and "peers sockets 50000". */
static bool apply_peers(struct draft *draft, struct line *line)
{
	static const char *const words[] = {"prefix", "sockets", NULL};
	static const struct word_type bits[] = {
		WORD_RANGE(WORD_NUMBER, 0, 32),
		WORD_RANGE(WORD_NUMBER, 0, 128),
	};
	static const struct word_type sockets = WORD_RANGE(WORD_NUMBER, 0, 10000000);
	struct collect_settings *settings = draft->configuration->collect;
	size_t i;

	if (!line_find(line, 1, "setting of peers", line_known_array, words, &i))
		return false;
	if (i == 1)
		return line->count == 3
			       ? line_take(line, 2, &sockets, &settings->peer_sockets_max)
			       : line_wrong(line, 3, "'%.64s': expected one number", line->word[3]);
	if (line->count != 4)
		return line_wrong(line, 2,
				  "prefix: expected two lengths, of IPv4 and IPv6 prefixes");
	return line_take(line, 2, &bits[0], &settings->peer_bits[0]) &&
	       line_take(line, 3, &bits[1], &settings->peer_bits[1]);
}

static const char *known_check(size_t i, const void *arg)
{
	(void)arg;
	return i < check_count() ? check_name(i) : NULL;
}

static const char *known_setting(size_t i, const void *arg)
{
	(void)arg;
	return check_setting_types[i].member.name;
}

static const struct check_setting_type *find_setting(const char *word)
{
	const struct check_setting_type *type = check_setting_types;

	while (type->member.name && strcasecmp(type->member.name, word))
		type++;
	return type->member.name ? type : NULL;
}

static bool is_switch(const char *word)
{
	return !strcasecmp(word, "on") || !strcasecmp(word, "off");
}

/* Whether the word after the check's name is an instance pattern and not a setting. Settings come
 * in pairs (`notify on`, `critical off`) and `on` and `off` may stand alone, so an odd word is an
 * instance; a setting alone lacks its value. */
static bool has_instance(const struct line *line)
{
	size_t others = line->count - 2;

	for (size_t i = 2; i < line->count; i++)
		if (is_switch(line->word[i]) && !find_setting(line->word[i - 1]))
			others--;
	return others % 2 && !(line->count == 3 && find_setting(line->word[2]));
}

/* The words after the check's name and instance. */
static bool take_settings(struct check_setting *setting, struct line *line, size_t at)
{
	for (; at < line->count; at++) {
		char why[WORD_WHY_SIZE];
		size_t i;

		if (is_switch(line->word[at])) {
			setting->set |= CHECK_SET_ON;
			setting->on = !strcasecmp(line->word[at], "on");
			continue;
		}
		if (!line_find(line, at, "setting of a check", known_setting, NULL, &i))
			return false;
		if (++at == line->count)
			return line_wrong(line, at - 1, "%s: its value is missing",
					  check_setting_types[i].member.name);
		if (!check_setting_parse(setting, &check_setting_types[i], line->word[at], why))
			return line_wrong(line, at, "%s %s", check_setting_types[i].member.name,
					  why);
	}
	if (!setting->set)
		return line_wrong(line, line->count - 1,
				  "%.64s: nothing is set; expected on, off, or a setting with its "
				  "value as in warning 10",
				  line->word[line->count - 1]);
	return true;
}

static bool apply_check(struct draft *draft, struct line *line)
{
	struct alarm_settings *alarms = &draft->configuration->alarms;
	struct check_setting setting = {.set = 0}, *list;
	const char *conflict;
	size_t i, at = 2;

	if (!line_find(line, 1, "check", known_check, NULL, &i))
		return false;
	text_copy(setting.check, sizeof(setting.check), check_name(i));
	if (has_instance(line)) {
		if (strlen(line->word[at]) >= sizeof(setting.instance))
			return line_wrong(line, at,
					  "'%.64s…': an instance has at most %zu characters",
					  line->word[at], sizeof(setting.instance) - 1);
		text_copy(setting.instance, sizeof(setting.instance), line->word[at++]);
	}
	if (!take_settings(&setting, line, at))
		return false;
	conflict = check_setting_conflict(&checks[i], &setting);
	if (conflict)
		return line_wrong(line, 1, "%s: %s", setting.check, conflict);
	list = reallocarray(alarms->checks, alarms->check_count + 1, sizeof(*list));
	if (!list)
		return out_of_memory(line);
	alarms->checks = list;
	list[alarms->check_count++] = setting;
	return true;
}

static bool apply_notifications(struct draft *draft, struct line *line)
{
	static const char *const words[] = {"rate", "jitter", NULL};
	static const struct word_type types[] = {
		WORD_RANGE(WORD_RATE, 1, 6000),
		WORD_RANGE(WORD_DURATION, 0, 60 * SECOND_MS),
	};
	struct alarm_settings *alarms = &draft->configuration->alarms;
	uint32_t *const members[] = {&alarms->rate_per_minute, &alarms->jitter_ms};
	size_t i;

	return line_find(line, 1, "setting of notifications", line_known_array, words, &i) &&
	       line_take(line, 2, &types[i], members[i]);
}

/* "renotify off", or "renotify warning 24h critical 1h" with one or both of the severities. */
static bool apply_renotify(struct draft *draft, struct line *line)
{
	static const char *const words[] = {"warning", "critical", NULL};
	static const struct word_type type = WORD_RANGE_OR_OFF(WORD_DURATION, SECOND_MS,
							       30 * DAY_MS, 0);
	struct alarm_settings *alarms = &draft->configuration->alarms;
	uint32_t *const members[] = {&alarms->repeat_warning_ms, &alarms->repeat_critical_ms};
	size_t i;

	if (line->count == 2 && !strcasecmp(line->word[1], "off")) {
		alarms->repeat_warning_ms = alarms->repeat_critical_ms = 0;
		return true;
	}
	for (size_t at = 1; at < line->count; at += 2) {
		if (!line_find(line, at, "severity", line_known_array, words, &i))
			return false;
		if (at + 1 == line->count)
			return line_wrong(line, at, "%s: its period is missing", words[i]);
		if (!line_take(line, at + 1, &type, members[i]))
			return false;
	}
	return true;
}

static bool apply_check_rows(struct draft *draft, struct line *line)
{
	static const char *const words[] = {"keep", NULL};
	static const struct word_type type = WORD_RANGE(WORD_DURATION, 0, DAY_MS);
	size_t i;

	return line_find(line, 1, "setting of checkRows", line_known_array, words, &i) &&
	       line_take(line, 2, &type, &draft->configuration->alarms.rows_keep_ms);
}

static bool apply_state_file(struct draft *draft, struct line *line)
{
	struct alarm_settings *alarms = &draft->configuration->alarms;
	bool off = !strcasecmp(line->word[1], "off");
	char *copy;

	if (!off && line->word[1][0] != '/')
		return line_wrong(line, 1, "'%.64s': expected off or a path that begins with /",
				  line->word[1]);
	copy = strdup(off ? "" : line->word[1]);
	if (!copy)
		return out_of_memory(line);
	free(alarms->state_file);
	alarms->state_file = copy;
	return true;
}

/* "2026-12-01T06:00Z", with seconds or without, in ns since 1970. */
static bool take_time(struct line *line, size_t at, uint64_t *ns)
{
	static const char *const formats[] = {"%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%SZ"};

	for (size_t i = 0; i < COUNT_OF(formats); i++) {
		struct tm tm = {0};
		const char *end = strptime(line->word[at], formats[i], &tm);
		time_t seconds = end && !*end ? timegm(&tm) : -1;

		if (seconds < 0)
			continue;
		*ns = (uint64_t)seconds * SECOND_NS;
		return true;
	}
	return line_wrong(line, at, "'%.64s': expected a time in UTC as in 2026-12-01T06:00Z",
			  line->word[at]);
}

/* "shelve CHECK [INSTANCE] until TIME". */
static bool apply_shelve(struct draft *draft, struct line *line)
{
	struct alarm_settings *alarms = &draft->configuration->alarms;
	struct check_shelf shelf = {.until = 0}, *list;
	size_t at = line->count == 5 ? 3 : 2, i;

	if (!line_find(line, 1, "check", known_check, NULL, &i))
		return false;
	text_copy(shelf.check, sizeof(shelf.check), check_name(i));
	if (at == 3 && !text_copy(shelf.instance, sizeof(shelf.instance), line->word[2]))
		return line_wrong(line, 2, "'%.64s…': an instance has at most %zu characters",
				  line->word[2], sizeof(shelf.instance) - 1);
	if (strcasecmp(line->word[at], "until"))
		return line_wrong(line, at, "'%.64s': expected until and a time", line->word[at]);
	if (!take_time(line, at + 1, &shelf.until))
		return false;
	list = reallocarray(alarms->shelves, alarms->shelf_count + 1, sizeof(*list));
	if (!list)
		return out_of_memory(line);
	alarms->shelves = list;
	list[alarms->shelf_count++] = shelf;
	return true;
}

#define MANY		(LINE_WORDS_MAX - 1)
#define MEMBER(member)	.offset = offsetof(struct configuration, member)
#define SETTING(member) .of_collectors = true, .offset = offsetof(struct collect_settings, member)

/* clang-format off */
const struct directive directives[] = {
	{"includeFile", "FILE|PATTERN", 1, 1, .include = INCLUDE_FILE},
	{"includeDir", "DIRECTORY", 1, 1, .include = INCLUDE_DIR},
	{"agentXSocket", "ADDRESS", 1, 1, .apply = apply_socket},
	{"interval", "COLLECTOR TIME", 2, 2, .apply = apply_interval},
	{"collector", "COLLECTOR on|off", 2, 2, .apply = apply_collector},
	{"interfaces", "include|exclude PATTERN ...", 2, MANY, .apply = apply_interfaces},
	{"nicStatistics", "PATTERN ...", 1, MANY, .apply = apply_nic_statistics},
	{"sysctl", "NAME ...", 1, MANY, .apply = apply_sysctl},
	{"socketStates", "cheap|full", 1, 1, .apply = apply_socket_states},
	{"maxRows", "COLLECTOR NUMBER", 2, 2, .apply = apply_max_rows},
	{"bufferSockets", "NUMBER", 1, 1, .type = WORD_RANGE(WORD_NUMBER, 0, 10000000),
	 SETTING(buffer_sockets_max)},
	{"peers", "prefix NUMBER NUMBER | sockets NUMBER", 2, 3, .apply = apply_peers},
	{"netnsEnter", "on|off", 1, 1, .type = {.kind = WORD_SWITCH}, SETTING(netns_enter)},
	{"check", "CHECK [INSTANCE] [on|off] [SETTING VALUE ...]", 2, MANY, .apply = apply_check},
	{"notifications", "rate NUMBER/TIME | jitter TIME", 2, 2, .apply = apply_notifications},
	{"renotify", "off | warning TIME|off critical TIME|off", 1, 4, .apply = apply_renotify},
	{"checkRows", "keep TIME", 2, 2, .apply = apply_check_rows},
	{"shelve", "CHECK [INSTANCE] until TIME", 3, 4, .apply = apply_shelve},
	{"stateFile", "PATH|off", 1, 1, .apply = apply_state_file},
	{"heartbeat", "TIME|off", 1, 1, .type = WORD_RANGE_OR_OFF(WORD_DURATION, SECOND_MS, DAY_MS, 0),
	 MEMBER(alarms.heartbeat_ms)},
	{"alarmHistory", "NUMBER", 1, 1, .type = WORD_RANGE(WORD_NUMBER, 1, 10000),
	 MEMBER(alarms.history)},
	{.name = NULL},
};
/* clang-format on */

const char *directive_name(size_t i, const void *arg)
{
	(void)arg;
	return directives[i].name;
}

bool directive_apply(const struct directive *directive, struct draft *draft, struct line *line)
{
	char *base;

	if (line->count - 1 < directive->min)
		return line_wrong(line, 0, "more words are needed: %s %s", directive->name,
				  directive->help);
	if (line->count - 1 > directive->max)
		return line_wrong(line, directive->max + 1, "'%.64s': one word too many",
				  line->word[directive->max + 1]);
	if (directive->include)
		return true;
	if (directive->apply)
		return directive->apply(draft, line);
	base = directive->of_collectors ? (char *)draft->configuration->collect
					: (char *)draft->configuration;
	return line_take(line, 1, &directive->type, base + directive->offset);
}
