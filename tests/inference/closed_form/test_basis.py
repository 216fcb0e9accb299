"""The functions of which closed-form fits are sums."""

import numpy as np

from activesci.inference.closed_form.basis import Basis, knots_over, places_of


def test_products_follow_any_curve_over_designs_with_slopes_in_the_parameters():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (800, 3))
    z = np.sin(3 * x[:, 2]) + x[:, 0] * np.cos(4 * x[:, 2]) - 2 * x[:, 1] * x[:, 2] ** 2
    basis = Basis(1, knots_over(x[:, 2:], 16))
    features = basis(x)
    assert features.shape == (800, basis.size(3)) == (800, 3 * 18)
    fit = features @ np.linalg.lstsq(features, z, rcond=1e-10)[0]
    inner = np.abs(x[:, 2]) < 0.85  # cubic splines with 15 pieces, fewer of which reach the ends
    assert np.abs(fit - z)[inner].max() < 5e-3


def test_a_design_that_many_share_is_described_by_its_own_terms_alone():
    rng = np.random.default_rng(1)
    x = np.column_stack([rng.uniform(-1, 1, 400), rng.uniform(-1, 1, 400)])
    x[:200, 1] = 0.3
    places = places_of(x[:, 1:])
    np.testing.assert_array_equal(places, [[0.3]])
    z = np.where(x[:, 1] == 0.3, 5 + 7 * x[:, 0], np.sin(x[:, 1]))
    features = Basis(1, knots_over(x[:, 1:], 8), places)(x)
    fit = features @ np.linalg.lstsq(features, z, rcond=1e-10)[0]
    np.testing.assert_allclose(fit[:200], z[:200], atol=1e-6)


def test_a_basis_comes_back():
    basis = Basis(2, np.zeros((8, 1)), np.ones((3, 1)))
    again = Basis.restore(basis.state())
    assert again.degree == 2
    np.testing.assert_array_equal(again.knots, basis.knots)
    np.testing.assert_array_equal(again.places, basis.places)
