"""What a batch keeps of asking one by one, on source location: `python batch.py`

Four measurements, as one batch of four and one after the other, each knowing the last; then twelve, as three batches
and singly. Campaigns are paired: the same truth, drawn from the prior, and the same noise of the first, the second
and every other measurement. Scored are sPCE and its mean over the truths that the data may come from, which has the
same expectation and less luck (see SEQUENTIAL.md).

A batch of four is chosen before anything is known of the truth, so what it tells on average over truths and noise is
computed for each (`planned`), and how far its one campaign is off that is luck of mean zero. So is how far out the
truth lies, and what single asks told beyond what was to be expected of each of them (`foreseen`). What the single asks
owe to the three is taken out by regression, as in `sequential.settled`.
"""

import argparse
import time

import numpy as np
from foreseen import foreseen
from kept import HERE, Line, exact, kept, mean, simulator_of, table
from scores import normal

from activesci.design import designer_for
from activesci.inference.base import Data, Surrogate
from activesci.loop import round as rounds
from activesci.rng import Purpose
from activesci.study import Study
from activesci.types import Block

SAMPLES, PIECE = 200_000, 20_000
TRUTHS, AGAINST = 200, 20_000
"""Truths over which a batch's information is averaged, and samples of the prior that each is held against."""
LEAST, FITTED = 12, 3
"""Campaigns below which no luck is taken out, and how many slopes that takes."""
SCORES = {"lower": "sPCE", "told": "in the mean given the data"}


def campaign(key: Line) -> Line:
    """Return what a campaign has told, in batches or singly."""
    study = Study.load(HERE / "problems" / "source_location" / "study.yaml").with_settings({"seed": key["seed"]})
    surrogate, designer = exact(study), designer_for(study.designer)
    rng = np.random.default_rng([key["seed"], 5])
    truth = study.parameter_space.from_cube(rng.random((1, study.parameter_space.dim)))
    belief, asked = rounds.before_data(study, surrogate), 0.0
    for number in range(1, key["count"] // key["batch"] + 1):
        start = time.process_time()
        choices = rounds.choose(study, number, belief, designer, None, None, key["batch"])
        asked += time.process_time() - start
        data = belief.data
        for choice in choices:
            data = measured(study, truth, data, choice.xi[None])
        belief = rounds.after_data(study, number, belief, surrogate, data)
    lower, told = scores(study, surrogate, truth, belief.data, rng)
    far = float((normal(study.parameter_space.to_cube(truth)) ** 2).sum() - truth.shape[1])
    whole = key["batch"] == key["count"]
    line = {"lower": lower, "told": told, "far": far, "ask": asked, "xi": belief.data.xi.tolist()}
    if whole:
        return {**line, "planned": planned(study, surrogate, belief.data.xi, rng)}
    return {**line, "foreseen": float(foreseen(study, belief.data).sum())}


def measured(study: Study, truth: np.ndarray, data: Data, xi: np.ndarray) -> Data:
    """Return data with one measurement more: the noise of the n-th is the same in all campaigns of a seed."""
    y = simulator_of(study).run(Block(len(data) + 1, Purpose.MEASURE, 0, truth, xi)).y
    return Data(np.concatenate([data.xi, xi]), np.concatenate([data.y, y]))


def scores(
    study: Study, surrogate: Surrogate, truth: np.ndarray, data: Data, rng: np.random.Generator
) -> tuple[float, float]:
    """Return sPCE, and what the data have told on average over the truths they may come from [nats]."""
    own = likelihood(surrogate, truth, data)[0]
    drawn = (rng.random((PIECE, study.parameter_space.dim)) for _ in range(0, SAMPLES, PIECE))
    others = np.concatenate([likelihood(surrogate, study.parameter_space.from_cube(u), data) for u in drawn])
    lower = own - np.logaddexp(np.logaddexp.reduce(others), own) + np.log(SAMPLES + 1)
    return float(lower), float(divergence(others[None])[0])


def planned(study: Study, surrogate: Surrogate, xi: np.ndarray, rng: np.random.Generator) -> float:
    """Return what measuring at designs (t, k) tells on average over truths and noise [nats]."""
    space = study.parameter_space
    truths, others = (space.from_cube(rng.random((n, space.dim))) for n in (TRUTHS, AGAINST))
    y = np.concatenate([surrogate.sample(truths, design[None], rng) for design in xi])  # each has noise of its own
    found = (surrogate.log_prob(others, xi, part[:, None])[:, 0].sum(axis=0) for part in np.split(y, 10, axis=1))
    return float(np.concatenate([divergence(part) for part in found]).mean())


def divergence(found: np.ndarray) -> np.ndarray:
    """Return how far the posterior is from the prior, (n,), by likelihoods (n, m) of samples of the prior [nats]."""
    total = np.logaddexp.reduce(found, axis=1)
    return (np.exp(found - total[:, None]) * found).sum(axis=1) - total + np.log(found.shape[1])


def likelihood(surrogate: Surrogate, theta: np.ndarray, data: Data) -> np.ndarray:
    """Return the log-likelihood of all data given parameters (n, d), (n,)."""
    return surrogate.log_prob(theta, data.xi, data.y[:, None, None, :])[:, 0, 0].sum(axis=0)


def settled(four: list[Line], one: list[Line]) -> tuple[np.ndarray, np.ndarray]:
    """Return what batches and single asks told without the luck that is known, (n,) each.

    Of what batches told between looks at the data the expectation is known as it is of single asks.
    """
    if "planned" not in four[0]:
        return tuple(np.array([line["foreseen"] for line in lines]) for lines in (four, one))
    plan, told, far = (np.array([line[name] for line in four]) for name in ("planned", "told", "far"))
    alone, ahead = (np.array([line[name] for line in one]) for name in ("told", "foreseen"))
    luck = np.stack([told - plan, far, alone - ahead], axis=1)
    slopes = np.linalg.lstsq(np.c_[np.ones(len(luck)), luck], alone, rcond=None)[0][1:]
    return plan, alone - luck @ slopes


def share(four: np.ndarray, one: np.ndarray, fitted: int) -> str:
    """Say the ratio of two paired means in percent and its error, given so many numbers that were fitted to them."""
    ratio = four.mean() / one.mean()
    rest = four - ratio * one
    error = np.sqrt((rest**2).sum() / (len(rest) - fitted) / len(rest)) / one.mean()
    return f"{100 * ratio:.1f} +- {100 * error:.1f}"


def rows_of(count: int, four: list[Line], one: list[Line]) -> list[list[str]]:
    """Return the table's rows of campaigns of so many measurements."""
    pairs = [
        (name, *(np.array([line[what] for line in lines]) for lines in (four, one)), 1)
        for what, name in SCORES.items()
    ]
    if "planned" not in four[0] or len(four) > LEAST:
        pairs.append(("known luck taken out", *settled(four, one), 1 + FITTED * ("planned" in four[0])))
    seconds = [f"{np.mean([line['ask'] for line in lines]) / count:.2f}" for lines in (four, one)]
    return [
        [str(count), str(len(four)), name, mean(a, 2), mean(b, 2), share(a, b, fitted), *seconds]
        for name, a, b, fitted in pairs
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--longer", type=int, default=30, help="seeds of the campaigns of twelve")
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    for count, seeds in ((4, given.seeds), (12, given.longer)):
        keys = [{"count": count, "batch": batch, "seed": seed} for seed in range(1, seeds + 1) for batch in (4, 1)]
        found = kept("batch", keys, campaign, given.again)
        rows += rows_of(count, found[::2], found[1::2]) if seeds else []
    head = ["measurements", "campaigns", "score [nats]", "batches of 4", "singly", "% that batches keep"]
    table([*head, "CPU s a design, batches", "singly"], rows)


if __name__ == "__main__":
    main()
