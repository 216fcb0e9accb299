"""Truths: the exact answers that the loop is held against are the published ones."""

import numpy as np
import pytest


def test_fermi_constant_of_the_muon_rows_below_the_z_is_the_trusted_one(load):
    reference = load("weinberg", "reference")
    pool = reference.pool("below_z.csv", reference.G_F)
    mean, sd = pool.posterior()
    assert len(pool.outcomes) == 17
    assert mean[0] == pytest.approx(1.217, abs=1e-3)  # the trusted fit is given to three digits
    assert sd[0] == pytest.approx(0.051, abs=1e-3)
    assert pool.chi2().min() == pytest.approx(7.4, abs=0.05)


def test_exact_gain_picks_venus_first_and_needs_five_rows_where_random_needs_twelve(load):
    reference = load("weinberg", "reference")
    pool = reference.pool("below_z.csv", reference.G_F)
    order, gains = pool.order()
    rows = reference.read("below_z.csv")
    assert (rows[order[0]]["experiment"], rows[order[0]]["sqrt_s"]) == ("VENUS", 57.77)
    assert (rows[order[1]]["experiment"], rows[order[1]]["sqrt_s"]) == ("MARK-J", 34.8)
    assert min(gains) > 0
    assert pool.needed(order) == 5
    assert np.median(pool.needed_at_random(400)) == pytest.approx(12, abs=1)  # its own error is about 0.2


def test_weak_mixing_angle_of_all_rows_agrees_with_the_published_one(load):
    reference = load("weinberg", "reference")
    pool = reference.pool("all_energies.csv", reference.ANGLE)
    mean, sd = pool.posterior()
    assert len(pool.outcomes) == 33
    assert mean == pytest.approx([0.23121, 1.184], abs=1e-3)
    assert sd == pytest.approx([0.00073, 0.0285], rel=0.01)
    assert abs(mean[0] - 0.23153) < np.hypot(sd[0], 0.00016)
    assert pool.chi2().min() < 33


def test_fermi_constant_and_z_mass_of_the_rows_below_the_z(load):
    reference = load("weinberg", "reference")
    mean, sd = reference.pool("below_z.csv", reference.G_F_M_Z).posterior()
    assert mean == pytest.approx([1.267, 96.1], rel=0.002)
    assert sd == pytest.approx([0.106, 7.46], rel=0.005)


def test_running_alpha_is_the_measured_one_at_the_z(load):
    model = load("weinberg", "model")
    assert 1 / model.running_alpha(91.1875) == pytest.approx(128.95, abs=0.05)  # hep-ex/0509008: 128.945 +- 0.049


def test_no_row_of_the_recorded_pools_lacks_a_source(load):
    reference = load("weinberg", "reference")
    for name in ("below_z.csv", "all_energies.csv"):
        assert all(row["source"] and row["experiment"] for row in reference.read(name))


def test_pool_below_the_z_is_the_beginning_of_the_pool_of_all_energies(load):
    reference = load("weinberg", "reference")
    both = zip(reference.read("below_z.csv"), reference.read("all_energies.csv"), strict=False)
    assert all(row | {"kind": "born"} == other for row, other in both)


def test_michaelis_menten_least_squares_are_the_published_ones(load):
    estimates, errors, residual_sd = load("puromycin", "reference").least_squares()
    assert estimates == pytest.approx([212.684, 0.06412], rel=1e-4)
    assert errors == pytest.approx([6.947, 0.00828], rel=1e-3)
    assert residual_sd == pytest.approx(10.93, abs=0.005)


def test_known_noise_needs_nine_of_twelve_rates_chosen_and_eleven_at_random(load):
    pool = load("puromycin", "reference").pool(np.array([10.93]), np.zeros(1))
    assert pool.needed(pool.order()[0]) == 9
    assert np.median(pool.needed_at_random(100)) == pytest.approx(11, abs=0.5)


def test_unknown_noise_widens_the_posterior(load):
    reference = load("puromycin", "reference")
    known = reference.pool(np.array([10.93]), np.zeros(1)).posterior()
    unknown = reference.pool().posterior()
    assert unknown[0] == pytest.approx([213.68, 0.06604], rel=1e-3)
    assert unknown[1] == pytest.approx([7.67, 0.00958], rel=2e-3)
    assert (unknown[1] > known[1]).all()


def test_gaussian_gains_are_the_gold_ones(load):
    reference = load("gaussian_cosine", "reference")
    for phi, gold in reference.GOLD.items():  # known to 0.001; adaptive quadrature agrees with ours to 1e-4
        assert reference.gain(phi) == pytest.approx(gold, abs=0.0015)
    assert reference.gain(np.pi, 1000) == pytest.approx(3.4367, abs=0.0015)


def test_gaussian_posterior_after_three_experiments_is_the_gold_one(load):
    reference = load("gaussian_cosine", "reference")
    assert reference.sd_after(np.array([-1, np.pi, np.pi])) == pytest.approx(0.152, abs=5e-4)


@pytest.mark.parametrize("phi", [40, 42, 44, 45, 49])
def test_toy_gains_are_the_gold_ones(load, phi):
    reference = load("weinberg_toy", "reference")
    value, error = reference.gain(phi, experiments=10_000)
    assert value == pytest.approx(reference.GOLD[phi], abs=0.003 + 4 * error)  # the gold's error and four of ours


def test_first_look_at_a_decay_is_at_its_beginning(load):
    reference = load("decay", "reference")
    gains = reference.gains()
    assert reference.TIMES[gains.argmax()] == 0
    assert gains.max() == pytest.approx(2.042, abs=0.002)
    assert (np.diff(gains) < 0).all()


def test_gain_of_a_conjugate_normal_is_half_the_log_of_the_variance_ratio(load):
    oracle = load("decay", "reference").oracle
    theta = oracle.cells(-8, 8, 4000)
    belief = oracle.normalised(-0.5 * theta[:, None] ** 2)
    for sd in (0.1, 1.0, 10.0):  # the histogram widens the noise: at most 5e-4 nats
        assert oracle.gain(belief, theta, np.array([sd])) == pytest.approx(0.5 * np.log1p(sd**-2), abs=5e-4)
