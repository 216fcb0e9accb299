"""The reference study of these trials: 20 rounds of four measurements, a likelihood that is learned; and when two runs
of it are the same.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

MODEL = """
def simulate(theta, design, rng):
    return {"y": rng.normal(theta["slope"] * design["x"], 0.1)}
"""
STUDY = {
    "study": "reference",
    "seed": 11,
    "parameters": {"slope": {"prior": {"normal": [0.0, 1.0]}}},
    "design": {"x": {"real": [0.0, 2.0]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate", "batch": 64},
    "experiment": {"truth": {"slope": 0.5}},
    "inference": {
        "surrogate": "likelihood",
        "simulations": 300,
        "per_round": 20,
        "ensemble": 1,
        "particles": 256,
        "passes": 1,
    },
    "designer": {"grid": {"points": 9}, "batch": 4},
    "stop": {"rounds": 20},
}
ROOT_OF_RUNS = Path(__file__).parents[3] / "runs" / "benchmarks"
CLOSE = 1e-6
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def written(folder: Path, model: str = MODEL, **changes: Any) -> Path:
    """Write the study, with some of its sections changed, and return its file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.py").write_text(model)
    (folder / "study.yaml").write_text(yaml.safe_dump({**STUDY, **changes}, sort_keys=False))
    return folder / "study.yaml"


def command(*words: object) -> list[str]:
    """Return a command of activesci as this Python runs it."""
    return [sys.executable, "-m", "activesci.cli", *map(str, words)]


def done(*words: object, code: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Run a command of activesci to its end.

    Raises:
        RuntimeError: If it ends with another exit code than expected; None is any.
    """
    ended = subprocess.run(command(*words), capture_output=True, text=True, env=ENVIRONMENT, check=False)
    if code is not None and ended.returncode != code:
        raise RuntimeError(f"{words}: exit code {ended.returncode}: {ended.stderr[-2000:]}")
    return ended


def answer(run: Path) -> dict[str, Any]:
    """Return what a finished run says: its end, its designs with what was measured there, and its posteriors."""
    said = json.loads((run / "summary.json").read_text())
    return {
        "ended": (said["status"], said["stop_reason"]),
        "designs": [one["design"] for one in said["rounds"]],
        "outcomes": [one["outcome"] for one in said["rounds"]],
        "posterior": [v for one in said["rounds"] for p in one["posterior"].values() for v in (p["mean"], p["sd"])],
    }


def same(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Say whether two runs are the same: equal designs and outcomes to the last bit, posteriors within 1e-6."""
    names = ("ended", "designs", "outcomes")
    pairs = zip(first["posterior"], second["posterior"], strict=False)
    near = len(first["posterior"]) == len(second["posterior"]) and all(abs(a - b) <= CLOSE for a, b in pairs)
    return near and all(first[name] == second[name] for name in names)
