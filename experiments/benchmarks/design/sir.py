"""When should an epidemic be counted? Five times, each later than the last, of one outbreak: `python sir.py`

The stochastic epidemic of Ivanova et al., Implicit deep adaptive design, 2021, arXiv:2111.02329: 500 people, of whom
two are infected at first,

    dS = -b S I / N dt - sqrt(b S I / N) dW,    dI = (b S I / N - g I) dt + sqrt(b S I / N) dW - sqrt(g I) dV,

solved on [0, 100] by Euler's steps, outbreaks with less than one infected on average left out; b and g are lognormal.
The infected are counted, in whole numbers, at times that are chosen one by one, two days apart or more. Nobody can
state the likelihood of such a path: what is learned, from simulated outbreaks, is

    q(count | b, g, time, last time, last count).

Given the last count the earlier ones are held to tell no more, which loses something and keeps the bound a bound: for
any q

    E[ log q(counts | truth) - log mean_l q(counts | theta_l) ],    the truth among L + 1 draws of the prior,

is at most what five counts tell of b and g. There is no upper bound without the likelihood.
"""

import argparse
import time
from functools import lru_cache

import numpy as np
from kept import kept, mean, table

from activesci.design import designer_for
from activesci.inference.base import Data
from activesci.inference.likelihood import LikelihoodSurrogate
from activesci.ledger.bank import Bank
from activesci.loop import round as rounds
from activesci.study import Study

PEOPLE, FIRST, END = 500, 2, 100.0
STEP, EVERY = 0.05, 40
"""Length of Euler's steps [days], and after how many of them the infected can be counted."""
TIMES = np.arange(0.0, END + 1e-9, STEP * EVERY)
COUNTS, OUTBREAKS, PAIRS = 5, 10_000, 4
CASES = {
    "chosen": "activesci, gain for what is used up of counts and days",
    "greedy": "activesci, gain",
    "even": "20, 40, 60, 80, 100 days",
    "random": "five times by chance, in order",
}
STUDY = {
    "study": "sir",
    "seed": 1,
    "parameters": {
        "infection": {"prior": {"lognormal": [float(np.log(0.5)), 0.5]}, "unit": "1/day"},
        "recovery": {"prior": {"lognormal": [float(np.log(0.1)), 0.5]}, "unit": "1/day"},
    },
    "design": {
        "time": {"real": [0, END], "unit": "day"},
        "last_time": {"real": [0, END], "unit": "day"},
        "last_root": {"real": [0, float(np.sqrt(PEOPLE))]},
    },
    "outcome": {"infected": {"count": []}},
    "simulator": {"function": "sir:outbreaks"},
    "experiment": {"manual": True},
    "inference": {"surrogate": "likelihood", "ensemble": 1, "particles": 2048},
    "designer": {"grid": {}},
    "stop": {"rounds": COUNTS},
}


def outbreaks(theta, rng):
    """Return the rounded numbers of infected at TIMES, (n, times), given rates (n, 2) of infection and recovery."""
    healthy, ill = np.full(len(theta), float(PEOPLE - FIRST)), np.full(len(theta), float(FIRST))
    found, root = np.empty((len(theta), len(TIMES)), dtype=np.int16), np.sqrt(STEP)
    for step in range((len(TIMES) - 1) * EVERY + 1):
        if step % EVERY == 0:
            found[:, step // EVERY] = np.rint(ill)
        caught, healed = theta[:, 0] * healthy * ill / PEOPLE, theta[:, 1] * ill
        new = STEP * caught + root * np.sqrt(caught) * rng.standard_normal(len(theta))
        gone = STEP * healed + root * np.sqrt(healed) * rng.standard_normal(len(theta))
        healthy, ill = np.clip(healthy - new, 0, PEOPLE), np.clip(ill + new - gone, 0, PEOPLE)
    return found


def drawn(study, count, rng):
    """Return rates (n, 2) from the prior and their outbreaks, those left out that die at once."""
    theta = study.parameter_space.from_cube(rng.random((count, 2)))
    found = outbreaks(theta, rng)
    large = found.mean(axis=1) >= 1
    return theta[large], found[large]


def designs(when, before, infected):
    """Return designs (n, 3) of counting at times `when` after a last count at times `before`, all of them indices."""
    return np.stack([TIMES[when], TIMES[before], np.sqrt(infected)], axis=1)


@lru_cache(maxsize=1)
def learned():
    """Return the study, its likelihood learned from outbreaks, other draws of the prior, and the CPU seconds."""
    start, study, rng = time.process_time(), Study(**STUDY), np.random.default_rng(1)
    theta, paths = drawn(study, OUTBREAKS, rng)
    rows = np.repeat(np.arange(len(theta)), PAIRS)
    when = rng.integers(1, len(TIMES), len(rows))
    before = np.where(rng.random(len(rows)) < 1 / COUNTS, 0, rng.integers(0, when))
    xi, y = designs(when, before, paths[rows, before]), paths[rows, when].astype(float)[:, None]
    bank = Bank.of(0, theta[rows], xi, [{"index": np.arange(len(rows)), "y": y}])
    blank = LikelihoodSurrogate(study.parameter_space, study.design_space, study.outcome_space, 1)
    surrogate = blank.fit(bank, len(rows), None, rng)[0]
    return study, surrogate, drawn(study, OUTBREAKS, rng)[0], time.process_time() - start


def campaign(key):
    """Count an outbreak five times; return the times, the counts, the bound's term and the CPU seconds."""
    study, surrogate, others, seconds = learned()
    rng = np.random.default_rng([key["seed"], 8])
    truth, paths = (found[0] for found in drawn(study, 20, rng))
    data, ask, infer = COUNT[key["how"]](study.with_settings({"seed": key["seed"]}), surrogate, paths, rng)
    own = likelihood(surrogate, truth[None], data)[0]
    total = np.logaddexp.reduce(np.append(likelihood(surrogate, others, data), own))
    told = own - total + np.log(len(others) + 1)
    times = {"times": data.xi[:, 0].tolist(), "counts": data.y[:, 0].tolist()}
    return {**times, "told": float(told), "ask": ask, "infer": infer, "training": seconds, "truth": truth.tolist()}


def likelihood(surrogate, theta, data):
    """Return the log-likelihood of all counts given rates (n, 2), (n,)."""
    return surrogate.log_prob(theta, data.xi, data.y[:, None, None, :])[:, 0, 0].sum(axis=0)


def spent(xi):
    """Return what counts at designs (n, 3) cost: the shares of the counts and of the days that they use up, (n,)."""
    return 1 / COUNTS + (xi[:, 0] - xi[:, 1]) / END


def chosen(study, surrogate, path, rng, cost=spent):
    """Choose each time, of those that are left, by the gain that it promises for what it uses up."""
    belief, designer, last, ask, infer = rounds.before_data(study, surrogate), designer_for(study.designer), 0, [], []
    for number in range(1, COUNTS + 1):
        start = time.process_time()
        when = np.arange(last + 1, len(TIMES) - COUNTS + number)
        before = np.full(len(when), last)
        xi = rounds.choose(study, number, belief, designer, cost, designs(when, before, path[before]), 1)[0].xi
        last = int(np.argmin(np.abs(TIMES - xi[0])))
        middle = time.process_time()
        y = np.append(belief.data.y, [[float(path[last])]], axis=0)
        belief = rounds.after_data(study, number, belief, surrogate, Data(np.append(belief.data.xi, [xi], axis=0), y))
        ask, infer = [*ask, middle - start], [*infer, time.process_time() - middle]
    return belief.data, float(np.mean(ask)), float(np.mean(infer))


def fixed(when, path):
    """Count at fixed times, indices."""
    before = np.append(0, when[:-1])
    return Data(designs(when, before, path[before]), path[when].astype(float)[:, None]), 0.0, 0.0


COUNT = {
    "chosen": chosen,
    "greedy": lambda *given: chosen(*given, cost=None),
    "even": lambda _study, _surrogate, path, _rng: fixed(np.arange(1, COUNTS + 1) * (len(TIMES) - 1) // COUNTS, path),
    "random": lambda _study, _surrogate, path, rng: fixed(
        np.sort(rng.choice(np.arange(1, len(TIMES)), COUNTS, replace=False)), path
    ),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--seeds", type=int, default=200, help="outbreaks that are counted at fixed times or by chance"
    )
    parser.add_argument("--chosen", type=int, default=20, help="outbreaks whose times are chosen, which takes longer")
    parser.add_argument("--greedy", type=int, default=20, help="outbreaks whose times are chosen by gain alone")
    parser.add_argument("--first", type=int, default=1, help="the first of all these outbreaks (default: %(default)s)")
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    counts = {"chosen": given.chosen, "greedy": given.greedy}
    seeds = {how: range(given.first, given.first + counts.get(how, given.seeds)) for how in CASES}
    lines = {how: lines_of(how, seeds[how], given.again) for how in CASES if seeds[how]}
    chance = np.array([line["told"] for line in lines["random"]])
    for how in lines:
        told = np.array([line["told"] for line in lines[how]])
        apart = "" if how == "random" else mean((told - chance[: len(told)]).tolist(), 2)
        seconds = [np.mean([line[what] for line in lines[how]]) for what in ("ask", "infer", "training")]
        rows.append([CASES[how], len(told), mean(told.tolist(), 2), apart, *(f"{one:.2f}" for one in seconds)])
    head = ["counted", "outbreaks", "lower bound [nats]", "more than by chance on the same ones", "CPU s an ask"]
    table([*head, "CPU s a posterior", "CPU s of learning"], rows)


def lines_of(how, seeds, again):
    """Return a line for each outbreak that is counted one way."""
    return kept("sir", [{"how": how, "seed": seed} for seed in seeds], campaign, again)


if __name__ == "__main__":
    main()
