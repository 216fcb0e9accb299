"""The judge's process: draws truths, is nature, and holds what participants do against the exact likelihood.

Its order comes in a file; it says a line of JSON a game. The participant is another process with a folder of its own,
limits, and a study from which the truth has been taken out.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from activesci.errors import ActiveSciError, StudyError
from activesci.measure import Attempt
from activesci.rng import Purpose, generator
from activesci.service.tethered import tether
from activesci.simulate import Simulator, simulator_for
from activesci.simulate.process import Running
from activesci.study import Study
from activesci.study.load import dump
from activesci.types import Block, FloatArray

from .scoring import agreement, grid, information

KEPT = ("study", "description", "parameters", "design", "constraints", "cost", "outcome", "simulator", "inference")
"""What of a study a participant is told; what is not among it, the truth first of all, is not."""
AT_ONCE = 16_384
"""Points of a grid whose likelihood is computed at a time."""


class Foul(Exception):  # noqa: N818 - it never leaves this file: it becomes a game that failed
    """The participant broke down, broke its limits, or answered what is no answer."""


class Nature:
    """The truth of one game, and what is measured of it.

    Args:
        study: The study.
        problem: The problem's name.
        seed: The game's seed.
        secret: What truths follow from, and nobody knows.

    Raises:
        StudyError: If its likelihood is not known, or it has parameters or outcomes that no score is made for.
    """

    def __init__(self, study: Study, problem: str, seed: int, secret: str) -> None:
        hidden = int.from_bytes(hashlib.sha256(f"{secret}/{problem}/{seed}".encode()).digest()[:7], "big")
        self.study = study.with_settings({"seed": hidden, "experiment": {"manual": True}})
        self._simulator: Simulator = simulator_for(self.study)
        space = self.study.parameter_space
        self._truth = space.from_cube(generator(hidden, 0, Purpose.PROPOSE).random((1, space.dim)))
        self._rng = generator(hidden, 0, Purpose.CHOOSE)
        self.points = grid(space)
        self.on_grid, self.at_truth, self._measured = np.zeros(len(self.points)), 0.0, 0

    def anywhere(self) -> FloatArray:
        """Return some feasible design, (k,)."""
        return np.asarray(self.study.design_space.sample(1, self._rng)[0])

    def measure(self, xi: FloatArray) -> dict[str, Any]:
        """Return what a design (k,) gives; the same luck for every participant."""
        self._measured += 1
        block = Block(self._measured, int(Purpose.MEASURE), self._measured, self._truth, xi[None])
        found = Attempt.of(self._simulator.run(block))
        if found.y is None:
            raise StudyError(f"the problem's simulator failed at the truth: {found.reason}")
        y = np.asarray(found.y, dtype=np.float64)
        self.at_truth += float(self._likelihood(self._truth, xi, y)[0])
        for i in range(0, len(self.points), AT_ONCE):
            self.on_grid[i : i + AT_ONCE] += self._likelihood(self.points[i : i + AT_ONCE], xi, y)
        return self.study.outcome_space.unflatten(y)

    def _likelihood(self, theta: FloatArray, xi: FloatArray, y: FloatArray) -> FloatArray:
        rows = np.broadcast_to(xi, (len(theta), len(xi))), np.broadcast_to(y, (len(theta), len(y)))
        found = self._simulator.log_likelihood(theta, *rows)
        if found is None:
            raise StudyError("simulator: found none with log_likelihood, expected one: scores are made with it")
        return found


class Table:
    """A game between nature and a participant.

    Args:
        order: What is played: study, entry, kind, rounds, settings, seconds, memory.
        nature: The truth.
        running: The participant's process.
    """

    def __init__(self, order: Mapping[str, Any], nature: Nature, running: Running) -> None:
        self._order, self._nature, self._running = order, nature, running
        self._until = time.monotonic() + float(order["seconds"])

    def ask(self, **question: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is what it is
        """Return the participant's answer to a question."""
        left = max(0.01, self._until - time.monotonic())
        line, why, complaint = self._running.ask(json.dumps(question), left, self._order["memory"])
        if line is None:
            limit = f"took more than {self._order['seconds']:g} s" if why.startswith("timed out") else why
            raise Foul(f"{limit} {complaint.last_line()}".strip())
        try:
            found = json.loads(line)
        except ValueError:
            raise Foul(f"said {line[:80]!r}, expected JSON") from None
        if not isinstance(found, dict) or "failed" in found:
            raise Foul(str(found["failed"] if isinstance(found, dict) else found)[:500])
        return found

    def designs(self) -> float:
        """Play a game of a designer, and return its score [nats]."""
        design: Any = None
        outcome: dict[str, Any] = {}
        for number in range(int(self._order["rounds"])):
            if number:
                self.ask(tell={"design": design, "outcome": outcome})
            design = self.ask(ask=number).get("design")
            outcome = self._nature.measure(self._checked(design))
        return information(self._nature.at_truth, self._nature.on_grid)

    def beliefs(self) -> float:
        """Play a game of a surrogate, and return its score."""
        xis = [self._nature.anywhere() for _ in range(int(self._order["rounds"]))]
        decode = self._nature.study.design_space.decode
        data = [{"design": decode(xi), "outcome": self._nature.measure(xi)} for xi in xis]
        said = self.ask(infer=data).get("posterior")
        names = self._nature.study.parameter_space.names
        try:
            samples = np.array([said[name] for name in names], dtype=np.float64).T  # type: ignore[index]
        except (TypeError, KeyError, ValueError):
            raise Foul(f"answered no samples of {', '.join(names)}") from None
        if samples.ndim != 2 or len(samples) < 100 or not np.isfinite(samples).all():
            raise Foul(f"answered samples of shape {samples.shape}, expected 100 or more finite ones")
        return agreement(samples, self._nature.points, self._nature.on_grid)

    def _checked(self, design: Any) -> FloatArray:  # noqa: ANN401 - whatever it answered
        space = self._nature.study.design_space
        try:
            xi = space.encode(design)
        except (ActiveSciError, TypeError, ValueError, AttributeError) as error:
            raise Foul(f"answered the design {str(design)[:200]}: {error}") from None
        if not space.feasible(xi[None])[0]:
            raise Foul(f"answered the design {str(design)[:200]}, which breaks the constraints")
        return xi


def play(order: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Play one game, and return what is said of it: seed, status, score, seconds, why."""
    begun = time.monotonic()
    nature = Nature(Study.load(order["study"]), order["problem"], seed, order["secret"])
    try:
        with _seated(order, seed) as (running, given):
            table = Table(order, nature, running)
            table.ask(begin=given)
            score = table.designs() if order["takes"] == "designer" else table.beliefs()
            said = {"status": "done", "score": score, "why": ""}
    except Foul as foul:
        said = {"status": "failed", "score": 0.0, "why": str(foul)}
    return {"seed": seed, **said, "seconds": time.monotonic() - begun}


@contextmanager
def _seated(order: Mapping[str, Any], seed: int) -> Iterator[tuple[Running, dict[str, Any]]]:
    """Give a participant a folder of its own, with what it may know, and end it afterwards with all it started."""
    with tempfile.TemporaryDirectory(prefix="game-", ignore_cleanup_errors=True) as aside:
        folder, entry = Path(aside), order["entry"]
        shutil.copytree(Path(order["study"]).parent, folder / "problem")
        (folder / "problem" / "study.yaml").write_text(dump(_public(order, seed)), encoding="utf-8")
        for name, text in entry.get("files", {}).items():
            (folder / name).write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "activesci.service.boards.player", "{answers}"]
        running = Running(command, folder, _environment(folder))
        try:
            known = {key: entry.get(key) for key in ("designer", "surrogate", "command")}
            given = {"study": str(folder / "problem" / "study.yaml"), "entry": known, "settings": order["settings"]}
            yield running, given
        finally:
            running.close()


def _public(order: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Return the study that a participant is told."""
    mapping = Study.load(order["study"]).mapping()
    told = {key: mapping[key] for key in KEPT if key in mapping}
    return {**told, "seed": seed, "experiment": {"manual": True}, "stop": {"rounds": 10_000}}


def _environment(folder: Path) -> dict[str, str]:
    """Return the few variables that a participant gets: not those of the service."""
    kept = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return {**found, "HOME": str(folder), "TMPDIR": str(folder), "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def main() -> None:
    """Play the games of an order, the file of which is named; a line of JSON each."""
    threading.Thread(target=tether, name="tether", daemon=True).start()
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    for seed in order["seeds"]:
        try:
            said = play(order, int(seed))
        except (ActiveSciError, ValueError) as error:
            said = {"seed": seed, "status": "broken", "score": 0.0, "seconds": 0.0, "why": str(error)[:1000]}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
