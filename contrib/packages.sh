# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Which Debian packages what needs: the one list of contrib/quickstart.sh and contrib/test.sh, which
# source this file.

# To build from a clone.
packages_build() {
    echo gcc libc6-dev make autoconf automake pkg-config \
        libsnmp-dev libnl-3-dev libmnl-dev libbpf-dev clang bpftool
}

# To run netdiagd under an snmpd, and to ask it.
packages_run() {
    echo snmpd snmp snmptrapd
}

# For the fault that quickstart.sh makes.
packages_demo() {
    echo iproute2
}

# To test: further compilers and checkers, and the tools that results are compared with.
# erlang-snmp has the SMI's own modules, which smilint reads.
packages_test() {
    echo check clang clang-format libclang-rt-dev valgrind shellcheck xz-utils \
        python3 python3-yaml smitools erlang-snmp iproute2 ethtool conntrack nftables iptables procps \
        snmptt prometheus-node-exporter nginx-light wrk debootstrap debian-archive-keyring mandoc
}

# packages_missing PACKAGE...: those that are not installed.
packages_missing() {
    local package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            echo "$package"
    done
}

# Runs a command while no package that is installed can start its daemon: they are for private
# instances, not to be made a service of this machine.
packages_without_daemons() (
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f "$policy"' EXIT
        trap 'exit 130' INT
        trap 'exit 143' TERM
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 0755 "$policy"
    fi
    "$@"
)

# packages_install GROUP...: (build, run, demo, test) installs what is missing of them. Asks the
# package lists of the network only when something is. 1, with a message, when that is impossible.
packages_install() {
    local group names=() missing log
    for group in "$@"; do
        read -ra names <<<"${names[*]} $("packages_$group")"
    done
    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        echo "      this is no Debian: what these Debian packages have must be there already:"
        echo "      ${names[*]}"
        return 0
    fi
    missing=$(packages_missing "${names[@]}" | sort -u | tr '\n' ' ')
    if [ -z "$missing" ]; then
        echo "      all ${#names[@]} are installed"
        return 0
    fi
    if [ "$(id -u)" != 0 ]; then
        echo "packages are missing; as root: apt-get install --no-install-recommends $missing" >&2
        return 1
    fi
    echo "      installing: $missing"
    log=$(mktemp) || return 1
    # $missing is a list of words.
    # shellcheck disable=SC2086
    if apt-get -q -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 </dev/null &&
        DEBIAN_FRONTEND=noninteractive packages_without_daemons \
            apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 install $missing \
            >>"$log" 2>&1 </dev/null; then
        rm -f "$log"
        return 0
    fi
    tail -n 25 "$log" >&2
    echo "apt-get cannot install them (above): check the network and /etc/apt/sources.list" >&2
    rm -f "$log"
    return 1
}

# source_copy FROM TO: a clone's files without its history and without what a build in it left, so
# that builds change nothing in it and what it holds disturbs no build.
source_copy() {
    mkdir -p "$2" &&
        tar -C "$1" --exclude=./.git --exclude='./build*' --exclude='./autom4te.cache' \
            --exclude='./netdiagd' \
            --exclude='*.o' --exclude='*.a' --exclude='.deps' --exclude='.dirstamp' \
            --exclude='./config.status' --exclude='./config.h' --exclude='./stamp-h1' \
            --exclude='./Makefile' --exclude='./Makefile.in' --exclude='__pycache__' \
            -cf - . | tar -C "$2" --no-same-owner -xf - &&
        find "$2/tests" -type f \( -name 'test_*' -o -name 'fuzz_*' \) ! -name '*.*' -delete
}
