"""What a piece of a study file is made of: strict, frozen, and able to say what is wrong with it."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from .installed import in_words, installed

LARGEST = 2**53 - 1
"""The largest whole number that float64 holds exactly with all those below it."""


def wrong(expected: str, found: str | None = None, key: str | None = None) -> PydanticCustomError:
    """Return the error of a value that is not what was expected.

    Args:
        expected: What would have been right.
        found: What was found, in words; by default the value itself is shown.
        key: The key below the value that is at fault, if it is not the value itself.
    """
    return PydanticCustomError("wrong", "{expected}", {"expected": expected, "found": found, "key": key})


def listed(words: "Mapping[str, Any] | tuple[str, ...] | list[str]") -> str:
    """Return 'a, b or c'."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


class Part(BaseModel):
    """A mapping of a study file.

    Attributes:
        later: Keys that are known and that this version does not offer yet.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
    later: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            raise wrong(f"a mapping with {cls._expectation()}")
        known = cls.keys()
        for key in given:
            if key in cls.later:
                raise wrong(_allowed(cls), f"{key!r}, which is not available in this version", key)
            if key not in known and not cls.admits(key):
                raise wrong(_allowed(cls) + nearest(str(key), known) + cls._elsewhere(), "an unknown key", key)
        cls._rest_is_right(given)
        return given

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """Return the keys as the file has them."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def admits(cls, key: str) -> bool:
        """Say whether a key that the part does not have itself may stand there."""
        return False

    @classmethod
    def _expectation(cls) -> str:
        return f"the keys {listed(cls.keys())}" if cls.keys() else "no keys: {}"

    @classmethod
    def _elsewhere(cls) -> str:
        """Return where other keys could have come from, as the end of what was expected."""
        return ""

    @classmethod
    def _rest_is_right(cls, given: Mapping[str, Any]) -> None:
        """Look at the keys as a whole."""


class Alternative(Part):
    """A mapping of a study file that is of one of several kinds.

    Attributes:
        one_of: Keys of which exactly one is given; it says of what kind the part is.
        only_with: Keys that say something about one kind only, and which that is.
        group: The entry points by which installed packages offer further kinds, each a key with its settings.
    """

    one_of: ClassVar[tuple[str, ...]] = ()
    only_with: ClassVar[Mapping[str, str]] = {}
    group: ClassVar[str | None] = None

    @classmethod
    def admits(cls, key: str) -> bool:
        """Say whether a key is a kind that an installed package offers."""
        return cls.group is not None and key not in set(cls.keys()) and key in installed(cls.group)

    @classmethod
    def _expectation(cls) -> str:
        one = f"exactly one of {listed(cls.one_of)}" if len(cls.one_of) > 1 else f"the key {cls.one_of[0]}"
        return one + (cls._elsewhere() if cls.group and installed(cls.group) else "")

    @classmethod
    def _elsewhere(cls) -> str:
        return "" if cls.group is None else in_words(cls.group)

    @classmethod
    def _rest_is_right(cls, given: Mapping[str, Any]) -> None:
        chosen = [*(key for key in cls.one_of if key in given), *(key for key in given if cls.admits(key))]
        if len(chosen) != 1:
            raise wrong(cls._expectation(), " and ".join(chosen) or "none of them", chosen[1] if chosen else None)
        for key in given:
            if cls.only_with.get(key, chosen[0]) != chosen[0]:
                raise wrong(f"it with {cls.only_with[key]} only", f"{key!r} with {chosen[0]}", key)

    @property
    def kind(self) -> str:
        """The key of `one_of`, or of an installed package, that was given."""
        own = [key for key in self.one_of if getattr(self, key) is not None]
        return [*own, *(self.model_extra or {})][0]

    @property
    def plugged(self) -> bool:
        """Whether the kind is one that an installed package offers."""
        return self.kind not in self.one_of

    @property
    def settings(self) -> Any:  # noqa: ANN401 -- as various as the kinds are
        """What stands behind `kind`."""
        return getattr(self, self.kind)


def _allowed(part: type[Part]) -> str:
    return f"one of {listed(part.keys())}" if part.keys() else "no key at all"


def nearest(name: str, names: "Mapping[str, Any] | tuple[str, ...] | list[str]") -> str:
    """Return `, did you mean 'x'?` for the name most like the given one, or nothing if none is."""
    from difflib import get_close_matches

    close = get_close_matches(name, list(names), 1, 0.6) or get_close_matches(name.lower(), list(names), 1, 0.6)
    return f", did you mean {close[0]!r}?" if close else ""


def sized(*names: str) -> BeforeValidator:
    """Return a validator of a list with exactly one entry for each name."""

    def check(value: object) -> object:
        if not isinstance(value, list | tuple) or len(value) != len(names):
            raise wrong(f"a list [{', '.join(names)}]")
        return tuple(value)

    return BeforeValidator(check)


def that(expected: str, holds: Callable[[Any], bool]) -> AfterValidator:
    """Return a validator of something that holds for a value."""

    def check(value: object) -> object:
        if not holds(value):
            raise wrong(expected)
        return value

    return AfterValidator(check)


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]
Whole = Annotated[int, Field(strict=True, ge=-LARGEST, le=LARGEST)]
Count = Annotated[Whole, Field(ge=1)]
Text = Annotated[str, Field(strict=True, max_length=10_000)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
Bounds = Annotated[tuple[Number, Number], sized("lo", "hi"), that("lo below hi", lambda pair: pair[0] < pair[1])]


class Empty(Part):
    """A part without settings: `{}`."""
