"""A simulator with nothing wrong; the bad ones spoil what it returns."""

import numpy as np


def simulate(theta, design, rng):
    return {
        "y": theta["a"] + rng.standard_normal(),
        "v": rng.standard_normal(3),
        "count": rng.poisson(3.0),
        "hit": rng.random() < 0.5,
        "kind": "red" if rng.random() < 0.5 else "blue",
        "events": rng.standard_normal((design["n"], 2)),
    }


def simulate_batch(theta, design, rng):
    rows = len(theta["a"])
    return {
        "y": theta["a"] + rng.standard_normal(rows),
        "v": rng.standard_normal((rows, 3)),
        "count": rng.poisson(3.0, rows),
        "hit": rng.random(rows) < 0.5,
        "kind": np.where(rng.random(rows) < 0.5, "red", "blue"),
        "events": [rng.standard_normal((n, 2)) for n in design["n"]],
    }
