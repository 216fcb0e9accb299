"""What was to be expected of the hypotheses before the first measurement, in sentences."""

from collections.abc import Mapping
from typing import Any

from .numbers import clean, number, rounded


def foreseen_sentences(said: Mapping[str, Any] | None) -> list[str]:
    """Return what campaigns played beforehand came to, a sentence a line; nothing where none were played.

    Args:
        said: What the loop has found, see `loop.foreseeing`.
    """
    if not said:
        return []
    how = "at designs chosen to tell the hypotheses apart" if said["chosen"] else "at random designs"
    limit = f"up to {said['measurements']} measurements"
    ended = ", where samples of the priors became too few to play on" if said["exhausted"] else ""
    claimed = _percent(said["false_claims"])
    first = (
        f"Before the first measurement, {said['campaigns']} campaigns of {limit} {how} were played on the models for "
        f"each hypothesis{ended}. The first one is expected to tell {number(said['first_gain'], 2)} nats about which "
        f"is true. By the stop rule a false hypothesis is claimed in at most {claimed} of campaigns."
    )
    return [first, *(_sentence(clean(name, 64), one) for name, one in said["hypotheses"].items())]


def _sentence(name: str, said: Mapping[str, Any]) -> str:
    taken, found = said["measurements"], ""
    if taken["median"] is not None:
        found = f", after {number(taken['median'])} measurements ({number(taken['low'])} to {number(taken['high'])})"
    right, wrong = _percent(said["power"], said["power_error"]), _percent(said["false"], said["false_error"])
    first, last = rounded(said["first"], said["first_error"]), rounded(said["last"], said["last_error"])
    return (
        f"If {name} is true, it is claimed in {right} of campaigns{found}, and a false one in {wrong}; the expected "
        f"log Bayes factor for it against the others is {first} nats after one measurement and {last} at the end."
    )


def _percent(share: float, error: float = 0.0) -> str:
    return f"{rounded(100 * share, 100 * error) if error else number(100 * share, 2)} %"
