"""What all figures share: ink, colours, a small panel, and the way to inline SVG.

Colours are Okabe and Ito's, told apart by colour-blind readers. In the page each becomes a CSS variable, so that one
drawing serves a light page, a dark one and paper.
"""

import re
import warnings
from collections.abc import Callable
from io import StringIO
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from activesci.report.numbers import clean, unit_text
from activesci.types import FloatArray

INK, MUTED, RULE, PAPER = "#1c2024", "#6a7178", "#dcdfe3", "#fefefd"
BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE = "#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7"
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION)
VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    RULE: "rule",
    PAPER: "paper",
    BLUE: "blue",
    ORANGE: "orange",
    GREEN: "green",
    VERMILLION: "vermillion",
    SKY: "sky",
    PURPLE: "purple",
}
COLOURS = {name: colour for colour, name in VARIABLES.items()}
STYLE: dict[str, Any] = {
    "text.parse_math": False,  # a `$` in a name is a `$`
    "font.size": 11,
    "axes.labelsize": 11,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.facecolor": "none",
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-4, 6),
    "figure.facecolor": "none",
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "lines.linewidth": 1.6,
    "svg.fonttype": "none",  # text stays text: it takes the page's font, can be searched and copied
    "svg.hashsalt": "activesci",
}

DROPPED = re.compile(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|font-family: [^;<]*; ", re.DOTALL)
"""What matplotlib says in an SVG that the page says already, or need not say."""

P = ParamSpec("P")
R = TypeVar("R")


def styled(draw: Callable[P, R]) -> Callable[P, R]:
    """Return the drawing function, run under our style and not the user's matplotlibrc."""

    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(_ours()):
            return draw(*args, **kwargs)

    wrapper.__name__, wrapper.__doc__ = draw.__name__, draw.__doc__
    return wrapper


def _ours() -> dict[Any, Any]:
    """Return our style over matplotlib's own one; never the backend, which `rc_context` would not give back."""
    kept = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(("backend", "interactive"))}
    return {**kept, **STYLE}


def panel(width: float = 360, height: float = 230) -> tuple[Figure, Axes]:
    """Return a figure of one set of axes; sizes in CSS pixels."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    return figure, figure.add_subplot()


def panels(rows: int, columns: int, width: float, height: float) -> tuple[Figure, list[list[Axes]]]:
    """Return a figure of rows and columns of axes; sizes in CSS pixels."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False).tolist()


def label(text: object, limit: int = 32) -> str:
    """Return an outside name fit for an axis: no control characters, not too long."""
    return clean(str(text).replace("\n", " "), limit)


def axis_label(name: str, unit: str | None = None) -> str:
    """Return `name [unit]`."""
    symbol = unit_text(unit)
    return f"{label(name)} [{label(symbol, 24)}]" if symbol else label(name)


def limits(*values: FloatArray, margin: float = 0.06) -> tuple[float, float]:
    """Return axis limits that hold all finite values, never of zero width."""
    finite = np.concatenate([np.ravel(v) for v in values] or [np.zeros(1)])
    finite = finite[np.isfinite(finite)] if np.isfinite(finite).any() else np.zeros(1)
    low, high = float(finite.min()), float(finite.max())
    pad = margin * (high - low) or 0.05 * abs(high) or 1.0
    return low - pad, high + pad


@styled
def svg(figure: Figure, title: str) -> str:
    """Return the figure as an SVG element to stand in a page, with our colours as CSS variables.

    Args:
        figure: A figure of this package; given away to this call.
        title: What the picture shows, for those who cannot see it.
    """
    buffer = StringIO()
    FigureCanvasSVG(figure)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # glyphs that DejaVu lacks (the reader's font draws them), tight fits
        if figure.get_layout_engine() is None:
            figure.tight_layout(pad=0.35, h_pad=0.5, w_pad=0.5)
            figure.set_layout_engine(None)  # it is done: with a trace of it left, all is drawn twice
        figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return _inline(buffer.getvalue(), title)


def _inline(document: str, title: str) -> str:
    body = DROPPED.sub("", document[document.index("<svg") :])
    width, height = (float(x) for x in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', body).groups())  # type: ignore[union-attr]
    body = re.sub(r' id="[a-z]+[\w.]*_\d+"', "", body)  # figure_1, axes_1: repeated in every figure of the page
    body = re.sub("(?<=: )(?:" + "|".join(VARIABLES) + ")", lambda m: f"var(--{VARIABLES[m[0]]})", body)
    size = f'viewBox="0 0 {width:g} {height:g}" style="width:{width:g}px"'
    head = f'<svg {size} role="img" aria-label="{_attribute(title)}">'
    return head + body[body.index(">") + 1 :].strip()


def _attribute(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text
