/* SPDX-License-Identifier: BSD-2-Clause */
/* snmpd_conf.c, on the files of distributions and on made ones. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "subagent/preflight/snmpd_conf.h"
#include "tests/unit/unit.h"

static const uint32_t base[] = {1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 2718};

static struct snmpd_conf conf;

static void begin(void)
{
	memset(&conf, 0, sizeof(conf));
	conf.base = base;
	conf.base_len = COUNT_OF(base);
}

static void parse(const char *text)
{
	char *copy = strdup(text);

	begin();
	snmpd_conf_parse(&conf, copy, SNMPD_CONF_DEPTH_MAX);
	free(copy);
}

/* What matters of Debian 12's. */
#define DEBIAN                                              \
	"sysLocation    Sitting on the Dock of the Bay\n"   \
	"master  agentx\n"                                  \
	"agentaddress  127.0.0.1,[::1]\n"                   \
	"view   systemonly  included   .1.3.6.1.2.1.1\n"    \
	"view   systemonly  included   .1.3.6.1.2.1.25.1\n" \
	"rocommunity  public default -V systemonly\n"       \
	"rocommunity6 public default -V systemonly\n"       \
	"rouser authPrivUser authpriv -V systemonly\n"

/* And of RHEL 9's. */
#define RHEL                                                  \
	"com2sec notConfigUser  default       public\n"       \
	"group   notConfigGroup v1           notConfigUser\n" \
	"view    systemview    included   .1.3.6.1.2.1.1\n"   \
	"access  notConfigGroup \"\"      any       noauth    exact  systemview none none\n"

START_TEST(distributions)
{
	parse(DEBIAN);
	ck_assert(conf.master);
	ck_assert(!conf.perms);
	ck_assert(!conf.sink);
	ck_assert_str_eq(conf.socket, "");
	ck_assert_uint_eq(conf.readers, 3);
	ck_assert_str_eq(conf.reader[0], "systemonly");
	ck_assert(!snmpd_conf_visible(&conf));
	parse(DEBIAN "view systemonly included .1.3.6.1.4.1.8072.9999.9999.2718\n");
	ck_assert(snmpd_conf_visible(&conf));
	parse(RHEL);
	ck_assert(!conf.master);
	ck_assert_str_eq(conf.reader[0], "systemview");
	ck_assert(!snmpd_conf_visible(&conf));
	parse(RHEL "view systemview included .1.3.6.1.4.1.8072\n");
	ck_assert(snmpd_conf_visible(&conf));
}
END_TEST

START_TEST(views)
{
	static const struct {
		const char *text;
		bool visible;
	} cases[] = {
		{"", false},
		{"rocommunity public", true},
		{"rocommunity public 10.0.0.0/8", true},
		{"rocommunity public default .1.3.6.1.4", true},
		{"rocommunity public default .1.3.6.1.2", false},
		{"rocommunity public default .1.3.6.1.4.1.8072.9999.9999.2718.1", false},
		{"rouser someone", true},
		{"rouser someone priv -V none", false},
		{"rocommunity public default -V all", false},
		{"rocommunity public default -V all\nview all included .1", true},
		{"rocommunity public default -V all\nview all included .iso", true},
		{"view all included .1\nrocommunity public default -V other", false},
		{"rocommunity public default -V a\nview a included .1\nview a excluded "
		 ".1.3.6.1.4.1",
		 false},
		{"rocommunity public default -V a\nview a excluded .1\nview a included "
		 ".1.3.6.1.4.1",
		 true},
		{"rocommunity public default -V a\nview a included .1.3.x", false},
		{"access g \"\" any noauth exact _all_ none none", true},
		{"access g \"\" any noauth exact", false},
		{"# rocommunity public", false},
		{"rocommunity", false},
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		parse(cases[i].text);
		ck_assert_msg(snmpd_conf_visible(&conf) == cases[i].visible, "%s", cases[i].text);
	}
}
END_TEST

START_TEST(directives)
{
	parse("MASTER yes\n"
	      "agentXSocket unix:/run/agentx,tcp:localhost:705\n"
	      "agentXPerms 0660 0755 root netdiag\n"
	      "trap2sink 192.0.2.1 public\n");
	ck_assert(conf.master);
	ck_assert_str_eq(conf.socket, "unix:/run/agentx,tcp:localhost:705");
	ck_assert(conf.perms);
	ck_assert_str_eq(conf.group, "netdiag");
	ck_assert(conf.sink);
	parse("master off\nagentXPerms 0660\ntrapsink\n");
	ck_assert(!conf.master);
	ck_assert(conf.perms);
	ck_assert_str_eq(conf.group, "");
	ck_assert(!conf.sink);
}
END_TEST

/* Files are found as snmpd finds them, and what they include; a loop ends. */
START_TEST(files)
{
	char directories[PATH_MAX];
	struct tree tree;

	tree_init(&tree);
	tree_write(&tree, "proc/snmpd.conf", "includeDir %s/conf.d\nincludeFile %s/snmpd.conf\n",
		   tree.proc, tree.proc);
	tree_write(&tree, "proc/conf.d/10.conf", "master agentx\n");
	tree_write(&tree, "proc/conf.d/not-this", "informsink 192.0.2.1\n");
	tree_write(&tree, "sys/snmpd.local.conf", "trapsess 192.0.2.1\n");
	snprintf(directories, sizeof(directories), "/nonexistent::%s:%s", tree.proc, tree.sys);
	begin();
	snmpd_conf_read(&conf, directories);
	ck_assert(conf.found);
	ck_assert(!conf.denied);
	ck_assert(conf.master);
	ck_assert(conf.sink);
	ck_assert_ptr_nonnull(strstr(conf.path, "/proc/snmpd.conf"));
	ck_assert_ptr_nonnull(strstr(conf.directory, "/proc/conf.d"));
	begin();
	snmpd_conf_read(&conf, "/nonexistent");
	ck_assert(!conf.found);
	tree_done(&tree);
}
END_TEST

UNIT_MAIN("snmpd_conf", distributions, views, directives, files)
