"""How many more measurements it will take until a study's stop rule holds, and what they will cost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from activesci.design import Choice
from activesci.gain import Beliefs
from activesci.gain.forecast import Courses, courses
from activesci.loop.round import Belief, Cost
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.study.stopping import StopRule
from activesci.types import FloatArray, IntArray

OPTIONS, OPTIONS_OF_POOL = 6, 9
"""Designs that the measurements to come may take, the chosen one among them; of a pool more, as they are used up."""
STREAM = 1_000_000
"""Keeps the forecast's random numbers apart from those of passes."""
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True, slots=True)
class Standing:
    """What a forecast starts from.

    Attributes:
        study: The study.
        measured: Measurements so far.
        spent: What they have cost.
        price: What one more costs on average, in the designs that the courses take.
        gain: What the best next design promises [nats].
        posterior: For each parameter its mean, sd and quantiles.
    """

    study: Study
    measured: int
    spent: float
    price: float
    gain: float
    posterior: Mapping[str, Mapping[str, float]]


def forecast(
    study: Study,
    round: int,
    belief: Belief,
    choices: list[Choice],
    cost: Cost | None,
    pool: FloatArray | None = None,
) -> dict[str, Any] | None:
    """Return how many more measurements it will take until the goal is reached, in plain numbers.

    The goal is what the stop rule says of the parameters or the gain; what it says of rounds and cost is a limit, and
    the share of possible futures that reach the goal within it is returned beside. None where no goal is set, or
    nothing is chosen.

    Args:
        study: The study.
        round: The round.
        belief: What is believed.
        choices: What was chosen, with what was looked at.
        cost: The cost of designs, or None.
        pool: The designs that are left to be measured, each once, (m, k), or None.
    """
    goal = None if study.stop is None else goal_of(study.stop)
    if study.stop is None or goal is None:
        return None
    rng = generator(study.seed, round, Purpose.GAIN, STREAM)
    beliefs = Beliefs.of(belief.surrogate, study.parameter_space, belief.posterior.theta, rng, None)
    xi, times = (options(choices), None) if pool is None else left(choices[0], pool, cost)
    prices = np.ones(len(xi)) if cost is None else cost(xi)
    found = courses(beliefs, xi, prices, times)
    if pool is not None:
        found = replace(found, most=float(len(pool)))
    spent = 0.0 if cost is None else float(cost(belief.data.xi).sum()) if len(belief.data) else 0.0
    price = float(prices[list(found.chosen)].mean())
    gain = float(max(choice.gain.value[0] for choice in choices))
    stand = Standing(study, len(belief.data), spent, price, gain, belief.posterior.summary())
    until = counted(goal, found, stand)
    said = {"goal": worded(goal), "measurements": quantiles(until), **within(study.stop, until, stand)}
    return said if cost is None else said | {"cost": quantiles(until * price)}


def options(choices: list[Choice]) -> FloatArray:
    """Return the designs that measurements to come may take, (c, k): chosen ones, and others from best to worst.

    What is worth little now may be worth most when what is chosen now is known.
    """
    first = choices[0]
    order = np.argsort(-first.gains.value, kind="stable")
    spread = order[np.linspace(0, len(order) - 1, min(OPTIONS - 1, len(order))).astype(np.int64)]
    every = np.concatenate([np.stack([choice.xi for choice in choices])[:OPTIONS], first.evaluated[spread]])
    return every[np.sort(np.unique(every, axis=0, return_index=True)[1])]


def left(choice: Choice, pool: FloatArray, cost: Cost | None) -> tuple[FloatArray, IntArray]:
    """Return the best designs (c, k) of a pool (m, k), by gain per cost, and how often it holds each, (c,)."""
    designs, times = np.unique(pool, axis=0, return_counts=True)
    rate = choice.gains.value if cost is None else choice.gains.value / cost(choice.evaluated)
    worth = {row.tobytes(): float(one) for row, one in zip(choice.evaluated, rate, strict=True)}
    order = np.argsort([-worth.get(row.tobytes(), -np.inf) for row in designs], kind="stable")[:OPTIONS_OF_POOL]
    return designs[order], times[order]


def goal_of(rule: StopRule) -> StopRule | None:
    """Return the part of a stop rule that says how much is to be known; None where there is none."""
    if rule.kind in ("any", "all"):
        parts = [goal for each in rule.settings if (goal := goal_of(each)) is not None]
        return (
            None if not parts else parts[0] if len(parts) == 1 else StopRule.model_validate({rule.kind: tuple(parts)})
        )
    return rule if rule.kind in GOALS else None


def counted(goal: StopRule, found: Courses, stand: Standing) -> FloatArray:
    """Return how many measurements each course takes to a goal, (n,)."""
    if goal.kind in ("any", "all"):
        every = np.array([counted(each, found, stand) for each in goal.settings])
        return np.asarray(every.min(axis=0) if goal.kind == "any" else every.max(axis=0))
    count: FloatArray = GOALS[goal.kind](goal, found, stand)
    return count


def _until_narrow(goal: StopRule, found: Courses, stand: Standing) -> FloatArray:
    names = stand.study.parameter_space.names
    taken = [found.until(names.index(name), limit) for name, limit in goal.settings.items()]
    return np.asarray(np.max(taken, axis=0), dtype=np.float64)


def _until_narrow_interval(goal: StopRule, found: Courses, stand: Standing) -> FloatArray:
    """Take the interval to stay as many standard deviations wide as it is."""
    names, taken = stand.study.parameter_space.names, []
    for name, limit in goal.settings.items():
        now = stand.posterior[name]
        taken.append(found.until(names.index(name), limit * now["sd"] / max(now["q95"] - now["q05"], 1e-300)))
    return np.asarray(np.max(taken, axis=0), dtype=np.float64)


def _until_little_is_left(goal: StopRule, found: Courses, stand: Standing) -> FloatArray:
    """Take the p parameters to be about Gaussian: the n-th measurement more teaches p / 2 log(1 + 1 / n) nats."""
    p = len(stand.study.parameter_space.interest)
    begun, ended = (1.0 / np.expm1(2 * max(gain, 1e-12) / p) for gain in (stand.gain, goal.settings))
    return np.full(len(found.sd), max(0.0, np.ceil(ended - begun)))


GOALS: Mapping[str, Callable[[StopRule, Courses, Standing], FloatArray]] = {
    "sd": _until_narrow,
    "width": _until_narrow_interval,
    "gain": _until_little_is_left,
}


def within(rule: StopRule, until: FloatArray, stand: Standing) -> dict[str, Any]:
    """Return how many measurements the rule's limits leave, and the share of courses that need no more."""
    left = limit(rule, stand)
    return (
        {"limit": None, "within": None} if left is None else {"limit": left, "within": float((until <= left).mean())}
    )


def limit(rule: StopRule, stand: Standing) -> int | None:
    """Return how many measurements more a rule's rounds and cost allow; None where they set no limit."""
    rounds, cost = rule.least("rounds"), rule.least("cost")
    batch = stand.study.designer.batch
    left = [] if rounds is None else [int(rounds) * batch - stand.measured]
    left += [] if cost is None else [int(np.ceil((cost - stand.spent) / max(stand.price, 1e-300)))]
    return max(0, min(left)) if left else None


def worded(goal: StopRule) -> str:
    """Return a goal in words."""
    if goal.kind in ("any", "all"):
        return (" or " if goal.kind == "any" else " and ").join(worded(each) for each in goal.settings)
    if goal.kind == "gain":
        return f"the best next design promises less than {goal.settings:g} nats"
    what = "sd" if goal.kind == "sd" else "5 to 95 % width"
    return ", ".join(f"{what} of {name} <= {limit:g}" for name, limit in goal.settings.items())


def quantiles(values: FloatArray) -> dict[str, float | None]:
    """Return the median and the central 90 % of values (n,); None stands for never."""
    found = {"median": 0.5, "low": LOW, "high": HIGH}
    said = {name: float(np.quantile(values, q, method="higher")) for name, q in found.items()}
    return {name: value if np.isfinite(value) else None for name, value in said.items()}
