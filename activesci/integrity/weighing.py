"""Hypotheses weighed: posterior probabilities and Bayes factors, with their errors."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from activesci.types import FloatArray


@dataclass(frozen=True)
class Weighed:
    """Hypotheses and their evidences.

    References:
        Jeffreys, Theory of probability, 1961; Kass and Raftery, Bayes factors, 1995, doi:10.2307/2291091.

    Fails when:
        a prior is wider than anybody believes: the evidence then falls with its width for no other reason; see
        `widths`. Errors of evidences that share a surrogate are taken to be independent.

    Attributes:
        names: The hypotheses, the null first.
        prior: How probable each was beforehand, (k,).
        log_evidence: Log evidences [nats], (k,); minus infinity where no parameters can give the data.
        error: Their standard errors, (k,).
    """

    names: tuple[str, ...]
    prior: FloatArray
    log_evidence: FloatArray
    error: FloatArray

    @cached_property
    def probability(self) -> FloatArray:
        """The posterior probabilities, (k,); the prior ones if the data are impossible under all."""
        if not np.isfinite(self.log_evidence).any():
            return self.prior
        weight = self.log_evidence + np.log(self.prior)
        return np.asarray(np.exp(weight - logsumexp(weight)))

    @cached_property
    def probability_error(self) -> FloatArray:
        """Their standard errors to first order, (k,)."""
        p = self.probability
        slope = p[:, None] * (np.eye(len(p)) - p)
        return np.asarray(np.sqrt((slope**2 * self.error**2).sum(axis=1)))

    @property
    def log_bayes_factor(self) -> FloatArray:
        """The log Bayes factor of each against the null [nats], (k,)."""
        return _difference(self.log_evidence, self.log_evidence[0])

    @property
    def log_bayes_factor_error(self) -> FloatArray:
        """Its standard error, (k,); none of the null against itself."""
        found = np.hypot(self.error, self.error[0])
        found[0] = 0.0
        return np.asarray(found)

    @cached_property
    def log_against_rest(self) -> FloatArray:
        """The log Bayes factor of each against the others together, as probable as they were beforehand, (k,).

        When the others are true, each as often as its prior probability says, this ever reaches log K with a
        probability of at most 1 / K, whenever one looks and whatever was measured next (Ville's inequality).
        """
        return _difference(self.log_evidence, np.array([self._rest(k)[0] for k in range(len(self.names))]))

    @cached_property
    def log_against_rest_error(self) -> FloatArray:
        """Its standard error, (k,)."""
        return np.asarray([np.hypot(self.error[k], self._rest(k)[1]) for k in range(len(self.names))])

    def _rest(self, k: int) -> tuple[float, float]:
        """Return the log evidence of all but one of the hypotheses together, and its error."""
        others = np.arange(len(self.names)) != k
        weight = self.log_evidence[others] + np.log(self.prior[others])
        total = float(logsumexp(weight))
        share = np.exp(weight - total) if np.isfinite(total) else np.zeros(len(weight))
        return total - float(np.log(self.prior[others].sum())), float(
            np.sqrt(((share * self.error[others]) ** 2).sum())
        )


def _difference(one: FloatArray, other: FloatArray | float) -> FloatArray:
    """Return one - other, where two impossible hypotheses are as good as each other."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nan_to_num(one - other, nan=0.0, neginf=-np.inf, posinf=np.inf))
