/* SPDX-License-Identifier: BSD-2-Clause */
/* Parses the command line of netdiagd. */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "subagent/options.h"

enum {
	OPTION_AGENTX = 256,
	OPTION_ALARMS,
	OPTION_AS,
	OPTION_CHECK,
	OPTION_CHECK_CONFIG,
	OPTION_COMMUNITY,
	OPTION_CONFIG,
	OPTION_DUMP,
	OPTION_FORMAT,
	OPTION_LOG,
	OPTION_LOG_LEVEL,
	OPTION_PERFDATA,
	OPTION_PROC_ROOT,
	OPTION_REPORT,
	OPTION_STATE_FILE,
	OPTION_SYS_ROOT,
	OPTION_TEST_NOTIFICATION,
};

static const struct option long_options[] = {
	{"agentx", required_argument, NULL, OPTION_AGENTX},
	{"alarms", no_argument, NULL, OPTION_ALARMS},
	{"as", required_argument, NULL, OPTION_AS},
	{"check", no_argument, NULL, OPTION_CHECK},
	{"check-config", no_argument, NULL, OPTION_CHECK_CONFIG},
	{"community", required_argument, NULL, OPTION_COMMUNITY},
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"dump", optional_argument, NULL, OPTION_DUMP},
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"help", no_argument, NULL, 'h'},
	{"log", required_argument, NULL, OPTION_LOG},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"perfdata", no_argument, NULL, OPTION_PERFDATA},
	{"proc-root", required_argument, NULL, OPTION_PROC_ROOT},
	{"report", optional_argument, NULL, OPTION_REPORT},
	{"state-file", required_argument, NULL, OPTION_STATE_FILE},
	{"sys-root", required_argument, NULL, OPTION_SYS_ROOT},
	{"test-notification", no_argument, NULL, OPTION_TEST_NOTIFICATION},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

void options_help(void)
{
	fputs("Usage: netdiagd [OPTION]...\n"
	      "Serves Linux packet-loss diagnostics (NETDIAG-MIB) as a subagent of snmpd.\n"
	      "Stays in the foreground. SIGHUP reloads the configuration.\n"
	      "\n"
	      "  --agentx ADDRESS     the AgentX master: /PATH, tcp:IPV4:PORT, tcp6:[IPV6]:PORT\n"
	      "                       (overrides agentXSocket in the configuration)\n"
	      "  --config FILE        read FILE instead of " NETDIAG_SYSCONFDIR "/netdiagd.conf\n"
	      "  --check-config       check the configuration and end\n"
	      "  --check              check what netdiagd needs on this host, say what mends it,\n"
	      "                       and exit: 0 it would run, 1 it would not\n"
	      "  --as USER            --check for this user (root's default: netdiag)\n"
	      "  --community NAME     --check asks snmpd with this community\n"
	      "  --dump[=FORMAT] [TABLE]\n"
	      "                       collect once, print all tables or one, and exit;\n"
	      "                       FORMAT: text, json, schema\n"
	      "  --report[=SECONDS]   take two samples, 5 s apart, print what is wrong and exit\n"
	      "  --alarms             print the alarms of the running daemon and exit\n"
	      "  --format text|json   the format of --report and --alarms\n"
	      "  --perfdata           --report as a monitoring plugin: one line with data\n"
	      "  --test-notification  send a raised and a cleared alarm, both marked as tests\n"
	      "  --log stderr|syslog  where to write messages (default: stderr)\n"
	      "  --log-level LEVEL    how much to write: error, warning, notice, info (the "
	      "default)\n"
	      "                       or debug\n"
	      "  --state-file FILE    keep the alarms there (overrides stateFile)\n"
	      "  --proc-root DIR      read DIR instead of /proc, to serve a captured tree\n"
	      "  --sys-root DIR       read DIR instead of /sys\n"
	      "  --version            print the version and exit\n"
	      "  --help               print this help and exit\n"
	      "\n"
	      "Exit status: 0 success, 64 wrong usage, 74 the output cannot be written,\n"
	      "78 wrong configuration, 1 other.\n"
	      "With --report: 0 all is well, 1 warning, 2 critical, 3 unknown.\n",
	      stdout);
}

static int options_wrong(const char *problem, const char *what)
{
	fprintf(stderr, "netdiagd: %s: %s; see netdiagd --help\n", problem, what);
	return EX_USAGE;
}

static int options_seconds(struct options *options, const char *text)
{
	size_t digits = strspn(text, "0123456789");
	unsigned long seconds = strtoul(text, NULL, 10);

	/* strtoul() alone would accept blanks and signs. */
	if (!digits || text[digits] || !seconds || seconds > REPORT_SECONDS_MAX)
		return options_wrong("--report takes 1 to 3600 seconds, not", text);
	options->seconds = (unsigned)seconds;
	return 0;
}

static int options_root(struct options *options, enum root root, const char *option)
{
	struct stat status;
	char problem[64];
	int err = stat(optarg, &status) ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;

	if (err) {
		snprintf(problem, sizeof(problem), "%s: %s", option, strerror(err));
		return options_wrong(problem, optarg);
	}
	options->roots.path[root] = optarg;
	return 0;
}

static int options_apply(struct options *options, int option, bool *format)
{
	switch (option) {
	case OPTION_AGENTX:
		options->address = optarg;
		return 0;
	case OPTION_ALARMS:
		options->task = TASK_ALARMS;
		return 0;
	case OPTION_STATE_FILE:
		options->state_file = optarg;
		return 0;
	case OPTION_AS:
		options->user = optarg;
		return 0;
	case OPTION_CHECK:
		options->task = TASK_CHECK;
		return 0;
	case OPTION_COMMUNITY:
		options->community = optarg;
		return 0;
	case OPTION_CHECK_CONFIG:
		options->task = TASK_CHECK_CONFIG;
		return 0;
	case OPTION_CONFIG:
		options->config = optarg;
		return 0;
	case OPTION_DUMP:
		options->task = TASK_DUMP;
		if (optarg && dump_format_parse(optarg, &options->dump))
			return options_wrong("--dump takes text, json or schema, not", optarg);
		return 0;
	case OPTION_FORMAT:
		*format = true;
		if (!strcmp(optarg, "json"))
			options->report = REPORT_JSON;
		else if (strcmp(optarg, "text"))
			return options_wrong("--format takes text or json, not", optarg);
		return 0;
	case OPTION_REPORT:
		options->task = TASK_REPORT;
		return optarg ? options_seconds(options, optarg) : 0;
	case OPTION_TEST_NOTIFICATION:
		options->task = TASK_TEST_NOTIFICATION;
		return 0;
	case OPTION_LOG:
		if (!log_target_parse(optarg, &options->log))
			return options_wrong("--log takes stderr or syslog, not", optarg);
		return 0;
	case OPTION_LOG_LEVEL:
		if (!log_level_parse(optarg, &options->log_level))
			return options_wrong(
				"--log-level takes error, warning, notice, info or debug, not",
				optarg);
		return 0;
	case OPTION_PROC_ROOT:
		return options_root(options, ROOT_PROC, "--proc-root");
	case OPTION_SYS_ROOT:
		return options_root(options, ROOT_SYS, "--sys-root");
	case 'V':
		options->task = TASK_VERSION;
		return 0;
	case 'h':
		options->task = TASK_HELP;
		return 0;
	default:
		/* getopt_long() has said what is wrong. */
		fputs("see netdiagd --help\n", stderr);
		return EX_USAGE;
	}
}

/* The table of --dump, the only argument that is no option. */
static int options_table(struct options *options, char **words, int count)
{
	if (count > 1)
		return options_wrong("--dump takes one table", words[1]);
	if (options->dump == DUMP_SCHEMA)
		return options_wrong("--dump=schema is about all tables, not one", words[0]);
	options->table = dump_find(words[0]);
	if (!options->table)
		return options_wrong(
			"no such table (NETDIAG-MIB(7) lists them, as in --dump netdiagNicTable)",
			words[0]);
	return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option, status = 0;
	bool format = false, perfdata = false;

	*options = (struct options){.roots = roots_default,
				    .log = LOG_TO_STDERR,
				    .log_level = LOG_INFO,
				    .dump = DUMP_TEXT,
				    .report = REPORT_TEXT,
				    .seconds = REPORT_SECONDS_DEFAULT};
	while (!status && (option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1)
		if (option == OPTION_PERFDATA)
			perfdata = true;
		else
			status = options_apply(options, option, &format);
	if (status)
		return status;
	if (format && options->task != TASK_REPORT && options->task != TASK_ALARMS)
		return options_wrong("--format is for --report and --alarms",
				     "there is neither of them");
	if ((options->user || options->community) && options->task != TASK_CHECK)
		return options_wrong("--as and --community are for --check", "it is missing");
	if (perfdata && (format || options->task != TASK_REPORT))
		return options_wrong("--perfdata is a format of --report",
				     format ? "there is another one" : "there is none");
	if (perfdata)
		options->report = REPORT_PERFDATA;
	if (optind < argc && options->task == TASK_DUMP)
		return options_table(options, argv + optind, argc - optind);
	if (optind < argc)
		return options_wrong("only options are accepted", argv[optind]);
	return 0;
}
