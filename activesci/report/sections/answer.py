"""The answer in numbers: what each parameter is, how sure, how much was learned."""

from dataclasses import dataclass

import numpy as np

from activesci.report.numbers import clean, duration, interval, number, quantity, rounded, unit_text
from activesci.report.words import prior_text

from .base import Reading
from .posterior import prior_samples


@dataclass(frozen=True, slots=True)
class Answer:
    """What is believed about one parameter, in words.

    Attributes:
        name: The parameter.
        value: Its mean and sd as value(uncertainty), without unit.
        unit: Its unit with superscripts.
        full: Value and unit.
        median: The median.
        ninety: The central 90 % interval.
        prior: The prior in words.
        learned: How many times narrower than the prior it is, or nothing.
        truth: The true value where nature is simulated, and how far off the mean is.
        error: Monte-Carlo error of the mean.
        interest: Whether it is asked for, or a nuisance.
    """

    name: str
    value: str
    unit: str
    full: str
    median: str
    ninety: str
    prior: str
    learned: str
    truth: str
    error: str
    interest: bool


def answers(reading: Reading) -> list[Answer]:
    """Return what the latest posterior says of every free parameter, those of interest first."""
    inferred = reading.history.inferred
    said = (inferred.payload.get("posterior") or {}) if inferred else {}
    prior_sd = prior_samples(reading).std(axis=0)
    space = reading.study.parameter_space
    order = [*reading.shown, *(i for i in range(space.dim) if i not in reading.shown)]
    return [_answer(reading, i, said[space.names[i]], float(prior_sd[i])) for i in order if space.names[i] in said]


def _answer(reading: Reading, index: int, said: dict[str, float], prior_sd: float) -> Answer:
    space = reading.study.parameter_space
    name = space.names[index]
    part = reading.study.mapping()["parameters"][name]
    value, unit = rounded(said["mean"], said["sd"]), space.units.get(name)
    inferred = reading.history.inferred
    errors = (inferred.payload.get("errors") or {}) if inferred else {}
    return Answer(
        name=name,
        value=value,
        unit=unit_text(unit),
        full=quantity(value, unit),
        median=number(said.get("q50")),
        ninety=interval(said["q05"], said["q95"]),
        prior=prior_text(part["prior"]),
        learned=_learned(said["sd"], prior_sd) if name not in _hidden(reading) else _shifted(said["mean"]),
        truth=_truth(reading.truth.get(name), said),
        error=number(errors.get(name), 2),
        interest=index in reading.shown,
    )


def _hidden(reading: Reading) -> list[str]:
    event = reading.history.blinding
    return event.payload["parameters"] if event else []


def _shifted(mean: float | None) -> str:
    return "blind: not shown yet" if mean is None else "blind: shifted by a hidden offset"


def _learned(sd: float, prior_sd: float) -> str:
    ratio = prior_sd / sd if sd > 0 and np.isfinite(prior_sd) else 1.0
    return f"{ratio:.2g} times narrower than the prior" if ratio > 1.15 else "no narrower than the prior"


def _truth(truth: float | None, said: dict[str, float]) -> str:
    if truth is None:
        return ""
    off = abs(said["mean"] - truth) / said["sd"] if said["sd"] > 0 else 0.0
    return f"{number(truth)}, {off:.1f} sd from the mean"


def facts(reading: Reading) -> list[tuple[str, str]]:
    """Return the few numbers that go with an answer: (name, value)."""
    history = reading.history
    said = history.inferred.payload if history.inferred else {}
    measured, failed = len(history.measured()), history.failed
    evidence, error = said.get("log_evidence"), said.get("log_evidence_error")
    found = [
        ("measurements", str(measured)),
        ("rounds", str(max(len(history.rounds) - 1, 0))),
        ("simulations", f"{history.simulations:,}".replace(",", "\u202f") + (f" ({failed} failed)" if failed else "")),
        ("time", duration(history.seconds)),
    ]
    if (cost := _spent(reading)) is not None:
        found.append(("cost", number(cost)))
    if measured and evidence is not None:
        found.append(("log evidence", f"{rounded(evidence, error)}" if error else number(evidence)))
    elif measured and "log_evidence" in said:
        found.append(("log evidence", f"none: {history.surrogate} knows the likelihood up to a factor only"))
    return found


def _spent(reading: Reading) -> float | None:
    """Return what the measurements have cost; None where nothing costs, the user's code says what, or it is hidden."""
    spec, space = reading.study.cost_spec, reading.study.design_space
    if spec is None or spec.function is not None or reading.history.blinding is not None:
        return None
    xi = [space.encode(one.design) for one in reading.history.measured()]
    return float(np.sum(spec.at(space, np.array(xi)))) if xi else 0.0


@dataclass(frozen=True, slots=True)
class Expected:
    """What was expected of the run, and what came of it.

    Attributes:
        text: The sentence of the study.
        held: 'yes', 'no', or nothing while the run has not stopped.
        found: What was found.
    """

    text: str
    held: str = ""
    found: str = "checked when the run has stopped"


def expected(reading: Reading) -> list[Expected]:
    """Return the expectations of the study, with what was found where they were checked."""
    said = reading.history.noted("expectations").get("checked")
    if said is None:
        return [Expected(clean(one.text, 300)) for one in reading.study.expectations]
    told = {True: "yes", False: "no", None: ""}  # None: what cannot be told while the campaign is blind
    return [Expected(clean(s["text"], 300), told[s["held"]], clean(s["found"], 300)) for s in said]
