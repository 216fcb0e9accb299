"""How much of a hidden value can be inferred from what a blind campaign shows: designs, sds, moves of shifted means.

    python experiments/benchmarks/integrity/attack.py [--campaigns 250] [--table]

The attacker knows the study, its seed and its simulator, not the key and no outcome. So they play campaigns of their
own, with truths from the prior, and learn from these to guess the true posterior mean from what would have been shown.
How well they do is counted on campaigns that they have not seen. Gains, which are withheld, stand beside it: what they
would tell. Every campaign is a line of `runs/benchmarks/attack.jsonl` and is not played again; `--table` shows what is
there.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import cross_val_predict

from activesci import Study
from activesci.design.grid import Grid
from activesci.inference.base import Data
from activesci.inference.exact import ExactSurrogate
from activesci.integrity.blinding import Shift
from activesci.ledger.sealing import Key
from activesci.loop import round as rounds
from activesci.rng import generator
from activesci.types import BlockResult

LINES = Path(__file__).resolve().parents[3] / "runs" / "benchmarks" / "attack.jsonl"
ROUNDS, NOISE, FOLDS = 6, 0.05, 10
SIGNALS = {
    "decay": lambda theta, xi: np.exp(-theta[:, 0] * xi[:, 0]),
    "line": lambda theta, xi: theta[:, 0] * xi[:, 0],
}
PRIORS = {"decay": {"loguniform": [0.1, 2.0]}, "line": {"normal": [0.0, 1.0]}}
SEEN = {
    "designs": ("design",),
    "standard deviations": ("sd",),
    "standard deviations, times a hidden factor": ("ratio",),
    "moves of the shifted mean": ("move",),
    "all of these": ("design", "sd", "move"),
    "gains of the designs, which are withheld": ("gain",),
}


class Signal:
    """A simulator and its likelihood: a signal with noise."""

    def __init__(self, name: str) -> None:
        self.mean = SIGNALS[name]

    def run(self, block):
        rng = generator(3, block.round, block.purpose, block.first)
        mean = self.mean(block.theta, block.xi)
        return BlockResult(block.first, mean[:, None] + NOISE * rng.standard_normal((len(mean), 1)), {}, 0.0)

    def log_likelihood(self, theta, xi, y):
        return -0.5 * ((y[:, 0] - self.mean(theta, xi)) / NOISE) ** 2 - np.log(NOISE * np.sqrt(2 * np.pi))


def study(name: str) -> Study:
    """Return a question that takes milliseconds a round."""
    return Study(
        study=name,
        seed=17,
        parameters={"value": {"prior": PRIORS[name]}},
        design={"t": {"real": [0, 10]}},
        outcome={"y": {"real": []}},
        simulator={"function": "model:simulate"},
        experiment={"manual": True},
        inference={"particles": 512},
        designer={"grid": {"points": 41}},
        stop={"rounds": ROUNDS},
        blind={},
    )


def campaign(name: str, number: int) -> dict:
    """Play a campaign with a truth from the prior; return what it would show, round by round, and what it hides."""
    asked, start = study(name), time.process_time()
    rng = np.random.default_rng([number, list(SIGNALS).index(name)])
    truth = asked.parameter_space.from_cube(rng.random((1, 1)))
    belief, course = rounds.before_data(asked, ExactSurrogate(Signal(name))), []
    shift = Shift.of(Key(rng.bytes(32)), "value", asked.parameter_space.priors[0], None, None)
    for k in range(1, ROUNDS + 1):
        choice = rounds.choose(asked, k, belief, Grid(41), None, None, 1)[0]
        y = SIGNALS[name](truth, choice.xi[None])[:, None] + NOISE * rng.standard_normal((1, 1))
        data = Data(np.concatenate([belief.data.xi, choice.xi[None]]), np.concatenate([belief.data.y, y]))
        belief = rounds.after_data(asked, k, belief, belief.surrogate, data)
        shown = shift.shown(belief.posterior.summary()["value"])
        gain = float(choice.gain.value[0])
        course.append({"design": float(choice.xi[0]), "sd": shown["sd"], "mean": shown["mean"], "gain": gain})
    said = belief.posterior.summary()["value"]
    hidden = {"mean": said["mean"], "sd": said["sd"], "truth": float(truth[0, 0])}
    return {"study": name, "number": number, "course": course, **hidden, "cpu": time.process_time() - start}


def seen(row: dict, what: tuple[str, ...]) -> list[float]:
    """Return what an attacker reads off a campaign; of shifted means their moves, which no offset changes."""
    found = []
    for last, one in zip([None, *row["course"]], row["course"], strict=False):
        moved = last is not None and last["mean"] is not None and one["mean"] is not None
        sized = {"ratio": one["sd"] / row["course"][0]["sd"]}  # what a hidden factor leaves of sds
        one = {**one, **sized, "move": one["mean"] - last["mean"] if moved else -99.0}
        found += [one[key] for key in what]
    return found


def guessed(rows: list[dict], what: tuple[str, ...], log: bool) -> float:
    """Return the attacker's rms error over the prior's sd; campaigns are guessed by those of other folds."""
    x = np.array([seen(row, what) for row in rows])
    y = np.array([row["mean"] for row in rows])
    y = np.log(y) if log else y
    forest = ExtraTreesRegressor(400, min_samples_leaf=2, random_state=1)
    return float(np.sqrt(np.mean((cross_val_predict(forest, x, y, cv=FOLDS) - y) ** 2)) / y.std())


def table(rows: dict[tuple[str, int], dict]) -> Iterator[str]:
    """Yield the table, line by line."""
    yield "| what the attacker sees | " + " | ".join(SIGNALS) + " |"
    yield "|---" * (len(SIGNALS) + 1) + "|"
    mine = {name: [row for (one, _), row in rows.items() if one == name] for name in SIGNALS}
    for words, what in SEEN.items():
        errors = [guessed(mine[name], what, log=name == "decay") for name in SIGNALS]
        yield f"| {words} | " + " | ".join(f"{error:.2f}" for error in errors) + " |"
    bounds = [_own(mine[name], log=name == "decay") for name in SIGNALS]
    yield "| the outcomes: the posterior's own sd | " + " | ".join(f"{bound:.3f}" for bound in bounds) + " |"
    yield f"campaigns: {', '.join(f'{name} {len(found)}' for name, found in mine.items())}"
    yield f"CPU seconds of all campaigns: {sum(row['cpu'] for row in rows.values()):.0f}"


def _own(rows: list[dict], log: bool) -> float:
    """Return the posterior sd, rms, as a share of the prior's."""
    mean, sd = (np.array([row[key] for row in rows]) for key in ("mean", "sd"))
    return float(np.sqrt(np.mean((sd / mean if log else sd) ** 2)) / (np.log(mean) if log else mean).std())


def known() -> dict[tuple[str, int], dict]:
    """Return the campaigns that were played."""
    rows = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    return {(row["study"], row["number"]): row for row in rows}


def main() -> None:
    """Play what is missing, attack, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--campaigns", type=int, default=250)
    parser.add_argument("--table", action="store_true")
    asked, rows = parser.parse_args(), known()
    todo = [(name, i) for i in range(asked.campaigns) for name in SIGNALS if (name, i) not in rows]
    LINES.parent.mkdir(parents=True, exist_ok=True)
    with LINES.open("a") as file:
        for name, number in [] if asked.table else todo:
            rows[name, number] = campaign(name, number)
            file.write(json.dumps(rows[name, number]) + "\n")
            file.flush()
    for line in table(rows):
        print(line, flush=True)


if __name__ == "__main__":
    main()
