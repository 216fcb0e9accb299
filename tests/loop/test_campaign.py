"""Laws of a campaign: what it measures, what it believes, what it leaves behind."""

import csv
import json

import numpy as np
import pytest

from activesci.errors import LedgerError, StudyError
from activesci.ledger import Kind, Ledger
from activesci.loop.controller import Campaign
from activesci.report import write_report
from activesci.study import Study

from .worlds import LEARNED, LINE, MODEL, PLAIN, POOL, designs, finished, reason, world

KEYS = ["study", "status", "stop_reason", "seed", "rounds", "posterior", "log_evidence", "simulations", "alarms"]
ROUND = ["round", "design", "outcome", "gain", "gain_error", "simulations", "seconds", "posterior", "surprise"]


def rows_used(campaign):
    return [measurement.row for measurement in campaign.history.measured()]


def means(campaign, name="slope"):
    posterior = campaign.history.inferred.payload["posterior"][name]
    return posterior["mean"], posterior["sd"]


class Watcher:
    """Keeps what it is told."""

    def __init__(self):
        self.events, self.stages = [], []

    def event(self, event):
        self.events.append(event)

    def progress(self, stage, done, total):
        self.stages.append((stage, done, total))


# what is measured


def test_every_row_of_a_pool_is_measured_once_whatever_its_design(tmp_path):
    campaign = finished(world(tmp_path, data=POOL, stop=None), tmp_path / "run")
    assert sorted(rows_used(campaign)) == [0, 1, 2, 3]
    assert rows_used(campaign)[0] == 3  # x = 2 tells most
    assert campaign.history.measured()[0].outcome == {"y": 1.0}


@pytest.mark.parametrize("designer", [{"pool": {}}, {"random": {}}])
@pytest.mark.parametrize("batch", [2, 3, 9])
def test_a_batch_takes_distinct_rows_and_no_more_than_there_are(tmp_path, designer, batch):
    study = world(tmp_path, data=POOL, stop=None, designer={**designer, "batch": batch})
    campaign = finished(study, tmp_path / "run")
    assert sorted(rows_used(campaign)) == [0, 1, 2, 3]
    sizes = [len(record.proposals) for record in campaign.history.rounds[1:]]
    assert sizes == {2: [2, 2], 3: [3, 1], 9: [4]}[batch]


def test_a_batch_is_chosen_together_and_learned_from_together(tmp_path):
    campaign = finished(world(tmp_path, designer={"grid": {"points": 5}, "batch": 3}), tmp_path / "run")
    assert [len(record.measurements) for record in campaign.history.rounds] == [0, 3, 3]
    assert [proposal["id"] for proposal in campaign.history.proposals] == list(range(6))
    gains = [proposal["gain"] for proposal in campaign.history.rounds[1].proposals]
    assert designs(campaign)[:3] == [{"x": 2.0}, {"x": 1.5}, {"x": 1.0}]  # none twice
    assert gains == pytest.approx([3.0, 0.22, 0.07], abs=0.05)  # what each adds: ln sqrt(401), 626/401, 726/626
    [round_one, _] = campaign.summary()["rounds"]
    assert len(round_one["design"]) == len(round_one["outcome"]) == len(round_one["surprise"]) == 3


def test_gain_per_cost_is_maximised(tmp_path):
    """Gains ln(1 + x^2 / 0.01) / 2 over costs 1 + x^8; then ln(1 + x^2 / (0.01 * 26)) / 2 over the same."""
    dear = finished(world(tmp_path / "a", cost="1 + x**8"), tmp_path / "a" / "run")
    assert designs(dear) == [{"x": 0.5}, {"x": 1.0}]
    batch = world(tmp_path / "c", cost="1 + x**8", stop={"rounds": 1}, designer={"grid": {"points": 5}, "batch": 2})
    assert designs(finished(batch, tmp_path / "c" / "run")) == [{"x": 0.5}, {"x": 1.0}]
    assert designs(finished(world(tmp_path / "b", cost=3.0), tmp_path / "b" / "run")) == [{"x": 2.0}] * 2


def test_data_without_designs_are_all_used_at_once_and_then_only_simulations_follow(tmp_path):
    model = "def simulate(theta, design, rng):\n    return {'y': rng.normal(theta['slope'], 0.5)}\n"
    data = "y\n0.4\n0.7\n0.5\n"
    study = world(tmp_path, model, data, design=None, inference=LEARNED, stop={"rounds": 3})
    campaign = finished(study, tmp_path / "run")
    history = campaign.history
    assert [len(record.measurements) for record in history.rounds] == [0, 3, 0, 0]
    assert rows_used(campaign) == [0, 1, 2]
    assert [record.simulations for record in history.rounds] == [300, 50, 50, 50]
    assert reason(campaign) == ("stopped", "rounds 3 >= 3")
    mean, sd = means(campaign)
    # three draws of sd 0.5 under a standard normal prior: precision 13, mean 12 * 0.5333 / 13 = 0.492
    assert abs(mean - 0.492) < 0.15
    assert abs(sd - 13**-0.5) < 0.1


def test_data_without_designs_and_without_a_rule_are_used_and_that_is_all(tmp_path):
    model = MODEL_WITHOUT_DESIGN
    campaign = finished(world(tmp_path, model, "y\n0.4\n0.7\n", design=None, stop=None), tmp_path / "run")
    assert reason(campaign) == ("stopped", "every recorded measurement has been used")
    assert len(campaign.history.rounds) == 2


MODEL_WITHOUT_DESIGN = """\
import numpy as np

def simulate(theta, design, rng):
    assert not design
    return {"y": rng.normal(theta["slope"], 0.5)}

def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - theta["slope"]) / 0.5) ** 2 - np.log(0.5 * np.sqrt(2 * np.pi))
"""


def test_a_truth_without_a_design_is_measured_once(tmp_path):
    campaign = finished(world(tmp_path, MODEL_WITHOUT_DESIGN, design=None, stop={"rounds": 2}), tmp_path / "run")
    assert [len(record.measurements) for record in campaign.history.rounds] == [0, 1, 0]
    [first, second] = campaign.summary()["rounds"]
    assert (first["design"], second["outcome"]) == ({}, None)


EVENTS = """\
import numpy as np

def simulate(theta, design, rng):
    n = len(theta["slope"])
    y = rng.normal((theta["slope"] * design["x"])[:, None], 0.5, (n, 8))
    z = rng.random((n, 8)) < 0.5
    used = np.broadcast_to(design.get("n", np.full(n, 8)), n)
    cut = {name: [row[:m] for row, m in zip(rows, used)] for name, rows in (("y", y), ("z", z))}
    return {**cut, "k": rng.poisson(3.0, n)}

def log_likelihood(theta, design, outcome):
    each = -0.5 * ((outcome["y"] - (theta["slope"] * design["x"])[:, None]) / 0.5) ** 2 - np.log(0.5)
    return np.nansum(each, axis=1)
"""


@pytest.mark.parametrize("iid", [8, "n"])
def test_exchangeable_events_and_several_outcomes_are_measured_and_recorded(tmp_path, iid):
    design = {"x": {"real": [0.0, 2.0]}, **({"n": {"integer": [2, 8]}} if iid == "n" else {})}
    outcome = {"y": {"real": [], "iid": iid}, "z": {"binary": [], "iid": iid}, "k": {"count": []}}
    study = world(tmp_path, EVENTS, design=design, outcome=outcome, designer={"grid": {"points": 2}},
                  stop={"rounds": 1})  # fmt: skip
    campaign = finished(study, tmp_path / "run")
    [measured] = campaign.history.measured()
    assert measured.design == {"x": 2.0, **({"n": 8} if iid == "n" else {})}  # more events tell more
    assert [len(measured.outcome[name]) for name in "yz"] == [8, 8]
    assert measured.outcome["k"] == int(measured.outcome["k"])
    mean, sd = means(campaign)
    assert abs(mean - 0.5) < 4 * sd
    assert sd == pytest.approx((1 + 8 * 4 / 0.25) ** -0.5, rel=0.2)


def test_nuisances_take_part_and_are_reported(tmp_path):
    model = """\
import numpy as np

def simulate(theta, design, rng):
    return {"y": rng.normal(theta["slope"] * design["x"] + theta["offset"], 0.1)}

def log_likelihood(theta, design, outcome):
    return -0.5 * ((outcome["y"] - theta["slope"] * design["x"] - theta["offset"]) / 0.1) ** 2
"""
    parameters = {**LINE["parameters"], "offset": {"prior": {"normal": [0.0, 1.0]}, "role": "nuisance"}}
    study = world(tmp_path, model, parameters=parameters, experiment={"truth": {"slope": 0.5, "offset": 0.3}},
                  stop={"rounds": 4})  # fmt: skip
    campaign = finished(study, tmp_path / "run")
    assert list(campaign.posterior.mean()) == ["slope", "offset"]
    assert len({design["x"] for design in designs(campaign)}) > 1  # one place alone cannot tell the slope
    mean, sd = means(campaign)
    assert abs(mean - 0.5) < 4 * sd < 1.0


def test_simulations_go_to_what_was_measured_also_where_nobody_asked(tmp_path):
    study = world(tmp_path, PLAIN, experiment={"manual": True}, inference=LEARNED)
    with Campaign(study, tmp_path / "run") as campaign:
        campaign.ask()
        campaign.tell({"x": 0.123}, {"y": 0.1}, proposal=0)
    with Ledger.read_only(tmp_path / "run") as ledger:
        xi = ledger.arrays(campaign.history.rounds[1].passes[-1].planned)["xi"]
    assert (xi == 0.123).sum() >= 50 // 3


# what is alarming


def test_a_misfit_is_told_before_the_outcome_is_used(tmp_path):
    data = "x,y\n1.0,9.0\n2.0,0.9\n"
    watcher = Watcher()
    campaign = finished(world(tmp_path, data=data, stop=None), tmp_path / "run", observer=watcher)
    kinds = [event.kind for event in watcher.events if event.round == 2]
    assert kinds.index(Kind.MEASURED) < kinds.index(Kind.ALARM) < kinds.index(Kind.INFERRED)
    [alarm] = campaign.summary()["alarms"]
    assert (alarm["round"], alarm["what"]) == (2, "misfit")
    assert "predictive tail probability of 0.0005" in alarm["message"]
    assert campaign.summary()["rounds"][1]["surprise"] < 0.003 < campaign.summary()["rounds"][0]["surprise"]


def test_surprise_is_judged_by_what_was_believed_before(tmp_path):
    """The same outcome is no surprise under the prior, and one once the slope is known."""
    first = finished(world(tmp_path / "a", data="x,y\n2.0,-2.0\n", stop=None), tmp_path / "a" / "run")
    after = finished(world(tmp_path / "b", data="x,y\n2.0,1.0\n2.0,-2.0\n", stop=None), tmp_path / "b" / "run")
    assert first.history.measured()[0].surprise > 0.1
    assert after.history.measured()[1].surprise < 0.003


# what is left behind


def test_the_run_folder_holds_what_the_contract_says(tmp_path):
    study = world(tmp_path)
    finished(study, tmp_path / "run")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"study.yaml", "ledger.sqlite", "ledger.lock", "artifacts", "summary.json", "posterior.csv",
                     "report.html"}  # fmt: skip
    assert (tmp_path / "run" / "study.yaml").read_text() == (tmp_path / "study.yaml").read_text()
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert list(summary) == KEYS
    assert [list(entry) for entry in summary["rounds"]] == [ROUND] * 2
    assert list(summary["posterior"]["slope"]) == ["mean", "sd", "q05", "q50", "q95"]
    assert (summary["study"], summary["status"], summary["seed"]) == ("line", "stopped", 3)
    with (tmp_path / "run" / "posterior.csv").open() as file:
        head, *rows = csv.reader(file)
    assert (head, len(rows)) == (["slope"], 256)


def test_the_posterior_is_samples_moments_and_quantiles(tmp_path):
    posterior = finished(world(tmp_path), tmp_path / "run").posterior
    samples = posterior.sample(1000)
    assert list(samples) == ["slope"]
    assert samples["slope"].shape == (1000,)
    assert posterior.sample(100, np.random.default_rng(1))["slope"].shape == (100,)
    quantiles = [posterior.quantile(q)["slope"] for q in (0.05, 0.5, 0.95)]
    assert quantiles == sorted(quantiles)
    assert quantiles[0] < posterior.mean()["slope"] < quantiles[2]
    # two measurements of sd 0.1 at x = 2 under a standard normal prior
    assert posterior.sd()["slope"] == pytest.approx((1 + 2 * 4 / 0.01) ** -0.5, rel=0.15)


def test_a_campaign_can_be_walked_round_by_round(tmp_path):
    with Campaign(world(tmp_path), tmp_path / "run") as campaign:
        states = list(campaign)
        assert [state.round for state in states] == [0, 1, 2]
        sds = [state.posterior.sd()["slope"] for state in states]
        assert sds == sorted(sds, reverse=True)
        assert [len(state.record.measurements) for state in states] == [0, 1, 1]
        assert list(campaign) == []
        assert campaign.report().name == "report.html"
        assert "line" in campaign._repr_html_()


def test_a_walk_that_is_left_goes_on_where_it_was(tmp_path):
    whole = finished(world(tmp_path), tmp_path / "whole")
    with Campaign(world(tmp_path), tmp_path / "run") as campaign:
        for state in campaign:
            if state.round == 1:
                break
        assert campaign.history.status == "running"
        campaign.run()
    assert campaign.summary()["posterior"] == whole.summary()["posterior"]
    assert designs(campaign) == designs(whole)


def test_a_study_of_a_mapping_runs_too(tmp_path, monkeypatch):
    world(tmp_path)
    monkeypatch.chdir(tmp_path)
    campaign = finished(Study(**LINE), tmp_path / "run")
    assert designs(campaign) == [{"x": 2.0}] * 2


def test_what_is_watched_is_told_and_changes_nothing(tmp_path):
    study, watcher = world(tmp_path, PLAIN, inference=LEARNED, stop={"rounds": 1}), Watcher()
    watched = finished(study, tmp_path / "one", observer=watcher)
    assert watched.summary()["posterior"] == finished(study, tmp_path / "two").summary()["posterior"]
    with Ledger.read_only(tmp_path / "one") as ledger:
        assert watcher.events == ledger.events()
    assert ("simulate", 300, 300) in watcher.stages


# what is refused


def reopened(folder):
    """Go on as `run` does, and then as `resume` does."""
    Campaign(Study.load(folder / "study.yaml"), folder / "run").close()
    return Campaign.open(folder / "run")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: world(folder, data=POOL, stop={"rounds": 3}), "another study (another stop)"),
        (lambda folder: world(folder, data=POOL, stop={"rounds": 2}, seed=4), "another study (another seed)"),
        (lambda folder: (folder / "model.py").write_text(PLAIN + "\n"), "no log_likelihood"),
        (lambda folder: (folder / "model.py").write_text(MODEL + "# more\n"), "another simulator's code"),
        (lambda folder: (folder / "data.csv").write_text(POOL + "0.1,0.2\n"), "another data"),
        (lambda folder: (folder / "run" / "study.yaml").write_text("study: line\n"), "study.yaml"),
    ],
)
def test_another_world_is_not_gone_on_with(tmp_path, change, words):
    study = world(tmp_path, data=POOL, stop={"rounds": 2})
    finished(study, tmp_path / "run")
    before = (tmp_path / "run" / "ledger.sqlite").read_bytes()
    change(tmp_path)
    with pytest.raises((LedgerError, StudyError)) as refused:
        reopened(tmp_path)
    assert words in str(refused.value)
    assert (tmp_path / "run" / "ledger.sqlite").read_bytes() == before


def test_one_writer_at_a_time(tmp_path):
    study = world(tmp_path)
    with Campaign(study, tmp_path / "run") as campaign:
        next(iter(campaign))
        with pytest.raises(LedgerError, match="this process has the campaign in this folder open already"):
            Campaign(study, tmp_path / "run")
        campaign.run()
    Campaign(study, tmp_path / "run").close()


# reports of every state


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_the_report_of_every_state_renders(tmp_path, rounds):
    study = world(tmp_path, data=POOL, stop={"rounds": 2})
    with Campaign(study, tmp_path / "run") as campaign:
        write_report(study, Ledger.read_only(tmp_path / "run"), campaign.history, tmp_path / "run")
        walk = iter(campaign)
        for _ in range(rounds + 1):
            next(walk)
            assert "</html>" in campaign.report().read_text()
        walk.close()
        assert list(campaign.summary()) == KEYS


def test_a_writer_that_was_replaced_leaves_the_files_alone(tmp_path):
    study = world(tmp_path / "study")
    with Campaign(study, tmp_path / "run") as campaign:
        campaign.run()
        before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file()}
        (tmp_path / "run" / "summary.json").write_text("by a later writer")
        (tmp_path / "new.lock").write_text("")
        (tmp_path / "new.lock").replace(tmp_path / "run" / "ledger.lock")
        with pytest.raises(LedgerError, match="another one has taken over"):
            campaign.write()
    assert (tmp_path / "run" / "summary.json").read_text() == "by a later writer"
    assert (tmp_path / "run" / "report.html").read_bytes() == before["report.html"]
