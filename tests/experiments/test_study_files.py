"""Laws and stories of every study file that ships: it loads, its data load, its simulator gives what it says."""

from pathlib import Path

import numpy as np
import pytest

from activesci.measure import RecordedExperiment
from activesci.rng import Purpose, generator
from activesci.simulate import FunctionSimulator
from activesci.study import Study
from activesci.types import Block

ROOT = Path(__file__).parents[2]
FILES = sorted(set(ROOT.glob("experiments/*/study*.yaml")) - set(ROOT.glob("experiments/*pythia*/*")))
"""All but those whose simulator is a workflow around Pythia: they have tests of their own."""
ROWS = {"weinberg": 17, "weinberg-gf-mz": 17, "weinberg-angle": 33, "puromycin": 12}
GRIDS = {"study.yaml": "G_F", "study_gf_mz.yaml": "G_F_M_Z", "study_angle.yaml": "ANGLE"}


@pytest.fixture(params=FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def study(request):
    return Study.load(request.param)


def test_there_are_eleven_study_files():
    assert len(FILES) == 11


def test_simulator_gives_valid_outcomes_all_over_prior_and_designs(study):
    rng = generator(1, 0, Purpose.PILOT)
    theta = study.parameter_space.from_cube(rng.random((256, study.parameter_space.dim)))
    xi = study.design_space.sample(256, rng)
    simulator = FunctionSimulator(study)
    result = simulator.run(Block(0, int(Purpose.SIMULATE), 0, theta, xi))
    assert result.failures == {}
    assert result.y.shape == (256, study.outcome_space.width)
    log_likelihood = simulator.log_likelihood(theta, xi, result.y)
    assert log_likelihood is not None
    assert np.isfinite(log_likelihood).all()


def test_recorded_rows_load_and_are_explained_by_the_model(study):
    if study.experiment.kind != "recorded":
        assert study.experiment.kind == ("manual" if study.study == "pruning" else "truth")
        return
    pool = RecordedExperiment(study).pool()
    assert len(pool) == ROWS[study.study]
    middle = study.parameter_space.from_cube(np.full((1, study.parameter_space.dim), 0.5))
    theta = np.repeat(middle, len(pool), axis=0)
    assert np.isfinite(FunctionSimulator(study).log_likelihood(theta, pool.xi, pool.y)).all()


@pytest.mark.parametrize("name", GRIDS)
def test_weinberg_grids_are_the_studies_priors(load, name):
    axes = getattr(load("weinberg", "reference"), GRIDS[name])
    space = Study.load(ROOT / "experiments" / "weinberg" / name).parameter_space
    assert tuple(axes) == space.names
    for column, axis in enumerate(axes.values()):
        u = np.full((len(axis), space.dim), 0.5)
        u[:, column] = (np.arange(len(axis)) + 0.5) / len(axis)
        assert space.from_cube(u)[:, column] == pytest.approx(axis)


@pytest.mark.parametrize("name", GRIDS)
def test_weinberg_stops_ten_per_cent_above_the_sds_of_all_rows(load, name):
    reference = load("weinberg", "reference")
    study = Study.load(ROOT / "experiments" / "weinberg" / name)
    axes = getattr(reference, GRIDS[name])
    sds = reference.pool(study.experiment.recorded, axes).posterior()[1]
    limits = study.stop.any[0].sd
    assert [limits[each] for each in axes] == pytest.approx(1.1 * sds, rel=0.003)  # three digits in the file


def test_puromycin_grid_and_stop_are_the_study_s(load):
    reference = load("puromycin", "reference")
    study = Study.load(ROOT / "experiments" / "puromycin" / "study.yaml")
    ends = study.parameter_space.from_cube(np.array([[1e-9] * 3, [1 - 1e-9] * 3]))
    for column, axis in enumerate((reference.V_MAX, reference.K_M)):
        half = (axis[1] - axis[0]) / 2
        assert ends[:, column] == pytest.approx([axis[0] - half, axis[-1] + half])
    sds = reference.pool().posterior()[1]
    limits = study.stop.any[0].sd
    assert [limits["v_max"], limits["k_m"]] == pytest.approx(1.1 * sds, rel=0.003)


def test_quickstart_is_what_init_writes():
    for name in ("study.yaml", "model.py"):
        ours = (ROOT / "examples" / "quickstart" / name).read_bytes()
        assert ours == (ROOT / "activesci" / "templates" / name).read_bytes()
