"""What a tuner asks for: how well each data set is described, what the data cannot tell, and how the fit may vary."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from activesci.report.figures import Bins, tuned
from activesci.report.numbers import clean
from activesci.report.spent import spent
from activesci.study.tuning import places_of

from .base import Picture, Reading

LEAST_PART = 0.05
"""Parts of a direction that are smaller are not written."""
LISTED = 8
"""Bins that are listed by number."""


def tuning(reading: Reading) -> dict[str, Any] | None:
    """Return all that the section says, None for a study that has none or knows no data yet."""
    event = reading.history.inferred
    said = event.payload.get("tuning") if event is not None else None
    if not said or "best" not in said:
        return None
    return {
        "sets": [set_row(reading, name, found) for name, found in said["sets"].items()],
        "against": against(said.get("against_default")),
        "settled": settled(reading),
        "best": best_rows(reading, said),
        "correlation": [[f"{value:+.2f}" for value in row] for row in said["correlation"]],
        "directions": [direction_row(one) for one in said["directions"]],
        "blind": sum(not one["identified"] for one in said["directions"]),
        "variations": [variation_row(number, one) for number, one in enumerate(said["variations"], 1)],
        "names": [clean(name, 40) for name in reading.study.parameter_space.names],
        "default": "default" in said,
        "pictures": pictures(reading, said),
        "files": reading.study.tuning is not None and reading.study.tuning.settings is not None,
    }


def set_row(reading: Reading, name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of the table of data sets."""
    fits = {
        what: f"{found[what]['chi2']:.1f} ({found[what]['p_value']:.2g})"
        for what in ("best", "default")
        if what in found
    }
    return {
        "name": clean(name, 40),
        "bins": found["bins"],
        "use": "held out" if found["held_out"] else "fitted",
        **fits,
        "undescribed": bins_text(reading, name, found["undescribed"]),
        "unreachable": bins_text(reading, name, found["unreachable"]),
        "bad": bool(found["undescribed"] or found["unreachable"]),
    }


def bins_text(reading: Reading, name: str, bins: Sequence[int]) -> str:
    """Return bins as ranges of what they are of, or by number."""
    tuning = reading.study.tuning
    edges = None if tuning is None else tuning.data[name].edges
    each = [f"{edges[i]:g} to {edges[i + 1]:g}" if edges else str(i) for i in bins[:LISTED]]
    more = f" and {len(bins) - LISTED} more" if len(bins) > LISTED else ""
    return "; ".join(each) + more if bins else "none"


def against(found: Mapping[str, float] | None) -> str | None:
    """Return how significantly the best fit is better than the default, in a sentence."""
    if found is None:
        return None
    return (
        f"Twice the log of the likelihood ratio of the best fit to the default is {found['ratio']:.1f} for "
        f"{found['parameters']} parameters: if the default were right it would be as large with probability "
        f"{found['p_value']:.2g} ({found['sigma']:.1f} sigma)."
    )


def settled(reading: Reading) -> str:
    """Return how far the answer may still move, in a sentence."""
    last = reading.history.inferred
    moved = last.payload["disagreement"] if last is not None else {}
    name = max(moved, key=lambda one: float(moved[one]))
    paid = spent(reading.history)
    told = "" if paid is None else f" of {paid['events']:,} events together, which cost as much as {paid['cost']:,.0f}"
    return (
        f"After {reading.history.simulations} simulations{told}, what is still not known of it moves no parameter "
        f"by more than {moved[name]:.2f} posterior sd ({clean(name, 40)}); it is part of the posterior."
    )


def best_rows(reading: Reading, said: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return each parameter with its best fit and its default."""
    names, default = reading.study.parameter_space.names, said.get("default")
    return [
        (clean(name, 40), f"{said['best'][name]:.4g}", f"{default[name]:.4g}" if default else "") for name in names
    ]


def direction_row(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a direction as a sum, and how well it is known."""
    parts = sorted(one["parts"].items(), key=lambda pair: -abs(pair[1]))
    said = " ".join(f"{value:+.2f} {clean(name, 40)}" for name, value in parts if abs(value) >= LEAST_PART)
    return {
        "text": said,
        "data": "nothing" if one["data"] is None else f"{one['data']:.3g}",
        "posterior": f"{one['posterior']:.3g}",
        "identified": one["identified"],
    }


def variation_row(number: int, one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a variation both ways."""
    ends = {way: [f"{value:.4g}" for value in one[way].values()] for way in ("plus", "minus")}
    return {"number": number, "sd": f"{one['sd']:.3g}", **ends}


def pictures(reading: Reading, said: Mapping[str, Any]) -> list[Picture]:
    """Return a picture of each data set of two bins or more."""
    event, study = reading.history.inferred, reading.study
    if event is None or study.tuning is None:
        return []
    arrays = reading.arrays(event)
    y = np.nanmean([reading.arrays(one.event)["y"][0] for one in reading.history.measured()], axis=0)
    errors = np.sqrt(np.diagonal(study.tuning.covariance(study)))
    found = []
    for name, places in places_of(study).items():
        if len(places) < 2:
            continue
        part, one = study.tuning.data[name], said["sets"][name]
        rows = {
            what: arrays[f"tuning.{what}"][:, places]
            for what in ("envelope", "best", "default")
            if f"tuning.{what}" in arrays
        }
        edges = np.array(part.edges or np.arange(len(places) + 1.0))
        default = rows["default"][0] if "default" in rows else None
        marked = {*one["undescribed"], *one["unreachable"]}
        bins = Bins(
            edges, y[places], errors[places], rows["envelope"][[1, 3]], rows["best"][0], default, sorted(marked)
        )
        found.append(Picture.of(tuned(bins, name, part.axis), f"{name}: data, best fit and what can be reached", name))
    return found
