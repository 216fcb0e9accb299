"""Exact gains of one measurement, by closed form, sums and quadrature, for the problems that have them."""

import sys
from importlib import import_module, util

import numpy as np
from kept import EXPERIMENTS, HERE
from scipy.stats import binom, norm, truncnorm

CURVE_POINTS, CURVE_EXPERIMENTS = 41, 10_000
NOTEBOOK = ("gaussian_cosine", "weinberg_toy")
SMALL = ("linear", "death", "nonlinear")


def folder_of(problem):
    """Return the folder of a problem's study."""
    return EXPERIMENTS / problem if problem in NOTEBOOK else HERE / "problems" / problem


def reference(problem):
    for name in ("model", "reference", "oracle"):
        sys.modules.pop(name, None)
    sys.path.insert(0, str(EXPERIMENTS / problem))
    return import_module("reference")


def model(problem):
    spec = util.spec_from_file_location(f"{problem}_model", folder_of(problem) / "model.py")
    found = util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def exact_gains(problem, at):
    """Return the exact gains of designs [nats]; of `weinberg_toy` from 10 000 simulated experiments each."""
    if problem in NOTEBOOK:
        found = reference(problem).gain
        one = found if problem == "gaussian_cosine" else lambda phi: found(phi, CURVE_EXPERIMENTS)[0]
        return np.array([one(float(phi)) for phi in at])
    return {"linear": linear, "death": death, "nonlinear": nonlinear}[problem](np.asarray(at, dtype=float))


def linear(x):
    return 0.5 * np.log1p((x / model("linear").noise({"x": x})) ** 2)


def death(time):
    """Sum over the counts, with the rate at the middles of 4000 cells of equal probability."""
    rate = truncnorm(-1, 19, 1, 1).ppf((np.arange(4000) + 0.5) / 4000)
    module, found = model("death"), []
    for t in time:
        chance = module.chance({"rate": rate}, {"time": t})
        p = binom.pmf(np.arange(module.POPULATION + 1)[:, None], module.POPULATION, chance)
        predictive = p.mean(axis=1, keepdims=True)
        terms = p * (np.log(np.maximum(p, 1e-300)) - np.log(np.maximum(predictive, 1e-300)))
        found.append(float(terms.sum(axis=0).mean()))
    return np.array(found)


def nonlinear(x):
    """Quadrature over the outcome, with theta at the middles of 4000 cells: entropy of y less that of the noise."""
    module, theta, found = model("nonlinear"), (np.arange(4000) + 0.5) / 4000, []
    for one in x:
        expected = module.mean({"theta": theta}, {"x": one})
        y = np.linspace(expected.min() - 6 * module.NOISE, expected.max() + 6 * module.NOISE, 3001)
        density = np.maximum(norm.pdf(y[:, None], expected, module.NOISE).mean(axis=1), 1e-300)
        entropy = -np.trapezoid(density * np.log(density), y)
        found.append(float(entropy - 0.5 * np.log(2 * np.pi * np.e * module.NOISE**2)))
    return np.array(found)


def exact_curve(key):
    """Return designs and exact gains."""
    from activesci.study import Study

    variable = Study.load(folder_of(key["problem"]) / "study.yaml").design_space.variables[0]
    at = np.linspace(variable.lo, variable.hi, CURVE_POINTS)
    return {"xi": at.tolist(), "gain": exact_gains(key["problem"], at).tolist()}
