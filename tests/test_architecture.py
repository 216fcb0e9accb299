"""The house as DESIGN draws it: imports go down a floor, and each room touches only what it may."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "activesci"
FILES = sorted(PACKAGE.rglob("*.py"))

MAY_OPEN_FILES = {
    "ledger/",
    "study/load.py",
    "study/schema.py",  # reads the schema that ships with the package
    "report/",
    "export/",
    "service/",
    "simulate/",  # the source it loads, and scratch folders
    "measure/recorded.py",  # the pool
    "cli/study.py",  # `init` writes a study
    "cli/exits.py",  # the traceback of a fault
    "cli/reinterpret.py",  # the code that comes with a request
}
MAY_START_PROCESSES = {"execute/", "simulate/process.py"}
MAY_START_PROCESSES |= {"service/running.py", "service/jobs.py"}  # a worker a campaign, and commands that take long
MAY_START_PROCESSES |= {"service/boards/arena.py", "service/boards/player.py"}  # a judge, and the program that plays
MAY_OPEN_SOCKETS = {"service/"}
MAY_MAKE_GENERATORS = {"rng.py"}
PURE = ("inference/", "gain/", "design/", "loop/round.py")

OPENERS = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "touch",
    "unlink",
    "rmdir",
    "mkdir",
    "rename",
}
OPENERS |= {"sqlite3.connect", "np.load", "np.save", "np.savez", "np.savez_compressed", "np.loadtxt", "np.genfromtxt"}
OPENERS |= {"torch.load", "torch.save", "os.open", "os.replace", "os.remove", "os.makedirs"}
FILE_MODULES = {"tempfile", "shutil"}
GENERATORS = {"default_rng", "SeedSequence", "RandomState", "Generator", "manual_seed", "seed"}
TORCH_DRAWS = {"rand", "randn", "randint", "randperm", "normal", "multinomial", "bernoulli", "poisson"}
TORCH_DRAWS |= {"normal_", "uniform_", "exponential_", "bernoulli_", "random_"}
PROCESS_MODULES = {"subprocess", "multiprocessing", "pty", "concurrent"}
PROCESS_CALLS = {"os.system", "os.fork", "os.popen", "os.execv", "os.posix_spawn"}
SOCKET_MODULES = {
    "socket",
    "socketserver",
    "http",
    "urllib.request",
    "requests",
    "asyncio",
    "ssl",
    "ftplib",
    "smtplib",
}
IMPURE_MODULES = {"time", "datetime", "os", "pathlib", "sys", "io", "logging"}
NEVER_MODULES = {"pickle", "shelve", "marshal", "dill"}
NEVER_CALLS = {"yaml.load", "yaml.unsafe_load", "os._exit"}
NEVER_BUILTINS = {"eval", "exec", "compile"}
NAMELESS = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "base_utils"}


def place(path):
    return path.relative_to(PACKAGE).as_posix()


def within(path, rooms):
    return any(place(path) == room or (room.endswith("/") and place(path).startswith(room)) for room in rooms)


@cache
def calls(path):
    """Return (dotted name, node) of every call, such as ('np.random.default_rng', ...)."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [(ast.unparse(node.func), node) for node in nodes if isinstance(node, ast.Call)]


@cache
def imported(path):
    """Return the dotted names of what a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imports_any(path, modules):
    """Return those of the modules that a file imports, or imports from."""
    return {module for module in modules for name in imported(path) if f"{name}.".startswith(f"{module}.")}


def said(path, name, node):
    return f"{place(path)}:{node.lineno}: {name}"


def named(name, set_):
    """Say whether a dotted call ends in one of the names: `x.y.open` matches `open` and `y.open`."""
    parts = name.split(".")
    return any(parts[-len(wanted.split(".")) :] == wanted.split(".") for wanted in set_)


def offences(rooms, calls_, modules=frozenset()):
    found = []
    for path in FILES:
        if within(path, rooms):
            continue
        found += [said(path, name, node) for name, node in calls(path) if named(name, calls_)]
        found += [f"{place(path)}: import {module}" for module in sorted(imports_any(path, modules))]
    return found


def test_imports_go_down_a_floor_and_heavy_libraries_stay_in_their_rooms():
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:]


def test_only_these_rooms_open_files():
    of_ledger = ("Ledger.open", "Campaign.open", "Archive.open")  # open a run, not a file
    assert [o for o in offences(MAY_OPEN_FILES, OPENERS, FILE_MODULES) if not o.endswith(of_ledger)] == []


def test_only_rng_makes_generators():
    assert offences(MAY_MAKE_GENERATORS, GENERATORS, {"random"}) == []
    of_tokens = {"execute/ray.py", "service/"}  # a token must not be guessable
    assert offences(of_tokens, set(), {"secrets"}) == []


def test_nothing_draws_from_a_global_generator():
    of_torch = [
        said(path, name, node)
        for path in FILES
        for name, node in calls(path)
        if name.split(".")[-1] in TORCH_DRAWS
        and (name.startswith("torch.") or name.endswith("_"))
        and not any(keyword.arg == "generator" for keyword in node.keywords)
    ]
    assert of_torch == []


def test_only_these_rooms_start_processes():
    assert offences(MAY_START_PROCESSES, PROCESS_CALLS, PROCESS_MODULES) == []


def test_only_the_service_opens_sockets():
    assert offences(MAY_OPEN_SOCKETS, set(), SOCKET_MODULES) == []


def test_pure_rooms_know_no_clock_and_no_disk():
    found = {place(path): imports_any(path, IMPURE_MODULES) for path in FILES if within(path, PURE)}
    assert {name: modules for name, modules in found.items() if modules} == {}


def test_nothing_is_unpickled_or_evaluated():
    allowed = {"cli/signals.py"}  # the second, impatient signal ends the process
    builtin = [said(path, name, node) for path in FILES for name, node in calls(path) if name in NEVER_BUILTINS]
    assert offences(allowed, NEVER_CALLS, NEVER_MODULES) + builtin == []


def test_no_file_is_a_drawer():
    assert [place(path) for path in FILES if NAMELESS & {path.stem, *path.relative_to(PACKAGE).parts}] == []


@pytest.mark.parametrize(
    ("check", "source"),
    [
        (test_only_these_rooms_open_files, "open('x')"),
        (test_only_these_rooms_open_files, "Path('x').write_text('y')"),
        (test_only_these_rooms_open_files, "import tempfile"),
        (test_only_rng_makes_generators, "rng = np.random.default_rng(1)"),
        (test_only_rng_makes_generators, "import random"),
        (test_nothing_draws_from_a_global_generator, "torch.randn(3)"),
        (test_only_these_rooms_start_processes, "from subprocess import run"),
        (test_only_the_service_opens_sockets, "import socket"),
        (test_pure_rooms_know_no_clock_and_no_disk, "import time"),
        (test_nothing_is_unpickled_or_evaluated, "eval('1')"),
        (test_nothing_is_unpickled_or_evaluated, "import pickle"),
    ],
)
def test_the_rules_can_be_broken(check, source, monkeypatch, tmp_path):
    """A rule that nothing can break says nothing: each is shown a file that breaks it."""
    (tmp_path / "gain").mkdir()
    culprit = tmp_path / "gain" / "nested.py"
    culprit.write_text(source)
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    monkeypatch.setattr(sys.modules[__name__], "FILES", [culprit])
    with pytest.raises(AssertionError):
        check()
