"""What two campaigns do not have in common: question, code, data, environment, results."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from activesci.integrity.registration import ABSENT, leaves
from activesci.ledger.history import History

from .numbers import number, rounded

PLUGINS = ("surrogate_plugin", "designer_plugin")


@dataclass(frozen=True, slots=True)
class Apart:
    """Something in which two campaigns differ.

    Attributes:
        where: What it is; all there is to say where `one` and `other` are empty.
        one: What the first has.
        other: What the second has.
        note: What it means.
    """

    where: str
    one: str = ""
    other: str = ""
    note: str = ""

    def __str__(self) -> str:
        """Return it in one line."""
        said = f": {self.one}, and {self.other}" if self.one or self.other else ""
        return f"{self.where}{said}{self.note}"


def comparison(one: History, other: History) -> dict[str, list[str]]:
    """Return the differences of two campaigns in words, by what they are differences of; empty lists where none.

    Args:
        one: The first campaign.
        other: The second, which every line tells after the first.
    """
    return {what: [str(apart) for apart in found] for what, found in apart_in(one, other).items()}


def apart_in(one: History, other: History) -> dict[str, list[Apart]]:
    """Return what two campaigns differ in, by what it is: study, code, data, environment, result.

    Args:
        one: The first campaign.
        other: The second.
    """
    begun: list[Mapping[str, Any]] = [history.started.payload if history.started else {} for history in (one, other)]
    before, now = begun
    return {
        "study": _told_apart(before.get("study"), now.get("study")),
        "code": _other(begun, "simulator_digest", "the simulator's code")
        + _other(begun, "surrogate", "surrogate")
        + _told_apart(*({key: said.get(key) for key in PLUGINS if key in said} for said in begun))
        + _other(begun, "program_digest", "activesci's own code")
        + _told_apart(*({"repository": said.get("code") or {}} for said in begun)),
        "data": _other(begun, "data_digest", "the recorded data"),
        "environment": _told_apart(before.get("versions"), now.get("versions"))
        + _told_apart(*({"packages": _others(said)} for said in begun))
        + _told_apart(*({"machine": said.get("machine") or {}} for said in begun)),
        "result": [*_rounds(one, other), *_beliefs(one, other), *_ends(one, other)],
    }


def _others(said: Mapping[str, Any]) -> dict[str, str]:
    """Return the packages that were installed beside those whose versions are told first."""
    return {name: version for name, version in (said.get("packages") or {}).items() if name not in said["versions"]}


def _told_apart(one: object, other: object) -> list[Apart]:
    """Return every leaf in which two nested mappings differ."""
    return [Apart(str(where), str(before), str(now)) for where, before, now in leaves(one, other)]


def _other(begun: list[Mapping[str, Any]], key: str, what: str) -> list[Apart]:
    before, now = (said.get(key) for said in begun)
    return [] if before == now else [Apart(what, _short(before), _short(now))]


def _short(value: object) -> str:
    return str(value)[:12] if value is not None else "none"


def _rounds(one: History, other: History) -> list[Apart]:
    """Say in which round the two parted, if they did."""
    both = zip(one.rounds, other.rounds, strict=False)
    for first, second in both:
        told = [
            [(dict(found.design), dict(found.outcome or {})) for found in record.measurements]
            for record in (first, second)
        ]
        if told[0] != told[1]:
            return [Apart(f"round {first.number}, the first that differs", _told(told[0]), _told(told[1]))]
    if len(one.rounds) != len(other.rounds):
        before, now = (str(len(history.rounds) - 1) for history in (one, other))
        return [Apart("rounds", before, now, "; the same as far as they go together")]
    return []


def _told(measured: list[tuple[dict[str, Any], dict[str, Any]]]) -> str:
    return "; ".join(f"{outcome or 'hidden'} at {design}" for design, outcome in measured) or "nothing measured"


def _beliefs(one: History, other: History) -> Iterator[Apart]:
    """Yield what is apart for each parameter whose posterior differs, with how far apart the means are."""
    if one.blinding is not None or other.blinding is not None:
        yield Apart("the posteriors cannot be compared while a campaign is blind")
        return
    said = [(history.inferred.payload["posterior"] if history.inferred else {}) for history in (one, other)]
    for name in dict.fromkeys([*said[0], *said[1]]):
        before, now = (posterior.get(name) for posterior in said)
        if before == now:
            continue
        if before is None or now is None:
            yield Apart(name, *(ABSENT if found is None else "there" for found in (before, now)))
            continue
        apart = abs(before["mean"] - now["mean"]) / max(before["sd"], now["sd"], 1e-300)
        first, second = (rounded(posterior["mean"], posterior["sd"]) for posterior in (before, now))
        yield Apart(name, first, second, f": the means are {number(apart)} sd apart")


def _ends(one: History, other: History) -> list[Apart]:
    before, now = (f"{history.status} ({history.reason})" for history in (one, other))
    return [] if before == now else [Apart("end", before, now)]
