"""The box for what fields cannot say: YAML, as in the file."""

from dataclasses import dataclass
from typing import Any

from activesci.errors import StudyError
from activesci.study.load import dump, value_of

from .base import ABSENT, About, Look, Node, Problems, Sent, Widget, same, text_of
from .scalars import leaf

BOX = "~"
"""Ends the name of a box."""


@dataclass(frozen=True, slots=True)
class Box:
    """A value as YAML.

    Attributes:
        about: What the schema says of it.
    """

    about: About

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the YAML."""
        return {f"{name}{BOX}": dump(value)}

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return what is written, or ABSENT."""
        text = text_of(sent, f"{name}{BOX}")
        if not text.strip():
            return ABSENT
        try:
            return value_of(text)
        except StudyError as error:
            problems[f"{name}{BOX}"] = str(error).removeprefix("value: the study: ")
            return ABSENT

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return a box to write in."""
        text = text_of(sent, f"{name}{BOX}")
        return leaf("yaml", f"{name}{BOX}", path, self.about, look, text=text, hint="as YAML")


@dataclass(frozen=True, slots=True)
class Faithful:
    """Fields where they say a value to the last digit, and a box where they do not.

    Attributes:
        inner: The fields.
    """

    inner: Widget

    @property
    def about(self) -> About:
        """What the schema says of the value."""
        return self.inner.about

    def write(self, name: str, value: Any) -> Sent:  # noqa: ANN401 -- anything a study may hold
        """Return the texts of the fields if the value comes back from them, else the box."""
        sent = self.inner.write(name, value)
        back = self.inner.read(name, sent, {})
        return sent if same(back, value) else Box(self.about).write(name, value)

    def read(self, name: str, sent: Sent, problems: Problems) -> Any:  # noqa: ANN401 -- as above
        """Return what the box says, or else the fields."""
        return self._of(name, sent).read(name, sent, problems)

    def show(self, name: str, path: str, sent: Sent, look: Look) -> Node:
        """Return the box or the fields."""
        return self._of(name, sent).show(name, path, sent, look)

    def _of(self, name: str, sent: Sent) -> Widget:
        return Box(self.about) if f"{name}{BOX}" in sent else self.inner
