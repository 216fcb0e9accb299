"""What a power loss leaves of a folder: what a program wrote there is replayed, and what it had not synced is lost.

`recorded` runs a program under strace and returns what it did to the files below a folder, in order, with every byte
that it wrote, and what it said. `Disk` is what the files look like after some of it: POSIX promises that content is
there after an fsync of the file, and a name after an fsync of its folder, and nothing else. So a file may have any
part of what was written since, and a folder any first part of what was named, renamed or removed since.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

CALLS = "openat,creat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat"
CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?")
OPENED, TEXT = re.compile(r"^(?:AT_FDCWD<[^>]*>|\d+<[^>]*>), "), re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
HELD = re.compile(r"^(\d+)<([^>]*)>")
SECTOR = 512


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that a program did.

    Attributes:
        what: 'create', 'write', 'cut', 'sync', 'rename', 'remove', 'folder' or 'said'.
        path: The file, below the folder.
        data: What was written or said.
        place: Where in the file, or the length that it was cut to.
        to: The new name.
    """

    what: str
    path: str = ""
    data: bytes = b""
    place: int = 0
    to: str = ""


def recorded(command: Sequence[str], folder: Path) -> list[Done]:
    """Run a program and return what it did below a folder, and what it said on stdout.

    Raises:
        RuntimeError: If it does not end well.
    """
    log = folder.with_name(f"{folder.name}.strace")
    trace = ["strace", "-f", "-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-e", "signal=none"]
    ran = subprocess.run([*trace, "-o", str(log), *command], capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RuntimeError(ran.stderr[-2000:])
    with log.open(encoding="ascii") as lines:
        return list(_read(whole(lines), f"{folder}/"))


def whole(lines: Iterator[str]) -> Iterator[str]:
    """Yield calls in the order in which they ended; one that others came between stands in two lines."""
    begun: dict[str, str] = {}
    for line in lines:
        process = line.split(" ", 1)[0]
        if line.endswith("<unfinished ...>\n"):
            begun[process] = line.removesuffix("<unfinished ...>\n").rstrip()
        elif " resumed>" in line:
            yield begun.pop(process, "") + line.split(" resumed>", 1)[1]
        else:
            yield line


def _read(lines: Iterator[str], below: str) -> Iterator[Done]:
    places: dict[tuple[str, str], int] = {}
    for line in lines:
        if (found := CALL.match(line)) is None or found[3].startswith("-"):
            continue
        name, given, result = found[1], found[2], found[3]
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in TEXT.findall(given)]
        held = HELD.match(given)
        if name in ("write", "pwrite64", "ftruncate", "fsync", "fdatasync") and held:
            yield from _on_open(name, given, int(result), texts, held, below, places)
        else:
            yield from _on_names(name, given, texts, result, found[4], below, places)


def _on_open(name, given, result, texts, held, below, places) -> Iterator[Done]:
    number, path = held[1], _plain(held[2])
    if name == "write" and number == "1":
        yield Done("said", data=texts[0])
        return
    if not path.startswith(below) and path + "/" != below:
        return
    path = path[len(below) :]
    if name == "write":
        place = places.get((number, path), 0)
        places[number, path] = place + result
        yield Done("write", path, texts[0][:result], place)
    elif name == "pwrite64":
        yield Done("write", path, texts[0][:result], int(given.rsplit(", ", 1)[1]))
    elif name == "ftruncate":
        yield Done("cut", path, place=int(given.rsplit(", ", 1)[1]))
    else:
        yield Done("sync", path)


def _on_names(name, given, texts, result, opened, below, places) -> Iterator[Done]:
    paths = [path[len(below) :] for path in (text.decode() for text in texts) if path.startswith(below)]
    if not paths:
        return
    if name in ("openat", "creat"):
        places[result, paths[0]] = 0
        if "O_CREAT" in given or name == "creat":
            yield Done("create", paths[0])
        if "O_TRUNC" in given:
            yield Done("cut", paths[0])
    elif name.startswith("rename"):
        yield Done("rename", paths[0], to=paths[1])
    elif name.startswith("unlink"):
        yield Done("remove", paths[0])
    elif name.startswith("mkdir"):
        yield Done("folder", paths[0])


def _plain(path: str) -> str:
    """Return a path as strace shows that of an open file, less its escapes and the mark of a removed one."""
    text = bytes.fromhex(path.replace("\\x", "")).decode() if path.startswith("\\x") else path
    return text.removesuffix(" (deleted)")


@dataclass
class File:
    """A file's content that is safe, and what was done to it since."""

    safe: bytearray = field(default_factory=bytearray)
    since: list[Done] = field(default_factory=list)

    def sync(self) -> None:
        for one in self.since:
            apply(self.safe, one)
        self.since = []


def apply(content: bytearray, done: Done) -> None:
    """Do one thing to a file's content."""
    if done.what == "cut":
        del content[done.place :]
        content.extend(bytes(done.place - len(content)))
        return
    content.extend(bytes(max(0, done.place - len(content))))
    content[done.place : done.place + len(done.data)] = done.data


class Disk:
    """Files as they are after a program did some things, and what of that is safe."""

    def __init__(self) -> None:
        self.names: dict[str, File | None] = {}
        self.safe: dict[str, File | None] = {}
        self.since: dict[str, list[tuple[str, str, File | None]]] = {}

    def do(self, done: Done) -> None:
        """Do the next thing."""
        if done.what in ("create", "folder"):
            if done.path not in self.names:
                self._name(done.path, File() if done.what == "create" else None)
        elif done.what in ("write", "cut"):
            if (file := self.names.get(done.path)) is not None:
                file.since.append(done)
        elif done.what == "sync":
            self._sync(done.path)
        elif done.what == "rename":
            file = self.names.pop(done.path)
            self._change(done.path, "remove", None)
            self._name(done.to, file)
        elif done.what == "remove":
            self.names.pop(done.path, None)
            self._change(done.path, "remove", None)

    def _name(self, path: str, file: File | None) -> None:
        self.names[path] = file
        self._change(path, "name", file)

    def _change(self, path: str, how: str, file: File | None) -> None:
        self.since.setdefault(_parent(path), []).append((how, path, file))

    def _sync(self, path: str) -> None:
        if (file := self.names.get(path)) is not None:
            file.sync()
        else:  # a folder: the run folder itself is ''
            for change in self.since.pop(path, []):
                _enter(self.safe, change)

    def lost(self, rng: np.random.Generator | None = None, torn: bool = False) -> dict[str, bytes | None]:
        """Return what a power loss now leaves, folders as None.

        Args:
            rng: Chooses which of what is not safe is there all the same; None of it by default.
            torn: Whether the last thing written is there in part, by sectors.
        """
        names = dict(self.safe)
        for changes in self.since.values():
            for change in changes[: 0 if rng is None else int(rng.integers(len(changes) + 1))]:
                _enter(names, change)
        return {path: None if file is None else _content(file, rng, torn) for path, file in names.items()}


def _content(file: File, rng: np.random.Generator | None, torn: bool) -> bytes:
    content = bytearray(file.safe)
    for i, done in enumerate(file.since):
        if torn and i == len(file.since) - 1 and done.data:
            half = max(1, len(done.data) // 2 // SECTOR * SECTOR)
            apply(content, Done("write", done.path, done.data[:half], done.place))
        elif torn or (rng is not None and rng.random() < 0.5):
            apply(content, done)
    return bytes(content)


def _enter(names: dict[str, File | None], change: tuple[str, str, File | None]) -> None:
    how, path, file = change
    if how == "name":
        names[path] = file
    else:
        names.pop(path, None)


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def left_in(folder: Path, files: dict[str, bytes | None]) -> None:
    """Write what a power loss left into a folder."""
    folder.mkdir(parents=True)
    for path, content in sorted(files.items()):
        if not (folder / path).parent.is_dir():
            continue  # its folder is lost, and it with it
        if content is None:
            (folder / path).mkdir()
        else:
            (folder / path).write_bytes(content)


if __name__ == "__main__":
    sys.exit("a part of trials.py")
