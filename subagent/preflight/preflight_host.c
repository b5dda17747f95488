/* SPDX-License-Identifier: BSD-2-Clause */
/* --check, the host's side: the MIB file, other instances of netdiagd, and what the user of the
 * service sees of the kernel. */
#include <config.h>

#include <net-snmp/net-snmp-config.h>
#include <net-snmp/net-snmp-includes.h>

#include <sys/utsname.h>

#include "collectors/engine.h"
#include "collectors/kernel/viewpoint.h"
#include "collectors/registry.h"
#include "subagent/preflight/preflight.h"
#include "subagent/tables/table.h"

#define MIB_NAME "NETDIAG-MIB"
#define MIB_FILE NETDIAG_MIBDIR "/" MIB_NAME ".txt"

/* The oldest kernel that is supported. */
#define KERNEL_MAJOR 4
#define KERNEL_MINOR 18

/* Looks with the parser of net-snmp's tools, at the places where they look. */
void preflight_mib(struct preflight *preflight)
{
	static const char command[] = "install -D -m 0644 " MIB_FILE
				      " /usr/share/snmp/mibs/" MIB_NAME ".txt";
	oid found[MAX_OID_LEN];
	size_t len = MAX_OID_LEN;

	netsnmp_init_mib();
	if (!netsnmp_read_module(MIB_NAME) || !read_objid(MIB_NAME "::netdiagMIB", found, &len))
		preflight_say(preflight, FINDING_WARNING, "MIB", command,
			      "net-snmp's tools do not find " MIB_NAME ": they look in %s",
			      netsnmp_get_mib_directory());
	else if (snmp_oid_compare(found, len, base_oid, base_oid_len))
		preflight_say(preflight, FINDING_WARNING, "MIB", command,
			      "net-snmp's tools find another " MIB_NAME ": its base OID is not %s",
			      NETDIAG_BASE_OID);
	else
		preflight_say(preflight, FINDING_OK, "MIB", "",
			      "net-snmp's tools find " MIB_NAME ", with the base OID %s",
			      NETDIAG_BASE_OID);
}

void preflight_instances(struct preflight *preflight)
{
	pid_t pid[PREFLIGHT_PIDS];
	size_t count = preflight_processes("netdiagd", pid);
	char command[32];

	if (!count) {
		preflight_say(preflight, FINDING_OK, "instances", "", "netdiagd is not running");
	} else if (count == 1) {
		preflight_say(preflight, FINDING_OK, "instances", "", "netdiagd is running, pid %d",
			      (int)pid[0]);
	} else {
		snprintf(command, sizeof(command), "kill %d", (int)pid[1]);
		preflight_say(preflight, FINDING_WARNING, "instances", command,
			      "%zu netdiagd are running, among them pid %d and %d: of two at one "
			      "master the second is refused",
			      count, (int)pid[0], (int)pid[1]);
	}
}

static void host_say_kernel(struct preflight *preflight)
{
	unsigned major = 0, minor = 0;
	struct utsname host;

	if (uname(&host) || sscanf(host.release, "%u.%u", &major, &minor) != 2)
		return;
	preflight_say(preflight,
		      major > KERNEL_MAJOR || (major == KERNEL_MAJOR && minor >= KERNEL_MINOR)
			      ? FINDING_OK
			      : FINDING_WARNING,
		      "kernel", "", "Linux %s; %d.%d or later is supported", host.release,
		      KERNEL_MAJOR, KERNEL_MINOR);
}

static void host_say_viewpoint(struct preflight *preflight, const struct roots *roots)
{
	char text[VIEWPOINT_TEXT_SIZE];
	struct viewpoint viewpoint;
	bool host;

	viewpoint_read(roots, &viewpoint);
	viewpoint_text(roots, text);
	host = viewpoint.network == VIEWPOINT_HOST && viewpoint.processes == VIEWPOINT_HOST;
	preflight_say(preflight, host ? FINDING_OK : FINDING_WARNING, "viewpoint", "", "%s%s", text,
		      host ? "" : ": a container sees the host with hostNetwork and hostPID");
	if (roots_hide_processes(roots))
		preflight_say(preflight, FINDING_WARNING, "/proc",
			      "mount -o remount,hidepid=0 /proc",
			      "hides other users' processes (hidepid): owners of sockets and "
			      "namespaces are missing");
	if (viewpoint_is_partial(roots))
		preflight_say(preflight, FINDING_WARNING, "/proc", "mount -o remount,subset= /proc",
			      "shows processes only (subset=pid): most counters are missing");
}

static void host_say_collector(struct preflight *preflight, const struct collector_state *state)
{
	bool fine = state->status == COLLECT_OK ||
		    (state->status == COLLECT_UNSUPPORTED && !state->hidden);

	preflight_say(preflight, fine ? FINDING_OK : FINDING_WARNING, state->name, "", "%s%s",
		      state->status == COLLECT_UNSUPPORTED ? "not here: " : "",
		      state->error[0] ? state->error : "complete");
}

void preflight_kernel(struct preflight *preflight, const struct collect_settings *settings)
{
	struct engine *engine = engine_new(collectors, settings);
	struct collector_state state;

	host_say_kernel(preflight);
	host_say_viewpoint(preflight, &settings->roots);
	if (!engine)
		return;
	engine_collect_once(engine);
	for (size_t i = 0; i < engine_count(engine); i++) {
		engine_state(engine, i, &state);
		if (state.on)
			host_say_collector(preflight, &state);
	}
	engine_free(engine);
}
