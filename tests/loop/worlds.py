"""Studies of a fraction of a second, written as a user writes them: study.yaml, model.py and perhaps a data file."""

from pathlib import Path
from typing import Any

import yaml

from activesci.loop.controller import Campaign
from activesci.study import Study

MODEL = """\
import numpy as np

def simulate(theta, design, rng):
    return {"y": rng.normal(theta["slope"] * design["x"], 0.1)}

def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - theta["slope"] * design["x"]) / 0.1) ** 2 - np.log(0.1 * np.sqrt(2 * np.pi))
"""

PLAIN = """\
def simulate(theta, design, rng):
    return {"y": rng.normal(theta["slope"] * design["x"], 0.1)}
"""

LINE: dict[str, Any] = {
    "study": "line",
    "seed": 3,
    "parameters": {"slope": {"prior": {"normal": [0.0, 1.0]}}},
    "design": {"x": {"real": [0.0, 2.0]}},
    "outcome": {"y": {"real": []}},
    "simulator": {"function": "model:simulate", "batch": 64},
    "experiment": {"truth": {"slope": 0.5}},
    "inference": {"surrogate": "exact", "particles": 256},
    "designer": {"grid": {"points": 5}},
    "stop": {"rounds": 2},
}

LEARNED = {
    "surrogate": "likelihood",
    "simulations": 300,
    "per_round": 50,
    "ensemble": 2,
    "particles": 256,
    "passes": 1,
}
"""A likelihood that is learned, in one pass a round: `world(tmp_path, model=PLAIN, inference=LEARNED)`."""

EVENTS = """\
import numpy as np

def simulate(theta, design, rng):
    return {"y": rng.normal(theta["slope"][:, None], 1.0, (len(theta["slope"]), 8))}

def log_likelihood(theta, design, outcome):
    errors = (outcome["y"] - theta["slope"][:, None]) ** 2
    return -0.5 * np.nansum(errors + np.log(2 * np.pi), axis=1)
"""

COUNTED: dict[str, Any] = {
    "design": {"n": {"integer": [1, 8]}},
    "outcome": {"y": {"real": [], "iid": "n"}},
    "experiment": {"manual": True},
    "inference": {"surrogate": "exact", "particles": 2048},
    "designer": {"grid": {"points": 8}},
}
"""So many normal events as the design says: `world(tmp_path, model=EVENTS, **COUNTED)`."""

POOL = "x,y\n" + "".join(f"{x},{0.5 * x}\n" for x in (0.5, 1.0, 1.0, 2.0))


def world(folder: Path, model: str = MODEL, data: str | None = None, **changes: Any) -> Study:
    """Write the line's study, with some of its sections changed or (None) left out, and load it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.py").write_text(model)
    if data is not None:
        (folder / "data.csv").write_text(data)
        changes = {"experiment": {"recorded": "data.csv"}, "designer": None, **changes}
    mapping = {name: value for name, value in {**LINE, **changes}.items() if value is not None}
    (folder / "study.yaml").write_text(yaml.safe_dump(mapping, sort_keys=False))
    return Study.load(folder / "study.yaml")


def finished(study: Study, folder: Path, **settings: Any) -> Campaign:
    """Run a study to its end and return the campaign, closed: what it knows can still be read."""
    with Campaign(study, folder, **settings) as campaign:
        campaign.run()
    return campaign


def designs(campaign: Campaign) -> list[dict[str, Any]]:
    """Return the designs that were measured, in order."""
    return [dict(measurement.design) for measurement in campaign.history.measured()]


def reason(campaign: Campaign) -> tuple[str, str]:
    """Return how a campaign ended, and why."""
    return campaign.history.status, campaign.history.reason
