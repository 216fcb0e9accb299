"""A campaign that crashes anywhere in its record and is resumed ends as the one that never crashed."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from activesci.ledger import Ledger, store
from activesci.loop import simulating
from activesci.loop.controller import Campaign
from activesci.report.summary import posterior_text

from .worlds import LEARNED, PLAIN, world


class Crash(BaseException):
    """Nothing catches this."""


@dataclass
class Saboteur:
    """Crashes at the n-th append: before it, after its artifact is on disk, or after all of it."""

    crash_at: int = 0
    when: str = "before"
    count: int = 0

    def __post_init__(self):
        self.append, self.write = Ledger.append, store.write

    def install(self, monkeypatch):
        def append(ledger, *arguments):
            self.count += 1
            self.crash("before")
            event = self.append(ledger, *arguments)
            self.crash("after")
            return event

        def write(*arguments):
            self.crash("between")
            self.write(*arguments)

        monkeypatch.setattr(Ledger, "append", append)
        monkeypatch.setattr(store, "write", write)

    def crash(self, when):
        if (self.count, when) == (self.crash_at, self.when):
            raise Crash


def gone_through(study, folder):
    """Run to the end, or to the crash, as a process would: what is not in the folder is lost."""
    campaign = Campaign(study, folder)
    try:
        for _ in campaign:
            pass
    finally:
        campaign.close()
    return campaign


def told(campaign):
    """Return all that a campaign found out, less the time that it took."""
    summary = campaign.summary()
    for entry in summary["rounds"]:
        del entry["seconds"]
    history = campaign.history
    attempts = [event.payload["status"] for record in history.rounds for event in record.measured]
    return json.dumps([summary, attempts]), posterior_text(campaign.study, campaign.posterior.theta)


TINY = {**LEARNED, "simulations": 128, "per_round": 64}

WORLDS = {
    "a pool with a misfit, in pairs": {
        "data": "x,y\n0.5,0.25\n2.0,1.0\n1.0,9.0\n2.0,1.1\n",
        "designer": {"pool": {}, "batch": 2},
        "stop": None,
    },
    "simulated nature, searched": {"designer": {"bayesopt": {"evaluations": 6}}, "stop": {"gain": 0.5}},
    "a learned likelihood, in passes": {
        "model": PLAIN,
        "inference": {**TINY, "passes": 2},
        "experiment": {"truth": {"slope": 2.5}},
        "stop": {"rounds": 1},
    },
    "failures and no design": {
        "model": 'def simulate(theta, design, rng):\n    y = rng.normal(theta["slope"], 0.5)\n'
        '    y[theta["slope"] > 1] = float("nan")\n    return {"y": y}\n',
        "data": "y\n0.2\n0.4\n",
        "design": None,
        "inference": {**TINY, "per_round": 0},
        "stop": None,
    },
}


MOMENTS = ("before", "between", "after")
EXACT = [name for name in WORLDS if "inference" not in WORLDS[name]]


@pytest.mark.parametrize(
    ("name", "moments"),
    [
        *((name, MOMENTS[1:]) for name in EXACT),
        # with the artifact there and its row not, at each append: every state that a ledger can be left in
        ("a learned likelihood, in passes", MOMENTS[1:2]),
        *(pytest.param(name, MOMENTS, marks=pytest.mark.slow) for name in WORLDS),
    ],
)
def test_a_crash_at_any_append_changes_nothing(tmp_path, monkeypatch, name, moments):
    monkeypatch.setattr(simulating, "FLUSH_SECONDS", 0.0)
    study = world(tmp_path, **WORLDS[name])
    with pytest.MonkeyPatch.context() as patch:
        (watched := Saboteur()).install(patch)
        whole = told(gone_through(study, tmp_path / "whole"))
    equal = []
    for n in range(1, watched.count + 1):
        for when in moments:
            folder = tmp_path / f"{n}-{when}"
            with pytest.MonkeyPatch.context() as patch:
                Saboteur(n, when).install(patch)
                with pytest.raises(Crash):
                    gone_through(study, folder)
            equal.append(told(gone_through(study, folder)) == whole)
    assert watched.count >= 9
    assert len(equal) == len(moments) * watched.count
    assert all(equal), [n for n, same in enumerate(equal) if not same]


def test_with_one_stream_of_random_numbers_a_process_a_crash_would_change_the_outcome(tmp_path):
    """The mutant: what is drawn depends on what this process has drawn before, not on what it is for."""
    study = world(tmp_path)

    def process(folder, crash_at=0):
        stream = np.random.default_rng(3)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("activesci.simulate.function.generator", lambda *_: stream)
            Saboteur(crash_at, "after").install(patch)
            return gone_through(study, folder)

    whole = told(process(tmp_path / "whole"))
    assert told(process(tmp_path / "again")) == whole
    with pytest.raises(Crash):
        process(tmp_path / "crashed", crash_at=6)
    assert told(process(tmp_path / "crashed")) != whole


def test_a_crash_in_every_run_still_ends_the_same(tmp_path):
    """Crash after one append, resume, crash after one more, and so on to the end."""
    study = world(tmp_path, **WORLDS["a pool with a misfit, in pairs"])
    whole = told(gone_through(study, tmp_path / "whole"))
    crashes = 0
    while crashes < 100:
        with pytest.MonkeyPatch.context() as patch:
            Saboteur(2, "after").install(patch)  # the first is RESUMED, once there is something to resume
            try:
                last = gone_through(study, tmp_path / "run")
                break
            except Crash:
                crashes += 1
    assert 10 < crashes < 100
    assert told(last) == whole
