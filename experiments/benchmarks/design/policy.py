"""What trained policies are worth, beside greedy choice and chance: `python policy.py`, or one problem by its name.

Each policy is trained as `designer: {policy: {...}}` trains it, on the exact likelihood or on one that is learned from
simulations first; all ways are judged on the same truths, by the exact likelihood. Greedy is the best of 48 designs by
the gain of one measurement on samples of the posterior; it is no campaign of the product, which looks at more.
"""

import argparse
import time

import numpy as np
from gold import learned
from kept import HERE, exact, kept, table

from activesci.design.policies.taught import outlook_of, teach
from activesci.design.policies.training import Plan
from activesci.design.policies.worth import ByChance, ByPolicy, Greedily, Trial
from activesci.inference.base import Data
from activesci.study import Study

SMALL = {"rollouts": 128, "contrasts": 511}
"""Enough for 3 nats; the bound is at most 6.2."""
CASES = {
    "pharmacokinetics": {"horizon": 5, "steps": 1500, "likelihood": "exact", **SMALL},
    "death": {"horizon": 4, "steps": 400, "likelihood": "exact", **SMALL},
    "pharmacokinetics, learned": {"horizon": 5, "steps": 1500, "likelihood": "learned", **SMALL},
    "source_location": {"horizon": 10, "steps": 1500, "likelihood": "exact", "rollouts": 256, "contrasts": 2047},
    "discounting": {"horizon": 20, "steps": 1500, "likelihood": "exact", "rollouts": 256, "contrasts": 1023},
}
CAMPAIGNS, OTHERS = 300, 5000
SIMULATIONS = 20_000


def run(key):
    study = Study.load(HERE / "problems" / key["problem"].partition(",")[0] / "study.yaml")
    truth = exact(study)
    surrogate = truth if key["likelihood"] == "exact" else learned(study, SIMULATIONS, key["seed"])
    rng, start = np.random.default_rng([key["seed"], 11]), time.process_time()
    plan = Plan(key["horizon"], key["steps"], key["rollouts"], key["contrasts"])
    taught = teach(surrogate, study, plan, rng, lambda done, of: None)
    line = {"train_seconds": time.process_time() - start, "gap": taught.gap[0], "stated": taught.said()["worth"]}
    outlook = outlook_of(truth, study, rng)
    trial = Trial.of(truth, outlook, key["horizon"], np.random.default_rng([key["seed"], 12]), CAMPAIGNS, OTHERS)
    ways = {
        "policy": ByPolicy(taught.network),
        "greedy": Greedily(taught.twin, trial.contrasts),
        "random": ByChance(outlook),
    }
    line |= {"worth": {name: trial.information(way).said() for name, way in ways.items()}}
    return {**line, "curve": taught.curve[1].tolist(), "milliseconds": latency(taught.network, trial)}


def latency(network, trial):
    """Return the milliseconds of wall time of each of 1000 designs, with all measurements of the horizon but one."""
    rng, outlook = np.random.default_rng(1), network.outlook
    past = network.horizon - 1
    data = Data(outlook.designs.sample(past, rng), np.tile(outlook.centre, (past, 1)))
    found = []
    for _ in range(1000):
        start = time.perf_counter()
        network.next(data)
        found.append(1e3 * (time.perf_counter() - start))
    return [float(np.quantile(found, q)) for q in (0.5, 0.95)]


def said(found):
    """Say the mean information and its error: each policy is judged on truths of its own."""
    errors = np.array([one["error"] for one in found])
    return f"{np.mean([one['lower'] for one in found]):.2f} +- {np.sqrt((errors**2).sum()) / len(found):.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problems", nargs="*", default=list(CASES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    for name in given.problems:
        settings = {"problem": name, **CASES[name]}
        lines = kept("policy", [{**settings, "seed": seed} for seed in range(given.seeds)], run, given.again)
        worth = [said([line["worth"][way] for line in lines]) for way in ("policy", "greedy", "random")]
        seconds = f"{np.mean([line['train_seconds'] for line in lines]):.0f}"
        most = [max(line["milliseconds"][i] for line in lines) for i in (0, 1)]
        gap = f"{np.mean([line['gap'] for line in lines]):.3f}"
        rows.append([name, CASES[name]["horizon"], len(lines), *worth, gap, seconds, *(f"{ms:.2f}" for ms in most)])
    table(
        [
            "problem",
            "T",
            "policies",
            "policy [nats]",
            "greedy",
            "random",
            "twin's gap [nats]",
            "training, with judging [CPU s]",
            "design, median [ms]",
            "p95 [ms]",
        ],
        rows,
    )


if __name__ == "__main__":
    main()
