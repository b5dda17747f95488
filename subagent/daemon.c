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
#include "daemon.h"
#include "health.h"
#include "log.h"
#include "ready.h"
#include "session.h"
#include "setup.h"
#include "transport.h"

/* A stall makes no event: the collectors are looked at this often without one. */
#define TURN_MS 1000

/* How long collectors may take to end. With session_close() and a session being opened it stays
 * below the 3 s within which SIGTERM is to end the process. */
#define STOP_MS 700

/* A configuration that was replaced while a collector may still read it. */
struct retired {
	struct configuration *configuration;
	struct retired *next;
};

/* Everything that is alive while the daemon runs. */
struct daemon {
	const struct options *options;
	struct configuration *configuration;
	struct retired *retired;
	struct engine *engine;
	struct view *view;
	struct health health;
	int signal_fd;
	int wake_fd; /* an epoll of signal_fd and the engine's */
	bool session;
	bool stop;
};

/* Before the packets of a turn are read: they all see the same generation of everything. */
static void pin(void *arg)
{
	const struct daemon *daemon = arg;

	view_turn(daemon->view);
}

static void release_retired(struct daemon *daemon)
{
	struct retired **at = &daemon->retired;

	while (*at) {
		struct retired *retired = *at;

		if (engine_settings_in_use(daemon->engine, &retired->configuration->collect)) {
			at = &retired->next;
			continue;
		}
		*at = retired->next;
		configuration_free(retired->configuration);
		free(retired);
	}
}

/* What follows when collectors have published, or time has passed. */
static void evaluate(struct daemon *daemon)
{
	health_turn(&daemon->health, daemon->engine);
	release_retired(daemon);
}

/* Takes a new configuration into use; a wrong one changes nothing. */
static void reload(struct daemon *daemon)
{
	struct configuration *configuration = setup_configuration(daemon->options);
	struct retired *retired = calloc(1, sizeof(*retired));

	if (!configuration || !retired) {
		log_error("the configuration is wrong: the one before stays in use");
		configuration_free(configuration);
		free(retired);
		return;
	}
	retired->configuration = daemon->configuration;
	retired->next = daemon->retired;
	daemon->retired = retired;
	daemon->configuration = configuration;
	engine_configure(daemon->engine, &configuration->collect);
	session_address(setup_address(daemon->options, configuration));
	log_notice("the configuration was loaded again");
}

static void take_signals(struct daemon *daemon)
{
	struct signalfd_siginfo info;

	while (read(daemon->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			reload(daemon);
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
	const char *address = setup_address(daemon->options, daemon->configuration);
	uint64_t started = monotonic_ns();
	int err;

	if (transport_check(address)) {
		log_error("%s is no address of an AgentX master: /PATH, tcp:HOST:PORT or "
			  "tcp6:[HOST]:PORT is wanted",
			  address);
		return -EINVAL;
	}
	daemon->engine = engine_new(collectors, &daemon->configuration->collect);
	daemon->view = daemon->engine ? view_new(daemon->engine) : NULL;
	if (!daemon->view)
		return -ENOMEM;
	agent_show(daemon->view, started);
	err = open_events(daemon);
	if (err)
		return err;
	daemon->session = true;
	err = session_init(address, daemon->view);
	return err ? err : engine_start(daemon->engine);
}

static void stop(struct daemon *daemon)
{
	if (daemon->session)
		session_close();
	if (daemon->engine && !engine_stop(daemon->engine, STOP_MS)) {
		log_warning("a collector does not end; leaving it behind");
		log_close();
		_exit(EXIT_SUCCESS);
	}
	view_free(daemon->view);
	if (daemon->engine)
		release_retired(daemon);
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
	int err;

	daemon.configuration = setup_configuration(options);
	if (!daemon.configuration)
		return EX_CONFIG;
	log_notice("version %s, base OID %s", agent_version(), NETDIAG_BASE_OID);
	err = start(&daemon);
	if (err && err != -EINVAL)
		log_error("cannot start: %s", strerror(-err));
	if (!err) {
		ready_tell("READY=1");
		serve(&daemon);
		ready_tell("STOPPING=1");
	}
	stop(&daemon);
	return err == -EINVAL ? EX_USAGE : err ? EXIT_FAILURE : EXIT_SUCCESS;
}
