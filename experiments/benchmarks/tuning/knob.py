"""What does it save to choose how many events each simulation has, rather than to fix their number?

    python experiments/benchmarks/tuning/knob.py --truths 3

On the cheap generator with 6 parameters (generator.py). A simulation costs its events and an overhead, in units of an
event. Campaigns whose simulations all have 2 000 or 20 000 events are held against those that choose them
(`tuning: {events: ...}`) for an overhead of 0, 300 (Pythia in a process that goes on) and 10 000 (a generator that is
started for every simulation). What is told, for the cost of 80 simulations of 2 000 events and 12 rounds of 20 more:

- `unsettled`: by how many posterior sd what is not known of the generator moves the worst parameter, as it says;
- `off`: how far the posterior means are from those of the exact posterior in its sd, root mean square over the five
  combinations that data can tell. Only who knows the generator exactly can tell.

Every truth and way is a line of runs/benchmarks/tuning_knob.jsonl, and is not done again.
"""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from generator import expected
from kept import kept, truths
from peers import TOLD
from toy import data, question

import activesci as asci
from activesci.inference.base import Data
from activesci.inference.posterior import prior, update

HERE = Path(__file__).parent
OVERHEADS, FIXED, USUAL, RANGE = (0, 300, 10_000), (2000, 20_000), 2000, [200, 100_000]
WAYS = (*(f"fixed {events}" for events in FIXED), *(f"chosen {overhead}" for overhead in OVERHEADS))
ROUNDS, WITHIN, FOUND = 12, (6, 12), ("unsettled", "off")
"""Rounds of a campaign, those after whose cost it is looked at, and what."""


@dataclass(frozen=True)
class Exact:
    """The likelihood of who knows the generator."""

    errors: np.ndarray
    members: int = 1

    def log_likelihood(self, theta, data):
        """Return the log-likelihood of all the data, (1, n)."""
        off = [((y - expected(theta)) / self.errors) ** 2 for y in data.y]
        return -0.5 * np.sum(off, axis=(0, 2))[None] if off else np.zeros((1, len(theta)))

    def trusted(self, theta):
        """Return that all is trusted."""
        return np.ones(len(theta), dtype=bool)


def exact(study, y, errors):
    """Return the exact posterior's mean and sd of the five combinations."""
    rng, surrogate = np.random.default_rng(5), Exact(errors)
    nothing, all_ = (Data(np.empty((n, 0)), np.tile(y, (n, 1))) for n in (0, 1))
    found = update(prior(study.parameter_space, 4096, rng), (surrogate, nothing), (surrogate, all_), rng)
    told = found.theta @ TOLD.T
    return told.mean(axis=0), told.std(axis=0)


def asked(errors, number, way):
    """Return the study of a way."""
    kind, size = way.split()
    mapping = question(errors, number) | {"stop": {"rounds": ROUNDS}}
    if kind == "chosen":
        mapping["tuning"]["events"] = {"range": RANGE, "usual": USUAL, "overhead": int(size)}
    return mapping


def run(number, way):
    """Return simulations, events, unsettledness and distance after each round of one campaign."""
    rng = np.random.default_rng([8, number])
    y, errors = data(rng.uniform(0.1, 0.9, 6), rng)
    start, rows = time.process_time(), []
    with TemporaryDirectory() as folder:
        study = Path(folder)
        size = int(way.split()[1]) if way.startswith("fixed") else USUAL
        (study / "generator.py").write_text((HERE / "generator.py").read_text().replace("10_000", str(size)))
        outcome = {"shape": y[:20].tolist(), "count": y[20:].tolist()}
        (study / "data.jsonl").write_text(json.dumps({"design": {}, "outcome": outcome}) + "\n")
        (study / "study.yaml").write_text(json.dumps(asked(errors, number, way)))
        loaded = asci.Study.load(study / "study.yaml")
        mean, sd = exact(loaded, y, errors)
        with asci.Campaign(loaded, study / "run") as campaign:
            for state in campaign:
                plan = campaign.history.rounds[-1].passes[-1].planned.payload
                rows.append({"simulations": plan["count"], "events": plan.get("events", size * plan["count"])})
                if state.round:
                    off = (campaign.posterior.theta @ TOLD.T).mean(axis=0) - mean
                    rows[-1] |= {"unsettled": float(campaign.posterior.disagreement.max())}
                    rows[-1] |= {"off": float(np.sqrt(np.mean((off / sd) ** 2)))}
    return {"truth": number, "way": way, "rounds": rows, "cpu": time.process_time() - start}


def cost_of(rounds, overhead):
    """Return what rounds have cost so far, each with those before it, in events."""
    return np.cumsum([one["events"] + overhead * one["simulations"] for one in rounds])


def found(row, overhead, after, what):
    """Return what a campaign has reached for the cost of so many usual rounds; NaN if it had no answer by then."""
    budget = (80 + 20 * after) * (overhead + USUAL)
    within = [one for one, cost in zip(row["rounds"], cost_of(row["rounds"], overhead), strict=True) if cost <= budget]
    return within[-1].get(what, np.nan) if within else np.nan


def table(rows):
    """Return the table: medians over the truths, and quartiles of a round's mean number of events."""
    heads = [f"{what}, {after} rounds" for after in WITHIN for what in FOUND]
    lines = [f"| overhead | events of a simulation | {' | '.join(heads)} |", "|---|---|---|---|---|---|"]
    for overhead in OVERHEADS:
        for way in (*(f"fixed {events}" for events in FIXED), f"chosen {overhead}"):
            mine = [row for row in rows if row["way"] == way]
            numbers = [[found(row, overhead, after, what) for row in mine] for after in WITHIN for what in FOUND]
            cells = [f"{np.median(one):.2f}" if np.isfinite(one).all() else "no answer" for one in numbers]
            each = [one["events"] / one["simulations"] for row in mine for one in row["rounds"][2:]]
            low, high = np.quantile(each, [0.25, 0.75])
            name = f"chosen, {low:,.0f} to {high:,.0f}" if "chosen" in way else way
            lines.append(f"| {overhead} | {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, f"{len(rows)} campaigns, CPU {sum(row['cpu'] for row in rows):.0f} s"])


def main():
    """Run what is missing, and print the table."""
    keys = [{"truth": number, "way": way} for number in range(truths(__doc__, 3)) for way in WAYS]
    print(table(kept("tuning_knob", keys, run)))  # noqa: T201


if __name__ == "__main__":
    main()
