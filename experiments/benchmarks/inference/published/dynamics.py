"""Tasks with differential equations: an epidemic (sir), and predators and prey (lotka_volterra).

Both are solved in the logarithms of the populations, where they are smooth and cannot go negative, by the classical
Runge-Kutta method with a fixed step, for all parameters at once.

References:
    Kermack and McKendrick, A contribution to the mathematical theory of epidemics, 1927, doi:10.1098/rspa.1927.0118.
    Lotka, Analytical note on certain rhythmic relations in organic systems, 1920, doi:10.1073/pnas.6.7.410.
    Lueckmann et al., Benchmarking simulation-based inference, 2021, arXiv:2101.04653, appendices T.9 and T.10.
"""

import numpy as np
from scipy.special import gammaln, xlog1py, xlogy
from task import Marginal, Task

PEOPLE, TESTED = 1_000_000, 1000
DAYS, DAY_STEPS = 17, 34
"""People are tested on day 0, 17, 34 ... 153; a step is half a day."""
PAUSE, PAUSE_STEPS = 2.1, 210
"""Animals are counted at time 0, 2.1, 4.2 ... 18.9; a step is 0.01."""
TIMES = 10
NOISE = 0.1
FEWEST, MOST = 1e-10, 1e4


def solved(slope, start, step, between):
    """Return the solution at TIMES times, the start first, (TIMES, k, n), of start (k, n)."""
    state, kept = start, [start]
    for _ in range(TIMES - 1):
        for _ in range(between):
            state = stepped(slope, state, step)
        kept.append(state)
    return np.stack(kept)


def stepped(slope, state, step):
    """Return the state one step later."""
    first = slope(state)
    second = slope(state + 0.5 * step * first)
    third = slope(state + 0.5 * step * second)
    fourth = slope(state + step * third)
    return state + step / 6 * (first + 2 * second + 2 * third + fourth)


def infected(theta):
    """The share of people who are ill on the days of the tests, (n, TIMES), for parameters (n, 2)."""
    contact, recovery = theta.T

    def slope(state):  # logarithms of the shares of the healthy and of the ill
        healthy, ill = np.exp(state)
        return np.stack([-contact * ill, contact * healthy - recovery])

    start = np.log([1 - 1 / PEOPLE, 1 / PEOPLE])[:, None] * np.ones(len(theta))
    return np.minimum(np.exp(solved(slope, start, DAYS / DAY_STEPS, DAY_STEPS)[:, 1].T), 1.0)


def sir(theta, rng):
    """Outcomes (n, 10): positive tests of 1000 on each day."""
    return rng.binomial(TESTED, infected(theta)).astype(np.float64)


def sir_log_likelihood(theta, y):
    """Log-likelihood (n,) of outcomes (n, 10)."""
    share = infected(theta)
    ways = gammaln(TESTED + 1) - gammaln(y + 1) - gammaln(TESTED - y + 1)
    return (ways + xlogy(y, share) + xlog1py(TESTED - y, -share)).sum(axis=1)


def populations(theta):
    """Logarithms of prey and predators, (n, 2 * TIMES), prey first, for parameters (n, 4)."""
    birth, eaten, death, fed = theta.T

    def slope(state):
        prey, predators = np.exp(state)
        return np.stack([birth - eaten * predators, fed * prey - death])

    start = np.log([30.0, 1.0])[:, None] * np.ones(len(theta))
    found = solved(slope, start, PAUSE / PAUSE_STEPS, PAUSE_STEPS)
    return np.clip(found.transpose(2, 1, 0).reshape(len(theta), -1), np.log(FEWEST), np.log(MOST))


def lotka_volterra(theta, rng):
    """Outcomes (n, 20): counts of prey and then of predators, each with lognormal errors."""
    mean = populations(theta)
    return np.exp(mean + NOISE * rng.standard_normal(mean.shape))


def lotka_volterra_log_likelihood(theta, y):
    """Log-likelihood (n,) of outcomes (n, 20)."""
    distance, log_y = ((np.log(y) - populations(theta)) / NOISE) ** 2, np.log(y).sum(axis=-1)
    return -0.5 * distance.sum(axis=1) - log_y - TIMES * np.log(2 * np.pi * NOISE**2)


SIR = Task(
    "sir",
    (Marginal("lognormal", float(np.log(0.4)), 0.5), Marginal("lognormal", float(np.log(0.125)), 0.2)),
    {"ill": {"count": [TIMES]}},
    sir,
    sir_log_likelihood,
)
LOTKA_VOLTERRA = Task(
    "lotka_volterra",
    (Marginal("lognormal", -0.125, 0.5), Marginal("lognormal", -3.0, 0.5)) * 2,
    {"prey": {"real": [TIMES]}, "predators": {"real": [TIMES]}},
    lotka_volterra,
    lotka_volterra_log_likelihood,
)
