"""The tune of Pythia: thrust as it is defined, histograms as ALEPH's, data that are whole; Pythia if it is there."""

import json
from pathlib import Path

import numpy as np
import pytest

from activesci.measure import RecordedExperiment
from activesci.study import Study

FOLDER = Path(__file__).parents[2] / "experiments" / "pythia_tune"
RNG = np.random.default_rng(4)


@pytest.fixture
def analysis(load):
    return load("pythia_tune", "analysis")


def brute(momenta):
    """The thrust by trying all signs: the best axis is along a sum of momenta with signs."""
    signs = np.array(np.meshgrid(*[[-1, 1]] * len(momenta))).reshape(len(momenta), -1).T
    return np.sqrt(((signs @ momenta) ** 2).sum(axis=1)).max() / np.sqrt((momenta**2).sum(axis=1)).sum()


def test_the_thrust_of_jets_is_known(analysis):
    back_to_back = np.array([[0.0, 0, 45], [0, 0, -45]])
    angles = 2 * np.pi * np.arange(3) / 3
    mercedes = 30 * np.column_stack([np.cos(angles), np.sin(angles), np.zeros(3)])
    assert analysis.thrust(back_to_back) == pytest.approx(1.0)
    assert analysis.thrust(mercedes) == pytest.approx(2 / 3)


@pytest.mark.parametrize("k", [2, 3, 5, 9])
def test_the_thrust_is_the_greatest_over_all_signs(analysis, k):
    momenta = RNG.normal(size=(k, 3))
    assert analysis.thrust(momenta) == pytest.approx(brute(momenta))


def test_histograms_hold_every_event_once(analysis, tmp_path):
    events = [RNG.normal(size=(2 * n, 3)) for n in RNG.integers(2, 20, 60)]
    rows = [(60.0, 0, 0, 0), *((i, *p) for i, event in enumerate(events) for p in event)]
    paths = {name: tmp_path / name for name in ("particles.npy", "shapes.npy", "histograms.json")}
    np.save(paths["particles.npy"], np.array(rows, dtype=np.float32))
    analysis.select({}, {"particles": paths["particles.npy"]}, {"shapes": paths["shapes.npy"]}, RNG)
    analysis.histogram({}, {"shapes": paths["shapes.npy"]}, {"histograms": paths["histograms.json"]}, RNG)
    found = json.loads(paths["histograms.json"].read_text())
    inside = np.mean([1 - analysis.thrust(event) < 0.4 for event in events])
    assert np.dot(found["thrust"], np.diff(analysis.THRUST)) == pytest.approx(inside)
    assert sum(found["charged"]) == pytest.approx(1.0)
    assert found["mean_charged"] == pytest.approx(np.mean([len(event) for event in events]))


def test_the_data_are_whole_and_their_bins_are_those_of_the_analysis(analysis):
    study = Study.load(FOLDER / "study.yaml")
    [y] = RecordedExperiment(study).pool().y
    thrust, charged = y[:21], y[21:47]
    assert np.dot(thrust, np.diff(analysis.THRUST)) == pytest.approx(1.0, abs=0.005)
    assert charged.sum() == pytest.approx(1.0, abs=0.002)
    assert np.dot(charged, np.arange(4, 55, 2)) == pytest.approx(y[47], abs=0.05)
    for name, edges in (("thrust", analysis.THRUST), ("charged", analysis.CHARGED)):
        np.testing.assert_allclose(study.tuning.data[name].edges, edges)
    assert study.tuning.data["mean_charged"].held_out


def test_pythia_at_its_default_is_near_the_data(load, analysis, tmp_path):
    pytest.importorskip("pythia8mc")
    generator, study = load("pythia_tune", "generator"), Study.load(FOLDER / "study.yaml")
    path = tmp_path / "particles.npy"
    rng = np.random.default_rng(1)
    generator.generate({**study.tuning.default, "events": 400}, {}, {"particles": path}, rng)
    rows = np.load(path)
    mean = (len(rows) - 1) / 400
    assert rows[0, 0] == 400
    assert abs(mean - 20.5) < 5 * 6.5 / 20  # 6.5 is the sd of the multiplicity
    with pytest.raises(ValueError, match="Pythia"):
        generator.tell(generator.pythia(), "TimeShower:alphaSvalue = 7.0")
