"""Tasks with posteriors of difficult shape: two crescents, and four modes with soft and hard edges.

References:
    Greenberg, Nonnenmacher and Macke, Automatic posterior transformation, 2019, arXiv:1905.07488 (two moons).
    Papamakarios, Sterratt and Murray, Sequential neural likelihood, 2019, arXiv:1805.07226 (slcp).
"""

import numpy as np
from task import Marginal, Task

RADIUS, WIDTH, OFFSET = 0.1, 0.01, 0.25
POINTS = 4


def shift_of(theta):
    """Where the crescent of outcomes lies, (n, 2), for parameters (n, 2)."""
    total, difference = theta[:, 0] + theta[:, 1], theta[:, 1] - theta[:, 0]
    return np.stack([-np.abs(total), difference], axis=1) / np.sqrt(2.0)


def crescent(n, rng):
    """Draw points of a crescent, (n, 2)."""
    angle = rng.uniform(-np.pi / 2, np.pi / 2, n)
    radius = RADIUS + WIDTH * rng.standard_normal(n)
    return np.stack([radius * np.cos(angle) + OFFSET, radius * np.sin(angle)], axis=1)


def two_moons(theta, rng):
    """Outcomes (n, 2)."""
    return shift_of(theta) + crescent(len(theta), rng)


def two_moons_log_likelihood(theta, y):
    """Log-likelihood (n,) of outcomes (n, 2)."""
    x = y - shift_of(theta) - np.array([OFFSET, 0.0])
    radius = np.hypot(x[:, 0], x[:, 1])
    density = -0.5 * ((radius - RADIUS) / WIDTH) ** 2 - np.log(np.sqrt(2 * np.pi) * WIDTH * np.pi * radius)
    return np.where(x[:, 0] > 0, density, -np.inf)


def spread_of(theta):
    """Standard deviations (n, 2) and correlation (n,) of the points, for parameters (n, 5)."""
    return theta[:, 2:4] ** 2, np.tanh(theta[:, 4])


def slcp(theta, rng):
    """Outcomes (n, 8): four points in the plane, one after the other."""
    sd, correlation = spread_of(theta)
    noise = rng.standard_normal((len(theta), POINTS, 2))
    second = correlation[:, None] * noise[..., 0] + np.sqrt(1 - correlation**2)[:, None] * noise[..., 1]
    correlated = np.stack([noise[..., 0], second], axis=2)
    return (theta[:, None, :2] + sd[:, None] * correlated).reshape(-1, 2 * POINTS)


def slcp_log_likelihood(theta, y):
    """Log-likelihood (n,) of outcomes (n, 8)."""
    sd, correlation = spread_of(theta)
    scaled = (y.reshape(-1, POINTS, 2) - theta[:, None, :2]) / sd[:, None]
    free = 1 - correlation**2
    distance = (scaled**2).sum(axis=2) - 2 * correlation[:, None] * scaled.prod(axis=2)
    constant = np.log(2 * np.pi) + np.log(sd).sum(axis=1) + 0.5 * np.log(free)
    return -0.5 * distance.sum(axis=1) / free - POINTS * constant


TWO_MOONS = Task(
    "two_moons",
    (Marginal("uniform", -1.0, 1.0),) * 2,
    {"y": {"real": [2]}},
    two_moons,
    two_moons_log_likelihood,
)
SLCP = Task(
    "slcp",
    (Marginal("uniform", -3.0, 3.0),) * 5,
    {"y": {"real": [8]}},
    slcp,
    slcp_log_likelihood,
)
