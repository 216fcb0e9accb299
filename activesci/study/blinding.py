"""`blind:`: what nobody is shown before the analysis is settled, and what has to hold before it is."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from .parts import Name, Number, Part, Positive, Text, that, wrong

Check = Literal["stopped", "expectations", "registration", "calibration", "alarms"]
"""What can be asked for before a campaign is unblinded."""

SHUFFLED = "shuffled"
"""What `labels:` says for all that there are."""
ADMIXED = ("salt", "labels")
"""What may stand beside each other: outcomes are shown, but not as they are."""


class ShiftPart(Part):
    """How one parameter is hidden.

    Attributes:
        offset: The typical size of the hidden offset, in the parameter's unit; by default three times the prior's
            standard deviation.
        scale: The hidden factor is between 1/scale and scale; without it sizes (sd, widths) are shown as they are.
    """

    offset: Positive | None = None
    scale: Annotated[Number, Field(gt=1, le=1000)] | None = None


def _named(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value) or not value:
        raise wrong("a list of parameters, or a mapping of them to how they are hidden")
    return dict.fromkeys(value, {})


_SHIFT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "offset": {"type": "number", "exclusiveMinimum": 0},
        "scale": {"type": "number", "exclusiveMinimum": 1, "maximum": 1000},
    },
}
_SHIFTS: dict[str, Any] = {
    "anyOf": [
        {"type": "object", "additionalProperties": _SHIFT, "minProperties": 1},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
    ]
}
Shifts = Annotated[
    dict[Name, ShiftPart], BeforeValidator(_named), Field(min_length=1, max_length=1000), WithJsonSchema(_SHIFTS)
]


def _labels(value: Any) -> Any:  # noqa: ANN401 -- anything a file may hold
    if value == SHUFFLED:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value) or not value:
        raise wrong(f"{SHUFFLED}, or a list of choices among the designs and of outcomes with categories")
    return tuple(value)


Labels = Annotated[
    tuple[Name, ...],
    BeforeValidator(_labels),
    Field(strict=False, max_length=1000),
    WithJsonSchema(
        {"anyOf": [{"const": SHUFFLED}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]},
    ),
]


class BlindPart(Part):
    """`blind:`.

    Attributes:
        parameters: The parameters that are hidden behind an offset, and how; by default all that are free, as a
            nuisance that is shown can tell of what is asked.
        region: A condition on the design. Outcomes of designs that fulfil it are hidden and others shown; then nothing
            is shown of where parameters are, as what is shown would tell the offset.
        designs: Whether designs are hidden too, which follow what is believed; then nothing else is shown of that.
        salt: Outcomes are shown, and in place of this share of them, on average, synthetic ones; then nothing is shown
            of what is believed.
        labels: Which choices and categories are shown under each other's names, in an order that nobody knows.
            Outcomes are shown then, and nothing of what is believed.
        until: What has to be the case before the campaign can be unblinded.
    """

    parameters: Shifts | None = None
    region: Annotated[Text, Field(min_length=1)] | None = None
    designs: Annotated[bool, that("true or false", bool)] = False
    salt: Annotated[Number, Field(ge=0.01, le=0.9)] | None = None
    labels: Labels | None = None
    until: Annotated[tuple[Check, ...], Field(strict=False, min_length=1)] = ("stopped", "expectations")

    @classmethod
    def _rest_is_right(cls, given: Mapping[str, Any]) -> None:
        asked = [key for key in ("parameters", "region", "designs", *ADMIXED) if given.get(key) not in (None, False)]
        if len(asked) > 1 and set(asked) != set(ADMIXED):
            raise wrong(
                "one of them (salt and labels go together): with the latter nothing is shown of any parameter",
                " beside ".join(asked),
            )

    @property
    def closed(self) -> bool:
        """Whether nothing at all is shown of what is believed."""
        return self.designs or self.region is not None or self.shows_outcomes

    @property
    def shows_outcomes(self) -> bool:
        """Whether all outcomes are shown, salted or under shuffled labels."""
        return self.salt is not None or self.labels is not None
