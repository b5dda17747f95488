/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "options.h"

enum {
	OPTION_AGENTX = 256,
	OPTION_CHECK_CONFIG,
	OPTION_CONFIG,
	OPTION_DUMP,
	OPTION_LOG,
	OPTION_PROC_ROOT,
	OPTION_SYS_ROOT,
};

static const struct option long_options[] = {
	{"agentx", required_argument, NULL, OPTION_AGENTX},
	{"check-config", no_argument, NULL, OPTION_CHECK_CONFIG},
	{"config", required_argument, NULL, OPTION_CONFIG},
	{"dump", optional_argument, NULL, OPTION_DUMP},
	{"help", no_argument, NULL, 'h'},
	{"log", required_argument, NULL, OPTION_LOG},
	{"proc-root", required_argument, NULL, OPTION_PROC_ROOT},
	{"sys-root", required_argument, NULL, OPTION_SYS_ROOT},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

void options_help(void)
{
	fputs("Usage: netdiagd [OPTION]...\n"
	      "Serves Linux packet-loss diagnostics (NETDIAG-MIB) as a subagent of snmpd.\n"
	      "Stays in the foreground. SIGHUP reloads the configuration.\n"
	      "\n"
	      "  --agentx ADDRESS     the AgentX master: /PATH, tcp:HOST:PORT, tcp6:[HOST]:PORT\n"
	      "                       (wins over agentXSocket in the configuration)\n"
	      "  --config FILE        instead of " NETDIAG_SYSCONFDIR "/netdiagd.conf\n"
	      "  --check-config       say whether the configuration is right, and end\n"
	      "  --dump[=FORMAT]      collect once, print everything and end; text, json or "
	      "schema\n"
	      "  --log stderr|syslog  where messages go (stderr)\n"
	      "  --proc-root DIR      instead of /proc, to serve a captured tree\n"
	      "  --sys-root DIR       instead of /sys\n"
	      "  --version            print the version\n"
	      "  --help               print this\n"
	      "\n"
	      "Exit status: 0 ended as asked, 64 wrong usage, 78 wrong configuration, 1 other.\n",
	      stdout);
}

static int usage(const char *problem, const char *what)
{
	fprintf(stderr, "netdiagd: %s: %s; see netdiagd --help\n", problem, what);
	return EX_USAGE;
}

static int apply(struct options *options, int option)
{
	switch (option) {
	case OPTION_AGENTX:
		options->address = optarg;
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
			return usage("--dump takes text, json or schema, not", optarg);
		return 0;
	case OPTION_LOG:
		if (!log_target_parse(optarg, &options->log))
			return usage("--log takes stderr or syslog, not", optarg);
		return 0;
	case OPTION_PROC_ROOT:
		options->roots.path[ROOT_PROC] = optarg;
		return 0;
	case OPTION_SYS_ROOT:
		options->roots.path[ROOT_SYS] = optarg;
		return 0;
	case 'V':
		options->task = TASK_VERSION;
		return 0;
	case 'h':
		options->task = TASK_HELP;
		return 0;
	default:
		/* getopt_long() has told what is wrong. */
		fputs("see netdiagd --help\n", stderr);
		return EX_USAGE;
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option, status = 0;

	*options = (struct options){
		.roots = roots_default, .log = LOG_TO_STDERR, .dump = DUMP_TEXT};
	while (!status && (option = getopt_long(argc, argv, "hV", long_options, NULL)) != -1)
		status = apply(options, option);
	if (!status && optind < argc)
		return usage("there are no arguments but options", argv[optind]);
	return status;
}
