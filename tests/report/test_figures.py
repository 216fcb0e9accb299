import matplotlib as mpl
import numpy as np
import pytest

from activesci.report import figures
from activesci.report.figures.corner import levels, smooth_density, smooth_mass
from activesci.report.surface import GainSurface, Scale, gain_span, gain_spans

RNG = np.random.default_rng(1)
CLOUD = RNG.normal(size=(4000, 3)) * [1.0, 0.1, 1e-9] + [0.0, 5.0, 3e-7]


def surface(k=1, c=12):
    gain = RNG.random(c)
    return GainSurface(RNG.random((c, k)), gain, gain - 0.1, gain + 0.1, np.full(c, 0.05), np.arange(c) == 3)


def test_the_contours_of_a_normal_hold_68_and_95_percent():
    cloud = RNG.normal(size=(40_000, 2))
    _, _, mass = smooth_mass(cloud, ((-5.0, 5.0), (-5.0, 5.0)))
    low, high = levels(mass)
    assert mass[mass >= low].sum() == pytest.approx(0.95, abs=0.01)
    assert mass[mass >= high].sum() == pytest.approx(0.68, abs=0.02)


def test_a_density_keeps_its_mass_and_the_edges_of_a_uniform():
    x, density = smooth_density(RNG.random(20_000), (-0.5, 1.5))
    assert density.sum() * (x[1] - x[0]) == pytest.approx(1.0, abs=0.02)
    assert density[(x > 0.02) & (x < 0.98)] == pytest.approx(1.0, abs=0.12)
    assert density[(x < -0.02) | (x > 1.02)].max() == 0.0


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_corner_has_a_cell_for_each_pair(d):
    figure = figures.corner(list("abc"[:d]), [None] * d, CLOUD[:, :d], CLOUD[:, :d] * 3, [0.0] * d)
    assert len(figure.axes) == d * (d + 1) // 2


def test_the_pick_lies_on_its_candidate():
    found = surface()
    axes = figures.gain_curve(found, Scale("t", "s"), (0.0, 1.0)).axes[0]
    assert axes.collections[-1].get_offsets().tolist() == [[found.xi[3, 0], found.gain[3]]]
    assert axes.get_xlabel() == "t [s]"
    assert "nats" in axes.get_ylabel()


def test_a_curve_over_an_angle_goes_on_beyond_its_ends():
    found, seam = surface(), (-1.0, 11.0)
    axes = figures.gain_curve(found, Scale("angle", seam=seam), (0.0, 1.0)).axes[0]
    x, gain = axes.lines[0].get_data()
    assert (x[0] + 12.0, x[-1] - 12.0) == pytest.approx((x[-2], x[1]))
    assert (gain[0], gain[-1]) == (gain[-2], gain[1])
    assert axes.get_xlim() == pytest.approx((-1.36, 11.36))


def test_rounds_share_one_gain_axis_unless_one_would_lie_flat():
    first, later = surface(), surface()
    assert gain_spans([first, later]) == ([gain_span([first, later])] * 2, True)
    flat = GainSurface(later.xi, later.gain / 20, later.lower / 20, later.upper / 20, later.error / 20, later.picked)
    assert gain_spans([first, flat]) == ([gain_span([first]), gain_span([flat])], False)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: figures.gain_curve(surface(), Scale("t", log=True), (0, 1)),
        lambda: figures.gain_pairs(surface(2), [Scale("a"), Scale("b", choices=("x", "y"))], [0, 1], (0, 1), None),
        lambda: figures.gain_pairs(surface(4), [Scale(n) for n in "abcd"], [0, 1, 3], (0, 1), None),
        lambda: figures.gain_slice(surface(4), Scale("c"), 2, (0, 1), None),
        lambda: figures.trajectory([0], np.array([[1.0, 2, 3, 4, 5]]), "a"),
        lambda: figures.trajectory([0, 1], np.ones((2, 5)), "a", "m", 1.0),
        lambda: figures.intervals([RNG.random(50), np.empty(0)], np.array([0.5, 0.1]), [0, 1], "y"),
        lambda: figures.classes(np.array([[0.2, 0.8]]), [1], [0], ["no", "yes"], "click"),
        lambda: figures.histogram(RNG.random((20, 7)), RNG.random(7), "y"),
        lambda: figures.shares(RNG.integers(0, 3, (20, 7)) * 1.0, np.zeros(7), ["a", "b", "c"], "kind"),
        lambda: figures.pulls(RNG.random((20, 9)), RNG.random(9), "y"),
        lambda: figures.surprise([1, 2, 3], [1.0, 0.0, 0.3], [False, True, False]),
        lambda: figures.seconds([0, 1], {"fit": [1.0, 2.0]}),
        lambda: figures.simulations([0], [0], [0]),
    ],
)
def test_a_figure_becomes_an_inline_drawing_without_a_warning(draw):
    text = figures.svg(draw(), 'what "it" shows')
    assert text.startswith("<svg viewBox=")
    assert text.endswith("</svg>")
    assert "what &quot;it&quot; shows" in text
    assert "http" not in text
    assert "var(--" in text


def test_a_name_is_drawn_as_it_stands():
    text = figures.svg(figures.trajectory([0, 1], np.ones((2, 5)), "$x_1$ <b>&漢字\x00"), "t")
    assert "$x_1$ &lt;b&gt;&amp;漢字�" in text


def test_drawing_leaves_the_users_matplotlib_alone():
    before = dict(mpl.rcParams)
    figures.svg(figures.pulls(RNG.random((5, 3)), RNG.random(3), "y"), "t")
    assert dict(mpl.rcParams) == before
