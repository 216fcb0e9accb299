"""An upper limit of one parameter against another."""

from matplotlib.figure import Figure

from activesci.types import FloatArray

from .base import BLUE, INK, MUTED, axis_label, panel, styled


@styled
def limit(
    at: FloatArray,
    credible: FloatArray,
    likelihood: FloatArray,
    samples: FloatArray,
    names: tuple[str, str],
    units: tuple[str | None, str | None],
    top: float,
) -> Figure:
    """Draw limits as curves, what lies above the credible one shaded, over samples of the posterior.

    Args:
        at: Values of the other parameter, (m,), ascending.
        credible: The credible limit at each, (m,); NaN where it is not known.
        likelihood: The limit by likelihood, (m,); NaN where it is beyond the prior.
        samples: Posterior samples of both, (n, 2): the other parameter, and the limited one.
        names: What they are called, in that order.
        units: Their units.
        top: The largest value that is shown.
    """
    figure, axes = panel(520, 330)
    axes.plot(samples[:, 0], samples[:, 1], ".", color=MUTED, markersize=2.0, alpha=0.45, zorder=1)
    axes.fill_between(at, credible, top, color=BLUE, alpha=0.16, linewidth=0)
    axes.plot(at, credible, color=BLUE, linewidth=2.2)
    axes.plot(at, likelihood, color=INK, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.set_xlim(at.min(), at.max())
    axes.set_ylim(0.0 if samples[:, 1].min() >= 0.0 else samples[:, 1].min(), top)
    axes.set_xlabel(axis_label(names[0], units[0]))
    axes.set_ylabel(axis_label(names[1], units[1]))
    return figure
