"""What the benchmarks of choosing share: kept lines, tables, and campaigns played with the product's own pieces."""

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before numpy: the figures don't depend on how busy the machine is

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from activesci.design import designer_for
from activesci.inference.base import Data, Surrogate
from activesci.inference.exact import ExactSurrogate
from activesci.loop import round as rounds
from activesci.rng import Purpose
from activesci.simulate import FunctionSimulator
from activesci.study import Study
from activesci.types import Block

HERE = Path(__file__).resolve().parent
EXPERIMENTS = HERE.parents[1]
RUNS = EXPERIMENTS.parent / "runs" / "benchmarks" / "design"
Line = dict[str, Any]


def sources() -> str:
    """Return a digest of the code that decides what is chosen, and of the problems."""
    files = [*(EXPERIMENTS.parent / "activesci" / room for room in ("gain", "design")), HERE]
    texts = [file.read_text() for folder in files for file in sorted(folder.rglob("*.py"))]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


def kept(name: str, keys: Iterable[Line], run: Callable[[Line], Line], again: bool = False) -> list[Line]:
    """Return a line for each key, from the file or, if it is not there, computed now and appended.

    Lines of other code than today's are kept and used, and say so by their `code`: `again` computes all anew.
    """
    file, found = RUNS / f"{name}.jsonl", []
    known = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() and not again else []
    file.parent.mkdir(parents=True, exist_ok=True)
    for key in keys:
        match = [line for line in known if key.items() <= line.items()]
        if not match:
            start = time.process_time()
            line = {**key, **run(key), "cpu_seconds": time.process_time() - start, "code": sources()}
            match = [line]
            with file.open("a") as opened:
                opened.write(json.dumps(line) + "\n")
        found.append(match[-1])
    return found


def table(head: Sequence[str], body: Iterable[Sequence[object]]) -> None:
    """Print a table in Markdown."""
    lines = [list(head), ["---"] * len(head), *([str(cell) for cell in row] for row in body)]
    print("\n".join("| " + " | ".join(line) + " |" for line in lines), end="\n\n")


def mean(values: Sequence[float], digits: int = 3) -> str:
    """Say a mean and its standard error; of values that are not all finite, the mean alone."""
    array = np.asarray(values, dtype=float)
    if not np.isfinite(array).all():
        return f"{array.mean()}"
    error = array.std(ddof=1) / np.sqrt(len(array)) if len(array) > 1 else float("nan")
    return f"{array.mean():.{digits}f} +- {error:.{digits}f}"


def simulator_of(study: Study) -> FunctionSimulator:
    """Return a study's simulator."""
    simulator = FunctionSimulator(study)
    simulator.load()
    return simulator


def exact(study: Study) -> Surrogate:
    """Return the surrogate that is the simulator's own likelihood."""
    return ExactSurrogate(simulator_of(study))


@dataclass(frozen=True)
class Game:
    """What was measured in a simulated campaign, and how long each step took.

    Attributes:
        data: Designs and outcomes.
        posteriors: The posterior's samples after each measurement, (n, d) each.
        gains: What was expected of each measurement [nats].
        ask, infer: CPU seconds of each choice and of each posterior.
    """

    data: Data
    posteriors: list[np.ndarray]
    gains: list[float]
    ask: list[float]
    infer: list[float]

    @property
    def theta(self) -> np.ndarray:
        """The final posterior's samples, (n, d)."""
        return self.posteriors[-1]


def play(
    study: Study, surrogate: Surrogate, truth: np.ndarray, count: int, first: Sequence[float] | None = None
) -> Game:
    """Measure and learn so many times, each time at the design that the study's designer picks.

    Args:
        study: The study, with the seed that counts.
        surrogate: What stands for the likelihood; it is not fitted anew.
        truth: Nature's parameters, (d,).
        count: Measurements.
        first: The first design, if it is not to be chosen.
    """
    simulator, designer = simulator_of(study), designer_for(study.designer)
    belief, gains, asked, inferred = rounds.before_data(study, surrogate), [], [], []
    posteriors = []
    for number in range(1, count + 1):
        start = time.process_time()
        if number == 1 and first is not None:
            xi = np.array(first, dtype=float)
        else:
            choice = rounds.choose(study, number, belief, designer, None, None, 1)[0]
            xi = choice.xi
            gains.append(float(choice.gain.value[0]))
        asked.append(time.process_time() - start)
        y = simulator.run(Block(number, Purpose.MEASURE, 0, truth[None], xi[None])).y
        data = Data(np.concatenate([belief.data.xi, xi[None]]), np.concatenate([belief.data.y, y]))
        start = time.process_time()
        belief = rounds.after_data(study, number, belief, surrogate, data)
        inferred.append(time.process_time() - start)
        posteriors.append(belief.posterior.theta)
    return Game(belief.data, posteriors, gains, asked, inferred)
