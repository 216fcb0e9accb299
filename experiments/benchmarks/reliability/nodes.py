"""A Ray cluster of several nodes on this machine, each of which can be killed, and can lack what others have."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RAY = str(Path(sys.executable).parent / "ray")
# mounts an empty folder over each of these, seen by the node alone, and becomes the node
HIDE = 'while [ "$1" != -- ]; do mount -t tmpfs none "$1" || exit 1; shift; done; shift; exec "$@"'
PATIENCE = 90.0


class Nodes:
    """A head without CPUs and some nodes, each started by `ray start` as one would on a machine of its own.

    Args:
        cpus: CPUs of each node.
        hidden: Folders that the nodes cannot see, though the driver can; needs root.
        port: The head's port; by default one that is free.
        token: What the cluster asks for; by default a new one.
        host: The head's own address.
        options: What else the head is started with.
    """

    def __init__(self, cpus=(1, 1, 1), hidden=(), port=None, token=None, host="127.0.0.1", options=()):
        self.folder = Path(tempfile.mkdtemp(prefix="activesci-nodes-"))
        self.port, self.token, self.hidden = port or free_port(), token or secrets.token_hex(32), hidden
        self.host, self.address = host, f"{host}:{self.port}"
        self.processes = []
        try:
            place = [f"--port={self.port}", f"--temp-dir={self.folder / 'ray'}", *at(host)]
            self.head = self._start(0, "--head", *place, *options)
            self.nodes = [self.join(count) for count in cpus]
        except BaseException:
            self.close()
            raise

    @property
    def environment(self):
        """What a process needs to be let in."""
        said = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token, "RAY_USAGE_STATS_ENABLED": "0"}
        return os.environ | said | {"OMP_NUM_THREADS": "1", "RAY_process_group_cleanup_enabled": "true"}

    def join(self, cpus=1, gpus=0, host=None, inside=()):
        """Start one more node; Ray is told how many GPUs it has, and does not look for them.

        `inside` stands before its command: what brings it into a network of its own, where `host` is its address.
        """
        place = [f"--address={self.address}", *at(host or self.host)]
        return self._start(cpus, *place, f"--num-gpus={gpus}", inside=inside)

    def _start(self, cpus, *options, inside=()):
        command = [RAY, "start", "--block", *options, f"--num-cpus={cpus}", "--object-store-memory=100000000"]
        command += ["--include-dashboard=false"] if "--head" in options else []
        if self.hidden and "--head" not in options:
            command = ["unshare", "-m", "sh", "-c", HIDE, "sh", *map(str, self.hidden), "--", *command]
        command = [*inside, *command]
        path = self.folder / f"node{len(self.processes)}.log"
        with path.open("w") as log:
            node = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        self.processes.append(node)
        until = time.monotonic() + PATIENCE
        while "Ray runtime started" not in path.read_text():
            if node.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the node did not start: {path.read_text()[-2000:]}")
            time.sleep(0.1)
        return node

    def workers(self):
        """Return the workers that are at a simulation, by process id."""
        mine = set().union(*(offspring(node.pid) for node in self.processes))
        return [pid for pid in mine if command_of(pid).startswith("ray::_run")]

    def raylet(self, node):
        """Return the process id of a node's raylet."""
        return next(pid for pid in offspring(node.pid) if "/raylet/raylet" in command_of(pid).split(" ")[0])

    def kill(self, node):
        """Kill all of a node at once, as a power cut does."""
        for pid in offspring(node.pid):
            end(pid)
        node.wait()

    def close(self):
        """Kill every node."""
        for node in reversed(self.processes):
            self.kill(node)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def at(host):
    """Return what tells a node its own address; on the loopback it is Ray's to find."""
    return [] if host == "127.0.0.1" else [f"--node-ip-address={host}"]


def end(pid):
    """Kill a process, if it is there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def offspring(leader):
    """Return a process, its session, and their offspring in sessions of their own."""
    rows, found = list(processes()), {leader}
    while more := {pid for pid, parent, session in rows if session in found or parent in found} - found:
        found |= more
    return found


def processes():
    """Yield the id, the parent and the session of every process that is no zombie."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            yield int(path.parent.name), int(fields[1]), int(fields[3])


def command_of(pid):
    """Return a process's command line; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
