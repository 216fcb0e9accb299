"""Makes the form of a JSON Schema: which field a value has, by what the schema says of it."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from activesci.errors import StudyError

from .base import About, Look, Node, Problems, Sent, Widget, same
from .boxes import Box, Faithful
from .lists import Lines, Many, Row
from .mappings import Known, Named
from .scalars import Always, Line, Number, OneOf, Words, line_text

DEEPEST = 3
"""How often a part may stand inside itself before it is written as YAML."""
PLAIN = ("string", "number", "integer", "boolean")

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Form:
    """A form for the data that a schema describes.

    Attributes:
        root: The field of the whole.
        name: What all names of its fields begin with.
    """

    root: Widget
    name: str

    @classmethod
    def of(cls, schema: Schema, name: str, boxes: bool = True) -> "Form":
        """Return the form of an object's schema.

        Args:
            schema: The schema.
            name: What all names of its fields begin with.
            boxes: Whether values that no field can say are kept as YAML; without boxes nothing but what the fields
                allow comes out of the form.
        """
        widget = _Maker(schema, boxes).widget(schema, About("", required=True), ())
        return cls(widget.inner if isinstance(widget, Faithful) else widget, name)

    def write(self, value: Mapping[str, Any]) -> Sent:
        """Return the texts of all fields; `read` gives the value back from them, whatever it is.

        Raises:
            StudyError: If it does not.
        """
        sent = self.root.write(self.name, dict(value))
        if not same(self.root.read(self.name, sent, {}), dict(value)):
            raise StudyError("study: found what no form can say, expected names and plain values: write it as YAML")
        return sent

    def read(self, sent: Sent) -> tuple[dict[str, Any], Problems]:
        """Return what the fields say, and what is wrong with them by the names of fields."""
        problems: Problems = {}
        value = self.root.read(self.name, sent, problems)
        return (value if isinstance(value, dict) else {}), problems

    def show(self, sent: Sent, problems: Mapping[str, str]) -> tuple[Node, set[str]]:
        """Return how the fields are shown, and which of the problems found their place in them."""
        look = Look(problems)
        return self.root.show(self.name, "", sent, look), look.placed


def about(schema: Schema, key: str, required: bool) -> About:
    """Return what a schema says of a key's value, whatever it is."""
    default = line_text(schema["default"]) if "default" in schema and schema["default"] not in ("", [], {}) else ""
    return About(key, str(schema.get("description", "")), required, default)


class _Maker:
    def __init__(self, schema: Schema, boxes: bool) -> None:
        self._parts: Schema = schema.get("$defs", {})
        self._boxes = boxes

    def widget(self, schema: Schema, known: About, seen: tuple[str, ...]) -> Widget:
        """Return the field of a value."""
        schema, seen = self._resolved(schema, seen)
        if any(seen.count(part) > DEEPEST for part in seen):
            return Box(known)
        made = self._scalar(schema, known) or self._list(schema, known, seen) or self._mapping(schema, known, seen)
        if made is None:
            return Box(known)
        return Faithful(made) if self._boxes else made

    def _resolved(self, schema: Schema, seen: tuple[str, ...]) -> tuple[Schema, tuple[str, ...]]:
        if "$ref" not in schema:
            return schema, seen
        name = str(schema["$ref"]).rpartition("/")[2]
        return self._parts[name], (*seen, name)

    def _scalar(self, schema: Schema, known: About) -> Widget | None:
        kind = schema.get("type")
        if "const" in schema:
            return Always(known, schema["const"])
        if "enum" in schema:
            return OneOf(known, tuple(schema["enum"]))
        if kind == "boolean":
            return OneOf(known, (True, False))
        if kind in ("number", "integer"):
            return _number(schema, known)
        if kind == "string":
            return Words(known, schema.get("pattern", ""))
        return self._either(schema["anyOf"], known) if "anyOf" in schema else None

    def _either(self, schemas: list[Schema], known: About) -> Widget | None:
        """Return one line for what can be of several types; one of whole parts has none."""
        found = [self._resolved(one, ())[0] for one in schemas]
        if all(one.get("type") == "string" or "enum" in one for one in found):
            return Words(known, options=tuple(word for one in found for word in one.get("enum", ())))
        if any(one.get("type") == "object" and (one.get("properties") or _by_name(one)) for one in found):
            return Line(known, " or ".join(dict.fromkeys(_named(one) for one in found)))
        return Line(known, " or ".join(dict.fromkeys(_named(one) for one in found if one.get("type") != "object")))

    def _list(self, schema: Schema, known: About, seen: tuple[str, ...]) -> Widget | None:
        if schema.get("type") != "array":
            return None
        if "prefixItems" in schema:
            labels = _labels(known.help, len(schema["prefixItems"]))
            known = replace(known, help=re.sub(r"^\[[\w, ]+\][.,]? ?", "", known.help))
            pairs = zip(schema["prefixItems"], labels, strict=True)
            return Row(known, tuple(self.widget(one, About(label), seen) for one, label in pairs))
        items, _ = self._resolved(schema.get("items", {}), seen)
        if items.get("type") in PLAIN or isinstance(items.get("type"), list):
            return Lines(known, items.get("type") == "string", tuple(items.get("enum", ())))
        if "$ref" in schema.get("items", {}):
            return Many(known, self.widget(schema["items"], About(""), seen))
        return None

    def _mapping(self, schema: Schema, known: About, seen: tuple[str, ...]) -> Widget | None:
        if schema.get("type") != "object":
            return None
        if (named := _by_name(schema)) is not None:
            part = self._resolved(named, seen)[0]
            small = part.get("type") in PLAIN or "anyOf" in part
            return Named(known, self.widget(named, About("value" if small else ""), seen), _noun(known), small)
        if "properties" not in schema:
            return None
        needed = schema.get("required", ())
        parts = {
            key: self.widget(one, about(one, key, key in needed), seen) for key, one in schema["properties"].items()
        }
        kinds = [branch["required"][0] for branch in schema.get("oneOf", ()) if "required" in branch]
        rest = {key: part for key, part in parts.items() if key not in kinds}
        only = {key: needs[0] for key, needs in schema.get("dependentRequired", {}).items() if needs[0] in kinds}
        return Known(replace(known, bare=True), {key: parts[key] for key in kinds}, rest, only)


def _by_name(schema: Schema) -> Schema | None:
    """Return what stands behind each name of a mapping whose keys the user names, or None if it is not one."""
    patterns = schema.get("patternProperties")
    if patterns:
        found: Schema = next(iter(patterns.values()))
        return found
    return None


def _number(schema: Schema, known: About) -> Number:
    bounds = (
        ("minimum", -math.inf),
        ("maximum", math.inf),
        ("exclusiveMinimum", -math.inf),
        ("exclusiveMaximum", math.inf),
    )
    low, high, above, below = (schema.get(key, none) for key, none in bounds)
    return Number(known, schema["type"] == "integer", low, high, above, below)


def _labels(words: str, count: int) -> list[str]:
    """Return what the entries of a list are called, if its description begins with that: `[lo, hi]`."""
    found = re.match(r"\[([\w, ]+)\]", words)
    labels = found[1].split(", ") if found else []
    return labels if len(labels) == count else [str(i + 1) for i in range(count)]


def _named(schema: Schema) -> str:
    if "enum" in schema:
        return " or ".join(str(word) for word in schema["enum"])
    words = {"number": "a number", "integer": "a whole number", "boolean": "true or false", "string": "text"}
    return words.get(str(schema.get("type")), "a list such as [1, 2]" if schema.get("type") == "array" else "keys")


def _noun(known: About) -> str:
    """Return what one of many is called.

    Example:
        >>> [_noun(About(key)) for key in ("parameters", "hypotheses", "design", "truth")]
        ['a parameter', 'a hypothesis', 'a design variable', 'a parameter']
    """
    nouns = {"hypotheses": "a hypothesis", "design": "a design variable", "outcome": "an outcome"}
    return {**nouns, "data": "an outcome", "variables": "a variable"}.get(known.label, "a parameter")
