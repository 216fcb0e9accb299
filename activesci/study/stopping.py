"""The stop rule: when the campaign has reached its end. What it means is evaluated by the loop."""

from typing import Annotated, ClassVar

from pydantic import Field

from .parts import Alternative, Count, Name, Number, Positive, that

Limits = Annotated[dict[Name, Positive], that("at least one parameter and its limit", bool)]
Rules = Annotated[tuple["StopRule", ...], Field(strict=False, min_length=1)]


class StopRule(Alternative):
    """A node of the tree under `stop:`; `kind` says which of the keys was given, `settings` what stands behind it.

    Attributes:
        any: One of these rules holds.
        all: All of these rules hold.
        sd: Each parameter's posterior standard deviation is at or below its limit.
        width: Each parameter's 5 % to 95 % posterior interval is at or below its limit.
        settled: What is not known of the simulator moves each parameter's mean by at most so many posterior sd.
        gain: The best next design promises less than this [nats].
        rounds: This many rounds are done.
        simulations: This many simulations are done.
        cost: The measurements have cost this much.
        seconds: The campaign has run this long [s].
        hypothesis: The posterior probability of one of the hypotheses is at or above this.
        bayes_factor: The data are this many times as probable under one hypothesis as under the others together.
    """

    one_of: ClassVar[tuple[str, ...]] = (
        "any",
        "all",
        "sd",
        "width",
        "settled",
        "gain",
        "rounds",
        "simulations",
        "cost",
        "seconds",
        "hypothesis",
        "bayes_factor",
    )
    any: Rules | None = None
    all: Rules | None = None
    sd: Limits | None = None
    width: Limits | None = None
    settled: Annotated[Number, Field(gt=0, lt=1)] | None = None
    gain: Annotated[Number, Field(ge=0)] | None = None
    rounds: Count | None = None
    simulations: Count | None = None
    cost: Positive | None = None
    seconds: Positive | None = None
    hypothesis: Annotated[Number, Field(gt=0.5, lt=1)] | None = None
    bayes_factor: Annotated[Number, Field(gt=1)] | None = None

    def least(self, kind: str) -> float | None:
        """Return the lowest number that this rule, or one below it, sets for a kind; None if none does."""
        below = [rule.least(kind) for rule in (*(self.any or ()), *(self.all or ()))]
        limits = [limit for limit in below if limit is not None]
        return float(self.settings) if self.kind == kind else min(limits, default=None)

    def most(self, kind: str) -> float | None:
        """Return the number of a kind at which this rule holds whatever else is the case; None if there is none."""
        if self.kind == kind:
            return float(self.settings)
        limits = [rule.most(kind) for rule in (*(self.any or ()), *(self.all or ()))]
        known = [limit for limit in limits if limit is not None]
        if self.all:
            return max(known) if len(known) == len(limits) else None
        return min(known, default=None)

    def mentions(self, kind: str) -> bool:
        """Return whether this rule, or one below it, is of a kind."""
        return self.kind == kind or any(rule.mentions(kind) for rule in (*(self.any or ()), *(self.all or ())))
