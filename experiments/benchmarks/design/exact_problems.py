"""Estimated gains against exact ones on three small problems: `python exact_problems.py`

Linear and Gaussian, the death process (a count), and a nonlinear one whose gain is 3 nats; with exact likelihoods.
"""

import argparse

import numpy as np
from curves import SMALL, exact_gains, folder_of
from kept import exact, kept, table

from activesci.gain import estimator_for
from activesci.rng import Purpose, generator
from activesci.study import Study

DESIGNS = 13


def designs_of(problem):
    variable = Study.load(folder_of(problem) / "study.yaml").design_space.variables[0]
    return np.linspace(variable.lo, variable.hi, DESIGNS)


def estimated(key):
    study = Study.load(folder_of(key["problem"]) / "study.yaml")
    rng = np.random.default_rng([key["seed"], 1])
    theta = study.parameter_space.from_cube(rng.random((4096, study.parameter_space.dim)))
    estimator = estimator_for(study, exact(study), theta, generator(key["seed"], 1, Purpose.GAIN))
    gain = (estimator.coarse() if key["precision"] == "coarse" else estimator)(designs_of(key["problem"])[:, None])
    return {"lower": gain.lower.tolist(), "upper": gain.upper.tolist(), "error": gain.error.tolist()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    for problem in SMALL:
        truth = exact_gains(problem, designs_of(problem))
        for precision in ("fine", "coarse"):
            keys = [{"problem": problem, "precision": precision, "seed": seed} for seed in range(given.seeds)]
            lines = kept("exact_problems", keys, estimated, given.again)
            lower, upper, error = (np.array([line[name] for line in lines]) for name in ("lower", "upper", "error"))
            off = 0.5 * (lower + upper) - truth
            rows.append(
                [problem, precision, given.seeds, f"{truth.max():.3f}", f"{np.abs(off.mean(0)).max():.4f}"]
                + [f"{off.std(0).max():.4f}", f"{error.mean(0).max():.4f}", f"{np.abs(off).max():.3f}"]
                + [f"{np.mean(np.abs(off) < 2 * error):.3f}"]
                + [f"{(lower.mean(0) - truth).max():.4f}", f"{(upper.mean(0) - truth).min():.4f}"]
            )
    head = ["problem", "samples", "seeds", "best gain [nats]", "largest bias", "largest sd", "largest stated error"]
    head += ["largest error of all", "truth within 2 stated errors", "lower bound's mean is above by at most"]
    table([*head, "upper bound's mean is above by at least"], rows)


if __name__ == "__main__":
    main()
