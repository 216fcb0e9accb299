"""What is believed of pruned networks: a hierarchical linear model of log odds, with class and network random effects.

    logit(pruned) = level + b_accuracy x_accuracy + b_representation x_representation + b_entropy x_entropy
                    + b_sparsity x_sparsity + how it was pruned + its class + its network + noise

for each class of each network. `x_accuracy` is the log odds of the same network's accuracy in that class before it
was pruned, which is part of the outcome; what is believed of those accuracies themselves is fixed, by a pilot
(`pilot.py`), and says nothing of the parameters. The effect of a network is common to its classes and integrated out,
and networks differ in how noisy they are: a multivariate t of ten degrees of freedom.

References:
    Paganini, Prune responsibly, 2020, arXiv:2009.09936 (which dependences are asked for).
"""

from collections.abc import Mapping

import networks  # noqa: F401 -- nature: what is imported here is registered with the model
import numpy as np
from digits import CLASSES, COUNTS, entropies, represented
from scipy.special import expit, gammaln, logit

Columns = Mapping[str, np.ndarray]

FREEDOM, UNPRUNED_FREEDOM = 10.0, 100.0
"""Degrees of freedom of the noise, by the pilot: networks differ that much in how noisy they are."""
TYPICAL = np.array([3.33, 0.53, 2.09, 0.92, 2.26, 1.74, 3.10, 2.28, 1.26, 1.79])
SPREAD = np.array([0.32, 0.39, 0.69, 0.26, 0.35, 0.39, 0.36, 0.37, 0.29, 0.24])
SLOPE, TOGETHER = 0.34, 0.12
"""Of unpruned networks, by the pilot: log odds in each class at the mean representation, their spread, by how much
they rise with representation, and how far all classes of a network are off together."""
CENTRE = 2.0
UNITS = ("l1_units", "random_units")
RANDOM = ("random", "random_units")
ASKED = ("accuracy", "representation", "entropy", "sparsity")


def standard(x: np.ndarray) -> np.ndarray:
    """Return values with mean 0 and sd 1."""
    return (x - x.mean()) / x.std()


def x_representation(seed: np.ndarray) -> np.ndarray:
    """Return the log of how many images of each class were trained on, (n, 10), standardised."""
    logs = np.log(COUNTS)
    return (np.log(represented()[np.asarray(seed, dtype=np.int64)]) - logs.mean()) / logs.std()


def x_sparsity(amount: np.ndarray) -> np.ndarray:
    """Return how often the number of weights was divided by ten, (n,), from about -1.5 to 1.9."""
    return (-np.log10(1.0 - np.asarray(amount, dtype=np.float64)) - 0.45) / 0.2


def common(theta: Columns, design: Columns) -> np.ndarray:
    """Return what is expected of all classes of a network alike, (n,)."""
    technique, treatment = design["technique"], design["treatment"]
    units, sparsity = np.isin(technique, UNITS), x_sparsity(design["amount"])
    return (
        theta["level"]
        + theta["b_sparsity"] * sparsity
        + theta["units"] * units
        + theta["units_sparsity"] * (units - 0.5) * sparsity
        + theta["random"] * np.isin(technique, RANDOM)
        + theta["globally"] * (technique == "l1_global")
        + theta["iterative"] * (design["schedule"] == "iterative")
        + theta["rewound"] * (treatment == "rewound")
        + theta["reinitialised"] * (treatment == "reinitialised")
    )


def expected(theta: Columns, design: Columns, before: np.ndarray) -> np.ndarray:
    """Return the expected log odds of each class after pruning, (n, 10), given those before, (n, 10)."""
    effects = np.stack([theta[f"class_{one}"] for one in range(CLASSES)], axis=1)
    effects = effects * theta["between_classes"][:, None] + theta["b_entropy"][:, None] * standard(entropies())
    effects += theta["b_accuracy"][:, None] * (before - CENTRE)
    effects += theta["b_representation"][:, None] * x_representation(design["seed"])
    return effects + common(theta, design)[:, None]


def simulate(theta: Columns, design: Columns, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the accuracies of networks in each class, before and after they are pruned."""
    n = len(theta["level"])
    before = (
        TYPICAL
        + SLOPE * x_representation(design["seed"])
        + _noise(np.tile(SPREAD, (n, 1)), TOGETHER, UNPRUNED_FREEDOM, rng)
    )
    spread = np.repeat(theta["noise"][:, None], CLASSES, axis=1)
    after = expected(theta, design, before) + _noise(spread, theta["between_networks"][:, None], FREEDOM, rng)
    return {"unpruned": expit(before), "pruned": expit(after)}


def _noise(spread: np.ndarray, together: np.ndarray | float, freedom: float, rng: np.random.Generator) -> np.ndarray:
    """Draw multivariate t noise (n, 10) that is partly common to the classes."""
    drawn = spread * rng.standard_normal(spread.shape) + together * rng.standard_normal((len(spread), 1))
    return drawn / np.sqrt(rng.chisquare(freedom, (len(spread), 1)) / freedom)


def log_likelihood(theta: Columns, design: Columns, outcome: Columns) -> np.ndarray:
    """Return the log density of the accuracies of each row, (n,)."""
    before, after = logit(outcome["unpruned"]), logit(outcome["pruned"])
    first = _log_density(
        before - TYPICAL - SLOPE * x_representation(design["seed"]), SPREAD, TOGETHER, UNPRUNED_FREEDOM
    )
    spread = np.broadcast_to(theta["noise"][:, None], after.shape)
    then = _log_density(after - expected(theta, design, before), spread, theta["between_networks"], FREEDOM)
    return first + then + _log_slope(outcome["unpruned"]) + _log_slope(outcome["pruned"])


def _log_density(off: np.ndarray, spread: np.ndarray, together: np.ndarray | float, freedom: float) -> np.ndarray:
    """Return the log density (n,) of the multivariate t with scale matrix diag(spread^2) + together^2."""
    share, power = np.square(together), spread**-2.0
    whole = 1.0 + share * power.sum(axis=-1)
    quadratic = (off**2 * power).sum(axis=-1) - share / whole * (off * power).sum(axis=-1) ** 2
    log_size = -np.log(power).sum(axis=-1) + np.log(whole)
    constant = gammaln((freedom + CLASSES) / 2) - gammaln(freedom / 2) - 0.5 * CLASSES * np.log(freedom * np.pi)
    return constant - 0.5 * log_size - 0.5 * (freedom + CLASSES) * np.log1p(quadratic / freedom)


def _log_slope(share: np.ndarray) -> np.ndarray:
    """Return the log of by how much log odds change with accuracies, all classes together, (n,)."""
    return -np.log(share * (1.0 - share)).sum(axis=-1)
