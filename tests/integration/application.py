#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""An application that does not do its work, until it is told to by a line on its standard input.

usage: application.py NAME listen ADDRESS BACKLOG     does not accept
       application.py NAME receive ADDRESS BUFFER     does not read its UDP socket
       application.py NAME leak ADDRESS COUNT...      a listener per COUNT; accepts that many, and
                                                      does not close them; a line then ends it

Prints its port, or ports.
"""

import ctypes
import resource
import socket
import sys
import threading

PR_SET_NAME = 15


def resolve(address):
    """The family and the whole address: a link-local one has a scope."""
    found = socket.getaddrinfo(address, 0, type=socket.SOCK_STREAM)[0]
    return found[0], found[4]


def server(address, backlog):
    family, whole = resolve(address)
    return socket.create_server(whole, family=family, backlog=backlog)


def listen(address, backlog):
    listener = server(address, int(backlog))
    print(listener.getsockname()[1], flush=True)
    sys.stdin.readline()
    while True:
        listener.accept()[0].close()


def receive(address, size):
    family, whole = resolve(address)
    receiver = socket.socket(family, socket.SOCK_DGRAM)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(size))
    receiver.bind(whole)
    print(receiver.getsockname()[1], flush=True)
    sys.stdin.readline()
    while True:
        receiver.recv(65536)


def leak(address, *counts):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    listeners = [server(address, 1000) for _ in counts]
    print(*[listener.getsockname()[1] for listener in listeners], flush=True)
    leaked = []

    def accept(listener, count):
        for _ in range(count):
            leaked.append(listener.accept()[0])

    for listener, count in zip(listeners, counts):
        threading.Thread(target=accept, args=(listener, int(count)), daemon=True).start()
    sys.stdin.readline()


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_NAME, sys.argv[1].encode(), 0, 0, 0)
    {"listen": listen, "receive": receive, "leak": leak}[sys.argv[2]](*sys.argv[3:])
