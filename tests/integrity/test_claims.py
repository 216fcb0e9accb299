"""What may be claimed, and how often a threshold is reached by what is not true."""

import numpy as np
import pytest

from activesci.integrity.claims import OUTLIER, Standing, Verdict, claim, contradicts, false_claims
from activesci.study.stopping import StopRule

RULE = StopRule.model_validate({"any": [{"hypothesis": 0.95}, {"rounds": 5}]})
FACTOR = StopRule.model_validate({"bayes_factor": 20.0})


def standing(p, error=0.0, prior=0.5, contradicted=False):
    """Return how a hypothesis of posterior probability p stands."""
    return Standing(prior, p, np.log(p / (1 - p)) - np.log(prior / (1 - prior)), error, contradicted)


@pytest.mark.parametrize(
    ("one", "other", "verdict", "name"),
    [
        (standing(0.9), standing(0.1), Verdict.UNDECIDED, ""),
        (standing(0.97), standing(0.03), Verdict.CLAIMED, "one"),
        (standing(0.97, error=0.6), standing(0.03), Verdict.UNDECIDED, ""),
        (standing(0.97, contradicted=True), standing(0.03), Verdict.CONTRADICTED, "one"),
        (standing(0.03, contradicted=True), standing(0.97), Verdict.CLAIMED, "other"),
        (standing(0.97, contradicted=True), standing(0.03, contradicted=True), Verdict.NONE, ""),
        (standing(0.9, contradicted=True), standing(0.1, contradicted=True), Verdict.NONE, ""),
    ],
)
def test_a_claim_is_what_reaches_the_threshold_and_is_not_contradicted(one, other, verdict, name):
    said = claim({"one": one, "other": other}, RULE)
    assert said is not None
    assert (said.verdict, said.hypothesis) == (verdict, name)


def test_without_a_threshold_nothing_is_claimed():
    sure = {"one": standing(0.999), "other": standing(0.001)}
    assert claim(sure, StopRule.model_validate({"rounds": 3})) is None
    assert claim(sure, None) is None


def test_a_probability_is_reached_from_whatever_was_believed_before():
    assert standing(0.96, prior=0.9).reaches(RULE.any[0])
    assert not standing(0.96, prior=0.9).reaches(FACTOR)  # the data have added a factor of 2.7 only
    assert standing(0.96, prior=0.5).reaches(FACTOR)


def test_the_stated_rate_of_false_claims_holds_for_bets_with_optional_stopping():
    # under the null each outcome is 0 or 1 alike; two alternatives say 1 with 0.8 and 0.3
    rng, prior = np.random.default_rng(1), np.array([0.5, 0.3, 0.2])
    ones = np.cumsum(rng.random((4000, 200)) < 0.5, axis=1)
    steps = np.arange(1, 201)
    logs = np.stack([ones * np.log(p) + (steps - ones) * np.log1p(-p) for p in (0.5, 0.8, 0.3)])
    for rule in (FACTOR, RULE.any[0]):
        reached = np.zeros(4000, dtype=bool)
        for k in (1, 2):
            others = [j for j in range(3) if j != k]
            rest = np.logaddexp(*(logs[j] + np.log(prior[j]) for j in others)) - np.log(prior[others].sum())
            odds = logs[k] - rest
            least = 20.0 if rule is FACTOR else 19 / (prior[k] / (1 - prior[k]))
            reached |= (odds >= np.log(least)).any(axis=1)
        stated = false_claims(rule, {"null": 0.5, "one": 0.3, "two": 0.2})
        assert 0.01 < reached.mean() < stated + 3 * np.sqrt(stated / 4000)


def test_outcomes_contradict_by_one_outlier_or_by_many_small_surprises():
    assert contradicts([OUTLIER, 0.5], [[OUTLIER], [0.5]])
    assert not contradicts([0.01, 0.5], [[0.01], [0.5]])
    assert contradicts([0.03] * 8, [[0.03]] * 8)
    assert not contradicts([], [])
