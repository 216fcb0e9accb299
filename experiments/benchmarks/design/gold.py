"""Estimated gains against exact ones: `python gold.py PATH/eig.json` (the file of exact gains; see the README).

The exact surrogate shows the estimator's own error, the learned one that of a campaign that has simulations only.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from kept import EXPERIMENTS, exact, kept, simulator_of, table

from activesci.gain import doubted, estimator_for
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.ledger.bank import Bank
from activesci.loop import round as rounds
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.types import Block

PROBLEMS = ("gaussian_cosine", "weinberg_toy")


def learned(study, simulations, seed):
    """Return a likelihood surrogate of so many simulations of a campaign's first round."""
    study, rng = study.with_settings({"seed": seed}), np.random.default_rng(seed)
    theta, xi = rounds.plan(study, 0, simulations, None, (), None)
    y = simulator_of(study).run(Block(0, Purpose.SIMULATE, seed, theta, xi)).y
    bank = Bank.of(0, theta, xi, [{"index": np.arange(simulations), "y": y}])
    parts = (study.parameter_space, study.design_space, study.outcome_space)
    return LikelihoodSurrogate(*parts).fit(bank, simulations, None, rng)[0]


def estimated(key, designs):
    study = Study.load(EXPERIMENTS / key["problem"] / "study.yaml")
    surrogate = exact(study) if key["surrogate"] == "exact" else learned(study, key["simulations"], key["seed"])
    rng = np.random.default_rng([key["seed"], 1])
    theta = study.parameter_space.from_cube(rng.random((4096, study.parameter_space.dim)))
    xi = np.array(designs)[:, None]

    def estimator(one):
        return estimator_for(study, one, theta, generator(key["seed"], 1, Purpose.GAIN))

    gain = (estimator(surrogate).coarse() if key["precision"] == "coarse" else estimator(surrogate))(xi)
    gain = doubted(gain, surrogate, xi, estimator)
    return {"value": gain.value.tolist(), "error": gain.error.tolist(), "width": (gain.upper - gain.lower).tolist()}


def of_thousand(key, truths):
    """Return gains of 1000 events with a likelihood that was learned from experiments of twenty."""
    study = Study.load(EXPERIMENTS / "gaussian_cosine" / "study.yaml")
    many = study.with_settings({"outcome": {"x": {"real": [], "iid": 1000}}})
    surrogate = replace(learned(study, key["simulations"], key["seed"]), outcomes=many.outcome_space)
    theta = study.parameter_space.from_cube(np.random.default_rng([key["seed"], 1]).random((4096, 1)))
    xi = np.array([float(at) for at in truths])[:, None]

    def estimator(one):
        return estimator_for(many, one, theta, generator(key["seed"], 1, Purpose.GAIN))

    gain = doubted(estimator(surrogate)(xi), surrogate, xi, estimator)
    return {"value": gain.value.tolist(), "error": gain.error.tolist()}


def thousand(truths, seeds, simulations, again):
    """Print the table of gains of 1000 events."""
    keys = [{"simulations": simulations, "seed": seed} for seed in range(seeds)]
    lines = kept("gold_thousand", keys, lambda key: of_thousand(key, truths), again)
    value, error = (np.array([line[name] for line in lines]) for name in ("value", "error"))
    off, rows = value - np.array(list(truths.values())), []
    for i, (at, truth) in enumerate(truths.items()):
        rows.append(
            [at, truth, seeds, f"{off[:, i].mean():.3f}", f"{off[:, i].std():.3f}", f"{error[:, i].mean():.3f}"]
        )
        rows[-1] += [f"{np.abs(off[:, i]).max():.3f}"]
    table(["phi", "exact gain of 1000 events", "seeds", "bias [nats]", "sd", "stated error", "largest error"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("gold", type=Path, help="the file of exact gains")
    parser.add_argument("--seeds", type=int, default=100, help="repetitions with the exact likelihood")
    parser.add_argument("--learned", type=int, default=3, help="repetitions with learned likelihoods")
    parser.add_argument("--simulations", type=int, default=10_000)
    parser.add_argument("--thousand", type=int, default=3, help="repetitions of gains of 1000 events, learned")
    parser.add_argument("--only", choices=PROBLEMS, help="one problem alone")
    parser.add_argument("--again", action="store_true")
    given = parser.parse_args()
    gold, rows = json.loads(given.gold.read_text()), []
    for problem in [given.only] if given.only else PROBLEMS:
        designs = [float(at) for at in gold[problem]["eig"]]
        truth = np.array(list(gold[problem]["eig"].values()))
        cases = [("exact", "fine", given.seeds), ("exact", "coarse", given.seeds), ("learned", "fine", given.learned)]
        cases = [case for case in cases if case[2]]
        for surrogate, precision, seeds in cases:
            size = given.simulations if surrogate == "learned" else 0
            keys = [
                {"problem": problem, "surrogate": surrogate, "precision": precision, "simulations": size, "seed": seed}
                for seed in range(seeds)
            ]
            lines = kept("gold", keys, lambda key, d=designs: estimated(key, d), given.again)
            value, error = (np.array([line[name] for line in lines]) for name in ("value", "error"))
            off = value - truth
            rows.append(
                [problem, surrogate, precision, seeds, f"{np.abs(off.mean(0)).max():.4f}", f"{off.std(0).max():.4f}"]
                + [f"{error.mean(0).max():.4f}", f"{np.abs(off).max():.3f}", f"{np.mean(np.abs(off) < 2 * error):.3f}"]
            )
    table(
        ["problem", "likelihood", "samples", "seeds", "largest bias [nats]", "largest sd", "largest stated error"]
        + ["largest error of all", "truth within 2 stated errors"],
        rows,
    )
    if given.thousand:
        thousand(gold["gaussian_cosine"]["n_1000"], given.thousand, given.simulations, given.again)


if __name__ == "__main__":
    main()
