"""The procedure of the notebook of 2017, written anew: what choosing a design was like before.

At every candidate, four experiments are simulated at the most probable parameters. The posterior of each is sampled by
an ensemble of ten walkers and fifty steps, whose likelihood is a kernel density of 200 simulated events; the gain is
the drop of entropy from the samples before to those after, by kernel densities. A Gaussian process of skopt's picks
eight candidates after two random ones, and the answer is the best of the ten estimates. Each posterior is the next
prior, by the kernel density of its samples.
"""

import warnings

import numpy as np
from scipy.stats import gaussian_kde

EVENTS_OF_A_DENSITY, EXPERIMENTS, WALKERS, STEPS, BURNT = 200, 4, 10, 50, 10
STRETCH = 2.0


class Recipe:
    """One campaign of a problem with one parameter and events of one number.

    Args:
        simulate: theta (n,), phi -> events (n, events).
        low, high: The bounds of the parameter's uniform prior.
        designs: The bounds of the design.
        rng: Random numbers.
    """

    def __init__(self, simulate, low, high, designs, rng):
        self.simulate, self.low, self.high, self.designs, self.rng = simulate, low, high, designs, rng
        self.samples = rng.uniform(low, high, WALKERS * (STEPS - BURNT))

    def choose(self):
        from skopt import gp_minimize

        density = gaussian_kde(self.samples)
        at = np.linspace(self.low, self.high, 401)
        best = at[np.argmax(density(at))]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = gp_minimize(
                lambda x: -self.gain(best, x[0]),
                [self.designs],
                n_calls=10,
                n_initial_points=2,
                random_state=int(self.rng.integers(2**31)),
            )
        return float(found.x[0])

    def gain(self, theta, phi):
        """Return the estimated gain of a design [nats]."""
        before = entropy(self.samples, self.low, self.high)
        after = [
            entropy(self.posterior(self.simulate(np.array([theta]), phi)[0], phi), self.low, self.high)
            for _ in range(EXPERIMENTS)
        ]
        return before - float(np.mean(after))

    def learn(self, events, phi):
        """Take a measurement in."""
        self.samples = self.posterior(events, phi)

    def posterior(self, events, phi):
        """Return samples by Goodman and Weare's stretch move."""
        prior = gaussian_kde(self.samples)
        walkers = self.rng.choice(self.samples, WALKERS, replace=False)
        log_p, found = self.log_density(walkers, events, phi, prior), []
        for step in range(STEPS):
            for half in (slice(0, None, 2), slice(1, None, 2)):
                others = np.delete(walkers, np.arange(WALKERS)[half])
                z = ((STRETCH - 1) * self.rng.random(WALKERS // 2) + 1) ** 2 / STRETCH
                anchor = others[self.rng.integers(len(others), size=WALKERS // 2)]
                proposed = anchor + z * (walkers[half] - anchor)
                new = self.log_density(proposed, events, phi, prior)
                taken = np.log(self.rng.random(WALKERS // 2)) < new - log_p[half]
                walkers[half] = np.where(taken, proposed, walkers[half])
                log_p[half] = np.where(taken, new, log_p[half])
            if step >= BURNT:
                found.append(walkers.copy())
        return np.concatenate(found)

    def log_density(self, theta, events, phi, prior):
        inside = (theta >= self.low) & (theta <= self.high)
        result = np.full(len(theta), -np.inf)
        for i in np.flatnonzero(inside):
            simulated = self.simulate(np.full(-(-EVENTS_OF_A_DENSITY // len(events)), theta[i]), phi).ravel()
            result[i] = log_kernel(simulated[:EVENTS_OF_A_DENSITY], events).sum()
        result[inside] += np.log(np.maximum(prior(theta[inside]), 1e-300))
        return result


def log_kernel(simulated, events):
    """Return the log of Scott's Gaussian kernel density of simulated events at events."""
    width = max(simulated.std(ddof=1) * len(simulated) ** -0.2, 1e-12)
    density = np.exp(-0.5 * ((events[:, None] - simulated) / width) ** 2).mean(1) / (width * np.sqrt(2 * np.pi))
    return np.log(np.maximum(density, 1e-300))


def entropy(samples, low, high):
    """Return the entropy of samples, by a kernel density on a grid [nats]."""
    if np.ptp(samples) < 1e-9 * (high - low):
        return np.log(1e-9 * (high - low))
    at = np.linspace(low, high, 401)
    density = np.maximum(gaussian_kde(samples)(at), 1e-300)
    density /= density.sum() * (at[1] - at[0])
    return float(-np.sum(density * np.log(density)) * (at[1] - at[0]))
