/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/registry.h"
#include "subagent/config/file.h"
#include "subagent/config/suggest.h"
#include "subagent/config/words.h"
#include "tests/unit/unit.h"

/* The problems of the last load, a line each. */
static char problems[16384];

static void take_problem(const char *text, void *arg)
{
	size_t used = strlen(problems);

	(void)arg;
	snprintf(problems + used, sizeof(problems) - used, "%s\n", text);
}

/* Loads a file with this content. */
static struct configuration *load(const char *content)
{
	struct configuration *configuration;
	struct tree tree;
	char path[PATH_MAX];

	tree_init(&tree);
	tree_write(&tree, "netdiagd.conf", "%s", content);
	snprintf(path, sizeof(path), "%s/netdiagd.conf", tree.path);
	problems[0] = '\0';
	configuration = configuration_load(path, true, &roots_default, take_problem, NULL);
	tree_done(&tree);
	return configuration;
}

/* A wrong file: no configuration, and each of these texts is told with its line. */
static void refuse(const char *content, unsigned line, const char *text)
{
	char expected[1024];

	ck_assert_ptr_null(load(content));
	snprintf(expected, sizeof(expected), "netdiagd.conf:%u: %s", line, text);
	ck_assert_msg(strstr(problems, expected), "wanted \"%s\" in:\n%s", expected, problems);
}

static size_t collector_index(const char *name)
{
	size_t i = 0;

	while (strcmp(collectors[i]->name, name))
		i++;
	return i;
}

START_TEST(defaults_without_a_file)
{
	struct configuration *c;

	problems[0] = '\0';
	c = configuration_load("/nonexistent/netdiagd.conf", false, &roots_default, take_problem,
			       NULL);
	ck_assert_ptr_nonnull(c);
	ck_assert_str_eq(problems, "");
	ck_assert_ptr_null(c->agentx_socket);
	ck_assert(c->collect.collector[collector_index("softnet")].on);
	ck_assert_uint_eq(c->collect.collector[collector_index("softnet")].interval_ms, 1000);
	ck_assert_uint_gt(c->collect.nic_statistics.count, 5);
	ck_assert_uint_gt(c->alarms.rate_per_minute, 0);
	configuration_free(c);
	ck_assert_ptr_null(configuration_load("/nonexistent/netdiagd.conf", true, &roots_default,
					      take_problem, NULL));
	ck_assert_ptr_nonnull(
		strstr(problems, "/nonexistent/netdiagd.conf: cannot be read: No such"));
	ck_assert_ptr_null(configuration_load("/", true, &roots_default, take_problem, NULL));
	ck_assert_ptr_nonnull(strstr(problems, "is no regular file"));
}
END_TEST

START_TEST(every_directive)
{
	struct configuration *c = load("# a comment\n"
				       "\n"
				       "agentXSocket /var/agentx/master   # net-snmp's own word\n"
				       "interval softnet 500ms\n"
				       "INTERVAL nic 1m\n"
				       "collector conntrack off\n"
				       "interfaces include eth* ens*\n"
				       "interfaces include \"odd name\"\n"
				       "interfaces exclude veth* docker0\n"
				       "nicStatistics drop* *miss*\n"
				       "nicStatistics *discard*\n"
				       "sysctl net.ipv4.tcp_ecn net.ipv4.conf.eth0/1.forwarding\n"
				       "socketStates full\n"
				       "maxRows udpSocket 100\n"
				       "bufferSockets 5000\n"
				       "netnsEnter off\n"
				       "notifications rate 5/s\n"
				       "heartbeat 5m\n"
				       "alarmHistory 7\n");

	ck_assert_msg(c != NULL, "%s", problems);
	ck_assert_str_eq(c->agentx_socket, "/var/agentx/master");
	ck_assert_uint_eq(c->collect.collector[collector_index("softnet")].interval_ms, 500);
	ck_assert_uint_eq(c->collect.collector[collector_index("nic")].interval_ms, 60000);
	ck_assert(!c->collect.collector[collector_index("conntrack")].on);
	ck_assert_uint_eq(c->collect.interfaces_include.count, 3);
	ck_assert(settings_interface(&c->collect, "eth7"));
	ck_assert(settings_interface(&c->collect, "odd name"));
	ck_assert(!settings_interface(&c->collect, "lo"));
	ck_assert(!settings_interface(&c->collect, "docker0"));
	ck_assert_uint_eq(c->collect.nic_statistics.count, 3);
	ck_assert_uint_eq(c->collect.sysctls.count, 2);
	ck_assert(c->collect.socket_states_full);
	ck_assert_uint_eq(c->collect.max_rows[MAX_ROWS_UDP_SOCKET], 100);
	ck_assert_uint_eq(c->collect.buffer_sockets_max, 5000);
	ck_assert(!c->collect.netns_enter);
	ck_assert_uint_eq(c->alarms.rate_per_minute, 300);
	ck_assert_uint_eq(c->alarms.heartbeat_ms, 300000);
	ck_assert_uint_eq(c->alarms.history, 7);
	configuration_free(c);
}
END_TEST

START_TEST(checks)
{
	struct configuration *c = load(
		"check tcp.listen_overflows warning 1 critical 100 clear 0 window 60s hold 2 "
		"clearAfter 5m notify on\n"
		"check nic.rx_discards eth0 warning 1000\n"
		"check softnet.squeezed off\n"
		"check softnet.dropped cpu7 off\n"
		"check nic.errors eth* notify off\n"
		"check nic.errors critical off\n"
		"check conntrack.usage on warning 70.25 clear 60.5\n");
	const struct check_setting *s;

	ck_assert_msg(c != NULL, "%s", problems);
	ck_assert_uint_eq(c->alarms.check_count, 7);
	s = c->alarms.checks;
	ck_assert_str_eq(s[0].check, "tcp.listen_overflows");
	ck_assert_str_eq(s[0].instance, "");
	ck_assert_uint_eq(s[0].set, CHECK_SET_WARNING | CHECK_SET_CRITICAL | CHECK_SET_CLEAR |
					    CHECK_SET_WINDOW | CHECK_SET_HOLD |
					    CHECK_SET_CLEAR_AFTER | CHECK_SET_NOTIFY);
	ck_assert_int_eq(s[0].warning, 100);
	ck_assert_int_eq(s[0].critical, 10000);
	ck_assert_int_eq(s[0].clear, 0);
	ck_assert_uint_eq(s[0].window_ms, 60000);
	ck_assert_uint_eq(s[0].hold, 2);
	ck_assert_uint_eq(s[0].clear_after_ms, 300000);
	ck_assert(s[0].notify);
	ck_assert_str_eq(s[1].instance, "eth0");
	ck_assert_uint_eq(s[1].set, CHECK_SET_WARNING);
	ck_assert_uint_eq(s[2].set, CHECK_SET_ON);
	ck_assert(!s[2].on);
	ck_assert_str_eq(s[3].instance, "cpu7");
	ck_assert(!s[3].on);
	ck_assert_str_eq(s[4].instance, "eth*");
	ck_assert_uint_eq(s[4].set, CHECK_SET_NOTIFY);
	ck_assert(!s[4].notify);
	ck_assert_int_eq(s[5].critical, INT32_MAX);
	ck_assert_int_eq(s[6].warning, 7025);
	ck_assert_int_eq(s[6].clear, 6050);
	configuration_free(c);
}
END_TEST

START_TEST(wrong_lines)
{
	refuse("\n\ncheck tcp.listen_overflow warning 1\n", 3,
	       "check tcp.listen_overflow: no such check; did you mean tcp.listen_overflows?");
	refuse("intervall softnet 1s\n", 1, "intervall: no such directive; did you mean interval?");
	refuse("frobnicate yes\n", 1, "frobnicate: no such directive");
	refuse("interval softnett 1s\n", 1,
	       "interval softnett: no such collector; did you mean softnet?");
	refuse("interval softnet 5\n", 1,
	       "interval '5': a time with its unit (ms, s, m, h) is wanted, from 100ms to 24h");
	refuse("interval softnet 1ms\n", 1, "interval '1ms': a time");
	refuse("interval softnet\n", 1, "interval: more words are wanted: interval COLLECTOR TIME");
	refuse("\nagentXSocket tcp:snmpd.example.net:705\n", 2,
	       "agentXSocket tcp:snmpd.example.net:705: names are not looked up: write the "
	       "master's IPv4 "
	       "address in numbers, as in tcp:192.0.2.1:705, or tcp6:[2001:db8::1]:705");
	refuse("collector nic maybe\n", 1, "collector 'maybe': on or off is wanted");
	refuse("collector nic on off\n", 1, "collector 'off': one word too many");
	refuse("interfaces includ eth0\n", 1, "interfaces includ: no such word of interfaces; did");
	refuse("maxRows udpSockets 5\n", 1, "maxRows udpSockets: no such bounded table; did you");
	refuse("maxRows udpSocket 0\n", 1, "maxRows '0': a whole number from 1 to");
	refuse("socketStates everything\n", 1,
	       "socketStates everything: no such way of counting; "
	       "there are cheap, full");
	refuse("sysctl ../../etc/passwd\n", 1, "sysctl '../../etc/passwd': the name of a setting");
	refuse("check nic.errors warnin 1\n", 1,
	       "check warnin: no such setting of a check; did you mean warning?");
	refuse("check nic.errors warning\n", 1, "check warning: its value is missing");
	refuse("check nic.errors warning -1\n", 1, "check '-1': a number from 0 to");
	refuse("check nic.errors warning 0.001\n", 1, "check '0.001': a number from 0 to");
	refuse("check nic.errors warning 99999999999\n", 1, "check '99999999999': a number");
	refuse("notifications rate 30\n", 1, "notifications '30': a number per time");
	refuse("notifications burst 30/m\n", 1, "notifications burst: no such setting");
	refuse("heartbeat never\n", 1, "heartbeat 'never': a time with its unit");
	refuse("heartbeat\n", 1, "heartbeat: more words are wanted: heartbeat");
	refuse("includeFile /nonexistent/more.conf\n", 1, "Included file '/nonexistent/more.conf'");
}
END_TEST

START_TEST(all_wrong_lines_are_told)
{
	refuse("interval softnet 5\nheartbeat 5m\ncheck nonsense off\nbogus 1\n", 1, "interval");
	ck_assert_ptr_nonnull(strstr(problems, "netdiagd.conf:3: check nonsense"));
	ck_assert_ptr_nonnull(strstr(problems, "netdiagd.conf:4: bogus"));
}
END_TEST

START_TEST(garbage)
{
	struct configuration *c;
	char line[4096];

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	ck_assert_ptr_null(load(line));
	memcpy(line, "interfaces include ", 19);
	ck_assert_ptr_null(load(line));
	ck_assert_ptr_nonnull(strstr(problems, "a word of more than"));
	c = load("\xff\xfe\x01 \x02\n");
	ck_assert_ptr_null(c);
	c = load("");
	ck_assert_ptr_nonnull(c);
	configuration_free(c);
}
END_TEST

START_TEST(suggestions)
{
	static const char *const known[] = {"softnet", "sockets", "nic", NULL};

	ck_assert_str_eq(suggest("softnt", suggest_from_array, known), "softnet");
	ck_assert_str_eq(suggest("SOCKET", suggest_from_array, known), "sockets");
	ck_assert_str_eq(suggest("nik", suggest_from_array, known), "nic");
	ck_assert_ptr_null(suggest("conntrack", suggest_from_array, known));
}
END_TEST

START_TEST(durations_and_rates)
{
	char why[WORDS_WHY_SIZE];
	uint32_t value;

	ck_assert(words_duration("250ms", 100, 1000, &value, why) && value == 250);
	ck_assert(!words_duration("1.5s", 0, 10000, &value, why));
	ck_assert(!words_duration("99999999999999999999s", 0, 10000, &value, why));
	ck_assert(!words_duration("", 0, 10000, &value, why));
	ck_assert(words_rate("90/h", &value, why) && value == 1);
	ck_assert(words_rate("600/h", &value, why) && value == 10);
	ck_assert(!words_rate("0/m", &value, why));
	ck_assert(!words_rate("30/day", &value, why));
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		defaults_without_a_file,  every_directive, checks,	wrong_lines,
		all_wrong_lines_are_told, garbage,	   suggestions, durations_and_rates,
	};

	if (configuration_init())
		return 1;
	return unit_main("configuration", tests, COUNT_OF(tests));
}
