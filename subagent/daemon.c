/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "../collectors/collect.h"
#include "agent.h"
#include "alarm.h"
#include "daemon.h"
#include "health.h"
#include "log.h"
#include "ready.h"
#include "session.h"

/* A stall makes no event: the collectors are looked at this often without one. */
#define TURN_MS 1000

/* How long collectors may take to end. With session_close() and a session being opened it stays
 * below the 3 s within which SIGTERM is to end the process. */
#define STOP_MS 700

/* Everything that is alive while the daemon runs. */
struct daemon {
	const struct options *options;
	struct collect_settings *settings;
	struct engine *engine;
	struct view *view;
	struct health health;
	uint64_t started; /* monotonic ns */
	int signal_fd;
	int wake_fd; /* an epoll of signal_fd and the engine's */
	bool stop;
};

static int fill_agent(struct rows *rows, void *arg)
{
	const struct daemon *daemon = arg;
	struct agent_row *row = rows_add(rows);

	if (!row)
		return -ENOMEM;
	row->uptime = monotonic_ns() - daemon->started;
	row->active_alarms = 0;
	row->worst_severity = ALARM_NONE;
	row->traps_sent = 0;
	row->traps_suppressed = 0;
	row->traps_pending = 0;
	row->master_reconnects = session_reconnects();
	ROW_SET_TEXT(row->version, agent_version());
	ROW_SET_TEXT(row->boot_id, agent_boot_id());
	return 0;
}

static int fill_collectors(struct rows *rows, void *arg)
{
	const struct daemon *daemon = arg;

	return agent_collector_rows(daemon->engine, rows);
}

/* Before the packets of a turn are read: they all see the same generation of everything. */
static void pin(void *arg)
{
	const struct daemon *daemon = arg;

	view_turn(daemon->view);
}

/* What follows when collectors have published, or time has passed. */
static void evaluate(struct daemon *daemon)
{
	health_turn(&daemon->health, daemon->engine);
}

static void take_signals(struct daemon *daemon)
{
	struct signalfd_siginfo info;

	while (read(daemon->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			log_notice("nothing to reload");
		else
			daemon->stop = true;
	}
}

static void serve(struct daemon *daemon)
{
	while (!daemon->stop) {
		int err = session_turn(daemon->wake_fd, TURN_MS, pin, daemon);

		if (err) {
			log_error("cannot wait for events: %s", strerror(-err));
			return;
		}
		engine_event(daemon->engine);
		evaluate(daemon);
		take_signals(daemon);
	}
}

static int add(int epoll, int fd)
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
	err = add(daemon->wake_fd, daemon->signal_fd);
	return err ? err : add(daemon->wake_fd, engine_fd(daemon->engine));
}

static int start(struct daemon *daemon)
{
	const char *address = daemon->options->address ? daemon->options->address
						       : NETSNMP_AGENTX_SOCKET;
	int err;

	daemon->engine = engine_new(collectors, daemon->settings);
	daemon->view = daemon->engine ? view_new(daemon->engine) : NULL;
	if (!daemon->view)
		return -ENOMEM;
	err = open_events(daemon);
	if (err)
		return err;
	view_own(daemon->view, &agent_row_type, fill_agent, daemon);
	view_own(daemon->view, &agent_collector_row_type, fill_collectors, daemon);
	err = session_init(address, daemon->view);
	if (err == -EINVAL || err == -ENAMETOOLONG)
		log_error("%s is no address of an AgentX master: /PATH, tcp:HOST:PORT or "
			  "tcp6:[HOST]:PORT is wanted",
			  address);
	return err ? err : engine_start(daemon->engine);
}

static void stop(struct daemon *daemon)
{
	bool ended = !daemon->engine || engine_stop(daemon->engine, STOP_MS);

	if (!ended) {
		log_warning("a collector does not end; leaving it behind");
		log_close();
		_exit(EXIT_SUCCESS);
	}
	view_free(daemon->view);
	engine_free(daemon->engine);
	if (daemon->wake_fd >= 0)
		close(daemon->wake_fd);
	if (daemon->signal_fd >= 0)
		close(daemon->signal_fd);
}

int daemon_run(const struct options *options)
{
	struct collect_settings settings;
	struct daemon daemon = {
		.options = options,
		.settings = &settings,
		.started = monotonic_ns(),
		.signal_fd = -1,
		.wake_fd = -1,
	};
	int err = settings_init(&settings);

	if (err)
		return EXIT_FAILURE;
	settings.roots = options->roots;
	log_open(options->log);
	log_notice("version %s, base OID %s", agent_version(), NETDIAG_BASE_OID);
	err = start(&daemon);
	if (!err) {
		ready_tell("READY=1");
		serve(&daemon);
		ready_tell("STOPPING=1");
	}
	session_close();
	stop(&daemon);
	settings_free(&settings);
	log_close();
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
