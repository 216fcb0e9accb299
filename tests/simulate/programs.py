"""Studies whose simulator is a program: Python without its site packages, so that it starts in milliseconds."""

import numpy as np

from activesci.rng import Purpose, generator
from activesci.simulate import blocks
from activesci.study import Study

MAPPING = {
    "study": "line",
    "seed": 5,
    "parameters": {"a": {"prior": {"uniform": [0, 1]}}, "c": {"prior": {"fixed": 2.0}}},
    "design": {"x": {"real": [0, 1]}, "n": {"integer": [1, 9]}, "way": {"choice": ["up", "down"]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"command": ["{python}", "-S", "{folder}/sim.py"]},
    "experiment": {"manual": True},
    "stop": {"rounds": 1},
}

GOOD = """
import json, random
given = json.load(open("input.json"))
noise = random.Random(given["seed"]).gauss(0, 1)
y = given["parameters"]["a"] * given["parameters"]["c"] + given["design"]["x"] + noise
json.dump({"y": y if given["design"]["way"] == "up" else -y}, open(given["output"], "w"))
"""


def study_of(folder, source, outcome=None, **simulator):
    """Write a program into a folder and return the study that runs it."""
    (folder / "sim.py").write_text(source)
    mapping = {**MAPPING, "simulator": {**MAPPING["simulator"], **simulator}, "outcome": outcome or MAPPING["outcome"]}
    (folder / "study.yaml").write_text(__import__("yaml").safe_dump(mapping, sort_keys=False))
    return Study.load(folder / "study.yaml")


def plan(study, n=6, round=3):
    rng = generator(1, 0, Purpose.PROPOSE)
    theta = study.parameter_space.from_cube(rng.random((n, study.parameter_space.dim)))
    return blocks(study, round, Purpose.SIMULATE, theta, study.design_space.sample(n, rng))


def gathered(results):
    """Return y (n, width) and the failures by row of the plan."""
    results = sorted(results, key=lambda result: result.first)
    failures = {result.first + row: why for result in results for row, why in result.failures.items()}
    return np.concatenate([result.y for result in results]), failures
