"""How good is the design that is picked first: its exact gain against the best there is. `python regret.py`

For the two problems of the notebook of 2017 and three small ones, with the exact likelihood, so that only the choice
is judged. The recipe of 2017 is for real outcomes.
"""

import argparse

import numpy as np
from curves import NOTEBOOK, SMALL, exact_curve, folder_of
from kept import exact, kept, mean, simulator_of, table
from recipe import Recipe

from activesci.design import designer_for
from activesci.loop import round as rounds
from activesci.rng import Purpose
from activesci.study import Study
from activesci.types import Block


def chosen(key):
    study = Study.load(folder_of(key["problem"]) / "study.yaml").with_settings({"seed": key["seed"]})
    if key["method"] == "recipe of 2017":
        return {"xi": recipe_of(study, key["seed"]).choose()}
    study = study.with_settings({"designer": {key["method"]: {}}})
    belief = rounds.before_data(study, exact(study))
    choice = rounds.choose(study, 1, belief, designer_for(study.designer), None, None, 1)[0]
    repeated = len(choice.evaluated) - len(np.unique(choice.evaluated, axis=0))
    return {"xi": float(choice.xi[0]), "evaluations": len(choice.evaluated), "repeated": repeated}


def recipe_of(study, seed):
    """Return the procedure of 2017 for a study of one parameter."""
    simulator, rng = simulator_of(study), np.random.default_rng(seed)
    variable, space = study.design_space.variables[0], study.parameter_space
    low, high = space.from_cube(np.array([[1e-4], [1 - 1e-4]]))[:, 0].tolist()

    def simulate(theta, phi):
        xi = np.full((len(theta), 1), phi)
        return simulator.run(Block(0, Purpose.PREDICT, int(rng.integers(2**31)), theta[:, None], xi)).y

    recipe = Recipe(simulate, low, high, (variable.lo, variable.hi), rng)
    recipe.samples = space.from_cube(rng.random((len(recipe.samples), 1)))[:, 0]
    return recipe


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--grids", type=int, default=10, help="seeds of the grid, whose designs are always the same")
    parser.add_argument("--recipes", type=int, default=20, help="seeds of the recipe of 2017, which takes long")
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    for problem in (*NOTEBOOK, *SMALL):
        curve = kept("curves", [{"problem": problem}], exact_curve)[0]
        at, gain = np.array(curve["xi"]), np.array(curve["gain"])
        rows.append([problem, "chance", "all", f"{100 * (1 - gain.mean() / gain.max()):.1f}", "100", "", ""])
        for method, seeds in (("bayesopt", given.seeds), ("grid", given.grids), ("recipe of 2017", given.recipes)):
            if not seeds or (problem == "death" and method == "recipe of 2017"):
                continue
            keys = [{"problem": problem, "method": method, "seed": seed} for seed in range(1, seeds + 1)]
            lines = kept("regret", keys, chosen, given.again)
            regret = 1 - np.interp([line["xi"] for line in lines], at, gain) / gain.max()
            rows.append(
                [problem, method, seeds, mean(100 * regret, 2), f"{100 * regret.max():.1f}"]
                + [sum(line.get("repeated", 0) for line in lines), mean([line["cpu_seconds"] for line in lines], 2)]
            )
    table(
        ["problem", "who picks", "seeds", "regret, % of the best gain", "the worst", "repeated evaluations"]
        + ["CPU s a design"],
        rows,
    )


if __name__ == "__main__":
    main()
