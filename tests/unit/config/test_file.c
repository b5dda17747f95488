/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration file: its syntax, every directive, includes, bounds, and what is refused. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collectors/registry.h"
#include "subagent/checks/check.h"
#include "subagent/config/file.h"
#include "subagent/config/line.h"
#include "tests/unit/unit.h"

/* The problems of the last load, a line each. */
static char problems[131072];

static void take_problem(const char *text, void *arg)
{
	size_t used = strlen(problems);

	(void)arg;
	snprintf(problems + used, sizeof(problems) - used, "%s\n", text);
}

/* Loads netdiagd.conf of a tree. */
static struct configuration *load_tree(const struct tree *tree)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/netdiagd.conf", tree->path);
	problems[0] = '\0';
	return configuration_load(path, true, &roots_default, take_problem, NULL);
}

/* Loads a file with this content. */
static struct configuration *load(const char *content)
{
	struct configuration *configuration;
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "netdiagd.conf", "%s", content);
	configuration = load_tree(&tree);
	tree_done(&tree);
	return configuration;
}

static void assert_reported(const char *text)
{
	ck_assert_msg(strstr(problems, text), "wanted \"%s\" in:\n%s", text, problems);
}

/* A wrong file: no configuration, and each of these texts is told with its line. */
static void refuse(const char *content, unsigned line, const char *text)
{
	char expected[1024];

	ck_assert_ptr_null(load(content));
	snprintf(expected, sizeof(expected), "netdiagd.conf:%u: %s", line, text);
	assert_reported(expected);
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
	ck_assert(c->collect->collector[collector_index("softnet")].on);
	ck_assert_uint_eq(c->collect->collector[collector_index("softnet")].interval_ms, 1000);
	ck_assert_uint_gt(c->collect->nic_statistics.count, 5);
	ck_assert_uint_gt(c->alarms.rate_per_minute, 0);
	configuration_free(c);
	ck_assert_ptr_null(configuration_load("/nonexistent/netdiagd.conf", true, &roots_default,
					      take_problem, NULL));
	ck_assert_ptr_nonnull(
		strstr(problems, "/nonexistent/netdiagd.conf: cannot be read: No such"));
	ck_assert_ptr_null(configuration_load("/", true, &roots_default, take_problem, NULL));
	ck_assert_ptr_nonnull(strstr(problems, "is not a regular file"));
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
				       "collector irq on\n"
				       "collector udpSocket on\n"
				       "collector udpSocket off\n"
				       "interfaces include eth* ens*\n"
				       "interfaces include \"odd name\"\n"
				       "interfaces exclude veth* docker0\n"
				       "nicStatistics drop* *miss*\n"
				       "nicStatistics *discard*\n"
				       "sysctl net.ipv4.tcp_ecn net.ipv4.conf.eth0/1.forwarding\n"
				       "socketStates full\n"
				       "maxRows udpSocket 100\n"
				       "bufferSockets 5000\n"
				       "peers prefix 16 48\n"
				       "peers sockets 700\n"
				       "netnsEnter off\n"
				       "notifications rate 5/s\n"
				       "heartbeat 5m\n"
				       "alarmHistory 7\n");

	ck_assert_msg(c != NULL, "%s", problems);
	ck_assert_str_eq(c->agentx_socket, "/var/agentx/master");
	ck_assert_uint_eq(c->collect->collector[collector_index("softnet")].interval_ms, 500);
	ck_assert_uint_eq(c->collect->collector[collector_index("nic")].interval_ms, 60000);
	ck_assert(!c->collect->collector[collector_index("conntrack")].on);
	ck_assert(c->collect->collector[collector_index("nic")].on);
	ck_assert(!c->collect->collector[collector_index("nic")].asked);
	ck_assert(c->collect->collector[collector_index("irq")].asked);
	ck_assert(!c->collect->collector[collector_index("udpSocket")].asked);
	ck_assert_uint_eq(c->collect->interfaces_include.count, 3);
	ck_assert(settings_interface(c->collect, "eth7"));
	ck_assert(settings_interface(c->collect, "odd name"));
	ck_assert(!settings_interface(c->collect, "lo"));
	ck_assert(!settings_interface(c->collect, "docker0"));
	ck_assert_uint_eq(c->collect->nic_statistics.count, 3);
	ck_assert_uint_eq(c->collect->sysctls.count, 2);
	ck_assert(c->collect->socket_states_full);
	ck_assert_uint_eq(c->collect->peer_bits[0], 16);
	ck_assert_uint_eq(c->collect->peer_bits[1], 48);
	ck_assert_uint_eq(c->collect->peer_sockets_max, 700);
	ck_assert_uint_eq(c->collect->max_rows[MAX_ROWS_UDP_SOCKET], 100);
	ck_assert_uint_eq(c->collect->buffer_sockets_max, 5000);
	ck_assert(!c->collect->netns_enter);
	ck_assert_uint_eq(c->alarms.rate_per_minute, 300);
	ck_assert_uint_eq(c->alarms.heartbeat_ms, 300000);
	ck_assert_uint_eq(c->alarms.history, 7);
	configuration_free(c);
}
END_TEST

START_TEST(checks_of_a_file)
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
	       "interval '5': expected a time with its unit (ms, s, m, h) from 100ms to 24h");
	refuse("interval softnet 1ms\n", 1, "interval '1ms': expected a time");
	refuse("interval softnet\n", 1, "interval: more words are needed: interval COLLECTOR TIME");
	refuse("\nagentXSocket tcp:snmpd.example.net:705\n", 2,
	       "agentXSocket tcp:snmpd.example.net:705: names are not looked up: write the "
	       "master's IPv4 "
	       "address in numbers, as in tcp:192.0.2.1:705, or tcp6:[2001:db8::1]:705");
	refuse("peers prefix 24\n", 1, "peers prefix: expected two lengths");
	refuse("peers prefix 33 56\n", 1, "peers '33': expected a whole number from 0 to 32");
	refuse("peers sockets 1 2\n", 1, "peers '2': expected one number");
	refuse("peers socket 1\n", 1,
	       "peers socket: no such setting of peers; did you mean sockets?");
	refuse("collector nic maybe\n", 1, "collector 'maybe': expected on or off");
	refuse("collector nic on off\n", 1, "collector 'off': one word too many");
	refuse("interfaces includ eth0\n", 1, "interfaces includ: no such word of interfaces; did");
	refuse("maxRows udpSockets 5\n", 1,
	       "maxRows udpSockets: no such collector with a bound; did you");
	refuse("maxRows udpSocket 0\n", 1, "maxRows '0': expected a whole number from 1 to");
	refuse("socketStates everything\n", 1,
	       "socketStates everything: no such way of counting; "
	       "there are cheap, full");
	refuse("sysctl ../../etc/passwd\n", 1,
	       "sysctl '../../etc/passwd': expected the name of a setting");
	refuse("check nic.errors warnin 1\n", 1,
	       "check warnin: no such setting of a check; did you mean warning?");
	refuse("check nic.errors warning\n", 1, "check warning: its value is missing");
	refuse("check nic.errors warning -1\n", 1, "check warning '-1': expected a number");
	refuse("check nic.errors warning 0.001\n", 1, "check warning '0.001': expected a number");
	refuse("check nic.errors warning 99999999999\n", 1,
	       "check warning '99999999999': expected a number");
	refuse("notifications rate 30\n", 1, "notifications '30': expected a number per time");
	refuse("notifications burst 30/m\n", 1, "notifications burst: no such setting");
	refuse("heartbeat never\n", 1, "heartbeat 'never': expected a time with its unit");
	refuse("heartbeat\n", 1, "heartbeat: more words are needed: heartbeat");
	refuse("check nic.errors window 25h\n", 1,
	       "check window '25h': expected a time with its unit (ms, s, m, h) from 1s to 24h "
	       "(column 25)");
	refuse("shelve nic.errors eth1 2099-12-01T06:00Z\n", 1,
	       "shelve 'eth1': expected until and a time (column 19)");
	refuse("check nic.errors clearAfter 169h\n", 1, "check clearAfter '169h': expected a time");
	refuse("check nic.errors hold 0\n", 1,
	       "check hold '0': expected a time with its unit (ms, s, m, h) from 0ms to 1h");
	refuse("check conntrack.usage window 1m\n", 1,
	       "check conntrack.usage: this check has no window");
	refuse("check nic.errors warning 10 clear 10\n", 1,
	       "check nic.errors: clear must be below");
	refuse("netnsEnter 'on\n", 1, "the quote is not closed (column 12)");
}
END_TEST

START_TEST(all_wrong_lines_are_reported)
{
	refuse("interval softnet 5\nheartbeat 5m\ncheck nonsense off\nbogus 1\n", 1, "interval");
	ck_assert_ptr_nonnull(strstr(problems, "netdiagd.conf:3: check nonsense"));
	ck_assert_ptr_nonnull(strstr(problems, "netdiagd.conf:4: bogus"));
}
END_TEST

/* Directives that net-snmp's own reader understood at a reload, and nowhere else. */
START_TEST(no_directives_of_the_library)
{
	refuse("agentuser nobody\n", 1, "agentuser: no such directive");
	refuse("quit yes\n", 1, "quit: no such directive");
	refuse("injectHandler stash_cache\n", 1, "injectHandler: no such directive");
	refuse("[snmp] doDebugging 1\n", 1, "no such directive");
}
END_TEST

/* However many there are, all names are listed when none is near. */
START_TEST(all_checks_are_listed)
{
	refuse("check abcdefghijklmnop off\n", 1,
	       "check abcdefghijklmnop: no such check; there are softnet.starved, "
	       "softnet.dropped, ");
	for (size_t i = 0; i < check_count(); i++)
		assert_reported(check_name(i));
	assert_reported("(column 7)");
}
END_TEST

START_TEST(includes)
{
	struct configuration *c;
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "netdiagd.conf",
		   "includeFile more/first.conf\nincludeFile more/[fz]*.conf\n"
		   "includeFile more/none*.conf\nincludeDir more/dir\n");
	tree_write(&tree, "more/first.conf", "includeFile second.conf\nalarmHistory 3\n");
	tree_write(&tree, "more/second.conf", "heartbeat 7m\n");
	tree_write(&tree, "more/dir/20.conf", "bufferSockets 20\n");
	tree_write(&tree, "more/dir/10.conf", "bufferSockets 10\n");
	tree_write(&tree, "more/dir/30.conf~", "bufferSockets 30\n");
	tree_write(&tree, "more/dir/.40.conf", "bufferSockets 40\n");
	c = load_tree(&tree);
	ck_assert_msg(c != NULL, "%s", problems);
	ck_assert_uint_eq(c->alarms.history, 3);
	ck_assert_uint_eq(c->alarms.heartbeat_ms, 7 * 60 * 1000);
	ck_assert_uint_eq(c->collect->buffer_sockets_max, 20);
	configuration_free(c);

	tree_write(&tree, "more/second.conf", "\n  bogus\n");
	ck_assert_ptr_null(load_tree(&tree));
	assert_reported("/more/second.conf:2: bogus: no such directive (column 3)");
	tree_done(&tree);
}
END_TEST

START_TEST(includes_that_are_refused)
{
	struct tree tree;

	refuse("includeFile /nonexistent/more.conf\n", 1,
	       "includeFile /nonexistent/more.conf: cannot be read: No such file");
	refuse("\nincludeDir /nonexistent\n", 2,
	       "includeDir /nonexistent: cannot be read: No such");
	refuse("includeFile netdiagd.conf\n", 1, "includeFile ");
	assert_reported("netdiagd.conf: includes itself (column 13)");

	tree_init(&tree);
	tree_write(&tree, "netdiagd.conf", "includeFile fifo\nincludeFile 1\nincludeFile loop\n");
	tree_fifo(&tree, "fifo");
	tree_write(&tree, "loop", "includeFile netdiagd.conf\n");
	for (int i = 1; i < 9; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		tree_write(&tree, name, "includeFile %d\n", i + 1);
	}
	ck_assert_ptr_null(load_tree(&tree));
	assert_reported("/fifo: is not a regular file");
	assert_reported("/netdiagd.conf: includes itself");
	assert_reported("/7:1: includeFile ");
	assert_reported("/8: more than 8 files that include each other");

	for (int i = 0; i < 300; i++) {
		char name[32];

		snprintf(name, sizeof(name), "many/%d.conf", i);
		tree_write(&tree, name, "# empty\n");
	}
	tree_write(&tree, "netdiagd.conf", "includeDir many\n");
	ck_assert_ptr_null(load_tree(&tree));
	assert_reported("netdiagd.conf:1: includeDir more than 256 files");
	tree_done(&tree);
}
END_TEST

/* What a file holds that its reader may not see is not repeated. */
START_TEST(secrets_stay_secret)
{
	char path[PATH_MAX];
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "netdiagd.conf", "includeFile private\nincludeFile public\n");
	tree_write(&tree, "private", "passphrase\nintervall 5s\n");
	tree_write(&tree, "public",
		   "root:$y$hash:19000::\nword hidden\n\x1b[2J\n\"open hidden\n"
		   "abcdefghijklmnopqrstuvwxyzabcdefg\n");
	snprintf(path, sizeof(path), "%s/private", tree.path);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_ptr_null(load_tree(&tree));
	assert_reported("/private:1: no such directive (column 1)\n");
	assert_reported("/private:2: no such directive; did you mean interval? (column 1)\n");
	assert_reported("/public:1: no such directive (column 1)\n");
	assert_reported("/public:2: word: no such directive (column 1)\n");
	assert_reported("/public:3: no such directive (column 1)\n");
	assert_reported("/public:4: the quote is not closed (column 1)\n");
	assert_reported("/public:5: no such directive (column 1)\n");
	ck_assert_ptr_null(strstr(problems, "passphrase"));
	ck_assert_ptr_null(strstr(problems, "hidden"));
	ck_assert_ptr_null(strstr(problems, "hash"));
	ck_assert_ptr_null(strstr(problems, "abcdef"));
	tree_done(&tree);
}
END_TEST

/* Root does not obey what others can write. */
START_TEST(writable_files_are_refused)
{
	static const struct {
		mode_t directory, file;
		const char *problem; /* for root; NULL: accepted */
	} cases[] = {
		{0755, 0644, NULL},
		{01777, 0644, NULL},
		{0755, 0664,
		 "/netdiagd.conf: must not be writable by its group or others; run chmod go-w "},
		{0755, 0646, "/netdiagd.conf: must not be writable"},
		{0777, 0644,
		 "/netdiagd.conf: its directory must not be writable by its group or others"},
		{0775, 0644, "/netdiagd.conf: its directory must not be writable"},
	};
	char path[PATH_MAX];
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "netdiagd.conf", "heartbeat 5m\n");
	snprintf(path, sizeof(path), "%s/netdiagd.conf", tree.path);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct configuration *c;

		ck_assert_int_eq(chmod(tree.path, cases[i].directory), 0);
		ck_assert_int_eq(chmod(path, cases[i].file), 0);
		c = load_tree(&tree);
		ck_assert_msg(!c == (cases[i].problem && !geteuid()), "case %zu: %s", i, problems);
		if (!c)
			assert_reported(cases[i].problem);
		configuration_free(c);
	}
	tree_done(&tree);
}
END_TEST

START_TEST(bounds)
{
	size_t size = 2 * CONFIGURATION_FILE_MAX;
	char *text = malloc(size);
	struct configuration *c;
	struct tree tree;

	ck_assert_ptr_nonnull(text);
	tree_init(&tree);
	memset(text, '\n', size);
	tree_write_bytes(&tree, "netdiagd.conf", text, size);
	ck_assert_ptr_null(load_tree(&tree));
	assert_reported("netdiagd.conf: is larger than 1048576 bytes");
	tree_write_bytes(&tree, "netdiagd.conf", text, CONFIGURATION_LINES_MAX);
	c = load_tree(&tree);
	ck_assert_ptr_nonnull(c);
	configuration_free(c);
	tree_write_bytes(&tree, "netdiagd.conf", text, CONFIGURATION_LINES_MAX + 5);
	ck_assert_ptr_null(load_tree(&tree));
	ck_assert_str_eq(strstr(problems, "netdiagd.conf:"),
			 "netdiagd.conf:10001: more than 10000 lines in the configuration\n");
	for (size_t i = 0; i < 4000; i += 2)
		memcpy(text + i, "x\n", 2);
	tree_write_bytes(&tree, "netdiagd.conf", text, 4000);
	ck_assert_ptr_null(load_tree(&tree));
	assert_reported("netdiagd.conf:1000: x: no such directive");
	ck_assert_ptr_null(strstr(problems, "netdiagd.conf:1001:"));
	assert_reported("too many problems: the rest is not read");
	tree_done(&tree);
	free(text);
}
END_TEST

START_TEST(garbage)
{
	struct configuration *c;
	char line[CONFIGURATION_LINE_MAX + 32], nul[] = "netnsEnter on\nnetnsEnter o\0n\n";

	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	refuse(line, 1, "a line of more than 4096 bytes");
	memset(line, ' ', sizeof(line) - 1);
	for (size_t i = 0; i < 2 * LINE_WORDS_MAX + 2; i += 2)
		line[i] = 'x';
	line[1000] = '\0';
	refuse(line, 1, "more than 64 words in a line");
	ck_assert_ptr_null(load("\xff\xfe\x01 \x02\n"));
	problems[0] = '\0';
	ck_assert_ptr_null(configuration_parse("text", nul, sizeof(nul) - 1, &roots_default,
					       take_problem, NULL));
	ck_assert_str_eq(problems, "text:2: a NUL byte\n");
	c = load("");
	ck_assert_ptr_nonnull(c);
	configuration_free(c);
}
END_TEST

START_TEST(words_of_a_line)
{
	char text[] = "\tone \"two words\" 'it''s' a\\ b\\\"c x#y # comment \"\r";
	struct line line;

	ck_assert(line_split(&line, text));
	ck_assert_uint_eq(line.count, 6);
	ck_assert_str_eq(line.word[0], "one");
	ck_assert_uint_eq(line.column[0], 2);
	ck_assert_str_eq(line.word[1], "two words");
	ck_assert_uint_eq(line.column[1], 6);
	ck_assert_str_eq(line.word[2], "it");
	ck_assert_str_eq(line.word[3], "s");
	ck_assert_str_eq(line.word[4], "a b\"c");
	ck_assert_str_eq(line.word[5], "x#y");
}
END_TEST

START_TEST(suggestions)
{
	static const char *const known[] = {"softnet", "sockets", "nic", NULL};

	ck_assert_str_eq(line_nearest("softnt", line_known_array, known), "softnet");
	ck_assert_str_eq(line_nearest("SOCKET", line_known_array, known), "sockets");
	ck_assert_str_eq(line_nearest("nik", line_known_array, known), "nic");
	ck_assert_ptr_null(line_nearest("conntrack", line_known_array, known));
}
END_TEST

UNIT_MAIN("configuration", defaults_without_a_file, every_directive, checks_of_a_file, wrong_lines,
	  all_wrong_lines_are_reported, no_directives_of_the_library, all_checks_are_listed,
	  includes, includes_that_are_refused, secrets_stay_secret, writable_files_are_refused,
	  bounds, garbage, words_of_a_line, suggestions)
