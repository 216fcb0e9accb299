"""What the benchmarks share: campaigns run for several seeds and kept as JSON lines, the exact answers, tables.

A line is one finished campaign. A benchmark that is started again does only the seeds that have no line yet; lines of
another study, other settings or another version of activesci don't count (`--again` does all of them anew).
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported: the figures don't depend on how busy the machine is

import argparse
import hashlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import activesci as asci
from activesci.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]
EXPERIMENTS = ROOT / "experiments"
RUNS = ROOT / "runs" / "benchmarks"
ROOMS = ("design", "gain", "inference", "loop", "measure", "simulate", "study")
MODULES = ("model", "reference", "oracle")  # every experiment has modules of these names
CODE = ("model.py", "workflow.yaml", "generator.py", "analysis.py")  # what a study's simulator consists of

Line = dict[str, Any]


def texts(files: Iterable[Path]) -> list[str]:
    """Return what is in files, in the order of their names."""
    return [file.read_text() for file in sorted(files)]


def digest(*what: str) -> str:
    """Return a short digest of several texts."""
    return hashlib.sha256("\0".join(what).encode()).hexdigest()[:16]


ENGINE = digest(*(text for room in ROOMS for text in texts((ROOT / "activesci" / room).rglob("*.py"))))
"""What decides, beside the study, what comes out: the source of the rooms that compute, as it was at the start."""


def arguments(description: str, **defaults: int) -> argparse.Namespace:
    """Read the command line: `--again` and integers, each with its default."""
    parser = argparse.ArgumentParser(description=description)
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    parser.add_argument("--again", action="store_true", help="run what is there already once more")
    return parser.parse_args()


def reference(experiment: str) -> ModuleType:
    """Import an experiment's `reference.py`."""
    for name in MODULES:
        sys.modules.pop(name, None)
    sys.path.insert(0, str(EXPERIMENTS / experiment))
    return import_module("reference")


def campaigns(study: str, seeds: Iterable[int], settings: Mapping[str, Any], *, again: bool = False) -> list[Line]:
    """Return one line for each seed, from the file or, if it is not there, from a campaign run now.

    Args:
        study: The study file under `experiments/`.
        seeds: The campaigns' seeds.
        settings: Settings that differ from the file's, by path.
        again: Whether to run what is there already.
    """
    # scores are of true values: what is blind is run openly
    chosen = asci.Study.load(EXPERIMENTS / study).without("blind", "expect").with_settings(dict(settings))
    return [_line(chosen.with_settings({"seed": seed}), again) for seed in seeds]


def _line(study: asci.Study, again: bool) -> Line:
    beside = [file for file in study.folder.iterdir() if file.name in CODE or file.suffix == ".csv"]
    key = digest(study.digest, ENGINE, *texts(beside))
    file = RUNS / f"{study.study}.jsonl"
    known = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    found = [line for line in known if line["key"] == key]
    if found and not again:
        return found[-1]
    line = {"key": key, "study": study.study, "seed": study.seed} | _run(study)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as opened:
        opened.write(json.dumps(line) + "\n")
    return line


def _run(study: asci.Study) -> Line:
    """Run a campaign in a folder that is thrown away, and return what is worth keeping."""
    wall, cpu = time.perf_counter(), _cpu_seconds()
    with tempfile.TemporaryDirectory() as folder:
        rounds = []
        with asci.Campaign(study, Path(folder) / "run") as campaign:
            for state in campaign:
                rounds.append(_round(state))
                _show(f"{study.study} seed {study.seed}: round {state.round}, {time.perf_counter() - wall:.0f} s")
            history = campaign.history
        if history.status != "stopped":
            raise RuntimeError(f"{study.study}, seed {study.seed}: {history.status}: {history.reason}")
        curve = _first_gains(Path(folder) / "run", study)
    _show("")
    return {
        "reason": history.reason,
        "alarms": [f"round {alarm['round']}: {alarm['message']}" for alarm in history.alarms],
        "simulations": history.simulations,
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": _cpu_seconds() - cpu,
        "rounds": rounds,
        "first_gains": curve,
    }


def _round(state: Any) -> Line:
    measured = [
        {"row": each.row, "design": dict(each.design), "outcome": dict(each.outcome), "surprise": each.surprise}
        for each in state.record.measurements
    ]
    gains = [proposal["gain"] for proposal in state.record.proposals]
    return {"measured": measured, "gain": gains, "mean": state.posterior.mean(), "sd": state.posterior.sd()}


def _first_gains(folder: Path, study: asci.Study) -> Line:
    """Return the gains that the first round has looked at: designs in columns, and bounds."""
    ledger = Ledger.read_only(folder)
    chosen = next((event for event in ledger.events() if event.kind.value == "chosen"), None)
    found = ledger.arrays(chosen) if chosen is not None else {}
    if "gain" not in found:
        return {}
    columns = study.design_space.columns(found["xi"])
    table = {name: np.asarray(column).tolist() for name, column in columns.items()}
    return table | {name: found[name].tolist() for name in ("gain", "lower", "upper") if name in found}


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _show(text: str) -> None:
    """Overwrite the line of progress on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def rows(line: Line) -> list[int]:
    """Return the rows of the pool in the order in which they were measured."""
    return [each["row"] for state in line["rounds"] for each in state["measured"]]


def path(line: Line, what: str, name: str) -> np.ndarray:
    """Return a parameter's posterior 'mean' or 'sd' after 0, 1, 2 ... rounds."""
    return np.array([state[what][name] for state in line["rounds"]])


def first(condition: Sequence[bool] | np.ndarray) -> int | None:
    """Return the number, from 1, of the first that is true, or None."""
    return int(np.argmax(condition)) + 1 if np.any(condition) else None


def table(head: Sequence[str], body: Iterable[Sequence[object]]) -> None:
    """Print a table in Markdown."""
    lines = [list(head), ["---"] * len(head), *([str(cell) for cell in row] for row in body)]
    print("\n".join("| " + " | ".join(line) + " |" for line in lines), end="\n\n")


def spread(values: Sequence[float], form: Callable[[float], str] = "{:.3g}".format) -> str:
    """Say the median and the ends of several numbers."""
    return f"{form(float(np.median(values)))} ({form(min(values))} to {form(max(values))})"


def effort(lines: Sequence[Line]) -> None:
    """Say what the campaigns cost, and what they raised alarms about."""
    print(f"simulations {spread([line['simulations'] for line in lines], '{:.0f}'.format)}", end="; ")
    print(f"CPU seconds {spread([line['cpu_seconds'] for line in lines], '{:.0f}'.format)}", end="; ")
    print(f"seconds {spread([line['seconds'] for line in lines], '{:.0f}'.format)}")
    for line in lines:
        for alarm in line["alarms"]:
            print(f"  alarm, seed {line['seed']}, {alarm}")
    print()
