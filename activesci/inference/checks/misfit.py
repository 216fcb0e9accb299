"""Whether the measurements together speak against the model: many small surprises, added up as evidence.

A single outcome has to be far out to raise an alarm. A noise that is stated half as large as it is, or a term that is
missing, shows in many outcomes of which none is far out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc, logsumexp, ndtri

from activesci.types import FloatArray

RATE = 0.01
"""The share of campaigns with a right model in which the evidence ever reaches 1 / RATE, at most."""
SPREADS = (0.5, 2.0, 3.0, 6.0)
"""Deviations that are looked for, as factors on the size of what was predicted."""
SHARES = (0.1, 0.3, 0.3, 0.3)
"""How much of the bet is put on each."""


def too_wide(rounds: Sequence[Sequence[float]]) -> float:
    """Return how rarely outcomes of a right model are as far from their predictions as these are together.

    A rank is turned into the deviation |z| of a normal number whose tail it is. Under a right model those of different
    rounds are independent, whatever the designs, so that the sum of their squares has a chi-squared distribution;
    outcomes of one round were predicted from the same belief, and its first stands for it.

    Args:
        rounds: See `log_evidence`.

    Fails when:
        what is wrong moves outcomes to where they are expected, or the model follows them; see `log_evidence`.

    Example:
        >>> round(too_wide([[0.3], [0.01, 0.5], [0.02]]), 4)
        0.0044
    """
    ranks = np.array([ranks[0] for ranks in rounds], dtype=np.float64)
    squares = ndtri(np.clip(ranks, 1e-300, 1.0) / 2) ** 2
    return float(gammaincc(len(ranks) / 2, squares.sum() / 2)) if len(ranks) else 1.0


def log_bets(ranks: FloatArray) -> FloatArray:
    """Return how much likelier ranks (n,) are where deviations are larger than predicted, (n, spreads), nats.

    A rank is turned into the deviation |z| of a normal number whose tail it is; the bet on a spread s is the quotient
    of the densities of |z| for the sd s and the sd 1. Its mean over uniform ranks is one.

    Example:
        >>> log_bets(np.array([1.0, 0.0455])).round(2)
        array([[ 0.69, -0.69, -1.1 , -1.79],
               [-5.31,  0.81,  0.68,  0.15]])
    """
    deviation = ndtri(np.clip(ranks, 1e-300, 1.0) / 2)
    spreads = np.array(SPREADS)
    bets: FloatArray = 0.5 * deviation[:, None] ** 2 * (1 - 1 / spreads**2) - np.log(spreads)
    return bets


def log_evidence(rounds: Sequence[Sequence[float]]) -> FloatArray:
    """Return the evidence against the model after each round, (r, spreads): the log of what each bet has become, nats.

    Outcomes of one round were predicted from the same belief and may depend on one another, so their bets are
    averaged; those of different rounds are multiplied.

    Args:
        rounds: For each round the ranks of its outcomes, each uniform if the model is right; see `Surprise.rank`.

    References:
        Ville's inequality: a product of bets that are fair under the model reaches 1 / RATE with a probability of at
        most RATE, whenever one looks. Vovk and Wang, E-values, 2021, arXiv:1912.06116; Dawid, Present position and
        potential developments: the prequential approach, 1984, doi:10.2307/2981683.

    Fails when:
        the model is flexible enough to follow the deviations, or the designs are so few that any outcome fits: as many
        places as parameters say nothing of the model.
    """
    if not rounds:
        return np.empty((0, len(SPREADS)))
    counts = np.array([len(ranks) for ranks in rounds])
    bets = log_bets(np.concatenate([np.asarray(ranks, dtype=np.float64) for ranks in rounds]))
    steps = np.logaddexp.reduceat(bets, np.cumsum(counts) - counts, axis=0) - np.log(counts)[:, None]
    return np.cumsum(steps, axis=0) + np.log(SHARES)


@dataclass(frozen=True, slots=True)
class Misfit:
    """Where the measurements together have spoken against the model.

    Attributes:
        place: The first of the rounds after which the evidence was 1 / RATE.
        evidence: How many times what was bet against the model it then was.
        spread: The bet that won most: deviations this many times as large as predicted.
    """

    place: int
    evidence: float
    spread: float

    def __str__(self) -> str:
        """Return what it means."""
        if self.spread < 1:
            return "they lie nearer to their predictions than its noise allows"
        return "they lie farther from their predictions than it allows: its noise is too small or a term is missing"


def misfit(rounds: Sequence[Sequence[float]]) -> Misfit | None:
    """Return where the evidence first reached 1 / RATE; None if it never did.

    Args:
        rounds: See `log_evidence`.
    """
    bets = log_evidence(rounds)
    reached = np.flatnonzero(logsumexp(bets, axis=1) >= -np.log(RATE)) if len(bets) else np.empty(0, np.int64)
    if not len(reached):
        return None
    won = bets[reached[0]]
    return Misfit(int(reached[0]), float(np.exp(min(logsumexp(won), 700.0))), SPREADS[int(won.argmax())])
