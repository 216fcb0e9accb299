"""Campaigns that stop when a Bayes factor is large: how often they claim what is not true, and their power.

    python experiments/benchmarks/integrity/optional_stopping.py [--campaigns 1000] [--table]

A measurement is a pair, a control a + noise and a signal a + mu + noise, with noise of sd 1; 15 pairs at most. a is a
nuisance with the prior normal(0, 1). The null says mu = 0, the alternative mu of normal(0, 1.5). Evidences are those
of activesci's sampler, after every pair, and a claim is made when the Bayes factor is at K even less its Monte Carlo
error. Beside it stand all campaigns with evidences in closed form, by the same rule. The stated power is what
`integrity.foreseeing` says before any data. Every campaign is a line of `runs/benchmarks/optional_stopping.jsonl`, and
is not played again; `--table` shows what is there.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from activesci import Study
from activesci.gain import Side
from activesci.inference.base import Data
from activesci.inference.exact import ExactSurrogate
from activesci.integrity.claims import Standing, least
from activesci.integrity.foreseeing import play, spread
from activesci.integrity.rivals import Rival, rivals_after, rivals_before
from activesci.integrity.weighing import Weighed
from activesci.rng import generator
from activesci.study.stopping import StopRule
from activesci.types import BlockResult

LINES = Path(__file__).resolve().parents[3] / "runs" / "benchmarks" / "optional_stopping.jsonl"
WIDTH, PARTICLES, PAIRS, PLAYED, SAMPLES = 1.5, 512, 15, 1000, 512
FACTORS = (3.0, 10.0, 30.0, 100.0)
TRUTHS = ("null", "alternative")
HEAD = (
    "K",
    "truth",
    "campaigns",
    "false claims [%]",
    "in closed form",
    "at most",
    "true claims [%]",
    "in closed form",
    "stated before",
    "pairs, median",
)
STUDY = Study(
    study="optional-stopping",
    parameters={"a": {"prior": {"normal": [0, 1]}, "role": "nuisance"}, "mu": {"prior": {"normal": [0, WIDTH]}}},
    design={"any": {"real": [0, 1]}},
    outcome={"y": {"real": [2]}},
    simulator={"function": "model:simulate"},
    experiment={"manual": True},
    stop={"bayes_factor": FACTORS[-1]},
    hypotheses={
        "null": {"statement": "there is no signal", "where": {"mu": 0}},
        "alternative": {"statement": "there is a signal"},
    },
)


class Paired:
    """The simulator and its likelihood."""

    def run(self, block):
        rng = generator(3, block.round, block.purpose, block.first)
        mean = block.theta[:, :1] + block.theta[:, 1:] * np.array([0.0, 1.0])
        return BlockResult(block.first, mean + rng.standard_normal(mean.shape), {}, 0.0)

    def log_likelihood(self, theta, xi, y):
        control, signal = y[:, 0] - theta[:, 0], y[:, 1] - theta[:, 0] - theta[:, 1]
        return -0.5 * (control**2 + signal**2) - np.log(2 * np.pi)


EXACT = ExactSurrogate(Paired())


def measured(truth: str, seed: int) -> Data:
    """Return all that a campaign can measure; the truth is drawn from the prior of its hypothesis."""
    rng = np.random.default_rng([seed, TRUTHS.index(truth)])
    a, mu = rng.standard_normal(), WIDTH * rng.standard_normal() * (truth == "alternative")
    return Data(np.zeros((PAIRS, 1)), np.array([a, a + mu]) + rng.standard_normal((PAIRS, 2)))


def exact(data: Data) -> np.ndarray:
    """Return the log Bayes factor of the alternative after each pair, in closed form."""
    looks = range(1, PAIRS + 1)
    some, none = ([_evidence(data.y[:t].ravel(), width) for t in looks] for width in (WIDTH, 0.0))
    return np.array(some) - np.array(none)


def _evidence(y: np.ndarray, width: float) -> float:
    rows = np.resize([[1.0, 0.0], [1.0, 1.0]], (len(y), 2))
    covariance = rows @ np.diag([1.0, width**2]) @ rows.T + np.eye(len(y))
    return float(-0.5 * (y @ np.linalg.solve(covariance, y) + np.linalg.slogdet(covariance)[1]))


def campaign(truth: str, seed: int) -> dict:
    """Play one campaign until the largest Bayes factor is reached, and return its course."""
    data, start = measured(truth, seed), time.process_time()
    rngs = [np.random.default_rng([seed, TRUTHS.index(truth), k]) for k in (1, 2)]
    rivals, known = rivals_before(STUDY.rivals, PARTICLES, rngs), Data(data.xi[:0], data.y[:0])
    factors, errors = [], []
    for t in range(1, PAIRS + 1):
        more = Data(data.xi[:t], data.y[:t])
        rivals, known = rivals_after(rivals, (EXACT, known), (EXACT, more), rngs), more
        factor, error = weighed(rivals)
        factors.append(factor)
        errors.append(error)
        if abs(factor) - error >= np.log(FACTORS[-1]):
            break
    course = {"factor": factors, "error": errors, "exact": exact(data).tolist()}
    return {"truth": truth, "seed": seed, **course, "cpu": time.process_time() - start}


def weighed(rivals: tuple[Rival, ...]) -> tuple[float, float]:
    """Return the log Bayes factor of the alternative and its error."""
    found = [one.posterior.population for one in rivals]
    logs = np.array([one.log_evidence for one in found])
    errors = np.array([one.log_evidence_error for one in found])
    against = Weighed(TRUTHS, np.full(2, 0.5), logs, errors)
    return float(against.log_against_rest[1]), float(against.log_against_rest_error[1])


def first(factors: list[float], errors: list[float], factor: float) -> tuple[str, int]:
    """Return what a campaign claims first, and after how many pairs; nothing if it claims nothing."""
    rule = StopRule.model_validate({"bayes_factor": factor})
    for t, (found, error) in enumerate(zip(factors, errors, strict=True), 1):
        for name, against in (("alternative", found), ("null", -found)):
            if Standing(0.5, 0.5, against, error).reaches(rule):
                return name, t
    return "", len(factors)


def stated(factor: float) -> list[int]:
    """Return of how many campaigns it is said beforehand that they claim the truth, under each hypothesis."""
    rng = np.random.default_rng([5, round(factor)])
    rivals = rivals_before(STUDY.rivals, 1, [rng] * 2)
    sides = [Side(0.5, one.seen(EXACT), spread(one.hypothesis.space, SAMPLES, PLAYED, rng)) for one in rivals]
    lowest = np.full(2, least(StopRule.model_validate({"bayes_factor": factor}), 0.5))
    played = play(sides, np.zeros((1, 1)), lowest, PAIRS, PLAYED, SAMPLES, rng, particles=PARTICLES)
    return [round(played.decided(k)[0] * PLAYED) for k in range(2)]


def known() -> dict[tuple[str, int], dict]:
    """Return the campaigns that were played."""
    rows = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    return {(row["truth"], row["seed"]): row for row in rows}


def share(count: int, n: int) -> str:
    """Return a share in per cent with its binomial error."""
    near = (count + 1) / (n + 2)
    return f"{100 * count / n:.1f} +- {100 * np.sqrt(near * (1 - near) / n):.1f}"


def table(rows: dict[tuple[str, int], dict], campaigns: int) -> Iterator[str]:
    """Yield the table, line by line."""
    courses = {truth: [exact(measured(truth, seed)).tolist() for seed in range(campaigns)] for truth in TRUTHS}
    yield f"| {' | '.join(HEAD)} |"
    yield "|---" * len(HEAD) + "|"
    for factor in FACTORS:
        powers = dict(zip(TRUTHS, stated(factor), strict=True))
        for truth in TRUTHS:
            mine = [row for (name, _), row in rows.items() if name == truth]
            found = [first(row["factor"], row["error"], factor) for row in mine]
            closed = [first(course, [0.0] * PAIRS, factor) for course in courses[truth]]
            wrong, right = ([told(one, truth, true) for one in (found, closed)] for true in (False, True))
            cells = [f"{factor:g}", truth, str(len(mine)), *wrong, f"{100 / factor:.1f}", *right]
            taken = [t for name, t in found if name == truth]
            cells += [share(powers[truth], PLAYED), f"{np.median(taken):g}" if taken else "-"]
            yield "| " + " | ".join(cells) + " |"


def told(found: list[tuple[str, int]], truth: str, true: bool) -> str:
    """Return the share of campaigns that claim the truth or, if not `true`, what is not."""
    return share(sum(bool(name) and (name == truth) is true for name, _ in found), len(found))


def agreement(rows: dict[tuple[str, int], dict]) -> str:
    """Return how far the sampler's evidences are from those in closed form, in their stated errors."""
    pulls = [
        (found - right) / error
        for row in rows.values()
        for found, right, error in zip(row["factor"], row["exact"], row["error"], strict=False)
    ]
    return f"log Bayes factors less the exact ones: {np.std(pulls):.2f} stated errors (rms), {len(pulls)} of them"


def main() -> None:
    """Play what is missing, and print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--campaigns", type=int, default=1000)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    rows = known()
    LINES.parent.mkdir(parents=True, exist_ok=True)
    todo = [(truth, seed) for seed in range(asked.campaigns) for truth in TRUTHS if (truth, seed) not in rows]
    with LINES.open("a") as file:
        for truth, seed in [] if asked.table else todo:
            rows[truth, seed] = campaign(truth, seed)
            file.write(json.dumps(rows[truth, seed]) + "\n")
            file.flush()
    for line in table(rows, asked.campaigns):
        print(line, flush=True)
    print(agreement(rows))
    print(f"CPU seconds of all campaigns: {sum(row['cpu'] for row in rows.values()):.0f}")


if __name__ == "__main__":
    main()
