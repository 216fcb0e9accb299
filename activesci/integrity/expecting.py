"""Whether what the author of a study expected of its run came true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from activesci.study.expectations import Expectation


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a run.

    Attributes:
        posterior: Mean, sd, q05, q50 and q95 of each parameter.
        coverage: Of each parameter and of all together (`joint`), the share of known truths inside the interval of
            each level; empty if the run was not calibrated.
        totals: The numbers of the whole run, by the names of `OF_ALL`; what is not known is left out.
        files: The names of the files in its folder.
        hypotheses: Of each hypothesis its `probability` and `log bayes factor` against the null.
    """

    posterior: Mapping[str, Mapping[str, float]]
    coverage: Mapping[str, Mapping[float, float]]
    totals: Mapping[str, float]
    files: frozenset[str]
    hypotheses: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checked:
    """One expectation and what was found.

    Attributes:
        text: The sentence.
        held: Whether it holds; what cannot be told does not.
        found: What was found, in words.
    """

    text: str
    held: bool
    found: str


def checked(expectations: Sequence[Expectation], facts: Facts) -> tuple[Checked, ...]:
    """Return what became of each expectation."""
    return tuple(_checked(one, facts) for one in expectations)


def _checked(one: Expectation, facts: Facts) -> Checked:
    if one.quantity == "file":
        there = one.name in facts.files
        return Checked(one.text, there, "it is there" if there else f"there is no {one.name}")
    if one.quantity == "holds":
        return _held(one, facts)
    value, missing = _value(one, facts)
    if value is None:
        return Checked(one.text, False, missing)
    return Checked(one.text, one.low < value < one.high, f"{value:.6g}")


def _held(one: Expectation, facts: Facts) -> Checked:
    if not facts.posterior:
        return Checked(one.text, False, "there is no posterior")
    low, high = facts.posterior[one.name]["q05"], facts.posterior[one.name]["q95"]
    return Checked(one.text, low <= one.at <= high, f"90 % interval {low:.6g} to {high:.6g}")


def _value(one: Expectation, facts: Facts) -> tuple[float | None, str]:
    """Return the number that an expectation is about, or None and why there is none."""
    if one.quantity in ("mean", "sd", "width"):
        said = facts.posterior.get(one.name)
        if said is None:
            return None, "there is no posterior"
        return (said["q95"] - said["q05"] if one.quantity == "width" else said[one.quantity]), ""
    if one.quantity in ("probability", "log bayes factor"):
        return facts.hypotheses.get(one.name, {}).get(one.quantity), "nothing is known of the hypotheses"
    if one.quantity == "coverage":
        return facts.coverage.get(one.name, {}).get(one.at), "it was not calibrated: run activesci calibrate"
    return facts.totals.get(one.quantity), "it is not known of this run"
