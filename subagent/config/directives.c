/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collectors/collector.h"
#include "collectors/limit/sysctls.h"
#include "collectors/registry.h"
#include "subagent/agentx/address.h"
#include "subagent/checks/check.h"
#include "subagent/config/directives.h"
#include "subagent/config/suggest.h"

#define SECOND 1000u
#define HOUR   (3600u * SECOND)

#define INTERVAL_MIN 100u
#define INTERVAL_MAX (24 * HOUR)

/* Says that a word is not known, and which one might be meant. Always false. */
static bool unknown(const char *what, const char *word, suggest_word_fn *known, const void *arg,
		    char why[WORDS_WHY_SIZE])
{
	const char *nearest = suggest(word, known, arg);
	size_t used;

	snprintf(why, WORDS_WHY_SIZE, "%.64s: no such %s", word, what);
	used = strlen(why);
	if (nearest) {
		snprintf(why + used, WORDS_WHY_SIZE - used, "; did you mean %s?", nearest);
		return false;
	}
	for (size_t i = 0; known(i, arg) && used + 1 < WORDS_WHY_SIZE; i++) {
		snprintf(why + used, WORDS_WHY_SIZE - used, "%s%s", i ? ", " : "; there are ",
			 known(i, arg));
		used = strlen(why);
	}
	return false;
}

static bool no_memory(char why[WORDS_WHY_SIZE])
{
	snprintf(why, WORDS_WHY_SIZE, "no memory");
	return false;
}

static bool too_many(const struct words *words, size_t max, char why[WORDS_WHY_SIZE])
{
	if (words->count <= max)
		return false;
	snprintf(why, WORDS_WHY_SIZE, "'%.64s': one word too many", words->word[max]);
	return true;
}

static bool apply_socket(struct draft *draft, const struct words *words, char why[WORDS_WHY_SIZE])
{
	struct address address;
	const char *wrong;
	char *copy;

	if (too_many(words, 1, why))
		return false;
	wrong = address_parse(&address, words->word[0]);
	if (wrong) {
		snprintf(why, WORDS_WHY_SIZE, "%.64s: %s", words->word[0], wrong);
		return false;
	}
	copy = strdup(words->word[0]);
	if (!copy)
		return no_memory(why);
	free(draft->configuration->agentx_socket);
	draft->configuration->agentx_socket = copy;
	return true;
}

static const char *collector_name(size_t i, const void *arg)
{
	(void)arg;
	return collectors[i] ? collectors[i]->name : NULL;
}

/* The index of a collector by its name; false when there is none. */
static bool find_collector(const char *name, size_t *index, char why[WORDS_WHY_SIZE])
{
	for (*index = 0; collectors[*index]; (*index)++)
		if (!strcasecmp(collectors[*index]->name, name))
			return true;
	return unknown("collector", name, collector_name, NULL, why);
}

static bool apply_interval(struct draft *draft, const struct words *words, char why[WORDS_WHY_SIZE])
{
	size_t i;

	return !too_many(words, 2, why) && find_collector(words->word[0], &i, why) &&
	       words_duration(words->word[1], INTERVAL_MIN, INTERVAL_MAX,
			      &draft->configuration->collect.collector[i].interval_ms, why);
}

static bool apply_collector(struct draft *draft, const struct words *words,
			    char why[WORDS_WHY_SIZE])
{
	size_t i;

	return !too_many(words, 2, why) && find_collector(words->word[0], &i, why) &&
	       words_switch(words->word[1], &draft->configuration->collect.collector[i].on, why);
}

/* Adds the words from `from` on to a list of patterns. */
static bool add_patterns(struct globs *patterns, const struct words *words, size_t from,
			 char why[WORDS_WHY_SIZE])
{
	for (size_t i = from; i < words->count; i++)
		if (globs_add(patterns, words->word[i]))
			return no_memory(why);
	return true;
}

static const char *const interfaces_words[] = {"include", "exclude", NULL};

static bool apply_interfaces(struct draft *draft, const struct words *words,
			     char why[WORDS_WHY_SIZE])
{
	struct collect_settings *collect = &draft->configuration->collect;

	if (!strcasecmp(words->word[0], interfaces_words[0]))
		return add_patterns(&collect->interfaces_include, words, 1, why);
	if (!strcasecmp(words->word[0], interfaces_words[1]))
		return add_patterns(&collect->interfaces_exclude, words, 1, why);
	return unknown("word of interfaces", words->word[0], suggest_from_array, interfaces_words,
		       why);
}

static bool apply_nic_statistics(struct draft *draft, const struct words *words,
				 char why[WORDS_WHY_SIZE])
{
	if (!draft->nic_statistics_said)
		globs_free(&draft->configuration->collect.nic_statistics);
	draft->nic_statistics_said = true;
	return add_patterns(&draft->configuration->collect.nic_statistics, words, 0, why);
}

static bool apply_sysctl(struct draft *draft, const struct words *words, char why[WORDS_WHY_SIZE])
{
	for (size_t i = 0; i < words->count; i++) {
		const char *name = words->word[i];
		char path[SYSCTL_NAME_SIZE];

		if (!sysctl_path(name, path, sizeof(path)))
			continue;
		snprintf(why, WORDS_WHY_SIZE,
			 "'%.64s': the name of a setting below /proc/sys is wanted, as in "
			 "net.core.somaxconn",
			 name);
		return false;
	}
	return add_patterns(&draft->configuration->collect.sysctls, words, 0, why);
}

static const char *const socket_states_words[] = {"cheap", "full", NULL};

static bool apply_socket_states(struct draft *draft, const struct words *words,
				char why[WORDS_WHY_SIZE])
{
	if (too_many(words, 1, why))
		return false;
	for (size_t i = 0; socket_states_words[i]; i++)
		if (!strcasecmp(words->word[0], socket_states_words[i])) {
			draft->configuration->collect.socket_states_full = i == 1;
			return true;
		}
	return unknown("way of counting", words->word[0], suggest_from_array, socket_states_words,
		       why);
}

static const char *const max_rows_words[MAX_ROWS_COUNT + 1] = {
	[MAX_ROWS_NIC_STAT] = "nicStat",     [MAX_ROWS_LISTENER] = "listener",
	[MAX_ROWS_UDP_SOCKET] = "udpSocket", [MAX_ROWS_BUFFER] = "buffer",
	[MAX_ROWS_NETNS] = "netns",	     [MAX_ROWS_IRQ] = "irq",
};

#define MAX_ROWS_LIMIT 65536

static bool apply_max_rows(struct draft *draft, const struct words *words, char why[WORDS_WHY_SIZE])
{
	if (too_many(words, 2, why))
		return false;
	for (size_t i = 0; i < MAX_ROWS_COUNT; i++)
		if (!strcasecmp(words->word[0], max_rows_words[i]))
			return words_number(words->word[1], 1, MAX_ROWS_LIMIT,
					    &draft->configuration->collect.max_rows[i], why);
	return unknown("bounded table", words->word[0], suggest_from_array, max_rows_words, why);
}

static bool apply_buffer_sockets(struct draft *draft, const struct words *words,
				 char why[WORDS_WHY_SIZE])
{
	return !too_many(words, 1, why) &&
	       words_number(words->word[0], 0, 10000000,
			    &draft->configuration->collect.buffer_sockets_max, why);
}

static bool apply_netns_enter(struct draft *draft, const struct words *words,
			      char why[WORDS_WHY_SIZE])
{
	return !too_many(words, 1, why) &&
	       words_switch(words->word[0], &draft->configuration->collect.netns_enter, why);
}

static const char *check_word(size_t i, const void *arg)
{
	(void)arg;
	return i < check_count() ? check_name(i) : NULL;
}

/* A limit, or `off` for one that is never reached. */
static bool take_limit(const char *word, int32_t *limit, char why[WORDS_WHY_SIZE])
{
	if (strcasecmp(word, "off"))
		return words_hundredths(word, limit, why);
	*limit = INT32_MAX;
	return true;
}

/* What a check line can set. */
enum check_member {
	CHECK_MEMBER_WARNING,
	CHECK_MEMBER_CRITICAL,
	CHECK_MEMBER_CLEAR,
	CHECK_MEMBER_WINDOW,
	CHECK_MEMBER_HOLD,
	CHECK_MEMBER_CLEAR_AFTER,
	CHECK_MEMBER_NOTIFY,
	CHECK_MEMBER_COUNT,
};

static const char *const check_members[CHECK_MEMBER_COUNT + 1] = {
	[CHECK_MEMBER_WARNING] = "warning", [CHECK_MEMBER_CRITICAL] = "critical",
	[CHECK_MEMBER_CLEAR] = "clear",	    [CHECK_MEMBER_WINDOW] = "window",
	[CHECK_MEMBER_HOLD] = "hold",	    [CHECK_MEMBER_CLEAR_AFTER] = "clearAfter",
	[CHECK_MEMBER_NOTIFY] = "notify",
};

static bool set_check_member(struct check_setting *setting, size_t member, const char *word,
			     char why[WORDS_WHY_SIZE])
{
	switch (member) {
	case CHECK_MEMBER_WARNING:
		setting->set |= CHECK_SET_WARNING;
		return take_limit(word, &setting->warning, why);
	case CHECK_MEMBER_CRITICAL:
		setting->set |= CHECK_SET_CRITICAL;
		return take_limit(word, &setting->critical, why);
	case CHECK_MEMBER_CLEAR:
		setting->set |= CHECK_SET_CLEAR;
		return words_hundredths(word, &setting->clear, why);
	case CHECK_MEMBER_WINDOW:
		setting->set |= CHECK_SET_WINDOW;
		return words_duration(word, SECOND, HOUR, &setting->window_ms, why);
	case CHECK_MEMBER_HOLD:
		setting->set |= CHECK_SET_HOLD;
		return words_number(word, 1, 1000, &setting->hold, why);
	case CHECK_MEMBER_CLEAR_AFTER:
		setting->set |= CHECK_SET_CLEAR_AFTER;
		return words_duration(word, 0, 24 * HOUR, &setting->clear_after_ms, why);
	default:
		setting->set |= CHECK_SET_NOTIFY;
		return words_switch(word, &setting->notify, why);
	}
}

static bool find_member(const char *word, size_t *member)
{
	for (*member = 0; check_members[*member]; (*member)++)
		if (!strcasecmp(check_members[*member], word))
			return true;
	return false;
}

static bool is_switch(const char *word)
{
	return !strcasecmp(word, "on") || !strcasecmp(word, "off");
}

/* The words behind the check's name and instance. */
static bool set_check_members(struct check_setting *setting, const struct words *words, size_t at,
			      char why[WORDS_WHY_SIZE])
{
	while (at < words->count) {
		size_t member;

		if (is_switch(words->word[at])) {
			setting->set |= CHECK_SET_ON;
			setting->on = !strcasecmp(words->word[at++], "on");
			continue;
		}
		if (!find_member(words->word[at], &member))
			return unknown("setting of a check", words->word[at], suggest_from_array,
				       check_members, why);
		if (at + 1 == words->count) {
			snprintf(why, WORDS_WHY_SIZE, "%s: its value is missing",
				 check_members[member]);
			return false;
		}
		if (!set_check_member(setting, member, words->word[at + 1], why))
			return false;
		at += 2;
	}
	return true;
}

static bool is_check(const char *word)
{
	for (size_t i = 0; i < check_count(); i++)
		if (!strcmp(check_name(i), word))
			return true;
	return false;
}

/* Whether the word behind the check's name is an instance pattern and not a setting: settings come
 * in pairs (`notify on`, `critical off`), on and off by themselves stand alone, so that a word left
 * over is an instance. */
static bool is_instance(const struct words *words)
{
	size_t others = words->count - 1, member;

	for (size_t i = 1; i < words->count; i++)
		if (is_switch(words->word[i]) && !find_member(words->word[i - 1], &member))
			others--;
	return others % 2;
}

static bool apply_check(struct draft *draft, const struct words *words, char why[WORDS_WHY_SIZE])
{
	struct alarm_settings *alarms = &draft->configuration->alarms;
	struct check_setting setting = {.set = 0}, *list;
	size_t at = 1, member;

	if (!is_check(words->word[0]))
		return unknown("check", words->word[0], check_word, NULL, why);
	if (words->count == 2 && find_member(words->word[1], &member)) {
		snprintf(why, WORDS_WHY_SIZE, "%s: its value is missing", check_members[member]);
		return false;
	}
	row_text(setting.check, sizeof(setting.check), words->word[0]);
	if (is_instance(words)) {
		if (strlen(words->word[1]) >= sizeof(setting.instance)) {
			snprintf(why, WORDS_WHY_SIZE,
				 "'%.64s…': an instance has at most %zu "
				 "characters",
				 words->word[1], sizeof(setting.instance) - 1);
			return false;
		}
		row_text(setting.instance, sizeof(setting.instance), words->word[at++]);
	}
	if (!set_check_members(&setting, words, at, why) ||
	    check_setting_validate(&setting, why, WORDS_WHY_SIZE))
		return false;
	if (!setting.set) {
		snprintf(why, WORDS_WHY_SIZE,
			 "%.64s: nothing is set; on, off, or a setting with its "
			 "value is wanted, as in warning 10",
			 words->word[words->count - 1]);
		return false;
	}
	list = reallocarray(alarms->checks, alarms->check_count + 1, sizeof(*list));
	if (!list)
		return no_memory(why);
	alarms->checks = list;
	list[alarms->check_count++] = setting;
	return true;
}

static bool apply_notifications(struct draft *draft, const struct words *words,
				char why[WORDS_WHY_SIZE])
{
	static const char *const known[] = {"rate", NULL};

	if (too_many(words, 2, why))
		return false;
	if (strcasecmp(words->word[0], known[0]))
		return unknown("setting of notifications", words->word[0], suggest_from_array,
			       known, why);
	return words_rate(words->word[1], &draft->configuration->alarms.rate_per_minute, why);
}

static bool apply_heartbeat(struct draft *draft, const struct words *words,
			    char why[WORDS_WHY_SIZE])
{
	uint32_t *heartbeat = &draft->configuration->alarms.heartbeat_ms;

	if (too_many(words, 1, why))
		return false;
	if (!strcasecmp(words->word[0], "off")) {
		*heartbeat = 0;
		return true;
	}
	if (words_duration(words->word[0], SECOND, 24 * HOUR, heartbeat, why))
		return true;
	snprintf(why + strlen(why), WORDS_WHY_SIZE - strlen(why), ", or off");
	return false;
}

static bool apply_alarm_history(struct draft *draft, const struct words *words,
				char why[WORDS_WHY_SIZE])
{
	return !too_many(words, 1, why) &&
	       words_number(words->word[0], 1, 10000, &draft->configuration->alarms.history, why);
}

const struct directive directives[] = {
	{"agentXSocket", "ADDRESS", 1, apply_socket},
	{"interval", "COLLECTOR TIME", 2, apply_interval},
	{"collector", "COLLECTOR on|off", 2, apply_collector},
	{"interfaces", "include|exclude PATTERN ...", 2, apply_interfaces},
	{"nicStatistics", "PATTERN ...", 1, apply_nic_statistics},
	{"sysctl", "NAME ...", 1, apply_sysctl},
	{"socketStates", "cheap|full", 1, apply_socket_states},
	{"maxRows", "TABLE NUMBER", 2, apply_max_rows},
	{"bufferSockets", "NUMBER", 1, apply_buffer_sockets},
	{"netnsEnter", "on|off", 1, apply_netns_enter},
	{"check", "CHECK [INSTANCE] [on|off] [SETTING VALUE ...]", 2, apply_check},
	{"notifications", "rate NUMBER/TIME", 2, apply_notifications},
	{"heartbeat", "TIME|off", 1, apply_heartbeat},
	{"alarmHistory", "NUMBER", 1, apply_alarm_history},
	{NULL, NULL, 0, NULL},
};
