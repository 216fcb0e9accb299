"""The picture of the README: what choosing the measurements is worth."""

import bench
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

FILE = bench.EXPERIMENTS / "weinberg" / "chosen_against_random.png"
BLUE, ORANGE, INK, MUTED = "#0072b2", "#d98200", "#1c2024", "#6a7178"  # told apart by colour-blind readers
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}


def draw(pool, data: list[dict], chosen: list[bench.Line], limit: float) -> None:
    """Draw the sd of G_F against the number of measurements, and which measurements were chosen."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(10.4, 4.6), layout="constrained", facecolor="white")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2, width_ratios=(1.35, 1))
        learning(left, pool, len(data), chosen, limit)
        drawer(right, pool, data, chosen[0], limit)
        figure.savefig(FILE, dpi=160)
    print(f"drawn: {FILE}")


def learning(axes: Axes, pool, size: int, chosen: list[bench.Line], limit: float) -> None:
    """Draw the sds."""
    steps = np.arange(1, size + 1)
    rng = np.random.default_rng(1)
    random = np.array([pool.sds_along(rng.permutation(size))[:, 0] for _ in range(1000)])
    low, middle, high = np.quantile(random, [0.05, 0.5, 0.95], axis=0)
    axes.fill_between(steps, low, high, color=ORANGE, alpha=0.16, lw=0)
    axes.plot(steps, middle, color=ORANGE, lw=2.2)
    paths = np.array([bench.path(line, "sd", "g_f")[1:] for line in chosen])
    for path in paths:
        axes.plot(steps[: len(path)], path, color=BLUE, lw=0.8, alpha=0.4)
    typical = np.median(paths, axis=0)
    axes.plot(steps[: len(typical)], typical, color=BLUE, lw=2.4)
    axes.plot(steps, pool.sds_along(pool.order()[0])[:, 0], color=INK, lw=1.4, ls=(0, (1, 1.6)))
    axes.axhline(limit, color=MUTED, lw=1, ls=(0, (5, 3)))
    axes.text(size + 0.3, limit + 0.0007, "target", ha="right", va="bottom", color=MUTED, size=10)
    stop = int(np.median([bench.first(path <= limit) or len(path) for path in paths]))
    mark(axes, stop, typical[stop - 1], BLUE)
    stop = int(np.median([bench.first(path <= limit) for path in random]))
    mark(axes, stop, middle[stop - 1], ORANGE)
    axes.set(xlim=(0.5, size + 0.5), yscale="log", ylim=(0.049, 0.25))
    axes.set_yticks([0.05, 0.06, 0.08, 0.1, 0.15, 0.2], ["0.05", "0.06", "0.08", "0.10", "0.15", "0.20"])
    axes.yaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.set_xticks([1, 3, 5, 7, 9, 11, 13, 15, 17])
    axes.set(xlabel="measurements used", ylabel="posterior sd of G_F [10⁻⁵ GeV⁻²]")
    say(axes, (7.9, 0.205), ("in random order", "median and 90 % of orders, exact likelihood"), ORANGE)
    say(axes, (2.0, 0.089), ("chosen by activesci", f"{len(chosen)} seeds, likelihood-free"), BLUE)
    axes.text(2.0, 0.0795, "dotted: a perfect loop", color=INK, size=9.5, va="top")
    axes.set_title("How well G_F is known", loc="left", weight="bold", size=12)


def mark(axes: Axes, stop: int, sd: float, colour: str) -> None:
    """Mark where the target was reached, with the number of measurements."""
    axes.plot([stop], [sd], "o", color=colour, ms=8, mec="white", mew=1.3, zorder=5)
    style = {"textcoords": "offset points", "ha": "center", "color": colour, "weight": "bold", "size": 13}
    axes.annotate(f"{stop}", (stop, sd), (0, 9), **style)


def say(axes: Axes, place: tuple[float, float], lines: tuple[str, str], colour: str) -> None:
    """Write what a curve is."""
    axes.text(*place, lines[0], color=colour, weight="bold", va="bottom")
    axes.text(place[0], place[1] * 0.985, lines[1], color=colour, size=9.5, va="top")


def drawer(axes: Axes, pool, data: list[dict], line: bench.Line, limit: float) -> None:
    """Draw the measurements, numbered in the order in which they were chosen up to the stop."""
    stop = bench.first(bench.path(line, "sd", "g_f")[1:] <= limit)
    taken = bench.rows(line)[:stop]
    points = np.array([[row["sqrt_s"], row["a_fb"], row["error"]] for row in data])
    left = [row for row in range(len(data)) if row not in taken]
    curve(axes, pool)
    axes.errorbar(*points[left].T, fmt="o", color="#b4bac1", ms=4, lw=1.1, capsize=0)
    axes.errorbar(*points[taken].T, fmt="o", color=BLUE, ms=6, lw=1.8, capsize=0, zorder=4)
    order = sorted(taken, key=lambda row: -points[row, 1])
    for row, height in zip(order, -0.28 - 0.05 * np.arange(len(order)), strict=True):
        name = f"{data[row]['experiment']} {data[row]['sqrt_s']:g}"
        axes.text(11.5, height, f"{taken.index(row) + 1}", color=BLUE, weight="bold", va="center")
        axes.text(14, height, name, color=BLUE, size=10, va="center")
        axes.plot([28.5, points[row, 0]], [height, points[row, 1]], color=BLUE, lw=0.6, alpha=0.7)
    axes.axhline(0, color=MUTED, lw=0.6)
    axes.set(xlim=(10, 62), ylim=(-0.63, 0.12), xlabel="√s [GeV]", ylabel="forward-backward asymmetry A_FB")
    axes.set_title(f"What was chosen, in order (seed {line['seed']})", loc="left", weight="bold", size=12)


def curve(axes: Axes, pool) -> None:
    """Draw the asymmetry that the posterior of all rows expects."""
    reference = bench.reference("weinberg")
    energies = np.linspace(11, 61, 200)
    mean = float(pool.posterior()[0][0])
    theta = reference.PUBLISHED | {"g_f": mean}
    axes.plot(energies, reference.model.asymmetry(theta, {"sqrt_s": energies}), color=INK, lw=1, alpha=0.7)
