#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A traphandle for snmptrapd that writes notifications to the file that Zabbix reads, in its format:
# one line with the time and the sender's address, then the variables, one a line. Nothing of a
# notification is executed. In snmptrapd.conf:
#   traphandle default /usr/local/share/netdiag/nms/zabbix/netdiag-traphandle.sh
# The file is that of SNMPTrapperFile in zabbix_server.conf; another one is given as the argument.
set -eu
file=${1:-/var/log/snmptrap/snmptrap.log}

read -r _host
read -r connection
# UDP: [192.0.2.1]:50000->[192.0.2.2]:162, or UDP/IPv6: [2001:db8::1]:50000->...
address=${connection#*[}
address=${address%%]*}
# One write, so that what two handlers append does not mix.
printf '%s ZBXTRAP %s\n%s\n' "$(date +%Y-%m-%dT%H:%M:%S%z)" "$address" "$(cat)" >>"$file"
