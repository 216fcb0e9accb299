"""Bayes factors of two simulators whose likelihoods are learned, against integrals on a grid.

    python experiments/benchmarks/integrity/learned_rivals.py             # plays what is missing
    python experiments/benchmarks/integrity/learned_rivals.py --table     # only prints what is there

Exponential against power-law decay, as in `experiments/law_of_decay`, but neither simulator states its likelihood:
each has simulations and networks of its own. Nature is one of the two, its parameters drawn from the priors.

`campaign`: the whole loop, with times chosen by the gain about the hypothesis. After each measurement the learned log
Bayes factor is held against the exact one for the same data.

`calibration`: the two surrogates of a campaign before its first measurement, and sets of six measurements at random
times, truths drawn from the prior of a law that is drawn itself. Among sets with a probability near p for the power
law, a share p should be of the power law.

A line of JSON per campaign and per set of data goes to runs/benchmarks/learned_rivals.jsonl; what is there is not done
again.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml
from scipy.special import logsumexp

from activesci import Campaign, Study
from activesci.inference.base import Data
from activesci.loop import round as rounds
from activesci.types import FloatArray

HERE = Path(__file__).resolve().parent
RESULTS = HERE.parents[2] / "runs" / "benchmarks" / "learned_rivals.jsonl"
LAWS = ("exponential", "power_law")
FORMS = {"exponential": "theta['amplitude'] * np.exp(-theta['rate'] * design['t'])",
         "power_law": "theta['amplitude'] * (1 + design['t']) ** -theta['power']"}  # fmt: skip
CODE = """import numpy as np

def simulate(theta, design, rng):
    expected = {form}
    return {{"y": expected + 0.05 * rng.standard_normal(np.shape(expected))}}
"""
NOISE, ROUNDS, SETS, TIMES = 0.05, 6, 120, 6
GRID = 160
LEARNED = {"surrogate": "likelihood", "simulations": 2000, "per_round": 250, "passes": 2, "particles": 1024}


def study_of(folder: Path, seed: int, law: str) -> Study:
    """Return a study whose nature follows a law."""
    for name, form in FORMS.items():
        (folder / f"{name}.py").write_text(CODE.format(form=form))
    amplitude = {"prior": {"truncated_normal": [1.0, 0.1, 0.5, 1.5]}, "role": "nuisance"}
    slopes = {"exponential": {"rate": {"prior": {"loguniform": [0.1, 2.0]}}}}
    slopes["power_law"] = {"power": {"prior": {"loguniform": [0.3, 3.0]}}}
    own = {"simulator": {"function": "power_law:simulate", "batch": True}, "parameters": {"amplitude": amplitude}}
    own["parameters"] = {"amplitude": amplitude, **slopes["power_law"]}
    hypotheses = {"exponential": {"statement": "it is exponential"}, "power_law": {"statement": "it is not", **own}}
    mapping = {
        "study": "learned-rivals",
        "seed": seed,
        "parameters": {"amplitude": amplitude, **slopes["exponential"]},
        "design": {"t": {"real": [0, 30]}},
        "outcome": {"y": {"real": []}},
        "simulator": {"function": "exponential:simulate", "batch": True},
        "experiment": {"manual": True},
        "hypotheses": hypotheses,
        "inference": LEARNED,
        "designer": {"grid": {"points": 31}, "target": "hypothesis"},
        "stop": {"rounds": ROUNDS},
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(mapping, sort_keys=False))
    study = Study.load(folder / "study.yaml")
    drawn = next(one.space for one in study.rivals if one.name == law)
    values = drawn.from_cube(np.random.default_rng(seed).random((1, drawn.dim)))[0].tolist()
    truth = {"truth": dict(zip(drawn.names, values, strict=True))}
    return study.with_settings({"experiment": truth | ({"hypothesis": law} if law == "power_law" else {})})


def expected(law: str, theta: FloatArray, t: FloatArray) -> FloatArray:
    """Return what parameters (n, 2) let expect at times (k,), (n, k)."""
    amplitude, slope = theta[:, :1], theta[:, 1:]
    return amplitude * (np.exp(-slope * t) if law == "exponential" else (1 + t) ** -slope)


def exact(study: Study, t: FloatArray, y: FloatArray) -> float:
    """Return the exact log Bayes factor of the power law, by the midpoint rule in the cubes of both priors."""
    middle = (np.arange(GRID) + 0.5) / GRID
    cube = np.stack(np.meshgrid(middle, middle), axis=-1).reshape(-1, 2)
    logs = []
    for one in study.rivals:
        pulls = (y - expected(one.name, one.space.from_cube(cube), t)) / NOISE
        logs.append(logsumexp(-0.5 * (pulls**2).sum(axis=1)) - np.log(len(cube)))
    return float(logs[1] - logs[0])


def campaign(seed: int) -> dict:
    """Run a campaign, and return the course of its log Bayes factor beside the exact one."""
    law, start = LAWS[seed % 2], time.process_time()
    with tempfile.TemporaryDirectory() as name:
        study = study_of(Path(name), seed, law)
        with Campaign(study, Path(name) / "run") as running:
            running.run()
        history = running.history
    measured = [(one.design["t"], one.outcome["y"]) for one in history.measured()]
    t, y = np.array(measured).T
    said = [one.inferred.payload["hypotheses"]["power_law"] for one in history.rounds[1:]]
    course = {
        "times": t.tolist(),
        "exact": [exact(study, t[:k], y[:k]) for k in range(1, len(t) + 1)],
        "learned": [one["log_bayes_factor"] for one in said],
        "error": [one["log_bayes_factor_error"] for one in said],
        "doubt": [one.inferred.payload["doubt"] for one in history.rounds[1:]],
    }
    counted = {"simulations": history.simulations, "cpu": time.process_time() - start}
    return {"what": "campaign", "seed": seed, "law": law, **course, **counted}


def sets(count: int, there: set[int]) -> Iterator[dict]:
    """Yield sets of data that are not there yet, with factors by the surrogates of a campaign before any data."""
    with tempfile.TemporaryDirectory() as name:
        study = study_of(Path(name), 1000, LAWS[0])
        with Campaign(study, Path(name) / "run") as running:
            next(iter(running))
            belief = running._memory.belief()
    assert belief is not None  # the prior's round is done
    for number in sorted({*range(count)} - there):
        rng, start = np.random.default_rng([1, number]), time.process_time()
        law = LAWS[int(rng.integers(2))]
        space = next(one.space for one in study.rivals if one.name == law)
        theta, t = space.from_cube(rng.random((1, space.dim))), rng.uniform(0, 30, TIMES)
        y = expected(law, theta, t)[0] + NOISE * rng.standard_normal(TIMES)
        after = rounds.after_data(
            study.with_settings({"seed": number}), 1, belief, belief.candidates, Data(t[:, None], y[:, None])
        )
        weighed = rounds.weighed(after)
        factor = {"learned": weighed.log_bayes_factor[1], "error": weighed.log_bayes_factor_error[1]}
        more = {"exact": exact(study, t, y), "cpu": time.process_time() - start}
        yield {"what": "set", "seed": number, "law": law, **{k: float(v) for k, v in factor.items()}, **more}


def shown(rows: list[dict]) -> None:
    """Print the tables."""
    done = [one for one in rows if one["what"] == "campaign"]
    if done:
        print("| campaign of | measurements | exact log Bayes factor | learned | stated error | pull |")
        print("|---|---|---|---|---|---|")
    pulls, trusted = [], []
    for one in sorted(done, key=lambda one: one["seed"]):
        course = list(zip(one["learned"], one["exact"], one["error"], strict=True))
        own = [(learned - exact) / error for learned, exact, error in course]
        pulls += own
        trusted += [pull for pull, doubt in zip(own, one["doubt"], strict=True) if doubt is None]
        for k in (1, len(course) - 1):
            learned, exact_, error = course[k]
            cells = [f"{one['law']}, seed {one['seed']}", k + 1, f"{exact_:.2f}", f"{learned:.2f}", f"{error:.2f}"]
            print("| " + " | ".join(map(str, [*cells, f"{own[k]:+.1f}"])) + " |")
    if pulls:
        every, settled = np.array(pulls), np.abs(trusted)
        print(f"\n{len(every)} looks of {len(done)} campaigns: mean pull {every.mean():+.2f}, rms {rms(every):.2f}")
        within = [f"{np.mean(np.abs(every) < k):.0%} within {word}" for k, word in ((1, "one"), (2, "two"))]
        print(f"{', '.join(within)}; of {len(settled)} that are trusted {np.mean(settled < 2):.0%} within two")
        wrong = [one for one in done if (one["learned"][-1] > 0) != (one["exact"][-1] > 0)]
        print(f"the sign is another than that of the exact factor at the end of {len(wrong)} campaigns")
        print(f"CPU s a campaign: {np.mean([one['cpu'] for one in done]):.0f}")
    known = [one for one in rows if one["what"] == "set"]
    if known:
        calibrated(known)


def calibrated(known: list[dict]) -> None:
    """Print how often the power law is true where it is said to be so probable, and how far factors are off."""
    logs, exact_ = (np.array([one[key] for one in known]) for key in ("learned", "exact"))
    error, true = np.array([one["error"] for one in known]), np.array([one["law"] == LAWS[1] for one in known])
    probability, right = 1 / (1 + np.exp(-logs)), 1 / (1 + np.exp(-exact_))
    print("\n| probability of the power law | sets | mean probability, learned | exact | it is the power law |")
    print("|---|---|---|---|---|")
    for low, high in ((0, 0.02), (0.02, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.98), (0.98, 1.0)):
        here = (probability >= low) & ((probability < high) | (high == 1.0))
        if here.any():
            share = true[here].mean()
            wide = np.sqrt(
                (share * here.sum() + 1) / (here.sum() + 2) * (1 - (share * here.sum() + 1) / (here.sum() + 2))
            )
            cells = [
                f"{low:g} to {high:g}",
                here.sum(),
                f"{probability[here].mean():.3f}",
                f"{right[here].mean():.3f}",
            ]
            print("| " + " | ".join(map(str, [*cells, f"{share:.3f} +- {wide / np.sqrt(here.sum()):.3f}"])) + " |")
    pulls = (logs - exact_) / error
    expected_, luck = probability.sum(), np.sqrt((probability * (1 - probability)).sum())
    print(f"\n{len(known)} sets: power law {true.sum()} times, expected {expected_:.1f} +- {luck:.1f}; ", end="")
    print(f"pulls of log Bayes factors: mean {pulls.mean():+.2f}, rms {rms(pulls):.2f}, ", end="")
    print(f"{np.mean(np.abs(pulls) < 2):.0%} within two; rms difference {rms(logs - exact_):.2f} nats")
    score = [-np.log(np.where(true, p, 1 - p)).mean() for p in (probability, right)]
    print(f"log score (nats a set, smaller is better): learned {score[0]:.4f}, exact {score[1]:.4f}")
    print(f"CPU s: {sum(one['cpu'] for one in known):.0f}")


def rms(x: FloatArray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(np.square(x))))


def missing(rows: list[dict], campaigns: int, count: int) -> Iterator[dict]:
    """Play what is missing, and yield it."""
    there = {what: {one["seed"] for one in rows if one["what"] == what} for what in ("campaign", "set")}
    for seed in sorted({*range(1, campaigns + 1)} - there["campaign"]):
        yield campaign(seed)
    if not {*range(count)} <= there["set"]:
        yield from sets(count, there["set"])


def main() -> None:
    """Play what is missing, and print the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--campaigns", type=int, default=4)
    parser.add_argument("--sets", type=int, default=SETS)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    rows = [json.loads(line) for line in RESULTS.read_text().splitlines()] if RESULTS.exists() else []
    if not asked.table:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        with RESULTS.open("a") as file:
            for one in missing(rows, asked.campaigns, asked.sets):
                rows.append(one)
                file.write(json.dumps(one) + "\n")
                file.flush()
    shown(rows)


if __name__ == "__main__":
    main()
