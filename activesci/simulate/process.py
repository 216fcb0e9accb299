"""One program, bounded: what it prints is capped, its time and memory are limited, and it ends with all its offspring.

The only file that starts processes. A program gets a session of its own, so that a signal reaches it with everything
it started; what has left its process group is found by a mark in its environment. If this process is killed in the
middle, its guardian (`guardian.py`) does the same.
"""

import math
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import uuid4

from . import guardian
from .memory import resident
from .tail import Tail

GRACE = 2.0
"""Seconds between SIGTERM and SIGKILL."""
LINGER = 0.2
"""Seconds in which what is left in the pipes of a program that has ended is read."""
LOOK = 0.05
"""Seconds between two looks at a program's time and memory."""
PIECE = 65536


@dataclass(frozen=True, slots=True)
class Order:
    """A program to be run.

    Attributes:
        command: The program and its arguments; no shell sees them.
        folder: Where it runs: its scratch folder, which is removed with it if we are killed.
        environment: Its environment.
        timeout: The longest it may take [s], or None.
        memory: The most memory that it may hold with all its children [bytes], or None.
    """

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    timeout: float | None = None
    memory: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        code: Its exit code; negative is the signal that ended it.
        broke: The limit that it broke, 'timeout' or 'memory', or None.
        stdout: The end of what it printed.
        stderr: The end of what it complained.
        seconds: Wall time [s].
    """

    code: int
    broke: str | None
    stdout: Tail
    stderr: Tail
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether it did what it was asked."""
        return self.code == 0 and self.broke is None

    def reason(self, order: Order) -> str:
        """Return why it was not well, in one line."""
        if self.broke == "timeout":
            return f"timed out after {order.timeout:g} s"
        if self.broke == "memory":
            return f"ran out of memory: used more than {order.memory:.0f} bytes"
        why = f"exit code {self.code}" if self.code > 0 else f"killed by {_signal_name(-self.code)}"
        if self.code == -signal.SIGKILL:
            why += ", as the system does when memory runs out"
        return f"{why}: {self.stderr.last_line()}" if self.stderr.total else why


def run(order: Order) -> Ended:
    """Run a program to its end, or to that of its time or memory.

    Returns:
        How it ended. When this returns or raises, nothing that the program started is left.

    Raises:
        OSError: If it cannot be started.
    """
    start, token = time.monotonic(), uuid4().hex
    with _guarded(token, order.folder):
        child = subprocess.Popen(
            list(order.command),
            cwd=order.folder,
            env={**order.environment, guardian.MARK: token},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        _tell(f"= {token} {child.pid}")
        with child, _Watch(child, order, token) as watch:
            watch.to_the_end(start)
        return Ended(child.returncode, watch.broke, watch.stdout, watch.stderr, time.monotonic() - start)


class Running:
    """A program that stays, and answers one line to each line that it is told, until it is closed.

    Args:
        command: The program and its arguments; `{answers}` in the last one becomes the number of the pipe where it is
            to answer.
        folder: Where it runs: its scratch folder.
        environment: Its environment.

    Raises:
        OSError: If it cannot be started.
    """

    def __init__(self, command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._token, self._rest = uuid4().hex, b""
        self._answers, theirs = os.pipe()
        _tell(f"+ {self._token} {folder}")
        try:
            self._child = subprocess.Popen(
                [*command[:-1], command[-1].format(answers=theirs)],
                cwd=folder,
                env={**environment, guardian.MARK: self._token},
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
                pass_fds=(theirs,),
            )
        except BaseException:
            _tell(f"- {self._token}")
            os.close(self._answers)
            raise
        finally:
            os.close(theirs)
        _tell(f"= {self._token} {self._child.pid}")
        for pipe in (self._answers, self._complaints):
            os.set_blocking(pipe, False)

    @property
    def _complaints(self) -> int:
        assert self._child.stderr is not None  # it was asked for
        return self._child.stderr.fileno()

    def ask(
        self, line: str, timeout: float | None = None, memory: float | None = None
    ) -> tuple[str | None, str, Tail]:
        """Tell it a line and wait for its answer.

        Args:
            line: The line.
            timeout: The longest that it may take [s], or None.
            memory: The most memory that it may hold [bytes], or None.

        Returns:
            Its answer, or None if there is none; then why, after which it is to be closed; and what it complained.
        """
        stderr, start = Tail(), time.monotonic()
        try:
            assert self._child.stdin is not None  # it was asked for
            self._child.stdin.write(line.encode() + b"\n")
            self._child.stdin.flush()
        except OSError:
            return None, self._end(), stderr
        with selectors.DefaultSelector() as pipes:
            pipes.register(self._answers, selectors.EVENT_READ)
            pipes.register(self._complaints, selectors.EVENT_READ, stderr)
            while b"\n" not in self._rest:
                if timeout is not None and time.monotonic() - start > timeout:
                    return None, f"timed out after {timeout:g} s", stderr
                if memory is not None and resident(self._child.pid) > memory:
                    return None, f"ran out of memory: used more than {memory:.0f} bytes", stderr
                if not self._heard(pipes):
                    return None, self._end(), stderr
            self._drain(stderr)
        answer, _, self._rest = self._rest.partition(b"\n")
        return answer.decode("utf-8", "backslashreplace"), "", stderr

    def _heard(self, pipes: selectors.BaseSelector) -> bool:
        """Take what comes for a moment, and say whether it is still there."""
        for key, _ in pipes.select(LOOK):
            data = _piece(key.fd)
            if key.data is not None:
                key.data.add(data or b"")
                if data == b"":
                    pipes.unregister(key.fd)
            elif data == b"":
                return False
            else:
                self._rest += data or b""
        return True

    def _drain(self, stderr: Tail) -> None:
        while data := _piece(self._complaints):
            stderr.add(data)

    def _end(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            code = self._child.wait(GRACE)
            return f"exit code {code}" if code >= 0 else f"killed by {_signal_name(-code)}"
        return "stopped answering"

    def close(self) -> None:
        """End it with everything that it started; may be called twice."""
        if self._answers < 0:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, signal.SIGKILL)
        guardian.end_marked([self._token])
        with self._child:
            assert self._child.stdin is not None  # it was asked for
            with suppress(OSError):
                self._child.stdin.close()
        os.close(self._answers)
        self._answers = -1
        _tell(f"- {self._token}")


class _Watch:
    """Reads a running program's pipes, keeps its limits, and ends it."""

    def __init__(self, child: "subprocess.Popen[bytes]", order: Order, token: str) -> None:
        self._child, self._order, self._token = child, order, token
        self.stdout, self.stderr = Tail(), Tail()
        self.broke: str | None = None
        self._pipes = selectors.DefaultSelector()
        for pipe, tail in ((child.stdout, self.stdout), (child.stderr, self.stderr)):
            assert pipe is not None  # both were asked for
            os.set_blocking(pipe.fileno(), False)
            self._pipes.register(pipe, selectors.EVENT_READ, tail)

    def to_the_end(self, start: float) -> None:
        """Wait until the program has ended, by itself or by us because it broke a limit."""
        look, kill = 0.0, math.inf
        with self._hearing_the_end() as wait:
            while not self._has_ended():
                self._read(wait)
                now = time.monotonic()
                if self.broke is None and now >= look:
                    look, self.broke = now + LOOK, self._broken(now - start)
                    if self.broke:
                        self._signal(signal.SIGTERM)
                        kill = now + GRACE
                elif now > kill:
                    self._signal(signal.SIGKILL)

    def _has_ended(self) -> bool:
        """Look without reaping: while its zombie is there nobody else can get the number of its group."""
        return os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _broken(self, seconds: float) -> str | None:
        if self._order.timeout is not None and seconds > self._order.timeout:
            return "timeout"
        if self._order.memory is not None and resident(self._child.pid) > self._order.memory:
            return "memory"
        return None

    @contextmanager
    def _hearing_the_end(self) -> Iterator[float]:
        """Have `_read` return when the program ends, where the system can tell; yield how long it is to wait."""
        if not hasattr(os, "pidfd_open"):
            yield LOOK / 10
            return
        end = os.pidfd_open(self._child.pid)
        self._pipes.register(end, selectors.EVENT_READ)
        try:
            yield LOOK
        finally:
            self._pipes.unregister(end)
            os.close(end)

    def _read(self, wait: float) -> None:
        """Take what is in the pipes, or wait for it."""
        for key, _ in self._pipes.select(wait):
            if key.data is None or (data := _piece(key.fd)) is None:
                continue
            key.data.add(data)
            if not data:
                self._pipes.unregister(key.fileobj)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._child.pid, number)

    def __enter__(self) -> "_Watch":
        return self

    def __exit__(self, *_: object) -> None:
        """End what is left, whatever happened: the group first, then who has left it."""
        self._signal(signal.SIGKILL)
        until = time.monotonic() + LINGER
        while self._pipes.get_map() and time.monotonic() < until:
            self._read(LOOK)
        # what left the group is looked for where there may be some: it holds our pipes, or the program was stopped
        if self._pipes.get_map() or self.broke or self._was_killed():
            guardian.end_marked([self._token])
        self._pipes.close()

    def _was_killed(self) -> bool:
        ended = os.waitid(os.P_PID, self._child.pid, os.WEXITED | os.WNOWAIT)
        return ended is not None and ended.si_code != os.CLD_EXITED


def _piece(descriptor: int) -> bytes | None:
    """Return what a pipe has, nothing at its end, or None if it has nothing now."""
    try:
        return os.read(descriptor, PIECE)
    except BlockingIOError:
        return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


@contextmanager
def _guarded(token: str, folder: Path) -> Iterator[None]:
    _tell(f"+ {token} {folder}")
    try:
        yield
    finally:
        _tell(f"- {token}")


def _tell(line: str) -> None:
    """Tell this process's guardian; one that is gone is replaced."""
    data = f"{line}\n".encode()
    try:
        os.write(_guardian(os.getpid()), data)
    except BrokenPipeError:
        _guardian.cache_clear()
        os.write(_guardian(os.getpid()), data)


@cache
def _guardian(_process: int) -> int:
    """Start the guardian of this process (a fork of it needs its own) and return the pipe that it listens to.

    It is nobody's child: who kills this process and its children, as Ray does, leaves it alive.
    """
    reader, writer = os.pipe()
    orphan = ["/bin/sh", "-c", 'exec 3<&0; "$@" <&3 3<&- &', "sh"]
    program = [sys.executable, "-I", "-S", guardian.__file__]
    environment = {name: value for name, value in os.environ.items() if name not in (guardian.MARK, "RAY_AUTH_TOKEN")}
    nowhere = subprocess.DEVNULL
    subprocess.run(
        [*orphan, *program],
        stdin=reader,
        stdout=nowhere,
        stderr=nowhere,
        start_new_session=True,
        check=True,
        cwd="/",
        env=environment,
    )
    os.close(reader)
    return writer
