"""No two simulations of a campaign share their random numbers."""

import numpy as np
import pytest

from activesci.ledger import Kind, Ledger
from activesci.rng import Purpose, generator

from .worlds import LEARNED, MODEL, designs, finished, world

DRAWS = 'def simulate(theta, design, rng):\n    return {"y": rng.random(SIZE)}\n'


def first_draws(study, folder):
    """Return what every simulation and every measurement of a campaign drew first, by round."""
    finished(study, folder)
    with Ledger.read_only(folder) as ledger:
        found = [
            (event.round, ledger.arrays(event)["y"][:, 0])
            for event in ledger.events()
            if event.kind in (Kind.SIMULATED, Kind.MEASURED)
        ]
    return {number: np.concatenate([y for round, y in found if round == number]) for number, _ in found}


@pytest.mark.parametrize(("batch", "size"), [(False, ""), (64, 'len(theta["slope"])')])
def test_every_simulation_and_every_measurement_has_numbers_of_its_own(tmp_path, batch, size):
    simulator = {"function": "model:simulate", "batch": batch}
    study = world(tmp_path, DRAWS.replace("SIZE", size), inference=LEARNED, simulator=simulator)
    drawn = first_draws(study, tmp_path / "run")
    assert [len(drawn[number]) for number in (0, 1, 2)] == [300, 51, 51]
    everything = np.concatenate(list(drawn.values()))
    assert len(np.unique(everything)) == len(everything) == 402
    other = first_draws(study.with_settings({"seed": 4}), tmp_path / "other")
    assert not set(everything) & set(np.concatenate(list(other.values())))
    again = first_draws(study, tmp_path / "again")
    assert all((again[number] == drawn[number]).all() for number in drawn)


@pytest.mark.parametrize("batch", [False, 64])
def test_the_passes_of_a_round_share_no_numbers(tmp_path, batch):
    model = """\
import numpy as np

def simulate(theta, design, rng):
    u = rng.random(np.shape(theta["slope"]))
    return {"u": u, "y": rng.normal(theta["slope"] * design["x"], 0.03)}
"""
    inference = {**LEARNED, "simulations": 128, "per_round": 30, "passes": 3}
    study = world(
        tmp_path, model, outcome={"u": {"real": []}, "y": {"real": []}}, inference=inference,
        simulator={"function": "model:simulate", "batch": batch}, experiment={"truth": {"slope": 2.5}},
        stop={"rounds": 1},
    )  # fmt: skip
    drawn = first_draws(study, tmp_path / "run")
    assert len(drawn[1]) > 31  # more than one pass, and a measurement
    everything = np.concatenate(list(drawn.values()))
    assert len(np.unique(everything)) == len(everything)


def test_streams_are_distinct_over_seeds_rounds_purposes_and_indices():
    keys = [(s, r, p, i) for s in (0, 1) for r in range(4) for p in Purpose for i in (*range(60), 1000, 2**31)]
    assert len({generator(*key).random() for key in keys}) == len(keys)


def test_another_seed_is_another_campaign(tmp_path):
    study = world(tmp_path, MODEL, designer={"random": {}})
    first, second = (finished(study, tmp_path / str(seed), seed=seed) for seed in (1, 2))
    assert designs(first) != designs(second)
    one, other = ({m.outcome["y"] for m in campaign.history.measured()} for campaign in (first, second))
    assert not one & other
    assert first.summary()["posterior"] != second.summary()["posterior"]
    assert not set(first.posterior.sample(256)["slope"]) & set(second.posterior.sample(256)["slope"])
