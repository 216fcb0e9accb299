"""A study in words: priors, designs, outcomes and stop rules as one reads them, from the study's mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .numbers import clean, number, quantity, unit_text


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table of the question.

    Attributes:
        name: Of the parameter, design variable or outcome.
        what: Its prior, range or kind in words.
        unit: Its unit.
        note: Its role, or nothing.
    """

    name: str
    what: str
    unit: str = ""
    note: str = ""


def parameter_rows(mapping: Mapping[str, Any]) -> list[Row]:
    """Return one row a parameter: name, prior, unit, role."""
    return [
        Row(name, prior_text(part.get("prior", {})), unit_text(part.get("unit")), part.get("role", "interest"))
        for name, part in mapping.get("parameters", {}).items()
    ]


def design_rows(mapping: Mapping[str, Any]) -> list[Row]:
    """Return one row a design variable: name, range, unit."""
    return [
        Row(name, design_text(part), unit_text(part.get("unit")))
        for name, part in (mapping.get("design") or {}).items()
    ]


def outcome_rows(mapping: Mapping[str, Any]) -> list[Row]:
    """Return one row an outcome: name, kind, unit."""
    return [
        Row(name, outcome_text(part), unit_text(part.get("unit"))) for name, part in mapping.get("outcome", {}).items()
    ]


def prior_text(prior: Mapping[str, Any]) -> str:
    """Return a prior as one writes it.

    Example:
        >>> prior_text({"truncated_normal": [0, 1, 0, 3.5]}), prior_text({"fixed": 2})
        ('truncated normal(0, 1, 0, 3.5)', 'fixed at 2')
    """
    kind, values = next(iter(prior.items()), ("unknown", ()))
    if kind == "fixed":
        return f"fixed at {_plain(values)}"
    return f"{kind.replace('_', ' ')}({', '.join(_plain(v) for v in _listed(values))})"


def where_text(part: Mapping[str, Any]) -> str:
    """Return what a hypothesis says of the parameters, or what it has of its own.

    Example:
        >>> where_text({"where": {"mu": 0, "nu": [0.1, 3], "xi": {"normal": [0, 1]}}})
        'mu = 0, nu from 0.1 to 3, xi normal(0, 1)'
        >>> where_text({"statement": "anything"})
        'as the study has them'
    """
    if "simulator" in part:
        own = ", ".join(f"{name} {prior_text(one['prior'])}" for name, one in part["parameters"].items())
        kind = next(kind for kind in ("function", "command", "workflow") if kind in part["simulator"])
        return f"a simulator of its own, {_setting(kind, part['simulator'][kind])}: {own}"
    said = [_constraint(name, one) for name, one in (part.get("where") or {}).items()]
    return ", ".join(said) or "as the study has them"


def _constraint(name: str, said: Any) -> str:  # noqa: ANN401 (a value of the study file)
    if isinstance(said, Mapping):
        return f"{name} {prior_text(said)}"
    if isinstance(said, Sequence):
        return f"{name} from {_plain(said[0])} to {_plain(said[1])}"
    return f"{name} = {_plain(said)}"


SCALES = {"log": "logarithmic", "periodic": "periodic"}
"""What keys of a design variable say of its scale."""


def design_text(part: Mapping[str, Any]) -> str:
    """Return what a design variable may be.

    Example:
        >>> design_text({"real": [12, 210], "log": True}), design_text({"choice": ["red", "blue"]})
        ('12 to 210, logarithmic', 'red or blue')
    """
    if "choice" in part:
        return clean(" or ".join(str(c) for c in part["choice"]), 200)
    low, high = part.get("real") or part.get("integer") or (None, None)
    whole = "whole numbers " if "integer" in part else ""
    scale = "".join(f", {word}" for key, word in SCALES.items() if part.get(key))
    return f"{whole}{_plain(low)} to {_plain(high)}{scale}"


def outcome_text(part: Mapping[str, Any]) -> str:
    """Return what kind of outcome it is.

    Example:
        >>> outcome_text({"real": [3], "iid": 20}), outcome_text({"categories": ["up", "down"]})
        ('real of shape 3, 20 events', 'up or down')
    """
    events = f", {part['iid']} events" if "iid" in part else ""
    if "categories" in part:
        return clean(" or ".join(str(c) for c in part["categories"]), 200) + events
    kind = next((k for k in ("real", "count", "binary") if k in part), "outcome")
    shape = " by ".join(str(n) for n in _listed(part.get(kind) or []))
    return kind + (f" of shape {shape}" if shape else "") + events


def stop_text(rule: Mapping[str, Any] | None, units: Mapping[str, str] | None = None) -> str:
    """Return a stop rule as a clause that follows `until`.

    Args:
        rule: The rule as in the study file.
        units: Units of the parameters.

    Example:
        >>> stop_text({"any": [{"sd": {"g_f": 0.05}}, {"rounds": 12}]})
        'the sd of g_f is at most 0.05, or 12 rounds are done'
        >>> stop_text({"all": [{"gain": 0.01}, {"any": [{"seconds": 60}, {"simulations": 5000}]}]})
        'the gain is below 0.01 nats, and (60 s have passed, or 5000 simulations are done)'
    """
    if not rule:
        return "every recorded measurement is used"
    key, value = next(iter(rule.items()))
    if key in ("any", "all"):
        clauses = [stop_text(part, units) for part in value]
        nested = [f"({c})" if p.keys() & {"any", "all"} else c for c, p in zip(clauses, value, strict=True)]
        return (", or " if key == "any" else ", and ").join(nested)
    if key in ("sd", "width"):
        named = "sd" if key == "sd" else "90 % width"
        units = units or {}
        return " and ".join(
            f"the {named} of {n} is at most {quantity(_plain(x), units.get(n))}" for n, x in value.items()
        )
    if key == "settled":
        return f"more simulations would move no parameter by more than {_plain(value)} posterior sd"
    form = {
        "hypothesis": "a hypothesis has the probability {}",
        "bayes_factor": "the data are {} times as probable under a hypothesis as under the others",
        "gain": "the gain is below {} nats",
        "seconds": "{} s have passed",
        "cost": "a cost of {} is spent",
    }
    return form.get(key, "{} " + key + " are done").format(_plain(value))


def how_text(part: Any) -> str:  # noqa: ANN401 (a value of the study file)
    """Return a setting such as `{bayesopt: {}}` in short.

    Example:
        >>> how_text({"bayesopt": {}, "batch": 1}), how_text({"recorded": "data.csv"}), how_text({"manual": True})
        ('bayesopt, batch 1', 'recorded data.csv', 'manual')
    """
    if not isinstance(part, Mapping):
        return _plain(part)
    return ", ".join(_setting(k, v) for k, v in part.items())


def _setting(key: str, value: Any) -> str:  # noqa: ANN401 (a value of the study file)
    if value is True or value is None or value == {}:
        return key
    if isinstance(value, Mapping):
        return f"{key} ({', '.join(f'{k} = {_plain(v)}' for k, v in value.items())})"
    return f"{key} {_plain(value)}"


def in_order(said: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return a mapping with its keys in the study's order; a ledger keeps them sorted.

    Example:
        >>> in_order({"a": 1, "b": 2, "c": 3}, ["c", "a"])
        {'c': 3, 'a': 1, 'b': 2}
    """
    return {**{name: said[name] for name in names if name in said}, **said}


def design_point(design: Mapping[str, Any] | None, units: Mapping[str, str], named: bool = True) -> str:
    """Return a design in one line.

    Example:
        >>> design_point({"sqrt_s": 57.77, "detector": "A"}, {"sqrt_s": "GeV"})
        'sqrt_s = 57.77 GeV, detector = A'
    """
    ordered = in_order(design or {}, list(units))
    parts = [(n, quantity(_plain(v), units.get(n)) if named else _plain(v)) for n, v in ordered.items()]
    return ", ".join(f"{clean(n, 40)} = {v}" if named else v for n, v in parts) or "–"


def outcome_point(outcome: Mapping[str, Any] | None, limit: int = 60) -> str:
    """Return an outcome in one line; of a long array the first numbers.

    Example:
        >>> outcome_point({"a_fb": -0.35}), outcome_point({"y": [1.0, 2.5, 3.0, 4.0, 5.0]})
        ('a_fb = −0.35', 'y = (1, 2.5, 3, … 5 in all)')
    """
    return clean(", ".join(f"{n} = {_value(v)}" for n, v in (outcome or {}).items()) or "–", limit)


def _value(value: Any) -> str:  # noqa: ANN401 (an outcome's value)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return _plain(value)
    shown = [_value(v) for v in value[:3]]
    return f"({', '.join(shown)}{f', … {len(value)} in all' if len(value) > 3 else ''})"


def _plain(value: Any) -> str:  # noqa: ANN401 (a value of the study file)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return clean(value, 200)
    return number(value)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 (a value of the study file)
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
