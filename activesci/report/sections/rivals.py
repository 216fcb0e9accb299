"""The hypotheses: how probable each is, by how much the data speak for it, and what it expected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from activesci.report.figures.rivals import probabilities
from activesci.report.foreseen import foreseen_sentences
from activesci.report.numbers import clean, interval, number, rounded
from activesci.report.thinning import one_in, thinned
from activesci.report.words import in_order, where_text

from .base import Picture, Reading

if TYPE_CHECKING:
    from activesci.study.hypotheses import Hypothesis
    from activesci.study.stopping import StopRule


Believed = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """A hypothesis in words.

    Attributes:
        name: Its name.
        statement: What it says.
        where: What it says of the parameters, or that it has a simulator of its own.
        prior: How probable it was.
        probability: How probable it is, with its error.
        factor: Its log Bayes factor against the null, with its error.
        widths: The same with priors half and twice as wide.
        contradicted: Whether the outcomes contradict it by themselves.
        predicts: What it expected to be observed.
        expected: Its sentences, whether each holds, and what was found.
        believed: Parameters of interest under it, and those with limits: name, value, 90 % interval, upper limits.
        nuisances: The other parameters under it, in the same words.
    """

    name: str
    statement: str
    where: str
    prior: str
    probability: str
    factor: str
    widths: str
    contradicted: bool
    predicts: str
    expected: list[tuple[str, str, str]]
    believed: list[Believed]
    nuisances: list[Believed]


@dataclass(frozen=True, slots=True)
class Contest:
    """What the page says of the hypotheses.

    Attributes:
        claim: What may be claimed, in a sentence.
        refused: Whether a claim is refused although the data decide, or none fits.
        rows: The hypotheses.
        averaged: Parameters whichever hypothesis is true: name, value, 90 % interval.
        picture: Probabilities against the rounds.
        foreseen: What was expected before the first measurement, a sentence a line.
    """

    claim: str
    refused: bool
    rows: list[Row]
    averaged: list[tuple[str, str, str]]
    picture: Picture | None
    foreseen: list[str]


def contest(reading: Reading) -> Contest | None:
    """Return what the page says of the hypotheses; None in a study without, or before the first posterior."""
    said = reading.history.inferred.payload if reading.history.inferred else {}
    if not reading.study.rivals or "hypotheses" not in said:
        return None
    claim = said.get("claim", {})
    return Contest(
        claim=f"What may be claimed: {clean(claim['text'], 300)}." if claim else _without_claim(reading),
        refused=claim.get("verdict") in ("contradicted", "none of them"),
        rows=[_row(reading, one, said["hypotheses"][one.name]) for one in reading.study.rivals],
        averaged=[(name, *_value(one)) for name, one in said["averaged"].items()],
        picture=_picture(reading),
        foreseen=foreseen_sentences(_foreseen(reading)),
    )


def _foreseen(reading: Reading) -> dict[str, Any] | None:
    """Return what the round before the first measurement has recorded."""
    first = reading.history.rounds[0].inferred
    return None if first is None else first.payload.get("foreseen")


def _without_claim(reading: Reading) -> str:
    if not reading.history.measured():
        return "Nothing has been measured yet."
    return "Nothing is claimed: the stop rule names no probability or Bayes factor that a hypothesis has to reach."


def _row(reading: Reading, one: "Hypothesis", said: Mapping[str, Any]) -> Row:
    part = reading.study.mapping()["hypotheses"][one.name]
    checked = reading.history.noted("expectations").get("hypotheses", {}).get(one.name, [])
    known = in_order(said["posterior"], one.space.names)
    every = [(name, *_value(moments), _limit(said["limits"].get(name))) for name, moments in known.items()]
    asked = {*said["limits"], *(one.space.names[i] for i in one.space.interest)}
    return Row(
        name=one.name,
        statement=clean(one.statement, 300),
        where=where_text(part),
        prior=number(one.probability),
        probability=_probability(said["probability"], said["probability_error"]),
        factor=_factor(said["log_bayes_factor"], said["log_bayes_factor_error"]),
        widths=_widths(said["widths"]),
        contradicted=bool(said["contradicted"]),
        predicts=clean(one.predicts, 300),
        expected=[_sentence(each) for each in checked] or [(clean(each.text, 200), "", "") for each in one.expect],
        believed=[each for each in every if each[0] in asked],
        nuisances=[each for each in every if each[0] not in asked],
    )


def _sentence(one: Mapping[str, Any]) -> tuple[str, str, str]:
    return clean(one["text"], 200), "yes" if one["held"] else "no", clean(one["found"], 200)


def _probability(value: float, error: float) -> str:
    """Return a probability; very near to one by what is missing."""
    if value > 0.999:
        return f"1 − {number(1 - value, 2)}"
    return rounded(value, error) if error > 0 else number(value)


def _factor(value: float | None, error: float | None) -> str:
    if value is None:
        return "not finite"
    return rounded(value, error) if error else number(value)


def _widths(said: Mapping[str, Any]) -> str:
    if not said:
        return ""
    found = [_factor(said[width]["log_bayes_factor"], said[width]["error"]) for width in ("half", "double")]
    return f"{' and '.join(found)} ({', '.join(clean(name, 40) for name in said['half']['parameters'])})"


def _value(said: Mapping[str, float]) -> tuple[str, str]:
    return rounded(said["mean"], said["sd"]), interval(said["q05"], said["q95"])


def _limit(said: Mapping[str, float] | None) -> str:
    if said is None:
        return ""
    level = f"{100 * said['level']:g} %"
    return f"below {number(said['credible'])} (credible), {number(said['likelihood'])} (likelihood ratio) at {level}"


def _picture(reading: Reading) -> Picture | None:
    """Return the probabilities after each round; None with only one."""
    known = [(r.number, r.inferred.payload["hypotheses"]) for r in reading.history.rounds if r.inferred is not None]
    if len(known) < 2:
        return None
    names = [one.name for one in reading.study.rivals]
    drawn = [known[i] for i in thinned(len(known))]
    values, errors = (
        np.array([[said[name][key] for name in names] for _, said in drawn])
        for key in ("probability", "probability_error")
    )
    figure = probabilities([n for n, _ in drawn], values, errors, names, threshold(reading.study.stop))
    return Picture.of(figure, "probability of each hypothesis against the rounds", one_in(len(known), "round"))


def threshold(rule: "StopRule | None") -> float | None:
    """Return the lowest probability that a stop rule asks of a hypothesis; None if it asks for none."""
    return None if rule is None else rule.least("hypothesis")
