"""Whole campaigns on published problems: how much was learned, and at what cost. `python sequential.py [CASE ...]`

A campaign is played with the product's own surrogate, sampler, gain and designer (`kept.play`), its truth drawn from
the prior, and kept, as are its scores (`scores.py`), which are of what was played; what is there is not done again.
`--rollouts` says how many there have to be; the table is of all that are there. Without a case, all of them.
"""

import argparse
import hashlib
import time
from dataclasses import dataclass

import numpy as np
from foreseen import foreseen
from kept import RUNS, exact, kept, mean, simulator_of, table
from rollouts import FOLDER, Case, Rollout, read, rollouts
from scores import Contrasts, contrastive, normal

from activesci.inference.base import Surrogate
from activesci.ledger.bank import Bank
from activesci.loop import round as rounds
from activesci.loop.surrogates import likelihood
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.types import Block

LEARNED = RUNS / "learned"
LEAST = 8
"""Campaigns below which no luck is taken out."""


@dataclass(frozen=True)
class Scored:
    """A case, and what it is held against.

    Attributes:
        case: What is played.
        most: What no log density of a measurement exceeds [nats].
        samples: After so many measurements, the samples of the prior that its scores take.
        wanted: sPCE that is wanted after so many measurements [nats].
        published: sPCE of others.
        what: What it is called in the table.
    """

    case: Case
    most: float
    samples: dict[int, int]
    wanted: dict[int, float]
    published: dict[int, str]
    what: str


FEW = (("inference.surrogate", "likelihood"), ("inference.ensemble", 1), ("inference.particles", 1024))
SOURCE = {10: "7.97 +- 0.03 (DAD), 7.75 +- 0.04 (iDAD)", 30: "10.93 +- 0.04 (DAD), 11.73 +- 0.04 (RL-BOED)"}
DRUG = {5: "3.23 (DAD), 3.20 (iDAD), 2.68 (greedy)"}
SCORED = (
    Scored(
        Case("source_location", "source_location", (10, 30)),
        0.0,
        {10: 500_000, 30: 1_000_000},
        {30: 13.80},
        SOURCE,
        "source location",
    ),
    Scored(
        Case(
            "source_location-learned",
            "source_location",
            (10,),
            (*FEW, ("inference.simulations", 200_000), ("designer.bayesopt.evaluations", 24)),
        ),
        0.0,
        {10: 500_000},
        {10: 8.9},
        SOURCE,
        "source location, likelihood-free",
    ),
    Scored(
        Case("discounting", "discounting", (20,)),
        0.0,
        {20: 5_000},
        {20: 5.05},
        {20: "5.02 +- 0.01 (DAD)"},
        "discounting, bayesopt",
    ),
    Scored(
        Case("discounting-grid", "discounting", (20,), (("designer", {"grid": {"points": 41}}),)),
        0.0,
        {20: 5_000},
        {20: 5.05},
        {20: "5.02 +- 0.01 (DAD)"},
        "discounting, grid of 41 by 41",
    ),
    Scored(Case("death", "death", (4,)), 0.0, {4: 1_000_000}, {4: 2.10}, {4: "2.113 +- 0.008 (DAD)"}, "death"),
    Scored(
        Case("pharmacokinetics", "pharmacokinetics", (5,)),
        0.25,
        {5: 1_000_000},
        {5: 3.15},
        DRUG,
        "pharmacokinetics, horizon 5",
    ),
    Scored(
        Case("pharmacokinetics-greedy", "pharmacokinetics", (5,), (("designer.horizon", 1),)),
        0.25,
        {5: 1_000_000},
        {},
        DRUG,
        "pharmacokinetics, greedy",
    ),
)


def surrogate_of(study: Study) -> Surrogate:
    """Return what stands for the likelihood: the simulator's own, or one that is learned once and kept."""
    return exact(study) if study.inference.surrogate == "exact" else learned(study.with_settings({"seed": 1}))


def learned(study: Study) -> Surrogate:
    """Return the likelihood learned from the simulations of a study's first round."""
    simulator, count = simulator_of(study), study.inference.simulations
    file = LEARNED / f"{study.study}-{count}-{study.inference.ensemble}.npz"
    blank = likelihood(study, simulator)
    if not file.exists():
        start = time.process_time()
        theta, xi = rounds.plan(study, 0, count, None, (), None)
        y = simulator.run(Block(0, Purpose.SIMULATE, 0, theta, xi)).y
        bank = Bank(theta, xi, y, ~np.isnan(y).all(axis=1), np.zeros(count, dtype=np.int64), np.arange(count))
        state = blank.fit(bank, 0, None, generator(study.seed, 0, Purpose.FIT))[0].state()
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, **state, training_seconds=time.process_time() - start)
    with np.load(file) as arrays:
        return blank.restore({name: arrays[name] for name in arrays if name != "training_seconds"})


def scores_of(scored: Scored, rollout: Rollout, study: Study) -> dict[str, object]:
    """Return the bounds of a campaign's information after every length that is scored [nats]."""
    simulator = simulator_of(study)
    capped = contrastive(study, simulator, rollout, scored.samples, scored.most)
    around = {length: Contrasts.of(study, simulator, rollout, length) for length in scored.case.lengths}
    free = [(length, one.bounds) for length, one in around.items()]
    sizes = scored.samples
    expected = [(length, one.expected(capped[length][1], sizes[length])) for length, one in around.items()]
    return {"capped": list(capped.items()), "free": free, "expected": expected}


def played(scored: Scored) -> list[int]:
    """Return the seeds of the campaigns that are there."""
    return sorted(int(file.stem) for file in (FOLDER / scored.case.name).glob("*.npz"))


def rows_of(scored: Scored) -> list[list[str]]:
    """Return the table's rows of a case, one for each length."""
    study, seeds = scored.case.study(), played(scored)
    if len(seeds) < 2:
        return []
    files = [FOLDER / scored.case.name / f"{seed}.npz" for seed in seeds]
    found = [read(file, seed) for file, seed in zip(files, seeds, strict=True)]
    samples, digests = max(scored.samples.values()), [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    keys = [
        {"case": scored.case.name, "seed": seed, "samples": samples, "campaign": digest[:16]}
        for seed, digest in zip(seeds, digests, strict=True)
    ]
    rollout = dict(zip(seeds, found, strict=True))
    lines = kept("sequential", keys, lambda key: scores_of(scored, rollout[key["seed"]], study))
    ahead = kept("foreseen", keys, lambda key: {"told": foreseen_of(scored, rollout[key["seed"]])})
    told = np.array([line["told"] for line in ahead])
    return [row_of(scored, length, lines, told[:, :length].sum(axis=1), found) for length in scored.case.lengths]


def foreseen_of(scored: Scored, rollout: Rollout) -> list[float]:
    """Return what each measurement of a campaign was expected to tell [nats]."""
    return foreseen(scored.case.study(rollout.seed), rollout.data).tolist()


def row_of(scored: Scored, length: int, lines: list[dict], told: np.ndarray, found: list[Rollout]) -> list[str]:
    """Return the table's row of a case after so many measurements, of which was expected what they have `told`."""
    names = ("capped", "free", "expected")
    capped, free, expected = (np.array([dict(line[name])[length] for line in lines]) for name in names)
    size, goal = scored.samples[length], scored.wanted.get(length)
    ask, infer = (np.mean([getattr(one, name)[:length].mean() for one in found]) for name in ("ask", "infer"))
    likely, luck = expected[:, :2].T, lucks(expected[:, 1], told, found, scored.case.study())
    cells = [scored.what, length, len(lines), mean(capped[:, 0], 2), mean(likely[0], 2), settled(likely[0], luck)]
    cells += [mean(told, 3), settled(likely[1], luck), mean(capped[:, 1], 2), f"{np.log(size + 1):.2f}"]
    cells += [mean(free[:, 0], 2), mean(free[:, 1], 2), "" if goal is None else f"{goal:.2f}"]
    return [*map(str, cells), scored.published.get(length, ""), f"{ask:.2f} + {infer:.2f}"]


def lucks(information: np.ndarray, told: np.ndarray, found: list[Rollout], study: Study) -> np.ndarray:
    """Return what campaigns owe to luck whose mean is known to be zero, (n, 2).

    An unusual truth is worth more nats: in normal scores its squared distance is the number of parameters on average.
    And what the outcomes told is more or less than was expected of them.
    """
    z = normal(study.parameter_space.to_cube(np.array([one.truth for one in found])))
    return np.stack([(z**2).sum(axis=1) - z.shape[1], information - told], axis=1)


def settled(values: np.ndarray, luck: np.ndarray) -> str:
    """Return mean and error without the luck (n, l) of known mean: what the values owe to it is found by regression.

    References:
        Owen, Monte Carlo theory, methods and examples, 2013, section 8.9.
    """
    if len(values) < LEAST:
        return ""
    design = np.c_[np.ones(len(luck)), luck]
    inverse = np.linalg.pinv(design)
    rest = values - design @ (found := inverse @ values)
    error = np.sqrt((rest**2).sum() / (len(rest) - design.shape[1]) * (inverse[0] ** 2).sum())
    return f"{found[0]:.3f} +- {error:.3f}"


HEAD = ("problem", "T", "campaigns", "sPCE [nats]", "in the mean given the data", "known luck taken out too")
HEAD += ("information: what was foreseen", "in the mean given the data, known luck taken out", "sNMC", "cap")
HEAD += ("lower, no cap", "upper, no cap", "sPCE wanted", "published sPCE", "CPU s a design: ask + infer")


def main():
    names = [one.case.name for one in SCORED]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(names)}; default: all")
    parser.add_argument("--rollouts", type=int, default=200, help="campaigns of each case (default: %(default)s)")
    given = parser.parse_args()
    if unknown := set(given.cases) - set(names):
        parser.error(f"found {sorted(unknown)}, expected some of {names}")
    chosen = [one for one in SCORED if one.case.name in (given.cases or names)]
    for one in chosen:
        for _ in rollouts(one.case, range(1, given.rollouts + 1), surrogate_of):
            pass
    table(HEAD, [row for one in chosen for row in rows_of(one)])


if __name__ == "__main__":
    main()
