"""The figure of a data set that a simulator is tuned to."""

import io

import numpy as np

from activesci.report.figures.tuned import Bins, tuned


def test_a_logarithmic_axis_has_plain_numbers():
    y = np.array([30.0, 3.0, 0.3, 0.03])
    bins = Bins(np.arange(5.0), y, 0.1 * y, np.array([0.5 * y, 2 * y]), 1.1 * y, None, [])
    figure, file = tuned(bins, "1/N $dN/dx$", "x"), io.StringIO()
    figure.savefig(file, format="svg")
    ticks = [one.get_text() for one in figure.axes[0].get_yticklabels()]
    assert {"0.1", "1", "10"} <= set(ticks)
    assert "mathdefault" not in file.getvalue()
