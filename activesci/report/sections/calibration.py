"""How often intervals held a known truth, if that was tried."""

from dataclasses import dataclass

from activesci.report.numbers import clean, number

from .base import Reading


@dataclass(frozen=True, slots=True)
class Row:
    """A parameter, or all of them together.

    Attributes:
        name: Which.
        shares: Share of truths inside each level's interval.
        p: Probability of ranks as uneven as these.
    """

    name: str
    shares: list[str]
    p: str


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The latest calibration of a campaign.

    Attributes:
        repetitions: How many truths were tried.
        origin: Where they came from.
        levels: The intervals' levels.
        rows: What came of each parameter, and of all together.
        verdict: In words.
    """

    repetitions: int
    origin: str
    levels: list[str]
    rows: list[Row]
    verdict: str


def calibrated(reading: Reading) -> Calibrated | None:
    """Return the latest calibration, or None if there was none."""
    said = [event.payload for event in reading.history.notes if event.payload.get("what") == "calibration"]
    if not said:
        return None
    last = said[-1]
    rows = [
        Row(clean(what, 60), [f"{share:.0%}" for share in shares.values()], number(last["p_values"][what], 2))
        for what, shares in last["coverage"].items()
    ]
    levels = [f"{float(level):.0%}" for level in last["coverage"]["joint"]]
    verdict = "; ".join(last["under_covered"]) or "No interval covers less than it says."
    return Calibrated(last["repetitions"], last["origin"], levels, rows, clean(verdict, 1000))
