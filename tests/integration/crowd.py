#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""One process with very many sockets in trouble, as any local user can make them.

usage: crowd.py UID NAME ADDRESS PORT COUNT [BACKLOG [USERS]]

COUNT listeners on ADDRESS from PORT on. With USERS they belong in turn to so many users from UID on.
Prints "ready", then obeys the lines of its standard input and
answers each with "done":
  fill [COUNT]   fills the accept queues (of the first COUNT listeners) and loses a connection on each
  lose [COUNT]   loses one more connection on each of them
  knock          leaves one connection waiting on each
  drain          closes the clients and accepts what is queued
  flip TIMES     fills and drains so many times, without losing any
  udp COUNT      that many UDP sockets, on ports from PORT on, that lose datagrams; left open
"""

import contextlib
import ctypes
import os
import resource
import socket
import sys

PR_SET_NAME = 15
libc = ctypes.CDLL(None)
BACKLOG = 8


class Crowd:
    def __init__(self, address, port, count, backlog, users):
        self.address, self.port, self.backlog = address, port, backlog
        self.listeners = [self._listen(port + i, users[i % len(users)]) for i in range(count)]
        self.clients = []
        self.lost = []
        self.deaf = []

    def _listen(self, port, user):
        # A socket belongs to who makes it.
        libc.setfsuid(user)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.address, port))
        listener.listen(self.backlog)
        listener.setblocking(False)
        return listener

    def _connect(self, port, into):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex((self.address, port))
        into.append(client)

    def _ports(self, count):
        return range(self.port, self.port + (len(self.listeners) if count is None else count))

    def fill(self, count=None):
        self._queue(self.backlog + 1, count)  # the queue takes one more than the backlog
        self.lose(count)

    def _queue(self, connections, count=None):
        for port in self._ports(count):
            for _ in range(connections):
                self._connect(port, self.clients)

    def knock(self):
        self._queue(1)

    def flip(self, times):
        for _ in range(times):
            self._queue(self.backlog + 1)
            self.drain()

    def lose(self, count=None):
        while self.lost:
            self.lost.pop().close()
        for port in self._ports(count):
            self._connect(port, self.lost)

    def drain(self):
        for client in self.clients + self.lost:
            client.close()
        self.clients, self.lost = [], []
        for listener in self.listeners:
            with contextlib.suppress(BlockingIOError):
                while True:
                    listener.accept()[0].close()

    def udp(self, count):
        client = socket.socket(type=socket.SOCK_DGRAM)
        for port in range(self.port, self.port + count):
            deaf = socket.socket(type=socket.SOCK_DGRAM)
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            deaf.bind((self.address, port))
            for _ in range(40):
                client.sendto(bytes(1000), (self.address, port))
            self.deaf.append(deaf)


def main(uid, name, address, port, count, backlog=BACKLOG, users=0):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))
    uid, users = int(uid), int(users)
    if not users:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    crowd = Crowd(address, int(port), int(count), int(backlog), range(uid, uid + max(users, 1)))
    libc.setfsuid(os.geteuid())
    libc.prctl(PR_SET_NAME, os.fsencode(name), 0, 0, 0)
    print("ready", flush=True)
    for line in sys.stdin:
        word, *numbers = line.split()
        getattr(crowd, word)(*map(int, numbers))
        print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
