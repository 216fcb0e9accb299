"""What may be claimed of the hypotheses: one of them, none of them, or nothing yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from activesci.inference.checks.misfit import misfit
from activesci.study.stopping import StopRule

OUTLIER = 5e-4
"""A predictive tail probability at or below this contradicts a hypothesis by itself: none of 2000 draws is as rare."""


class Verdict(StrEnum):
    """What may be claimed."""

    CLAIMED = "claimed"
    UNDECIDED = "undecided"
    CONTRADICTED = "contradicted"
    NONE = "none of them"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a hypothesis stands.

    Attributes:
        prior: How probable it was beforehand.
        probability: How probable it is.
        against_rest: Its log Bayes factor against the others together [nats].
        error: Its standard error.
        contradicted: Whether the outcomes contradict it whatever its rivals say; see `contradicts`.
    """

    prior: float
    probability: float
    against_rest: float
    error: float
    contradicted: bool = False

    def reaches(self, rule: StopRule) -> bool:
        """Return whether it reaches a rule's probability or Bayes factor, even less the factor's standard error."""
        return bool(self.against_rest - self.error >= least(rule, self.prior))


def least(rule: StopRule, prior: float) -> float:
    """Return the log Bayes factor against the others together that a rule asks of a hypothesis [nats].

    Args:
        rule: A rule of kind hypothesis or bayes_factor.
        prior: How probable the hypothesis was beforehand.
    """
    if rule.kind == "bayes_factor":
        return float(np.log(rule.settings))
    return float(np.log(rule.settings) - np.log1p(-rule.settings) - np.log(prior) + np.log1p(-prior))


@dataclass(frozen=True, slots=True)
class Claim:
    """What may be claimed.

    Attributes:
        verdict: What.
        hypothesis: The hypothesis that it is about; empty where it is about none.
    """

    verdict: Verdict
    hypothesis: str = ""

    def __str__(self) -> str:
        """Return it in words."""
        sentences = {
            Verdict.CLAIMED: (
                f"{self.hypothesis}: it has reached what the stop rule asks for, and the outcomes do not contradict it"
            ),
            Verdict.UNDECIDED: "nothing yet: no hypothesis has reached what the stop rule asks for",
            Verdict.CONTRADICTED: (
                f"nothing: {self.hypothesis} beats its rivals, but the outcomes contradict what it predicts"
            ),
            Verdict.NONE: "none of them: the outcomes contradict what every hypothesis predicts",
        }
        return sentences[self.verdict]


def contradicts(tails: Sequence[float], ranks: Sequence[Sequence[float]]) -> bool:
    """Return whether outcomes contradict a hypothesis, under which they were predicted one after the other.

    By themselves, not against a rival: one was rarer than any of 2000 draws, or all together are evidence of 100 to 1
    against it. A true hypothesis comes to the second in one campaign of a hundred at most, and to the first with a
    probability of 1 / 2000 an outcome.

    Args:
        tails: The predictive tail probability of each outcome under the hypothesis.
        ranks: For each round the ranks of its outcomes under the hypothesis; see `log_evidence`.

    References:
        As of `misfit`; Box, Sampling and Bayes' inference in scientific modelling and robustness, 1980,
        doi:10.2307/2982063.

    Fails when:
        as of `misfit`: a flexible hypothesis follows whatever comes.
    """
    return any(tail <= OUTLIER for tail in tails) or misfit(ranks) is not None


def claim(standings: Mapping[str, Standing], rule: StopRule | None) -> Claim | None:
    """Return what may be claimed; None where the study sets no threshold to reach.

    Args:
        standings: The hypotheses.
        rule: The study's stop rule, which says what has to be reached.
    """
    if standings and all(one.contradicted for one in standings.values()):
        return Claim(Verdict.NONE)
    thresholds = [] if rule is None else list(thresholds_of(rule))
    if not thresholds:
        return None
    for name, one in standings.items():
        if any(one.reaches(each) for each in thresholds):
            return Claim(Verdict.CONTRADICTED if one.contradicted else Verdict.CLAIMED, name)
    return Claim(Verdict.UNDECIDED)


def thresholds_of(rule: StopRule) -> Sequence[StopRule]:
    """Return the rules about hypotheses in a stop rule."""
    if rule.kind in ("hypothesis", "bayes_factor"):
        return [rule]
    return [found for each in (*(rule.any or ()), *(rule.all or ())) for found in thresholds_of(each)]


def false_claims(rule: StopRule, prior: Mapping[str, float]) -> float:
    """Return how often, at most, a threshold is reached by a hypothesis that is not true.

    That is the probability that any of the others reaches it when one of them is true, for the one for which it is
    largest; each true parameter value as often as its prior says. By Ville's inequality it holds whenever one looks.

    Args:
        rule: A rule of kind hypothesis or bayes_factor.
        prior: How probable each hypothesis was beforehand.

    References:
        Ville, Etude critique de la notion de collectif, 1939; Hendriksen, de Heide and Grunwald, Optional stopping
        with Bayes factors, 2021, doi:10.1214/20-BA1234, arXiv:1807.09077: for composite hypotheses it holds on
        average over their priors, and not for every parameter value.

    Example:
        >>> round(false_claims(StopRule.model_validate({"bayes_factor": 20.0}), {"null": 0.5, "one": 0.5}), 3)
        0.05
    """

    def rate(true: str) -> float:
        # the evidence of the others together holds that of the true one with its share
        others = {name: p for name, p in prior.items() if name != true}
        return sum((1 - p) / prior[true] * float(np.exp(-least(rule, p))) for p in others.values())

    return min(1.0, max(rate(true) for true in prior))
