"""What a blind campaign may show of itself: the one door through which all goes that anybody can read.

The loop works with the true values. What is written of them is decided here, event by event: what is not known to be
harmless is withheld, and what says where a parameter is comes shifted by an offset that nobody knows.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import exp, log, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from activesci.integrity.salting import SALTED, SYNTHETIC, Salt
from activesci.integrity.shuffling import Shuffle
from activesci.ledger import Kind
from activesci.ledger.events import BY_HAND
from activesci.ledger.sealing import Key
from activesci.study import Study
from activesci.study.expectations import COUNTS
from activesci.study.priors import HIGHEST, LOWEST, Prior
from activesci.types import FloatArray

Payload = dict[str, Any]
Arrays = Mapping[str, NDArray[Any]]
Shown = tuple[Payload, dict[str, NDArray[Any]]]

WITHHELD = "withheld while the campaign is blind"
OFFSET = 3.0
"""The typical offset, in standard deviations of the prior: the value shown says little that the prior does not."""
NARROW = 0.5
"""A posterior wider than this share of its prior lies where the prior does: shown shifted, it would tell the shift."""
FROM_EDGE = 3.0
"""A posterior is shown if its mean is this many sd from where the prior ends, or the edge would tell the shift."""
TELLING_RULES = ("gain", "hypothesis", "bayes_factor")
"""Stop rules that say, when they hold, more than that they do."""
HARMLESS = ("sd", "width", "coverage", "file", "misfit", *COUNTS)
"""What an expectation may be about, and be answered while it is blind."""
SIZES = ("sd", "width")
"""What is about how narrow the posterior is, which a hidden region hides too."""
PLACES = ("mean", "q05", "q50", "q95")
_NUMBER = re.compile(r"(?<![A-Za-z_0-9])[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
STRATA = 4096


@dataclass(frozen=True, slots=True)
class Shift:
    """How one parameter is shown: `centre + factor * (x - centre) + offset`.

    Attributes:
        offset: What is added, in the parameter's unit.
        factor: What distances are multiplied with; 1 if they are shown as they are.
        centre: The prior's mean.
        width: The prior's standard deviation.
        edges: Where the prior begins and ends.
    """

    offset: float
    factor: float
    centre: float
    width: float
    edges: tuple[float, float]

    @classmethod
    def of(cls, key: Key, name: str, prior: Prior, offset: float | None, scale: float | None) -> "Shift":
        """Return the shift of a parameter, which follows from the key alone.

        Args:
            key: The campaign's secret.
            name: The parameter.
            prior: Its prior.
            offset: The offset's standard deviation; None for OFFSET times the prior's.
            scale: The factor is log-uniform between 1/scale and scale; None for 1.
        """
        x = prior.ppf((np.arange(STRATA) + 0.5) / STRATA)
        low, high = (float(prior.ppf(np.array(u))) for u in (LOWEST, HIGHEST))
        centre, width = float(x.mean()), float(x.std())
        size = OFFSET * width if offset is None else offset
        drawn = float(ndtri(key.share(f"offset of {name}"))) * size
        factor = 1.0 if scale is None else exp((2.0 * key.share(f"scale of {name}") - 1.0) * log(scale))
        return cls(drawn, factor, centre, width, (low, high))

    def __call__(self, x: Any) -> Any:  # noqa: ANN401 - a number or an array
        """Return true values as they are shown."""
        return x + self.offset if self.factor == 1.0 else self.centre + self.factor * (x - self.centre) + self.offset

    def back(self, x: Any) -> Any:  # noqa: ANN401 - a number or an array
        """Return shown values as they are."""
        return x - self.offset if self.factor == 1.0 else (x - self.offset - self.centre) / self.factor + self.centre

    def tells(self, said: Mapping[str, float]) -> bool:
        """Say whether a posterior, shown with its offset, would tell it: one that the prior alone places.

        Args:
            said: Its true mean and sd.
        """
        mean, sd = said["mean"], said["sd"]
        return sd > NARROW * self.width or not all(abs(mean - edge) > FROM_EDGE * sd for edge in self.edges)

    def shown(self, said: Mapping[str, float]) -> dict[str, float | None]:
        """Return mean, sd and quantiles as they are shown; None for what is withheld."""
        if self.tells(said):
            return {**dict.fromkeys(PLACES), "sd": said["sd"] if self.factor == 1.0 else None}
        return {**{place: float(self(said[place])) for place in PLACES}, "sd": said["sd"] * self.factor}


@dataclass(frozen=True, slots=True)
class Curtain:
    """How a parameter is shown where an offset does not hide it: not at all.

    That is where some outcomes are shown, which say something of it, and where designs are hidden since they do: how
    wide the posterior is tells about as much as they.
    """

    factor: float = nan
    """Not one: sizes are hidden."""

    def __call__(self, x: Any) -> Any:  # noqa: ANN401 - a number or an array
        """Return nothing of true values."""
        return np.full_like(x, nan)

    def tells(self, said: Mapping[str, float]) -> bool:
        """Say that whatever were shown of a posterior would tell it."""
        return True

    def shown(self, said: Mapping[str, float]) -> dict[str, float | None]:
        """Return nothing of mean, sd and quantiles."""
        return dict.fromkeys((*PLACES, "sd"))


def shifts_of(study: Study, key: Key) -> dict[str, Shift] | dict[str, Curtain]:
    """Return the shift of every parameter that a study hides; a curtain for each if a region or designs are hidden."""
    space, blind = study.parameter_space, study.blind
    assert blind is not None  # asked of blind studies only
    if blind.closed:
        return dict.fromkeys(space.names, Curtain())
    parts = dict.fromkeys(space.names) if blind.parameters is None else blind.parameters
    priors = dict(zip(space.names, space.priors, strict=True))
    return {
        name: Shift.of(key, name, priors[name], part.offset if part else None, part.scale if part else None)
        for name, part in parts.items()
    }


def masked(text: str) -> str:
    """Return a text without its numbers.

    Example:
        >>> masked("simulate failed at g_f = 1.2163e-5 in round 3 (x1)")
        'simulate failed at g_f = … in round … (x1)'
    """
    return _NUMBER.sub("…", text)


class Door:
    """Says what may be shown of every event; see `sealing.Veil`.

    Args:
        study: The blind study.
        key: Its campaign's secret.
    """

    def __init__(self, study: Study, key: Key) -> None:
        self.study, self._key = study, key
        self.shifts: Mapping[str, Shift | Curtain] = shifts_of(study, key)
        self._shuffle = Shuffle.of(study, key)
        self._views: Mapping[Kind, Callable[[int, Payload, Arrays], Shown]] = {
            Kind.STARTED: _whole,
            Kind.BRANCHED: _whole,
            Kind.RESUMED: _whole,
            Kind.PLANNED: _only("count", "purpose", "others"),
            Kind.SIMULATED: self._simulated,
            Kind.FITTED: _only("surrogate", "loss", "held_out", "why", "steps", "warm", "seconds"),
            Kind.INFERRED: self._inferred,
            Kind.CHOSEN: self._chosen,
            Kind.MEASURED: self._measured,
            Kind.ALARM: self._alarm,
            Kind.PAUSED: self._paused,
            Kind.STOPPED: self._stopped,
            Kind.NOTE: self._note,
        }

    def __call__(self, kind: Kind, round: int, payload: Mapping[str, Any], arrays: Arrays) -> Shown:
        """Return what may be shown; of a kind that is not known here, nothing."""
        view = self._views.get(kind)
        return view(round, dict(payload), arrays) if view else ({}, {})

    def belief(self, said: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float | None]]:
        """Return means, sds and quantiles of every parameter as they are shown."""
        return {name: self.shifts[name].shown(one) if name in self.shifts else dict(one) for name, one in said.items()}

    def samples(self, theta: FloatArray) -> FloatArray:
        """Return posterior samples (n, d) as they are shown; NaN for parameters that are withheld."""
        found = np.array(theta, dtype=np.float64)
        for place, name in enumerate(self.study.parameter_space.names):
            if (shift := self.shifts.get(name)) is not None:
                column = theta[:, place]
                tells = shift.tells({"mean": float(column.mean()), "sd": float(column.std())})
                found[:, place] = np.nan if tells else shift(column)
        return found

    def salt(self, proposal: int) -> Salt | None:
        """Return what is done to the outcome that answers a proposal where it is shown; None without salt."""
        share = None if self.study.blind is None else self.study.blind.salt
        return None if share is None else Salt.of(self._key, share, proposal)

    @property
    def _scaled(self) -> bool:
        return any(shift.factor != 1.0 for shift in self.shifts.values())

    def _words(self, text: str) -> str:
        """Return a text without numbers; where it may name a hypothesis or a hidden design, nothing of it."""
        return WITHHELD if self.study.rivals or self._dark or self._altering else masked(text)

    @property
    def _dark(self) -> bool:
        return self.study.blind is not None and self.study.blind.designs

    @property
    def _altering(self) -> bool:
        return self.study.blind is not None and self.study.blind.shows_outcomes

    def _design(self, design: Mapping[str, Any]) -> dict[str, Any]:
        return {} if self._dark else self._shuffle.design(design)

    def _simulated(self, round: int, said: Payload, arrays: Arrays) -> Shown:
        failed = {WITHHELD: said["failed"]} if said.get("failed") else {}
        return {
            **_kept(said, ("count", "failed", "seconds", "again", "failed_attempts", "hypothesis")),
            "reasons": failed,
        }, {}

    def _inferred(self, round: int, said: Payload, arrays: Arrays) -> Shown:
        kept = _kept(
            said, ("ess", "steps", "acceptance", "outside", "widened", "disagreement", "again", "checked", "seconds")
        )
        kept["doubt"] = said["doubt"] and self._words(said["doubt"])
        belief = self.belief(said["posterior"])
        errors = {name: error for name, error in said["errors"].items() if name not in self.shifts or not self._scaled}
        theta = {"theta": self.samples(arrays["theta"])} if "theta" in arrays else {}
        ranks = {"checked": arrays["checked"]} if "checked" in arrays else {}
        return {**kept, "posterior": belief, "errors": errors, "blind": sorted(self.shifts)}, {**theta, **ranks}

    def _chosen(self, round: int, said: Payload, arrays: Arrays) -> Shown:
        hidden = {"gain": None, "error": None}
        proposals = [{"id": one["id"], "design": self._design(one["design"]), **hidden} for one in said["proposals"]]
        return {**_kept(said, ("designer", "evaluations", "asked", "seconds")), "proposals": proposals}, {}

    def _measured(self, round: int, said: Payload, arrays: Arrays) -> Shown:
        return self._altered(said, arrays) if self._altering else self._as_it_is(said, arrays)

    def _altered(self, said: Payload, arrays: Arrays) -> Shown:
        """Return what is shown of an outcome that may be another, or have other labels, and nothing that tells."""
        none = dict.fromkeys(("reason", "surprise", "rank", "row"))
        design = {"proposal": said["proposal"], "design": self._design(said["design"])}
        if said["status"] != "ok":
            tried = {**_kept(said, ("attempt", "status", "seconds")), "outcome": None}
            return {**none, **design, **tried, "reason": WITHHELD}, {}
        y = self._shuffle.outcome(arrays[SYNTHETIC if said.get(SALTED) else "y"])
        return {**none, **design, "status": "ok", "outcome": self.study.outcome_space.unflatten(y[0])}, {"y": y}

    def _as_it_is(self, said: Payload, arrays: Arrays) -> Shown:
        kept = _kept(said, ("proposal", "attempt", "status", "seconds"))
        kept |= {"row": None, "design": {}} if self._dark else _kept(said, ("row", "design"))
        hidden = {"outcome": None, "surprise": None, "rank": None}
        if self._outside(said.get("design")):  # how surprising it was is what outcomes in the region let expect
            seen = {"y": arrays["y"]} if "y" in arrays else {}
            return {**kept, **hidden, **_kept(said, ("outcome", "reason"))}, seen
        reason = None if said.get("reason") is None else WITHHELD
        return {**kept, **hidden, "reason": reason}, {}

    def _outside(self, design: Mapping[str, Any] | None) -> bool:
        """Say whether the outcome of a design is open: the study hides a region, and the design is not in it."""
        hidden = self.study.hidden_designs
        return hidden is not None and design is not None and not bool(hidden.feasible(hidden.encode(design)[None])[0])

    def _alarm(self, round: int, said: Payload, arrays: Arrays) -> Shown:
        kept = _kept(said, ("what",) if self._altering else ("what", "proposal"))
        return {**kept, "message": self._words(str(said["message"]))}, {}

    def _paused(self, round: int, said: Payload, arrays: Arrays) -> Shown:
        reason = str(said["reason"])
        return {"reason": masked(reason.partition(" (")[0] if self._dark or self._altering else reason)}, {}

    def _stopped(self, round: int, said: Payload, arrays: Arrays) -> Shown:
        if said.get("rule") == BY_HAND:  # in the words of somebody who could not see what is hidden
            return said, {}
        stop = self.study.stop
        if stop is not None and any(stop.mentions(kind) for kind in TELLING_RULES):
            return {**_kept(said, ("rule",)), "reason": "its stop rule was reached"}, {}
        return {**_kept(said, ("rule",)), "reason": masked(said["reason"]) if self._scaled else said["reason"]}, {}

    def _note(self, round: int, said: Payload, arrays: Arrays) -> Shown:
        if said.get("what") in ("registration", "deviation", "tag", "blinding", "unblinding"):
            return said, dict(arrays)
        if said.get("what") == "expectations":
            return {"what": "expectations", "checked": [self._expectation(one) for one in said["checked"]]}, {}
        if said.get("what") == "calibration":
            keys = ("what", "origin", "repetitions", "coverage", "p_values", "under_covered")
            return _kept(said, keys), {"ranks": arrays["ranks"]} if "ranks" in arrays else {}
        return {"what": "withheld"}, {}

    def _expectation(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Return what came of an expectation; of one that says where a hidden parameter is, nothing."""
        if self.waits(said["text"]):
            return {"text": said["text"], "held": None, "found": WITHHELD}
        one = next((one for one in self.study.expectations if one.text == said["text"]), None)
        tells = one is None or one.quantity == "misfit" or (one.quantity in SIZES and self._scaled)
        return {**said, "found": WITHHELD if tells else said["found"]}

    def waits(self, text: str) -> bool:
        """Say whether a sentence of `expect:` cannot be answered without telling where a hidden parameter is."""
        one = next((one for one in self.study.expectations if one.text == text), None)
        open_ = one is not None and one.quantity in ("mean", "holds") and one.name not in self.shifts
        closed = self.study.blind is not None and self.study.blind.closed
        sized = one is not None and one.quantity in SIZES and closed
        return one is None or sized or not (open_ or one.quantity in HARMLESS)


def _whole(round: int, said: Payload, arrays: Arrays) -> Shown:
    return said, dict(arrays)


def _only(*keys: str) -> Callable[[int, Payload, Arrays], Shown]:
    return lambda round, said, arrays: (_kept(said, keys), {})


def _kept(said: Mapping[str, Any], keys: Iterable[str]) -> Payload:
    return {key: said[key] for key in keys if key in said}
