"""The study pruning: its model states what it draws, the reference agrees, and nature prunes what it is told to."""

import numpy as np
import pytest
import torch
from scipy.special import logit
from scipy.stats import multivariate_t

THETA = {
    "b_accuracy": 0.7,
    "b_representation": 0.1,
    "b_entropy": 0.2,
    "b_sparsity": -0.1,
    "level": 2.0,
    "units": -0.1,
    "units_sparsity": -0.2,
    "random": 0.05,
    "globally": 0.04,
    "iterative": -0.03,
    "rewound": 0.02,
    "reinitialised": -0.1,
    "between_classes": 0.3,
    "between_networks": 0.15,
    "noise": 0.25,
    **{f"class_{one}": (-1) ** one * 0.5 for one in range(10)},
}
DESIGN = {"technique": "random_units", "amount": 0.7, "schedule": "iterative", "treatment": "rewound", "seed": 5}


def rows(n):
    theta = {name: np.full(n, value) for name, value in THETA.items()}
    return theta, {name: np.full(n, value) for name, value in DESIGN.items()}


@pytest.fixture
def model(load):
    return load("pruning", "model")


def test_the_density_is_that_of_the_multivariate_t_it_names(model):
    theta, design = rows(4)
    outcome = model.simulate(theta, design, np.random.default_rng(1))
    before, after = logit(outcome["unpruned"]), logit(outcome["pruned"])
    typical = model.TYPICAL + model.SLOPE * model.x_representation(design["seed"])[0]
    first = multivariate_t(typical, np.diag(model.SPREAD**2) + model.TOGETHER**2, df=model.UNPRUNED_FREEDOM)
    then = multivariate_t(np.zeros(10), 0.25**2 * np.eye(10) + 0.15**2, df=model.FREEDOM)
    slopes = sum(-np.log(one * (1 - one)).sum(axis=1) for one in outcome.values())
    off = after - model.expected(theta, design, before)
    stated = first.logpdf(before) + then.logpdf(off) + slopes
    assert model.log_likelihood(theta, design, outcome) == pytest.approx(stated)


def test_it_draws_what_it_states(model):
    """20000 draws: means within five standard errors, covariances within five of theirs."""
    n = 20_000
    theta, design = rows(n)
    outcome = model.simulate(theta, design, np.random.default_rng(2))
    before, after = logit(outcome["unpruned"]), logit(outcome["pruned"])
    off, wide = after - model.expected(theta, design, before), model.FREEDOM / (model.FREEDOM - 2)
    covariance = wide * (0.25**2 * np.eye(10) + 0.15**2)
    assert np.abs(off.mean(axis=0)).max() < 5 * np.sqrt(covariance[0, 0] / n)
    assert np.cov(off.T) == pytest.approx(covariance, abs=5 * 2 * covariance[0, 0] / np.sqrt(n))
    typical = model.TYPICAL + model.SLOPE * model.x_representation(design["seed"])
    assert np.abs((before - typical).mean(axis=0) / model.SPREAD).max() < 5 * 1.1 / np.sqrt(n)


def test_the_gibbs_sampler_finds_what_the_model_was_given(load, model):
    """60 networks of random designs: each coefficient within four posterior sd, zeros as zeros."""
    rng, n = np.random.default_rng(3), 60
    theta = rows(n)[0] | {"b_representation": np.zeros(n)}
    design = {
        "technique": rng.choice(["l1", "random", "l1_units", "random_units", "l1_global"], n),
        "amount": rng.uniform(0.3, 0.85, n),
        "schedule": rng.choice(["one_shot", "iterative"], n),
        "treatment": rng.choice(["finetuned", "rewound", "reinitialised"], n),
        "seed": rng.integers(0, 1000, n),
    }
    outcome = model.simulate(theta, design, rng)
    reference = load("pruning", "reference")
    measured = [
        {"design": {k: v[i] for k, v in design.items()}, "outcome": {k: v[i] for k, v in outcome.items()}}
        for i in range(n)
    ]
    found = reference.sampled([reference.table(measured)], 400, rng, warm=100)
    truth = np.array([0.7, 0.0, 0.2, -0.1])
    drawn = found.drawn[:, 0, :4]
    assert (np.abs(drawn.mean(axis=0) - truth) < 4 * drawn.std(axis=0)).all()
    assert (drawn.std(axis=0) < [0.04, 0.02, 0.09, 0.04]).all()
    factors = [float(found.log_factor(at)[0][0]) for at in range(3)]
    assert factors[0] > 100
    assert factors[1] < -1
    assert factors[2] > 1


@pytest.mark.parametrize("technique", ["l1", "random", "l1_units", "random_units", "l1_global"])
def test_as_much_is_pruned_as_was_asked_for_and_never_the_classes(load, technique):
    networks = load("pruning", "networks")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = networks._network()
        for _ in range(2):
            networks._prune(network, technique, 1 - np.sqrt(0.25))
    masks = [network[at].weight_mask for at in networks.LAYERS]
    gone = 1 - sum(float(mask.sum()) for mask in masks) / sum(mask.numel() for mask in masks)
    assert gone == pytest.approx(0.75, abs=0.01)
    if "units" in technique:
        assert {int(left) for mask in masks for left in mask.sum(dim=1).unique()} == {0, *(m.shape[1] for m in masks)}
    assert not hasattr(network[4], "weight_mask")


def test_a_network_is_the_same_whenever_it_is_trained_and_takes_no_global_luck(load):
    networks, before = load("pruning", "networks"), torch.random.get_rng_state()
    found = [networks.accuracies(DESIGN) for _ in range(2)]
    assert found[0] == found[1]
    assert torch.equal(torch.random.get_rng_state(), before)
    assert min(found[0]["unpruned"]) > 0.2
    other = networks.accuracies({**DESIGN, "treatment": "reinitialised"})
    assert other["unpruned"] == found[0]["unpruned"]
    assert other["pruned"] != found[0]["pruned"]


def test_no_image_is_both_trained_on_and_tested_and_classes_have_what_the_seed_gives_them(load):
    digits = load("pruning", "digits")
    pixels, classes = digits.training_set(5)
    tested = {row.tobytes() for row in digits.images()[0][digits.held_out()]}
    assert not any(row.tobytes() in tested for row in pixels)
    assert np.bincount(classes).tolist() == digits.representation(5).tolist()
    assert sorted(digits.representation(5)) == digits.COUNTS.tolist()
    assert digits.tested().min() > 130
