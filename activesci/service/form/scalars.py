"""Fields of one value: a text, a number, one of several words, a piece of YAML on one line."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from activesci.errors import StudyError
from activesci.study.load import value_of

from .base import ABSENT, About, Look, Node, Problems, Sent, text_of

LONGEST = 100
"""Characters of what was found that are said again."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text.

    Attributes:
        about: What the schema says of it.
        pattern: What it looks like; empty: anything.
        options: Texts that are proposed, others may be written.
    """

    about: About
    pattern: str = ""
    options: tuple[str, ...] = ()

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the text; one with characters that no field shows is left out."""
        shown = isinstance(value, str) and all(c.isprintable() or c in "\n\t" for c in value)
        return {name: value} if shown else {}

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the text, or ABSENT for none."""
        text = text_of(sent, name)
        if text and self.pattern and not re.search(self.pattern, text):
            problems[name] = f"found {_short(text)}, expected {self._expected()}"
        return text or ABSENT

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return one line to write on, or several if there are several."""
        text = text_of(sent, name)
        kind = "lines" if "\n" in text else "text"
        hint = _by_default(self.about)
        return leaf(kind, name, path, self.about, look, hint=hint, text=text, options=self.options)

    def _expected(self) -> str:
        return "a name of plain letters, digits and the like" if "[A-Za-z" in self.pattern else self.pattern


@dataclass(frozen=True, slots=True)
class Number:
    """A number.

    Attributes:
        about: What the schema says of it.
        whole: Whether it is a whole one.
        low: The lowest; `above` if it is excluded itself.
        high: The highest; `below` if it is excluded itself.
    """

    about: About
    whole: bool = False
    low: float = -math.inf
    high: float = math.inf
    above: float = -math.inf
    below: float = math.inf

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the shortest text that is this number."""
        return {name: repr(value)} if isinstance(value, int | float) and not isinstance(value, bool) else {}

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the number, a whole one if it is written so, or ABSENT for none."""
        text = text_of(sent, name).strip()
        if not text:
            return ABSENT
        value = line_value(text)
        if not self._fits(value):
            problems[name] = f"found {_short(text)}, expected {self.expected()}"
        return value

    def _fits(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return False
        return self.low <= value <= self.high and self.above < value < self.below

    def expected(self) -> str:
        """Return what is expected, in words.

        Example:
            >>> Number(About("rounds"), whole=True, low=1).expected()
            'a whole number, 1 or more'
        """
        noun = "a whole number" if self.whole else "a number"
        bounds = [("above {:g}", self.above), ("below {:g}", self.below)]
        if self.low > -math.inf and abs(self.high) < 2**53 - 1:
            bounds.append(("from {0:g} to {1:g}", self.low))
        elif self.low > -math.inf and self.low > -(2**53 - 1):
            bounds.append(("{:g} or more", self.low))
        said = [words.format(at, self.high) for words, at in bounds if math.isfinite(at)]
        return ", ".join([noun, *said])

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return a field for a number."""
        hint = self.expected() + _by_default(self.about, ", ")
        kind = "whole" if self.whole else "number"
        return leaf(kind, name, path, self.about, look, hint=hint, text=text_of(sent, name))


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of several words, or true and false.

    Attributes:
        about: What the schema says of it.
        values: What can be chosen.
    """

    about: About
    values: tuple[Any, ...]

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the word."""
        return {name: _word(value)}

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return what was chosen, or ABSENT."""
        text = text_of(sent, name)
        found = [value for value in self.values if _word(value) == text]
        if text and not found:
            problems[name] = f"found {_short(text)}, expected one of {', '.join(map(_word, self.values))}"
        return found[0] if found else ABSENT

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return a list to choose from."""
        options = tuple(map(_word, self.values))
        hint = _by_default(self.about)
        return leaf("choice", name, path, self.about, look, hint=hint, text=text_of(sent, name), options=options)


@dataclass(frozen=True, slots=True)
class Always:
    """A value that cannot be another: it is there as soon as its key is.

    Attributes:
        about: What the schema says of it.
        value: The value.
    """

    about: About
    value: Any

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return that it is there."""
        return {name: "on"} if value == self.value else {}

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return the value: whoever asks has chosen it."""
        return self.value

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return nothing to fill in."""
        return leaf("nothing", name, path, self.about, look)


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of YAML on one line: a number or a word, a short list.

    Attributes:
        about: What the schema says of it.
        expected: What can stand there.
    """

    about: About
    expected: str

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the value on one line."""
        return {name: line_text(value)}

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return what is written, or ABSENT."""
        text = text_of(sent, name).strip()
        if not text:
            return ABSENT
        value = line_value(text)
        if value is ABSENT:
            problems[name] = f"found {_short(text)}, expected {self.expected}"
        return value

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return one line to write on."""
        hint = self.expected + _by_default(self.about, ", ")
        return leaf("text", name, path, self.about, look, hint=hint, text=text_of(sent, name))


def line_text(value: Any) -> str:  # noqa: ANN401 -- anything a study may hold
    """Return a value as one line of YAML; a text stands for itself where it can.

    Example:
        >>> line_text("sqrt(x)"), line_text("3"), line_text([1, 2.5])
        ('sqrt(x)', '"3"', '[1, 2.5]')
    """
    if isinstance(value, str) and value.strip() == value and line_value(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def line_value(text: str) -> Any:  # noqa: ANN401 -- as above
    """Return what a line of YAML says, or ABSENT if it is none."""
    try:
        return value_of(text)
    except StudyError:
        return ABSENT


def leaf(kind: str, name: str, path: str, about: About, look: Look, **more: Any) -> Node:  # noqa: ANN401
    """Return a node with what is common to all."""
    wrong, needed = look.at(name, path), about.required
    return Node(kind, name, path, about.label, help=about.help, wrong=wrong, required=needed, **more)


def _by_default(about: About, before: str = "") -> str:
    return f"{before}by default {about.default}" if about.default else ""


def _word(value: object) -> str:
    return line_text(value) if isinstance(value, bool) else str(value)


def _short(text: str) -> str:
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 3] + "...")
