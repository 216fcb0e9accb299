"""A plan that was registered before any data, and every way in which what is done departs from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ABSENT = "absent"
CODE = {
    "simulator_digest": "the simulator's code",
    "data_digest": "the recorded data",
    "embedding_digest": "the embedding's code",
    "rivals_digest": "the code of the hypotheses' own simulators",
    "surrogate": "the surrogate",
    "surrogate_plugin": "the surrogate's plug-in",
    "designer_plugin": "the designer's plug-in",
}
"""What a plan says beside the study, and what that is called."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that is not as it was registered.

    Attributes:
        what: Its path in the study, or its name.
        registered: What the plan says.
        now: What is found.
    """

    what: str
    registered: Any
    now: Any

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.what}: registered {self.registered}, found {self.now}"


def deviations(registered: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Deviation, ...]:
    """Return every way in which a campaign departs from its plan.

    Args:
        registered: What the plan says: study, seed, versions, digests of code and data, as the ledger has it.
        now: The same of the campaign that is to be run.
    """
    return (
        *_leaves(registered["study"], now["study"], ""),
        *_orders(registered["order"], now["order"]),
        *_leaves(registered["seed"], now["seed"], "seed"),
        *(found for key, name in CODE.items() for found in _leaves(registered.get(key), now.get(key), name)),
        *_leaves(registered["versions"], now["versions"], "versions"),
    )


def leaves(one: Any, other: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - JSON
    """Yield path and both values for every leaf in which two nested mappings differ.

    Example:
        >>> list(leaves({"seed": 1, "stop": {"rounds": 2}}, {"seed": 1, "stop": {"rounds": 3}}))
        [('stop.rounds', 2, 3)]
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in dict.fromkeys([*one, *other]):
            yield from leaves(one.get(name, ABSENT), other.get(name, ABSENT), f"{where}.{name}" if where else name)
    elif one != other:
        yield where, one, other


def _leaves(registered: Any, now: Any, where: str) -> Iterator[Deviation]:  # noqa: ANN401 - anything JSON may hold
    for path, before, after in leaves(registered, now, where):
        if path != "seed" or where:  # the seed that counts is compared by itself
            yield Deviation(path, _short(before), _short(after))


def _orders(registered: Mapping[str, list[str]], now: Mapping[str, list[str]]) -> Iterator[Deviation]:
    """Yield the parts of the study that have the same names in another order, which seeds and columns follow."""
    for part, names in now.items():
        before = registered.get(part, [])
        if before != names and sorted(before) == sorted(names):
            yield Deviation(f"{part}, its order", ", ".join(before), ", ".join(names))


def _short(value: Any) -> Any:  # noqa: ANN401 - anything JSON may hold
    """Return a value, of a digest its beginning."""
    digest = isinstance(value, str) and len(value) == 64 and set(value) <= set("0123456789abcdef")
    return value[:12] if digest else "none" if value is None else value
