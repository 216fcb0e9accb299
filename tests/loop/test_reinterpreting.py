"""An archived analysis is asked something else: exact answers, and refusals that name what differs."""

import json
import shutil

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from activesci.errors import LedgerError, StudyError
from activesci.export.analysis import publish
from activesci.ledger import Ledger, fold
from activesci.ledger.archive import Archive
from activesci.loop.reinterpreting import Reinterpreting
from activesci.loop.replaying import Replaying
from activesci.report.reinterpreted import outcome
from activesci.study.requests import request_of

from .worlds import MODEL, POOL, finished, world

BENT = MODEL.replace('theta["slope"] * design["x"]', '(theta["slope"] * design["x"] + theta["bend"])')
MODEL_OF_REQUEST = {
    "study": "bent",
    "parameters": {
        "slope": {"prior": {"normal": [0.0, 1.0]}},
        "bend": {"prior": {"uniform": [0.0, 1.0]}},
    },
    "simulator": {"function": "bent:simulate", "batch": 64},
    "inference": {"surrogate": "exact", "particles": 2048},
}
REQUEST = {
    "reason": "does the line pass through the origin?",
    "model": MODEL_OF_REQUEST,
    "points": [{"slope": 0.5, "bend": 0.0001}, {"slope": 0.0, "bend": 0.5}],
    "limit": {"parameter": "bend", "against": "slope", "at": [0.4, 0.5, 0.6]},
}
ACCEPTED = {"requested_by": "bob", "accepted": {"by": "ada", "word": "go on"}}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """An analysis of three of the pool's four rows."""
    root = tmp_path_factory.mktemp("published")
    finished(world(root / "study", data=POOL, stop={"rounds": 3}), root / "run")
    return publish(root / "run", root / "archive", "line", 0.1, "ada")


@pytest.fixture
def archive(published, tmp_path):
    shutil.copytree(published.folder, tmp_path / "archive")
    return Archive.of(tmp_path / "archive")


def asked(archive, folder, request=REQUEST, files=None):
    files = {"bent.py": BENT} if files is None else files
    return Reinterpreting(archive, request_of(request), files, folder, ACCEPTED)


def rows(archive):
    """Return what the archived run has measured: x and y."""
    with Ledger.read_only(archive.run) as ledger:
        found = fold(ledger.events()).measured()
    return np.array([(one.design["x"], one.outcome["y"]) for one in found]).T


@pytest.fixture(scope="module")
def answered(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("answered") / "answer"
    return folder, asked(published, folder).run()


def on_a_grid(archive):
    """Return axes (slope, bend), the log-likelihood and the prior's weight on a fine grid."""
    x, y = rows(archive)
    slope, bend = np.linspace(-1, 2, 1201), (np.arange(400) + 0.5) / 400
    at = slope[:, None, None] * x + bend[None, :, None]
    logs = norm.logpdf(y, at, 0.1).sum(axis=2)
    return slope, bend, logs, norm.pdf(slope)[:, None] * np.ones(len(bend))


def test_the_answer_is_the_exact_posterior_of_the_other_model_on_the_same_rows(published, answered):
    """2048 particles: means within 5 of their standard errors, sds within 8 %."""
    slope, bend, logs, prior = on_a_grid(published)
    weights = np.exp(logs - logs.max()) * prior
    weights /= weights.sum()
    for name, axis, along in (("slope", slope, 1), ("bend", bend, 0)):
        marginal = weights.sum(axis=along)
        mean = float(marginal @ axis)
        sd = float(np.sqrt(marginal @ (axis - mean) ** 2))
        found = answered[1]["answer"]["posterior"][name]
        assert found["mean"] == pytest.approx(mean, abs=5 * sd / np.sqrt(1000))
        assert found["sd"] == pytest.approx(sd, rel=0.08)


def test_points_and_limit_are_those_of_the_grid(published, answered):
    slope, bend, logs, prior = on_a_grid(published)
    step = slope[1] - slope[0]
    evidence = np.log((np.exp(logs) * prior * step).sum() / len(bend))
    said, (x, y) = answered[1]["answer"], rows(published)
    for one in said["points"]:
        point = one["point"]
        exact = norm.logpdf(y, point["slope"] * x + point["bend"], 0.1).sum() - evidence
        assert one["support"] == pytest.approx(exact, abs=0.1)  # the sampler's error of the evidence
        assert one["error"] == 0.0
    for value, limit in zip(said["limit"]["at"], said["limit"]["credible"], strict=True):
        column = np.exp(logs[np.abs(slope - value).argmin()])
        exact = np.interp(0.95, np.cumsum(column) / column.sum(), bend + 0.5 / len(bend))
        assert limit == pytest.approx(exact, abs=2e-3)
    assert said["limit"]["prior"] == {"uniform": [0.0, 1.0]}


def test_the_ledger_says_what_it_rests_on_and_the_campaign_is_one_of_its_own(published, answered, tmp_path):
    folder, said = answered
    with Ledger.read_only(folder) as ledger:
        first = ledger.check()[0]
    basis = first.payload
    assert basis["analysis"] == {"name": "line", "digest": published.digest, "ledger": published.said["ledger"]}
    assert (basis["data"], basis["accepted"]) == (published.said["data"], {"by": "ada", "word": "go on"})
    assert basis["request"]["reason"] == REQUEST["reason"]
    assert basis["rerun"] == {"tolerance": 0.1, "moved": {"slope": {"mean": 0.0, "sd": 0.0}}, "difference": None} | {
        "surroundings": []
    }
    assert said == outcome(folder)
    shutil.copytree(folder, tmp_path / "moved")  # code and data are in it
    assert Replaying(tmp_path / "moved", tmp_path / "again", 0.0, _Nobody()).run() is None


class _Nobody:
    def event(self, event):
        pass

    def progress(self, stage, done, total):
        pass


def test_asked_again_it_goes_on_and_says_the_same(published, answered):
    folder, said = answered
    assert asked(published, folder).run()["answer"] == said["answer"]
    other = REQUEST | {"reason": "another one"}
    with pytest.raises(LedgerError, match="found another campaign"):
        asked(published, folder, other).run()


def test_a_changed_number_in_the_data_is_named(archive, tmp_path):
    """The row that the run had measured, and one that it had left."""
    path, measured = archive.study / "data.csv", rows(archive)[0]
    path.write_text(POOL.replace("2.0,1.0", "2.0,1.01"))
    assert 2.0 in measured
    said = r"study/data.csv \(line 5\): found another content .*; row 4: outcome.y is 1.01, the run had 1.0"
    with pytest.raises(LedgerError, match=said):
        asked(archive, tmp_path / "new").run()
    assert not (tmp_path / "new").exists()
    path.write_text(POOL)
    left = next(i for i, line in enumerate(POOL.split()[1:]) if list(measured).count(float(line.split(",")[0])) == 0)
    lines = POOL.split("\n")
    lines[left + 1] = lines[left + 1].split(",")[0] + ",7.5"
    path.write_text("\n".join(lines))
    with pytest.raises(LedgerError, match=rf"study/data.csv \(line {left + 2}\)"):
        asked(archive, tmp_path / "new").run()


def test_a_changed_model_file_artifact_or_ledger_is_named(archive, tmp_path):
    model = archive.study / "model.py"
    kept = model.read_text()
    model.write_text(kept.replace("0.1)}", "0.2)}"))
    with pytest.raises(LedgerError, match=r"study/model.py \(line 4\)"):
        asked(archive, tmp_path / "new").run()
    model.write_text(kept)
    (archive.study / "extra.py").write_text("")
    with pytest.raises(LedgerError, match="study/extra.py: found a file that was not archived"):
        asked(archive, tmp_path / "new").run()
    (archive.study / "extra.py").unlink()
    artifact = sorted((archive.run / "artifacts").iterdir())[0]
    artifact.write_bytes(artifact.read_bytes() + b" ")
    with pytest.raises(LedgerError, match="does not hold"):
        asked(archive, tmp_path / "new").run()


def test_an_answer_that_does_not_come_back_is_refused_in_numbers(published, tmp_path, monkeypatch):
    """The mutant: the machine computes otherwise. The tolerance decides, and the first difference is named."""
    from activesci.loop import reinterpreting

    moved = {"slope": {"mean": 0.5 + 0.2, "sd": 0.04}}
    monkeypatch.setattr(
        reinterpreting.Replaying, "answers", lambda self: ({"slope": {"mean": 0.5, "sd": 0.04}}, moved)
    )
    with pytest.raises(LedgerError, match=r"did not come back within 0.1: slope \(its mean by 5 sd"):
        asked(published, tmp_path / "new").run()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("request_", "files", "said"),
    [
        ({"model": {"design": {}}}, {}, r"request: model.design: found design, expected one of study"),
        ({"limit": {"parameter": "none"}}, {}, "limit: found 'none', expected a free parameter: slope"),
        ({"points": [{"x": 1.0}]}, {}, r"points\[0\]: found x, expected a value of each of slope"),
        ({"limit": {"parameter": "slope", "level": 2.0}}, {}, "limit.level"),
        ({"model": MODEL_OF_REQUEST}, {"study.yaml": ""}, "expected another name"),
        ({}, {"model.py": ""}, "its own files stay"),
    ],
)  # fmt: skip
def test_a_request_that_does_not_fit_is_refused_before_anything_runs(published, tmp_path, request_, files, said):
    with pytest.raises((StudyError, LedgerError), match=said):
        asked(published, tmp_path / "new", {"reason": "why not", **request_}, files).run()


def test_the_answer_is_plain_json(answered):
    assert json.loads(json.dumps(answered[1], allow_nan=False)) == answered[1]


def test_another_hypothesis_is_weighed_on_the_same_rows(published, tmp_path):
    """The line against a curve with a simulator of its own: both evidences are Gaussian integrals."""
    curve = MODEL.replace('theta["slope"] * design["x"]', 'theta["bend"] * design["x"] ** 2')
    bent = {"simulator": {"function": "curve:simulate", "batch": 64}}
    bent |= {"statement": "it grows faster", "parameters": {"bend": {"prior": {"normal": [0.0, 1.0]}}}}
    rivals = {"even": {"statement": "it grows evenly"}, "bent": bent}
    model = {"hypotheses": rivals, "inference": {"surrogate": "exact", "particles": 2048}}
    request = {"reason": "or a curve?", "model": model}
    said = asked(published, tmp_path / "new", request, {"curve.py": curve}).run()["answer"]
    x, y = rows(published)

    def evidence(column):
        return multivariate_normal.logpdf(y, np.zeros(len(y)), 0.01 * np.eye(len(y)) + np.outer(column, column))

    even, bent = said["hypotheses"]["each"]
    factor = bent["log_bayes_factor"] - even["log_bayes_factor"]
    assert factor == pytest.approx(evidence(x**2) - evidence(x), abs=0.2)  # the sampler's error of two evidences
    assert even["probability"] + bent["probability"] == pytest.approx(1.0)
