# SPDX-License-Identifier: BSD-2-Clause
"""For Nagios and what runs its plugins: check_snmp on three scalars of netdiagAgent, and netdiagd's own
report over SSH or NRPE."""

from .prometheus import HEAD


def _scalar(model, name):
    return "." + model.columns[name].oid + ".0"


def health(model):
    """check_snmp's arguments: the worst severity (none is well, a warning is one, critical is critical),
    sources without current data (a warning), and the sentence about both, which is judged by nothing.
    Each list needs its commas, or only the first value is judged."""
    oids = ",".join(_scalar(model, name) for name in (
        "netdiagAgentWorstSeverity", "netdiagAgentStaleCollectors", "netdiagAgentSummary"))
    severity = model.columns["netdiagAgentWorstSeverity"].values
    return ["-P", "2c", "-o", oids, "-w", f"{severity['none']}:{severity['none']},0:0,",
            "-c", f"{severity['none']}:{severity['warning']},,", "-l", "severity", "-l", "stale sources", "-l", "netdiag"]


def _quoted(arguments):
    return " ".join(f"'{one}'" if " " in one or "," in one else one for one in arguments)


def commands(model):
    """netdiag.cfg"""
    return f"""{HEAD}

# One GET each minute: the host's worst alarm, and a sentence about it.
define command {{
    command_name    check_netdiag
    command_line    $USER1$/check_snmp -H $HOSTADDRESS$ -C $ARG1$ {_quoted(health(model))}
}}

# The same from the host itself, with performance data, over NRPE: on the host stands
#   command[check_netdiag]=/usr/local/sbin/netdiagd --report --perfdata
define command {{
    command_name    check_netdiag_nrpe
    command_line    $USER1$/check_nrpe -H $HOSTADDRESS$ -t 30 -c check_netdiag
}}

define service {{
    use                     generic-service
    host_name               myhost
    service_description     packet loss
    check_command           check_netdiag!public
    check_interval          1
}}
"""


def icinga(model):
    """netdiag.conf of Icinga 2"""
    words = health(model)
    flags = dict(zip(words[0::2], words[1::2]))
    arguments = "\n".join(f'    "{flag}" = {{ value = "{value}" }}' for flag, value in (
        ("-H", "$address$"), ("-p", "$netdiag_port$"), ("-C", "$netdiag_community$"),
        *((flag, flags[flag]) for flag in ("-P", "-o", "-w", "-c"))))
    labels = ", ".join(f'"{label}"' for flag, label in zip(words[0::2], words[1::2]) if flag == "-l")
    return f"""{HEAD.replace('#', '//')}

object CheckCommand "netdiag" {{
  command = [ PluginDir + "/check_snmp" ]
  arguments = {{
{arguments}
    "-l" = {{ value = "$netdiag_labels$", repeat_key = true }}
  }}
  vars.netdiag_port = 161
  vars.netdiag_community = "public"
  vars.netdiag_labels = [ {labels} ]
}}

// Each host that has vars.netdiag = true.
apply Service "packet loss" {{
  import "generic-service"
  check_command = "netdiag"
  check_interval = 1m
  retry_interval = 15s
  assign where host.vars.netdiag
}}
"""
