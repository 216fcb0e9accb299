"""Whole campaigns on four published problems, with exact likelihoods: how much was learned. `python sequential.py`

The score is the contrastive bound of the literature on each campaign's information, sPCE,

    log p(h | theta_0) - log 1/(L+1) sum_{l=0..L} p(h | theta_l),   theta_0 the truth, the others from the prior,

which is too low on average and never above log(L+1), and sNMC, the same without theta_0 in the sum, which is too high.
The truth of each campaign is drawn from the prior.
"""

import argparse

import numpy as np
from kept import HERE, exact, kept, mean, play, table

from activesci.study import Study

PIECE = 50_000
PROBLEMS = {"death": (4, 1_000_000), "discounting": (20, 5_000), "pharmacokinetics": (5, 1_000_000)} | {
    "source_location": (30, 1_000_000)
}
"""Measurements of a campaign, and samples of the prior that its score takes."""
PUBLISHED = {
    "death": "2.113 +- 0.008 (DAD)",
    "discounting": "5.021 +- 0.013 (DAD)",
    "pharmacokinetics": "3.234 (DAD), 2.683 (greedy)",
    "source_location": "10.93 +- 0.04 (DAD), 11.73 +- 0.04 (RL-BOED)",
}


def campaign(key):
    study = Study.load(HERE / "problems" / key["problem"] / "study.yaml").with_settings({"seed": key["seed"]})
    if key["horizon"] is not None:
        study = study.with_settings({"designer.horizon": key["horizon"]})
    count, samples = PROBLEMS[key["problem"]]
    rng, surrogate = np.random.default_rng([key["seed"], 5]), exact(study)
    truth = study.parameter_space.from_cube(rng.random((1, study.parameter_space.dim)))[0]
    game = play(study, surrogate, truth, count)
    lower, upper = scores(study, surrogate, truth, game.data, samples, rng)
    return {"lower": lower, "upper": upper, "xi": game.data.xi.tolist(), "ask": game.ask, "infer": game.infer}


def scores(study, surrogate, truth, data, samples, rng):
    """Return sPCE and sNMC of one campaign [nats]."""
    own = likelihood(surrogate, truth[None], data)[0]
    pieces = range(0, samples, PIECE)
    drawn = (study.parameter_space.from_cube(rng.random((PIECE, study.parameter_space.dim))) for _ in pieces)
    others = np.concatenate([likelihood(surrogate, theta, data) for theta in drawn])[:samples]
    without = np.logaddexp.reduce(others)
    return (float(own - np.logaddexp(without, own) + np.log(samples + 1)), float(own - without + np.log(samples)))


def likelihood(surrogate, theta, data):
    return surrogate.log_prob(theta, data.xi, data.y[:, None, None, :])[:, 0, 0].sum(axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("problems", nargs="*", default=list(PROBLEMS))
    parser.add_argument("--rollouts", type=int, default=8)
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    for problem in given.problems:
        for horizon in (5, 1) if problem == "pharmacokinetics" else (None,):
            keys = [{"problem": problem, "horizon": horizon, "seed": seed} for seed in range(1, given.rollouts + 1)]
            lines = kept("sequential", keys, campaign, given.again)
            lower, upper = ([line[name] for line in lines] for name in ("lower", "upper"))
            ask = np.concatenate([line["ask"] for line in lines])
            name = problem if horizon is None else f"{problem}, horizon {horizon}"
            cap = np.log(PROBLEMS[problem][1] + 1)
            rows.append([name, PROBLEMS[problem][0], len(lines), mean(lower, 2), mean(upper, 2), f"{cap:.2f}"])
            rows[-1] += [PUBLISHED[problem], f"{ask.mean():.2f}"]
    head = ["problem", "measurements", "campaigns", "sPCE [nats]", "sNMC", "cap", "published sPCE", "CPU s a design"]
    table(head, rows)


if __name__ == "__main__":
    main()
