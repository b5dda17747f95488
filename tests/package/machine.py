# SPDX-License-Identifier: BSD-2-Clause
"""A fresh Debian in a directory, and a real systemd that runs in it: in namespaces of its own, so that
nothing of this host but its kernel is touched. Its network consists of a loopback."""

import os
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

MIRROR = "http://deb.debian.org/debian"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# What becomes PID 1, with the new root as $1: mounts what systemd expects to find, and is it then.
BOOT = r"""
set -e
root=$1
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount --bind proc/sys/net proc/sys/net
mount -o remount,bind,rw proc/sys/net
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=0755 tmpfs dev
for node in null zero full random urandom tty; do
    : >dev/$node
    mount --bind /dev/$node dev/$node
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mkdir -p .host
pivot_root . .host
umount -l /.host
rmdir /.host
exec env -i container=netdiag-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd
"""


# For what has to do with a root before a systemd runs in it. Its end is that of all that it started,
# and of its mounts.
APART = ["unshare", "-m", "-p", "--fork", "--kill-child", "--propagation", "private"]


class Unavailable(Exception):
    """This host cannot do it; the text says why."""


class Failed(Exception):
    """A command in the machine failed; the text has its output."""


class Stopped(Exception):
    """The run was interrupted."""


class Commands:
    """The commands that run, each in a process group of its own, so that all can be ended at once."""

    def __init__(self):
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.running = set()
        # The caller may have made this process give way to others; a running system is timed.
        self.prefix = ["nice", "-n", str(-os.nice(0))]

    def start(self, command, **arguments):
        with self.lock:
            if self.stopped.is_set():
                raise Stopped
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, errors="replace",
                                     start_new_session=True, **arguments)
            self.running.add(child)
            return child

    def ended(self, child):
        with self.lock:
            self.running.discard(child)

    def run(self, command, timeout, env=None):
        """Its status and its output."""
        child = self.start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env)
        try:
            output, _ = child.communicate(timeout=timeout)
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.communicate()
            self.ended(child)
        if self.stopped.is_set():
            raise Stopped
        return child.returncode, output

    def stop(self):
        """Ends all that run; no other is started."""
        with self.lock:
            self.stopped.set()
            for child in self.running:
                if child.poll() is None:
                    os.killpg(child.pid, signal.SIGKILL)

    def pause(self, seconds):
        if self.stopped.wait(seconds):
            raise Stopped


commands = Commands()


def cgroup2_mount():
    with open("/proc/self/mounts") as mounts:
        for line in mounts:
            if line.split()[2] == "cgroup2":
                return line.split()[1]
    raise Unavailable("no cgroup2 is mounted")


def available():
    """Raises Unavailable, with the reason, where no machine can run."""
    if os.geteuid() != 0:
        raise Unavailable("needs root")
    for tool in ("debootstrap", "unshare", "nsenter"):
        if not shutil.which(tool):
            raise Unavailable(f"needs {tool}")
    cgroup2_mount()
    done = subprocess.run(["unshare", "-m", "-p", "-n", "-u", "-i", "-C", "--fork", "sh", "-ec",
                           "mount -t proc proc /proc; mount -t sysfs -o ro sysfs /sys; "
                           "mount -t cgroup2 cgroup2 /sys/fs/cgroup"], capture_output=True, text=True)
    if done.returncode:
        raise Unavailable(f"unshare, mount: {done.stderr.strip()}")
    device_nodes()
    archive(MIRROR)


def device_nodes():
    """Raises Unavailable where a root in the temporary directory could have none that work."""
    with tempfile.TemporaryDirectory() as directory:
        node = os.path.join(directory, "null")
        try:
            os.mknod(node, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            with open(node, "wb"):
                pass
        except OSError as error:
            raise Unavailable(f"device nodes below {tempfile.gettempdir()}: {error.strerror}") from error


def archive(mirror):
    """Raises Unavailable where the archive cannot be reached."""
    url = f"{mirror}/dists/bookworm/Release"
    for attempt in range(3):
        try:
            with urllib.request.urlopen(url, timeout=20) as reply:
                reply.read(1)
                return
        except (urllib.error.URLError, OSError) as error:
            if attempt == 2:
                raise Unavailable(f"{url}: {error}") from error


class Machine:
    """One Debian; a context that leaves nothing behind."""

    def __init__(self, suite, directory):
        self.suite = suite
        self.root = os.path.join(directory, suite)
        self.child = None
        self.cgroup = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()
        if os.path.isdir(self.root):
            shutil.rmtree(self.root)

    # --- the root

    def make(self):
        """Installs Debian and a systemd."""
        self.write("/etc/dpkg/dpkg.cfg.d/test", "force-unsafe-io\n")
        status, output = commands.run(APART + ["debootstrap", "--variant=minbase", f"--keyring={KEYRING}",
                                               self.suite, self.root, MIRROR], 1500)
        if status:
            archive(MIRROR)
            raise Failed(f"debootstrap {self.suite}: {output[-3000:]}")
        self.write("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
        # The tests start snmpd more often than an administrator does.
        self.write("/etc/systemd/system.conf.d/test.conf", "[Manager]\nDefaultStartLimitIntervalSec=0\n")
        shutil.copy("/etc/resolv.conf", self.path("/etc/resolv.conf"))
        self.install("systemd-sysv", "dbus")

    def copy_to(self, directory):
        """Another machine that is as this one is now; neither runs."""
        os.makedirs(directory)
        other = Machine(self.suite, directory)
        self._run(["cp", "-a", "--reflink=auto", self.root, other.root], 0)
        return other

    def install(self, *packages):
        """Installs packages of the archive."""
        if packages:
            self.without_daemons("apt-get -qq -y --no-install-recommends install " + " ".join(packages))

    def without_daemons(self, script):
        """As chroot(), and nothing that is installed is started."""
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        self.chroot(script)
        os.unlink(self.path("/usr/sbin/policy-rc.d"))

    def path(self, path):
        return self.root + path

    def write(self, path, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), "w") as out:
            out.write(text)
        os.chmod(self.path(path), mode)

    def chroot(self, script):
        """Runs a shell script in the root, with this host's network."""
        return self._run(APART + ["chroot", self.root, "sh", "-ec", script], 0)

    # --- the system

    def start(self):
        self.cgroup = tempfile.mkdtemp(prefix="netdiag-package-", dir=cgroup2_mount())
        self.child = commands.start(
            commands.prefix +
            ["sh", "-c", 'echo $$ >"$1/cgroup.procs" && exec unshare -m -p -n -u -i -C --fork '
             '--kill-child --propagation private sh -c "$2" sh "$3"', "sh", self.cgroup, BOOT, self.root],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.eventually("systemd runs", lambda: self.init() and self.run(
            "systemctl is-system-running", None).strip() in ("running", "degraded"), 300)

    def init(self):
        """The pid of its PID 1, as this host sees it; None before it exists."""
        if self.child.poll() is not None:
            raise Failed(f"systemd ended: {self.child.stderr.read()[-500:]}")
        with open(f"/proc/{self.child.pid}/task/{self.child.pid}/children") as children:
            pid = children.read().split()
        if not pid:
            return None
        with open(f"/proc/{pid[0]}/comm") as comm:
            return pid[0] if comm.read() == "systemd\n" else None

    def stop(self):
        if self.child:
            # Its end is the end of all that is in its namespace of processes, and of its mounts.
            if self.child.poll() is None:
                os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait()
            self.child.stderr.close()
            commands.ended(self.child)
            self.child = None
        if self.cgroup:
            self._remove_cgroup()

    def _remove_cgroup(self):
        deadline = time.monotonic() + 20
        while os.path.isdir(self.cgroup):
            for directory, _, _ in os.walk(self.cgroup, topdown=False):
                try:
                    os.rmdir(directory)
                except OSError:  # its last processes are about to end
                    if time.monotonic() > deadline:
                        raise
            time.sleep(0.1)
        self.cgroup = None

    def run(self, script, status=0, timeout=600):
        """The output of a shell script under that systemd; Failed where its status is another one.
        None: any."""
        return self._run(commands.prefix + ["nsenter", "-t", self.init(), "-a", "sh", "-c", script],
                         status, timeout)

    @staticmethod
    def _run(command, status, timeout=1500):
        found, output = commands.run(command, timeout, {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C",
            "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"})
        if status is not None and found != status:
            raise Failed(f"{command[-1]}: status {found}\n{output[-3000:]}")
        return output

    @staticmethod
    def pause(seconds):
        """For what must not happen meanwhile."""
        commands.pause(seconds)

    @staticmethod
    def eventually(what, condition, seconds=120):
        deadline = time.monotonic() + seconds
        while True:
            try:
                found = condition()
            except Failed as failed:
                if time.monotonic() > deadline:
                    raise
                found, _ = None, failed
            if found:
                return found
            if time.monotonic() > deadline:
                raise Failed(f"{what}: not within {seconds} s")
            commands.pause(0.3)
