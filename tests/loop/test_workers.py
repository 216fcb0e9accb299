"""The same bits whoever runs the simulations: here, or one, two or four of Ray's workers."""

import json
import subprocess
import sys

import pytest

from activesci.ledger import Ledger, fold

from .worlds import LEARNED, designs, finished, world

MODEL = """\
def simulate(theta, design, rng):
    return {"y": rng.normal(theta["slope"] * design["x"], 0.1)}
"""

RUN = """\
import json, sys
from pathlib import Path
from activesci.execute.ray import RayExecutor
from activesci.loop.controller import Campaign
from activesci.study import Study

if __name__ == "__main__":
    with RayExecutor(workers=int(sys.argv[1])) as ray:  # started once; campaigns use it
        for path in sys.argv[2:]:
            study = Study.load(path).with_settings({"executor": {"ray": {}}})
            with Campaign(study, Path(path).parent / f"ray-{sys.argv[1]}") as campaign:
                campaign.run()
    print(json.dumps({"workers": ray.workers}))
"""


def content(folder):
    """Return the bank's outcomes, the designs and the posterior of a run, as bytes."""
    with Ledger.read_only(folder) as ledger:
        history = fold(ledger.events())
        bank = history.bank(ledger.arrays)
    measured = [dict(measurement.design) for measurement in history.measured()]
    return bank.y.tobytes(), bank.theta.tobytes(), json.dumps(measured), (folder / "posterior.csv").read_bytes()


@pytest.mark.ray
@pytest.mark.slow  # quick ones are in test_commands, test_overlap and test_workplace
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_rays_workers_give_the_bits_of_a_serial_run(tmp_path, workers):
    studies = []
    for name, batch in (("scalar", False), ("batch", 32)):
        simulator = {"function": "model:simulate", "batch": batch}
        study = world(tmp_path / name, MODEL, simulator=simulator, inference=LEARNED, stop={"rounds": 1})
        campaign = finished(study, tmp_path / name / "serial")
        assert designs(campaign)
        studies.append(str(tmp_path / name / "study.yaml"))
    script = tmp_path / "run.py"
    script.write_text(RUN)
    command = [sys.executable, str(script), str(workers), *studies]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout.splitlines()[-1]) == {"workers": workers}
    for name in ("scalar", "batch"):
        assert content(tmp_path / name / f"ray-{workers}") == content(tmp_path / name / "serial")
