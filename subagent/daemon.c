/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagd while it serves: starts the collectors' threads and the AgentX session, and runs the
 * main loop until a signal ends it. */
#include <config.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/engine.h"
#include "collectors/kernel/capability.h"
#include "collectors/kernel/viewpoint.h"
#include "collectors/registry.h"
#include "subagent/agentx/session.h"
#include "subagent/checks/alarm_memory.h"
#include "subagent/checks/alarms.h"
#include "subagent/collector_log.h"
#include "subagent/daemon.h"
#include "subagent/log.h"
#include "subagent/loss/ledger.h"
#include "subagent/notify/sender.h"
#include "subagent/sd_notify.h"
#include "subagent/state_file.h"
#include "subagent/tables/agent_rows.h"
#include "subagent/tasks.h"

/* A stall makes no event: the collectors are looked at this often without one. */
#define TURN_MS 1000

/* What the tables show of the agent itself (ages, counts) is at most this old. A walk is some
 * thousand requests a second; nothing is made anew for each. */
#define REFILL_MS 100

/* How soon the state is saved after an event, and how often without one. */
#define SAVE_SOON_NS SECOND_NS
#define SAVE_NS	     (60 * SECOND_NS)

/* How long the process waits at its end for a state file that is being written. */
#define SAVE_WAIT_MS 500

/* How long collectors may take to end. With session_close() and a session being opened it stays
 * below the 3 s within which SIGTERM is to end the process. */
#define STOP_MS 700

/* Everything that is alive while the daemon runs. */
struct daemon {
	const struct options *options;
	struct configuration *configuration;
	struct engine *engine;
	struct pinned *view;
	struct alarms *alarms;
	struct ledger *ledger;
	struct health health;
	int signal_fd;
	int wake_fd;	   /* an epoll of signal_fd and the engine's */
	uint64_t pinned;   /* monotonic ns of the last pinned_turn() */
	uint64_t evaluate; /* monotonic ns: when to look without an event */
	uint64_t saved;	   /* monotonic ns: when the state was saved; 0: never */
	uint64_t saved_sequence;
	uint64_t watchdog; /* ns: how often to feed it; 0: never */
	uint64_t fed;	   /* monotonic ns */
	bool wrong;	   /* the configuration file, at the last reload */
	bool woken;	   /* wake_fd is readable */
	bool session;
	bool stop;
};

/* Before the packets of a turn are read: they all see the same generation of everything. */
static void daemon_pin(bool woken, void *arg)
{
	struct daemon *daemon = arg;
	uint64_t now = clock_monotonic();

	daemon->woken = woken;
	/* In this order: what is published after the one is seen by the other, or wakes us again.
	 */
	if (woken && engine_event(daemon->engine))
		daemon->evaluate = now;
	else if (daemon->pinned && now - daemon->pinned < REFILL_MS * MILLISECOND_NS)
		return;
	daemon->pinned = now;
	pinned_turn(daemon->view);
}

/* netdiagAgentSummary: "critical: eth0: 1,200 packets lost in 10 min, and 2 more". */
static void daemon_summarise(const struct alarm_totals *totals, char text[AGENT_SUMMARY_SIZE])
{
	unsigned others = (unsigned)(totals->critical + totals->warning) - 1;
	char more[24] = "";
	int room;

	if (!totals->worst) {
		snprintf(text, AGENT_SUMMARY_SIZE, "ok");
		return;
	}
	if (others)
		snprintf(more, sizeof(more), ", and %u more", others);
	room = AGENT_SUMMARY_SIZE - 1 - (int)strlen("critical: ") - (int)strlen(more);
	snprintf(text, AGENT_SUMMARY_SIZE, "%s: %.*s%s",
		 totals->worst->severity == ALARM_CRITICAL ? "critical" : "warning", room,
		 totals->worst->text.summary, more);
}

/* What netdiagAgent… shows of alarms and notifications. */
static void fill_alarms(struct agent_row *row, void *arg)
{
	const struct daemon *daemon = arg;
	struct alarm_totals totals;

	alarms_total(daemon->alarms, &totals);
	row->active_alarms = totals.critical + totals.warning;
	row->critical_alarms = totals.critical;
	row->warning_alarms = totals.warning;
	row->shelved_alarms = totals.shelved;
	row->unknown_checks = totals.unknown;
	row->worst_severity = alarms_worst(&totals);
	if (totals.last_change)
		row->last_change = totals.last_change;
	row->traps_sent = sender_sent();
	row->traps_suppressed = sender_suppressed();
	row->traps_pending = sender_pending();
	row->last_sequence = sender_last_sequence();
	row->held_back = sender_held_back();
	row->held_back_ns = sender_held_back_ns(clock_monotonic());
	row->master_reconnects = session_reconnects();
	snprintf(row->config_hash, sizeof(row->config_hash), "%08" PRIx32,
		 daemon->configuration->hash);
	daemon_summarise(&totals, row->summary);
	row->loss_rate = ledger_rate(daemon->ledger);
	ROW_SET_TEXT(row->worst_place, ledger_worst_place(daemon->ledger));
}

/* What `systemctl status` shows. */
static void daemon_report_status(const struct daemon *daemon)
{
	static const char *const severities[] = {
		[ALARM_WARNING] = ", worst warning",
		[ALARM_CRITICAL] = ", worst critical",
	};
	char status[160], alarms[32] = "no alarms";
	const char *worst = NULL;
	struct alarm_totals totals;
	uint64_t count;

	alarms_total(daemon->alarms, &totals);
	count = totals.critical + totals.warning;
	if (count)
		snprintf(alarms, sizeof(alarms), "%" PRIu64 " alarm%s", count,
			 count == 1 ? "" : "s");
	if (count)
		worst = severities[alarms_worst(&totals)];
	snprintf(status, sizeof(status), "%s%s; master %s%s%s", alarms, worst ? worst : "",
		 session_master() ? "connected" : "not connected",
		 engine_progresses(daemon->engine) ? "" : "; no collector makes progress",
		 daemon->wrong ? "; the configuration file is wrong, the previous one is in use"
			       : "");
	sd_notify_status(status);
}

/* What follows when collectors have published, or time has passed; not after each request. */
static void daemon_evaluate(struct daemon *daemon, uint64_t now)
{
	struct alarm_source source = alarms_pinned_source(daemon->view);

	if (now < daemon->evaluate)
		return;
	daemon->evaluate = now + TURN_MS * MILLISECOND_NS;
	collector_log_turn(&daemon->health, daemon->engine);
	ledger_feed_pinned(daemon->ledger, daemon->view, now, clock_wall());
	alarms_evaluate(daemon->alarms, &source, now, clock_wall());
	pinned_refill(daemon->view);
	daemon_report_status(daemon);
}

/* Saves the state soon after an event, and now and then for what has only grown older. */
static void daemon_save(struct daemon *daemon, uint64_t now, bool anyhow)
{
	const char *path = state_file_path(daemon->options->state_file,
					   &daemon->configuration->alarms);
	uint64_t age = now - daemon->saved;

	if (!path || (!anyhow && age < SAVE_SOON_NS) || !state_file_idle())
		return;
	/* A sequence number must not be given twice, even after a crash. */
	if (!anyhow && !alarms_dirty(daemon->alarms) && age < SAVE_NS &&
	    daemon->saved_sequence == sender_last_sequence())
		return;
	daemon->saved = now;
	daemon->saved_sequence = sender_last_sequence();
	state_file_save(path, daemon->alarms, sender_queue(), now);
}

/* Only progress of this loop and of the collectors feeds the service manager's watchdog. */
static void daemon_feed_watchdog(struct daemon *daemon, uint64_t now)
{
	if (!daemon->watchdog || now - daemon->fed < daemon->watchdog ||
	    !engine_progresses(daemon->engine))
		return;
	daemon->fed = now;
	sd_notify_tell("WATCHDOG=1");
}

/* A collector with a prepare() has released what it prepared once it is turned off. */
static void daemon_note_off(const struct collect_settings *before,
			    const struct collect_settings *after)
{
	for (size_t i = 0; collectors[i]; i++)
		if (collectors[i]->prepare && before->collector[i].on && !after->collector[i].on)
			log_notice("collector %s is off; turning it on again takes a restart",
				   collectors[i]->name);
}

/* Takes a new configuration into use; a wrong one changes nothing. */
static void daemon_take_configuration(struct daemon *daemon)
{
	struct configuration *configuration = tasks_configuration(daemon->options);

	daemon->wrong = !configuration;
	if (!configuration) {
		log_error("the configuration is wrong; the previous one stays in use");
		return;
	}
	daemon_note_off(daemon->configuration->collect, configuration->collect);
	engine_configure(daemon->engine, configuration->collect);
	alarms_configure(daemon->alarms, &configuration->alarms, clock_monotonic(), clock_wall());
	sender_configure(&configuration->alarms);
	session_address(tasks_address(daemon->options, configuration));
	configuration_free(daemon->configuration);
	daemon->configuration = configuration;
	tasks_note_shelves(configuration);
	log_notice("the configuration was reloaded");
}

static void daemon_reload(struct daemon *daemon)
{
	sd_notify_reloading();
	daemon_take_configuration(daemon);
	daemon_report_status(daemon);
	sd_notify_tell("READY=1");
}

static void take_signals(struct daemon *daemon)
{
	struct signalfd_siginfo info;

	while (read(daemon->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			daemon_reload(daemon);
		else
			daemon->stop = true;
	}
}

static void daemon_serve(struct daemon *daemon)
{
	unsigned turn_ms = TURN_MS;

	daemon->watchdog = sd_notify_watchdog();
	if (daemon->watchdog && daemon->watchdog / MILLISECOND_NS < turn_ms)
		turn_ms = (unsigned)(daemon->watchdog / MILLISECOND_NS) + 1;
	while (!daemon->stop) {
		uint64_t now = clock_monotonic();
		unsigned wait_ms = sender_wait_ms(now, turn_ms);
		int err = session_turn(daemon->wake_fd, wait_ms, daemon_pin, daemon);

		if (err) {
			log_error("cannot wait for events: %s", strerror(-err));
			return;
		}
		now = clock_monotonic();
		daemon_evaluate(daemon, now);
		sender_turn(now);
		daemon_save(daemon, now, false);
		daemon_feed_watchdog(daemon, now);
		if (daemon->woken)
			take_signals(daemon);
	}
}

static int daemon_watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

/* Signals become readable descriptors; the collectors' threads, started later, have them blocked
 * anyway. 0 or -errno. */
static int open_events(struct daemon *daemon)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	daemon->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	daemon->wake_fd = epoll_create1(EPOLL_CLOEXEC);
	if (daemon->signal_fd < 0 || daemon->wake_fd < 0)
		return -errno;
	err = daemon_watch(daemon->wake_fd, daemon->signal_fd);
	return err ? err : daemon_watch(daemon->wake_fd, engine_fd(daemon->engine));
}

/* Where alarm ids begin, so that two lives of the daemon hardly ever use the same. */
static uint64_t random_id(void)
{
	uint32_t id;

	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != (ssize_t)sizeof(id))
		id = (uint32_t)clock_wall();
	return id % INT32_MAX;
}

/* The checks, their tables and their notifications. 0 or -ENOMEM. */
static int start_alarms(struct daemon *daemon)
{
	const struct alarm_settings *settings = &daemon->configuration->alarms;
	const char *path;
	int err;

	daemon->alarms = alarms_new(settings, random_id());
	daemon->ledger = ledger_new();
	if (!daemon->alarms || !daemon->ledger)
		return -ENOMEM;
	pinned_own(daemon->view, &loss_row_type, ledger_fill_rows, daemon->ledger);
	pinned_own(daemon->view, &check_row_type, alarms_fill_checks, daemon->alarms);
	pinned_own(daemon->view, &alarm_row_type, alarms_fill_active, daemon->alarms);
	pinned_own(daemon->view, &alarm_history_row_type, alarms_fill_history, daemon->alarms);
	agent_on_fill(fill_alarms, daemon);
	agent_start();
	err = sender_init(daemon->alarms, settings, random_id());
	path = state_file_path(daemon->options->state_file, settings);
	if (!err && path && state_file_load(path, daemon->alarms, sender_queue()))
		log_notice("%s: the alarms of before stand as they stood", path);
	return err;
}

/* Drops the capabilities that only prepare() needs, so that nobody who takes over this process can
 * load a program into the kernel. */
static void daemon_drop_privileges(void)
{
	static const int capabilities[] = {CAPABILITY_BPF, CAPABILITY_PERFMON};

	for (size_t i = 0; i < COUNT_OF(capabilities); i++) {
		int err = capability_drop(capabilities[i]);

		if (err)
			log_warning("cannot drop capability %d: %s", capabilities[i],
				    strerror(-err));
	}
}

static int daemon_start(struct daemon *daemon)
{
	const char *address = tasks_address(daemon->options, daemon->configuration);
	int err;

	daemon->engine = engine_new(collectors, daemon->configuration->collect);
	daemon->view = daemon->engine ? pinned_new(daemon->engine) : NULL;
	if (!daemon->view)
		return -ENOMEM;
	engine_prepare(daemon->engine);
	daemon_drop_privileges();
	err = open_events(daemon);
	if (!err)
		err = start_alarms(daemon);
	if (err)
		return err;
	daemon->session = true;
	err = session_init(address, daemon->view);
	return err ? err : engine_start(daemon->engine);
}

/* Which limit to raise when startup fails. */
static const char *start_remedy(int err)
{
	switch (err) {
	case -EMFILE:
	case -ENFILE:
		return "; raise the limit of open files (LimitNOFILE, ulimit -n)";
	case -EAGAIN:
	case -ENOMEM:
		return "; no thread or memory is left: raise TasksMax, MemoryMax, ulimit -u and -v";
	default:
		return "";
	}
}

static void daemon_stop(struct daemon *daemon)
{
	if (daemon->session)
		session_close();
	sender_close();
	if (daemon->engine && !engine_stop(daemon->engine, STOP_MS)) {
		log_warning("a collector is stuck in the kernel; ending without it");
		log_close();
		_exit(EXIT_SUCCESS);
	}
	pinned_free(daemon->view);
	alarms_free(daemon->alarms);
	ledger_free(daemon->ledger);
	engine_free(daemon->engine);
	configuration_free(daemon->configuration);
	if (daemon->wake_fd >= 0)
		close(daemon->wake_fd);
	if (daemon->signal_fd >= 0)
		close(daemon->signal_fd);
}

int daemon_run(const struct options *options)
{
	struct daemon daemon = {.options = options, .signal_fd = -1, .wake_fd = -1};
	char viewpoint[VIEWPOINT_TEXT_SIZE];
	int err;

	daemon.configuration = tasks_configuration(options);
	if (!daemon.configuration)
		return EX_CONFIG;
	viewpoint_text(&options->roots, viewpoint);
	log_notice("version %s, base OID %s; it sees %s", agent_version(), NETDIAG_BASE_OID,
		   viewpoint);
	tasks_note_shelves(daemon.configuration);
	err = daemon_start(&daemon);
	if (err && err != -EINVAL)
		log_error("cannot start: %s%s", strerror(-err), start_remedy(err));
	if (!err) {
		sd_notify_tell("READY=1");
		daemon_serve(&daemon);
		sd_notify_tell("STOPPING=1");
		/* A disk that does not answer must not keep the process from ending. */
		state_file_wait(SAVE_WAIT_MS);
		daemon_save(&daemon, clock_monotonic(), true);
		state_file_wait(SAVE_WAIT_MS);
	}
	daemon_stop(&daemon);
	return err == -EINVAL ? EX_USAGE : err ? EXIT_FAILURE : EXIT_SUCCESS;
}
