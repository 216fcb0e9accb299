"""The data of a tuning study: errors that are known beforehand, and what they say of a simulator's expectation."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from activesci.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Measured:
    """Errors of the data, which are not those of a simulation.

    Attributes:
        covariance: Of the measured numbers, (k, k); positive definite.
        used: Which of them the posterior rests on, (k,); the others are held out.
        weight: What their log-likelihood is multiplied with, (k,); the same for all numbers of a data set.
    """

    covariance: FloatArray
    used: BoolArray
    weight: FloatArray

    @property
    def counted(self) -> FloatArray:
        """The covariance of the numbers that are used, as the posterior counts it: divided by their weights."""
        root = np.sqrt(self.weight[self.used])
        return self.covariance[np.ix_(self.used, self.used)] / root[:, None] / root


@dataclass(frozen=True, slots=True)
class Told:
    """What data say of coordinates f on which they depend: y = centre + turn f + error.

        log p(y | f) = constant + pull f - f' hold f / 2

    Attributes:
        constant: (), nats.
        pull: (q,).
        hold: (q, q).
    """

    constant: float
    pull: FloatArray
    hold: FloatArray

    @classmethod
    def of(cls, y: FloatArray, centre: FloatArray, turn: FloatArray, covariance: FloatArray) -> "Told":
        """Return what data (n, k) of equal covariance (k, k) say of the coordinates.

        Args:
            y: The data, a row each time that they were measured.
            centre: What is expected at f = 0, (k,).
            turn: What is expected more for a unit of each coordinate, (k, q).
            covariance: Of each row's errors.
        """
        factor = cho_factor(covariance, lower=True)
        off, n = y - centre, len(y)
        solved = cho_solve(factor, off.T)
        log_det = 2 * np.log(np.diag(factor[0])).sum()
        constant = -0.5 * float((off.T * solved).sum() + n * (log_det + y.shape[1] * np.log(2 * np.pi)))
        return cls(constant, turn.T @ solved.sum(axis=1), n * turn.T @ cho_solve(factor, turn))

    def density(self, f: FloatArray) -> FloatArray:
        """Return the log density of the data at coordinates (..., q), nats."""
        return np.asarray(self.constant + f @ self.pull - 0.5 * ((f @ self.hold) * f).sum(axis=-1))

    def marginal(self, f: FloatArray, variance: FloatArray) -> FloatArray:
        """Return the log density of the data, coordinates (m, q) being known up to independent errors, (m,).

        Args:
            f: The expected coordinates.
            variance: Of their errors, (m, q).
        """
        pulled, log_det = self._pulled(f, variance)
        return np.asarray(self.density(f) + 0.5 * (pulled - log_det))

    def best(self, f: FloatArray, variance: FloatArray) -> FloatArray:
        """Return the log density that the errors of coordinates allow at best, up to a constant, (m,).

        It is not lower where little is known: what has hardly been looked at may well be where the data come from.
        """
        return np.asarray(self.density(f) + 0.5 * self._pulled(f, variance)[0])

    def _pulled(self, f: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
        sd = np.sqrt(variance)
        root = np.linalg.cholesky(np.eye(f.shape[1]) + sd[:, :, None] * self.hold * sd[:, None, :])
        pulled = np.linalg.solve(root, (sd * (self.pull - f @ self.hold))[:, :, None])[:, :, 0]
        log_det = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
        return np.asarray((pulled**2).sum(axis=1)), np.asarray(log_det)
