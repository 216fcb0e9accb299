"""Fields of a mapping: known keys, keys of which one is chosen, keys that the user names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from activesci.errors import StudyError
from activesci.study.load import dump, value_of

from .base import ABSENT, About, Look, Node, Problems, Sent, Widget, numbered, text_of
from .scalars import leaf

MORE = "+"
"""Ends the name of the field for keys that the schema does not know."""
NEEDED = "found nothing, expected it to be filled in"


@dataclass(frozen=True, slots=True)
class Known:
    """A mapping with known keys, perhaps of several kinds of which exactly one is given.

    Attributes:
        about: What the schema says of it.
        kinds: The parts of which one is chosen, by key; none where there is nothing to choose.
        parts: The parts beside.
        only: Parts that say something about one kind only, and which that is.
    """

    about: About
    kinds: Mapping[str, Widget]
    parts: Mapping[str, Widget]
    only: Mapping[str, str] = field(default_factory=dict)

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the texts of all keys; of what the schema does not know as YAML."""
        if not isinstance(value, dict):
            return {}
        known = {**self.kinds, **self.parts}
        chosen = [key for key in value if key in self.kinds]
        sent: Sent = {f"{name}?": chosen[0]} if chosen else {}
        for key in value.keys() & known.keys():
            by_itself = key in chosen[:1] and value[key] == {} and known[key].about.bare
            sent |= {} if by_itself else known[key].write(f"{name}.{key}", value[key])
        more = {key: one for key, one in value.items() if key not in known}
        return sent | ({f"{name}{MORE}": dump(more)} if more else {})

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the mapping, or ABSENT if nothing is filled in."""
        chosen = text_of(sent, f"{name}?")
        value = {} if chosen not in self.kinds else {chosen: self._chosen(name, chosen, sent, problems)}
        missing: Problems = {}
        for key, part in self.parts.items():
            if self.only.get(key, chosen) != chosen:
                continue
            one = part.read(f"{name}.{key}", sent, problems)
            if one is not ABSENT:
                value[key] = one
            elif part.about.required:
                missing[f"{name}.{key}"] = NEEDED
        value |= read_more(name, sent, problems)
        if value or self.about.required:
            problems |= {key: why for key, why in missing.items() if key not in problems}
        if self.kinds and not chosen and (self.about.required or value) and not (value.keys() - self.parts.keys()):
            problems.setdefault(f"{name}?", f"found none, expected one of {', '.join(self.kinds)}")
        return value or ABSENT

    def _chosen(self, name: str, kind: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the value of the kind that was chosen: one without settings is there by its key."""
        part = self.kinds[kind]
        value = part.read(f"{name}.{kind}", sent, problems)
        if value is ABSENT and part.about.bare:
            return {}
        if value is ABSENT:
            problems.setdefault(f"{name}.{kind}", NEEDED)
        return value

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return the fields of all keys; of the kinds, that which is chosen is to be seen."""
        before = f"{path}." if path else ""
        shown = {
            key: part.show(f"{name}.{key}", f"{before}{key}", sent, look)
            for key, part in {**self.kinds, **self.parts}.items()
        }
        children = [shown[key] for key in self.parts if key not in self.only]
        if f"{name}{MORE}" in sent:
            about = About("more", "What the form has no fields for, as YAML.")
            text = text_of(sent, f"{name}{MORE}")
            children.append(leaf("yaml", f"{name}{MORE}", f"{path}{MORE}", about, look, text=text))
        if not self.kinds:
            return leaf("group", name, path, self.about, look, children=tuple(children))
        heads = self._pick(name, path, sent, look), self._panels(name, path, sent, shown)
        return leaf("kind", name, path, self.about, look, children=(*heads, *children))

    def _pick(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        about, chosen = replace(self.about, help=""), text_of(sent, f"{name}?")
        return leaf("pick", f"{name}?", path, about, look, text=chosen, options=tuple(self.kinds))

    def _panels(self, name: str, path: str, sent: Sent, shown: Mapping[str, Node]) -> Node:
        """Return what belongs to each kind: its own fields, and those that say something about it only."""
        panels = tuple(
            Node("panel", f"{name}.{kind}", "", kind, children=(shown[kind], *(shown[k] for k in self._of(kind))))
            for kind in self.kinds
        )
        return Node("kinds", name, path, "", children=panels, chosen=text_of(sent, f"{name}?"))

    def _of(self, kind: str) -> list[str]:
        return [key for key in self.parts if self.only.get(key) == kind]


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping whose keys the user names.

    Attributes:
        about: What the schema says of it.
        part: What stands behind each name.
        noun: What one is called.
        small: Whether one fits on a line: then there is always an empty one to fill in.
    """

    about: About
    part: Widget
    noun: str
    small: bool = False

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return names and texts, row by row."""
        sent: Sent = {}
        for i, (key, one) in enumerate(value.items() if isinstance(value, dict) else ()):
            sent |= {f"{name}#{i}!": key, **self.part.write(f"{name}#{i}", one)}
        return sent

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the mapping in the order of the rows; empty rows are none."""
        values: dict[str, Any] = {}
        for i in numbered(sent, f"{name}#", "!"):
            key, found = text_of(sent, f"{name}#{i}!").strip(), Problems()
            one = self.part.read(f"{name}#{i}", sent, found)
            if not key and one is ABSENT:
                continue
            problems |= found
            if not key or key in values:
                problems[f"{name}#{i}!"] = f"found {'the name twice' if key else 'no name'}, expected one of its own"
            if one is ABSENT:
                problems.setdefault(f"{name}#{i}", NEEDED)
            values[key] = one
        return values or ABSENT

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return a row or a card each."""
        rows = numbered(sent, f"{name}#", "!")
        if self.small and not any(text_of(sent, f"{name}#{i}!") == "" for i in rows):
            rows.append(max(rows, default=-1) + 1)
        children = tuple(self._shown(f"{name}#{i}", path, sent, look) for i in rows)
        return leaf(
            "pairs" if self.small else "cards", name, path, self.about, look, children=children, options=(self.noun,)
        )

    def _shown(self, row: str, path: str, sent: Sent, look: Look) -> Node:
        key = text_of(sent, f"{row}!")
        where = f"{path}.{key}" if key else f"{row}!"
        wrong = look.at(f"{row}!", f"{where}!")
        child = self.part.show(row, where, sent, look)
        return Node("entry", row, where, self.noun, children=(child,), chosen=key, wrong=wrong)


def read_more(name: str, sent: Sent, problems: Problems) -> dict[str, Any]:
    """Return the keys that are written as YAML."""
    text = text_of(sent, f"{name}{MORE}")
    if not text.strip():
        return {}
    try:
        value = value_of(text)
    except StudyError as error:
        problems[f"{name}{MORE}"] = str(error)
        return {}
    if not isinstance(value, dict):
        problems[f"{name}{MORE}"] = "found no mapping, expected keys and their values"
        return {}
    return value
