"""Calibration, widening and the second route, recorded in a campaign and shown by its report."""

import json

import pytest
from click.testing import CliRunner

from activesci.cli import main
from activesci.errors import LedgerError
from activesci.ledger import Kind, Ledger
from activesci.loop import surrogates
from activesci.loop.controller import Campaign

from .overconfident import Stated, stands_in
from .worlds import PLAIN, finished, world

QUICK = {"surrogate": "likelihood", "simulations": 50, "per_round": 0, "particles": 512, "passes": 1}


def run(folder, monkeypatch, noise):
    """Run two rounds with a stated noise (the line's is 0.1), and return the run folder."""
    stands_in(monkeypatch, noise)
    finished(world(folder, PLAIN, inference=QUICK), folder / "run")
    return folder / "run"


def calibrate(folder, *options):
    """Calibrate; the files beside the ledger have to say what it has added, which `verify` finds out."""
    result, after = (
        CliRunner().invoke(main, words, catch_exceptions=False)
        for words in (["calibrate", str(folder), *options], ["verify", str(folder)])
    )
    assert (result.exit_code, after.exit_code) == (0, 0), after.output
    return result.output


def notes(folder, what):
    with Ledger.read_only(folder) as ledger:
        events = [event for event in ledger.events() if event.kind is Kind.NOTE and event.payload["what"] == what]
        return [(event.payload, ledger.arrays(event)) for event in events]


def summary(folder):
    return json.loads((folder / "summary.json").read_text())


def test_an_overconfident_surrogate_is_told_in_the_summary_and_widened_only_on_demand(tmp_path, monkeypatch):
    folder = run(tmp_path, monkeypatch, 0.05)
    before = summary(folder)
    calibrate(folder, "-n", "60")
    told = summary(folder)
    [alarm] = [alarm for alarm in told["alarms"] if alarm["what"] == "calibration"]
    assert "too narrow" in alarm["message"]
    assert "--temper" in alarm["message"]
    assert notes(folder, "tempered") == []
    said = calibrate(folder, "-n", "60", "--temper")
    [(note, arrays)] = notes(folder, "tempered")
    assert 0.1 <= note["power"] < 0.6  # a quarter is right
    assert arrays["theta"].std() / note["untempered"]["slope"]["sd"] > 1.3
    assert "widened" in said
    page = (folder / "report.html").read_text()
    assert "Widened intervals" in page
    assert "The answer above is not widened" in page
    after = summary(folder)
    assert after["posterior"] == before["posterior"]  # nothing changes silently
    assert after["rounds"] == before["rounds"]


def test_what_covers_is_not_widened(tmp_path, monkeypatch):
    folder = run(tmp_path, monkeypatch, 0.1)
    assert "nothing is widened" in calibrate(folder, "-n", "60", "--temper")
    assert "Widened intervals" not in (folder / "report.html").read_text()
    assert [alarm for alarm in summary(folder)["alarms"] if alarm["what"] == "calibration"] == []


def test_the_second_route_agrees_with_a_right_sampler_and_is_in_the_report(tmp_path, monkeypatch):
    folder = run(tmp_path, monkeypatch, 0.1)
    assert "both routes agree" in calibrate(folder, "--check")
    [(note, _)] = notes(folder, "check")
    names = [one["name"] for one in note["compared"]]
    assert names[:2] == ["mean of slope", "sd of slope"]
    assert names[-1] == "log evidence"
    assert "A second route" in (folder / "report.html").read_text()
    assert [alarm for alarm in summary(folder)["alarms"] if alarm["what"] == "sampler"] == []


def test_a_closed_campaign_is_refused_before_the_work_and_not_after_it(tmp_path, monkeypatch):
    campaign = finished(world(tmp_path), tmp_path / "run")
    campaign.close()
    monkeypatch.setattr("activesci.loop.calibrating.Calibrating._cases", lambda *_: pytest.fail("it worked in vain"))
    for step in (campaign.calibrate, campaign.temper, campaign.check):
        with pytest.raises(LedgerError, match="the ledger is closed"):
            step()


class Mistaken(Stated):
    """A likelihood that is another one after the sampler has run: what the sampler found is then wrong."""

    def log_prob(self, theta, xi, y):
        return super().log_prob(theta + 0.1, xi, y)


def test_a_wrong_sampler_raises_the_alarm(tmp_path, monkeypatch):
    folder = run(tmp_path, monkeypatch, 0.1)
    monkeypatch.setitem(surrogates.KINDS, "likelihood", lambda study, simulator: Mistaken(0.1))
    with Campaign.open(folder) as campaign:
        found = campaign.check()
        campaign.write()
    assert found.differing()
    [alarm] = [alarm for alarm in summary(folder)["alarms"] if alarm["what"] == "sampler"]
    assert "differ" in alarm["message"]
