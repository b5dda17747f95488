# SPDX-License-Identifier: BSD-2-Clause
"""The RPM, built and installed on a Debian: what it consists of and what its scriptlets do. (It needs
no more of RHEL than the macros below.)"""

import os
import shutil

from debian import SOURCE, answers, files, show
from steps import contains, equal

# Directories that other packages of RHEL own.
OTHERS = {"/usr/share/licenses", "/usr/share/zsh/site-functions"}

# What systemd-rpm-macros has, as far as the spec uses it.
MACROS = r"""
%_docdir /usr/share/doc
%_sharedstatedir /var/lib
%_unitdir /usr/lib/systemd/system
%_sysusersdir /usr/lib/sysusers.d
%_tmpfilesdir /usr/lib/tmpfiles.d
%tmpfiles_create() systemd-tmpfiles --create %{?*} || :
%systemd_post() if [ $1 -eq 1 ]; then systemctl --no-reload enable %{?*} || :; fi
%systemd_preun() if [ $1 -eq 0 ]; then systemctl --no-reload disable --now %{?*} || :; fi
%systemd_postun_with_restart() if [ $1 -ge 1 ]; then systemctl try-restart %{?*} || :; fi
"""

WANTED = """
/usr/lib/systemd/system/netdiagd.service
/usr/lib/sysusers.d/netdiag.conf
/usr/lib/tmpfiles.d/netdiag.conf
/usr/sbin/netdiagd
/usr/share/bash-completion/completions/netdiagd
/usr/share/man/man5/netdiagd.conf.5
/usr/share/man/man7/NETDIAG-MIB.7
/usr/share/man/man8/netdiagd.8
/usr/share/netdiag/snmpd/netdiag.conf
/usr/share/netdiag/snmpd/netdiag-view.conf
/usr/share/netdiag/systemd/owners.conf
/usr/share/snmp/mibs/NETDIAG-MIB.txt
/usr/share/zsh/site-functions/_netdiagd
""".split()


def build(machine, tarball):
    """The RPM is built of the tarball and the spec, and holds what it should."""
    machine.install("rpm")
    top = machine.path("/root/rpmbuild")
    for directory in ("SOURCES", "SPECS"):
        os.makedirs(os.path.join(top, directory))
    shutil.copy(tarball, os.path.join(top, "SOURCES"))
    shutil.copy(os.path.join(SOURCE, "contrib", "rpm", "netdiag.spec"), os.path.join(top, "SPECS"))
    machine.write("/root/.rpmmacros", MACROS)
    machine.chroot("HOME=/root rpmbuild -bb --nodeps --nocheck /root/rpmbuild/SPECS/netdiag.spec >/root/log 2>&1 ||"
                   " { tail -n 40 /root/log; exit 1; }")
    machine.chroot("mv /root/rpmbuild/RPMS/*/netdiag-[0-9]*.rpm /root/netdiag.rpm")
    found = machine.chroot("rpm -qlp /root/netdiag.rpm 2>/dev/null").split()
    equal([path for path in WANTED if path not in found], [])
    equal([path for path in found if path.startswith("/etc")], [])


def installs(machine):
    """The RPM's scriptlets make the user and the service, and an erasure leaves only the user."""
    before = files(machine)
    machine.run("userdel netdiag; rpm -i --nodeps /root/netdiag.rpm")
    contains(machine.run("getent passwd netdiag"), "nologin")
    equal(machine.run("systemctl is-enabled netdiagd").strip(), "enabled")
    # As netdiagd(8) has it in RHEL, with this system's view.
    machine.run("""
        cp /etc/snmp/snmpd.conf /root/snmpd.conf
        cat /usr/share/netdiag/snmpd/netdiag.conf /usr/share/netdiag/snmpd/netdiag-view.conf >>/etc/snmp/snmpd.conf
        systemctl restart snmpd
        systemctl start netdiagd""")
    machine.eventually("a walk by name", lambda: answers(machine))
    machine.run("rpm -e netdiag && mv /root/snmpd.conf /etc/snmp/ && systemctl restart snmpd")
    equal(show(machine, "ActiveState"), "inactive")
    left = files(machine) - before - OTHERS
    equal(sorted(path for path in left if "rpm" not in path), [])


LAST = (installs,)
