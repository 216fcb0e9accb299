"""Trial 17: until a blind campaign is opened, nothing that it leaves or says holds what it hides."""

import importlib.util
import json
import sqlite3
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from activesci import report
from activesci.cli import main
from activesci.errors import LedgerError
from activesci.integrity.blinding import Curtain, Door, Shift, masked, shifts_of
from activesci.integrity.shuffling import Shuffle
from activesci.ledger import Ledger, fold, sealing
from activesci.ledger.events import Kind
from activesci.loop import learning, measuring, salting, steps
from activesci.loop.controller import Campaign
from activesci.loop.journal import Nobody
from tests.loop.worlds import LEARNED, PLAIN, world

TRUE, ROUNDS = 0.5123457, 3
SECRET = bytes(range(32))
"""A key of ours, so that its offset is far from what it hides."""
REFUSED = (["replay"], ["calibrate", "--check"], ["calibrate", "--temper"])
"""Commands that would compute with what is hidden."""
NOISE = (0.0312345, -0.0823456, 0.0512349)


def tools():
    path = Path(__file__).parents[2] / "experiments" / "benchmarks" / "integrity" / "leaks.py"
    spec = importlib.util.spec_from_file_location("leaks", path)
    module = sys.modules["leaks"] = importlib.util.module_from_spec(spec)  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


leaks = tools()


class Listening(Nobody):
    """Keeps all that a campaign tells."""

    def __init__(self):
        self.told = []

    def event(self, event):
        self.told.append(str(event))


@pytest.fixture
def sealed(monkeypatch):
    monkeypatch.setattr(sealing.os, "urandom", lambda size: SECRET[:size])


@pytest.fixture
def study(tmp_path, sealed):
    return world(
        tmp_path / "study",
        PLAIN,
        blind={},
        experiment={"manual": True},
        inference={**LEARNED, "simulations": 120, "per_round": 30, "ensemble": 1},
        stop={"rounds": ROUNDS},
        expect=["sd of slope below 0.5", "slope within 0.3 and 0.7"],
    )


def answered(design, number):
    return {"y": TRUE * design["x"] + NOISE[number]}


def conducted(study, folder, answered=answered):
    """Run a campaign to its end, and return all that it said on the way."""
    listening = Listening()
    with Campaign(study, folder, observer=listening) as campaign:
        for number in range(ROUNDS):
            design = campaign.ask()
            state = campaign.tell(design, answered(design, number))
            said = [repr(state), repr(state.posterior.sample(5)), str(state.posterior.summary())]
            said += [str(campaign.history), str(state.posterior.population), str(campaign.posterior.quantile(0.5))]
            listening.told += said
        listening.told += [repr(campaign.posterior), campaign._repr_html_(), json.dumps(campaign.summary())]
    return "\n".join(listening.told)


def commanded(folder, tmp_path, refused):
    """Return what every command says of a run, by its words; what they write goes to a folder."""
    to = tmp_path / "exports"
    words = [["status"], ["status", "--json"], ["status", "--failures"], ["verify"], ["report"], ["ask"], ["resume"]]
    words += refused
    runs = [[one[0], str(folder), *one[1:]] for one in words]
    runs += [["export", kind, str(folder), "--to", str(to / kind)] for kind in ("csv", "prov", "crate", "parquet")]
    runs += [["export", "arviz", str(folder), "--to", str(to / "run.nc")], ["diff", str(folder), str(folder)]]
    runs += [["export", "graph", str(folder), "--to", str(to / "run.svg")]]
    runs += [["branch", str(folder), "--at", "1", "--to", str(to / "branch")]]
    found = {" ".join(run): CliRunner().invoke(main, run) for run in runs}
    assert {name: one.exit_code for name, one in found.items() if one.exit_code not in (0, 2)} == {}
    return {name: one.output for name, one in found.items()}


def secrets_of(study, folder):
    """Return what is hidden, by opening the ledger with its key."""
    with Ledger.open(folder) as ledger:
        history = fold(ledger.events())
        numbers = {"offset": shifts_of(study, sealing.Key(SECRET))["slope"].offset, "evidence": _evidence(history)}
        for record in history.rounds[1:]:
            said = record.inferred.payload["posterior"]["slope"]
            numbers |= {f"{place} of round {record.number}": said[place] for place in ("mean", "q05", "q50", "q95")}
            numbers |= {f"outcome of round {record.number}": record.measurements[0].outcome["y"]}
            numbers |= {f"gain of round {record.number}": record.proposals[0]["gain"]}
            numbers |= {f"rank of round {record.number}": record.measurements[0].rank}
        numbers["a sample"] = float(ledger.arrays(history.inferred)["theta"][17, 0])
        assert abs(numbers["offset"]) > 1
    words = {"the answer": report.numbers.rounded(said["mean"], said["sd"])}
    return leaks.Secrets(numbers, words, {"slope": (said["mean"], said["sd"])})


def _evidence(history):
    return history.inferred.payload["log_evidence"]


def test_nothing_that_is_hidden_can_be_found_before_it_is_opened(study, tmp_path):
    folder = tmp_path / "run"
    said = {"what it said": conducted(study, folder)}
    secrets = secrets_of(study, folder)
    said |= commanded(folder, tmp_path, REFUSED)
    assert leaks.leaks(secrets, folder, said) == []
    assert leaks.leaks(secrets, tmp_path / "exports", {}) == []
    assert not list((tmp_path / "exports").rglob("*.key"))

    opened = CliRunner().invoke(main, ["unblind", str(folder), "--by", "Ada"])
    assert opened.exit_code == 0, opened.output
    told = commanded(folder, tmp_path / "after", [])
    hits = [*leaks.leaks(secrets, folder, told), *leaks.leaks(secrets, tmp_path / "after" / "exports", {})]
    found = {hit.rpartition(": ")[2] for hit in hits}
    assert found >= {*secrets.numbers, *secrets.words}, "the search must find each once it is there"


def through_a_plots_axis(patch):
    pictures, key = report.sections.posterior.trajectory_pictures, sealing.Key(SECRET)

    def leaking(reading):
        (shift,) = shifts_of(reading.study, key).values()
        for theta in reading.beliefs.values():
            theta[:] = shift.back(theta)
        return pictures(reading)

    patch.setattr(report.sections.posterior, "trajectory_pictures", leaking)


def through_the_csv(patch):
    write, key = report.write_posterior, sealing.Key(SECRET)

    def leaking(study, theta, folder):
        (shift,) = shifts_of(study, key).values()
        return write(study, shift.back(theta), folder)

    patch.setattr(report, "write_posterior", leaking)


def through_an_exception(patch):
    describe = learning.described

    def failing(belief):
        if len(belief.data) == 2:
            raise ValueError(f"no convergence around {belief.posterior.mean()}")
        return describe(belief)

    patch.setattr(learning, "described", failing)
    patch.setattr(steps, "discreetly", lambda step: step())


def through_the_ledger(patch):
    patch.setattr(Shift, "shown", lambda self, said: dict(said))


def through_an_artifact(patch):
    patch.setattr(Door, "samples", lambda self, theta: theta)


def through_the_log(patch):
    patch.setattr(Ledger, "shown_event", lambda self, event: event)


def through_an_outcome(patch):
    look = Door._measured

    def leaking(self, *event):
        return {**look(self, *event)[0], "outcome": event[1]["outcome"]}, {}

    patch.setattr(Door, "_measured", leaking)


MUTANTS = (
    through_a_plots_axis,
    through_the_csv,
    through_an_exception,
    through_the_ledger,
    through_an_artifact,
    through_the_log,
    through_an_outcome,
)


def mutants(first, *others):
    """Return the mark of a test that is run for each of these; the first one alone is among the quick tests."""
    slow = [pytest.param(one, marks=pytest.mark.slow) for one in others]
    return pytest.mark.parametrize("mutate", [first, *slow], ids=lambda one: one.__name__)


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A study whose likelihood is known, and what its campaign hides."""
    folder = tmp_path_factory.mktemp("known")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sealing.os, "urandom", lambda size: SECRET[:size])
        study = world(folder / "study", blind={}, experiment={"manual": True}, stop={"rounds": ROUNDS})
        said = conducted(study, folder / "run")
        secrets = secrets_of(study, folder / "run")
        assert leaks.leaks(secrets, folder / "run", {"what it said": said}) == []
    return study, secrets


@mutants(*MUTANTS)
def test_the_search_finds_a_leak(mutate, known, tmp_path, sealed, monkeypatch):
    study, secrets = known
    told = {}
    mutate(monkeypatch)
    try:
        told["what it said"] = conducted(study, tmp_path / "run")
    except ValueError as error:
        told["an exception"] = str(error)
    assert leaks.leaks(secrets, tmp_path / "run", told)


REGION = "x > 1"


def hidden_in(folder):
    """Return what a campaign with a hidden region hides, and the outcomes that are open."""
    with Ledger.open(folder) as ledger:
        history = fold(ledger.events())
        numbers, shown = {"evidence": _evidence(history)}, {}
        for record in history.rounds[1:]:
            said, one = record.inferred.payload["posterior"]["slope"], record.measurements[0]
            numbers |= {f"{place} of round {record.number}": said[place] for place in ("mean", "sd", "q05", "q95")}
            numbers |= {f"rank of round {record.number}": one.rank}
            inside = one.design["x"] > 1
            (numbers if inside else shown)[f"outcome of round {record.number}"] = one.outcome["y"]
        numbers["a sample"] = float(ledger.arrays(history.inferred)["theta"][17, 0])
    assert shown
    assert any("outcome" in name for name in numbers)
    return leaks.Secrets(numbers, {}, {"slope": (said["mean"], said["sd"])}), leaks.Secrets(shown)


@pytest.fixture
def regional(tmp_path, sealed):
    """A study that measures in its hidden region and outside."""
    asked = {"experiment": {"manual": True}, "stop": {"rounds": ROUNDS}, "designer": {"random": {}}}
    return world(tmp_path / "study", blind={"region": REGION}, expect=["sd of slope below 0.5"], **asked)


def test_of_a_hidden_region_nothing_is_told_and_outside_it_the_outcomes_are(regional, tmp_path):
    folder = tmp_path / "run"
    said = {"what it said": conducted(regional, folder)}
    said |= commanded(folder, tmp_path, REFUSED)
    hidden, shown = hidden_in(folder)
    assert leaks.leaks(hidden, folder, said) == []
    assert leaks.leaks(hidden, tmp_path / "exports", {}) == []
    assert {hit.rpartition(": ")[2] for hit in leaks.leaks(shown, folder, said)} == {*shown.numbers}

    opened = CliRunner().invoke(main, ["unblind", str(folder), "--by", "Ada"])
    assert opened.exit_code == 0, opened.output
    hits = leaks.leaks(hidden, folder, commanded(folder, tmp_path / "after", []))
    hits += leaks.leaks(hidden, tmp_path / "after" / "exports", {})
    assert {hit.rpartition(": ")[2] for hit in hits} >= {*hidden.numbers}


def through_the_region(patch):
    patch.setattr(Door, "_outside", lambda self, design: True)


def through_how_surprising_it_is(patch):
    look = Door._measured

    def leaking(self, *event):
        shown, arrays = look(self, *event)
        return {**shown, "rank": event[1]["rank"]}, arrays

    patch.setattr(Door, "_measured", leaking)


def through_sizes(patch):
    patch.setattr(Curtain, "shown", lambda self, said: {**dict.fromkeys(said), "sd": said["sd"]})


def through_the_curtain(patch):
    patch.setattr(Curtain, "tells", lambda self, said: False)
    patch.setattr(Curtain, "__call__", lambda self, x: x)


@mutants(through_the_region, through_how_surprising_it_is, through_sizes, through_the_curtain)
def test_the_search_finds_a_leak_of_a_hidden_region(mutate, regional, tmp_path, monkeypatch):
    mutate(monkeypatch)
    said = conducted(regional, tmp_path / "run")
    assert leaks.leaks(hidden_in(tmp_path / "run")[0], tmp_path / "run", {"what it said": said})


def ran(study, folder):
    """Run a campaign that measures by itself, and return all that it said on the way."""
    listening = Listening()
    with Campaign(study, folder, observer=listening) as campaign:
        for state in campaign:
            listening.told += [repr(state), str(campaign.history), str(campaign.posterior.summary())]
            with pytest.raises(LedgerError, match="would show what is hidden"):
                campaign.ask()
        campaign.write()
        listening.told += [repr(campaign.posterior), campaign._repr_html_(), json.dumps(campaign.summary())]
    return "\n".join(listening.told)


def dark_in(folder):
    """Return what a campaign that hides its designs hides."""
    with Ledger.open(folder) as ledger:
        history, numbers = fold(ledger.events()), {}
        for record in history.rounds[1:]:
            said, one = record.inferred.payload["posterior"]["slope"], record.measurements[0]
            numbers |= {f"{place} of round {record.number}": said[place] for place in ("mean", "sd", "q05", "q95")}
            numbers |= {f"outcome of round {record.number}": one.outcome["y"], f"rank {record.number}": one.rank}
            numbers |= {f"design of round {record.number}": one.design["x"]}
    return leaks.Secrets(numbers, {}, {"slope": (said["mean"], said["sd"])})


@pytest.fixture
def dark(tmp_path, sealed):
    asked = {"stop": {"rounds": ROUNDS}, "designer": {"random": {}}, "experiment": {"truth": {"slope": TRUE}}}
    return world(tmp_path / "study", blind={"designs": True}, expect=["sd of slope below 0.5"], **asked)


def test_where_designs_are_hidden_nothing_is_told_at_all(dark, tmp_path):
    folder = tmp_path / "run"
    said = {"what it said": ran(dark, folder)}
    said |= commanded(folder, tmp_path, REFUSED)
    hidden = dark_in(folder)
    assert leaks.leaks(hidden, folder, said) == []
    assert leaks.leaks(hidden, tmp_path / "exports", {}) == []

    opened = CliRunner().invoke(main, ["unblind", str(folder), "--by", "Ada"])
    assert opened.exit_code == 0, opened.output
    hits = leaks.leaks(hidden, folder, commanded(folder, tmp_path / "after", []))
    hits += leaks.leaks(hidden, tmp_path / "after" / "exports", {})
    assert {hit.rpartition(": ")[2] for hit in hits} >= {*hidden.numbers}


def through_what_is_chosen(patch):
    patch.setattr(Door, "_design", lambda self, design: dict(design))


def through_what_is_measured(patch):
    look = Door._measured

    def leaking(self, *event):
        shown, arrays = look(self, *event)
        return {**shown, "design": event[1]["design"]}, arrays

    patch.setattr(Door, "_measured", leaking)


@mutants(through_what_is_chosen, through_what_is_measured)
def test_the_search_finds_a_leak_of_a_design(mutate, dark, tmp_path, monkeypatch):
    mutate(monkeypatch)
    said = ran(dark, tmp_path / "run")
    assert leaks.leaks(dark_in(tmp_path / "run"), tmp_path / "run", {"what it said": said})


SALTING = bytes(range(2, 34))
"""A key with which some of the outcomes are salted, and some are not."""


def dialled(design, number):
    """Return an outcome with as many digits as there are on a dial."""
    return {"y": round(TRUE * design["x"] + NOISE[number], 8)}


def salted_in(folder):
    """Return what a salted campaign hides, what it shows, and which of its measurements are salted."""
    with Ledger.open(folder) as ledger:
        history, hidden, shown, salted = fold(ledger.events()), {}, {}, []
        for record in history.rounds[1:]:
            said, one = record.inferred.payload["posterior"]["slope"], record.measurements[0]
            hidden |= {f"{place} of round {record.number}": said[place] for place in ("mean", "sd", "q05", "q95")}
            hidden |= {f"rank of round {record.number}": one.rank}
            salted.append(one.event.payload["salted"])
            both = {"measured": one.outcome["y"], "synthetic": one.event.payload["synthetic"]["y"]}
            seen, kept = ("synthetic", "measured") if salted[-1] else ("measured", "synthetic")
            shown[f"{seen} of round {record.number}"] = both[seen]
            hidden[f"{kept} of round {record.number}"] = both[kept]
    return leaks.Secrets(hidden, {}, {"slope": (said["mean"], said["sd"])}), leaks.Secrets(shown), salted


def differing(folder):
    """Return in what the records of measurements differ as anybody can read them: nothing, or it tells the salt."""
    with Ledger.read_only(folder) as ledger:
        events = [event for event in ledger.events() if event.kind is Kind.MEASURED]
        told = {
            "what is said": {tuple(sorted(event.payload)) for event in events},
            "what is said beside": {
                str({k: v for k, v in e.payload.items() if k not in ("design", "outcome", "proposal")}) for e in events
            },
            "arrays": {tuple(sorted((n, a.shape) for n, a in ledger.arrays(event).items())) for event in events},
            "digits": {len(repr(event.payload["outcome"]["y"]).partition(".")[2]) > 8 for event in events},
            "agreement": {event.payload["outcome"]["y"] == ledger.arrays(event)["y"][0, 0] for event in events},
            "its size on disk": {(folder / "artifacts" / f"{event.artifact}.npz").stat().st_size for event in events},
        }
    with sqlite3.connect(folder / "ledger.sqlite") as connection:
        rows = connection.execute("SELECT payload FROM events WHERE kind = 'measured'").fetchall()
    connection.close()
    told["what is sealed"] = {len(json.loads(text)["sealed"]) for (text,) in rows}
    return [what for what, found in told.items() if len(found) > 1]


@pytest.fixture
def salty(tmp_path, monkeypatch):
    monkeypatch.setattr(sealing.os, "urandom", lambda size: SALTING[:size])
    asked = {"experiment": {"manual": True}, "stop": {"rounds": ROUNDS}, "designer": {"random": {}}}
    return world(tmp_path / "study", blind={"salt": 0.5}, expect=["sd of slope below 0.5"], **asked)


def test_which_outcomes_are_salt_is_told_nowhere_until_it_is_opened(salty, tmp_path):
    folder = tmp_path / "run"
    said = {"what it said": conducted(salty, folder, dialled)}
    said |= commanded(folder, tmp_path, REFUSED)
    hidden, shown, salted = salted_in(folder)
    assert {*salted} == {True, False}
    assert leaks.leaks(hidden, folder, said) == []
    assert leaks.leaks(hidden, tmp_path / "exports", {}) == []
    assert differing(folder) == []
    assert {hit.rpartition(": ")[2] for hit in leaks.leaks(shown, folder, said)} == {*shown.numbers}

    opened = CliRunner().invoke(main, ["unblind", str(folder), "--by", "Ada"])
    assert opened.exit_code == 0, opened.output
    hits = leaks.leaks(hidden, folder, commanded(folder, tmp_path / "after", []))
    hits += leaks.leaks(hidden, tmp_path / "after" / "exports", {})
    never = {name for name in hidden.numbers if "synthetic" in name}  # made, and of no use to anybody
    assert {hit.rpartition(": ")[2] for hit in hits} >= {*hidden.numbers} - never
    assert "Synthetic outcomes that were shown until then" in (folder / "report.html").read_text()
    assert Campaign.unblind(folder).payload["salt"] == {"synthetic": sum(salted), "of": ROUNDS}


def through_the_array(patch):
    look = Door._measured
    patch.setattr(Door, "_measured", lambda self, *event: (look(self, *event)[0], {"y": event[2]["y"]}))


def through_what_is_sealed(patch):
    patch.setattr(salting, "padded", lambda said: dict(said))


def through_the_time_it_took(patch):
    look = Door._measured

    def leaking(self, *event):
        shown, arrays = look(self, *event)
        return {**shown, "seconds": float(event[1]["salted"])}, arrays

    patch.setattr(Door, "_measured", leaking)


def through_digits(patch):
    patch.setattr(salting, "as_written", lambda y, like: y)


def through_the_measured_one(patch):
    look = Door._measured

    def leaking(self, *event):
        shown, arrays = look(self, *event)
        return {**shown, "reason": str(event[1]["outcome"])}, arrays

    patch.setattr(Door, "_measured", leaking)


SALT_MUTANTS = (
    through_the_array,
    through_what_is_sealed,
    through_the_time_it_took,
    through_digits,
    through_the_measured_one,
    through_the_curtain,
)


@mutants(*SALT_MUTANTS)
def test_the_search_finds_what_tells_the_salt(mutate, salty, tmp_path, monkeypatch):
    mutate(monkeypatch)
    said = conducted(salty, tmp_path / "run", dialled)
    found = leaks.leaks(salted_in(tmp_path / "run")[0], tmp_path / "run", {"what it said": said})
    assert found or differing(tmp_path / "run")


ARMS = """\
import numpy as np

def gain(design):
    return np.select([np.asarray(design["arm"]) == name for name in ("alpha", "beta")], [1.0, 2.0], 3.0)

def simulate(theta, design, rng):
    y = rng.normal(theta["slope"] * gain(design), 0.1)
    return {"y": y, "seen": np.where(y > 0, "above", "below")}

def log_likelihood(theta, design, outcome):
    mean = theta["slope"] * gain(design)
    right = np.where(outcome["y"] > 0, "above", "below") == outcome["seen"]
    return np.where(right, -0.5 * ((outcome["y"] - mean) / 0.1) ** 2 - np.log(0.1 * np.sqrt(2 * np.pi)), -np.inf)
"""
FORMS = ('"{}": "{}"', '"{}":"{}"', "'{}': '{}'", "{} = {}", "{}: {}", "{} {}")
"""How a name and its value may be written."""


def written(name, label):
    """Return the forms in which a label of a name may be written, and a cell of a table that it fills."""
    pairs = {f"{name} as {form}": form.format(name, label) for form in FORMS}
    return pairs | {f"a cell, {label}": f",{label},", f"another, {label}": f">{label}<"}


@pytest.fixture
def arms(tmp_path, sealed):
    return world(
        tmp_path / "study",
        ARMS,
        blind={"labels": "shuffled"},
        design={"arm": {"choice": ["alpha", "beta", "gamma"]}, "x": {"real": [0.0, 2.0]}},
        outcome={"y": {"real": []}, "seen": {"categories": ["below", "above"]}},
        hypotheses={
            "flat": {"statement": "nothing is there", "where": {"slope": 0}},
            "steep": {"statement": "something is"},
        },
        stop={"rounds": ROUNDS},
    )


def labels_in(folder):
    """Return the true labels of what was measured, in all forms, and those that are shown in their place."""
    with Ledger.open(folder) as ledger:
        history = fold(ledger.events())
        measured = [(one.design["arm"], one.outcome["seen"]) for one in history.measured()]
    assert {*measured} == {("gamma", "above")}, "the most telling arm, and what comes out at the true slope"
    with Ledger.read_only(folder) as ledger:
        shown = {(one.design["arm"], one.outcome["seen"]) for one in fold(ledger.events()).measured()}
    said = history.inferred.payload["posterior"]["slope"]
    words = written("arm", "gamma") | written("seen", "above")
    return leaks.Secrets({"mean": said["mean"], "sd": said["sd"]}, words), shown


def test_which_label_is_which_is_told_nowhere_until_it_is_opened(arms, tmp_path):
    folder = tmp_path / "run"
    said = {"what it said": ran(arms, folder)}
    said |= commanded(folder, tmp_path, REFUSED)
    hidden, shown = labels_in(folder)
    assert shown == {("beta", "below")}
    assert leaks.leaks(hidden, folder, said) == []
    assert leaks.leaks(hidden, tmp_path / "exports", {}) == []

    opened = CliRunner().invoke(main, ["unblind", str(folder), "--by", "Ada"])
    assert opened.exit_code == 0, opened.output
    after = commanded(folder, tmp_path / "after", [])
    hits = leaks.leaks(hidden, folder, after) + leaks.leaks(hidden, tmp_path / "after" / "exports", {})
    found = {hit.rpartition(": ")[2] for hit in hits}
    assert found >= {*hidden.numbers}
    assert {name.split()[0] for name in found} >= {"arm", "seen", "a"}
    assert Campaign.unblind(folder).payload["labels"] == {
        "arm": [["alpha", "gamma"], ["beta", "alpha"], ["gamma", "beta"]],
        "seen": [["below", "above"], ["above", "below"]],
    }
    assert "shown under each other's names" in (folder / "report.html").read_text()


def through_a_category(patch):
    patch.setattr(Shuffle, "outcome", lambda self, y: y)


def through_the_words_of_an_alarm(patch):
    patch.setattr(Door, "_words", lambda self, text: masked(text))
    patch.setattr(measuring, "ALARM", 2.0)


@mutants(through_what_is_chosen, through_what_is_measured, through_a_category, through_the_words_of_an_alarm)
def test_the_search_finds_what_tells_the_labels(mutate, arms, tmp_path, monkeypatch):
    mutate(monkeypatch)
    said = ran(arms, tmp_path / "run")
    with Ledger.open(tmp_path / "run") as ledger:
        belief = fold(ledger.events()).inferred.payload["posterior"]["slope"]
    hidden = leaks.Secrets({"mean": belief["mean"]}, written("arm", "gamma") | written("seen", "above"))
    assert leaks.leaks(hidden, tmp_path / "run", {"what it said": said})


def test_what_goes_wrong_is_told_without_what_is_hidden(tmp_path, sealed, monkeypatch):
    study = world(tmp_path / "study", blind={}, experiment={"manual": True})
    with monkeypatch.context() as patch:
        describe = learning.described

        def failing(belief):
            if len(belief.data) == 1:
                raise ValueError(f"no convergence around {belief.posterior.mean()}")
            return describe(belief)

        patch.setattr(learning, "described", failing)
        with Campaign(study, tmp_path / "run") as campaign:
            design = campaign.ask()
            with pytest.raises(RuntimeError, match="ValueError in test_blind.py, line .* is withheld") as told:
                campaign.tell(design, answered(design, 0))
    assert told.value.__context__ is None
    assert told.value.__cause__ is None


def test_where_the_posterior_is_the_prior_an_offset_would_be_told(study, tmp_path):
    """The attack that needs no leak: what is shown, less where the prior is known to be."""
    conducted(study, tmp_path / "run")
    with Ledger.read_only(tmp_path / "run") as ledger:
        first, *_, last = [event for event in ledger.events() if event.kind is Kind.INFERRED]
        assert [first.payload["posterior"]["slope"][place] for place in ("mean", "q05", "q50", "q95")] == [None] * 4
        assert np.isnan(ledger.arrays(first)["theta"]).all()
        assert np.isfinite(ledger.arrays(last)["theta"]).all()
