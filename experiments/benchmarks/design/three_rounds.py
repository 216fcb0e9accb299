"""Three experiments of 20 events on gaussian_cosine, the truth at 1: how narrow is the exact posterior?

`python three_rounds.py`. An oracle measures at phi = pi three times. In the second case the first design is phi = -1,
as in the notebook of 2017, and the study's range is widened to hold it.
"""

import argparse

import numpy as np
from kept import EXPERIMENTS, exact, kept, mean, play, table
from regret import recipe_of

from activesci.study import Study

TRUTH, ROUNDS = 1.0, 3
CASES = {"all three chosen": None, "the first at -1": [-1.0]}
THETA = np.linspace(-2, 2, 4001)


def study_of(seed, first):
    study = Study.load(EXPERIMENTS / "gaussian_cosine" / "study.yaml")
    settings = {"seed": seed} if first is None else {"seed": seed, "design.phi.real": [-1, 6]}
    return study.with_settings(settings)


def exact_sd(xi, y):
    """Return the sd of the exact posterior under the uniform prior."""
    sd = 2 + np.cos(np.asarray(xi)[:, :1])
    mean, precision = np.average(y, weights=np.broadcast_to(sd**-2, np.shape(y))), (np.ones_like(y) / sd**2).sum()
    weight = np.exp(-0.5 * precision * (THETA - mean) ** 2)
    weight /= weight.sum()
    return float(np.sqrt(weight @ (THETA - weight @ THETA) ** 2))


def measured(study, xi, number):
    rng = np.random.default_rng([study.seed, number, 77])
    return TRUTH + (2 + np.cos(xi)) * rng.standard_normal(20)


def campaign(key):
    first = CASES[key["case"]]
    study = study_of(key["seed"], first)
    if key["method"] == "activesci":
        game = play(study, exact(study), np.array([TRUTH]), ROUNDS, first)
        xi, y = game.data.xi, game.data.y
        return {"xi": xi[:, 0].tolist(), "sd": exact_sd(xi, y), "ask": game.ask, "infer": game.infer}
    designs = others(key, study, first)
    y = np.array([measured(study, xi, number) for number, xi in enumerate(designs)])
    return {"xi": designs, "sd": exact_sd(np.array(designs)[:, None], y)}


def others(key, study, first):
    """Return the designs of oracle, chance, and the recipe of 2017."""
    start = list(first or [])
    variable = study.design_space.variables[0]
    if key["method"] == "oracle":
        return start + [float(np.pi)] * (ROUNDS - len(start))
    if key["method"] == "random":
        drawn = np.random.default_rng([key["seed"], 78]).uniform(variable.lo, variable.hi, ROUNDS)
        return start + drawn[len(start) :].tolist()
    recipe = recipe_of(study, key["seed"])
    for number in range(ROUNDS):
        if number >= len(start):
            start.append(recipe.choose())
        recipe.learn(measured(study, start[number], number), start[number])
    return start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--recipes", type=int, default=20, help="seeds of the recipe of 2017, which takes long")
    parser.add_argument("--others", type=int, default=2000, help="seeds of oracle and chance, which take no time")
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    for case in CASES:
        oracle = None
        for method in ("oracle", "activesci", "random", "recipe of 2017"):
            count = {"recipe of 2017": given.recipes, "activesci": given.seeds}.get(method, given.others)
            if not count:
                continue
            keys = [{"case": case, "method": method, "seed": seed} for seed in range(1, count + 1)]
            lines = kept("three_rounds", keys, campaign, given.again)
            sds = [line["sd"] for line in lines]
            oracle = oracle or float(np.mean(sds))
            ask = [second for line in lines for second in line.get("ask", [])[-2:]]
            rows.append(
                [case, method, count, mean(sds, 4), f"{np.mean(sds) / oracle:.3f}", mean(ask, 2) if ask else ""]
            )
    table(["case", "who picks", "seeds", "sd of the exact posterior", "over the oracle's", "CPU s an ask"], rows)


if __name__ == "__main__":
    main()
