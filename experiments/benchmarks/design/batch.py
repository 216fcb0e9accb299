"""What a batch keeps of asking one by one, on source location: `python batch.py`

Four measurements, as one batch of four and one after the other, each knowing the last; then twelve, as three batches
and singly. Campaigns are paired: the same truth, drawn from the prior. Scored are sPCE and its mean over the truths
that the data may come from, which has the same expectation and less luck (see SEQUENTIAL.md).
"""

import argparse
import time

import numpy as np
from kept import HERE, exact, kept, mean, simulator_of, table

from activesci.design import designer_for
from activesci.inference.base import Data
from activesci.loop import round as rounds
from activesci.rng import Purpose
from activesci.study import Study
from activesci.types import Block

SAMPLES, PIECE = 200_000, 20_000


def campaign(key):
    study = Study.load(HERE / "problems" / "source_location" / "study.yaml").with_settings({"seed": key["seed"]})
    surrogate, simulator, designer = exact(study), simulator_of(study), designer_for(study.designer)
    rng = np.random.default_rng([key["seed"], 5])
    truth = study.parameter_space.from_cube(rng.random((1, study.parameter_space.dim)))
    belief, asked = rounds.before_data(study, surrogate), 0.0
    for number in range(1, key["count"] // key["batch"] + 1):
        start = time.process_time()
        choices = rounds.choose(study, number, belief, designer, None, None, key["batch"])
        asked += time.process_time() - start
        xi = np.stack([choice.xi for choice in choices])
        block = Block(number, Purpose.MEASURE, 0, np.repeat(truth, len(xi), axis=0), xi)
        y = simulator.run(block).y
        data = Data(np.concatenate([belief.data.xi, xi]), np.concatenate([belief.data.y, y]))
        belief = rounds.after_data(study, number, belief, surrogate, data)
    lower, told = scores(study, surrogate, truth, belief.data, rng)
    return {"lower": lower, "told": told, "ask": asked, "xi": belief.data.xi.tolist()}


def scores(study, surrogate, truth, data, rng):
    """Return sPCE, and what the data have told on average over the truths they may come from [nats]."""
    own = likelihood(surrogate, truth, data)[0]
    drawn = (rng.random((PIECE, study.parameter_space.dim)) for _ in range(0, SAMPLES, PIECE))
    others = np.concatenate([likelihood(surrogate, study.parameter_space.from_cube(u), data) for u in drawn])
    total = np.logaddexp.reduce(others)
    told = np.exp(others - total) @ others - total + np.log(SAMPLES)
    return float(own - np.logaddexp(total, own) + np.log(SAMPLES + 1)), float(told)


def likelihood(surrogate, theta, data):
    return surrogate.log_prob(theta, data.xi, data.y[:, None, None, :])[:, 0, 0].sum(axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--longer", type=int, default=30, help="seeds of the campaigns of twelve")
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    for count, seeds in ((4, given.seeds), (12, given.longer)):
        found = {}
        for batch in (4, 1):
            keys = [{"count": count, "batch": batch, "seed": seed} for seed in range(1, seeds + 1)]
            found[batch] = kept("batch", keys, campaign, given.again)
        if not seeds:
            continue
        seconds = [np.mean([line["ask"] for line in found[batch]]) / count for batch in (4, 1)]
        for what, name in (("lower", "sPCE"), ("told", "in the mean given the data")):
            four, one = (np.array([line[what] for line in found[batch]]) for batch in (4, 1))
            ratio = four.mean() / one.mean()
            error = (four - ratio * one).std(ddof=1) / np.sqrt(seeds) / one.mean()
            kept_share = f"{100 * ratio:.1f} +- {100 * error:.1f}"
            rows.append([count, seeds, name, mean(four, 2), mean(one, 2), kept_share])
            rows[-1] += [f"{each:.2f}" for each in seconds]
    head = ["measurements", "campaigns", "score [nats]", "batches of 4", "singly", "% that batches keep"]
    table([*head, "CPU s a design, batches", "singly"], rows)


if __name__ == "__main__":
    main()
