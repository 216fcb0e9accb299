"""How long an ask takes: CPU seconds against past measurements, design variables and batch. `python latency.py`

The belief is that after so many measurements at designs all over the space; every ask is another seed's. The import of
the libraries is not counted, nor is the sampling of the posterior, which is done when a measurement is told.
"""

import argparse
import time

import numpy as np
from gold import learned
from kept import HERE, exact, kept, simulator_of, table

from activesci.design import designer_for
from activesci.inference.base import Data
from activesci.loop import round as rounds
from activesci.rng import Purpose
from activesci.study import Study
from activesci.types import Block

SIMULATIONS = 4000
BELIEFS = {}


def study_of(variables):
    study = Study.load(HERE / "problems" / "response" / "study.yaml")
    return study.with_settings({"design": {f"x{i}": {"real": [0, 1]} for i in range(variables)}})


def belief_of(surrogate, variables, past):
    """Return what is believed after so many measurements; made once."""
    key = (surrogate, variables, past)
    if key not in BELIEFS:
        study = study_of(variables)
        learnt = exact(study) if surrogate == "exact" else learned(study, SIMULATIONS, 1)
        belief, truth = rounds.before_data(study, learnt), np.array([[0.8, 0.4, 0.2]])
        if past:
            xi = study.design_space.sample(past, np.random.default_rng(past))
            y = simulator_of(study).run(Block(1, Purpose.MEASURE, 0, np.repeat(truth, past, axis=0), xi)).y
            belief = rounds.after_data(study, 1, belief, learnt, Data(xi, y))
        BELIEFS[key] = belief
    return BELIEFS[key]


def asked(key):
    belief = belief_of(key["surrogate"], key["variables"], key["past"])
    study = study_of(key["variables"]).with_settings({"seed": key["seed"]})
    start = time.process_time()
    choices = rounds.choose(study, 2, belief, designer_for(study.designer), None, None, key["batch"])
    return {"seconds": time.process_time() - start, "gain": [float(choice.gain.value[0]) for choice in choices]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, default=20)
    parser.add_argument("--past", type=int, nargs="*", default=[0, 20, 200], help="past measurements")
    parser.add_argument("--again", action="store_true")
    given, rows = parser.parse_args(), []
    import skopt  # noqa: F401 (not part of an ask)

    cases = [("exact", k, past, 1) for k in (1, 2, 5, 10) for past in (0, 20, 200)]
    cases += [("exact", 2, 200, 4), ("learned", 2, 200, 1), ("learned", 10, 200, 1)]
    for surrogate, variables, past, batch in (case for case in cases if case[2] in given.past):
        settings = {"surrogate": surrogate, "variables": variables, "past": past, "batch": batch}
        lines = kept("latency", [{**settings, "seed": seed} for seed in range(given.asks)], asked, given.again)
        seconds = [line["seconds"] for line in lines]
        rows.append([surrogate, variables, past, batch, *(f"{np.quantile(seconds, q):.2f}" for q in (0.5, 0.95))])
    table(["likelihood", "design variables", "past measurements", "batch", "median [CPU s]", "p95 [CPU s]"], rows)


if __name__ == "__main__":
    main()
