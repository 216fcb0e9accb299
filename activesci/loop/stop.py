"""When the campaign has reached its end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from activesci.errors import CampaignError
from activesci.integrity.claims import Standing
from activesci.simulate.reasons import LONGEST, shortened
from activesci.study.stopping import StopRule


class StopReason(StrEnum):
    """Why a campaign has ended or paused, in words."""

    RULE = "its stop rule was reached"
    HAND = "ended by hand before its stop rule was reached"
    POOL = "every recorded measurement has been used"
    INTERRUPTED = "interrupted; `activesci resume` goes on"
    FAILURES = "too many simulations failed; see the reasons, then `activesci resume` runs the failed ones again"
    MEASUREMENT = "the measurement failed repeatedly; `activesci resume` tries again"
    WORKERS = "nothing that came back is lost; `activesci resume` goes on once there are workers again"
    WAITING = "waiting for a measurement; `activesci tell` goes on"


def in_words(why: str) -> str:
    """Return why somebody ends a campaign, on one line.

    Raises:
        CampaignError: If nothing is said, or too much.
    """
    if not (words := shortened(why)) or len(why) > LONGEST:
        raise CampaignError(
            f"why: found {len(why) if words else 'nothing'}{' characters' if words else ''}, expected in at most "
            f"{LONGEST} characters why the campaign is ended: its answer says so"
        )
    return words


class Pause(Exception):  # noqa: N818 (no error: the world stands in the way, and the campaign catches it)
    """The campaign cannot go on for now; says why."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What stop rules look at.

    Attributes:
        posterior: For each parameter its mean, sd, q05, q50 and q95.
        rounds: Rounds done, not counting the prior's.
        simulations: Simulations done, failed ones included.
        cost: What the measurements have cost.
        seconds: Time spent computing and measuring [s].
        gain: The gain that the best next design promises [nats]; None where it is not known yet.
        hypotheses: How each hypothesis stands.
        unsettled: For each parameter, by how many posterior sd what is not known of the simulator moves its mean.
    """

    posterior: Mapping[str, Mapping[str, float]]
    rounds: int
    simulations: int
    cost: float
    seconds: float
    gain: float | None = None
    hypotheses: Mapping[str, Standing] = field(default_factory=dict)
    unsettled: Mapping[str, float] = field(default_factory=dict)


def reached(rule: StopRule, progress: Progress) -> str | None:
    """Return in words what has been reached, or None if the campaign is to go on."""
    check: Callable[[StopRule, Progress], str | None] = CHECKS[rule.kind]
    return check(rule, progress)


def _any(rule: StopRule, progress: Progress) -> str | None:
    return next((said for each in rule.settings if (said := reached(each, progress))), None)


def _all(rule: StopRule, progress: Progress) -> str | None:
    said = [reached(each, progress) for each in rule.settings]
    return " and ".join(one for one in said if one) if all(said) else None


def _spread(what: str, size: Callable[[Mapping[str, float]], float]) -> Callable[[StopRule, Progress], str | None]:
    def check(rule: StopRule, progress: Progress) -> str | None:
        sizes = {name: size(progress.posterior[name]) for name in rule.settings}
        if any(sizes[name] > limit for name, limit in rule.settings.items()):
            return None
        return ", ".join(f"{what} of {name} {sizes[name]:.3g} <= {limit:g}" for name, limit in rule.settings.items())

    return check


def _at_least(what: str, amount: Callable[[Progress], float]) -> Callable[[StopRule, Progress], str | None]:
    def check(rule: StopRule, progress: Progress) -> str | None:
        now = amount(progress)
        return f"{what} {now:.6g} >= {rule.settings:g}" if now >= rule.settings else None

    return check


def _gain(rule: StopRule, progress: Progress) -> str | None:
    if progress.gain is None or progress.gain >= rule.settings:
        return None
    return f"the best next design promises {progress.gain:.3g} < {rule.settings:g} nats"


def _hypothesis(rule: StopRule, progress: Progress) -> str | None:
    """Say which hypothesis has reached the rule's threshold; one that the outcomes contradict does not."""
    for name, one in progress.hypotheses.items():
        if one.reaches(rule) and not one.contradicted:
            factor = f"log Bayes factor {one.against_rest:.3g} +- {one.error:.2g} nats against the others"
            return f"hypothesis {name} has probability {one.probability:.4g} ({factor})"
    return None


def _settled(rule: StopRule, progress: Progress) -> str | None:
    if not progress.unsettled or max(progress.unsettled.values()) > rule.settings:
        return None
    name, worst = max(progress.unsettled.items(), key=lambda pair: pair[1])
    return f"more simulations would move no parameter ({name} most) by more than {worst:.2g} <= {rule.settings:g} sd"


CHECKS: Mapping[str, Callable[[StopRule, Progress], str | None]] = {
    "any": _any,
    "all": _all,
    "sd": _spread("sd", lambda spread: spread["sd"]),
    "width": _spread("5 to 95 % width", lambda spread: spread["q95"] - spread["q05"]),
    "settled": _settled,
    "gain": _gain,
    "rounds": _at_least("rounds", lambda progress: progress.rounds),
    "simulations": _at_least("simulations", lambda progress: progress.simulations),
    "cost": _at_least("cost", lambda progress: progress.cost),
    "seconds": _at_least("seconds", lambda progress: progress.seconds),
    "hypothesis": _hypothesis,
    "bayes_factor": _hypothesis,
}
