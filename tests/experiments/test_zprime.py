"""The Z' request: its model against weinberg's, and the whole way from a published analysis to the limit."""

import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from activesci.cli import main
from activesci.report.reinterpreted import outcome

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
ENERGIES = np.array([13.9, 34.8, 44.0, 57.77, 88.0, 130.0, 189.0])


@pytest.fixture
def zprime(load):
    """The request's model, beside the analysis' own."""
    load("weinberg", "model")
    sys.modules.pop("zprime", None)
    return load("zprime", "zprime"), load("weinberg", "model")


def theta(seed, **more):
    rng = np.random.default_rng(seed)
    drawn = {"g_f": rng.uniform(0.8, 1.6), "m_z": rng.uniform(80, 100), "gamma_z": rng.uniform(1, 4)}
    return {**drawn, "sin2theta_eff": rng.uniform(0.2, 0.25), **more}


@pytest.mark.parametrize("seed", range(5))
def test_without_coupling_it_is_the_model_of_the_analysis(zprime, seed):
    own, model = zprime
    at = theta(seed, g_zprime=0.0, m_zprime=300.0)
    expected = model.asymmetry(at, {"sqrt_s": ENERGIES})
    np.testing.assert_allclose(own.asymmetry(at, {"sqrt_s": ENERGIES}), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_far_above_all_energies_only_g_over_m_counts(zprime, seed):
    """A contact interaction: g^2 / M^2 is all there is left, up to s / M^2."""
    own, _ = zprime
    one, other = (theta(seed, g_zprime=g, m_zprime=1e5 * g) for g in (1.0, 3.0))
    near, far = (own.asymmetry(at, {"sqrt_s": ENERGIES}) for at in (one, other))
    np.testing.assert_allclose(near, far, rtol=0, atol=1e-9)
    without = own.asymmetry({**one, "g_zprime": 0.0}, {"sqrt_s": ENERGIES})
    assert (np.abs(near - without) > 1e-8).all()


def test_an_axial_boson_below_its_mass_sends_muons_backwards(zprime):
    """As the Z does: dA/dg^2 < 0 below both masses."""
    own, _ = zprime
    at = theta(0, g_zprime=0.3, m_zprime=300.0)
    low = {"sqrt_s": ENERGIES[:4]}
    assert (own.asymmetry(at, low) < own.asymmetry({**at, "g_zprime": 0.0}, low)).all()


def command(*given):
    done = CliRunner().invoke(main, [str(one) for one in given])
    return done.exit_code, done.output


@pytest.mark.slow
def test_the_request_is_answered_as_on_a_grid_and_refused_once_a_number_was_changed(load, tmp_path):
    """With the exact likelihoods of both models, so that only the loop is between the data and the limit."""
    exact = ("--set", "inference.surrogate=exact", "--set", "inference.particles=1024")
    study = EXPERIMENTS / "weinberg" / "study.yaml"
    assert command("run", study, "--to", tmp_path / "run", *exact)[0] == 0
    assert command("publish", tmp_path / "run", "--to", tmp_path / "weinberg")[0] == 0
    request = tmp_path / "request.yaml"
    text = (EXPERIMENTS / "zprime" / "request.yaml").read_text()
    request.write_text(text.replace("\npoints:", "\n  inference: {surrogate: exact, particles: 2048}\npoints:"))
    own = ("--with", EXPERIMENTS / "zprime" / "zprime.py", "--to")
    code, said = command("reinterpret", tmp_path / "weinberg", request, *own, tmp_path / "answer")
    assert code == 0, said
    load("weinberg", "model")
    reference = load("zprime", "reference")
    answer, found = outcome(tmp_path / "answer")["answer"], reference.rows(tmp_path / "answer")
    logs = reference.log_likelihood(*found, reference.G, np.array(answer["limit"]["at"]))
    credible, likelihood = reference.limits(logs)
    np.testing.assert_allclose(answer["limit"]["credible"], credible, rtol=0, atol=3e-3)  # a cell of the prior's range
    np.testing.assert_allclose(answer["limit"]["likelihood"], likelihood, rtol=0, atol=4e-3)
    data = tmp_path / "weinberg" / "study" / "below_z.csv"
    lines = data.read_text().splitlines(keepends=True)
    place = next(i for i, line in enumerate(lines) if line.startswith("57.77,") and "VENUS" in line)
    lines[place] = lines[place].replace("-0.35", "-0.36", 1)
    data.write_text("".join(lines))
    code, said = command("reinterpret", tmp_path / "weinberg", request, *own, tmp_path / "second")
    assert (code, (tmp_path / "second").exists()) == (2, False)
    assert f"study/below_z.csv (line {place + 1})" in said
    assert "outcome.a_fb is -0.36, the run had -0.35" in said
