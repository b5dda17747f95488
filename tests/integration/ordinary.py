# SPDX-License-Identifier: BSD-2-Clause
"""What servers do all day: web servers that are reloaded and restarted, pools of idle connections,
copies, name resolution, containers that come and go. Each piece of work is a generator that does a
little between its yields; Work runs them side by side until it is told to stop."""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from harness import SRC, Netns, run, start, stop

LLDP = 0x88cc

# A process per service: what they do is not slowed by the others' work.
WEB = """
import http.server, signal, socketserver, sys, threading
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    request_queue_size = 511
    daemon_threads = True
class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"x" * 1000)
    def log_message(self, *args):
        pass
Server((sys.argv[1], int(sys.argv[2])), Page).serve_forever()
"""
BROWSE = """
import http.client, sys, threading, time
def browse(keep):
    client = None
    while True:
        try:
            client = client or http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=5)
            client.request("GET", "/")
            client.getresponse().read()
            if not keep:
                client.close()
                client = None
            time.sleep(0.02)
        except (OSError, http.client.HTTPException):
            client = None
            time.sleep(1)
for number in range(8):
    threading.Thread(target=browse, args=(number < 6,)).start()
"""
DNS = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind((sys.argv[1], int(sys.argv[2])))
while True:
    query, client = server.recvfrom(512)
    server.sendto(query[:2] + b"\\x81\\x80" + query[4:], client)
"""
SINK = """
import socket, sys, threading
listener = socket.create_server((sys.argv[1], int(sys.argv[2])), backlog=128)
def read(client):
    with client:
        while client.recv(1 << 18):
            pass
while True:
    threading.Thread(target=read, args=(listener.accept()[0],), daemon=True).start()
"""
QUERY = b"%b\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0%b\0\1"
A, AAAA = b"\1", b"\x1c"


class Here:
    """The network namespace that this process is in, as harness.Netns has others."""

    name = None

    def command(self, *command):
        return list(command)

    def run(self, *command, **options):
        return run(*command, **options)

    def start(self, *command, **options):
        return start(list(command), **options)

    def entered(self):
        return contextlib.nullcontext(self)


class Work(contextlib.ExitStack):
    """Work in the namespace `host`, asked for by `peer` at the other end of `link`, an interface of
    the peer; without a link all of it is on loopback. A context manager; `done` counts the turns of
    each piece of work."""

    WEB_PORT, DNS_PORT, POOL_PORT, COPY_PORT = 8080, 5300, 8090, 8091

    def __init__(self, host, peer, address, link=None):
        super().__init__()
        self.host, self.peer, self.address, self.link = host, peer, address, link
        self.done = {}
        self.failed = []
        self.over = threading.Event()
        self.dir = tempfile.mkdtemp(prefix="netdiag-work-")
        self.callback(shutil.rmtree, self.dir, ignore_errors=True)

    def __enter__(self):
        pieces = [self.web, self.pool, self.copy, self.resolve, self.containers, self.compile,
                  self.check_health]
        if self.link:
            pieces.append(self.announce)
        threads = [threading.Thread(target=self._do, args=(piece,)) for piece in pieces]
        for thread in threads:
            thread.start()
        self.callback(self._end, threads)
        return self

    def _end(self, threads):
        self.over.set()
        for thread in threads:
            thread.join()

    def _do(self, piece):
        """A piece of work yields how long it pauses."""
        try:
            with contextlib.ExitStack() as stack:
                for pause in piece(stack):
                    self.done[piece.__name__] = self.done.get(piece.__name__, 0) + 1
                    if self.over.wait(pause):
                        return
        except BaseException as error:
            self.failed.append((piece.__name__, error))

    def _service(self, stack, where, code, *args):
        """A process that is ended with the piece of work."""
        child = where.start("nice", sys.executable, "-c", code, *map(str, args),
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(stop, child)
        return child

    def _answers(self, port):
        with self.peer.entered():
            client = socket.socket()
        with client:
            return client.connect_ex((self.address, port)) == 0

    def _ready(self, port):
        while not self.over.is_set() and not self._answers(port):
            time.sleep(0.1)

    def web(self, stack):
        """A web server under load, reloaded every few seconds and restarted now and then."""
        server = self._nginx if shutil.which("nginx") else self._plain_web
        with contextlib.ExitStack() as serving:
            child = server(serving)
            self._ready(self.WEB_PORT)
            if shutil.which("wrk"):
                self._service(stack, self.peer, "import os, sys; os.execvp('wrk', sys.argv[1:])",
                              "wrk", "-t1", "-c40", "-d24h", f"http://{self.address}:{self.WEB_PORT}/")
            else:
                self._service(stack, self.peer, BROWSE, self.address, self.WEB_PORT)
            while True:
                for _ in range(24):
                    yield 5
                    if server == self._nginx:
                        child.send_signal(signal.SIGHUP)
                serving.close()
                child = server(serving)

    def _plain_web(self, stack):
        return self._service(stack, self.host, WEB, self.address, self.WEB_PORT)

    def _nginx(self, stack):
        path = os.path.join(self.dir, "nginx.conf")
        with open(path, "w") as out:
            out.write(f"daemon off; worker_processes 2; pid {self.dir}/nginx.pid; error_log /dev/null;"
                      "events { worker_connections 500; } http { access_log off;"
                      f" server {{ listen {self.address}:{self.WEB_PORT}; return 200 ordinary; }} }}\n")
        child = self.host.start("nice", "nginx", "-c", path, "-p", self.dir,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stack.callback(stop, child)
        return child

    def pool(self, stack):
        """A server that closes idle connections, and a client's pool that has not noticed: a few
        new ones each second, and one that stays in CLOSE_WAIT for as long as the work lasts."""
        with self.peer.entered(), self.host.entered():
            listener = stack.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.address, self.POOL_PORT))
        listener.listen(128)
        with self.host.entered():
            idle = stack.enter_context(socket.create_connection((self.address, self.POOL_PORT)))
        listener.accept()[0].close()
        kept = []
        stack.callback(lambda: [client.close() for client in kept])
        while True:
            with self.host.entered():
                kept.append(socket.create_connection((self.address, self.POOL_PORT)))
            listener.accept()[0].close()
            if len(kept) > 30:
                kept.pop(0).close()
            assert idle.fileno() >= 0
            yield 0.5

    def copy(self, stack):
        """Large copies, each as fast as it goes, and once in a while through ssh's port."""
        self._service(stack, self.host, SINK, self.address, self.COPY_PORT)
        self._ready(self.COPY_PORT)
        block = bytes(1 << 20)
        while True:
            with self.peer.entered():
                client = socket.create_connection((self.address, self.COPY_PORT))
            with client:
                until = time.monotonic() + 4
                while time.monotonic() < until and not self.over.is_set():
                    client.sendall(block)
            yield 6

    def resolve(self, stack):
        """Stub resolvers, which ask for A and AAAA at once from one port, new for each name."""
        self._service(stack, self.peer, DNS, "0.0.0.0", self.DNS_PORT)
        where = self.resolver()
        time.sleep(0.5)
        while True:
            with self.host.entered():
                query = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            with query, contextlib.suppress(TimeoutError):
                query.settimeout(1)
                for kind in (A, AAAA):
                    query.sendto(QUERY % (os.urandom(2), kind), (where, self.DNS_PORT))
                for _ in range(2):
                    query.recv(512)
            yield 0.005

    def resolver(self):
        """The address of the peer."""
        if not self.link:
            return self.address
        found = self.peer.run("ip", "-br", "-4", "address", "show", "dev", self.link)
        return found.split()[2].partition("/")[0]

    def containers(self, stack):
        """Sixty namespaces, ten at a time, each with a service that a few clients use."""
        while True:
            for _ in range(6):
                with contextlib.ExitStack() as pods:
                    for _ in range(10):
                        pod = pods.enter_context(Netns("pod"))
                        with pod.entered():
                            listener = pods.enter_context(socket.create_server(("127.0.0.1", 0)))
                            for _ in range(3):
                                pods.enter_context(socket.create_connection(listener.getsockname()))
                        for _ in range(3):
                            listener.accept()[0].close()
                    yield 5
            yield 20

    def compile(self, stack):
        """A source file again and again."""
        compiler = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
        file = os.path.join(SRC, "collectors/base/text.c")
        while True:
            if compiler:
                run("nice", "-n", "19", compiler, "-O2", "-D_GNU_SOURCE", f"-I{SRC}", "-c", file, "-o",
                    os.path.join(self.dir, "object"), check=False)
            yield 0.5

    def check_health(self, stack):
        """A SYN every two seconds, as load balancers ask; the peer's kernel answers what it does
        not know with a reset."""
        from test_alarms_healthy import SYN, tcp_segment
        with self.peer.entered():
            raw = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW))
        number = 0
        while True:
            number = (number + 1) % 10000
            raw.sendto(tcp_segment(self.resolver(), self.address, (20000 + number, self.POOL_PORT),
                                   SYN, 7 + number), (self.address, 0))
            yield 2

    def announce(self, stack):
        """LLDP frames, which nobody here reads."""
        with self.peer.entered():
            raw = stack.enter_context(socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
            raw.bind((self.link, 0))
        frame = (bytes.fromhex("0180c200000e") + raw.getsockname()[4] + struct.pack("!H", LLDP)
                 + bytes.fromhex("0207046e6574646961670403054c4c060200780000") + bytes(40))
        while True:
            raw.send(frame)
            yield 0.2
