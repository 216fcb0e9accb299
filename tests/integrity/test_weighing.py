"""Posterior probabilities and Bayes factors of known evidences."""

import numpy as np
import pytest

from activesci.integrity.weighing import Weighed

THREE = Weighed(("null", "one", "two"), np.array([0.5, 0.3, 0.2]), np.array([-10.0, -8.0, -9.0]), np.full(3, 0.1))


def test_probabilities_are_by_bayes():
    weight = np.array([0.5, 0.3, 0.2]) * np.exp([0.0, 2.0, 1.0])
    assert THREE.probability == pytest.approx(weight / weight.sum())
    assert THREE.log_bayes_factor == pytest.approx([0, 2, 1])
    rest = np.log((0.5 * np.exp(-10) + 0.2 * np.exp(-9)) / 0.7)
    assert THREE.log_against_rest[1] == pytest.approx(-8 - rest)


def test_errors_are_those_of_evidences_that_vary():
    rng = np.random.default_rng(1)
    drawn = [
        Weighed(THREE.names, THREE.prior, THREE.log_evidence + rng.normal(0, THREE.error), THREE.error)
        for _ in range(1500)
    ]
    for name in ("probability", "log_bayes_factor", "log_against_rest"):
        scatter = np.std([getattr(one, name) for one in drawn], axis=0)
        assert scatter == pytest.approx(getattr(THREE, f"{name}_error"), rel=0.1, abs=1e-12), name


def test_what_is_impossible_has_no_probability():
    one = Weighed(("null", "one"), np.array([0.5, 0.5]), np.array([-np.inf, -3.0]), np.array([0.0, 0.1]))
    assert one.probability.tolist() == [0, 1]
    assert one.log_against_rest.tolist() == [-np.inf, np.inf]
    none = Weighed(("null", "one"), np.array([0.7, 0.3]), np.full(2, -np.inf), np.zeros(2))
    assert none.probability.tolist() == [0.7, 0.3]
    assert none.log_bayes_factor.tolist() == [0, 0]
