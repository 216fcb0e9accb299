"""Kills what a process started when that process is killed itself; a program of its own, on nothing but Python.

It reads from stdin which programs are running: `+ token folder` before one starts, `= token group` once it has, and
`- token` when it is done. The end of stdin means that whoever wrote is gone, in whatever way: then every program that
is not done is killed with its process group, and its scratch folder is removed.
"""

import os
import shutil
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

MARK = "ACTIVESCI_ATTEMPT"
"""The environment variable by which the offspring of a program is known, also what left its process group."""


def kill_group(group: int) -> None:
    """Kill a process group; one that is gone is no error."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def kill_marked(tokens: Iterable[str]) -> int:
    """Kill every process of ours whose environment has one of the marks, and return how many there were.

    Only where the system tells environments (Linux); elsewhere nothing is found.
    """
    marks = {f"{MARK}={token}".encode() for token in tokens}
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) != os.getpid() and marks & _environment(entry):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(int(entry.name), signal.SIGKILL)
                found += 1
    return found


def end_marked(tokens: Iterable[str]) -> None:
    """Kill every process of ours that has one of the marks, again and again: it may fork while it is looked for."""
    marks = list(tokens)
    for _ in range(20):
        if not marks or not kill_marked(marks):
            return


def _environment(entry: Path) -> set[bytes]:
    try:
        return set((entry / "environ").read_bytes().split(b"\0"))
    except OSError:  # another user's, or gone
        return set()


def main() -> None:
    """Listen until whoever wrote is gone, then clean up after it."""
    folders: dict[str, str] = {}
    groups: dict[str, int] = {}
    for line in sys.stdin:
        said, token, *rest = line.rstrip("\n").split(" ", 2)
        if said == "+":
            folders[token] = rest[0]
        elif said == "=":
            groups[token] = int(rest[0])
        else:
            folders.pop(token, None)
            groups.pop(token, None)
    for group in groups.values():
        kill_group(group)
    end_marked(folders)
    for folder in folders.values():
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
