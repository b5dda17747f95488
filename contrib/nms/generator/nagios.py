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
    arguments = "\n".join(f'    "{flag}" = {{ {value} }}' for flag, value in (
        ("-H", 'value = "$address$"'), ("-C", 'value = "$netdiag_community$"'), ("-P", 'value = "2c"'),
        ("-o", f'value = "{words[3]}"'), ("-w", f'value = "{words[5]}"'), ("-c", f'value = "{words[7]}"'),
        ("-l", 'value = [ "severity", "stale sources", "netdiag" ]\n      repeat_key = true')))
    return f"""{HEAD.replace('#', '//')}

object CheckCommand "netdiag" {{
  command = [ PluginDir + "/check_snmp" ]
  arguments = {{
{arguments}
  }}
  vars.netdiag_community = "public"
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
