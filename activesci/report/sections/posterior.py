"""Pictures of what is believed: now, and after each round."""

import numpy as np

from activesci.report.figures import corner, trajectory
from activesci.report.figures.trajectory import QUANTILES
from activesci.report.numbers import clean
from activesci.report.thinning import one_in
from activesci.rng import Purpose, generator
from activesci.types import FloatArray

from .base import Picture, Reading

MOST = 6
"""Parameters in one corner plot."""


def corner_picture(reading: Reading) -> Picture | None:
    """Return the corner plot of the latest posterior, None before the first."""
    if not reading.beliefs:
        return None
    last, blind = reading.beliefs[max(reading.beliefs)], reading.history.blinding is not None
    shown = [i for i in reading.shown if np.isfinite(last[:, i]).all()][:MOST]
    if not shown:
        return None
    space = reading.study.parameter_space
    names = [space.names[i] for i in shown]
    units = [space.units.get(name) for name in names]
    truth = [reading.truth.get(name) for name in names]
    figure = corner(names, units, last[:, shown], None if blind else prior_samples(reading)[:, shown], truth)
    title = f"posterior of {', '.join(names)}" + (", shifted" if blind else " over the prior")
    return Picture.of(figure, title, _left_out(reading))


def trajectory_pictures(reading: Reading, most: int | None = None) -> list[Picture]:
    """Return one picture a parameter of interest, of the first `most` of them: its quantiles after each round."""
    space = reading.study.parameter_space
    rounds = np.array(sorted(reading.beliefs))
    bands = np.array([np.quantile(reading.beliefs[r], QUANTILES, axis=0) for r in rounds])
    known = {i: np.isfinite(bands[:, :, i]).all(axis=1) for i in (reading.shown[:most] if len(rounds) else [])}
    return [
        Picture.of(
            trajectory(
                rounds[of].tolist(),
                bands[of, :, i],
                space.names[i],
                space.units.get(space.names[i]),
                truth_of(reading, i),
            ),
            f"{space.names[i]} against the rounds",
            one_in(len(reading.history.rounds), "round"),
        )
        for i, of in known.items()
        if of.any()
    ]


def truth_of(reading: Reading, parameter: int) -> float | None:
    """Return the true value of a free parameter where nature is simulated."""
    return reading.truth.get(reading.study.parameter_space.names[parameter])


def prior_samples(reading: Reading, n: int = 4000) -> FloatArray:
    """Return samples of the prior, (n, d), always the same for a seed; a Latin hypercube, so that few look smooth."""
    space, rng = reading.study.parameter_space, generator(reading.history.seed, 0, Purpose.REPORT)
    strata = rng.permuted(np.tile(np.arange(n), (space.dim, 1)), axis=1).T
    return space.from_cube((strata + rng.random(strata.shape)) / n)


def _left_out(reading: Reading) -> str:
    names = [reading.study.parameter_space.names[i] for i in reading.shown[MOST:]]
    return clean(f"Not drawn, but in the table: {', '.join(names)}.", 300) if names else ""
