"""What a study's hypotheses let expect before the first measurement, in plain numbers."""

from typing import Any

import numpy as np

from activesci.design import Question, together
from activesci.design.pool import Pool
from activesci.gain import Side, WhichGain
from activesci.integrity.claims import false_claims, least, thresholds_of
from activesci.integrity.foreseeing import Played, play, spread
from activesci.loop import round as rounds
from activesci.loop.round import Belief
from activesci.loop.setup import Parts
from activesci.rng import Purpose, generator
from activesci.study import Study
from activesci.types import FloatArray

LOOKED, TOGETHER, SPREAD = 64, 7, 5
"""Designs that are looked at, and which of them the campaigns that are played may measure: so many that together tell
most beforehand, and so many of any worth."""
MOST = 30
"""Measurements of a campaign at most."""
SIZES, LEARNED = (64, 512), (48, 256)
"""Campaigns under each hypothesis and samples of its prior, with known likelihoods and with a learned one."""
STREAM = 2**21
"""Keeps the random numbers apart from those of passes and predictions."""


def foreseen(study: Study, belief: Belief, pool: FloatArray | None, exact: bool) -> dict[str, Any] | None:
    """Return what campaigns that are played on the models come to; None where no hypothesis can be claimed.

    Args:
        study: The study.
        belief: What is believed before the first measurement.
        pool: The designs that can be measured, (m, k), or None.
        exact: Whether the likelihoods are known.
    """
    rules = [] if study.stop is None else list(thresholds_of(study.stop))
    if not belief.rivals or not rules or not study.design_space.dim:
        return None
    rng = generator(study.seed, 0, Purpose.HYPOTHESIS, STREAM)
    campaigns, samples = SIZES if exact else LEARNED
    sides = [
        Side(one.hypothesis.probability, belief.seen(one), spread(one.hypothesis.space, samples, campaigns, rng))
        for one in belief.rivals
    ]
    xi, gain = designs(study, sides, pool, rng)
    lowest = np.array([min(least(rule, one.probability) for rule in rules) for one in sides])
    chosen = study.designer.kind != "random"
    steps, particles = measurements(study, pool), study.inference.particles
    found = play(sides, xi, lowest, steps, campaigns, samples, rng, chosen, particles)
    return {
        "campaigns": campaigns,
        "measurements": int(found.measurements.max()),
        "exhausted": found.exhausted,
        "first_gain": gain,
        "chosen": chosen,
        "false_claims": max(false_claims(rule, _prior(study)) for rule in rules),
        "hypotheses": {one.name: _said(found, k) for k, one in enumerate(study.rivals)},
    }


def foreseen_by(study: Study, parts: Parts) -> dict[str, Any] | None:
    """Return the same of a study that has not begun; None also where a likelihood has to be learned first."""
    if not study.rivals or parts.learners:
        return None
    pool = parts.experiment.pool()
    return foreseen(study, rounds.before_data(study, parts.candidates), None if pool is None else pool.xi, exact=True)


def _prior(study: Study) -> dict[str, float]:
    return {one.name: one.probability for one in study.rivals}


def measurements(study: Study, pool: FloatArray | None) -> int:
    """Return how many measurements a campaign may take."""
    rounds = None if study.stop is None else study.stop.most("rounds")
    bounds = [MOST, *([] if rounds is None else [int(rounds) * study.designer.batch])]
    return min([*bounds, *([] if pool is None else [len(pool)])])


def designs(
    study: Study, sides: list[Side], pool: FloatArray | None, rng: np.random.Generator
) -> tuple[FloatArray, float]:
    """Return the designs that may be measured, (c, k): those that together tell most beforehand, and some others.

    Returns:
        The designs, of a random designer any, and the expected gain of the best of them [nats].
    """
    looked = study.design_space.sample(LOOKED, rng) if pool is None else np.unique(pool, axis=0)
    gain = WhichGain.between(sides, rng).coarse()
    gains = gain(looked).value
    if study.designer.kind == "random":
        return looked, float(gains.mean())
    best = together(Pool(), Question(study.design_space, gain, pool=looked), TOGETHER, rng)
    # and others: what tells most changes as the parameters become known
    order = np.argsort(-gains, kind="stable")
    spread = looked[order[np.linspace(0, len(order) - 1, SPREAD).astype(np.int64)]]
    return np.unique(np.concatenate([[one.xi for one in best], spread]), axis=0), float(gains.max())


def _said(found: Played, true: int) -> dict[str, Any]:
    """Return what became of campaigns in which a hypothesis is true."""
    right, wrong = found.decided(true)
    n = found.reached.shape[1]
    taken = found.measurements[true][found.reached[true] == true]
    low, median, high = np.quantile(taken, (0.05, 0.5, 0.95), method="higher").tolist() if len(taken) else (None,) * 3
    own = found.against_rest[true, :, :, true]
    return {
        "power": right,
        "power_error": share_error(right, n),
        "false": wrong,
        "false_error": share_error(wrong, n),
        "measurements": {"median": median, "low": low, "high": high},
        "first": float(own[:, 0].mean()),
        "first_error": float(own[:, 0].std() / np.sqrt(n)),
        "last": float(own[:, -1].mean()),
        "last_error": float(own[:, -1].std() / np.sqrt(n)),
    }


def share_error(share: float, n: int) -> float:
    """Return the standard error of a share of n, which is not zero where all or none of them are counted.

    Example:
        >>> round(share_error(0.5, 100), 3), round(share_error(0.0, 100), 3)
        (0.05, 0.01)
    """
    near = (share * n + 1) / (n + 2)
    return float(np.sqrt(near * (1 - near) / n))
