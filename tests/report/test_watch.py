"""A campaign that is watched: a board in a notebook, lines elsewhere, and never a campaign stopped by a picture."""

import re

import pytest

from activesci.loop.controller import Campaign
from activesci.report import board as boards
from activesci.report import sections as figures
from activesci.report import watch as watches
from activesci.report.board import PANELS
from activesci.study import Study

MODEL = """\
import numpy as np

def simulate(theta, design, rng):
    return {"y": rng.normal(theta["slope"] * design["x"], 0.1)}

def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - theta["slope"] * design["x"]) / 0.1) ** 2
"""


def world(folder, unit="m"):
    """Write the study of a line whose likelihood is known, and load it."""
    (folder / "model.py").write_text(MODEL)
    (folder / "study.yaml").write_text(f"""\
study: line
parameters: {{slope: {{prior: {{normal: [0, 1]}}, unit: "{unit}"}}}}
design: {{x: {{real: [0, 2]}}}}
outcome: {{y: {{real: []}}}}
simulator: {{function: "model:simulate", batch: true}}
experiment: {{truth: {{slope: 0.5}}}}
inference: {{particles: 256}}
designer: {{grid: {{points: 5}}}}
stop: {{rounds: 2}}
""")
    return Study.load(folder / "study.yaml")


@pytest.fixture
def shown(monkeypatch):
    """What a notebook would have shown, one entry a drawing."""
    drawings = []

    def show(html, text):
        drawings.append((html, text))
        return lambda html, text: drawings.append((html, text))

    monkeypatch.setattr(watches, "in_notebook", lambda: True)
    monkeypatch.setattr(watches, "shown_in_notebook", show)
    return drawings


def run(campaign):
    """Run a campaign to its end without writing its report."""
    for _ in campaign:
        pass


def now(html):
    """Return the stage that is marked."""
    return re.findall(r'font-weight: 600">(\w+)[^<]*</span>', html)


def test_a_notebook_sees_every_stage_and_every_panel(tmp_path, shown):
    study = world(tmp_path, unit="<script>alert(1)</script>")
    with Campaign(study, tmp_path / "run") as campaign:
        campaign.watch()
        first = shown[0][0]
        assert "Nothing yet: the prior comes first." in first
        assert "<svg" not in first
        run(campaign)
    stages = [now(html) for html, _ in shown]
    assert [stage for stage in stages if stage] == [
        *([["infer"], ["choose"]]),
        *([["measure"], ["infer"], ["infer"], ["choose"]] * 2),
    ]
    last = shown[-1][0]
    assert all(panel.heading in last for panel in PANELS.values())
    assert last.count("<svg") == 5  # four panels and the graph
    assert "Stopped: rounds 2" in last
    assert now(last) == []
    assert shown[-1][1] == "stopped: 2 measurements"
    assert "<script" not in last  # every word of the study is escaped
    with Campaign(study, tmp_path / "run") as campaign:
        shown.clear()
        campaign.watch()  # what is there already is shown
    assert [html.count("<svg") for html, _ in shown] == [5]


def test_a_picture_that_cannot_be_drawn_does_not_stop_a_campaign(tmp_path, shown, monkeypatch):
    def broken(reading):
        raise RuntimeError("no ink")

    monkeypatch.setattr(boards.Board, "catch_up", lambda self, history: None)
    monkeypatch.setitem(
        boards.PANELS, "belief", boards.Panel("What is believed", "", boards.PANELS["belief"].since, broken)
    )
    with Campaign(world(tmp_path), tmp_path / "run") as campaign:
        campaign.watch()
        run(campaign)
        assert campaign.history.status == "stopped"
    assert "no ink" in shown[-1][1]


def test_a_blind_campaign_is_watched_without_what_is_hidden(tmp_path, shown, monkeypatch):
    drawn = []
    draw = figures.posterior.corner
    monkeypatch.setattr(figures.posterior, "corner", lambda *given: drawn.append(given) or draw(*given))
    study = world(tmp_path).with_settings({"blind": {}})
    with Campaign(study, tmp_path / "run") as campaign:
        campaign.watch()
        run(campaign)
        true = campaign._memory.belief().posterior.theta.mean()
    _, _, posterior, prior, truth = drawn[-1]
    assert abs(posterior.mean() - true) > 1e-3  # its sd is 0.04, the typical offset 3
    assert (prior, truth) == (None, [None])
    last = shown[-1][0]
    assert "What is believed, shifted" in last
    assert last.count("Hidden while the campaign is blind") == 2  # gain and data
    assert "How it came about" not in last


def test_elsewhere_each_event_is_a_line(tmp_path, capsys):
    with Campaign(world(tmp_path), tmp_path / "run") as campaign:
        campaign.watch()
        run(campaign)
    said = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("round 2:") for line in said) == 3  # chosen, measured, believed
    assert said[-1].startswith("stopped: rounds 2")


def test_a_terminals_ipython_is_no_notebook(monkeypatch):
    pytest.importorskip("IPython")
    assert not watches.in_notebook()
